//! The frame of an extract: what instances it has, what sections they have, and whether all of it arrived.
//!
//! ```text
//! torcollect-extract 1 EPOCH SCRIPT_VERSION
//! section NAME …                    the server's own: its drop-ins
//! instance NAME
//! section NAME BYTES MTIME          then exactly BYTES bytes and a newline
//! section NAME absent               or: denied
//! section NAME failed EXIT          EXIT from 1 to 255
//! end SECTIONS CKSUM                POSIX cksum of all bytes before this line
//! ```
//!
//! A section's name may stand several times in an instance, and once among the server's own. The end is checked first, so
//! that what follows is known to be what the script has printed.

use std::fmt;

use crc::{CRC_32_CKSUM, Crc};
use jiff::Timestamp;

/// The version of the frame that this reader knows.
const VERSION: u32 = 1;
const MAGIC: &[u8] = b"torcollect-extract ";
const LONGEST_NAME: usize = 64;
static CKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_CKSUM);

/// What one run of the script on a server printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extract<'a> {
    /// The server's clock when it ran.
    pub time: Timestamp,
    /// The version of the script.
    pub script_version: &'a str,
    /// What the server's drop-ins printed, in the script's order, each name once.
    pub sections: Vec<Section<'a>>,
    /// The tors of the server, in the script's order, each name once.
    pub instances: Vec<Instance<'a>>,
}

/// One tor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance<'a> {
    /// What the server calls it.
    pub name: &'a str,
    /// What was read of it.
    pub sections: Vec<Section<'a>>,
}

/// One file of a tor or what one drop-in printed, or what was the matter with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section<'a> {
    /// The section's name, as `bridge-stats`; a drop-in's is that of its file.
    pub name: &'a str,
    /// What came of reading or running it.
    pub state: State<'a>,
}

/// What came of reading a file, or of running a drop-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<'a> {
    /// It was read, or ran to its end.
    Present {
        /// When it was last written or had run, by the server's clock.
        modified: Timestamp,
        /// Those of the file's lines that may leave the server; all that the drop-in printed.
        body: &'a [u8],
    },
    /// There is no such file.
    Absent,
    /// The script may not read it; or a drop-in is not root's alone, so that it was not run.
    Denied,
    /// A drop-in ended with this exit status, which is not 0.
    Failed(u8),
}

/// Why bytes are no extract. The wording is fixed: nothing of the bytes themselves is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// It does not begin as an extract does.
    NotAnExtract,
    /// It is of a version that a later torcollect reads.
    FutureVersion(u32),
    /// Its end is missing.
    Truncated,
    /// Its bytes are not those that the script has printed.
    Checksum,
    /// The script printed something that the contract does not allow.
    Malformed(&'static str),
}

impl<'a> Extract<'a> {
    /// The server's own section of that name: what came of its drop-in.
    pub fn section(&self, name: &str) -> Option<&Section<'a>> {
        self.sections.iter().find(|section| section.name == name)
    }
}

impl Instance<'_> {
    /// Whether nothing of it may be read: what a missing sudo rule looks like.
    pub fn is_denied(&self) -> bool {
        self.sections.iter().all(|section| section.state == State::Denied)
    }
}

impl FrameError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotAnExtract => "see that the key's forced command on the server is torcollect's `extract`",
            Self::FutureVersion(_) => "update torcollect",
            Self::Truncated | Self::Checksum => {
                "collect again; if it stays so, look at the server's disk and connection"
            }
            Self::Malformed(_) => "install torcollect's scripts on the server again",
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnExtract => f.write_str("what the server sent is not an extract"),
            Self::FutureVersion(version) => {
                write!(f, "extract of version {version}; this torcollect reads version {VERSION}")
            }
            Self::Truncated => f.write_str("the extract is truncated"),
            Self::Checksum => f.write_str("the extract's checksum is wrong"),
            Self::Malformed(what) => write!(f, "the extract is malformed: {what}"),
        }
    }
}

impl std::error::Error for FrameError {}

