//! How the servers of the settings fare: for `server list`. Private, because it has the servers' names and exact times.

use anyhow::Result;

use super::Rows;
use super::store::attached_or_empty;
use crate::config::Fleet;
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
        let collects = |selection| fleet.select(selection).iter().any(|(selected, _)| selected == name);
        let sources = fleet.tor_bridge.iter().filter(|(_, source)| collects(&source.servers));
        let sources: Vec<&str> = sources.map(|(source, _)| source.as_str()).collect();
        insert.execute([name.as_str(), &sources.join(", ")])?;
    }
    Rows::of(&connection, include_str!("servers/list.sql"))
}
