//! Programs that print rows: the contract with them, and what they may do wrong.

use std::time::{Duration, Instant};

use crate::support::{Said, TestProject};

/// A project with a program `sources/rows`.
fn project(options: &str, program: &str) -> TestProject {
    let project = TestProject::new();
    project.write("sources.yaml", format!("sources: {{command: {{rows: {{{options}}}}}}}\n"));
    project.script("sources/rows", program);
    project
}

fn printing(program: &str) -> String {
    format!("#!/bin/sh\n{program}\n")
}

const TABLE: &str = "printf 'n,word\\n1,one\\n'";

#[test]
fn a_program_prints_rows_and_is_told_what_is_there_already() {
    let project = project(
        "options: {token: '${SECRET_OF_MINE}', some-thing: x y}, key: [day], mode: upsert",
        &printing(
            "echo 'day,last,contract,source,token,thing,folder,words'\n\
             echo \"2026-03-01,<$TORCOLLECT_LAST_DAY>,$TORCOLLECT_CONTRACT,$TORCOLLECT_SOURCE,$TORCOLLECT_OPTION_TOKEN,$TORCOLLECT_OPTION_SOME_THING,$PWD,$#\"",
        ),
    );
    let run = |arguments: &[&str]| {
        let mut command = project.command();
        crate::support::said(command.env("SECRET_OF_MINE", "hunter2").args(arguments)).ok().stdout
    };
    run(&["collect"]);
    let root = std::fs::canonicalize(project.path("")).unwrap();
    let row = |last: &str| format!("2026-03-01,<{last}>,1,rows,hunter2,x y,{},0", root.display());
    let rows = || run(&["query", "--private", "--format", "csv", "from rows"]).lines().nth(1).map(str::to_owned);
    assert_eq!(rows(), Some(row("")));
    run(&["collect"]);
    assert_eq!(rows(), Some(row("2026-03-01")));
}

#[test]
fn a_program_sees_nothing_of_the_environment_that_it_does_not_need() {
    let project = project("", &printing("echo name; env | cut -d= -f1 | sort"));
    let mut command = project.command();
    crate::support::said(command.env("AWS_SECRET_ACCESS_KEY", "x").arg("collect")).ok();
    let names = project.public("select name from rows");
    assert!(!names.contains(&"AWS_SECRET_ACCESS_KEY".to_owned()) && names.contains(&"PATH".to_owned()), "{names:?}");
}

#[test]
fn no_shell_is_between() {
    let project =
        project("run: [sources/rows, '$(touch /tmp/x); `id`', 'a b']", &printing("echo n,words; echo \"$#,$1|$2\""));
    project.run(&["collect"]).ok();
    assert_eq!(project.public("from rows"), ["2,$(touch /tmp/x); `id`|a b"]);
}

#[test]
fn json_is_taken_as_it_comes() {
    let project = project("format: ndjson", &printing("echo '{\"n\": 1, \"word\": \"one\"}'; echo '{\"n\": 2}'"));
    project.run(&["collect"]).ok();
    assert_eq!(project.public("from rows"), ["1,one", "2,"]);
}

#[test]
fn a_program_that_prints_nothing_has_nothing_new_unless_something_is_required() {
    let project = project("", &printing(TABLE));
    project.run(&["collect"]).ok();
    project.script("sources/rows", &printing(":"));
    project.run(&["collect"]).ok();
    assert_eq!(project.public("from rows"), ["1,one"]);
    project.write("sources.yaml", "sources: {command: {rows: {required: true}}}\n");
    let said = project.run(&["collect"]).failed(1);
    assert!(said.contains("error: source `rows`: the program printed nothing"), "{said}");
    assert_eq!(project.public("from rows"), ["1,one"]);
}

/// Collects while the program does something wrong; what it printed before stays.
#[track_caller]
fn wrong(options: &str, program: &str) -> (TestProject, String) {
    let project = project(options, &printing(TABLE));
    project.write(
        "sources.yaml",
        format!("sources: {{table: {{other: {{path: a.csv}}}}, command: {{rows: {{{options}}}}}}}\n"),
    );
    project.write("a.csv", "a\n1\n");
    project.run(&["collect"]).ok();
    project.script("sources/rows", program);
    let said = project.run(&["collect"]).failed(4);
    assert_eq!(project.public("from rows"), ["1,one"], "what was there stays");
    assert_eq!(project.public("from other"), ["1"]);
    let recorded = project.private("select error from warehouse.collection where error is not null");
    assert_eq!(recorded.len(), 1);
    (project, said)
}

