//! Whether a server is the one it should be. Its key is pinned or stands in `known_hosts`; none is ever taken on trust.

use ssh2::{CheckResult, KnownHostFileKind, KnownHosts, MethodType, Session};

use super::Failure;

/// Every key type that OpenSSH offers, best first. Whatever is known of a server goes before, because a server that
/// has several keys shows only the first that it is asked for.
const TYPES: [&str; 5] =
    ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"];

/// What is known of one server's keys.
pub struct Known {
    /// The server as `known_hosts` calls it: `host` or `[host]:port`.
    host: String,
    /// `TYPE BASE64` of each key.
    keys: Vec<String>,
    /// Those that it must never show again.
    revoked: Vec<String>,
}

impl Known {
    /// No key is known.
    pub fn nothing(host: &str, port: u16) -> Self {
        Self { host: listed(host, port), keys: Vec::new(), revoked: Vec::new() }
    }

    /// The one key that is pinned, as `TYPE BASE64`.
    pub fn pinned(host: &str, port: u16, key: &str) -> Self {
        let key = key.split_ascii_whitespace().take(2).collect::<Vec<_>>().join(" ");
        Self { host: listed(host, port), keys: vec![key], revoked: Vec::new() }
    }

    /// The keys that `known_hosts` has for a server, under a plain or a hashed name. Patterns and certificate
    /// authorities are not looked at.
    pub fn listed(host: &str, port: u16, known_hosts: &str) -> Result<Self, ssh2::Error> {
        let mut known = Self::nothing(host, port);
        let session = Session::new()?;
        for line in known_hosts.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (revoked, line) = match line.strip_prefix("@revoked ") {
                Some(rest) => (true, rest.trim_start()),
                None => (false, line),
            };
            let mut words = line.split_ascii_whitespace();
            let (Some(names), Some(kind), Some(key)) = (words.next(), words.next(), words.next()) else { continue };
            let mut entry = session.known_hosts()?;
            let names_this = entry.read_str(&format!("{names} {kind} {key}"), KnownHostFileKind::OpenSSH).is_ok()
                // No key is a single byte, so this only asks whose line it is.
                && matches!(entry.check(&known.host, &[0]), CheckResult::Mismatch);
            if names_this {
                let keys = if revoked { &mut known.revoked } else { &mut known.keys };
                keys.push(format!("{kind} {key}"));
            }
        }
        Ok(known)
    }

    /// Asks the server for a key that is known.
    pub fn prefer(&self, session: &Session) -> Result<(), ssh2::Error> {
        let mut types: Vec<&str> = self.keys.iter().filter_map(|key| key.split(' ').next()).collect();
        types.extend(TYPES);
        let mut methods: Vec<&str> = Vec::new();
        for kind in types {
            let signatures: &[&str] = match kind {
                "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"],
                kind => &[kind],
            };
            methods.extend(signatures.iter().filter(|method| !methods.contains(method)).copied().collect::<Vec<_>>());
        }
        session.method_pref(MethodType::HostKey, &methods.join(","))
    }

    /// Compares the key that the server has proved to hold.
    pub fn verify(&self, session: &Session) -> Result<(), Failure> {
        let library = |error: ssh2::Error| Failure::Protocol(error.message().to_owned());
        let (key, _) = session.host_key().ok_or_else(|| Failure::Protocol("the server has no key".to_owned()))?;
        let holds = |keys: &[String]| -> Result<bool, Failure> {
            let mut entries: KnownHosts = session.known_hosts().map_err(library)?;
            for key in keys {
                // A pin that cannot be read matches nothing.
                let _ = entries.read_str(&format!("{} {key}", self.host), KnownHostFileKind::OpenSSH);
            }
            Ok(matches!(entries.check(&self.host, key), CheckResult::Match))
        };
        if holds(&self.revoked)? {
            return Err(Failure::HostKeyRevoked);
        }
        if holds(&self.keys)? {
            return Ok(());
        }
        let offered = offered(session)?;
        if self.keys.is_empty() { Err(Failure::HostKeyUnknown(offered)) } else { Err(Failure::HostKeyChanged(offered)) }
    }

    /// Whether any key of the server is known.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// The key that a server has proved to hold, as `TYPE BASE64`.
pub fn offered(session: &Session) -> Result<String, Failure> {
    let library = |error: ssh2::Error| Failure::Protocol(error.message().to_owned());
    let (key, kind) = session.host_key().ok_or_else(|| Failure::Protocol("the server has no key".to_owned()))?;
    // The library has base64 only where it writes known hosts.
    let mut offered = session.known_hosts().map_err(library)?;
    offered.add("offered", key, "", kind.into()).map_err(library)?;
    let offered = offered.hosts().map_err(library)?.first().map(|host| host.key().to_owned()).unwrap_or_default();
    Ok(format!("{} {offered}", type_of(key)))
}

/// A server as `known_hosts` calls it.
fn listed(host: &str, port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == 22 { host } else { format!("[{host}]:{port}") }
}

/// The type of a key, which its bytes begin with: a length of four bytes and a text (RFC 4253, section 6.6).
fn type_of(key: &[u8]) -> &str {
    let length = key.first_chunk().map_or(0, |length| u32::from_be_bytes(*length) as usize);
    key.get(4..4 + length).and_then(|kind| std::str::from_utf8(kind).ok()).unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJTJmPwlxc6GSWuYtrTIPOLgyp1XT2mDe25jyLMK0Kbb";

    fn keys(host: &str, port: u16, known_hosts: &str) -> usize {
        Known::listed(host, port, known_hosts).unwrap().keys.len()
    }

    #[test]
    fn a_line_counts_for_its_own_host_and_port() {
        let lines = format!(
            "# mine\n\noak.example,192.0.2.1 ssh-ed25519 {KEY} a comment\n[oak.example]:2222 ssh-ed25519 {KEY}\n"
        );
        assert_eq!(keys("oak.example", 22, &lines), 1);
        assert_eq!(keys("Oak.Example", 22, &lines), 1, "names have no case");
        assert_eq!(keys("192.0.2.1", 22, &lines), 1);
        assert_eq!(keys("oak.example", 2222, &lines), 1);
        assert_eq!(keys("oak.example", 2223, &lines), 0, "a key of port 22 says nothing about another port");
        assert_eq!(keys("elm.example", 22, &lines), 0);
    }

    #[test]
    fn a_hashed_name_is_found() {
        // `ssh-keygen -H` over a line of `oak.example`.
        let line = format!("|1|HASHED ssh-ed25519 {KEY}").replace("HASHED", HASHED);
        assert_eq!(keys("oak.example", 22, &line), 1);
        assert_eq!(keys("elm.example", 22, &line), 0);
    }

    const HASHED: &str = "n2acM1h8ZTCgwlEbsmVH5EvQ4EE=|xKyV97dAMGDdD8DRYVaCsMB+N/Q=";

    #[test]
    fn a_revoked_key_is_not_a_known_one() {
        let known = Known::listed("oak.example", 22, &format!("@revoked oak.example ssh-ed25519 {KEY}\n")).unwrap();
        assert_eq!((known.keys.len(), known.revoked.len()), (0, 1));
    }

    #[test]
    fn the_type_of_a_key_is_read_from_its_bytes() {
        assert_eq!(type_of(b"\0\0\0\x0bssh-ed25519rest"), "ssh-ed25519");
        assert_eq!(type_of(b"\xff\xff\xff\xffssh"), "unknown");
        assert_eq!(type_of(b""), "unknown");
    }
}
