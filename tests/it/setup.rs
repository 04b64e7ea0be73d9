//! The script that sets a server up, on real Debian servers.
#![allow(clippy::print_stderr)] // A test says why it is skipped.

use std::fs;
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use torcollect::collect::setup::{Install, Place, SPOOL_SCRIPT, install_script, purge_script};
use torcollect::collect::sources::tor_bridge::frame::{Extract, State};
use torcollect::collect::sources::tor_bridge::scripts::{EXTRACT_SCRIPT, READ_INSTANCE_SCRIPT, SCRIPT_VERSION};
use torcollect::collect::sources::tor_bridge::stats::parse;

use crate::machine::Machine;
use crate::sshd::{free_port, run};
use crate::support::{Said, bridge_stats};

/// All that a setup may change, and what it must not.
const WATCHED: &str = "/etc /usr/lib/torcollect /var/lib/torcollect /var/lib/tor /var/lib/tor-instances /home /root";
const HASH: &str = "0123456789ABCDEF0123456789ABCDEF01234567";
/// What the script says, after `ready`, when it waits.
const TOKEN: &str = "0123456789abcdef";
const FINGERPRINT: &[u8] = b"elm 0123456789ABCDEF0123456789ABCDEF01234567\n";

/// A collector that knows a machine by its key alone.
struct Collector {
    machine: Machine,
    key: PathBuf,
}

impl Collector {
    fn of(machine: Machine) -> Self {
        let key = machine.local_path("collector");
        run(Command::new("ssh-keygen").args(["-q", "-N", "", "-C", "torcollect", "-t", "ed25519", "-f"]).arg(&key));
        Self { machine, key }
    }

    /// A machine with a tor `default` and an instance `alpha`, whose statistics are of a day.
    fn new() -> Option<Self> {
        let machine = Machine::new()?;
        for name in ["default", "alpha"] {
            machine.tor(name, &[("stats/bridge-stats", day(1).as_bytes()), ("hashed-fingerprint", FINGERPRINT)]);
        }
        Some(Self::of(machine))
    }

    fn public(&self) -> String {
        fs::read_to_string(self.key.with_extension("pub")).unwrap().trim().to_owned()
    }

    fn script(&self, places: &[&str], spool: bool, confirm: bool) -> String {
        let places: Vec<Place> = places.iter().map(|place| place.parse().unwrap()).collect();
        let confirm = confirm.then_some(TOKEN);
        install_script(&Install { key: &self.public(), places: &places, spool, confirm })
    }

    /// Sets up as `server add` does: script and answer come on one standard input.
    fn add(&self, places: &[&str], answer: &str) -> Said {
        piped(&self.machine, &self.script(places, false, true), answer)
    }

    /// Sets up as one who works by hand.
    fn install(&self) -> Said {
        self.machine.run_with("sh", self.script(&[], false, false).as_bytes())
    }

    /// What comes of asking with the collector's key.
    fn ssh(&self, arguments: &[&str], command: &str) -> Said {
        let mut ssh = self.machine.client("ssh", &self.key);
        let output = ssh.args(arguments).arg("torcollect@127.0.0.1").arg(command).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What the account prints.
    fn extract(&self) -> String {
        self.machine.run("runuser -u torcollect /usr/lib/torcollect/extract").ok().stdout
    }

    fn purge(&self) -> Said {
        piped(&self.machine, &purge_script(&self.public()), "").ok()
    }

    fn listing(&self) -> String {
        self.machine.listing(WATCHED)
    }
}

fn piped(machine: &Machine, script: &str, answer: &str) -> Said {
    let command = format!("sh -c 'eval \"$(dd bs=1 count={} 2>/dev/null)\"'", script.len());
    machine.run_with(&command, format!("{script}{answer}").as_bytes())
}

/// Statistics of the day of that number of a month.
fn day(number: u32) -> String {
    bridge_stats(&format!("2025-11-{number:02} 10:00:00"), "ru=8", &format!("v4={},v6=0", 8 * number), "obfs4=8")
}

fn lines<'a>(said: &'a Said, start: &str) -> Vec<&'a str> {
    said.stdout.lines().filter_map(|line| line.strip_prefix(start)).collect()
}

fn names(extract: &str) -> Vec<&str> {
    Extract::parse(extract.as_bytes()).expect(extract).instances.iter().map(|instance| instance.name).collect()
}

/// Two listings, by their differences.
#[track_caller]
fn assert_same(before: &str, after: &str, when: &str) {
    let gone: Vec<_> = before.lines().filter(|line| !after.lines().any(|other| other == *line)).collect();
    let new: Vec<_> = after.lines().filter(|line| !before.lines().any(|other| other == *line)).collect();
    assert!(gone.is_empty() && new.is_empty(), "{when}: gone {gone:#?}, new {new:#?}");
}

#[test]
fn three_tors_are_set_up_in_one_go_and_read_through_the_key() {
    let Some(machine) = Machine::new() else { return };
    for (name, statistics) in [("default", "run1"), ("alpha", "empty"), ("beta", "nogeoip")] {
        let Some(_) = machine.real_tor(name, statistics) else { return };
    }
    let mut collector = Collector::of(machine);
    let begun = Instant::now();
    let said = collector.add(&[], "keep\n").ok();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(said.stderr, "");
    let found = [
        "default debian-tor /var/lib/tor",
        "alpha _tor-alpha /var/lib/tor-instances/alpha",
        "beta _tor-beta /var/lib/tor-instances/beta",
    ];
    assert_eq!(lines(&said, "instance: "), found);
    assert!(said.stdout.ends_with(&format!("\nready {TOKEN}\n")), "{said:?}");
    let machine = &collector.machine;
    let modes = machine.run(
        "cd / && find usr/lib/torcollect etc/torcollect etc/sudoers.d/torcollect var/lib/torcollect -printf '%p %m %u:%g\\n' | sort",
    );
    assert_eq!(
        modes.ok().stdout,
        "etc/sudoers.d/torcollect 440 root:root\n\
         etc/torcollect 755 root:root\n\
         etc/torcollect/extract.d 755 root:root\n\
         etc/torcollect/instances 644 root:root\n\
         etc/torcollect/made-account 644 root:root\n\
         usr/lib/torcollect 755 root:root\n\
         usr/lib/torcollect/extract 755 root:root\n\
         usr/lib/torcollect/read-instance 755 root:root\n\
         var/lib/torcollect 755 root:root\n\
         var/lib/torcollect/.ssh 750 root:torcollect\n\
         var/lib/torcollect/.ssh/authorized_keys 640 root:torcollect\n"
    );
    assert_eq!(machine.read("/usr/lib/torcollect/extract"), EXTRACT_SCRIPT);
    assert_eq!(machine.read("/usr/lib/torcollect/read-instance"), READ_INSTANCE_SCRIPT);
    assert_eq!(machine.run("getent shadow torcollect").ok().stdout.split(':').nth(1), Some("*"));
    let account = machine.run("getent passwd torcollect").ok().stdout;
    assert!(account.ends_with(":/var/lib/torcollect:/bin/sh\n"), "{account}");
    let rules = machine.read("/etc/sudoers.d/torcollect");
    let rule = "torcollect ALL=(_tor-beta) NOPASSWD: /usr/lib/torcollect/read-instance /var/lib/tor-instances/beta";
    assert_eq!(rules.lines().filter(|line| line.starts_with("torcollect ")).count(), 3, "{rules}");
    assert!(rules.lines().any(|line| line == rule), "{rules}");
    collector.machine.start_sshd_with("UsePAM no");
    let extract = collector.ssh(&[], "").ok().stdout;
    let extract = Extract::parse(extract.as_bytes()).expect("an extract");
    assert_eq!(extract.script_version, SCRIPT_VERSION.to_string());
    let clients: Vec<_> = parse(&extract).iter().map(|facts| facts.reports[0].versions).collect();
    assert_eq!(clients, [Some((152, 8)), Some((0, 0)), None]);
    // Again: nothing is to be done.
    let before = collector.listing();
    let again = collector.add(&[], "keep\n").ok();
    assert_eq!((lines(&again, "done: "), lines(&again, "instance: ")), (vec![], found.to_vec()));
    assert_eq!(lines(&collector.install().ok(), "done: "), Vec::<&str>::new());
    assert_same(&before, &collector.listing(), "a second run");
}

