//! The transports and the scripts against real OpenSSH.
#![allow(clippy::print_stderr)] // A test says why it is skipped.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use torcollect::collect::sources::tor_bridge::frame::{Extract, State};
use torcollect::collect::sources::tor_bridge::stats::parse;
use torcollect::collect::transport::{Failure, Fetched, Limits, Local, Ssh, Transport};
use torcollect::config::{self, Address};
use torcollect::warehouse::InstanceFacts;

use crate::sshd::{Lab, Sshd, free_port, run, user};

/// How a test reaches a server.
struct Client {
    port: u16,
    host: &'static str,
    key: Option<PathBuf>,
    host_key: Option<String>,
    known_hosts: PathBuf,
    limits: Limits,
}

impl Client {
    /// With the right key and the right pin.
    fn of(lab: &Lab, sshd: &Sshd) -> Self {
        Self { host_key: Some(sshd.host_key("ed25519")), ..Self::to(lab, sshd.port()) }
    }

    /// With the right key and no pin.
    fn to(lab: &Lab, port: u16) -> Self {
        let limits = Limits {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(5),
            total: Duration::from_secs(20),
            bytes: 8 << 20,
        };
        let known_hosts = lab.path("known_hosts");
        Self { port, host: "127.0.0.1", key: Some(lab.key()), host_key: None, known_hosts, limits }
    }

    fn fetch(&self) -> Result<Fetched, Failure> {
        let address = Address { user: user(), host: self.host.to_owned(), port: self.port };
        let server = config::Server {
            address: Some(address.clone()),
            via: None,
            command: Vec::new(),
            host_key: self.host_key.clone(),
            key: None,
            tags: Vec::new(),
            label: None,
            bridges: BTreeMap::new(),
        };
        let ssh = config::Ssh {
            key: self.key.clone(),
            known_hosts: self.known_hosts.clone(),
            via: None,
            retries: 0,
            connect_timeout: self.limits.connect,
            read_timeout: self.limits.silence,
            max_bytes: self.limits.bytes,
        };
        Ssh::new(&address, &server, &ssh).fetch(&self.limits)
    }

    fn failure(&self) -> Failure {
        self.fetch().expect_err("a failure")
    }
}

/// A server with a script behind its key, and a client that reaches it.
fn scripted(script: &str) -> (Lab, Sshd, Client) {
    let lab = Lab::new();
    let sshd = lab.server("one").forced(script).start();
    let client = Client::of(&lab, &sshd);
    (lab, sshd, client)
}

/// The facts of an extract that must be whole.
fn facts(bytes: &[u8]) -> Vec<InstanceFacts> {
    parse(&Extract::parse(bytes).expect("an extract"))
}

/// The extract that the lab's script prints on this machine.
fn extract_here(lab: &Lab, instances: &Path) -> Fetched {
    let command = [lab.path("extract"), instances.to_owned()].map(|word| word.display().to_string());
    let client = Client::to(lab, 0);
    Local::new(command.to_vec()).fetch(&client.limits).expect("an extract")
}

#[test]
fn an_extract_comes_from_a_real_server() {
    let lab = Lab::new();
    let (Some(busy), Some(empty)) = (lab.real_data("busy", "run1"), lab.real_data("empty", "empty")) else { return };
    let me = user();
    lab.instances("instances", &[("default", &me, &busy), ("second", &me, &empty)]);
    let sshd = lab.server("one").start();
    let fetched = Client::of(&lab, &sshd).fetch().unwrap_or_else(|failure| panic!("{failure}\n{}", sshd.log()));
    assert_eq!((fetched.exit, fetched.stderr.as_str()), (0, ""));
    let facts = facts(&fetched.stdout);
    let names: Vec<_> = facts.iter().map(|facts| facts.instance.as_str()).collect();
    assert_eq!(names, ["default", "second"]);
    let clients: Vec<_> = facts.iter().map(|facts| facts.reports[0].versions).collect();
    assert_eq!(clients, [Some((152, 8)), Some((0, 0))]);
    assert_eq!(facts[0].traffic.len(), 5);
    assert_eq!(facts[0].nickname.as_deref(), Some("labbridge"));
    assert_eq!(facts[0].tor_version.as_deref(), Some("0.4.9.11"));
}