/// The POSIX `cksum` of bytes: a CRC over them and their number, whose octets come lowest first and without zeros at
/// the end.
pub fn cksum(bytes: &[u8]) -> u32 {
    let mut digest = CKSUM.digest();
    digest.update(bytes);
    let mut length = bytes.len();
    while length > 0 {
        digest.update(&[(length & 0xff) as u8]);
        length >>= 8;
    }
    digest.finalize()
}

impl<'a> Extract<'a> {
    /// Reads an extract. What it holds borrows from `bytes`, so that no declared size makes it take memory.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, FrameError> {
        let (version, fields) = header(bytes)?;
        if version > VERSION {
            return Err(FrameError::FutureVersion(version));
        }
        let (framed, sections) = checked(bytes)?;
        let mut rest = Reader { bytes: framed };
        rest.line()?;
        let [epoch, script_version] = fields[..] else {
            return Err(FrameError::Malformed("its first line has not four fields"));
        };
        let (time, script_version) = (time(epoch)?, name(script_version)?);
        let (own, instances) = rest.sections()?;
        let extract = Self { time, script_version, sections: own, instances };
        let of_instances: usize = extract.instances.iter().map(|instance| instance.sections.len()).sum();
        if extract.sections.len() + of_instances != sections {
            return Err(FrameError::Malformed("it has not as many sections as its end says"));
        }
        Ok(extract)
    }
}

/// The version and the fields after it.
fn header(bytes: &[u8]) -> Result<(u32, Vec<&[u8]>), FrameError> {
    if bytes.len() < MAGIC.len() && MAGIC.starts_with(bytes) {
        return Err(FrameError::Truncated);
    }
    let rest = bytes.strip_prefix(MAGIC).ok_or(FrameError::NotAnExtract)?;
    let start = &rest[..rest.len().min(4 * LONGEST_NAME)];
    let Some(end) = start.iter().position(|byte| *byte == b'\n') else {
        return Err(if start.len() == rest.len() { FrameError::Truncated } else { FrameError::NotAnExtract });
    };
    let mut fields = start[..end].split(|byte| *byte == b' ');
    let version = fields.next().and_then(number).and_then(|version| u32::try_from(version).ok());
    match version {
        Some(version) if version > 0 => Ok((version, fields.collect())),
        _ => Err(FrameError::NotAnExtract),
    }
}

/// What stands before the end line, and the number of sections that the end line gives, if the checksum is right.
fn checked(bytes: &[u8]) -> Result<(&[u8], usize), FrameError> {
    let whole = bytes.strip_suffix(b"\n").ok_or(FrameError::Truncated)?;
    let start = whole.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let (framed, last) = whole.split_at(start);
    let last = last.strip_prefix(b"end ").ok_or(FrameError::Truncated)?;
    let mut fields = last.split(|byte| *byte == b' ');
    let (Some(sections), Some(sum), None) = (fields.next(), fields.next(), fields.next()) else {
        return Err(FrameError::Truncated);
    };
    let (Some(sections), Some(sum)) = (number(sections), number(sum)) else {
        return Err(FrameError::Truncated);
    };
    if u64::from(cksum(framed)) != sum {
        return Err(FrameError::Checksum);
    }
    let sections = usize::try_from(sections).map_err(|_| FrameError::Malformed("a number is too large"))?;
    Ok((framed, sections))
}

