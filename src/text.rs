//! Bytes and foreign text as they may be shown.

/// Bytes as lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Between thousands, and between a number and its unit: a narrow no-break space, as the SI brochure has it.
pub const SPACE: char = '\u{202f}';

/// How a language writes digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Between thousands.
    pub group: String,
    /// Before what is less than one.
    pub point: String,
}

impl Default for Numbers {
    /// As the SI brochure has it in English: `12 345.678`.
    fn default() -> Self {
        Self { group: SPACE.to_string(), point: ".".to_owned() }
    }
}

impl Numbers {
    /// Decimal digits, with a point or without, in groups of three before it: `12345.678` is `12 345.678`.
    pub fn written(&self, digits: &str) -> String {
        let whole = digits.find('.').unwrap_or(digits.len());
        let mut text = String::with_capacity(digits.len() + whole);
        for (at, digit) in digits.char_indices() {
            if at > 0 && at < whole && (whole - at).is_multiple_of(3) {
                text.push_str(&self.group);
            }
            if digit == '.' { text.push_str(&self.point) } else { text.push(digit) }
        }
        text
    }
}

/// Text without control characters, line breaks excepted, and without marks that turn the text around them: what a server
/// says must not steer the operator's terminal, nor a name what stands beside it.
pub fn printable(text: &str) -> String {
    let steers = |letter: char| letter.is_control() && letter != '\n' || TURNING.contains(&letter);
    text.chars().map(|letter| if steers(letter) { '\u{fffd}' } else { letter }).collect()
}

/// Unicode's explicit directional formatting characters (UAX #9).
const TURNING: [char; 9] =
    ['\u{202a}', '\u{202b}', '\u{202c}', '\u{202d}', '\u{202e}', '\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'];

#[cfg(test)]
mod tests {
    use super::{Numbers, printable};

    #[test]
    fn thousands_are_grouped_before_the_point_alone() {
        for (digits, shown) in [
            ("0", "0"),
            ("999", "999"),
            ("1000", "1\u{202f}000"),
            ("1234567.7654321", "1\u{202f}234\u{202f}567.7654321"),
            ("0.00012", "0.00012"),
        ] {
            assert_eq!(Numbers::default().written(digits), shown);
        }
    }

    #[test]
    fn what_steers_a_terminal_or_turns_text_around_is_replaced() {
        assert_eq!(printable("a\x1b[2J\nb\u{202e}c\u{2069}"), "a\u{fffd}[2J\nb\u{fffd}c\u{fffd}");
        assert_eq!(printable("ایران, Türkiye"), "ایران, Türkiye");
    }
}
