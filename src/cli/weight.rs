//! What pages weigh, as `build` and `check` see it and say it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rayon::prelude::*;
use torcollect::config::{Compress, Site};
use torcollect::fs;
use torcollect::graphics::is_whole;
use torcollect::output::{Effort, Facts, Role, Scale, Weight, above, links, on_the_wire, size};
use torcollect::problem::Problem;
use torcollect::project::Project;
use torcollect::site::{Content, File, FileKind, Plan};

use super::Terminal;

/// Makes a site and weighs its pages, and writes nothing; `keep` is given each file. A picture that stands in `folder`
/// is not drawn, for its name stands for its content; any other is given away drawn.
pub(super) fn weigh(
    plan: &Plan,
    compress: Compress,
    folder: &Path,
    keep: impl Fn(File) + Sync,
) -> Result<BTreeMap<PathBuf, Facts>> {
    let scale = Scale::default();
    let all: Vec<usize> = (0..plan.summary().pages).collect();
    plan.make(&all, &mut |files| {
        files.into_par_iter().try_for_each(|mut file| {
            let facts = weighed(&mut file, folder, compress)?;
            scale.put(&file.path, facts);
            keep(file);
            Ok(())
        })
    })?;
    Ok(scale.files())
}

/// What is known of a file that is not written yet. A picture that stands in `folder` is not drawn, for its name stands for
/// its content; any other is drawn now.
pub(super) fn weighed(file: &mut File, folder: &Path, compress: Compress) -> Result<Facts> {
    let sent = match &file.content {
        Content::Bytes(bytes) => on_the_wire(&file.path, effort(file.kind), bytes, compress)?,
        Content::Table(table) => on_the_wire(&file.path, effort(file.kind), table.bytes()?, compress)?,
        Content::Picture(drawing) => match fs::read(&folder.join(&file.path)) {
            Ok(picture) if is_whole(&picture) => picture.len() as u64,
            _ => {
                let drawn = drawing.draw().with_context(|| format!("cannot draw `{}`", file.path.display()))?;
                let bytes = drawn.len() as u64;
                file.content = Content::Bytes(drawn);
                bytes
            }
        },
    };
    Ok(facts(file, sent))
}

/// How hard a file's compressed copies try: pages are often made anew, everything else is not.
pub(super) fn effort(kind: FileKind) -> Effort {
    if kind == FileKind::Page { Effort::Usual } else { Effort::Highest }
}

/// What is known of a file of the site, for which a web server sends so many bytes.
pub(super) fn facts(file: &File, sent: u64) -> Facts {
    let role = match file.kind {
        FileKind::Page => Role::Page,
        FileKind::Picture => Role::Own,
        FileKind::Asset | FileKind::Static | FileKind::Download | FileKind::Index => Role::Shared,
    };
    let content: &[u8] = match &file.content {
        Content::Bytes(bytes) => bytes,
        Content::Picture(_) | Content::Table(_) => &[],
    };
    Facts::of(&file.path, role, sent, content)
}

/// Which page is the heaviest.
pub(super) fn heaviest(weights: &[Weight]) -> Option<String> {
    Some(format!("the heaviest page is {}", in_words(weights.first()?)))
}

/// Says to the curious what each page weighs.
pub(super) fn tell(terminal: &Terminal, weights: &[Weight]) {
    for weight in weights {
        let parts: Vec<String> = weight.parts.iter().map(ToString::to_string).collect();
        terminal.detail(&format!("{}: {}", in_words(weight), parts.join(", ")));
    }
}

fn in_words(weight: &Weight) -> String {
    let (first, next) = (size(weight.first_visit), size(weight.next_page));
    format!("`{}`, {first} on a first visit and {next} after another page", weight.page.display())
}

/// A problem for each limit of the site's budget that pages are above; it names so many of the pages.
pub(super) fn problems(project: &Project, site: &Site, weights: &[Weight], named: usize) -> Vec<Problem> {
    above(weights, &site.budget, named, |limit| Site::place(project, &["budget", limit]))
}

/// All that a strict build refuses of a site that can be made: pages above the budget, and references to what is not
/// there.
pub(super) fn refused(
    project: &Project,
    site: &Site,
    plan: &Plan,
    facts: &BTreeMap<PathBuf, Facts>,
    weights: &[Weight],
) -> Vec<Problem> {
    /// How many of the pages above a budget an error names.
    const NAMED: usize = 5;
    let references = facts.iter().map(|(path, facts)| (path.as_path(), &facts.references));
    let broken = links(references, &site.schemes, site.base_url.as_deref(), &|page, texts| plan.origin(page, texts));
    problems(project, site, weights, NAMED).into_iter().chain(broken).collect()
}