#[test]
fn only_lines_that_may_leave_the_server_do() {
    let lab = Lab::new();
    let Some(data) = lab.real_data("busy", "run1") else { return };
    fs::write(data.join("fingerprint"), "labbridge 0000000000000000000000000000000000000000\n").expect("a secret");
    let instances = lab.instances("instances", &[("default", &user(), &data)]);
    let text = String::from_utf8(extract_here(&lab, &instances).stdout).expect("text");
    let allowed = [
        "torcollect-extract ",
        "instance default",
        "section ",
        "end ",
        "bridge-stats-end ",
        "bridge-ips ",
        "bridge-ip-versions ",
        "bridge-ip-transports ",
        "dirreq-stats-end ",
        "dirreq-v3-reqs ",
        "dirreq-v3-resp ",
        "BWHistoryReadEnds ",
        "BWHistoryReadInterval ",
        "BWHistoryReadValues ",
        "BWHistoryWriteEnds ",
        "BWHistoryWriteInterval ",
        "BWHistoryWriteValues ",
        "LastWritten ",
        "TorVersion ",
        "labbridge 5FA6B2382B48F35DC0B9724163C706C4E9042E4F",
    ];
    for line in text.lines().filter(|line| !line.is_empty()) {
        assert!(allowed.iter().any(|start| line.starts_with(start)), "{line}");
    }
    for start in allowed {
        assert!(text.lines().any(|line| line.starts_with(start)), "{start}");
    }
}

#[test]
fn the_script_ignores_what_the_client_asks_for() {
    let lab = Lab::new();
    let data = lab.data("tor", &[("stats/bridge-stats", b"bridge-ips ru=8\n")]);
    lab.instances("instances", &[("default", &user(), &data)]);
    let sshd = lab.server("one").start();
    fs::write(lab.path("known_hosts"), format!("[127.0.0.1]:{} {}\n", sshd.port(), sshd.host_key("ed25519")))
        .expect("a file");
    let printed = run(Command::new("ssh")
        .args(["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-p", &sshd.port().to_string(), "-i"])
        .arg(lab.key())
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", lab.path("known_hosts").display()))
        .arg(format!("{}@127.0.0.1", user()))
        .arg("cat /etc/passwd"));
    assert!(Extract::parse(printed.as_bytes()).is_ok(), "{printed}");
}

#[test]
fn odd_files_do_not_break_the_frame() {
    let lab = Lab::new();
    let long = [b"bridge-ips ru=8\nbridge-ip-transports ".as_slice(), &[b'x'; 2 << 20]].concat();
    let data = lab.data(
        "tor",
        &[
            ("stats/bridge-stats", b"\0\xff\nbridge-ips ru=8\0 8\nbridge-ip-transports \nbridge-ip-versions v4=1"),
            ("stats/dirreq-stats", b""),
            ("state", b"LastWritten\nend 1 2\nsection x 5 5"),
        ],
    );
    let big = lab.data("big", &[("stats/bridge-stats", &long)]);
    fs::create_dir(big.join("state")).expect("a folder in a file's place");
    let gone = lab.path("gone");
    let me = user();
    let instances = lab.instances("instances", &[("a", &me, &data), ("b", &me, &big), ("c", &me, &gone)]);
    let fetched = extract_here(&lab, &instances);
    let extract = Extract::parse(&fetched.stdout).expect("an extract");
    let bodies = |instance: usize| -> Vec<(&str, Option<&[u8]>)> {
        let body = |state| if let State::Present { body, .. } = state { Some(body) } else { None };
        extract.instances[instance].sections.iter().map(|section| (section.name, body(section.state))).collect()
    };
    assert_eq!(
        bodies(0),
        [
            ("bridge-stats", Some(&b"bridge-ips ru=8? 8\nbridge-ip-transports \n"[..])),
            ("dirreq-stats", Some(&b""[..])),
            ("state", Some(&b"LastWritten\n"[..])),
            ("hashed-fingerprint", None),
        ]
    );
    assert_eq!(bodies(1)[0].1, Some(&b"bridge-ips ru=8\n"[..]), "a line that the limit cuts off is left out whole");
    assert_eq!(extract.instances[1].sections[2].state, State::Denied);
    assert!(extract.instances[2].sections.iter().all(|section| section.state == State::Absent));
}

