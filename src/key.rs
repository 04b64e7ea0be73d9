//! What a page is made from, as fingerprints: whoever has the page of an equal key has the same page, and need not make it.
//!
//! A key has two halves. What all pages of a document have in common (its text, the templates that it reaches, the theme's
//! colours and files) is its *basis*; what tells its pages apart (their rows, their neighbours, what the templates name of
//! `site`) are a few fingerprints of their own. Each part has a name, so that it can be said what changed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What all things of one kind are made from, as the pages of one document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// Fingerprints by what they are of: `themes/default/layouts/report.hbs`.
    pub shared: BTreeMap<String, u64>,
    /// What the fingerprints of each thing's own are of: `rows of country_days`.
    pub own: Vec<String>,
}

/// What one thing is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The name of its basis: the document's file.
    pub basis: String,
    /// Its own fingerprints, in the order of the basis.
    pub own: Vec<u64>,
}

impl Basis {
    /// The names of all that differs from an earlier basis: what changed, what is new, and what is gone.
    pub fn differences(&self, before: &Self) -> Vec<String> {
        let changed = self.shared.iter().filter(|(name, hash)| before.shared.get(*name) != Some(hash));
        let gone = before.shared.keys().filter(|name| !self.shared.contains_key(*name));
        let own = (self.own != before.own).then(|| "the queries of its front matter".to_owned());
        changed.map(|(name, _)| name).chain(gone).cloned().chain(own).collect()
    }

    /// The names of what differs between the own fingerprints of one thing, now and before.
    pub fn own_differences(&self, now: &[u64], before: &[u64]) -> Vec<String> {
        let differs = |(at, name): (usize, &String)| (now.get(at) != before.get(at)).then(|| name.clone());
        self.own.iter().enumerate().filter_map(differs).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basis(shared: &[(&str, u64)], own: &[&str]) -> Basis {
        let shared = shared.iter().map(|(name, hash)| ((*name).to_owned(), *hash)).collect();
        Basis { shared, own: own.iter().map(|name| (*name).to_owned()).collect() }
    }

    #[test]
    fn what_changed_came_or_went_is_named() {
        let before = basis(&[("a", 1), ("b", 2), ("c", 3)], &["rows"]);
        assert_eq!(before.differences(&before), [""; 0]);
        let now = basis(&[("a", 1), ("b", 3), ("d", 3)], &["rows", "row"]);
        assert_eq!(now.differences(&before), ["b", "d", "c", "the queries of its front matter"]);
        assert_eq!(now.own_differences(&[1, 2], &[1, 3]), ["row"]);
        assert_eq!(now.own_differences(&[1, 2], &[1]), ["row"]);
    }
}
