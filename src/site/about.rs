//! `theme.yaml`: what a theme says about itself.

use std::path::Path;

use serde::Deserialize;

use super::colors::Chosen;
use super::extra;
use crate::config::yaml::{Document, KeyPath};
use crate::problem::{Place, Problem};

/// This program's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A theme's `theme.yaml`.
pub(super) struct About {
    pub(super) extends: Option<String>,
    /// The colours of its pictures.
    pub(super) pictures: Chosen,
    /// Values that its templates see as `site.extra`.
    pub(super) extra: extra::Values,
    torcollect: Option<String>,
    document: Document,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(dead_code, reason = "name and version are for people; reading them checks them")]
struct Written {
    name: Option<String>,
    version: Option<String>,
    /// The oldest program that can build with it.
    torcollect: Option<String>,
    extends: Option<String>,
    pictures: Chosen,
    extra: extra::Values,
}

impl About {
    /// Reads the text of `theme.yaml`; `shown` is how a person would name the file.
    pub(super) fn read(shown: &Path, text: String) -> Result<Self, Problem> {
        let document = Document::new(shown, text);
        let Written { torcollect, extends, pictures, extra, .. } = document.parse()?;
        let about = Self { extends, pictures, extra, torcollect, document };
        match about.torcollect.as_deref().map(numbers) {
            Some(None) => {
                let message = "the version of torcollect is one to three numbers with points between";
                Err(Problem::new(about.place("torcollect"), message).hint("such as `0.1`"))
            }
            _ => Ok(about),
        }
    }

    /// Where the value of a key stands.
    pub(super) fn place(&self, key: &str) -> Place {
        self.document.value(&KeyPath::of([key]))
    }

    /// The problem that this program is too old for the theme, if it is.
    pub(super) fn too_new(&self, theme: &str) -> Option<Problem> {
        let least = self.torcollect.as_deref()?;
        if numbers(least)? <= numbers(VERSION)? {
            return None;
        }
        let message = format!("the theme `{theme}` needs torcollect {least}, and this is {VERSION}");
        let hint = format!("install torcollect {least} or newer, or take an older version of the theme");
        Some(Problem::new(self.place("torcollect"), message).hint(hint))
    }
}

/// A version's numbers, of which those that are not said are 0; `None` if it is none.
fn numbers(version: &str) -> Option<[u64; 3]> {
    let mut numbers = [0; 3];
    let parts: Vec<&str> = version.split('.').collect();
    if parts.len() > numbers.len() {
        return None;
    }
    for (number, part) in numbers.iter_mut().zip(parts) {
        *number = Some(part).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()?;
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<Option<String>, String> {
        let line = |problem: Problem| format!("{problem} ({})", problem.hint.clone().unwrap_or_default());
        match About::read(Path::new("themes/mine/theme.yaml"), text.to_owned()) {
            Ok(about) => Ok(about.too_new("mine").map(line)),
            Err(problem) => Err(line(problem)),
        }
    }

    #[test]
    fn a_theme_that_needs_a_newer_program_says_so_and_what_to_do() {
        for fits in ["", "torcollect: '0'", "torcollect: '0.0.9'", &format!("torcollect: '{VERSION}'")] {
            assert_eq!(read(fits), Ok(None), "{fits}");
        }
        for newer in ["99.0", "0.99", "0.1.999"] {
            let problem = read(&format!("name: Mine\ntorcollect: '{newer}'\n")).unwrap().unwrap();
            assert_eq!(
                problem,
                format!(
                    "themes/mine/theme.yaml:2:13: the theme `mine` needs torcollect {newer}, and this is {VERSION} (install \
                     torcollect {newer} or newer, or take an older version of the theme)"
                )
            );
        }
    }

    #[test]
    fn what_is_no_version_is_a_problem() {
        for wrong in ["x", "1.x", "1.2.3.4", "", "+1"] {
            let problem = read(&format!("torcollect: '{wrong}'")).unwrap_err();
            assert!(
                problem.starts_with("themes/mine/theme.yaml:1:13: the version of torcollect is one to three"),
                "{problem}"
            );
        }
        let problem = read("torcollect: 0.10").unwrap().unwrap();
        assert!(problem.contains("needs torcollect 0.10,"), "not 0.1, also without quotation marks: {problem}");
    }
}
