//! The operator's own programs on a server: what they print comes as it is, and whatever they do, the tors are read.
#![allow(clippy::print_stderr)] // A test says why it is skipped.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use torcollect::collect::setup::{Install, install_script};
use torcollect::collect::sources::tor_bridge::frame::{Extract, State};
use torcollect::collect::transport::{Fetched, Limits, Local, Transport};

use crate::machine::Machine;
use crate::sshd::{Entry, Lab, Sshd, run, user};
use crate::support::TestProject;

/// A lab with one tor and a folder of drop-ins, or `None` after saying why: they must be root's.
struct DropIns {
    lab: Lab,
}

impl DropIns {
    fn new() -> Option<Self> {
        if user() != "root" {
            eprintln!("skipped: only root can make drop-ins");
            return None;
        }
        let lab = Lab::new();
        let tor = lab.tor("one", "fr");
        lab.instances("instances", &[("default", &user(), &tor)]);
        fs::create_dir(lab.path("extract.d")).unwrap();
        let drop_ins = Self { lab };
        drop_ins.mode("", 0o755);
        Some(drop_ins)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.lab.path("extract.d").join(name)
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Puts a shell script there.
    fn put(&self, name: &str, script: &str) {
        self.lab.script(&format!("extract.d/{name}"), &format!("#!/bin/sh\n{script}\n"));
    }

    /// The words that print the extract.
    fn command(&self) -> Vec<String> {
        ["extract", "instances", "no-spool", "extract.d"].map(|name| self.lab.path(name).display().to_string()).to_vec()
    }

    /// What comes of running it here.
    fn fetch(&self) -> Fetched {
        let limits = Limits {
            connect: Duration::from_secs(5),
            silence: Duration::from_secs(30),
            total: Duration::from_secs(60),
            bytes: 8 << 20,
        };
        Local::new(self.command()).fetch(&limits).expect("an extract")
    }

    /// A server with the real script behind its key.
    fn sshd(&self) -> Sshd {
        self.lab.server("one").forced(&format!("exec {}", self.command().join(" "))).start()
    }

    /// A project that collects from it.
    fn project(&self, sshd: &Sshd) -> TestProject {
        let project = TestProject::new();
        project.write("sources.yaml", self.lab.sources(&[("one", &Entry::of(sshd))], 30));
        project
    }
}

/// What came of each drop-in, as `NAME STATE`: `printed N`, `denied` or `failed N`. The tor must have been read.
#[track_caller]
fn outcomes(fetched: &Fetched) -> Vec<String> {
    let extract = Extract::parse(&fetched.stdout).expect("an extract");
    assert_eq!(extract.instances.len(), 1);
    assert!(matches!(extract.instances[0].sections[0].state, State::Present { .. }), "{extract:?}");
    let word = |state| match state {
        State::Present { body, .. } => format!("printed {}", body.len()),
        State::Failed(exit) => format!("failed {exit}"),
        State::Denied => "denied".to_owned(),
        State::Absent => "absent".to_owned(),
    };
    extract.sections.iter().map(|section| format!("{} {}", section.name, word(section.state))).collect()
}

/// What a drop-in printed.
#[track_caller]
fn body(fetched: &Fetched, name: &str) -> Vec<u8> {
    let extract = Extract::parse(&fetched.stdout).expect("an extract");
    match extract.section(name).map(|section| section.state) {
        Some(State::Present { body, .. }) => body.to_vec(),
        other => panic!("{name}: {other:?}"),
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn what_a_drop_in_prints_is_a_section_byte_for_byte() {
    let Some(drop_ins) = DropIns::new() else { return };
    let odd: &[(&str, &[u8])] = &[
        ("empty", b""),
        ("bytes", &(0..=255).collect::<Vec<u8>>()),
        ("frame", b"instance x\nsection y 1 1\na\nend 3 4\n"),
        ("half", b"name,value\nload,0.5"),
        ("lines", b"\n\n\0\n\n\n"),
        ("large", &[b'x'; 1 << 20]),
    ];
    for (name, bytes) in odd {
        let file = drop_ins.lab.path(name);
        fs::write(&file, bytes).unwrap();
        drop_ins.put(name, &format!("cat {}", file.display()));
    }
    let sshd = drop_ins.sshd();
    let project = drop_ins.project(&sshd);
    let fetched = drop_ins.fetch();
    assert_eq!(fetched.stderr, "");
    for (name, bytes) in odd {
        assert!(body(&fetched, name) == *bytes, "{name}");
    }
    // And through a real server's key into a warehouse.
    project.run(&["collect"]).ok();
    let kept = project.private("select hex(content) from warehouse.extract").remove(0);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    for (name, bytes) in odd {
        let head = hex(format!("section {name} {} ", bytes.len()).as_bytes());
        assert!(kept.contains(&head) && kept.contains(&(hex(bytes) + "0A")), "{name}");
    }
}

#[test]
fn drop_ins_come_in_the_order_of_their_names_and_copies_of_editors_are_none() {
    let Some(drop_ins) = DropIns::new() else { return };
    for name in ["b", "a", "B", "10", "9", "a.sh", "a-b", "_x", "-n"] {
        drop_ins.put(name, "echo");
    }
    for name in ["a~", "a.bak", "a.dpkg-old", "a.dpkg-dist", ".hidden"] {
        drop_ins.put(name, "echo");
    }
    fs::create_dir(drop_ins.path("folder")).unwrap();
    run(Command::new("mkfifo").arg(drop_ins.path("pipe")));
    let fetched = drop_ins.fetch();
    let names = ["-n", "10", "9", "B", "_x", "a", "a-b", "a.sh", "b"];
    assert_eq!(outcomes(&fetched), names.map(|name| format!("{name} printed 1")));
    assert_eq!(fetched.stderr, "");
    for name in ["a b", "a\u{1b}[1m", "$(touch x)", &"x".repeat(65)] {
        drop_ins.put(name, "echo");
    }
    let fetched = drop_ins.fetch();
    assert_eq!(outcomes(&fetched).len(), names.len());
    let complaint = "extract: drop-ins: a name is too long, or not of letters, digits, `.`, `_` and `-`\n";
    assert_eq!(fetched.stderr, complaint.repeat(4));
}

#[test]
fn what_others_than_root_can_change_is_not_run() {
    let Some(drop_ins) = DropIns::new() else { return };
    let ran = drop_ins.lab.path("ran");
    for name in ["executable", "group", "mine", "others", "theirs"] {
        drop_ins.put(name, &format!("echo {name} >>{}; echo rows", ran.display()));
    }
    drop_ins.mode("executable", 0o644);
    drop_ins.mode("group", 0o775);
    drop_ins.mode("others", 0o757);
    chown(drop_ins.path("theirs"), Some(65534), None).unwrap();
    symlink(drop_ins.path("mine"), drop_ins.path("link")).unwrap();
    symlink("/nonexistent", drop_ins.path("nowhere")).unwrap();
    let fetched = drop_ins.fetch();
    assert_eq!(
        outcomes(&fetched),
        [
            "executable denied",
            "group denied",
            "link denied",
            "mine printed 5",
            "nowhere denied",
            "others denied",
            "theirs denied"
        ]
    );
    assert_eq!(fs::read_to_string(&ran).unwrap(), "mine\n");
    assert_eq!(
        fetched.stderr,
        "extract: drop-in executable: it may not be executed by the account torcollect\n\
         extract: drop-in group: it may be changed by others than root\n\
         extract: drop-in link: it is a symbolic link\n\
         extract: drop-in nowhere: it is a symbolic link\n\
         extract: drop-in others: it may be changed by others than root\n\
         extract: drop-in theirs: it is not root's\n"
    );
}

#[test]
fn nothing_in_a_folder_that_others_than_root_can_change_is_run() {
    let Some(drop_ins) = DropIns::new() else { return };
    let ran = drop_ins.lab.path("ran");
    for name in ["a", "b"] {
        drop_ins.put(name, &format!("touch {}", ran.display()));
    }
    let denied = |complaint: &str| {
        let fetched = drop_ins.fetch();
        assert_eq!(outcomes(&fetched), ["a denied", "b denied"], "{complaint}");
        let expected = ["a", "b"].map(|name| format!("extract: drop-in {name}: its folder {complaint}\n")).concat();
        assert_eq!(fetched.stderr, expected);
        assert!(!ran.exists(), "{complaint}");
    };
    for mode in [0o775, 0o757, 0o1777] {
        drop_ins.mode("", mode);
        denied("may be changed by others than root");
    }
    drop_ins.mode("", 0o755);
    chown(drop_ins.path(""), Some(65534), None).unwrap();
    denied("is not root's");
    chown(drop_ins.path(""), Some(0), None).unwrap();
    fs::rename(drop_ins.path(""), drop_ins.lab.path("elsewhere")).unwrap();
    symlink(drop_ins.lab.path("elsewhere"), drop_ins.lab.path("extract.d")).unwrap();
    denied("is a symbolic link");
}

#[test]
fn a_drop_in_that_fails_has_its_exit_status_and_nothing_of_its_rows() {
    let Some(drop_ins) = DropIns::new() else { return };
    drop_ins.put("a", "echo half of the rows; exit 3");
    drop_ins.put("b", "echo half of the rows; kill -9 $$");
    drop_ins.put("c", "no-such-command");
    drop_ins.put("d", "echo whole");
    fs::write(drop_ins.path("e"), "#!/nonexistent\n").unwrap();
    drop_ins.mode("e", 0o755);
    fs::write(drop_ins.path("f"), "echo without a first line\n").unwrap();
    drop_ins.mode("f", 0o755);
    let fetched = drop_ins.fetch();
    assert_eq!(
        outcomes(&fetched),
        ["a failed 3", "b failed 137", "c failed 127", "d printed 6", "e failed 127", "f printed 21"]
    );
    assert!(!holds(&fetched.stdout, "half"));
    assert_eq!(fetched.stderr, "");
}

#[test]
fn a_drop_in_that_removes_all_temporary_files_takes_no_tor_with_it() {
    let Some(drop_ins) = DropIns::new() else { return };
    drop_ins.put("a", "echo rows");
    let clean = "out=$(readlink /proc/$$/fd/1); case $out in /tmp/tmp.*/b~) rm -r \"${out%/*}\" ;; esac; echo rows";
    drop_ins.put("b", clean);
    drop_ins.put("c", "echo rows");
    let fetched = drop_ins.fetch();
    assert_eq!(outcomes(&fetched), ["a failed 74", "b failed 74", "c printed 5"]);
    assert_eq!(fetched.stderr, "");
    for name in ["a", "b", "c"] {
        fs::remove_file(drop_ins.path(name)).unwrap();
    }
    drop_ins.put("a", "kill 0; sleep 5");
    drop_ins.put("b", "echo rows");
    assert_eq!(outcomes(&drop_ins.fetch()), ["a failed 143", "b printed 5"]);
}

#[test]
fn drop_ins_that_hang_are_ended_before_a_collector_loses_patience() {
    let Some(drop_ins) = DropIns::new() else { return };
    let marker = format!("3{}", std::process::id());
    drop_ins.put("a", &format!("trap '' TERM; echo rows; while :; do sleep {marker}; done"));
    drop_ins.put("b", "while :; do echo rows; sleep 0.1; done");
    drop_ins.put("c", "echo rows");
    let begun = Instant::now();
    let fetched = drop_ins.fetch();
    assert!(begun.elapsed() < Duration::from_secs(28), "{:?}", begun.elapsed());
    assert_eq!(outcomes(&fetched), ["a failed 124", "b failed 124", "c failed 124"]);
    assert!(!holds(&fetched.stdout, "rows"));
    let left = Command::new("pgrep").args(["-f", &format!("^sleep {marker}")]).output().unwrap();
    assert!(left.stdout.is_empty(), "{left:?}");
}

#[test]
fn what_a_drop_in_leaves_running_is_not_waited_for_and_does_not_mix_with_others() {
    let Some(drop_ins) = DropIns::new() else { return };
    drop_ins.put("a", "setsid sh -c 'for i in 1 2 3 4 5 6 7 8 9; do echo late; sleep 0.1; done' & echo a");
    drop_ins.put("b", "sleep 0.5; echo b");
    let begun = Instant::now();
    let fetched = drop_ins.fetch();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(body(&fetched, "b"), b"b\n");
    assert_eq!(outcomes(&fetched).len(), 2);
}

#[test]
fn a_drop_in_that_prints_without_end_is_cut_off_and_nothing_of_it_is_there() {
    let Some(drop_ins) = DropIns::new() else { return };
    drop_ins.put("a", "exec yes rows");
    drop_ins.put("b", "yes rows; exit 0");
    drop_ins.put("c", "trap '' XFSZ; yes rows; exit 0");
    drop_ins.put("d", "yes rows | head -c 1000000000; exit 0");
    drop_ins.put("e", "head -c 1048577 /dev/zero | tr '\\0' r");
    drop_ins.put("f", "echo whole");
    let begun = Instant::now();
    let fetched = drop_ins.fetch();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(
        outcomes(&fetched),
        ["a failed 153", "b failed 153", "c failed 153", "d failed 153", "e failed 153", "f printed 6"]
    );
    assert!(!holds(&fetched.stdout, "rows") && !holds(&fetched.stdout, "rrr"));
    assert_eq!(fetched.stderr, "");
}

#[test]
fn many_drop_ins_together_do_not_make_an_extract_that_is_too_large() {
    let Some(drop_ins) = DropIns::new() else { return };
    for number in 1..=9 {
        drop_ins.put(&number.to_string(), "head -c 1000000 /dev/zero");
    }
    drop_ins.put("small", "echo small");
    let fetched = drop_ins.fetch();
    let whole: Vec<_> = outcomes(&fetched).into_iter().filter(|outcome| outcome.ends_with("printed 1000000")).collect();
    assert_eq!(whole, ["1 printed 1000000", "2 printed 1000000", "3 printed 1000000", "4 printed 1000000"]);
    assert_eq!(
        outcomes(&fetched)[4..],
        ["5 failed 153", "6 failed 153", "7 failed 153", "8 failed 153", "9 failed 153", "small printed 6"]
    );
}

#[test]
fn what_a_drop_in_says_on_standard_error_goes_nowhere() {
    let Some(drop_ins) = DropIns::new() else { return };
    let secret = "password-0815";
    drop_ins.put("a", &format!("echo {secret} >&2; echo rows"));
    drop_ins.put("b", &format!("echo {secret} >&2; echo {secret}; exit 1"));
    drop_ins.put("c", &format!("echo '{secret}' >/dev/tty; no-such-{secret}"));
    drop_ins.put("d", &format!("#{secret}"));
    drop_ins.mode("d", 0o777);
    let sshd = drop_ins.sshd();
    let project = drop_ins.project(&sshd);
    let fetched = drop_ins.fetch();
    assert_eq!(outcomes(&fetched), ["a printed 5", "b failed 1", "c failed 127", "d denied"]);
    assert!(!holds(&fetched.stdout, secret) && !fetched.stderr.contains(secret), "{}", fetched.stderr);
    for arguments in [&["collect"][..], &["server", "test"]] {
        let said = project.run(arguments);
        assert!(!said.stdout.contains(secret) && !said.stderr.contains(secret), "{said:?}");
    }
    assert!(!sshd.log().contains(secret));
}

#[test]
fn nothing_that_the_client_sends_reaches_a_drop_in() {
    let Some(mut machine) = Machine::new() else { return };
    machine.tor("default", &[("stats/bridge-stats", b"bridge-ips ru=8\n")]);
    let key = machine.local_path("collector");
    run(Command::new("ssh-keygen").args(["-q", "-N", "", "-C", "torcollect", "-t", "ed25519", "-f"]).arg(&key));
    let public = fs::read_to_string(key.with_extension("pub")).unwrap().trim().to_owned();
    let install = Install { key: &public, places: &[], spool: false, confirm: None };
    machine.run_with("sh", install_script(&install).as_bytes()).ok();
    let script = b"#!/bin/sh\nid -un\npwd\necho \"$# $0\"\ncat\nenv | sort\nls /proc/self/fd\numask\n";
    machine.write("/etc/torcollect/extract.d/shown", 0o755, script);
    machine.start_sshd_with("AcceptEnv *");
    let mut ssh = machine.client("ssh", &key);
    ssh.args(["-o", "SetEnv=FOO=hostile TMPDIR=/hostile TORCOLLECT_SOURCE=hostile PATH=/hostile BASH_ENV=/hostile"]);
    let output = ssh.args(["torcollect@127.0.0.1", "hostile", "words"]).output().unwrap();
    let fetched = Fetched { stdout: output.stdout, stderr: String::new(), exit: 0 };
    let shown = String::from_utf8(body(&fetched, "shown")).unwrap();
    let expected = "torcollect\n/\n0 /etc/torcollect/extract.d/shown\nLC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\nPWD=/\n\
                    TORCOLLECT_CONTRACT=1\nTORCOLLECT_SOURCE=shown\nTZ=UTC\n0\n1\n2\n3\n0077\n";
    assert_eq!(shown, expected);
    assert!(!holds(&fetched.stdout, "hostile") && output.stderr.is_empty());
    // The test would see it: an own forced command has it.
    machine.run("sed -i 's|command=\"[^\"]*\"|command=\"env\"|' /var/lib/torcollect/.ssh/authorized_keys").ok();
    let mut ssh = machine.client("ssh", &key);
    let output = ssh.args(["-o", "SetEnv=FOO=hostile", "torcollect@127.0.0.1", "words"]).output().unwrap();
    assert!(holds(&output.stdout, "FOO=hostile") && holds(&output.stdout, "SSH_ORIGINAL_COMMAND=words"));
}

#[test]
fn a_full_disk_takes_the_drop_ins_and_leaves_the_tors() {
    let Some(machine) = Machine::new() else { return };
    machine.tor("default", &[("stats/bridge-stats", b"bridge-ips ru=8\n")]);
    let install = Install { key: "ssh-ed25519 AAAAx x", places: &[], spool: false, confirm: None };
    machine.run_with("sh", install_script(&install).as_bytes()).ok();
    machine.write("/etc/torcollect/extract.d/large", 0o755, b"#!/bin/sh\nhead -c 200000 /dev/zero\nexit 0\n");
    machine.write("/etc/torcollect/extract.d/small", 0o755, b"#!/bin/sh\necho rows\n");
    let extract = || {
        let said = machine.run("runuser -u torcollect /usr/lib/torcollect/extract").ok();
        Fetched { stdout: said.stdout.into_bytes(), stderr: said.stderr, exit: 0 }
    };
    assert_eq!(outcomes(&extract()), ["large printed 200000", "small printed 5"]);
    machine.run("mount -t tmpfs -o size=64k,mode=1777 tmpfs /tmp").ok();
    assert_eq!(outcomes(&extract()), ["large failed 74", "small printed 5"]);
    machine.run("mount -t tmpfs -o size=64k,mode=755 tmpfs /tmp").ok();
    assert_eq!(outcomes(&extract()), ["large failed 74", "small failed 74"]);
    // Nothing is left there, nor when somebody ends it.
    machine.run("umount /tmp; umount /tmp").ok();
    machine.write("/etc/torcollect/extract.d/slow", 0o755, b"#!/bin/sh\nsleep 2\n");
    machine.run("runuser -u torcollect -- timeout 1 /usr/lib/torcollect/extract");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(machine.run("ls -A /tmp").stdout, "");
}

#[test]
fn drop_ins_run_from_every_small_shell_that_is_here() {
    let Some(drop_ins) = DropIns::new() else { return };
    drop_ins.put("a", "printf 'a\\000b\\n\\nhalf'");
    drop_ins.put("b", "yes");
    drop_ins.put("c", "exit 3");
    drop_ins.put("d", "kill -9 $$");
    drop_ins.put("e", "echo");
    drop_ins.mode("e", 0o777);
    drop_ins.put("f g", "echo");
    let mut tried = 0;
    for shell in [&["dash"][..], &["busybox", "sh"], &["bash"], &["bash", "--posix"], &["mksh"], &["yash"]] {
        let Ok(output) = Command::new(shell[0]).args(&shell[1..]).args(drop_ins.command()).output() else { continue };
        tried += 1;
        let fetched =
            Fetched { stdout: output.stdout, stderr: String::from_utf8_lossy(&output.stderr).into_owned(), exit: 0 };
        let expected = ["a printed 9", "b failed 153", "c failed 3", "d failed 137", "e denied"];
        assert_eq!(outcomes(&fetched), expected, "{shell:?}: {}", fetched.stderr);
        assert_eq!(body(&fetched, "a"), b"a\0b\n\nhalf", "{shell:?}");
        assert_eq!(fetched.stderr.lines().count(), 2, "{shell:?}: {}", fetched.stderr);
    }
    assert!(tried > 0);
}

#[test]
fn a_server_with_drop_ins_gives_the_same_facts_and_is_unchanged_when_only_they_changed() {
    let Some(drop_ins) = DropIns::new() else { return };
    let sshd = drop_ins.sshd();
    let facts = |project: &TestProject| {
        let day = "select day, country, clients from country_day order by all";
        [project.private(day), project.private("select instance, message from warehouse.problem")]
    };
    let without = drop_ins.project(&sshd);
    without.run(&["collect"]).ok();
    assert_eq!(facts(&without)[0].len(), 1);
    drop_ins.put("now", "date +%s%N");
    drop_ins.put("later", "[ -e \"$0.now\" ] && exit 3; echo bridge-ips de=800");
    let with = drop_ins.project(&sshd);
    assert!(with.run(&["collect"]).ok().stderr.contains("1 new, 0 unchanged, 0 failed"));
    assert_eq!(facts(&with), facts(&without));
    fs::write(drop_ins.path("later.now"), "").unwrap();
    assert!(with.run(&["collect"]).ok().stderr.contains("0 new, 1 unchanged, 0 failed"));
    assert!(without.run(&["collect"]).ok().stderr.contains("0 new, 1 unchanged, 0 failed"));
    assert_eq!(facts(&with), facts(&without));
}

#[test]
fn a_server_of_drop_ins_without_a_tor_is_still_one_without_a_tor() {
    let Some(drop_ins) = DropIns::new() else { return };
    drop_ins.put("rows", "echo rows");
    fs::write(drop_ins.lab.path("instances"), "# none\n").unwrap();
    let sshd = drop_ins.sshd();
    let said = drop_ins.project(&sshd).run(&["collect"]);
    assert!(said.stderr.contains("error: server `one`: the server knows of no tor"), "{said:?}");
}

#[test]
fn a_test_of_a_server_says_what_came_of_its_drop_ins() {
    let Some(drop_ins) = DropIns::new() else { return };
    let sshd = drop_ins.sshd();
    let project = drop_ins.project(&sshd);
    let line = || {
        let said = project.run(&["server", "test"]);
        let lines: Vec<_> = said.stdout.lines().skip_while(|line| !line.starts_with("  drop-ins ")).collect();
        lines.iter().map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(line(), ["drop-ins        ok      there are none"]);
    drop_ins.put("disk", "echo sda 5");
    assert_eq!(line(), ["drop-ins        ok      `disk` printed 6 bytes"]);
    drop_ins.put("net", "exit 3");
    drop_ins.mode("disk", 0o777);
    let odd = line();
    assert_eq!(odd.len(), 2, "{odd:?}");
    let said = "drop-ins        odd     `disk` was not run: it may be changed by others than root; `net` failed with exit status 3";
    assert_eq!(odd[0], said);
    let hint = "hint: see on the server what `sudo -u torcollect /etc/torcollect/extract.d/net` says; make the folder ";
    assert!(odd[1].starts_with(hint), "{odd:?}");
}