/// What is still to be read.
struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn line(&mut self) -> Result<&'a [u8], FrameError> {
        let end = self.bytes.iter().position(|byte| *byte == b'\n');
        let end = end.ok_or(FrameError::Malformed("a line has no end"))?;
        let (line, rest) = self.bytes.split_at(end);
        self.bytes = &rest[1..];
        Ok(line)
    }

    /// The bytes of a section and the newline after them.
    fn body(&mut self, length: u64) -> Result<&'a [u8], FrameError> {
        let short = FrameError::Malformed("a section is shorter than it says");
        let length = usize::try_from(length).map_err(|_| short)?;
        let (body, rest) = self.bytes.split_at_checked(length).ok_or(short)?;
        self.bytes = rest.strip_prefix(b"\n").ok_or(FrameError::Malformed("no newline follows a section"))?;
        Ok(body)
    }

    /// The server's own sections, and the instances with theirs.
    fn sections(&mut self) -> Result<(Vec<Section<'a>>, Vec<Instance<'a>>), FrameError> {
        let mut own: Vec<Section<'a>> = Vec::new();
        let mut instances: Vec<Instance<'a>> = Vec::new();
        while !self.bytes.is_empty() {
            let line = self.line()?;
            let fields: Vec<&[u8]> = line.splitn(5, |byte| *byte == b' ').collect();
            match fields[..] {
                [b"instance", instance] => {
                    let instance = name(instance)?;
                    if instances.iter().any(|other| other.name == instance) {
                        return Err(FrameError::Malformed("two instances have one name"));
                    }
                    instances.push(Instance { name: instance, sections: Vec::new() });
                }
                [b"section", section, ref state @ ..] => {
                    let section = Section { name: name(section)?, state: self.state(state)? };
                    match instances.last_mut() {
                        Some(instance) => instance.sections.push(section),
                        None if own.iter().any(|other| other.name == section.name) => {
                            return Err(FrameError::Malformed("two sections of the server have one name"));
                        }
                        None => own.push(section),
                    }
                }
                _ => return Err(FrameError::Malformed("a line is neither `instance` nor `section`")),
            }
        }
        Ok((own, instances))
    }

    fn state(&mut self, fields: &[&[u8]]) -> Result<State<'a>, FrameError> {
        match fields {
            [b"absent"] => Ok(State::Absent),
            [b"denied"] => Ok(State::Denied),
            [b"failed", exit] => {
                let exit = number(exit).and_then(|exit| u8::try_from(exit).ok()).filter(|exit| *exit > 0);
                exit.map(State::Failed).ok_or(FrameError::Malformed("an exit status is none from 1 to 255"))
            }
            [length, modified] => {
                let length = number(length).ok_or(FrameError::Malformed("a section's size is no number"))?;
                let modified = time(modified)?;
                Ok(State::Present { modified, body: self.body(length)? })
            }
            _ => Err(FrameError::Malformed("a section's line has another number of fields")),
        }
    }
}

/// A name that is safe anywhere: letters, digits, `.`, `_` and `-`.
fn name(bytes: &[u8]) -> Result<&str, FrameError> {
    let fits = (1..=LONGEST_NAME).contains(&bytes.len());
    let plain = bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte));
    let text = std::str::from_utf8(bytes).ok().filter(|_| fits && plain);
    text.ok_or(FrameError::Malformed("a name is empty, too long, or not of letters, digits, `.`, `_` and `-`"))
}

fn time(bytes: &[u8]) -> Result<Timestamp, FrameError> {
    let seconds = number(bytes).and_then(|seconds| i64::try_from(seconds).ok());
    let time = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.ok_or(FrameError::Malformed("a time is no number of seconds since 1970"))
}

