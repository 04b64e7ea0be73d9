//! What a site is made from beside its data, as one fingerprint: if it is the last build's, and the data are too, there is
//! nothing to do.

use anyhow::Result;
use rayon::prelude::*;

use super::lookup::{DEFAULT, Lookup};
use super::plan::PROGRAM;
use crate::config::Site;
use crate::fs;
use crate::hash;
use crate::project::Project;

/// The fingerprint of the program, the settings, and all files of content, queries, themes and `site/static/`.
pub fn inputs(project: &Project, site: &Site) -> Result<u64> {
    let (lookup, _) = Lookup::new(project, &site.theme, DEFAULT);
    let lookup = lookup.with(&site.packs);
    let folder = project.static_files();
    let mut files = lookup.on_disk()?;
    files.extend(fs::walk(&folder)?.into_iter().map(|path| folder.join(path)));
    let file = |path: &std::path::PathBuf| -> Result<u64> {
        let name = project.shown(path);
        Ok(hash::after(hash::of(name.as_os_str().as_encoded_bytes()), &fs::read(path)?))
    };
    let files: Vec<u64> = files.par_iter().map(file).collect::<Result<_>>()?;
    let settings = hash::of(format!("{PROGRAM} {site:?}").as_bytes());
    Ok(hash::all(std::iter::once(settings).chain(files)))
}
