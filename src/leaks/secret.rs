//! What a project knows and nobody else may, and all the ways to write it.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sha2::{Digest, Sha256};

use super::shapes::{self, Fingerprint};
use super::{Kind, Whole};

/// Something that no file of a site may have. Nothing shows it, not even `{:?}`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret {
    kind: Kind,
    /// As it is written usually, in lower case where case means nothing.
    text: String,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.kind)
    }
}

impl Secret {
    /// A host by its name or address. `None` for what tells nobody anything: a name without a dot, which is often just the
    /// server's label, and the addresses that every machine calls itself by.
    pub fn host(host: &str) -> Option<Self> {
        let host = host.trim().trim_end_matches('.').to_lowercase();
        let bare = host.trim_start_matches('[').split([']', '%']).next().unwrap_or_default();
        match bare.parse::<IpAddr>() {
            Ok(address) => {
                let address = address.to_canonical();
                let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
                let known = !address.is_unspecified() && !own.contains(&address);
                known.then(|| Self { kind: Kind::Address, text: address.to_string() })
            }
            Err(_) => host.contains('.').then_some(Self { kind: Kind::Host, text: host }),
        }
    }

    /// A server's key, `TYPE BASE64` and perhaps a comment.
    pub fn host_key(line: &str) -> Option<Self> {
        key(line).map(|text| Self { kind: Kind::HostKey, text })
    }

    /// The public half of a key, `TYPE BASE64` and perhaps a comment.
    pub fn public_key(line: &str) -> Option<Self> {
        key(line).map(|text| Self { kind: Kind::PublicKey, text })
    }

    /// The salt, if it is long enough to be one.
    pub fn salt(text: &str) -> Option<Self> {
        let text = text.trim();
        (text.len() >= 32).then(|| Self { kind: Kind::Salt, text: text.to_owned() })
    }

    /// A bridge's hashed fingerprint, 40 hexadecimal digits.
    pub fn hashed_fingerprint(text: &str) -> Option<Self> {
        shapes::fingerprint(text.as_bytes())?;
        Some(Self { kind: Kind::HashedFingerprint, text: text.to_lowercase() })
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn fingerprint(&self) -> Option<Fingerprint> {
        if self.kind == Kind::HashedFingerprint { shapes::fingerprint(self.text.as_bytes()) } else { None }
    }

    /// The IPv6 addresses by which it is reached: its own, or those that stand for its IPv4 address.
    pub(super) fn version6(&self) -> Vec<Ipv6Addr> {
        match self.address() {
            Some(IpAddr::V6(address)) => vec![address],
            Some(IpAddr::V4(address)) => {
                let [a, b] = [0, 2].map(|at| u16::from_be_bytes([address.octets()[at], address.octets()[at + 1]]));
                // RFC 4291: mapped, and compatible; RFC 6052: by NAT64; RFC 3056: 6to4.
                let translated = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, a, b);
                let six_to_four = Ipv6Addr::new(0x2002, a, b, 0, 0, 0, 0, 0);
                vec![address.to_ipv6_mapped(), address.to_ipv6_compatible(), translated, six_to_four]
            }
            None => Vec::new(),
        }
    }

    fn address(&self) -> Option<IpAddr> {
        if self.kind == Kind::Address { self.text.parse().ok() } else { None }
    }

    /// Texts by which it is found, in any case, and what must stand around each.
    pub(super) fn notations(&self) -> Vec<(String, Whole)> {
        match (self.kind, self.address()) {
            (_, Some(IpAddr::V4(address))) => {
                let groups = self.version6().into_iter().map(|address| (group(address), Whole::Version6));
                version4(address).into_iter().chain(groups).collect()
            }
            (_, Some(IpAddr::V6(address))) => {
                let digits = address.octets().map(|byte| format!("{byte:02x}")).concat();
                let nibbles: Vec<String> = digits.chars().rev().map(String::from).collect();
                let reversed = nibbles.join(".");
                let octets = address.octets();
                // The last two groups can be written as an address of version 4.
                let dotted = Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]).to_string();
                let groups = [group(address), dotted].map(|text| (text, Whole::Version6));
                groups.into_iter().chain([(digits, Whole::Word), (reversed, Whole::Word)]).collect()
            }
            (Kind::Host, None) => {
                // An onion service's name tells everything without its end, too.
                let onion = self.text.strip_suffix(".onion").and_then(|rest| rest.rsplit('.').next());
                let onion = onion.filter(|label| label.len() >= 16).map(|label| (label.to_owned(), Whole::Word));
                let broken = (self.text.replace('.', "[.]"), Whole::Host);
                [(self.text.clone(), Whole::Host), broken].into_iter().chain(onion).collect()
            }
            (Kind::HostKey | Kind::PublicKey, None) => {
                let hash = decoded(&self.text).map(|blob| encoded(&Sha256::digest(blob)));
                // Keys of one type all begin alike.
                let end = self.text.trim_end_matches('=');
                let end = &end[end.len().saturating_sub(43)..];
                parts(end).into_iter().chain(hash.iter().flat_map(|hash| parts(hash))).collect()
            }
            (Kind::HashedFingerprint, None) => {
                let fingerprint = self.fingerprint().unwrap_or_default();
                vec![(encoded(&fingerprint), Whole::Word)]
            }
            _ => vec![(self.text.clone(), Whole::Word)],
        }
    }
}

