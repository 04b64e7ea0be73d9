//! Downloads: a query's rows as one CSV and one Parquet file for the whole site, and what they mean.
//!
//! What a query and its columns mean stands in the first comment of its file, where whoever changes the query sees it: a
//! paragraph about the query, and a list of columns.
//!
//! ```sql
//! -- Clients of every day.
//! --
//! -- * day: the day, in UTC
//! -- * clients: IP addresses that were seen,
//! --   rounded up to a multiple of 8
//! select …
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::Result;
use serde_json::{Value, json};

use super::page::Document;
use super::query::{Answer, Queries};
use super::shape::Shape;
use crate::problem::{Place, Problem, nearest};
use crate::warehouse::Rows;

/// The folder of all downloads.
pub(super) const FOLDER: &str = "downloads/";

/// How a file holds its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Text, as RFC 4180 says.
    Csv,
    /// Apache Parquet.
    Parquet,
}

impl Format {
    /// Both.
    pub(super) const ALL: [Self; 2] = [Self::Csv, Self::Parquet];

    /// Where the rows of a query stand, below the site's root.
    pub(super) fn path(self, query: &str) -> String {
        let extension = match self {
            Self::Csv => "csv",
            Self::Parquet => "parquet",
        };
        format!("{FOLDER}{query}.{extension}")
    }
}

/// Rows as a file, which is made when somebody needs it, once.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Arc<Rows>,
    format: Format,
    digest: String,
    made: Arc<OnceLock<Vec<u8>>>,
}

impl Table {
    fn new(rows: &Arc<Rows>, digest: &str, format: Format) -> Self {
        Self { rows: rows.clone(), format, digest: digest.to_owned(), made: Arc::default() }
    }

    /// What tells the file's rows from others: two files of one format and one digest have the same bytes.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Its rows as text; nothing for a format that is none, which has the rows of one that is.
    pub(super) fn text(&self) -> &[u8] {
        match self.format {
            Format::Csv => self.bytes().unwrap_or_default(),
            Format::Parquet => &[],
        }
    }

    /// The file.
    ///
    /// # Errors
    /// If the rows do not fit into the format, or no temporary file can be written.
    pub fn bytes(&self) -> Result<&[u8]> {
        if self.made.get().is_none() {
            let made = match self.format {
                Format::Csv => self.rows.csv().into_bytes(),
                Format::Parquet => self.rows.parquet()?,
            };
            // Another thread has made the same bytes, if any.
            drop(self.made.set(made));
        }
        Ok(self.made.get().map_or(&[], Vec::as_slice))
    }
}

impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        (&self.digest, self.format) == (&other.digest, other.format)
    }
}

impl Eq for Table {}

/// A query whose rows can be downloaded.
#[derive(Debug)]
pub(super) struct Download {
    pub(super) query: String,
    /// The query's file.
    pub(super) file: PathBuf,
    /// In the order of [`Format::ALL`].
    pub(super) tables: [Table; 2],
    /// What pages see of it.
    pub(super) value: Value,
}

/// Everything that some document offers, each once, by the query's name.
pub(super) fn downloads(
    documents: &[Document],
    queries: &Queries,
    problems: &mut Vec<Problem>,
) -> Result<BTreeMap<String, Download>> {
    let mut downloads = BTreeMap::new();
    for document in documents {
        for query in &document.front.downloads {
            let Some(answer) = queries.get(query).filter(|_| !downloads.contains_key(query)) else { continue };
            let wrong = misfits(query, answer, &document.place(&["downloads"]));
            if wrong.is_empty() {
                downloads.insert(query.clone(), download(query, answer)?);
            }
            problems.extend(wrong);
        }
    }
    Ok(downloads)
}

fn download(query: &str, answer: &Answer) -> Result<Download> {
    let rows = Arc::new(answer.rows.clone());
    let digest = rows.digest();
    let tables = Format::ALL.map(|format| Table::new(&rows, &digest, format));
    let file = |number: usize| -> Result<Value> {
        Ok(json!({"path": Format::ALL[number].path(query), "bytes": tables[number].bytes()?.len()}))
    };
    let columns = rows.types().into_iter().map(|(name, plain)| {
        json!({
            "description": answer.about.columns.get(&name).map(|(text, _)| text),
            "name": name,
            "type": plain.map(|plain| plain.to_string()),
        })
    });
    let value = json!({
        "name": query,
        "title": title(query),
        "description": answer.about.description,
        "rows": rows.len(),
        "csv": file(0)?,
        "parquet": file(1)?,
        "columns": columns.collect::<Vec<_>>(),
    });
    Ok(Download { query: query.to_owned(), file: answer.file.clone(), tables, value })
}

