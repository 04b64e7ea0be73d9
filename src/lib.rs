//! torcollect collects what Tor bridges count about their clients from many servers, keeps it in one DuckDB file, and
//! publishes it as a static site.
//!
//! The data flow one way, and the modules stand in that order:
//!
//! ```text
//! servers ──▶ extracts ──▶ warehouse ──▶ publication ──▶ queries ──▶ pages × theme ──▶ output
//!   collect::transport  collect::sources   warehouse          site                       output
//! ```
//!
//! [`collect`] fills the warehouse and [`site`] reads it; neither knows the other. A module imports only modules of a
//! lower rank (`ARCHITECTURE.md` has the table, a test enforces it). The library returns values and reports events
//! through callbacks; it never prints.

pub mod collect;
pub mod config;
pub mod fs;
pub mod graphics;
pub mod hash;
pub mod key;
pub mod leaks;
pub mod output;
pub mod problem;
pub mod project;
pub mod references;
pub mod serve;
pub mod site;
pub mod text;
pub mod warehouse;