/// A server that is set up, and whose sshd runs.
fn set_up() -> Option<Collector> {
    let mut collector = Collector::new()?;
    collector.add(&[], "keep\n").ok();
    collector.machine.start_sshd();
    Some(collector)
}

#[test]
fn whatever_the_key_asks_for_it_gets_the_extract() {
    let Some(collector) = set_up() else { return };
    for (arguments, command) in [(&[][..], "id"), (&[], "cat /etc/passwd"), (&["-A"], "ssh-add -l"), (&["-Y"], "env")] {
        let said = collector.ssh(arguments, command);
        assert_eq!(names(&said.stdout), ["default", "alpha"], "{arguments:?} {said:?}");
    }
    let terminal = collector.ssh(&["-tt"], "sh");
    assert!(terminal.stderr.contains("PTY allocation request failed"), "{terminal:?}");
    assert_eq!(terminal.stdout, "");
}

#[test]
fn the_key_gets_neither_agent_nor_x11() {
    let Some(collector) = set_up() else { return };
    // An own forced command shows what a session of this key has.
    let keys = "/var/lib/torcollect/.ssh/authorized_keys";
    collector.machine.run(&format!("sed -i 's|command=\"[^\"]*\"|command=\"env\"|' {keys}")).ok();
    let socket = collector.machine.local_path("agent");
    let mut agent =
        Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn().expect("ssh-agent");
    while TcpStream::connect(("127.0.0.1", collector.machine.port())).is_err() || !socket.exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let session = |arguments: &[&str], account: &str, key: &PathBuf| {
        let mut ssh = collector.machine.client("ssh", key);
        ssh.env("SSH_AUTH_SOCK", &socket).env("DISPLAY", "127.0.0.1:9").args(arguments);
        let output = ssh.arg(format!("{account}@127.0.0.1")).arg("env").output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let own = session(&["-A", "-Y"], "torcollect", &collector.key);
    let operators = session(&["-A"], "root", &collector.machine.operator_key());
    agent.kill().and_then(|()| agent.wait()).expect("ssh-agent");
    assert!(own.contains("SSH_CONNECTION=") && !own.contains("SSH_AUTH_SOCK") && !own.contains("DISPLAY"), "{own}");
    assert!(operators.contains("SSH_AUTH_SOCK"), "the test would see it: {operators}");
}

#[test]
fn the_key_forwards_nothing() {
    let Some(collector) = set_up() else { return };
    let port = collector.machine.port();
    let through = |key: &PathBuf, account: &str, kind: &str| -> bool {
        let local = free_port();
        let forward = match kind {
            "-D" => format!("127.0.0.1:{local}"),
            _ => format!("127.0.0.1:{local}:127.0.0.1:{port}"),
        };
        let mut ssh = collector.machine.client("ssh", key);
        ssh.args(["-N", "-o", "ExitOnForwardFailure=yes", kind, &forward]).arg(format!("{account}@127.0.0.1"));
        let mut ssh = ssh.stderr(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + Duration::from_secs(5);
        let mut came = false;
        while !came && Instant::now() < end && ssh.try_wait().unwrap().is_none() {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", local)) {
                use std::io::{Read, Write};
                stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
                if kind == "-D" {
                    // SOCKS 5: no authentication; connect to 127.0.0.1.
                    let [high, low] = port.to_be_bytes();
                    let _ = stream.write_all(&[5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, high, low]);
                }
                let mut answer = Vec::new();
                let mut bytes = [0; 64];
                while let Ok(count @ 1..) = stream.read(&mut bytes) {
                    answer.extend_from_slice(&bytes[..count]);
                    came = came || answer.windows(4).any(|window| window == b"SSH-");
                    if came {
                        break;
                    }
                }
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = ssh.kill();
        let _ = ssh.wait();
        came
    };
    for kind in ["-L", "-R", "-D"] {
        assert!(!through(&collector.key, "torcollect", kind), "{kind}");
        assert!(through(&collector.machine.operator_key(), "root", kind), "the test would see {kind}");
    }
}

#[test]
fn the_key_copies_nothing() {
    let Some(collector) = set_up() else { return };
    let here = collector.machine.local_path("copied");
    for arguments in [&["-s"][..], &["-O"]] {
        let mut scp = collector.machine.client("scp", &collector.key);
        let output = scp.args(arguments).arg("torcollect@127.0.0.1:/etc/passwd").arg(&here).output().unwrap();
        assert!(!output.status.success() && !here.exists(), "{arguments:?} {output:?}");
        let mut scp = collector.machine.client("scp", &collector.key);
        let output = scp.args(arguments).arg(&collector.key).arg("torcollect@127.0.0.1:/tmp/there").output().unwrap();
        assert!(!output.status.success(), "{arguments:?} {output:?}");
    }
    let batch = collector.machine.local_path("batch");
    fs::write(&batch, format!("get /etc/passwd {}\n", here.display())).unwrap();
    let mut sftp = collector.machine.client("sftp", &collector.key);
    let output = sftp.arg("-b").arg(&batch).arg("torcollect@127.0.0.1").output().unwrap();
    assert!(!output.status.success() && !here.exists(), "{output:?}");
    assert_eq!(collector.machine.run("ls /tmp/there").code, Some(2));
}

#[test]
fn the_account_may_run_its_readers_and_nothing_else() {
    let Some(collector) = set_up() else { return };
    let machine = &collector.machine;
    let as_account = |command: &str| machine.run(&format!("runuser -u torcollect -- {command}"));
    let reader = "/usr/lib/torcollect/read-instance";
    as_account(&format!("sudo -n -u debian-tor {reader} /var/lib/tor")).ok();
    let listed = as_account("sudo -n -l").ok().stdout;
    let rules: Vec<_> = listed.lines().filter(|line| line.trim_start().starts_with('(')).map(str::trim).collect();
    assert_eq!(
        rules,
        [
            "(debian-tor) NOPASSWD: /usr/lib/torcollect/read-instance /var/lib/tor",
            "(_tor-alpha) NOPASSWD: /usr/lib/torcollect/read-instance /var/lib/tor-instances/alpha"
        ]
    );
    for refused in [
        format!("sudo -n {reader} /var/lib/tor"),
        format!("sudo -n -u _tor-alpha {reader} /var/lib/tor"),
        format!("sudo -n -u debian-tor {reader} /var/lib/tor-instances/alpha"),
        format!("sudo -n -u debian-tor {reader} /var/lib/tor/"),
        format!("sudo -n -u debian-tor {reader} /var/lib/tor /etc"),
        format!("sudo -n -u debian-tor {reader}"),
        "sudo -n -u debian-tor cat /var/lib/tor/stats/bridge-stats".to_owned(),
        "sudo -n -u debian-tor sh".to_owned(),
        "sudo -n id".to_owned(),
        "cat /var/lib/tor/stats/bridge-stats".to_owned(),
        "cat /etc/shadow".to_owned(),
        "sh -c 'echo >>/var/lib/torcollect/.ssh/authorized_keys'".to_owned(),
        "mv /var/lib/torcollect/.ssh /var/lib/torcollect/x".to_owned(),
        "touch /usr/lib/torcollect/x".to_owned(),
        "touch /etc/torcollect/x".to_owned(),
    ] {
        let said = as_account(&refused);
        assert_ne!(said.code, Some(0), "{refused}: {said:?}");
        assert!(!said.stdout.contains("bridge-ips"), "{refused}: {said:?}");
    }
}

#[test]
fn what_is_damaged_is_repaired_and_the_keys_of_others_stay() {
    let Some(collector) = set_up() else { return };
    let machine = &collector.machine;
    let other = "restrict,command=\"/usr/lib/torcollect/extract\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTJmPwlxc6GSWuYtrTIPOLgyp1XT2mDe25jyLMK0Kbb other";
    let keys = "/var/lib/torcollect/.ssh/authorized_keys";
    let whole = collector.listing();
    let key = collector.public();
    let damages = [
        "rm -r /usr/lib/torcollect /etc/torcollect/instances".to_owned(),
        "chmod 777 /usr/lib/torcollect /usr/lib/torcollect/extract /var/lib/torcollect/.ssh".to_owned(),
        "rm -r /var/lib/torcollect".to_owned(),
        "chown -R torcollect: /var/lib/torcollect".to_owned(),
        "echo 'exit 0' >/usr/lib/torcollect/read-instance".to_owned(),
        "ln -sf /etc/shadow /usr/lib/torcollect/extract".to_owned(),
        "echo 'torcollect ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/torcollect; chmod 666 /etc/sudoers.d/torcollect"
            .to_owned(),
        "rm /etc/sudoers.d/torcollect; echo broken >/etc/torcollect/instances".to_owned(),
        "usermod -L torcollect; usermod -s /usr/sbin/nologin -d /home/x torcollect".to_owned(),
        format!("echo '{key}' >{keys}; echo '{key}' >>{keys}"),
    ];
    for damage in damages {
        machine.run(&damage).ok();
        assert_ne!(collector.listing(), whole, "{damage}");
        let said = collector.install().ok();
        assert_ne!(lines(&said, "done: "), Vec::<&str>::new(), "{damage}");
        assert_same(&whole, &collector.listing(), &damage);
        assert_eq!(names(&collector.ssh(&[], "").ok().stdout), ["default", "alpha"], "{damage}");
    }
    machine.run(&format!("echo '{other}' >>{keys}; sed -i 's/^restrict,//' {keys}; echo '# mine' >>{keys}")).ok();
    collector.install().ok();
    let other = other.trim_start_matches("restrict,");
    let line = format!("restrict,command=\"/usr/lib/torcollect/extract\" {key}\n");
    assert_eq!(machine.read(keys), format!("{line}{other}\n# mine\n"));
}

#[test]
fn a_new_tor_is_added_one_that_is_gone_is_dropped_and_names_stay() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    collector.add(&["oak:_tor-alpha:/var/lib/tor-instances/alpha"], "keep\n").ok();
    machine.tor("beta", &[("hashed-fingerprint", FINGERPRINT)]);
    machine.run("rm -r /var/lib/tor").ok();
    let said = collector.install().ok();
    assert_eq!(
        lines(&said, "instance: "),
        ["oak _tor-alpha /var/lib/tor-instances/alpha", "beta _tor-beta /var/lib/tor-instances/beta"]
    );
    assert_eq!(lines(&said, "done: ")[0], "dropped the instance default, whose folder /var/lib/tor is gone");
    assert!(!machine.read("/etc/sudoers.d/torcollect").contains("debian-tor"));
    assert!(machine.read("/etc/torcollect/instances").contains("\noak _tor-alpha "));
}

#[test]
fn a_running_tor_is_found_wherever_its_data_are() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    machine.run("useradd --system walter && install -d -m 700 -o walter /srv/oak /srv/elm /srv/ash").ok();
    machine.write("/srv/elm.torrc", 0o644, b"# mine\nDataDirectory /srv/elm\nSocksPort 0\nDisableNetwork 1\n");
    machine.write("/srv/ash.defaults", 0o644, b"DataDirectory /srv/ash\nSocksPort 0\nDisableNetwork 1\n");
    machine.write("/srv/empty.torrc", 0o644, b"");
    for folder in ["oak", "elm", "ash"] {
        machine.tor_file("walter", &format!("/srv/{folder}/hashed-fingerprint"), FINGERPRINT);
    }
    let tor = |arguments: &str| {
        machine
            .run(&format!("runuser -u walter -- tor --quiet --RunAsDaemon 1 {arguments} </dev/null >/dev/null 2>&1"))
            .ok()
    };
    tor("-f /srv/empty.torrc --DisableNetwork 1 --SocksPort 0 --DataDirectory /srv/oak");
    tor("-f /srv/elm.torrc");
    tor("--defaults-torrc /srv/ash.defaults -f /srv/empty.torrc");
    let said = collector.install().ok();
    let mut found = lines(&said, "instance: ");
    found.sort_unstable();
    assert_eq!(
        found,
        [
            "alpha _tor-alpha /var/lib/tor-instances/alpha",
            "ash walter /srv/ash",
            "default debian-tor /var/lib/tor",
            "elm walter /srv/elm",
            "oak walter /srv/oak"
        ]
    );
}

#[test]
fn a_tor_in_a_container_is_named_and_can_be_added_by_hand() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    // As a volume that a container has at /var/lib/tor, of an account without a name.
    machine.run("install -d -m 700 -o 4321 -g 4321 /srv/volume /srv/volume/stats").ok();
    machine.tor_file("4321", "/srv/volume/stats/bridge-stats", day(3).as_bytes());
    machine
        .run(
            "cp /bin/sleep /run/tor; unshare -m sh -c 'mount --bind /srv/volume /var/lib/tor && exec setpriv --reuid \
             4321 --clear-groups /run/tor 1000' </dev/null >/dev/null 2>&1 & sleep 0.3",
        )
        .ok();
    let said = collector.install().ok();
    let notes = lines(&said, "note: the tor of process ");
    assert!(notes.len() == 1 && notes[0].contains("runs in a container (as #4321)"), "{said:?}");
    assert_eq!(lines(&said, "instance: ").len(), 2, "{said:?}");
    let said = collector.add(&["boxed:#4321:/srv/volume"], "keep\n").ok();
    assert_eq!(lines(&said, "instance: ")[0], "boxed #4321 /srv/volume");
    let extract = machine.run("runuser -u torcollect /usr/lib/torcollect/extract").ok().stdout;
    let extract = Extract::parse(extract.as_bytes()).unwrap();
    assert_eq!(parse(&extract)[0].reports[0].versions, Some((24, 0)), "{extract:?}");
    // And it stays in a later run that does not name it.
    assert_eq!(lines(&collector.install().ok(), "instance: ")[0], "boxed #4321 /srv/volume");
}

