//! The warehouse file: opened for moments, by one writer or many readers at a time; made and migrated by writers alone.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use duckdb::{AccessMode, Config, Connection};

use crate::fs;
use crate::project::Project;

/// How long to wait for whoever has the file open.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often they look whether they have it.
const POLL: Duration = Duration::from_millis(50);

/// The steps from nothing to today's tables; a step once released is never changed.
const MIGRATIONS: [&str; 4] = [
    include_str!("migrations/0001_start.sql"),
    include_str!("migrations/0002_claims.sql"),
    include_str!("migrations/0003_archives.sql"),
    include_str!("migrations/0004_tables.sql"),
];

/// The warehouse, open for writing.
pub struct Warehouse {
    pub(super) connection: Connection,
}

impl Warehouse {
    /// Opens the project's warehouse for writing; makes it, or brings its tables up to date, if need be.
    pub fn open(project: &Project) -> Result<Self> {
        let path = project.warehouse();
        fs::create_private_dir(&project.data())?;
        let connection = patiently(&path, || Connection::open(&path))?;
        fs::set_mode(&path, fs::PRIVATE)?;
        let mut warehouse = Self { connection };
        warehouse.migrate()?;
        Ok(warehouse)
    }

    fn migrate(&mut self) -> Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(
            "create table if not exists migration (version integer primary key, applied timestamp not null)",
        )?;
        let done: usize = transaction.query_row("select count(*) from migration", [], |row| row.get(0))?;
        check_version(done)?;
        for (version, step) in MIGRATIONS.iter().enumerate().skip(done) {
            transaction
                .execute_batch(step)
                .with_context(|| format!("cannot bring the warehouse to version {}", version + 1))?;
            transaction.execute("insert into migration values (?, current_timestamp::timestamp)", [version + 1])?;
        }
        Ok(transaction.commit()?)
    }
}

/// What stands between long work and the warehouse, for which others wait while it is open.
pub struct Door<'a> {
    project: &'a Project,
    warehouse: Option<Warehouse>,
    /// When it was closed.
    closed: Option<Instant>,
}

impl<'a> Door<'a> {
    /// An open door to the project's warehouse.
    pub fn of(project: &'a Project, warehouse: Warehouse) -> Self {
        Self { project, warehouse: Some(warehouse), closed: None }
    }

    /// The warehouse, opened if it is not. Whoever waits for it has had it before.
    ///
    /// # Errors
    /// As [`Warehouse::open`].
    pub fn warehouse(&mut self) -> Result<&mut Warehouse> {
        let warehouse = match self.warehouse.take() {
            Some(warehouse) => warehouse,
            None => {
                let since = self.closed.map_or(Duration::MAX, |closed| closed.elapsed());
                sleep((2 * POLL).saturating_sub(since));
                Warehouse::open(self.project)?
            }
        };
        Ok(self.warehouse.insert(warehouse))
    }

    /// Closes it, if it is not closed.
    pub fn close(&mut self) {
        if self.warehouse.take().is_some() {
            self.closed = Some(Instant::now());
        }
    }
}

fn attach(path: &Path) -> Result<Connection> {
    patiently(path, || {
        let connection = Connection::open_in_memory_with_flags(offline()?)?;
        connection.execute_batch(&format!("attach {} as warehouse (read_only)", quoted(&path.to_string_lossy())))?;
        Ok(connection)
    })
}

/// An in-memory database with the project's warehouse attached read-only under the name `warehouse`.
pub(super) fn attached(project: &Project) -> Result<Connection> {
    let path = project.warehouse();
    if !path.exists() {
        bail!("there is no warehouse yet at `{}`: run `torcollect collect` first", path.display());
    }
    let connection = attach(&path)?;
    let done: usize = connection
        .query_row("select count(*) from warehouse.migration", [], |row| row.get(0))
        .with_context(|| format!("`{}` is not a warehouse of torcollect", path.display()))?;
    check_version(done)?;
    if done < MIGRATIONS.len() {
        bail!(
            "the warehouse is of an older torcollect: run `torcollect collect` or `torcollect reparse`, which bring it up to date"
        );
    }
    Ok(connection)
}

/// As [`attached`]; nothing where the project has no warehouse yet, or one that the next writer brings up to date.
pub(super) fn attached_if_current(project: &Project) -> Result<Option<Connection>> {
    let path = project.warehouse();
    if !path.exists() {
        return Ok(None);
    }
    let connection = attach(&path)?;
    let done: usize = connection.query_row("select count(*) from warehouse.migration", [], |row| row.get(0))?;
    check_version(done)?;
    Ok(Some(connection).filter(|_| done == MIGRATIONS.len()))
}

/// As [`attached`]; with an empty warehouse in memory where the project has none yet.
pub(super) fn attached_or_empty(project: &Project) -> Result<Connection> {
    if project.warehouse().exists() {
        return attached(project);
    }
    let connection = Connection::open_in_memory_with_flags(offline()?)?;
    let steps = MIGRATIONS.concat();
    connection.execute_batch(&format!("attach ':memory:' as warehouse; use warehouse;\n{steps}\nuse memory;"))?;
    Ok(connection)
}

/// Settings under which DuckDB loads no extension from anywhere.
pub(super) fn offline() -> duckdb::Result<Config> {
    Config::default()
        .access_mode(AccessMode::Automatic)?
        .enable_autoload_extension(false)?
        .with("autoinstall_known_extensions", "false")
}

/// A text as an SQL literal.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name as SQL takes any.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn check_version(done: usize) -> Result<()> {
    if done > MIGRATIONS.len() {
        bail!(
            "the warehouse was made by a newer torcollect (its version is {done}, this one knows {}): update torcollect",
            MIGRATIONS.len()
        );
    }
    Ok(())
}

/// Opens again and again while another process holds the file; DuckDB names that process in its error.
fn patiently<T>(path: &Path, open: impl Fn() -> duckdb::Result<T>) -> Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        match open() {
            Err(error) if error.to_string().contains("Could not set lock on file") => {
                if Instant::now() > end {
                    let holder = holder(&error.to_string());
                    bail!("`{}` has been in use{holder} for {} seconds", path.display(), PATIENCE.as_secs());
                }
                sleep(POLL);
            }
            other => return other.with_context(|| format!("cannot open `{}`", path.display())),
        }
    }
}

/// ` by process 123`, from DuckDB's `Conflicting lock is held in /usr/bin/x (PID 123)`.
fn holder(error: &str) -> String {
    let pid = error.split_once("(PID ").and_then(|(_, rest)| rest.split_once(')'));
    pid.map_or_else(String::new, |(pid, _)| format!(" by process {pid}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn whoever_waits_for_the_warehouse_has_it_before_the_door_opens_again() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::new(folder.path());
        let mut door = Door::of(&project, Warehouse::open(&project).unwrap());
        door.warehouse().unwrap();
        door.close();
        let closed = Instant::now();
        door.warehouse().unwrap();
        assert!(closed.elapsed() > POLL);
    }
}
