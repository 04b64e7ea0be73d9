//! Reading YAML so that every mistake has a place.
//!
//! A document is read twice: once to refuse keys that stand twice in one map (the parser would silently take the last),
//! once into its type. Whoever finds a mistake of meaning later asks for the [`Place`] of a [`KeyPath`]: the document is
//! parsed again as far as there, which also works for the flow style `{a: [1, 2]}`. `written` is the way back. The only
//! user of `serde_yaml`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_yaml::Error;

use crate::fs;
use crate::problem::{Place, Problem, did_you_mean};
use crate::project::Project;

/// One YAML document and the name of its file.
pub struct Document {
    file: PathBuf,
    text: String,
}

impl Document {
    /// A document from its text; `file` is what problems call it. Text that begins on a later line of its file is handed
    /// over with as many empty lines before it.
    pub fn new(file: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { file: file.into(), text: text.into() }
    }

    /// Reads a file of the project; `None` if there is no such file.
    pub fn open(project: &Project, path: &Path) -> Result<Option<Self>, Problem> {
        let file = project.shown(path);
        match fs::read_text_if_any(path) {
            Ok(text) => Ok(text.map(|text| Self { file, text })),
            Err(error) => Err(Problem::new(Place::file(file), format!("cannot be read: {}", error.root_cause()))),
        }
    }

    /// The text itself.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The file as a whole, as a place.
    pub fn whole(&self) -> Place {
        Place::file(&self.file)
    }

    /// The document as a `T`, all defaults if it is empty. The first mistake of syntax or type is the problem.
    pub fn parse<T: DeserializeOwned + Default>(&self) -> Result<T, Problem> {
        let typed = || {
            Once.deserialize(serde_yaml::Deserializer::from_str(&self.text))?;
            Option::<T>::deserialize(serde_yaml::Deserializer::from_str(&self.text))
        };
        typed().map(Option::unwrap_or_default).map_err(|error| self.mistake(&error))
    }

    /// Where the value at `path` begins; for what is not there, where the nearest thing around it begins.
    pub fn value(&self, path: &KeyPath) -> Place {
        self.find(path, Part::Value)
    }

    /// Where the last key of `path` stands.
    pub fn key(&self, path: &KeyPath) -> Place {
        self.find(path, Part::Key)
    }

    /// A mistake in the value at `path`, called by that path.
    pub fn problem(&self, path: &KeyPath, message: impl fmt::Display) -> Problem {
        Problem::new(self.value(path), format!("{path}: {message}"))
    }

    /// A mistake in the last key of `path`, or in that something is missing below it.
    pub fn key_problem(&self, path: &KeyPath, message: impl fmt::Display) -> Problem {
        Problem::new(self.key(path), format!("{path}: {message}"))
    }

    fn find(&self, path: &KeyPath, part: Part) -> Place {
        let at = |steps: &[Step]| {
            let seed = Find { steps, part };
            seed.deserialize(serde_yaml::Deserializer::from_str(&self.text))
                .err()
                .and_then(|error| self.location(&error))
        };
        (1..=path.0.len()).rev().find_map(|length| at(&path.0[..length])).unwrap_or_else(|| self.whole())
    }

    fn location(&self, error: &Error) -> Option<Place> {
        error.location().map(|at| Place::at(&self.file, at.line(), at.column()))
    }

    fn mistake(&self, error: &Error) -> Problem {
        let mut message = error.to_string();
        if let Some(at) = error.location() {
            message = message.replacen(&format!(" at line {} column {}", at.line(), at.column()), "", 1);
        }
        let place = self.location(error).unwrap_or_else(|| self.whole());
        let (message, hint) = reworded(&message);
        Problem { hint, ..Problem::new(place, message) }
    }
}

/// A value as YAML in block style.
pub(super) fn written(value: &impl serde::Serialize) -> anyhow::Result<String> {
    serde_yaml::to_string(value).context("cannot write YAML")
}

