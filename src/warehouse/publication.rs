//! The publication: the rows that may be seen, in a DuckDB of their own that is sealed. Whoever writes a query for a page
//! can read these tables and nothing else: no file, no network, no extension, not the warehouse.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt;

use anyhow::{Context, Result};
use duckdb::Connection;

use serde_json::Value;

use super::Rows;
use super::store::identifier;

/// A sealed in-memory database of what may be published.
pub struct Publication {
    pub(super) connection: Connection,
    /// What a query may not call or name; `None` where the doors are open.
    pub(super) refused: Option<BTreeSet<String>>,
    /// Whether sudden changes have been looked for.
    pub(super) events: Cell<bool>,
    /// The sources of rows, in lower case, whose tables are still to come.
    pub(super) awaited: BTreeSet<String>,
}

/// What changed suddenly, made of the publication's own tables, so that it sees no more than they show. It takes as long as
/// all else together, so it is made when it is asked for.
const EVENTS: &str = include_str!("views/05_events.sql");
/// The tables that it makes.
const EVENT_TABLES: [&str; 2] = ["event", "expected_day"];

/// Why a query could not be answered, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// DuckDB's own words, first line.
    pub message: String,
    /// Line in the query's text, from 1.
    pub line: Option<usize>,
    /// Column in that line, from 1.
    pub column: Option<usize>,
}

/// A table that a query names, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The name as it stands there.
    pub name: String,
    /// Line in the query's text, from 1.
    pub line: Option<usize>,
    /// Column in that line, from 1.
    pub column: Option<usize>,
}

/// Queries whose rows are tables for other queries, until this is dropped.
pub struct Kept<'a> {
    publication: &'a Publication,
    names: Vec<String>,
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for QueryError {}

impl Publication {
    /// Closes the database's doors for good: whatever is queried from now on stays inside.
    pub(super) fn seal(connection: Connection) -> Result<Self> {
        let mut refused = connection.prepare(include_str!("views/refused.sql"))?;
        let refused = refused.query_map([], |row| row.get(0))?.collect::<duckdb::Result<BTreeSet<String>>>()?;
        connection
            .execute_batch(
                "set autoinstall_known_extensions = false;
                 set autoload_known_extensions = false;
                 set allow_community_extensions = false;
                 set temp_directory = '';
                 set enable_external_access = false;
                 set lock_configuration = true;",
            )
            .context("cannot seal the publication")?;
        let events = Cell::new(has_events(&connection)?);
        Ok(Self { connection, refused: Some(refused), events, awaited: BTreeSet::new() })
    }

    /// A database whose doors stay open, for the operator's own eyes.
    pub(super) fn unsealed(connection: Connection) -> Result<Self> {
        let events = Cell::new(has_events(&connection)?);
        Ok(Self { connection, refused: None, events, awaited: BTreeSet::new() })
    }

    /// Makes a sealed publication from SQL statements: for tests of what reads publications.
    #[doc(hidden)]
    pub fn of(statements: &str) -> Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(statements)?;
        Self::seal(connection)
    }

    /// Runs one `select`; anything else is refused.
    pub fn query(&self, sql: &str) -> Result<Rows, QueryError> {
        self.allowed(sql)?;
        Rows::of(&self.connection, sql).map_err(|error| placed(&format!("{error:#}")))
    }

    /// The names of its tables, in lower case; those too that are made when they are asked for.
    pub fn tables(&self) -> Result<BTreeSet<String>> {
        let sql = "select lower(table_name) from information_schema.tables where table_catalog <> 'temp'";
        let mut tables = self.connection.prepare(sql)?;
        let tables = tables.query_map([], |row| row.get(0))?.collect::<duckdb::Result<BTreeSet<String>>>()?;
        Ok(tables.into_iter().chain(EVENT_TABLES.map(str::to_owned)).collect())
    }

    /// Whether a table of this name will be there when its source is collected.
    pub fn awaits(&self, table: &str) -> bool {
        self.awaited.contains(&table.to_lowercase())
    }

    /// The tables that a query names, without those that it makes itself by `with`; some stand there twice.
    pub fn reads(&self, sql: &str) -> Result<Vec<TableName>, QueryError> {
        let tree = only_select(&self.connection, sql)?;
        let mut names = Vec::new();
        tables(&tree, sql, &mut Vec::new(), &mut names);
        Ok(names)
    }

    /// Calls countries by other names, and explains them in other words: `code`, `name`, `note`. Those that do not occur are
    /// nothing to it.
    pub fn call_countries<'a>(
        &self,
        names: impl IntoIterator<Item = (&'a str, &'a str, Option<&'a str>)>,
    ) -> Result<()> {
        let mut names = names.into_iter().peekable();
        if names.peek().is_none() {
            return Ok(());
        }
        let mut update = self.connection.prepare("update country set name = ?, note = ? where country = ?")?;
        for (code, name, note) in names {
            update.execute(duckdb::params![name, note, code])?;
        }
        Ok(())
    }

    /// A place for queries that other queries read.
    pub fn kept(&self) -> Kept<'_> {
        Kept { publication: self, names: Vec::new() }
    }

    /// Lets a query pass that may be run here.
    fn allowed(&self, sql: &str) -> Result<(), QueryError> {
        let tree = only_select(&self.connection, sql)?;
        if let Some(refused) = &self.refused {
            harmless(&tree, refused).map_err(|message| refused_at(sql, named_in(sql, &message), message))?;
        }
        let mut names = Vec::new();
        tables(&tree, sql, &mut Vec::new(), &mut names);
        // Who lists the tables shall see them all.
        let asked = |name: &TableName| EVENT_TABLES.contains(&name.name.to_lowercase().as_str());
        if !self.events.get() && (names.iter().any(asked) || sql.contains("duckdb_")) {
            make_events(&self.connection).map_err(|error| placed(&format!("{error:#}")))?;
            self.events.set(true);
        }
        Ok(())
    }
}

