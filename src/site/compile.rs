//! From the files of a theme and its content to compiled templates.

use anyhow::Result;
use handlebars::Template;

use super::helpers::Known;
use super::lookup::{Lookup, Part};
use super::markdown;
use super::page::Document;
use super::source::Source;
use super::templates::{self, Templates};
use crate::problem::Problem;

/// Compiles all templates: those of pages, and those of titles, paths and descriptions, whose results are data.
pub(super) fn compiled(
    lookup: &Lookup,
    documents: &[Document],
    known: &Known,
    problems: &mut Vec<Problem>,
) -> Result<(Templates, Templates)> {
    let mut pages = Templates::new(known, true);
    let mut texts = Templates::new(known, false);
    let partials = lookup.files(Part::Partials)?;
    for (path, found) in &partials {
        let Some(name) = templates::name_of(path) else { continue };
        pages.declare_partial(&name, found.iter().map(|found| found.layer).collect());
    }
    for (path, found) in &partials {
        let Some(name) = templates::name_of(path) else { continue };
        for found in found {
            let added = found.text()?.and_then(|text| {
                let name = pages.partial(&name, found.layer);
                pages.add(&name, Source::file(found.shown.clone(), text), found.layer)
            });
            problems.extend(added.err());
        }
    }
    for (path, found) in lookup.files(Part::Layouts)? {
        let Some(name) = templates::name_of(&path) else { continue };
        let added = found[0].text()?.and_then(|text| {
            pages.add(&templates::layout(&name), Source::file(found[0].shown.clone(), text), found[0].layer)
        });
        // A layout that nobody can use is missing as well; that it is wrong says enough.
        if let Err(problem) = added {
            problems.push(problem);
            let empty = Source::file(found[0].shown.clone(), String::new());
            problems.extend(pages.add(&templates::layout(&name), empty, found[0].layer).err());
        }
    }
    for document in documents {
        problems.extend(body(document, &mut pages).err());
        for (name, source) in document.texts() {
            problems.extend(texts.add(&name, source, document.layer).err());
        }
        let layout = document.layout();
        if pages.get(&templates::layout(layout)).is_none() {
            let known: Vec<String> =
                lookup.files(Part::Layouts)?.keys().filter_map(|path| templates::name_of(path)).collect();
            let problem = Problem::new(document.place(&["layout"]), format!("there is no layout `{layout}`"));
            let hint = format!("write it into `layouts/{layout}.hbs` of a theme");
            problems.push(problem.hint(hint).suggest(layout, known.iter().map(String::as_str)));
        }
    }
    Ok((pages, texts))
}

/// Compiles a document's body. It is tried as it stands first, because there a mistake can be shown.
fn body(document: &Document, templates: &mut Templates) -> Result<(), Problem> {
    let lines = document.text[..document.body].matches('\n').count();
    let plain = format!("{}{}", "\n".repeat(lines), &document.text[document.body..]);
    let plain = Source::file(document.file.clone(), plain);
    Template::compile(plain.text()).map_err(|error| templates::syntax(&plain, &error))?;
    let (made, places) = markdown::template(&document.text, document.body);
    let source = Source::made(document.file.clone(), document.text.clone(), made, places);
    templates.add(&document.body_name(), source, document.layer).map_err(|problem| Problem {
        message: "Markdown tears this block apart".to_owned(),
        hint: Some("put its beginning and its end on lines of their own, or both into one paragraph".to_owned()),
        ..problem
    })
}
