//! What documents say, brought together: of each bridge, kind and interval the newest word, until there is enough of it to be
//! loaded. Of 24 documents that a bridge publishes on a day 23 repeat what is known, so statements are compared as bytes, and
//! their numbers are read when they are new.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

use jiff::Timestamp;

use super::document::{Broken, Document, Facts, KINDS, Kind, facts};
use crate::hash;
use crate::warehouse::{Again, File, InstanceFacts, Part, Repeated, Traffic};

/// How many bytes of statements are loaded at once: as facts they are ten times as large.
const MOST_TEXT: usize = 1 << 20;
/// How many statements are known at a time, loaded or not.
const MOST_STATEMENTS: usize = 900_000;
/// How many documents and bridges are recognized.
const MOST_RECOGNIZED: usize = 3_600_000;

/// What has been said of an interval.
struct Word {
    /// When it was said for the last time, in seconds since 1970.
    published: i64,
    /// When it had been said for the last time as it was given.
    given: i64,
    /// What stands for its lines.
    hash: u64,
    /// The file that says it.
    file: u32,
}

/// What documents say.
#[derive(Default)]
pub struct Gather {
    bridges: HashMap<String, u32>,
    /// Each bridge's hashed fingerprint, its newest nickname, and when it was called so.
    names: Vec<(String, String, i64)>,
    words: HashMap<u64, Word>,
    /// Where in `text` the lines of words stand that are to be loaded, by bridge, kind and interval.
    waiting: BTreeMap<u64, Range<usize>>,
    text: Vec<u8>,
    files: Vec<(String, bool)>,
    digests: HashSet<u64>,
    seen: HashSet<u64>,
}

impl Gather {
    /// The documents that follow stand in a file with this hash.
    pub fn begin(&mut self, file: String) {
        self.files.push((file, false));
    }

    /// All documents of the last file were added.
    pub fn done(&mut self) {
        if let Some((_, done)) = self.files.last_mut() {
            *done = true;
        }
    }

    /// How many bridges have said something.
    pub fn bridges(&self) -> usize {
        self.seen.len()
    }

    /// Whether a document is one that was never seen.
    pub fn is_new(&mut self, document: &Document) -> bool {
        if self.digests.len() >= MOST_RECOGNIZED {
            self.digests.clear();
        }
        self.digests.insert(document.digest)
    }

    /// Forgets that a document was seen.
    pub fn forget(&mut self, document: &Document) {
        self.digests.remove(&document.digest);
    }

    /// Adds what a document says; gives what is wrong in it.
    pub fn add(&mut self, document: &Document) -> Vec<Broken> {
        let mut broken = Vec::new();
        let bridge = self.bridge(document);
        let file = self.files.len().saturating_sub(1) as u32;
        for (kind, statement) in KINDS.iter().zip(&document.statements) {
            let Some(ends) = statement.ends else { continue };
            let key = key(bridge, *kind, ends);
            let published = document.published;
            let hash = hash::of(&statement.lines);
            if let Some(known) = self.words.get_mut(&key) {
                if known.hash == hash {
                    known.published = known.published.max(published);
                    continue;
                }
                // Of two words at one time the same one wins in any order.
                if (known.published, known.hash) > (published, hash) {
                    continue;
                }
            }
            match statement.facts(*kind, published) {
                Ok(Facts::Report(_, Err(message))) => broken.push(statement.broken(message)),
                Ok(_) => {}
                Err(wrong) => {
                    broken.push(wrong);
                    continue;
                }
            }
            let at = self.text.len();
            self.text.extend_from_slice(&statement.lines);
            self.waiting.insert(key, at..self.text.len());
            self.words.insert(key, Word { published, given: published, hash, file });
        }
        broken
    }

    fn bridge(&mut self, document: &Document) -> u32 {
        let Document { fingerprint, nickname, published, .. } = document;
        if let Some(bridge) = self.bridges.get(fingerprint) {
            let (_, name, named) = &mut self.names[*bridge as usize];
            if (*named, &*name) < (*published, nickname) {
                (*named, *name) = (*published, nickname.clone());
            }
            return *bridge;
        }
        if self.seen.len() < MOST_RECOGNIZED {
            self.seen.insert(hash::of(fingerprint.as_bytes()));
        }
        let bridge = self.names.len() as u32;
        self.names.push((fingerprint.clone(), nickname.clone(), *published));
        self.bridges.insert(fingerprint.clone(), bridge);
        bridge
    }

    /// Whether there is enough to be loaded.
    pub fn is_full(&self) -> bool {
        self.text.len() > MOST_TEXT || self.words.len() > MOST_STATEMENTS || self.names.len() > MOST_STATEMENTS
    }

