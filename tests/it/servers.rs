//! `torcollect server list`, `test` and `remove`, and the key of the project, against real OpenSSH.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use torcollect::collect::key::project_key;
use torcollect::config::servers::{NewServer, put};
use torcollect::project::Project;

use crate::sshd::{Lab, Sshd, user};
use crate::support::{Said, TestProject, bridge_stats};

/// A project whose own key opens the lab's servers.
fn project_of(lab: &Lab) -> TestProject {
    let project = TestProject::new();
    fs::remove_file(project.path("sources.yaml")).unwrap();
    let key = project_key(&Project::new(project.path(""))).unwrap();
    fs::write(lab.path("client.pub"), key.public + "\n").unwrap();
    project
}

fn add(project: &TestProject, name: &str, sshd: &Sshd, host_key: String) {
    let server = NewServer { address: sshd.address(), host_key, via: None };
    put(&Project::new(project.path("")), name, &server).unwrap();
}

/// The tors of a server whose newest statistics ended so many hours ago.
fn tor(lab: &Lab, name: &str, hours: u64) -> PathBuf {
    let ends = std::time::SystemTime::now() - std::time::Duration::from_secs(hours * 3600);
    let ends = jiff::Timestamp::try_from(ends).unwrap().strftime("%Y-%m-%d %H:%M:%S").to_string();
    let stats = bridge_stats(&ends, "ru=8", "v4=8,v6=0", "<OR>=8");
    let identity = b"oak 5FA6B2382B48F35DC0B9724163C706C4E9042E4F\n";
    lab.data(name, &[("stats/bridge-stats", stats.as_bytes()), ("hashed-fingerprint", identity)])
}

/// The lines of a server's block that are not fine.
fn wrong(said: &Said, name: &str) -> Vec<String> {
    let block = said.stdout.split("\n\n").find(|block| block.lines().next() == Some(name));
    let lines = block.unwrap_or_else(|| panic!("{name}: {said:?}")).lines().skip(1);
    lines.filter(|line| line.contains("FAILED") || line.contains("hint:")).map(|line| line.trim().to_owned()).collect()
}

#[track_caller]
fn says(said: &Said, name: &str, failed: &str, hint: &str) {
    let wrong = wrong(said, name);
    assert!(wrong.len() == 2 && wrong[0].contains(failed) && wrong[1].contains(hint), "{wrong:?}\n{said:?}");
}

#[test]
fn the_projects_own_key_logs_in_and_is_used_unless_another_is_named() {
    let lab = Lab::new();
    lab.instances("instances", &[("default", &user(), &tor(&lab, "tor", 12))]);
    let project = project_of(&lab);
    let sshd = lab.server("one").start();
    add(&project, "alpha", &sshd, sshd.host_key("ed25519"));
    let said = project.run(&["server", "test"]).ok();
    assert!(said.stdout.starts_with("alpha\n  reach           ok "), "{said:?}");
    assert_eq!(wrong(&said, "alpha"), [""; 0]);
    project.run(&["collect"]).ok();

    let listed = project.run(&["server", "list", "--format", "json"]).ok().stdout;
    let row = &serde_json::from_str::<serde_json::Value>(&listed).unwrap()[0];
    assert_eq!((&row["server"], &row["sources"], &row["status"]), (&"alpha".into(), &"bridges".into(), &"new".into()));
    assert_eq!((&row["bridges"], &row["reason"]), (&1.into(), &serde_json::Value::Null));
    assert!(row["newest_day"].as_str().is_some_and(|day| day.len() == 10), "{row}");
    assert!(row["last_collection"].as_str().is_some_and(|time| time.ends_with('Z') && time.len() == 20), "{row}");
    drop(sshd);
    project.run(&["collect"]).failed(1);
    let listed = project.run(&["server", "list", "--format", "csv"]).ok().stdout;
    let second = listed.lines().nth(1).unwrap();
    assert!(second.contains(",failed,connection refused,1,"), "{listed}");
    assert!(!listed.contains("127.0.0.1"));
}

