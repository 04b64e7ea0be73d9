//! From the texts of `staged` to the types of `typed`: those that are declared, or the narrowest that all values fit.

use duckdb::Connection;

use super::{Result, Source, Unreadable, Wanted, identifier, shortened, zone};
use crate::config::ColumnType;

/// What is tried for a column of which nothing is said, the narrowest first.
const GUESSES: [ColumnType; 5] =
    [ColumnType::Boolean, ColumnType::Integer, ColumnType::Number, ColumnType::Date, ColumnType::Time];

/// Fills `typed` and gives the columns with their types.
pub(super) fn settle(
    connection: &Connection,
    files: &[Source],
    names: &[String],
    time_zone: Option<&str>,
    wanted: &Wanted,
) -> Result<Vec<(String, ColumnType)>> {
    let mut columns = Vec::new();
    for name in names {
        let column = match wanted.of(name) {
            Some(known) => {
                check(connection, files, name, known)?;
                known
            }
            None => guess(connection, name)?,
        };
        columns.push((name.clone(), column));
    }
    let zoned = columns.iter().filter(|(_, column)| *column == ColumnType::Time).map(|(name, _)| name.as_str());
    zone::prepare(connection, time_zone, zoned)?;
    let values = columns.iter().enumerate().map(|(number, (name, column))| {
        let value = match column {
            ColumnType::Time => zone::column(number, name, time_zone),
            _ => value(*column, &identifier(name)),
        };
        format!("{value} as {}", identifier(name))
    });
    let values = values.collect::<Vec<_>>().join(", ");
    let times = columns.iter().enumerate().filter(|(_, (_, column))| *column == ColumnType::Time);
    let joins = times.map(|(number, (name, _))| zone::join(number, name, time_zone)).collect::<String>();
    connection.execute_batch(&format!(
        "create temp table typed as select {values} from staged {joins} order by _file, _row"
    ))?;
    Ok(columns)
}

/// The first value that is not of the declared type.
fn check(connection: &Connection, files: &[Source], name: &str, column: ColumnType) -> Result<()> {
    let (text, value) = (identifier(name), value(column, &identifier(name)));
    let sql = format!(
        "select _file, _row, {text} from staged where {text} is not null and {value} is null order by _file, _row limit 1"
    );
    let first: Option<(usize, u64, String)> = connection
        .prepare(&sql)?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .next()
        .transpose()?;
    let Some((file, row, value)) = first else { return Ok(()) };
    let shown = files.get(file).map_or("", |file| &file.shown);
    let message =
        format!("{shown}: row {row}: `{}` in the column `{name}` is not {}", shortened(&value), words(column));
    Err(Unreadable::new(
        message,
        "nothing was changed; mend the file, or say under `columns` of which type the column is",
    ))
}

fn words(column: ColumnType) -> &'static str {
    match column {
        ColumnType::Text => "text",
        ColumnType::Integer => "a whole number of 64 bits",
        ColumnType::Number => "a number",
        ColumnType::Boolean => "`true` or `false`",
        ColumnType::Date => "a date as `2026-11-22`",
        ColumnType::Time => "a time as `2026-11-22 17:35:12`",
    }
}

/// What all values fit; text where there is none.
fn guess(connection: &Connection, name: &str) -> Result<ColumnType> {
    let text = identifier(name);
    // Codes such as 007 are no numbers, nor is what would lose digits.
    let code = format!(
        "count(*) filter (where regexp_full_match({text}, '[+-]?0[0-9]+.*') or starts_with({text}, '+')
         or regexp_full_match({text}, '-?[0-9]{{17,}}([.].*)?') and try_cast({text} as bigint) is null)"
    );
    let misfits = GUESSES.map(|column| format!("count({text}) - count({})", value(column, &text))).join(", ");
    let sql = format!("select count({text}), {code}, {misfits} from staged");
    let counts: Vec<u64> =
        connection.query_row(&sql, [], |row| (0..GUESSES.len() + 2).map(|column| row.get(column)).collect())?;
    let (values, codes) = (counts[0], counts[1]);
    let fits = |(index, column): &(usize, ColumnType)| {
        let number = matches!(column, ColumnType::Integer | ColumnType::Number);
        counts[index + 2] == 0 && !(number && codes > 0)
    };
    let guess = GUESSES.into_iter().enumerate().find(fits).filter(|_| values > 0);
    Ok(guess.map_or(ColumnType::Text, |(_, column)| column))
}

/// What a text means as a value of that type; null if it is none.
pub(super) fn value(column: ColumnType, text: &str) -> String {
    match column {
        ColumnType::Text => text.to_owned(),
        ColumnType::Boolean => format!("case lower({text}) when 'true' then true when 'false' then false end"),
        // DuckDB would round 1.5.
        ColumnType::Integer => {
            format!("case when regexp_full_match({text}, '[+-]?[0-9]+') then try_cast({text} as bigint) end")
        }
        // Neither infinity nor what is no number.
        ColumnType::Number => {
            format!(
                "case when regexp_full_match({text}, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?') \
                     and isfinite(try_cast({text} as double)) then try_cast({text} as double) end"
            )
        }
        ColumnType::Date => {
            format!(
                "case when regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') then try_cast({text} as date) end"
            )
        }
        ColumnType::Time => zone::time(text),
    }
}
