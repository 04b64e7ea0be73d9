//! `site/site.yaml`.

/// The site's settings.
#[derive(Clone, Debug)]
pub struct Site {
    /// The site's title.
    pub title: String,
    /// Where it is published, for what needs absolute addresses; ends in `/`.
    pub base_url: Option<String>,
    /// The theme's name.
    pub theme: String,
    /// The language of its words, as in HTML's `lang`.
    pub language: String,
    /// What may be seen.
    pub publish: Publish,
    /// Pages of the theme that are not wanted, by their path below `content/`.
    pub disable: Vec<String>,
}

/// The publication rules: what of the warehouse may be seen. Safe by default.
#[derive(Clone, Debug)]
pub struct Publish {
    /// Days that a day's numbers wait before they are published, after the day is over.
    pub delay: u32,
    /// Countries with fewer clients than this in the whole fleet on a day are merged into `other`.
    pub minimum_clients: u32,
    /// Whether a bridge's tor version is published.
    pub tor_version: bool,
    /// Whether the public site names organizations and their bridges.
    pub organizations: bool,
}
