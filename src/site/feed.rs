//! Atom feeds: the newest pages of the documents that ask for it. <https://www.rfc-editor.org/rfc/rfc4287>

use std::collections::BTreeMap;

use handlebars::Context;
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::address::encoded_path;
use super::front;
use super::page::{Document, Page};
use super::query::Queries;
use super::sitemap::escaped;
use super::templates::Templates;
use crate::config::Site;
use crate::problem::Problem;

/// How many entries a feed has at most.
const MOST: usize = 30;

/// A feed and its newest entries.
#[derive(Debug)]
pub(super) struct Feed {
    /// Where it stands, below the site's root.
    pub(super) path: String,
    pub(super) title: String,
    /// The number of the first document that asks for it.
    pub(super) document: usize,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    updated: Timestamp,
    title: String,
    path: String,
    summary: Option<String>,
}

/// The feeds that documents ask for, without entries: what is known before there are pages.
pub(super) fn feeds(documents: &[Document], site: &Site, problems: &mut Vec<Problem>) -> Vec<Feed> {
    let mut feeds: BTreeMap<&str, Feed> = BTreeMap::new();
    for (number, document) in documents.iter().enumerate() {
        let Some(front) = &document.front.feed else { continue };
        let title = front.title.as_ref().unwrap_or(&site.title);
        let feed = feeds.entry(&front.path).or_insert_with(|| Feed {
            path: front.path.clone(),
            title: title.clone(),
            document: number,
            entries: Vec::new(),
        });
        if feed.title != *title {
            let message = format!("the feed `{}` is called `{title}` here and `{}` elsewhere", feed.path, feed.title);
            let other = &documents[feed.document].file;
            let problem = Problem::new(document.place(&["feed"]), message);
            problems.push(problem.hint(format!("call it the same in `{}`, or give it another path", other.display())));
        }
    }
    feeds.into_values().collect()
}

impl Feed {
    /// Gives the feed its title, which is a template that knows no row.
    pub(super) fn name(&mut self, documents: &[Document], texts: &Templates, problems: &mut Vec<Problem>) {
        let document = &documents[self.document];
        if document.front.feed.as_ref().is_some_and(|feed| feed.title.is_some()) {
            match texts.render(&document.text_name(&["feed", "title"]), &Context::from(json!({}))) {
                Ok(title) => self.title = title,
                Err(problem) => problems.push(problem),
            }
        }
    }

    /// Gives the feed its newest pages.
    pub(super) fn fill(
        &mut self,
        documents: &[Document],
        pages: &[Page],
        queries: &Queries,
        texts: &Templates,
        problems: &mut Vec<Problem>,
    ) {
        let mut found: Vec<(Timestamp, &Page, &Document, &front::Feed)> = Vec::new();
        // A long list is one entry, on however many pages it stands.
        for page in pages.iter().filter(|page| page.part.as_ref().is_none_or(|part| part.number == 1)) {
            let document = &documents[page.document];
            let Some(front) = document.front.feed.as_ref().filter(|feed| feed.path == self.path) else { continue };
            match updated(document, page, queries, texts) {
                Ok(updated) => found.push((updated, page, document, front)),
                Err(problem) => problems.push(problem),
            }
        }
        found.sort_by(|(one, a, ..), (other, b, ..)| (other, &a.path).cmp(&(one, &b.path)));
        for (updated, page, document, front) in found.into_iter().take(MOST) {
            let summary =
                front.summary.as_ref().map(|_| document.text(&["feed", "summary"], page, queries, texts)).transpose();
            match summary {
                Ok(summary) => {
                    let (title, path) = (page.title.clone(), page.path.clone());
                    self.entries.push(Entry { updated, title, path, summary });
                }
                Err(problem) => problems.push(problem),
            }
        }
    }

    /// The feed of the site at `base_url`; one without entries is as old as the site's data, `otherwise`.
    pub(super) fn xml(&self, site: &Site, base_url: &str, otherwise: Option<&str>) -> String {
        let address = |path: &str| escaped(&format!("{base_url}{}", encoded_path(path)));
        let entry = |entry: &Entry| {
            let (title, address) = (escaped(&entry.title), address(&entry.path));
            let summary = entry.summary.as_ref().map(|text| format!("<summary>{}</summary>\n", escaped(text)));
            format!(
                "<entry>\n<title>{title}</title>\n<id>{address}</id>\n\
                 <link rel=\"alternate\" type=\"text/html\" href=\"{address}\"/>\n\
                 <updated>{}</updated>\n{}</entry>\n",
                entry.updated,
                summary.unwrap_or_default()
            )
        };
        let newest = self.entries.iter().map(|entry| entry.updated).max();
        let updated = newest.or_else(|| time(otherwise?)).unwrap_or(Timestamp::UNIX_EPOCH);
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{language}\">\n\
             <title>{title}</title>\n<id>{own}</id>\n\
             <link rel=\"self\" type=\"application/atom+xml\" href=\"{own}\"/>\n\
             <link rel=\"alternate\" type=\"text/html\" href=\"{site_address}\"/>\n\
             <updated>{updated}</updated>\n<author><name>{author}</name></author>\n\
             <generator>torcollect</generator>\n{entries}</feed>\n",
            language = escaped(&site.language),
            title = escaped(&self.title),
            own = address(&self.path),
            site_address = escaped(base_url),
            author = escaped(&site.title),
            entries = self.entries.iter().map(entry).collect::<String>(),
        )
    }

    /// What pages see of it.
    pub(super) fn value(&self) -> Value {
        json!({"title": self.title, "path": self.path})
    }
}

fn updated(document: &Document, page: &Page, queries: &Queries, texts: &Templates) -> Result<Timestamp, Problem> {
    let text = document.text(&["feed", "updated"], page, queries, texts)?;
    time(&text).ok_or_else(|| {
        let place = document.place(&["feed", "updated"]);
        let message = format!("`updated` is `{}` on the page `{}`, which is no day", text.escape_debug(), page.path);
        Problem::new(place, message).hint("it is a day, `2026-01-31`, or a time, `2026-01-31T12:00:00Z`")
    })
}

/// A day, which begins at midnight UTC, or a time.
fn time(text: &str) -> Option<Timestamp> {
    let day = || format!("{}T00:00:00Z", text.parse::<Date>().ok()?).parse().ok();
    if text.contains('T') { text.parse().ok() } else { day() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::time;

    #[test]
    fn a_day_begins_at_midnight_and_a_time_needs_its_zone() {
        let read = |text: &str| time(text).map(|time| time.to_string());
        assert_eq!(read("2026-01-31").unwrap(), "2026-01-31T00:00:00Z");
        assert_eq!(read("2026-01-31T12:00:00+02:00").unwrap(), "2026-01-31T10:00:00Z");
        assert_eq!(read("2026-01-31T12:00:00.5Z").unwrap(), "2026-01-31T12:00:00.5Z");
        for text in ["", "?", "2026-02-30", "2026-01-31T12:00:00", "31 January 2026", "20260131 "] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
