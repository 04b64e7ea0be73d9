//! Where a page stands, and how links lead from there. All links are relative, so that one build serves a domain, a folder
//! of one, an `.onion`, and the disk; but for those of `404.html`, which a web server shows at any address.
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
    /// Where the site's root is, if links begin there: `/` or `/folder/`.
    pub(super) base: Option<&'a str>,
}

/// The page that a web server shows where there is none.
pub(super) const NOT_FOUND: &str = "404.html";

/// What the links of a page begin with, if it cannot know where it is shown: `/`, or the folder of the site's address.
pub(super) fn base<'a>(path: &str, base_url: Option<&'a str>) -> Option<&'a str> {
    let folder = |url: &'a str| {
        let host = url.find("://").map_or(0, |at| at + 3);
        url[host..].find('/').map_or("/", |at| &url[host + at..])
    };
    (path == NOT_FOUND).then(|| base_url.map_or("/", folder))
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
        self.link(self.path, path)
    }

    /// A link to a file that all copies share.
    pub(super) fn link_to_file(&self, path: &str) -> String {
        self.link(&self.place(), path)
    }

    /// A link to the same page in another copy.
    pub(super) fn link_to_scheme(&self, scheme: Option<Scheme>) -> String {
        self.link(&self.place(), &Address { scheme, ..*self }.place())
    }

    fn link(&self, from: &str, to: &str) -> String {
        self.base.map_or_else(|| relative(from, to), |base| format!("{base}{}", encoded_path(to)))
    }
}

/// How a copy is called on pages: `auto`, `dark` or `light`.
pub(super) fn scheme_name(scheme: Option<Scheme>) -> String {
    scheme.map_or_else(|| "auto".to_owned(), |scheme| scheme.to_string())
}

/// The link from one path to another, both below one root.
pub(super) fn relative(from: &str, to: &str) -> String {
    let from: Vec<&str> = from.split('/').collect();
    let to: Vec<&str> = to.split('/').collect();
    let folders = from.len().min(to.len()) - 1;
    let shared = from.iter().zip(&to).take(folders).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - 1 - shared);
    up.chain(to[shared..].iter().map(|part| encoded(part))).collect::<Vec<_>>().join("/")
}

/// A path as it stands in an address.
pub(super) fn encoded_path(path: &str) -> String {
    path.split('/').map(encoded).collect::<Vec<_>>().join("/")
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_link_goes_up_as_far_as_it_must() {
        assert_eq!(relative("index.html", "a/b.html"), "a/b.html");
        assert_eq!(relative("a/b/c.html", "a/d.html"), "../d.html");
        assert_eq!(relative("a/a.html", "a/a/a.html"), "a/a.html");
    }

    #[test]
    fn links_to_pages_stay_in_a_copy_and_links_to_files_leave_it() {
        let page = Address { path: "days/1.html", scheme: Some(Scheme::Dark), base: None };
        assert_eq!(page.place(), "dark/days/1.html");
        assert_eq!(page.link_to_page("index.html"), "../index.html");
        assert_eq!(page.link_to_file("assets/style.css"), "../../assets/style.css");
        assert_eq!(page.link_to_scheme(None), "../../days/1.html");
        assert_eq!(page.link_to_scheme(Some(Scheme::Dark)), "1.html");
        assert_eq!(Address { scheme: None, ..page }.link_to_scheme(Some(Scheme::Dark)), "../dark/days/1.html");
    }

    #[test]
    fn links_of_what_is_shown_anywhere_begin_at_the_root() {
        let of = |base_url| base("404.html", base_url);
        assert_eq!(
            [of(None), of(Some("https://a.example/")), of(Some("http://x.onion/b/c/"))].map(Option::unwrap),
            ["/", "/", "/b/c/"]
        );
        assert_eq!(base("a/404.html", Some("https://a.example/")), None);
        let page = Address { path: "404.html", scheme: None, base: of(Some("https://a.example/tor/")) };
        assert_eq!(page.link_to_page("days/a b.html"), "/tor/days/a%20b.html");
        assert_eq!(page.link_to_file("assets/style.css"), "/tor/assets/style.css");
        assert_eq!(page.link_to_scheme(None), "/tor/404.html");
        assert_eq!(page.place(), "404.html");
    }
}
