//! Setting a server up: the shell scripts that make, repair and remove there what a collection needs.
//!
//! Each is one complete POSIX script to be run as root. What this module adds to its text are the key, the tors that
//! are named by hand and the files that it installs; all of it is checked or filtered here, so that neither an operator
//! nor a server can put a command into it.
//!
//! ```text
//! install.sh ── account.sh, extract, read-instance (sources::tor_bridge::scripts), spool.sh, torcollect-spool.*
//! purge.sh ── account.sh
//! ```
//!
//! What the scripts print is one line each: `done: …` (something was changed), `note: …`, `instance: NAME USER DIR`, at
//! last `ready TOKEN` if they shall wait; on standard error `error: …` and `hint: …`. Exit codes: 0 all is in place; 1 it
//! failed and all is as it was; 3 it was not confirmed and all is as it was.

mod place;

pub use place::Place;

use crate::collect::sources::tor_bridge::scripts::{EXTRACT_SCRIPT, READ_INSTANCE_SCRIPT};

/// On a server, as the account `torcollect`: keeps the statistics of the last 30 days.
pub const SPOOL_SCRIPT: &str = include_str!("spool.sh");

const INSTALL: &str = include_str!("install.sh");
const PURGE: &str = include_str!("purge.sh");
const ACCOUNT: &str = include_str!("account.sh");
const FILES: [(&str, &str); 6] = [
    ("@EXTRACT@", EXTRACT_SCRIPT),
    ("@READ_INSTANCE@", READ_INSTANCE_SCRIPT),
    ("@SPOOL_SCRIPT@", SPOOL_SCRIPT),
    ("@SERVICE_UNIT@", include_str!("torcollect-spool.service")),
    ("@TIMER_UNIT@", include_str!("torcollect-spool.timer")),
    ("@PATH_UNIT@", include_str!("torcollect-spool.path")),
];

/// How a server shall be set up.
#[derive(Clone, Copy, Debug)]
pub struct Install<'a> {
    /// The collector's public key, `ssh-ed25519 BASE64 COMMENT`.
    pub key: &'a str,
    /// Tors named by hand, which win over those that are found.
    pub places: &'a [Place],
    /// Whether the server keeps the statistics of the last 30 days. One that does already goes on doing so.
    pub spool: bool,
    /// With what token, of `0`–`9` and `a`–`f`, to print `ready TOKEN` at the end, and undo all unless standard input
    /// then has the line `keep`. It should be random: then nothing else that an operator's login prints is taken for it.
    /// `None`: the script ends with a test of its own, the extract, printed by the account.
    pub confirm: Option<&'a str>,
}

/// The script that sets a server up, repairs it, and adds its new tors.
pub fn install_script(install: &Install<'_>) -> String {
    let places: String =
        install.places.iter().map(|place| format!("{} {} {}\n", place.name, place.user, place.folder)).collect();
    // One of other characters only still waits.
    let token =
        |text: &str| format!("{:0>1}", text.chars().filter(|c| matches!(c, '0'..='9' | 'a'..='f')).collect::<String>());
    let script = INSTALL
        .replace("@KEY@", &safe_key(install.key))
        .replace("@PLACES@", &places)
        .replace("@SPOOL@", if install.spool { "yes" } else { "no" })
        .replace("@CONFIRM@", &install.confirm.map(token).unwrap_or_default())
        .replace("@ACCOUNT@", ACCOUNT.trim_end());
    FILES.iter().fold(script, |script, (mark, text)| script.replace(mark, text.trim_end()))
}

/// The script that takes a key off a server, and with the last key everything else.
pub fn purge_script(key: &str) -> String {
    PURGE.replace("@KEY@", &safe_key(key)).replace("@ACCOUNT@", ACCOUNT.trim_end())
}

/// The key's words without what has a meaning in a shell or in `authorized_keys`; nothing of it is in a key.
fn safe_key(key: &str) -> String {
    let safe = |c: char| if c == '\t' { ' ' } else { c };
    let plain = |c: &char| c.is_ascii_alphanumeric() || " +/=@._:-".contains(*c);
    let line: String = key.trim().lines().next().unwrap_or_default().chars().map(safe).filter(plain).collect();
    line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTJmPwlxc6GSWuYtrTIPOLgyp1XT2mDe25jyLMK0Kbb ann@elm";

    fn script(key: &str, places: &[Place]) -> String {
        install_script(&Install { key, places, spool: true, confirm: None })
    }

    #[test]
    fn the_script_is_whole() {
        let places = ["oak:#1000:/srv/oak".parse().unwrap(), "elm:tor:/srv/elm".parse().unwrap()];
        let script = script(KEY, &places);
        assert!(
            script.contains(&format!("\nkey='{KEY}'\nplaces='oak #1000 /srv/oak\nelm tor /srv/elm\n'\nspool=yes\n"))
        );
        let marks = script.split('@').skip(1).step_by(1);
        let left = marks.filter(|mark| !mark.is_empty() && mark.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
        assert_eq!(left.collect::<Vec<_>>(), Vec::<&str>::new());
        for (_, text) in FILES {
            assert!(script.contains(&format!("<<'END_OF_FILE'\n{}\nEND_OF_FILE\n", text.trim_end())));
            assert!(!text.lines().any(|line| line == "END_OF_FILE"));
        }
    }

    #[test]
    fn a_token_is_of_its_characters_and_never_none() {
        for (token, written) in [("0a9f", "0a9f"), ("$(id)'\n", "d"), ("", "0"), ("xyz", "0")] {
            let script = install_script(&Install { key: KEY, places: &[], spool: false, confirm: Some(token) });
            assert!(script.contains(&format!("\nconfirm='{written}'\n")), "{token}");
        }
        assert!(script(KEY, &[]).contains("\nconfirm=''\n"));
    }

    #[test]
    fn a_key_puts_no_command_into_the_script() {
        let hostile = format!("{KEY}'; touch /x; '\n\"$(id)\" `id` \\ command=\"/bin/sh\"");
        let line = script(&hostile, &[]).lines().find(|line| line.starts_with("key=")).map(str::to_owned);
        assert_eq!(line, Some(format!("key='{KEY} touch /x'")));
        assert!(purge_script(&hostile).contains(&format!("\nkey='{KEY} touch /x'\n")));
    }
}
