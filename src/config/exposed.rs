//! Texts that go onto pages must not name what is secret there: a server's address or a key's fingerprint. People paste
//! such things into notes and labels, and nobody reads them again before they are public.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Fleet;
use super::yaml::{Document, KeyPath};
use crate::problem::Problem;

/// What no text for pages may have.
#[derive(Clone, Debug, Default)]
pub(super) struct Secrets {
    /// The servers' host names, in lower case.
    hosts: Vec<String>,
}

impl Secrets {
    /// Those of a fleet. A host name without a dot leads nobody anywhere, and is often just the server's label.
    pub(super) fn of(fleet: &Fleet) -> Self {
        let addresses = fleet.servers.values().filter_map(|server| server.address.as_ref());
        let hosts = addresses.map(|address| address.host.trim_end_matches('.').to_lowercase());
        Self { hosts: hosts.filter(|host| host.contains('.')).collect() }
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
        } else if self.hosts.iter().any(|host| has_host(&text, host)) {
            Some("a server's address")
        } else {
            None
        }
    }
}

/// `0.4.8.9` is a version of tor: no address begins with 0.
fn has_ip_address(text: &str) -> bool {
    let version4 = text
        .split(|c: char| !(c.is_ascii_digit() || c == '.'))
        .filter_map(|word| word.trim_matches('.').parse::<Ipv4Addr>().ok())
        .any(|address| address.octets()[0] != 0);
    let mut words = text.split(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | ':')));
    version4
        || words.any(|word| {
            let word = word.trim_end_matches('.');
            let parsed = word.parse().or_else(|_| word.strip_suffix(':').unwrap_or(word).parse::<Ipv6Addr>());
            parsed.is_ok_and(|address| !address.is_unspecified())
        })
}

/// SHA-1 or SHA-256 in hexadecimal digits, also in groups of four as tor prints it, or in pairs with colons.
fn has_fingerprint(text: &str) -> bool {
    let digits = text.replace(':', "");
    let mut runs = digits.split(|c: char| !c.is_ascii_hexdigit());
    let group = |word: &str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches(|c| ",.;()".contains(c))).collect();
    runs.any(|run| matches!(run.len(), 40 | 64)) || words.windows(10).any(|words| words.iter().all(|word| group(word)))
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
