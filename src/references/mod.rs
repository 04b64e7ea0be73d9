//! What files refer to: for an HTML page and a style sheet, what a browser fetches to show it, whatever the reader does; for
//! a page also where its links lead, the places on it that links can name, and its images that nothing is said in place of.
//!
//! Counted as fetched is what a browser fetches at once: style sheets (for all media: browsers fetch those for print too),
//! scripts, images, one icon, frames, sounds and films, what is preloaded. Left out are what no page of torcollect's has:
//! `<base>`, `image-set()` without `url()`, and what scripts fetch. `url()` counts in every rule of a style sheet, also
//! where a page has nothing that the rule is for. The only user of `html5gum`.

mod alone;
mod style;
mod target;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use html5gum::{DefaultEmitter, HtmlString, SpanBound, Spanned, Token, Tokenizer};
use serde::{Deserialize, Serialize};

pub use alone::alone;
pub use style::{addresses, with_addresses};
pub use target::Target;

/// What a file refers to. It is written as a list without names, because caches keep one for each file of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct References {
    /// What a browser fetches to show it, each once.
    pub fetched: BTreeSet<Alternatives>,
    /// The files of the site that its links and forms lead to, its own page too, each with the places there that they
    /// name: `page.html#place`.
    pub links: BTreeMap<PathBuf, BTreeSet<String>>,
    /// The places on it that a link can name: every `id`, and `<a name>`.
    pub ids: BTreeSet<String>,
    /// Images, and areas and buttons that are images, which say nothing to who does not see them: without `alt`. By their
    /// address as it is written; for an area by where it leads.
    pub silent: BTreeSet<String>,
}

type Written = (BTreeSet<Alternatives>, BTreeMap<PathBuf, BTreeSet<String>>, BTreeSet<String>, BTreeSet<String>);

impl From<Written> for References {
    fn from((fetched, links, ids, silent): Written) -> Self {
        Self { fetched, links, ids, silent }
    }
}

impl From<References> for Written {
    fn from(references: References) -> Self {
        (references.fetched, references.links, references.ids, references.silent)
    }
}

/// Targets of which a browser fetches one: those of a `<picture>`, of a `srcset`, of all icons. Most have one only.
pub type Alternatives = BTreeSet<Target>;

impl References {
    /// The references of the file that stands at `path` below the site's root; none if it is neither HTML nor CSS.
    /// Addresses that begin with `/` are meant from the site's root.
    pub fn of(path: &Path, bytes: &[u8]) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("html" | "htm") => page(path, &String::from_utf8_lossy(bytes)),
            Some("css") => {
                let mut found = Self::default();
                found.style(path, &String::from_utf8_lossy(bytes));
                found
            }
            _ => Self::default(),
        }
    }

    fn fetch(&mut self, alternatives: Alternatives) {
        if !alternatives.is_empty() {
            self.fetched.insert(alternatives);
        }
    }

    fn link(&mut self, path: &Path, address: &str) {
        let own = || matches!(address.trim().chars().next(), Some('#')).then(|| path.to_owned());
        let target = match Target::resolve(path, address) {
            Some(Target::File(target)) => Some(target),
            Some(Target::Elsewhere(_)) => None,
            None => own(),
        };
        let Some(target) = target else { return };
        let places = self.links.entry(target).or_default();
        places.extend(target::fragment(address));
    }

    fn style(&mut self, path: &Path, css: &str) {
        for address in addresses(css) {
            self.fetch(Target::resolve(path, &address).into_iter().collect());
        }
    }
}

/// What a `<link>` is that a browser fetches.
const FETCHED_LINKS: [&str; 5] = ["stylesheet", "preload", "modulepreload", "prefetch", "manifest"];

