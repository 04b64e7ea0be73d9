//! What the options of sources of rows must say besides being of the right types.

use jiff::tz::TimeZone;

use super::fleet::Fleet;
use super::sources::{Format, Mode, RowOptions, SPECIAL_COLUMNS};
use super::yaml::{Document, KeyPath};
use crate::problem::Problem;

/// The tables that queries see whatever the sources are, so that no source may have one of their names.
pub const TABLES: [&str; 18] = [
    "assignment",
    "bridge",
    "bridge_day",
    "collection",
    "country",
    "country_day",
    "day",
    "event",
    "expected_day",
    "note",
    "organization",
    "publication",
    "request_country_day",
    "request_day",
    "traffic_day",
    "transport",
    "transport_day",
    "warehouse",
];

/// All that is wrong with sources of rows.
pub(super) fn check(fleet: &Fleet, document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, table) in &fleet.table {
        let path = KeyPath::of(["sources", "table", name]);
        if table.path.is_empty() {
            let problem = document.key_problem(&path, "no file is named");
            problems.push(
                problem.hint("write `path: data/FILE.csv`, or a list of such; `*` stands for any part of a name"),
            );
        }
        problems.extend(options(&path, name, &table.rows(), table.comment.as_deref(), document));
    }
    for (name, command) in &fleet.command {
        let path = KeyPath::of(["sources", "command", name]);
        problems.extend(options(&path, name, &command.rows(), command.comment.as_deref(), document));
        let mut refuse = |key: &str, message: &str| problems.push(document.problem(&path.key(key), message));
        if command.run.as_ref().is_some_and(|run| run.first().is_none_or(String::is_empty)) {
            refuse("run", "the command is empty");
        }
        if command.run.is_some() && command.servers.is_some() {
            refuse("run", "on servers, the program is `/etc/torcollect/extract.d/` and the source's name");
        }
        if command.servers.is_some() && !command.options.is_empty() {
            refuse("options", "programs on servers are told nothing");
        }
        if command.timeout.is_some_and(|timeout| timeout.is_zero() || timeout.as_secs() > 86400) {
            refuse("timeout", "1 to 86400 seconds");
        }
        if command.max_bytes == Some(0) {
            refuse("max_bytes", "at least 1 byte");
        }
        if command.format == Some(Format::Parquet) {
            refuse("format", "programs print text: csv, tsv, json or ndjson");
        }
        let named = |name: &String| {
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains('.') && super::safe(name).is_ok()
        };
        for option in command.options.keys().filter(|option| !named(option)) {
            let message = "an option's name has letters, digits, `_` and `-`, and begins with a letter";
            problems.push(document.key_problem(&path.key("options").key(option), message));
        }
        let variables: Vec<String> = command.options.keys().map(|option| variable(option)).collect();
        for (index, option) in command.options.keys().enumerate() {
            if variables[..index].contains(&variables[index]) {
                let message = format_args!("another option is `{}` too", variables[index]);
                problems.push(document.key_problem(&path.key("options").key(option), message));
            }
        }
    }
    problems
}

/// The variable in which a program finds an option.
pub fn variable(option: &str) -> String {
    format!("TORCOLLECT_OPTION_{}", option.to_uppercase().replace('-', "_"))
}

fn options(
    path: &KeyPath,
    name: &str,
    options: &RowOptions<'_>,
    comment: Option<&str>,
    document: &Document,
) -> Vec<Problem> {
    let mut problems = Vec::new();
    if TABLES.contains(&name.to_lowercase().as_str()) {
        let problem = document.key_problem(path, format_args!("`{name}` is a table of torcollect's own"));
        problems.push(problem.hint("the rows become a table of the source's name: choose another"));
    }
    if comment.is_some_and(|comment| comment.len() != 1) {
        problems.push(document.problem(&path.key("comment"), "one character, such as `\"#\"`"));
    }
    if let Some(zone) = options.time_zone.filter(|zone| TimeZone::get(zone).is_err()) {
        let problem = document.problem(&path.key("time_zone"), format_args!("there is no time zone `{zone}`"));
        problems.push(problem.hint("names are as in `Europe/Berlin` or `UTC`"));
    }
    if options.mode == Mode::Upsert && options.key.is_empty() {
        let problem = document.problem(&path.key("mode"), "without a `key` no row can be told from others");
        problems.push(problem.hint("write `key: [day]` or whichever columns tell a row from others"));
    }
    let declared = |name: &&String| !options.columns.is_empty() && !options.columns.contains_key(*name);
    for key in options.key.iter().filter(declared) {
        let names = options.columns.keys().map(String::as_str);
        let problem = document.problem(&path.key("key"), format_args!("there is no column `{key}` under `columns`"));
        problems.push(problem.suggest(key, names));
    }
    for (column, kind) in options.columns {
        let special = SPECIAL_COLUMNS.iter().find(|(special, _)| column.to_lowercase() == *special);
        if let Some((special, of)) = special.filter(|(special, of)| special != column || of != kind) {
            let message = format_args!("a column `{special}` is called so and is `{}`", of.word());
            problems.push(document.key_problem(&path.key("columns").key(column), message));
        }
    }
    for column in options.columns.keys().filter(|name| name.is_empty() || name.starts_with('_') || name.len() > 64) {
        let message = "a column's name has 1 to 64 characters and begins with no `_`";
        problems.push(document.key_problem(&path.key("columns").key(column), message));
    }
    problems
}
