//! A fleet behind real sshd, from tor's own files to the pages.

use std::net::TcpListener;
use std::process::Command;

use crate::sshd::{Lab, Sshd, free_port, shared, user};
use crate::support::{TestProject, bridge_stats, said};

const ENDS: &str = "2026-03-02 13:00:00";

/// A server with one tor that counted eight clients of a country.
fn bridge(lab: &Lab, name: &str, country: &str) -> Sshd {
    let stats = bridge_stats(ENDS, &format!("{country}=8"), "v4=8,v6=0", "obfs4=8");
    let number = name.bytes().fold(7u64, |sum, byte| sum * 31 + u64::from(byte));
    let fingerprint = format!("nick {number:040X}\n");
    let data = lab.data(
        &format!("{name}-tor"),
        &[("stats/bridge-stats", stats.as_bytes()), ("hashed-fingerprint", fingerprint.as_bytes())],
    );
    let instances = lab.instances(&format!("{name}-instances"), &[("default", &user(), &data)]);
    lab.server(name).instances(&instances).start()
}

/// `sources.yaml` for servers: name, address, pinned host key.
fn sources(project: &TestProject, lab: &Lab, servers: &[(String, String, String)]) {
    let server = |(name, address, key): &(String, String, String)| {
        format!("  {name}: {{address: \"{address}\", host_key: \"{key}\"}}\n")
    };
    let servers: String = servers.iter().map(server).collect();
    let key = lab.key().display().to_string();
    project.write(
        "sources.yaml",
        format!(
            "ssh: {{key: {key}, connect_timeout: 2, read_timeout: 2, retries: 0}}\nservers:\n{servers}\
             sources: {{tor-bridge: {{bridges: {{servers: all}}}}}}\n"
        ),
    );
}

fn entry(name: &str, sshd: &Sshd) -> (String, String, String) {
    (name.to_owned(), sshd.address(), sshd.host_key("ed25519"))
}

#[test]
fn of_eight_servers_one_is_dead_and_the_others_are_collected() {
    let lab = Lab::new();
    let project = TestProject::new();
    let names = ["s1", "s2", "s3", "s4", "s5", "s6", "s7"];
    let sshds: Vec<Sshd> = names.iter().map(|name| bridge(&lab, name, "de")).collect();
    let mut servers: Vec<_> = names.iter().zip(&sshds).map(|(name, sshd)| entry(name, sshd)).collect();
    servers.push(("dead".to_owned(), format!("{}@127.0.0.1:{}", user(), free_port()), sshds[0].host_key("ed25519")));
    sources(&project, &lab, &servers);

    let stderr = project.run(&["collect"]).failed(4);
    assert!(stderr.contains("server `dead`: connection refused"), "{stderr}");
    assert!(stderr.contains("7 of 8 servers collected: 7 new, 0 unchanged, 1 failed; 7 new extracts"), "{stderr}");
    assert!(!stderr.contains("127.0.0.1"), "no address in what is printed: {stderr}");
    let counts = "select (select count(*) from warehouse.extract), (select count(*) from warehouse.report),
                  (select count(*) from warehouse.collection)";
    assert_eq!(project.private(counts), ["7,7,8"]);

    let stderr = project.run(&["collect"]).failed(4);
    assert!(stderr.contains("7 of 8 servers collected: 0 new, 7 unchanged, 1 failed; 0 new extracts"), "{stderr}");
    assert_eq!(project.private(counts), ["7,7,16"]);
    assert_eq!(
        project.private("select status, error, count(*) from warehouse.collection group by all order by all"),
        ["failed,connection refused,2", "new,,7", "unchanged,,7"]
    );
    assert_eq!(project.run(&["collect", "--server", "s3"]).ok().code, Some(0), "one server alone");
}

/// Collects from a good server and one that is not; afterwards the good one's data are there. Gives what was said.
fn beside_a_good_one(lab: &Lab, bad: (String, String, String)) -> String {
    let project = TestProject::new();
    let good = bridge(lab, "good", "fr");
    sources(&project, lab, &[entry("good", &good), bad]);
    let stderr = project.run(&["collect"]).failed(4);
    assert_eq!(project.private("select country from country_day"), ["fr"]);
    let secret = ["127.0.0.1", &lab.key().display().to_string()].map(str::to_owned);
    let kept = project.private("select error from warehouse.collection where error is not null").join("");
    assert!(secret.iter().all(|secret| !kept.contains(secret.as_str())), "{kept}");
    stderr
}