/// Joins a message of one of this program's own deserializers with its hint, so that both pass through the parser.
pub(super) fn with_hint(message: impl fmt::Display, hint: impl fmt::Display) -> String {
    format!("{message}\n{hint}")
}

/// A parser's message in words that the writer of a YAML file knows, and a hint where there is one.
fn reworded(message: &str) -> (String, Option<String>) {
    if let Some((message, hint)) = message.split_once('\n') {
        return (message.to_owned(), Some(hint.to_owned()));
    }
    if let Some((path, rest)) = message.split_once("unknown field `") {
        let mut quoted = rest.split('`').step_by(2);
        let unknown = quoted.next().unwrap_or_default();
        let known: Vec<&str> = rest.split('`').skip(2).step_by(2).collect();
        let hint = did_you_mean(unknown, known.iter().copied());
        let hint = hint.unwrap_or_else(|| format!("the keys here are {}", list(&known)));
        return (format!("{path}unknown key `{unknown}`"), Some(hint));
    }
    let message = message.replace("missing field", "missing key");
    let Some((start, expected)) = message.rsplit_once(", expected ") else { return (message, None) };
    let expected = match expected {
        "u16" | "u32" | "u64" => "a whole number",
        "a boolean" => "`true` or `false`",
        "a sequence" => "a list",
        _ if expected.starts_with("struct ") => "a map",
        _ => expected,
    };
    (format!("{start}, expected {expected}"), None)
}

/// Names in backticks, with commas.
pub(super) fn list<T: fmt::Display>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The way from a document's root to something in it, shown as `organizations.example.bridges[1].from`.
#[derive(Clone, Debug, Default)]
pub struct KeyPath(Vec<Step>);

#[derive(Clone, Debug)]
enum Step {
    Key(String),
    Item(usize),
}

impl KeyPath {
    /// The way through keys of maps.
    pub fn of<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self(keys.into_iter().map(|key| Step::Key(key.to_owned())).collect())
    }

    /// One key further.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// To an item of a list, counted from 0.
    #[must_use]
    pub fn item(&self, index: usize) -> Self {
        self.with(Step::Item(index))
    }

    fn with(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if number == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// Reads anything and refuses the second key of a name in one map.
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("YAML without tags")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while map.next_key_seed(NewKey(&mut seen))?.is_some() {
            map.next_value_seed(Once)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Once)?.is_some() {}
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_i128<E>(self, _: i128) -> Result<(), E> {
        Ok(())
    }

    fn visit_u128<E>(self, _: u128) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

struct NewKey<'a>(&'a mut BTreeSet<String>);

impl<'de> DeserializeSeed<'de> for NewKey<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for NewKey<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<(), E> {
        if self.0.insert(key.to_owned()) {
            Ok(())
        } else {
            Err(E::custom(with_hint(
                format_args!("the key `{key}` is here a second time"),
                "a map has each key once: remove one of the two, or join them",
            )))
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Key,
    Value,
}

/// Walks to the end of `steps` and fails there, because only the parser's errors know where they are.
struct Find<'a> {
    steps: &'a [Step],
    part: Part,
}

impl<'de> DeserializeSeed<'de> for Find<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.steps.is_empty() { deserializer.deserialize_any(Here) } else { deserializer.deserialize_any(self) }
    }
}

impl<'de> Visitor<'de> for Find<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rest of the way")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((Step::Key(key), rest)) = self.steps.split_first() else { return Err(A::Error::custom("not a list")) };
        let stop = rest.is_empty() && self.part == Part::Key;
        while let Some(found) = map.next_key_seed(FindKey { key, stop })? {
            if found {
                map.next_value_seed(Find { steps: rest, part: self.part })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Some((Step::Item(index), rest)) = self.steps.split_first() else {
            return Err(A::Error::custom("not a map"));
        };
        for _ in 0..*index {
            list.next_element::<IgnoredAny>()?;
        }
        list.next_element_seed(Find { steps: rest, part: self.part })?;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

struct FindKey<'a> {
    key: &'a str,
    stop: bool,
}

impl<'de> DeserializeSeed<'de> for FindKey<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for FindKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<bool, E> {
        if self.stop && key == self.key { Err(E::custom("here")) } else { Ok(key == self.key) }
    }
}