impl Kept<'_> {
    /// Runs one `select` like [`Publication::query`]. Its rows, in their order, become the table `name`.
    pub fn keep(&mut self, name: &str, sql: &str) -> Result<(), QueryError> {
        self.publication.allowed(sql)?;
        // The line of its own keeps the columns of what follows; the lines count from the second one on.
        let table = format!("create temp table {} as\n{sql}", identifier(name));
        let made = self.publication.connection.execute_batch(&table);
        made.map_err(|error| {
            let error = placed(&error.to_string());
            QueryError { line: error.line.map(|line| line.saturating_sub(1).max(1)), ..error }
        })?;
        self.names.push(name.to_owned());
        Ok(())
    }

    /// The rows of a query that was kept.
    pub fn rows(&self, name: &str) -> Result<Rows, QueryError> {
        let rows = Rows::of(&self.publication.connection, &format!("from temp.{}", identifier(name)));
        rows.map_err(|error| placed(&format!("{error:#}")))
    }
}

impl Drop for Kept<'_> {
    fn drop(&mut self) {
        for name in &self.names {
            // A table that stays is in nobody's way but that of one with its name, who would say so.
            let _ = self.publication.connection.execute_batch(&format!("drop table temp.{}", identifier(name)));
        }
    }
}

fn has_events(connection: &Connection) -> Result<bool> {
    let sql = "select count(*) > 0 from duckdb_tables() where table_name = 'event'";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Looks for sudden changes, whatever has asked for it.
pub(super) fn make_events(connection: &Connection) -> Result<()> {
    let made = connection.execute_batch(EVENTS);
    if made.is_err() {
        // What is half made would be in the way of who asks again, and shall learn the same. No transaction does it: DuckDB
        // cannot commit one in which a table was made and dropped.
        let _ = connection.execute_batch(
            "drop schema if exists work cascade; drop table if exists expected_day; drop table if exists event",
        );
    }
    made.context("cannot look for sudden changes")
}

/// Finds the tables that a query names. `made` are those of the `with` around, of which only the later ones and the body
/// know.
fn tables(tree: &Value, sql: &str, made: &mut Vec<String>, found: &mut Vec<TableName>) {
    let node = match tree {
        Value::Object(node) => node,
        Value::Array(items) => return items.iter().for_each(|item| tables(item, sql, made, found)),
        _ => return,
    };
    let text = |key: &str| node.get(key).and_then(Value::as_str).unwrap_or_default();
    let outside = made.len();
    for with in node.get("cte_map").and_then(|map| map["map"].as_array()).into_iter().flatten() {
        tables(&with["value"], sql, made, found);
        made.push(with["key"].as_str().unwrap_or_default().to_lowercase());
    }
    match text("type") {
        "RECURSIVE_CTE_NODE" => made.push(text("cte_name").to_lowercase()),
        "BASE_TABLE" if text("schema_name").is_empty() && made.contains(&text("table_name").to_lowercase()) => {}
        "BASE_TABLE" if ["", "main"].contains(&text("schema_name").to_lowercase().as_str()) => {
            let at = node.get("query_location").and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
            let at = at.filter(|at| *at < sql.len()).map(|at| line_column(sql, at));
            let name = text("table_name").to_owned();
            found.push(TableName { name, line: at.map(|at| at.0), column: at.map(|at| at.1) });
        }
        _ => {}
    }
    node.iter().filter(|(key, _)| *key != "cte_map").for_each(|(_, value)| tables(value, sql, made, found));
    made.truncate(outside);
}

/// Lets a single `select` pass. DuckDB can write nothing but `select` statements as JSON, so its own parser decides.
fn only_select(connection: &Connection, sql: &str) -> Result<Value, QueryError> {
    let refused = |message: String| refused_at(sql, beginning(sql), message);
    // A parameter is not accepted there: its type is unknown when the statement is planned.
    let literal = sql.replace('\'', "''");
    let tree: String = connection
        .query_row(&format!("select json_serialize_sql('{literal}')"), [], |row| row.get(0))
        .map_err(|error| placed(&error.to_string()))?;
    let tree: Value = serde_json::from_str(&tree).map_err(|error| refused(error.to_string()))?;
    if tree["error"].as_bool() != Some(true) {
        return match tree["statements"].as_array().map(Vec::len) {
            Some(1) => Ok(tree),
            Some(0) => Err(refused("the query is empty".to_owned())),
            _ => Err(refused("a query is one `select` statement, here are several".to_owned())),
        };
    }
    if tree["error_type"].as_str() == Some("parser") || tree["error_type"].as_str() == Some("syntax") {
        let message = tree["error_message"].as_str().unwrap_or("syntax error");
        let position = tree["position"].as_str().and_then(|position| position.parse::<usize>().ok());
        let (line, column) = position.map_or((None, None), |position| {
            let (line, column) = line_column(sql, position);
            (Some(line), Some(column))
        });
        return Err(QueryError { message: message.to_owned(), line, column });
    }
    Err(refused("only `select` statements may be run here".to_owned()))
}

/// Functions that make tables and look at nothing outside of the query. All others may read settings, logs, or the machine.
const TABLE_FUNCTIONS: [&str; 4] = ["generate_series", "range", "repeat", "unnest"];

/// Lets a query pass that depends on the publication's rows alone, so that it tells nothing else and gives the same twice.
fn harmless(tree: &Value, refused: &BTreeSet<String>) -> Result<(), String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    if let Value::Object(node) = tree {
        let get = |key: &str| node.get(key).unwrap_or(&Value::Null);
        match (get("type").as_str(), get("class").as_str()) {
            (Some("TABLE_FUNCTION"), _) => {
                let name = text(&get("function")["function_name"]);
                if !TABLE_FUNCTIONS.contains(&name.as_str()) {
                    return Err(format!("the table function `{name}` may not be used here"));
                }
            }
            (Some("BASE_TABLE"), _) => {
                let (schema, name) = (text(get("schema_name")), text(get("table_name")));
                if !["", "main"].contains(&schema.as_str()) || refused.contains(&name) {
                    let name = if schema.is_empty() { name } else { format!("{schema}.{name}") };
                    return Err(format!("there is no table `{name}` in the publication"));
                }
            }
            (Some("SHOW_REF"), _) => return Err("only `select` statements may be run here".to_owned()),
            (_, Some("FUNCTION")) if refused.contains(&text(get("function_name"))) => {
                return Err(format!(
                    "`{}` may not be used here: it depends on more than the data",
                    text(get("function_name"))
                ));
            }
            (_, Some("COLUMN_REF")) => {
                if let Some([name]) = get("column_names").as_array().map(Vec::as_slice)
                    && refused.contains(&text(name))
                {
                    return Err(format!("`{}` may not be used here: it depends on more than the data", text(name)));
                }
            }
            _ => {}
        }
        if !get("sample").is_null() {
            return Err("a query may not draw a sample: it must give the same twice".to_owned());
        }
    }
    match tree {
        Value::Object(node) => node.values().try_for_each(|value| harmless(value, refused)),
        Value::Array(items) => items.iter().try_for_each(|value| harmless(value, refused)),
        _ => Ok(()),
    }
}

