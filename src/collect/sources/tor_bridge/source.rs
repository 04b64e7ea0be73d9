//! The source itself: asks each server for its extract.

use jiff::{SignedDuration, Timestamp};

use super::content::{self, content_hash};
use super::frame::{self, FrameError};
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

/// What can be kept of the bytes that came at a time. An extract of a later version is kept for a later torcollect.
pub fn read(bytes: Vec<u8>, received: Timestamp) -> (Option<Raw>, Option<Failure>) {
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
