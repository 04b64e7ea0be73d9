//! `torcollect report`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::config::{Compress, Scheme, Site, site_address};
use torcollect::fs;
use torcollect::problem::{Problem, Problems};
use torcollect::project::Project;
use torcollect::site::{Input, Plan};

use super::data::Data;
use super::{Terminal, collect, load_site};

/// What a report is to have at most, in bytes.
const LARGE: usize = 250_000;

/// The arguments of `report`.
#[derive(Args)]
pub struct Report {
    /// The month, such as 2026-10
    #[arg(long, value_name = "MONTH", value_parser = month)]
    month: String,
    /// Of one organization's bridges alone
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,
    /// Take the data from a file that `export --public` has written
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Where the site stands that its links lead to, if not where site.yaml says; of an organization's site only this tells
    #[arg(long, value_name = "URL", value_parser = site_address)]
    base_url: Option<String>,
    /// Write it into this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Report {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let organization = self.organization.as_deref();
        self.check_target(project)?;
        if self.from.is_none() {
            collect::sample_first(project, terminal)?;
        }
        let data = Data::new(project, terminal, self.from.as_deref())?;
        let site = load_site(project, organization, self.base_url.as_deref())?;
        // Paper is light, and one file has no copies.
        let site = Site { schemes: vec![Scheme::Light], compress: Compress::NONE, ..site };
        let leaks = data.leaks(project)?;
        let plan = {
            let publication = data.publication(project, &site, organization)?;
            Plan::new(&Input { project, site: &site, publication: &publication, drafts: false, leaks: &leaks })?
        };
        let html = plan.report(&self.month, site.base_url.as_deref())?;
        if html.len() > LARGE {
            let message =
                format!("the report has {} bytes: some mail servers refuse what is larger than {LARGE}", html.len());
            terminal.warning(&Problem::nowhere(message).hint("raise `publish: minimum_clients`, or send a link"));
        }
        let Some(file) = &self.output else {
            terminal.data(&html)?;
            return Ok(ExitCode::SUCCESS);
        };
        fs::write_atomic(file, html.as_bytes(), fs::PUBLIC)?;
        terminal.info(&format!("{}: {} bytes", file.display(), html.len()));
        Ok(ExitCode::SUCCESS)
    }
}

/// How a report begins.
const BEGINS: &[u8] = b"<!doctype html>";

impl Report {
    /// Refuses to write a report where something else would be lost by it.
    fn check_target(&self, project: &Project) -> Result<(), Problems> {
        let Some(file) = &self.output else { return Ok(()) };
        let shown = file.display();
        let refused = |message: String| Problem::nowhere(message).hint("name another file");
        let resolved = |path: &Path| fs::resolved(path).map_err(|error| refused(format!("{error:#}")));
        if resolved(file)?.starts_with(resolved(&project.data())?) {
            return Err(refused(format!("`{shown}` is in `data/`, which holds private files alone")).into());
        }
        let begins = || fs::read_start(file, BEGINS.len()).is_ok_and(|start| start == BEGINS);
        if fs::is_link(file) || file.exists() && !begins() {
            return Err(refused(format!("`{shown}` is there already and is no HTML file")).into());
        }
        Ok(())
    }
}

/// `2026-10`.
fn month(text: &str) -> Result<String, String> {
    let day = format!("{text}-01");
    let valid = text.len() == 7 && jiff::civil::Date::strptime("%Y-%m-%d", &day).is_ok();
    if valid { Ok(text.to_owned()) } else { Err("a month is a year and a month, such as 2026-10".to_owned()) }
}