/// Accepts nothing, so that whatever stands here is an error here.
struct Here;

impl Visitor<'_> for Here {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nothing")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeMap;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    struct Garden {
        trees: BTreeMap<String, u32>,
        name: Option<String>,
        beds: Vec<String>,
    }

    fn problem(text: &str) -> String {
        let problem = Document::new("garden.yaml", text).parse::<Garden>().unwrap_err();
        problem.hint.iter().fold(problem.to_string(), |shown, hint| format!("{shown}\n  hint: {hint}"))
    }

    #[test]
    fn an_empty_document_is_all_defaults() {
        for text in ["", "\n\n", "# nothing yet\n", "---\n", "trees:\nbeds:\n"] {
            assert_eq!(Document::new("garden.yaml", text).parse::<Garden>().unwrap(), Garden::default(), "{text:?}");
        }
    }

    #[test]
    fn a_mistake_of_syntax_has_a_place() {
        assert_eq!(
            problem("name: x\nbeds: [a, b\ntrees: {}\n"),
            "garden.yaml:3:6: did not find expected ',' or ']', while parsing a flow sequence at line 2 column 7"
        );
        assert_eq!(
            problem("name: \"x\n"),
            "garden.yaml:2:1: found unexpected end of stream, while scanning a quoted scalar at line 1 column 7"
        );
    }

    #[test]
    fn a_mistake_of_type_has_a_path_and_a_place() {
        assert_eq!(
            problem("trees:\n  oak: 3\n  elm: many\n"),
            "garden.yaml:3:8: trees.elm: invalid type: string \"many\", expected a whole number"
        );
        assert_eq!(problem("beds: {a: 1}\n"), "garden.yaml:1:7: beds: invalid type: map, expected a list");
    }

    #[test]
    fn an_unknown_key_names_its_likeness_or_all_there_are() {
        assert_eq!(
            problem("name: x\ntress: {}\n"),
            "garden.yaml:2:1: unknown key `tress`\n  hint: did you mean `trees`?"
        );
        assert_eq!(
            problem("name: x\npond: 1\n"),
            "garden.yaml:2:1: unknown key `pond`\n  hint: the keys here are `trees`, `name`, `beds`"
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_where_it_stands_again() {
        let hint = "\n  hint: a map has each key once: remove one of the two, or join them";
        assert_eq!(
            problem("name: x\nname: y\n"),
            format!("garden.yaml:2:1: the key `name` is here a second time{hint}")
        );
        assert_eq!(
            problem("trees: {oak: 1, elm: 2, oak: 3}\n"),
            format!("garden.yaml:1:25: trees: the key `oak` is here a second time{hint}")
        );
    }

    #[test]
    fn a_path_leads_to_the_place_of_its_key_and_of_its_value() {
        let document = Document::new("x", "a:\n  b.c:\n    - x\n    - {d: 1, e: [7, 8]}\nf: 2\n");
        let path = KeyPath::of(["a", "b.c"]).item(1).key("e").item(1);
        assert_eq!(path.to_string(), "a.b.c[1].e[1]");
        assert_eq!(document.value(&path).to_string(), "x:4:21");
        assert_eq!(document.key(&KeyPath::of(["a", "b.c"]).item(1).key("e")).to_string(), "x:4:14");
        assert_eq!(document.value(&KeyPath::of(["f"])).to_string(), "x:5:4");
        // What is not there is placed where it would be.
        assert_eq!(document.value(&KeyPath::of(["a", "b.c"]).item(1).key("g")).to_string(), "x:4:7");
    }
}
