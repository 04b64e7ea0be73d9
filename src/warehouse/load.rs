//! Into the warehouse: raw extracts at once, then the facts that parsers find in them, many extracts in one statement. A
//! collection and `reparse` use the same code, so that they cannot come to different facts.

use std::collections::HashMap;

use anyhow::{Context, Result};
use duckdb::{Appender, Connection, Transaction, params};
use jiff::Timestamp;

use super::facts::InstanceFacts;
use super::identity::Salt;
use super::store::Warehouse;
use super::tables;
use crate::project::Project;

/// One attempt to collect from a server.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// When its run began, in milliseconds since 1970; all attempts of a run share it.
    pub run: i64,
    /// The plugin, such as `tor-bridge`.
    pub plugin: String,
    /// The source's name in `sources.yaml`.
    pub source: String,
    /// The server's name.
    pub server: String,
    /// When the server was asked.
    pub started: Timestamp,
    /// When it had answered, or failed to.
    pub finished: Timestamp,
    /// The extract. It may be there in spite of an error, when a newer torcollect may be able to read it.
    pub raw: Option<Raw>,
    /// A fixed phrase that says what failed; never an address.
    pub error: Option<String>,
}

/// An extract as it came.
#[derive(Clone, Debug)]
pub struct Raw {
    /// Hash of the content without header and clock: what comes twice is kept once.
    pub hash: String,
    /// All bytes.
    pub content: Vec<u8>,
}

/// An extract in the warehouse.
#[derive(Clone, Debug)]
pub struct Extract {
    /// Its number; later extracts have higher ones.
    pub id: i64,
    /// The plugin that knows how to read it.
    pub plugin: String,
    /// The source's name in `sources.yaml`.
    pub source: String,
    /// The server it came from; `""` is here.
    pub server: String,
    /// When it came.
    pub received: Timestamp,
    /// When the same content came last.
    pub confirmed: Timestamp,
    /// All bytes.
    pub content: Vec<u8>,
}

/// What a derivation found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Derived {
    /// How many extracts were read.
    pub extracts: usize,
    /// What could not be understood: server, instance, sentence.
    pub problems: Vec<(String, String, String)>,
}

/// How many extracts are in memory at a time, and about how many bytes of them.
const CHUNK: usize = 2000;
const CHUNK_BYTES: usize = 64 << 20;

impl Warehouse {
    /// The project's salt: made for a warehouse that has none yet, and the one that all its bridges are named under.
    pub fn salt(&self, project: &Project) -> Result<Salt> {
        let known: Option<String> =
            self.connection.query_row("select max(name_of_nothing) from salt", [], |row| row.get(0))?;
        let salt = Salt::load(project, known.as_deref())?;
        if known.is_none() {
            self.connection.execute("insert into salt values (?)", [salt.name_of_nothing()])?;
        }
        Ok(salt)
    }

