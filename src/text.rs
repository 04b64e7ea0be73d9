//! Bytes and foreign text as they may be shown.

/// Bytes as lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
    use super::printable;

    #[test]
    fn what_steers_a_terminal_or_turns_text_around_is_replaced() {
        assert_eq!(printable("a\x1b[2J\nb\u{202e}c\u{2069}"), "a\u{fffd}[2J\nb\u{fffd}c\u{fffd}");
        assert_eq!(printable("ایران, Türkiye"), "ایران, Türkiye");
    }
}
