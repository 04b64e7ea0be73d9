//! No secret is missed in any notation, and nothing innocent is taken for one.

#![allow(clippy::unwrap_used)]

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILfDSgzbdJKbzZ4GhV/vmVKPOcIv4qLGL9Yk3J/jJHrR root@oak";
const HASHED: &str = "5EED1E0000000000000000000000000000A11CE5";
const SALT: &str = "f00dfeedf00dfeedf00dfeedf00dfeedf00dfeedf00dfeedf00dfeedf00dfeed";

fn leaks(secrets: impl IntoIterator<Item = Option<Secret>>) -> Leaks {
    Leaks::new(secrets.into_iter().map(Option::unwrap)).unwrap()
}

/// Made once, because that takes time.
static ALL: LazyLock<Leaks> = LazyLock::new(|| {
    leaks([
        Secret::host("198.51.100.7"),
        Secret::host("2001:db8::5:1"),
        Secret::host("Oak.Bridge.example."),
        Secret::host(&format!("{}.onion", "ab2c".repeat(14))),
        Secret::host_key(KEY),
        Secret::salt(SALT),
        Secret::hashed_fingerprint(HASHED),
    ])
});

fn kinds(leaks: &Leaks, text: &str) -> Vec<Kind> {
    leaks.find(text.as_bytes()).into_iter().map(|leak| leak.kind).collect()
}

#[track_caller]
fn found(text: &str, kind: Kind) {
    assert!(kinds(&ALL, text).contains(&kind), "{kind} is not found in `{text}`");
}

#[track_caller]
fn innocent(text: &str) {
    assert_eq!(kinds(&ALL, text), [], "{text}");
}

#[test]
fn an_address_is_found_in_every_notation() {
    for text in [
        "198.51.100.7",
        "at 198.51.100.7.",
        "198.51.100.7:443",
        "torcollect@198.51.100.7",
        "198.051.100.007",
        "198-51-100-7.provider.example",
        "ec2-198-51-100-7",
        "7.100.51.198.in-addr.arpa",
        "static.7-100-51-198.example",
        "host_198_51_100_7",
        "198[.]51[.]100[.]7",
        "198&#46;51&#x2e;100&period;7",
        "https://x.example/?a=198%2E51%2e100.7",
        r#"{"a":"198\u002e51.100.7"}"#,
        "0xc6336407",
        "0306.063.0144.07",
        "http://3325256711/",
        "::ffff:198.51.100.7",
        "::FFFF:C633:6407",
        "64:ff9b::c633:6407",
        "2002:c633:6407::1",
        "2002:c633:6407::",
    ] {
        let expected = text != "2002:c633:6407::1";
        assert_eq!(kinds(&ALL, text).contains(&Kind::Address), expected, "{text}");
    }
}

#[test]
fn an_address_of_version_6_is_found_in_every_notation() {
    for text in [
        "2001:db8::5:1",
        "[2001:DB8::5:1]:443",
        "2001:0db8:0000:0000:0000:0000:0005:0001.",
        "2001:db8:0:0:0:0:5:1: restarted",
        "address:2001:db8::5:1",
        "2001%3Adb8%3A%3A5%3A1",
        "2001-db8--5-1.ipv6-literal.net",
        "20010db8000000000000000000050001",
        "1.0.0.0.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
        "2001:db8::0.5.0.1",
    ] {
        found(text, Kind::Address);
    }
    for other in ["2001:db8::5:2", "2001:db8::5:1:7", "2001", "12:2001:30", "a2001:db8::5:1", "2001:db8::5:1f"] {
        innocent(other);
    }
}

#[test]
fn a_name_is_found_whole_with_its_subdomains() {
    for text in [
        "oak.bridge.example",
        "see OAK.bridge.EXAMPLE.",
        "www.oak.bridge.example:80",
        "torcollect@oak.bridge.example",
        "oak[.]bridge[.]example",
        "days/oak.bridge.example.html",
        "oak&#x2E;bridge.example",
        "oak.brid&shy;ge.example",
    ] {
        found(text, Kind::Host);
    }
    for text in ["soak.bridge.example", "oak.bridge.examples", "a-oak.bridge.example", "oak.bridge.example-2"] {
        innocent(text);
    }
    innocent("oak.bridge.example.org");
    found(&"ab2c".repeat(14), Kind::Host);
}

