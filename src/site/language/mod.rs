//! The words of the interface in the site's language, and how it writes numbers and days. They stand in the themes'
//! `languages/<tag>.ftl`, in Project Fluent's format (<https://projectfluent.org/fluent/guide/>), which translators of
//! Firefox and Tor Browser know. A theme needs to say only what it says otherwise; what a language does not say is said in
//! the next wider one (`pt` of `pt-BR`), and last in English.

mod countries;
mod days;
mod messages;
mod numbers;

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

pub(super) use countries::countries;
use days::Days;
pub(super) use days::Form;
use messages::Messages;
use numbers::Percent;

use super::lookup::{self, Lookup, Part};
use crate::graphics::chart;
use crate::problem::{Place, Problem};
use crate::text::Numbers;

/// Says a message with these values.
type Say<'a> = dyn Fn(&str, &[(&str, &str)]) -> String + 'a;

/// The language of which the program has all words.
const ENGLISH: &str = "en";

/// What a site's pages say and how.
pub(super) struct Language {
    /// The site's language first, English last.
    spoken: Vec<Messages>,
    days: Days,
    numbers: Numbers,
    percent: Percent,
}

/// A value that a message names: a number that it may choose its words by, or a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Argument<'a> {
    /// Written as the language writes numbers.
    Number(f64),
    /// Written as it is.
    Text(std::borrow::Cow<'a, str>),
}

impl<'a> From<&'a str> for Argument<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Argument<'_> {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<usize> for Argument<'_> {
    fn from(count: usize) -> Self {
        Self::Number(count as f64)
    }
}

/// How the words of a message are needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum As {
    /// As they are, for who will escape them.
    Text,
    /// As HTML: values are escaped, and so is the message, but for its plain tags such as `<strong>`.
    Html,
}

impl Language {
    /// The words of the themes in the language of that tag.
    ///
    /// # Errors
    /// If a file cannot be read. What is wrong in the files, and that a language lacks words, is in the lists.
    pub(super) fn load(
        lookup: &Lookup,
        tag: &str,
        settings: &Path,
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<Problem>,
    ) -> Result<Self> {
        let files = lookup.files(Part::Languages)?;
        let mut spoken = Vec::new();
        for tag in tags(tag) {
            let found = files.get(Path::new(&format!("{tag}.ftl"))).into_iter().flatten();
            let mut messages = Messages::new(&tag);
            for file in found {
                match file.text()? {
                    Ok(text) => messages.add(&file.shown, text, problems),
                    Err(problem) => problems.push(problem),
                }
            }
            spoken.push(messages);
        }
        // A theme in the program may be a test's, without words; what helpers say must be there.
        if let Some(messages) = spoken.last_mut() {
            messages.add(Path::new(BUILT_IN), built_in(), problems);
        }
        let language = Self::speaking(spoken);
        problems.extend(language.unknown_values());
        warnings.extend(language.lacking(tag, settings));
        Ok(language)
    }

    /// English as the program has it.
    #[cfg(test)]
    pub(super) fn english() -> Self {
        let mut messages = Messages::new(ENGLISH);
        messages.add(Path::new(BUILT_IN), built_in(), &mut Vec::new());
        Self::speaking(vec![messages])
    }

    fn speaking(spoken: Vec<Messages>) -> Self {
        let raw = |name: &str, values: &[(&str, &str)]| {
            let values: Vec<(&str, Argument)> = values.iter().map(|(name, value)| (*name, (*value).into())).collect();
            said(&spoken, name, &values, As::Text).unwrap_or_default()
        };
        let numbers = Numbers { group: raw("number-group", &[]), point: raw("number-point", &[]) };
        let (days, percent) = (Days::new(&raw), Percent::new(&raw));
        Self { spoken, days, numbers, percent }
    }

    /// Says a message: `value-name` or, of a message with several forms, `value-name.form`. `None` if there is none, or one
    /// of its values is missing.
    pub(super) fn say(&self, name: &str, values: &[(&str, Argument)], into: As) -> Option<String> {
        said(&self.spoken, name, values, into).map(|text| self.written(text))
    }

    /// Says one of the program's own messages, whose values are all given.
    pub(super) fn own(&self, name: &str, values: &[(&str, Argument)]) -> String {
        self.say(name, values, As::Text).unwrap_or_else(|| name.to_owned())
    }

    /// The values that a message names, in all languages that have it; `None` if there is no such message.
    pub(super) fn values(&self, name: &str) -> Option<std::collections::BTreeSet<&str>> {
        let mut found = self.spoken.iter().filter_map(|messages| messages.values(name)).peekable();
        found.peek()?;
        Some(found.flatten().collect())
    }

    /// Whether a message has a link, `<a>…</a>`, for which the page gives the address.
    pub(super) fn has_link(&self, name: &str) -> bool {
        self.spoken.iter().find_map(|messages| messages.source(name)).is_some_and(|text| text.contains("<a>"))
    }

