//! `table`: rows as a table, so that a page in Markdown needs no table written by hand.

use handlebars::RenderError;
use serde_json::{Map, Value, json};

use super::{Call, date, quoted, refused};
use crate::problem::nearest;
use crate::site::language::{Form, Language};
use crate::site::pictures::Pictures;
use crate::site::shape::Shape;

/// How the values of a column are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::site) enum Format {
    Text,
    Number,
    Bytes,
    /// A share: 0.31 is 31.0 %.
    Percent,
    /// A change: 0.31 is +31 %.
    Change,
    Date,
    /// A list of numbers as a sparkline.
    Trend,
}

use Format::{Bytes, Change, Date, Number, Percent, Text, Trend};

impl Format {
    const ALL: [(&str, Self); 7] = [
        ("text", Text),
        ("number", Number),
        ("bytes", Bytes),
        ("percent", Percent),
        ("change", Change),
        ("date", Date),
        ("trend", Trend),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, format)| *format == self).map_or("text", |(name, _)| name)
    }

    /// That of a value for which nobody has chosen one; `None` for what a table cannot show.
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Object(_) => None,
            Value::Array(items) => Some(Trend).filter(|_| items.iter().all(|item| item.is_number() || item.is_null())),
            Value::Number(_) => Some(Number),
            Value::String(text) if date::of(text).is_some() => Some(Date),
            _ => Some(Text),
        }
    }
}

/// A column that a call asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::site) struct Column<'a> {
    pub(in crate::site) name: &'a str,
    /// As its values have it, where none is chosen.
    pub(in crate::site) format: Option<Format>,
}

/// `name clients:number history`; the error is the word that is wrong, and what to say of it, its hint on a second line.
pub(in crate::site) fn columns(option: &str) -> Result<Vec<Column<'_>>, (&str, String)> {
    let column = |word| match str::split_once(word, ':') {
        None => Ok(Column { name: word, format: None }),
        Some((name, format)) => match Format::ALL.iter().find(|(known, _)| *known == format) {
            Some((_, format)) => Ok(Column { name, format: Some(*format) }),
            None => {
                let known = Format::ALL.map(|(name, _)| name);
                let hint = match nearest(format, known) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("there are `{}`", known.join("`, `")),
                };
                Err((format, format!("a table has no format `{format}`\n{hint}")))
            }
        },
    };
    option.split_whitespace().map(column).collect()
}

/// `{{table rows columns="name clients:number share:percent history" heads="Country, Clients, Share, Trend"
/// caption="…"}}`: a column is a name, and the format of its values after a colon (`text`, `number`, `bytes`, `percent`,
/// `change`, `date`, `trend`) unless they show it themselves. Without `columns` there are all that can be shown, in the
/// query's order; without `heads` their names. The first column names its row.
pub(super) fn table(call: &Call, pictures: &Pictures) -> Result<String, RenderError> {
    let seen = seen(call).map_err(refused)?;
    call.partial("table", seen, pictures)
}

fn seen(call: &Call) -> Result<Value, String> {
    let Value::Array(rows) = call.value(0) else {
        return Err(format!("`table` needs rows, not {}", quoted(call.value(0))));
    };
    let rows: Vec<&Map<String, Value>> = rows
        .iter()
        .map(|row| row.as_object().ok_or_else(|| format!("`table` needs rows with columns, not {}", quoted(row))))
        .collect::<Result<_, _>>()?;
    let chosen = match call.text("columns")? {
        Some(option) => columns(option).map_err(|(_, message)| message)?,
        None => every(&rows),
    };
    let columns: Vec<(&str, Format)> =
        chosen.iter().map(|column| Ok((column.name, format(&rows, column)?))).collect::<Result<_, String>>()?;
    let heads = heads(call.text("heads")?, &columns)?;
    let class = |format: Format| match format {
        Text => Value::Null,
        Trend => "trend".into(),
        _ => "number".into(),
    };
    let cell = |row: &Map<String, Value>, (name, format): (&str, Format)| -> Result<Value, String> {
        let value = row.get(name).unwrap_or(&Value::Null);
        let text = text(name, value, format, call.language())?;
        let unknown = value.is_null();
        Ok(json!({"value": value, "text": text, "unknown": unknown, "format": format.name(), "class": class(format)}))
    };
    let row = |row: &&Map<String, Value>| -> Result<Value, String> {
        Ok(json!({"cells": columns.iter().map(|column| cell(row, *column)).collect::<Result<Vec<_>, _>>()?}))
    };
    let head = |(head, (name, format)): (&String, &(&str, Format))| json!({"name": name, "head": head, "format": format.name(), "class": class(*format)});
    Ok(json!({
        "caption": call.text("caption")?,
        "columns": heads.iter().zip(&columns).map(head).collect::<Vec<_>>(),
        "rows": rows.iter().map(row).collect::<Result<Vec<_>, _>>()?,
    }))
}

/// All columns that a table can show.
fn every<'a>(rows: &[&'a Map<String, Value>]) -> Vec<Column<'a>> {
    let names = rows.first().map(|row| row.keys()).into_iter().flatten();
    let shown = |name: &&String| rows.iter().filter_map(|row| row.get(*name)).all(|value| Format::of(value).is_some());
    names.filter(shown).map(|name| Column { name, format: None }).collect()
}

