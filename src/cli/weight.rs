//! What pages weigh, as `build` and `check` see it and say it.

use std::path::Path;

use anyhow::{Context, Result};
use torcollect::config::Site;
use torcollect::fs;
use torcollect::graphics::is_whole;
use torcollect::output::{Effort, Role, Scale, Weight, above, on_the_wire, size};
use torcollect::problem::Problem;
use torcollect::project::Project;
use torcollect::site::{Content, File, FileKind, Input, Summary, render};

use super::Terminal;

/// Makes a site and weighs its pages, and writes nothing; `keep` is given each file. A picture that stands in `folder`
/// is not drawn, for its name stands for its content; any other is given away drawn.
pub(super) fn weigh(input: &Input, folder: &Path, keep: impl Fn(File) + Sync) -> Result<(Summary, Vec<Weight>)> {
    let scale = Scale::default();
    let made = render(input, &|mut file| {
        let sent = match &file.content {
            Content::Bytes(bytes) => on_the_wire(&file.path, effort(file.kind), bytes, input.site.compress)?,
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
        put(&scale, &file, sent);
        keep(file);
        Ok(())
    })?;
    Ok((made, scale.weights()))
}

/// How hard a file's compressed copies try: pages are often made anew, everything else is not.
pub(super) fn effort(kind: FileKind) -> Effort {
    if kind == FileKind::Page { Effort::Usual } else { Effort::Highest }
}

/// Puts a file of the site on the scale, for which a web server sends so many bytes.
pub(super) fn put(scale: &Scale, file: &File, sent: u64) {
    let role = match file.kind {
        FileKind::Page => Role::Page,
        FileKind::Picture => Role::Own,
        FileKind::Asset | FileKind::Static => Role::Shared,
    };
    let content: &[u8] = match &file.content {
        Content::Bytes(bytes) => bytes,
        Content::Picture(_) => &[],
    };
    scale.put(&file.path, role, sent, content);
}

/// Says which page is the heaviest, and to the curious what each weighs.
pub(super) fn tell(terminal: &Terminal, weights: &[Weight]) {
    for weight in weights {
        let parts: Vec<String> = weight.parts.iter().map(ToString::to_string).collect();
        terminal.detail(&format!("{}: {}", in_words(weight), parts.join(", ")));
    }
    if let Some(heaviest) = weights.first() {
        terminal.info(&format!("the heaviest page is {}", in_words(heaviest)));
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
