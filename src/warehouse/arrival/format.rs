//! From files of any format to one table of texts, `staged`: `_file`, `_row` (from 1, in each file), then the columns.

use std::path::Path;

use duckdb::Connection;

use super::{Result, Source, Unreadable, Wanted, check_names, identifier, literal, quoted};
use crate::config::{Format, RowOptions};
use crate::fs;

/// Fills `staged` from all files and gives the columns' names, in the first file's order.
pub(super) fn stage(
    connection: &Connection,
    files: &[Source],
    options: &RowOptions<'_>,
    wanted: &Wanted,
) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let wrong = |error: duckdb::Error| unreadable(file, &error.to_string());
        let (found, relation) = match file.format {
            Some(Format::Csv) => delimited(file, b',', options)?,
            Some(Format::Tsv) => delimited(file, b'\t', options)?,
            Some(format @ (Format::Json | Format::Ndjson)) if has_no_record(file, format)? => {
                // Other files may have names.
                if wanted.names.is_empty() && files.len() > 1 {
                    continue;
                }
                none(wanted)
            }
            Some(Format::Json) => json(connection, file, "array")?,
            Some(Format::Ndjson) => json(connection, file, "newline_delimited")?,
            Some(Format::Parquet) => parquet(connection, file).map_err(wrong)?,
            None => {
                let hint =
                    "say it by `format:`: csv, tsv, json, ndjson or parquet; what is compressed must be unpacked";
                return Err(Unreadable::new(format!("{}: the name does not tell the format", file.shown), hint));
            }
        };
        check_names(file, &found)?;
        if let Some(missing) = wanted.names.iter().find(|name| !found.contains(name)) {
            return Err(changed(file, &format!("{} `{missing}`", wanted.missing), &found));
        }
        let here: Vec<String> =
            found.iter().filter(|name| wanted.names.is_empty() || wanted.names.contains(name)).cloned().collect();
        let first = names.is_empty();
        if first {
            names.clone_from(&here);
        } else if let Some(name) = different(&names, &here) {
            let message = if found.contains(name) { "other files have no column" } else { "there is no column" };
            return Err(changed(file, &format!("{message} `{name}`"), &found));
        }
        let columns = names.iter().map(|name| format!("cast({0} as varchar) as {0}", identifier(name)));
        let columns = columns.collect::<Vec<_>>().join(", ");
        let select = format!("select {index} as _file, row_number() over () as _row, {columns} from {relation}");
        let sql = if first {
            format!("create temp table staged as {select}")
        } else {
            format!("insert into staged by name {select}")
        };
        connection.execute_batch(&sql).map_err(wrong)?;
    }
    if names.is_empty() {
        return Err(Unreadable::new("no file has a record", "say under `columns` which there will be"));
    }
    Ok(names)
}

/// The first name that only one of them has.
fn different<'a>(one: &'a [String], other: &'a [String]) -> Option<&'a String> {
    let missing = |from: &'a [String], to: &'a [String]| from.iter().find(|name| !to.contains(name));
    missing(one, other).or_else(|| missing(other, one))
}

fn changed(file: &Source, message: &str, found: &[String]) -> Unreadable {
    let found = found.iter().map(|name| super::shortened(name)).collect::<Vec<_>>().join("`, `");
    let hint = "nothing was changed; if the file is right, say under `columns` which ones are read";
    Unreadable::new(format!("{}: {message}, it has `{found}`", file.shown), hint)
}

/// The format that a file's name tells.
pub(super) fn by_name(path: &Path) -> Option<Format> {
    Some(match path.extension()?.to_str()?.to_lowercase().as_str() {
        "csv" => Format::Csv,
        "tsv" => Format::Tsv,
        "json" => Format::Json,
        "ndjson" | "jsonl" => Format::Ndjson,
        "parquet" => Format::Parquet,
        _ => return None,
    })
}

