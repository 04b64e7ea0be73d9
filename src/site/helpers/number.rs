//! `number`, `bytes` and `percent`: numbers as people read them, in the site's language.

use serde_json::Value;

use super::{Call, quoted};

/// What stands for a number that nobody knows.
const UNKNOWN: &str = "?";

/// `{{number x}}`: `12 345`; `sign=true` shows the plus, `decimals=1` so many digits after the point (none for a whole
/// number, else one). Null is `?`.
pub(super) fn number(call: &Call) -> Result<Value, String> {
    let Some(value) = numeric(call, "number")? else { return Ok(UNKNOWN.into()) };
    let decimals = decimals(call, if value.fract() == 0.0 { 0 } else { 1 });
    let sign = call.option("sign").as_bool().unwrap_or(false);
    match call.value(0).as_i64() {
        // Exact, which a float would not be beyond 2^53.
        Some(whole) if decimals == 0 => {
            Ok(call.language().signed(&whole.unsigned_abs().to_string(), whole < 0, sign).into())
        }
        _ => Ok(call.language().signed(&format!("{:.decimals$}", value.abs()), value < 0.0, sign).into()),
    }
}

/// `{{bytes x}}`: `1.23 MB`, decimal units, three significant digits. Null is `?`.
pub(super) fn bytes(call: &Call) -> Result<Value, String> {
    let Some(value) = numeric(call, "bytes")? else { return Ok(UNKNOWN.into()) };
    Ok(call.language().bytes(value).into())
}

/// `{{percent x}}`: the change `0.31` is `+31 %`; `sign=false` for a share, `decimals=1` for more digits. Null is nothing.
pub(super) fn percent(call: &Call) -> Result<Value, String> {
    let Some(value) = numeric(call, "percent")? else { return Ok("".into()) };
    let decimals = decimals(call, 0);
    let sign = call.option("sign").as_bool().unwrap_or(true);
    Ok(call.language().percent(value, decimals, sign).into())
}

fn numeric(call: &Call, helper: &str) -> Result<Option<f64>, String> {
    match call.value(0) {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(number.as_f64()),
        other => Err(format!("`{helper}` needs a number, not {}", quoted(other))),
    }
}

fn decimals(call: &Call, otherwise: usize) -> usize {
    call.option("decimals").as_u64().map_or(otherwise, |decimals| decimals.min(9) as usize)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{try_with, with};
    use serde_json::{Value, json};

    fn each(template: &str, cases: &[(Value, &str)]) {
        for (value, shown) in cases {
            assert_eq!(with(template, value), *shown, "{template} of {value}");
        }
    }

    #[test]
    fn thousands_are_grouped_and_the_minus_is_one() {
        each(
            "{{number x}}",
            &[
                (json!(0), "0"),
                (json!(999), "999"),
                (json!(1000), "1\u{202f}000"),
                (json!(-1_234_567), "\u{2212}1\u{202f}234\u{202f}567"),
                (json!(9_007_199_254_740_993_i64), "9\u{202f}007\u{202f}199\u{202f}254\u{202f}740\u{202f}993"),
                (json!(i64::MIN), "\u{2212}9\u{202f}223\u{202f}372\u{202f}036\u{202f}854\u{202f}775\u{202f}808"),
                (json!(12.34), "12.3"),
                (json!(-0.04), "0.0"),
                (json!(1200.0), "1\u{202f}200"),
                (json!(null), "?"),
            ],
        );
        each("{{number x sign=true}}", &[(json!(5), "+5"), (json!(0), "0"), (json!(-5), "\u{2212}5")]);
        each("{{number x decimals=2}}", &[(json!(5), "5.00"), (json!(1234.567), "1\u{202f}234.57")]);
    }

    #[test]
    fn bytes_have_three_digits_and_a_decimal_unit() {
        each(
            "{{bytes x}}",
            &[
                (json!(0), "0\u{202f}B"),
                (json!(999), "999\u{202f}B"),
                (json!(1000), "1.00\u{202f}kB"),
                (json!(9_994), "9.99\u{202f}kB"),
                (json!(9_996), "10.0\u{202f}kB"),
                (json!(12_345_678), "12.3\u{202f}MB"),
                (json!(999_499), "999\u{202f}kB"),
                (json!(999_500), "1.00\u{202f}MB"),
                (json!(123_000_000_000_u64), "123\u{202f}GB"),
                (json!(1_234_000_000_000_000_u64), "1\u{202f}234\u{202f}TB"),
                (json!(null), "?"),
            ],
        );
    }

    #[test]
    fn a_change_has_its_sign_and_an_unknown_one_is_nothing() {
        each(
            "{{percent x}}",
            &[
                (json!(0.314), "+31\u{202f}%"),
                (json!(-0.5), "\u{2212}50\u{202f}%"),
                (json!(0), "0\u{202f}%"),
                (json!(12.5), "+1\u{202f}250\u{202f}%"),
                (json!(null), ""),
            ],
        );
        each("{{percent x sign=false decimals=1}}", &[(json!(0.314), "31.4\u{202f}%")]);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let message = try_with("{{number x}}", &json!("many"));
        assert_eq!(message, Err("`number` needs a number, not `many`".to_owned()));
    }
}
