//! What is known of a file of the site once it has been made: enough to judge the whole site without having the file.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::references::References;

/// What a file is to the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    /// A page, which is weighed.
    Page,
    /// Something that a page has for itself, as its pictures.
    Own,
    /// Something that pages share, so that a reader of one has it already on the next.
    Shared,
}

/// What is known of a file. It is written as a list without names, because caches keep one for each file of a site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Facts {
    /// What it is to the pages.
    pub role: Role,
    /// The bytes that a web server sends for it.
    pub sent: u64,
    /// What it refers to.
    pub references: References,
}

/// Most files, as pictures, refer to nothing.
type Written = (Role, u64, Option<References>);

impl Facts {
    /// Those of the file at `path` below the site's root, for which a web server sends so many bytes.
    pub fn of(path: &Path, role: Role, sent: u64, content: &[u8]) -> Self {
        Self { role, sent, references: References::of(path, content) }
    }
}

impl From<Written> for Facts {
    fn from((role, sent, references): Written) -> Self {
        Self { role, sent, references: references.unwrap_or_default() }
    }
}

impl From<Facts> for Written {
    fn from(facts: Facts) -> Self {
        (facts.role, facts.sent, Some(facts.references).filter(|references| *references != References::default()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn facts_are_short_and_come_back() {
        let page = Facts::of(Path::new("x.html"), Role::Page, 5, b"<a href=y.html#z><img src=a.png alt=''>");
        let picture = Facts::of(Path::new("a.png"), Role::Own, 7, b"\x89PNG");
        for (facts, written) in
            [(page, r#"["Page",5,[[["/a.png"]],{"y.html":["z"]},[],[]]]"#), (picture, r#"["Own",7,null]"#)]
        {
            assert_eq!(serde_json::to_string(&facts).unwrap(), written);
            assert_eq!(serde_json::from_str::<Facts>(written).unwrap(), facts);
        }
    }
}
