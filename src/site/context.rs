//! What the templates of a page see: `row`, `data`, `page` and `site`; as a shape before, as JSON when the page is made.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use serde_json::{Map, Value, json};

use super::address::{self, Address, NOT_FOUND};
use super::check::Uses;
use super::download::{self, Download};
use super::extra;
use super::page::{Document, Page};
use super::query::{Queries, Selection};
use super::shape::Shape;
use super::{paginate, tree};
use crate::config::{Scheme, Site};
use crate::hash;
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

/// An entry of the menu, and those of its section below it.
#[derive(Debug)]
struct Entry {
    document: usize,
    title: String,
    path: String,
    children: Vec<Self>,
}

/// How deep a menu's shape is known; what is below is not checked before a page is made.
const MENU_LEVELS: usize = 4;

impl Shared {
    /// Asks the publication what it says about itself.
    pub(super) fn new(settings: &Site, themes: &extra::Values, publication: &Publication) -> Result<Self> {
        let about: Rows = publication.query("select * from publication")?;
        if about.len() != 1 {
            bail!("the table `publication` has {} rows instead of one", about.len());
        }
        let mut site = match about.row(0) {
            Value::Object(site) => site,
            _ => Map::new(),
        };
        // A publication that an older torcollect wrote does not say it.
        let organization = ("organization_name".to_owned(), Shape::Scalar);
        site.entry(&organization.0).or_insert(Value::Null);
        site.insert("title".to_owned(), settings.title.clone().into());
        site.insert("base_url".to_owned(), settings.base_url.clone().into());
        site.insert("language".to_owned(), settings.language.clone().into());
        site.insert("extra".to_owned(), extra::merged([settings.extra.clone(), themes.clone()]).into());
        Ok(Self {
            site,
            schemes: settings.schemes.clone(),
            about: Shape::row(about.columns()).with(vec![organization]),
            menu: Vec::new(),
            downloads: BTreeMap::new(),
        })
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

    /// Makes the menu of the pages that want to be in it. An entry stands below that of the nearest section around it; the
    /// site's first page is an entry like others.
    pub(super) fn set_menu(&mut self, documents: &[Document], pages: &[Page]) {
        let first = |page: &&Page| page.part.as_ref().is_none_or(|part| part.number == 1);
        let menu = |page: &Page| documents[page.document].front.menu.as_ref();
        let mut entries: Vec<(i64, &str, &Page)> = pages
            .iter()
            .filter(first)
            .filter_map(|page| Some((menu(page)?.order, page.menu.as_deref()?, page)))
            .collect();
        entries.sort_by_key(|(order, title, page)| (*order, *title, page.path.as_str()));
        let mut below: BTreeMap<Option<usize>, Vec<(&str, &Page)>> = BTreeMap::new();
        for (_, title, page) in entries {
            let above = tree::trail(page, pages);
            let above = above.into_iter().rev().find(|page| page.path != tree::FIRST && menu(page).is_some());
            below.entry(above.map(|page| page.number)).or_default().push((title, page));
        }
        self.menu = entries_below(None, &below);
    }

    /// The shape of what the texts of a document's front matter see.
    pub(super) fn text_shape(&self, document: &Document, queries: &Queries) -> Shape {
        Shape::record(row_shape(document, queries).map(|row| ("row", row)))
    }

    /// The shape of what a document's body sees.
    pub(super) fn body_shape(&self, document: &Document, queries: &Queries) -> Shape {
        let row = row_shape(document, queries).map(|row| ("row".to_owned(), row));
        let neighbour = || Shape::scalars(["title", "path"]).with(row.clone().into_iter().collect());
        let place = || Shape::scalars(["title", "path"]);
        let records = [
            ("previous", neighbour()),
            ("next", neighbour()),
            ("schemes", Shape::list(Shape::scalars(["name", "href", "current"]))),
            ("section", place()),
            ("trail", Shape::list(place())),
            ("children", Shape::list(Shape::scalars(["title", "path", "description"]))),
            ("pages", paginate::shape()),
            ("downloads", download::shape()),
        ];
        let page = Shape::scalars(["title", "path", "description", "scheme", "base", "alone"])
            .with(records.into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect());
        let menu = Shape::list(menu_shape(MENU_LEVELS));
        let own = ["title", "base_url", "language"].map(|name| (name.to_owned(), Shape::Scalar));
        let more = [
            ("menu".to_owned(), menu),
            ("extra".to_owned(), extra::shape(&self.site["extra"])),
            ("feeds".to_owned(), Shape::list(Shape::scalars(["title", "path"]))),
            ("downloads".to_owned(), download::shape()),
        ];
        let site = self.about.with(own.into_iter().chain(more).collect());
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
        let row = |page: &Page| row(document, page, queries).map(|(rows, number)| rows.row(number));
        if let Some(row) = row(page) {
            context.insert("row".to_owned(), row);
        }
        let data = data(document, page, queries);
        let data =
            data.map(|(name, rows, numbers)| (name.to_owned(), numbers.rows().map(|row| rows.row(row)).collect()));
        context.insert("data".to_owned(), Value::Object(data.collect()));
        let mut about = self.page(document, page, pages);
        for (neighbour, number) in [("previous", page.previous), ("next", page.next)] {
            if let Some(row) = number.and_then(|number| row(&pages[number])) {
                about[neighbour]["row"] = row;
            }
        }
        context.insert("page".to_owned(), about);
        context.insert("site".to_owned(), self.site(page).into());
        context.into()
    }

    /// `page`, without the rows of its neighbours and what differs between the copies of the site.
    fn page(&self, document: &Document, page: &Page, pages: &[Page]) -> Value {
        let offered = document.front.downloads.iter().filter_map(|query| self.downloads.get(query)).cloned();
        let neighbour = |number: Option<usize>| {
            number.map(|number| &pages[number]).map(|page| json!({"title": page.title, "path": page.path, "row": null}))
        };
        let place = |page: &Page| json!({"title": page.title, "path": page.path});
        let child = |number: &usize| {
            let page = &pages[*number];
            json!({"title": page.title, "path": page.path, "description": page.description})
        };
        json!({
            "title": page.title,
            "path": page.path,
            "description": page.description,
            "base": address::base(&page.path, self.text("base_url")),
            "downloads": offered.collect::<Value>(),
            "previous": neighbour(page.previous),
            "next": neighbour(page.next),
            "section": page.parent.map(|parent| place(&pages[parent])),
            "trail": tree::trail(page, pages).into_iter().map(place).collect::<Value>(),
            "children": page.children.iter().map(child).collect::<Value>(),
            "pages": paginate::context(page, pages),
        })
    }

    /// `site`, as that page sees it.
    fn site(&self, page: &Page) -> Map<String, Value> {
        let mut site = self.site.clone();
        site.insert("menu".to_owned(), self.menu.iter().map(|entry| entry.seen_from(page)).collect());
        site
    }

    /// The fingerprints of what only this page of a document sees, with what each is of. Of `site` only what the
    /// templates name counts.
    pub(super) fn fingerprints(
        &self,
        document: &Document,
        page: &Page,
        pages: &[Page],
        queries: &Queries,
        uses: &Uses,
    ) -> Vec<(String, u64)> {
        let of_row = |page: &Page| row(document, page, queries).map_or(0, |(rows, number)| rows.fingerprints()[number]);
        let neighbour = |number: Option<usize>| number.map_or(0, |number| of_row(&pages[number]));
        let site = self.site(page).into_iter();
        let site: Map<String, Value> =
            site.filter(|(name, _)| uses.whole_site || uses.names.contains(name.as_str())).collect();
        let mut found = vec![
            ("its place in the site".to_owned(), hash::of(self.page(document, page, pages).to_string().as_bytes())),
            ("what it shows of the site".to_owned(), hash::of(Value::Object(site).to_string().as_bytes())),
        ];
        if document.front.each.is_some() {
            found.push(("its row".to_owned(), of_row(page)));
            found.push(("the row of the page before".to_owned(), neighbour(page.previous)));
            found.push(("the row of the page after".to_owned(), neighbour(page.next)));
        }
        found.extend(data(document, page, queries).map(|(name, rows, numbers)| {
            let rows_of_page = numbers.rows().map(|row| rows.fingerprints()[row]);
            let columns = std::iter::once(rows.fingerprint_of_columns());
            (format!("the rows of `{name}`"), hash::all(columns.chain(rows_of_page)))
        }));
        found
    }
}

/// The row that a page is made of.
fn row<'a>(document: &Document, page: &Page, queries: &'a Queries) -> Option<(&'a Rows, usize)> {
    let answer = queries.get(&document.front.each.as_ref()?.query)?;
    Some((&answer.rows, page.row.as_ref()?.0))
}

