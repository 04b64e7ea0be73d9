//! `json`: a value as JSON, for `<script type="application/json">` and `data-` attributes.

use serde_json::Value;

use super::Call;

/// `{{{json x}}}`: written so that no `</script>` in a text ends the element around it.
pub(super) fn json(call: &Call) -> Result<Value, String> {
    let text = call.value(0).to_string();
    Ok(text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::with;
    use serde_json::{Value, json};

    #[test]
    fn the_value_can_be_read_back() {
        let value = json!({"a": [1, null, "</script>&"]});
        let text = with("{{{json x}}}", &value);
        assert!(!text.contains('<'));
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(value));
    }
}
