//! The command line: one file a command. [`Terminal`] alone prints.

mod bridge;
mod build;
mod check;
mod collect;
mod data;
mod export;
mod init;
mod listing;
mod organization;
mod query;
mod reparse;
mod report;
mod rows;
mod serve;
mod server;
mod source;
mod source_date;
mod terminal;
mod theme;
mod weight;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use torcollect::config::{Fleet, Site};
use torcollect::problem::{Problem, Problems};
use torcollect::project::Project;
use torcollect::site::with_lines;

pub use terminal::Terminal;

/// Some servers could not be collected, the rest was.
const PARTLY: u8 = 4;

/// Collects what Tor bridges count about their clients and publishes it as a static site.
#[derive(Parser)]
#[command(version, max_term_width = 100)]
pub struct Arguments {
    /// The project's folder
    #[arg(short = 'C', long, global = true, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Say nothing but what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say more
    #[arg(short, long, global = true)]
    verbose: bool,
    /// How messages on standard error are written
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    log_format: LogFormat,
    #[command(subcommand)]
    command: Command,
}

/// How messages are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// Lines for people
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Subcommand)]
enum Command {
    /// Begin a project: write its settings and a workflow for GitHub Pages
    Init(init::Init),
    /// Collect from the servers into the warehouse
    Collect(collect::Collect),
    /// Build the site from the warehouse
    Build(build::Build),
    /// Say what `build --strict` would refuse, pages above the budget too, and write nothing
    Check(check::Check),
    /// Show the site while you work on it, and build it again whenever you change something
    Serve(serve::Serve),
    /// Look after the servers
    #[command(subcommand)]
    Server(server::Server),
    /// Look after the sources: what there is, a new one, a try
    #[command(subcommand)]
    Source(source::Source),
    /// Write a theme of the project's own
    #[command(subcommand)]
    Theme(theme::Theme),
    /// Show who was given which bridge
    #[command(subcommand)]
    Organization(organization::Organization),
    /// Show which bridges there are
    #[command(subcommand)]
    Bridge(bridge::Bridge),
    /// Write the report of a month as one HTML file, to send or to keep
    Report(report::Report),
    /// Answer an SQL query
    Query(query::Query),
    /// Write what may be published as one DuckDB file
    Export(export::Export),
    /// Derive all facts again from the raw extracts
    Reparse(reparse::Reparse),
}

/// Runs the command that the arguments name.
pub fn run(arguments: &Arguments, terminal: &Terminal) -> Result<ExitCode> {
    let root = &arguments.root;
    if !root.is_dir() {
        let problem = Problem::nowhere(format!("there is no folder `{}`", root.display()));
        return Err(Problems::from(problem.hint("name the project's folder with `-C DIR`")).into());
    }
    let project = Project::new(root);
    let done = match &arguments.command {
        Command::Init(command) => command.run(&project, terminal),
        Command::Collect(command) => command.run(&project, terminal),
        Command::Build(command) => command.run(&project, terminal),
        Command::Check(command) => command.run(&project, terminal),
        Command::Server(command) => command.run(&project, terminal),
        Command::Organization(command) => command.run(&project, terminal),
        Command::Bridge(command) => command.run(&project, terminal),
        Command::Report(command) => command.run(&project, terminal),
        Command::Source(command) => command.run(&project, terminal),
        Command::Theme(command) => command.run(&project, terminal),
        Command::Serve(command) => command.run(&project, terminal),
        Command::Query(command) => command.run(&project, terminal),
        Command::Export(command) => command.run(&project, terminal),
        Command::Reparse(command) => command.run(&project, terminal),
    };
    done.map_err(|error| match error.downcast::<Problems>() {
        Ok(mut problems) => {
            with_lines(&project, &mut problems.list);
            problems.into()
        }
        Err(error) => error,
    })
}

/// Reads the fleet's settings and shows what is odd about them.
fn load_fleet(project: &Project, terminal: &Terminal) -> Result<Fleet> {
    let (fleet, warnings) = Fleet::load(project)?;
    for warning in &warnings {
        terminal.warning(warning);
    }
    Ok(fleet)
}

/// Reads the site's settings. `base_url` is above that of the settings, which is the public site's: an organization's site
/// stands somewhere else.
fn load_site(project: &Project, organization: Option<&str>, base_url: Option<&str>) -> Result<Site> {
    let (site, fleet) = (Site::load(project)?, Fleet::as_far_as_it_is_here(project)?);
    let public = organization.is_none();
    Ok(Site {
        base_url: base_url.map(str::to_owned).or(site.base_url.filter(|_| public)),
        cname: site.cname.filter(|_| public),
        packs: fleet.packs,
        ..site
    })
}
