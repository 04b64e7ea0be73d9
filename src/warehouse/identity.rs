//! Who a bridge is, without saying who it is: HMAC-SHA-256 of its hashed fingerprint under the project's salt. The name
//! survives a move to another server, and nobody without the salt can tell which bridge it means.

use std::io::ErrorKind;

use anyhow::{Context, Result, bail};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::fs;
use crate::project::Project;
use crate::text::hexadecimal;

/// The project's secret.
pub struct Salt(String);

impl Salt {
    /// Reads the salt, or makes it once. `name_of_nothing` is what the warehouse's own salt gave to nothing: with another
    /// one, or a new one, every bridge would get a second life.
    pub(super) fn load(project: &Project, name_of_nothing: Option<&str>) -> Result<Self> {
        let path = project.salt();
        match fs::read_text(&path) {
            Ok(text) => {
                let salt = Self(text.trim().to_owned());
                if salt.0.len() < 32 || name_of_nothing.is_some_and(|known| known != salt.name_of_nothing()) {
                    bail!(
                        "`{}` is not the salt under which the warehouse names its bridges: restore it from your backup",
                        path.display()
                    );
                }
                return Ok(salt);
            }
            Err(error) if !is_missing(&error) => return Err(error),
            Err(_) if name_of_nothing.is_some() => bail!(
                "`{}` is missing, and without it the bridges in the warehouse cannot be recognized: restore it from your backup",
                path.display()
            ),
            Err(_) => {}
        }
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).context("cannot draw random bytes for the salt")?;
        let text = hexadecimal(&bytes);
        fs::write_durable(&path, format!("{text}\n").as_bytes(), fs::PRIVATE)?;
        Ok(Self(text))
    }

    /// The name of the bridge with this hashed fingerprint.
    pub(super) fn bridge(&self, hashed_fingerprint: &str) -> String {
        self.pseudonym(&hashed_fingerprint.to_ascii_uppercase())
    }

    /// The name of a bridge that has never said its fingerprint: whatever stands at this place.
    pub(super) fn place(&self, server: &str, instance: &str) -> String {
        self.pseudonym(&format!("place {server}/{instance}"))
    }

    /// By this a warehouse recognizes its salt.
    pub(super) fn name_of_nothing(&self) -> String {
        self.pseudonym("")
    }

    /// What the public calls a server that has no label.
    pub(super) fn server(&self, server: &str) -> String {
        format!("server-{}", &self.pseudonym(&format!("server {server}"))[..8])
    }

    /// 32 hexadecimal digits.
    fn pseudonym(&self, known_by: &str) -> String {
        // HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key of any length");
        mac.update(known_by.as_bytes());
        hexadecimal(&mac.finalize().into_bytes()[..16])
    }
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}
