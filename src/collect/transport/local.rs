//! A command on this machine.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::event::PollFlags;

use super::drain::{Drain, wait};
use super::{Failure, Fetched, Limits, Transport};
use crate::collect::process::Group;

/// A command on this machine, by its words.
#[derive(Clone, Debug)]
pub struct Local {
    command: Vec<String>,
    /// Where it runs, and all that it finds in its environment; here and as torcollect itself, if nothing is said.
    inside: Option<(PathBuf, BTreeMap<String, String>)>,
}

impl Local {
    /// The program and its arguments; no shell is between.
    pub fn new(command: Vec<String>) -> Self {
        Self { command, inside: None }
    }

    /// The same, in this folder and with this environment alone.
    pub fn inside(self, folder: PathBuf, environment: BTreeMap<String, String>) -> Self {
        Self { inside: Some((folder, environment)), ..self }
    }
}

impl Transport for Local {
    fn fetch(&self, limits: &Limits) -> Result<Fetched, Failure> {
        let (program, arguments) =
            self.command.split_first().ok_or_else(|| Failure::NotStarted("it is empty".to_owned()))?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some((folder, environment)) = &self.inside {
            command.current_dir(folder).env_clear().envs(environment);
        }
        let group = Group::spawn(&mut command).map_err(|error| Failure::NotStarted(error.to_string()))?;
        drain(group, limits)
    }
}

/// Takes what a command prints, to its end.
fn drain(mut group: Group, limits: &Limits) -> Result<Fetched, Failure> {
    let mut drain = Drain::new(limits);
    let mut stdout = group.child.stdout.take();
    let mut stderr = group.child.stderr.take();
    let mut piece = vec![0; 64 * 1024];
    while stdout.is_some() || stderr.is_some() {
        let open = [stdout.as_ref().map(AsFd::as_fd), stderr.as_ref().map(AsFd::as_fd)];
        let polled: Vec<_> = open.iter().flatten().map(|descriptor| (*descriptor, PollFlags::IN)).collect();
        let Some(ready) = wait(&polled, drain.deadline())? else { return Err(drain.late()) };
        let out = stdout.is_some() && ready.first() == Some(&true);
        let err = stderr.is_some() && ready.last() == Some(&true);
        if let Some(stream) = stdout.as_mut().filter(|_| out) {
            match read(stream, &mut piece)? {
                0 => stdout = None,
                length => drain.stdout(&piece[..length])?,
            }
        }
        if let Some(stream) = stderr.as_mut().filter(|_| err) {
            match read(stream, &mut piece)? {
                0 => stderr = None,
                length => drain.stderr(&piece[..length])?,
            }
        }
    }
    let ended = group.wait(drain.deadline()).map_err(|error| Failure::Protocol(error.to_string()))?;
    let Some(status) = ended else { return Err(drain.late()) };
    let exit = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default());
    let (stdout, stderr) = drain.finish();
    Ok(Fetched { stdout, stderr, exit })
}

fn read(stream: &mut impl Read, piece: &mut [u8]) -> Result<usize, Failure> {
    loop {
        match stream.read(piece) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => return result.map_err(|error| Failure::Protocol(error.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::{Duration, Instant};

    use super::*;

    const LIMITS: Limits = Limits {
        connect: Duration::from_secs(1),
        silence: Duration::from_secs(1),
        total: Duration::from_secs(20),
        bytes: 1 << 20,
    };

    #[test]
    fn what_a_command_left_behind_ends_with_it() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let failure = shell(&format!("sleep 61 & echo $! >{}", file.path().display()), &LIMITS).unwrap_err();
        assert_eq!(failure, Failure::Silent);
        let child = std::fs::read_to_string(file.path()).unwrap();
        let state = || std::fs::read_to_string(format!("/proc/{}/stat", child.trim())).unwrap_or_default();
        let gone = |state: String| state.is_empty() || state.contains(") Z ");
        // A signal takes its time to arrive.
        let end = Instant::now() + Duration::from_secs(10);
        while !gone(state()) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(gone(state()), "{}", state());
    }

    fn shell(script: &str, limits: &Limits) -> Result<Fetched, Failure> {
        Local::new(["sh", "-c", script].map(str::to_owned).to_vec()).fetch(limits)
    }

    #[test]
    fn both_streams_and_the_exit_status_arrive() {
        let fetched = shell("echo out; echo err >&2; exit 3", &LIMITS).unwrap();
        assert_eq!(fetched, Fetched { stdout: b"out\n".to_vec(), stderr: "err\n".to_owned(), exit: 3 });
        assert_eq!(fetched.success(), Err(Failure::Failed(3, "err\n".to_owned())));
        assert_eq!(shell("kill -9 $$", &LIMITS).unwrap().exit, 137);
    }

    #[test]
    fn much_on_either_stream_does_not_block_the_other() {
        let script = "head -c 5000000 /dev/zero >&2; head -c 1000000 /dev/zero; head -c 5000000 /dev/zero >&2; echo";
        let fetched = shell(script, &LIMITS).unwrap();
        assert_eq!((fetched.stdout.len(), fetched.stderr.len()), (1_000_001, STDERR));
    }

    const STDERR: usize = 4096;

    #[test]
    fn what_goes_on_forever_is_stopped_at_the_cap() {
        assert_eq!(shell("cat /dev/zero", &LIMITS), Err(Failure::TooLarge(1 << 20)));
        let exactly = Limits { bytes: 4, ..LIMITS };
        assert_eq!(shell("printf 1234", &exactly).unwrap().stdout, b"1234");
        assert_eq!(shell("printf 12345", &exactly), Err(Failure::TooLarge(4)));
    }

    #[test]
    fn a_silent_command_is_ended_with_all_it_has_started() {
        let begun = Instant::now();
        let limits = Limits { silence: Duration::from_millis(100), ..LIMITS };
        assert_eq!(shell("echo begun; sleep 60 | cat", &limits), Err(Failure::Silent));
        assert_eq!(shell("exec >&- 2>&-; sleep 60", &limits), Err(Failure::Silent), "also one that closed its streams");
        assert!(begun.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_command_that_drips_is_too_slow_in_the_end() {
        let limits = Limits { total: Duration::from_millis(300), ..LIMITS };
        assert_eq!(shell("while :; do echo drip; sleep 0.02; done", &limits), Err(Failure::Slow));
    }

    #[test]
    fn a_command_that_is_not_there_is_not_started() {
        let failure = Local::new(vec!["/nonexistent/torcollect".to_owned()]).fetch(&LIMITS).unwrap_err();
        assert!(matches!(failure, Failure::NotStarted(_)));
        assert!(!failure.is_transient());
    }
}
