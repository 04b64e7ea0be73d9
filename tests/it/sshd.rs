//! A lab of real OpenSSH servers on loopback: each with its own host keys and configuration, all in one temporary
//! folder, all with the real scripts behind a key that can do nothing else. They end when they are dropped.
#![allow(clippy::print_stderr)] // A test says why it is skipped.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use torcollect::collect::sources::tor_bridge::scripts::{EXTRACT_SCRIPT, READ_INSTANCE_SCRIPT};

use crate::support::bridge_stats;

/// A file of the real data (`TORCOLLECT_SHARED`, or `../shared`), or `None` after saying that it is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let file = std::env::var_os("TORCOLLECT_SHARED").map_or(here, PathBuf::from).join(path);
    if !file.exists() {
        eprintln!("skipped: there is no {}", file.display());
        return None;
    }
    Some(file)
}

/// The account that the tests run in.
pub fn user() -> String {
    let output = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8(output.stdout).expect("an account's name").trim().to_owned()
}

/// A folder with a client's key, the scripts, and whatever servers are started in it.
pub struct Lab {
    folder: TempDir,
}

impl Lab {
    /// A lab with no server yet.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("torcollect-lab-").tempdir().expect("a temporary folder");
        // The accounts of other tors run the reader.
        set_mode(folder.path(), 0o755);
        let lab = Self { folder };
        lab.script("extract", EXTRACT_SCRIPT);
        lab.script("read-instance", READ_INSTANCE_SCRIPT);
        lab.key_pair("client", "ed25519");
        lab
    }

    /// A path in the lab's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The client's private key.
    pub fn key(&self) -> PathBuf {
        self.path("client")
    }

    /// Makes a key pair `name` and `name.pub`.
    pub fn key_pair(&self, name: &str, kind: &str) -> PathBuf {
        let path = self.path(name);
        let bits: &[&str] = if kind == "rsa" { &["-b", "2048"] } else { &[] };
        run(Command::new("ssh-keygen").args(["-q", "-N", "", "-C", "lab", "-t", kind]).args(bits).arg("-f").arg(&path));
        path
    }

    /// Writes a script into the lab.
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a script");
        set_mode(&path, 0o755);
        path
    }

    /// A data directory in the lab with the files named: path below it and bytes.
    pub fn data(&self, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let folder = self.path(name);
        for (path, bytes) in files {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, bytes).expect("a file");
        }
        folder
    }

    /// A data directory as a real tor left it, with the statistics of `day` (`run1`, `empty` or `nogeoip`), a year earlier:
    /// its clock had been moved, and the future is not accepted. `None` where there are no real data.
    pub fn real_data(&self, name: &str, day: &str) -> Option<PathBuf> {
        let real = shared("data/lab-tor-0.4.9.11")?;
        let folder = self.path(name);
        fs::create_dir_all(folder.join("stats")).expect("a folder");
        for file in ["state", "hashed-fingerprint"] {
            a_year_earlier(&real.join(file), &folder.join(file));
        }
        for entry in fs::read_dir(real.join(day)).expect("real statistics") {
            let file = entry.expect("an entry").path();
            a_year_earlier(&file, &folder.join("stats").join(file.file_name().expect("a name")));
        }
        Some(folder)
    }

    /// The files of a tor that counted eight clients of a country on 2 March 2026.
    pub fn tor(&self, name: &str, country: &str) -> PathBuf {
        let stats = bridge_stats("2026-03-02 13:00:00", &format!("{country}=8"), "v4=8,v6=0", "obfs4=8");
        let state = b"TorVersion Tor 0.4.9.11\n";
        self.data(&format!("{name}-tor"), &[("stats/bridge-stats", stats.as_bytes()), ("state", state)])
    }

    /// A server with one such tor.
    pub fn bridge(&self, name: &str, country: &str) -> Sshd {
        let tor = self.tor(name, country);
        let instances = self.instances(&format!("{name}-instances"), &[("default", &user(), &tor)]);
        self.server(name).instances(&instances).start()
    }

    /// `sources.yaml` for servers that are waited for so many seconds.
    pub fn sources(&self, servers: &[(&str, &Entry)], timeout: u32) -> String {
        let server = |(name, entry): &(&str, &Entry)| {
            format!("  {name}: {{address: \"{}\", host_key: \"{}\"}}\n", entry.address, entry.host_key)
        };
        format!(
            "ssh: {{key: {}, connect_timeout: {timeout}, read_timeout: {timeout}, retries: 0}}\nservers:\n{}\
             sources: {{tor-bridge: {{bridges: {{servers: all}}}}}}\n",
            self.key().display(),
            servers.iter().map(server).collect::<String>()
        )
    }

    /// A file of instances: name, account, data directory.
    pub fn instances(&self, name: &str, instances: &[(&str, &str, &Path)]) -> PathBuf {
        let lines = instances.iter().map(|(name, user, folder)| format!("{name} {user} {}\n", folder.display()));
        let path = self.path(name);
        fs::write(&path, lines.collect::<String>()).expect("a file of instances");
        path
    }

    /// A server to be started; it serves the lab's `instances` unless told otherwise.
    pub fn server(&self, name: &str) -> Builder<'_> {
        let command = format!("{} {}", self.path("extract").display(), self.path("instances").display());
        Builder { lab: self, name: name.to_owned(), host_keys: vec!["ed25519"], command }
    }
}

