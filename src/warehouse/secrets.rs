//! What the warehouse knows and no page may say.

use anyhow::Result;

use super::store::attached;
use crate::fs;
use crate::leaks::Secret;
use crate::project::Project;

/// The hashed fingerprints of all bridges that were ever seen, and the salt. Nothing where the project has no warehouse.
///
/// # Errors
/// If the warehouse cannot be read.
pub fn secrets(project: &Project) -> Result<Vec<Secret>> {
    let salt = fs::read_text_if_any(&project.salt())?;
    let mut secrets: Vec<Secret> = salt.as_deref().and_then(Secret::salt).into_iter().collect();
    if project.warehouse().exists() {
        let connection = attached(project)?;
        let mut known = connection.prepare(
            "select distinct hashed_fingerprint from warehouse.sighting where hashed_fingerprint is not null",
        )?;
        let known = known.query_map([], |row| row.get::<_, String>(0))?.collect::<duckdb::Result<Vec<_>>>()?;
        secrets.extend(known.iter().filter_map(|fingerprint| Secret::hashed_fingerprint(fingerprint)));
    }
    Ok(secrets)
}
