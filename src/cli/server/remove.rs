//! `torcollect server remove`.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use torcollect::collect::server::remove;
use torcollect::collect::transport::operator::Question;
use torcollect::config::{Address, Fleet, servers};
use torcollect::problem::{Problem, Problems, unknown};
use torcollect::project::Project;

use super::{Terminal, login};

/// The arguments of `server remove`.
#[derive(Args)]
pub struct Remove {
    /// The server's name
    name: String,
    /// Clean the server too: the key, and with the last collector's key all that `add` has made there
    #[arg(long)]
    purge: bool,
    /// Your account on the server: root, or one who may sudo
    #[arg(long = "as", value_name = "USER", default_value = "root", requires = "purge")]
    user: String,
    #[command(flatten)]
    login: login::Arguments,
}

impl Remove {
    /// Runs the command.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        if self.login.any() && !self.purge {
            let problem = Problem::nowhere("only `--purge` logs in to the server");
            return Err(Problems::from(problem.hint("leave the other options out, or give `--purge`")).into());
        }
        let (fleet, _) = servers::fleet(project)?;
        let login = if self.purge { Some(self.login.at(self.address(&fleet)?)) } else { None };
        let ask = |question: Question<'_>| login::ask(terminal, question);
        let written = remove(project, &self.name, login.as_ref(), &ask, &|event| login::show(terminal, event))?;
        for done in &written.done {
            terminal.info(done);
        }
        if !self.purge {
            terminal.info("its key, account and sudo rules stay on the server; `--purge` would have taken them away");
        }
        terminal.info("what was collected from it stays in the warehouse and on the site");
        Ok(ExitCode::SUCCESS)
    }

    /// Where the operator logs in.
    fn address(&self, fleet: &Fleet) -> Result<Address, Problems> {
        let Some(server) = fleet.servers.get(&self.name) else {
            return Err(Problems::from(unknown("server", &self.name, fleet.servers.keys().map(String::as_str))));
        };
        match &server.address {
            Some(address) => Ok(Address { user: self.user.clone(), ..address.clone() }),
            None => {
                let problem = Problem::nowhere(format!("`{}` is this machine, `local: true`", self.name));
                Err(problem.hint("clean it by hand").into())
            }
        }
    }
}
