//! What templates can do with values beside Handlebars' own helpers. Each helper is one function: of values to a value,
//! which is escaped like any other; or of values to HTML, for pictures.

pub(super) mod chart;
mod date;
mod download;
mod flag;
mod json;
mod link;
pub(super) mod map;
mod number;
mod slug;
mod sparkline;
pub(super) mod t;
pub(super) mod table;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError, RenderErrorReason,
    Renderable, ScopedJson, StringOutput,
};
use serde::Deserialize;
use serde_json::Value;

use super::address::Address;
use super::include;
use super::language::Language;
use super::pictures::Pictures;
use crate::config::Scheme;

/// How a helper is called: what the static check knows of it.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    /// How many values it takes.
    pub(super) values: RangeInclusive<usize>,
    /// The names of its options, `name=value`.
    pub(super) options: &'static [&'static str],
}

/// What a helper does. The message of an error can have a second line, which is its hint.
#[derive(Clone, Copy)]
enum Function {
    /// Makes a value, which is escaped where it is printed.
    Plain(fn(&Call) -> Result<Value, String>),
    /// Makes HTML of a page, which is not escaped again.
    Html(fn(&Call, &Pictures) -> Result<String, RenderError>),
}

use Function::{Html, Plain};

const fn signature(name: &'static str, values: RangeInclusive<usize>, options: &'static [&'static str]) -> Signature {
    Signature { name, values, options }
}

static OWN: [(Signature, Function); 14] = [
    (signature("number", 1..=1, &["sign", "decimals"]), Plain(number::number)),
    (signature("bytes", 1..=1, &[]), Plain(number::bytes)),
    (signature("percent", 1..=1, &["sign", "decimals"]), Plain(number::percent)),
    (signature("date", 1..=2, &[]), Plain(date::date)),
    (signature("url", 1..=MANY, &[]), Plain(link::url)),
    (signature("asset", 1..=1, &[]), Plain(link::asset)),
    (signature("download", 1..=1, &["format"]), Plain(download::download)),
    (signature("slug", 1..=1, &[]), Plain(slug::helper)),
    (signature("json", 1..=1, &[]), Plain(json::json)),
    (signature("flag", 1..=1, &[]), Html(flag::flag)),
    (signature("map", 1..=1, &["code", "value", "name", "limits", "least"]), Html(map::map)),
    (signature("sparkline", 1..=1, &["mark", "unit", "alt"]), Html(sparkline::sparkline)),
    (
        signature("chart", 1..=1, &["kind", "x", "y", "series", "names", "title", "marks", "height", "unit"]),
        Html(chart::chart),
    ),
    (signature("table", 1..=1, &["columns", "heads", "caption"]), Html(table::table)),
];

const MANY: usize = 99;
/// `t` takes what its message names.
static T: Signature = signature("t", 1..=1, &[]);
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
    OWN.iter().map(|(signature, _)| signature).chain([&T]).chain(&BUILT_IN)
}

/// Whether a helper of that name makes HTML, which is no value for another.
pub(super) fn makes_html(name: &str) -> bool {
    OWN.iter().any(|(signature, function)| signature.name == name && matches!(function, Html(_)))
}

/// Whether it makes HTML that cannot stand inside of a paragraph.
pub(super) fn makes_figure(name: &str) -> bool {
    ["chart", "map", "table"].contains(&name)
}

/// The files of the site that are no pages: the paths by which templates name them, below the site's root, and where they
/// stand, which is elsewhere for assets.
pub(super) type Files = Arc<BTreeMap<String, String>>;

/// What helpers know beside their values.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) files: Files,
    pub(super) language: Arc<Language>,
}

/// Lets the templates of `registry` call the helpers; those that draw pictures only [on a page](on_page). What they print is
/// HTML or data.
pub(super) fn register(registry: &mut Handlebars, known: &Known, html: bool) {
    registry.register_helper(T.name, Box::new(t::T { language: known.language.clone(), html }));
    for (Signature { name, .. }, function) in &OWN {
        let known = known.clone();
        match *function {
            Plain(function) => registry.register_helper(name, Box::new(OfValue { function, known })),
            Html(function) => {
                registry.register_helper(name, Box::new(OfPicture { name, function, known, pictures: None }));
            }
        }
    }
}

/// Lets one page call the helpers that draw pictures.
pub(super) fn on_page<'rc>(scope: &mut RenderContext<'_, 'rc>, known: &Known, pictures: &'rc Pictures<'rc>) {
    for (Signature { name, .. }, function) in &OWN {
        if let Html(function) = *function {
            let helper = OfPicture { name, function, known: known.clone(), pictures: Some(pictures) };
            scope.register_local_helper(name, Box::new(helper));
        }
    }
}

