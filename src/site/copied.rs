//! Files that are published as they are: the theme's assets under names of their content, and the site's own static files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::fingerprint::{Circle, Fingerprinted, fingerprinted};
use super::lookup::{Lookup, Part};
use super::{FileKind, Input};
use crate::fs;
use crate::problem::{Place, Problem};

/// A file that is published as it is.
pub(super) struct Copied {
    /// How templates name it, below the site's root.
    pub(super) name: PathBuf,
    /// Where it will stand, below the site's root.
    pub(super) path: PathBuf,
    pub(super) kind: FileKind,
    /// The file that it is copied from, as a person would name it.
    pub(super) shown: PathBuf,
    from: Origin,
}

enum Origin {
    Memory(Vec<u8>),
    Disk(PathBuf),
}

impl Copied {
    pub(super) fn bytes(&self) -> Result<Vec<u8>> {
        match &self.from {
            Origin::Memory(bytes) => Ok(bytes.clone()),
            Origin::Disk(path) => fs::read(path),
        }
    }
}

/// All assets of the theme, and what stands in `site/static/`.
pub(super) fn copied(input: &Input, lookup: &Lookup, problems: &mut Vec<Problem>) -> Result<Vec<Copied>> {
    let (mut assets, mut sources) = (BTreeMap::new(), BTreeMap::new());
    for (path, found) in lookup.files(Part::Assets)? {
        let Some(found) = found.into_iter().next() else { continue };
        match Path::new("assets").join(path).to_str() {
            Some(path) => {
                assets.insert(path.to_owned(), found.bytes()?);
                sources.insert(path.to_owned(), found.shown);
            }
            None => problems.push(Problem::new(Place::file(found.shown), "the file's name is not UTF-8")),
        }
    }
    let assets = fingerprinted(&assets).unwrap_or_else(|Circle(sheets)| {
        let shown = sheets.first().and_then(|sheet| sources.get(sheet)).cloned().unwrap_or_default();
        let message = format!("the name of this style sheet depends on itself: `{}`", sheets.join("` → `"));
        let hint = "a name is made from the file's content: let no style sheet lead back to one that leads to it";
        problems.push(Problem::new(Place::file(shown), message).hint(hint));
        BTreeMap::new()
    });
    let assets = assets.into_iter().filter_map(|(name, Fingerprinted { path, bytes })| {
        let shown = sources.remove(&name)?;
        let from = Origin::Memory(bytes);
        Some(Copied { name: name.into(), path: path.into(), kind: FileKind::Asset, shown, from })
    });
    let folder = input.project.static_files();
    let as_they_are = fs::walk(&folder)?.into_iter().map(|path| Copied {
        shown: input.project.shown(&folder.join(&path)),
        from: Origin::Disk(folder.join(&path)),
        name: path.clone(),
        path,
        kind: FileKind::Static,
    });
    Ok(assets.chain(as_they_are).collect())
}
