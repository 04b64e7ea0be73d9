//! The queries that pages use, each run once for a build. A query can read another one as a table: that one is run first,
//! and its rows are a table as long as queries are run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::download::About;
use super::lookup::{Found, Lookup, Part};
use crate::problem::{Place, Problem, nearest};
use crate::warehouse::{Publication, QueryError, Rows, TableName};

/// The answers to the queries that were asked for, by name.
#[derive(Debug, Default)]
pub(super) struct Queries {
    answers: BTreeMap<String, Answer>,
    known: Vec<String>,
    /// The names of those that pages ask for, and of those that these read.
    pub(super) asked: BTreeSet<String>,
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
    groups: BTreeMap<Vec<String>, HashMap<Vec<String>, Selection>>,
}

/// Some of a query's rows, in its order. Rows of one key mostly stand together, so a few ranges say which they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Selection(Vec<Range<usize>>);

impl Selection {
    /// Their numbers.
    pub(super) fn rows(&self) -> impl Iterator<Item = usize> {
        self.0.iter().cloned().flatten()
    }

    /// How many they are.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(Range::len).sum()
    }

    /// Those of them from one to another, as counted among them.
    pub(super) fn part(&self, part: &Range<usize>) -> Self {
        let mut before = 0;
        let cut = |range: &Range<usize>| {
            let within = |at: usize| range.start + at.saturating_sub(before).min(range.len());
            let cut = within(part.start)..within(part.end);
            before += range.len();
            (!cut.is_empty()).then_some(cut)
        };
        Self(self.0.iter().filter_map(cut).collect())
    }
}

