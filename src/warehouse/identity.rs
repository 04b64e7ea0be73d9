//! Who a bridge is, without saying who it is: HMAC-SHA-256 of its hashed fingerprint under the project's salt. The name
//! survives a move to another server, and nobody without the salt can tell which bridge it means.

use std::io::ErrorKind;

use anyhow::{Context, Result, bail};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::fs;
use crate::project::Project;

/// The project's secret.
pub struct Salt(String);

impl Salt {
    /// Reads the salt, or makes it once. `has_history` says that bridges have been named under a salt before: then a new one
    /// would give every bridge a second life.
    pub fn load(project: &Project, has_history: bool) -> Result<Self> {
        let path = project.salt();
        match fs::read_text(&path) {
            Ok(text) if text.trim().len() >= 32 => return Ok(Self(text.trim().to_owned())),
            Ok(_) => bail!("the salt in `{}` is too short: restore it from your backup", path.display()),
            Err(error) if !is_missing(&error) => return Err(error),
            Err(_) if has_history => bail!(
                "`{}` is missing, and without it the bridges in the warehouse cannot be recognized: restore it from your backup",
                path.display()
            ),
            Err(_) => {}
        }
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).context("cannot draw random bytes for the salt")?;
        let text = hex(&bytes);
        fs::write_durable(&path, format!("{text}\n").as_bytes(), fs::PRIVATE)?;
        Ok(Self(text))
    }

    /// The name of the bridge with this hashed fingerprint; without one, of whatever stands at this place.
    pub fn bridge(&self, hashed_fingerprint: Option<&str>, server: &str, instance: &str) -> String {
        let known_by = hashed_fingerprint.map_or_else(|| format!("place {server}/{instance}"), str::to_ascii_uppercase);
        self.pseudonym(&known_by)
    }

    /// What the public calls a server that has no label.
    pub fn server(&self, server: &str) -> String {
        format!("server-{}", &self.pseudonym(&format!("server {server}"))[..8])
    }

    /// 32 hexadecimal digits.
    fn pseudonym(&self, known_by: &str) -> String {
        // HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length");
        mac.update(known_by.as_bytes());
        hex(&mac.finalize().into_bytes()[..16])
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
