//! Numbers at an axis: `4 k`, `1.5 M`.

use super::Words;
use crate::text::SPACE;

/// After the point: no axis has smaller steps.
const MOST_DECIMALS: usize = 12;

/// The labels of an axis whose highest tick is `top`: beyond 10 000 with prefixes, else in full.
pub(super) fn label(value: f64, top: f64, words: &Words) -> String {
    let unit = words.unit.as_str();
    if value == 0.0 {
        return "0".to_owned();
    }
    let prefixes: &[(f64, &str)] = match top {
        top if top < 10_000.0 && unit.is_empty() => &[],
        _ => &[(1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")],
    };
    let (size, prefix) = prefixes.iter().find(|(size, _)| value >= *size).copied().unwrap_or((1.0, ""));
    let number = grouped(value / size, words);
    if prefix.is_empty() && unit.is_empty() { number } else { format!("{number}{SPACE}{prefix}{unit}") }
}

/// A number with its unit in few digits: `412.3 GB`, `1.24 MB`.
pub fn short(value: f64, words: &Words) -> String {
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
    label(rounded, f64::INFINITY, words)
}

/// A number with narrow spaces between thousands, at most three digits after the point (below one, after zeros) and none at
/// the end that are zero. The ticks of an axis have not more.
fn grouped(value: f64, words: &Words) -> String {
    let mut decimals = 3;
    let mut leading = value;
    while leading < 0.1 && leading > 0.0 && decimals < MOST_DECIMALS {
        leading *= 10.0;
        decimals += 1;
    }
    let digits = format!("{value:.decimals$}");
    words.numbers.written(digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(unit: &str) -> Words {
        Words { unit: unit.to_owned(), ..Words::default() }
    }

    #[test]
    fn short_numbers_have_a_unit() {
        assert_eq!(short(412_345_678_901.0, &of("B")), "412.3\u{202f}GB");
        assert_eq!(short(1_236_000.0, &of("B")), "1.24\u{202f}MB");
        assert_eq!(short(999_999.0, &of("B")), "1\u{202f}MB");
        assert_eq!(short(5.0, &of("B")), "5\u{202f}B");
    }

    proptest::proptest! {
        #[test]
        fn no_tick_is_called_like_another(highest in 1e-9f64..1e18, power in -27i32..1) {
            let ticks = super::super::scale::ticks((highest * 10f64.powi(power)).max(1e-9)).0;
            let top = ticks.last().copied().unwrap_or_default();
            let labels: std::collections::BTreeSet<_> = ticks.iter().map(|tick| label(*tick, top, &of(""))).collect();
            proptest::prop_assert_eq!(labels.len(), ticks.len(), "{:?} {:?}", ticks, labels);
        }
    }

    #[test]
    fn labels_are_short() {
        for (value, top, unit, shown) in [
            (0.0, 5.0, "B", "0"),
            (0.25, 1.0, "", "0.25"),
            (0.0001, 0.0003, "", "0.0001"),
            (3.0 * 0.0001, 0.0003, "", "0.0003"),
            (0.000_000_007_5, 1e-8, "B", "0.0000000075\u{202f}B"),
            (1500.0, 9000.0, "", "1\u{202f}500"),
            (500.0, 20_000.0, "", "500"),
            (2_500.0, 10_000.0, "", "2.5\u{202f}k"),
            (1_500_000.0, 4e6, "", "1.5\u{202f}M"),
            (1e12, 1e12, "", "1\u{202f}T"),
            (250e9, 1e12, "B", "250\u{202f}GB"),
            (500.0, 500.0, "B", "500\u{202f}B"),
        ] {
            assert_eq!(label(value, top, &of(unit)), shown);
        }
    }
}