#[test]
fn a_program_that_prints_half_and_dies_has_printed_nothing() {
    let (_, said) = wrong("", &printing("echo n,word; echo 2,two; exit 3"));
    let expected = "error: source `rows`: the program ended with exit status 3\nhint: `torcollect source test rows` shows what it says";
    assert!(said.contains(expected), "{said}");
    let (_, said) = wrong("", &printing("echo n,word; echo 2,two; kill -9 $$"));
    assert!(said.contains("exit status 137"), "{said}");
}

#[test]
fn a_program_that_prints_a_gigabyte_is_stopped_at_the_cap() {
    let began = Instant::now();
    let (_, said) = wrong("max_bytes: 1 MB", &printing("echo n,word; exec head -c 1000000000 /dev/zero"));
    assert!(said.contains("error: source `rows`: the program was stopped after 1000000 bytes"), "{said}");
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_program_that_hangs_is_stopped_with_all_that_it_has_started() {
    let (project, said) = wrong("timeout: 1", &printing("echo n,word; sleep 1000 & echo $! >sleeper; wait"));
    assert!(said.contains("error: source `rows`: the program was stopped after 1 seconds"), "{said}");
    let sleeper = format!("/proc/{}/stat", project.read("sleeper").trim());
    let gone = || std::fs::read_to_string(&sleeper).map_or(true, |state| state.contains(") Z "));
    let end = Instant::now() + Duration::from_secs(10);
    while !gone() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(gone());
}

#[test]
fn a_program_that_prints_secrets_to_standard_error_keeps_them() {
    let program = printing("echo 'token hunter2 of 192.0.2.7' >&2; exit 1");
    let (project, said) = wrong("options: {token: hunter2}", &program);
    assert!(!said.contains("hunter2") && !said.contains("192.0.2.7"), "{said}");
    let verbose = project.run(&["-v", "collect"]).failed(4);
    assert!(!verbose.contains("hunter2") && !verbose.contains("192.0.2.7"), "{verbose}");
    let warehouse = std::fs::read(project.path("data/torcollect.duckdb")).unwrap();
    assert!(!warehouse.windows(7).any(|bytes| bytes == b"hunter2"));
    // Who tries the source is shown what it says, but for the values that it was given.
    let tried = project.run(&["source", "test", "rows"]).failed(1);
    assert!(tried.contains("rows: token *** of 192.0.2.7") && !tried.contains("hunter2"), "{tried}");
}

#[test]
fn a_program_that_is_not_executable_or_not_there_is_said() {
    let project = project("", &printing(TABLE));
    std::fs::set_permissions(project.path("sources/rows"), std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .unwrap();
    for _ in 0..2 {
        let said = project.run(&["collect"]).failed(1);
        assert!(
            said.contains("error: source `rows`: the program `sources/rows` could not be started")
                && said.contains("chmod +x"),
            "{said}"
        );
        let _ = std::fs::remove_file(project.path("sources/rows"));
    }
}

#[test]
fn rows_that_are_none_are_said_with_their_place() {
    let (_, said) = wrong("columns: {n: integer, word: text}", &printing("echo n,word; echo 1,one; echo x,two"));
    assert!(said.contains("error: source `rows`: rows: row 2: `x` in the column `n` is not a whole number"), "{said}");
}

#[test]
fn trying_a_source_shows_its_first_rows_and_writes_nothing() {
    let project = project("", &printing("echo n,word; seq 1 50 | sed 's/$/,w/'; echo done >&2"));
    let Said { stdout, stderr, .. } = project.run(&["source", "test", "rows", "--rows", "2"]).ok();
    assert_eq!(stdout, "n  word\n1  w\n2  w\n");
    assert!(stderr.contains("rows: done") && stderr.contains("50 rows; columns: n integer, word text"), "{stderr}");
    assert!(!project.path("data").exists());
    let said = project.run(&["source", "test", "row"]).failed(2);
    assert!(said.contains("there is no source `row`") && said.contains("did you mean `rows`?"), "{said}");
}

#[test]
fn a_new_source_works_at_once_in_each_language() {
    let project = TestProject::new();
    for (name, language) in [("disk", "sh"), ("disk-2", "python")] {
        let settings = project.run(&["source", "new", name, "--language", language]).ok().stdout;
        project.write("sources.yaml", format!("sources:\n{settings}"));
        project.run(&["source", "test", name]).ok();
        project.run(&["collect"]).ok();
        // Of today, which is not published yet.
        assert_eq!(project.private(&format!("select count(*) from \"{name}\" where free_bytes > 0")), ["1"]);
        let listed = project.run(&["source", "list"]).ok();
        assert!(listed.stdout.contains(name) && listed.stderr.contains("plugin `collector`"), "{listed:?}");
        let said = project.run(&["source", "new", name]).failed(2);
        assert!(said.contains("already"), "{said}");
    }
}

#[test]
fn whoever_is_told_of_failures_hears_of_a_source_here_too() {
    let project = project("", &printing("exit 1"));
    let sources = project.read("sources.yaml");
    project.write("sources.yaml", sources + "on_failure: {after: 2, command: 'cat >>told'}\n");
    for _ in 0..3 {
        project.run(&["collect"]).failed(1);
    }
    let told = project.read("told");
    assert_eq!(told.lines().count(), 1);
    assert!(told.contains("\"server\":null,\"source\":\"rows\",\"reason\":\"the program failed\""), "{told}");
}

/// The blocks of code of `docs/sources.md` in a language.
fn documented(language: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sources.md");
    let page = std::fs::read_to_string(path).unwrap();
    let blocks = regex::Regex::new(&format!("(?ms)^```{language}\n(.*?)^```\n")).unwrap();
    blocks.captures_iter(&page).map(|found| found[1].to_owned()).collect()
}

#[test]
fn the_programs_of_the_documentation_do_what_they_say() {
    let project = TestProject::new();
    project.script("sources/disk", &documented("sh")[0]);
    project.script("sources/commits", &documented("python")[0]);
    project.write("sources.yaml", &documented("yaml")[1]);
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.args(["-c", "user.name=a", "-c", "user.email=a@b.example", "-C"]).arg(project.path("")).args(arguments);
        crate::support::said(git.env("GIT_COMMITTER_DATE", "2026-03-02T12:00:00Z")).ok();
    };
    git(&["init", "-q"]);
    for message in ["one", "two"] {
        git(&["commit", "-q", "--allow-empty", "-m", message]);
    }
    project.run(&["collect"]).ok();
    assert_eq!(project.public("from commits"), ["2026-03-02,2"]);
    assert_eq!(project.private("select free_bytes > 0 from disk"), ["true"]);
    let tried = project.run(&["source", "test", "commits"]).ok().stderr;
    assert!(tried.contains("commits: 2 commits since 2026-03-02"), "{tried}");
}

#[test]
fn every_option_of_a_source_is_documented() {
    let page =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sources.md")).unwrap();
    let project = TestProject::new();
    let known = regex::Regex::new("`([a-z_]+)`").unwrap();
    for plugin in ["table", "command", "collector"] {
        project.write("sources.yaml", format!("sources: {{{plugin}: {{x: {{nothing: 1}}}}}}\n"));
        let said = project.run(&["collect"]).failed(2);
        let (_, options) = said.split_once("hint: ").unwrap_or_else(|| panic!("{said}"));
        let options: Vec<&str> = known.captures_iter(options).map(|found| found.get(1).unwrap().as_str()).collect();
        assert!(!options.is_empty(), "{said}");
        for option in options {
            assert!(page.contains(&format!("`{option}")), "{plugin}: {option}");
        }
    }
}

#[test]
fn on_servers_a_drop_in_prints_the_rows_and_one_that_fails_costs_nothing_else() {
    if crate::sshd::user() != "root" {
        eprintln!("skipped: drop-ins are root's");
        return;
    }
    let project = TestProject::new();
    let stats = crate::support::bridge_stats("2026-03-02 13:00:00", "de=8", "v4=8,v6=0", "obfs4=8");
    let servers: Vec<_> = [
        ("good", "echo n,bridge; echo 1,default"),
        ("bad", "echo n,bridge; echo 2,default; echo hunter2 >&2; exit 3"),
        ("none", ""),
    ]
    .into_iter()
    .map(|(name, program)| {
        let mut command = project.server(name, &[("default", &project.tor(name, &stats))]);
        let folder = project.path(&format!("server-{name}/extract.d"));
        std::fs::create_dir(&folder).unwrap();
        if !program.is_empty() {
            project.script(&format!("server-{name}/extract.d/rows"), &printing(program));
        }
        command.extend(["/nonexistent".to_owned(), folder.display().to_string()]);
        (name, command)
    })
    .collect();
    project.local_servers(&servers);
    let sources = project.read("sources.yaml");
    project.write("sources.yaml", sources + "  command:\n    rows: {servers: all}\n");
    let said = project.run(&["collect"]).failed(4);
    let bad = "error: server `bad`, source `rows`: the program ended with exit status 3\nhint: see on the server what `sudo -u torcollect";
    let none = "error: server `none`, source `rows`: the server has no program `rows`\nhint: put it there as `/etc/torcollect/extract.d/rows`";
    assert!(said.contains(bad) && said.contains(none) && !said.contains("hunter2"), "{said}");
    assert_eq!(project.private("select count(*) from warehouse.report"), ["3"], "all tors are read");
    let seen = project.public(
        "select r.n, b.label = 'bridge-' || b.bridge[:8], r.server = b.server from rows r join bridge b using (bridge)",
    );
    assert_eq!(seen, ["1,true,true"]);
    let once = project.private("select count(*) from warehouse.collection where server = 'good'");
    assert_eq!(once, ["2"], "one for each source");
}
