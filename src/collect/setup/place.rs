//! A tor that the operator names by hand: one that does not run, or runs in a container.

use std::str::FromStr;

use anyhow::{Context, Error, ensure};

/// A tor on a server, written `NAME:USER:DIR`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What to call it: letters, digits, `.`, `_`, `-`, at most 64.
    pub name: String,
    /// The account that owns its files, or `#UID` where that has no name.
    pub user: String,
    /// Its DataDirectory, as the server sees it.
    pub folder: String,
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let words: Vec<&str> = text.split(':').collect();
        let [name, user, folder] = words[..] else {
            return Err(Error::msg(format!("`{}` is not `NAME:USER:DIR`", text.escape_debug())));
        };
        let of = |text: &str, others: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c));
        ensure!(
            (1..=64).contains(&name.len()) && of(name, "._-") && !name.starts_with(['.', '-']),
            "the name `{}` is not of 1 to 64 letters, digits, `.`, `_` and `-`, or begins with `.` or `-`",
            name.escape_debug()
        );
        // An account whose name is a number would be taken for a user's id by some tools.
        let account = of(user, "._-") && user.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let uid = user.strip_prefix('#').is_some_and(|uid| {
            !uid.is_empty() && uid.bytes().all(|byte| byte.is_ascii_digit()) && uid.parse::<u32>().is_ok()
        });
        ensure!(
            uid || (account && (1..=32).contains(&user.len()) && user != "ALL"),
            "the user `{}` is neither an account nor `#UID`",
            user.escape_debug()
        );
        check_folder(folder).with_context(|| format!("the folder `{}` cannot be used", folder.escape_debug()))?;
        Ok(Self { name: name.to_owned(), user: user.to_owned(), folder: folder.to_owned() })
    }
}

/// What can be written into sudo's rules as it is.
fn check_folder(folder: &str) -> Result<(), Error> {
    ensure!(folder.starts_with('/') && folder.len() > 1, "it does not begin with `/`, or is `/` itself");
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/+@-".contains(c);
    ensure!(folder.chars().all(plain), "it has other characters than letters, digits and `. _ / + @ -`");
    let odd = folder[1..].split('/').any(|part| part.is_empty() || part == "." || part == "..");
    ensure!(!odd, "it has `//`, `.` or `..` in it, or ends with `/`");
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", text.parse::<Place>().unwrap_err())
    }

    #[test]
    fn a_place_is_name_user_and_folder() {
        let place: Place = "oak-1:_tor-oak:/var/lib/docker/volumes/tor_data/_data".parse().unwrap();
        assert_eq!((place.name.as_str(), place.user.as_str()), ("oak-1", "_tor-oak"));
        assert_eq!(place.folder, "/var/lib/docker/volumes/tor_data/_data");
        assert_eq!("a:#100:/x".parse::<Place>().unwrap().user, "#100");
    }

    #[test]
    fn what_sudo_or_a_shell_could_misread_is_refused() {
        assert_eq!(error("oak"), "`oak` is not `NAME:USER:DIR`");
        for name in ["", ".", "..", "-n", "a b", "a/b", &"a".repeat(65)] {
            assert!(error(&format!("{name}:tor:/x")).starts_with("the name "), "{name}");
        }
        for user in ["", "#", "#-1", "#99999999999", "#0x", "%sudo", "ALL", "!root", "a b", "a,b", "-u", "1", "a'b"] {
            assert!(error(&format!("a:{user}:/x")).starts_with("the user "), "{user}");
        }
        for folder in
            ["", "/", "x", "/a b", "/a//b", "/a/../b", "/a/.", "/a/", "/a*", "/a\\b", "/a,b", "/é", "/a\nb", "/$x"]
        {
            assert!(error(&format!("a:tor:{folder}")).contains("cannot be used: it "), "{folder}");
        }
    }
}
