//! What a site has for search engines and web hosts: `sitemap.xml`, `robots.txt`, and what GitHub Pages wants to find.

use super::address::{NOT_FOUND, base, encoded_path};
use super::page::Page;
use crate::config::Site;

/// The most addresses that one sitemap may have. <https://www.sitemaps.org/protocol.html>
const MOST: usize = 50_000;
const NAMESPACE: &str = "http://www.sitemaps.org/schemas/sitemap/0.9";

/// These files, by their paths below the site's root.
pub(super) fn files(site: &Site, pages: &[Page]) -> Vec<(String, Vec<u8>)> {
    // Else GitHub Pages would leave out what begins with an underscore.
    let mut files = vec![(".nojekyll".to_owned(), String::new()), ("robots.txt".to_owned(), robots(site))];
    files.extend(site.cname.as_ref().map(|domain| ("CNAME".to_owned(), format!("{domain}\n"))));
    if let Some(base_url) = &site.base_url {
        let paths = pages.iter().map(|page| page.path.as_str()).filter(|path| *path != NOT_FOUND);
        files.extend(sitemaps(base_url, &mut paths.collect::<Vec<_>>()));
    }
    files.into_iter().map(|(path, text)| (path, text.into_bytes())).collect()
}

/// Whoever searches shall find each page once, not in the site's other colours too.
fn robots(site: &Site) -> String {
    let root = base(NOT_FOUND, site.base_url.as_deref()).unwrap_or("/");
    let copies: String = site.schemes.iter().map(|scheme| format!("Disallow: {root}{scheme}/\n")).collect();
    let rules = if copies.is_empty() { "Disallow:\n".to_owned() } else { copies };
    let sitemap = site.base_url.as_ref().map(|url| format!("\nSitemap: {url}sitemap.xml\n")).unwrap_or_default();
    format!("User-agent: *\n{rules}{sitemap}")
}

/// `sitemap.xml`, and those that it leads to if there are too many pages for one.
fn sitemaps(base_url: &str, paths: &mut [&str]) -> Vec<(String, String)> {
    paths.sort_unstable();
    let root = "sitemap.xml".to_owned();
    if paths.len() <= MOST {
        return vec![(root, list("urlset", "url", base_url, paths.iter().copied()))];
    }
    let parts: Vec<(String, String)> = paths
        .chunks(MOST)
        .enumerate()
        .map(|(number, paths)| {
            (format!("sitemap-{}.xml", number + 1), list("urlset", "url", base_url, paths.iter().copied()))
        })
        .collect();
    let index = list("sitemapindex", "sitemap", base_url, parts.iter().map(|(path, _)| path.as_str()));
    std::iter::once((root, index)).chain(parts).collect()
}

fn list<'a>(all: &str, one: &str, base_url: &str, paths: impl Iterator<Item = &'a str>) -> String {
    let entry = |path| format!("<{one}><loc>{}{}</loc></{one}>\n", escaped(base_url), encoded_path(path));
    let entries: String = paths.map(entry).collect();
    format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<{all} xmlns=\"{NAMESPACE}\">\n{entries}</{all}>\n")
}

/// A text as XML has it, in an element or in an attribute. What no XML may hold becomes a replacement character.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::Scheme;

    #[test]
    fn a_sitemap_has_all_addresses_in_order() {
        let files = sitemaps("https://a.example/?x&y/", &mut ["b.html", "a/ü.html"]);
        assert_eq!(files.len(), 1);
        assert_eq!(
            files[0].1,
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n\
             <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n\
             <url><loc>https://a.example/?x&amp;y/a/%C3%BC.html</loc></url>\n\
             <url><loc>https://a.example/?x&amp;y/b.html</loc></url>\n\
             </urlset>\n"
        );
    }

    #[test]
    fn more_pages_than_a_sitemap_may_have_stand_in_several() {
        let paths: Vec<String> = (0..MOST + 1).map(|number| format!("{number:06}.html")).collect();
        let files = sitemaps("https://a.example/", &mut paths.iter().map(String::as_str).collect::<Vec<_>>());
        let names: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["sitemap.xml", "sitemap-1.xml", "sitemap-2.xml"]);
        assert!(files[0].1.contains("<sitemap><loc>https://a.example/sitemap-2.xml</loc></sitemap>"));
        assert_eq!(files[1].1.matches("<loc>").count(), MOST);
        assert!(files[2].1.contains("/050000.html</loc>") && files[2].1.matches("<loc>").count() == 1);
    }

    #[test]
    fn robots_are_shown_the_sitemap_and_kept_out_of_the_copies() {
        let site = Site { base_url: Some("https://a.example/tor/".to_owned()), ..Site::default() };
        assert_eq!(
            robots(&site),
            "User-agent: *\nDisallow: /tor/dark/\n\nSitemap: https://a.example/tor/sitemap.xml\n"
        );
        let site = Site { schemes: vec![Scheme::Light, Scheme::Dark], ..Site::default() };
        assert_eq!(robots(&site), "User-agent: *\nDisallow: /light/\nDisallow: /dark/\n");
        assert_eq!(robots(&Site { schemes: Vec::new(), ..site }), "User-agent: *\nDisallow:\n");
    }

    #[test]
    fn xml_holds_any_text() {
        assert_eq!(escaped("a<b>&\"c\"\u{0}\u{1b}\nü"), "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd}\u{fffd} ü");
    }
}