#[test]
fn a_hostile_tor_gets_nothing_done() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    let inside = "/var/lib/tor-instances/alpha";
    let secret = "root-secret-0815";
    machine.write("/root/secret", 0o600, secret.as_bytes());
    machine
        .run(&format!(
            "cd {inside} && ln -sf /root/secret hashed-fingerprint && ln -sf /root/secret state && rm stats/bridge-stats && \
             ln -s /root/secret stats/bridge-stats && mkdir '$(touch hacked)' 'a b' && \
             printf '#!/bin/sh\\ntouch /hacked\\n' >stats/dirreq-stats && chmod 777 stats/dirreq-stats && \
             chown -hR _tor-alpha: . && mkdir '/var/lib/tor-instances/$(touch hacked)' \
             '/var/lib/tor-instances/a b' '/var/lib/tor-instances/-n' && for i in /var/lib/tor-instances/*; do touch \"$i/hashed-fingerprint\"; done"
        ))
        .ok();
    // Processes of that name, of nobody's: with an argument that a shell or sudo would misread, and with root's folder.
    machine.run("cp /bin/dash /tmp/tor; touch /root/hashed-fingerprint").ok();
    for folder in ["/x;touch /hacked", "/x ALL=(ALL) ALL", "/root"] {
        machine
            .run(&format!(
                "setpriv --reuid nobody --clear-groups /tmp/tor -c 'sleep 1000; :' --DataDirectory '{folder}' \
                 </dev/null >/dev/null 2>&1 &"
            ))
            .ok();
    }
    while machine.run("pgrep -c -x tor").stdout != "3\n" {
        std::thread::sleep(Duration::from_millis(20));
    }
    let said = collector.install().ok();
    assert!(!format!("{said:?}").contains(secret), "{said:?}");
    assert_eq!(lines(&said, "note: a tor's folder has a name that sudo's rules have no safe way to write").len(), 2);
    assert_eq!(lines(&said, "note: the tor of process ").len(), 2, "{said:?}");
    assert_eq!(machine.run("find / -xdev -name hacked -not -path '/proc/*' 2>/dev/null").stdout, "", "{said:?}");
    let rules = machine.run("cat /etc/sudoers.d/torcollect").stdout;
    assert!(!rules.contains("touch") && !rules.contains("/root") && !rules.contains("a b"), "{rules}");
    let extract = machine.run("runuser -u torcollect /usr/lib/torcollect/extract").stdout;
    assert!(!extract.contains(secret), "{extract}");
}

