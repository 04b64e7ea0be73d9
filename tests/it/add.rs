//! `server add` and `server remove --purge` against a real Debian server: sshd, sudo, accounts and tors as Debian makes
//! them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use torcollect::collect::key::fingerprint;

use crate::machine::Machine;
use crate::sshd::shared;
use crate::support::{Said, TestProject, said};

/// What `add` changes on a server.
const TOUCHED: &str = "/etc/passwd /etc/group /etc/shadow /etc/sudoers.d /etc/torcollect /usr/lib/torcollect \
                       /var/lib/torcollect /etc/systemd/system";

/// A machine with a bridge and two more instances, and an empty project.
fn three_bridges() -> Option<(Machine, TestProject)> {
    shared("data/lab-tor-0.4.9.11")?;
    let mut machine = Machine::new()?;
    machine.real_tor("default", "run1")?;
    for (name, number) in [("alpha", 1), ("beta", 2)] {
        let fingerprint = format!("{name} {number:040X}\n");
        let stats = crate::support::bridge_stats("2026-03-02 13:00:00", "de=8", "v4=8,v6=0", "obfs4=8");
        let files = [("stats/bridge-stats", stats.as_bytes()), ("hashed-fingerprint", fingerprint.as_bytes())];
        machine.tor(name, &files);
    }
    machine.start_sshd();
    Some((machine, empty_project()))
}

fn empty_project() -> TestProject {
    let project = TestProject::new();
    fs::remove_file(project.path("sources.yaml")).unwrap();
    project
}

/// `server add oak root@…` with the operator's key, and what else is said.
fn add(project: &TestProject, machine: &Machine, arguments: &[&str]) -> Said {
    let address = format!("root@127.0.0.1:{}", machine.port());
    let mut command = project.command();
    command.args(["server", "add", "oak", &address, "--identity"]).arg(machine.operator_key()).args(arguments);
    command.env_remove("SSH_AUTH_SOCK");
    said(&mut command)
}

/// The collecting key, as a file that OpenSSH takes.
fn key(project: &TestProject) -> std::path::PathBuf {
    project.path("data/id_ed25519")
}

#[test]
fn one_command_adds_a_server_and_the_next_collects_its_three_bridges() {
    let Some((machine, project)) = three_bridges() else { return };
    let begun = Instant::now();
    let said = add(&project, &machine, &["--accept-new"]).ok();
    assert!(begun.elapsed() < Duration::from_secs(30), "it took {:?}", begun.elapsed());
    for line in ["tor: default debian-tor /var/lib/tor", "tor: alpha _tor-alpha ", "tor: beta _tor-beta "] {
        assert!(said.stderr.contains(line), "{line}: {}", said.stderr);
    }
    let print = fingerprint(&machine.host_key()).unwrap();
    assert!(said.stderr.contains(&print), "{}", said.stderr);
    let servers = project.read("servers.yaml");
    assert!(servers.contains(&format!("host_key: {}", machine.host_key())), "{servers}");
    assert!(servers.contains(&format!("address: torcollect@127.0.0.1:{}", machine.port())), "{servers}");
    let mode = |path: &str| fs::metadata(project.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("servers.yaml"), mode("data/id_ed25519"), mode("data")), (0o600, 0o600, 0o700));

    project.run(&["collect"]).ok();
    assert_eq!(
        project.private("select instance from warehouse.sighting order by instance"),
        ["alpha", "beta", "default"]
    );
    assert_eq!(project.private("select count(*) from warehouse.report"), ["3"]);
    let tested = project.run(&["server", "test"]).stdout;
    for step in ["reach", "host key", "key", "forced command", "sudo", "files", "clock"] {
        assert!(tested.contains(&format!("  {step:14}  ok ")), "{step}: {tested}");
    }
    let list = project.run(&["server", "list", "--format", "csv"]).ok().stdout;
    assert!(list.lines().nth(1).is_some_and(|line| line.starts_with("oak,")), "{list}");
}

