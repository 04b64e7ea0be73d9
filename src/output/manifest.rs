//! What torcollect has made in one output folder, remembered in the project's cache: one path a line.
//!
//! A path is added before its file appears, and the whole is written anew when a build is done. So whatever a killed
//! build left is known to the next.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::fs::{self, Journal};
use crate::project::Project;
use crate::text::hexadecimal;

/// The list of one output folder.
#[derive(Debug)]
pub(super) struct Manifest {
    file: PathBuf,
    known: BTreeSet<PathBuf>,
    journal: Journal,
}

impl Manifest {
    /// The list that stands in `file`; an empty one if there is no such file.
    pub(super) fn open(file: &Path) -> Result<Self> {
        let text = if file.exists() { fs::read_text(file)? } else { String::new() };
        // A line without its end was being written when the build was killed, before its file was made.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let known: BTreeSet<PathBuf> = whole.lines().map(PathBuf::from).filter(|path| inside(path)).collect();
        if !text.is_empty() && !text.ends_with('\n') {
            replace(file, &known)?;
        }
        Ok(Self { file: file.to_owned(), known, journal: Journal::open(file)? })
    }

    /// All that may be in the folder because of torcollect.
    pub(super) fn known(&self) -> &BTreeSet<PathBuf> {
        &self.known
    }

    /// Remembers a path whose file is about to be made.
    pub(super) fn add(&mut self, path: &Path) -> Result<()> {
        if !self.known.contains(path) {
            self.journal.add(path.to_str().context("a path is not UTF-8")?)?;
            self.known.insert(path.to_owned());
        }
        Ok(())
    }

    /// Remembers exactly these.
    pub(super) fn replace(self, made: &BTreeSet<PathBuf>) -> Result<()> {
        if self.known == *made { Ok(()) } else { replace(&self.file, made) }
    }
}

fn replace(file: &Path, paths: &BTreeSet<PathBuf>) -> Result<()> {
    let lines: String = paths.iter().map(|path| format!("{}\n", path.display())).collect();
    fs::write_atomic(file, lines.as_bytes(), fs::PRIVATE)
}

/// Whether `path` names something below a folder, and fits into a line.
pub(super) fn inside(path: &Path) -> bool {
    let normal = path.components().all(|part| matches!(part, Component::Normal(_)));
    normal && path.to_str().is_some_and(|text| !text.is_empty() && !text.contains(char::is_control))
}

/// Where the cache keeps what concerns one output folder, with `extension`. A folder inside of the project is known by
/// its path there, so that the project can be moved.
pub(super) fn place(project: &Project, folder: &Path, extension: &str) -> Result<PathBuf> {
    let (root, folder) = (fs::canonical(project.root())?, fs::canonical(folder)?);
    let name = folder.strip_prefix(&root).unwrap_or(&folder);
    let hash = hexadecimal(&Sha256::digest(name.as_os_str().as_encoded_bytes())[..8]);
    Ok(project.cache().join(format!("output-{hash}.{extension}")))
}
