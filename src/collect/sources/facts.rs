//! Facts as rows, for whoever tries a source: a number a row, with what it counts and of whom.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::rows::arrived;
use crate::collect::{Answer, Failure, Said, parse};
use crate::config::{ColumnType, Format, Mode, RowOptions};
use crate::fs;
use crate::warehouse::{Arrival, Extract, InstanceFacts, RowsFile};

const COLUMNS: [(&str, ColumnType); 7] = [
    ("bridge", ColumnType::Text),
    ("ends", ColumnType::Time),
    ("seconds", ColumnType::Integer),
    ("what", ColumnType::Text),
    ("by", ColumnType::Text),
    ("of", ColumnType::Text),
    ("number", ColumnType::Integer),
];

/// What answers say, or why the last of them says nothing. What could not be understood is in the log.
pub fn said(plugin: &str, source: &str, server: &str, answers: Vec<Answer>) -> Said {
    let mut facts = Vec::new();
    let mut failure = None;
    for answer in answers {
        failure = answer.failure;
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
    }
    let problem = |facts: &InstanceFacts| {
        let instance = facts.instance.clone();
        facts.problems.iter().map(move |problem| format!("{instance}: {problem}\n")).collect::<String>()
    };
    let log = facts.iter().map(problem).collect();
    Said { rows: failure.map_or_else(|| rows(&facts).map(Some), Err), log }
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
    let text = csv(facts).map_err(|error| full(error.to_string()))?;
    let columns: BTreeMap<_, _> = COLUMNS.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    let options = RowOptions {
        format: Some(Format::Csv),
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

fn csv(facts: &[InstanceFacts]) -> Result<Vec<u8>, csv::Error> {
    let mut text = csv::Writer::from_writer(Vec::new());
    text.write_record(COLUMNS.map(|(name, _)| name))?;
    for said in facts {
        let mut put = |ends: Timestamp, seconds: u32, what: [&str; 3], number: u64| {
            let (ends, seconds, number) = (ends.to_string(), seconds.to_string(), number.to_string());
            let [what, by, of] = what;
            text.write_record([said.instance.as_str(), &ends, &seconds, what, by, of, &number])
        };
        for report in &said.reports {
            let versions = report.versions.map(|(v4, v6)| vec![("v4".to_owned(), v4), ("v6".to_owned(), v6)]);
            let counts = [("country", &report.countries), ("ip", &versions), ("transport", &report.transports)];
            for (by, counts) in counts {
                for (of, number) in counts.iter().flatten() {
                    put(report.ends, report.seconds, ["clients", by, of], u64::from(*number))?;
                }
            }
        }
        for requests in &said.requests {
            if let Some(number) = requests.answered {
                put(requests.ends, requests.seconds, ["requests", "", ""], u64::from(number))?;
            }
            for (country, number) in requests.countries.iter().flatten() {
                put(requests.ends, requests.seconds, ["requests", "country", country], u64::from(*number))?;
            }
        }
        for traffic in &said.traffic {
            for (of, number) in [("sent", traffic.sent), ("received", traffic.received)] {
                if let Some(number) = number {
                    put(traffic.ends, traffic.seconds, ["bytes", "direction", of], number)?;
                }
            }
        }
    }
    text.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}
