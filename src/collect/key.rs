//! The key that logs in to the servers. The project makes one of its own at first use, so that no other key of the
//! operator's ever stands on a bridge; it has no passphrase, because collections run unattended, and behind it a server
//! lets nothing happen but an extract.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{HashAlg, LineEnding, PrivateKey, PublicKey};

use crate::config;
use crate::fs;
use crate::project::Project;

/// What is written after a public key, for whoever finds it in an `authorized_keys`.
const COMMENT: &str = "torcollect";

/// A key that servers know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProjectKey {
    /// The file of its private half.
    pub path: PathBuf,
    /// Its public half, `TYPE BASE64 torcollect`, as a line of `authorized_keys` ends.
    pub public: String,
}

/// The project's own key: `data/id_ed25519` (mode 0600, OpenSSH's format) and `data/id_ed25519.pub`. Made if there is none,
/// also when two commands come at once; one that is there is never changed.
///
/// # Errors
/// If it cannot be written or read, or is none.
pub fn project_key(project: &Project) -> Result<ProjectKey> {
    let path = project.key();
    if !path.exists() {
        fs::create_private_dir(&project.data())?;
        // Whoever comes second uses the first one's.
        fs::create_durable(&path, new_key()?.as_bytes(), fs::PRIVATE)?;
    }
    let key = named_key(&path)?;
    let beside = path.with_extension("pub");
    if !beside.exists() {
        fs::write_atomic(&beside, format!("{}\n", key.public).as_bytes(), fs::PUBLIC)?;
    }
    Ok(key)
}

/// The key in a file, which may be of any type that OpenSSH writes.
///
/// # Errors
/// If it cannot be read, is encrypted, or is no private key in OpenSSH's format.
pub fn named_key(path: &Path) -> Result<ProjectKey> {
    let text = fs::read_text(path)?;
    let shown = path.display();
    let key = PrivateKey::from_openssh(&text).map_err(|_| {
        anyhow!(
            "`{shown}` is not a private key in OpenSSH's format; `ssh-keygen -p -f {shown}` may write it anew in that"
        )
    })?;
    if key.is_encrypted() {
        bail!("`{shown}` is encrypted, and nobody is there to unlock it when servers are collected: use another key");
    }
    let mut public = key.public_key().clone();
    public.set_comment(COMMENT);
    let public = public.to_openssh().with_context(|| format!("cannot write the public half of `{shown}`"))?;
    Ok(ProjectKey { path: path.to_owned(), public })
}

/// The fingerprint of a public key, `SHA256:` and 43 letters, as `ssh-keygen -l` and a server's console show it; `None` if
/// it is no key, `TYPE BASE64`.
pub fn fingerprint(public: &str) -> Option<String> {
    let key = PublicKey::from_openssh(public).ok()?;
    Some(key.fingerprint(HashAlg::Sha256).to_string())
}

/// Whether a text is a public key, `TYPE BASE64`.
pub fn is_public(text: &str) -> bool {
    PublicKey::from_openssh(text).is_ok()
}

/// The key that logs in to a server: its own, else that of all servers, else the project's, which is made if need be.
///
/// # Errors
/// Those of [`named_key`] and [`project_key`].
pub fn key_for(project: &Project, ssh: &config::Ssh, server: Option<&config::Server>) -> Result<ProjectKey> {
    match server.and_then(|server| server.key.as_ref()).or(ssh.key.as_ref()) {
        Some(path) if *path != project.key() => named_key(path),
        _ => project_key(project),
    }
}