#[test]
fn whatever_fails_leaves_the_server_as_it_was() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    let before = collector.listing();
    for (answer, code) in [("undo\n", 3), ("", 3), ("keep it\n", 3)] {
        let said = collector.add(&[], answer);
        assert_eq!(said.code, Some(code), "{said:?}");
        assert!(said.stdout.ends_with(&format!("\nready {TOKEN}\n")), "{said:?}");
        assert_same(&before, &collector.listing(), answer);
        assert_eq!(machine.run("getent group torcollect; getent passwd torcollect").stdout, "");
    }
    let faults = [
        ("echo 'nonsense here' >>/etc/sudoers", "sudo's rules on this server are broken", "visudo -c"),
        ("sed -i '/includedir/d' /etc/sudoers", "sudo does not read /etc/sudoers.d/torcollect", "@includedir"),
        (
            "mkdir /usr/lib/torcollect && mount -t tmpfs -o size=4k,mode=755 tmpfs /usr/lib/torcollect",
            "cannot write",
            "disk",
        ),
        ("mkdir -p /etc/sudoers.d/torcollect", "/etc/sudoers.d/torcollect is a folder", "remove it"),
        ("install -d /var/lib/torcollect && ln -s /etc /var/lib/torcollect/.ssh", "is not a folder", "remove it"),
        ("mv /var/lib/tor /var/lib/x; mv /var/lib/tor-instances /var/lib/y", "no tor that is a bridge", "--instance"),
        ("groupadd torcollect", "there is a group torcollect", "groupdel"),
        (
            "mkdir /etc/torcollect && ln -s /etc /etc/torcollect/extract.d",
            "/etc/torcollect/extract.d is not a folder",
            "remove it",
        ),
        (
            "printf '#!/bin/sh\\nexit 9\\n' >/usr/sbin/x; mount --bind /usr/sbin/x /usr/bin/sudo; chmod 755 /usr/sbin/x",
            "sudo does not read",
            "@includedir",
        ),
    ];
    let mut saved = String::new();
    for (fault, error, hint) in faults {
        machine.run("rm -rf /run/saved; cp -a /etc /run/saved").ok();
        machine.run(fault).ok();
        let before = collector.listing();
        let said = collector.add(&[], "keep\n");
        assert_eq!(said.code, Some(1), "{fault}: {said:?}");
        let stated: Vec<_> = said.stderr.lines().collect();
        assert!(
            stated.len() == 2 && stated[0].starts_with("error: ") && stated[0].contains(error),
            "{fault}: {said:?}"
        );
        assert!(stated[1].starts_with("hint: ") && stated[1].contains(hint), "{fault}: {said:?}");
        assert_same(&before, &collector.listing(), fault);
        saved += &machine
            .run(
                "umount /usr/lib/torcollect /usr/bin/sudo 2>/dev/null; rmdir /usr/lib/torcollect 2>/dev/null; rm -rf \
                 /var/lib/torcollect /etc/torcollect /etc/sudoers.d; cp -a /run/saved/. /etc/; \
                 [ ! -d /var/lib/x ] || { rm -rf /var/lib/tor; mv /var/lib/x /var/lib/tor; mv /var/lib/y /var/lib/tor-instances; }",
            )
            .stderr;
    }
    assert_same(&before, &collector.listing(), saved.as_str());
    // What was there is repaired and, if that fails, as it was.
    collector.add(&[], "keep\n").ok();
    machine.run("echo old >/usr/lib/torcollect/extract; chmod 700 /usr/lib/torcollect; usermod -L torcollect").ok();
    let before = collector.listing();
    assert_eq!(collector.add(&[], "undo\n").code, Some(3));
    assert_same(&before, &collector.listing(), "a repair undone");
}