/// What a page has in its `data`: names, and for each the query's rows and the numbers of the page's own.
fn data<'a>(
    document: &'a Document,
    page: &'a Page,
    queries: &'a Queries,
) -> impl Iterator<Item = (&'a str, &'a Rows, Selection)> {
    document.front.data.keys().filter_map(move |name| {
        let (answer, selection) = document.rows(name, page, queries)?;
        Some((name.as_str(), &answer.rows, selection))
    })
}

impl Entry {
    /// The entry as it stands on a page.
    fn seen_from(&self, page: &Page) -> Value {
        json!({
            "title": self.title,
            "path": self.path,
            "current": self.document == page.document || is_below(&page.path, &self.path),
            "children": self.children.iter().map(|entry| entry.seen_from(page)).collect::<Value>(),
        })
    }
}

/// The entries below one page's, and those below them.
fn entries_below(above: Option<usize>, below: &BTreeMap<Option<usize>, Vec<(&str, &Page)>>) -> Vec<Entry> {
    let entry = |(title, page): &(&str, &Page)| Entry {
        document: page.document,
        title: (*title).to_owned(),
        path: page.path.clone(),
        children: entries_below(Some(page.number), below),
    };
    below.get(&above).into_iter().flatten().map(entry).collect()
}

fn menu_shape(levels: usize) -> Shape {
    let children = if levels == 0 { Shape::Any } else { menu_shape(levels - 1) };
    Shape::scalars(["title", "path", "current"]).with(vec![("children".to_owned(), Shape::list(children))])
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
