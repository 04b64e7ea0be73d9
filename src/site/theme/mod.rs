//! A project's own themes: a new one, a file of another taken over, and what differs from the themes below.

mod eject;
mod new;
mod overrides;

use std::path::{Component, Path, PathBuf};

use anyhow::Result;

pub use eject::{Ejected, eject};
pub use new::create;
pub use overrides::{Difference, Override, Upstream, overrides};

use super::lookup::{Found, Lookup, Part};
use crate::problem::{Problem, Problems, nearest};

/// The folder of a theme that keeps the files that were taken over as they were.
const UPSTREAM: &str = ".upstream";

/// The part of a theme that `partials/head.hbs` belongs to, and its path below the part's folder.
fn part_of(file: &Path) -> Option<(Part, PathBuf)> {
    // A person may name the file as a problem does.
    let file = match file.strip_prefix("themes") {
        Ok(below) => below.components().skip(1).collect(),
        Err(_) => file.to_owned(),
    };
    let part = Part::ALL.into_iter().find(|part| file.starts_with(part.folder()))?;
    let below = file.strip_prefix(part.folder()).ok()?.to_owned();
    let plain = below.components().all(|component| matches!(component, Component::Normal(_)));
    Some((part, below)).filter(|_| plain)
}

/// All files that themes have: their parts, and their paths in a theme's folder.
fn all(lookup: &Lookup) -> Result<Vec<(Part, PathBuf, Vec<Found>)>> {
    let mut files = Vec::new();
    for part in Part::ALL {
        files.extend(
            lookup.files(part)?.into_iter().map(|(path, found)| (part, Path::new(part.folder()).join(path), found)),
        );
    }
    Ok(files)
}

/// The problem that there is no such file, with the likeliest of those that there are.
fn no_file(file: &Path, message: &str, known: &[(Part, PathBuf, Vec<Found>)]) -> Problems {
    let name = file.to_string_lossy();
    let known: Vec<&str> = known.iter().filter_map(|(_, path, _)| path.to_str()).collect();
    // Somebody who leaves the folder out means it all the same.
    let ending = || known.iter().copied().find(|path| path.ends_with(&format!("/{name}")));
    let problem = Problem::nowhere(message.to_owned());
    match nearest(&name, known.iter().copied()).or_else(ending) {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem.hint("name it by its path in the theme, such as `partials/head.hbs`"),
    }
    .into()
}
