//! What follows when servers fail: `--fail-under` for CI, and `on_failure` for the operator.

use std::fs;

use serde_json::Value;

use crate::support::{Said, TestProject, bridge_stats, cat};

const ENDS: &str = "2026-03-02 13:00:00";

/// A project with servers on this machine, `good` of which answer.
fn project(good: usize, bad: usize) -> TestProject {
    let project = TestProject::new();
    set(&project, good, bad, "");
    project
}

/// The same servers, from which other ones fail, with more settings.
fn set(project: &TestProject, good: usize, bad: usize, more: &str) {
    let servers: Vec<(String, Vec<String>)> = (0..good + bad)
        .map(|number| {
            let name = format!("s{number}");
            let tor = project.tor(&name, &bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
            let works = project.server(&name, &[("default", &tor)]);
            (
                name,
                if number < good {
                    works
                } else {
                    vec!["/bin/sh".to_owned(), "-c".to_owned(), "echo 192.0.2.7 >&2; exit 9".to_owned()]
                },
            )
        })
        .collect();
    let servers: Vec<(&str, Vec<String>)> =
        servers.iter().map(|(name, command)| (name.as_str(), command.clone())).collect();
    project.local_servers(&servers);
    let sources = project.read("sources.yaml");
    project.write("sources.yaml", sources + more);
}

#[test]
fn with_too_few_servers_collect_ends_with_1_after_all_that_came_is_kept() {
    let project = project(3, 1);
    for enough in ["75", "75%", "0", "74.9%"] {
        project.run(&["collect", "--fail-under", enough]).ok();
    }
    let stderr = project.run(&["collect", "--fail-under", "76%"]).failed(1);
    assert!(stderr.contains("error: 3 of 4 servers collected, which is less than 76% (`--fail-under`)"), "{stderr}");
    assert_eq!(project.private("select count(*) from warehouse.report"), ["3"]);
    assert_eq!(project.private("select count(*) from warehouse.collection"), ["20"], "every run is on record");
    project.run(&["collect"]).failed(4);
}

#[test]
fn with_no_server_to_ask_no_share_is_reached() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {tor-bridge: {bridges: {servers: all}}}\n");
    for command in [&["collect", "--fail-under", "0"][..], &["build", "--collect", "--fail-under", "90%"]] {
        let stderr = project.run(command).failed(1);
        assert!(stderr.contains("error: no server was asked, so that no share of them was collected"), "{stderr}");
    }
    assert!(!project.path("public").exists());
    project.run(&["collect"]).ok();
}

/// One server of two answers for one of its two sources alone, which then has failed as the other has.
#[test]
fn servers_are_counted_and_not_their_sources() {
    let project = TestProject::new();
    let tor = project.tor("a", &bridge_stats(ENDS, "de=8", "v4=8,v6=0", "obfs4=8"));
    let works = project.server("a", &[("default", &tor)]);
    let asked = project.path("asked").display().to_string();
    let fails_then = format!("[ -e {asked} ] && exec {}; touch {asked}; exit 9", works.join(" "));
    let fails_then = vec!["/bin/sh".to_owned(), "-c".to_owned(), fails_then];
    project.local_servers(&[("half", fails_then), ("whole", works)]);
    let sources = project.read("sources.yaml");
    let sources = sources.replace("    bridges: {servers: all}", "    one: {servers: all}\n    two: {servers: all}");
    project.write("sources.yaml", sources + "on_failure: {after: 1, command: 'cat >>told'}\n");

    let stderr = project.run(&["collect"]).failed(4);
    assert!(stderr.contains("error: server `half`, source `one`: the command failed"), "{stderr}");
    assert!(!stderr.contains("source `two`"), "{stderr}");
    let counts = "1 of 2 servers collected: 1 new, 0 unchanged, 1 failed; 3 new extracts";
    assert!(stderr.contains(counts), "{stderr}");
    assert_eq!((&told(&project)[0]["asked"], &told(&project)[0]["collected"]), (&2.into(), &1.into()));
    let lines = stderr.lines().filter(|line| line.starts_with("server `whole`")).count();
    assert_eq!(lines, 1, "one line for a server: {stderr}");

    fs::remove_file(project.path("asked")).unwrap();
    let alone = project.run(&["collect", "--server", "half"]).failed(4);
    assert!(alone.contains("0 of 1 servers collected: 0 new, 0 unchanged, 1 failed"), "something came: {alone}");
    fs::remove_file(project.path("asked")).unwrap();
    project.run(&["collect", "--fail-under", "51%"]).failed(1);
    let stderr = project.run(&["collect", "--fail-under", "100%"]).ok().stderr;
    let counts = "2 of 2 servers collected: 1 new, 1 unchanged, 0 failed; 1 new extracts";
    assert!(stderr.contains(counts), "source `one` of `half` came for the first time: {stderr}");
    fs::remove_file(project.path("asked")).unwrap();
    let stderr = project.run(&["collect", "--source", "one", "--server", "half"]).failed(1);
    assert!(stderr.contains("error: server `half`: the command failed"), "one source needs no name: {stderr}");
}

#[test]
fn with_too_few_servers_nothing_is_built() {
    let project = project(1, 1);
    project.run(&["build", "--collect", "--fail-under", "90%"]).failed(1);
    assert!(!project.path("public").exists());
    assert_eq!(project.private("select count(*) from warehouse.report"), ["1"]);
    project.run(&["build", "--collect", "--fail-under", "50%"]).ok();
    assert!(project.path("public/index.html").exists());
    project.run(&["build", "--collect"]).failed(4);
}

