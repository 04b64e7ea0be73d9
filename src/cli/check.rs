//! `torcollect check`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use clap::Args;
use torcollect::config::site_address;
use torcollect::output::{Output, weights};
use torcollect::problem::{Kind, Problems};
use torcollect::project::Project;
use torcollect::site::{File, Input, Plan};

use super::data::Data;
use super::{Terminal, load_site, weight};

/// The arguments of `check`.
#[derive(Args)]
pub struct Check {
    /// Check what is built from this file, which `export --public` has written
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Check the site of one organization
    #[arg(long, value_name = "NAME")]
    organization: Option<String>,
    /// Where the site is published, instead of `base_url` in `site.yaml`
    #[arg(long, value_name = "URL", value_parser = site_address)]
    base_url: Option<String>,
    /// Check pages that are drafts too
    #[arg(long)]
    drafts: bool,
}

impl Check {
    /// Runs the command. Pictures that a build has drawn already are not drawn again to see how large they are.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let organization = self.organization.as_deref();
        let folder = project.output(organization);
        Output::check(project, &folder)?;
        let site = load_site(project, self.organization.as_deref(), self.base_url.as_deref())?;
        let data = Data::new(project, terminal, self.from.as_deref())?;
        let publication = data.publication(project, &site, organization)?;
        let leaks = data.leaks(project)?;
        let input = Input { project, site: &site, publication: &publication, drafts: self.drafts, leaks: &leaks };
        let files = AtomicUsize::new(0);
        let count = |_: File| {
            files.fetch_add(1, Ordering::Relaxed);
        };
        let plan = Plan::new(&input)?;
        let facts = weight::weigh(&plan, site.compress, &folder, count)?;
        let made = plan.summary();
        let weights = weights(&facts);
        for warning in &made.warnings {
            terminal.warning(warning);
        }
        Problems::check(Kind::Content, weight::refused(project, &site, &plan, &facts, &weights))?;
        terminal.info(&format!(
            "{} pages from {} queries, {} files: nothing that `build --strict` would refuse",
            made.pages,
            made.query_runs,
            files.into_inner()
        ));
        weight::tell(terminal, &weights);
        if let Some(line) = weight::heaviest(&weights) {
            terminal.info(&line);
        }
        Ok(ExitCode::SUCCESS)
    }
}