/// What the key must not be able to do, each tried with OpenSSH's own client.
#[test]
fn the_collecting_key_can_do_nothing_but_collect() {
    let Some((machine, project)) = three_bridges() else { return };
    add(&project, &machine, &["--accept-new"]).ok();
    let ssh = |arguments: &[&str]| {
        let mut ssh = machine.client("ssh", &key(&project));
        said(ssh.args(arguments))
    };
    let id = ssh(&["torcollect@127.0.0.1", "id"]);
    assert!(id.stdout.starts_with("torcollect-extract 1 ") && !id.stdout.contains("uid="), "{id:?}");
    let shell = ssh(&["-tt", "torcollect@127.0.0.1"]);
    assert!(shell.stderr.contains("PTY allocation request failed"), "{shell:?}");
    let target = machine.port();
    let forward = ssh(&["-W", &format!("127.0.0.1:{target}"), "torcollect@127.0.0.1"]);
    assert!(forward.code != Some(0) && forward.stderr.contains("administratively prohibited"), "{forward:?}");
    let listen = crate::sshd::free_port();
    let back =
        ssh(&["-o", "ExitOnForwardFailure=yes", "-R", &format!("{listen}:127.0.0.1:{target}"), "torcollect@127.0.0.1"]);
    assert!(back.code != Some(0) && back.stderr.contains("remote port forwarding failed"), "{back:?}");
    for program in ["sftp", "scp"] {
        let mut client = machine.client(program, &key(&project));
        let to = project.path("stolen").display().to_string();
        let output = said(client.args(["torcollect@127.0.0.1:/etc/passwd", &to]));
        assert!(output.code != Some(0) && !project.path("stolen").exists(), "{program}: {output:?}");
    }
    // What a thief of the account itself could do with sudo.
    let may = machine.run("su torcollect -c 'sudo -n -l'").ok().stdout;
    let rules: Vec<_> = may.lines().filter(|line| line.contains("NOPASSWD")).collect();
    assert_eq!(rules.len(), 3, "{may}");
    assert!(rules.iter().all(|rule| rule.contains("/usr/lib/torcollect/read-instance /var/lib/tor")), "{may}");
    for command in [
        "sudo -n id",
        "sudo -n -u debian-tor id",
        "sudo -n -u debian-tor /usr/lib/torcollect/read-instance /etc",
        "sudo -n -u debian-tor /usr/lib/torcollect/read-instance /var/lib/tor more",
        "sudo -n -u _tor-alpha /usr/lib/torcollect/read-instance /var/lib/tor",
        "sudo -n -u root /usr/lib/torcollect/read-instance /var/lib/tor",
        "cat /var/lib/tor/stats/bridge-stats",
        "echo x >>/var/lib/torcollect/.ssh/authorized_keys",
        "echo x >>/usr/lib/torcollect/extract",
    ] {
        let tried = machine.run(&format!("su torcollect -c '{command}'"));
        assert_ne!(tried.code, Some(0), "{command}: {tried:?}");
    }
}

#[test]
fn a_second_time_repairs_and_adds_what_is_new() {
    let Some((machine, project)) = three_bridges() else { return };
    add(&project, &machine, &["--accept-new"]).ok();
    let servers = project.read("servers.yaml");
    let settled = machine.listing(TOUCHED);
    let again = add(&project, &machine, &[]).ok();
    assert!(!again.stderr.contains("on the server: "), "nothing to do: {}", again.stderr);
    assert_eq!((project.read("servers.yaml"), machine.listing(TOUCHED)), (servers, settled));

    machine.run("rm /etc/sudoers.d/torcollect; chmod 777 /usr/lib/torcollect/extract").ok();
    assert_eq!(project.run(&["server", "test", "oak"]).code, Some(1));
    machine.tor("gamma", &[("hashed-fingerprint", format!("gamma {:040X}\n", 3).as_bytes())]);
    let repaired = add(&project, &machine, &[]).ok();
    assert!(repaired.stderr.contains("on the server: ") && repaired.stderr.contains("tor: gamma"), "{repaired:?}");
    project.run(&["collect"]).ok();
    assert_eq!(project.private("select count(distinct instance) from warehouse.sighting"), ["4"]);
}

