//! How a language writes numbers, sizes and shares.

use super::{Language, Say};
use crate::text::SPACE;

/// A true minus sign, as wide as a digit.
const MINUS: char = '\u{2212}';
/// Stands for the number in the message `percent`.
const PLACE: &str = "\u{e010}";

/// What stands around a share.
pub(super) struct Percent(String);

impl Percent {
    /// From the message `percent`.
    pub(super) fn new(say: &Say) -> Self {
        Self(say("percent", &[("number", PLACE)]))
    }
}

impl Language {
    /// Decimal digits with a sign: none for zero, and a plus only if asked for.
    pub(in crate::site) fn signed(&self, digits: &str, negative: bool, plus: bool) -> String {
        let written = self.numbers.written(digits);
        match (digits.contains(|c: char| ('1'..='9').contains(&c)), negative, plus) {
            (true, true, _) => format!("{MINUS}{written}"),
            (true, false, true) => format!("+{written}"),
            _ => written,
        }
    }

    /// A number as it stands in texts: whole, with one digit after the point, or three below 1.
    pub(in crate::site) fn plain(&self, value: f64) -> String {
        let decimals = match value.abs() {
            whole if whole.fract() == 0.0 => 0,
            small if small < 1.0 => 3,
            _ => 1,
        };
        self.signed(&format!("{:.decimals$}", value.abs()), value < 0.0, false)
    }

    /// A share or a change: 0.31 is `31 %` or `+31 %`.
    pub(in crate::site) fn percent(&self, value: f64, decimals: usize, sign: bool) -> String {
        let number = self.signed(&format!("{:.decimals$}", value.abs() * 100.0), value < 0.0, sign);
        self.percent.0.replace(PLACE, &number)
    }

    /// Bytes in decimal units, three significant digits: `1.23 MB`.
    pub(in crate::site) fn bytes(&self, value: f64) -> String {
        let mut size = value.abs();
        let mut unit = "B";
        for larger in ["kB", "MB", "GB", "TB"] {
            // What would be rounded up to 1000 belongs to the next unit.
            if size < if unit == "B" { 1000.0 } else { 999.5 } {
                break;
            }
            size /= 1000.0;
            unit = larger;
        }
        let decimals = match size {
            _ if unit == "B" => 0,
            size if size < 9.995 => 2,
            size if size < 99.95 => 1,
            _ => 0,
        };
        format!("{}{SPACE}{unit}", self.signed(&format!("{size:.decimals$}"), value < 0.0, false))
    }
}
