//! From a stream of bytes to the documents in it, one after another. What has no end in sight is passed over without being
//! kept.

use std::ops::Range;

use memchr::{memchr_iter, memmem};

/// The longest document that is read. Those of bridges that everybody uses have 20 kB.
pub const LONGEST: usize = 1 << 20;
/// What is kept of a document that is passed over: the next beginning may have come in part.
const KEPT: usize = 16;
/// How a document begins, before its annotations and without them.
const BEGINNINGS: [&[u8]; 2] = [b"@type ", b"extra-info "];

/// A document that was cut out of a stream.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Its text, and the line of the stream in which it begins, 0 for the first.
    Text(&'a [u8], usize),
    /// It is longer than [`LONGEST`], and begins in this line.
    Endless(usize),
}

/// Cuts a stream into documents.
#[derive(Debug, Default)]
pub struct Splitter {
    /// What has come of the document that has not ended.
    text: Vec<u8>,
    /// How much of it was looked through: where its last line begins that may not be whole.
    seen: usize,
    /// The line of the stream in which it begins.
    line: usize,
    /// How many lines it has so far.
    lines: usize,
    /// Whether it has a line that is no annotation.
    begun: bool,
    /// Whether it is passed over.
    endless: bool,
}

impl Splitter {
    /// Takes the next bytes, and gives the documents that end in them.
    pub fn push(&mut self, bytes: &[u8], give: &mut impl FnMut(Piece<'_>)) {
        self.text.extend_from_slice(bytes);
        if self.endless && !self.skip() {
            return;
        }
        let mut start = 0;
        let ends: Vec<usize> = memchr_iter(b'\n', &self.text[self.seen..]).map(|at| self.seen + at).collect();
        for end in ends {
            start = self.line_at(start, give);
            self.seen = end + 1;
            self.lines += 1;
        }
        self.text.drain(..start);
        self.seen -= start;
        if self.text.len() > LONGEST {
            self.overflow(give);
        }
    }

    /// Gives up the document that has not ended, unless its last line, however long that becomes, is another's first.
    fn overflow(&mut self, give: &mut impl FnMut(Piece<'_>)) {
        let start = self.line_at(0, give);
        self.text.drain(..start);
        self.seen -= start;
        if self.text.len() > LONGEST {
            give(Piece::Endless(self.line));
            self.endless = true;
            self.drop_until(self.text.len() - KEPT);
        }
    }

    /// Ends the stream, and gives what is left of it.
    pub fn finish(&mut self, give: &mut impl FnMut(Piece<'_>)) {
        if !self.endless {
            let start = if self.seen < self.text.len() { self.line_at(0, give) } else { 0 };
            self.give(start..self.text.len(), give);
        }
        self.text.clear();
        *self = Self { text: std::mem::take(&mut self.text), ..Self::default() };
    }

    fn give(&self, text: Range<usize>, give: &mut impl FnMut(Piece<'_>)) {
        give(if text.len() > LONGEST { Piece::Endless(self.line) } else { Piece::Text(&self.text[text], self.line) });
    }

    /// Looks at the beginning of the line that was not seen yet: where the document begins that it belongs to.
    fn line_at(&mut self, start: usize, give: &mut impl FnMut(Piece<'_>)) -> usize {
        let line = &self.text[self.seen..];
        let [annotated, bare] = BEGINNINGS.map(|beginning| line.starts_with(beginning));
        let another = self.begun && (annotated || bare);
        if another {
            self.give(start..self.seen, give);
            self.line += std::mem::take(&mut self.lines);
            self.begun = false;
        }
        // Also one whose first line is damaged, or of another type, ends where the next begins.
        let annotation = matches!(self.text[self.seen..].first(), Some(b'@' | b'\n' | b'\r') | None);
        self.begun |= !annotation;
        if another { self.seen } else { start }
    }

    /// Drops what belongs to a document that is passed over; whether another begins.
    fn skip(&mut self) -> bool {
        let next =
            BEGINNINGS.iter().filter_map(|beginning| memmem::find(&self.text, &[b"\n", *beginning].concat())).min();
        self.drop_until(next.map_or_else(|| self.text.len().saturating_sub(KEPT), |at| at + 1));
        self.endless = next.is_none();
        next.is_some()
    }

    /// Drops what comes before, and counts its lines.
    fn drop_until(&mut self, keep: usize) {
        self.line += memchr_iter(b'\n', &self.text[..keep]).count();
        self.text.drain(..keep);
        self.text.shrink_to(2 * LONGEST);
        (self.seen, self.lines, self.begun) = (0, 0, false);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &[u8], step: usize) -> Vec<(usize, Option<Vec<u8>>)> {
        let mut pieces = Vec::new();
        let mut splitter = Splitter::default();
        let mut give = |piece: Piece<'_>| {
            pieces.push(match piece {
                Piece::Text(text, line) => (line, Some(text.to_vec())),
                Piece::Endless(line) => (line, None),
            });
        };
        text.chunks(step).for_each(|bytes| splitter.push(bytes, &mut give));
        splitter.finish(&mut give);
        pieces
    }

    #[test]
    fn a_document_ends_where_another_begins_with_or_without_annotations() {
        let text = b"@type t\n@other\nextra-info 1\na\nextra-info 2\n@odd\nb\n@type t\nextra-info 3";
        let expected: [(usize, &[u8]); 3] = [
            (0, b"@type t\n@other\nextra-info 1\na\n"),
            (4, b"extra-info 2\n@odd\nb\n"),
            (7, b"@type t\nextra-info 3"),
        ];
        for step in 1..text.len() + 1 {
            let pieces = split(text, step);
            let pieces: Vec<_> =
                pieces.iter().map(|(line, text)| (*line, text.as_deref().unwrap_or_default())).collect();
            assert_eq!(pieces, expected, "{step}");
        }
    }

    #[test]
    fn what_has_no_end_is_passed_over_and_the_next_document_is_found_at_its_line() {
        let mut text = b"extra-info 1\na\nextra-info 2\n".to_vec();
        for _ in 0..3 * LONGEST / 4 {
            text.extend(b"xxx\n");
        }
        text.extend(b"extra-info 3\n");
        for step in [1000, 1 << 16, text.len()] {
            let pieces = split(&text, step);
            let lines: Vec<_> = pieces.iter().map(|(line, text)| (*line, text.is_some())).collect();
            assert_eq!(lines, [(0, true), (2, false), (3 + 3 * LONGEST / 4, true)], "{step}");
        }
    }

    #[test]
    fn a_line_without_an_end_takes_nothing_of_the_document_before_it() {
        for beginning in ["extra-info ", "@type "] {
            let mut text = format!("@type t\nextra-info 1\na\n{beginning}").into_bytes();
            text.resize(4 * LONGEST, 0);
            text.extend(b"\n@type t\nextra-info 2\n");
            for step in [1 << 10, 1 << 16] {
                let pieces = split(&text, step);
                let lines: Vec<_> = pieces.iter().map(|(line, text)| (*line, text.as_ref().map(Vec::len))).collect();
                assert_eq!(lines, [(0, Some(23)), (3, None), (4, Some(21))], "{step}");
            }
        }
    }

    #[test]
    fn what_is_no_document_ends_where_one_begins() {
        let text = b"bridge-ips ir=8\n@type t\nextra-info 1\n@type other\nrouter x\n@type t\nextra-info 2\nxtra-info 3\nextra-info 4\n";
        let lines: Vec<_> = split(text, 7).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [0, 1, 3, 5, 8]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_however_it_comes(
            lines in prop::collection::vec("(@type |extra-info |@|e)?[a-z]{0,5}", 0..30),
            step in 1usize..40,
        ) {
            let text = lines.join("\n").into_bytes();
            let pieces = split(&text, step);
            prop_assert_eq!(&pieces, &split(&text, text.len() + 1));
            let whole: Vec<u8> = pieces.into_iter().flat_map(|(_, text)| text.unwrap_or_default()).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
