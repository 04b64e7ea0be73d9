//! `torcollect build`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use torcollect::collect::run::Options;
use torcollect::config::{Fleet, Site, site_address};
use torcollect::output::Output;
use torcollect::problem::{Problems, unknown};
use torcollect::project::Project;
use torcollect::site::{Content, Input, render};
use torcollect::warehouse::{Publication, Scope};

use super::collect::{JOBS, Percent, collect_all};
use super::{Terminal, load_fleet, load_site};

/// The arguments of `build`.
#[derive(Args)]
pub struct Build {
    /// Collect first
    #[arg(long, conflicts_with = "from")]
    collect: bool,
    /// Build nothing and end with 1 if a smaller share of the servers than this was collected, such as 90%
    #[arg(long, value_name = "PERCENT", requires = "collect")]
    fail_under: Option<Percent>,
    /// Build from this file, which `export --public` has written
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Build the site of one organization, into `public-NAME/`
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,
    /// The folder that is written [default: `public` in the project]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Where the site is published, instead of `base_url` in `site.yaml`
    #[arg(long, value_name = "URL", value_parser = site_address)]
    base_url: Option<String>,
}

impl Build {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let organization = self.organization.as_deref();
        let folder = self.output.clone().unwrap_or_else(|| project.output(organization));
        Output::check(project, &folder)?;
        let collected = if self.collect {
            let all = Options { servers: Vec::new(), sources: Vec::new(), jobs: JOBS };
            collect_all(project, terminal, &all, self.fail_under)?
        } else {
            ExitCode::SUCCESS
        };
        let began = Instant::now();
        let mut site = load_site(project)?;
        site.base_url = self.base_url.clone().or(site.base_url);
        let publication = self.publication(project, terminal, &site)?;
        let output = Output::open(project, &folder)?;
        let input = Input { project, site: &site, publication: &publication };
        let made = render(&input, &|file| match &file.content {
            Content::Bytes(bytes) => output.write(&file.path, bytes),
            Content::Picture(drawing) => output.picture(&file.path, || drawing.draw()).map(drop),
        })?;
        let totals = output.finish()?;
        terminal.info(&format!(
            "{} pages from {} queries in {:.1} s: {} files, {} bytes; {} written, {} unchanged, {} removed",
            made.pages,
            made.query_runs,
            began.elapsed().as_secs_f64(),
            totals.files,
            totals.bytes,
            totals.written,
            totals.unchanged,
            totals.removed
        ));
        terminal.info(&folder.join("index.html").display().to_string());
        Ok(collected)
    }

    fn publication(&self, project: &Project, terminal: &Terminal, site: &Site) -> Result<Publication> {
        let organization = self.organization.as_deref();
        match &self.from {
            Some(file) => Publication::read(file, organization),
            None => {
                let fleet = load_fleet(project, terminal)?;
                Publication::make(project, &fleet, site, scope(&fleet, organization)?)
            }
        }
    }
}

/// The scope of an organization that must be known, or of all.
pub fn scope<'a>(fleet: &Fleet, organization: Option<&'a str>) -> Result<Scope<'a>> {
    let Some(name) = organization else { return Ok(Scope::Public) };
    if fleet.organizations.contains_key(name) {
        return Ok(Scope::Organization(name));
    }
    let known = fleet.organizations.keys().map(String::as_str);
    Err(Problems::from(unknown("organization", name, known)).into())
}
