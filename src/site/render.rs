//! Making the pages of a plan, in parallel.
//!
//! Pages are held back until all are made, as long as they fit into [`HELD`] bytes; so of a site of common size nothing is
//! given away before every page has been made. A larger one goes out in waves, and a problem in a later page finds earlier
//! ones given away already, each of them whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use handlebars::Context;
use rayon::prelude::*;

use super::copied::Copied;
use super::page::Page;
use super::pictures::Pictures;
use super::plan::Plan;
use super::searched::Searched;
use super::templates;
use super::{Content, File, FileKind};
use crate::config::Scheme;
use crate::graphics::sheet::MOST;
use crate::problem::{Kind, Problem, Problems};

/// Bytes of pages that are held back at most.
const HELD: usize = 64 << 20;
/// Pages that are made at a time.
const WAVE: usize = 256;

/// Takes the site's files, many at a time.
pub type Sink<'a> = dyn FnMut(Vec<File>) -> Result<()> + 'a;

impl Plan {
    /// Makes all files that are copied and the pages of these numbers, in this order, and hands them to `sink`. For each page
    /// the paths of its files, with those that it shares.
    ///
    /// # Errors
    /// [`Problems`] that single rows bring about, and all that leaks; or whatever the sink returned.
    pub fn make(&self, wanted: &[usize], sink: &mut Sink) -> Result<Vec<(usize, Vec<PathBuf>)>> {
        let searched = Searched::new(&self.leaks);
        let copy = |file: &Copied| {
            let content = Content::Bytes(file.bytes()?);
            searched.look_copied(file, &content);
            Ok(File { content, path: file.path.clone(), kind: file.kind })
        };
        let mut held: Vec<File> = self.copied.par_iter().map(copy).collect::<Result<_>>()?;
        self.made.iter().for_each(|file| searched.look_made(file));
        held.extend(self.made.iter().cloned());
        let mut bytes = held.iter().map(size).sum();
        let mut pictures: BTreeSet<PathBuf> = BTreeSet::new();
        let mut failed: BTreeMap<Problem, Vec<&str>> = BTreeMap::new();
        let mut paths = Vec::with_capacity(wanted.len());
        for wave in wanted.chunks(WAVE) {
            let searched_page = |number: &usize| {
                let page = &self.pages[*number];
                let origin = &self.documents[page.document].file;
                self.page(page).inspect(|files| {
                    files.iter().for_each(|file| searched.look(&page.path, &file.content, origin));
                })
            };
            let made: Vec<_> = wave.par_iter().map(searched_page).collect();
            for (number, made) in wave.iter().zip(made) {
                match made {
                    Ok(files) => {
                        paths.push((*number, files.iter().map(|file| file.path.clone()).collect()));
                        // Pages can share a picture, and the copies of a page do.
                        held.extend(files.into_iter().filter(|file| {
                            bytes += size(file);
                            file.kind != FileKind::Picture || pictures.insert(file.path.clone())
                        }));
                    }
                    Err(problem) => failed.entry(problem).or_default().push(&self.pages[*number].path),
                }
            }
            if !failed.is_empty() || !searched.is_clean() {
                held.clear();
            } else if bytes > HELD {
                sink(std::mem::take(&mut held))?;
                bytes = 0;
            }
        }
        let failed = failed.into_iter().map(|(problem, pages)| on_pages(problem, &pages));
        Problems::check(Kind::Content, failed.chain(searched.problems()).collect())?;
        sink(held)?;
        Ok(paths)
    }

    /// A page in all copies of the site, and its pictures.
    fn page(&self, page: &Page) -> Result<Vec<File>, Problem> {
        self.copies(page, self.shared.copies(&page.path), false)
    }

    /// A page in these copies of the site, and its pictures; `alone` if it is to be one file, with each sparkline as a picture
    /// of its own: a sheet would be there once for each.
    pub(super) fn copies(
        &self,
        page: &Page,
        schemes: impl Iterator<Item = Option<Scheme>>,
        alone: bool,
    ) -> Result<Vec<File>, Problem> {
        let document = &self.documents[page.document];
        let mut context = Context::from(self.shared.context(document, page, &self.pages, &self.queries));
        let mut files = Vec::new();
        context.data_mut()["page"]["alone"] = alone.into();
        for scheme in schemes {
            let address = self.shared.address(&page.path, scheme);
            let (name, copies) = self.shared.scheme(address);
            context.data_mut()["page"]["scheme"] = name;
            context.data_mut()["page"]["schemes"] = copies;
            let pictures = Pictures::new(&self.colors, if alone { 1 } else { MOST });
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