fn key(line: &str) -> Option<String> {
    line.split_whitespace().nth(1).filter(|encoded| encoded.len() >= 40 && encoded.is_ascii()).map(str::to_owned)
}

/// An address as people and programs write it.
fn version4(address: Ipv4Addr) -> Vec<(String, Whole)> {
    let octets = address.octets();
    let mut reversed = octets;
    reversed.reverse();
    let mut texts = Vec::new();
    for octets in [octets, reversed] {
        let plain = octets.map(|octet| octet.to_string());
        let padded = octets.map(|octet| format!("{octet:03}"));
        for octets in [&plain, &padded] {
            texts.push((octets.join("."), Whole::Dotted));
            texts.push((octets.join("-"), Whole::Number));
        }
        texts.push((plain.join("_"), Whole::Number));
        texts.push((plain.join("[.]"), Whole::Number));
        texts.push((plain.join("(.)"), Whole::Number));
    }
    // As the functions of the C library take it: octal, hexadecimal, and one number, which alone may be anything.
    texts.push((octets.map(|octet| format!("0{octet:o}")).join("."), Whole::Dotted));
    texts.push((octets.map(|octet| format!("0x{octet:x}")).join("."), Whole::Word));
    texts.push((octets.map(|octet| format!("0x{octet:02x}")).join("."), Whole::Word));
    let number = u32::from(address);
    texts.push((format!("0x{number:x}"), Whole::Word));
    texts.push((format!("//{number}"), Whole::Number));
    texts.push((format!("@{number}"), Whole::Number));
    texts.sort_by(|(one, _), (other, _)| one.cmp(other));
    texts.dedup_by(|(one, _), (other, _)| one == other);
    texts
}

/// The longest group of an address without leading zeros: in every notation it stands there. Of several the last.
fn group(address: Ipv6Addr) -> String {
    let groups = address.segments().into_iter().map(|group| format!("{group:x}"));
    groups.max_by_key(String::len).unwrap_or_default()
}

/// Whether an address of these stands around a group of it.
pub(super) fn address_around(bytes: &[u8], start: usize, end: usize, known: &HashSet<Ipv6Addr>) -> bool {
    /// Nothing that is an address is longer.
    const LONGEST: usize = 45;
    let around = |is_part: fn(u8) -> bool| {
        let before = bytes[..start].iter().rev().take(LONGEST).take_while(|byte| is_part(**byte)).count();
        let after = bytes[end..].iter().take(LONGEST).take_while(|byte| is_part(**byte)).count();
        std::str::from_utf8(&bytes[start - before..end + after]).unwrap_or_default()
    };
    let is = |text: &str| {
        let single = |text: &str, mark: &str| text.starts_with(mark) && !text.starts_with(&mark.repeat(2));
        let text = text.trim_matches('.');
        let text = if single(text, ":") { &text[1..] } else { text };
        let without_end = text.strip_suffix(':').filter(|text| !text.ends_with(':'));
        let forms = [Some(text), without_end].into_iter().flatten();
        forms.filter_map(|text| text.parse::<Ipv6Addr>().ok()).any(|address| known.contains(&address))
    };
    let dashed = around(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    is(around(|byte| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.'))) || is(&dashed.replace('-', ":"))
}

/// Whether a name goes on here with another label. What a file's name ends in is none.
pub(super) fn goes_on(rest: &[u8]) -> bool {
    const ENDS: [&str; 36] = [
        "7z", "atom", "avif", "bz2", "css", "csv", "db", "doc", "duckdb", "gif", "gz", "htm", "html", "ico", "jpeg",
        "jpg", "js", "json", "log", "map", "md", "mjs", "ndjson", "odt", "parquet", "pdf", "png", "svg", "tar", "tsv",
        "txt", "webp", "xml", "xz", "yaml", "zip",
    ];
    let Some(label) = rest.strip_prefix(b".") else { return false };
    let length = label.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-').count();
    let label = String::from_utf8_lossy(&label[..length]).to_lowercase();
    length > 0 && !ENDS.contains(&label.as_str())
}

/// Parts of base64 that are long enough to tell, so that it is found also where it is wrapped, as a rule.
fn parts(base64: &str) -> Vec<(String, Whole)> {
    const LONG: usize = 12;
    let words = base64.split(|letter: char| !letter.is_ascii_alphanumeric());
    let long = words.filter(|word| word.len() >= LONG).flat_map(|word| {
        let (first, second) = word.split_at(if word.len() >= 2 * LONG { word.len() / 2 } else { word.len() });
        [first, second]
    });
    let mut parts: Vec<String> = long.filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if parts.is_empty() {
        parts.push(base64.to_owned());
    }
    parts.into_iter().map(|part| (part, Whole::Part)).collect()
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 without its padding.
pub(super) fn encoded(bytes: &[u8]) -> String {
    let digits = bytes.chunks(3).flat_map(|chunk| {
        let three = [0, 1, 2].map(|at| u32::from(chunk.get(at).copied().unwrap_or_default()));
        let bits = three[0] << 16 | three[1] << 8 | three[2];
        (0..=chunk.len()).map(move |at| DIGITS[(bits >> (18 - 6 * at) & 63) as usize] as char)
    });
    digits.collect()
}

/// What base64 stands for.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.trim_end_matches('=').bytes() {
        let value = DIGITS.iter().position(|known| *known == digit)?;
        bits = bits << 6 & 0xff_ffff | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}
