//! How the servers and the sources of the settings fare: for `server list` and `source list`. Private, because it has the servers' names and exact times.

use anyhow::Result;

use super::Rows;
use super::store::{attached_or_empty, identifier};
use super::tables;
use crate::config::{Fleet, Selection};
use crate::project::Project;

/// A row for each server of the settings, by name: `server`, `sources` (names that collect from it, with commas),
/// `last_collection` (UTC, to the second), `status` (`new`, `unchanged`, `failed`, `never`), `reason` (of a failure),
/// `bridges` (how many it had when it answered last), `newest_day` (of which one of them has reported). Servers that are
/// only in the warehouse have none; a warehouse need not be there.
///
/// # Errors
/// If the warehouse cannot be read.
pub fn servers(project: &Project, fleet: &Fleet) -> Result<Rows> {
    let connection = attached_or_empty(project)?;
    connection.execute_batch("create table setting_server (server text, sources text)")?;
    let mut insert = connection.prepare("insert into setting_server values (?, ?)")?;
    for name in fleet.servers.keys() {
        let collects = |selection: &Selection| fleet.select(selection).iter().any(|(selected, _)| selected == name);
        let bridges = fleet.tor_bridge.iter().map(|(source, options)| (source, Some(&options.servers)));
        let commands = fleet.command.iter().map(|(source, options)| (source, options.servers.as_ref()));
        let sources = bridges.chain(commands).filter(|(_, servers)| servers.is_some_and(collects));
        let sources: Vec<&str> = sources.map(|(source, _)| source.as_str()).collect();
        insert.execute([name.as_str(), &sources.join(", ")])?;
    }
    Rows::of(&connection, include_str!("servers/list.sql"))
}

/// A row for each source of the settings, by name: `source`, `plugin`, `last_collection` (UTC, to the second), `status` of the
/// last one (`new`, `unchanged`, `failed`, `never`), `reason` (of a failure), `rows` (in its table, if it has one).
///
/// # Errors
/// If the warehouse cannot be read.
pub fn sources(project: &Project, fleet: &Fleet) -> Result<Rows> {
    let connection = attached_or_empty(project)?;
    connection.execute_batch("create table setting_source (source text, plugin text)")?;
    let mut insert = connection.prepare("insert into setting_source values (?, ?)")?;
    for (plugin, name) in fleet.sources() {
        insert.execute([name, plugin])?;
    }
    connection.execute_batch("create table stored (source text, rows bigint)")?;
    for (source, ..) in fleet.row_sources() {
        if !tables::columns(&connection, "warehouse", source)?.is_empty() {
            let count = format!("insert into stored select ?, count(*) from warehouse.source.{}", identifier(source));
            connection.execute(&count, [source])?;
        }
    }
    Rows::of(&connection, include_str!("servers/sources.sql"))
}
