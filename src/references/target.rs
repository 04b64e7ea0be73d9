//! Where an address on a page leads: to a file of the site, or elsewhere.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What an address names. It is written as an address: a file as that from the site's root, `/days/x.html`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Target {
    /// A file of the site, below its root; whether there is one is another question.
    File(PathBuf),
    /// Something outside of the site, by its address.
    Elsewhere(String),
}

impl From<String> for Target {
    fn from(written: String) -> Self {
        match written.strip_prefix('/') {
            Some(path) if !path.starts_with('/') => Self::File(path.into()),
            _ => Self::Elsewhere(written),
        }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        match target {
            Target::File(path) => format!("/{}", path.display()),
            Target::Elsewhere(address) => address,
        }
    }
}

impl Target {
    /// What `address` names on the page or in the style sheet at `from`. `None` for what is there without being fetched:
    /// a place on the same page, and `data:` and the like. Queries and fragments are left out, a folder is its
    /// `index.html`, and `/` is the site's root.
    pub fn resolve(from: &Path, address: &str) -> Option<Self> {
        let address: String = address.trim().chars().filter(|letter| !matches!(letter, '\t' | '\n' | '\r')).collect();
        match scheme(&address).as_deref() {
            Some("data" | "about" | "blob" | "javascript") => return None,
            Some(_) => return Some(Self::Elsewhere(address)),
            None if address.starts_with("//") => return Some(Self::Elsewhere(address)),
            None => {}
        }
        let path = address.split(['?', '#']).next().filter(|path| !path.is_empty())?;
        let folder = from.parent().filter(|_| !path.starts_with('/')).and_then(Path::to_str).unwrap_or_default();
        let mut parts: Vec<String> = folder.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
        let mut is_folder = false;
        for part in path.split('/').map(decoded) {
            is_folder = matches!(&part[..], "" | "." | "..");
            match &part[..] {
                "" | "." => {}
                ".." => drop(parts.pop()),
                _ => parts.push(part),
            }
        }
        if is_folder {
            parts.push("index.html".to_owned());
        }
        Some(Self::File(parts.join("/").trim_start_matches('/').into()))
    }
}

/// The place on a page that an address names; `None` if it names none, or the page's top. What comes after `:~:` is for
/// the browser alone.
pub(super) fn fragment(address: &str) -> Option<String> {
    let (_, fragment) = address.trim().split_once('#')?;
    let place = fragment.split(":~:").next().unwrap_or_default();
    Some(decoded(place)).filter(|place| !place.is_empty() && !place.eq_ignore_ascii_case("top"))
}

fn scheme(address: &str) -> Option<String> {
    let (scheme, _) = address.split_once(':')?;
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.');
    let is_one = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic()) && scheme.chars().all(allowed);
    is_one.then(|| scheme.to_ascii_lowercase())
}

/// `part` with each `%` and two hexadecimal digits as the byte of that number.
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let number = digits.filter(|digits| *byte == b'%' && digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match number.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(number) => {
                bytes.push(number);
                rest = &after[2..];
            }
            None => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(from: &str, address: &str) -> String {
        match Target::resolve(Path::new(from), address) {
            Some(Target::File(path)) => path.display().to_string(),
            Some(Target::Elsewhere(address)) => format!("elsewhere {address}"),
            None => "nothing".to_owned(),
        }
    }

    #[test]
    fn addresses_are_relative_to_the_page() {
        assert_eq!(resolved("days/x.html", "../assets/style.css?v=1#top"), "assets/style.css");
        assert_eq!(resolved("days/x.html", "y.html"), "days/y.html");
        assert_eq!(resolved("index.html", "days/y.html"), "days/y.html");
        assert_eq!(resolved("dark/days/x.html", " ./../../pictures//a.png\n"), "pictures/a.png");
        assert_eq!(resolved("days/x.html", "/a.png"), "a.png");
        assert_eq!(resolved("days/x.html", "../../../a.png"), "a.png", "as browsers do");
        assert_eq!(resolved("x.html", "days/"), "days/index.html");
        assert_eq!(resolved("days/x.html", ".."), "index.html");
    }

    #[test]
    fn percent_signs_are_decoded_where_they_stand_for_a_byte() {
        assert_eq!(resolved("x.html", "a%20b/%C3%BC.png"), "a b/ü.png");
        assert_eq!(resolved("days/x.html", "%2e%2E/a.png"), "a.png");
        assert_eq!(resolved("x.html", "100%/%+1/%zz%4"), "100%/%+1/%zz%4");
    }

    #[test]
    fn what_leads_elsewhere_keeps_its_address_and_what_is_here_already_is_nothing() {
        assert_eq!(resolved("x.html", "HTTPS://a.example/b.png"), "elsewhere HTTPS://a.example/b.png");
        assert_eq!(resolved("x.html", "//a.example/b.png"), "elsewhere //a.example/b.png");
        assert_eq!(resolved("x.html", "file:///etc/passwd"), "elsewhere file:///etc/passwd");
        for nothing in ["", "#top", "?x", "data:image/png;base64,AA==", "about:blank"] {
            assert_eq!(resolved("x.html", nothing), "nothing", "{nothing}");
        }
        assert_eq!(resolved("x.html", "12:30.html"), "12:30.html");
    }
}
