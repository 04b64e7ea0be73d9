//! `torcollect build`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use rayon::prelude::*;
use torcollect::collect::run::Options;
use torcollect::config::{Compress, Fleet, Site, site_address};
use torcollect::output::{Output, Scale};
use torcollect::problem::{Kind, Problems, unknown};
use torcollect::project::Project;
use torcollect::site::{Content, File, FileKind, Input, render};
use torcollect::warehouse::{Publication, Scope};

use super::collect::{JOBS, Percent, collect_all};
use super::weight::effort;
use super::{Terminal, check, collect, load_fleet, load_site, weight};

/// How many of the pages above a budget a warning names.
const NAMED_IN_WARNINGS: usize = 3;

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
    /// Refuse pages above the budget in `site.yaml`, before anything is written; holds the whole site in memory
    #[arg(long)]
    strict: bool,
    /// Make no compressed copies, for a host that has no use for them, such as GitHub Pages
    #[arg(long)]
    no_compress: bool,
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
            if self.from.is_none() {
                collect::sample_first(project, terminal)?;
            }
            ExitCode::SUCCESS
        };
        let began = Instant::now();
        let mut site = load_site(project)?;
        site.base_url = self.base_url.clone().or(site.base_url);
        if self.no_compress {
            site.compress = Compress::NONE;
        }
        let publication = publication(project, terminal, &site, self.from.as_deref(), organization)?;
        let output = Output::open(project, &folder)?.compressing(site.compress);
        let input = Input { project, site: &site, publication: &publication };
        let write = |file: &File| match &file.content {
            Content::Bytes(bytes) => output.write(&file.path, bytes, effort(file.kind)),
            Content::Picture(drawing) => output.picture(&file.path, || drawing.draw()),
        };
        let (made, weights) = if self.strict {
            let held: Mutex<Vec<File>> = Mutex::default();
            let keep = |file| held.lock().unwrap_or_else(PoisonError::into_inner).push(file);
            let (made, weights) = weight::weigh(&input, &folder, keep)?;
            Problems::check(Kind::Content, weight::problems(project, &site, &weights, check::NAMED_IN_ERRORS))?;
            let files = held.into_inner().unwrap_or_else(PoisonError::into_inner);
            let (pages, others): (Vec<&File>, Vec<&File>) = files.iter().partition(|file| file.kind == FileKind::Page);
            for files in [others, pages] {
                files.par_iter().try_for_each(|file| write(file).map(drop))?;
            }
            (made, weights)
        } else {
            let scale = Scale::default();
            let made = render(&input, &|file| {
                let sent = write(&file)?;
                weight::put(&scale, &file, sent);
                Ok(())
            })?;
            (made, scale.weights())
        };
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
        for problem in weight::problems(project, &site, &weights, NAMED_IN_WARNINGS) {
            terminal.warning(&problem);
        }
        weight::tell(terminal, &weights);
        terminal.info(&folder.join("index.html").display().to_string());
        Ok(collected)
    }
}

/// What may be seen: from the warehouse, or from a file that `export --public` has written.
pub fn publication(
    project: &Project,
    terminal: &Terminal,
    site: &Site,
    from: Option<&Path>,
    organization: Option<&str>,
) -> Result<Publication> {
    match from {
        Some(file) => Publication::read(file, organization),
        None => {
            let fleet = load_fleet(project, terminal)?;
            Publication::make(project, &fleet, site, scope(&fleet, organization)?)
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
