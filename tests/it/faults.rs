//! What can be wrong with a server, and what is then known of it: the operator is told what to do, the warehouse keeps a
//! fixed phrase, and all other servers are collected as if nothing were.

use std::fs;
use std::net::TcpListener;

use crate::sshd::{Entry, Lab, Sshd, free_port, user};
use crate::support::{TestProject, bridge_stats};

/// A project with a server `good` and a server `bad`, collected once.
struct Collected {
    project: TestProject,
    stderr: String,
    /// What no reason may name.
    secrets: Vec<String>,
}

impl Collected {
    /// Collects; the exit code must be that of a part that failed, and of the good server's bridge the facts be there.
    fn beside_a_good_one(lab: &Lab, bad: &Entry) -> Self {
        Self::with_facts_of(lab, bad, &["fr"])
    }

    /// The same, where facts come of more than the good server's country.
    fn with_facts_of(lab: &Lab, bad: &Entry, countries: &[&str]) -> Self {
        let project = TestProject::new();
        let good = lab.bridge("good", "fr");
        project.write("sources.yaml", lab.sources(&[("good", &Entry::of(&good)), ("bad", bad)], 2));
        let stderr = project.run(&["collect"]).failed(4);
        assert_eq!(project.private("select country from country_day order by 1"), countries, "{stderr}");
        let (host, port) = bad.address.rsplit_once(':').unwrap();
        let host = host.rsplit_once('@').unwrap().1;
        let secrets =
            [bad.address.as_str(), host, port, &bad.host_key, "ssh-ed25519", "AAAA", &lab.key().display().to_string()];
        Self { project, stderr, secrets: secrets.map(str::to_owned).to_vec() }
    }

    /// The bad server has failed: the operator reads this, and the warehouse and the pages have the reason alone.
    #[track_caller]
    fn failed(&self, reason: &str, shown: &str, hint: &str) {
        let said = format!("error: server `bad`: {reason}{shown}");
        let line = self.stderr.lines().position(|line| line.starts_with(&said));
        let line = line.unwrap_or_else(|| panic!("no line begins with {said:?}: {}", self.stderr));
        let next = self.stderr.lines().nth(line + 1).unwrap_or_default();
        assert!(next.starts_with("hint: ") && next.contains(hint), "not the hint {hint:?}: {next:?}");
        assert!(self.stderr.contains("1 of 2 servers collected: 1 new, 0 unchanged, 1 failed"), "{}", self.stderr);
        let kept = "select server, status, error, bytes > 0, extract is not null from warehouse.collection order by 1";
        let expected = [format!("bad,failed,{reason},false,false"), "good,new,,true,true".to_owned()];
        assert_eq!(self.project.private(kept), expected);
        self.names_no_secret();
    }

    /// The bad server has answered, but this is wrong with an instance of it.
    #[track_caller]
    fn answered_with(&self, problem: &str) {
        assert!(self.stderr.contains(&format!("error: server `bad`, instance {problem}")), "{}", self.stderr);
        assert!(self.stderr.contains("2 of 2 servers collected: 2 new"), "{}", self.stderr);
        let kept = "select server, status, error from warehouse.collection order by 1";
        assert_eq!(self.project.private(kept), ["bad,new,", "good,new,"]);
        self.names_no_secret();
    }

    #[track_caller]
    fn names_no_secret(&self) {
        let kept = "select error from warehouse.collection union all select message from warehouse.problem";
        let kept = self.project.private(kept).join("\n");
        for secret in &self.secrets {
            assert!(!kept.contains(secret), "{secret:?} is in what is kept: {kept}");
        }
    }
}

/// A server with a script behind its key.
fn scripted(lab: &Lab, script: &str) -> (Sshd, Entry) {
    let sshd = lab.server("bad").forced(script).start();
    let bad = Entry::of(&sshd);
    (sshd, bad)
}

#[test]
fn a_host_that_is_not_there_is_not_reachable() {
    let lab = Lab::new();
    let (_sshd, bad) = scripted(&lab, "true");
    let gone = Entry { address: "collector@no-such-host.invalid:2222".to_owned(), ..bad };
    Collected::beside_a_good_one(&lab, &gone).failed("not reachable", ": ", "check the server's address");
}

#[test]
fn a_port_where_nothing_listens_refuses() {
    let lab = Lab::new();
    let (_sshd, bad) = scripted(&lab, "true");
    let closed = Entry { address: format!("{}@127.0.0.1:{}", user(), free_port()), ..bad };
    Collected::beside_a_good_one(&lab, &closed).failed("connection refused", "", "see that sshd runs there");
}

#[test]
fn a_server_that_is_silent_after_connecting_gives_no_connection_in_time() {
    let lab = Lab::new();
    let (_sshd, bad) = scripted(&lab, "true");
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let mute = Entry { address: format!("{}@{}", user(), mute.local_addr().unwrap()), ..bad };
    let collected = Collected::beside_a_good_one(&lab, &mute);
    collected.failed("no connection in time", "", "raise `connect_timeout`");
}