#[test]
fn each_step_that_fails_has_its_words_and_its_remedy() {
    let lab = Lab::new();
    let me = user();
    let project = project_of(&lab);
    let good = lab.instances("instances", &[("default", &me, &tor(&lab, "tor", 12))]);
    let old = lab.instances("old", &[("default", &me, &tor(&lab, "old-tor", 72))]);
    let fine = lab.server("fine").start();
    let stale = lab.server("stale").instances(&old).start();
    let missing = lab.server("missing").forced("exec /usr/lib/no-such-folder/extract").start();
    let shell = lab.server("shell").forced("eval \"$SSH_ORIGINAL_COMMAND\"").start();
    let extract = lab.path("extract").display().to_string();
    let late = lab.server("late").forced(&format!("exec faketime -f -3d {extract} {}", good.display())).start();
    for sshd in [&fine, &stale, &missing, &shell, &late] {
        let name = sshd.name();
        add(&project, name, sshd, sshd.host_key("ed25519"));
    }
    add(&project, "changed", &fine, stale.host_key("ed25519"));
    fs::write(
        lab.path("client.pub"),
        fs::read_to_string(lab.key_pair("stranger", "ed25519").with_extension("pub")).unwrap(),
    )
    .unwrap();
    let stranger = lab.server("stranger-server").start();
    add(&project, "refused", &stranger, stranger.host_key("ed25519"));

    let said = project.run(&["server", "test"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert_eq!(wrong(&said, "fine"), [""; 0]);
    let again = |name: &str| format!("run `torcollect server add {name} ADDRESS` again");
    says(
        &said,
        "changed",
        "host key        FAILED  host key changed",
        "`torcollect server add changed ADDRESS --host-key KEY` pins",
    );
    says(&said, "refused", "key             FAILED  key refused", &again("refused"));
    says(&said, "missing", "forced command  FAILED  the command failed with exit status 127", &again("missing"));
    says(&said, "shell", "forced command  FAILED  asked for `id`", &again("shell"));
    says(&said, "late", "clock           FAILED  it is 3 days behind", "timedatectl");
    says(&said, "stale", "statistics      FAILED  the newest of `default` are 3 days old", "systemctl status");
    let names: Vec<&str> = said.stdout.lines().filter(|line| !line.starts_with(' ') && !line.is_empty()).collect();
    assert_eq!(names, ["changed", "fine", "late", "missing", "refused", "shell", "stale"]);

    let one = project.run(&["server", "test", "changed"]);
    assert_eq!(one.stdout.lines().next(), Some("changed"));
    assert!(one.failed(1).contains("1 of 1 servers cannot be collected"));
    assert!(project.run(&["server", "test", "fien"]).failed(2).contains("did you mean `fine`?"));
}

#[test]
fn a_tor_without_geoip_is_found() {
    let lab = Lab::new();
    let Some(data) = lab.real_data("tor", "nogeoip") else { return };
    lab.instances("instances", &[("default", &user(), &data)]);
    let project = project_of(&lab);
    let sshd = lab.server("one").start();
    add(&project, "alpha", &sshd, sshd.host_key("ed25519"));
    let said = project.run(&["server", "test"]);
    let geoip = wrong(&said, "alpha").into_iter().find(|line| line.starts_with("GeoIP")).unwrap();
    assert_eq!(geoip, "GeoIP           FAILED  `default` knew no countries", "{said:?}");
    assert!(said.failed(1).contains("1 of 1 servers"));
}

/// The forced command runs as `nobody`, whom sudo lets do nothing: needs root.
#[test]
fn a_tor_that_sudo_refuses_is_found() {
    if user() != "root" {
        eprintln!("skipped: only root can become another account");
        return;
    }
    let lab = Lab::new();
    let instances = lab.instances("instances", &[("default", "root", &tor(&lab, "tor", 12))]);
    let project = project_of(&lab);
    let command = format!("exec sudo -n -u nobody {} {}", lab.path("extract").display(), instances.display());
    let sshd = lab.server("one").forced(&command).start();
    add(&project, "alpha", &sshd, sshd.host_key("ed25519"));
    let said = project.run(&["server", "test"]);
    says(
        &said,
        "alpha",
        "sudo            FAILED  `default` may not be read: sudo says `",
        "server add alpha ADDRESS` again",
    );
}

#[test]
fn a_server_here_is_tested_without_ssh() {
    let project = TestProject::new();
    let tor = project.tor("a", &bridge_stats("2025-11-20 10:00:00", "ru=8", "v4=8,v6=0", "<OR>=8"));
    project.local_servers(&[("here", project.server("here", &[("default", &tor)]))]);
    let said = project.run(&["server", "test"]);
    assert!(
        said.stdout.starts_with("here\n  reach           —\n  host key        —\n  key             —\n"),
        "{said:?}"
    );
    assert!(said.stdout.contains("  forced command  ok      it prints an extract\n"), "{said:?}");
}

#[test]
fn a_server_that_was_never_asked_is_listed_and_one_that_is_gone_is_not() {
    let project = TestProject::new();
    let tor = project.tor("a", &bridge_stats("2025-11-20 10:00:00", "ru=8", "v4=8,v6=0", "<OR>=8"));
    let command = project.server("here", &[("default", &tor)]);
    project.local_servers(&[("here", command.clone())]);
    let listed = project.run(&["server", "list"]).ok().stdout;
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(listed.lines().map(words).nth(1).unwrap(), ["here", "bridges", "never", "0"]);
    assert!(!project.path("data/torcollect.duckdb").exists(), "reading makes nothing");
    project.run(&["collect"]).ok();
    project.local_servers(&[("there", command)]);
    let listed = project.run(&["server", "list", "--format", "csv"]).ok().stdout;
    assert_eq!(
        listed,
        "server,sources,last_collection,status,reason,bridges,newest_day\r\nthere,bridges,,never,,0,\r\n"
    );
}

#[test]
fn a_server_is_removed_and_its_history_stays() {
    let lab = Lab::new();
    lab.instances("instances", &[("default", &user(), &tor(&lab, "tor", 12))]);
    let project = project_of(&lab);
    let sshd = lab.server("one").start();
    add(&project, "alpha", &sshd, sshd.host_key("ed25519"));
    add(&project, "beta", &sshd, sshd.host_key("ed25519"));
    project.run(&["collect", "--server", "alpha"]).ok();
    let said = project.run(&["server", "remove", "alpha"]).ok();
    assert!(said.stderr.contains("stays in the warehouse"), "{said:?}");
    assert!(!project.read("servers.yaml").contains("alpha"));
    assert_eq!(fs::metadata(project.path("servers.yaml")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(project.private("select server from collection"), ["alpha"]);
    let refused = project.run(&["server", "remove", "alpha"]).failed(2);
    assert!(refused.contains("there is no server `alpha`"), "{refused}");
}
