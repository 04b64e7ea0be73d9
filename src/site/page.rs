//! From content files to pages: what each file says it is made from, and which pages that gives.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use handlebars::Context;
use serde_json::{Value, json};

use super::address::NOT_FOUND;
use super::front::{Front, Parts};
use super::lookup::{self, Lookup};
use super::paginate::{self, Part};
use super::paths::Paths;
use super::query::{Answer, Queries, Selection};
use super::source::Source;
use super::templates::Templates;
use crate::problem::{Place, Problem, nearest};

/// A file of `content/`.
#[derive(Debug)]
pub(super) struct Document {
    /// The file as a person would name it.
    pub(super) file: PathBuf,
    /// The file below `content/`, without `.md`.
    stem: String,
    /// The layer that the file comes from.
    pub(super) layer: usize,
    pub(super) text: String,
    pub(super) front: Front,
    /// Where the page's own text begins.
    pub(super) body: usize,
}

/// One page of the site.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Its place among all pages.
    pub(super) number: usize,
    /// The number of its document.
    pub(super) document: usize,
    /// The row that it is made of, and its key.
    pub(super) row: Option<(usize, Vec<String>)>,
    pub(super) title: String,
    pub(super) description: Option<String>,
    /// What the menu says for it.
    pub(super) menu: Option<String>,
    pub(super) path: String,
    /// Which of several pages it is, if its document deals out a long list.
    pub(super) part: Option<Part>,
    /// The numbers of its neighbours.
    pub(super) previous: Option<usize>,
    pub(super) next: Option<usize>,
    /// The number of the first page of the section in which it stands.
    pub(super) parent: Option<usize>,
    /// The pages of the section of which it is the first, without those of rows.
    pub(super) children: Vec<usize>,
}

/// The layout of pages that name none.
const LAYOUT: &str = "page";

