//! What the project and its own themes have and no page of the site uses: queries, layouts and partials. Of the themes in
//! the program nothing is named: what they have is for everybody.

use std::collections::BTreeSet;

use anyhow::Result;

use super::lookup::{Found, Lookup, Part};
use super::page::Document;
use crate::problem::{Place, Problem};

/// A problem for each of these files that is not used: `reached` are the templates that pages are made from, `asked` the
/// queries.
pub(super) fn unused(
    lookup: &Lookup,
    documents: &[Document],
    reached: &BTreeSet<&str>,
    asked: &BTreeSet<String>,
) -> Result<Vec<Problem>> {
    let layouts: BTreeSet<&str> = documents.iter().map(Document::layout).collect();
    let mut problems = Vec::new();
    for (part, extension, message) in [
        (Part::Queries, ".sql", "no page uses this query"),
        (Part::Layouts, ".hbs", "no page has this layout"),
        (Part::Partials, ".hbs", "nothing that a page uses includes this partial"),
    ] {
        for (path, found) in lookup.files(part)? {
            let Some(name) = path.to_str().and_then(|path| path.strip_suffix(extension)) else { continue };
            let is_used = match part {
                Part::Queries => asked.contains(name),
                Part::Layouts => layouts.contains(name),
                _ => reached.contains(name),
            };
            // What is shadowed belongs to a theme that other sites may use.
            // What shadows a file of a theme in the program may wait for a page that shows it, as that does.
            let first = found.first().filter(|_| !is_used && !found.iter().any(Found::is_embedded));
            problems.extend(first.map(|first| Problem::new(Place::file(&first.shown), message)));
        }
    }
    Ok(problems)
}