#[test]
fn a_script_that_is_ended_undoes_what_it_did() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    let before = collector.listing();
    machine.write("/run/i.sh", 0o600, collector.script(&[], true, true).as_bytes());
    for signal in ["HUP", "INT", "TERM"] {
        let script = format!(
            "mkfifo /run/answer; sh /run/i.sh </run/answer >/run/out 2>&1 & exec 3>/run/answer; \
             until grep -q '^ready' /run/out; do sleep 0.05; done; \
             kill -{signal} $(pgrep -f '^sh /run/i.sh'); exec 3>&-; wait; rm /run/answer"
        );
        // An asynchronous job of a shell without job control ignores INT.
        let script = if signal == "INT" { script.replace("kill -INT", "kill -TERM") } else { script };
        machine.run(&script).ok();
        assert_same(&before, &collector.listing(), signal);
    }
}

#[test]
fn two_setups_at_once_are_one_and_an_error() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    machine
        .run("ln -s $$-$(sed 's/.*) //' /proc/$$/stat | cut -d ' ' -f 20) /run/torcollect-setup.lock; sleep 5 & ")
        .ok();
    // That process has ended: its lock is stale.
    collector.install().ok();
    assert_eq!(machine.run("ls -d /run/torcollect-setup*").stdout, "");
    machine.run("ln -s 1-$(sed 's/.*) //' /proc/1/stat | cut -d ' ' -f 20) /run/torcollect-setup.lock").ok();
    let error = collector.install().failed(1);
    assert!(error.starts_with("error: another setup of torcollect runs on this server (process 1)\nhint: "), "{error}");
    assert_eq!(machine.run("readlink /run/torcollect-setup.lock | cut -c 1-2").stdout, "1-\n");
}

#[test]
fn sudo_is_installed_where_it_is_missing_and_removed_again_if_it_fails() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    machine.run("mkdir /opt/sudo && mv /usr/bin/sudo /usr/sbin/visudo /opt/sudo").ok();
    machine.run("mv /usr/bin/apt-get /opt").ok();
    let error = collector.install().failed(1);
    assert_eq!(error, "error: sudo is not installed\nhint: install the package `sudo`, then run this again\n");
    // It stands for Debian's, which needs the network.
    let apt = "#!/bin/sh\ncase $* in\n*install*sudo) cp -a /opt/sudo/sudo /usr/bin/; cp -a /opt/sudo/visudo /usr/sbin/ ;;\n\
        *purge*sudo) rm /usr/bin/sudo /usr/sbin/visudo ;;\n*) exit 1 ;;\nesac\n";
    machine.write("/usr/bin/apt-get", 0o755, apt.as_bytes());
    let before = machine.listing(&format!("{WATCHED} /usr/bin/sudo /usr/sbin/visudo"));
    let said = collector.add(&[], "undo\n");
    assert!(said.stdout.contains("done: installed the package sudo\n"), "{said:?}");
    assert_same(&before, &machine.listing(&format!("{WATCHED} /usr/bin/sudo /usr/sbin/visudo")), "undone");
    collector.add(&[], "keep\n").ok();
    machine.run("test -x /usr/bin/sudo").ok();
}

#[test]
fn purging_leaves_the_server_as_it_was() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    let before = collector.listing();
    machine.run_with("sh", collector.script(&[], true, false).as_bytes()).ok();
    let keys = "/var/lib/torcollect/.ssh/authorized_keys";
    machine.run(&format!("echo 'ssh-ed25519 AAAAother other' >>{keys}")).ok();
    let purge = |key: &str| piped(machine, &purge_script(key), "").ok();
    let said = purge(&collector.public());
    assert_eq!(said.stdout.lines().count(), 2, "{said:?}");
    assert_eq!(machine.read(keys), "ssh-ed25519 AAAAother other\n");
    assert_eq!(lines(&purge(&collector.public()), "done: "), Vec::<&str>::new());
    let said = purge("ssh-ed25519 AAAAother other");
    assert!(said.stdout.contains("done: removed the account torcollect\n"), "{said:?}");
    assert_same(&before, &collector.listing(), "purged");
    assert_eq!(machine.run("getent passwd torcollect; getent group torcollect").stdout, "");
    assert_eq!(purge(&collector.public()).stdout, "");
}

#[test]
fn a_setup_keeps_drop_ins_and_makes_their_folder_roots_and_a_purge_takes_them() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    let before = collector.listing();
    collector.install().ok();
    let folder = "/etc/torcollect/extract.d";
    // What looks like a tor that cannot be read is none.
    let drop_in = b"#!/bin/sh\nprintf 'instance x\\nsection state denied\\n'\n";
    machine.write(&format!("{folder}/rows"), 0o755, drop_in);
    machine.write(&format!("{folder}/theirs"), 0o755, drop_in);
    machine.run(&format!("chown nobody {folder}/theirs; chmod 777 {folder}")).ok();
    assert!(collector.extract().contains("\nsection rows denied\n"));
    let said = collector.install().ok();
    assert_eq!(lines(&said, "done: "), [format!("made {folder} root:root's, mode 755")]);
    let extract = collector.extract();
    assert_eq!(names(&extract), ["default", "alpha"]);
    assert!(extract.contains("\nsection rows 32 ") && extract.contains("\nsection theirs denied\n"), "{extract}");
    let said = collector.purge();
    assert!(said.stdout.contains(&format!("note: the programs in {folder} go with it\n")), "{said:?}");
    assert_same(&before, &collector.listing(), "purged");
    collector.install().ok();
    assert_eq!(lines(&collector.purge(), "note: "), Vec::<&str>::new());
}

