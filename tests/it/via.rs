//! Ways to a server that are not a connection of our own: a jump host, a SOCKS proxy, any program. And what happens on a
//! connection: it is kept for all sources, and made again after what may pass.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::sshd::{Lab, Sshd, free_port, user};
use crate::support::{Said, TestProject};

/// A server with one bridge.
fn bridge(lab: &Lab, name: &str) -> Sshd {
    lab.bridge(name, "de")
}

/// A project with one server, reached as `ssh:` and the server's own settings say.
fn project(lab: &Lab, ssh: &str, server: &str) -> TestProject {
    let project = TestProject::new();
    let key = lab.key().display().to_string();
    project.write(
        "sources.yaml",
        format!(
            "ssh: {{key: {key}, connect_timeout: 5, read_timeout: 5{ssh}}}\nservers:\n  oak: {{{server}}}\n\
             sources: {{tor-bridge: {{bridges: {{servers: all}}}}}}\n"
        ),
    );
    project
}

fn collected(project: &TestProject) -> Said {
    let said = project.run(&["collect", "-v"]).ok();
    assert_eq!(project.private("select country from country_day"), ["de"]);
    said
}

/// A program that ends with the test, and its children with it.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["--", &format!("-{}", self.0.id())]).status();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_behind_a_jump_host_is_one_line() {
    let lab = Lab::new();
    let oak = bridge(&lab, "oak");
    let jump = lab.server("jump").unrestricted().start();
    let known = lab.path("jump-known");
    fs::write(&known, format!("[127.0.0.1]:{} {}\n", jump.port(), jump.host_key("ed25519"))).unwrap();
    let via = format!(
        "ssh -F none -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile={} -i {} -p {} -W %h:%p {}@127.0.0.1",
        known.display(),
        lab.key().display(),
        jump.port(),
        user()
    );
    let server = format!("address: '{}', host_key: {}, via: '{via}'", oak.address(), oak.host_key("ed25519"));
    collected(&project(&lab, "", &server));
    assert!(jump.log().contains("Accepted publickey"), "{}", jump.log());
}

/// Debian's SOCKS server dante in front of a server whose name only the far end could resolve.
#[test]
fn a_server_behind_a_socks_proxy_is_one_line_for_all() {
    let lab = Lab::new();
    let oak = bridge(&lab, "oak");
    let port = free_port();
    let log = lab.path("dante-log");
    let settings = format!(
        "logoutput: {}\ninternal: 127.0.0.1 port = {port}\nexternal: lo\nclientmethod: none\nsocksmethod: none\n\
         user.privileged: root\nuser.unprivileged: nobody\n\
         client pass {{ from: 0/0 to: 0/0 }}\nsocks pass {{ from: 0/0 to: 0/0 log: connect }}\n",
        log.display()
    );
    fs::write(lab.path("dante"), settings).unwrap();
    let mut dante = Command::new("/usr/sbin/danted");
    dante.arg("-f").arg(lab.path("dante")).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    let _dante = Running(dante.spawn().expect("danted"));
    let end = Instant::now() + Duration::from_secs(10);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < end, "dante does not start: {}", fs::read_to_string(&log).unwrap_or_default());
        std::thread::sleep(Duration::from_millis(20));
    }
    let server = format!("address: '{}', host_key: {}", oak.address(), oak.host_key("ed25519"));
    collected(&project(&lab, &format!(", via: 'nc -X 5 -x 127.0.0.1:{port} %h %p'"), &server));
    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains(&format!(".{}", oak.port())), "it went through the proxy: {log}");
}

#[test]
fn a_name_is_resolved_at_the_far_end_alone() {
    let lab = Lab::new();
    let oak = bridge(&lab, "oak");
    // No resolver knows the name; the program that carries the connection does.
    let user = user();
    let via = lab.script(
        "far-end",
        &format!("#!/bin/sh\n[ \"$1 $2 $3\" = \"{user} oak.onion 22\" ] && exec nc 127.0.0.1 {}\n", oak.port()),
    );
    let server =
        format!("address: {user}@oak.onion, host_key: {}, via: '{} %r %h %p'", oak.host_key("ed25519"), via.display());
    collected(&project(&lab, "", &server));
}