impl Queries {
    /// Runs the named queries and those that they read, each once. Those that are wrong are problems, those that do not
    /// exist are left out.
    pub(super) fn run(
        lookup: &Lookup,
        names: &BTreeSet<&str>,
        publication: &Publication,
        problems: &mut Vec<Problem>,
    ) -> Result<Self> {
        let files = lookup.files(Part::Queries)?;
        let name = |path: &PathBuf| path.to_str().and_then(|path| path.strip_suffix(".sql")).map(str::to_owned);
        let files: BTreeMap<String, Found> =
            files.into_iter().filter_map(|(path, found)| Some((name(&path)?, found.into_iter().next()?))).collect();
        let tables = publication.tables()?;
        let statements = statements(&files, names, &tables, publication, problems)?;
        let read: BTreeSet<&str> = statements.values().flat_map(Statement::queries).collect();
        let mut queries = Self { known: files.keys().cloned().collect(), ..Self::default() };
        let mut kept = publication.kept();
        let mut failed: BTreeSet<&str> = BTreeSet::new();
        for name in order(&statements, problems) {
            let Some(statement) = statements.get(name) else { continue };
            // One mistake is one problem, however many queries read what it spoils.
            if statement.queries().any(|query| failed.contains(query)) {
                failed.insert(name);
                continue;
            }
            let Statement { file, sql, reads } = statement;
            queries.runs += 1;
            queries.asked.insert(name.to_owned());
            let rows = if !read.contains(name) {
                publication.query(sql).map(Some)
            } else {
                kept.keep(name, sql).and_then(|()| names.contains(name).then(|| kept.rows(name)).transpose())
            };
            match rows {
                Ok(Some(rows)) => {
                    let answer = Answer { file: file.clone(), rows, about: About::of(sql), groups: BTreeMap::new() };
                    queries.answers.insert(name.to_owned(), answer);
                }
                Ok(None) => {}
                Err(error) => {
                    failed.insert(name);
                    problems.push(wrong(file, error, reads, publication, &tables, files.keys()));
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
        let mut groups: HashMap<Vec<String>, Selection> = HashMap::new();
        for rows in answer.rows.runs(&numbers) {
            if let Some(key) = answer.key(rows.start, &numbers) {
                groups.entry(key).or_default().0.push(rows);
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
    pub(super) fn of_key(&self, columns: &[String], key: &[String]) -> Selection {
        self.groups.get(columns).and_then(|groups| groups.get(key)).cloned().unwrap_or_default()
    }

    /// All rows.
    pub(super) fn all(&self) -> Selection {
        Selection(std::iter::once(0..self.rows.len()).collect())
    }
}

/// A query as it stands in its file.
struct Statement {
    file: PathBuf,
    sql: String,
    /// The tables that it reads, and which of them is a query.
    reads: Vec<(TableName, Option<String>)>,
}

impl Statement {
    /// The queries that it reads as tables.
    fn queries(&self) -> impl Iterator<Item = &str> {
        self.reads.iter().filter_map(|(_, query)| query.as_deref())
    }
}

/// The named queries and all that they read, as far as they can be run.
fn statements(
    files: &BTreeMap<String, Found>,
    names: &BTreeSet<&str>,
    tables: &BTreeSet<String>,
    publication: &Publication,
    problems: &mut Vec<Problem>,
) -> Result<BTreeMap<String, Statement>> {
    // SQL does not tell `Days` from `days`.
    let mut by_table: HashMap<String, &str> = HashMap::new();
    let mut statements = BTreeMap::new();
    for (name, found) in files {
        if let Some(other) = by_table.insert(name.to_lowercase(), name) {
            let message = format!("the queries `{other}` and `{name}` have one name to SQL");
            problems.push(Problem::new(Place::file(&found.shown), message).hint("rename one of the files"));
        }
    }
    let mut wanted: Vec<&str> = names.iter().rev().copied().collect();
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        let Some((name, found)) = files.get_key_value(name).filter(|_| seen.insert(name)) else { continue };
        let file = found.shown.clone();
        if tables.contains(&name.to_lowercase()) {
            let message = format!("a query cannot be called `{name}`: that is a table of the publication");
            problems.push(Problem::new(Place::file(file), message).hint("rename the file"));
            continue;
        }
        let sql = match found.text()? {
            Ok(sql) => sql,
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let reads = match publication.reads(&sql) {
            Ok(reads) => reads,
            Err(error) => {
                problems.push(wrong(&file, error, &[], publication, tables, files.keys()));
                continue;
            }
        };
        let query = |table: &TableName| by_table.get(&table.name.to_lowercase()).copied();
        let reads: Vec<_> = reads.into_iter().map(|table| (query(&table), table)).collect();
        wanted.extend(reads.iter().filter_map(|(query, _)| *query));
        let reads = reads.into_iter().map(|(query, table)| (table, query.map(str::to_owned))).collect();
        statements.insert(name.clone(), Statement { file, sql, reads });
    }
    Ok(statements)
}

/// The order in which queries are run: after those that they read. Who reads itself is a problem; who cannot be run
/// because of another one is left out.
fn order<'a>(statements: &'a BTreeMap<String, Statement>, problems: &mut Vec<Problem>) -> Vec<&'a str> {
    let mut walk = Walk { statements, problems, way: Vec::new(), done: BTreeMap::new(), order: Vec::new() };
    for name in statements.keys() {
        walk.visit(name);
    }
    walk.order
}

struct Walk<'a, 'p> {
    statements: &'a BTreeMap<String, Statement>,
    problems: &'p mut Vec<Problem>,
    /// From a query that was asked for to the one that is being looked at.
    way: Vec<&'a str>,
    /// Whether the queries that were looked at can be run.
    done: BTreeMap<&'a str, bool>,
    order: Vec<&'a str>,
}

impl<'a> Walk<'a, '_> {
    fn visit(&mut self, name: &'a str) -> bool {
        if let Some(runs) = self.done.get(name) {
            return *runs;
        }
        let Some(statement) = self.statements.get(name) else { return false };
        self.way.push(name);
        let mut runs = true;
        for (table, query) in &statement.reads {
            let Some(query) = query.as_deref() else { continue };
            if let Some(at) = self.way.iter().position(|above| *above == query) {
                let place = Place { file: statement.file.clone(), line: table.line, column: table.column };
                let message = match &self.way[at + 1..] {
                    [] => format!("the query `{query}` reads itself"),
                    others => format!("the query `{query}` reads itself, through `{}`", others.join("`, `")),
                };
                self.problems.push(Problem::new(place, message).hint("a query can read those that do not read it"));
                runs = false;
            } else {
                runs &= self.visit(query);
            }
        }
        self.way.pop();
        self.done.insert(name, runs);
        if runs {
            self.order.push(name);
        }
        runs
    }
}

/// What DuckDB says of a query, at its place in the file; of a table that there is not, the nearest that there is.
fn wrong<'a>(
    file: &Path,
    error: QueryError,
    reads: &[(TableName, Option<String>)],
    publication: &Publication,
    tables: &'a BTreeSet<String>,
    queries: impl Iterator<Item = &'a String>,
) -> Problem {
    let unknown = |(table, query): &&(TableName, Option<String>)| {
        query.is_none() && !tables.contains(&table.name.to_lowercase()) && error.message.contains(table.name.as_str())
    };
    let unknown = reads.iter().find(unknown).filter(|_| error.message.contains("does not exist"));
    let known = tables.iter().chain(queries).map(String::as_str);
    let near = unknown.and_then(|(table, _)| nearest(&table.name, known));
    let problem = Problem::new(Place { file: file.to_owned(), line: error.line, column: error.column }, error.message);
    if unknown.is_some_and(|(table, _)| publication.awaits(&table.name)) {
        return problem
            .hint("the source was never collected, and does not say its `columns`: run `torcollect collect`");
    }
    match near {
        Some(near) => problem.hint(format!("did you mean `{near}`?")),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_selection_is_counted_among_its_rows() {
        let selection = Selection(vec![2..5, 8..9, 20..23]);
        assert_eq!((selection.len(), selection.rows().collect::<Vec<_>>()), (7, vec![2, 3, 4, 8, 20, 21, 22]));
        let part = |part: Range<usize>| selection.part(&part).rows().collect::<Vec<_>>();
        assert_eq!(part(0..3), [2, 3, 4]);
        assert_eq!(part(2..5), [4, 8, 20]);
        assert_eq!(part(6..9), [22]);
        assert_eq!(part(7..9), [0; 0]);
    }
}
