//! What the project overrides: how its files differ from those that they take the place of, and how these have changed
//! since they were taken over.

use std::path::{Path, PathBuf};

use anyhow::Result;
use similar::{ChangeTag, TextDiff};

use super::{UPSTREAM, all, no_file, part_of};
use crate::config::Site;
use crate::fs;
use crate::problem::{Kind, Problems};
use crate::project::Project;
use crate::site::lookup::{DEFAULT, Found, Lookup};

/// A file of the project in place of one of a theme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// The project's file, as a person would name it.
    pub file: PathBuf,
    /// The theme whose file it stands in place of, in words.
    pub origin: String,
    /// From the theme's file to the project's.
    pub changes: Difference,
    /// What has become of the theme's file since it was taken over; `None` if it was not taken over by `theme eject`.
    pub upstream: Option<Upstream>,
}

/// What has become of a theme's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// It is as it was.
    Same,
    /// From how it was to how it is.
    Changed(Difference),
}

/// How one text becomes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Lines that come.
    pub added: usize,
    /// Lines that go.
    pub removed: usize,
    /// All of it as a unified diff, with names of the files above; empty if there is none.
    pub text: String,
}

/// What the project overrides in the site's themes, in the order of their files; of `file` alone if one is named.
///
/// # Errors
/// A file that the project does not override.
pub fn overrides(project: &Project, site: &Site, file: Option<&Path>) -> Result<Vec<Override>> {
    let (lookup, problems) = Lookup::new(project, &site.theme, DEFAULT);
    let lookup = lookup.with(&site.packs);
    Problems::check(Kind::Configuration, problems)?;
    let mut files = all(&lookup)?;
    files.retain(|(_, _, found)| found.len() > 1 && !found[0].is_embedded());
    if let Some(file) = file {
        let place = part_of(file).map(|(part, below)| Path::new(part.folder()).join(below));
        let Some(at) = files.iter().position(|(_, path, _)| Some(path) == place.as_ref()) else {
            let message = format!("the project overrides no file `{}` of its theme", file.display());
            return Err(no_file(file, &message, &files).into());
        };
        files = vec![files.swap_remove(at)];
    }
    let mut list = Vec::new();
    for (_, place, found) in &files {
        for pair in found.windows(2).filter(|pair| !pair[0].is_embedded()) {
            list.push(compared(project, &lookup, place, &pair[0], &pair[1])?);
        }
    }
    Ok(list)
}

fn compared(project: &Project, lookup: &Lookup, place: &Path, own: &Found, below: &Found) -> Result<Override> {
    let name = |found: &Found| match found.is_embedded() {
        // The project may have a file of that path.
        true => format!("torcollect {}: {}", env!("CARGO_PKG_VERSION"), found.shown.display()),
        false => found.shown.display().to_string(),
    };
    let (bytes, present) = (own.bytes()?, below.bytes()?);
    let pristine = lookup.folder(own).map(|folder| folder.join(UPSTREAM).join(place)).filter(|file| file.is_file());
    let upstream = match pristine {
        None => None,
        Some(file) => {
            let was = fs::read(&file)?;
            let shown = project.shown(&file).display().to_string();
            let change = difference((&shown, &was), (&name(below), &present));
            Some(if was == present { Upstream::Same } else { Upstream::Changed(change) })
        }
    };
    let changes = difference((&name(below), &present), (&name(own), &bytes));
    Ok(Override { file: own.shown.clone(), origin: lookup.origin(below), changes, upstream })
}

fn difference((from, old): (&str, &[u8]), (to, new): (&str, &[u8])) -> Difference {
    let (Ok(old_text), Ok(new_text)) = (str::from_utf8(old), str::from_utf8(new)) else {
        let text = if old == new { String::new() } else { format!("the files `{from}` and `{to}` differ\n") };
        return Difference { added: 0, removed: 0, text };
    };
    let diff = TextDiff::from_lines(old_text, new_text);
    let count = |tag: ChangeTag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    let text = diff.unified_diff().context_radius(3).header(from, to).to_string();
    Difference { added: count(ChangeTag::Insert), removed: count(ChangeTag::Delete), text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_counts_lines_and_shows_them() {
        let change = difference(("a", b"1\n2\n3\n"), ("b", b"1\n3\n4\n5\n"));
        assert_eq!((change.added, change.removed), (2, 1));
        assert_eq!(change.text, "--- a\n+++ b\n@@ -1,3 +1,4 @@\n 1\n-2\n 3\n+4\n+5\n");
        assert_eq!(difference(("a", b"1\n"), ("b", b"1\n")).text, "");
        assert_eq!(difference(("a", b"\xff"), ("b", b"1")).text, "the files `a` and `b` differ\n");
        assert_eq!(difference(("a", b"\xff"), ("b", b"\xff")).text, "");
    }
}