/// Why a query's rows fit into no file, or its comment tells of what it does not give.
fn misfits(query: &str, answer: &Answer, place: &Place) -> Vec<Problem> {
    let types = answer.rows.types();
    let nested = types.iter().filter(|(_, plain)| plain.is_none()).map(|(column, _)| {
        let message = format!("the column `{column}` of the query `{query}` is no plain value, so no file can hold it");
        Problem::new(place.clone(), message).hint("leave it out, or make a row of each of its values with `unnest`")
    });
    let strange = answer.about.columns.iter().filter(|(column, _)| !types.iter().any(|(known, _)| known == *column));
    let strange = strange.map(|(column, (_, line))| {
        let place = Place::at(&answer.file, *line, 1);
        let problem = Problem::new(place, format!("the query gives no column `{column}`, which its comment explains"));
        match nearest(column, types.iter().map(|(name, _)| name.as_str())) {
            Some(near) => problem.hint(format!("did you mean `{near}`?")),
            None => problem.hint("remove the line"),
        }
    });
    nested.chain(strange).collect()
}

/// The shape of what pages see of downloads.
pub(super) fn shape() -> Shape {
    let file = || Shape::scalars(["path", "bytes"]);
    Shape::list(Shape::scalars(["name", "title", "description", "rows"]).with(vec![
        ("csv".to_owned(), file()),
        ("parquet".to_owned(), file()),
        ("columns".to_owned(), Shape::list(Shape::scalars(["name", "type", "description"]))),
    ]))
}

/// `clients_by_day` → `Clients by day`.
fn title(query: &str) -> String {
    let words = query.replace(['_', '-', '/'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What the first comment of a query's file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    /// The first paragraph.
    description: Option<String>,
    /// What columns mean, and in which line each begins.
    columns: BTreeMap<String, (String, usize)>,
}

impl About {
    /// Reads the comment with which the text begins.
    pub(super) fn of(sql: &str) -> Self {
        let comment = sql.lines().map_while(|line| line.trim().strip_prefix("--")).map(str::trim);
        let mut description: Vec<&str> = Vec::new();
        let mut columns: Vec<(&str, Vec<&str>, usize)> = Vec::new();
        let mut described = false;
        for (number, line) in comment.enumerate() {
            if let Some((column, text)) = line.strip_prefix("* ").and_then(|item| item.split_once(':')) {
                columns.push((column.trim().trim_matches('`'), vec![text.trim()], number + 1));
                described = true;
            } else if line.is_empty() {
                described |= !description.is_empty();
            } else if let Some((_, text, _)) = columns.last_mut() {
                text.push(line);
            } else if !described {
                description.push(line);
            }
        }
        Self {
            description: (!description.is_empty()).then(|| description.join(" ")),
            columns: columns.into_iter().map(|(name, text, at)| (name.to_owned(), (text.join(" "), at))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_comment_tells_of_the_query_and_of_its_columns() {
        let sql = "-- Clients of every day,\n-- in UTC: all bridges.\n--\n-- A word for authors.\n--\n-- * day: the day\n\
                   --   * `clients` : addresses,\n--     rounded up: by tor\n\nselect 1\n-- * no: not this one\n";
        let about = About::of(sql);
        assert_eq!(about.description.as_deref(), Some("Clients of every day, in UTC: all bridges."));
        let column = |name: &str, text: &str, line| (name.to_owned(), (text.to_owned(), line));
        assert_eq!(
            about.columns,
            BTreeMap::from([column("day", "the day", 6), column("clients", "addresses, rounded up: by tor", 7)])
        );
    }

    #[test]
    fn a_query_need_not_say_anything() {
        assert_eq!(About::of("select 1 -- x"), About::default());
        assert_eq!(About::of(""), About::default());
        assert_eq!(About::of("--\n-- * a: b\nselect 1").description, None);
    }

    #[test]
    fn a_title_is_made_from_the_name() {
        assert_eq!(title("clients_by_day"), "Clients by day");
        assert_eq!(title("über/a-b"), "Über a b");
    }
}