#[test]
fn the_spool_keeps_what_tor_overwrites() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    machine.run_with("sh", collector.script(&[], true, false).as_bytes()).ok();
    let spool = || machine.run("runuser -u torcollect /usr/lib/torcollect/spool").ok();
    let versions = || -> Vec<Vec<Option<(u32, u32)>>> {
        let extract = machine.run("runuser -u torcollect /usr/lib/torcollect/extract").ok().stdout;
        let facts = parse(&Extract::parse(extract.as_bytes()).expect("an extract"));
        facts.iter().map(|facts| facts.reports.iter().map(|report| report.versions).collect()).collect()
    };
    assert_eq!(versions(), [[Some((8, 0))], [Some((8, 0))]]);
    spool();
    assert_eq!(versions(), [[Some((8, 0))], [Some((8, 0))]]);
    let sections = machine.run("runuser -u torcollect /usr/lib/torcollect/extract | grep -c '^section '").ok();
    assert_eq!(sections.stdout, "8\n", "what is spooled and present is printed once");
    machine.tor_file("_tor-alpha", "/var/lib/tor-instances/alpha/stats/bridge-stats", day(2).as_bytes());
    machine.tor_file("debian-tor", "/var/lib/tor/stats/bridge-stats", b"half of it");
    spool();
    spool();
    assert_eq!(versions(), [vec![Some((8, 0))], vec![Some((8, 0)), Some((16, 0))]]);
    let folder = "/var/lib/torcollect/spool";
    assert_eq!(
        machine.run(&format!("cd {folder} && find . -printf '%P %m %u\\n' | sort")).ok().stdout,
        format!(
            " 700 torcollect\nalpha 700 torcollect\nalpha/{HASH} 700 torcollect\n\
             alpha/{HASH}/bridge-stats.20251101100000 600 torcollect\n\
             alpha/{HASH}/bridge-stats.20251102100000 600 torcollect\ndefault 700 torcollect\n\
             default/{HASH} 700 torcollect\ndefault/{HASH}/bridge-stats.20251101100000 600 torcollect\n"
        )
    );
    // What is cut off is passed over.
    machine.run(&format!("truncate -s 60 {folder}/alpha/{HASH}/bridge-stats.20251101100000")).ok();
    assert_eq!(versions(), [vec![Some((8, 0))], vec![Some((16, 0))]]);
    // After 30 days it is gone, and of a tor that is gone all is.
    machine.run(&format!("touch -d '31 days ago' {folder}/alpha/{HASH}/*; mv /var/lib/tor /var/lib/x")).ok();
    machine.run(&format!("mkdir -p {folder}/gone/{HASH} && touch -d '31 days ago' {folder}/gone/{HASH}/bridge-stats.1 && chown -R torcollect {folder}/gone")).ok();
    spool();
    let left = machine.run(&format!("cd {folder} && find . -name '*stats*' -o -name gone | sort")).ok().stdout;
    assert_eq!(left, format!("./default/{HASH}/bridge-stats.20251101100000\n"), "{left}");
    machine.run("mv /var/lib/x /var/lib/tor").ok();
    // A later run without it leaves it.
    assert_eq!(lines(&collector.install().ok(), "done: "), Vec::<&str>::new());
    assert_eq!(machine.read("/usr/lib/torcollect/spool"), SPOOL_SCRIPT);
}

#[test]
fn the_units_of_the_spool_are_right() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    let said = machine.run_with("sh", collector.script(&[], true, false).as_bytes()).ok();
    assert!(said.stdout.contains("note: systemd does not run here"), "{said:?}");
    let verified = machine.run("cd /etc/systemd/system && systemd-analyze verify torcollect-spool.*").ok();
    assert!(!verified.stderr.contains("torcollect"), "{verified:?}");
    let path = machine.read("/etc/systemd/system/torcollect-spool.path");
    assert!(path.ends_with("\nPathChanged=/var/lib/tor/stats\nPathChanged=/var/lib/tor-instances/alpha/stats\n"));
    machine.run("systemctl is-enabled torcollect-spool.path torcollect-spool.timer").ok();
}

/// A command in place of `systemctl` says what it is asked, because this machine's first process is no systemd.
#[test]
fn where_systemd_runs_the_units_are_started_and_stopped_again() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    let systemctl = "#!/bin/sh\n[ \"$1\" = -q ] && shift\ncase $1 in is-*) exit 1 ;; esac\n\
        files=$(ls /etc/systemd/system/torcollect-* 2>/dev/null | wc -l)\necho \"$files $*\" >>/run/systemctl.log\n";
    machine.write("/usr/sbin/systemctl", 0o755, systemctl.as_bytes());
    machine.run("mkdir -p /run/systemd/system").ok();
    let said = piped(machine, &collector.script(&[], true, true), "undo\n");
    assert_eq!(said.code, Some(3), "{said:?}");
    assert_eq!((lines(&said, "note: ").len(), said.stderr.as_str()), (0, ""), "{said:?}");
    let units = "torcollect-spool.path torcollect-spool.timer";
    assert_eq!(
        machine.read("/run/systemctl.log"),
        format!(
            "3 enable {units}\n3 daemon-reload\n3 restart {units}\n3 stop {units} torcollect-spool.service\n\
             3 disable {units}\n0 daemon-reload\n0 try-restart {units}\n"
        )
    );
}

#[test]
fn every_shell_runs_the_setup() {
    for shell in ["dash", "bash", "bash --posix", "busybox sh"] {
        let Some(collector) = Collector::new() else { return };
        let said = collector.machine.run_with(shell, collector.script(&[], true, false).as_bytes()).ok();
        assert_eq!(said.stderr, "", "{shell}");
        let extract = collector.machine.run("runuser -u torcollect /usr/lib/torcollect/extract").ok().stdout;
        let extract = Extract::parse(extract.as_bytes()).expect("an extract");
        assert!(matches!(extract.instances[1].sections[0].state, State::Present { .. }), "{shell}");
        let said = collector.machine.run_with(shell, purge_script(&collector.public()).as_bytes()).ok();
        assert_eq!(said.stderr, "", "{shell}");
    }
}

#[test]
fn a_tor_that_is_a_mere_client_is_none_and_one_can_be_left_out() {
    let Some(machine) = Machine::new() else { return };
    // As Debian's package and a client leave it: with `keys` and a state, and an empty `stats`.
    machine.tor("default", &[("state", b"TorVersion Tor 0.4.8.9\n")]);
    machine.tor("client", &[("cached-certs", b"")]);
    let collector = Collector::of(machine);
    let machine = &collector.machine;
    assert!(collector.install().failed(1).starts_with("error: no tor that is a bridge was found\n"));
    machine.tor("alpha", &[("hashed-fingerprint", FINGERPRINT)]);
    machine.tor("beta", &[("stats/bridge-stats", day(1).as_bytes())]);
    let (alpha, beta) = ("alpha _tor-alpha /var/lib/tor-instances/alpha", "beta _tor-beta /var/lib/tor-instances/beta");
    assert_eq!(lines(&collector.install().ok(), "instance: "), [alpha, beta]);
    // One line of the file says that it is left out, and every later run keeps that.
    machine.run("sed -i 's/^alpha /#alpha /' /etc/torcollect/instances").ok();
    for _ in 0..2 {
        let said = collector.install().ok();
        assert_eq!(lines(&said, "instance: "), [beta]);
        assert_eq!(
            lines(&said, "note: the tor alpha in /var/lib/tor-instances/alpha is left out").len(),
            1,
            "{said:?}"
        );
        assert!(machine.read("/etc/torcollect/instances").ends_with(&format!("\n{beta}\n#{alpha}\n")));
        assert!(!machine.read("/etc/sudoers.d/torcollect").contains("alpha"));
        assert_eq!(names(&collector.extract()), ["beta"]);
    }
    assert!(machine.read("/etc/torcollect/instances").contains("\n# To leave one out write `#` before its NAME, "));
    // Who names it by hand wants it.
    let said = collector.add(&["alpha:_tor-alpha:/var/lib/tor-instances/alpha"], "keep\n").ok();
    assert_eq!(lines(&said, "instance: "), [alpha, beta]);
    assert!(!machine.read("/etc/torcollect/instances").contains("#alpha"));
}