fn page(path: &Path, html: &str) -> References {
    let mut emitter = DefaultEmitter::default();
    // So that the text of `<style>` and `<script>` is text.
    emitter.naively_switch_states(true);
    let mut found = References::default();
    let mut icons = Alternatives::new();
    // What the `<picture>`, `<video>` or `<audio>` that is open has offered so far.
    let mut offered: Option<Alternatives> = None;
    let mut in_style = false;
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => {
                let tag = Tag { path, attributes: &tag.attributes, name: &tag.name };
                found.style(path, &tag.text("style").unwrap_or_default());
                in_style = tag.name == b"style";
                found.ids.extend(tag.text("id").filter(|id| !id.is_empty()));
                if tag.is_silent() {
                    found
                        .silent
                        .extend(tag.text(if tag.name == b"area" { "href" } else { "src" }).or(Some(String::new())));
                }
                for address in tag.leads().iter().filter_map(|attribute| tag.text(attribute)) {
                    found.link(path, &address);
                }
                match tag.name {
                    b"a" => found.ids.extend(tag.text("name").filter(|name| !name.is_empty())),
                    b"link" if tag.rel(&["icon"]) => icons.extend(tag.one("href")),
                    b"link" if tag.rel(&FETCHED_LINKS) => found.fetch(tag.one("href")),
                    b"picture" => offered = Some(Alternatives::new()),
                    b"video" | b"audio" => {
                        found.fetch(tag.one("poster"));
                        offered = Some(tag.one("src"));
                    }
                    b"img" | b"source" => {
                        let images = tag.one("src").into_iter().chain(tag.set("srcset"));
                        match &mut offered {
                            Some(offered) => offered.extend(images),
                            None => found.fetch(images.collect()),
                        }
                    }
                    b"script" | b"iframe" | b"frame" | b"embed" | b"input" => found.fetch(tag.one("src")),
                    b"object" => found.fetch(tag.one("data")),
                    b"image" => found.fetch(tag.one("href").into_iter().chain(tag.one("xlink:href")).take(1).collect()),
                    _ => {}
                }
            }
            Token::EndTag(tag) => {
                in_style = false;
                if matches!(&tag.name[..], b"picture" | b"video" | b"audio") {
                    found.fetch(offered.take().unwrap_or_default());
                }
            }
            Token::String(text) if in_style => found.style(path, &String::from_utf8_lossy(&text)),
            _ => {}
        }
    }
    found.fetch(offered.unwrap_or_default());
    found.fetch(icons);
    found
}

/// A start tag on a page.
struct Tag<'a, S: SpanBound> {
    path: &'a Path,
    name: &'a [u8],
    attributes: &'a BTreeMap<HtmlString, Spanned<HtmlString, S>>,
}

impl<S: SpanBound> Tag<'_, S> {
    fn text(&self, name: &str) -> Option<String> {
        self.attributes.get(name.as_bytes()).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The attributes that say where it leads when somebody follows it.
    fn leads(&self) -> &'static [&'static str] {
        match self.name {
            b"a" | b"area" => &["href"],
            b"link" if !self.rel(&FETCHED_LINKS) && !self.rel(&["icon", "preconnect", "dns-prefetch"]) => &["href"],
            b"form" => &["action"],
            b"button" | b"input" => &["formaction"],
            b"blockquote" | b"q" | b"ins" | b"del" => &["cite"],
            _ => &[],
        }
    }

    /// Whether it is an image that needs words in its place and has none; `alt=""` says that it needs none.
    fn is_silent(&self) -> bool {
        let is_image = match self.name {
            b"img" => true,
            b"area" => self.text("href").is_some(),
            b"input" => self.text("type").is_some_and(|kind| kind.eq_ignore_ascii_case("image")),
            _ => false,
        };
        is_image && self.text("alt").is_none()
    }

    fn rel(&self, words: &[&str]) -> bool {
        let rel = self.text("rel").unwrap_or_default().to_ascii_lowercase();
        rel.split_ascii_whitespace().any(|word| words.contains(&word))
    }

    fn one(&self, name: &str) -> Alternatives {
        self.text(name).and_then(|address| Target::resolve(self.path, &address)).into_iter().collect()
    }

    fn set(&self, name: &str) -> Alternatives {
        let text = self.text(name).unwrap_or_default();
        candidates(&text).into_iter().filter_map(|address| Target::resolve(self.path, address)).collect()
    }
}

