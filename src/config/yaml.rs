//! Reading YAML so that every mistake has a place.
