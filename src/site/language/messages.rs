//! The messages of one language, from the files of all themes that speak it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::types::FluentNumber;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use unic_langid::LanguageIdentifier;

use super::super::source::position;
use super::{Argument, As};
use crate::hash;
use crate::problem::{Place, Problem};

/// Stands before a number in what a message says, until the language writes it, and [`END`] after it. Neither is a letter
/// of any script (Unicode's private use area).
pub(super) const NUMBER: char = '\u{e000}';
/// Stands after a number.
pub(super) const END: char = '\u{e001}';

type Bundle = FluentBundle<Arc<FluentResource>>;

/// What one language says.
pub(super) struct Messages {
    text: Bundle,
    html: Bundle,
    /// Each message, and each of its forms as `message.form`.
    known: BTreeMap<String, Message>,
    hash: u64,
}

struct Message {
    file: PathBuf,
    line: usize,
    source: String,
    values: BTreeSet<String>,
}

impl Messages {
    /// None yet. A tag that is no language's has English plurals.
    pub(super) fn new(tag: &str) -> Self {
        let bundle = |transform: Option<fn(&str) -> Cow<str>>| {
            let language: LanguageIdentifier = tag.parse().unwrap_or_default();
            let mut bundle = Bundle::new_concurrent(vec![language]);
            // Isolating marks around values would be in every copied number.
            bundle.set_use_isolating(false);
            bundle.set_transform(transform);
            bundle.set_formatter(Some(|value, _| match value {
                FluentValue::Number(number) => Some(format!("{NUMBER}{}{END}", number.value)),
                _ => None,
            }));
            bundle
        };
        Self {
            text: bundle(None),
            html: bundle(Some(tags_kept)),
            known: BTreeMap::new(),
            hash: hash::of(tag.as_bytes()),
        }
    }

    /// Adds the messages of a file that are not there yet.
    pub(super) fn add(&mut self, file: &Path, text: String, problems: &mut Vec<Problem>) {
        self.hash = hash::after(self.hash, text.as_bytes());
        let (resource, errors) = match FluentResource::try_new(text) {
            Ok(resource) => (resource, Vec::new()),
            Err((resource, errors)) => (resource, errors),
        };
        for error in errors {
            let (line, column) = position(resource.source(), error.pos.start);
            problems.push(
                Problem::new(Place::at(file, line, column), format!("this is not Fluent: {}", error.kind))
                    .hint("a message is `name = words`, a value in it `{ $value }`"),
            );
        }
        let mut own = BTreeSet::new();
        for entry in resource.entries() {
            let Entry::Message(message) = entry else { continue };
            let name = message.id.name;
            let offset = name.as_ptr() as usize - resource.source().as_ptr() as usize;
            let (line, column) = position(resource.source(), offset);
            if !own.insert(name) {
                problems.push(Problem::new(
                    Place::at(file, line, column),
                    format!("the message `{name}` stands here twice"),
                ));
                continue;
            }
            let forms = message.attributes.iter().map(|form| (format!("{name}.{}", form.id.name), &form.value));
            let value = message.value.iter().map(|value| (name.to_owned(), value));
            for (name, pattern) in value.chain(forms) {
                let mut found = Found::default();
                found.pattern(pattern, &resource);
                if found.unsafe_text {
                    let message = format!("a literal of `{name}` has `<`, `>` or `&`");
                    problems.push(
                        Problem::new(Place::at(file, line, column), message).hint("write it without quotes and braces"),
                    );
                }
                let message = Message { file: file.to_owned(), line, source: found.text, values: found.values };
                self.known.entry(name).or_insert(message);
            }
        }
        let resource = Arc::new(resource);
        for bundle in [&mut self.text, &mut self.html] {
            // The messages of themes further up stay; that those of the same name are not added is what is wanted.
            let _ = bundle.add_resource(resource.clone());
        }
    }

