//! The plugin `table`: files of rows here, whoever writes them.

use std::path::PathBuf;

use jiff::Timestamp;

use super::files;
use super::rows::{answer, arrived};
use crate::collect::{Answer, Failure, Said, Source};
use crate::config;
use crate::project::Project;
use crate::warehouse::{Arrival, RowsFile, Standing};

/// The plugin's name.
pub const PLUGIN: &str = "table";

/// A source of the plugin `table`.
pub struct Table<'a> {
    project: &'a Project,
    name: &'a str,
    options: &'a config::Table,
    standing: Standing,
}

impl<'a> Table<'a> {
    /// The source `name` of a project, of whose table this is known.
    pub fn new(project: &'a Project, name: &'a str, options: &'a config::Table, standing: Standing) -> Self {
        Self { project, name, options, standing }
    }

    /// Reads all files.
    ///
    /// # Errors
    /// If one of them cannot be found, read, or understood.
    fn read(&self) -> Result<Arrival, Failure> {
        let files = files::find(self.project, &self.options.path, self.options.outside.unwrap_or_default())?;
        let named = |path: PathBuf| RowsFile { shown: self.project.shown(&path).display().to_string(), path };
        let files: Vec<_> = files.into_iter().map(named).collect();
        arrived(Arrival::read(&files, &self.options.rows(), &self.standing.columns))
    }
}

impl Source for Table<'_> {
    fn plugin(&self) -> &'static str {
        PLUGIN
    }

    fn name(&self) -> &str {
        self.name
    }

    fn servers(&self) -> Vec<String> {
        vec![String::new()]
    }

    fn ask(&self, _server: &str, run: Timestamp) -> Vec<Answer> {
        let started = Timestamp::now();
        vec![answer(run, started, self.read().map(Some))]
    }

    fn test(&self, _server: &str) -> Said {
        Said { server: String::new(), rows: self.read().map(Some), log: String::new() }
    }

    fn repeatable(&self) -> bool {
        true
    }
}