#[test]
fn a_changed_host_key_is_refused() {
    let lab = Lab::new();
    let bad = bridge(&lab, "bad", "de");
    let other = lab.server("other").start();
    let stderr = beside_a_good_one(&lab, ("bad".to_owned(), bad.address(), other.host_key("ed25519")));
    assert!(stderr.contains("server `bad`: host key changed"), "{stderr}");
    assert!(stderr.contains("hint: "), "{stderr}");
}

#[test]
fn a_key_that_the_server_does_not_know_is_refused() {
    let lab = Lab::new();
    let bad = bridge(&lab, "bad", "de");
    std::fs::write(lab.path("bad-authorized_keys"), "").unwrap();
    let stderr = beside_a_good_one(&lab, entry("bad", &bad));
    assert!(stderr.contains("server `bad`: key refused"), "{stderr}");
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let lab = Lab::new();
    let key = bridge(&lab, "bad", "de").host_key("ed25519");
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("{}@{}", user(), mute.local_addr().unwrap());
    let stderr = beside_a_good_one(&lab, ("mute".to_owned(), address, key));
    assert!(stderr.contains("server `mute`: no connection in time"), "{stderr}");
}

#[test]
fn a_server_that_falls_silent_in_the_middle_of_an_extract_is_given_up() {
    let lab = Lab::new();
    let bad = lab.server("bad").forced("echo torcollect-extract 1 1772600000 1; sleep 60").start();
    let stderr = beside_a_good_one(&lab, entry("bad", &bad));
    assert!(stderr.contains("server `bad`: silent for too long"), "{stderr}");
}

#[test]
fn what_a_server_prints_cannot_steer_the_operators_terminal() {
    let lab = Lab::new();
    let bad = lab.server("bad").forced("printf '\\033[2Jgone\\n' >&2; exit 3").start();
    let stderr = beside_a_good_one(&lab, entry("bad", &bad));
    assert!(stderr.contains("exit status 3"), "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
}

/// The first of two ports on which nothing listens, below those that the system gives to whoever asks for any.
fn two_free_ports() -> u16 {
    let first = 20_000 + u16::try_from(std::process::id() % 5_000).unwrap() * 2;
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    (first..32_000).step_by(2).find(|port| free(*port) && free(port + 1)).unwrap()
}

/// tor writes, sshd serves, `collect` reads, `build` shows: the same numbers all the way.
#[test]
fn what_tor_has_counted_is_on_the_page() {
    let Some(day) = shared("tor-lab/bridge_day.py") else { return };
    let lab = Lab::new();
    let data = lab.path("real-tor");
    let port = two_free_ports().to_string();
    let stats = said(Command::new("python3").arg(day).arg(&data).args(["--port", &port])).ok().stdout;
    let line = |key: &str| stats.lines().find_map(|line| line.strip_prefix(key)).map(str::trim).unwrap().to_owned();
    let ends = line("bridge-stats-end")[..19].to_owned();

    // tor's clock was moved by a day; so must the server's be, and ours.
    let instances = lab.instances("real-instances", &[("default", &user(), &data)]);
    let later = format!("exec faketime -f +2d {} {}", lab.path("extract").display(), instances.display());
    let sshd = lab.server("real").forced(&later).start();
    let project = TestProject::new();
    sources(&project, &lab, &[entry("real", &sshd)]);
    let binary = env!("CARGO_BIN_EXE_torcollect");
    let run = |command: &str| {
        said(Command::new("faketime").args(["-f", "+2d", binary, "-C"]).arg(project.path("")).arg(command)).ok()
    };
    run("collect");
    assert_eq!(
        project.private("select strftime(ends, '%Y-%m-%d %H:%M:%S') from warehouse.report"),
        [ends],
        "the interval's end is kept to the second, in the warehouse alone"
    );
    run("build");

    let day = &project.private("select day from bridge_day where state = 'reported'")[0];
    let page = project.read(&format!("public/days/{day}.html"));
    for count in line("bridge-ips").split(',').chain(line("bridge-ip-transports").split(',')) {
        let (code, clients) = count.split_once('=').unwrap();
        let named = project.private(&format!("select name from country where country = '{code}'"));
        let name = named.first().map_or(code, |name| name).replace('<', "&lt;").replace('>', "&gt;");
        let row = page.lines().find(|line| line.contains(&format!("<th scope=\"row\">{name}"))).expect(count);
        assert!(row.contains(&format!("<td class=\"number\">{clients}</td>")), "{count}: {row}");
    }
    let versions = line("bridge-ip-versions");
    let clients: u32 = versions.split(',').map(|part| part[3..].parse::<u32>().unwrap()).sum();
    assert!(page.contains(&format!("<strong>{clients} clients</strong>")), "{page}");
}
