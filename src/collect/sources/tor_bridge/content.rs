//! What an extract says, apart from when it was said: the same content read again is nothing new.

use sha2::{Digest, Sha256};

use super::frame::{Extract, FrameError, State};
use crate::text::hexadecimal;

/// The SHA-256, in hexadecimal digits, of an extract's instances, sections and bodies. Not part of it are the header,
/// the files' times, and tor's note in `state` of when it wrote that file last; but whether an interval of traffic was
/// over by then is part of it, because that makes the interval a fact. Nor are the server's own sections, which
/// change at each run and are no tor's.
pub fn content_hash(bytes: &[u8]) -> Result<String, FrameError> {
    let extract = Extract::parse(bytes)?;
    let mut hash = Sha256::new();
    for instance in &extract.instances {
        hash.update(format!("instance {}\n", instance.name));
        for section in &instance.sections {
            hash.update(format!("section {} ", section.name));
            match section.state {
                State::Absent => hash.update("absent\n"),
                State::Denied => hash.update("denied\n"),
                State::Failed(exit) => hash.update(format!("failed {exit}\n")),
                State::Present { body, .. } => {
                    let body = if section.name == "state" { timeless(body) } else { body.to_vec() };
                    hash.update(format!("{}\n", body.len()));
                    hash.update(&body);
                }
            }
        }
    }
    Ok(hexadecimal(&hash.finalize()))
}

/// The SHA-256 of bytes that cannot be read as an extract, in hexadecimal digits.
pub fn hash(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// The body of `state` with `over` or `running` after each interval's end instead of the time of the last writing.
fn timeless(body: &[u8]) -> Vec<u8> {
    let written = body.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"LastWritten "));
    let mut timeless = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"LastWritten ")) {
        timeless.extend_from_slice(line);
        let mut words = line.trim_ascii_end().splitn(2, |byte| *byte == b' ');
        if let (Some(key), Some(ends)) = (words.next(), words.next())
            && key.ends_with(b"Ends")
        {
            // Times of this form sort as text.
            timeless.extend_from_slice(if written >= Some(ends) { b"over\n" } else { b"running\n" });
        }
    }
    timeless
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::frame::tests::{extract, sealed};
    use super::*;

    fn state(written: &str, values: &str) -> Vec<u8> {
        format!("BWHistoryReadEnds 2026-11-28 17:35:12\nBWHistoryReadValues {values}\nLastWritten {written}\n")
            .into_bytes()
    }

    fn hash(epoch: i64, sections: &[(&str, &[u8])]) -> String {
        content_hash(&extract(epoch, sections)).unwrap()
    }

    #[test]
    fn the_same_content_later_has_the_same_hash() {
        let (early, late) = (state("2026-11-28 11:00:00", "1,2"), state("2026-11-28 12:00:00", "1,2"));
        let stats = b"bridge-ips ru=8\n";
        let first = hash(1_700_000_000, &[("bridge-stats", stats), ("state", &early)]);
        assert_eq!(first, hash(1_700_009_999, &[("bridge-stats", stats), ("state", &late)]));
        assert_eq!(first.len(), 64);
    }

    #[test]
    fn another_content_has_another_hash() {
        let before = state("2026-11-28 11:00:00", "1,2");
        let first = hash(1, &[("state", &before)]);
        assert_ne!(first, hash(1, &[("state", &state("2026-11-28 11:00:00", "1,3"))]), "a value");
        assert_ne!(first, hash(1, &[("state", &state("2026-11-28 18:00:00", "1,2"))]), "an interval that is over");
        assert_ne!(first, hash(1, &[("dirreq-stats", &before)]), "a section's name");
        assert_ne!(first, hash(1, &[("state", &before), ("state", b"")]), "a section");
    }

    #[test]
    fn what_drop_ins_print_changes_no_hash() {
        let with = |own: &str, sections| {
            let framed = format!("torcollect-extract 1 1 3\n{own}instance default\nsection state absent\n");
            content_hash(&sealed(framed.as_bytes(), sections)).unwrap()
        };
        let without = with("", 1);
        for own in
            ["section disk 1 1\na\n", "section disk 1 2\nb\n", "section disk failed 3\n", "section state denied\n"]
        {
            assert_eq!(with(own, 2), without, "{own}");
        }
    }

    #[test]
    fn a_broken_extract_has_no_hash() {
        assert_eq!(content_hash(b"noise"), Err(FrameError::NotAnExtract));
    }
}