#[test]
fn what_fails_leaves_the_server_and_the_settings_as_they_were() {
    let Some((mut machine, project)) = three_bridges() else { return };
    let before = machine.listing(TOUCHED);
    let untouched = |machine: &Machine, why: &str| {
        assert_eq!(machine.listing(TOUCHED), before, "{why}");
        assert!(!project.path("servers.yaml").exists() && !project.path("sources.yaml").exists(), "{why}");
    };
    // Nobody says that the key is the right one, and nobody can be asked.
    let stderr = add(&project, &machine, &[]).failed(1);
    assert!(stderr.contains("nobody has said that it is the right one") && stderr.contains("hint: "), "{stderr}");
    untouched(&machine, "an unknown host key");
    let other = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let stderr = add(&project, &machine, &["--host-key", other]).failed(1);
    assert!(stderr.contains(&format!("and not {other}\nhint: do not go on")), "{stderr}");
    untouched(&machine, "another host key");
    // A name that the settings would not take is refused before anything happens on the server.
    let address = format!("root@127.0.0.1:{}", machine.port());
    let logins = machine.sshd_log().matches("Connection from").count();
    let stderr = project.run(&["server", "add", "a b", &address, "--accept-new"]).failed(2);
    assert!(stderr.contains("a name has letters"), "{stderr}");
    let stderr = project.run(&["server", "add", "127.0.0.1", &address, "--accept-new"]).failed(2);
    assert!(stderr.contains("a server's name goes into logs"), "{stderr}");
    assert_eq!(machine.sshd_log().matches("Connection from").count(), logins);
    // A sudoers file that is broken: every check with visudo fails.
    machine.run("cp /etc/sudoers /run/sudoers && echo '%%% broken' >>/etc/sudoers").ok();
    let stderr = add(&project, &machine, &["--accept-new"]).failed(1);
    assert!(stderr.contains("sudo's rules on this server are broken"), "{stderr}");
    machine.run("cp /run/sudoers /etc/sudoers").ok();
    untouched(&machine, "broken sudoers");
    // All is installed, but the account may not log in: the test collection fails.
    machine.stop_sshd();
    machine.start_sshd_with("AllowUsers root");
    let stderr = add(&project, &machine, &["--accept-new"]).failed(1);
    assert!(stderr.contains("does not let the account `torcollect` in") && stderr.contains("AllowUsers"), "{stderr}");
    untouched(&machine, "an account that may not log in");
    // The settings cannot be written.
    machine.stop_sshd();
    machine.start_sshd();
    project.write("sources.yaml", "include: [servers.yaml\n");
    add(&project, &machine, &["--accept-new"]).failed(2);
    fs::remove_file(project.path("sources.yaml")).unwrap();
    untouched(&machine, "settings that are wrong");
    // All is installed and tried, and only then the file turns out to be one that cannot be written.
    std::os::unix::fs::symlink("/nonexistent/servers.yaml", project.path("servers.yaml")).unwrap();
    let said = add(&project, &machine, &["--accept-new"]);
    assert!(said.stderr.contains("on the server: all of it undone"), "{said:?}");
    fs::remove_file(project.path("servers.yaml")).unwrap();
    fs::remove_file(project.path("sources.yaml")).ok();
    assert_eq!(said.code, Some(1));
    untouched(&machine, "settings that cannot be written");
}

