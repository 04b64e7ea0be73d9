//! Whether the warehouse, or a publication's file, is as it was, without opening it.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::fs;
use crate::hash;
use crate::project::Project;

/// The bytes at the start of a DuckDB file that change with every checkpoint: the main header and two database headers of
/// 4096 bytes each, the newer of which counts the checkpoints (<https://duckdb.org/docs/stable/internals/storage>).
const HEADERS: usize = 3 * 4096;

/// What stands for all that a project's warehouse holds, and for the salt that names are made with. Whoever writes into
/// the warehouse changes it.
pub fn state(project: &Project) -> Result<u64> {
    let warehouse = project.warehouse();
    let mut write_ahead = warehouse.clone().into_os_string();
    write_ahead.push(".wal");
    let files = [warehouse.clone(), PathBuf::from(write_ahead), project.salt()];
    let stamps = hash::of(format!("{:?}", files.map(|file| fs::stamp(&file))).as_bytes());
    let headers = if warehouse.exists() { fs::read_start(&warehouse, HEADERS)? } else { Vec::new() };
    Ok(hash::after(stamps, &headers))
}

/// What stands for the bytes of a file.
pub fn state_of(file: &Path) -> Result<u64> {
    Ok(hash::of(&fs::read(file)?))
}
