//! What must never leave: looks through the bytes of a file for everything secret that a project knows, and for what has the
//! shape of a bridge's line, of a fingerprint, or of a private key, known or not.
//!
//! A secret is found in every notation of it that a program would take for the same: an address with dashes, padded,
//! reversed as in the domain name system, as a number, any way to write an IPv6 address; a fingerprint in groups; in a page
//! also with characters as entities, in a link with bytes as `%2E`, in JSON as `\u002e`. It is found whole: not inside of a
//! longer number or name. What is found is said by its kind and place alone, because what says it is logged. The only user
//! of `aho-corasick`.

mod plain;
mod secret;
mod shapes;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::net::Ipv6Addr;

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input};
use anyhow::{Context, Result};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use secret::Secret;

use crate::text::hexadecimal;
use shapes::Fingerprint;

/// Raised when something else is found than before, so that whoever keeps what has been looked through looks again.
const VERSION: u32 = 2;

/// What kind of thing is secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An IP address of a server, or of a machine on the way there.
    Address,
    /// The name of such a machine.
    Host,
    /// The key that a server shows, or its SHA-256.
    HostKey,
    /// The public half of a key that logs in to servers.
    PublicKey,
    /// The secret under which the warehouse names its bridges.
    Salt,
    /// The hashed fingerprint of a bridge that the warehouse knows.
    HashedFingerprint,
    /// 40 hexadecimal digits, which may be the fingerprint of a bridge.
    Fingerprint,
    /// A part of a line that tells Tor how to reach a bridge.
    BridgeLine,
    /// A private key.
    PrivateKey,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => "a server's IP address",
            Self::Host => "the name of a server's host",
            Self::HostKey => "a server's host key",
            Self::PublicKey => "the key that logs in to servers",
            Self::Salt => "the project's salt",
            Self::HashedFingerprint => "the hashed fingerprint of a bridge",
            Self::Fingerprint => "what looks like a fingerprint",
            Self::BridgeLine => "a part of a bridge line",
            Self::PrivateKey => "a private key",
        })
    }
}

/// Something secret that stands where it should not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// The byte at which it begins.
    pub offset: usize,
    /// What it is.
    pub kind: Kind,
}

impl Leak {
    /// The line of these bytes in which it begins, from 1.
    pub fn line(&self, bytes: &[u8]) -> usize {
        bytes[..self.offset.min(bytes.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }
}

/// Finds secrets.
#[derive(Clone)]
pub struct Leaks {
    automaton: AhoCorasick,
    /// What each pattern of the automaton stands for.
    patterns: Vec<(Kind, Whole)>,
    /// The addresses that an [`Whole::Version6`] may be.
    addresses: HashSet<Ipv6Addr>,
    fingerprints: HashSet<Fingerprint>,
    secrets: BTreeSet<Secret>,
}

/// What must stand around a pattern, so that it is the whole thing and not a part of another.
#[derive(Clone, Copy)]
enum Whole {
    /// Anything: it is long enough.
    Part,
    /// No letter and no digit.
    Word,
    /// No further label of a name after it, and no letter before it that is not of another label.
    Host,
    /// No digit, and no further number after a dot.
    Dotted,
    /// No digit.
    Number,
    /// It is a group of an IPv6 address, which is one of those known.
    Version6,
    /// What a shape wants after it.
    Shape(fn(&[u8]) -> bool),
}

impl fmt::Debug for Leaks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Leaks({} secrets)", self.secrets.len())
    }
}