/// A new private key in OpenSSH's format.
fn new_key() -> Result<impl std::ops::Deref<Target = String>> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).context("cannot draw random bytes for the key")?;
    let key = PrivateKey::new(KeypairData::Ed25519(Ed25519Keypair::from_seed(&seed)), COMMENT);
    key.and_then(|key| key.to_openssh(LineEnding::LF)).context("cannot make a key")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::process::Command;

    use super::*;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::new(folder.path());
        (folder, project)
    }

    #[test]
    fn the_key_is_made_once_and_private() {
        let (_folder, project) = project();
        let key = project_key(&project).unwrap();
        assert_eq!((fs::mode(&key.path), fs::mode(&project.data())), (Some(0o600), Some(0o700)));
        assert!(key.public.starts_with("ssh-ed25519 AAAA") && key.public.ends_with(" torcollect"), "{}", key.public);
        let before = fs::read_text(&key.path).unwrap();
        assert_eq!(project_key(&project).unwrap(), key);
        assert_eq!(fs::read_text(&key.path).unwrap(), before);
        assert_eq!(fs::read_text(&key.path.with_extension("pub")).unwrap(), format!("{}\n", key.public));
    }

    #[test]
    fn commands_that_come_at_once_have_one_key() {
        let (_folder, project) = project();
        let keys: Vec<ProjectKey> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| project_key(&project).unwrap())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert!(fs::leftovers(&project.data()).is_empty());
    }

    #[test]
    fn ssh_keygen_reads_the_key_as_we_do() {
        let (_folder, project) = project();
        let key = project_key(&project).unwrap();
        let printed = Command::new("ssh-keygen").arg("-y").arg("-f").arg(&key.path).output().unwrap();
        assert_eq!(String::from_utf8(printed.stdout).unwrap().trim(), key.public);
    }

    fn keygen(path: &Path, arguments: &[&str]) {
        let made = Command::new("ssh-keygen").args(["-q", "-C", "mine"]).args(arguments).arg("-f").arg(path).output();
        assert!(made.unwrap().status.success());
    }

    #[test]
    fn a_key_of_any_type_has_its_public_half() {
        let (folder, _) = project();
        for kind in ["ed25519", "rsa", "ecdsa"] {
            let path = folder.path().join(kind);
            keygen(&path, &["-N", "", "-t", kind]);
            let beside = fs::read_text(&path.with_extension("pub")).unwrap();
            assert_eq!(named_key(&path).unwrap().public, beside.trim().replace(" mine", " torcollect"));
        }
    }

    #[test]
    fn a_key_that_cannot_be_used_says_why() {
        let (folder, project) = project();
        let locked = folder.path().join("locked");
        keygen(&locked, &["-N", "a passphrase", "-t", "ed25519"]);
        let refused = |path: &Path| format!("{:#}", named_key(path).unwrap_err());
        assert!(refused(&locked).contains("is encrypted"), "{}", refused(&locked));
        fs::write_atomic(&locked, b"noise\n", fs::PRIVATE).unwrap();
        assert!(refused(&locked).contains("is not a private key in OpenSSH's format"), "{}", refused(&locked));
        assert!(refused(&folder.path().join("gone")).contains("cannot read"));
        fs::create_private_dir(&project.data()).unwrap();
        fs::write_atomic(&project.key(), b"noise\n", fs::PRIVATE).unwrap();
        assert!(project_key(&project).is_err());
        assert_eq!(fs::read_text(&project.key()).unwrap(), "noise\n", "what is there is never changed");
    }

    #[test]
    fn a_server_has_its_own_key_or_that_of_all_or_the_projects() {
        let (folder, project) = project();
        let path = |name: &str| folder.path().join(name);
        for name in ["own", "all"] {
            keygen(&path(name), &["-N", "", "-t", "ed25519"]);
        }
        let server = |key: Option<&str>| {
            let text = format!(
                "servers: {{a: {{local: true{}}}}}\n",
                key.map_or_else(String::new, |key| format!(", key: {key}"))
            );
            fs::write_atomic(&project.sources(), text.as_bytes(), fs::PRIVATE).unwrap();
            config::Fleet::load(&project).unwrap().0
        };
        let used =
            |fleet: &config::Fleet, ssh: &config::Ssh| key_for(&project, ssh, fleet.servers.get("a")).unwrap().path;
        let all = config::Ssh { key: Some(path("all")), ..config::Ssh::default() };
        assert_eq!(used(&server(Some("own")), &all), path("own"));
        assert_eq!(used(&server(None), &all), path("all"));
        assert_eq!(used(&server(None), &server(None).ssh), project.key(), "made");
        assert_eq!(server(None).ssh.key, Some(project.key()), "and from then on the settings' own");
    }
}
