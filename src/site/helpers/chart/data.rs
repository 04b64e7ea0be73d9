//! From rows to series over days.

use std::collections::{BTreeMap, btree_map::Entry};

use jiff::Unit;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::super::quoted;
use crate::graphics::chart::{Data, Mark, Series};
use crate::problem::did_you_mean;
use crate::text::printable;

/// More days than this are a slip of the pen.
const MOST_DAYS: i64 = 36_600;

/// Where in a row is what.
pub(super) struct Columns<'a> {
    /// The day.
    pub(super) x: String,
    /// The value; or several, with spaces between.
    pub(super) y: String,
    /// The name of the value's series.
    pub(super) series: Option<&'a str>,
}

/// Series in the order in which rows name them; days without a row are gaps. `marks` is null or a list of rows with a day and
/// a `text`; what they say of one day becomes one mark.
pub(super) fn read(rows: &Value, columns: &Columns, marks: &Value) -> Result<Data, String> {
    let Value::Array(rows) = rows else { return Err(format!("`chart` needs rows, not {}", quoted(rows))) };
    let many: Vec<&str> = columns.y.split_whitespace().collect();
    if many.is_empty() || (many.len() > 1 && columns.series.is_some()) {
        return Err("`y` of `chart` names a column, or several if there is no `series`".to_owned());
    }
    let mut names: Vec<String> = Vec::new();
    let mut values: BTreeMap<(usize, Date), Option<f64>> = BTreeMap::new();
    if columns.series.is_none() {
        names = many.iter().map(|name| name.replace('_', " ")).collect();
    }
    for row in rows {
        let row = record(row)?;
        let date = date(row, &columns.x)?;
        for (number, column) in many.iter().enumerate() {
            let number = match columns.series {
                None => number,
                Some(series) => {
                    let name = name(column_of(row, series)?);
                    names.iter().position(|known| *known == name).unwrap_or_else(|| {
                        names.push(name);
                        names.len() - 1
                    })
                }
            };
            let value = match column_of(row, column)? {
                Value::Null => None,
                value => Some(
                    value
                        .as_f64()
                        .ok_or_else(|| format!("`chart` needs numbers: `{column}` is {} on {date}", quoted(value)))?,
                ),
            };
            match values.entry((number, date)) {
                Entry::Vacant(entry) => entry.insert(value),
                Entry::Occupied(_) => {
                    let name = &names[number];
                    return Err(format!(
                        "`chart` has two rows for `{name}` on {date}\nadd them up in the query, or name their `series`"
                    ));
                }
            };
        }
    }
    let dates = || values.keys().map(|(_, date)| *date);
    let (Some(first), Some(last)) = (dates().min(), dates().max()) else {
        return Ok(Data { first: Date::ZERO, series: Vec::new(), marks: Vec::new() });
    };
    let days = days(first, last) + 1;
    if days > MOST_DAYS {
        return Err(format!("`chart` cannot show the days from {first} to {last}: they are more than {MOST_DAYS}"));
    }
    let mut series: Vec<Series> =
        names.into_iter().map(|name| Series { name, values: vec![None; days as usize] }).collect();
    for ((number, date), value) in values {
        series[number].values[self::days(first, date) as usize] = value;
    }
    Ok(Data { first, series, marks: read_marks(marks, &columns.x, first)? })
}

/// The data with series called otherwise, `code=Name, other=Another name`; those of which nothing is said keep their names.
pub(super) fn called(data: Data, names: Option<&str>) -> Result<Data, String> {
    let Some(names) = names else { return Ok(data) };
    let pair = |pair: &str| {
        let (code, name) = pair.split_once('=').ok_or_else(|| {
            format!("`names` of `chart` has `{}`\nit is `code=Name`, with commas between", pair.trim())
        })?;
        Ok((code.trim().replace('_', " "), readable(name.trim())))
    };
    let names: BTreeMap<String, String> =
        names.split(',').filter(|text| !text.trim().is_empty()).map(pair).collect::<Result<_, String>>()?;
    let called = |series: Series| match names.get(&series.name.replace('_', " ")) {
        Some(name) => Series { name: name.clone(), ..series },
        None => series,
    };
    Ok(Data { series: data.series.into_iter().map(called).collect(), ..data })
}

fn read_marks(marks: &Value, x: &str, first: Date) -> Result<Vec<Mark>, String> {
    let rows = match marks {
        Value::Null => return Ok(Vec::new()),
        Value::Array(rows) => rows,
        other => return Err(format!("`marks` of `chart` are rows, not {}", quoted(other))),
    };
    let mut texts: BTreeMap<i64, Vec<String>> = BTreeMap::new();
    for row in rows {
        let row = record(row)?;
        texts.entry(days(first, date(row, x)?)).or_default().push(name(column_of(row, "text")?));
    }
    Ok(texts.into_iter().map(|(day, texts)| Mark { day, text: texts.join("; ") }).collect())
}

