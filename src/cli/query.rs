//! `torcollect query`.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, ValueEnum};
use serde_json::Value;
use torcollect::project::Project;
use torcollect::text::printable;
use torcollect::warehouse::{Publication, Rows, Scope};

use super::{Terminal, load_fleet, load_site};

/// The arguments of `query`.
#[derive(Args)]
pub struct Query {
    /// One `select` statement
    sql: String,
    /// Ask the warehouse: all bridges without rules, and its own tables as `warehouse.NAME`
    #[arg(long)]
    private: bool,
    /// How the rows are written
    #[arg(long, default_value = "table")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Aligned columns
    Table,
    /// RFC 4180, with a header
    Csv,
    /// An array of objects
    Json,
}

impl Query {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let (fleet, site) = (load_fleet(project, terminal)?, load_site(project)?);
        let publication = if self.private {
            Publication::private(project, &fleet, &site)?
        } else {
            Publication::make(project, &fleet, &site, Scope::Public)?
        };
        let rows = publication.query(&self.sql)?;
        terminal.data(&match self.format {
            Format::Table => table(&rows),
            Format::Csv => csv(&rows),
            Format::Json => json(&rows)?,
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn json(rows: &Rows) -> Result<String> {
    let objects: Vec<Value> = (0..rows.len()).map(|row| rows.row(row)).collect();
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

fn csv(rows: &Rows) -> String {
    let quoted = |cell: &String| {
        let plain = !cell.contains(['"', ',', '\n', '\r']);
        if plain { cell.clone() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
    };
    let line = |cells: Vec<String>| cells.iter().map(quoted).collect::<Vec<_>>().join(",") + "\r\n";
    std::iter::once(names(rows)).chain(cells(rows)).map(line).collect()
}

fn table(rows: &Rows) -> String {
    let lines: Vec<Vec<String>> = std::iter::once(names(rows))
        .chain(cells(rows).map(|cells| cells.iter().map(|cell| printable(cell).replace('\n', "\u{fffd}")).collect()))
        .collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..names(rows).len()).map(width).collect();
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