#[test]
fn an_account_that_is_known_stays_and_none_becomes_root() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    machine.run("useradd --system walter && chown -R 4321 /var/lib/tor-instances/alpha").ok();
    machine.tor("beta", &[("hashed-fingerprint", FINGERPRINT)]);
    machine.tor("gamma", &[("hashed-fingerprint", FINGERPRINT)]);
    let places = ["alpha:#4321:/var/lib/tor-instances/alpha", "beta:walter:/var/lib/tor-instances/beta"];
    let stays = ["alpha #4321 /var/lib/tor-instances/alpha", "beta walter /var/lib/tor-instances/beta"];
    machine.run("chown -R root /var/lib/tor-instances/gamma").ok();
    let said = collector.add(&places, "keep\n").ok();
    assert_eq!(lines(&said, "instance: ")[..2], stays);
    let note = "note: the folder of the tor gamma is root's and is left out; to add it: \
                --instance gamma:root:/var/lib/tor-instances/gamma\n";
    assert!(said.stdout.contains(note), "{said:?}");
    // Whatever became of the folders.
    machine.run("chown root /var/lib/tor-instances/*").ok();
    let said = collector.add(&[], "keep\n").ok();
    assert_eq!(lines(&said, "instance: ")[..2], stays);
    // Only of an account that is gone the folder's own takes the place, and never root.
    machine.run("userdel walter").ok();
    let said = collector.add(&[], "keep\n").ok();
    assert!(said.stdout.contains("done: dropped the account walter of the instance beta, which is gone\n"), "{said:?}");
    assert_eq!(lines(&said, "instance: "), [stays[0], "default debian-tor /var/lib/tor"]);
    assert!(!machine.read("/etc/sudoers.d/torcollect").contains("root"));
    // By hand it is taken.
    let said = collector.add(&["gamma:root:/var/lib/tor-instances/gamma"], "keep\n").ok();
    assert_eq!(lines(&said, "instance: ")[0], "gamma root /var/lib/tor-instances/gamma");
}

#[test]
fn usual_settings_of_sudo_do_no_harm() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    let settings = ["requiretty", "noexec", "runas_check_shell", "log_output", "log_input", "use_pty", "mail_always"];
    // One file that sudo reads before ours, one that it reads after it.
    for file in ["/etc/sudoers.d/a", "/etc/sudoers.d/zz"] {
        for setting in settings {
            machine.write(file, 0o440, format!("Defaults {setting}\n").as_bytes());
            let said = collector.install();
            assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{file} {setting} {said:?}");
            let extract = collector.extract();
            assert_eq!(names(&extract), ["default", "alpha"]);
            assert!(!extract.contains(" denied"), "{file} {setting}: {extract}");
        }
        let all = settings.map(|setting| format!("Defaults {setting}\n")).concat();
        machine.write(file, 0o440, all.as_bytes());
        collector.install().ok();
        assert!(!collector.extract().contains(" denied"));
        // The test would see it.
        machine.run("sed -i '/^Defaults/d' /etc/sudoers.d/torcollect").ok();
        assert!(collector.extract().contains(" denied"), "{file}");
        collector.install().ok();
        machine.run(&format!("rm {file}")).ok();
    }
    // What a sudo does not know is left out, and the rest stays.
    let visudo = "#!/bin/sh\nif grep -q runas_check_shell \"$3\" 2>/dev/null; then echo 'unknown defaults entry' >&2; exit 1; fi\n\
        exec /usr/sbin/visudo.real \"$@\"\n";
    machine.run("mv /usr/sbin/visudo /usr/sbin/visudo.real").ok();
    machine.write("/usr/sbin/visudo", 0o755, visudo.as_bytes());
    collector.install().ok();
    let rules = machine.read("/etc/sudoers.d/torcollect");
    assert!(rules.contains("\nDefaults:torcollect !requiretty, !noexec, !log_output, "), "{rules}");
}

#[test]
fn an_account_in_use_does_not_outlive_a_setup_that_is_undone() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    let before = collector.listing();
    machine.write("/run/i.sh", 0o600, collector.script(&[], true, true).as_bytes());
    // One that ignores whatever it can ignore, and another that is in a container of the same uid.
    machine
        .run(
            "mkfifo /run/answer; sh /run/i.sh </run/answer >/run/out 2>&1 & exec 3>/run/answer; \
             until grep -q '^ready' /run/out; do sleep 0.05; done; uid=$(id -u torcollect); \
             runuser -u torcollect -- sh -c 'trap \"\" TERM HUP; while :; do sleep 1000; done' </dev/null >/dev/null 2>&1 3>&- & \
             mkdir /run/box; mount -t tmpfs tmpfs /run/box; cp -a --parents /bin/busybox /run/box; \
             for lib in $(ldd /bin/busybox | grep -o '/[^ ]*'); do cp -L --parents $lib /run/box; done; \
             chroot --userspec=$uid:$uid /run/box /bin/busybox sleep 2000 </dev/null >/dev/null 2>&1 3>&- & \
             until [ $(grep -l \"^Uid:.$uid\" /proc/[0-9]*/status | wc -l) -ge 3 ]; do sleep 0.05; done; \
             exec 3>&-; until grep -q . /run/out && ! pgrep -f '^sh /run/i.sh'; do sleep 0.05; done >/dev/null",
        )
        .ok();
    assert_same(&before, &collector.listing(), "an account in use");
    assert_eq!(machine.run("getent group torcollect; getent passwd torcollect; ls /tmp").stdout, "");
    assert_eq!(machine.run("pgrep -x -a sleep; pgrep -x -c busybox").stdout, "1\n");
    assert!(!machine.read("/run/out").contains("error: "), "{}", machine.read("/run/out"));
}

#[test]
fn a_purge_ends_what_runs_as_the_account() {
    let Some(collector) = set_up() else { return };
    let machine = &collector.machine;
    machine.run("runuser -u torcollect -- sleep 1000 </dev/null >/dev/null 2>&1 & until pgrep -u torcollect; do sleep 0.02; done").ok();
    assert!(collector.purge().stdout.contains("done: removed the account torcollect\n"));
    assert_eq!(machine.run("pgrep -x sleep; getent passwd torcollect; ls -d /var/lib/torcollect").stdout, "");
}

