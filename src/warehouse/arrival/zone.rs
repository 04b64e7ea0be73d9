//! Times in UTC, also of zones whose clocks change. DuckDB knows no zones without an extension, so the changes of a zone
//! between the first and the last time become a table, and each time is joined with the change before it.
//!
//! A time that a clock shows twice is the first of both; one that it never shows is as long after the change as it says.

use duckdb::Connection;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Result, Unreadable, identifier};

const TIME: &str =
    "[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?( ?(Z|UTC|[+-][0-9]{2}(:[0-9]{2})?))?)?";
const OFFSET: &str = ".*:.*(Z|UTC|[+-][0-9]{2}(:[0-9]{2})?)";

/// A text as the time that it names, of UTC if it names no zone; null if it is none.
pub(super) fn time(text: &str) -> String {
    // DuckDB wants seconds before a zone.
    let whole =
        format!("regexp_replace(replace({text}, 'UTC', 'Z'), '^(.{{13}}:[0-9]{{2}})( ?([Z+-].*)?)$', '\\1:00\\2')");
    format!(
        "case when regexp_full_match({text}, '{TIME}') then case when regexp_full_match({text}, '{OFFSET}') \
         then make_timestamp(epoch_us(try_cast({whole} as timestamptz))) \
         else try_cast({text} as timestamp) end end"
    )
}

/// Fills `clock` with the changes of a zone: from what a clock there shows until the next, and the seconds before UTC.
pub(super) fn prepare<'a>(
    connection: &Connection,
    zone: Option<&str>,
    columns: impl Iterator<Item = &'a str>,
) -> Result<()> {
    let Some(name) = zone else { return Ok(()) };
    let zone = TimeZone::get(name).map_err(|_| {
        Unreadable::new(format!("there is no time zone `{name}`"), "names are as in `Europe/Berlin` or `UTC`")
    })?;
    connection.execute_batch("create temp table clock (shown timestamp, seconds bigint)")?;
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for column in columns {
        let times = format!(
            "select epoch_us(min(t)), epoch_us(max(t)) from (select {} as t from staged)",
            time(&identifier(column))
        );
        let (min, max): (Option<i64>, Option<i64>) =
            connection.query_row(&times, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        first = first.min(min.unwrap_or(first));
        last = last.max(max.unwrap_or(last));
    }
    if first > last {
        return Ok(());
    }
    // As far as calendars go.
    let margin = 3 * 86_400_000_000;
    let (least, most) = (Timestamp::MIN.as_microsecond() + 2 * margin, Timestamp::MAX.as_microsecond() - margin);
    let time = |microsecond: i64| Timestamp::from_microsecond(microsecond.clamp(least, most)).unwrap_or_default();
    let (from, until) = (time(first.saturating_sub(margin)), time(last.saturating_add(margin)));
    let mut insert = connection.prepare("insert into clock values (make_timestamp(?), ?)")?;
    let mut before = i64::from(zone.to_offset(from).seconds());
    insert.execute(duckdb::params![first.min(from.as_microsecond()) - margin, before])?;
    for change in zone.following(from).take_while(|change| change.timestamp() < until) {
        let after = i64::from(change.offset().seconds());
        let shown = change.timestamp().as_microsecond() + before.max(after) * 1_000_000;
        insert.execute(duckdb::params![shown, after])?;
        before = after;
    }
    Ok(())
}

/// A column's time in UTC, where [`join`] is joined.
pub(super) fn column(number: usize, name: &str, zone: Option<&str>) -> String {
    let text = identifier(name);
    let time = time(&text);
    if zone.is_none() {
        return time;
    }
    format!(
        "case when regexp_full_match({text}, '{OFFSET}') then {time} else {time} - clock{number}.seconds * interval 1 second end"
    )
}

/// What a column of times is joined with.
pub(super) fn join(number: usize, name: &str, zone: Option<&str>) -> String {
    match zone {
        Some(_) => {
            format!(" asof left join clock as clock{number} on {} >= clock{number}.shown", time(&identifier(name)))
        }
        None => String::new(),
    }
}
