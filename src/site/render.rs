//! Making the site: everything is read and checked first, then the pages are made in parallel.
//!
//! Pages are held back until all are made, as long as they fit into [`HELD`] bytes; so of a site of common size nothing is
//! written before every page has been made. A larger one goes out in waves, and a problem in a later page finds earlier
//! ones given away already, each of them whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use handlebars::Context;
use rayon::prelude::*;

use super::address::NOT_FOUND;
use super::check::{self, Found};
use super::compile::compiled;
use super::context::Shared;
use super::copied::{Copied, copied};
use super::extras::Extras;
use super::lookup::{DEFAULT, Embedded, Lookup};
use super::page::{self, Document, Page};
use super::paths::Paths;
use super::pictures::Pictures;
use super::query::Queries;
use super::templates::{self, Templates};
use super::{Content, File, FileKind, Input, Summary};
use crate::config::Scheme;
use crate::graphics::Colors;
use crate::problem::{Kind, Place, Problem, Problems};

/// Bytes of pages that are held back at most.
const HELD: usize = 64 << 20;
/// Pages that are made at a time.
const WAVE: usize = 256;

/// Takes the site's files, from several threads and in any order.
pub type Sink<'a> = dyn Fn(File) -> Result<()> + Sync + 'a;

/// Makes the site and hands its files to `sink`.
///
/// # Errors
/// [`Problems`] with all that is wrong in content, queries and templates; or whatever the sink returned.
pub fn render(input: &Input, sink: &Sink) -> Result<Summary> {
    render_with(input, DEFAULT, sink)
}

/// [`render`] with another theme in the program.
pub(super) fn render_with(input: &Input, embedded: Embedded, sink: &Sink) -> Result<Summary> {
    let settings = input.project.shown(&input.project.site());
    let (lookup, mut problems) = Lookup::new(input.project, &input.site.theme, embedded);
    let mut paths = Paths::default();
    let copied = copied(input, &lookup, &mut problems)?;
    let mut documents = page::documents(&lookup, &input.site.disable, &settings, &mut problems)?;
    if copied.iter().any(|file| file.path == Path::new(NOT_FOUND)) {
        documents.retain(|document| document.layer == 0 || !document.is_not_found());
    }

    let asked = documents.iter().flat_map(Document::queries).map(|(name, _)| name).collect::<BTreeSet<_>>();
    let mut queries = Queries::run(&lookup, &asked, input.publication, &mut problems)?;
    let mut extras = Extras::new(&documents, &queries, input.site, &mut problems)?;
    let (pages_templates, texts) = compiled(&lookup, &documents, &extras.names(&copied), &mut problems)?;
    let mut shared =
        Shared::new(input.site, input.publication).context("cannot read what the publication says about itself")?;
    extras.show(&mut shared);

    let mut pages = Vec::new();
    for (number, document) in documents.iter().enumerate() {
        let wrong = check_document(document, &shared, &mut queries, &pages_templates, &texts);
        let sound = wrong.is_empty() && document.texts().iter().all(|(name, _)| texts.get(name).is_some());
        problems.extend(wrong);
        if sound {
            document.expand(number, &queries, &texts, &mut paths, &mut pages, &mut problems);
        }
    }
    problems.extend(copies(&shared, &documents, &pages, &mut paths));
    for file in &copied {
        let place = Place::file(&file.shown);
        match file.path.to_str() {
            Some(path) => problems.extend(paths.claim(path, file.shown.display().to_string(), &place)),
            None => problems.push(Problem::new(place, "the file's name is not UTF-8")),
        }
    }
    extras.fill(&documents, &pages, &queries, &texts, &mut problems);
    let made = extras.files(input.site, &shared, (&documents, &pages, &copied), &mut paths, &mut problems);
    Problems::check(Kind::Content, merged(problems))?;

    shared.set_menu(&documents, &pages);
    let site = Site {
        documents: &documents,
        pages: &pages,
        queries: &queries,
        templates: &pages_templates,
        shared: &shared,
        colors: lookup.colors(),
    };
    site.make(&copied, made, sink)?;
    Ok(Summary { pages: pages.len(), queries: queries.len(), query_runs: queries.runs })
}

/// Takes the paths of the site's copies.
fn copies(shared: &Shared, documents: &[Document], pages: &[Page], paths: &mut Paths) -> Vec<Problem> {
    let claim = |(scheme, page): (Scheme, &Page)| {
        let path = shared.address(&page.path, Some(scheme)).place();
        let document = &documents[page.document];
        let owner = format!("the {scheme} copy of `{}`", page.path);
        let problem = paths.claim(&path, owner, &document.place(&["path"]))?;
        Some(problem.hint("use another path, or list no `schemes` in `site/site.yaml`"))
    };
    let copies = |page| shared.copies(page).flatten();
    pages.iter().flat_map(|page| copies(&page.path).map(move |scheme| (scheme, page))).filter_map(claim).collect()
}