/// Reads all content files, without the theme's that the site does not want, and without drafts unless they are asked
/// for. What a draft would replace stays as long.
pub(super) fn documents(
    lookup: &Lookup,
    disable: &[String],
    drafts: bool,
    settings: &Path,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Document>> {
    let mut files = lookup.files(lookup::Part::Content)?;
    files.retain(|path, _| path.extension().is_some_and(|extension| extension == "md"));
    for path in disable {
        let of_theme: Vec<&str> = files
            .iter()
            .filter(|(_, found)| found.iter().any(|found| found.layer > 0))
            .filter_map(|(path, _)| path.to_str())
            .collect();
        if !of_theme.iter().any(|page| is_meant(path, page)) {
            let message = format!("disable: the theme has no page `{path}`");
            let hint = match nearest(path, of_theme.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has `{}`", of_theme.join("`, `")),
            };
            problems.push(Problem::new(Place::file(settings), message).hint(hint));
        }
    }
    let mut documents = Vec::new();
    for (path, found) in files {
        let unwanted = path.to_str().is_some_and(|path| disable.iter().any(|unwanted| is_meant(unwanted, path)));
        for found in found.into_iter().filter(|found| !unwanted || found.layer == 0) {
            match found.text()?.and_then(|text| document(&path, &found.shown, found.layer, text)) {
                Ok(document) if document.front.draft && !drafts => continue,
                Ok(document) => documents.push(document),
                Err(problem) => problems.push(problem),
            }
            break;
        }
    }
    Ok(documents)
}

/// Whether an entry of `disable` means a page: its path, or that of a folder which it is in, with a `/` at the end.
fn is_meant(entry: &str, page: &str) -> bool {
    entry == page || entry.ends_with('/') && page.starts_with(entry)
}

fn document(path: &Path, file: &Path, layer: usize, text: String) -> Result<Document, Problem> {
    let stem = path.with_extension("").to_str().map(str::to_owned);
    let stem = stem.ok_or_else(|| Problem::new(Place::file(file), "the file's name is not UTF-8"))?;
    let parts = Parts::of(file, &text)?;
    let (front, body) = (parts.front()?, parts.body);
    Ok(Document { file: file.to_owned(), stem, layer, text, front, body })
}

impl Document {
    /// The place of a value of the front matter.
    pub(super) fn place(&self, keys: &[&str]) -> Place {
        Parts::of(&self.file, &self.text).map_or_else(|_| Place::file(&self.file), |parts| parts.place(keys))
    }

    pub(super) fn layout(&self) -> &str {
        self.front.layout.as_deref().unwrap_or(LAYOUT)
    }

    /// Whether it is the page that a web server shows where there is none.
    pub(super) fn is_not_found(&self) -> bool {
        let path = self.front.path.clone().unwrap_or_else(|| format!("{}.html", self.stem));
        self.front.each.is_none() && path == NOT_FOUND
    }

    /// The names of the queries that the pages need, and where each is asked for.
    pub(super) fn queries(&self) -> Vec<(&str, Place)> {
        let each = self.front.each.iter().map(|each| (each.query.as_str(), self.place(&["each", "query"])));
        let data = self.front.data.iter().map(|(name, data)| (data.query.as_str(), self.place(&["data", name])));
        let downloads = self.front.downloads.iter().map(|name| (name.as_str(), self.place(&["downloads"])));
        each.chain(data).chain(downloads).collect()
    }

    /// How the body's template is called.
    pub(super) fn body_name(&self) -> String {
        format!("body {}", self.file.display())
    }

    /// The templates of the front matter: how they are called, and their sources.
    pub(super) fn texts(&self) -> Vec<(String, Source)> {
        let front = &self.front;
        let path = match &front.each {
            Some(each) => Some((&["each", "path"][..], &each.path)),
            None => front.path.as_ref().map(|path| (&["path"][..], path)),
        };
        let title = Some((&["title"][..], &front.title));
        let description = front.description.as_ref().map(|text| (&["description"][..], text));
        let feed = front.feed.as_ref();
        let updated = feed.map(|feed| (&["feed", "updated"][..], &feed.updated));
        let summary = feed.and_then(|feed| Some((&["feed", "summary"][..], feed.summary.as_ref()?)));
        let called = feed.and_then(|feed| Some((&["feed", "title"][..], feed.title.as_ref()?)));
        let menu = front.menu.as_ref().map(|menu| (&["menu", "title"][..], &menu.title));
        let report = front.report.as_ref().map(|text| (&["report"][..], text));
        [title, description, path, updated, summary, called, menu, report]
            .into_iter()
            .flatten()
            .map(|(keys, text)| (self.text_name(keys), Source::value(self.place(keys), text.clone())))
            .collect()
    }

    /// How the template of a value of the front matter is called.
    pub(super) fn text_name(&self, keys: &[&str]) -> String {
        format!("{} {}", keys.join("."), self.file.display())
    }

    /// A text of the front matter, of one of the document's pages.
    pub(super) fn text(
        &self,
        keys: &[&str],
        page: &Page,
        queries: &Queries,
        texts: &Templates,
    ) -> Result<String, Problem> {
        let answer = self.front.each.as_ref().and_then(|each| queries.get(&each.query));
        let row = answer.zip(page.row.as_ref()).map(|(answer, (row, _))| answer.rows.row(*row));
        let context = row.map_or_else(|| json!({}), |row| json!({"row": row}));
        texts.render(&self.text_name(keys), &Context::from(context))
    }

    /// What contradicts itself in the front matter, or names what is not there.
    pub(super) fn problems(&self, queries: &mut Queries) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (query, place) in self.queries() {
            if !queries.known().any(|known| known == query) {
                let problem = Problem::new(place, format!("there is no query `{query}`"));
                problems.push(match nearest(query, queries.known()) {
                    Some(near) => problem.hint(format!("did you mean `{near}`?")),
                    None => problem.hint(format!("write it into `site/queries/{query}.sql`")),
                });
            }
        }
        problems.extend(self.pagination());
        let Some(each) = &self.front.each else { return problems };
        if self.front.order.is_some() {
            let problem = Problem::new(self.place(&["order"]), "pages with `each` follow the rows of their query");
            problems.push(problem.hint("remove this `order`, and sort the query"));
        }
        if self.front.path.is_some() {
            let problem = Problem::new(self.place(&["path"]), "a page with `each` has its path there");
            problems.push(problem.hint("remove this `path`"));
        }
        if self.front.menu.is_some() {
            let problem = Problem::new(self.place(&["menu"]), "many pages cannot be one entry of the menu");
            problems.push(problem.hint("put the page that lists them into the menu"));
        }
        let data = self.front.data.iter().map(|(name, data)| (["data", name.as_str()], data));
        for (keys, data) in data {
            let place = self.place(&keys);
            if data.all {
                let problem = Problem::new(place, "`all: true` is for pages without `each`");
                problems.push(
                    problem.hint("it would write all rows into every page; give each row its history as a list column"),
                );
            } else if let Err(column) = queries.group(&data.query, &each.key) {
                let file = queries.get(&data.query).map(|answer| answer.file.display().to_string()).unwrap_or_default();
                let problem =
                    Problem::new(place, format!("the query `{}` ({file}) gives no column `{column}`", data.query));
                problems.push(
                    problem.hint("a page gets the rows that have its key, so each query needs the key's columns"),
                );
            }
        }
        if let Some(answer) = queries.get(&each.query)
            && let Err(column) = answer.columns(&each.key)
        {
            let columns = answer.rows.columns();
            let near = nearest(column, columns.iter().map(|(name, _)| name.as_str()));
            let message = format!("the query `{}` ({}) gives no column `{column}`", each.query, answer.file.display());
            let problem = Problem::new(self.place(&["each", "key"]), message);
            problems.push(match near {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem,
            });
        }
        problems
    }

    /// What is wrong about `paginate`.
    fn pagination(&self) -> Option<Problem> {
        let paginate = self.front.paginate.as_ref()?;
        let names = || self.front.data.keys().map(String::as_str);
        if !self.front.data.contains_key(&paginate.data) {
            let message = format!("the page has no data `{}`", paginate.data);
            let problem = Problem::new(self.place(&["paginate", "data"]), message);
            return Some(match nearest(&paginate.data, names()) {
                Some(near) => problem.hint(format!("did you mean `{near}`?")),
                None => problem.hint("give the name under which the rows stand in `data`"),
            });
        }
        let message = "a page needs one row at least";
        (paginate.by == 0).then(|| Problem::new(self.place(&["paginate", "by"]), message))
    }

    /// The rows that a page has under a name of `data`, and the answer that they belong to.
    pub(super) fn rows<'q>(&self, name: &str, page: &Page, queries: &'q Queries) -> Option<(&'q Answer, Selection)> {
        let answer = queries.get(&self.front.data.get(name)?.query)?;
        let selection = match (&self.front.each, &page.row) {
            (Some(each), Some((_, key))) => answer.of_key(&each.key, key),
            _ => answer.all(),
        };
        let dealt_out = self.front.paginate.as_ref().is_some_and(|paginate| paginate.data == name);
        let part = page.part.as_ref().filter(|_| dealt_out);
        Some((answer, part.map_or_else(|| selection.clone(), |part| selection.part(&part.rows))))
    }

    /// The pages that one becomes if it has a long list; the first one gets the number `first`.
    fn dealt(&self, page: Page, first: usize, queries: &Queries) -> Vec<Page> {
        let Some(paginate) = &self.front.paginate else { return vec![page] };
        let rows = self.rows(&paginate.data, &page, queries).map_or(0, |(_, rows)| rows.len());
        let part = |part: Part| Page {
            document: page.document,
            row: page.row.clone(),
            title: page.title.clone(),
            description: page.description.clone(),
            menu: page.menu.clone(),
            path: paginate::path(&page.path, part.number),
            part: Some(part),
            ..Page::default()
        };
        paginate::parts(rows, paginate.by, first).into_iter().map(part).collect()
    }

    /// Adds the pages that the document gives.
    pub(super) fn expand(
        &self,
        number: usize,
        queries: &Queries,
        texts: &Templates,
        paths: &mut Paths,
        pages: &mut Vec<Page>,
        problems: &mut Vec<Problem>,
    ) {
        let made = match &self.front.each {
            None => self.page(number, None, &json!({}), texts).map(|page| vec![page]),
            Some(each) => {
                let Some(answer) = queries.get(&each.query) else { return };
                self.keys(answer, &each.key, problems)
                    .into_iter()
                    .map(|(row, key)| self.page(number, Some((row, key)), &json!({"row": answer.rows.row(row)}), texts))
                    .collect()
            }
        };
        let made: Vec<Page> = match made {
            Ok(made) => made,
            Err(problem) => {
                problems.push(problem);
                return;
            }
        };
        let place = if self.front.each.is_some() { self.place(&["each", "path"]) } else { self.place(&["path"]) };
        let mut before: Option<usize> = None;
        for page in made {
            let first = pages.len();
            let previous = before.filter(|_| self.front.each.is_some());
            if let Some(previous) = previous {
                pages[previous].next = Some(first);
            }
            before = Some(first);
            for page in self.dealt(page, first, queries) {
                let of = self.file.display();
                let owner = match (&page.row, &page.part) {
                    (Some((_, key)), _) => format!("the page of `{}` in {of}", key.join(", ")),
                    (None, Some(part)) if part.number > 1 => format!("page {} of {of}", part.number),
                    (None, _) => of.to_string(),
                };
                problems.extend(paths.claim(&page.path, owner, &place));
                pages.push(Page { number: pages.len(), previous, ..page });
            }
        }
    }

    /// The rows that become pages, with their keys. A null and a repeated key are problems.
    fn keys(&self, answer: &Answer, columns: &[String], problems: &mut Vec<Problem>) -> Vec<(usize, Vec<String>)> {
        let Ok(numbers) = answer.columns(columns) else { return Vec::new() };
        let mut seen: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        let mut keys = Vec::new();
        let mut nulls = 0;
        for row in 0..answer.rows.len() {
            match answer.key(row, &numbers) {
                None => nulls += 1,
                Some(key) => {
                    let times = seen.entry(key.clone()).or_default();
                    *times += 1;
                    if *times == 1 {
                        keys.push((row, key));
                    }
                }
            }
        }
        let file = answer.file.display();
        let place = || self.place(&["each", "key"]);
        let name = columns.join(", ");
        if nulls > 0 {
            let rows = if nulls == 1 { "a row".to_owned() } else { format!("{nulls} rows") };
            problems.push(
                Problem::new(place(), format!("the key `{name}` is null in {rows} of {file}"))
                    .hint("leave such rows out in the query"),
            );
        }
        let mut repeated = seen.iter().filter(|(_, times)| **times > 1);
        if let Some((key, times)) = repeated.next() {
            let key = key.join(", ");
            let others = match repeated.count() {
                0 => String::new(),
                count => format!(", and {count} more keys repeat"),
            };
            problems.push(
                Problem::new(place(), format!("the key `{name}` is `{key}` in {times} rows of {file}{others}"))
                    .hint("each row becomes a page, so each needs a key of its own"),
            );
        }
        keys
    }

    fn page(
        &self,
        document: usize,
        row: Option<(usize, Vec<String>)>,
        data: &Value,
        texts: &Templates,
    ) -> Result<Page, Problem> {
        let context = Context::from(data.clone());
        let text = |keys: &[&str]| texts.render(&self.text_name(keys), &context);
        let path = match (&self.front.each, &self.front.path) {
            (Some(_), _) => text(&["each", "path"])?,
            (None, Some(_)) => text(&["path"])?,
            (None, None) => format!("{}.html", self.stem),
        };
        let description = self.front.description.as_ref().map(|_| text(&["description"])).transpose()?;
        let menu = self.front.menu.as_ref().map(|_| text(&["menu", "title"])).transpose()?;
        Ok(Page { document, row, title: text(&["title"])?, description, menu, path, ..Page::default() })
    }
}
