//! `torcollect build`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Result;
use clap::Args;
use rayon::prelude::*;
use torcollect::collect::run::Options;
use torcollect::config::{Budget, Compress, Encoding, Site, site_address};
use torcollect::fs;
use torcollect::hash;
use torcollect::key::Key;
use torcollect::output::{Facts, Made, Output, Reason, Said, Scale, Totals, on_the_wire, weights};
use torcollect::problem::{Kind, Problems};
use torcollect::project::Project;
use torcollect::site::{Content, File, FileKind, Input, Plan, inputs, with_lines};

use super::collect::{JOBS, Percent, collect_all};
use super::data::Data;
use super::weight::{self, effort};
use super::{Terminal, collect, load_site, source_date};

/// How many of the pages above a budget a warning names.
const NAMED_IN_WARNINGS: usize = 3;

/// What a build came to.
pub(super) struct Built {
    pub(super) said: Said,
    pub(super) totals: Totals,
    /// How many pages the site has and how many queries were run, unless there was nothing to do.
    made: Option<(usize, usize)>,
}

/// The arguments of `build`.
#[derive(Args, Default)]
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
    /// Refuse pages above the budget in `site.yaml`, before anything is written; holds all that changed in memory
    #[arg(long)]
    strict: bool,
    /// Make all pages, whether they changed or not
    #[arg(long)]
    force: bool,
    /// Say why pages are made: what changed since the last build
    #[arg(long)]
    explain: bool,
    /// Make no compressed copies, for a host that has no use for them, such as GitHub Pages
    #[arg(long)]
    no_compress: bool,
    /// Build pages that are drafts too
    #[arg(long)]
    drafts: bool,
}

impl Build {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let organization = self.organization.as_deref();
        let folder = self.output.clone().unwrap_or_else(|| project.output(organization));
        Output::check(project, &folder)?;
        source_date::modified()?;
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
        let site = self.site(project)?;
        let built = self.build(project, terminal, &site, &folder)?;
        let totals = in_words(&built.totals);
        terminal.info(&match built.made {
            None => format!("nothing has changed since the last build: {totals}"),
            Some((pages, queries)) => {
                let seconds = began.elapsed().as_secs_f64();
                format!("{pages} pages from {queries} queries in {seconds:.1} s: {totals}")
            }
        });
        let mut said = built.said;
        with_lines(project, &mut said.warnings);
        for warning in &said.warnings {
            terminal.warning(warning);
        }
        for line in &said.lines {
            terminal.info(line);
        }
        terminal.info(&folder.join("index.html").display().to_string());
        Ok(collected)
    }

    /// The build of a site for its author's eyes.
    pub(super) fn preview(drafts: bool) -> Self {
        Self { drafts, ..Self::default() }
    }

    /// Builds the site into `folder`, as far as it changed.
    pub(super) fn build(&self, project: &Project, terminal: &Terminal, site: &Site, folder: &Path) -> Result<Built> {
        let organization = self.organization.as_deref();
        let data = Data::new(project, terminal, self.from.as_deref())?;
        let modified = source_date::modified()?;
        let output = Output::open(project, folder)?.compressing(site.compress).dated(modified);
        let leaks = data.leaks(project)?;
        let modified = hash::of(format!("{modified:?}").as_bytes());
        let digest = hash::of(leaks.digest()?.as_bytes());
        let read = || -> Result<u64> {
            let data = data.state(project, organization)?;
            let options = [u64::from(self.strict), u64::from(self.drafts), modified, digest];
            Ok(hash::all([inputs(project, site)?, data].into_iter().chain(options)))
        };
        let inputs = read()?;
        if let Some((said, totals)) = output.unchanged(inputs).filter(|_| !self.force) {
            return Ok(Built { said, totals, made: None });
        }
        let plan = {
            let publication = data.publication(project, site, organization)?;
            Plan::new(&Input { project, site, publication: &publication, drafts: self.drafts, leaks: &leaks })?
        };
        let work = Work { project, terminal, site, plan: &plan, output: &output, folder };
        let made = self.make(&work)?;
        // What somebody changed meanwhile may be in what was made or not: then nothing stands for it.
        let made = Made { inputs: if read()? == inputs { inputs } else { 0 }, ..made };
        let (said, summary) = (made.said.clone(), plan.summary());
        Ok(Built { said, totals: output.finish(made)?, made: Some((summary.pages, summary.query_runs)) })
    }

    /// The site's settings, as the arguments change them.
    fn site(&self, project: &Project) -> Result<Site> {
        let site = load_site(project, self.organization.as_deref(), self.base_url.as_deref())?;
        Ok(Site { compress: if self.no_compress { Compress::NONE } else { site.compress }, ..site })
    }

    /// Makes what has to be made.
    fn make(&self, work: &Work) -> Result<Made> {
        let Work { project, terminal, site, plan, output, .. } = work;
        let (keys, bases) = (plan.keys(), plan.bases());
        let reasons = if self.force { vec![Some(Reason::Forced); keys.len()] } else { output.reasons(&keys, &bases) };
        if self.explain {
            explain(terminal, &keys, &reasons);
        }
        let judged = self.strict || site.budget != Budget::default();
        let scale = Scale::default();
        let mut things: BTreeMap<String, (Key, Vec<PathBuf>)> = BTreeMap::new();
        for ((path, key), _) in keys.iter().zip(&reasons).filter(|(_, reason)| reason.is_none()) {
            let files = output.keep(path)?;
            if judged {
                files.par_iter().try_for_each(|file| work.kept(file).map(|facts| scale.put(file, facts)))?;
            }
            things.insert((*path).to_owned(), (key.clone(), files));
        }
        let mut wanted: Vec<usize> = (0..keys.len()).filter(|number| reasons[*number].is_some()).collect();
        wanted.sort_by_key(|number| work.is_there(Path::new(keys[*number].0)));
        let mut held: Vec<File> = Vec::new();
        let made = plan.make(&wanted, &mut |mut files| {
            if self.strict {
                files.par_iter_mut().try_for_each(|file| -> Result<()> {
                    let facts = weight::weighed(file, work.folder, site.compress)?;
                    scale.put(&file.path, facts);
                    Ok(())
                })?;
                held.extend(files);
                return Ok(());
            }
            work.write_all(&files)?;
            if judged {
                let put = |file: &File| work.sent(file).map(|sent| scale.put(&file.path, weight::facts(file, sent)));
                files.par_iter().try_for_each(put)?;
            }
            Ok(())
        })?;
        let facts = scale.files();
        let weights = weights(&facts);
        let mut said = Said::default();
        if self.strict {
            Problems::check(Kind::Content, weight::refused(project, site, plan, &facts, &weights))?;
            work.write_all(&held)?;
        } else {
            said.warnings = weight::problems(project, site, &weights, NAMED_IN_WARNINGS);
        }
        said.lines.extend(weight::heaviest(&weights));
        for (number, files) in made {
            let (path, key) = &keys[number];
            things.insert((*path).to_owned(), (key.clone(), files));
        }
        Ok(Made { said, bases, things, facts, ..Made::default() })
    }
}

