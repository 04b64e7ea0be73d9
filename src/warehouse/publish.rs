//! From the warehouse to the publication: the rows that may be seen, under the names that may be known, by the rules of
//! `site.yaml` and within the scope of one organization or of all. Done once, here, so that no query and no template has to
//! know of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result, bail};
use duckdb::{Connection, params};

use super::identity::Salt;
use super::publication::{Publication, make_events};
use super::store::{attached, offline, quoted};
use super::tables;
use crate::config::{BridgeName, Fleet, Site, place_of_assignment};
use crate::fs;
use crate::problem::{Kind, Problem, Problems};
use crate::project::Project;

/// The steps from the warehouse's facts to the views that queries see; nothing else reads the fact tables.
const VIEWS: [&str; 4] = [
    include_str!("views/01_bridges.sql"),
    include_str!("views/02_days.sql"),
    include_str!("views/03_facts.sql"),
    include_str!("views/04_names.sql"),
];

/// `code TAB name TAB note`, from `scripts/country-names`: English. Other languages are the site's matter.
const COUNTRIES: &str = include_str!("../../themes/default/languages/countries.en.tsv");

/// The server of bridges that are known from archives alone.
const ARCHIVE: &str = "archive";

/// Whose bridges are published, and how much of them.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// All bridges, by the rules.
    Public,
    /// One organization's bridges, by the rules, and nothing of anybody else's.
    Organization(&'a str),
    /// Everything, without rules: for the operator's own eyes.
    Private,
}

impl Publication {
    /// Makes the publication of the project's warehouse.
    pub fn make(project: &Project, fleet: &Fleet, site: &Site, scope: Scope<'_>) -> Result<Self> {
        let publication = Self::seal(published(project, fleet, site, scope)?)?;
        let tables = publication.tables()?;
        let sources = fleet.row_sources().map(|(source, ..)| source.to_lowercase());
        let awaited = sources.filter(|source| !tables.contains(source)).collect();
        Ok(Self { awaited, ..publication })
    }

    /// Everything without rules, unsealed, with the tables of the warehouse under `warehouse.`: for the operator's own
    /// queries.
    pub fn private(project: &Project, fleet: &Fleet, site: &Site) -> Result<Self> {
        let connection = attached(project)?;
        make(&connection, project, fleet, site, Scope::Private)?;
        Self::unsealed(connection)
    }

    /// Makes a publication whose other tables SQL statements make, and looks for sudden changes in it: for measurements.
    #[doc(hidden)]
    pub fn with_events(statements: &str) -> Result<Self> {
        let connection = Connection::open_in_memory()?;
        connection.execute_batch(statements)?;
        make_events(&connection)?;
        Self::seal(connection)
    }

    /// Writes the publication into a DuckDB file that everybody may read, whole or not at all.
    ///
    /// # Errors
    /// Before anything is written, if the file would stand in the project's `data/` or replace something that is no
    /// publication.
    pub fn export(project: &Project, fleet: &Fleet, site: &Site, scope: Scope<'_>, file: &Path) -> Result<()> {
        check_target(project, file)?;
        let connection = published(project, fleet, site, scope)?;
        make_events(&connection)?;
        fs::make_atomic(file, fs::PUBLIC, |beside| {
            let copy = format!(
                "attach {} as export; copy from database memory to export; detach export",
                quoted(&beside.to_string_lossy())
            );
            connection.execute_batch(&copy).with_context(|| format!("cannot write `{}`", file.display()))
        })
    }

    /// Reads a publication that [`export`](Self::export) wrote.
    pub fn read(file: &Path, organization: Option<&str>) -> Result<Self> {
        if !file.is_file() {
            bail!("there is no file `{}`", file.display());
        }
        let connection = Connection::open_in_memory_with_flags(offline()?)?;
        let copy = format!(
            "attach {} as import (read_only); copy from database import to memory; detach import",
            quoted(&file.to_string_lossy())
        );
        connection.execute_batch(&copy).with_context(|| format!("cannot read `{}`", file.display()))?;
        let scope: Option<String> =
            connection.query_row("select organization from publication", [], |row| row.get(0)).with_context(|| {
                format!("`{}` is not a publication: `torcollect export --public` writes one", file.display())
            })?;
        if scope.as_deref() != organization {
            let of = scope.map_or_else(|| "all bridges".to_owned(), |name| format!("the organization `{name}`"));
            bail!("`{}` is the publication of {of}, which is not what was asked for", file.display());
        }
        Self::seal(connection)
    }
}

/// Refuses to write a publication where it would be lost, or something else would be lost by it.
fn check_target(project: &Project, file: &Path) -> Result<(), Problems> {
    let shown = file.display();
    let refused = |message: String| Problem::nowhere(message).hint("name another file");
    if file.to_str().is_none() {
        return Err(refused(format!("the path `{shown}` is not UTF-8")).into());
    }
    let resolved = |path: &Path| fs::resolved(path).map_err(|error| refused(format!("{error:#}")));
    if resolved(file)?.starts_with(resolved(&project.data())?) {
        return Err(refused(format!("`{shown}` is in `data/`, which holds private files alone")).into());
    }
    if fs::is_link(file) || file.exists() && !is_publication(file) {
        return Err(refused(format!("`{shown}` is there already and is no publication that `export` wrote")).into());
    }
    Ok(())
}

/// Whether a file is a DuckDB with the tables of a publication and not those of a warehouse.
fn is_publication(file: &Path) -> bool {
    let look = || -> Result<bool> {
        let connection = Connection::open_in_memory_with_flags(offline()?)?;
        connection.execute_batch(&format!("attach {} as found (read_only)", quoted(&file.to_string_lossy())))?;
        Ok(connection.query_row(
            "select count(*) filter (table_name = 'publication') > 0 and count(*) filter (table_name = 'migration') = 0
             from duckdb_tables() where database_name = 'found'",
            [],
            |row| row.get(0),
        )?)
    };
    file.is_file() && look().unwrap_or(false)
}

