//! The operator's own way to a server, to set it up: whoever answers shows its key first; then the operator logs in with
//! the SSH agent, a key, or a password, and may run commands as root.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use ssh2::{KeyboardInteractivePrompt, Prompt};

use super::connection::{Connection, Running, refusal};
use super::host_key::{Known, offered};
use super::wire::Wire;
use super::{Failure, Fetched, Limits};
use crate::config::{Address, Via};

/// Keys that `ssh` would try too, in the folder `.ssh` of the home folder.
const KEYS: [&str; 3] = ["id_ed25519", "id_ecdsa", "id_rsa"];

/// How often a password is asked for.
const TRIES: usize = 3;
/// How many questions of its own a server may ask.
const QUESTIONS: usize = 8;
/// How long an operator may take to answer them: sshd's own patience (`LoginGraceTime`).
const TYPING: Duration = Duration::from_secs(120);

/// What an operator is asked on the way.
#[derive(Clone, Copy, Debug)]
pub enum Question<'a> {
    /// Whether this is the server's key: `SHA256:…`. The answer is `yes` or anything else.
    HostKey(&'a str),
    /// The password of an account on the server.
    Password(&'a str),
    /// The passphrase of a private key.
    Passphrase(&'a Path),
    /// What the server itself asks, in its words; none of it is shown while it is typed.
    Other(&'a str),
}

/// Asks the operator; `None` if nobody is there.
pub type Ask<'a> = dyn Fn(Question<'_>) -> Option<String> + 'a;

/// A server that has shown its key, and waits for somebody to log in.
pub struct Unverified {
    connection: Connection,
    user: String,
    limits: Limits,
}

impl Unverified {
    /// Connects, asking for a key that is known if there is one.
    pub fn meet(address: &Address, via: Option<&Via>, known: &Known, limits: &Limits) -> Result<Self, Failure> {
        let deadline = Instant::now() + limits.connect;
        let connection = Connection::open(Wire::open(address, via, deadline)?, known, deadline)?;
        Ok(Self { connection, user: address.user.clone(), limits: *limits })
    }

    /// The key that it has proved to hold, as `TYPE BASE64`.
    pub fn host_key(&self) -> Result<String, Failure> {
        offered(&self.connection.session)
    }

    /// Whether that is the one that is known.
    pub fn verify(&self, known: &Known) -> Result<(), Failure> {
        known.verify(&self.connection.session)
    }

    /// Logs in: with the key that is given, else with those of the agent and of the home folder, else with a password.
    pub fn log_in(self, identity: Option<&Path>, ask: &Ask<'_>) -> Result<Operator, Failure> {
        let password = self.let_in(identity, ask)?;
        let Self { connection, user, limits } = self;
        Ok(Operator { connection, user, limits, password })
    }

    /// The password that was typed, if it took one.
    fn let_in(&self, identity: Option<&Path>, ask: &Ask<'_>) -> Result<Option<String>, Failure> {
        let session = &self.connection.session;
        let methods = self.connection.until(self.deadline(), || session.auth_methods(&self.user).map(str::to_owned))?;
        if session.authenticated() {
            return Ok(None);
        }
        let methods = methods.map_err(|error| refusal(&error))?;
        let offers = |method: &str| methods.split(',').any(|offered| offered == method);
        let mut refused = Failure::KeyRefused;
        if offers("publickey") {
            match self.with_key(identity, ask) {
                Ok(()) => return Ok(None),
                Err(failure @ (Failure::KeyRefused | Failure::NoKey(_))) => refused = failure,
                Err(failure) => return Err(failure),
            }
        }
        if identity.is_some() || !(offers("password") || offers("keyboard-interactive")) {
            return Err(refused);
        }
        for _ in 0..TRIES {
            let (typed, outcome) = if offers("password") {
                let Some(password) = ask(Question::Password(&self.user)) else { return Err(refused) };
                let attempt = || session.userauth_password(&self.user, &password);
                let outcome = self.connection.until(self.deadline(), attempt)?;
                (Some(password), outcome)
            } else {
                let mut asked = Asked { ask, answers: 0, first: None, nobody: false };
                // The operator takes time to type.
                let deadline = Instant::now() + TYPING;
                let attempt = || session.userauth_keyboard_interactive(&self.user, &mut asked);
                let outcome = self.connection.until(deadline, attempt)?;
                if asked.nobody {
                    return Err(refused);
                }
                (asked.first, outcome)
            };
            match outcome.map_err(|error| refusal(&error)) {
                Ok(()) => return Ok(typed),
                Err(Failure::KeyRefused) => refused = Failure::PasswordRefused,
                Err(failure) => return Err(failure),
            }
        }
        Err(refused)
    }

    fn with_key(&self, identity: Option<&Path>, ask: &Ask<'_>) -> Result<(), Failure> {
        let mut refused = Failure::NoKey("there is none in the agent or the home folder".to_owned());
        let files: Vec<PathBuf> = match identity {
            Some(file) => vec![file.to_owned()],
            None => {
                match self.connection.log_in_with_agent(&self.user, self.deadline()) {
                    Ok(()) => return Ok(()),
                    Err(failure @ Failure::KeyRefused) => refused = failure,
                    Err(Failure::NoKey(_)) => {}
                    Err(failure) => return Err(failure),
                }
                let home = std::env::home_dir().unwrap_or_default();
                KEYS.iter().map(|key| home.join(".ssh").join(key)).filter(|key| key.is_file()).collect()
            }
        };
        for file in files {
            let mut outcome = self.connection.log_in_with(&self.user, &file, None, self.deadline());
            if matches!(outcome, Err(Failure::NoKey(_)))
                && file.is_file()
                && let Some(passphrase) = ask(Question::Passphrase(&file))
            {
                outcome = self.connection.log_in_with(&self.user, &file, Some(&passphrase), self.deadline());
            }
            match outcome {
                Err(failure @ (Failure::KeyRefused | Failure::NoKey(_))) => refused = failure,
                outcome => return outcome,
            }
        }
        Err(refused)
    }

    fn deadline(&self) -> Instant {
        Instant::now() + self.limits.silence
    }
}

/// Hands the server's questions on to the operator, as many as are reasonable.
struct Asked<'a> {
    ask: &'a Ask<'a>,
    answers: usize,
    /// The first answer, which is the password if the server wants no more than that.
    first: Option<String>,
    nobody: bool,
}

impl KeyboardInteractivePrompt for Asked<'_> {
    fn prompt<'a>(&mut self, _: &str, _: &str, prompts: &[Prompt<'a>]) -> Vec<String> {
        let mut answers = Vec::new();
        for prompt in prompts {
            self.answers += 1;
            let said =
                if self.nobody || self.answers > QUESTIONS { None } else { (self.ask)(Question::Other(&prompt.text)) };
            self.nobody |= said.is_none();
            let said = said.unwrap_or_default();
            self.first.get_or_insert_with(|| said.clone());
            answers.push(said);
        }
        answers
    }
}