    /// Remembers which bridges may not be published: those that were ever seen where the configuration says so, until it
    /// allows the place where they are now. `places`: server, instance, whether they may be published.
    pub fn remember_refusals(&mut self, places: &[(String, String, bool)]) -> Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch("create or replace temp table standing as from place")?;
        for (server, instance, publish) in places {
            let place = params![server, instance];
            let sql = if *publish {
                "delete from refused where bridge in (select bridge from standing where server = ? and instance = ?)"
            } else {
                "insert or ignore into refused select distinct bridge from sighting where server = ? and instance = ?"
            };
            transaction.execute(sql, place)?;
        }
        commit(transaction)
    }

    /// Keeps attempts and their extracts, in one transaction; gives for each attempt whether its content was new.
    pub fn record(&mut self, attempts: &[Attempt]) -> Result<Vec<bool>> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(include_str!("load/stage_attempts.sql"))?;
        let mut appender = transaction.appender("staged_attempt")?;
        for (number, attempt) in attempts.iter().enumerate() {
            appender.append_row(params![
                number as i64,
                attempt.run,
                attempt.plugin,
                attempt.source,
                attempt.server,
                time(attempt.started),
                time(attempt.finished),
                attempt.error,
                attempt.raw.as_ref().map(|raw| &raw.hash),
                attempt.raw.as_ref().map(|raw| &raw.content[..]),
            ])?;
        }
        finish(appender)?;
        transaction.execute_batch(include_str!("load/record_attempts.sql"))?;
        let new = {
            let mut statement = transaction.prepare("select is_new from staged_status order by number")?;
            statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<bool>, _>>()?
        };
        transaction.execute_batch("drop table staged_attempt; drop table staged_status; drop table staged_return")?;
        commit(transaction)?;
        Ok(new)
    }

    /// Keeps the labels that a source suggests: server, instance (`""` for the server itself), label.
    pub fn suggest_labels(&mut self, labels: &[(String, String, String)]) -> Result<()> {
        let transaction = self.connection.transaction()?;
        for (server, instance, label) in labels {
            transaction.execute("insert or replace into label values (?, ?, ?)", params![server, instance, label])?;
        }
        commit(transaction)
    }

    /// Derives the facts of the extracts that have none yet; `parse` reads a batch of extracts.
    pub fn derive(&mut self, salt: &Salt, parse: impl Fn(&[Extract]) -> Vec<Vec<InstanceFacts>>) -> Result<Derived> {
        let mut all = Derived::default();
        loop {
            let extracts = pending(&self.connection)?;
            if extracts.is_empty() {
                return Ok(all);
            }
            all.extracts += extracts.len();
            let (rows, extracts): (Vec<_>, Vec<_>) = extracts.into_iter().partition(tables::is_rows);
            if !extracts.is_empty() {
                let facts = parse(&extracts);
                let transaction = self.connection.transaction()?;
                all.problems.extend(load(&transaction, salt, &extracts, &facts)?);
                derived(&transaction, extracts.iter().map(|extract| extract.id))?;
                commit(transaction)?;
            }
            for extract in rows {
                let refused = self.take_rows(&extract)?;
                all.problems.extend(refused.map(|message| (extract.server, extract.source, message)));
            }
        }
    }

    /// Derives all facts again from the raw extracts. What archives have told, and tables of rows, stay as they are: of them
    /// nothing raw is kept here. Until the end, readers see the old facts.
    pub fn reparse(&mut self, salt: &Salt, parse: impl Fn(&[Extract]) -> Vec<Vec<InstanceFacts>>) -> Result<Derived> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(include_str!("load/forget_facts.sql"))?;
        let mut all = Derived::default();
        loop {
            let extracts = pending(&transaction)?;
            if extracts.is_empty() {
                break;
            }
            let facts = parse(&extracts);
            all.extracts += extracts.len();
            all.problems.extend(load(&transaction, salt, &extracts, &facts)?);
            derived(&transaction, extracts.iter().map(|extract| extract.id))?;
        }
        commit(transaction)?;
        Ok(all)
    }

    /// What could not be understood in the extracts of a run, also in those that were known already: server, instance,
    /// sentence. What several sources have met is one thing.
    pub fn problems(&self, run: i64) -> Result<Vec<(String, String, String)>> {
        let mut statement = self.connection.prepare(
            "select distinct server, instance, message from problem join collection using (extract) where run = ? order by all",
        )?;
        let problems = statement.query_map([run], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(problems.collect::<Result<_, _>>()?)
    }

    /// Bridges that stand in two places in the newest extracts: two instances that share a key.
    pub fn doubles(&self) -> Result<Vec<String>> {
        let mut statement = self.connection.prepare(include_str!("load/doubles.sql"))?;
        Ok(statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

/// The next extracts without facts, oldest first, up to [`CHUNK`] of them or [`CHUNK_BYTES`]. Their numbers are found
/// before their content is read: there may be millions that are done.
fn pending(connection: &Connection) -> Result<Vec<Extract>> {
    let mut statement = connection.prepare(include_str!("load/pending.sql"))?;
    let extracts = statement.query_map(params![CHUNK, CHUNK_BYTES], |row| {
        let time = |column| row.get(column).map(|time| Timestamp::from_microsecond(time).unwrap_or_default());
        Ok(Extract {
            id: row.get(0)?,
            plugin: row.get(1)?,
            source: row.get(2)?,
            server: row.get(3)?,
            received: time(4)?,
            confirmed: time(5)?,
            content: row.get(6)?,
        })
    })?;
    let extracts: duckdb::Result<_> = extracts.collect();
    Ok(extracts?)
}

/// Remembers that all facts of these extracts are there.
pub(super) fn derived(transaction: &Transaction<'_>, extracts: impl IntoIterator<Item = i64>) -> Result<()> {
    let mut derivations = transaction.appender("derivation")?;
    for extract in extracts {
        derivations.append_row([extract])?;
    }
    finish(derivations)
}

/// Writes facts; gives what could not be understood: server, instance, sentence.
pub(super) fn load(
    transaction: &Transaction<'_>,
    salt: &Salt,
    extracts: &[Extract],
    facts: &[impl AsRef<[InstanceFacts]>],
) -> Result<Vec<(String, String, String)>> {
    transaction.execute_batch(include_str!("load/stage_facts.sql"))?;
    let named = named(transaction, salt, extracts, facts)?;
    let stage =
        |table: &str, fill: &mut dyn FnMut(&mut Appender<'_>, &Named<'_>) -> duckdb::Result<()>| -> Result<()> {
            let mut appender = transaction.appender(table)?;
            for named in &named {
                fill(&mut appender, named)?;
            }
            finish(appender)
        };
    let mut problems = Vec::new();
    let mut last = String::new();
    stage("staged_sighting", &mut |rows, named| {
        let facts = named.facts;
        // An archive says something of a bridge many times, one after another.
        if named.extract.server.is_empty() && last == facts.instance {
            return Ok(());
        }
        last.clone_from(&facts.instance);
        for message in &facts.problems {
            problems.push((named.extract.server.clone(), facts.instance.clone(), message.clone()));
        }
        rows.append_row(params![
            named.extract.id,
            named.bridge,
            named.extract.server,
            facts.instance,
            facts.hashed_fingerprint,
            facts.nickname
        ])
    })?;
    let numbers: Vec<String> = extracts.iter().map(|extract| extract.id.to_string()).collect();
    transaction.execute_batch(&format!("delete from problem where extract in ({})", numbers.join(",")))?;
    stage("problem", &mut |rows, named| {
        let append = |message| rows.append_row(params![named.extract.id, named.facts.instance, message]);
        named.facts.problems.iter().try_for_each(append)
    })?;
    stage("staged_report", &mut |rows, named| {
        // The version is that of the time of reading: it is true of the newest interval only.
        let newest = named.facts.reports.iter().map(|report| report.ends).max();
        named.facts.reports.iter().try_for_each(|report| {
            rows.append_row(params![
                named.bridge,
                time(report.ends),
                report.seconds,
                report.versions.map(|(ipv4, _)| ipv4),
                report.versions.map(|(_, ipv6)| ipv6),
                report.no_geoip,
                report.countries.is_some(),
                report.transports.is_some(),
                named.facts.tor_version.as_ref().filter(|_| Some(report.ends) == newest),
                named.extract.id,
                time(named.received()),
                named.extract.server,
                named.facts.instance,
            ])
        })
    })?;
    stage("staged_country", &mut |rows, named| {
        named.facts.reports.iter().try_for_each(|report| counts(rows, named, report.ends, report.countries.as_ref()))
    })?;
    stage("staged_transport", &mut |rows, named| {
        named.facts.reports.iter().try_for_each(|report| counts(rows, named, report.ends, report.transports.as_ref()))
    })?;
    stage("staged_request", &mut |rows, named| {
        named.facts.requests.iter().try_for_each(|requests| {
            rows.append_row(params![
                named.bridge,
                time(requests.ends),
                requests.seconds,
                requests.answered,
                named.extract.id,
                time(named.received()),
                named.extract.server,
                named.facts.instance
            ])
        })
    })?;
    stage("staged_request_country", &mut |rows, named| {
        named
            .facts
            .requests
            .iter()
            .try_for_each(|requests| counts(rows, named, requests.ends, requests.countries.as_ref()))
    })?;
    stage("staged_traffic", &mut |rows, named| {
        named.facts.traffic.iter().try_for_each(|traffic| {
            rows.append_row(params![
                named.bridge,
                time(traffic.ends),
                traffic.seconds,
                traffic.sent,
                traffic.received,
                named.extract.id,
                time(named.received()),
                named.extract.server,
                named.facts.instance
            ])
        })
    })?;
    transaction.execute_batch(include_str!("load/claim_facts.sql"))?;
    {
        let mut statement =
            transaction.prepare("select server, instance, message from foreign_interval order by extract, instance")?;
        let foreign = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        problems.extend(foreign.collect::<Result<Vec<_>, _>>()?);
    }
    transaction.execute_batch(include_str!("load/load_facts.sql"))?;
    Ok(problems)
}

/// An instance's facts with the extract they stand in and the bridge they are about.
struct Named<'a> {
    extract: &'a Extract,
    bridge: String,
    facts: &'a InstanceFacts,
}

impl Named<'_> {
    /// When it was said.
    fn received(&self) -> Timestamp {
        self.facts.told.unwrap_or(self.extract.confirmed)
    }
}

/// An instance that does not say its fingerprint, this time, is the bridge that stood there before.
fn named<'a>(
    transaction: &Transaction<'_>,
    salt: &Salt,
    extracts: &'a [Extract],
    facts: &'a [impl AsRef<[InstanceFacts]>],
) -> Result<Vec<Named<'a>>> {
    let mut statement = transaction.prepare(
        "select server, instance, arg_max(bridge, extract) from sighting
         where hashed_fingerprint is not null and server <> '' group by all",
    )?;
    let known = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?)))?;
    let mut standing: HashMap<(String, String), String> = known.collect::<Result<_, _>>()?;
    let mut named = Vec::new();
    for (extract, facts) in extracts.iter().zip(facts) {
        for facts in facts.as_ref() {
            let place = (extract.server.clone(), facts.instance.clone());
            let bridge = match &facts.hashed_fingerprint {
                Some(fingerprint) => salt.bridge(fingerprint),
                None => standing.get(&place).cloned().unwrap_or_else(|| salt.place(&place.0, &place.1)),
            };
            if facts.hashed_fingerprint.is_some() {
                standing.insert(place, bridge.clone());
            }
            named.push(Named { extract, bridge, facts });
        }
    }
    Ok(named)
}

fn counts(
    rows: &mut Appender<'_>,
    named: &Named<'_>,
    ends: Timestamp,
    counts: Option<&Vec<(String, u32)>>,
) -> duckdb::Result<()> {
    counts.into_iter().flatten().try_for_each(|(name, count)| {
        rows.append_row(params![named.bridge, time(ends), named.extract.id, named.facts.instance, name, count])
    })
}

/// A time as DuckDB's `timestamp` takes it: microseconds of UTC.
pub(super) fn time(time: Timestamp) -> duckdb::types::Value {
    duckdb::types::Value::Timestamp(duckdb::types::TimeUnit::Microsecond, time.as_microsecond())
}

pub(super) fn commit(transaction: Transaction<'_>) -> Result<()> {
    transaction.commit().context("cannot write the warehouse")
}

/// Ends an appender; its errors would be lost when it is dropped.
fn finish(mut appender: Appender<'_>) -> Result<()> {
    Ok(appender.flush()?)
}
