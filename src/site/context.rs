//! What the templates of a page see: `row`, `data`, `page` and `site`; as a shape before, as JSON when the page is made.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::address::{self, Address, NOT_FOUND};
use super::download::{self, Download};
use super::page::{Document, Page};
use super::query::Queries;
use super::shape::Shape;
use crate::config::{Scheme, Site};
use crate::warehouse::{Publication, Rows};

/// What is the same on all pages: `site`, but for the menu's current entry.
#[derive(Debug)]
pub(super) struct Shared {
    site: Map<String, Value>,
    schemes: Vec<Scheme>,
    /// The columns of the table `publication`.
    about: Shape,
    menu: Vec<Entry>,
    /// What pages see of downloads, by the query's name.
    downloads: BTreeMap<String, Value>,
}

#[derive(Debug)]
struct Entry {
    document: usize,
    title: String,
    path: String,
}

impl Shared {
    /// Asks the publication what it says about itself.
    pub(super) fn new(settings: &Site, publication: &Publication) -> Result<Self> {
        let about: Rows = publication.query("select * from publication")?;
        if about.len() != 1 {
            bail!("the table `publication` has {} rows instead of one", about.len());
        }
        let mut site = match about.row(0) {
            Value::Object(site) => site,
            _ => Map::new(),
        };
        site.insert("title".to_owned(), settings.title.clone().into());
        site.insert("base_url".to_owned(), settings.base_url.clone().into());
        site.insert("language".to_owned(), settings.language.clone().into());
        Ok(Self { site, schemes: settings.schemes.clone(), about: Shape::row(about.columns()), menu: Vec::new(), downloads: BTreeMap::new() })
    }

    /// Says which feeds the site has: `site.feeds`.
    pub(super) fn set_feeds(&mut self, feeds: impl Iterator<Item = Value>) {
        self.site.insert("feeds".to_owned(), feeds.collect());
    }

