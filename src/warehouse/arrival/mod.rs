//! Rows that files or programs bring: read strictly, typed, and packed as Parquet, which is the form in which they wait for
//! the warehouse. What does not fit is refused here, with its row, so that loading cannot fail over it later.
//!
//! Every format becomes a table of texts first ([`format`]); then each column gets its type ([`types`]). So a value means the
//! same whatever it is written in, and nothing is guessed from the first lines.

mod format;
mod types;
mod zone;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use duckdb::Connection;

use super::Rows;
use super::store::{identifier, offline, quoted};
use crate::config::{ColumnType, Format, RowOptions, SPECIAL_COLUMNS};
use crate::fs;

/// More columns than a table for people has.
const MOST_COLUMNS: usize = 1000;

/// Rows that have been read.
#[derive(Debug)]
pub struct Arrival {
    /// The rows as Parquet.
    pub parquet: Vec<u8>,
    /// The columns' names and types, in the files' order.
    pub columns: Vec<(String, ColumnType)>,
    /// How many rows there are.
    pub rows: usize,
    /// What stands for the rows, their names and types.
    pub digest: String,
}

/// A file of rows, and how a person would name it.
#[derive(Clone, Debug)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What it is called.
    pub shown: String,
}

/// Why rows cannot be read: a sentence that may have a value in it, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong, where.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// The result of reading.
pub type Result<T> = std::result::Result<T, Unreadable>;

impl Unreadable {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Where DuckDB itself fails, it is not over the rows.
impl From<duckdb::Error> for Unreadable {
    fn from(error: duckdb::Error) -> Self {
        let error = error.to_string();
        Self::new(error.lines().next().unwrap_or(&error), "see that the file is whole and of the format that is named")
    }
}

impl Arrival {
    /// Reads files of one kind of rows. `standing`: the columns of the table that they go to, if there is one; those of which
    /// nothing is known yet have no type.
    ///
    /// # Errors
    /// If a file cannot be read, lacks a column that is declared or stands already, has other columns than the file before it,
    /// a value that is not of its column's type, or two rows with one key.
    pub fn read(files: &[File], options: &RowOptions<'_>, standing: &[(String, Option<ColumnType>)]) -> Result<Self> {
        let paths: Vec<&Path> = files.iter().map(|file| file.path.as_path()).collect();
        let read = fs::with_links(&paths, |folder, links| {
            let shown = files.iter().map(|file| file.shown.clone());
            let formats = files.iter().map(|file| options.format.or_else(|| format::by_name(&file.path)));
            let files = links.into_iter().zip(shown).zip(formats);
            let files: Vec<Source> = files.map(|((path, shown), format)| Source { path, shown, format }).collect();
            Self::read_links(folder, &files, options, standing)
        });
        read.map_err(|error| Unreadable::new(format!("{error:#}"), "see that the files may be read"))?
    }

    fn read_links(
        folder: &Path,
        files: &[Source],
        options: &RowOptions<'_>,
        standing: &[(String, Option<ColumnType>)],
    ) -> Result<Self> {
        let connection = closed(folder)?;
        let wanted = Wanted::new(options, standing);
        let names = format::stage(&connection, files, options, &wanted)?;
        let columns = types::settle(&connection, files, &names, options.time_zone, &wanted)?;
        check_key(&connection, &columns, options.key)?;
        let typed = Rows::of(&connection, "select * from typed");
        let typed = typed.map_err(|error| Unreadable::new(format!("{error:#}"), "see that the file is whole"))?;
        let parquet = fs::bytes_of(|file| {
            let copy = format!("copy typed to {} (format parquet, compression zstd)", quoted(&file.to_string_lossy()));
            Ok(connection.execute_batch(&copy)?)
        });
        let parquet = parquet.map_err(|error| Unreadable::new(format!("{error:#}"), "see that the disk has room"))?;
        Ok(Self { parquet, columns, rows: typed.len(), digest: typed.digest() })
    }

    /// The first rows, for people.
    pub fn first(&self, most: usize) -> anyhow::Result<Rows> {
        fs::with_file(&self.parquet, |file| {
            let connection = Connection::open_in_memory_with_flags(offline()?)?;
            let file = quoted(&file.to_string_lossy());
            Rows::of(&connection, &format!("select * from read_parquet({file}) limit {most}"))
        })?
    }
}

/// A file to read, under a name in which DuckDB finds no pattern.
struct Source {
    path: PathBuf,
    shown: String,
    format: Option<Format>,
}

/// The columns that rows must have.
struct Wanted {
    /// Their names; all that the first file has, if none are named.
    names: Vec<String>,
    types: BTreeMap<String, ColumnType>,
    /// What is said if one is missing.
    missing: &'static str,
}

impl Wanted {
    fn new(options: &RowOptions<'_>, standing: &[(String, Option<ColumnType>)]) -> Self {
        if options.columns.is_empty() {
            let types = standing.iter().filter_map(|(name, kind)| Some((name.clone(), (*kind)?))).collect();
            let names = standing.iter().map(|(name, _)| name.clone()).collect();
            Self { names, types, missing: "the columns have changed: there is no" }
        } else {
            let names = options.columns.keys().cloned().collect();
            Self { names, types: options.columns.clone(), missing: "there is no column" }
        }
    }

