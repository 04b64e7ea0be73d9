//! Files of archives: their facts go into the warehouse, they themselves do not. Each has a row in `extract`, without content,
//! and one in `derivation` when all of its facts are there.

use std::collections::HashSet;

use anyhow::Result;
use duckdb::{Connection, Transaction, params};
use jiff::Timestamp;

use super::facts::InstanceFacts;
use super::identity::Salt;
use super::load::{Extract, commit, derived, load, time};
use super::store::{Warehouse, attached_if_current};
use crate::project::Project;

/// One file of an archive, or a part of what it says.
#[derive(Clone, Debug)]
pub struct File {
    /// What tells it from others, and from what it was before somebody wrote it.
    pub hash: String,
    /// Whether all of its facts are there with these.
    pub done: bool,
    /// What its documents say, each under the hashed fingerprint of its bridge as `instance`.
    pub facts: Vec<InstanceFacts>,
}

/// What is loaded at once of what a source's files say.
#[derive(Clone, Debug, Default)]
pub struct Part {
    /// The files that say something new, and those that are done.
    pub files: Vec<File>,
    /// What was said again since it was loaded.
    pub again: Vec<Again>,
}

impl Part {
    /// Whether there is nothing to load.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.again.is_empty()
    }
}

/// What a bridge has said again, in the same words: it counts as said the last time.
#[derive(Clone, Debug)]
pub struct Again {
    /// The bridge's hashed fingerprint.
    pub fingerprint: String,
    /// Its newest nickname.
    pub nickname: String,
    /// Of its clients.
    pub reports: Vec<Repeated>,
    /// Of its directory requests.
    pub requests: Vec<Repeated>,
}

impl Again {
    /// Nothing yet of this bridge.
    pub fn new(fingerprint: &str, nickname: &str) -> Self {
        let (fingerprint, nickname) = (fingerprint.to_owned(), nickname.to_owned());
        Self { fingerprint, nickname, reports: Vec::new(), requests: Vec::new() }
    }
}

/// An interval about which the same was said again.
#[derive(Clone, Copy, Debug)]
pub struct Repeated {
    /// Its end.
    pub ends: Timestamp,
    /// When it had been said as it was loaded.
    pub known: Timestamp,
    /// When it was said last.
    pub told: Timestamp,
}

/// What came of reading the files of a source in one run.
#[derive(Clone, Debug)]
pub struct Reading {
    /// When the run began, in milliseconds since 1970.
    pub run: i64,
    /// The plugin.
    pub plugin: &'static str,
    /// The source's name.
    pub source: String,
    /// When it began with the first file.
    pub started: Timestamp,
    /// When it was done with the last.
    pub finished: Timestamp,
    /// Whether there were files to read.
    pub new: bool,
    /// A fixed phrase that says what failed.
    pub error: Option<String>,
    /// The bytes that were read.
    pub bytes: u64,
}

/// The hashed fingerprints that servers have shown, as far as a project has any yet.
///
/// # Errors
/// If the warehouse cannot be read; that there is none yet is fine.
pub fn shown_fingerprints(project: &Project) -> Result<HashSet<String>> {
    let connection = attached_if_current(project)?;
    connection.map_or_else(|| Ok(HashSet::new()), |connection| shown_in(&connection, "warehouse.sighting"))
}

fn shown_in(connection: &Connection, sightings: &str) -> Result<HashSet<String>> {
    let mut statement = connection.prepare(&format!(
        "select distinct hashed_fingerprint from {sightings} where server <> '' and hashed_fingerprint is not null"
    ))?;
    let fingerprints = statement.query_map([], |row| row.get(0))?;
    Ok(fingerprints.collect::<Result<_, _>>()?)
}

impl Warehouse {
    /// The hashes of the files of a source all of whose facts are there.
    pub fn read_files(&self, plugin: &str, source: &str) -> Result<HashSet<String>> {
        let mut statement = self.connection.prepare(
            "select hash from extract semi join derivation on derivation.extract = extract.id where plugin = ? and source = ?",
        )?;
        let hashes = statement.query_map([plugin, source], |row| row.get(0))?;
        Ok(hashes.collect::<Result<_, _>>()?)
    }

    /// The hashed fingerprints that servers have shown.
    pub fn shown_fingerprints(&self) -> Result<HashSet<String>> {
        shown_in(&self.connection, "sighting")
    }

    /// Adds a part of what files of a source say, in one transaction.
    pub fn load_part(
        &mut self,
        salt: &Salt,
        plugin: &str,
        source: &str,
        now: Timestamp,
        Part { files, again }: &Part,
    ) -> Result<()> {
        // Another core unpacks meanwhile, and each thread of DuckDB's has memory of its own.
        self.connection.execute_batch("set threads = 1")?;
        let transaction = self.connection.transaction()?;
        let mut extracts = Vec::new();
        for file in files {
            transaction.execute(
                "insert or ignore into extract (plugin, source, server, received, hash, content) values (?, ?, '', ?, ?, ''::blob)",
                params![plugin, source, time(now), file.hash],
            )?;
            let id = transaction.query_row(
                "select id from extract where plugin = ? and source = ? and server = '' and hash = ?",
                params![plugin, source, file.hash],
                |row| row.get(0),
            )?;
            let (plugin, server, content) = (plugin.to_owned(), String::new(), Vec::new());
            let source = source.to_owned();
            extracts.push(Extract { id, plugin, source, server, received: now, confirmed: now, content });
        }
        let facts: Vec<&[InstanceFacts]> = files.iter().map(|file| &file.facts[..]).collect();
        if !files.is_empty() {
            load(&transaction, salt, &extracts, &facts)?;
        }
        say_again(&transaction, salt, again)?;
        derived(&transaction, extracts.iter().zip(files).filter(|(_, file)| file.done).map(|(extract, _)| extract.id))?;
        commit(transaction)
    }

    /// Remembers that the files of a source were read.
    pub fn record_reading(&mut self, reading: &Reading) -> Result<()> {
        let status = match (&reading.error, reading.new) {
            (Some(_), _) => "failed",
            (None, true) => "new",
            (None, false) => "unchanged",
        };
        self.connection.execute(
            "insert or ignore into collection values (?, ?, ?, '', ?, ?, ?, ?, ?, null)",
            params![
                reading.run,
                reading.plugin,
                reading.source,
                time(reading.started),
                time(reading.finished),
                status,
                reading.error,
                reading.bytes,
            ],
        )?;
        Ok(())
    }
}

fn say_again(transaction: &Transaction<'_>, salt: &Salt, again: &[Again]) -> Result<()> {
    if again.is_empty() {
        return Ok(());
    }
    transaction.execute_batch(include_str!("load/stage_again.sql"))?;
    let mut rows = transaction.appender("staged_again")?;
    for Again { fingerprint, nickname, reports, requests } in again {
        let bridge = salt.bridge(fingerprint);
        for (kind, repeated) in [("report", reports), ("request", requests)] {
            for Repeated { ends, known, told } in repeated {
                rows.append_row(params![bridge, nickname, kind, time(*ends), time(*known), time(*told)])?;
            }
        }
    }
    rows.flush()?;
    drop(rows);
    Ok(transaction.execute_batch(include_str!("load/say_again.sql"))?)
}
