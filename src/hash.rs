//! Fingerprints of what things are made from: equal if and only if, for all practical purposes, what they stand for is. XXH3
//! with 64 bits, the same on every machine. They guard against accidents, not against people: whoever can choose what is
//! hashed gains nothing but a page of their own that is not made again.

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// The fingerprint of bytes.
pub fn of(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// The fingerprint of bytes after what `before` stands for.
pub fn after(before: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, before)
}

/// The fingerprint of a sequence; another order or another length gives another one.
pub fn all(parts: impl IntoIterator<Item = u64>) -> u64 {
    parts.into_iter().fold(0, |before, part| after(before, &part.to_le_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_length_count() {
        assert_ne!(all([1, 2]), all([2, 1]));
        assert_ne!(all([0]), all([0, 0]));
        assert_ne!(all([]), all([0]));
        assert_ne!(after(of(b"a"), b"b"), after(of(b"b"), b"a"));
    }

    #[test]
    fn it_is_the_same_for_ever() {
        assert_eq!(of(b"torcollect"), 10_419_454_721_426_150_514);
    }
}
