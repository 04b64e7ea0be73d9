//! From files of any format to one table of texts, `staged`: `_file`, `_row` (from 1, in each file), then the columns.

use duckdb::Connection;

use super::{File, Result, Unreadable, check_names, identifier, literal, quoted};
use crate::config::{Format, RowOptions};
use crate::fs;

/// Fills `staged` from all files and gives the columns' names, in the first file's order.
pub(super) fn stage(connection: &Connection, files: &[File], options: &RowOptions<'_>) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let format = options.format.or_else(|| by_name(file)).ok_or_else(|| {
            let hint = "say it by `format:`: csv, tsv, json, ndjson or parquet";
            Unreadable::new(format!("{}: the name does not tell the format", file.shown), hint)
        })?;
        let wrong = |error: duckdb::Error| unreadable(file, &error.to_string());
        let (found, relation) = match format {
            Format::Csv => delimited(file, b',', options)?,
            Format::Tsv => delimited(file, b'\t', options)?,
            Format::Json | Format::Ndjson if has_no_record(file) => none(options),
            Format::Json => json(connection, file, "array")?,
            Format::Ndjson => json(connection, file, "newline_delimited")?,
            Format::Parquet => parquet(connection, file).map_err(wrong)?,
        };
        check_names(file, &found)?;
        if let Some(missing) = options.columns.keys().find(|name| !found.contains(name)) {
            return Err(changed(file, &format!("there is no column `{missing}`"), &found));
        }
        let wanted: Vec<String> = found
            .iter()
            .filter(|name| options.columns.is_empty() || options.columns.contains_key(*name))
            .cloned()
            .collect();
        if index == 0 {
            names.clone_from(&wanted);
        } else if let Some(name) = different(&names, &wanted) {
            return Err(changed(file, &format!("not all files have a column `{name}`"), &found));
        }
        let columns = names.iter().map(|name| format!("cast({0} as varchar) as {0}", identifier(name)));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let select = format!("select {index} as _file, row_number() over () as _row, {columns} from {relation}");
        let sql = if index == 0 {
            format!("create temp table staged as {select}")
        } else {
            format!("insert into staged by name {select}")
        };
        connection.execute_batch(&sql).map_err(wrong)?;
    }
    Ok(names)
}

/// The first name that only one of them has.
fn different<'a>(one: &'a [String], other: &'a [String]) -> Option<&'a String> {
    let missing = |from: &'a [String], to: &'a [String]| from.iter().find(|name| !to.contains(name));
    missing(one, other).or_else(|| missing(other, one))
}

fn changed(file: &File, message: &str, found: &[String]) -> Unreadable {
    let found = found.iter().map(|name| super::shortened(name)).collect::<Vec<_>>().join("`, `");
    let hint = "nothing was changed; if the file is right, say under `columns` which ones are read";
    Unreadable::new(format!("{}: {message}, it has `{found}`", file.shown), hint)
}

fn by_name(file: &File) -> Option<Format> {
    let path = file.path.to_str()?.to_lowercase();
    let path = path.strip_suffix(".gz").or_else(|| path.strip_suffix(".zst")).unwrap_or(&path);
    Some(match path.rsplit_once('.')?.1 {
        "csv" => Format::Csv,
        "tsv" => Format::Tsv,
        "json" => Format::Json,
        "ndjson" | "jsonl" => Format::Ndjson,
        "parquet" => Format::Parquet,
        _ => return None,
    })
}

