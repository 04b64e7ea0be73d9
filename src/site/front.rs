//! A page's front matter: YAML between two lines `---` that says what the page is made from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::config::yaml::{Document, KeyPath};
use crate::problem::{Place, Problem};

/// What a page's front matter may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Front {
    /// Handlebars over `row`.
    pub(super) title: String,
    /// The layout's name: `page`.
    pub(super) layout: Option<String>,
    /// One page for each row of a query.
    pub(super) each: Option<Each>,
    /// Queries by the name under which the page has their rows.
    pub(super) data: BTreeMap<String, Data>,
    /// Where the page stands in the site, if not where it stands in `content/`.
    pub(super) path: Option<String>,
    /// A sentence about the page; Handlebars over `row`.
    pub(super) description: Option<String>,
    /// The page's entry in the site's menu.
    pub(super) menu: Option<Menu>,
    /// Not yet for readers: left out unless drafts are asked for.
    pub(super) draft: bool,
    /// The place among the other pages of the section; pages without one come after those that have one.
    pub(super) order: Option<i64>,
    /// The list that is too long for one page.
    pub(super) paginate: Option<Paginate>,
    /// The Atom feed that the pages are entries of.
    pub(super) feed: Option<Feed>,
    /// The name under which `torcollect report` finds the page; Handlebars over `row`.
    pub(super) report: Option<String>,
    /// Queries whose rows the page offers as files.
    pub(super) downloads: Vec<String>,
}

/// `paginate: {data: countries, by: 50}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paginate {
    /// The name in `data` whose rows are dealt out.
    pub(super) data: String,
    /// How many rows a page has at most.
    pub(super) by: usize,
}

/// `feed: {path: feed.xml, updated: "{{row.day}}"}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Feed {
    /// Where it stands in the site.
    pub(super) path: String,
    /// What it is called, if not as the site.
    pub(super) title: Option<String>,
    /// The day or the time from which a page is; Handlebars over `row`.
    pub(super) updated: String,
    /// What a page says in short; Handlebars over `row`.
    pub(super) summary: Option<String>,
}

/// `each: {query: days, key: day, path: "days/{{row.day}}.html"}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Each {
    /// The query that has a row for each page.
    pub(super) query: String,
    /// The columns that tell one page from another.
    #[serde(deserialize_with = "names")]
    pub(super) key: Vec<String>,
    /// Handlebars over `row`.
    pub(super) path: String,
}

/// `menu: {title: Days, order: 2}`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Menu {
    /// What the menu says.
    pub(super) title: String,
    /// The place among the others.
    #[serde(default)]
    pub(super) order: i64,
}

/// `countries: country_days`, or `countries: {query: country_days, all: true}`.
#[derive(Debug)]
pub(super) struct Data {
    /// The query's name.
    pub(super) query: String,
    /// All rows, whatever the page's key.
    pub(super) all: bool,
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrMap;
        impl<'de> Visitor<'de> for NameOrMap {
            type Value = Data;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a query's name, or `{query: NAME, all: true}`")
            }

            fn visit_str<E>(self, query: &str) -> Result<Data, E> {
                Ok(Data { query: query.to_owned(), all: false })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
                let (mut query, mut all) = (None, false);
                while let Some(key) = map.next_key::<String>()? {
                    match key.as_str() {
                        "query" => query = Some(map.next_value()?),
                        "all" => all = map.next_value()?,
                        _ => return Err(A::Error::unknown_field(&key, &["query", "all"])),
                    }
                }
                Ok(Data { query: query.ok_or_else(|| A::Error::missing_field("query"))?, all })
            }
        }
        deserializer.deserialize_any(NameOrMap)
    }
}

fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct OneOrMore;
    impl<'de> Visitor<'de> for OneOrMore {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a column's name or a list of such")
        }

        fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
            Ok(vec![name.to_owned()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = list.next_element()? {
                names.push(name);
            }
            if names.is_empty() { Err(A::Error::invalid_length(0, &self)) } else { Ok(names) }
        }
    }
    deserializer.deserialize_any(OneOrMore)
}

/// A page's file, taken apart.
pub(super) struct Parts {
    yaml: Document,
    /// Where the page's own text begins.
    pub(super) body: usize,
}