/// A number of digits alone.
fn number(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// Bytes with the end line that belongs to them.
    pub fn sealed(framed: &[u8], sections: usize) -> Vec<u8> {
        let mut bytes = framed.to_vec();
        bytes.extend_from_slice(format!("end {sections} {}\n", cksum(framed)).as_bytes());
        bytes
    }

    /// An extract at `epoch` of one instance `default`.
    pub fn extract(epoch: i64, sections: &[(&str, &[u8])]) -> Vec<u8> {
        let mut framed = format!("torcollect-extract 1 {epoch} 1\ninstance default\n").into_bytes();
        for (name, body) in sections {
            framed.extend_from_slice(format!("section {name} {} {epoch}\n", body.len()).as_bytes());
            framed.extend_from_slice(body);
            framed.push(b'\n');
        }
        sealed(&framed, sections.len())
    }

    fn malformed(framed: &[u8], sections: usize) -> bool {
        matches!(Extract::parse(&sealed(framed, sections)), Err(FrameError::Malformed(_)))
    }

    #[test]
    fn the_checksum_is_that_of_posix_cksum() {
        // `printf %s TEXT | cksum`
        assert_eq!(cksum(b""), 4_294_967_295);
        assert_eq!(cksum(b"123456789"), 930_766_865);
        assert_eq!(cksum(&[b'a'; 300]), 1_664_553_091);
    }

    #[test]
    fn what_the_script_printed_is_read_whole() {
        let framed = b"torcollect-extract 1 1700000000 1.2\ninstance a\nsection x 4 1600000000\nend \n\
            section y absent\ninstance b-2\nsection x denied\nsection x 0 0\n\n";
        let bytes = sealed(framed, 4);
        let extract = Extract::parse(&bytes).unwrap();
        assert_eq!(extract.time.as_second(), 1_700_000_000);
        assert_eq!(extract.script_version, "1.2");
        let names: Vec<_> = extract.instances.iter().map(|i| (i.name, i.sections.len())).collect();
        assert_eq!(names, [("a", 2), ("b-2", 2)]);
        let modified = Timestamp::from_second(1_600_000_000).unwrap();
        assert_eq!(extract.instances[0].sections[0].state, State::Present { modified, body: b"end " });
        assert_eq!(extract.instances[0].sections[1].state, State::Absent);
        assert_eq!(extract.instances[1].sections[0].state, State::Denied);
        assert_eq!(extract.sections, []);
    }

    #[test]
    fn sections_before_the_first_instance_are_the_servers_own() {
        let framed = b"torcollect-extract 1 1700000000 3\nsection disk 15 1600000000\ninstance x\n\0\xff\n\n\nsection a failed 255\n\
            section b denied\ninstance disk\nsection disk absent\n";
        let bytes = sealed(framed, 4);
        let extract = Extract::parse(&bytes).unwrap();
        let modified = Timestamp::from_second(1_600_000_000).unwrap();
        let names: Vec<_> = extract.sections.iter().map(|section| section.name).collect();
        assert_eq!(names, ["disk", "a", "b"]);
        let state = |name| extract.section(name).map(|section| section.state);
        assert_eq!(state("disk"), Some(State::Present { modified, body: b"instance x\n\0\xff\n\n" }));
        assert_eq!((state("a"), state("b")), (Some(State::Failed(255)), Some(State::Denied)));
        assert_eq!(state("c"), None);
        assert_eq!(extract.instances.len(), 1);
        assert_eq!(extract.instances[0].sections[0].state, State::Absent);
    }

    #[test]
    fn a_server_without_a_tor_may_have_sections_of_its_own() {
        let bytes = sealed(b"torcollect-extract 1 1700000000 3\nsection x 0 0\n\n", 1);
        let extract = Extract::parse(&bytes).unwrap();
        assert_eq!((extract.sections.len(), extract.instances.len()), (1, 0));
    }

    #[test]
    fn an_extract_cut_anywhere_is_truncated_or_wrong_and_never_accepted() {
        let bytes = extract(1_700_000_000, &[("bridge-stats", b"end 1 2\nbridge-ips \n"), ("state", b"\0\xff")]);
        assert!(Extract::parse(&bytes).is_ok());
        for end in 0..bytes.len() {
            let error = Extract::parse(&bytes[..end]).unwrap_err();
            assert!(matches!(error, FrameError::Truncated | FrameError::Checksum), "{end}: {error}");
        }
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let bytes = extract(1_700_000_000, &[("bridge-stats", b"bridge-ips ru=8\n")]);
        for position in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            assert!(Extract::parse(&changed).is_err(), "{position}");
        }
    }

    #[test]
    fn a_future_version_is_named_whatever_follows() {
        let error = Extract::parse(b"torcollect-extract 2 something else\nentirely").unwrap_err();
        assert_eq!(error.to_string(), "extract of version 2; this torcollect reads version 1");
        assert_eq!(error.hint(), "update torcollect");
    }

    #[test]
    fn noise_is_not_an_extract() {
        for noise in [&b"Welcome to Debian\n"[..], &[0; 5000], b"torcollect-extract 0 1 1\n", b"torcollect-extract x\n"]
        {
            assert_eq!(Extract::parse(noise), Err(FrameError::NotAnExtract));
        }
        let mut endless = b"torcollect-extract ".to_vec();
        endless.extend([b'1'; 5000]);
        assert_eq!(Extract::parse(&endless), Err(FrameError::NotAnExtract));
    }

    #[test]
    fn what_the_contract_does_not_allow_is_malformed() {
        let head = "torcollect-extract 1 1700000000 1\n";
        let with = |rest: &str| format!("{head}{rest}").into_bytes();
        assert!(malformed(&with("section x absent\nsection x absent\n"), 2), "one name twice of the server's own");
        assert!(malformed(&with("section x absent\n"), 0), "a section of the server's own that is not counted");
        for exit in ["0", "256", "-1", "+1", "1 2", "", "x", "99999999999999999999"] {
            assert!(malformed(&with(&format!("section x failed {exit}\n")), 1), "the exit status `{exit}`");
        }
        assert!(malformed(&with("section x failed\n"), 1), "no exit status");
        assert!(malformed(&with("instance a\ninstance a\n"), 0), "one name twice");
        assert!(malformed(&with("instance a\nsection x absent\n"), 2), "wrong count");
        assert!(malformed(&with("instance ../a\n"), 0), "a path for a name");
        assert!(malformed(&with("instance \n"), 0), "no name");
        assert!(malformed(&with("instance a\nsection x gone\n"), 1), "an unknown state");
        assert!(malformed(&with("instance a\nsection x +1 0\na\n"), 1), "a sign");
        assert!(malformed(&with("instance a\nsection x 2 0\na\n"), 1), "shorter than it says");
        assert!(malformed(&with("instance a\nsection x 0 0\na\n"), 1), "longer than it says");
        assert!(malformed(&with(&format!("instance a\nsection x {} 0\na\n", u64::MAX)), 1), "16 EiB");
        assert!(malformed(&with("instance a\nsection x 99999999999999999999 0\na\n"), 1), "beyond 64 bits");
        assert!(malformed(&with("noise\n"), 0), "a line of no kind");
        assert!(malformed(b"torcollect-extract 1 1700000000\n", 0), "no script version");
        assert!(malformed(b"torcollect-extract 1 99999999999999 1\n", 0), "a time beyond all calendars");
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = Extract::parse(&bytes);
            let _ = Extract::parse(&sealed(&bytes, 1));
            for start in ["", "section a 1 1\n", "instance a\n"] {
                let mut begun = format!("torcollect-extract 1 1700000000 1\n{start}").into_bytes();
                begun.extend_from_slice(&bytes);
                let _ = Extract::parse(&sealed(&begun, 1));
            }
        }

        #[test]
        fn any_section_of_the_server_comes_back_as_it_was(
            bodies in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..100), 0..5),
            exit in 1_u8..,
        ) {
            let mut framed = b"torcollect-extract 1 1700000000 3\n".to_vec();
            for (number, body) in bodies.iter().enumerate() {
                framed.extend_from_slice(format!("section d{number} {} {number}\n", body.len()).as_bytes());
                framed.extend_from_slice(body);
                framed.push(b'\n');
            }
            framed.extend_from_slice(format!("section last failed {exit}\ninstance d0\nsection d0 absent\n").as_bytes());
            let bytes = sealed(&framed, bodies.len() + 2);
            let read = Extract::parse(&bytes).unwrap();
            prop_assert_eq!(read.sections.len(), bodies.len() + 1);
            for (number, body) in bodies.iter().enumerate() {
                let modified = Timestamp::from_second(number as i64).unwrap();
                let section = read.section(&format!("d{number}")).unwrap();
                prop_assert_eq!(section.state, State::Present { modified, body });
            }
            prop_assert_eq!(read.section("last").unwrap().state, State::Failed(exit));
            prop_assert_eq!(&read.instances[0].sections[0].state, &State::Absent);
        }

        #[test]
        fn any_body_comes_back_as_it_was(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let bytes = extract(1_700_000_000, &[("state", &body), ("state", b"")]);
            let read = Extract::parse(&bytes).unwrap();
            let modified = Timestamp::from_second(1_700_000_000).unwrap();
            prop_assert_eq!(read.instances[0].sections[0].state, State::Present { modified, body: &body });
        }
    }
}
