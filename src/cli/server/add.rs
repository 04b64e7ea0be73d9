//! `torcollect server add`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::collect::checkup::{Check, Outcome};
use torcollect::collect::key::key_for;
use torcollect::collect::server::{Setup, add};
use torcollect::collect::setup::{Install, Place, install_script};
use torcollect::config::{Address, servers};
use torcollect::problem::Problem;
use torcollect::project::Project;

use super::{Terminal, login};

/// The arguments of `server add`.
#[derive(Args)]
pub struct Add {
    /// What to call the server
    name: String,
    /// You on the server, `[USER@]HOST[:PORT]`: root, or one who may sudo
    #[arg(value_name = "ADDRESS", value_parser = login::operator, required_unless_present = "print")]
    address: Option<Address>,
    #[command(flatten)]
    login: login::Arguments,
    /// A tor that is not found by looking, such as one in a container; may be given again
    #[arg(long = "instance", value_name = "NAME:USER:DIR")]
    places: Vec<Place>,
    /// Let the server keep the statistics of the last 30 days, so that days without a collection are not lost
    #[arg(long)]
    spool: bool,
    /// Only print the script that sets a server up; it is to be run there as root
    #[arg(long)]
    print: bool,
    /// Only try and write down a server that the script of `--print` has set up
    #[arg(long, conflicts_with_all = ["print", "spool", "places", "identity"])]
    installed: bool,
}

impl Add {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        match &self.address {
            Some(address) if !self.print => self.set_up(project, terminal, address),
            _ => self.print(project, terminal),
        }
    }

    fn print(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        // The address does not matter yet.
        servers::check(project, &self.name, "host")?;
        let (fleet, _) = servers::fleet(project)?;
        let key = key_for(project, &fleet.ssh, fleet.servers.get(&self.name))?;
        let install = Install { key: &key.public, places: &self.places, spool: self.spool, confirm: None };
        terminal.data(&install_script(&install))?;
        terminal.info(&format!("when it has run: `torcollect server add {} ADDRESS --installed`", self.name));
        Ok(ExitCode::SUCCESS)
    }

    fn set_up(&self, project: &Project, terminal: &Terminal, address: &Address) -> Result<ExitCode> {
        let setup = Setup {
            name: self.name.clone(),
            login: self.login.at(address.clone()),
            places: self.places.clone(),
            spool: self.spool,
            installed: self.installed,
        };
        let added = add(project, &setup, &|question| login::ask(terminal, question), &|event| {
            login::show(terminal, event);
        })?;
        for check in &added.checks {
            advise(terminal, check);
        }
        for done in &added.written.done {
            terminal.info(done);
        }
        if !added.written.collected {
            let problem = Problem::nowhere(format!("no source collects from `{}`", self.name));
            let hint = "write one in `sources.yaml`, such as `sources: {tor-bridge: {bridges: {servers: all}}}`";
            terminal.warning(&problem.hint(hint));
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says what is not yet as it should be.
fn advise(terminal: &Terminal, check: &Check) {
    match &check.outcome {
        Outcome::Failed { message, remedy } | Outcome::Odd { message, remedy } => {
            terminal.warning(&Problem::nowhere(format!("{}: {message}", check.step)).hint(remedy));
        }
        Outcome::Fine(_) | Outcome::Skipped => {}
    }
}