#[test]
fn a_wrong_line_of_instances_is_complained_of_and_the_others_are_read() {
    let lab = Lab::new();
    let instances = lab.path("instances");
    let text = format!(
        "# mine\n\n../x {0} /tmp\nb {0} relative\nc {0}\nd {0} /nonexistent more\ngood {0} /nonexistent",
        user()
    );
    fs::write(&instances, text).expect("a file");
    let fetched = extract_here(&lab, &instances);
    let extract = Extract::parse(&fetched.stdout).expect("an extract");
    assert_eq!(extract.instances.iter().map(|instance| instance.name).collect::<Vec<_>>(), ["good"]);
    assert_eq!(fetched.stderr.lines().count(), 4, "{}", fetched.stderr);
    let none = extract_here(&lab, &lab.path("nothing"));
    assert_eq!((none.exit, none.stdout.len()), (1, 0));
}

/// Runs the script as `nobody`, whom sudo lets do nothing: needs root.
#[test]
fn a_tor_that_sudo_refuses_is_denied_and_the_others_are_read() {
    if user() != "root" {
        eprintln!("skipped: only root can become another account");
        return;
    }
    let lab = Lab::new();
    let data = lab.data("tor", &[("stats/bridge-stats", b"bridge-ips ru=8\n")]);
    let instances = lab.instances("instances", &[("theirs", "root", &data), ("mine", "nobody", &data)]);
    let printed = run(Command::new("sudo").args(["-n", "-u", "nobody"]).arg(lab.path("extract")).arg(instances));
    let extract = Extract::parse(printed.as_bytes()).expect("an extract");
    let denied =
        |instance: usize| extract.instances[instance].sections.iter().filter(|s| s.state == State::Denied).count();
    assert_eq!((denied(0), denied(1)), (4, 0));
    // And root's sudo, which is let do all, reads in the account of another.
    let theirs = lab.instances("instances", &[("theirs", "nobody", &data)]);
    let fetched = extract_here(&lab, &theirs);
    assert!(fetched.stdout.windows(15).any(|bytes| bytes == b"bridge-ips ru=8"), "{}", fetched.stderr);
}

#[test]
fn the_scripts_work_in_every_small_shell_that_is_here() {
    let lab = Lab::new();
    let data =
        lab.data("tor", &[("stats/bridge-stats", b"bridge-ips ru=8\0\nbridge-ip-transports \n"), ("state", b"")]);
    let instances = lab.instances("instances", &[("a", &user(), &data)]);
    let mut tried = 0;
    for shell in [&["dash"][..], &["busybox", "sh"], &["bash", "--posix"], &["mksh"], &["yash"]] {
        let script = |name: &str| lab.path(name).display().to_string();
        let output = Command::new(shell[0]).args(&shell[1..]).args([script("extract"), script("instances")]).output();
        let Ok(output) = output else { continue };
        tried += 1;
        assert!(Extract::parse(&output.stdout).is_ok(), "{shell:?}: {}", String::from_utf8_lossy(&output.stderr));
        let output =
            Command::new(shell[0]).args(&shell[1..]).arg(script("read-instance")).arg(&data).output().expect("a shell");
        assert!(output.stdout.starts_with(b"section bridge-stats 39 "), "{shell:?}");
    }
    assert!(tried > 0, "{}", instances.display());
}