#[test]
fn keys_are_found_by_what_is_their_own() {
    let body = KEY.split(' ').nth(1).unwrap();
    found(KEY, Kind::HostKey);
    found(&body[30..], Kind::HostKey);
    found(&format!("{}\n{}", &body[..40], &body[40..]), Kind::HostKey);
    found(&body.replace('/', "%2F"), Kind::HostKey);
    found(&body.replace('/', "\\/"), Kind::HostKey);
    // By `ssh-keygen -lf`.
    let hash = encoded_hash(body);
    found(&format!("SHA256:{hash}"), Kind::HostKey);
    innocent("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB");
    found(SALT, Kind::Salt);
    found("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn", Kind::PrivateKey);
    found("-----BEGIN PRIVATE KEY-----", Kind::PrivateKey);
    innocent("-----BEGIN PUBLIC KEY-----");
}

/// What OpenSSH calls a key.
fn encoded_hash(base64: &str) -> String {
    let notations = Secret::host_key(&format!("t {base64}")).unwrap().notations();
    notations.into_iter().rev().take(2).map(|(text, _)| text).rev().collect()
}

#[test]
fn a_fingerprint_is_found_in_every_notation_and_a_known_one_is_called_so() {
    let other = "0123456789ABCDEF0123456789abcdef01234567";
    for (digits, kind) in [(HASHED, Kind::HashedFingerprint), (other, Kind::Fingerprint)] {
        let grouped = |length: usize, mark: &str| {
            let groups: Vec<&str> = (0..40 / length).map(|at| &digits[at * length..][..length]).collect();
            groups.join(mark)
        };
        for text in [
            digits.to_owned(),
            digits.to_lowercase(),
            format!("${digits}~nick"),
            format!("https://x.example/rs.html#details/{digits}"),
            grouped(4, " "),
            grouped(4, "  "),
            grouped(4, "\u{a0}"),
            grouped(4, "&nbsp;"),
            grouped(4, "&#160;"),
            grouped(2, ":"),
            grouped(2, "-"),
            format!("in 2026 {} was new", grouped(4, "\n")),
        ] {
            assert!(kinds(&ALL, &text).contains(&kind), "{text}");
        }
    }
    found("Xu0eAAAAAAAAAAAAAAAAAAChHOU", Kind::HashedFingerprint);
    found(&format!("https://git.example/x/commit/{HASHED}"), Kind::HashedFingerprint);
}

#[test]
fn parts_of_bridge_lines_are_found() {
    let certificate = "ssH+9rP8dG2NLDN2XuFw63hIO/9MNNinLmxQDpVa+7kTOa9/m+tGWT1SmSYpQ9uTBGa6Hw";
    for text in [
        format!("obfs4 192.0.2.1:443 nick cert={certificate} iat-mode=0"),
        format!("cert&#x3D;{certificate}"),
        "iat-mode=1".to_owned(),
        "Bridge obfs4 192.0.2.1:443".to_owned(),
        "webtunnel [2001:db8::1]:443 url".to_owned(),
        "Bridge 192.0.2.1:9001".to_owned(),
    ] {
        found(&text, Kind::BridgeLine);
    }
}

#[test]
fn what_stands_on_pages_is_no_secret() {
    for text in [
        "tor 0.4.9.11, 0.4.8.9 and 1.2.3.4",
        "1.198.51.100.7 and 198.51.100.7.1 and 198.51.100.70 and 1198.51.100.7",
        "127.0.0.1:9050, 0.0.0.0, ::1, ::",
        "assets/style.1a2b3c4d.css, pictures/0123456789abcdef.png, assets/app.0123456789abcdef0123456789abcdef.js",
        "https://git.example/tor/commit/0123456789abcdef0123456789abcdef01234567",
        "sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "integrity=sha384-oqVuAfXRKap7fdgcCY5uykM6+R9GqQ8KuxylxfhDhCxcVd1fd6gyKlTFb4VJx5c8",
        "2012 2013 2014 2015 2016 2017 2018 2019 2020 2021 2022 2023",
        "0.3333333333333333333333333333333333333333 1111111111111111111111111111111111111111",
        "obfs4 8 clients, snowflake 12:30, the bridge 192.0.2.1, a certificate, cert=x, iat-mode=",
        "a{margin:0 auto;color:#1a2b3c;background:#fff;transition:all 0.4s;width:calc(100% - 2rem)}",
        "@media (max-width: 40em){.a::after{content:\"\\2014\"}}",
        "2026-01-01,8,16,3325256711\n2026-01-02,3325256711,8",
        "00:11:22:33:44:55 12:30:45 2026-01-01T00:00:00Z",
        "dead beef cafe face fade",
    ] {
        innocent(text);
    }
}

