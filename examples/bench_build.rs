//! What `scripts/bench-build` needs beside the program itself.
//!
//! ```text
//! bench_build FILE        makes a publication there with the SQL of its standard input
//! ```
//!
//! A publication of ten years would need extracts of ten years. The site is built from the publication alone, so this makes one
//! without them: a DuckDB file with the tables that pages are made from, as `torcollect export` would write it.

use std::io::Read as _;

use anyhow::{Result, bail};
use duckdb::Connection;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file] = &arguments[..] else { bail!("bench_build FILE") };
    let mut statements = String::new();
    std::io::stdin().read_to_string(&mut statements)?;
    let publication = Connection::open(file)?;
    publication.execute_batch(&statements)?;
    publication.close().map_err(|(_, error)| error.into())
}