#[test]
fn much_on_standard_error_does_not_block_and_the_exit_status_is_read() {
    let (_lab, _sshd, client) = scripted("head -c 5000000 /dev/zero | tr '\\0' e >&2; printf out; exit 7");
    let fetched = client.fetch().expect("an answer");
    assert_eq!((fetched.exit, fetched.stdout.as_slice()), (7, &b"out"[..]));
    assert_eq!(fetched.stderr, "e".repeat(4096));
    assert!(matches!(fetched.success(), Err(Failure::Failed(7, _))));
}

#[test]
fn megabytes_arrive_as_they_were_sent() {
    let (_lab, _sshd, client) = scripted("head -c 6000000 /dev/zero | tr '\\0' x; echo end");
    let fetched = client.fetch().expect("an answer");
    assert_eq!(fetched.stdout.len(), 6_000_004);
    assert!(fetched.stdout.ends_with(b"xend\n"));
}

#[test]
fn noise_is_stopped_at_the_cap() {
    let (_lab, _sshd, client) = scripted("head -c 100000000 /dev/urandom");
    let begun = Instant::now();
    assert_eq!(client.failure(), Failure::TooLarge(8 << 20));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_server_that_falls_silent_in_the_middle_is_left() {
    let (_lab, _sshd, mut client) = scripted("echo torcollect-extract 1; sleep 60");
    client.limits.silence = Duration::from_secs(1);
    let begun = Instant::now();
    assert_eq!(client.failure(), Failure::Silent);
    assert!(begun.elapsed() < Duration::from_secs(4));
}

#[test]
fn a_server_that_drips_is_left_in_the_end() {
    let (_lab, _sshd, mut client) = scripted("while :; do echo drip; sleep 0.05; done");
    client.limits.total = Duration::from_secs(1);
    assert_eq!(client.failure(), Failure::Slow);
}

#[test]
fn a_server_that_accepts_and_is_silent_is_left_in_the_time_given() {
    let lab = Lab::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let mut client = Client::to(&lab, listener.local_addr().expect("an address").port());
    client.limits.connect = Duration::from_secs(1);
    let begun = Instant::now();
    assert_eq!(client.failure(), Failure::ConnectTimeout);
    let took = begun.elapsed();
    assert!((Duration::from_millis(950)..Duration::from_millis(2500)).contains(&took), "{took:?}");
}

#[test]
fn a_server_that_hangs_up_has_disconnected() {
    let lab = Lab::new();
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let client = Client::to(&lab, listener.local_addr().expect("an address").port());
    let accepting = std::thread::spawn(move || drop(listener.accept()));
    assert_eq!(client.failure(), Failure::Disconnected);
    accepting.join().expect("a listener");
}

#[test]
fn a_connection_lost_in_the_middle_is_no_success() {
    let (_lab, _sshd, client) = scripted("echo torcollect-extract 1; sleep 0.2; kill -9 $PPID; sleep 5");
    assert_eq!(client.failure(), Failure::Disconnected);
}

#[test]
fn a_port_on_which_nothing_listens_refuses() {
    let lab = Lab::new();
    let failure = Client::to(&lab, free_port()).failure();
    assert_eq!(failure, Failure::Refused);
    assert!(failure.is_transient());
}

#[test]
fn a_host_without_an_address_is_unreachable() {
    let lab = Lab::new();
    let client = Client { host: "no-such-host.invalid", ..Client::to(&lab, 22) };
    let failure = client.failure();
    assert!(matches!(failure, Failure::Unreachable(_)), "{failure:?}");
    assert!(!failure.reason().contains("no-such-host"));
}

#[test]
fn a_host_key_of_each_type_can_be_pinned_whatever_else_the_server_has() {
    let lab = Lab::new();
    let sshd = lab.server("one").host_keys(&["rsa", "ed25519", "ecdsa"]).forced("echo hello").start();
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let client = Client { host_key: Some(sshd.host_key(kind)), ..Client::to(&lab, sshd.port()) };
        assert_eq!(client.fetch().expect(kind).stdout, b"hello\n", "{kind}");
    }
}