fn check_document(
    document: &Document,
    shared: &Shared,
    queries: &mut Queries,
    pages: &Templates,
    texts: &Templates,
) -> Vec<Problem> {
    let mut problems = document.problems(queries);
    let mut found = Found::default();
    let text = shared.text_shape(document, queries);
    for (name, _) in document.texts() {
        check::check(texts, &name, &text, &mut found);
    }
    check::check(pages, &document.body_name(), &shared.body_shape(document, queries), &mut found);
    let layout = templates::layout(document.layout());
    check::check(pages, &layout, &shared.layout_shape(document, queries), &mut found);
    problems.extend(found.problems());
    problems
}

/// Problems with the same place and message are one, whatever their hints.
fn merged(problems: Vec<Problem>) -> Vec<Problem> {
    let mut by_place: BTreeMap<(Option<Place>, String), Problem> = BTreeMap::new();
    for problem in problems {
        by_place.entry((problem.place.clone(), problem.message.clone())).or_insert(problem);
    }
    by_place.into_values().collect()
}

/// All that pages are made from.
struct Site<'a> {
    documents: &'a [Document],
    pages: &'a [Page],
    queries: &'a Queries,
    templates: &'a Templates,
    shared: &'a Shared,
    colors: &'a Colors,
}

impl Site<'_> {
    /// Gives all files away: `copied` first, because pages need some of them, and what is `made` beside pages.
    fn make(&self, copied: &[Copied], made: Vec<File>, sink: &Sink) -> Result<()> {
        let copy = |file: &Copied| {
            let content = Content::Bytes(file.bytes()?);
            sink(File { content, path: file.path.clone(), kind: file.kind })
        };
        let mut copied = Some(copied);
        let mut give = |files: Vec<File>| -> Result<()> {
            copied.take().unwrap_or_default().par_iter().try_for_each(copy)?;
            // Whoever reads a page at this moment, or finds what a killed build left, finds its pictures too.
            let (pages, others): (Vec<File>, Vec<File>) =
                files.into_iter().partition(|file| file.kind == FileKind::Page);
            others.into_par_iter().try_for_each(sink)?;
            pages.into_par_iter().try_for_each(sink)
        };
        let mut held: Vec<File> = made;
        let mut bytes = 0;
        let mut pictures: BTreeSet<PathBuf> = BTreeSet::new();
        let mut failed: BTreeMap<Problem, Vec<&str>> = BTreeMap::new();
        for wave in self.pages.chunks(WAVE) {
            let made: Vec<_> = wave.par_iter().map(|page| self.page(page)).collect();
            for (page, made) in wave.iter().zip(made) {
                match made {
                    // Pages can share a picture, and the copies of a page do.
                    Ok(files) => held.extend(files.into_iter().filter(|file| {
                        bytes += size(file);
                        file.kind != FileKind::Picture || pictures.insert(file.path.clone())
                    })),
                    Err(problem) => failed.entry(problem).or_default().push(&page.path),
                }
            }
            if bytes > HELD && failed.is_empty() {
                give(std::mem::take(&mut held))?;
                bytes = 0;
            }
            if !failed.is_empty() {
                held.clear();
            }
        }
        Problems::check(Kind::Content, failed.into_iter().map(|(problem, pages)| on_pages(problem, &pages)).collect())?;
        give(held)
    }

    /// A page in all copies of the site, and its pictures.
    fn page(&self, page: &Page) -> Result<Vec<File>, Problem> {
        let document = &self.documents[page.document];
        let mut context = Context::from(self.shared.context(document, page, self.pages, self.queries));
        let mut files = Vec::new();
        for scheme in self.shared.copies(&page.path) {
            let address = self.shared.address(&page.path, scheme);
            let (name, copies) = self.shared.scheme(address);
            context.data_mut()["page"]["scheme"] = name;
            context.data_mut()["page"]["schemes"] = copies;
            let pictures = Pictures::new(self.colors);
            let body = self.templates.render_page(&document.body_name(), &context, &pictures)?;
            context.data_mut()["body"] = body.into();
            let layout = templates::layout(document.layout());
            let html = self.templates.render_page(&layout, &context, &pictures)?;
            if let Some(fields) = context.data_mut().as_object_mut() {
                fields.remove("body");
            }
            let (html, drawings) = pictures.finish(html, &address);
            let content = Content::Bytes(html.into_bytes());
            files.push(File { path: address.place().into(), content, kind: FileKind::Page });
            files.extend(drawings.into_iter().map(|(path, drawing)| File {
                path,
                content: Content::Picture(drawing),
                kind: FileKind::Picture,
            }));
        }
        Ok(files)
    }
}

/// About how many bytes of memory a file takes before it is written.
fn size(file: &File) -> usize {
    match &file.content {
        Content::Bytes(bytes) => bytes.len(),
        Content::Picture(drawing) => drawing.size(),
        // Its rows are there whether it is written or not.
        Content::Table(_) => 0,
    }
}

/// The same problem on several pages is one, which names the first of them.
fn on_pages(problem: Problem, pages: &[&str]) -> Problem {
    let first = pages.first().copied().unwrap_or_default();
    let others = match pages.len().saturating_sub(1) {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    Problem { message: format!("{} (page `{first}`{others})", problem.message), ..problem }
}
