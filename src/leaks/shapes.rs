//! What is secret by its shape, whoever it belongs to: fingerprints, parts of bridge lines, private keys. A version such as
//! `0.4.9.11` has none of these shapes, nor have the names of pictures and assets, which are shorter.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Kind;

/// SHA-1 of a key.
pub(super) type Fingerprint = [u8; 20];

/// What begins a shape, what it is then, and whether the bytes after it are as they must be.
type Shape = (&'static str, Kind, fn(&[u8]) -> bool);

pub(super) const SHAPES: [Shape; 13] = [
    ("cert=", Kind::BridgeLine, is_certificate),
    ("iat-mode=", Kind::BridgeLine, |rest| rest.first().is_some_and(|digit| matches!(digit, b'0'..=b'2'))),
    ("bridge ", Kind::BridgeLine, is_endpoint),
    ("conjure ", Kind::BridgeLine, is_endpoint),
    ("dnstt ", Kind::BridgeLine, is_endpoint),
    ("meek_lite ", Kind::BridgeLine, is_endpoint),
    ("obfs2 ", Kind::BridgeLine, is_endpoint),
    ("obfs3 ", Kind::BridgeLine, is_endpoint),
    ("obfs4 ", Kind::BridgeLine, is_endpoint),
    ("scramblesuit ", Kind::BridgeLine, is_endpoint),
    ("snowflake ", Kind::BridgeLine, is_endpoint),
    ("webtunnel ", Kind::BridgeLine, is_endpoint),
    ("-begin ", Kind::PrivateKey, is_private_key),
];

/// obfs4's `cert` is 52 bytes in base64, without padding.
fn is_certificate(rest: &[u8]) -> bool {
    rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')).count() >= 40
}

/// `IP:PORT` or `[IPv6]:PORT`.
fn is_endpoint(rest: &[u8]) -> bool {
    let rest = &rest[..rest.len().min(64)];
    let text: String = rest.iter().map(|byte| char::from(*byte)).collect();
    let Some(word) = text.split_whitespace().next() else { return false };
    let is_port = |port: &str| port.starts_with(|digit: char| digit.is_ascii_digit());
    match word.strip_prefix('[').and_then(|word| word.split_once("]:")) {
        Some((host, port)) => host.parse::<Ipv6Addr>().is_ok() && is_port(port),
        None => word.split_once(':').is_some_and(|(host, port)| host.parse::<Ipv4Addr>().is_ok() && is_port(port)),
    }
}

/// `-----BEGIN OPENSSH PRIVATE KEY-----`.
fn is_private_key(rest: &[u8]) -> bool {
    let rest = String::from_utf8_lossy(&rest[..rest.len().min(40)]).to_uppercase();
    rest.split_once("PRIVATE KEY-----").is_some_and(|(kind, _)| kind.len() <= 16)
}

/// The bytes of 40 hexadecimal digits, and nothing else.
pub(super) fn fingerprint(digits: &[u8]) -> Option<Fingerprint> {
    let mut fingerprint = Fingerprint::default();
    if digits.len() != 40 {
        return None;
    }
    for (byte, pair) in fingerprint.iter_mut().zip(digits.chunks(2)) {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(fingerprint)
}

/// All that may be fingerprints: 40 hexadecimal digits at once, in groups of four with spaces, or in pairs with one mark
/// between them. With the byte where each begins, and whether it is something else unless it is known: the name of a commit
/// in a link to it, a number without a letter, or a part of a word.
pub(super) fn fingerprints(bytes: &[u8]) -> Vec<(usize, Fingerprint, bool)> {
    const LENGTH: usize = 40;
    let mut found = Vec::new();
    let mut at = LENGTH - 1;
    // Whatever has that length, stands at one of the places that are that far apart.
    while at < bytes.len() {
        if !is_part(bytes[at]) {
            at += LENGTH;
            continue;
        }
        let start = at - bytes[..at].iter().rev().take_while(|byte| is_part(**byte)).count();
        let end = at + bytes[at..].iter().take_while(|byte| is_part(**byte)).count();
        if end - start >= LENGTH {
            in_run(bytes, start, end, &mut found);
        }
        at = end + LENGTH;
    }
    found
}

/// A digit, or what may stand between groups of them: also the bytes of no-break spaces.
fn is_part(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || is_space(byte) || matches!(byte, b':' | b'-')
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0xc2 | 0xa0 | 0xe2 | 0x80 | 0xaf)
}

fn in_run(bytes: &[u8], start: usize, end: usize, found: &mut Vec<(usize, Fingerprint, bool)>) {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    let mut at = start;
    while at < end {
        let length = bytes[at..end].iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        if length > 0 {
            groups.push((at, at + length));
        }
        at += length.max(1);
    }
    let of_word = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    let alone = |start: usize, end: usize| !of_word(start.checked_sub(1)) && !of_word(Some(end));
    let mut add = |groups: &[(usize, usize)]| {
        let (first, last) = (groups[0].0, groups[groups.len() - 1].1);
        let digits: Vec<u8> = groups.iter().flat_map(|(start, end)| &bytes[*start..*end]).copied().collect();
        let Some(fingerprint) = fingerprint(&digits) else { return };
        let is_number = digits.iter().all(u8::is_ascii_digit) || digits.iter().all(u8::is_ascii_alphabetic);
        let before = &bytes[..first];
        let is_commit = groups.len() == 1 && COMMITS.iter().any(|commit| before.ends_with(commit.as_bytes()));
        found.push((first, fingerprint, is_number || is_commit || !alone(first, last)));
    };
    groups.iter().filter(|(start, end)| end - start == 40).for_each(|group| add(std::slice::from_ref(group)));
    let spaces =
        |one: &(usize, usize), other: &(usize, usize)| bytes[one.1..other.0].iter().all(|byte| is_space(*byte));
    for fours in groups.chunk_by(|one, other| spaces(one, other)) {
        let is_four = |group: &&(usize, usize)| group.1 - group.0 == 4;
        for ten in fours.windows(10).filter(|ten| ten.iter().filter(is_four).count() == 10) {
            add(ten);
        }
    }
    let mark = |one: &(usize, usize)| bytes.get(one.1).copied();
    let pairs = groups.chunk_by(|one, other| {
        let pair = |group: &(usize, usize)| group.1 - group.0 == 2;
        pair(one) && pair(other) && other.0 == one.1 + 1
    });
    pairs
        .filter(|pairs| pairs.len() == 20 && pairs[..19].iter().all(|pair| mark(pair) == mark(&pairs[0])))
        .for_each(add);
}

/// What stands in a link before the name of a commit.
const COMMITS: [&str; 5] = ["/commit/", "/commits/", "/tree/", "/blob/", "/raw/"];