    /// The type that a column must have, if it is known.
    fn of(&self, name: &str) -> Option<ColumnType> {
        let special = || SPECIAL_COLUMNS.iter().find(|(special, _)| *special == name).map(|(_, kind)| *kind);
        self.types.get(name).copied().or_else(special)
    }
}

/// A database that can read and write below the folder for temporary files, and nothing else.
fn closed(folder: &Path) -> Result<Connection> {
    let connection = Connection::open_in_memory_with_flags(offline()?)?;
    let folders = [folder, &std::env::temp_dir()].map(|folder| quoted(&format!("{}/", folder.display()))).join(", ");
    // Several sources are read at once.
    connection.execute_batch(&format!(
        "set threads = 2; set temp_directory = ''; set allowed_directories = [{folders}];
         set enable_external_access = false; set lock_configuration = true"
    ))?;
    Ok(connection)
}

/// Two rows with one key would be one row that says two things.
fn check_key(connection: &Connection, columns: &[(String, ColumnType)], key: &[String]) -> Result<()> {
    let known = |name: &&String| !columns.iter().any(|(column, _)| column == *name);
    if let Some(unknown) = key.iter().find(known) {
        let names = columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("`, `");
        return Err(Unreadable::new(
            format!("there is no column `{unknown}` for the key"),
            format!("there are `{names}`"),
        ));
    }
    if key.is_empty() {
        return Ok(());
    }
    let list = key.iter().map(|name| identifier(name)).collect::<Vec<_>>().join(", ");
    let texts =
        key.iter().map(|name| format!("coalesce({}::varchar, '')", identifier(name))).collect::<Vec<_>>().join(", ");
    let sql =
        format!("select concat_ws(', ', {texts}) from typed group by {list} having count(*) > 1 order by all limit 1");
    let twice: Option<String> = connection.prepare(&sql)?.query_map([], |row| row.get(0))?.next().transpose()?;
    match twice {
        Some(twice) => {
            let message = format!("two rows have the key `{}`", shortened(&twice));
            Err(Unreadable::new(message, "name all columns under `key` that tell one row from another"))
        }
        None => Ok(()),
    }
}

/// A value as a message can hold it.
fn shortened(value: &str) -> String {
    let value: String = crate::text::printable(value).chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    if value.chars().count() > 40 { value.chars().take(39).chain(['…']).collect() } else { value }
}

/// A line of DuckDB's as a message can hold it.
fn shortened_line(line: &str) -> String {
    crate::text::printable(line).chars().take(200).collect()
}

/// Names that columns may have: few enough, each in one case only once.
fn check_names(file: &Source, names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Err(Unreadable::new(
            format!("{}: there is no column", file.shown),
            "the first line has the columns' names",
        ));
    }
    if names.len() > MOST_COLUMNS {
        let message = format!("{}: there are {} columns", file.shown, names.len());
        return Err(Unreadable::new(message, format!("a table has at most {MOST_COLUMNS}")));
    }
    let mut seen = HashSet::new();
    for name in names {
        let fits = !name.is_empty()
            && !name.starts_with('_')
            && name.chars().count() <= 64
            && !name.contains(char::is_control);
        if !fits {
            let message = format!("{}: a column is called `{}`", file.shown, shortened(name));
            return Err(Unreadable::new(message, "a column's name has 1 to 64 characters and begins with no `_`"));
        }
        let lower = name.to_lowercase();
        if let Some((special, _)) = SPECIAL_COLUMNS.iter().find(|(special, _)| *special == lower && *special != name) {
            let message = format!("{}: a column is called `{}`", file.shown, shortened(name));
            return Err(Unreadable::new(message, format!("call it `{special}`, which has a meaning, or otherwise")));
        }
        if !seen.insert(lower) {
            let message = format!("{}: two columns are called `{}`", file.shown, shortened(name));
            return Err(Unreadable::new(message, "give each column a name of its own"));
        }
    }
    Ok(())
}

/// The path as SQL takes it.
fn literal(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

#[cfg(test)]
mod tests;
