//! A program on this machine that ends when it is no longer wanted, with all that it has started.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};

use rustix::process::{Pid, Signal, kill_process_group};

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

    /// How it has ended, if it has.
    pub fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        let status = self.child.try_wait()?;
        self.reaped |= status.is_some();
        Ok(status)
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
