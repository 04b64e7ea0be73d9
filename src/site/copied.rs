//! Files that are published as they are: the theme's assets, and the site's own static files.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::lookup::{self, Lookup, Part};
use super::{FileKind, Input};
use crate::fs;

/// A file that is published as it is.
pub(super) struct Copied {
    /// Where it will stand, below the site's root.
    pub(super) path: PathBuf,
    pub(super) kind: FileKind,
    from: Origin,
}

enum Origin {
    Theme(lookup::Found),
    Disk(PathBuf),
}

impl Copied {
    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        match &self.from {
            Origin::Theme(found) => found.bytes(),
            Origin::Disk(path) => fs::read(path),
        }
    }

    /// The file that it is copied from, as a person would name it.
    pub(super) fn shown(&self, input: &Input) -> PathBuf {
        match &self.from {
            Origin::Theme(found) => found.shown.clone(),
            Origin::Disk(path) => input.project.shown(path),
        }
    }
}

/// All assets of the theme, and what stands in `site/static/`.
pub(super) fn copied(input: &Input, lookup: &Lookup) -> Result<Vec<Copied>> {
    let assets = lookup.files(Part::Assets)?.into_iter().filter_map(|(path, found)| {
        let from = Origin::Theme(found.into_iter().next()?);
        Some(Copied { path: Path::new("assets").join(path), kind: FileKind::Asset, from })
    });
    let folder = input.project.static_files();
    let as_they_are = fs::walk(&folder)?.into_iter().map(|path| Copied {
        from: Origin::Disk(folder.join(&path)),
        path,
        kind: FileKind::Static,
    });
    Ok(assets.chain(as_they_are).collect())
}
