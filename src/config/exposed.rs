//! Texts that go onto pages must not name what is secret there: a server's address or a key's fingerprint. People paste
//! such things into notes and labels, and nobody reads them again before they are public.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;

use super::yaml::{Document, KeyPath};
use super::{Address, Fleet, Server};
use crate::fs;
use crate::leaks::Secret;
use crate::problem::Problem;
use crate::project::Project;

/// What no text for pages may have.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    /// The host names of the servers and of what stands on the way to them, in lower case.
    hosts: Vec<String>,
}

impl Secrets {
    /// Those of a fleet. A host name without a dot leads nobody anywhere, and is often just the server's label.
    pub(super) fn of(fleet: &Fleet) -> Self {
        let mut hosts = hosts(fleet);
        hosts.retain(|host| host.contains('.'));
        hosts.sort();
        hosts.dedup();
        Self { hosts }
    }

    /// The problem of a text at `path` that has one of them. What it found is not repeated: problems are logged.
    pub(super) fn problem(&self, text: &str, document: &Document, path: &KeyPath) -> Option<Problem> {
        let found = self.found(text)?;
        let hint = "this text goes onto pages: leave out what tells where a bridge or a server is";
        Some(document.problem(path, format_args!("the text has {found}")).hint(hint))
    }

    fn found(&self, text: &str) -> Option<&'static str> {
        let text = text.to_lowercase();
        if has_ip_address(&text) {
            Some("an IP address")
        } else if has_fingerprint(&text) {
            Some("a fingerprint")
        } else if text.contains("cert=") {
            Some("a part of a bridge's line")
        } else if has_base64(&text) {
            Some("a key")
        } else if self.hosts.iter().any(|host| has_host(&text, host)) {
            Some("a server's address")
        } else {
            None
        }
    }
}

impl Fleet {
    /// All that these settings know and no page may say: where the servers and the machines on the way to them are, their
    /// host keys, and the public halves of the keys that log in, which stand beside those in files that end in `.pub`.
    ///
    /// # Errors
    /// If such a file is there and cannot be read.
    pub fn secrets(&self, project: &Project) -> anyhow::Result<Vec<Secret>> {
        let hosts = hosts(self);
        let keys = self.servers.values().filter_map(|server| server.host_key.as_deref());
        let mut secrets: Vec<Secret> = hosts.iter().filter_map(|host| Secret::host(host)).collect();
        secrets.extend(keys.filter_map(Secret::host_key));
        let own = project.key();
        let keys = self.servers.values().filter_map(|server| server.key.as_ref());
        for key in keys.chain(&self.ssh.key).chain([&own]) {
            let mut beside = key.as_os_str().to_owned();
            beside.push(".pub");
            let text = fs::read_text_if_any(Path::new(&beside))?;
            secrets.extend(text.as_deref().and_then(Secret::public_key));
        }
        Ok(secrets)
    }
}

/// The names and addresses of the servers and of what stands on the way to them, in lower case.
fn hosts(fleet: &Fleet) -> Vec<String> {
    let servers = fleet.servers.values().filter_map(|server| Some((server.address.as_ref()?, server)));
    let hosts = servers.flat_map(|(address, server)| {
        let via = server.via.as_ref().map(|via| hosts_in(&via.command(address))).unwrap_or_default();
        std::iter::once(host(address)).chain(via)
    });
    hosts.chain(fleet.ssh.via.iter().flat_map(|via| hosts_in(via))).collect()
}

/// Servers whose names say where they are, of these that stand in these documents: a name goes where no address may go.
pub(super) fn names(servers: &BTreeMap<String, Server>, documents: &BTreeMap<String, &Document>) -> Vec<Problem> {
    let hosts: Vec<String> = servers.values().filter_map(|server| server.address.as_ref()).map(host).collect();
    let exposed = documents.iter().filter(|(name, _)| tells(name, &hosts));
    let problem = |(name, document): (&String, &&Document)| {
        document.key_problem(&KeyPath::of(["servers", name]), NAME_TELLS).hint(OTHER_NAME)
    };
    exposed.map(problem).collect()
}

/// [`names`] of a server that is about to be written.
pub(super) fn name(name: &str, address: &str) -> Option<Problem> {
    let hosts: Vec<String> = address.parse().iter().map(host).collect();
    tells(name, &hosts).then(|| Problem::nowhere(NAME_TELLS).hint(OTHER_NAME))
}

const NAME_TELLS: &str = "the name is an address";
const OTHER_NAME: &str = "a server's name goes into logs and the warehouse: give it another one";

/// Whether a name is one of the hosts, or any IP address.
fn tells(name: &str, hosts: &[String]) -> bool {
    is_address(name) || name.contains('.') && hosts.contains(&name.to_lowercase())
}

/// Whether a name is an IP address, also with dashes.
fn is_address(name: &str) -> bool {
    name.replace('-', ".").parse::<Ipv4Addr>().is_ok_and(|address| address.octets()[0] != 0)
}