/// A server that is not yet started.
pub struct Builder<'a> {
    lab: &'a Lab,
    name: String,
    host_keys: Vec<&'static str>,
    command: String,
}

impl Builder<'_> {
    /// The types of its host keys (`ed25519`, `ecdsa`, `rsa`), instead of `ed25519` alone.
    pub fn host_keys(mut self, kinds: &[&'static str]) -> Self {
        self.host_keys = kinds.to_vec();
        self
    }

    /// The file of instances that its forced command reads.
    pub fn instances(mut self, instances: &Path) -> Self {
        self.command = format!("{} {}", self.lab.path("extract").display(), instances.display());
        self
    }

    /// A shell script as the forced command, instead of the real one.
    pub fn forced(mut self, script: &str) -> Self {
        let path = self.lab.script(&format!("{}-forced", self.name), &format!("#!/bin/sh\n{script}\n"));
        self.command = path.display().to_string();
        self
    }

    /// The key may do anything, as an operator's own.
    pub fn unrestricted(mut self) -> Self {
        self.command = String::new();
        self
    }

    /// Starts it, and returns when it answers.
    pub fn start(self) -> Sshd {
        let Self { lab, name, host_keys, command } = self;
        // sshd insists on it when it runs as root.
        if user() == "root" {
            fs::create_dir_all("/run/sshd").expect("the folder of sshd's privilege separation");
        }
        let file = |what: &str| lab.path(&format!("{name}-{what}"));
        let client = fs::read_to_string(lab.path("client.pub")).expect("the client's key");
        let options = if command.is_empty() { String::new() } else { format!("restrict,command=\"{command}\" ") };
        fs::write(file("authorized_keys"), options + &client).expect("authorized keys");
        let mut settings = format!(
            "ListenAddress 127.0.0.1\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\nMaxStartups 100\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nLogLevel VERBOSE\nAuthorizedKeysFile {}\n",
            file("authorized_keys").display()
        );
        for kind in &host_keys {
            let key = lab.key_pair(&format!("{name}-host-{kind}"), kind);
            settings += &format!("HostKey {}\n", key.display());
        }
        fs::write(file("config"), settings).expect("sshd's configuration");
        for _ in 0..5 {
            let port = free_port();
            let child = Command::new("/usr/sbin/sshd")
                .args(["-D", "-e", "-p", &port.to_string(), "-f"])
                .arg(file("config"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(file("log")).expect("a log"))
                .spawn()
                .expect("sshd");
            let folder = lab.folder.path().to_owned();
            let mut sshd = Sshd { child, port, name: name.clone(), folder };
            // Another process may have taken the port in the meantime.
            if sshd.answers() {
                return sshd;
            }
        }
        panic!("sshd does not start: {}", fs::read_to_string(file("log")).unwrap_or_default());
    }
}

/// A server that runs until it is dropped.
pub struct Sshd {
    child: Child,
    port: u16,
    name: String,
    folder: PathBuf,
}

impl Sshd {
    /// What the lab calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `user@127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("{}@127.0.0.1:{}", user(), self.port)
    }

    /// Its host key of a type, as `TYPE BASE64`.
    pub fn host_key(&self, kind: &str) -> String {
        let path = self.folder.join(format!("{}-host-{kind}.pub", self.name));
        let line = fs::read_to_string(path).expect("a host key");
        line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join(format!("{}-log", self.name))).unwrap_or_default()
    }

    fn answers(&mut self) -> bool {
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            if let Ok(stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                let mut banner = String::new();
                return BufReader::new(stream).read_line(&mut banner).is_ok() && banner.starts_with("SSH-2.0");
            }
            if self.child.try_wait().expect("sshd").is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server as `sources.yaml` has it.
pub struct Entry {
    /// `user@host:port`.
    pub address: String,
    /// `TYPE BASE64`.
    pub host_key: String,
}

impl Entry {
    /// With the server's own address and host key.
    pub fn of(sshd: &Sshd) -> Self {
        Self { address: sshd.address(), host_key: sshd.host_key("ed25519") }
    }
}

/// A port on which nothing listens.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

/// Runs a command that must succeed.
pub fn run(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn a_year_earlier(from: &Path, to: &Path) {
    let text = fs::read_to_string(from).expect("a real file");
    fs::write(to, text.replace("2026-11-", "2025-11-")).expect("a copy");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}
