//! A fleet behind real sshd, from tor's own files to the pages.

use std::net::TcpListener;
use std::process::Command;

use crate::sshd::{Entry, Lab, free_port, shared, user};
use crate::support::{TestProject, said};

#[test]
fn of_eight_servers_one_is_dead_and_the_others_are_collected() {
    let lab = Lab::new();
    let project = TestProject::new();
    let names = ["s1", "s2", "s3", "s4", "s5", "s6", "s7"];
    let sshds = names.map(|name| lab.bridge(name, "de"));
    let entries = sshds.each_ref().map(Entry::of);
    let dead = Entry { address: format!("{}@127.0.0.1:{}", user(), free_port()), ..Entry::of(&sshds[0]) };
    let servers: Vec<_> = names.into_iter().zip(&entries).chain([("dead", &dead)]).collect();
    project.write("sources.yaml", lab.sources(&servers, 10));

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
    project.write("sources.yaml", lab.sources(&[("real", &Entry::of(&sshd))], 10));
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
        let mut rows = page.lines().filter(|line| line.starts_with("<tr><th scope=\"row\">"));
        let row = rows.find(|row| row.contains(&format!(">{name}"))).expect(count);
        assert!(row.contains(&format!("<td class=\"number\">{clients}</td>")), "{count}: {row}");
    }
    let versions = line("bridge-ip-versions");
    let clients: u32 = versions.split(',').map(|part| part[3..].parse::<u32>().unwrap()).sum();
    assert!(page.contains(&format!("<strong>{clients} clients</strong>")), "{page}");
}
