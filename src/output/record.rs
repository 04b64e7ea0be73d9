//! What is known of an output folder from one build to the next: which files stand there and what they are made from, so
//! that nothing unchanged is made again. Kept in the project's cache, and never needed: without it a build makes everything,
//! compares, and writes what differs.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::fs::{self, Stamp};
use crate::hash;
use crate::key::{Basis, Key};
use crate::problem::Problem;

use super::facts::Facts;

/// How this file is written; a record that is written in another way is not read.
pub(super) const FORMAT: u32 = 2;

/// What a build remembers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) format: u32,
    /// Of everything that the site was made from.
    pub(super) inputs: u64,
    /// What was said of it.
    pub(super) said: Said,
    /// What things have in common that are made from the same, by name.
    pub(super) bases: BTreeMap<String, Basis>,
    /// The things that are made or left as a whole, by name: pages by their paths.
    pub(super) things: BTreeMap<String, Thing>,
    /// The files below the folder.
    pub(super) files: BTreeMap<PathBuf, Known>,
}

/// What a build says when it is done; one that finds nothing to do says the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What is odd.
    pub warnings: Vec<Problem>,
    /// What is worth knowing.
    pub lines: Vec<String>,
}

/// Something that is made or left as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Thing {
    pub(super) basis: String,
    pub(super) own: Vec<u64>,
    /// All files that it needs, compressed ones aside; other things may need them too.
    pub(super) files: Vec<PathBuf>,
}

/// What is known of a file.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Known {
    pub(super) stamp: Stamp,
    pub(super) hash: u64,
    /// Its compressed copies, with the level of each.
    pub(super) copies: Vec<(PathBuf, Copy)>,
    /// What was found out about it.
    pub(super) facts: Option<Facts>,
}

/// A compressed copy of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copy {
    pub(super) stamp: Stamp,
    pub(super) hash: u64,
    pub(super) level: u32,
}

/// Why a thing is made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Nothing is known of it: it is new, or the cache is.
    New,
    /// These parts of what it is made from changed.
    Changed(Vec<String>),
    /// A file of it is not as it was left.
    File(PathBuf),
    /// All shall be made.
    Forced,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::New => f.write_str("it is new"),
            Self::Changed(names) => write!(f, "changed: {}", names.join(", ")),
            Self::File(path) => write!(f, "`{}` was changed or removed", path.display()),
            Self::Forced => f.write_str("all is made"),
        }
    }
}

impl Record {
    /// What stands in `file`; nothing if there is none that can be read.
    pub(super) fn open(file: &Path) -> Self {
        let text = fs::read(file).unwrap_or_default();
        let read = serde_json::from_slice(&text).ok();
        read.filter(|record: &Self| record.format == FORMAT).unwrap_or_default()
    }

    /// Writes it down.
    pub(super) fn save(&self, file: &Path) -> Result<()> {
        fs::write_atomic(file, &serde_json::to_vec(self)?, fs::PRIVATE)
    }

    /// Why a thing has to be made, where `bases` are what things are made from now; `None` if it stands in `folder` as it
    /// would be made.
    pub(super) fn reason(
        &self,
        folder: &Path,
        name: &str,
        key: &Key,
        bases: &BTreeMap<String, Basis>,
    ) -> Option<Reason> {
        let Some(thing) = self.things.get(name) else { return Some(Reason::New) };
        let (before, now) = (self.bases.get(&thing.basis), bases.get(&key.basis));
        let (Some(before), Some(now)) = (before, now) else { return Some(Reason::New) };
        let mut changed = now.differences(before);
        if changed.is_empty() {
            changed = now.own_differences(&key.own, &thing.own);
        }
        if !changed.is_empty() {
            return Some(Reason::Changed(changed));
        }
        let broken = thing.files.iter().find(|path| !self.is_intact(folder, path));
        broken.map(|path| Reason::File(path.clone()))
    }

    /// Whether everything stands in `folder` as it was left, made from what these inputs stand for.
    pub(super) fn is_current(&self, folder: &Path, inputs: u64) -> bool {
        let files: Vec<&PathBuf> = self.files.keys().collect();
        self.inputs == inputs && files.par_iter().all(|path| self.is_intact(folder, path))
    }

    /// Whether a file and its compressed copies stand in `folder` as they were left.
    pub(super) fn is_intact(&self, folder: &Path, path: &Path) -> bool {
        self.files.get(path).is_some_and(|known| {
            known.is_at(&folder.join(path)) && known.copies.iter().all(|(path, copy)| copy.is_at(&folder.join(path)))
        })
    }
}

impl Known {
    pub(super) fn is_at(&self, file: &Path) -> bool {
        same(file, self.stamp, self.hash)
    }
}

impl Copy {
    pub(super) fn is_at(&self, file: &Path) -> bool {
        same(file, self.stamp, self.hash)
    }
}

/// Whether a file is as it was left. One that came back from a copy has other times, and its bytes tell.
fn same(file: &Path, stamp: Stamp, hash: u64) -> bool {
    match fs::stamp(file) {
        Some(now) if now == stamp => true,
        Some(now) if now.length == stamp.length => fs::read(file).is_ok_and(|bytes| hash::of(&bytes) == hash),
        _ => false,
    }
}