#[test]
fn a_server_that_falls_silent_in_the_middle_of_its_extract_is_given_up_and_nothing_of_it_is_kept() {
    let lab = Lab::new();
    let (_sshd, bad) = scripted(&lab, "echo torcollect-extract 1 1772600000 1; echo instance default; sleep 60");
    Collected::beside_a_good_one(&lab, &bad).failed("silent for too long", "", "raise `read_timeout`");
}

#[test]
fn a_host_key_that_has_changed_is_refused_before_anybody_logs_in() {
    let lab = Lab::new();
    let (sshd, bad) = scripted(&lab, "true");
    let another = lab.key_pair("another", "ed25519").with_extension("pub");
    let another = fs::read_to_string(another).unwrap();
    let pinned = another.rsplit_once(' ').unwrap().0.to_owned();
    let collected = Collected::beside_a_good_one(&lab, &Entry { host_key: pinned, ..bad });
    collected.failed("host key changed", "", "somebody else answers in its place");
    assert!(!sshd.log().contains("Accepted"), "{}", sshd.log());
}

#[test]
fn a_key_that_the_server_does_not_let_in_is_refused() {
    let lab = Lab::new();
    let (_sshd, bad) = scripted(&lab, "true");
    fs::write(lab.path("bad-authorized_keys"), "").unwrap();
    Collected::beside_a_good_one(&lab, &bad).failed("key refused", "", "stands in the `authorized_keys`");
}

#[test]
fn what_a_server_prints_cannot_steer_the_operators_terminal() {
    let lab = Lab::new();
    let (_sshd, bad) = scripted(&lab, "printf '\\033[2Jgone\\n' >&2; exit 3");
    let collected = Collected::beside_a_good_one(&lab, &bad);
    collected.failed("the command failed", " with exit status 3", "shows what it complains about");
    assert!(!collected.stderr.contains("gone"), "{:?}", collected.stderr);
    let told = collected.project.run(&["server", "test", "bad"]).stdout;
    assert!(told.contains("[2Jgone") && !told.contains('\u{1b}'), "{told:?}");
}

#[test]
fn a_script_that_is_missing_on_the_server_is_a_command_that_failed() {
    let lab = Lab::new();
    let (_sshd, bad) = scripted(&lab, &format!("exec {}", lab.path("gone").display()));
    let collected = Collected::beside_a_good_one(&lab, &bad);
    collected.failed("the command failed", " with exit status 127", "shows what it complains about");
}

/// Runs the script as `nobody`, whom sudo lets do nothing: needs root.
#[test]
fn a_sudo_rule_that_is_missing_denies_one_instance_and_the_other_is_collected() {
    if user() != "root" {
        return eprintln!("skipped: only root can become another account");
    }
    let lab = Lab::new();
    let data = lab.tor("bad", "de");
    let instances = lab.instances("instances", &[("theirs", "root", &data), ("mine", "nobody", &data)]);
    let (extract, instances) = (lab.path("extract"), instances.display().to_string());
    let (_sshd, bad) = scripted(&lab, &format!("exec sudo -n -u nobody {} {instances}", extract.display()));
    let collected = Collected::with_facts_of(&lab, &bad, &["de", "fr"]);
    collected.answered_with("`theirs`: may not be read\nhint: `torcollect server test bad` says what to do");
    assert_eq!(collected.stderr.matches("instance `").count(), 1, "{}", collected.stderr);
}

/// The commonest fault: the rule was lost in an update. Runs the script as `nobody`: needs root.
#[test]
fn a_sudo_rule_that_is_missing_for_all_instances_is_a_server_that_failed() {
    if user() != "root" {
        return eprintln!("skipped: only root can become another account");
    }
    let lab = Lab::new();
    let data = lab.tor("bad", "de");
    let instances = lab.instances("instances", &[("one", "root", &data), ("two", "root", &data)]);
    let (extract, instances) = (lab.path("extract"), instances.display().to_string());
    let (_sshd, bad) = scripted(&lab, &format!("exec sudo -n -u nobody {} {instances}", extract.display()));
    let collected = Collected::beside_a_good_one(&lab, &bad);
    collected.failed("no tor may be read", "", "`torcollect server test bad` says what to do");
    assert!(!collected.stderr.contains("instance `"), "{}", collected.stderr);
    let listed = collected.project.run(&["server", "list"]).ok().stdout;
    assert!(listed.contains("no tor may be read"), "{listed}");
    collected.project.run(&["collect", "--fail-under", "51%"]).failed(1);
}

