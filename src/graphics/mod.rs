//! Pictures that need nothing of a browser but PNG: Tor Browser at its safest setting shows no SVG and runs no script.
//!
//! Each is described by plain data first, which also give it its name; only who needs it draws it. Everything here is
//! pure: no files, no clock, the same bytes for the same data.
