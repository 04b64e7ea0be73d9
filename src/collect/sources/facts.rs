//! Facts as rows, for whoever tries a source: a number a row, with what it counts and of whom.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rows::arrived;
use crate::collect::{Answer, Failure, Said, parse};
use crate::config::{ColumnType, Format, Mode, RowOptions};
use crate::fs;
use crate::warehouse::{Arrival, Extract, InstanceFacts, Report, Requests, RowsFile, Traffic};

const COLUMNS: [(&str, ColumnType); 7] = [
    ("bridge", ColumnType::Text),
    ("ends", ColumnType::Time),
    ("seconds", ColumnType::Integer),
    ("what", ColumnType::Text),
    ("by", ColumnType::Text),
    ("of", ColumnType::Text),
    ("number", ColumnType::Integer),
];

/// What answers say, or why the last of them says nothing. What else went wrong is in the log.
pub fn said(plugin: &str, source: &str, server: &str, answers: Vec<Answer>) -> Said {
    let (mut facts, mut failures) = (Vec::new(), Vec::new());
    for answer in answers {
        let extract = answer.raw.map(|raw| Extract {
            id: 0,
            plugin: plugin.to_owned(),
            source: source.to_owned(),
            server: server.to_owned(),
            received: answer.finished,
            confirmed: answer.finished,
            content: raw.content,
        });
        facts.extend(extract.iter().flat_map(parse));
        failures.extend(answer.failure);
    }
    let rows = match failures.pop_if(|_| facts.is_empty()) {
        Some(failure) => Err(failure),
        None => rows(&facts).map(Some),
    };
    let mut log: String = failures.iter().map(|failure| format!("{failure}\n")).collect();
    for said in &facts {
        log.extend(said.problems.iter().map(|problem| format!("{}: {problem}\n", said.instance)));
    }
    Said { server: server.to_owned(), rows, log }
}

/// Facts as rows: when the interval ended and how long it was; `clients` or `requests` by `country`, `transport` or version of
/// `ip`, or `bytes` by `direction`; of which, and how many.
///
/// # Errors
/// If the disk has no room for them.
pub fn rows(facts: &[InstanceFacts]) -> Result<Arrival, Failure> {
    let full = |error: String| Failure::Here {
        reason: "no room for the rows",
        story: error,
        hint: "see that the disk has room".to_owned(),
    };
    let text = lines(facts).map_err(|error| full(error.to_string()))?;
    let columns: BTreeMap<_, _> = COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    let options = RowOptions {
        format: Some(Format::Ndjson),
        comment: None,
        header: true,
        time_zone: None,
        columns: &columns,
        mode: Mode::Replace,
        key: &[],
        public: false,
    };
    let read = |path: &std::path::Path| {
        Arrival::read(&[RowsFile { path: path.to_owned(), shown: "facts".to_owned() }], &options, &[])
    };
    arrived(fs::with_file(&text, read).map_err(|error| full(format!("{error:#}")))?)
}

/// A number.
#[derive(serde::Serialize)]
struct Row<'a> {
    bridge: &'a str,
    ends: String,
    seconds: u32,
    what: &'static str,
    by: Option<&'static str>,
    of: Option<&'a str>,
    number: u64,
}

fn lines(facts: &[InstanceFacts]) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    for said in facts {
        let mut put = |ends: Timestamp,
                       seconds: u32,
                       what: &'static str,
                       by: Option<&'static str>,
                       of: Option<&str>,
                       number: u64| {
            let row = Row { bridge: &said.instance, ends: ends.to_string(), seconds, what, by, of, number };
            serde_json::to_writer(&mut text, &row)?;
            text.push(b'\n');
            Ok::<_, serde_json::Error>(())
        };
        for Report { ends, seconds, countries, versions, transports, .. } in &said.reports {
            let versions = versions.map(|(v4, v6)| vec![("v4".to_owned(), v4), ("v6".to_owned(), v6)]);
            for (by, counts) in [("country", countries), ("ip", &versions), ("transport", transports)] {
                for (of, number) in counts.iter().flatten() {
                    put(*ends, *seconds, "clients", Some(by), Some(of), u64::from(*number))?;
                }
            }
        }
        for Requests { ends, seconds, answered, countries } in &said.requests {
            if let Some(number) = answered {
                put(*ends, *seconds, "requests", None, None, u64::from(*number))?;
            }
            for (country, number) in countries.iter().flatten() {
                put(*ends, *seconds, "requests", Some("country"), Some(country), u64::from(*number))?;
            }
        }
        for Traffic { ends, seconds, sent, received } in &said.traffic {
            for (of, number) in [("sent", sent), ("received", received)] {
                if let Some(number) = number {
                    put(*ends, *seconds, "bytes", Some("direction"), Some(of), *number)?;
                }
            }
        }
    }
    Ok(text)
}