    /// What a message says, its numbers between marks.
    pub(super) fn say(&self, name: &str, values: &[(&str, Argument)], into: As) -> Option<String> {
        let bundle = match into {
            As::Text => &self.text,
            As::Html => &self.html,
        };
        let (id, form) = name.split_once('.').map_or((name, None), |(id, form)| (id, Some(form)));
        let message = bundle.get_message(id)?;
        let pattern = match form {
            Some(form) => message.get_attribute(form)?.value(),
            None => message.value()?,
        };
        let value = |value: &Argument| -> FluentValue<'static> {
            match (value, into) {
                (Argument::Number(number), _) => FluentNumber::new(*number, Default::default()).into(),
                (Argument::Text(text), As::Text) => plain(text).into(),
                (Argument::Text(text), As::Html) => handlebars::html_escape(&plain(text)).into(),
            }
        };
        let values: FluentArgs = values.iter().map(|(name, given)| ((*name).to_owned(), value(given))).collect();
        let mut errors = Vec::new();
        let said = bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned();
        errors.is_empty().then_some(said)
    }

    /// The names of the values in a message; those of one of its forms, or of all.
    pub(super) fn values(&self, name: &str) -> Option<BTreeSet<&str>> {
        Some(self.known.get(name)?.values.iter().map(String::as_str).collect())
    }

    /// All text that a message may say.
    pub(super) fn source(&self, name: &str) -> Option<&str> {
        Some(&self.known.get(name)?.source)
    }

    /// Where a message stands.
    pub(super) fn place(&self, name: &str) -> Place {
        self.known.get(name).map_or_else(|| Place::file(""), |message| Place::at(&message.file, message.line, 1))
    }

    /// The names of all messages and their forms.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.known.keys().map(String::as_str)
    }

    /// A fingerprint of all files.
    pub(super) fn hash(&self) -> u64 {
        self.hash
    }
}

/// A text without the marks of numbers.
fn plain(text: &str) -> String {
    text.replace([NUMBER, END], "")
}

/// HTML without a meaning of its own stays HTML.
const TAGS: [&str; 6] = ["a", "b", "code", "em", "small", "strong"];

/// A message's text as HTML in which only [`TAGS`] without attributes are tags.
fn tags_kept(text: &str) -> Cow<'_, str> {
    if !text.contains(['<', '>', '&', '"']) {
        return text.into();
    }
    let mut escaped = handlebars::html_escape(text);
    for tag in TAGS {
        escaped = escaped.replace(&format!("&lt;{tag}&gt;"), &format!("<{tag}>"));
        escaped = escaped.replace(&format!("&lt;/{tag}&gt;"), &format!("</{tag}>"));
    }
    escaped.into()
}

/// What a pattern is made of.
#[derive(Default)]
struct Found {
    text: String,
    values: BTreeSet<String>,
    /// Whether it has a literal that could be HTML.
    unsafe_text: bool,
    /// Messages and terms that are being looked into, to notice one that refers to itself.
    inside: Vec<String>,
}

impl Found {
    fn pattern(&mut self, pattern: &Pattern<&str>, resource: &FluentResource) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { value } => self.text.push_str(value),
                PatternElement::Placeable { expression } => self.expression(expression, resource),
            }
        }
    }

    fn expression(&mut self, expression: &Expression<&str>, resource: &FluentResource) {
        match expression {
            Expression::Inline(inline) => self.inline(inline, resource),
            Expression::Select { selector, variants } => {
                self.inline(selector, resource);
                variants.iter().for_each(|variant| self.pattern(&variant.value, resource));
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&str>, resource: &FluentResource) {
        match inline {
            InlineExpression::VariableReference { id } => {
                self.values.insert(id.name.to_owned());
            }
            InlineExpression::Placeable { expression } => self.expression(expression, resource),
            InlineExpression::FunctionReference { arguments, .. } => self.arguments(arguments, resource),
            InlineExpression::MessageReference { id, .. } | InlineExpression::TermReference { id, .. } => {
                if self.inside.iter().any(|name| name == id.name) {
                    return;
                }
                let referred = resource.entries().find_map(|entry| match entry {
                    Entry::Message(message) if message.id.name == id.name => message.value.as_ref(),
                    Entry::Term(term) if term.id.name == id.name => Some(&term.value),
                    _ => None,
                });
                self.inside.push(id.name.to_owned());
                referred.into_iter().for_each(|pattern| self.pattern(pattern, resource));
                self.inside.pop();
            }
            // Nothing escapes what it says.
            InlineExpression::StringLiteral { value } => self.unsafe_text |= value.contains(['<', '>', '&']),
            InlineExpression::NumberLiteral { .. } => {}
        }
    }

    fn arguments(&mut self, arguments: &CallArguments<&str>, resource: &FluentResource) {
        arguments.positional.iter().for_each(|value| self.inline(value, resource));
        arguments.named.iter().for_each(|value| self.inline(&value.value, resource));
    }
}