/// An address's host as it is compared.
fn host(address: &Address) -> String {
    address.host.trim_end_matches('.').to_lowercase()
}

/// The words of a command that may be names of hosts: with a dot, and no files.
fn hosts_in(command: &str) -> Vec<String> {
    let command = command.to_lowercase();
    let words = command.split(|c: char| c.is_whitespace() || "'\"=,;|&()".contains(c));
    let urls_and_hosts = words.filter_map(|word| match word.split_once("://") {
        Some((_, rest)) => rest.split('/').next(),
        None => Some(word).filter(|word| !word.contains('/')),
    });
    // `-Jhost` is as good as `-J host`.
    let names = urls_and_hosts.flat_map(|word| [Some(word), word.strip_prefix('-').and_then(|word| word.get(1..))]);
    let names = names.flatten().flat_map(|word| word.split(|c: char| !(c.is_ascii_alphanumeric() || ".-".contains(c))));
    let named = |name: &&str| name.contains('.') && name.split('.').all(|label| !label.is_empty());
    let names = names.map(|name| name.trim_matches(['-', '.'])).filter(named);
    let addresses = command.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, ':' | '.')));
    let addresses = addresses.filter(|word| word.parse::<Ipv6Addr>().is_ok());
    names.chain(addresses).map(str::to_owned).collect()
}

/// `0.4.8.9` is a version of tor: no address begins with 0.
fn has_ip_address(text: &str) -> bool {
    let version4 = text
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .filter_map(|word| word.trim_matches('.').parse::<Ipv4Addr>().ok())
        .any(|address| address.octets()[0] != 0);
    // As providers write it into host names: `ec2-198-51-100-7`. Of small numbers it may be anything.
    let dashed = text.split(|c: char| !(c.is_ascii_digit() || c == '-')).any(|word| {
        let parts: Vec<&str> = word.split('-').collect();
        let written = |parts: &[&str]| is_address(&parts.join("-")) && parts.iter().any(|part| part.len() == 3);
        parts.windows(4).any(written)
    });
    let mut words = text.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':')));
    version4
        || dashed
        || words.any(|word| {
            let word = word.trim_end_matches('.');
            let parsed = word.parse().or_else(|_| word.strip_suffix(':').unwrap_or(word).parse::<Ipv6Addr>());
            parsed.is_ok_and(|address| !address.is_unspecified())
        })
}

/// SHA-1 or SHA-256 in hexadecimal digits, also in groups of four as tor prints it, or in pairs with colons; or as OpenSSH
/// prints it, `SHA256:` and base64.
fn has_fingerprint(text: &str) -> bool {
    let digits = text.replace(':', "");
    let mut runs = digits.split(|c: char| !c.is_ascii_hexdigit());
    let group = |word: &str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(|c| ",.;()".contains(c))).collect();
    let mut openssh =
        text.split("sha256:").skip(1).map(|rest| rest.bytes().take_while(|byte| is_base64(*byte)).count());
    runs.any(|run| matches!(run.len(), 40 | 64))
        || openssh.any(|length| length >= 16)
        || words.windows(10).any(|words| words.iter().all(|word| group(word)))
}