    /// The names of all messages.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.spoken.iter().flat_map(Messages::names)
    }

    /// A fingerprint of all that it says.
    pub(super) fn hash(&self) -> u64 {
        crate::hash::all(self.spoken.iter().map(Messages::hash))
    }

    /// A day.
    pub(super) fn day(&self, day: jiff::civil::Date, form: Form) -> String {
        self.days.written(day, form)
    }

    /// The words that charts are drawn with, the unit behind their numbers.
    pub(super) fn of_charts(&self, unit: String) -> chart::Words {
        let (months, day) = (self.days.short_months(), self.days.short_day());
        chart::Words { unit, numbers: self.numbers.clone(), months, day }
    }

    /// Puts numbers into the language's form; they come out of messages between two marks.
    fn written(&self, text: String) -> String {
        if !text.contains(messages::NUMBER) {
            return text;
        }
        let mut parts = text.split(messages::NUMBER);
        let mut written = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (number, rest) = part.split_once(messages::END).unwrap_or((part, ""));
            written += &number.parse().map_or_else(|_| number.to_owned(), |number: f64| self.plain(number));
            written += rest;
        }
        written
    }

    /// Values that only other languages than English name: nobody gives them.
    fn unknown_values(&self) -> Vec<Problem> {
        let Some((english, others)) = self.spoken.split_last() else { return Vec::new() };
        let unknown = |messages: &Messages| {
            let names: Vec<&str> = messages.names().collect();
            let wrong = names.into_iter().filter_map(|name| {
                let given = english.values(name)?;
                let value = messages.values(name)?.into_iter().find(|value| !given.contains(value))?;
                let message = format!("`{name}` names the value `${value}`, which the English message does not have");
                let hint = match given.is_empty() {
                    true => "it has none".to_owned(),
                    false => format!("it has `${}`", given.into_iter().collect::<Vec<_>>().join("`, `$")),
                };
                Some(Problem::new(messages.place(name), message).hint(hint))
            });
            wrong.collect::<Vec<_>>()
        };
        others.iter().flat_map(unknown).collect()
    }

    /// What the language does not say itself, if it is not English.
    fn lacking(&self, tag: &str, settings: &Path) -> Option<Problem> {
        let (english, others) = self.spoken.split_last()?;
        if others.is_empty() {
            return None;
        }
        let missing: Vec<&str> =
            english.names().filter(|name| others.iter().all(|messages| messages.source(name).is_none())).collect();
        if others.iter().all(|messages| messages.names().next().is_none()) {
            let message = format!("no theme has words in the language `{tag}`: those of the pages are English");
            let hint =
                format!("translate `languages/en.ftl` of the theme into `languages/{tag}.ftl`, see docs/themes.md");
            return Some(Problem::new(Place::file(settings), message).hint(hint));
        }
        let first = missing.first()?;
        let more = match missing.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!("`languages/{tag}.ftl` has no words for `{first}`{more}: those are English");
        Some(Problem::new(Place::file(settings), message))
    }
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Language").finish_non_exhaustive()
    }
}

const BUILT_IN: &str = "themes/default/languages/en.ftl";

fn built_in() -> String {
    lookup::embedded(Path::new(BUILT_IN)).map(|bytes| String::from_utf8_lossy(bytes).into_owned()).unwrap_or_default()
}

fn said(spoken: &[Messages], name: &str, values: &[(&str, Argument)], into: As) -> Option<String> {
    spoken.iter().find_map(|messages| messages.say(name, values, into))
}

/// `pt-BR` → `pt-BR`, `pt`, `en`.
fn tags(tag: &str) -> Vec<String> {
    let parts: Vec<&str> = tag.split('-').collect();
    let wider = (1..=parts.len()).rev().map(|count| parts[..count].join("-"));
    let mut tags: Vec<String> = wider.take_while(|tag| tag != ENGLISH).collect();
    tags.push(ENGLISH.to_owned());
    tags
}

