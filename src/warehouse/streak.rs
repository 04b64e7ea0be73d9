//! Failures in a row: which servers have just failed too often.

use anyhow::Result;
use duckdb::params;
use jiff::Timestamp;

use super::store::Warehouse;

/// A server whose failures in a row have just become too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streak {
    /// The server's name.
    pub server: String,
    /// The source that asked it; each source counts for itself.
    pub source: String,
    /// The fixed phrase that says what failed last.
    pub reason: String,
    /// How often it has failed since it answered.
    pub failures: u64,
    /// When it answered last, if ever.
    pub last_answer: Option<Timestamp>,
}

impl Warehouse {
    /// The servers whose failures in a row have reached `after` with the runs from `first` to `last` (milliseconds since
    /// 1970), in which the last asked them.
    pub fn streaks(&self, first: i64, last: i64, after: u32) -> Result<Vec<Streak>> {
        let mut statement = self.connection.prepare(include_str!("load/streaks.sql"))?;
        let streaks = statement.query_map(params![first, last, after], |row| {
            Ok(Streak {
                server: row.get(0)?,
                source: row.get(1)?,
                reason: row.get(2)?,
                failures: row.get(3)?,
                last_answer: row.get::<_, Option<i64>>(4)?.and_then(|time| Timestamp::from_microsecond(time).ok()),
            })
        })?;
        Ok(streaks.collect::<Result<_, _>>()?)
    }
}
