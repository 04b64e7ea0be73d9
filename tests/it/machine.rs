//! A server for tests of what is set up on servers: this machine's Debian, seen through an overlay in namespaces of its own.
//!
//! Its files are this machine's until something writes them: then the writer sees a copy in memory, and this machine sees
//! nothing. It has its own processes, too, so that a search for running tors finds the test's alone. The network is
//! this machine's loopback: a test reaches its sshd as it would any other. So Debian's real tools run in it
//! (`useradd`, `visudo`, `tor-instance-create`, `sshd`, `tor`), as root, and harm nobody.
//!
//! ```text
//! let Some(mut machine) = Machine::new() else { return };    // says why: it needs root
//! machine.real_tor("default", "run1");                       // /var/lib/tor of debian-tor, with real statistics
//! machine.tor("alpha", &[("stats/bridge-stats", b"…")]);     // tor-instance-create alpha
//! machine.admin("ann", "a password");                        // one who may sudo
//! machine.start_sshd();
//! // ssh -i machine.operator_key() -p machine.port() root@127.0.0.1
//! machine.run("ls -l /etc/torcollect").ok();
//! ```
//!
//! It ends with all its processes and files when it is dropped, or when the test's process ends however it does: its
//! first process lives as long as a pipe from here.
#![allow(clippy::print_stderr, dead_code)] // A test says why it is skipped; not every helper is used by every test.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::sshd::{Lab, free_port, user};
use crate::support::Said;