#[test]
fn a_program_that_fails_is_named_and_its_words_are_for_the_operator_alone() {
    let lab = Lab::new();
    let oak = bridge(&lab, "oak");
    let via = "echo cannot reach secret.example >&2; exit 3";
    let server = format!("address: '{}', host_key: {}, via: '{via}'", oak.address(), oak.host_key("ed25519"));
    let project = project(&lab, ", retries: 0", &server);
    let stderr = project.run(&["collect", "-v"]).failed(1);
    assert!(stderr.contains("server `oak`: the way to the server failed\nhint: "), "{stderr}");
    assert!(!stderr.contains("secret.example"), "{stderr}");
    assert_eq!(project.private("select error from warehouse.collection"), ["the way to the server failed"]);
    let tested = project.run(&["server", "test"]);
    assert!(tested.stdout.contains("cannot reach secret.example"), "{tested:?}");
}

#[test]
fn a_program_that_hangs_ends_with_the_connection() {
    let lab = Lab::new();
    let oak = bridge(&lab, "oak");
    let pid = lab.path("pid");
    let via = format!("sh -c \"echo \\$\\$ >{}; sleep 61 | cat\"", pid.display());
    let server = format!("address: '{}', host_key: {}, via: '{via}'", oak.address(), oak.host_key("ed25519"));
    let project = project(&lab, ", retries: 0", &server);
    project.write("sources.yaml", project.read("sources.yaml").replace("connect_timeout: 5", "connect_timeout: 1"));
    let stderr = project.run(&["collect"]).failed(1);
    assert!(stderr.contains("no connection in time"), "{stderr}");
    let pid = fs::read_to_string(pid).unwrap();
    assert!(!Path::new(&format!("/proc/{}", pid.trim())).exists(), "it was ended");
}

#[test]
fn one_connection_serves_all_sources_of_a_server() {
    let lab = Lab::new();
    let oak = bridge(&lab, "oak");
    let server = format!("address: '{}', host_key: {}", oak.address(), oak.host_key("ed25519"));
    let project = project(&lab, "", &server);
    let sources = project.read("sources.yaml").replace("{bridges: {servers: all}}", "{one: , two: , three: }");
    project.write("sources.yaml", sources);
    let said = project.run(&["collect"]).ok();
    let counts = "1 of 1 servers collected: 1 new, 0 unchanged, 0 failed; 3 new extracts";
    assert!(said.stderr.contains(counts), "{}", said.stderr);
    assert_eq!(project.private("select count(*) from warehouse.collection where status = 'new'"), ["3"]);
    assert_eq!(oak.log().matches("Accepted publickey").count(), 1, "{}", oak.log());
}

/// A proxy that hangs up on the first connections and carries the others.
fn unsteady(target: u16, failures: usize) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for (number, client) in listener.incoming().flatten().enumerate() {
            if number < failures {
                continue;
            }
            let server = TcpStream::connect(("127.0.0.1", target)).unwrap();
            for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)] {
                std::thread::spawn(move || {
                    let mut piece = [0; 65536];
                    while let Ok(length @ 1..) = from.read(&mut piece) {
                        if to.write_all(&piece[..length]).is_err() {
                            break;
                        }
                    }
                    let _ = to.shutdown(std::net::Shutdown::Both);
                });
            }
        }
    });
    port
}

#[test]
fn what_may_pass_is_tried_again_and_what_is_final_is_not() {
    let lab = Lab::new();
    let oak = bridge(&lab, "oak");
    let address = |port: u16| format!("address: '{}@127.0.0.1:{port}', host_key: {}", user(), oak.host_key("ed25519"));
    let said = collected(&project(&lab, "", &address(unsteady(oak.port(), 2))));
    assert_eq!(said.stderr.matches("server `oak`: connection lost; asked again in ").count(), 2, "{}", said.stderr);

    let given_up = project(&lab, ", retries: 1", &address(unsteady(oak.port(), 2))).run(&["collect"]).failed(1);
    assert!(given_up.contains("server `oak`: connection lost\n"), "{given_up}");

    let logins = oak.log().matches("Accepted publickey").count();
    fs::write(lab.path("oak-authorized_keys"), "").unwrap();
    let refused = project(&lab, "", &address(oak.port())).run(&["collect", "-v"]).failed(1);
    assert!(!refused.contains("asked again"), "{refused}");
    let other = lab.server("other").start();
    let changed = format!("address: '{}', host_key: {}", oak.address(), other.host_key("ed25519"));
    let changed = project(&lab, "", &changed).run(&["collect", "-v"]).failed(1);
    assert!(changed.contains("host key changed") && !changed.contains("asked again"), "{changed}");
    assert_eq!(oak.log().matches("Accepted publickey").count(), logins);
}