#[test]
fn no_account_of_a_person_adds_a_tor_or_hangs_the_setup() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    machine
        .run("useradd -m -s /bin/bash eve && useradd -m -s /bin/bash -u 1500 eva && useradd -r -s /bin/sh walter")
        .ok();
    machine.run("cp /bin/dash /tmp/tor; mkfifo -m 666 /tmp/fifo; mkdir -p /home/eve/tor /srv/walter").ok();
    machine.run("touch /home/eve/tor/hashed-fingerprint && chown -R eve /home/eve").ok();
    let start = |account: &str, count: usize, arguments: &str| {
        for _ in 0..count {
            machine
                .run(&format!(
                    "cd /; runuser -u {account} -- /tmp/tor -c 'while :; do sleep 1000; done' {arguments} \
                     </dev/null >/dev/null 2>&1 &"
                ))
                .ok();
        }
    };
    start("eve", 1, "--DataDirectory /home/eve/tor");
    // Even that of a service may be one that was taken over.
    start("walter", 1, "-f /tmp/fifo");
    while machine.run("pgrep -c -x tor").stdout != "2\n" {
        std::thread::sleep(Duration::from_millis(20));
    }
    // The pipe takes the place of a file when that has been looked at.
    let begun = Instant::now();
    let hasty = collector.script(&[], false, false).replace("if [ -f \"$2\" ]; then", "if true; then");
    let said = machine.run_with("sh", hasty.as_bytes()).ok();
    assert!(
        begun.elapsed() > Duration::from_secs(5) && begun.elapsed() < Duration::from_secs(25),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(lines(&said, "instance: ").len(), 2, "{said:?}");
    let note = lines(&said, "note: the tor of process ");
    assert!(
        note.len() == 1
            && note[0].ends_with(
                " is of the account eve, which is no service's, and is left out; to add it: --instance tor:eve:/home/eve/tor"
            ),
        "{said:?}"
    );
    let said = collector.add(&["tor:eve:/home/eve/tor"], "keep\n").ok();
    assert_eq!(lines(&said, "instance: ")[0], "tor eve /home/eve/tor");
    assert_eq!(lines(&said, "note: ").len(), 0, "{said:?}");
    // However many there are.
    start("eva", 30, "-f /tmp/fifo");
    while machine.run("pgrep -c -x tor").stdout != "32\n" {
        std::thread::sleep(Duration::from_millis(20));
    }
    let begun = Instant::now();
    let said = machine.run_with("sh", hasty.as_bytes()).ok();
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    assert_eq!(lines(&said, "note: there are more processes called tor").len(), 1, "{said:?}");
}

#[test]
fn an_account_that_was_there_before_keeps_what_is_its_own() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    machine.run("useradd --create-home --home-dir /home/tc --shell /usr/sbin/nologin torcollect").ok();
    let passwd = || machine.run("getent passwd torcollect").ok().stdout;
    for (change, error, hint) in [
        (":", "has the shell /usr/sbin/nologin", "usermod -s /bin/sh torcollect"),
        ("usermod -s /bin/bash torcollect", "has the home /home/tc", "usermod -d /var/lib/torcollect torcollect"),
        (
            "usermod -m -d /var/lib/torcollect torcollect",
            "could change its own keys: /var/lib/torcollect is not root's",
            "chown root /var/lib/torcollect",
        ),
    ] {
        machine.run(change).ok();
        let (before, account) = (collector.listing(), passwd());
        let said = collector.install().failed(1);
        assert!(said.starts_with("error: the account torcollect, which was here before, "), "{said}");
        assert!(said.contains(error) && said.contains(&format!("`{hint}`")), "{said}");
        assert_same(&before, &collector.listing(), error);
        assert_eq!(account, passwd());
    }
    machine
        .run(
            "chown root /var/lib/torcollect; echo mine >/var/lib/torcollect/mine; usermod -p '*' torcollect; \
             mkdir -m 755 /var/lib/torcollect/.ssh; echo 'ssh-ed25519 AAAAown own' >/var/lib/torcollect/.ssh/authorized_keys",
        )
        .ok();
    let account = passwd();
    machine.run_with("sh", collector.script(&[], true, false).as_bytes()).ok();
    assert_eq!((account.as_str(), names(&collector.extract())), (passwd().as_str(), vec!["default", "alpha"]));
    let said = collector.purge();
    assert!(said.stdout.contains("note: the account torcollect was here before, and stays\n"), "{said:?}");
    assert_eq!(account, passwd());
    let left = "find /var/lib/torcollect /usr/lib/torcollect /etc/torcollect /etc/sudoers.d/torcollect -type f \
                ! -name '.bash*' ! -name .profile | sort";
    let (keys, mine) = ("/var/lib/torcollect/.ssh/authorized_keys", "/var/lib/torcollect/mine");
    assert_eq!(machine.run(left).stdout, format!("{keys}\n{mine}\n"));
    assert_eq!(machine.read(keys), "ssh-ed25519 AAAAown own\n");
    // The mark of another account, which was made anew by hand, is none.
    machine.run("userdel -r torcollect; rm -rf /var/lib/torcollect").ok();
    collector.install().ok();
    machine.run("userdel torcollect; useradd -u 1700 -d /var/lib/torcollect -s /bin/sh torcollect").ok();
    collector.purge();
    assert!(passwd().contains(":1700:"));
}

#[test]
fn the_script_is_ready_in_the_words_that_it_was_given() {
    let Some(collector) = Collector::new() else { return };
    let said = collector.add(&[], "keep\n").ok();
    assert_eq!(lines(&said, "ready"), [format!(" {TOKEN}")]);
}

#[test]
fn the_statistics_of_an_old_key_are_not_printed_under_a_new_one() {
    let Some(collector) = Collector::new() else { return };
    let machine = &collector.machine;
    machine.run_with("sh", collector.script(&[], true, false).as_bytes()).ok();
    let alpha = |file: &str, text: &str| {
        machine.tor_file("_tor-alpha", &format!("/var/lib/tor-instances/alpha/{file}"), text.as_bytes());
    };
    let spool = || machine.run("runuser -u torcollect /usr/lib/torcollect/spool").ok();
    let clients = || -> Vec<Option<(u32, u32)>> {
        let extract = collector.extract();
        let facts = parse(&Extract::parse(extract.as_bytes()).expect("an extract"));
        facts[1].reports.iter().map(|report| report.versions).collect()
    };
    machine.run("mkdir -p /var/lib/torcollect/spool/alpha && touch /var/lib/torcollect/spool/alpha/bridge-stats.20251031100000 && chown -R torcollect /var/lib/torcollect/spool/alpha").ok();
    spool();
    alpha("stats/bridge-stats", &day(2));
    spool();
    assert_eq!(clients(), [Some((8, 0)), Some((16, 0))]);
    // A new key; for a day its statistics are still those of the old one.
    let other = HASH.replace('0', "F");
    alpha("hashed-fingerprint", &format!("elm {other}\n"));
    spool();
    assert_eq!(clients(), [Some((16, 0))]);
    alpha("stats/bridge-stats", &day(3));
    spool();
    alpha("stats/bridge-stats", &day(4));
    spool();
    assert_eq!(clients(), [Some((24, 0)), Some((32, 0))]);
    // One that has none.
    machine.run("rm /var/lib/tor-instances/alpha/hashed-fingerprint").ok();
    alpha("stats/bridge-stats", &day(5));
    spool();
    alpha("stats/bridge-stats", &day(6));
    spool();
    assert_eq!(clients(), [Some((40, 0)), Some((48, 0))]);
    let listed = machine.run("cd /var/lib/torcollect/spool/alpha && find . -type f | sort").ok().stdout;
    let file = |folder: &str, day: u32| format!("./{folder}/bridge-stats.202511{day:02}100000\n");
    let expected = [(HASH, 1), (HASH, 2), (&*other, 3), (&*other, 4), ("unknown", 5), ("unknown", 6)];
    assert_eq!(listed, expected.map(|(folder, day)| file(folder, day)).concat());
    // With the old key back its history is, too.
    alpha("hashed-fingerprint", &format!("elm {HASH}\n"));
    assert_eq!(clients().len(), 3);
}