#[test]
fn a_server_that_knows_of_no_tor_has_failed() {
    let lab = Lab::new();
    let instances = lab.instances("instances", &[]);
    let sshd = lab.server("bad").instances(&instances).start();
    let collected = Collected::beside_a_good_one(&lab, &Entry::of(&sshd));
    collected.failed("the server knows of no tor", "", "`torcollect server test bad` says what to do");
}

#[test]
fn a_clock_that_is_three_days_off_is_named_and_its_days_are_not_believed() {
    for (moved, direction) in [("-3d", "behind"), ("+3d", "ahead")] {
        let lab = Lab::new();
        let instances = lab.instances("instances", &[("default", &user(), &lab.tor("bad", "de"))]);
        let extract = lab.path("extract");
        let script = format!("exec faketime -f {moved} {} {}", extract.display(), instances.display());
        let (_sshd, bad) = scripted(&lab, &script);
        let collected = Collected::beside_a_good_one(&lab, &bad);
        collected.answered_with(&format!("`default`: the server's clock is 72 hours {direction}"));
    }
}

/// A script whose folders for temporary files are on a full disk of 4 KiB: needs root, to mount one.
fn on_a_full_disk(lab: &Lab, command: &str) -> String {
    let disk = lab.path("disk");
    fs::create_dir_all(&disk).unwrap();
    let disk = disk.display();
    let inside = format!(
        "mount -t tmpfs -o size=4k none {disk} && ! cat /dev/zero >{disk}/full 2>/dev/null && cd {disk} && \
         export HOME={disk} TMPDIR={disk} && ! echo one more >{disk}/more 2>/dev/null && exec {command}"
    );
    format!("exec unshare --mount --propagation private sh -c '{inside}'")
}

#[test]
fn a_full_disk_on_the_server_does_not_keep_the_extract_from_coming() {
    if user() != "root" {
        return eprintln!("skipped: only root can mount a disk");
    }
    let lab = Lab::new();
    let instances = lab.instances("instances", &[("default", &user(), &lab.tor("bad", "de"))]);
    let command = format!("{} {}", lab.path("extract").display(), instances.display());
    let (_sshd, bad) = scripted(&lab, &on_a_full_disk(&lab, &command));
    let project = TestProject::new();
    project.write("sources.yaml", lab.sources(&[("bad", &bad)], 5));
    project.run(&["collect"]).ok();
    assert_eq!(project.private("select country, clients from country_day"), ["de,8"]);
}

/// tor itself writes a file beside and moves it, but not every copy of its files is made so.
#[test]
fn a_file_that_a_full_disk_has_cut_off_gives_no_half_a_number() {
    let lab = Lab::new();
    let whole = bridge_stats("2026-03-02 13:00:00", "de=160,fr=8", "v4=168,v6=0", "obfs4=168");
    let cut = &whole[..whole.find("=160").unwrap() + "=16".len()];
    let data = lab.data("bad-tor", &[("stats/bridge-stats", cut.as_bytes())]);
    let instances = lab.instances("instances", &[("default", &user(), &data)]);
    let sshd = lab.server("bad").instances(&instances).start();
    let project = TestProject::new();
    project.write("sources.yaml", lab.sources(&[("bad", &Entry::of(&sshd))], 5));
    project.run(&["collect"]);
    assert_eq!(project.private("select country, clients from warehouse.country_count"), [] as [&str; 0]);
}

#[test]
fn of_fifty_servers_one_hangs_and_the_others_are_collected_while_it_does() {
    let lab = Lab::new();
    let sshd = lab.bridge("good", "fr");
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let good = Entry::of(&sshd);
    let hangs = format!("{}@{}", user(), mute.local_addr().unwrap());
    let hangs = Entry { address: hangs, host_key: sshd.host_key("ed25519") };
    let names: Vec<String> = (1..50).map(|number| format!("good{number}")).collect();
    let mut servers: Vec<_> = names.iter().map(|name| (name.as_str(), &good)).collect();
    servers.push(("hangs", &hangs));
    let project = TestProject::new();
    project.write("sources.yaml", lab.sources(&servers, 15));

    let stderr = project.run(&["collect", "--jobs", "4"]).failed(4);
    assert!(stderr.contains("server `hangs`: no connection in time"), "{stderr}");
    assert!(stderr.contains("49 of 50 servers collected: 49 new, 0 unchanged, 1 failed"), "{stderr}");
    assert_eq!(project.private("select count(*), sum(clients) from country_day"), ["49,392"]);
    // By what the run itself has noted, because a test's own clock runs with whatever else the machine does.
    let late = "select server from warehouse.collection
                where server <> 'hangs' and finished >= (select finished from warehouse.collection where server = 'hangs')";
    assert_eq!(project.private(late), [] as [&str; 0], "they waited for the one that hangs");
    let waited = "select date_diff('second', started, finished) >= 14 from warehouse.collection where server = 'hangs'";
    assert_eq!(project.private(waited), ["true"], "it was not given its time");
}