/// 40 letters of base64 or more in a row, such as keys are. The path of a link is none: its parts are words.
fn has_base64(text: &str) -> bool {
    let mut runs = text.split(|c: char| !u8::try_from(c).is_ok_and(is_base64));
    runs.any(|run| run.len() >= 40 && run.split('/').any(|part| part.len() >= 20))
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Whether the host stands there as a name of its own, or with a subdomain.
fn has_host(text: &str, host: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == '-');
    text.match_indices(host)
        .any(|(at, _)| !inside(text[..at].chars().next_back()) && !inside(text[at + host.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Option<&'static str> {
        Secrets { hosts: vec!["bridge.example".to_owned()] }.found(text)
    }

    #[test]
    fn an_ip_address_is_found_however_it_is_written() {
        for text in [
            "moved to 198.51.100.7.",
            "198.51.100.7:9001 is new",
            "(198.51.100.0/24)",
            "now on [2001:db8::1]:443",
            "2001:DB8::1: restarted",
            "at 2001:db8:0:0:0:0:0:1.",
            "was::ffff:198.51.100.7",
        ] {
            assert_eq!(found(text), Some("an IP address"), "{text}");
        }
    }

    #[test]
    fn a_fingerprint_is_found_however_it_is_written() {
        let sha1 = "0123456789ABCDEF0123456789abcdef01234567";
        let groups = "0123 4567 89AB CDEF 0123 4567 89AB CDEF 0123 4567";
        let colons = "01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67";
        for text in [sha1, &format!("key ${sha1}~nick"), &"a".repeat(64), groups, colons] {
            assert_eq!(found(text), Some("a fingerprint"), "{text}");
        }
    }

    #[test]
    fn an_ip_address_with_dashes_is_found() {
        for text in ["moved to 198-51-100-7", "ec2-198-51-100-7.compute", "static.7-100-51-198-x", "(203-0-113-77)"] {
            assert_eq!(found(text), Some("an IP address"), "{text}");
        }
    }

    #[test]
    fn keys_and_lines_of_bridges_are_found() {
        let base64 = "uNrkXW3Rl4nqxmvQnlxUVtIIqJjvKLNVbdoPZzcQVkE";
        assert_eq!(found(&format!("new host key SHA256:{base64}")), Some("a fingerprint"));
        assert_eq!(found("obfs4 cert=abc,iat-mode=0"), Some("a part of a bridge's line"));
        assert_eq!(found(&format!("its key is ssh-ed25519 {base64}=")), Some("a key"));
        assert_eq!(found(&format!("{}.onion", "ab2c".repeat(14))), Some("a key"));
    }

    #[test]
    fn the_hosts_of_a_command_are_found_and_files_and_options_are_none() {
        for (command, hosts) in [
            ("ssh -W %h:%p root@Jump.example.org", vec!["jump.example.org"]),
            ("ssh -Jjump.example.org:22 -W x:22 y", vec!["jjump.example.org", "jump.example.org"]),
            ("curl --proxy=socks5://u@gate.example:1080/x", vec!["gate.example"]),
            ("nc -X 5 -x 127.0.0.1:9050 %h %p", vec!["127.0.0.1"]),
            ("ssh -W [%h]:%p root@[2001:db8::7]", vec!["2001:db8::7"]),
            ("~/bin/way.sh -F ./ssh.config -i /etc/a.key", vec![]),
        ] {
            assert_eq!(hosts_in(command), hosts, "{command}");
        }
    }

    #[test]
    fn the_settings_know_where_servers_are_and_by_which_keys_they_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILfDSgzbdJKbzZ4GhV/vmVKPOcIv4qLGL9Yk3J/jJHrR";
        let settings = format!(
            "ssh: {{via: 'ssh -W %h:%p jump.example'}}\nservers:\n\
             \x20 alpha: {{address: 'x@[2001:db8::1]:22', host_key: {key}, via: 'nc -x [2001:db8::2]:1 %h %p', label: Oak}}\n\
             \x20 beta: {{address: beta, key: other}}\n\x20 gamma: {{local: true}}\n"
        );
        fs::create_dir(&folder.path().join("data")).unwrap();
        for (path, text) in [("sources.yaml", settings.as_str()), ("data/id_ed25519.pub", key), ("other.pub", key)] {
            fs::write_atomic(&folder.path().join(path), text.as_bytes(), fs::PRIVATE).unwrap();
        }
        let project = Project::new(folder.path());
        let (fleet, _) = Fleet::load(&project).unwrap();
        let mut secrets = fleet.secrets(&project).unwrap();
        secrets.sort();
        secrets.dedup();
        let mut expected: Vec<Secret> =
            ["2001:db8::1", "2001:db8::2", "jump.example"].into_iter().filter_map(Secret::host).collect();
        expected.extend([Secret::host_key(key).unwrap(), Secret::public_key(key).unwrap()]);
        expected.sort();
        assert_eq!(secrets, expected);
    }

    #[test]
    fn a_servers_host_is_found_as_a_word_in_any_case() {
        for text in ["Bridge.Example was restarted", "see www.bridge.example.", "torcollect@bridge.example:22"] {
            assert_eq!(found(text), Some("a server's address"), "{text}");
        }
        assert_eq!(found("a-bridge.examples"), None);
    }

    #[test]
    fn what_people_write_in_notes_is_no_secret() {
        for text in [
            "tor 0.4.8.9 → 0.4.9.11",
            "restarted at 12:30:45, back at 13:00",
            "moved :: to a larger machine",
            "Debian 12.7, kernel 6.1.0-25",
            "2026-11-20: restarted; 2026-11-20-1 and 12-10-2026 too",
            "0-4-8-119, 10-12-14-16 h, 0.4.8.9-1-2, 6.12.48-1-100",
            "see https://gitlab.torproject.org/tpo/core/tor/-/issues/40871 or github.com/TheTorProject/gettorbrowser/issues/12",
            "SHA256: the hash; certain = true",
            "dead beef cafe face fade 1234",
            "+38 % in 1.5 hours; 10.000 clients",
            "",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_address_is_found_in_any_sentence(v4: [u8; 4], v6: [u16; 8], before in "[a-z ]{0,9} ", after in " [a-z ]{0,9}") {
            let v4 = Ipv4Addr::from([v4[0].max(1), v4[1], v4[2], v4[3]]);
            let v6 = Ipv6Addr::from([v6[0].max(1), v6[1], v6[2], v6[3], v6[4], v6[5], v6[6], v6[7]]);
            let v4_found = found(&format!("{before}{v4}{after}"));
            let v6_found = found(&format!("{before}{v6}{after}"));
            prop_assert_eq!((v4_found, v6_found), (Some("an IP address"), Some("an IP address")));
        }

        #[test]
        fn any_text_is_looked_through_without_a_panic(text: String) {
            let _ = found(&text);
        }
    }
}
