//! What `sources.yaml` says of names that stand elsewhere in it, and of numbers that its types do not bound.

use std::collections::BTreeMap;
use std::time::Duration;

use super::exposed::Secrets;
use super::fleet::{Assignment, BridgeName, Fleet, Selection};
use super::yaml::{Document, KeyPath, list};
use super::{did_you_mean, name, notes, rows};
use crate::problem::{Place, Problem};
use crate::project::Project;

/// All that is wrong in a fleet whose `sources.yaml` is `document`, and whose secrets are these.
pub(super) fn check(fleet: &Fleet, document: &Document, secrets: &Secrets) -> Vec<Problem> {
    let mut problems = names(fleet, document);
    problems.extend(numbers(fleet, document));
    problems.extend(selections(fleet, document));
    problems.extend(rows::check(fleet, document));
    problems.extend(assignments(fleet, document));
    problems.extend(fleet.organizations.iter().filter_map(|(name, organization)| {
        secrets.problem(&organization.name, document, &KeyPath::of(["organizations", name, "name"]))
    }));
    problems.extend(notes::check(fleet, document, secrets));
    problems
}

fn names(fleet: &Fleet, document: &Document) -> Vec<Problem> {
    let sources: Vec<_> =
        (fleet.sources().into_iter()).map(|(plugin, name)| (KeyPath::of(["sources", plugin, name]), name)).collect();
    let organizations = fleet.organizations.keys().map(|name| (KeyPath::of(["organizations", name]), name.as_str()));
    let twice: Vec<_> = (sources.iter().enumerate())
        .filter_map(|(index, (path, name))| {
            let (other, _) = sources[..index].iter().find(|(_, other)| other.to_lowercase() == name.to_lowercase())?;
            Some(document.key_problem(path, format_args!("this name is taken at {}", document.key(other))))
        })
        .collect();
    let bad = (sources.into_iter().chain(organizations))
        .filter_map(|(path, word)| Some(document.key_problem(&path, name(word).err()?)));
    bad.chain(twice).collect()
}

fn numbers(fleet: &Fleet, document: &Document) -> Vec<Problem> {
    let ssh = |key: &str| KeyPath::of(["ssh", key]);
    let mut problems = Vec::new();
    let mut require = |holds: bool, path: KeyPath, message: &str| {
        if !holds {
            problems.push(document.problem(&path, message));
        }
    };
    require(fleet.ssh.retries <= 10, ssh("retries"), "0 to 10");
    require(fleet.ssh.max_bytes > 0, ssh("max_bytes"), "at least 1 byte");
    let timeout = Duration::from_secs(1)..=Duration::from_secs(3600);
    require(timeout.contains(&fleet.ssh.connect_timeout), ssh("connect_timeout"), "1 to 3600 seconds");
    require(timeout.contains(&fleet.ssh.read_timeout), ssh("read_timeout"), "1 to 3600 seconds");
    if let Some(on_failure) = &fleet.on_failure {
        require(on_failure.after > 0, KeyPath::of(["on_failure", "after"]), "at least 1 failure");
        require(!on_failure.command.trim().is_empty(), KeyPath::of(["on_failure", "command"]), "the command is empty");
    }
    for (name, sample) in &fleet.sample {
        require((1..=3660).contains(&sample.days), KeyPath::of(["sources", "sample", name, "days"]), "1 to 3660 days");
    }
    problems
}

fn selections(fleet: &Fleet, document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    let commands = fleet.command.iter();
    let asked = (fleet.tor_bridge.iter().map(|(source, options)| ("tor-bridge", source, &options.servers)))
        .chain(commands.filter_map(|(source, options)| Some(("command", source, options.servers.as_ref()?))));
    for (plugin, source, servers) in asked {
        let path = KeyPath::of(["sources", plugin, source, "servers"]);
        match servers {
            Selection::All => {}
            Selection::Names(names) => {
                let unknown = names.iter().enumerate().filter(|(_, name)| !fleet.servers.contains_key(*name));
                problems.extend(unknown.map(|(index, name)| unknown_server(fleet, document, &path.item(index), name)));
            }
            Selection::Tag(tag) if !fleet.servers.values().any(|server| server.tags.contains(tag)) => {
                let tags = || fleet.servers.values().flat_map(|server| &server.tags).map(String::as_str);
                let problem = document.problem(&path.key("tag"), format_args!("no server has the tag `{tag}`"));
                let all: std::collections::BTreeSet<_> = tags().collect();
                let otherwise = if all.is_empty() {
                    format!("give a server `tags: [{tag}]`")
                } else {
                    format!("the tags are {}", list(all))
                };
                problems.push(did_you_mean(problem, tag, tags(), otherwise));
            }
            Selection::Tag(_) => {}
        }
    }
    problems
}

pub(super) fn unknown_server(fleet: &Fleet, document: &Document, path: &KeyPath, name: &str) -> Problem {
    let problem = document.problem(path, format_args!("there is no server `{name}`"));
    let otherwise = "servers stand under `servers:`, here or in a file of `include:`";
    did_you_mean(problem, name, fleet.servers.keys().map(String::as_str), otherwise)
}