#[test]
fn a_host_key_is_found_in_known_hosts_plain_and_hashed_whatever_its_type() {
    let lab = Lab::new();
    let sshd = lab.server("one").host_keys(&["rsa", "ed25519", "ecdsa"]).forced("echo hello").start();
    let client = Client::to(&lab, sshd.port());
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let other = "elm.example ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTJmPwlxc6GSWuYtrTIPOLgyp1XT2mDe25jyLMK0Kbb";
        let lines = format!("# known\n{other}\nelm,[127.0.0.1]:{} {}\n", sshd.port(), sshd.host_key(kind));
        fs::write(&client.known_hosts, lines).expect("known hosts");
        assert_eq!(client.fetch().expect(kind).stdout, b"hello\n", "{kind}");
        run(Command::new("ssh-keygen").args(["-H", "-f"]).arg(&client.known_hosts));
        assert!(!fs::read_to_string(&client.known_hosts).expect("known hosts").contains("127.0.0.1"));
        assert_eq!(client.fetch().expect(kind).stdout, b"hello\n", "{kind}, hashed");
    }
}

#[test]
fn an_unknown_host_key_is_refused_and_named() {
    let (lab, sshd, client) = scripted("echo hello");
    let client = Client { host_key: None, ..client };
    let failure = client.failure();
    assert_eq!(failure, Failure::HostKeyUnknown(sshd.host_key("ed25519")));
    assert_eq!(failure.reason(), "host key unknown");
    fs::write(&client.known_hosts, format!("127.0.0.1 {}\n", sshd.host_key("ed25519"))).expect("known hosts");
    assert!(matches!(client.failure(), Failure::HostKeyUnknown(_)), "the key of another port");
    let unreadable = Client { known_hosts: lab.path("").to_owned(), ..Client::to(&lab, sshd.port()) };
    assert!(matches!(unreadable.failure(), Failure::NoKnownHosts(_)));
    assert!(!sshd.log().contains("Accepted"));
}

#[test]
fn a_changed_host_key_is_refused_before_anything_is_said() {
    let (lab, sshd, client) = scripted("echo hello");
    let another = fs::read_to_string(lab.path("client.pub")).expect("a key");
    let client = Client { host_key: Some(another.clone()), ..client };
    let failure = client.failure();
    assert_eq!(failure, Failure::HostKeyChanged(sshd.host_key("ed25519")));
    assert!(!failure.is_transient());
    let client = Client { host_key: None, ..client };
    fs::write(&client.known_hosts, format!("[127.0.0.1]:{} {another}", sshd.port())).expect("known hosts");
    assert!(matches!(client.failure(), Failure::HostKeyChanged(_)));
    fs::write(
        &client.known_hosts,
        format!(
            "@revoked * x\n@revoked [127.0.0.1]:{0} {1}\n[127.0.0.1]:{0} {1}\n",
            sshd.port(),
            sshd.host_key("ed25519")
        ),
    )
    .expect("known hosts");
    assert_eq!(client.failure(), Failure::HostKeyRevoked);
    assert!(!sshd.log().contains("Accepted"));
}

#[test]
fn a_key_that_the_server_does_not_know_is_refused() {
    let (lab, _sshd, mut client) = scripted("echo hello");
    client.key = Some(lab.key_pair("stranger", "ed25519"));
    assert_eq!(client.failure(), Failure::KeyRefused);
}

#[test]
fn a_key_that_cannot_be_used_is_no_key() {
    let (lab, _sshd, mut client) = scripted("echo hello");
    client.key = Some(lab.path("nothing"));
    assert!(matches!(client.failure(), Failure::NoKey(_)));
    fs::write(lab.path("garbage"), "not a key\n").expect("a file");
    client.key = Some(lab.path("garbage"));
    assert!(matches!(client.failure(), Failure::NoKey(_)), "{}", client.failure());
    let locked = lab.path("locked");
    run(Command::new("ssh-keygen").args(["-q", "-N", "a passphrase", "-t", "ed25519", "-f"]).arg(&locked));
    client.key = Some(locked);
    assert!(matches!(client.failure(), Failure::NoKey(_)), "{}", client.failure());
}

