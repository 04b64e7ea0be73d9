//! Where the data of a site come from: the project's warehouse, or a file that `export --public` has written.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use torcollect::config::{Fleet, Site};
use torcollect::hash;
use torcollect::leaks::Leaks;
use torcollect::problem::{Problems, unknown};
use torcollect::project::Project;
use torcollect::warehouse::{self, Publication, Scope};

use super::{Terminal, load_fleet};

/// Where the data come from.
pub enum Data {
    /// The warehouse, with the settings of the fleet.
    Warehouse(Box<Fleet>),
    /// A publication's file.
    File(PathBuf),
}

impl Data {
    /// Those of the file if there is one, or the project's own.
    pub fn new(project: &Project, terminal: &Terminal, from: Option<&Path>) -> Result<Self> {
        match from {
            Some(file) if !file.is_file() => bail!("there is no file `{}`", file.display()),
            Some(file) => Ok(Self::File(file.to_owned())),
            None => Ok(Self::Warehouse(Box::new(load_fleet(project, terminal)?))),
        }
    }

    /// What stands for all data that there are and for the settings that choose among them.
    pub fn state(&self, project: &Project, organization: Option<&str>) -> Result<u64> {
        let (data, settings) = match self {
            Self::Warehouse(fleet) => (warehouse::state(project)?, format!("{fleet:?}")),
            Self::File(file) => (warehouse::state_of(file)?, String::new()),
        };
        Ok(hash::after(data, format!("{organization:?} {settings}").as_bytes()))
    }

    /// What no page may say: all that the settings and the warehouse of the project know. Who builds from a file may have
    /// no settings of a fleet, or not the servers that they include.
    pub fn leaks(&self, project: &Project) -> Result<Leaks> {
        let fleet = match self {
            Self::Warehouse(fleet) => fleet.secrets(project)?,
            Self::File(_) => Fleet::as_far_as_it_is_here(project)?.secrets(project)?,
        };
        Leaks::new(fleet.into_iter().chain(warehouse::secrets(project)?))
    }

    /// What may be seen of them.
    pub fn publication(&self, project: &Project, site: &Site, organization: Option<&str>) -> Result<Publication> {
        match self {
            Self::Warehouse(fleet) => Publication::make(project, fleet, site, scope(fleet, organization)?),
            Self::File(file) => Publication::read(file, organization),
        }
    }
}

/// The scope of an organization that must be known, or of all.
pub fn scope<'a>(fleet: &Fleet, organization: Option<&'a str>) -> Result<Scope<'a>> {
    let Some(name) = organization else { return Ok(Scope::Public) };
    if fleet.organizations.contains_key(name) {
        return Ok(Scope::Organization(name));
    }
    let known = fleet.organizations.keys().map(String::as_str);
    Err(Problems::from(unknown("organization", name, known)).into())
}
