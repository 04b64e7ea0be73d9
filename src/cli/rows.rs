//! How rows are written: for people, for spreadsheets, for programs.

use anyhow::Result;
use clap::ValueEnum;
use serde_json::Value;
use torcollect::text::printable;
use torcollect::warehouse::Rows;

/// How rows are written.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// Aligned columns
    Table,
    /// RFC 4180, with a header
    Csv,
    /// An array of objects
    Json,
}

impl Format {
    /// The rows as a text.
    pub fn text(self, rows: &Rows) -> Result<String> {
        match self {
            Self::Table => Ok(table(rows)),
            Self::Csv => Ok(rows.csv()),
            Self::Json => json(rows),
        }
    }
}

fn json(rows: &Rows) -> Result<String> {
    let objects: Vec<Value> = rows.iter().collect();
    Ok(serde_json::to_string_pretty(&objects)? + "\n")
}

/// The rows as texts: a null is empty, lists and records are JSON.
fn cells(rows: &Rows) -> impl Iterator<Item = Vec<String>> {
    let columns = rows.columns().len();
    (0..rows.len()).map(move |row| (0..columns).map(|column| rows.text(row, column).unwrap_or_default()).collect())
}

fn names(rows: &Rows) -> Vec<String> {
    rows.columns().into_iter().map(|(name, _)| name).collect()
}

fn table(rows: &Rows) -> String {
    let lines: Vec<Vec<String>> = std::iter::once(names(rows))
        .chain(cells(rows).map(|cells| cells.iter().map(|cell| printable(cell).replace('\n', "\u{fffd}")).collect()))
        .collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    // Beyond that, lines stand as they are.
    let widths: Vec<usize> = (0..names(rows).len()).map(width).map(|width| width.min(1000)).collect();
    let number = |column: usize| (0..rows.len()).any(|row| rows.cell(row, column).is_number());
    let numbers: Vec<bool> = (0..widths.len()).map(number).collect();
    let text = |line: &Vec<String>| {
        let cells = line.iter().enumerate().map(|(column, cell)| {
            let width = widths[column];
            if numbers[column] { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    lines.iter().map(text).collect()
}