    /// Gives all that was not given yet, by file, with the files of which everything was given by then. `last`: nothing follows.
    pub fn give(&mut self, last: bool) -> Part {
        let mut given = Given::default();
        for (key, lines) in std::mem::take(&mut self.waiting) {
            let Some(word) = self.words.get_mut(&key) else { continue };
            word.given = word.published;
            given.add(key, word, &self.text[lines]);
        }
        let files = given.files(self);
        self.text.clear();
        let is_full = self.words.len() > MOST_STATEMENTS || self.names.len() > MOST_STATEMENTS;
        // Before words are forgotten, and before their files are done.
        let is_due = last || is_full || self.files.iter().any(|(hash, done)| *done && !hash.is_empty());
        let again = if is_due { self.said_again() } else { Vec::new() };
        if is_full {
            (self.words, self.names, self.bridges) = Default::default();
        }
        // What is done is behind us; the last file may go on.
        self.files.iter_mut().for_each(|(hash, done)| {
            if *done {
                hash.clear();
            }
        });
        Part { files, again }
    }

    /// Reports and requests that were said again after they were given. Intervals of traffic are finished, and their numbers stand.
    fn said_again(&mut self) -> Vec<Again> {
        let mut bridges: BTreeMap<u32, Again> = BTreeMap::new();
        let time = |seconds| Timestamp::from_second(seconds).unwrap_or_default();
        for (key, word) in self.words.iter_mut().filter(|(_, word)| word.published > word.given) {
            let (bridge, kind, ends) = parts(*key);
            if kind == Kind::Traffic {
                continue;
            }
            let (fingerprint, nickname, _) = &self.names[bridge as usize];
            let again = bridges.entry(bridge).or_insert_with(|| Again::new(fingerprint, nickname));
            let words = if kind == Kind::Report { &mut again.reports } else { &mut again.requests };
            words.push(Repeated { ends: time(ends), known: time(word.given), told: time(word.published) });
            word.given = word.published;
        }
        bridges.into_values().collect()
    }
}

/// What stands for a bridge, a kind and the end of an interval.
fn key(bridge: u32, kind: Kind, ends: i64) -> u64 {
    u64::from(bridge) << 36 | (kind as u64) << 34 | (ends as u64 & ((1 << 34) - 1))
}

/// The bridge, the kind and the end of the interval that a key stands for.
fn parts(key: u64) -> (u32, Kind, i64) {
    ((key >> 36) as u32, KINDS[(key >> 34 & 3) as usize], (key & ((1 << 34) - 1)) as i64)
}

/// What is given: of whole bridges, one after another.
#[derive(Default)]
struct Given {
    bridge: u32,
    /// By file, bridge, and when it was said.
    facts: BTreeMap<(u32, u32, i64), InstanceFacts>,
    /// A bridge's traffic: tor tells of five days each day, and of each the newest word counts.
    traffic: BTreeMap<Timestamp, (i64, u32, Traffic)>,
}

impl Given {
    fn add(&mut self, key: u64, word: &Word, lines: &[u8]) {
        let (bridge, kind, _) = parts(key);
        if bridge != self.bridge {
            self.end_bridge();
            self.bridge = bridge;
        }
        // It was understood when it came.
        let Ok(read) = facts(kind, lines, word.published) else { return };
        match read {
            Facts::Report(report, _) => self.said(word).reports.push(report),
            Facts::Requests(requests) => self.said(word).requests.push(requests),
            Facts::Traffic(intervals) => {
                for interval in intervals {
                    let newest = (word.published, word.file, interval);
                    let known = self.traffic.entry(newest.2.ends).or_insert_with(|| newest.clone());
                    if known.0 < newest.0 {
                        *known = newest;
                    }
                }
            }
        }
    }

    fn said(&mut self, word: &Word) -> &mut InstanceFacts {
        self.facts.entry((word.file, self.bridge, word.published)).or_default()
    }

    fn end_bridge(&mut self) {
        for (published, file, interval) in std::mem::take(&mut self.traffic).into_values() {
            self.facts.entry((file, self.bridge, published)).or_default().traffic.push(interval);
        }
    }

    /// By file, with the files that are done.
    fn files(mut self, gather: &Gather) -> Vec<File> {
        self.end_bridge();
        let mut files: BTreeMap<u32, File> = BTreeMap::new();
        let file = |number: u32| {
            let (hash, done) = gather.files[number as usize].clone();
            File { hash, done, facts: Vec::new() }
        };
        for (number, _) in gather.files.iter().enumerate().filter(|(_, (hash, done))| *done && !hash.is_empty()) {
            files.insert(number as u32, file(number as u32));
        }
        for ((number, bridge, published), said) in self.facts {
            let (fingerprint, nickname, _) = &gather.names[bridge as usize];
            files.entry(number).or_insert_with(|| file(number)).facts.push(InstanceFacts {
                instance: fingerprint.clone(),
                hashed_fingerprint: Some(fingerprint.clone()),
                nickname: Some(nickname.clone()),
                told: Timestamp::from_second(published).ok(),
                ..said
            });
        }
        files.into_values().collect()
    }
}
