//! One document `bridge-extra-info`: who says it, when, and the lines of which facts are made. Lines that are not known are
//! passed over: each version of tor and of CollecTor's format has brought some.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use memchr::{memchr, memchr_iter};

use super::super::tor_bridge::stats;
use crate::hash;
use crate::warehouse::{Report, Requests, Traffic};

/// Of what a document says something; each has an interval of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The clients: `bridge-…`.
    Report,
    /// The directory requests: `dirreq-…`.
    Requests,
    /// The traffic: `write-history` and `read-history`.
    Traffic,
}

/// All kinds, in the order of their numbers.
pub const KINDS: [Kind; 3] = [Kind::Report, Kind::Requests, Kind::Traffic];

/// The facts of a statement.
#[derive(Debug)]
pub enum Facts {
    /// Clients, and what is wrong with entries of them that were left out.
    Report(Report, Result<(), String>),
    /// Directory requests.
    Requests(Requests),
    /// Traffic, interval by interval.
    Traffic(Vec<Traffic>),
}

/// What is wrong with a document, and in which of its lines; nothing of what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The line, 0 for the first.
    pub line: usize,
    /// What would follow "the document".
    pub message: String,
}

impl Broken {
    fn at(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// The lines of one kind, as they stand in the document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// The end of its interval, in seconds since 1970.
    pub ends: Option<i64>,
    /// Its lines, each with its end.
    pub lines: Vec<u8>,
    /// Their numbers in the document.
    numbers: Vec<usize>,
}

/// A document, read into memory that the next one is read into as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The bridge's nickname.
    pub nickname: String,
    /// Its hashed fingerprint, in upper case.
    pub fingerprint: String,
    /// When the bridge published it, in seconds since 1970.
    pub published: i64,
    /// What tells it from other documents.
    pub digest: u64,
    /// What it says, by the numbers of [`KINDS`]. Those without an interval say nothing.
    pub statements: [Statement; 3],
}

impl Document {
    /// Reads a document with the annotations before it. `None` if there is nothing but white space.
    ///
    /// # Errors
    /// If it cannot be said who says it, or when.
    pub fn read(&mut self, text: &[u8]) -> Option<Result<(), Broken>> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        Some(self.fill(text))
    }

    fn fill(&mut self, text: &[u8]) -> Result<(), Broken> {
        for statement in &mut self.statements {
            statement.ends = None;
            statement.lines.clear();
            statement.numbers.clear();
        }
        let (mut identity, mut published, mut digest) = (None, None, None);
        let (mut begins, mut at, mut number) = (0, 0, 0);
        for end in memchr_iter(b'\n', text).chain((text.last() != Some(&b'\n')).then_some(text.len())) {
            let line = &text[at..end];
            let start = std::mem::replace(&mut at, end + 1);
            let key = memchr(b' ', line).map_or(line, |space| &line[..space]);
            let value = line.get(key.len() + 1..).unwrap_or_default();
            if identity.is_none() && !matches!(key.first(), None | Some(b'@' | b'\r')) && key != b"extra-info" {
                // The rest of a document that was cut off is not this bridge's word.
                return Err(Broken::at(0, "has no line `extra-info`"));
            }
            match key {
                b"@type" if !is_bridge_extra_info(value) => {
                    return Err(Broken::at(number, "is none of the type `bridge-extra-info 1`"));
                }
                b"extra-info" => {
                    begins = start;
                    let read = stats::identity(value).map_err(|problem| Broken::at(number, line_of(key, &problem)))?;
                    identity = Some(read);
                }
                b"published" => {
                    let time =
                        time(value).ok_or_else(|| Broken::at(number, "has a line `published` without a time"))?;
                    if published.replace(time).is_some() {
                        return Err(Broken::at(number, "has two lines `published`"));
                    }
                }
                b"router-digest" => digest = digest_of(value).or(digest),
                b"bridge-stats-end" | b"bridge-ips" | b"bridge-ip-versions" | b"bridge-ip-transports" => {
                    self.add(Kind::Report, line, number, (key == b"bridge-stats-end").then_some(value));
                }
                b"dirreq-stats-end" | b"dirreq-v3-reqs" | b"dirreq-v3-resp" => {
                    self.add(Kind::Requests, line, number, (key == b"dirreq-stats-end").then_some(value));
                }
                b"write-history" | b"read-history" => self.add(Kind::Traffic, line, number, Some(value)),
                _ => {}
            }
            number += 1;
        }
        let last = number.saturating_sub(1);
        let (nickname, fingerprint) = identity.ok_or_else(|| Broken::at(0, "has no line `extra-info`"))?;
        if text.last() != Some(&b'\n') && !ends_with_digest(text) {
            return Err(Broken::at(last, "breaks off in the middle of a line"));
        }
        self.published = published.ok_or_else(|| Broken::at(0, "has no line `published`"))?;
        (self.nickname, self.fingerprint) = (nickname, fingerprint);
        self.digest = digest.unwrap_or_else(|| hash::of(&text[begins..]));
        Ok(())
    }

    fn add(&mut self, kind: Kind, line: &[u8], number: usize, end: Option<&[u8]>) {
        let statement = &mut self.statements[kind as usize];
        statement.numbers.push(number);
        statement.lines.extend_from_slice(line);
        statement.lines.push(b'\n');
        if let (None, Some(end)) = (statement.ends, end) {
            // A time that cannot be read makes a statement whose numbers are read, which says what is wrong.
            statement.ends = Some(end.trim_ascii_start().get(..19).and_then(time).unwrap_or_default());
        }
    }
}