/// The machine's first process, as root of new namespaces. `$1` is an empty folder.
const START: &str = r#"
set -eu
mount -t tmpfs -o mode=755 tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root"
mount -t overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" overlay "$1/root"
cd "$1/root"
mount --rbind /dev dev
mount --rbind /sys sys
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
# This machine's people and their files are not on a server.
mount -t tmpfs -o mode=700 tmpfs root
mount -t tmpfs -o mode=755 tmpfs home
exec chroot . /bin/sh -c '
	set -eu
	cd /
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root USER=root LOGNAME=root LC_ALL=C
	mount -t proc proc /proc
	userdel torcollect 2>/dev/null || :
	rm -rf /etc/torcollect /usr/lib/torcollect /var/lib/torcollect /etc/sudoers.d/torcollect /var/lib/tor/* \
		/var/lib/tor-instances /etc/tor/instances
	rm -f /etc/systemd/system/torcollect-* /etc/ssh/ssh_host_* /etc/ssh/sshd_config.d/*
	mkdir -p -m 755 /run/sshd /run/sudo /run/lock
	mkdir -m 700 /root/.ssh
	ssh-keygen -q -N "" -C "" -t ed25519 -f /etc/ssh/ssh_host_ed25519_key
	echo started
	# A shell that waits for a child also buries the processes that others leave behind.
	cat >/dev/null
'
"#;

/// A server that runs until it is dropped.
pub struct Machine {
    /// `unshare`, the parent of the machine's first process.
    parent: Child,
    /// The first process, as this machine counts.
    init: u32,
    port: Option<u16>,
    folder: TempDir,
}

impl Machine {
    /// A machine with neither tor data nor sshd running, or `None` after saying why there cannot be one.
    pub fn new() -> Option<Self> {
        if user() != "root" {
            eprintln!("skipped: only root can make a machine for tests");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("torcollect-machine-").tempdir().expect("a temporary folder");
        let mut parent = Command::new("unshare")
            .args(["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "sh", "-c", START, "sh"])
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("unshare");
        let mut line = String::new();
        let _ = BufReader::new(parent.stdout.take().expect("a pipe")).read_line(&mut line);
        if line != "started\n" {
            let output = parent.wait_with_output().expect("unshare");
            let reason = String::from_utf8_lossy(&output.stderr).into_owned();
            eprintln!("skipped: no namespaces or overlays for a machine here: {reason}");
            return None;
        }
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", parent.id())).expect("children");
        let init = children.trim().parse().expect("one child");
        let key = folder.path().join("operator");
        crate::sshd::run(
            Command::new("ssh-keygen").args(["-q", "-N", "", "-C", "op", "-t", "ed25519", "-f"]).arg(&key),
        );
        let machine = Self { parent, init, port: None, folder };
        let public = fs::read(machine.folder.path().join("operator.pub")).expect("a key");
        machine.write("/root/.ssh/authorized_keys", 0o600, &public);
        Some(machine)
    }

    /// A command that will run in the machine as root; arguments can be added.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.init.to_string(), "--mount", "--pid", "--root", "--wdns=/", "--"]).arg(program);
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.envs([("HOME", "/root"), ("USER", "root"), ("LOGNAME", "root"), ("LC_ALL", "C")]);
        command.stdin(Stdio::null());
        command
    }

    /// Runs a shell command in the machine as root, with nothing on its standard input.
    pub fn run(&self, script: &str) -> Said {
        self.run_with(script, b"")
    }

    /// The same, with these bytes on its standard input.
    pub fn run_with(&self, script: &str, input: &[u8]) -> Said {
        let mut command = self.command("/bin/sh");
        command.arg("-c").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("nsenter");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        let writing = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("nsenter");
        writing.join().expect("a writer");
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Writes a file of root's in the machine, and the folders above it.
    pub fn write(&self, path: &str, mode: u32, bytes: &[u8]) {
        let script = format!("mkdir -p \"$(dirname '{path}')\" && cat >'{path}' && chmod {mode:o} '{path}'");
        self.run_with(&script, bytes).ok();
    }

    /// The text of a file in the machine.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        self.run(&format!("cat '{path}'")).ok().stdout
    }

    /// A tor as Debian makes it: `default` is the package's own, any other name an instance. Its files are in its
    /// DataDirectory, with the modes that tor gives them. Gives the DataDirectory.
    pub fn tor(&self, name: &str, files: &[(&str, &[u8])]) -> String {
        let (account, folder) = match name {
            "default" => ("debian-tor".to_owned(), "/var/lib/tor".to_owned()),
            _ => (format!("_tor-{name}"), format!("/var/lib/tor-instances/{name}")),
        };
        if name == "default" {
            self.run("install -d -m 2700 -o debian-tor -g debian-tor /var/lib/tor").ok();
        } else {
            self.run(&format!("tor-instance-create {name}")).ok();
        }
        self.run(&format!("install -d -m 2700 -o {account} -g {account} {folder}/stats {folder}/keys")).ok();
        for (file, bytes) in files {
            self.tor_file(&account, &format!("{folder}/{file}"), bytes);
        }
        folder
    }

    /// Writes a file of a tor as tor does: beside it, then renamed.
    pub fn tor_file(&self, account: &str, path: &str, bytes: &[u8]) {
        let script =
            format!("umask 077 && cat >'{path}.tmp' && chown {account} '{path}.tmp' && mv '{path}.tmp' '{path}'");
        self.run_with(&script, bytes).ok();
    }

    /// A tor with the statistics that a real one left (see [`Lab::real_data`]), or `None` where there are no real data.
    pub fn real_tor(&self, name: &str, day: &str) -> Option<String> {
        let lab = Lab::new();
        let real = lab.real_data("tor", day)?;
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for folder in [real.clone(), real.join("stats")] {
            for entry in fs::read_dir(folder).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_file() {
                    let below = path.strip_prefix(&real).expect("a path below").display().to_string();
                    files.push((below, fs::read(path).expect("a file")));
                }
            }
        }
        let files: Vec<(&str, &[u8])> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
        Some(self.tor(name, &files))
    }

    /// An account that logs in with the operator's key or this password, and may sudo everything with the password.
    /// For one who needs none: `machine.write("/etc/sudoers.d/ann", 0o440, b"ann ALL=(ALL:ALL) NOPASSWD: ALL\n")`.
    pub fn admin(&self, name: &str, password: &str) {
        self.run(&format!("useradd --create-home --shell /bin/bash --groups sudo {name}")).ok();
        self.password(name, password);
        let script = format!(
            "install -d -m 700 -o {name} -g {name} /home/{name}/.ssh && install -m 600 -o {name} -g {name} \
             /root/.ssh/authorized_keys /home/{name}/.ssh/authorized_keys"
        );
        self.run(&script).ok();
    }

    /// Gives an account a password, as for `root`.
    pub fn password(&self, name: &str, password: &str) {
        self.run_with("chpasswd", format!("{name}:{password}\n").as_bytes()).ok();
    }

    /// Starts sshd with Debian's settings and `PermitRootLogin yes`; passwords are accepted.
    pub fn start_sshd(&mut self) {
        self.start_sshd_with("");
    }

    /// The same, with more lines of `sshd_config` before the others (sshd takes the first of a kind).
    pub fn start_sshd_with(&mut self, settings: &str) {
        for _ in 0..5 {
            let port = free_port();
            let settings = format!(
                "{settings}\nListenAddress 127.0.0.1\nPort {port}\nPermitRootLogin yes\nKbdInteractiveAuthentication no\n\
                 UsePAM yes\nX11Forwarding yes\nPrintMotd no\nAcceptEnv LANG LC_*\nLogLevel VERBOSE\n\
                 PidFile /run/sshd.pid\nSubsystem sftp /usr/lib/openssh/sftp-server\n"
            );
            self.write("/etc/ssh/sshd_config", 0o644, settings.as_bytes());
            self.run("/usr/sbin/sshd -t").ok();
            self.run("/usr/sbin/sshd -E /run/sshd.log </dev/null >/dev/null 2>&1").ok();
            // Another process may have taken the port in the meantime.
            if answers(port) && self.read("/run/sshd.log").contains("Server listening") {
                self.port = Some(port);
                return;
            }
        }
        panic!("sshd does not start: {}", self.run("cat /run/sshd.log").stdout);
    }

    /// Ends sshd: the server does not answer any more. The sessions that are open stay.
    pub fn stop_sshd(&mut self) {
        self.run("kill \"$(cat /run/sshd.pid)\"").ok();
        self.port = None;
    }

    /// What sshd has logged.
    pub fn sshd_log(&self) -> String {
        self.read("/run/sshd.log")
    }

    /// The TCP port of its sshd on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port.expect("a machine whose sshd runs")
    }

    /// Its host key, as `ssh-ed25519 BASE64`.
    pub fn host_key(&self) -> String {
        self.read("/etc/ssh/ssh_host_ed25519_key.pub").split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// The private key (a path on this machine) that root and the admins accept.
    pub fn operator_key(&self) -> PathBuf {
        self.folder.path().join("operator")
    }

    /// A file on this machine that ends with the machine, as for keys and `known_hosts`.
    pub fn local_path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A line of `known_hosts` for this machine's host key, in a file on this machine.
    pub fn known_hosts(&self) -> PathBuf {
        let path = self.local_path("known_hosts");
        fs::write(&path, format!("[127.0.0.1]:{} {}\n", self.port(), self.host_key())).expect("a file");
        path
    }

    /// OpenSSH's client (`ssh`, `sftp`, `scp`), ready to log in with a key; the port's option differs and is set, too.
    pub fn client(&self, program: &str, key: &std::path::Path) -> Command {
        let mut command = Command::new(program);
        command.arg(if program == "ssh" { "-p" } else { "-P" }).arg(self.port().to_string());
        command.args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10"]);
        command.arg("-o").arg(format!("UserKnownHostsFile={}", self.known_hosts().display()));
        command.arg("-i").arg(key).stdin(Stdio::null());
        command
    }

    /// Every file below folders: type, mode, owner, where it points, and the checksums of contents. Two equal listings
    /// are two equal trees. The copies that `useradd` and its like leave in `/etc` are not in it.
    pub fn listing(&self, folders: &str) -> String {
        let script = format!(
            "for folder in {folders}; do [ -e $folder ] || continue; find $folder ! -path '/etc/*-' ! -path \
             /etc/.pwd.lock \\( -printf '%p %y %m %u:%g %l\\n' -type f -fprint0 /run/listing.$$ \\); \
             xargs -0 -r md5sum </run/listing.$$; done | sort; rm -f /run/listing.$$"
        );
        self.run(&script).ok().stdout
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // The first process ends with its pipe, all others with it, and `unshare` when they have.
        drop(self.parent.stdin.take());
        let end = Instant::now() + Duration::from_secs(10);
        while matches!(self.parent.try_wait(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        let _ = self.parent.kill();
        let _ = self.parent.wait();
    }
}

fn answers(port: u16) -> bool {
    let end = Instant::now() + Duration::from_secs(10);
    while Instant::now() < end {
        if let Ok(stream) = TcpStream::connect(("127.0.0.1", port)) {
            let mut banner = String::new();
            return BufReader::new(stream).read_line(&mut banner).is_ok() && banner.starts_with("SSH-2.0");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    false
}

#[test]
fn a_machine_is_a_debian_server_of_its_own_and_leaves_nothing_behind() {
    let before = fs::read_to_string("/etc/passwd").unwrap();
    let Some(mut machine) = Machine::new() else { return };
    machine.tor("alpha", &[("stats/bridge-stats", b"bridge-ips \n")]);
    assert_eq!(machine.run("stat -c '%U %a' /var/lib/tor-instances/alpha/stats").ok().stdout, "_tor-alpha 2700\n");
    machine.admin("ann", "a password");
    machine.start_sshd();
    for account in ["root", "ann"] {
        let mut ssh = machine.client("ssh", &machine.operator_key());
        let output = ssh.arg(format!("{account}@127.0.0.1")).arg("id -un").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), account, "{output:?} {}", machine.sshd_log());
    }
    let sudo = machine.run_with("su ann -c 'sudo -S id -u'", b"a password\n");
    assert_eq!(sudo.ok().stdout, "0\n");
    let (folder, port) = (machine.folder.path().to_owned(), machine.port());
    drop(machine);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "sshd has ended");
    assert!(!folder.exists());
    assert_eq!(fs::read_to_string("/etc/passwd").unwrap(), before);
}