impl Leaks {
    /// A searcher for these secrets, and for the shapes of others.
    ///
    /// # Errors
    /// If they are more than a searcher can hold.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Result<Self> {
        let secrets: BTreeSet<Secret> = secrets.into_iter().collect();
        let mut texts: Vec<String> = Vec::new();
        let mut patterns = Vec::new();
        let mut add = |text: String, kind: Kind, whole: Whole| {
            texts.push(text);
            patterns.push((kind, whole));
        };
        for (text, kind, follows) in shapes::SHAPES {
            add(text.to_owned(), kind, Whole::Shape(follows));
        }
        for secret in &secrets {
            secret.notations().into_iter().for_each(|(text, whole)| add(text, secret.kind(), whole));
        }
        // A table of all steps is the fastest, and as large as it is fast.
        let small = texts.iter().map(String::len).sum::<usize>() < 1 << 16;
        let automaton = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .kind(small.then_some(AhoCorasickKind::DFA))
            .build(&texts)
            .context("cannot look for that many secrets")?;
        let addresses = secrets.iter().flat_map(Secret::version6).collect();
        let fingerprints = secrets.iter().filter_map(Secret::fingerprint).collect();
        Ok(Self { automaton, patterns, addresses, fingerprints, secrets })
    }

    /// Everything secret in these bytes, in their order.
    pub fn find(&self, bytes: &[u8]) -> Vec<Leak> {
        let plain = plain::plain(bytes);
        let read = plain.as_ref().map_or(bytes, |plain| &plain.bytes);
        let mut found = BTreeSet::new();
        for hit in self.automaton.find_overlapping_iter(Input::new(read)) {
            let (kind, whole) = self.patterns[hit.pattern().as_usize()];
            if self.is_whole(whole, read, hit.start(), hit.end()) {
                found.insert(Leak { offset: hit.start(), kind });
            }
        }
        for (offset, fingerprint, is_named) in shapes::fingerprints(read) {
            if self.fingerprints.contains(&fingerprint) {
                found.insert(Leak { offset, kind: Kind::HashedFingerprint });
            } else if !is_named {
                found.insert(Leak { offset, kind: Kind::Fingerprint });
            }
        }
        let place = |leak: Leak| Leak { offset: plain.as_ref().map_or(leak.offset, |p| p.place(leak.offset)), ..leak };
        found.into_iter().map(place).collect()
    }

    /// A name for all that is searched for: another one when a secret is added or gone. Keyed with the project's salt, which
    /// is one of the secrets itself, so that nobody can find out by guessing what is searched for. Without a salt it is
    /// another one each time, unless nothing secret is known.
    ///
    /// # Errors
    /// If no random bytes can be drawn where there is no salt.
    pub fn digest(&self) -> Result<String> {
        let mut drawn = [0; 32];
        let salt = self.secrets.iter().find(|secret| secret.kind() == Kind::Salt).map(|salt| salt.text().as_bytes());
        if salt.is_none() && !self.secrets.is_empty() {
            getrandom::fill(&mut drawn).context("cannot draw random bytes")?;
        }
        // HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(salt.unwrap_or(&drawn)).expect("a key of any length");
        mac.update(&VERSION.to_be_bytes());
        for secret in &self.secrets {
            mac.update(secret.text().as_bytes());
            mac.update(b"\n");
        }
        Ok(hexadecimal(&mac.finalize().into_bytes()[..16]))
    }

    fn is_whole(&self, whole: Whole, bytes: &[u8], start: usize, end: usize) -> bool {
        let before = |back: usize| start.checked_sub(back).map_or(b' ', |at| bytes[at]);
        let after = |ahead: usize| bytes.get(end + ahead).copied().unwrap_or(b' ');
        match whole {
            Whole::Part => true,
            Whole::Word => !before(1).is_ascii_alphanumeric() && !after(0).is_ascii_alphanumeric(),
            Whole::Host => {
                let of_label = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
                !of_label(before(1)) && !of_label(after(0)) && !secret::goes_on(&bytes[end..])
            }
            Whole::Number => !before(1).is_ascii_digit() && !after(0).is_ascii_digit(),
            Whole::Dotted => {
                let dot = |dot: u8, digit: u8| dot == b'.' && digit.is_ascii_digit();
                !before(1).is_ascii_digit()
                    && !after(0).is_ascii_digit()
                    && !dot(before(1), before(2))
                    && !dot(after(0), after(1))
            }
            Whole::Version6 => secret::address_around(bytes, start, end, &self.addresses),
            Whole::Shape(follows) => !before(1).is_ascii_alphanumeric() && follows(&bytes[end..]),
        }
    }
}

#[cfg(test)]
mod tests;
