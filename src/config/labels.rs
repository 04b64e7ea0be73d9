//! Labels: what the public may call servers and bridges, each one's own.

use std::collections::BTreeMap;

use super::exposed::Secrets;
use super::yaml::{Document, KeyPath};
use crate::problem::Problem;

/// The labels of one kind of thing, in all files together.
#[derive(Default)]
pub(super) struct Labels<'a> {
    taken: BTreeMap<String, (&'a Document, KeyPath)>,
}

impl<'a> Labels<'a> {
    /// Takes a label that stands at `path`; the problem if it is blank or taken.
    pub(super) fn take(&mut self, label: &str, document: &'a Document, path: KeyPath) -> Option<Problem> {
        let label = label.trim();
        if label.is_empty() {
            return Some(document.problem(&path, "the label is empty").hint("write a label, or leave the key out"));
        }
        let Some((other, other_path)) = self.taken.get(label) else {
            self.taken.insert(label.to_owned(), (document, path));
            return None;
        };
        // Servers come by name: in one file, the problem stands at the later line all the same.
        let (here, there) = (document.value(&path), other.value(other_path));
        let same_file = here.file == there.file;
        let problem = if same_file && here < there {
            other.problem(other_path, format_args!("the label `{label}` is taken at {here}"))
        } else {
            document.problem(&path, format_args!("the label `{label}` is taken at {there}"))
        };
        Some(problem.hint("give each a label of its own, so that they can be told apart"))
    }

    /// The problems of those that name a secret.
    pub(super) fn exposed(&self, secrets: &Secrets) -> Vec<Problem> {
        let taken = self.taken.iter();
        taken.filter_map(|(label, (document, path))| secrets.problem(label, document, path)).collect()
    }
}