fn published(project: &Project, fleet: &Fleet, site: &Site, scope: Scope<'_>) -> Result<Connection> {
    let connection = attached(project)?;
    check_assignments(&connection, project, fleet)?;
    make(&connection, project, fleet, site, scope)?;
    connection.execute_batch("detach warehouse")?;
    check_labels(&connection)?;
    Ok(connection)
}

fn make(connection: &Connection, project: &Project, fleet: &Fleet, site: &Site, scope: Scope<'_>) -> Result<()> {
    settings(connection, project, fleet, site, scope)?;
    for view in VIEWS {
        connection.execute_batch(view).context("cannot make the publication")?;
    }
    tables::publish(connection, fleet).context("cannot publish the tables of rows")?;
    Ok(connection.execute_batch("drop schema work cascade; drop schema setting cascade")?)
}

/// Puts the configuration where the views' SQL can read it.
fn settings(connection: &Connection, project: &Project, fleet: &Fleet, site: &Site, scope: Scope<'_>) -> Result<()> {
    connection.execute_batch(include_str!("views/00_settings.sql"))?;
    let (private, organization) = match scope {
        Scope::Private => (true, None),
        Scope::Public => (false, None),
        Scope::Organization(name) => (false, Some(name)),
    };
    let rules = &site.publish;
    connection.execute(
        "insert into setting.rule values (?, ?, ?, ?, ?, ?)",
        params![
            private,
            organization,
            rules.delay,
            if private { 0 } else { rules.minimum_clients },
            private || rules.tor_version,
            private || rules.organizations,
        ],
    )?;
    let known: Option<String> =
        connection.query_row("select max(name_of_nothing) from warehouse.salt", [], |row| row.get(0))?;
    let salt = Salt::load(project, known.as_deref())?;
    let mut servers = connection.prepare(
        "select server from warehouse.sighting union select server from warehouse.collection order by server",
    )?;
    for server in servers.query_map([], |row| row.get::<_, String>(0))? {
        let server = server?;
        let label = match server.as_str() {
            "" => Some(ARCHIVE),
            _ => fleet.servers.get(&server).and_then(|server| server.label.as_deref()),
        };
        connection
            .execute("insert into setting.server values (?, ?, ?)", params![server, label, salt.server(&server)])?;
    }
    for (server, settings) in &fleet.servers {
        for (instance, bridge) in &settings.bridges {
            connection.execute(
                "insert into setting.bridge values (?, ?, ?, ?)",
                params![server, instance, bridge.label, bridge.publish],
            )?;
        }
    }
    for (organization, settings) in &fleet.organizations {
        connection.execute("insert into setting.organization values (?, ?)", params![organization, settings.name])?;
        for assignment in &settings.bridges {
            connection.execute(
                "insert into setting.assignment values (?, ?, ?, cast(? as date), cast(? as date))",
                params![
                    organization,
                    assignment.bridge.server,
                    assignment.bridge.instance,
                    assignment.from.map(|day| day.to_string()),
                    assignment.until.map(|day| day.to_string()),
                ],
            )?;
        }
    }
    for note in &fleet.notes {
        let (server, instance) = match &note.bridge {
            Some(bridge) => (Some(&bridge.server), Some(&bridge.instance)),
            None => (note.server.as_ref(), None),
        };
        let country = note.country.as_ref().map(|country| country.to_lowercase());
        connection.execute(
            "insert into setting.note values (cast(? as date), ?, ?, ?, ?)",
            params![note.date.to_string(), server, instance, country, note.text.trim()],
        )?;
    }
    let mut countries = connection.appender_to_catalog_and_db("country", "memory", "setting")?;
    for line in COUNTRIES.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (code, name) = (fields.next(), fields.next());
        countries.append_row(params![code, name, fields.next().filter(|note| !note.is_empty())])?;
    }
    Ok(countries.flush()?)
}

/// A bridge that was given to an organization is one that its server has shown, if the server was heard at all.
fn check_assignments(connection: &Connection, project: &Project, fleet: &Fleet) -> Result<()> {
    let mut shown: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut places = connection.prepare("select distinct server, instance from warehouse.place")?;
    for place in places.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (server, instance) = place?;
        shown.entry(server).or_default().insert(instance);
    }
    let mut problems = Vec::new();
    for (organization, settings) in &fleet.organizations {
        for (index, assignment) in settings.bridges.iter().enumerate() {
            let BridgeName { server, instance } = &assignment.bridge;
            let Some(known) = shown.get(server).filter(|known| !known.contains(instance)) else { continue };
            let message = format!("the server `{server}` has shown no bridge `{instance}`");
            let known = known.iter().map(String::as_str);
            let hint = format!("it has `{}`", known.clone().collect::<Vec<_>>().join("`, `"));
            let place = place_of_assignment(project, organization, index);
            problems.push(Problem::new(place, message).hint(hint).suggest(instance, known));
        }
    }
    Ok(Problems::check(Kind::Configuration, problems)?)
}

/// Two bridges under one label could not be told apart on any page.
fn check_labels(connection: &Connection) -> Result<()> {
    let mut statement =
        connection.prepare("select label from bridge group by label having count(*) > 1 order by label")?;
    let doubles: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    if let Some(label) = doubles.first() {
        bail!("two bridges have the label `{label}`: give each bridge a label of its own in `servers.yaml`");
    }
    Ok(())
}
