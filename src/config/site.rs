//! `site/site.yaml`.

use std::fmt;

use serde::Deserialize;

use super::compress::Compress;
use super::pack::Pack;
use super::values::{optional_size, text};
use super::yaml::{Document, KeyPath};
use crate::problem::{Kind, Place, Problem, Problems};
use crate::project::Project;

/// The site's settings.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Site {
    /// The site's title: `Bridge statistics`.
    #[serde(deserialize_with = "text")]
    pub title: String,
    /// Where it is published, for what needs absolute addresses; ends in `/`.
    #[serde(deserialize_with = "text")]
    pub base_url: Option<String>,
    /// The domain that GitHub Pages shall serve it under: `stats.example.org`.
    #[serde(deserialize_with = "text")]
    pub cname: Option<String>,
    /// The theme's name: `default`.
    pub theme: String,
    /// The language of its words, as in HTML's `lang`: `en`.
    pub language: String,
    /// What may be seen.
    pub publish: Publish,
    /// Pages of the theme that are not wanted, by their path below `content/`; all of a folder by its path with a `/`.
    pub disable: Vec<String>,
    /// Copies of the site that are always dark or always light, whatever the reader's system prefers: dark.
    pub schemes: Vec<Scheme>,
    /// What a page may weigh.
    pub budget: Budget,
    /// Compressed copies beside text files.
    pub compress: Compress,
    /// Values for the theme's templates, which see them as `site.extra`, above those of the theme itself.
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// What sources bring besides rows; said in `sources.yaml`.
    #[serde(skip)]
    pub packs: Vec<Pack>,
}

/// Light letters on dark paper, or dark ones on light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Light on dark.
    Dark,
    /// Dark on light.
    Light,
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Dark => "dark",
            Self::Light => "light",
        })
    }
}

impl Default for Site {
    fn default() -> Self {
        Self {
            title: "Bridge statistics".to_owned(),
            base_url: None,
            cname: None,
            theme: "default".to_owned(),
            language: "en".to_owned(),
            publish: Publish::default(),
            disable: Vec::new(),
            schemes: vec![Scheme::Dark],
            budget: Budget::default(),
            compress: Compress::default(),
            extra: serde_json::Map::new(),
            packs: Vec::new(),
        }
    }
}

/// The most bytes that a browser may fetch for any page; no limit where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Budget {
    /// For somebody who has never been on the site.
    #[serde(deserialize_with = "optional_size")]
    pub first_visit: Option<u64>,
    /// For somebody who comes from another page, and so has what pages share.
    #[serde(deserialize_with = "optional_size")]
    pub next_page: Option<u64>,
}

/// The publication rules: what of the warehouse may be seen. Safe by default.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Publish {
    /// Days that a day's numbers wait before they are published, after the day is over: 1.
    pub delay: u32,
    /// Countries with fewer clients than this in the whole fleet on a day are merged into `other`: 16.
    pub minimum_clients: u32,
    /// Whether a bridge's tor version is published: no.
    pub tor_version: bool,
    /// Whether the public site names organizations and their bridges: no.
    pub organizations: bool,
}

impl Default for Publish {
    fn default() -> Self {
        Self { delay: 1, minimum_clients: 16, tor_version: false, organizations: false }
    }
}

impl Site {
    /// Reads the project's `site/site.yaml`; all defaults if there is none.
    ///
    /// # Errors
    /// All mistakes of meaning, or the first one of syntax or type.
    pub fn load(project: &Project) -> Result<Self, Problems> {
        let read = Document::open(project, &project.site()).and_then(|document| {
            document.map(|document| document.parse::<Self>().map(|site| (document, site))).transpose()
        });
        let read = read.map_err(|problem| Problems { kind: Kind::Configuration, list: vec![problem] })?;
        let Some((document, site)) = read else { return Ok(Self::default()) };
        Problems::check(Kind::Configuration, site.check(&document))?;
        Ok(Self { base_url: site.base_url.and_then(|url| address(&url).ok()), ..site })
    }

    /// Where a value of `site/site.yaml` stands, by the keys that lead to it.
    pub fn place(project: &Project, keys: &[&str]) -> Place {
        let document = Document::open(project, &project.site()).ok().flatten();
        let whole = || Place::file(project.shown(&project.site()));
        document.map_or_else(whole, |document| document.value(&KeyPath::of(keys.iter().copied())))
    }