#[test]
fn a_share_that_is_none_or_without_a_collection_is_refused() {
    let project = TestProject::new();
    for share in ["ninety", "101%", "-1"] {
        let stderr = project.run(&["collect", &format!("--fail-under={share}")]).failed(2);
        assert!(stderr.contains("it is a number from 0 to 100, such as `90%`"), "{stderr}");
    }
    project.run(&["build", "--fail-under", "90%"]).failed(2);
}

/// What `on_failure` was told, one time after the other.
fn told(project: &TestProject) -> Vec<Value> {
    let lines = fs::read_to_string(project.path("told")).unwrap_or_default();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const TELL: &str = "on_failure: {after: 2, command: 'cat >>told'}\n";

#[test]
fn the_command_is_told_once_when_a_server_has_failed_so_often_and_again_after_a_recovery() {
    let project = TestProject::new();
    let collect = |good: usize, code: i32| -> Vec<Value> {
        set(&project, good, 3 - good, TELL);
        let before = told(&project).len();
        let said = project.run(&["collect"]);
        assert_eq!(said.code, Some(code), "{said:?}");
        told(&project).split_off(before)
    };
    assert_eq!(collect(3, 0), [Value::Null; 0]);
    let answered = &project.private("select max(finished) from warehouse.collection")[0];
    assert_eq!(collect(2, 4), [Value::Null; 0], "the first failure");
    let [facts] = &collect(1, 4)[..] else { panic!("the second failure of s2 is told") };
    assert_eq!(
        (&facts["project"], &facts["asked"], &facts["collected"]),
        (&"Bridge statistics".into(), &3.into(), &1.into())
    );
    let [server] = &facts["servers"].as_array().unwrap()[..] else { panic!("s2 alone: {facts}") };
    assert_eq!(server["server"], "s2");
    assert_eq!(server["source"], "bridges");
    assert_eq!(server["reason"], "the command failed");
    assert_eq!(server["failures"], 2);
    assert_eq!(server["last_answer"], answered[..10], "a day, because exact times never leave the warehouse");
    let run = facts["run"].as_str().unwrap();
    assert!(run.len() == 10 && *run >= answered[..10], "{run} {answered}");
    assert!(!facts.to_string().contains("192.0.2.7"), "nothing that a server has said: {facts}");
    assert_eq!(collect(2, 4), [Value::Null; 0], "the third failure of s2, and s1 is back");
    assert_eq!(collect(3, 0), [Value::Null; 0]);
    assert_eq!(collect(2, 4), [Value::Null; 0]);
    assert_eq!(collect(2, 4).len(), 1, "again after a recovery");
}

#[test]
fn what_the_command_could_not_be_told_it_is_told_the_next_time_once() {
    let project = TestProject::new();
    let collect = |command: &str| {
        set(&project, 1, 1, &format!("on_failure: {{after: 2, command: '{command}'}}\n"));
        project.run(&["collect"]).failed(4);
        told(&project).len()
    };
    assert_eq!(collect("cat >>told"), 0);
    assert_eq!(collect("exit 1"), 0, "the mail could not be sent");
    assert_eq!(collect("cat >>told"), 1);
    assert_eq!(told(&project)[0]["servers"][0]["failures"], 3);
    assert_eq!(collect("cat >>told"), 1);
}

#[test]
fn a_server_that_never_answered_is_told_with_null_even_if_none_was_collected() {
    let project = TestProject::new();
    set(&project, 0, 2, "on_failure: {after: 1, command: 'cat >>told'}\n");
    project.run(&["collect"]).failed(1);
    let told = told(&project);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["servers"].as_array().unwrap().len(), 2);
    assert_eq!((&told[0]["servers"][0]["last_answer"], &told[0]["collected"]), (&Value::Null, &0.into()));
}

/// Collects from one server that answers and one that does not, with this command.
fn alarmed(command: &str, arguments: &[&str]) -> Said {
    let project = TestProject::new();
    set(&project, 1, 1, &format!("on_failure: {{after: 1, command: '{command}'}}\n"));
    project.run(arguments)
}

#[test]
fn a_command_that_fails_is_a_warning_and_changes_nothing() {
    let stderr = alarmed("echo loud; echo louder >&2; exit 7", &["collect"]).failed(4);
    assert!(stderr.contains("warning: the command of `on_failure` ended with exit code 7\nhint: "), "{stderr}");
    assert!(!stderr.contains("loud"), "{stderr}");
    assert!(stderr.contains("1 of 2 servers collected"), "{stderr}");
}

#[test]
fn what_the_command_says_is_for_those_who_want_to_know_more() {
    let stderr = alarmed("echo loud; echo louder >&2", &["-v", "collect"]).failed(4);
    assert!(stderr.contains("`on_failure` was told of s1\nloud\nlouder\n"), "{stderr}");
    assert!(!alarmed("echo loud", &["collect"]).failed(4).contains("loud"));
}

#[test]
fn an_alarm_without_a_command_or_a_number_is_refused() {
    let project = TestProject::new();
    let bad = project.write("bad", "no extract");
    project.local_servers(&[("alpha", cat(&bad))]);
    let sources = project.read("sources.yaml");
    project.write("sources.yaml", format!("{sources}on_failure: {{after: 0, command: ' '}}\n"));
    let stderr = project.run(&["collect"]).failed(2);
    assert!(stderr.contains("on_failure.after: at least 1 failure"), "{stderr}");
    assert!(stderr.contains("on_failure.command: the command is empty"), "{stderr}");
}