/// What is wrong with a bridge's name if its server's settings list bridges, and not this one.
pub(super) fn unknown_bridge(
    fleet: &Fleet,
    document: &Document,
    path: &KeyPath,
    bridge: &BridgeName,
) -> Option<Problem> {
    let BridgeName { server, instance } = bridge;
    let listed = &fleet.servers.get(server)?.bridges;
    if listed.is_empty() || listed.contains_key(instance) {
        return None;
    }
    let problem = document.problem(path, format_args!("the settings of `{server}` list no bridge `{instance}`"));
    let otherwise = format!("if it is there, write `{instance}: {{}}` under its `bridges`");
    Some(did_you_mean(problem, instance, listed.keys().map(String::as_str), otherwise))
}

/// Where the bridge stands that an organization was given.
pub fn place_of_assignment(project: &Project, organization: &str, index: usize) -> Place {
    let whole = || Place::file(project.shown(&project.sources()));
    let path = KeyPath::of(["organizations", organization, "bridges"]).item(index).key("bridge");
    let document = Document::open(project, &project.sources()).ok().flatten();
    document.map_or_else(whole, |document| document.value(&path))
}

/// Bridges that were given to organizations: known, for days in their order, and to one at a time. The servers of a
/// `sample` are not in the settings, so beside one any server may be meant.
fn assignments(fleet: &Fleet, document: &Document) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut given: BTreeMap<_, Vec<(KeyPath, &str, &Assignment)>> = BTreeMap::new();
    for (organization, entry) in &fleet.organizations {
        for (index, assignment) in entry.bridges.iter().enumerate() {
            let path = KeyPath::of(["organizations", organization, "bridges"]).item(index);
            let server = &assignment.bridge.server;
            if fleet.sample.is_empty() && !fleet.servers.contains_key(server) {
                problems.push(unknown_server(fleet, document, &path.key("bridge"), server));
            }
            problems.extend(unknown_bridge(fleet, document, &path.key("bridge"), &assignment.bridge));
            match (assignment.from, assignment.until) {
                (Some(from), Some(until)) if until < from => {
                    problems
                        .push(document.problem(&path.key("until"), format_args!("{until} is before `from`, {from}")));
                }
                _ => given.entry(&assignment.bridge).or_default().push((path, organization, assignment)),
            }
        }
    }
    for (bridge, given) in given {
        for (index, (path, organization, assignment)) in given.iter().enumerate() {
            for (other_path, other_organization, other) in &given[..index] {
                if assignment.meets(other) {
                    let (place, other_place) = (document.value(path), document.value(other_path));
                    // The problem stands at the later line, whichever organization's name comes first.
                    let (at, whose, taken) = if place > other_place {
                        (path, other_organization, other_place)
                    } else {
                        (other_path, organization, place)
                    };
                    let message = format!("`{whose}` has `{bridge}` on some of these days ({taken})");
                    problems.push(
                        document
                            .problem(at, message)
                            .hint("a bridge is one organization's at a time: set `from` and `until`"),
                    );
                }
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::config::Fleet;
    use crate::fs;
    use crate::project::Project;

    fn problems(sources: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        fs::write_atomic(&folder.path().join("sources.yaml"), sources.as_bytes(), fs::PRIVATE).unwrap();
        let loaded = Fleet::load(&Project::new(folder.path()));
        let list = loaded.err().map(|problems| problems.list).unwrap_or_default();
        let lines = list.into_iter().flat_map(|problem| [Some(problem.to_string()), problem.hint]);
        lines.flatten().map(|line| line.strip_prefix("sources.yaml:").unwrap_or(&line).to_owned()).collect()
    }

    const SERVERS: &str = "servers: {alpha: {local: true, tags: [eu, us]}, beta: {local: true}}\n";
    const ONCE: &str = "a bridge is one organization's at a time: set `from` and `until`";
    const ELSEWHERE: &str = "servers stand under `servers:`, here or in a file of `include:`";

    #[test]
    fn a_source_names_servers_and_tags_that_there_are() {
        let sources = format!(
            "{SERVERS}sources:\n  tor-bridge:\n    a: {{servers: [alpha, alpa, gamma]}}\n    b: {{servers: {{tag: ue}}}}\n    \
             c: {{servers: {{tag: africa}}}}\n"
        );
        assert_eq!(
            problems(&sources),
            [
                "4:26: sources.tor-bridge.a.servers[1]: there is no server `alpa`",
                "did you mean `alpha`?",
                "4:32: sources.tor-bridge.a.servers[2]: there is no server `gamma`",
                ELSEWHERE,
                "5:24: sources.tor-bridge.b.servers.tag: no server has the tag `ue`",
                "did you mean `eu`?",
                "6:24: sources.tor-bridge.c.servers.tag: no server has the tag `africa`",
                "the tags are `eu`, `us`",
            ]
        );
        assert_eq!(
            problems("servers: {a: {local: true}}\nsources: {tor-bridge: {x: {servers: {tag: eu}}}}\n"),
            ["2:43: sources.tor-bridge.x.servers.tag: no server has the tag `eu`", "give a server `tags: [eu]`"]
        );
    }

    #[test]
    fn an_organizations_bridge_stands_on_a_known_server_unless_a_sample_brings_its_own() {
        let organizations = "organizations:\n  x:\n    name: X\n    bridges:\n      - bridge: alpah/default\n";
        assert_eq!(
            problems(&format!("{SERVERS}{organizations}")),
            ["6:17: organizations.x.bridges[0].bridge: there is no server `alpah`", "did you mean `alpha`?"]
        );
        assert_eq!(problems(&format!("{organizations}sources: {{sample: {{demo: }}}}\n")), [""; 0]);
    }

    #[test]
    fn a_bridge_is_given_for_days_in_their_order() {
        let sources =
            "organizations: {x: {name: X, bridges: [{bridge: alpha/a, from: 2026-02-01, until: 2026-01-31}]}}\n";
        assert_eq!(
            problems(&format!("{SERVERS}{sources}")),
            ["2:83: organizations.x.bridges[0].until: 2026-01-31 is before `from`, 2026-02-01"]
        );
    }

    #[test]
    fn a_bridge_is_one_organizations_at_a_time() {
        let given = |first: &str, second: &str| {
            problems(&format!(
                "{SERVERS}organizations:\n  y:\n    name: Y\n    bridges:\n      - {{bridge: alpha/a{first}}}\n  \
                 x:\n    name: X\n    bridges:\n      - {{bridge: alpha/a{second}}}\n"
            ))
        };
        let twice =
            ["10:9: organizations.x.bridges[0]: `y` has `alpha/a` on some of these days (sources.yaml:6:9)", ONCE];
        assert_eq!(given("", ""), twice);
        assert_eq!(given(", until: 2026-06-30", ", from: 2026-06-30"), twice);
        assert_eq!(given(", from: 2026-01-01, until: 2026-06-30", ", from: 2026-03-01, until: 2026-03-31"), twice);
        assert_eq!(given(", until: 2026-06-30", ", from: 2026-07-01"), [""; 0]);
        assert_eq!(given(", from: 2026-07-01", ", from: 2026-01-01, until: 2026-06-30"), [""; 0]);
    }

    #[test]
    fn names_are_safe_and_a_source_has_its_own() {
        let names = "a name has letters, digits, `.`, `_` and `-`, and begins with a letter or a digit";
        assert_eq!(
            problems("sources: {tor-bridge: {a: , ../b: }, sample: {a: }}\norganizations: {-x: {name: X}}\n"),
            [
                format!("1:29: sources.tor-bridge.../b: {names}"),
                "1:47: sources.sample.a: this name is taken at sources.yaml:1:24".to_owned(),
                format!("2:17: organizations.-x: {names}"),
            ]
        );
    }

    #[test]
    fn a_timeout_is_an_hour_at_most() {
        assert_eq!(problems("ssh: {connect_timeout: 3600, read_timeout: 3600}\n"), [""; 0]);
        assert_eq!(
            problems("ssh: {connect_timeout: 3601, read_timeout: 18446744073709551615}\n"),
            ["1:24: ssh.connect_timeout: 1 to 3600 seconds", "1:44: ssh.read_timeout: 1 to 3600 seconds"]
        );
    }

    #[test]
    fn a_name_has_at_most_64_characters() {
        let (longest, longer) = ("a".repeat(64), "a".repeat(65));
        let named = |name: &str| {
            problems(&format!(
                "servers: {{{name}: {{local: true, bridges: {{{name}: }}}}}}\nsources: {{tor-bridge: {{{name}: }}}}\n\
                 organizations: {{{name}: {{name: X}}}}\n"
            ))
        };
        assert_eq!(named(&longest), [""; 0]);
        let places = [
            format!("1:11: servers.{longer}"),
            format!("1:102: servers.{longer}.bridges.{longer}"),
            format!("2:24: sources.tor-bridge.{longer}"),
            format!("3:17: organizations.{longer}"),
        ];
        assert_eq!(named(&longer), places.map(|place| format!("{place}: a name has at most 64 characters")));
    }

    #[test]
    fn numbers_that_would_make_all_fail_are_refused() {
        assert_eq!(
            problems(
                "ssh: {max_bytes: 0, connect_timeout: 0, read_timeout: 0}\nsources: {sample: {s: {days: 0}, t: {days: 4000}}}\n"
            ),
            [
                "1:18: ssh.max_bytes: at least 1 byte",
                "1:38: ssh.connect_timeout: 1 to 3600 seconds",
                "1:55: ssh.read_timeout: 1 to 3600 seconds",
                "2:30: sources.sample.s.days: 1 to 3660 days",
                "2:44: sources.sample.t.days: 1 to 3660 days",
            ]
        );
    }
}
