//! The paths of the site's files: each inside of the output folder, and each once.

use std::collections::BTreeMap;

use crate::config::Encoding;
use crate::problem::{Place, Problem};

/// The longest name of a file that every file system takes, with room for `.gz` and for a name while it is written.
const LONGEST: usize = 240;

/// The paths that are taken, and by what.
#[derive(Debug, Default)]
pub(super) struct Paths {
    files: BTreeMap<String, String>,
    folders: BTreeMap<String, String>,
}

impl Paths {
    /// Takes a path for `owner`, or says why not; `place` is where the path comes from.
    pub(super) fn claim(&mut self, path: &str, owner: String, place: &Place) -> Option<Problem> {
        let problem = |message: String| Some(Problem::new(place.clone(), message));
        if let Some(reason) = unfit(path) {
            return Some(
                problem(format!("the path `{}` {reason}", path.escape_debug()))?
                    .hint("`{{slug x}}` makes a part of a path out of anything"),
            );
        }
        let folders: Vec<&str> = path.match_indices('/').map(|(at, _)| &path[..at]).collect();
        // Compressed copies may come to stand beside every file.
        let plain = Encoding::ALL.iter().filter_map(|encoding| path.strip_suffix(encoding.suffix()));
        let mut takers = plain.chain([path]).filter_map(|other| Some((path, self.files.get(other)?)));
        let copies: Vec<String> = Encoding::ALL.iter().map(|encoding| format!("{path}{}", encoding.suffix())).collect();
        let mut taken = copies.iter().filter_map(|copy| Some((copy.as_str(), self.files.get(copy)?)));
        if let Some((taken, other)) = takers.next().or_else(|| taken.next()) {
            return problem(format!("two files have the path `{taken}`: {other} and {owner}"));
        }
        let above = folders.iter().find_map(|folder| Some((*folder, self.files.get(*folder)?)));
        let below = self.folders.get(path).map(|other| (path, other));
        if let Some((folder, other)) = above.or(below) {
            return problem(format!("`{folder}` cannot be a file and a folder: {other} and {owner}"));
        }
        for folder in folders {
            self.folders.entry(folder.to_owned()).or_insert_with(|| owner.clone());
        }
        self.files.insert(path.to_owned(), owner);
        None
    }
}

/// Why a path cannot be one of a file of the site.
fn unfit(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        return Some("is empty");
    }
    if path.contains(char::is_control) {
        return Some("has a control character");
    }
    if path.contains('#') {
        return Some("has a `#`, which begins a place on a page");
    }
    if path.starts_with('/') {
        return Some("is absolute");
    }
    path.split('/').find_map(|part| match part {
        "" => Some("has an empty part"),
        "." | ".." => Some("leaves its folder"),
        part if part.len() > LONGEST => Some("has a part that is too long for a file's name"),
        part if part.starts_with(".torcollect-") => Some("is kept for files that are being written"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn claim(paths: &mut Paths, path: &str, owner: &str) -> Option<String> {
        paths.claim(path, owner.to_owned(), &Place::file("x.md")).map(|problem| problem.message)
    }

    #[test]
    fn a_path_that_leaves_the_output_is_refused() {
        let mut paths = Paths::default();
        for (path, reason) in [
            ("", "the path `` is empty"),
            ("/etc/passwd", "the path `/etc/passwd` is absolute"),
            ("a/../../b.html", "the path `a/../../b.html` leaves its folder"),
            ("./b.html", "the path `./b.html` leaves its folder"),
            ("a//b.html", "the path `a//b.html` has an empty part"),
            ("a/", "the path `a/` has an empty part"),
            ("a\nb.html", "the path `a\\nb.html` has a control character"),
        ] {
            assert_eq!(claim(&mut paths, path, "p").unwrap(), reason);
        }
        let long = format!("{}.html", "x".repeat(300));
        assert!(claim(&mut paths, &long, "p").unwrap().ends_with("too long for a file's name"));
    }

    #[test]
    fn two_files_cannot_share_a_path() {
        let mut paths = Paths::default();
        assert_eq!(claim(&mut paths, "a/b.html", "one"), None);
        assert_eq!(claim(&mut paths, "a/b.html", "two").unwrap(), "two files have the path `a/b.html`: one and two");
        assert_eq!(
            claim(&mut paths, "a/b.html.gz", "two").unwrap(),
            "two files have the path `a/b.html.gz`: one and two"
        );
        assert_eq!(
            claim(&mut paths, "a/b.html.br", "two").unwrap(),
            "two files have the path `a/b.html.br`: one and two"
        );
        assert_eq!(claim(&mut paths, "d.css.br", "one"), None);
        assert_eq!(claim(&mut paths, "d.css", "two").unwrap(), "two files have the path `d.css.br`: one and two");
        assert_eq!(claim(&mut paths, "c.css.gz", "one"), None);
        assert_eq!(claim(&mut paths, "c.css", "two").unwrap(), "two files have the path `c.css.gz`: one and two");
        assert_eq!(claim(&mut paths, "a", "two").unwrap(), "`a` cannot be a file and a folder: one and two");
        assert_eq!(
            claim(&mut paths, "a/b.html/c.html", "two").unwrap(),
            "`a/b.html` cannot be a file and a folder: one and two"
        );
    }
}