impl Statement {
    /// Its facts, as they were said at a time in seconds since 1970.
    ///
    /// # Errors
    /// If one of its lines breaks the rules.
    pub fn facts(&self, kind: Kind, published: i64) -> Result<Facts, Broken> {
        facts(kind, &self.lines, published).map_err(|message| Broken::at(self.wrong_line(kind, published), message))
    }

    /// Something that is wrong in it although it says something.
    pub fn broken(&self, message: String) -> Broken {
        Broken::at(self.numbers.last().copied().unwrap_or_default(), message)
    }

    /// The first line with which it is wrong already.
    fn wrong_line(&self, kind: Kind, published: i64) -> usize {
        let mut ends = memchr_iter(b'\n', &self.lines).map(|at| at + 1);
        let wrong = ends.position(|end| match facts(kind, &self.lines[..end], published) {
            Ok(_) => false,
            // The line that has the interval is still to come.
            Err(message) => !message.starts_with("has no line"),
        });
        self.numbers[wrong.unwrap_or_default()]
    }
}

/// The facts in the lines of a statement.
///
/// # Errors
/// If one of them breaks the rules: what would follow "the document".
pub fn facts(kind: Kind, lines: &[u8], published: i64) -> Result<Facts, String> {
    let published = Timestamp::from_second(published).map_err(|_| "was published at no time")?;
    match kind {
        Kind::Report => stats::bridge_day(lines, published).map(|(report, odd)| Facts::Report(report, odd)),
        Kind::Requests => stats::directory_requests(lines, published).map(Facts::Requests),
        Kind::Traffic => stats::told_traffic(lines, published).map(Facts::Traffic),
    }
}

/// `bridge-extra-info 1.N`.
fn is_bridge_extra_info(value: &[u8]) -> bool {
    value.strip_prefix(b"bridge-extra-info 1").is_some_and(|rest| rest.is_empty() || rest[0] == b'.')
}

fn line_of(key: &[u8], problem: &str) -> String {
    format!("has a line `{}` that {problem}", String::from_utf8_lossy(key))
}

/// What stands for a digest.
fn digest_of(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    let whole = digits.len() == 40 && digits.iter().all(u8::is_ascii_hexdigit);
    whole.then(|| hash::of(digits))
}

/// Whether the last line of a text that does not end it is one that cannot be longer.
fn ends_with_digest(text: &[u8]) -> bool {
    let line = &text[memchr::memrchr(b'\n', text).map_or(0, |at| at + 1)..];
    line.strip_prefix(b"router-digest ").is_some_and(|value| digest_of(value).is_some())
}

