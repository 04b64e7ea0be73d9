//! Charts over days: lines, stacked areas and bars. Here numbers become geometry, a [`Plot`]; a theme's template makes SVG
//! of it; and the SVG becomes pixels ([`Chart`]).
//!
//! All lengths are CSS pixels. Coordinates are whole or half pixels, so that thin lines are sharp and pictures small.

mod days;
mod frame;
mod labels;
mod marks;
mod number;
mod paths;
mod picture;
mod plot;
mod scale;
mod stack;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use jiff::Span;
use jiff::civil::Date;

use crate::text::Numbers;

pub use number::short;
#[cfg(test)]
pub use paths::DASHES;
pub use paths::dash;
pub use picture::Chart;
pub use plot::{Plot, plot};

/// How series are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line for each series.
    Line,
    /// Areas upon each other, the first series at the bottom.
    Area,
    /// A bar for each day, of the series upon each other.
    Bar,
}

impl Kind {
    /// All kinds, and what they are called.
    pub const ALL: [(&'static str, Self); 3] = [("line", Self::Line), ("area", Self::Area), ("bar", Self::Bar)];
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|(name, _)| *name == text).map(|(_, kind)| kind);
        known.ok_or_else(|| format!("there is no kind of chart `{text}`\nthere are `line`, `area` and `bar`"))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, kind)| kind == self).map_or("", |(name, _)| name))
    }
}

/// What a chart writes at its axes, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Stands behind the numbers: `B`, or nothing.
    pub unit: String,
    /// How digits are written.
    pub numbers: Numbers,
    /// The short names of the months: `Jan` first.
    pub months: [String; 12],
    /// A day of a month, with `{day}` and `{month}` in their places: `{day} {month}`.
    pub day: String,
}

impl Default for Words {
    /// In English, without a unit.
    fn default() -> Self {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (unit, numbers) = (String::new(), Numbers::default());
        Self { unit, numbers, months: months.map(str::to_owned), day: "{day} {month}".to_owned() }
    }
}

impl Words {
    /// `3 Nov`
    fn day(&self, date: Date) -> String {
        self.day.replace("{day}", &date.day().to_string()).replace("{month}", self.month(date))
    }

    /// `Nov`
    fn month(&self, date: Date) -> &str {
        &self.months[date.month().unsigned_abs() as usize - 1]
    }
}

/// Values over days that follow each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Data {
    /// The first day.
    pub first: Date,
    /// In the order of legend and stack; all with a value for each day.
    pub series: Vec<Series>,
    /// Days that something is said about.
    pub marks: Vec<Mark>,
}

/// What one line, area or row of bars shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// What it is called in legend and picture.
    pub name: String,
    /// One for each day; `None`: not known, a gap.
    pub values: Vec<Option<f64>>,
}

/// A day with a word on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The number of days after the first.
    pub day: i64,
    /// A few words.
    pub text: String,
}

impl Data {
    /// How many days there are.
    pub fn days(&self) -> usize {
        self.series.iter().map(|series| series.values.len()).max().unwrap_or_default()
    }

    /// The day of that number.
    pub fn day(&self, number: usize) -> Date {
        let days = i32::try_from(number).unwrap_or(i32::MAX);
        Span::new().try_days(days).and_then(|days| self.first.checked_add(days)).unwrap_or(self.first)
    }

    /// The marks of those days, oldest first.
    pub fn marked(&self) -> impl Iterator<Item = (Date, &str)> {
        let mut marks: Vec<(usize, &str)> =
            self.marks.iter().filter_map(|mark| Some((usize::try_from(mark.day).ok()?, mark.text.as_str()))).collect();
        marks.sort_by_key(|(day, _)| *day);
        marks.into_iter().filter(|(day, _)| *day < self.days()).map(|(day, text)| (self.day(day), text))
    }

    /// Whether no day has a value.
    pub fn is_empty(&self) -> bool {
        self.series.iter().all(|series| series.values.iter().all(Option::is_none))
    }
}
