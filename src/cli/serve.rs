//! `torcollect serve`.

use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use torcollect::output::Totals;
use torcollect::problem::{Problem, Problems};
use torcollect::project::Project;
use torcollect::serve::Server;
use torcollect::site::with_lines;

use super::build::Build;
use super::terminal::in_words;
use super::{Terminal, collect, load_site};

/// The arguments of `serve`.
#[derive(Args)]
pub struct Serve {
    /// The port; any that is free if it is 0
    #[arg(long, value_name = "NUMBER", default_value_t = 1111)]
    port: u16,
    /// The address to listen on; others than this machine's own show the site to everybody who reaches them
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Open the site in a browser
    #[arg(long)]
    open: bool,
    /// Leave out pages that are drafts
    #[arg(long)]
    no_drafts: bool,
}

impl Serve {
    /// Runs the command, until it is interrupted.
    pub fn run(&self, project: &Project, terminal: &Terminal) -> Result<ExitCode> {
        let server = Server::bind(SocketAddr::new(self.bind, self.port)).map_err(|error| self.no_port(&error))?;
        let address = format!("http://{}/", server.address());
        if !self.bind.is_loopback() {
            let message = format!("everybody who reaches `{}` sees the site", server.address());
            terminal.warning(&Problem::nowhere(message).hint("without `--bind`, only this machine does"));
        }
        terminal.info(&format!("{address} (ends with Ctrl-C)"));
        if self.open {
            open(&address, terminal);
        }
        let began = Cell::new(Instant::now());
        let build = || {
            began.set(Instant::now());
            build_preview(project, terminal, &address, !self.no_drafts).map_err(|error| {
                let mut problems = in_words(&error);
                with_lines(project, &mut problems);
                problems
            })
        };
        server.run(project, &project.preview(), build, |built| match built {
            Ok(Totals { files, written, removed, .. }) => {
                let seconds = began.get().elapsed().as_secs_f64();
                terminal.info(&format!("built in {seconds:.1} s: {files} files, {written} written, {removed} removed"));
            }
            Err(problems) => problems.iter().for_each(|problem| terminal.problem("error", problem)),
        })?;
        Ok(ExitCode::SUCCESS)
    }

    fn no_port(&self, error: &std::io::Error) -> Problems {
        let (port, bind) = (self.port, self.bind);
        let problem = match error.kind() {
            std::io::ErrorKind::AddrInUse => Problem::nowhere(format!("port {port} of `{bind}` is in use"))
                .hint("end what uses it, or choose another with `--port`; 0 is any that is free"),
            std::io::ErrorKind::PermissionDenied => {
                Problem::nowhere(format!("port {port} is not for you")).hint("choose one above 1023 with `--port`")
            }
            _ => Problem::nowhere(format!("cannot listen on port {port} of `{bind}`: {error}"))
                .hint("`--bind` is an address of this machine"),
        };
        problem.into()
    }
}

/// Builds the site that is shown, as it would be at `address`.
fn build_preview(project: &Project, terminal: &Terminal, address: &str, drafts: bool) -> Result<Totals> {
    collect::sample_first(project, terminal)?;
    let site = load_site(project, None, Some(address))?;
    Ok(Build::preview(drafts).build(project, terminal, &site, &project.preview())?.totals)
}

/// Shows an address in the browser that the desktop prefers.
fn open(address: &str, terminal: &Terminal) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let started = Command::new(program)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run `{program}`"));
    if let Err(error) = started {
        terminal.warning(&Problem::nowhere(format!("{error:#}")).hint("open the address by hand"));
    }
}
