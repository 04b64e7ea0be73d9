//! The queries that pages use, each run once for a build.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

use anyhow::Result;

use super::download::About;
use super::lookup::{Lookup, Part};
use crate::problem::{Place, Problem};
use crate::warehouse::{Publication, Rows};

/// The answers to the queries that were asked for, by name.
#[derive(Debug, Default)]
pub(super) struct Queries {
    answers: BTreeMap<String, Answer>,
    known: Vec<String>,
    /// How often a query was run.
    pub(super) runs: usize,
}

/// A query's rows.
#[derive(Debug)]
pub(super) struct Answer {
    /// The query's file.
    pub(super) file: PathBuf,
    pub(super) rows: Rows,
    /// What its file says of it.
    pub(super) about: About,
    /// The rows of each key, in the query's order, by the columns that make the key.
    groups: BTreeMap<Vec<String>, HashMap<Vec<String>, Vec<usize>>>,
}

impl Queries {
    /// Runs the named queries, each once. Those that are wrong are problems, those that do not exist are left out.
    pub(super) fn run(
        lookup: &Lookup,
        names: &BTreeSet<&str>,
        publication: &Publication,
        problems: &mut Vec<Problem>,
    ) -> Result<Self> {
        let mut queries = Self::default();
        for (path, found) in lookup.files(Part::Queries)? {
            let Some(name) = path.to_str().and_then(|path| path.strip_suffix(".sql")) else { continue };
            queries.known.push(name.to_owned());
            if !names.contains(name) {
                continue;
            }
            let sql = match found[0].text()? {
                Ok(sql) => sql,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            };
            let file = found[0].shown.clone();
            queries.runs += 1;
            match publication.query(&sql) {
                Ok(rows) => {
                    queries.answers.insert(name.to_owned(), Answer { file, rows, about: About::of(&sql), groups: BTreeMap::new() });
                }
                Err(error) => {
                    problems.push(Problem::new(Place { file, line: error.line, column: error.column }, error.message));
                }
            }
        }
        Ok(queries)
    }

    /// A query's rows; `None` if it does not exist or is wrong.
    pub(super) fn get(&self, name: &str) -> Option<&Answer> {
        self.answers.get(name)
    }

    /// The names of all queries there are.
    pub(super) fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    /// How many queries gave rows.
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }

    /// Groups a query's rows by columns, once; the first of them that the query does not have is the error.
    pub(super) fn group<'a>(&mut self, name: &str, columns: &'a [String]) -> Result<(), &'a str> {
        let Some(answer) = self.answers.get_mut(name) else { return Ok(()) };
        if answer.groups.contains_key(columns) {
            return Ok(());
        }
        let numbers = answer.columns(columns)?;
        let mut groups: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
        for row in 0..answer.rows.len() {
            if let Some(key) = answer.key(row, &numbers) {
                groups.entry(key).or_default().push(row);
            }
        }
        answer.groups.insert(columns.to_vec(), groups);
        Ok(())
    }
}

impl Answer {
    /// The numbers of columns, or the first name that is none.
    pub(super) fn columns<'a>(&self, names: &'a [String]) -> Result<Vec<usize>, &'a str> {
        names.iter().map(|name| self.rows.column(name).ok_or(name.as_str())).collect()
    }

    /// A row's key; `None` if a part of it is null.
    pub(super) fn key(&self, row: usize, columns: &[usize]) -> Option<Vec<String>> {
        columns.iter().map(|column| self.rows.text(row, *column)).collect()
    }

    /// The rows with that key in these columns, by which they were [grouped](Queries::group).
    pub(super) fn of_key(&self, columns: &[String], key: &[String]) -> &[usize] {
        self.groups.get(columns).and_then(|groups| groups.get(key)).map_or(&[], Vec::as_slice)
    }
}
