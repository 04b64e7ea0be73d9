//! How a language writes days.

use jiff::civil::Date;

use super::Say;

/// How a day is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::site) enum Form {
    /// `22 November 2026`
    Long,
    /// `22 Nov`
    Short,
    /// `Sunday`
    Weekday,
    /// `November 2026`
    Month,
    /// `2026-11-22`
    Iso,
}

impl Form {
    /// All forms, and what they are called.
    pub(in crate::site) const ALL: [(&'static str, Self); 5] = [
        ("long", Self::Long),
        ("short", Self::Short),
        ("weekday", Self::Weekday),
        ("month", Self::Month),
        ("iso", Self::Iso),
    ];
}

/// The names of months and weekdays, and the order of a day's parts.
pub(super) struct Days {
    months: [Month; 12],
    weekdays: [String; 7],
    long: String,
    short: String,
    month: String,
}

struct Month {
    /// As it stands in a date: of January, where that differs.
    name: String,
    /// As it stands alone.
    alone: String,
    short: String,
}

/// What stands in the messages for the parts of a day.
const PARTS: [(&str, &str); 5] =
    [("day", "\u{e010}"), ("month", "\u{e011}"), ("alone", "\u{e012}"), ("short", "\u{e013}"), ("year", "\u{e014}")];

impl Days {
    /// From the messages `month-1` and so on, `weekday-1` (Monday) and so on, and `date-long`, `date-short`, `date-month`.
    pub(super) fn new(say: &Say) -> Self {
        let month = |number: usize| {
            let form = |form: &str| say(&format!("month-{}{form}", number + 1), &[]);
            let (name, alone, short) = (form(""), form(".alone"), form(".short"));
            Month { alone: if alone.is_empty() { name.clone() } else { alone }, name, short }
        };
        Self {
            months: std::array::from_fn(month),
            weekdays: std::array::from_fn(|number| say(&format!("weekday-{}", number + 1), &[])),
            long: say("date-long", &PARTS),
            short: say("date-short", &PARTS),
            month: say("date-month", &PARTS),
        }
    }

    /// A day in one of its forms.
    pub(super) fn written(&self, day: Date, form: Form) -> String {
        match form {
            Form::Long => self.filled(&self.long, day),
            Form::Short => self.filled(&self.short, day),
            Form::Month => self.filled(&self.month, day),
            Form::Weekday => self.weekdays[day.weekday().to_monday_zero_offset().unsigned_abs() as usize].clone(),
            Form::Iso => day.to_string(),
        }
    }

    /// `Jan` and so on.
    pub(super) fn short_months(&self) -> [String; 12] {
        std::array::from_fn(|number| self.months[number].short.clone())
    }

    /// `{day} {month}`, with these marks for its two parts, the month a short one.
    pub(super) fn short_day(&self) -> String {
        self.short.replace(PARTS[0].1, "{day}").replace(PARTS[3].1, "{month}")
    }

    fn filled(&self, pattern: &str, day: Date) -> String {
        let month = &self.months[day.month().unsigned_abs() as usize - 1];
        let mut text = String::with_capacity(pattern.len() + 16);
        for letter in pattern.chars() {
            match letter {
                '\u{e010}' => text += &day.day().to_string(),
                '\u{e011}' => text += &month.name,
                '\u{e012}' => text += &month.alone,
                '\u{e013}' => text += &month.short,
                '\u{e014}' => text += &day.year().to_string(),
                letter => text.push(letter),
            }
        }
        text
    }
}
