//! Taking over a file of a theme below, to change it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::{UPSTREAM, all, no_file, part_of};
use crate::config::Site;
use crate::fs;
use crate::problem::{Kind, Problem, Problems};
use crate::project::Project;
use crate::site::lookup::{DEFAULT, Lookup};

/// What was taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ejected {
    /// The project's new file, as a person would name it.
    pub file: PathBuf,
    /// Where it was taken from, in words.
    pub origin: String,
}

/// Copies a file of the site's theme, such as `partials/head.hbs`, into the project's folder of that theme, where it takes the
/// place of the one it was copied from. A second copy is kept below `.upstream/`, so that it can be told later what has
/// changed since.
///
/// # Errors
/// A file that no theme has, or that the project has taken over already.
pub fn eject(project: &Project, site: &Site, file: &Path) -> Result<Ejected> {
    let (lookup, problems) = Lookup::new(project, &site.theme, DEFAULT);
    let lookup = lookup.with(&site.packs);
    Problems::check(Kind::Configuration, problems)?;
    let name = file.display();
    let Some((part, below)) = part_of(file) else {
        return Err(no_file(file, &format!("the theme has no file `{name}`"), &all(&lookup)?).into());
    };
    let place = Path::new(part.folder()).join(&below);
    let folder = project.theme(&site.theme);
    let target = folder.join(&place);
    if target.exists() {
        let problem = Problem::nowhere(format!("there is a file `{}` already", project.shown(&target).display()));
        return Err(Problems::from(problem.hint("change it there, or remove it first")).into());
    }
    let found = lookup.files(part)?.remove(&below).unwrap_or_default();
    // A page or a query of the project's own is no theme's.
    let Some(found) = found.into_iter().find(|found| found.layer > 0) else {
        return Err(no_file(file, &format!("the theme has no file `{name}`"), &all(&lookup)?).into());
    };
    let bytes = found.bytes()?;
    let pristine = folder.join(UPSTREAM).join(&place);
    for path in [&pristine, &target] {
        path.parent().map_or(Ok(()), fs::create_dir)?;
    }
    fs::write_durable(&pristine, &bytes, fs::PUBLIC)?;
    fs::create_durable(&target, &bytes, fs::PUBLIC)?;
    Ok(Ejected { file: project.shown(&target), origin: lookup.origin(&found) })
}