/// CSV and TSV. The names are read first, so that nothing is left to guessing: DuckDB takes lines that do not fit for a
/// preamble, and would leave them out.
fn delimited(file: &File, delimiter: u8, options: &RowOptions<'_>) -> Result<(Vec<String>, String)> {
    let compressed = file.path.extension().is_some_and(|ending| ending == "gz" || ending == "zst");
    if compressed {
        let hint = "unpack it; files of Parquet are compressed by themselves";
        return Err(Unreadable::new(format!("{}: a compressed file is not read", file.shown), hint));
    }
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter).comment(options.comment);
    let mut reader = reader.from_path(&file.path).map_err(|error| unreadable(file, &error.to_string()))?;
    let mut first = csv::StringRecord::new();
    let any = reader.read_record(&mut first).map_err(|error| unreadable(file, &error.to_string()))?;
    let names: Vec<String> = match (any, options.header) {
        (false, _) => Vec::new(),
        (true, true) => first.iter().map(|name| name.trim().to_owned()).collect(),
        (true, false) => (0..first.len()).map(|number| format!("column{number}")).collect(),
    };
    let columns = names.iter().map(|name| format!("{}: 'VARCHAR'", quoted(name))).collect::<Vec<_>>().join(", ");
    let delimiter = if delimiter == b'\t' { "\\t" } else { "," };
    let delimiter = if delimiter == "," { "','".to_owned() } else { format!("e'{delimiter}'") };
    let comment = options.comment.map_or_else(String::new, |sign| quoted(&char::from(sign).to_string()));
    let comment = if comment.is_empty() { comment } else { format!(", comment = {comment}") };
    let header = options.header;
    let relation = format!(
        "read_csv({}, auto_detect = false, columns = {{{columns}}}, header = {header}, delim = {delimiter}, quote = '\"', \
         escape = '\"', strict_mode = true, null_padding = false, max_line_size = 16777216{comment})",
        literal(&file.path)
    );
    Ok((names, relation))
}

/// Whether a file of JSON has no record, and so no names.
fn has_no_record(file: &File) -> bool {
    let start = fs::read_start(&file.path, 64).unwrap_or_default();
    let whole = start.len() < 64;
    let text: Vec<u8> = start.into_iter().filter(|byte| !byte.is_ascii_whitespace()).collect();
    whole && matches!(&text[..], b"" | b"[]")
}

/// No row of the columns that are declared.
fn none(options: &RowOptions<'_>) -> (Vec<String>, String) {
    let names: Vec<String> = options.columns.keys().cloned().collect();
    let columns = names.iter().map(|name| format!("null as {}", identifier(name))).collect::<Vec<_>>().join(", ");
    (names, format!("(select {columns} where false)"))
}

/// JSON: what is no plain value stays JSON, as text.
fn json(connection: &Connection, file: &File, form: &str) -> Result<(Vec<String>, String)> {
    let wrong = |error: duckdb::Error| unreadable(file, &error.to_string());
    let names = format!(
        "describe select * from read_json({}, format = '{form}', sample_size = -1, records = true, maximum_object_size = 16777216)",
        literal(&file.path)
    );
    let names = described(connection, &names).map_err(wrong)?;
    let columns = names.iter().map(|name| format!("{}: 'JSON'", quoted(name))).collect::<Vec<_>>().join(", ");
    let values =
        names.iter().map(|name| format!("{0} ->> '$' as {0}", identifier(name))).collect::<Vec<_>>().join(", ");
    let relation = format!(
        "(select {values} from read_json({}, format = '{form}', records = true, maximum_object_size = 16777216, columns = {{{columns}}}))",
        literal(&file.path)
    );
    Ok((names, relation))
}

fn parquet(connection: &Connection, file: &File) -> duckdb::Result<(Vec<String>, String)> {
    let relation = format!("read_parquet({})", literal(&file.path));
    let names = described(connection, &format!("describe select * from {relation}"))?;
    Ok((names, relation))
}

/// The names of a query's columns.
fn described(connection: &Connection, describe: &str) -> duckdb::Result<Vec<String>> {
    connection.prepare(describe)?.query_map([], |row| row.get(0))?.collect()
}

/// DuckDB's first line, which has no path but may have a line's number.
fn unreadable(file: &File, error: &str) -> Unreadable {
    let path = file.path.to_string_lossy();
    let first = error.lines().find(|line| !line.trim().is_empty()).unwrap_or(error).replace(&*path, &file.shown);
    let first = ["Invalid Input Error: ", "Conversion Error: ", "IO Error: ", "Invalid Error: "]
        .iter()
        .find_map(|kind| first.strip_prefix(kind))
        .unwrap_or(&first)
        .to_owned();
    let detail =
        error.lines().skip(1).map(str::trim).find(|line| line.starts_with("Expected") || line.starts_with("Value"));
    let detail = detail.map_or_else(String::new, |detail| format!(": {detail}"));
    Unreadable::new(
        format!("{}: {}{detail}", file.shown, super::shortened_line(&first)),
        "nothing was changed; see that the file is whole and of the format that is named",
    )
}