/// `YYYY-MM-DD HH:MM:SS` as seconds since 1970. There are millions of them.
fn time(text: &[u8]) -> Option<i64> {
    let text: &[u8; 19] = text.try_into().ok()?;
    let number = |at: usize, length: usize| {
        text[at..at + length]
            .iter()
            .try_fold(0i16, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0')))
    };
    let marks = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| text[*at] != *mark) {
        return None;
    }
    let small = |at| number(at, 2).and_then(|number| i8::try_from(number).ok());
    let time = DateTime::new(number(0, 4)?, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, 0).ok()?;
    TimeZone::UTC.to_timestamp(time).ok().map(Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const DOCUMENT: &str = "@type bridge-extra-info 1.3\n\
        extra-info DragonBridge A8D07F92DF78FA2C208FA6675B56E0A7BB750794\n\
        published 2016-10-02 06:09:10\n\
        write-history 2016-10-02 02:53:12 (14400 s) 4994048,4990976\n\
        read-history 2016-10-02 02:53:12 (14400 s) 11014144,10854400\n\
        dirreq-stats-end 2016-10-01 19:50:12 (86400 s)\n\
        dirreq-v3-reqs kz=8,ru=8,us=8\n\
        dirreq-v3-resp ok=8,not-enough-sigs=0\n\
        bridge-stats-end 2016-10-01 19:51:08 (86400 s)\n\
        bridge-ips de=8,kz=16\n\
        bridge-ip-versions v4=16,v6=0\n\
        bridge-ip-transports <OR>=8\n\
        router-digest 9F88A7C2ABE6665D204137BA8C2661D42E7C2829\n";

    fn read(text: &str) -> Result<Document, Broken> {
        let mut document = Document::default();
        document.read(text.as_bytes()).unwrap().map(|()| document)
    }

    fn facts_of(document: &Document) -> Vec<String> {
        let facts = |kind: &Kind| {
            let statement = &document.statements[*kind as usize];
            statement.ends.map(|_| format!("{:?}", statement.facts(*kind, document.published)))
        };
        KINDS.iter().filter_map(facts).collect()
    }

    #[test]
    fn a_document_says_who_when_and_what() {
        let document = read(DOCUMENT).unwrap();
        assert_eq!(document.nickname, "DragonBridge");
        assert_eq!(document.fingerprint, "A8D07F92DF78FA2C208FA6675B56E0A7BB750794");
        assert_eq!(Timestamp::from_second(document.published).unwrap().to_string(), "2016-10-02T06:09:10Z");
        assert_eq!(document.digest, hash::of(b"9F88A7C2ABE6665D204137BA8C2661D42E7C2829"));
        let ends = document.statements.each_ref().map(|statement| statement.ends.unwrap());
        assert_eq!(ends, [1_475_351_468, 1_475_351_412, 1_475_376_792]);
        let Facts::Report(report, Ok(())) = document.statements[0].facts(Kind::Report, document.published).unwrap()
        else {
            panic!()
        };
        assert_eq!(report.countries, Some(vec![("de".to_owned(), 8), ("kz".to_owned(), 16)]));
        let Facts::Traffic(traffic) = document.statements[2].facts(Kind::Traffic, document.published).unwrap() else {
            panic!()
        };
        let told: Vec<_> = traffic.iter().map(|one| (one.ends.as_second(), one.sent, one.received)).collect();
        assert_eq!(
            told,
            [(1_475_362_392, Some(4_994_048), Some(11_014_144)), (1_475_376_792, Some(4_990_976), Some(10_854_400))]
        );
    }

    #[test]
    fn spaces_before_a_time_are_none_of_it() {
        assert_eq!(
            facts_of(&read(&DOCUMENT.replace("stats-end ", "stats-end   ")).unwrap()),
            facts_of(&read(DOCUMENT).unwrap())
        );
        let ends = |text: &str| read(text).unwrap().statements.map(|statement| statement.ends);
        assert_eq!(ends(&DOCUMENT.replace("stats-end ", "stats-end   ")), ends(DOCUMENT));
    }

    #[test]
    fn what_a_document_has_no_lines_of_it_does_not_say() {
        let document =
            read("extra-info default 909B07DB17E21D263C55794AB815BF1DB195FDD9\npublished 2015-03-20 10:49:48\n");
        assert_eq!(facts_of(&document.unwrap()), Vec::<String>::new());
    }

    #[test]
    fn without_a_digest_the_text_tells_documents_apart_whatever_its_annotations_are() {
        let text = DOCUMENT.replace("router-digest 9F88A7C2ABE6665D204137BA8C2661D42E7C2829\n", "");
        let digest = read(&text).unwrap().digest;
        assert_eq!(read(&text.replace("1.3", "1.2")).unwrap().digest, digest);
        assert_ne!(read(&text.replace("de=8", "de=16")).unwrap().digest, digest);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_and_without_its_content() {
        for (right, wrong, line, message) in [
            ("1.3", "2.0", 0, "is none of the type `bridge-extra-info 1`"),
            ("@type bridge-extra-info", "@type extra-info", 0, "is none of the type `bridge-extra-info 1`"),
            ("A8D07F92", "A8D07F9Z", 1, "has a line `extra-info` that is not a nickname and a hashed fingerprint"),
            ("extra-info Dragon", "other-info Dragon", 0, "has no line `extra-info`"),
            ("published 2016-10-02", "published 2016-13-02", 2, "has a line `published` without a time"),
            ("published", "printed", 0, "has no line `published`"),
            ("D42E7C2829\n", "", 12, "breaks off in the middle of a line"),
        ] {
            let text = DOCUMENT.replace(right, wrong);
            assert_eq!(read(&text).unwrap_err(), Broken::at(line, message), "{wrong}");
        }
        for (right, wrong, kind, line, message) in [
            (
                "kz=16",
                "kz=-16",
                Kind::Report,
                9,
                "has a line `bridge-ips` with something that is not a number, or too large",
            ),
            (
                "v4=16",
                "v4=x",
                Kind::Report,
                10,
                "has a line `bridge-ip-versions` with something that is not a number, or too large",
            ),
            (
                "19:51:08",
                "19:51:99",
                Kind::Report,
                8,
                "has a line `bridge-stats-end` with a time that is not `YYYY-MM-DD HH:MM:SS`",
            ),
            ("2016-10-01 19:50", "2017-10-01 19:50", Kind::Requests, 5, "is from the future"),
            (
                "ok=8",
                "ok=",
                Kind::Requests,
                7,
                "has a line `dirreq-v3-resp` with something that is not a number, or too large",
            ),
            (
                "11014144,",
                "11014144,,",
                Kind::Traffic,
                4,
                "has a line `read-history` with something that is not a number, or too large",
            ),
            ("(14400 s) 1", "(3 s) 1", Kind::Traffic, 4, "has a history of intervals of 3 s, shorter than 900 s"),
        ] {
            let document = read(&DOCUMENT.replace(right, wrong)).unwrap();
            let statement = &document.statements[kind as usize];
            assert_eq!(statement.facts(kind, document.published).unwrap_err(), Broken::at(line, message), "{wrong}");
        }
    }

    #[test]
    fn a_last_line_that_cannot_be_longer_needs_no_end() {
        assert_eq!(read(DOCUMENT.trim_end()), read(DOCUMENT));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text: Vec<u8>) {
            let mut document = Document::default();
            drop(document.read(&text));
        }

        #[test]
        fn no_lines_make_it_panic(lines: Vec<(proptest::sample::Index, Vec<u8>)>) {
            let known: Vec<&str> = DOCUMENT.lines().map(|line| line.split(' ').next().unwrap()).collect();
            let mut text = b"extra-info a 909B07DB17E21D263C55794AB815BF1DB195FDD9\npublished 2016-10-02 06:09:10\n".to_vec();
            for (key, value) in &lines {
                text.extend(key.get(&known).bytes().chain([b' ']).chain(value.iter().copied()).chain([b'\n']));
            }
            let mut document = Document::default();
            if let Some(Ok(())) = document.read(&text) {
                facts_of(&document);
            }
        }

        #[test]
        fn a_document_survives_unknown_lines_in_any_place_after_its_first(
            lines in prop::collection::vec((any::<proptest::sample::Index>(), "[@a-z]x-[ -~]{0,40}"), 0..6),
        ) {
            let mut text: Vec<String> = DOCUMENT.lines().map(str::to_owned).collect();
            for (at, line) in lines {
                text.insert(2 + at.index(text.len() - 1), line);
            }
            let (seen, known) = (read(&(text.join("\n") + "\n")).unwrap(), read(DOCUMENT).unwrap());
            prop_assert_eq!(facts_of(&seen), facts_of(&known));
            prop_assert_eq!((seen.digest, seen.published, seen.fingerprint), (known.digest, known.published, known.fingerprint));
        }
    }
}