#[test]
fn a_key_of_each_type_logs_in() {
    let lab = Lab::new();
    for kind in ["rsa", "ecdsa"] {
        fs::remove_file(lab.path("client")).expect("the old key");
        fs::remove_file(lab.path("client.pub")).expect("the old key");
        lab.key_pair("client", kind);
        let sshd = lab.server(kind).forced("echo hello").start();
        assert_eq!(Client::of(&lab, &sshd).fetch().expect(kind).stdout, b"hello\n");
    }
}

/// The agent is found through the environment, which belongs to a whole process: so a process of its own asks it.
#[test]
fn a_key_that_an_agent_holds_logs_in() {
    let (lab, sshd, _) = scripted("echo hello");
    let socket = lab.path("agent");
    let agent = Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).spawn();
    let mut agent = agent.expect("ssh-agent");
    while !socket.exists() {
        assert!(agent.try_wait().expect("ssh-agent").is_none(), "ssh-agent has ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    let with_agent = || {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "transport::through_the_agent", "--ignored", "--nocapture"]);
        command.env("SSH_AUTH_SOCK", &socket).env("LAB_PORT", sshd.port().to_string());
        command.env("LAB_HOST_KEY", sshd.host_key("ed25519"));
        String::from_utf8_lossy(&command.output().expect("a process").stdout).into_owned()
    };
    let empty = with_agent();
    let add = |key: PathBuf| run(Command::new("ssh-add").arg("-q").arg(key).env("SSH_AUTH_SOCK", &socket));
    add(lab.key_pair("stranger", "ecdsa"));
    let stranger = with_agent();
    add(lab.key());
    let both = with_agent();
    agent.kill().and_then(|()| agent.wait()).expect("ssh-agent");
    assert!(empty.contains("outcome: no key to log in with"), "{empty}");
    assert!(stranger.contains("outcome: key refused"), "{stranger}");
    assert!(both.contains("outcome: hello"), "{both}");
}

#[test]
#[ignore = "it is the process that `a_key_that_an_agent_holds_logs_in` starts"]
#[allow(clippy::print_stdout)]
fn through_the_agent() {
    let set = |name| std::env::var(name).expect("a variable of the test that starts this one");
    let lab = Lab::new();
    let client = Client::to(&lab, set("LAB_PORT").parse().expect("a port"));
    let outcome = Client { key: None, host_key: Some(set("LAB_HOST_KEY")), ..client }.fetch();
    let outcome = outcome.map(|fetched| String::from_utf8_lossy(&fetched.stdout).into_owned());
    println!("outcome: {}", outcome.unwrap_or_else(|failure| failure.to_string()));
}

/// A server that sends this for ever.
fn flood(piece: &'static [u8]) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ =
                    client.write_all(b"SSH-2.0-x\r\n".get(..if piece[0] == b'x' { 0 } else { 11 }).unwrap_or_default());
                while client.write_all(&piece.repeat(1000)).is_ok() {}
            });
        }
    });
    port
}

#[test]
fn a_server_that_sends_without_end_before_it_has_shown_its_key_is_left() {
    let lab = Lab::new();
    // A line that is no greeting; and a packet that is put aside for later: its length, its padding, its type.
    let packet: &[u8] = &[0, 0, 0, 12, 10, 192, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    for piece in [b"x\r\n".as_slice(), packet] {
        let mut client = Client::to(&lab, flood(piece));
        client.limits.connect = Duration::from_secs(2);
        let begun = Instant::now();
        let failure = client.failure();
        assert!(matches!(failure, Failure::Disconnected | Failure::Protocol(_)), "{failure:?}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    }
}