/// What a build works with.
struct Work<'a> {
    project: &'a Project,
    terminal: &'a Terminal,
    site: &'a Site,
    plan: &'a Plan,
    output: &'a Output,
    folder: &'a Path,
}

impl Work<'_> {
    /// Writes files in such an order that whoever reads a page at any moment, or finds what a killed build left, finds what
    /// the page refers to: what pages fetch comes first, then pages that were not there, then those that may lead to them.
    fn write_all(&self, files: &[File]) -> Result<()> {
        let rank = |file: &File| match file.kind {
            FileKind::Page if self.is_there(&file.path) => 2,
            FileKind::Page => 1,
            FileKind::Picture | FileKind::Asset | FileKind::Static | FileKind::Download => 0,
            FileKind::Index => 3,
        };
        let ranks: Vec<u8> = files.iter().map(rank).collect();
        (0..=3).try_for_each(|now| {
            let of_now = files.par_iter().zip(&ranks).filter(|(_, rank)| **rank == now);
            of_now.try_for_each(|(file, _)| self.write(file))
        })
    }

    fn is_there(&self, path: &Path) -> bool {
        fs::length(&self.folder.join(path)).is_some()
    }

    fn write(&self, file: &File) -> Result<()> {
        match &file.content {
            Content::Bytes(bytes) => self.output.write(&file.path, bytes, effort(file.kind)),
            Content::Picture(drawing) => self.output.picture(&file.path, || drawing.draw()),
            Content::Table(table) => self.output.write(&file.path, table.bytes()?, effort(file.kind)),
        }
    }

    /// How many bytes a web server sends for a file that was written.
    fn sent(&self, file: &File) -> Result<u64> {
        match (self.output.length(&file.path, Encoding::Gzip), &file.content) {
            (Some((_, Some(packed))), _) => Ok(packed),
            (_, Content::Bytes(bytes)) => Ok(on_the_wire(&file.path, effort(file.kind), bytes, self.site.compress)?),
            (_, Content::Table(table)) => Ok(table.bytes()?.len() as u64),
            (length, Content::Picture(_)) => Ok(length.map_or(0, |(length, _)| length)),
        }
    }

    /// What is known of a page's file that stands there already.
    fn kept(&self, path: &Path) -> Result<Facts> {
        if let Some(facts) = self.output.facts(path) {
            return Ok(facts.clone());
        }
        let kind =
            if path.extension().is_some_and(|ending| ending == "png") { FileKind::Picture } else { FileKind::Page };
        let bytes = fs::read(&self.folder.join(path))?;
        let file = File { path: path.to_owned(), content: Content::Bytes(bytes), kind };
        Ok(weight::facts(&file, self.sent(&file)?))
    }
}

fn in_words(totals: &Totals) -> String {
    let Totals { files, bytes, written, unchanged, removed } = totals;
    format!("{files} files, {bytes} bytes; {written} written, {unchanged} unchanged, {removed} removed")
}

/// Says why pages are made: those for one reason together, the curious see each.
fn explain(terminal: &Terminal, keys: &[(&str, Key)], reasons: &[Option<Reason>]) {
    let mut pages: BTreeMap<(&str, &Reason), Vec<&str>> = BTreeMap::new();
    for ((path, key), reason) in keys.iter().zip(reasons) {
        if let Some(reason) = reason {
            pages.entry((&key.basis, reason)).or_default().push(path);
        }
    }
    for ((_, reason), paths) in pages {
        let others = match paths.len() - 1 {
            0 => String::new(),
            others => format!(" and {others} more"),
        };
        terminal.info(&format!("`{}`{others}: {reason}", paths[0]));
        for path in paths {
            terminal.detail(&format!("  `{path}`"));
        }
    }
}
