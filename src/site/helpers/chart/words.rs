//! A chart in words and in a table, for who does not see the picture.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::graphics::chart::{Data, Series, Words, short};
use crate::site::language::{Form, Language};

/// Series that the words describe, and marks, the newest; of others there is only the number.
const DESCRIBED: usize = 6;
/// Rows of days in the table at most; beyond that it has months.
const DAYS: usize = 100;

/// Title, span, the first, last, lowest and highest value of each series, and the marks.
pub(super) fn alt(title: &str, data: &Data, words: &Words, language: &Language) -> String {
    let untitled = language.own("chart-untitled", &[]);
    let title = if title.is_empty() { &untitled } else { title };
    if data.is_empty() {
        return language.own("chart-alt-empty", &[("title", title.into())]);
    }
    let day = |date| language.day(date, Form::Long);
    let number = |value: f64| if words.unit.is_empty() { language.plain(value) } else { short(value, words) };
    let series = |series: &Series| {
        let name = ("name", series.name.as_str().into());
        let mut known = series.values.iter().copied().flatten();
        let Some(first) = known.next() else { return language.own("chart-alt-unknown", &[name]) };
        let (last, lowest, highest) = known
            .fold((first, first, first), |(_, lowest, highest), value| (value, value.min(lowest), value.max(highest)));
        let [first, last, lowest, highest] = [first, last, lowest, highest].map(|value| number(value).into());
        let values = [name, ("first", first), ("last", last), ("lowest", lowest), ("highest", highest)];
        language.own("chart-alt-series", &values)
    };
    let from = ("from", day(data.first).into());
    let to = ("to", day(data.day(data.days() - 1)).into());
    let mut sentences = vec![match data.days() {
        1 => language.own("chart-alt-day", &[("title", title.into()), ("day", day(data.first).into())]),
        _ => language.own("chart-alt-days", &[("title", title.into()), from, to]),
    }];
    sentences.extend(data.series.iter().take(DESCRIBED).map(series));
    if data.series.len() > DESCRIBED {
        sentences.push(language.own("chart-alt-more", &[("count", (data.series.len() - DESCRIBED).into())]));
    }
    let mark = |(date, text): (Date, &str)| format!("{}, {text}", day(date));
    let marks: Vec<String> = data.marked().map(mark).collect();
    let (older, newest) = marks.split_at(marks.len().saturating_sub(DESCRIBED));
    if !newest.is_empty() {
        let marks = ("marks", newest.join("; ").into());
        sentences.push(language.own("chart-alt-marked", &[marks, ("older", older.len().into())]));
    }
    sentences.join(" ")
}

/// The numbers, the newest first: of each day, or of many days the mean of each month over the days that have a value.
pub(super) fn table(data: &Data, language: &Language) -> Value {
    let days = data.days();
    let by_day = days <= DAYS;
    let mut groups: BTreeMap<(i16, i8, i8), Vec<usize>> = BTreeMap::new();
    for number in 0..days {
        let date = data.day(number);
        groups.entry((date.year(), date.month(), if by_day { date.day() } else { 0 })).or_default().push(number);
    }
    let mean = |series: &Series, numbers: &[usize]| {
        let known: Vec<f64> = numbers.iter().filter_map(|number| series.values[*number]).collect();
        let mean = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
        // A mean is no more exact than what is counted.
        mean.map(|mean| if mean >= 10.0 { mean.round() } else { mean })
    };
    let form = if by_day { Form::Long } else { Form::Month };
    let rows = groups.values().rev().map(|numbers| {
        let values: Vec<Value> = data.series.iter().map(|series| number(mean(series, numbers))).collect();
        json!({"label": language.day(data.day(numbers[0]), form), "values": values})
    });
    let days_head = language.own(if by_day { "chart-day" } else { "chart-month" }, &[]);
    let head = data.series.iter().map(|series| series.name.as_str());
    let head: Vec<&str> = std::iter::once(days_head.as_str()).chain(head).collect();
    json!({"head": head, "rows": rows.collect::<Vec<_>>(), "by": if by_day { "day" } else { "month" }})
}

/// A whole number as one, so that it is shown without a point.
fn number(value: Option<f64>) -> Value {
    match value {
        Some(value) if value.fract() == 0.0 && value < 9e15 => json!(value as i64),
        value => json!(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphics::chart::Mark;

    fn data(values: Vec<Option<f64>>) -> Data {
        let series = vec![Series { name: "obfs4".to_owned(), values }];
        Data { first: jiff::civil::date(2026, 1, 30), series, marks: Vec::new() }
    }

    #[test]
    fn words_say_what_the_picture_shows() {
        let alt = |title: &str, data: &Data| alt(title, data, &Words::default(), &Language::english());
        let words = alt("Clients", &data(vec![Some(16.0), None, Some(2400.0), Some(24.0)]));
        assert_eq!(
            words,
            "Clients, 30 January 2026 to 2 February 2026. \
             obfs4: first 16, last 24, lowest 16, highest 2\u{202f}400."
        );
        assert_eq!(alt("", &data(vec![None])), "Chart: no numbers yet.");
        let mut marked = data(vec![Some(8.0); 9]);
        marked.marks = (0..8).map(|day| Mark { day, text: format!("note {day}") }).collect();
        let words = alt("Clients", &marked);
        assert!(words.contains(" Marked: 1 February 2026, note 2; 2 February 2026, note 3; "), "{words}");
        assert!(words.ends_with("; 6 February 2026, note 7 and 2 before."), "{words}");
    }

    #[test]
    fn many_days_become_months() {
        let table = |data: &Data| table(data, &Language::english());
        let few = table(&data(vec![Some(1.0), None]));
        assert_eq!(few["by"], "day");
        assert_eq!(few["rows"][0], json!({"label": "31 January 2026", "values": [null]}));
        let many = table(&data((0..101).map(|day| (day != 1).then_some(f64::from(day))).collect()));
        assert_eq!(many["by"], "month");
        assert_eq!(many["head"], json!(["Month", "obfs4"]));
        assert_eq!(
            many["rows"][4],
            json!({"label": "January 2026", "values": [0]}),
            "a day without a value does not count"
        );
    }
}
