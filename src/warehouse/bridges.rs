//! Which bridges there are and who was given them: for `bridge list` and `organization list`. Private, because it has the
//! names of servers.

use anyhow::Result;
use duckdb::{Connection, params};

use super::Rows;
use super::store::attached_or_empty;
use crate::config::Fleet;
use crate::project::Project;

/// A row for each bridge that was seen on a server or that the settings name, by name: `bridge` (`SERVER/INSTANCE`), `label` (under
/// which it is published; null: a pseudonym), `published`, `organization` (who has it on the newest day), `first_day` and
/// `last_day` (of its reports; null: none). A warehouse need not be there.
///
/// # Errors
/// If the warehouse cannot be read.
pub fn bridges(project: &Project, fleet: &Fleet) -> Result<Rows> {
    Rows::of(&asked(project, fleet)?, include_str!("bridges/list.sql"))
}

/// A row for each bridge of each organization, by name and day: `organization`, `name`, `bridge`, `label`, `from_day`,
/// `until_day` (included; null: no end), `has_it` (on the newest day), `last_day` (of its reports). An organization
/// without bridges has one row.
///
/// # Errors
/// If the warehouse cannot be read.
pub fn organizations(project: &Project, fleet: &Fleet) -> Result<Rows> {
    Rows::of(&asked(project, fleet)?, include_str!("bridges/organizations.sql"))
}

/// The warehouse beside the settings.
fn asked(project: &Project, fleet: &Fleet) -> Result<Connection> {
    let connection = attached_or_empty(project)?;
    connection.execute_batch(include_str!("bridges/settings.sql"))?;
    for (server, settings) in &fleet.servers {
        for (instance, bridge) in &settings.bridges {
            connection.execute(
                "insert into setting_bridge values (?, ?, ?, ?)",
                params![server, instance, bridge.label, bridge.publish],
            )?;
        }
    }
    for (organization, settings) in &fleet.organizations {
        connection.execute("insert into setting_organization values (?, ?)", params![organization, settings.name])?;
        for assignment in &settings.bridges {
            let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string());
            connection.execute(
                "insert into setting_assignment values (?, ?, ?, cast(? as date), cast(? as date))",
                params![
                    organization,
                    assignment.bridge.server,
                    assignment.bridge.instance,
                    day(assignment.from),
                    day(assignment.until),
                ],
            )?;
        }
    }
    connection.execute_batch(include_str!("bridges/known.sql"))?;
    Ok(connection)
}