/// CSV and TSV, written anew without names, comments and empty lines, so that DuckDB need not guess: it takes lines that do not
/// fit for a preamble, and would leave them out.
fn delimited(file: &Source, delimiter: u8, options: &RowOptions<'_>) -> Result<(Vec<String>, String)> {
    let wrong = |error: csv::Error| malformed(file, &error);
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).delimiter(delimiter).comment(options.comment);
    let mut reader = reader.from_path(&file.path).map_err(wrong)?;
    let mut record = csv::StringRecord::new();
    let any = reader.read_record(&mut record).map_err(wrong)?;
    let names: Vec<String> = match (any, options.header) {
        (false, _) => Vec::new(),
        (true, true) => record.iter().map(|name| name.trim().to_owned()).collect(),
        (true, false) => (0..record.len()).map(|number| format!("column{number}")).collect(),
    };
    check_names(file, &names)?;
    let plain = file.path.with_extension("plain");
    // All in quotes, so that no first cell starts with a byte order mark, which DuckDB would take off.
    let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_path(&plain).map_err(wrong)?;
    let mut last = None;
    let mut more = !options.header || reader.read_record(&mut record).map_err(wrong)?;
    while more {
        if record.len() != names.len() {
            let line = record.position().map_or(0, csv::Position::line);
            let message = format!("{}: line {line} has {} fields, not {}", file.shown, record.len(), names.len());
            return Err(Unreadable::new(
                message,
                "nothing was changed; see that the file is whole, and quotes are closed",
            ));
        }
        writer.write_record(&record).map_err(wrong)?;
        last = record
            .iter()
            .next_back()
            .is_some_and(|field| field.contains('\n'))
            .then(|| record.position().map_or(0, csv::Position::line));
        more = reader.read_record(&mut record).map_err(wrong)?;
    }
    // A quote that is never closed takes all lines to the end of the file with it.
    if let Some(line) = last.filter(|_| !ends_in_quote(file)) {
        let message = format!("{}: line {line} has a quote that is not closed", file.shown);
        return Err(Unreadable::new(message, "nothing was changed; close it, or write `\"\"` for a quote in quotes"));
    }
    writer.flush().map_err(|error| unreadable(file, &error.to_string()))?;
    let columns = names.iter().map(|name| format!("{}: 'VARCHAR'", quoted(name))).collect::<Vec<_>>().join(", ");
    let values =
        names.iter().map(|name| format!("nullif({0}, '') as {0}", identifier(name))).collect::<Vec<_>>().join(", ");
    let relation = format!(
        "(select {values} from read_csv({}, auto_detect = false, columns = {{{columns}}}, header = false, delim = ',', \
         quote = '\"', escape = '\"', new_line = '\\n', max_line_size = 67108864))",
        literal(&plain)
    );
    Ok((names, relation))
}

/// Whether the last character of a file, line breaks apart, is a quote.
fn ends_in_quote(file: &Source) -> bool {
    let end = fs::read_end(&file.path, 64).unwrap_or_default();
    end.trim_ascii_end().ends_with(b"\"")
}

fn malformed(file: &Source, error: &csv::Error) -> Unreadable {
    let line = error.position().map_or_else(String::new, |position| format!("line {}: ", position.line()));
    let what = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "this is not UTF-8".to_owned(),
        _ => error.to_string(),
    };
    let hint = "nothing was changed; see that the file is whole and of the format that is named";
    Unreadable::new(format!("{}: {line}{what}", file.shown), hint)
}

/// Whether a file of JSON has no record, and so no names. An array must be there to be empty: half a file is none.
fn has_no_record(file: &Source, format: Format) -> Result<bool> {
    let start = fs::read_start(&file.path, 64);
    let start = start.map_err(|error| unreadable(file, &error.root_cause().to_string()))?;
    let text: Vec<u8> = start.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    Ok(start.len() < 64 && text == if format == Format::Json { &b"[]"[..] } else { b"" })
}

/// No row of the columns that there must be.
fn none(wanted: &Wanted) -> (Vec<String>, String) {
    let columns =
        wanted.names.iter().map(|name| format!("null as {}", identifier(name))).collect::<Vec<_>>().join(", ");
    (wanted.names.clone(), format!("(select {columns} where false)"))
}

/// JSON: what is no plain value stays JSON, as text.
fn json(connection: &Connection, file: &Source, form: &str) -> Result<(Vec<String>, String)> {
    let wrong = |error: duckdb::Error| unreadable(file, &error.to_string());
    let names = format!(
        "describe select * from read_json({}, format = '{form}', sample_size = -1, records = true, \
         maximum_object_size = 16777216, map_inference_threshold = -1, field_appearance_threshold = 0)",
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

fn parquet(connection: &Connection, file: &Source) -> duckdb::Result<(Vec<String>, String)> {
    let relation = format!("read_parquet({})", literal(&file.path));
    let names = described(connection, &format!("describe select * from {relation}"))?;
    Ok((names, relation))
}

/// The names of a query's columns.
fn described(connection: &Connection, describe: &str) -> duckdb::Result<Vec<String>> {
    connection.prepare(describe)?.query_map([], |row| row.get(0))?.collect()
}

/// DuckDB's first line, which has no path but may have a line's number.
fn unreadable(file: &Source, error: &str) -> Unreadable {
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
