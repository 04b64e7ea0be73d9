//! A program on this machine that ends when it is no longer wanted, with all that it has started.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// How often a program is asked whether it has ended.
const POLL: Duration = Duration::from_millis(5);

/// A program in a process group of its own.
pub struct Group {
    /// The program itself; its streams may be taken.
    pub child: Child,
    /// Once it has been waited for, its number may be another process's.
    reaped: bool,
}

impl Group {
    /// Starts it.
    pub fn spawn(command: &mut Command) -> std::io::Result<Self> {
        Ok(Self { child: command.process_group(0).spawn()?, reaped: false })
    }

    /// How it ends; `None` if it has not at the deadline.
    pub fn wait(&mut self, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
        loop {
            let status = self.child.try_wait()?;
            self.reaped |= status.is_some();
            if status.is_some() || Instant::now() >= deadline {
                return Ok(status);
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.reaped {
            if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
                let _ = kill_process_group(group, Signal::KILL);
            }
            let _ = self.child.wait();
        }
    }
}