    fn check(&self, document: &Document) -> Vec<Problem> {
        let mut problems = Vec::new();
        if let Some(Err(message)) = self.base_url.as_deref().map(address) {
            let hint = "it begins with `https://` or `http://` and names a host";
            problems.push(document.problem(&KeyPath::of(["base_url"]), message).hint(hint));
        }
        if let Some(cname) = self.cname.as_deref().filter(|cname| !is_domain(cname)) {
            let problem = document.problem(&KeyPath::of(["cname"]), format!("`{cname}` is not a domain's name"));
            problems.push(problem.hint("such as `stats.example.org`, without `https://`"));
        }
        let bounds =
            [("delay", self.publish.delay, 3650), ("minimum_clients", self.publish.minimum_clients, 1_000_000)];
        for (key, number, most) in bounds.into_iter().filter(|(_, number, most)| number > most) {
            let message = format!("`{key}` is {number}; it can be {most} at most");
            problems.push(document.problem(&KeyPath::of(["publish", key]), message));
        }
        if let Err(reason) = super::name(&self.theme) {
            problems.push(document.problem(&KeyPath::of(["theme"]), reason));
        }
        for (number, scheme) in self.schemes.iter().enumerate() {
            if self.schemes[..number].contains(scheme) {
                let message = format!("`{scheme}` stands here twice");
                problems.push(document.problem(&KeyPath::of(["schemes"]), message));
            }
        }
        let mut subtags = self.language.split('-');
        if !subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric())) {
            let message = format!("`{}` is not a language's tag", self.language);
            problems
                .push(document.problem(&KeyPath::of(["language"]), message).hint("such as `en` or `pt-BR` (BCP 47)"));
        }
        problems
    }
}