/// An operator who is logged in.
pub struct Operator {
    connection: Connection,
    user: String,
    limits: Limits,
    password: Option<String>,
}

/// Why an operator cannot be root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Powerless {
    /// Something went wrong on the way.
    Failed(Failure),
    /// The account runs no commands.
    NoShell,
    /// The account is not root and the server has no sudo.
    NoSudo,
    /// sudo wants a password, and nobody is there to type it.
    NobodyToAsk,
    /// sudo wants another password, or does not let the account be root.
    Refused,
}

impl From<Failure> for Powerless {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Operator {
    /// The account.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// How a script is run as root: what stands before the command, and what comes before its input.
    pub fn root(&self, ask: &Ask<'_>) -> Result<Root, Powerless> {
        let run = |command: &str, input: &str| -> Result<Fetched, Failure> {
            let mut running = self.connection.start(command, &self.limits)?;
            running.send(input.as_bytes())?;
            running.end_of_input()?;
            running.finish()
        };
        // A login shell may say things of its own, and need not be a POSIX one.
        let said = run("sh -c 'echo torcollect: $(id -u) $(command -v sudo)'", "")?.stdout;
        let said = String::from_utf8_lossy(&said);
        let answer = said.lines().find_map(|line| line.strip_prefix("torcollect: "));
        match answer.map(|answer| answer.split(' ').collect::<Vec<_>>()).as_deref() {
            None => return Err(Powerless::NoShell),
            Some(["0", ..]) => return Ok(Root { prefix: "", input: String::new() }),
            Some([_, sudo, ..]) if !sudo.is_empty() => {}
            Some(_) => return Err(Powerless::NoSudo),
        }
        if run("sudo -n true", "")?.exit == 0 {
            return Ok(Root { prefix: "sudo -n ", input: String::new() });
        }
        // `-k`, so that sudo reads the password even if it remembers one: else the next to read would take it for its own.
        let prefix = "sudo -k -S -p '' ";
        let mut password = self.password.clone();
        for _ in 0..TRIES {
            let Some(typed) = password.take().or_else(|| ask(Question::Password(&self.user))) else {
                return Err(Powerless::NobodyToAsk);
            };
            let input = format!("{typed}\n");
            if run(&format!("{prefix}true"), &input)?.exit == 0 {
                return Ok(Root { prefix, input });
            }
        }
        Err(Powerless::Refused)
    }

    /// Starts a script as root, with its standard input open for what comes later.
    pub fn start<'a>(&'a self, root: &Root, script: &str, limits: &'a Limits) -> Result<Running<'a>, Failure> {
        let command = format!("{}sh -c 'eval \"$(dd bs=1 count={} 2>/dev/null)\"'", root.prefix, script.len());
        let mut running = self.connection.start(&command, limits)?;
        running.send(root.input.as_bytes())?;
        running.send(script.as_bytes())?;
        Ok(running)
    }
}

/// How to be root on a server.
pub struct Root {
    prefix: &'static str,
    input: String,
}

/// The limits of a set-up: packages may be installed meanwhile.
pub fn patient(limits: &Limits) -> Limits {
    Limits { silence: Duration::from_secs(300), total: Duration::from_secs(900), ..*limits }
}