#[test]
fn what_tells_nobody_anything_is_no_secret() {
    for host in ["oak", "localhost", "127.0.0.1", "::1", "[::1]", "0.0.0.0", "", "."] {
        assert_eq!(Secret::host(host), None, "{host}");
    }
    assert_eq!(Secret::hashed_fingerprint("x"), None);
    assert_eq!(Secret::host_key("ssh-rsa"), None);
    assert_eq!(Secret::salt("short\n"), None);
    assert_eq!(
        format!("{:?} {:?}", Secret::host("198.51.100.7").unwrap(), *ALL),
        "Secret(a server's IP address) Leaks(7 secrets)"
    );
}

#[test]
fn a_leak_says_its_byte_and_its_line_in_the_file_as_it_is() {
    let text = "a &amp; b&#10;c\nd &lt; 198&#46;51.100.7 and\n oak.bridge.example";
    let found = ALL.find(text.as_bytes());
    let places: Vec<(Kind, usize, usize)> =
        found.iter().map(|leak| (leak.kind, leak.offset, leak.line(text.as_bytes()))).collect();
    let at = |what: &str| text.find(what).unwrap();
    assert_eq!(places, [(Kind::Address, at("198"), 2), (Kind::Host, at("oak"), 3)]);
}

#[test]
fn the_digest_tells_lists_apart_and_needs_the_salt() {
    let (one, other) = (Secret::host("198.51.100.7"), Secret::host("oak.bridge.example"));
    let (salt, another) = (Secret::salt(SALT), Secret::salt(&SALT.replace('f', "e")));
    let digest = |secrets: &[&Option<Secret>]| leaks(secrets.iter().copied().cloned()).digest().unwrap();
    let both = digest(&[&salt, &one, &other]);
    assert_eq!(both, digest(&[&other, &one, &one, &salt]));
    for less in [digest(&[&salt, &one]), digest(&[&salt]), digest(&[&another, &one, &other])] {
        assert_ne!(less, both);
    }
    assert_ne!(digest(&[&one]), digest(&[&one]), "nobody can guess without a key");
    assert_eq!(digest(&[]), digest(&[]));
}

/// An IPv6 address as somebody may write it.
fn written(address: Ipv6Addr, zeros: usize, compressed: usize, upper: bool, dotted: bool) -> String {
    let segments = address.segments();
    let mut groups: Vec<String> = segments.iter().map(|group| format!("{group:x}")).collect();
    for (at, group) in groups.iter_mut().enumerate() {
        let width = group.len().max((zeros >> (2 * at)) % 4 + 1);
        *group = format!("{group:0>width$}");
    }
    if dotted {
        groups.truncate(6);
        let octets = address.octets();
        groups.push(Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]).to_string());
    }
    let most = if dotted { 6 } else { 8 };
    let runs: Vec<(usize, usize)> = (0..most)
        .flat_map(|start| (start + 1..=most).map(move |end| (start, end)))
        .filter(|(start, end)| segments[*start..*end].iter().all(|group| *group == 0))
        .collect();
    let text = match runs.len() {
        0 => groups.join(":"),
        count => match runs.get(compressed % (count + 1)) {
            Some((start, end)) => format!("{}::{}", groups[..*start].join(":"), groups[*end..].join(":")),
            None => groups.join(":"),
        },
    };
    if upper { text.to_uppercase() } else { text }
}

