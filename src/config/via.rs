//! A program that carries the connection to a server, as OpenSSH's `ProxyCommand`.

use std::str::FromStr;

use super::Address;

/// A command for `sh` whose standard input and output are the connection. `%h` stands for the host, `%p` for the port,
/// `%r` for the account, `%%` for a `%`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via(String);

impl FromStr for Via {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Err("the command is empty");
        }
        if text.contains(['\n', '\0']) {
            return Err("the command is more than one line");
        }
        let mut letters = text.chars();
        while let Some(letter) = letters.next() {
            if letter == '%' && !matches!(letters.next(), Some('h' | 'p' | 'r' | '%')) {
                return Err("after `%` stands `h` (host), `p` (port), `r` (account) or `%`");
            }
        }
        Ok(Self(text.trim().to_owned()))
    }
}

impl Via {
    /// The command for one server. An address has no letters that mean something to a shell.
    pub fn command(&self, address: &Address) -> String {
        let mut command = String::new();
        let mut letters = self.0.chars();
        while let Some(letter) = letters.next() {
            match (letter, if letter == '%' { letters.next() } else { None }) {
                ('%', Some('h')) => command.push_str(&address.host),
                ('%', Some('p')) => command.push_str(&address.port.to_string()),
                ('%', Some('r')) => command.push_str(&address.user),
                (letter, _) => command.push(letter),
            }
        }
        command
    }

    /// The command as it was written.
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_places_of_host_port_and_account_are_filled() {
        let address = "me@oak.example:2222".parse().unwrap();
        let command = |text: &str| text.parse::<Via>().unwrap().command(&address);
        assert_eq!(command("nc -X 5 -x 127.0.0.1:9050 %h %p"), "nc -X 5 -x 127.0.0.1:9050 oak.example 2222");
        assert_eq!(command("ssh -l %r -W %h:%p jump 2>log%%p"), "ssh -l me -W oak.example:2222 jump 2>log%p");
        assert_eq!(command("%%h"), "%h");
    }

    #[test]
    fn a_command_that_cannot_be_meant_is_refused() {
        for text in ["", "  ", "a\nb", "nc %x", "nc %"] {
            assert!(text.parse::<Via>().is_err(), "{text:?}");
        }
    }
}
