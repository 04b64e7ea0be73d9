//! Failures in a row: which servers have failed too often, and of which of them somebody was told.

use anyhow::Result;
use duckdb::params;
use jiff::Timestamp;

use super::store::Warehouse;

/// A server whose failures in a row are too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Streak {
    /// The server's name.
    pub server: String,
    /// The plugin of the source that asked it.
    pub plugin: String,
    /// The source that asked it; each source counts for itself.
    pub source: String,
    /// The fixed phrase that says what failed last.
    pub reason: String,
    /// How often it has failed since it answered.
    pub failures: u64,
    /// When it answered last, if ever.
    pub last_answer: Option<Timestamp>,
    /// The run in which it failed first, in milliseconds since 1970.
    pub first_run: i64,
}

impl Warehouse {
    /// The servers whose failures in a row are `after` or more with the run `last` (milliseconds since 1970), which asked
    /// them, and of which nobody [was told](Self::remember_told).
    pub fn streaks(&self, last: i64, after: u32) -> Result<Vec<Streak>> {
        let mut statement = self.connection.prepare(include_str!("load/streaks.sql"))?;
        let streaks = statement.query_map(params![last, after], |row| {
            Ok(Streak {
                plugin: row.get(0)?,
                source: row.get(1)?,
                server: row.get(2)?,
                reason: row.get(3)?,
                failures: row.get(4)?,
                last_answer: row.get::<_, Option<i64>>(5)?.and_then(|time| Timestamp::from_microsecond(time).ok()),
                first_run: row.get(6)?,
            })
        })?;
        Ok(streaks.collect::<Result<_, _>>()?)
    }

    /// Remembers that somebody was told of these: they are not told again, however long they go on.
    pub fn remember_told(&mut self, streaks: &[Streak]) -> Result<()> {
        let transaction = self.connection.transaction()?;
        for streak in streaks {
            transaction.execute(
                "insert or ignore into told values (?, ?, ?, ?)",
                params![streak.plugin, streak.source, streak.server, streak.first_run],
            )?;
        }
        Ok(transaction.commit()?)
    }
}