/// Text in which every so many characters are written as HTML, links or JSON escape them.
fn escaped(text: &str, every: usize, how: usize) -> String {
    let one = |(at, letter): (usize, char)| match (at % every == 0, how % 5) {
        (true, 0) => format!("&#{};", u32::from(letter)),
        (true, 1) => format!("&#x{:04X};", u32::from(letter)),
        (true, 2) => format!("%{:02x}", u32::from(letter)),
        (true, 3) => format!("\\u{:04x}", u32::from(letter)),
        _ => letter.to_string(),
    };
    text.chars().enumerate().map(one).collect()
}

proptest! {
    #[test]
    fn every_address_is_found_however_it_is_written(
        octets: [u8; 4], separator in 0usize..4, padded: bool, reversed: bool, every in 1usize..9, how in 0usize..5,
        before in "([a-z ]{0,9}[ (/=@\"])?", after in "([ ):,/\"][a-z ]{0,9})?",
    ) {
        let address = Ipv4Addr::from(octets);
        prop_assume!(!address.is_unspecified() && !address.is_loopback());
        let mut parts = octets.map(|octet| if padded { format!("{octet:03}") } else { octet.to_string() });
        if reversed { parts.reverse(); }
        let plain = !padded && !reversed;
        let text = parts.join(if separator > 1 && !plain { "." } else { [".", "-", "_", "[.]"][separator] });
        let leaks = leaks([Secret::host(&address.to_string())]);
        let text = format!("{before}{}{after}", escaped(&text, every, how));
        prop_assert!(kinds(&leaks, &text).contains(&Kind::Address), "{}", text);
    }

    #[test]
    fn every_address_of_version_6_is_found_however_it_is_written(
        groups in prop::array::uniform8(prop_oneof![Just(0u16), 0u16..256, any::<u16>()]),
        zeros: usize, compressed: usize, upper: bool, dotted: bool, every in 1usize..9, how in 0usize..5,
        before in "([a-z ]{0,9}[ (/=@\"\\[])?", after in "([ )\\],/\"][a-z ]{0,9})?",
    ) {
        let address = Ipv6Addr::from(groups);
        let secret = Secret::host(&address.to_string());
        prop_assume!(secret.is_some());
        let text = written(address, zeros, compressed, upper, dotted);
        prop_assert_eq!(text.parse::<Ipv6Addr>(), Ok(address), "{}", text);
        let text = format!("{before}{}{after}", escaped(&text, every, how));
        prop_assert!(kinds(&leaks([secret]), &text).contains(&Kind::Address), "{}", text);
    }

    #[test]
    fn every_fingerprint_is_found_at_every_place(
        bytes: [u8; 20], upper: bool, group in 0usize..4, every in 1usize..9, how in 0usize..5,
        before in "([a-z0-9 .,-]{0,99}[ (/=$])?", after in "([ )~,\"][a-z0-9 .,-]{0,99})?",
    ) {
        let digits = hexadecimal(&bytes);
        let secret = Secret::hashed_fingerprint(&digits);
        let digits = if upper { digits.to_uppercase() } else { digits };
        let (length, mark) = [(40, ""), (4, " "), (2, ":"), (2, "-")][group];
        let groups: Vec<&str> = (0..40 / length).map(|at| &digits[at * length..][..length]).collect();
        let digits = groups.join(mark);
        // What stands before a row of pairs is no pair.
        let text = format!("{before}[{}]{after}", escaped(&digits, every, how));
        prop_assert!(kinds(&leaks([secret]), &text).contains(&Kind::HashedFingerprint), "{}", text);
    }

    #[test]
    fn every_name_is_found_in_any_case(
        labels in prop::collection::vec("[a-z0-9]([a-z0-9-]{0,9}[a-z0-9])?", 2..5), upper: bool, every in 1usize..9, how in 0usize..5,
        before in "([a-z ]{0,9}[ (/=@\".])?", after in "([ ):,/\"][a-z ]{0,9}|\\.)?",
    ) {
        let host = labels.join(".");
        let secret = Secret::host(&host);
        prop_assume!(secret.is_some());
        let text = if upper { host.to_uppercase() } else { host };
        let text = format!("{before}{}{after}", escaped(&text, every, how));
        prop_assert!(!kinds(&leaks([secret]), &text).is_empty(), "{}", text);
    }

    #[test]
    fn every_key_is_found(bytes: [u8; 32], every in 1usize..9, how in 0usize..5) {
        let head = b"\0\0\0\x0bssh-ed25519\0\0\0 ";
        let blob: Vec<u8> = head.iter().chain(&bytes).copied().collect();
        let body = secret::encoded(&blob);
        let leaks = leaks([Secret::host_key(&format!("ssh-ed25519 {body}"))]);
        for text in [&body, &body[25..], &escaped(&body, every, how), &body.replace('/', "\\/").replace('+', "&plus;")] {
            prop_assert!(kinds(&leaks, text).contains(&Kind::HostKey), "{}", text);
        }
    }

    #[test]
    fn no_version_is_an_address(version in "[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,2}\\.[0-9]{1,2}(-[0-9]{1,2}|-alpha)?") {
        innocent(&format!("tor {version}, {version}."));
    }

    #[test]
    fn no_name_of_an_asset_or_a_picture_is_a_secret(name in "[a-z-]{1,20}", eight in "[0-9a-f]{8}", sixteen in "[0-9a-f]{16}", folder in "([a-z]{1,9}/){0,3}") {
        let html = format!(
            "<link href=\"{folder}assets/{name}.{eight}.css\"><img src=\"../pictures/{sixteen}.png\" srcset='{sixteen}.png 2x'>\
             <a href=\"{eight}-{sixteen}.html#{sixteen}\" id={eight}>"
        );
        innocent(&html);
    }

    #[test]
    fn no_picture_in_base64_is_a_secret(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        innocent(&format!("url(data:image/png;base64,{}==)", secret::encoded(&bytes)));
    }

    #[test]
    fn no_style_is_a_secret(colors in prop::collection::vec("#([0-9a-f]{3}|[0-9a-f]{6}|[0-9a-f]{8})", 0..40), numbers in prop::collection::vec(-99f32..99f32, 0..40)) {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        innocent(&format!("a{{background:linear-gradient({});margin:{}}}", colors.join(","), numbers.join("em ")));
        innocent(&format!("{}\n{}", colors.join(" "), numbers.join(" ")));
    }

    #[test]
    fn no_table_of_numbers_is_a_secret(rows in prop::collection::vec((2015i16..2030, 1u8..13, 1u8..29, any::<u64>(), any::<u32>()), 0..60)) {
        let table: String = rows.iter().map(|(y, m, d, a, b)| format!("{y}-{m:02}-{d:02},{a},{b},,{y} {m}\n")).collect();
        innocent(&table);
        innocent(&table.replace(',', " "));
        innocent(&table.replace([',', '\n'], " "));
    }

    #[test]
    fn any_bytes_are_looked_through(bytes: Vec<u8>, text in "[&%#\\\\ux0-9a-f;.: -]{0,200}") {
        for bytes in [&bytes[..], text.as_bytes()] {
            for leak in ALL.find(bytes) {
                prop_assert!(leak.offset < bytes.len());
                let _ = leak.line(bytes);
            }
        }
    }
}

#[test]
fn what_nobody_sees_and_what_is_encoded_twice_hides_nothing() {
    for text in [
        "198.51.\u{200b}100.7",
        "198.51.100\u{ad}.7",
        "content:\"198\\2e 51\\2e 100\\2e 7\"",
        "?to=198%252E51%252E100%252E7",
    ] {
        found(text, Kind::Address);
    }
    for ending in ["jpg", "tar.gz", "js"] {
        found(&format!("oak.bridge.example.{ending}"), Kind::Host);
    }
    assert_eq!(kinds(&ALL, "12\u{202f}345.198.51\\u0020 \\2014"), []);
}

#[test]
fn a_known_fingerprint_is_found_within_a_word_and_an_unknown_one_is_not() {
    for text in [format!("bridge_{HASHED}.csv"), format!("{HASHED}_x"), format!("box{HASHED}_")] {
        found(&text, Kind::HashedFingerprint);
        assert_eq!(kinds(&ALL, &text.replace("5EED", "0ABC")), [], "{text}");
    }
}
