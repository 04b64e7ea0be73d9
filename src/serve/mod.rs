//! Showing a site to its author: serves the folder that a build writes, builds it again whenever something changed, and
//! lets the pages that stand open in a browser reload themselves. What is wrong is shown in the pages.
//!
//! ```text
//! watch (files of the project) ──▶ build (a closure) ──▶ Condition ──▶ http (pages, and who waits for a change)
//! ```
//!
//! One thread watches and builds, the other serves.

mod http;
mod insert;
mod locate;
mod watch;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Context, Result};
use tokio::sync::watch::Sender;

use crate::output::Totals;
use crate::problem::Problem;
use crate::project::Project;
use crate::text::hexadecimal;

/// The policy under which pages are served, besides the one script of the server's own (Content Security Policy 3).
/// `docs/hosting.md` recommends it to everybody.
pub const POLICY: &str =
    "default-src 'none'; img-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A server that has its port and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes a port; any that is free if it is 0.
    ///
    /// # Errors
    /// If somebody else has it, or it is not for us.
    pub fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, address })
    }

    /// Where it can be reached.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves `folder`, to which `build` writes the site: now, and whenever something that `project` is made of changed.
    /// It says what it did to the folder, or what is wrong; `say` is given that when the pages know of it.
    ///
    /// # Errors
    /// If it cannot watch the project, or not serve at all; it does not end otherwise.
    pub fn run(
        self,
        project: &Project,
        folder: &Path,
        mut build: impl FnMut() -> Result<Totals, Vec<Problem>>,
        mut say: impl FnMut(&Result<Totals, Vec<Problem>>),
    ) -> Result<()> {
        // Before the first build, so that it misses no change.
        let mut watch = watch::Watch::new(project)?;
        let shared = Arc::new(Shared::new(folder, self.address)?);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("cannot serve")?;
        let (listener, serving) = (self.listener, Arc::clone(&shared));
        thread::spawn(move || runtime.block_on(http::serve(listener, serving)));
        loop {
            let built = build();
            shared.tell(&built);
            say(&built);
            watch.wait()?;
        }
    }
}

/// What the pages are told.
#[derive(Clone, Debug, Default)]
struct Condition {
    /// Another one as soon as pages that stand open are out of date.
    number: u64,
    /// Whether a build has ended.
    built: bool,
    /// What the last build found wrong.
    problems: Arc<[Problem]>,
}

/// What every answer is made from.
#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    condition: Sender<Condition>,
    /// What the policy allows the server's own script and style to run by.
    nonce: String,
    /// Whether only this machine can reach the server, so that it answers to this machine's names alone.
    local: bool,
}

impl Shared {
    fn new(folder: &Path, address: SocketAddr) -> Result<Self> {
        let mut random = [0; 24];
        getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("this machine has no random numbers: {error}"))?;
        // Not 0 at each start: pages that an earlier server has sent are out of date.
        let number = random[..6].iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        let condition = Sender::new(Condition { number, ..Condition::default() });
        let nonce = hexadecimal(&random[8..]);
        Ok(Self { folder: folder.to_owned(), condition, nonce, local: address.ip().is_loopback() })
    }

    /// Remembers what came of a build; pages are out of date if it changed a file, or what is wrong is something else.
    fn tell(&self, built: &Result<Totals, Vec<Problem>>) {
        self.condition.send_if_modified(|condition| {
            let (changed, problems) = match built {
                Ok(totals) => (totals.written + totals.removed > 0, &[][..]),
                Err(problems) => (false, &problems[..]),
            };
            let reload = changed || !condition.built || *condition.problems != *problems;
            if reload {
                *condition = Condition { number: condition.number + 1, built: true, problems: problems.into() };
            }
            reload
        });
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pages_are_out_of_date_when_a_file_changed_or_other_problems_are_to_be_shown() {
        let shared = Shared::new(Path::new("x"), "127.0.0.1:0".parse().unwrap()).unwrap();
        let number = || shared.condition.borrow().number;
        let mut last = number();
        let unchanged = Totals { files: 9, unchanged: 9, ..Totals::default() };
        for (built, reloads) in [
            (Ok(unchanged), true),
            (Ok(unchanged), false),
            (Ok(Totals { written: 1, ..unchanged }), true),
            (Ok(Totals { removed: 1, ..unchanged }), true),
            (Err(vec![Problem::nowhere("one")]), true),
            (Err(vec![Problem::nowhere("one")]), false),
            (Err(vec![Problem::nowhere("two")]), true),
            (Ok(unchanged), true),
            (Ok(unchanged), false),
        ] {
            shared.tell(&built);
            assert_eq!(number() != last, reloads, "{built:?}");
            last = number();
        }
    }
}