/// A column's format: what was chosen, or what its values are.
fn format(rows: &[&Map<String, Value>], column: &Column) -> Result<Format, String> {
    let name = column.name;
    if let Some(row) = rows.first().filter(|row| !row.contains_key(name)) {
        let known: Vec<&str> = row.keys().map(String::as_str).collect();
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are `{}`", known.join("`, `")),
        };
        return Err(format!("the rows of `table` have no column `{name}`\n{hint}"));
    }
    if let Some(format) = column.format {
        return Ok(format);
    }
    let mut formats = rows.iter().filter_map(|row| row.get(name)).filter(|value| !value.is_null()).map(Format::of);
    let first = formats.next().unwrap_or(Some(Text));
    let first = first.ok_or_else(|| format!("a table cannot show the column `{name}`: it has lists or records"))?;
    // What is not all dates or all numbers is text.
    Ok(if formats.all(|format| format == Some(first)) { first } else { Text })
}

/// What stands above the columns.
fn heads(option: Option<&str>, columns: &[(&str, Format)]) -> Result<Vec<String>, String> {
    let Some(option) = option else { return Ok(columns.iter().map(|(name, _)| readable(name)).collect()) };
    let heads: Vec<String> = option.split(',').map(|head| head.trim().to_owned()).collect();
    if heads.len() == columns.len() || columns.is_empty() {
        return Ok(heads);
    }
    Err(format!("`heads` of `table` has {} names for {} columns\nput commas between them", heads.len(), columns.len()))
}

/// `sent_bytes` is `Sent bytes`.
fn readable(column: &str) -> String {
    let text = column.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A value in words; null where nobody knows it, and for a sparkline.
fn text(column: &str, value: &Value, format: Format, language: &Language) -> Result<Value, String> {
    let wrong = || format!("`{column}` has {}, which is not to be shown as `{}`", quoted(value), format.name());
    let numeric = || value.as_f64().ok_or_else(wrong);
    Ok(match (format, value) {
        (Trend, Value::Array(_) | Value::Null) | (_, Value::Null) => Value::Null,
        (Text, Value::String(text)) => text.clone().into(),
        (Text, Value::Bool(truth)) => language.own(if *truth { "yes" } else { "no" }, &[]).into(),
        // As a year.
        (Text, Value::Number(number)) => number.to_string().into(),
        (Number, _) => language.plain(numeric()?).into(),
        (Bytes, _) => language.bytes(numeric()?).into(),
        (Percent, _) => language.percent(numeric()?, 1, false).into(),
        (Change, _) => language.percent(numeric()?, 0, true).into(),
        (Date, Value::String(text)) => language.day(date::of(text).ok_or_else(wrong)?, Form::Long).into(),
        (Text | Date | Trend, _) => return Err(wrong()),
    })
}

/// What the partial `table` sees.
pub(in crate::site) fn shape() -> Shape {
    let named = |name: &str, shape| (name.to_owned(), shape);
    // A list for a trend, else a scalar.
    let cell = Shape::scalars(["text", "unknown", "format", "class"]).with(vec![named("value", Shape::Any)]);
    Shape::scalars(["caption"]).with(vec![
        named("columns", Shape::list(Shape::scalars(["name", "head", "format", "class"]))),
        named("rows", Shape::list(Shape::record([("cells", Shape::list(cell))]))),
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_column_is_a_name_and_a_format() {
        let column = |name, format| Column { name, format };
        assert_eq!(columns(" name  clients:number "), Ok(vec![column("name", None), column("clients", Some(Number))]));
        assert_eq!(
            columns("a:nubmer"),
            Err(("nubmer", "a table has no format `nubmer`\ndid you mean `number`?".to_owned()))
        );
        for (name, format) in Format::ALL {
            assert_eq!(format.name(), name);
        }
    }

    #[test]
    fn a_value_shows_its_format_itself() {
        for (value, format) in [
            (json!(5), Some(Number)),
            (json!("2026-01-01"), Some(Date)),
            (json!("2026-13-01"), Some(Text)),
            (json!(true), Some(Text)),
            (json!([1, null]), Some(Trend)),
            (json!(["a"]), None),
            (json!({"a": 1}), None),
        ] {
            assert_eq!(Format::of(&value), format, "{value}");
        }
    }

    #[test]
    fn values_are_shown_as_elsewhere_on_a_page() {
        for (value, format, shown) in [
            (json!(1234), Number, json!("1\u{202f}234")),
            (json!(1234), Bytes, json!("1.23\u{202f}kB")),
            (json!(0.314), Percent, json!("31.4\u{202f}%")),
            (json!(-0.5), Change, json!("\u{2212}50\u{202f}%")),
            (json!("2026-01-02"), Date, json!("2 January 2026")),
            (json!(false), Text, json!("no")),
            (json!(2026), Text, json!("2026")),
            (json!("<b>"), Text, json!("<b>")),
            (json!(null), Number, json!(null)),
            (json!([1]), Trend, json!(null)),
        ] {
            assert_eq!(text("x", &value, format, &Language::english()), Ok(shown), "{value}");
        }
        let text = |value: &Value, format| text("x", value, format, &Language::english());
        let wrong = text(&json!("many"), Number);
        assert_eq!(wrong, Err("`x` has `many`, which is not to be shown as `number`".to_owned()));
        assert!(text(&json!([1]), Number).is_err() && text(&json!(1), Trend).is_err());
    }

    #[test]
    fn a_columns_head_is_its_name_or_what_is_given() {
        let columns = [("sent_bytes", Bytes), ("änderung", Change)];
        assert_eq!(heads(None, &columns), Ok(vec!["Sent bytes".to_owned(), "Änderung".to_owned()]));
        assert_eq!(heads(Some("Sent, Change"), &columns), Ok(vec!["Sent".to_owned(), "Change".to_owned()]));
        assert!(heads(Some("Sent"), &columns).is_err_and(|message| message.contains("has 1 names for 2 columns")));
    }
}
