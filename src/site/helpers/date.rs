//! `date`: a day as people read it, in the site's language.

use jiff::civil::Date;
use serde_json::Value;

use super::{Call, quoted};
use crate::problem::did_you_mean;
use crate::site::language::Form;

/// `{{date x}}`: `22 November 2026`; `"short"` `22 Nov`, `"weekday"` `Sunday`, `"month"` `November 2026`, `"iso"`
/// `2026-11-22`. Of a time its day in UTC. Null is `?`.
pub(super) fn date(call: &Call) -> Result<Value, String> {
    let format = match call.value(1) {
        Value::Null => "long",
        Value::String(name) => name,
        other => return Err(format!("`date` needs a format's name, not {}", quoted(other))),
    };
    let Some((_, form)) = Form::ALL.iter().find(|(name, _)| *name == format) else {
        let near = did_you_mean(format, Form::ALL.iter().map(|(name, _)| *name));
        let hint = near.unwrap_or_else(|| "it knows `long`, `short`, `weekday`, `month` and `iso`".to_owned());
        return Err(format!("`date` knows no format `{format}`\n{hint}"));
    };
    match call.value(0) {
        Value::Null => Ok("?".into()),
        Value::String(text) => {
            let day = of(text).ok_or_else(|| format!("`date` needs a day as `YYYY-MM-DD`, not `{text}`"))?;
            Ok(call.language().day(day, *form).into())
        }
        other => Err(format!("`date` needs a day as `YYYY-MM-DD`, not {}", quoted(other))),
    }
}

/// The day that a text is, or that of the time that it is.
pub(super) fn of(text: &str) -> Option<Date> {
    let day = text.get(..10).filter(|_| text.len() == 10 || text.as_bytes()[10] == b'T')?;
    Date::strptime("%Y-%m-%d", day).ok()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{try_with, with};
    use serde_json::json;

    #[test]
    fn a_day_has_five_forms() {
        let day = json!("2026-11-02");
        assert_eq!(with("{{date x}}", &day), "2 November 2026");
        assert_eq!(with("{{date x \"short\"}}", &day), "2 Nov");
        assert_eq!(with("{{date x \"weekday\"}}", &day), "Monday");
        assert_eq!(with("{{date x \"month\"}}", &day), "November 2026");
        assert_eq!(with("{{date x \"iso\"}}", &day), "2026-11-02");
        assert_eq!(with("{{date x}}", &json!("2026-11-02T23:59:59Z")), "2 November 2026");
        assert_eq!(with("{{date x}}", &json!(null)), "?");
    }

    #[test]
    fn an_unknown_form_and_what_is_no_day_are_refused() {
        assert_eq!(
            try_with("{{date x \"shrt\"}}", &json!("2026-11-02")),
            Err("`date` knows no format `shrt`\ndid you mean `short`?".to_owned())
        );
        for value in [json!("2026-13-01"), json!("yesterday"), json!("2026-11-021"), json!(5), json!("ääääää")] {
            assert!(try_with("{{date x}}", &value).is_err_and(|error| error.contains("needs a day")), "{value}");
        }
    }
}
