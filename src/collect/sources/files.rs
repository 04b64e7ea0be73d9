//! Finding the files that a source reads: of paths, globs and folders those that there are, in the order of their paths, and
//! none outside of the project unless the source allows it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::collect::Failure;
use crate::fs;
use crate::project::Project;

/// The files that are meant. A folder means all files in it, but for hidden ones.
///
/// # Errors
/// If a path means no file, or one that may not be read.
pub fn find(project: &Project, paths: &[PathBuf], outside: bool) -> Result<Vec<PathBuf>, Failure> {
    let root = fs::canonical(project.root()).map_err(|error| unreadable(&error))?;
    let mut files = BTreeSet::new();
    for path in paths {
        let mut found = Vec::new();
        for file in matching(project.root(), path)? {
            if file.is_dir() {
                let inside = fs::walk(&file).map_err(|error| unreadable(&error))?;
                found.extend(inside.into_iter().map(|name| file.join(name)));
            } else {
                found.push(file);
            }
        }
        if found.is_empty() {
            let message = format!("there is no file `{}`", path.display());
            return Err(failure(message, "paths are relative to the project's folder"));
        }
        for file in found {
            // Also what a link leads to.
            let real = fs::canonical(&file).map_err(|error| unreadable(&error))?;
            if !outside && !real.starts_with(&root) {
                let message = format!("`{}` is outside of the project's folder", project.shown(&file).display());
                return Err(failure(message, "set `outside: true` if that is meant"));
            }
            if !real.is_file() {
                let message = format!("`{}` is no file", project.shown(&file).display());
                return Err(failure(message, "name files of rows"));
            }
            files.insert(file);
        }
    }
    Ok(files.into_iter().collect())
}

/// What a path or a glob names.
fn matching(root: &Path, path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if root.join(path).exists() {
        return Ok(vec![root.join(path)]);
    }
    let not_text = || failure(format!("the path `{}` is not UTF-8", path.display()), "rename it");
    let (root, path) = (root.to_str().ok_or_else(not_text)?, path.to_str().ok_or_else(not_text)?);
    let pattern =
        if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", glob::Pattern::escape(root)) };
    let wrong = |error: glob::PatternError| {
        failure(format!("`{path}` is no path: {error}"), "globs have `*`, `?`, `**` and `[…]`")
    };
    let options =
        glob::MatchOptions { require_literal_leading_dot: true, require_literal_separator: true, case_sensitive: true };
    let found = glob::glob_with(&pattern, options).map_err(wrong)?;
    found.collect::<Result<_, _>>().map_err(|error| failure(error.to_string(), "see that the files may be read"))
}

fn unreadable(error: &anyhow::Error) -> Failure {
    failure(format!("{error:#}"), "see that the files may be read")
}

fn failure(message: String, hint: &str) -> Failure {
    Failure::Here { reason: "the files cannot be read", story: message, hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn project(files: &[&str]) -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir(path.parent().unwrap()).unwrap();
            fs::write_atomic(&path, b"x", fs::PRIVATE).unwrap();
        }
        let project = Project::new(folder.path());
        (folder, project)
    }

    fn found(project: &Project, paths: &[&str], outside: bool) -> Result<Vec<String>, String> {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        let shown = |path: PathBuf| project.shown(&path).display().to_string();
        let files = find(project, &paths, outside).map(|files| files.into_iter().map(shown).collect());
        files.map_err(|failure| failure.to_string())
    }

    #[test]
    fn paths_globs_and_folders_mean_files_each_once_in_their_order() {
        let (_folder, project) = project(&["b/2.csv", "b/1.csv", "a.csv", "b/c/3.csv", "b/.hidden"]);
        assert_eq!(found(&project, &["b/*.csv", "a.csv", "b/1.csv"], false).unwrap(), ["a.csv", "b/1.csv", "b/2.csv"]);
        assert_eq!(found(&project, &["**/*.csv"], false).unwrap(), ["a.csv", "b/1.csv", "b/2.csv", "b/c/3.csv"]);
        assert!(found(&project, &["b"], false).unwrap().contains(&"b/c/3.csv".to_owned()));
    }

    #[test]
    fn a_path_that_means_nothing_is_said() {
        let (_folder, project) = project(&["a.csv"]);
        assert_eq!(found(&project, &["a.csv", "b*.csv"], false).unwrap_err(), "there is no file `b*.csv`");
    }

    #[test]
    fn a_file_outside_of_the_project_is_read_only_if_that_is_allowed_also_behind_a_link() {
        let (folder, inside) = project(&["a.csv"]);
        let (_other, other) = project(&["secret.csv"]);
        let secret = other.root().join("secret.csv");
        std::os::unix::fs::symlink(&secret, folder.path().join("link.csv")).unwrap();
        fs::create_dir(&folder.path().join("in")).unwrap();
        std::os::unix::fs::symlink(&secret, folder.path().join("in/link.csv")).unwrap();
        let secret = secret.to_str().unwrap();
        for (path, file) in [(secret, secret), ("link.csv", "link.csv"), ("*.csv", "link.csv"), ("in", "in/link.csv")] {
            let message = found(&inside, &[path], false).unwrap_err();
            assert_eq!(message, format!("`{file}` is outside of the project's folder"));
            assert!(found(&inside, &[path], true).is_ok());
        }
    }

    #[test]
    fn an_empty_folder_means_no_file_and_a_project_may_have_any_name() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("r[11] *?");
        fs::create_dir(&root.join("empty")).unwrap();
        fs::write_atomic(&root.join("a.csv"), b"x", fs::PRIVATE).unwrap();
        let project = Project::new(&root);
        assert_eq!(found(&project, &["*.csv"], false).unwrap(), ["a.csv"]);
        assert_eq!(found(&project, &["empty"], false).unwrap_err(), "there is no file `empty`");
    }
}
