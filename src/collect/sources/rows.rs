//! What the sources of rows have in common: rows become an answer, and what is wrong with them a failure.

use jiff::Timestamp;

use crate::collect::{Answer, Failure};
use crate::warehouse::{Arrival, Raw, Unreadable};

/// The answer of a source that has brought rows, or none because there is nothing to say.
pub(super) fn answer(run: Timestamp, started: Timestamp, rows: Result<Option<Arrival>, Failure>) -> Answer {
    let finished = Timestamp::now();
    let (raw, failure) = match rows {
        Ok(Some(rows)) => (Some(raw(rows)), None),
        Ok(None) => (None, None),
        Err(failure) => (None, Some(failure)),
    };
    Answer { run, started, finished, raw, failure }
}

fn raw(rows: Arrival) -> Raw {
    Raw { hash: rows.digest, content: rows.parquet }
}

/// Rows, or why there are none.
pub(super) fn arrived(rows: Result<Arrival, Unreadable>) -> Result<Arrival, Failure> {
    rows.map_err(|Unreadable { message, hint }| Failure::Here {
        reason: "the rows cannot be read",
        story: message,
        hint,
    })
}
