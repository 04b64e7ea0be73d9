//! Looking for leaks in everything that is about to be given away, before anything is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::copied::Copied;
use super::{Content, File};
use crate::graphics::Drawing;
use crate::leaks::{Kind, Leak, Leaks};
use crate::problem::{Place, Problem};

/// What has been found so far.
pub(super) struct Searched<'a> {
    leaks: &'a Leaks,
    found: Mutex<BTreeMap<(PathBuf, Kind), BTreeMap<String, Where>>>,
}

/// Where in a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    Name,
    Line(usize),
}

impl<'a> Searched<'a> {
    pub(super) fn new(leaks: &'a Leaks) -> Self {
        Self { leaks, found: Mutex::default() }
    }

    /// Looks through the file of that name, which is made from `origin`. Copies of a page have its name.
    pub(super) fn look(&self, name: &str, content: &Content, origin: &Path) {
        let bytes: &[u8] = match content {
            Content::Bytes(bytes) => bytes,
            Content::Picture(Drawing::Chart(chart)) => chart.svg.as_bytes(),
            Content::Table(table) => table.text(),
            // These are drawn from numbers alone.
            Content::Picture(Drawing::Sheet(_) | Drawing::Map(_)) => &[],
        };
        let in_name = self.first(name.as_bytes()).into_iter().map(|leak| (leak.kind, Where::Name));
        let in_bytes = self.first(bytes).into_iter().map(|leak| (leak.kind, Where::Line(leak.line(bytes))));
        for (kind, place) in in_name.chain(in_bytes) {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            let files = found.entry((origin.to_owned(), kind)).or_default();
            let first = files.entry(name.to_owned()).or_insert(place);
            *first = place.min(*first);
        }
    }

    /// Looks through a file that is published as it is.
    pub(super) fn look_copied(&self, file: &Copied, content: &Content) {
        self.look(&file.path.to_string_lossy(), content, &file.shown);
    }

    /// Looks through a file that is made for the site as a whole.
    pub(super) fn look_made(&self, file: &File) {
        self.look(&file.path.to_string_lossy(), &file.content, &file.path);
    }

    /// The first leak of each kind: to say where each of a million stands takes long.
    fn first(&self, bytes: &[u8]) -> Vec<Leak> {
        let mut kinds = BTreeSet::new();
        self.leaks.find(bytes).into_iter().filter(|leak| kinds.insert(leak.kind)).collect()
    }

    /// Whether nothing was found.
    pub(super) fn is_clean(&self) -> bool {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// A problem for each kind of leak in what is made from one file. None says what it is that leaks.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let problem = |((origin, kind), files): (&(PathBuf, Kind), &BTreeMap<String, Where>)| {
            let (name, place) = files.first_key_value()?;
            let others = match files.len() - 1 {
                0 => String::new(),
                1 => ", and so has 1 more file".to_owned(),
                others => format!(", and so have {others} more files"),
            };
            let message = match place {
                // The name itself would tell it.
                Where::Name => format!("the name of a file that is made from this has {kind}{others}"),
                Where::Line(line) if self.leaks.find(name.as_bytes()).is_empty() => {
                    format!("`{name}` has {kind} in its line {line}{others}")
                }
                Where::Line(line) => format!("a file that is made from this has {kind} in its line {line}{others}"),
            };
            let hint = "nobody may learn this from a page: find out where it comes from, and leave it out";
            // Nor may the place tell it: then the folder has to do.
            let tells = |path: &Path| !self.leaks.find(path.as_os_str().as_encoded_bytes()).is_empty();
            let place = origin.ancestors().find(|path| !tells(path)).filter(|path| *path != Path::new(""));
            let problem = Problem { place: place.map(Place::file), ..Problem::nowhere(message) };
            Some(problem.hint(hint))
        };
        found.iter().filter_map(problem).collect()
    }
}
