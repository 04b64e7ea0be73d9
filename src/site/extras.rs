//! What a site has beside its pages, pictures and copied files: feeds, downloads, and the files for search engines and hosts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;

use super::context::Shared;
use super::copied::Copied;
use super::download::{Download, Format, downloads};
use super::feed::{Feed, feeds};
use super::helpers::Files;
use super::page::{Document, Page};
use super::paths::Paths;
use super::query::Queries;
use super::sitemap;
use super::templates::Templates;
use super::{Content, File, FileKind};
use crate::config::Site;
use crate::problem::{Place, Problem};

/// What documents ask for beside their pages.
#[derive(Debug)]
pub(super) struct Extras {
    feeds: Vec<Feed>,
    downloads: BTreeMap<String, Download>,
}

impl Extras {
    /// Gathers it; feeds only where the site has an address, because all that stands in them has one.
    pub(super) fn new(
        documents: &[Document],
        queries: &Queries,
        site: &Site,
        problems: &mut Vec<Problem>,
    ) -> Result<Self> {
        let feeds = if site.base_url.is_some() { feeds(documents, site, problems) } else { Vec::new() };
        Ok(Self { feeds, downloads: downloads(documents, queries, problems)? })
    }

    /// All files that templates can link, by the paths under which they know them.
    pub(super) fn names(&self, copied: &[Copied]) -> Files {
        let copied = copied.iter().filter_map(|file| Some((file.name.to_str()?, file.path.to_str()?)));
        let copied = copied.map(|(name, path)| (name.to_owned(), path.to_owned()));
        let feeds = self.feeds.iter().map(|feed| feed.path.clone());
        let tables = self.downloads.keys().flat_map(|query| Format::ALL.map(|format| format.path(query)));
        Arc::new(feeds.chain(tables).map(|path| (path.clone(), path)).chain(copied).collect())
    }

    /// Lets pages see it, its titles in the site's language.
    pub(super) fn show(
        &mut self,
        shared: &mut Shared,
        documents: &[Document],
        texts: &Templates,
        problems: &mut Vec<Problem>,
    ) {
        for feed in &mut self.feeds {
            feed.name(documents, texts, problems);
        }
        shared.set_feeds(self.feeds.iter().map(Feed::value));
        shared.set_downloads(self.downloads.values());
    }

    /// Gives feeds their entries.
    pub(super) fn fill(
        &mut self,
        documents: &[Document],
        pages: &[Page],
        queries: &Queries,
        texts: &Templates,
        problems: &mut Vec<Problem>,
    ) {
        for feed in &mut self.feeds {
            feed.fill(documents, pages, queries, texts, problems);
        }
    }

    /// Takes the paths of all these files. Where the site has a page or a file of its own in the place of what is made for
    /// search engines and hosts, that stays.
    pub(super) fn files(
        &self,
        site: &Site,
        shared: &Shared,
        (documents, pages, copied): (&[Document], &[Page], &[Copied]),
        paths: &mut Paths,
        problems: &mut Vec<Problem>,
    ) -> Vec<File> {
        let mut files = Vec::new();
        for download in self.downloads.values() {
            for (table, format) in download.tables.iter().zip(Format::ALL) {
                let path = format.path(&download.query);
                let owner = format!("the rows of the query `{}`", download.query);
                problems.extend(paths.claim(&path, owner, &Place::file(&download.file)));
                let content = Content::Table(table.clone());
                files.push(File { path: path.into(), content, kind: FileKind::Download });
            }
        }
        for (feed, base_url) in self.feeds.iter().zip(site.base_url.iter().cycle()) {
            let document = &documents[feed.document];
            let owner = format!("the feed of {}", document.file.display());
            problems.extend(paths.claim(&feed.path, owner, &document.place(&["feed", "path"])));
            let xml = feed.xml(site, base_url, shared.text("newest_run"));
            files.push(index(feed.path.clone(), xml.into_bytes()));
        }
        for (path, bytes) in sitemap::files(site, pages) {
            let taken =
                pages.iter().any(|page| page.path == path) || copied.iter().any(|file| file.path == Path::new(&path));
            if !taken {
                problems.extend(paths.claim(&path, format!("the site's `{path}`"), &Place::file("site/site.yaml")));
                files.push(index(path, bytes));
            }
        }
        files
    }
}

fn index(path: String, bytes: Vec<u8>) -> File {
    File { path: path.into(), content: Content::Bytes(bytes), kind: FileKind::Index }
}