/// What a partial that a helper fills sees beside what the helper gives it.
pub(super) const SEEN_EVERYWHERE: [&str; 2] = ["page", "site"];

/// One call of a helper.
struct Call<'a> {
    helper: &'a Helper<'a>,
    context: &'a Value,
    known: &'a Known,
    registry: &'a Handlebars<'a>,
}

impl<'a> Call<'a> {
    /// The site's files that are no pages.
    fn files(&self) -> &'a Files {
        &self.known.files
    }

    /// The site's language.
    fn language(&self) -> &'a Language {
        &self.known.language
    }

    fn value(&self, number: usize) -> &Value {
        self.helper.param(number).map_or(&Value::Null, |parameter| parameter.value())
    }

    fn values(&self) -> impl Iterator<Item = &Value> {
        self.helper.params().iter().map(handlebars::PathAndJson::value)
    }

    fn option(&self, name: &str) -> &Value {
        self.helper.hash_get(name).map_or(&Value::Null, |parameter| parameter.value())
    }

    /// An option that is a text.
    fn text(&self, name: &str) -> Result<Option<&str>, String> {
        match self.option(name) {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text)),
            other => Err(format!("`{name}` of `{}` is a text, not {}", self.helper.name(), quoted(other))),
        }
    }

    /// Where the page that is being rendered stands.
    fn page(&self) -> Address<'_> {
        let page = &self.context["page"];
        // `auto` is none of them.
        let scheme = Scheme::deserialize(&page["scheme"]).ok();
        Address { path: page["path"].as_str().unwrap_or_default(), scheme, base: page["base"].as_str() }
    }

    /// Renders a partial of the theme, which sees `data`, and `page` and `site` as its caller does.
    fn partial(&self, name: &str, mut data: Value, pictures: &Pictures) -> Result<String, RenderError> {
        let template = self.registry.get_template(name).ok_or_else(|| {
            refused(format!("the theme has no partial `{name}`\nwrite it into `partials/{name}.hbs` of a theme"))
        })?;
        for shared in SEEN_EVERYWHERE {
            data[shared] = self.context[shared].clone();
        }
        let context = Context::from(data);
        let mut scope = RenderContext::new(template.name.as_ref());
        on_page(&mut scope, self.known, pictures);
        include::on_page(&mut scope);
        let mut output = StringOutput::new();
        template.render(self.registry, &context, &mut scope, &mut output)?;
        output.into_string().map_err(RenderError::from)
    }
}

/// The classes of CSS that are a number's digits, `a` the last one: `a3 b1 c0` is 13. Thirty rules of a style sheet find
/// every place on a sheet of ten columns.
fn digits(number: usize) -> String {
    format!("a{} b{} c{}", number % 10, number / 10 % 10, number / 100)
}

/// A helper's own error.
fn refused(message: String) -> RenderError {
    RenderErrorReason::Other(message).into()
}

/// A helper that makes a value.
struct OfValue {
    function: fn(&Call) -> Result<Value, String>,
    known: Known,
}

impl HelperDef for OfValue {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        let call = Call { helper, context: context.data(), known: &self.known, registry };
        (self.function)(&call).map(ScopedJson::Derived).map_err(refused)
    }
}

/// A helper that draws a picture.
struct OfPicture<'a> {
    name: &'static str,
    function: fn(&Call, &Pictures) -> Result<String, RenderError>,
    known: Known,
    /// Those of the page, where there is one.
    pictures: Option<&'a Pictures<'a>>,
}

impl HelperDef for OfPicture<'_> {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        let Some(pictures) = self.pictures else {
            let name = self.name;
            return Err(refused(format!("`{name}` draws a picture, which only the text of a page can have")));
        };
        let call = Call { helper, context: context.data(), known: &self.known, registry };
        Ok(output.write(&(self.function)(&call, pictures)?)?)
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
        let files = [
            ("assets/style.css", "assets/style.12345678.css"),
            ("assets/img/a b.png", "assets/img/a b.12345678.png"),
            ("downloads/clients_by_day.csv", "downloads/clients_by_day.csv"),
            ("downloads/clients_by_day.parquet", "downloads/clients_by_day.parquet"),
            ("report.pdf", "report.pdf"),
        ];
        let files = files.map(|(name, path)| (name.to_owned(), path.to_owned()));
        let known = Known { files: Arc::new(files.into()), language: Arc::new(Language::english()) };
        register(&mut registry, &known, true);
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