/// The addresses in a `srcset`: each ends at white space or at a comma that ends it, and what describes it at a comma.
fn candidates(text: &str) -> Vec<&str> {
    let mut addresses = Vec::new();
    let between = |letter: char| letter.is_ascii_whitespace() || letter == ',';
    let mut rest = text.trim_start_matches(between);
    while !rest.is_empty() {
        let (address, after) =
            rest.split_at(rest.find(|letter: char| letter.is_ascii_whitespace()).unwrap_or(rest.len()));
        addresses.push(address.trim_end_matches(','));
        let end = if address.ends_with(',') { 0 } else { after.find(',').unwrap_or(after.len()) };
        rest = after[end..].trim_start_matches(between);
    }
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is fetched for a page at `days/x.html`: alternatives with `|` between them.
    fn fetched(html: &str) -> Vec<String> {
        shown(&References::of(Path::new("days/x.html"), html.as_bytes()))
    }

    fn shown(references: &References) -> Vec<String> {
        let name = |target: &Target| match target {
            Target::File(path) => path.display().to_string(),
            Target::Elsewhere(address) => format!("<{address}>"),
        };
        let one = |alternatives: &Alternatives| alternatives.iter().map(name).collect::<Vec<_>>().join("|");
        references.fetched.iter().map(one).collect()
    }

    #[test]
    fn what_a_page_needs_is_fetched_and_what_it_links_is_not() {
        let html = "<!doctype html><link rel=stylesheet href=../assets/a.css><link rel='Stylesheet' media=print href=p.css>\
                    <link rel=canonical href=c.html><link rel=next href=y.html><a href=z.html>z</a>\
                    <script src=s.js>'<img src=no.png>'</script><IMG SRC=i.png><iframe src=f.html></iframe>\
                    <object data=o.bin></object><!-- <img src=comment.png> -->";
        assert_eq!(
            fetched(html),
            ["assets/a.css", "days/f.html", "days/i.png", "days/o.bin", "days/p.css", "days/s.js"]
        );
    }

    #[test]
    fn an_image_that_stands_often_is_fetched_once() {
        assert_eq!(fetched("<img src=a.png><img src='./a.png'><img src=../days/a.png#x>"), ["days/a.png"]);
    }

    #[test]
    fn one_of_a_pictures_alternatives_is_fetched() {
        let html = "<picture><source media='(max-width: 40em)' srcset='n.png'><source srcset='w.png, w2.png 2x'>\
                    <img src=i.png alt=''></picture><img src=alone.png>";
        assert_eq!(fetched(html), ["days/alone.png", "days/i.png|days/n.png|days/w.png|days/w2.png"]);
        assert_eq!(fetched("<picture><img src=i.png>"), ["days/i.png"], "not closed");
        assert_eq!(fetched("<img src=a.png srcset='b.png 2x'>"), ["days/a.png|days/b.png"]);
        assert_eq!(
            fetched("<video poster=p.png><source src=v.webm><source src=v.mp4></video>"),
            ["days/p.png", "days/v.mp4|days/v.webm"]
        );
    }

    #[test]
    fn one_of_all_icons_is_fetched() {
        let html =
            "<link rel='shortcut icon' href=a.ico><link rel=icon href=b.png><link rel=apple-touch-icon href=c.png>";
        assert_eq!(fetched(html), ["days/a.ico|days/b.png"]);
    }

    #[test]
    fn a_source_set_ends_its_addresses_as_html_says() {
        assert_eq!(candidates(" a.png 1x,b,c.png 2x , d.png, e.png"), ["a.png", "b,c.png", "d.png", "e.png"]);
        assert_eq!(candidates("a.png 100w 50h,b.png"), ["a.png", "b.png"]);
        assert_eq!(candidates(" , "), [""; 0]);
    }

    #[test]
    fn style_in_a_page_is_style_too() {
        let html = "<style>@import 'b.css'; p {background: url(c.png)}</style><p style='background: url(\"d.png\")'>url(e.png)";
        assert_eq!(fetched(html), ["days/b.css", "days/c.png", "days/d.png"]);
    }

    #[test]
    fn a_style_sheets_addresses_are_relative_to_it() {
        let css = "@import 'base.css'; .flag {background: url(flags.png)} b {background: url(../x/y.png)}";
        let found = References::of(Path::new("assets/style.css"), css.as_bytes());
        assert_eq!(shown(&found), ["assets/base.css", "assets/flags.png", "x/y.png"]);
        assert_eq!(References::of(Path::new("a.txt"), css.as_bytes()), References::default());
    }

    #[test]
    fn what_is_elsewhere_is_told_apart() {
        let html = "<img src=https://a.example/i.png><img src=//b.example/i.png><img src='data:image/png;base64,AA'>";
        assert_eq!(fetched(html), ["<//b.example/i.png>", "<https://a.example/i.png>"]);
    }

    /// Where the links of a page at `days/x.html` lead, as they would be written.
    fn links(html: &str) -> Vec<String> {
        let found = References::of(Path::new("days/x.html"), html.as_bytes());
        let link = |(path, places): (&PathBuf, &BTreeSet<String>)| {
            let places: Vec<String> = places.iter().map(|place| format!("#{place}")).collect();
            format!("{}{}", path.display(), places.concat())
        };
        found.links.iter().map(link).collect()
    }

    #[test]
    fn links_and_forms_lead_to_files_and_to_places_there() {
        let html = "<a href=y.html>y</a><a href='y.html#top of'>y</a><a href='../method.html?x#users'>m</a>\
                    <area href=z.html alt=''><form action=../search.html></form><button formaction=b.html></button>\
                    <link rel=next href=n.html><link rel=stylesheet href=a.css><link rel=icon href=i.png>\
                    <link rel='alternate' type=application/atom+xml href=../feed.xml><a>none</a><!-- <a href=no.html> -->";
        assert_eq!(
            links(html),
            [
                "days/b.html",
                "days/n.html",
                "days/y.html#top of",
                "days/z.html",
                "feed.xml",
                "method.html#users",
                "search.html"
            ]
        );
    }

    #[test]
    fn a_link_to_a_place_on_the_same_page_leads_to_the_page() {
        assert_eq!(links("<a href='#caf%C3%A9'>x</a><a href='#'>top</a>"), ["days/x.html#café"]);
        assert_eq!(
            links("<a href='?x'>x</a><a href=''>x</a><a href=javascript:x>x</a><a href='mailto:a@b'>x</a>"),
            [""; 0]
        );
        assert_eq!(links("<a href='https://a.example/x.html#y'>x</a><a href='//b.example/'>x</a>"), [""; 0]);
        assert_eq!(
            links("<a href='y.html#a:~:text=b'>x</a><a href='z.html#:~:text=b'>x</a>"),
            ["days/y.html#a", "days/z.html"]
        );
    }

    #[test]
    fn every_id_and_every_name_of_an_a_is_a_place() {
        let found = References::of(Path::new("x.html"), b"<h2 id=users>U</h2><a name=old></a><p id=''><input name=no>");
        assert_eq!(found.ids.iter().map(String::as_str).collect::<Vec<_>>(), ["old", "users"]);
    }

    #[test]
    fn an_image_without_alt_is_silent_and_one_with_an_empty_alt_is_not() {
        let html = "<img src=a.png><img src=b.png alt=''><img alt='a bridge' src=c.png><input type=IMAGE src=d.png>\
                    <input type=text><area href=e.html><area shape=default><img>";
        let found = References::of(Path::new("x.html"), html.as_bytes());
        assert_eq!(found.silent.iter().map(String::as_str).collect::<Vec<_>>(), ["", "a.png", "d.png", "e.html"]);
    }

    #[test]
    fn references_are_written_without_names_and_read_back() {
        let html =
            "<img src=a.png srcset='b.png 2x'><img src=https://c.example/c.png><a href='y.html#z'></a><i id=i></i>";
        let found = References::of(Path::new("x.html"), html.as_bytes());
        let written = serde_json::to_string(&found).unwrap_or_default();
        let expected = r#"[[["/a.png","/b.png"],["https://c.example/c.png"]],{"y.html":["z"]},["i"],["a.png","https://c.example/c.png"]]"#;
        assert_eq!(written, expected);
        assert_eq!(serde_json::from_str::<References>(&written).ok(), Some(found));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic_and_comes_back_from_a_cache(html: String, path in "[a-z/#%. ü]{0,20}") {
            let markup = format!("<a href='{path}'><a href=\"{html}\"><img src='{html}'><p id='{html}'>{html}");
            for text in [&html, &markup] {
                let found = References::of(Path::new("a/b.html"), text.as_bytes());
                let written = serde_json::to_string(&found).unwrap_or_default();
                prop_assert_eq!(serde_json::from_str::<References>(&written).ok(), Some(found));
            }
        }

        #[test]
        fn a_link_leads_to_the_place_that_it_names(names in prop::collection::vec("[a-z0-9 ü?#%&\"<>+-]{1,9}", 1..4), place in "[a-z ü%#\"<]{1,9}") {
            let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
            let address: Vec<String> = names.iter().map(|name| encoded(name)).collect();
            let html = format!("<a href=\"{}.html#{}\">", address.join("/"), encoded(&place));
            let found = References::of(Path::new("x.html"), html.as_bytes());
            let expected = BTreeMap::from([(PathBuf::from(format!("{}.html", names.join("/"))), BTreeSet::from([place]))]);
            prop_assert_eq!(found.links, expected);
        }
    }
}
