//! From the publication to the site's files: pages × queries × theme.
//!
//! ```text
//! content/*.md ──▶ documents ──▶ pages ─────────────┐
//! queries/*.sql ──▶ rows, once each ──▶ shapes ─────┤
//! layouts, partials, bodies ──▶ templates ──▶ check ┴──▶ render ──▶ files
//! ```
//!
//! Rendering is pure: it yields files to a sink and writes nothing. All problems that can be found without data are found
//! before the first file, and those that data bring about before any file of a site that fits into memory.

mod about;
mod address;
mod alone;
mod check;
mod colors;
mod compile;
mod context;
mod copied;
mod download;
mod extra;
mod extras;
mod feed;
mod fingerprint;
mod front;
mod helpers;
mod include;
mod inputs;
mod language;
mod lines;
mod lookup;
mod markdown;
mod mustache;
mod origin;
mod page;
mod paginate;
mod paths;
mod pictures;
mod plan;
mod query;
mod render;
mod searched;
mod shape;
mod sitemap;
mod source;
mod templates;
#[cfg(test)]
mod tests;
pub mod theme;
mod tree;
mod unused;

use std::path::PathBuf;

pub use download::{Format, Table};
pub use inputs::inputs;
pub use lines::with_lines;
pub use plan::Plan;
pub use render::Sink;

use crate::config::Site;
use crate::graphics::Drawing;
use crate::leaks::Leaks;
use crate::problem::Problem;
use crate::project::Project;
use crate::warehouse::Publication;

/// What a site is made from.
pub struct Input<'a> {
    /// Where content, queries, themes and static files are.
    pub project: &'a Project,
    /// The site's settings.
    pub site: &'a Site,
    /// What may be seen.
    pub publication: &'a Publication,
    /// What no file of it may have.
    pub leaks: &'a Leaks,
    /// Whether pages that are drafts belong to the site.
    pub drafts: bool,
}

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileKind {
    /// A page made from content.
    Page,
    /// A picture of one or some pages.
    Picture,
    /// A file of a theme's `assets/`.
    Asset,
    /// A file of `site/static/`.
    Static,
    /// The rows of a query.
    Download,
    /// What is there for programs: the sitemap, feeds, `robots.txt`.
    Index,
}

/// What a file of the site consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A picture that is drawn by who needs it; a file of the same path has the same bytes.
    Picture(Drawing),
    /// The rows of a query, which are put into this form by who needs them; a table of the same digest has the same bytes.
    Table(Table),
}

/// A file of the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the output folder.
    pub path: PathBuf,
    /// Its content.
    pub content: Content,
    /// What it is.
    pub kind: FileKind,
}

/// What was done to make a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many pages there are.
    pub pages: usize,
    /// How many queries they use.
    pub queries: usize,
    /// How often a query was run: once for each.
    pub query_runs: usize,
    /// Queries, layouts and partials of the project and of its own themes that no page uses, and words that the language
    /// lacks.
    pub warnings: Vec<Problem>,
}