/// The value of a message that a template gives.
pub(super) fn argument(value: &Value) -> Argument<'_> {
    match value {
        Value::Null => "?".into(),
        Value::Number(number) => Argument::Number(number.as_f64().unwrap_or_default()),
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::site::tests::Folder;

    /// The language `tag` of a project whose theme `mine` has these files, its problems and its warnings.
    fn loaded(tag: &str, files: &[(&str, &str)]) -> (Language, Vec<String>, Vec<String>) {
        let files: Vec<(String, &str)> =
            files.iter().map(|(name, text)| (format!("themes/mine/languages/{name}"), *text)).collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        let folder = Folder::new(&[&[("themes/mine/theme.yaml", "name: Mine\n")], files.as_slice()].concat());
        let lookup = Lookup::new(&folder.project, "mine", lookup::DEFAULT).0;
        let (mut problems, mut warnings) = (Vec::new(), Vec::new());
        let language = Language::load(&lookup, tag, Path::new("site/site.yaml"), &mut problems, &mut warnings).unwrap();
        let lines = |problems: &[Problem]| problems.iter().map(ToString::to_string).collect();
        (language, lines(&problems), lines(&warnings))
    }

    #[test]
    fn english_is_whole_and_needs_no_file_of_the_project() {
        let (language, problems, warnings) = loaded("en", &[]);
        assert_eq!((problems, warnings), (Vec::new(), Vec::new()));
        assert_eq!(language.own("map-alt-empty", &[]), "Map of the world: no country has a number");
        assert_eq!(language.numbers.written("12345.5"), "12\u{202f}345.5");
    }

    #[test]
    fn a_message_chooses_its_words_by_a_number_and_writes_it_as_the_language_does() {
        let file = "number-point = ,\nnumber-group = .\nx-days =\n    { $count ->\n        [one] ein Tag\n       *[other] { $count } Tage\n    }\n";
        let (language, problems, warnings) = loaded("de", &[("de.ftl", file)]);
        assert_eq!(problems, [""; 0]);
        assert!(warnings[0].starts_with("site/site.yaml: `languages/de.ftl` has no words for `"), "{warnings:?}");
        let days = |count: f64| language.say("x-days", &[("count", Argument::Number(count))], As::Text).unwrap();
        assert_eq!([days(1.0), days(1234.5)], ["ein Tag", "1.234,5 Tage"]);
    }

    #[test]
    fn a_language_falls_back_to_the_wider_one_and_then_to_english() {
        let files =
            [("pt.ftl", "x = dois\ny = { $n } y\n"), ("pt-BR.ftl", "x = dos\n"), ("en.ftl", "x = two\nz = three\n")];
        let (language, problems, _) = loaded("pt-BR", &files);
        assert_eq!(problems, [""; 0]);
        let say = |name: &str| language.say(name, &[("n", Argument::Number(1e6))], As::Text);
        assert_eq!(say("x").unwrap(), "dos");
        assert_eq!(say("y").unwrap(), "1\u{202f}000\u{202f}000 y");
        assert_eq!(say("z").unwrap(), "three");
        assert_eq!(say("w"), None);
    }

    #[test]
    fn a_language_that_nobody_wrote_is_warned_of_once() {
        let (_, problems, warnings) = loaded("fr", &[]);
        assert_eq!(problems, [""; 0]);
        assert_eq!(
            warnings,
            ["site/site.yaml: no theme has words in the language `fr`: those of the pages are English"]
        );
    }

    #[test]
    fn what_is_wrong_in_a_file_is_said_with_its_place() {
        let file = "x = { $n\ny = good\ny = again\nmap-alt-empty = { $country }\n";
        let (_, problems, _) = loaded("de", &[("de.ftl", file)]);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[0].starts_with("themes/mine/languages/de.ftl:2:1: this is not Fluent:"), "{problems:?}");
        assert_eq!(problems[1], "themes/mine/languages/de.ftl:3:1: the message `y` stands here twice");
        assert_eq!(
            problems[2],
            "themes/mine/languages/de.ftl:4:1: `map-alt-empty` names the value `$country`, which the English message does not have"
        );
    }

    #[test]
    fn html_escapes_values_and_the_message_but_not_its_plain_tags() {
        let (language, ..) = loaded("en", &[("en.ftl", "x = <strong>{ $n }</strong> < & <script>\n")]);
        let say = |into: As| language.say("x", &[("n", "<b>".into())], into).unwrap();
        assert_eq!(say(As::Html), "<strong>&lt;b&gt;</strong> &lt; &amp; &lt;script&gt;");
        assert_eq!(say(As::Text), "<strong><b></strong> < & <script>");
    }

    #[test]
    fn a_literal_that_could_be_html_is_refused_because_nothing_escapes_it() {
        let (_, problems, _) = loaded("en", &[("en.ftl", "x = { \"<script>\" }\ny = { \" \" }fine\n")]);
        assert_eq!(problems, ["themes/mine/languages/en.ftl:1:1: a literal of `x` has `<`, `>` or `&`"]);
    }

    #[test]
    fn days_have_the_forms_of_their_language() {
        let months: String = (1..=12)
            .map(|month| format!("month-{month} = m{month}s\n    .alone = M{month}\n    .short = m{month}\n"))
            .collect();
        let days: String = (1..=7).map(|day| format!("weekday-{day} = w{day}\n    .short = w{day}\n")).collect();
        let file = format!(
            "{months}{days}date-long = {{ $day }}. {{ $month }} {{ $year }}\ndate-month = {{ $alone }} {{ $year }}\ndate-short = {{ $day }}. {{ $short }}\n"
        );
        let (language, problems, _) = loaded("xx", &[("xx.ftl", &file)]);
        assert_eq!(problems, [""; 0]);
        let day = jiff::civil::date(2026, 11, 2);
        let forms = [Form::Long, Form::Short, Form::Month, Form::Weekday, Form::Iso];
        assert_eq!(
            forms.map(|form| language.day(day, form)),
            ["2. m11s 2026", "2. m11", "M11 2026", "w1", "2026-11-02"]
        );
    }
}
