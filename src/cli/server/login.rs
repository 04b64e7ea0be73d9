//! How an operator logs in to a server: the arguments that `add` and `remove --purge` share, and the questions.

use std::path::PathBuf;

use clap::Args;
use torcollect::collect::key::is_public;
use torcollect::collect::server::{Event, Login, Trust, Way};
use torcollect::collect::transport::operator::Question;
use torcollect::config::Address;

use super::Terminal;

/// The arguments.
#[derive(Args)]
pub struct Arguments {
    /// Your private key there [default: those of the SSH agent and of ~/.ssh, else a password that is asked for]
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// The server's host key, as `TYPE BASE64` or `SHA256:…`
    #[arg(long, value_name = "KEY", value_parser = host_key, conflicts_with = "accept_new")]
    host_key: Option<String>,
    /// Believe whatever host key a server shows of which none is known
    #[arg(long)]
    accept_new: bool,
    /// The command that carries the connection, such as `ssh -W %h:%p jump`; `none` for none [default: as before]
    #[arg(long, value_name = "COMMAND", value_parser = way)]
    via: Option<Way>,
}

impl Arguments {
    /// Whether any of them is given.
    pub fn any(&self) -> bool {
        self.identity.is_some() || self.host_key.is_some() || self.accept_new || self.via.is_some()
    }

    /// The login at an address.
    pub fn at(&self, address: Address) -> Login {
        let trust = match &self.host_key {
            Some(key) => Trust::Key(key.clone()),
            None if self.accept_new => Trust::New,
            None => Trust::Ask,
        };
        Login { address, way: self.via.clone().unwrap_or(Way::AsBefore), identity: self.identity.clone(), trust }
    }
}

fn way(text: &str) -> Result<Way, &'static str> {
    if text == "none" { Ok(Way::Direct) } else { text.parse().map(Way::Via) }
}

fn host_key(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    let print =
        |digits: &str| digits.len() == 43 && digits.chars().all(|c| c.is_ascii_alphanumeric() || "+/".contains(c));
    if text.strip_prefix("SHA256:").map(|digits| digits.trim_end_matches('=')).is_some_and(print) || is_public(text) {
        Ok(text.to_owned())
    } else {
        Err("it is written `SHA256:…`, or `TYPE BASE64` as in /etc/ssh/ssh_host_ed25519_key.pub")
    }
}

/// `USER@HOST:PORT`, of root if nobody is named.
pub fn operator(text: &str) -> Result<Address, &'static str> {
    if text.contains('@') { text.parse() } else { format!("root@{text}").parse() }
}

/// Asks at the terminal; `None` where there is none.
pub fn ask(terminal: &Terminal, question: Question<'_>) -> Option<String> {
    match question {
        Question::HostKey(print) => {
            terminal.ask(&format!("the server shows the key {print}\nis that its key? (yes/no) "))
        }
        Question::Password(user) => terminal.ask_secret(&format!("password of `{user}` on the server: ")),
        Question::Other(words) => terminal.ask_secret(&format!("the server asks: {words}")),
        Question::Passphrase(key) => terminal.ask_secret(&format!("passphrase of `{}`: ", key.display())),
    }
}

/// Shows what happens.
pub fn show(terminal: &Terminal, event: Event<'_>) {
    match event {
        Event::Trusted(print) => terminal.info(&format!("the server's key is {print}")),
        Event::LoggedIn(user) => terminal.detail(&format!("logged in as `{user}`")),
        Event::Says(line) => match line.split_once(": ") {
            Some(("done", what)) => terminal.info(&format!("on the server: {what}")),
            Some(("note", what)) => terminal.info(&format!("note: {what}")),
            Some(("instance", what)) => terminal.info(&format!("tor: {what}")),
            // A login's own greeting, or a package manager's.
            _ => terminal.detail(line),
        },
        Event::Undone => terminal.info("on the server: all of it undone"),
        Event::NotUndone(said) => {
            terminal
                .error(&format!("what was done on the server may not be undone: {said}"), Some("run the same again"));
        }
        Event::Trying => terminal.detail("asking for an extract with the new key"),
    }
}