/// The operator's connection dies while the new key is tried.
#[test]
fn a_connection_that_is_lost_before_the_end_undoes_both_sides() {
    let Some((machine, project)) = three_bridges() else { return };
    let before = machine.listing(TOUCHED);
    let pid = project.path("pid").display().to_string();
    let script = format!("#!/bin/sh\n[ -e {pid} ] && kill -9 $(cat {pid})\necho $$ >{pid}\nexec nc \"$1\" \"$2\"\n");
    let via = format!("{} %h %p", project.script("cut", &script).display());
    add(&project, &machine, &["--accept-new", "--via", &via]).failed(1);
    assert!(!project.path("servers.yaml").exists() && !project.path("sources.yaml").exists());
    let end = Instant::now() + Duration::from_secs(20);
    while machine.listing(TOUCHED) != before {
        assert!(Instant::now() < end, "the server has not undone what was begun");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_server_is_added_through_any_program_and_collected_the_same_way() {
    let Some((machine, project)) = three_bridges() else { return };
    let mut command = project.command();
    let via = format!("nc 127.0.0.1 {}", machine.port());
    command.args(["server", "add", "oak", "root@oak.onion", "--accept-new", "--via", &via, "--identity"]);
    said(command.arg(machine.operator_key())).ok();
    let servers = project.read("servers.yaml");
    assert!(
        servers.contains("address: torcollect@oak.onion\n") && servers.contains(&format!("via: {via}")),
        "{servers}"
    );
    project.run(&["collect"]).ok();
    // And again, without saying how.
    let mut again = project.command();
    said(again.args(["server", "add", "oak", "root@oak.onion", "--identity"]).arg(machine.operator_key())).ok();
}

#[test]
fn an_operator_who_may_sudo_sets_a_server_up_and_cleans_it() {
    let Some((machine, project)) = three_bridges() else { return };
    machine.admin("ann", "a password");
    machine.write("/etc/sudoers.d/ann", 0o440, b"ann ALL=(ALL:ALL) NOPASSWD: ALL\n");
    let before = machine.listing(TOUCHED);
    let address = format!("ann@127.0.0.1:{}", machine.port());
    let print = fingerprint(&machine.host_key()).unwrap();
    let identity = machine.operator_key().display().to_string();
    let login = ["--identity", &identity, "--host-key", &print];
    said(project.command().args(["server", "add", "oak", &address]).args(login)).ok();
    project.run(&["collect"]).ok();
    let stderr = said(project.command().args(["server", "remove", "oak", "--purge", "--as", "ann"]).args(&login[..2]))
        .ok()
        .stderr;
    assert!(stderr.contains("stays in the warehouse"), "{stderr}");
    assert_eq!(machine.listing(TOUCHED), before);
    assert!(!project.read("servers.yaml").contains("oak"));
    assert_eq!(project.private("select count(*) from warehouse.report"), ["3"], "history stays");
}

/// Types at the terminal that the command asks at: `script` gives it one. Gives all that was shown.
fn at_a_terminal(project: &TestProject, arguments: &[&str], typed: &[(&str, &str)]) -> (Option<i32>, String) {
    let words: Vec<String> = [env!("CARGO_BIN_EXE_torcollect"), "-C", &project.path("").display().to_string()]
        .iter()
        .chain(arguments)
        // What begins with `;` is for the shell.
        .map(|word| if word.starts_with(';') { (*word).to_owned() } else { format!("'{word}'") })
        .collect();
    let answers: String =
        typed.iter().map(|(prompt, answer)| serde_json::json!([prompt, answer]).to_string() + ", ").collect();
    // Python's own pseudo-terminal: it answers each prompt when it has come.
    let program = format!(
        "import os, pty, sys, time\n\
         answers = [{answers}]\n\
         pid, fd = pty.fork()\n\
         if pid == 0:\n    os.environ['HOME'] = '/nonexistent'; os.execvp('sh', ['sh', '-c', sys.argv[1]])\n\
         shown = b''\n\
         seen = 0\n\
         while True:\n\
         \x20   try: piece = os.read(fd, 4096)\n\
         \x20   except OSError: break\n\
         \x20   if not piece: break\n\
         \x20   shown += piece\n\
         \x20   if answers and answers[0][0].encode() in shown[seen:]:\n\
         \x20       seen = len(shown); time.sleep(0.5); os.write(fd, answers.pop(0)[1].encode() + b'\\n')\n\
         status = os.waitpid(pid, 0)[1]\n\
         sys.stdout.buffer.write(shown)\n\
         sys.exit(os.waitstatus_to_exitcode(status))\n"
    );
    let output = Command::new("python3")
        .args(["-c", &program, &words.join(" ")])
        .env_remove("SSH_AUTH_SOCK")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_password_is_typed_once_and_never_shown() {
    let Some((machine, project)) = three_bridges() else { return };
    machine.admin("ann", "open sesame");
    machine.run("rm /home/ann/.ssh/authorized_keys").ok();
    let address = format!("ann@127.0.0.1:{}", machine.port());
    let typed = [("is that its key?", "yes"), ("password of `ann`", "open sesame")];
    let (code, shown) = at_a_terminal(&project, &["server", "add", "oak", &address], &typed);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains(&fingerprint(&machine.host_key()).unwrap()), "{shown}");
    assert!(!shown.contains("open sesame"), "{shown}");
    assert_eq!(shown.matches("password of").count(), 1, "once for SSH and sudo: {shown}");
    let everything = Command::new("grep").args(["-r", "open sesame"]).arg(project.path("")).output().unwrap();
    assert!(everything.stdout.is_empty(), "{everything:?}");
    project.run(&["collect"]).ok();

    let (code, shown) = at_a_terminal(&project, &["server", "add", "elm", &address], &[("is that its key?", "no")]);
    assert_eq!(code, Some(1), "{shown}");
}

#[test]
fn a_key_logs_in_and_sudo_gets_its_password_typed_also_the_second_time() {
    let Some((machine, project)) = three_bridges() else { return };
    machine.admin("ann", "open sesame");
    let identity = machine.operator_key().display().to_string();
    let address = format!("ann@127.0.0.1:{}", machine.port());
    let login = ["--identity", &identity, "--accept-new"];
    let typed = [("password of `ann`", "wrong"), ("password of `ann`", "open sesame")];
    let (code, shown) = at_a_terminal(&project, &[&["server", "add", "oak", &address], &login[..]].concat(), &typed);
    assert_eq!(code, Some(0), "{shown}");
    let stderr = said(project.command().args(["server", "add", "oak", &address]).args(login)).failed(1);
    assert!(stderr.contains("there is no terminal to type it"), "{stderr}");
    let purge = ["server", "remove", "oak", "--purge", "--as", "ann", "--identity", &identity];
    let (code, shown) = at_a_terminal(&project, &purge, &typed[1..]);
    assert_eq!(code, Some(0), "{shown}");
}

#[test]
fn a_server_may_ask_in_its_own_words() {
    let Some((mut machine, project)) = three_bridges() else { return };
    machine.password("root", "open sesame");
    machine.run("rm /root/.ssh/authorized_keys").ok();
    machine.stop_sshd();
    machine.start_sshd_with("PasswordAuthentication no\nKbdInteractiveAuthentication yes\n");
    let address = format!("root@127.0.0.1:{}", machine.port());
    let typed = [("the server asks: Password:", "open sesame")];
    let (code, shown) = at_a_terminal(&project, &["server", "add", "oak", &address, "--accept-new"], &typed);
    assert_eq!(code, Some(0), "{shown} {}", machine.sshd_log());
}

#[test]
fn a_prompt_that_is_given_up_leaves_the_terminal_as_it_was() {
    let Some((machine, project)) = three_bridges() else { return };
    machine.admin("ann", "open sesame");
    let address = format!("ann@127.0.0.1:{}", machine.port());
    let arguments = ["server", "add", "oak", &address, "--accept-new", "; stty -a"];
    let (_, shown) = at_a_terminal(&project, &arguments, &[("password of `ann`", "\u{3}")]);
    assert!(shown.contains(" echo ") && shown.contains(" icanon ") && !shown.contains("-echo "), "{shown}");
}

#[test]
fn the_printed_script_does_the_same_by_hand() {
    let Some((machine, project)) = three_bridges() else { return };
    let script = project.run(&["server", "add", "oak", "--print"]).ok().stdout;
    assert!(script.starts_with("#!/bin/sh"), "{script}");
    let said = machine.run_with("cat >/run/setup && sh /run/setup", script.as_bytes());
    assert_eq!(said.code, Some(0), "{said:?}");
    let address = format!("127.0.0.1:{}", machine.port());
    let arguments = ["server", "add", "oak", &address, "--installed", "--host-key", &machine.host_key()];
    project.run(&arguments).ok();
    project.run(&["collect"]).ok();
    assert_eq!(project.private("select count(*) from warehouse.report"), ["3"]);
}
