//! What templates can do with values beside Handlebars' own helpers. Each helper is one function from values to a value;
//! what it returns is escaped like any other.

mod date;
mod json;
mod link;
mod number;
mod slug;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use handlebars::{Context, Handlebars, Helper, HelperDef, RenderContext, RenderError, RenderErrorReason, ScopedJson};
use serde_json::Value;

/// How a helper is called: what the static check knows of it.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    /// How many values it takes.
    pub(super) values: RangeInclusive<usize>,
    /// The names of its options, `name=value`.
    pub(super) options: &'static [&'static str],
}

type Function = fn(&Call) -> Result<Value, String>;

const fn signature(name: &'static str, values: RangeInclusive<usize>, options: &'static [&'static str]) -> Signature {
    Signature { name, values, options }
}

static OWN: [(Signature, Function); 8] = [
    (signature("number", 1..=1, &["sign", "decimals"]), number::number),
    (signature("bytes", 1..=1, &[]), number::bytes),
    (signature("percent", 1..=1, &["sign", "decimals"]), number::percent),
    (signature("date", 1..=2, &[]), date::date),
    (signature("url", 1..=MANY, &[]), link::url),
    (signature("asset", 1..=1, &[]), link::asset),
    (signature("slug", 1..=1, &[]), slug::helper),
    (signature("json", 1..=1, &[]), json::json),
];

const MANY: usize = 99;
static BUILT_IN: [Signature; 17] = [
    signature("if", 1..=1, &["includeZero"]),
    signature("unless", 1..=1, &["includeZero"]),
    signature("each", 1..=1, &[]),
    signature("with", 1..=1, &[]),
    signature("lookup", 2..=2, &[]),
    signature("raw", 0..=0, &[]),
    signature("log", 1..=MANY, &["level"]),
    signature("eq", 2..=2, &[]),
    signature("ne", 2..=2, &[]),
    signature("gt", 2..=2, &[]),
    signature("gte", 2..=2, &[]),
    signature("lt", 2..=2, &[]),
    signature("lte", 2..=2, &[]),
    signature("and", 2..=MANY, &[]),
    signature("or", 2..=MANY, &[]),
    signature("not", 1..=1, &[]),
    signature("len", 1..=1, &[]),
];

/// All helpers that a template can call.
pub(super) fn signatures() -> impl Iterator<Item = &'static Signature> {
    OWN.iter().map(|(signature, _)| signature).chain(&BUILT_IN)
}

/// The files of the site that are no pages, as paths below its root.
pub(super) type Files = Arc<BTreeSet<String>>;

/// Lets the templates of `registry` call the helpers.
pub(super) fn register(registry: &mut Handlebars, files: &Files) {
    for (Signature { name, .. }, function) in &OWN {
        registry.register_helper(name, Box::new(Simple { function: *function, files: files.clone() }));
    }
}

/// One call of a helper.
struct Call<'a> {
    helper: &'a Helper<'a>,
    context: &'a Value,
    files: &'a BTreeSet<String>,
}

impl Call<'_> {
    fn value(&self, number: usize) -> &Value {
        self.helper.param(number).map_or(&Value::Null, |parameter| parameter.value())
    }

    fn values(&self) -> impl Iterator<Item = &Value> {
        self.helper.params().iter().map(handlebars::PathAndJson::value)
    }

    fn option(&self, name: &str) -> &Value {
        self.helper.hash_get(name).map_or(&Value::Null, |parameter| parameter.value())
    }

    /// The path of the page that is being rendered.
    fn page(&self) -> &str {
        self.context["page"]["path"].as_str().unwrap_or_default()
    }
}

struct Simple {
    function: Function,
    files: Files,
}

impl HelperDef for Simple {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let call = Call { helper, context: context.data(), files: &self.files };
        let value = (self.function)(&call);
        value.map(ScopedJson::Derived).map_err(|message| RenderErrorReason::Other(message).into())
    }
}

/// A value as a person would quote it in a message.
fn quoted(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a record".to_owned(),
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
pub(super) mod testing {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    /// What a template gives on the page `days/2026-01-01.html` with `x` as the value.
    pub(in crate::site) fn try_with(template: &str, x: &Value) -> Result<String, String> {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        let files = ["assets/style.css", "assets/img/a b.png", "report.pdf"].map(str::to_owned);
        register(&mut registry, &Arc::new(files.into()));
        let data = json!({"x": x, "page": {"path": "days/2026-01-01.html"}});
        registry.render_template(template, &data).map_err(|error| error.reason().to_string())
    }

    pub(in crate::site) fn with(template: &str, x: &Value) -> String {
        try_with(template, x).unwrap()
    }

    #[test]
    fn what_a_helper_returns_is_escaped_unless_three_braces_say_otherwise() {
        let hostile = json!("<script>\"&");
        assert_eq!(with("{{json x}}", &hostile), "&quot;\\u003cscript\\u003e\\&quot;\\u0026&quot;");
        assert_eq!(with("{{{json x}}}", &hostile), "\"\\u003cscript\\u003e\\\"\\u0026\"");
    }

    #[test]
    fn a_helper_can_be_an_argument_of_another() {
        assert_eq!(with("{{url (slug x)}}", &json!("A B")), "../a-b.html");
    }

    #[test]
    fn every_helper_of_handlebars_has_a_signature_here() {
        let registry = Handlebars::new();
        for signature in &BUILT_IN {
            // A template that calls what is no helper fails with this reason.
            let error = registry.render_template(&format!("{{{{{} 1 2}}}}", signature.name), &json!({}));
            let unknown = error.is_err_and(|error| matches!(error.reason(), RenderErrorReason::HelperNotFound(_)));
            assert!(!unknown, "{}", signature.name);
        }
    }
}