fn record(row: &Value) -> Result<&Map<String, Value>, String> {
    row.as_object().ok_or_else(|| format!("`chart` needs rows with columns, not {}", quoted(row)))
}

fn column_of<'a>(row: &'a Map<String, Value>, name: &str) -> Result<&'a Value, String> {
    row.get(name).ok_or_else(|| {
        let known = || row.keys().map(String::as_str);
        let hint = did_you_mean(name, known());
        let hint = hint.unwrap_or_else(|| format!("there are `{}`", known().collect::<Vec<_>>().join("`, `")));
        format!("the rows of `chart` have no column `{name}`\n{hint}")
    })
}

fn date(row: &Map<String, Value>, column: &str) -> Result<Date, String> {
    let value = column_of(row, column)?;
    let text = value.as_str().unwrap_or_default();
    let day = text.get(..10).filter(|_| text.len() == 10 || text.as_bytes()[10] == b'T').unwrap_or_default();
    Date::strptime("%Y-%m-%d", day)
        .map_err(|_| format!("`chart` needs a day as `YYYY-MM-DD` in `{column}`, not {}", quoted(value)))
}

fn name(value: &Value) -> String {
    match value {
        Value::Null => "unknown".to_owned(),
        Value::String(text) => readable(text),
        other => readable(&other.to_string()),
    }
}

/// A text as pages and pictures can hold it: HTML and XML allow no control characters.
pub(super) fn readable(text: &str) -> String {
    printable(text).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

fn days(first: Date, date: Date) -> i64 {
    first.until((Unit::Day, date)).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn columns(y: &str, series: Option<&'static str>) -> Columns<'static> {
        Columns { x: "day".to_owned(), y: y.to_owned(), series }
    }

    #[test]
    fn days_without_a_row_are_gaps_and_series_stand_as_rows_name_them() {
        let rows = json!([
            {"day": "2026-01-03", "n": 3, "of": "b"},
            {"day": "2026-01-01", "n": 1, "of": "a"},
            {"day": "2026-01-01", "n": null, "of": "b"},
        ]);
        let marks = json!([{"day": "2026-01-02", "text": "one"}, {"day": "2026-01-02", "text": "two"}]);
        let data = read(&rows, &columns("n", Some("of")), &marks).unwrap();
        assert_eq!(data.first, jiff::civil::date(2026, 1, 1));
        assert_eq!(data.series[0], Series { name: "b".to_owned(), values: vec![None, None, Some(3.0)] });
        assert_eq!(data.series[1], Series { name: "a".to_owned(), values: vec![Some(1.0), None, None] });
        assert_eq!(data.marks, [Mark { day: 1, text: "one; two".to_owned() }]);
    }

    #[test]
    fn several_columns_are_several_series() {
        let rows = json!([{"day": "2026-01-01", "sent": 1, "all_received": 2}]);
        let data = read(&rows, &columns("sent all_received", None), &Value::Null).unwrap();
        let names: Vec<&str> = data.series.iter().map(|series| series.name.as_str()).collect();
        assert_eq!(names, ["sent", "all received"]);
    }

    #[test]
    fn what_is_wrong_with_rows_is_said() {
        let row = |day: Value, n: Value| json!([{"day": day, "n": n}]);
        for (rows, y, message) in [
            (json!(5), "n", "`chart` needs rows, not `5`"),
            (json!([5]), "n", "`chart` needs rows with columns, not `5`"),
            (row(json!("2026-01-01"), json!(1)), "nn", "the rows of `chart` have no column `nn`\ndid you mean `n`?"),
            (row(json!("soon"), json!(1)), "n", "`chart` needs a day as `YYYY-MM-DD` in `day`, not `soon`"),
            (row(json!("2026-01-01"), json!("x")), "n", "`chart` needs numbers: `n` is `x` on 2026-01-01"),
            (
                json!([{"day": "2026-01-01", "n": 1}, {"day": "2026-01-01", "n": 2}]),
                "n",
                "`chart` has two rows for `n` on 2026-01-01\nadd them up in the query, or name their `series`",
            ),
            (
                json!([{"day": "0026-01-01", "n": 1}, {"day": "2026-01-01", "n": 2}]),
                "n",
                "`chart` cannot show the days from 0026-01-01 to 2026-01-01: they are more than 36600",
            ),
        ] {
            assert_eq!(read(&rows, &columns(y, None), &Value::Null), Err(message.to_owned()));
        }
    }
}