impl Parts {
    /// Finds the front matter.
    pub(super) fn of(file: &Path, text: &str) -> Result<Self, Problem> {
        let missing = || {
            Problem::new(Place::at(file, 1, 1), "the page has no front matter")
                .hint("begin the file with a line `---`, then `title: …`, then another line `---`")
        };
        let mut at = 0;
        let mut start = None;
        for line in text.split_inclusive('\n') {
            let end = at + line.len();
            match (line.trim_end() == "---", start) {
                (true, None) => start = Some(end),
                (true, Some(start)) => {
                    // The empty line stands for the first `---`, so that lines count as in the file.
                    let yaml = Document::new(file, format!("\n{}", &text[start..at]));
                    return Ok(Self { yaml, body: end });
                }
                (false, None) => return Err(missing()),
                (false, Some(_)) => {}
            }
            at = end;
        }
        if start.is_none() {
            return Err(missing());
        }
        Err(Problem::new(Place::at(file, 1, 1), "the front matter has no end").hint("close it with a line `---`"))
    }

    /// Reads the front matter.
    pub(super) fn front(&self) -> Result<Front, Problem> {
        let front: Front = self.yaml.parse()?;
        if front.title.trim().is_empty() {
            return Err(Problem::new(self.yaml.whole(), "the page has no `title`"));
        }
        Ok(front)
    }

    /// The place of the value under a key, given with the keys above it.
    pub(super) fn place(&self, keys: &[&str]) -> Place {
        self.yaml.value(&KeyPath::of(keys.iter().copied()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn front(text: &str) -> Result<Front, String> {
        let parts = Parts::of(Path::new("x.md"), text).map_err(|problem| problem.to_string())?;
        parts.front().map_err(|problem| match &problem.hint {
            Some(hint) => format!("{problem} ({hint})"),
            None => problem.to_string(),
        })
    }

    #[test]
    fn front_matter_is_read_whole() {
        let text = "---\ntitle: T\nlayout: report\neach: {query: days, key: [day, x], path: \"{{row.day}}.html\"}\n\
                    data:\n  a: first\n  b: {query: second, all: true}\nmenu: {title: M, order: 3}\n\
                    draft: true\norder: -2\npaginate: {data: a, by: 50}\n---\nBody\n";
        let read = front(text).unwrap();
        let each = read.each.unwrap();
        assert_eq!((each.query.as_str(), each.key), ("days", vec!["day".to_owned(), "x".to_owned()]));
        assert_eq!((read.data["a"].query.as_str(), read.data["a"].all), ("first", false));
        assert_eq!((read.data["b"].query.as_str(), read.data["b"].all), ("second", true));
        assert_eq!(read.menu.unwrap().order, 3);
        assert_eq!((read.draft, read.order), (true, Some(-2)));
        assert_eq!(read.paginate.map(|paginate| (paginate.data, paginate.by)), Some(("a".to_owned(), 50)));
        let parts = Parts::of(Path::new("x.md"), text).unwrap();
        assert_eq!(&text[parts.body..], "Body\n");
    }

    #[test]
    fn a_mistake_is_shown_at_its_line_of_the_whole_file() {
        assert_eq!(
            front("---\ntitle: T\nlayuot: x\n---\n").unwrap_err(),
            "x.md:3:1: unknown key `layuot` (did you mean `layout`?)"
        );
        assert_eq!(
            front("---\ntitle: T\neach: {query: q, key: k, pahts: x}\n---\n").unwrap_err(),
            "x.md:3:26: each: unknown key `pahts` (did you mean `path`?)"
        );
        assert!(front("---\ntitle: T\ndata: {a: {query: q, every: 1}}\n---\n").unwrap_err().starts_with("x.md:3:"));
        assert!(front("---\ntitle: T\ndata: [\n---\n").unwrap_err().starts_with("x.md:"));
    }

    #[test]
    fn a_page_without_front_matter_or_title_is_a_problem() {
        assert!(front("# Hello\n").unwrap_err().starts_with("x.md:1:1: the page has no front matter"));
        assert!(front("").unwrap_err().starts_with("x.md:1:1: the page has no front matter"));
        assert!(front("---\ntitle: x\n").unwrap_err().starts_with("x.md:1:1: the front matter has no end"));
        assert_eq!(front("---\nlayout: x\n---\n").unwrap_err(), "x.md: the page has no `title`");
    }

    #[test]
    fn the_place_of_a_value_is_found_through_the_keys_above_it() {
        let text = "---\ntitle: \"path: x\"\neach: {query: q, key: day, path: \"y\"}\n---\n";
        let parts = Parts::of(Path::new("x.md"), text).unwrap();
        assert_eq!(parts.place(&["title"]).to_string(), "x.md:2:8");
        assert_eq!(parts.place(&["each", "path"]).to_string(), "x.md:3:34");
        assert_eq!(parts.place(&["each", "key"]).to_string(), "x.md:3:23");
        assert_eq!(parts.place(&["nothing"]).to_string(), "x.md");
    }
}
