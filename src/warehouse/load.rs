//! Into the warehouse: raw extracts at once, then the facts that parsers find in them, many extracts in one statement. A
//! collection and `reparse` use the same code, so that they cannot come to different facts.

use anyhow::{Context, Result};
use duckdb::{Appender, Transaction, params};
use jiff::Timestamp;

use super::facts::InstanceFacts;
use super::identity::Salt;
use super::store::Warehouse;

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
    /// The server it came from.
    pub server: String,
    /// When it came.
    pub received: Timestamp,
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

/// How many extracts are in memory at a time.
const CHUNK: usize = 2000;

impl Warehouse {
    /// Whether any bridge has been named under a salt.
    pub fn has_history(&self) -> Result<bool> {
        Ok(self.connection.query_row("select exists (from sighting)", [], |row| row.get(0))?)
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
        transaction.execute_batch("drop table staged_attempt; drop table staged_status")?;
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
            let transaction = self.connection.transaction()?;
            let extracts = pending(&transaction)?;
            if extracts.is_empty() {
                return Ok(all);
            }
            let facts = parse(&extracts);
            all.extracts += extracts.len();
            all.problems.extend(load(&transaction, salt, &extracts, &facts)?);
            commit(transaction)?;
        }
    }

    /// Derives all facts again from the raw extracts. Until the end, readers see the old ones.
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
        }
        commit(transaction)?;
        Ok(all)
    }

    /// What could not be understood in the extracts of a run, also in those that were known already.
    pub fn problems(&self, run: i64) -> Result<Vec<(String, String, String)>> {
        let mut statement = self.connection.prepare(
            "select server, instance, message from problem join collection using (extract) where run = ? order by all",
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

fn pending(transaction: &Transaction<'_>) -> Result<Vec<Extract>> {
    let mut statement = transaction.prepare(
        "select id, plugin, server, epoch_us(received), content from extract
         where id not in (select extract from derivation) order by id limit ?",
    )?;
    let extracts = statement.query_map([CHUNK], |row| {
        Ok(Extract {
            id: row.get(0)?,
            plugin: row.get(1)?,
            server: row.get(2)?,
            received: Timestamp::from_microsecond(row.get(3)?).unwrap_or_default(),
            content: row.get(4)?,
        })
    })?;
    Ok(extracts.collect::<Result<_, _>>()?)
}

fn load(
    transaction: &Transaction<'_>,
    salt: &Salt,
    extracts: &[Extract],
    facts: &[Vec<InstanceFacts>],
) -> Result<Vec<(String, String, String)>> {
    transaction.execute_batch(include_str!("load/stage_facts.sql"))?;
    let stage =
        |table: &str, fill: &mut dyn FnMut(&mut Appender<'_>, &Named<'_>) -> duckdb::Result<()>| -> Result<()> {
            let mut appender = transaction.appender(table)?;
            for named in named(salt, extracts, facts) {
                fill(&mut appender, &named)?;
            }
            finish(appender)
        };
    let mut problems = Vec::new();
    stage("staged_sighting", &mut |rows, named| {
        let facts = named.facts;
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
                time(named.extract.received),
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
                time(named.extract.received)
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
                time(named.extract.received)
            ])
        })
    })?;
    let mut derivations = transaction.appender("derivation")?;
    for extract in extracts {
        derivations.append_row([extract.id])?;
    }
    finish(derivations)?;
    transaction.execute_batch(include_str!("load/load_facts.sql"))?;
    Ok(problems)
}

/// An instance's facts with the extract they stand in and the bridge they are about.
struct Named<'a> {
    extract: &'a Extract,
    bridge: String,
    facts: &'a InstanceFacts,
}

fn named<'a>(salt: &Salt, extracts: &'a [Extract], facts: &'a [Vec<InstanceFacts>]) -> impl Iterator<Item = Named<'a>> {
    extracts.iter().zip(facts).flat_map(move |(extract, facts)| {
        facts.iter().map(move |facts| Named {
            extract,
            bridge: salt.bridge(facts.hashed_fingerprint.as_deref(), &extract.server, &facts.instance),
            facts,
        })
    })
}

fn counts(
    rows: &mut Appender<'_>,
    named: &Named<'_>,
    ends: Timestamp,
    counts: Option<&Vec<(String, u32)>>,
) -> duckdb::Result<()> {
    counts
        .into_iter()
        .flatten()
        .try_for_each(|(name, count)| rows.append_row(params![named.bridge, time(ends), named.extract.id, name, count]))
}

/// A time as DuckDB's `timestamp` takes it: microseconds of UTC.
fn time(time: Timestamp) -> duckdb::types::Value {
    duckdb::types::Value::Timestamp(duckdb::types::TimeUnit::Microsecond, time.as_microsecond())
}

fn commit(transaction: Transaction<'_>) -> Result<()> {
    transaction.commit().context("cannot write the warehouse")
}

/// Ends an appender; its errors would be lost when it is dropped.
fn finish(mut appender: Appender<'_>) -> Result<()> {
    Ok(appender.flush()?)
}
