//! Where a page stands, and how links lead from there. All links are relative, so that one build serves a domain, a folder
//! of one, an `.onion`, and the disk.
//!
//! A site stands once at its root, where pages follow what the reader's system prefers, and once more below `dark/` or
//! `light/` for each scheme that `site.yaml` lists: without a script, only another address remembers a choice.

use crate::config::Scheme;

/// The address of a page in one of the site's copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// The page's path, the same in all copies.
    pub(super) path: &'a str,
    /// The copy; `None` is the one that follows the reader's system.
    pub(super) scheme: Option<Scheme>,
}

impl Address<'_> {
    /// The path below the site's root.
    pub(super) fn place(&self) -> String {
        match self.scheme {
            None => self.path.to_owned(),
            Some(scheme) => format!("{scheme}/{}", self.path),
        }
    }

    /// A link to a page of the same copy.
    pub(super) fn link_to_page(&self, path: &str) -> String {
        relative(self.path, path)
    }

    /// A link to a file that all copies share.
    pub(super) fn link_to_file(&self, path: &str) -> String {
        relative(&self.place(), path)
    }

    /// A link to the same page in another copy.
    pub(super) fn link_to_scheme(&self, scheme: Option<Scheme>) -> String {
        relative(&self.place(), &Address { path: self.path, scheme }.place())
    }
}

/// How a copy is called on pages: `auto`, `dark` or `light`.
pub(super) fn scheme_name(scheme: Option<Scheme>) -> String {
    scheme.map_or_else(|| "auto".to_owned(), |scheme| scheme.to_string())
}

/// The link from one path to another, both below one root.
fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let folders = from.len().min(to.len()) - 1;
    let shared = from.iter().zip(&to).take(folders).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - 1 - shared);
    up.chain(to[shared..].iter().map(|part| encoded(part))).collect::<Vec<_>>().join("/")
}

/// RFC 3986: what is not unreserved is percent-encoded, byte by byte of UTF-8.
pub(super) fn encoded(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_goes_up_as_far_as_it_must() {
        assert_eq!(relative("index.html", "a/b.html"), "a/b.html");
        assert_eq!(relative("a/b/c.html", "a/d.html"), "../d.html");
        assert_eq!(relative("a/a.html", "a/a/a.html"), "a/a.html");
    }

    #[test]
    fn links_to_pages_stay_in_a_copy_and_links_to_files_leave_it() {
        let page = Address { path: "days/1.html", scheme: Some(Scheme::Dark) };
        assert_eq!(page.place(), "dark/days/1.html");
        assert_eq!(page.link_to_page("index.html"), "../index.html");
        assert_eq!(page.link_to_file("assets/style.css"), "../../assets/style.css");
        assert_eq!(page.link_to_scheme(None), "../../days/1.html");
        assert_eq!(page.link_to_scheme(Some(Scheme::Dark)), "1.html");
        assert_eq!(Address { scheme: None, ..page }.link_to_scheme(Some(Scheme::Dark)), "../dark/days/1.html");
    }
}