/// RFC 1123: labels of letters, digits and hyphens, with dots between them.
fn is_domain(name: &str) -> bool {
    let label = |label: &str| {
        let letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && letters && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

/// The address of a site, with a `/` at its end.
pub fn address(url: &str) -> Result<String, String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    // What stands after `?` or `#` is no folder, and a password would stand in the sitemap.
    let wrong = |rest: &str| {
        rest.is_empty() || rest.starts_with('/') || rest.contains(char::is_whitespace) || rest.contains(['?', '#', '@'])
    };
    if rest.is_none_or(wrong) {
        return Err(format!("`{url}` is not the address of a site"));
    }
    Ok(format!("{}/", url.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::fs;

    fn load(text: &str) -> Result<Site, String> {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::new(folder.path());
        fs::create_dir(project.site().parent().unwrap()).unwrap();
        fs::write_atomic(&project.site(), text.as_bytes(), fs::PUBLIC).unwrap();
        Site::load(&project).map_err(|problems| {
            let hints = problems.list.iter().filter_map(|problem| problem.hint.clone());
            std::iter::once(problems.to_string()).chain(hints).collect::<Vec<_>>().join("\n")
        })
    }

    #[test]
    fn without_a_file_or_with_an_empty_one_all_is_default() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Site::load(&Project::new(folder.path())), Ok(Site::default()));
        assert_eq!(load(""), Ok(Site::default()));
        assert_eq!(load("publish:\ndisable:\nbudget:\n"), Ok(Site::default()));
    }

    #[test]
    fn what_is_said_is_read() {
        let text = "title: Our bridges\nbase_url: https://stats.example/tor\ncname: stats.example\ntheme: plain\nlanguage: pt-BR\n\
                    publish: {delay: 0, minimum_clients: 64, tor_version: true}\ndisable: [about.md]\nschemes: [dark, light]\n\
                    budget: {first_visit: 130 KB, next_page: 95000}\ncompress: {brotli: 11}\n\
                    extra: {contact: {mail: a@b.example}}\n";
        let publish = Publish { delay: 0, minimum_clients: 64, tor_version: true, organizations: false };
        let site = Site {
            title: "Our bridges".into(),
            base_url: Some("https://stats.example/tor/".into()),
            cname: Some("stats.example".into()),
            theme: "plain".into(),
            language: "pt-BR".into(),
            publish,
            disable: vec!["about.md".into()],
            schemes: vec![Scheme::Dark, Scheme::Light],
            budget: Budget { first_visit: Some(130_000), next_page: Some(95_000) },
            compress: Compress { gzip: Some(6), brotli: Some(11) },
            extra: serde_json::from_str(r#"{"contact": {"mail": "a@b.example"}}"#).unwrap(),
            packs: Vec::new(),
        };
        assert_eq!(load(text), Ok(site));
        assert_eq!(load("base_url: http://x.onion/\n").unwrap().base_url.as_deref(), Some("http://x.onion/"));
    }

    #[test]
    fn which_copies_are_made_and_how_small_can_be_said() {
        let compress = |text: &str| load(text).unwrap().compress;
        for usual in ["compress:\n", "compress: true\n", "compress: {}\n", "compress: {gzip: , brotli: true}\n"] {
            assert_eq!(compress(usual), Compress { gzip: Some(6), brotli: Some(5) }, "{usual}");
        }
        assert_eq!(compress("compress: false\n"), Compress::NONE);
        assert_eq!(compress("compress: {brotli: false}\n"), Compress { gzip: Some(6), brotli: None });
        assert_eq!(compress("compress: {gzip: 0, brotli: 0}\n"), Compress { gzip: Some(0), brotli: Some(0) });
        assert_eq!(
            load("compress: {gzip: 10}\n"),
            Err("site/site.yaml:1:18: compress.gzip: gzip has no level 10\n\
                 write a level from 0 to 9, or `false` for no such copies"
                .to_owned())
        );
        assert_eq!(
            load("compress: {brotli: high}\n"),
            Err("site/site.yaml:1:20: compress.brotli: invalid type: string \"high\", expected a level from 0 to 11, or \
                 `false`"
                .to_owned())
        );
        assert_eq!(
            load("compress: 5\n"),
            Err("site/site.yaml:1:11: compress: invalid type: integer `5`, expected `false`, or levels as \
                 `{gzip: 6, brotli: 5}`"
                .to_owned())
        );
        assert_eq!(
            load("compress: {brotly: 5}\n"),
            Err("site/site.yaml:1:12: compress: unknown key `brotly`\ndid you mean `brotli`?".to_owned())
        );
    }

    #[test]
    fn mistakes_have_their_place() {
        assert_eq!(
            load("titel: x\n"),
            Err("site/site.yaml:1:1: unknown key `titel`\ndid you mean `title`?".to_owned())
        );
        assert_eq!(
            load("publish:\n  delay: 99999\n"),
            Err("site/site.yaml:2:10: publish.delay: `delay` is 99999; it can be 3650 at most".to_owned())
        );
        assert_eq!(
            load("publish:\n  delay: -1\n"),
            Err("site/site.yaml:2:10: publish.delay: invalid type: integer `-1`, expected a whole number".to_owned())
        );
        assert_eq!(
            load("budget:\n  first_visit: much\n"),
            Err("site/site.yaml:2:16: budget.first_visit: `much` is not a size\n\
                 write `130 KB` or `1.5 MB`, of 1000 and 1000000 bytes, or the number of bytes"
                .to_owned())
        );
        assert_eq!(
            load("budget: {next_page: -5}\n"),
            Err("site/site.yaml:1:21: budget.next_page: invalid type: integer `-5`, expected a size as `130 KB`"
                .to_owned())
        );
        for name in ["https://a.example", "a.example/", "example", "-a.example", "a..example", "a b.example", ""] {
            let said = load(&format!("cname: \"{name}\"\n")).unwrap_err();
            assert!(
                said.starts_with(&format!("site/site.yaml:1:8: cname: `{name}` is not a domain's name\n")),
                "{said}"
            );
        }
        assert_eq!(
            load("base_url: stats.example\ntheme: ../x\nlanguage: en_US\n"),
            Err("site/site.yaml:1:11: base_url: `stats.example` is not the address of a site\n\
                 site/site.yaml:2:8: theme: a name has letters, digits, `.`, `_` and `-`, and begins with a letter or a digit\n\
                 site/site.yaml:3:11: language: `en_US` is not a language's tag\n\
                 it begins with `https://` or `http://` and names a host\n\
                 such as `en` or `pt-BR` (BCP 47)"
                .to_owned())
        );
    }
}
