//! The axis of days: ticks at years, months, weeks or days, as many as have room.

use jiff::civil::Date;
use jiff::{Span, ToSpan, Unit};

use super::Words;
use crate::graphics::font;

/// What a tick says, and where: the number of days after the first.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    /// 0 is the first day.
    pub(super) day: i64,
    /// `Jul`, `3 Nov` or `2026`.
    pub(super) label: String,
    /// Whether it names a year.
    pub(super) year: bool,
}

/// How far ticks are from each other.
#[derive(Clone, Copy)]
enum Step {
    Days(i64),
    Months(i8),
    Years(i16),
}

/// From the densest to the sparsest.
const STEPS: [Step; 13] = [
    Step::Days(1),
    Step::Days(2),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(2),
    Step::Months(3),
    Step::Months(6),
    Step::Years(1),
    Step::Years(2),
    Step::Years(5),
    Step::Years(10),
    Step::Years(50),
];

/// Ticks of `count` days from `first` on, a day being `slot` wide: the densest whose labels leave `gap` between them.
///
/// Where the span has no January that could name its year, the first tick does.
pub(super) fn ticks(first: Date, count: i64, slot: f64, size: f64, gap: f64, words: &Words) -> Vec<Tick> {
    let roomy = |ticks: &Vec<Tick>| {
        ticks.windows(2).all(|pair| {
            let [one, other] = [&pair[0], &pair[1]].map(|tick| font::width(&tick.label, size));
            (pair[1].day - pair[0].day) as f64 * slot >= one.midpoint(other) + gap
        })
    };
    STEPS
        .into_iter()
        .map(|step| of(step, first, count, words))
        .find(|ticks| !ticks.is_empty() && roomy(ticks))
        .unwrap_or_default()
}

fn of(step: Step, first: Date, count: i64, words: &Words) -> Vec<Tick> {
    let Ok(last) = first.checked_add((count - 1).days()) else { return Vec::new() };
    let (start, span) = match step {
        Step::Days(days) => (aligned(first, days), days.days()),
        Step::Months(months) => {
            let month = (first.month() - 1) / months * months + 1;
            (Date::new(first.year(), month, 1).ok(), i32::from(months).months())
        }
        Step::Years(years) => (Date::new(first.year().div_euclid(years) * years, 1, 1).ok(), i32::from(years).years()),
    };
    let dates = dates(start, span, last).filter(|date| *date >= first);
    let mut ticks: Vec<Tick> = dates
        .map(|date| {
            let year = date.month() == 1 && !matches!(step, Step::Days(_));
            let label = match step {
                _ if year => date.year().to_string(),
                Step::Days(_) => words.day(date),
                _ => words.month(date).to_owned(),
            };
            Tick { day: between(first, date), label, year }
        })
        .collect();
    if ticks.iter().all(|tick| !tick.year)
        && let Some(tick) = ticks.first_mut()
        && let Ok(date) = first.checked_add(tick.day.days())
    {
        tick.label = format!("{} {}", tick.label, date.year());
        tick.year = true;
    }
    ticks
}

/// The last day up to `first` that is a whole number of steps after a Monday long ago.
fn aligned(first: Date, days: i64) -> Option<Date> {
    let monday = Date::constant(1970, 1, 5);
    first.checked_sub(between(monday, first).rem_euclid(days).days()).ok()
}

fn dates(start: Option<Date>, span: Span, last: Date) -> impl Iterator<Item = Date> {
    let start = start.into_iter();
    start.flat_map(move |start| start.series(span).take_while(move |date| *date <= last))
}

/// How many days after `first` it is.
pub(super) fn between(first: Date, date: Date) -> i64 {
    first.until((Unit::Day, date)).map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn labels(first: &str, count: i64, room: f64) -> Vec<String> {
        let ticks = ticks(first.parse().unwrap(), count, room / count as f64, 12.0, 20.0, &Words::default());
        ticks.into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn the_longer_the_span_the_sparser_the_ticks() {
        assert_eq!(labels("2025-11-22", 1, 900.0), ["22 Nov 2025"]);
        assert_eq!(labels("2025-11-20", 3, 900.0), ["20 Nov 2025", "21 Nov", "22 Nov"]);
        assert_eq!(labels("2025-11-01", 28, 300.0), ["10 Nov 2025", "24 Nov"]);
        assert_eq!(labels("2025-06-01", 540, 300.0), ["Jul", "Oct", "2026", "Apr", "Jul", "Oct"]);
        assert_eq!(labels("2016-01-01", 4000, 900.0).first().map(String::as_str), Some("2016"));
        assert_eq!(labels("2025-02-01", 180, 900.0)[0], "Feb 2025");
    }

    proptest! {
        #[test]
        fn no_label_touches_another(first in -20_000i32..20_000, count in 1i64..20_000, room in 100.0f64..1200.0) {
            let first = Date::constant(1990, 1, 1).checked_add(first.days()).unwrap();
            let slot = room / count as f64;
            let ticks = ticks(first, count, slot, 12.0, 8.0, &Words::default());
            prop_assert!(ticks.iter().all(|tick| (0..count).contains(&tick.day)));
            for pair in ticks.windows(2) {
                let [one, other] = [&pair[0], &pair[1]];
                let right = one.day as f64 * slot + font::width(&one.label, 12.0) / 2.0;
                prop_assert!(right < other.day as f64 * slot - font::width(&other.label, 12.0) / 2.0);
            }
        }
    }
}