    /// Says what can be downloaded: `site.downloads`, and `page.downloads` of those that offer it.
    pub(super) fn set_downloads<'a>(&mut self, downloads: impl Iterator<Item = &'a Download>) {
        self.downloads = downloads.map(|download| (download.query.clone(), download.value.clone())).collect();
        self.site.insert("downloads".to_owned(), self.downloads.values().cloned().collect());
    }

    /// A field of `site` that is a text.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.site.get(name)?.as_str()
    }

    /// Where a page stands in one of the site's copies.
    pub(super) fn address<'a>(&'a self, path: &'a str, scheme: Option<Scheme>) -> Address<'a> {
        Address { path, scheme, base: address::base(path, self.text("base_url")) }
    }

    /// Makes the menu of the pages that want to be in it.
    pub(super) fn set_menu(&mut self, documents: &[Document], pages: &[Page]) {
        let mut entries: Vec<(i64, Entry)> = pages
            .iter()
            .filter_map(|page| {
                let menu = documents[page.document].front.menu.as_ref()?;
                let entry = Entry { document: page.document, title: menu.title.clone(), path: page.path.clone() };
                Some((menu.order, entry))
            })
            .collect();
        entries.sort_by(|(one, a), (other, b)| (one, &a.title, &a.path).cmp(&(other, &b.title, &b.path)));
        self.menu = entries.into_iter().map(|(_, entry)| entry).collect();
    }

    /// The shape of what the texts of a document's front matter see.
    pub(super) fn text_shape(&self, document: &Document, queries: &Queries) -> Shape {
        Shape::record(row_shape(document, queries).map(|row| ("row", row)))
    }

    /// The shape of what a document's body sees.
    pub(super) fn body_shape(&self, document: &Document, queries: &Queries) -> Shape {
        let row = row_shape(document, queries).map(|row| ("row".to_owned(), row));
        let neighbour = || Shape::scalars(["title", "path"]).with(row.clone().into_iter().collect());
        let schemes = Shape::list(Shape::scalars(["name", "href", "current"]));
        let page = Shape::scalars(["title", "path", "description", "scheme", "base"]).with(vec![
            ("previous".to_owned(), neighbour()),
            ("next".to_owned(), neighbour()),
            ("schemes".to_owned(), schemes),
            ("downloads".to_owned(), download::shape()),
        ]);
        let menu = Shape::list(Shape::scalars(["title", "path", "current"]));
        let own = ["title", "base_url", "language"].map(|name| (name.to_owned(), Shape::Scalar));
        let site = self.about.with(own.into_iter().chain([
            ("menu".to_owned(), menu),
            ("feeds".to_owned(), Shape::list(Shape::scalars(["title", "path"]))),
            ("downloads".to_owned(), download::shape()),
        ]).collect());
        let data = Shape::record(document.front.data.iter().map(|(name, data)| {
            let rows = queries.get(&data.query).map_or(Shape::Any, |answer| Shape::row(answer.rows.columns()));
            (name.clone(), Shape::list(rows))
        }));
        let rest = [("page", page), ("site", site), ("data", data)].map(|(name, shape)| (name.to_owned(), shape));
        Shape::record(row.into_iter().chain(rest))
    }

    /// The shape of what a document's layout sees.
    pub(super) fn layout_shape(&self, document: &Document, queries: &Queries) -> Shape {
        self.body_shape(document, queries).with(vec![("body".to_owned(), Shape::Scalar)])
    }

    /// The copies of the site that have a page, first the one that follows the reader's system. A web server shows one page
    /// wherever there is none.
    pub(super) fn copies(&self, path: &str) -> impl Iterator<Item = Option<Scheme>> {
        let schemes = if path == NOT_FOUND { &[][..] } else { &self.schemes };
        std::iter::once(None).chain(schemes.iter().copied().map(Some))
    }

    /// What a page sees of the copy of the site that it stands in: `page.scheme`, and `page.schemes` with links to its
    /// other copies.
    pub(super) fn scheme(&self, page: Address) -> (Value, Value) {
        let copy = |scheme: Option<Scheme>| {
            json!({
                "name": address::scheme_name(scheme),
                "href": page.link_to_scheme(scheme),
                "current": scheme == page.scheme,
            })
        };
        (address::scheme_name(page.scheme).into(), self.copies(page.path).map(copy).collect())
    }

    /// What a page sees, the same in all copies of the site.
    pub(super) fn context(&self, document: &Document, page: &Page, pages: &[Page], queries: &Queries) -> Value {
        let mut context = Map::new();
        let each = document.front.each.as_ref();
        let rows = each.and_then(|each| queries.get(&each.query)).map(|answer| &answer.rows);
        let row = |page: &Page| rows.zip(page.row.as_ref()).map(|(rows, (row, _))| rows.row(*row));
        if let Some(row) = row(page) {
            context.insert("row".to_owned(), row);
        }
        let mut data = Map::new();
        for (name, from) in &document.front.data {
            let Some(answer) = queries.get(&from.query) else { continue };
            let rows: Vec<Value> = match (each, &page.row) {
                (Some(each), Some((_, key))) => {
                    answer.of_key(&each.key, key).iter().map(|row| answer.rows.row(*row)).collect()
                }
                _ => (0..answer.rows.len()).map(|row| answer.rows.row(row)).collect(),
            };
            data.insert(name.clone(), rows.into());
        }
        context.insert("data".to_owned(), data.into());
        let offered = document.front.downloads.iter().filter_map(|query| self.downloads.get(query));
        let neighbour = |number: Option<usize>| {
            number
                .map(|number| &pages[number])
                .map(|page| json!({"title": page.title, "path": page.path, "row": row(page)}))
        };
        context.insert(
            "page".to_owned(),
            json!({
                "title": page.title,
                "path": page.path,
                "description": page.description,
                "base": address::base(&page.path, self.text("base_url")),
                "downloads": offered.collect::<Vec<_>>(),
                "previous": neighbour(page.previous),
                "next": neighbour(page.next),
            }),
        );
        let mut site = self.site.clone();
        let current = |entry: &Entry| entry.document == page.document || is_below(&page.path, &entry.path);
        let entries = self.menu.iter();
        let entries = entries.map(|entry| json!({"title": entry.title, "path": entry.path, "current": current(entry)}));
        site.insert("menu".to_owned(), entries.collect());
        context.insert("site".to_owned(), site.into());
        context.into()
    }
}

/// Whether a page stands in the folder of which `index` is the first page; all of the site's own first page do not count.
fn is_below(path: &str, index: &str) -> bool {
    index.strip_suffix("index.html").is_some_and(|folder| folder.ends_with('/') && path.starts_with(folder))
}

fn row_shape(document: &Document, queries: &Queries) -> Option<Shape> {
    let each = document.front.each.as_ref()?;
    Some(queries.get(&each.query).map_or(Shape::Any, |answer| Shape::row(answer.rows.columns())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_below_the_first_page_of_its_folder() {
        assert!(is_below("days/2026-01-01.html", "days/index.html"));
        assert!(is_below("days/index.html", "days/index.html"));
        for index in ["index.html", "day/index.html", "days/other.html", "s/index.html", "days-index.html"] {
            assert!(!is_below("days/2026-01-01.html", index), "{index}");
        }
    }
}
