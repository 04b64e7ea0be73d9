//! Numbers at an axis: `4 k`, `1.5 M`.

/// Between thousands, and between a number and its unit: a narrow no-break space.
const SPACE: char = '\u{202f}';

/// The labels of an axis whose highest tick is `top`: beyond 10 000 with prefixes, else in full.
pub(super) fn label(value: f64, top: f64, unit: &str) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let prefixes: &[(f64, &str)] = match top {
        top if top < 10_000.0 && unit.is_empty() => &[],
        _ => &[(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")],
    };
    let (size, prefix) = prefixes.iter().find(|(size, _)| value >= *size).copied().unwrap_or((1.0, ""));
    let number = grouped(value / size);
    if prefix.is_empty() && unit.is_empty() { number } else { format!("{number}{SPACE}{prefix}{unit}") }
}

/// A number with its unit in few digits: `412.3 GB`, `1.24 MB`.
pub fn short(value: f64, unit: &str) -> String {
    let rounded = match value {
        value if value >= 1e3 => {
            let mut size = 1.0;
            while value / size >= 999.5 {
                size *= 1e3;
            }
            let digits = if value / size < 9.995 { 100.0 } else { 10.0 };
            (value / size * digits).round() / digits * size
        }
        value => value,
    };
    label(rounded, f64::INFINITY, unit)
}

/// A number with narrow spaces between thousands, at most three digits after the point and none that are zero.
fn grouped(value: f64) -> String {
    let digits = format!("{value:.3}");
    let digits = digits.trim_end_matches('0').trim_end_matches('.');
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let mut text = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(SPACE);
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_have_a_unit() {
        assert_eq!(short(412_345_678_901.0, "B"), "412.3\u{202f}GB");
        assert_eq!(short(1_236_000.0, "B"), "1.24\u{202f}MB");
        assert_eq!(short(999_999.0, "B"), "1\u{202f}MB");
        assert_eq!(short(5.0, "B"), "5\u{202f}B");
    }

    #[test]
    fn labels_are_short() {
        for (value, top, unit, shown) in [
            (0.0, 5.0, "B", "0"),
            (0.25, 1.0, "", "0.25"),
            (1500.0, 9000.0, "", "1\u{202f}500"),
            (500.0, 20_000.0, "", "500"),
            (2_500.0, 10_000.0, "", "2.5\u{202f}k"),
            (1_500_000.0, 4e6, "", "1.5\u{202f}M"),
            (1e12, 1e12, "", "1\u{202f}T"),
            (250e9, 1e12, "B", "250\u{202f}GB"),
            (500.0, 500.0, "B", "500\u{202f}B"),
        ] {
            assert_eq!(label(value, top, unit), shown);
        }
    }
}
