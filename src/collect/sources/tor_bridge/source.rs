//! The source itself: asks each server for its extract.

use jiff::{SignedDuration, Timestamp};

use super::content::{self, content_hash};
use super::frame::{self, FrameError, Instance};
use super::stats;
use crate::collect::transport::Ways;
use crate::collect::{Answer, Failure, Source};
use crate::config::{self, Fleet};
use crate::warehouse::{Extract, InstanceFacts, Raw};

/// How far a server's clock may be from ours before its times are not believed.
pub const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_hours(1);

/// A source of the plugin `tor-bridge`.
pub struct TorBridge<'a> {
    name: &'a str,
    servers: Vec<&'a str>,
    ways: &'a Ways,
}

impl<'a> TorBridge<'a> {
    /// The source `name` of a fleet.
    pub fn new(fleet: &'a Fleet, name: &'a str, options: &config::TorBridge, ways: &'a Ways) -> Self {
        let servers = fleet.select(&options.servers).into_iter().map(|(name, _)| name).collect();
        Self { name, servers, ways }
    }
}

impl Source for TorBridge<'_> {
    fn plugin(&self) -> &'static str {
        super::PLUGIN
    }

    fn name(&self) -> &str {
        self.name
    }

    fn servers(&self) -> Vec<String> {
        self.servers.iter().map(|&name| name.to_owned()).collect()
    }

    fn ask(&self, server: &str, run: Timestamp) -> Vec<Answer> {
        let started = Timestamp::now();
        let fetched = self.ways.fetch(server);
        let finished = Timestamp::now();
        let (raw, failure) = match fetched {
            Ok(bytes) => read(bytes, finished),
            Err(failure) => (None, Some(Failure::Transport(failure))),
        };
        vec![Answer { run, started, finished, raw, failure }]
    }
}

/// What can be kept of the bytes that came at a time. An extract of a later version is kept for a later torcollect; of
/// one in which no tor has been read there is nothing to keep.
pub fn read(bytes: Vec<u8>, received: Timestamp) -> (Option<Raw>, Option<Failure>) {
    if let Some(failure) = frame::Extract::parse(&bytes).ok().and_then(|extract| unread(&extract)) {
        return (None, Some(failure));
    }
    match content_hash(&bytes) {
        Ok(hash) => {
            // What a clock makes unbelievable is other content than the same statistics under a clock that is right.
            let problems: Vec<_> = facts(&bytes, received).into_iter().flat_map(|facts| facts.problems).collect();
            let hash =
                if problems.is_empty() { hash } else { content::hash(format!("{hash} {problems:?}").as_bytes()) };
            (Some(Raw { hash, content: bytes }), None)
        }
        Err(error @ FrameError::FutureVersion(_)) => {
            (Some(Raw { hash: content::hash(&bytes), content: bytes }), Some(Failure::Extract(error)))
        }
        Err(error) => (None, Some(Failure::Extract(error))),
    }
}

/// Why no tor of an extract has been read, if none has.
fn unread(extract: &frame::Extract<'_>) -> Option<Failure> {
    if extract.instances.is_empty() {
        return Some(Failure::NoTor);
    }
    extract.instances.iter().all(Instance::is_denied).then_some(Failure::Denied)
}

/// The facts in an extract from the warehouse.
pub fn parse(extract: &Extract) -> Vec<InstanceFacts> {
    facts(&extract.content, extract.received)
}

fn facts(bytes: &[u8], received: Timestamp) -> Vec<InstanceFacts> {
    let framed = match frame::Extract::parse(bytes) {
        Ok(framed) => framed,
        Err(error) => return vec![InstanceFacts { problems: vec![error.to_string()], ..InstanceFacts::default() }],
    };
    let ahead = framed.time.duration_since(received);
    let facts = stats::parse(&framed);
    if ahead.abs() <= CLOCK_TOLERANCE {
        facts
    } else {
        facts.into_iter().map(|facts| unbelieved(facts, ahead)).collect()
    }
}

/// Facts whose times are those of a wrong clock would be of days that they are not of.
fn unbelieved(facts: InstanceFacts, ahead: SignedDuration) -> InstanceFacts {
    let direction = if ahead.is_positive() { "ahead" } else { "behind" };
    let hours = (ahead.abs().as_secs() + 1800) / 3600;
    let problem = format!("the server's clock is {hours} hours {direction}, so that its statistics cannot be dated");
    InstanceFacts { reports: Vec::new(), requests: Vec::new(), traffic: Vec::new(), problems: vec![problem], ..facts }
}

#[cfg(test)]
mod tests {
    use super::super::frame::tests::sealed;
    use super::*;

    /// Whether anything is kept of an extract of instances, each with the states of its sections, and what is wrong.
    fn read_of(instances: &[&[&str]]) -> (bool, Option<Failure>) {
        let mut framed = "torcollect-extract 1 1700000000 1\n".to_owned();
        for (number, states) in instances.iter().enumerate() {
            framed += &format!("instance i{number}\n");
            framed.extend(states.iter().map(|state| format!("section state {state}\n")));
        }
        let sections = instances.iter().map(|states| states.len()).sum();
        let (raw, failure) = read(sealed(framed.as_bytes(), sections), Timestamp::constant(1_700_000_000, 0));
        (raw.is_some(), failure)
    }

    #[test]
    fn an_extract_in_which_no_tor_could_be_read_is_a_failure_and_nothing_of_it_is_kept() {
        assert_eq!(read_of(&[]), (false, Some(Failure::NoTor)));
        assert_eq!(read_of(&[&["denied", "denied"], &["denied"]]), (false, Some(Failure::Denied)));
    }

    #[test]
    fn what_drop_ins_print_is_no_tor() {
        let received = Timestamp::constant(1_700_000_000, 0);
        let read = |rest: &str, sections| {
            let framed = format!("torcollect-extract 1 1700000000 3\nsection state 1 1\na\n{rest}");
            let (raw, failure) = read(sealed(framed.as_bytes(), sections), received);
            (raw.is_some(), failure)
        };
        assert_eq!(read("", 1), (false, Some(Failure::NoTor)));
        assert_eq!(read("instance a\nsection state denied\n", 2), (false, Some(Failure::Denied)));
        assert_eq!(read("instance a\nsection state absent\n", 2), (true, None));
    }

    #[test]
    fn an_extract_in_which_one_tor_could_be_read_is_kept() {
        for instances in [&[&["denied"][..], &["absent"]], &[&["denied"][..], &["denied", "absent"]]] {
            assert_eq!(read_of(instances), (true, None), "{instances:?}");
        }
    }
}
