//! A server's address and its pinned host key.

use std::fmt;
use std::str::FromStr;

/// `user@host[:port]`; IPv6 hosts in brackets. Secret: no output shows one, not even `{:?}`.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// The account on the server (`torcollect` if none is named).
    pub user: String,
    /// Host name or IP address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(secret)")
    }
}

impl FromStr for Address {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (user, rest) = text.rsplit_once('@').unwrap_or(("torcollect", text));
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => {
                let (host, port) = bracketed.split_once(']').ok_or("the bracket `[` is not closed")?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| "what stands in brackets is no IPv6 address")?;
                (host, port.strip_prefix(':').or(port.is_empty().then_some("22")).ok_or("a `:` is missing after `]`")?)
            }
            None if rest.matches(':').count() > 1 => {
                return Err("an IPv6 address stands in brackets, `[2001:db8::1]:22`");
            }
            None => rest.split_once(':').unwrap_or((rest, "22")),
        };
        if user.is_empty() {
            return Err("there is nothing before the `@`");
        }
        if host.is_empty() {
            return Err("the host is missing");
        }
        // Nothing that means something to the shell of a `via`, and nothing that looks like an option.
        let odd =
            |part: &str| part.starts_with('-') || !part.chars().all(|c| c.is_alphanumeric() || "._+:%-".contains(c));
        if odd(user) || odd(host) {
            return Err("it is written `user@host:port`");
        }
        match port.parse() {
            Ok(port) if port > 0 => Ok(Self { user: user.to_owned(), host: host.to_owned(), port }),
            _ => Err("the port is a number from 1 to 65535"),
        }
    }
}

/// A host key as `TYPE BASE64` from a line `TYPE BASE64 [COMMENT]`, which is what `ssh-keyscan` (after the host) and
/// `/etc/ssh/ssh_host_*_key.pub` have. A key that is cut short or of another type than it says is refused.
pub(super) fn host_key(line: &str) -> Result<String, &'static str> {
    let mut words = line.split_whitespace();
    let (Some(name), Some(encoded)) = (words.next(), words.next()) else { return Err("it is written `TYPE BASE64`") };
    let blob = decode(encoded).ok_or("what follows the type is not base64")?;
    // RFC 4253, section 6.6: a key is a row of strings, each after its length, and the first is the type.
    let mut rest = blob.as_slice();
    let mut fields = Vec::new();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (field, tail) = tail.split_at_checked(length).ok_or("the key is cut short")?;
        fields.push(field);
        rest = tail;
    }
    match fields.as_slice() {
        [first, _, ..] if rest.is_empty() && *first == name.as_bytes() => Ok(format!("{name} {encoded}")),
        [first, _, ..] if rest.is_empty() && first.is_ascii() => Err("the key is of another type than it says"),
        _ => Err("the key is cut short"),
    }
}

/// Base64 of RFC 4648, section 4, with its padding.
fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xff_ffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn address(user: &str, host: &str, port: u16) -> Result<Address, &'static str> {
        Ok(Address { user: user.into(), host: host.into(), port })
    }

    #[test]
    fn an_address_has_a_user_a_host_and_a_port() {
        assert_eq!("torcollect@bridge.example:2222".parse(), address("torcollect", "bridge.example", 2222));
        assert_eq!("bridge.example".parse(), address("torcollect", "bridge.example", 22));
        assert_eq!("some_one@fe-80.example".parse(), address("some_one", "fe-80.example", 22));
        assert_eq!("root@[2001:db8::1]:44".parse(), address("root", "2001:db8::1", 44));
        assert_eq!("[2001:db8::1]".parse(), address("torcollect", "2001:db8::1", 22));
    }

    #[test]
    fn a_malformed_address_is_refused_with_its_reason() {
        let reason = |text: &str| text.parse::<Address>().unwrap_err();
        assert_eq!(reason("2001:db8::1"), "an IPv6 address stands in brackets, `[2001:db8::1]:22`");
        assert_eq!(reason("[2001:db8::1"), "the bracket `[` is not closed");
        assert_eq!(reason("[bridge]:22"), "what stands in brackets is no IPv6 address");
        assert_eq!(reason("[::1]22"), "a `:` is missing after `]`");
        assert_eq!(reason("@host"), "there is nothing before the `@`");
        assert_eq!(reason("user@"), "the host is missing");
        assert_eq!(reason("user@ho st"), "it is written `user@host:port`");
        assert_eq!(reason("-oProxyCommand=x"), "it is written `user@host:port`");
        assert_eq!(reason("$(reboot)@host"), "it is written `user@host:port`");
        assert_eq!(reason("host;reboot"), "it is written `user@host:port`");
        assert_eq!(reason("host:0"), "the port is a number from 1 to 65535");
        assert_eq!(reason("host:ssh"), "the port is a number from 1 to 65535");
    }

    #[test]
    fn an_address_does_not_show_in_debug_output() {
        assert_eq!(format!("{:?}", "root@192.0.2.1".parse::<Address>()), "Ok(Address(secret))");
    }

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAILfDSgzbdJKbzZ4GhV/vmVKPOcIv4qLGL9Yk3J/jJHrR";

    #[test]
    fn a_host_key_is_kept_without_its_comment() {
        assert_eq!(host_key(&format!("ssh-ed25519  {KEY} root@bridge")).unwrap(), format!("ssh-ed25519 {KEY}"));
    }

    #[test]
    fn a_malformed_host_key_is_refused_with_its_reason() {
        assert_eq!(host_key("ssh-ed25519"), Err("it is written `TYPE BASE64`"));
        assert_eq!(host_key("ssh-ed25519 AAAA…"), Err("what follows the type is not base64"));
        assert_eq!(host_key(&format!("ssh-ed25519 {}", &KEY[..64])), Err("the key is cut short"));
        assert_eq!(host_key(&format!("ssh-rsa {KEY}")), Err("the key is of another type than it says"));
    }
}