/// DuckDB shows a query's place as `LINE 2: <text>` with a caret below; this reads it back.
fn placed(error: &str) -> QueryError {
    let message = error.lines().next().unwrap_or(error).trim().to_owned();
    let mut lines = error.lines();
    while let Some(text) = lines.next() {
        let Some((number, shown)) = text.strip_prefix("LINE ").and_then(|rest| rest.split_once(": ")) else { continue };
        let Ok(line) = number.parse() else { continue };
        let caret = lines.next().and_then(|below| below.find('^'));
        let lead = text.len() - shown.len();
        // A long line is shown from its middle, after dots; its column is then unknown.
        let column =
            caret.filter(|_| !shown.starts_with("...")).and_then(|caret| caret.checked_sub(lead)).map(|c| c + 1);
        return QueryError { message, line: Some(line), column };
    }
    QueryError { message, line: None, column: None }
}

/// What is refused at a byte of the query.
fn refused_at(sql: &str, at: usize, message: String) -> QueryError {
    let (line, column) = line_column(sql, at);
    QueryError { message, line: Some(line), column: Some(column) }
}

/// Where a query begins after its comments.
fn beginning(sql: &str) -> usize {
    let lines = sql.split_inclusive('\n');
    lines.take_while(|line| line.trim().is_empty() || line.trim_start().starts_with("--")).map(str::len).sum()
}

/// Where the name stands that a message has in backticks, without its schema; where the query begins if it has none.
fn named_in(sql: &str, message: &str) -> usize {
    let begin = beginning(sql);
    let name = message.split('`').nth(1).and_then(|name| name.rsplit('.').next()).filter(|name| !name.is_empty());
    name.and_then(|name| Some(begin + sql.to_ascii_lowercase()[begin..].find(name)?)).unwrap_or(begin)
}

fn line_column(text: &str, position: usize) -> (usize, usize) {
    let before = text.get(..position).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}
