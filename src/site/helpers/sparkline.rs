//! `sparkline`: the last days of a number as a picture beside it.

use handlebars::RenderError;
use serde_json::Value;

use super::{Call, digits, quoted, refused};
use crate::graphics::sheet::{HEIGHT, STEP, Sparkline};
use crate::site::language::{Argument, Language};
use crate::site::pictures::Pictures;

/// Values of one sparkline at most: ten beside each other stay within what graphics cards can hold.
const LONGEST: usize = 800;

/// `{{sparkline row.history}}`: a small picture of a list of numbers, from the oldest to the newest; `null` is a gap.
/// `mark=n` marks one of them, counted from 0. The words in its place say the first, last, lowest and highest, as bytes with
/// `unit="B"`, and which is marked; `alt="…"` gives others.
///
/// Its classes are the digits of its number on the page's sheet, `a` the last one: `a3 b1 c0` is number 13.
pub(super) fn sparkline(call: &Call, pictures: &Pictures) -> Result<String, RenderError> {
    let values = numbers(call.value(0)).map_err(refused)?;
    let mark = match call.option("mark") {
        Value::Null => None,
        mark => Some(place(mark, values.len()).map_err(refused)?),
    };
    let in_words: InWords = match call.option("unit") {
        Value::Null => Language::plain,
        Value::String(unit) if unit == "B" => Language::bytes,
        other => return Err(refused(format!("`unit` of `sparkline` is `B` or nothing, not {}", quoted(other)))),
    };
    let words = match call.option("alt") {
        Value::Null => handlebars::html_escape(&words(&values, mark, in_words, call.language())),
        Value::String(text) => handlebars::html_escape(text),
        other => return Err(refused(format!("`alt` of `sparkline` is a text, not {}", quoted(other)))),
    };
    let width = values.len() * STEP;
    let (number, sheet) = pictures.sparkline(Sparkline::new(&values, mark));
    Ok(format!(
        "<img class=\"spark {}\" src=\"{sheet}\" width=\"{width}\" height=\"{HEIGHT}\" alt=\"{words}\">",
        digits(number)
    ))
}

/// How a language writes a value.
type InWords = fn(&Language, f64) -> String;

fn numbers(list: &Value) -> Result<Vec<Option<f64>>, String> {
    let Value::Array(list) = list else {
        return Err(format!("`sparkline` needs a list of numbers, not {}", quoted(list)));
    };
    if list.len() > LONGEST {
        return Err(format!(
            "`sparkline` draws at most {LONGEST} values, and here are {}\nthin them out in the query",
            list.len()
        ));
    }
    let number = |value: &Value| match value.as_f64() {
        None if value.is_null() => Ok(None),
        Some(number) if number >= 0.0 => Ok(Some(number)),
        Some(number) => Err(format!("`sparkline` draws from zero on, and here is {number}")),
        None => Err(format!("`sparkline` needs a list of numbers; {} is none", quoted(value))),
    };
    list.iter().map(number).collect()
}

fn place(mark: &Value, length: usize) -> Result<usize, String> {
    let whole = mark.as_f64().filter(|place| place.fract() == 0.0 && (0.0..1e6).contains(place));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and between 0 and a million")]
    let place = whole.map(|place| place as usize).filter(|place| *place < length);
    place.ok_or_else(|| {
        format!("`mark` is the place of one of the {length} values, counted from 0, not {}", quoted(mark))
    })
}

/// The picture in words.
fn words(values: &[Option<f64>], mark: Option<usize>, in_words: InWords, language: &Language) -> String {
    let known: Vec<f64> = values.iter().copied().flatten().collect();
    let (Some(first), Some(last)) = (known.first(), known.last()) else { return language.own("sparkline-empty", &[]) };
    let lowest = known.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = known.iter().copied().fold(0.0, f64::max);
    let [first, last, lowest, highest] = [*first, *last, lowest, highest].map(|value| in_words(language, value));
    let gaps = (values.len() - known.len()).into();
    let mut said: Vec<(&str, Argument)> = vec![
        ("first", first.into()),
        ("last", last.into()),
        ("lowest", lowest.into()),
        ("highest", highest.into()),
        ("gaps", gaps),
    ];
    let Some(marked) = mark.map(|mark| values[mark]) else { return language.own("sparkline-alt", &said) };
    let marked = marked.map_or_else(|| language.own("sparkline-gap", &[]), |value| in_words(language, value));
    said.push(("marked", marked.into()));
    language.own("sparkline-alt-marked", &said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn words_say_what_the_picture_shows() {
        let in_words = |values: &[Option<f64>], mark| words(values, mark, Language::plain, &Language::english());
        let values = [Some(16.0), Some(8.0), Some(2400.0), Some(24.0)];
        assert_eq!(in_words(&values, None), "first 16, last 24, lowest 8, highest 2\u{202f}400");
        assert_eq!(in_words(&values, Some(3)), "first 16, last 24, lowest 8, highest 2\u{202f}400, marked 24");
        assert_eq!(
            in_words(&[None, Some(8.0)], Some(0)),
            "first 8, last 8, lowest 8, highest 8, 1 unknown, marked a gap"
        );
        assert_eq!(in_words(&[None], None), "nothing known");
        assert_eq!(in_words(&[], None), "nothing known");
        assert_eq!(
            words(&values, None, Language::bytes, &Language::english()),
            "first 16\u{202f}B, last 24\u{202f}B, lowest 8\u{202f}B, highest 2.40\u{202f}kB"
        );
    }

    #[test]
    fn only_a_list_of_numbers_that_are_not_negative_can_be_drawn() {
        assert_eq!(numbers(&json!([0, null, 1.5])), Ok(vec![Some(0.0), None, Some(1.5)]));
        for (value, message) in [
            (json!(5), "`sparkline` needs a list of numbers, not `5`"),
            (json!(null), "`sparkline` needs a list of numbers, not `null`"),
            (json!([8, "x"]), "`sparkline` needs a list of numbers; `x` is none"),
            (json!([8, -1]), "`sparkline` draws from zero on, and here is -1"),
        ] {
            assert_eq!(numbers(&value), Err(message.to_owned()));
        }
    }

    #[test]
    fn a_list_that_no_graphics_card_could_hold_is_refused() {
        assert!(numbers(&json!(vec![8; LONGEST])).is_ok());
        assert!(numbers(&json!(vec![8; LONGEST + 1])).is_err_and(|message| message.contains("at most 800 values")));
    }

    #[test]
    fn a_mark_is_the_place_of_a_value() {
        assert_eq!(place(&json!(2), 3), Ok(2));
        assert_eq!(place(&json!(2.0), 3), Ok(2), "as SQL's divisions give it");
        for wrong in [json!(3), json!(-1), json!(0.5), json!("1")] {
            assert!(
                place(&wrong, 3).is_err_and(|message| message.starts_with("`mark` is the place of one of the 3")),
                "{wrong}"
            );
        }
    }
}
