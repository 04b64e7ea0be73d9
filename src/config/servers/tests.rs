#![allow(clippy::unwrap_used)]

use super::super::Bridge as BridgeSettings;
use super::*;

const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILfDSgzbdJKbzZ4GhV/vmVKPOcIv4qLGL9Yk3J/jJHrR";
const OTHER_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJTJmPwlxc6GSWuYtrTIPOLgyp1XT2mDe25jyLMK0Kbb";

struct Folder {
    _folder: tempfile::TempDir,
    project: Project,
}

impl Folder {
    fn with(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write_atomic(&folder.path().join(name), text.as_bytes(), fs::PRIVATE).unwrap();
        }
        Self { project: Project::new(folder.path()), _folder: folder }
    }

    fn read(&self, name: &str) -> String {
        fs::read_text(&self.project.root().join(name)).unwrap()
    }

    fn put(&self, name: &str, address: &str) -> Written {
        put(&self.project, name, &server(address)).unwrap()
    }

    /// The problems, as a person sees them.
    fn refused(&self, outcome: Result<Written>) -> Vec<String> {
        let problems = outcome.err().unwrap().downcast::<Problems>().unwrap();
        problems.list.iter().flat_map(|problem| [Some(problem.to_string()), problem.hint.clone()]).flatten().collect()
    }

    fn load(&self) -> Fleet {
        let (fleet, warnings) = Fleet::load(&self.project).unwrap();
        assert_eq!(warnings, []);
        fleet
    }
}

fn server(address: &str) -> NewServer {
    NewServer { address: address.to_owned(), host_key: KEY.to_owned(), via: None }
}

#[test]
fn the_first_server_makes_both_files_and_is_collected() {
    let folder = Folder::with(&[]);
    let written = folder.put("alpha", "torcollect@bridge.example:22");
    assert_eq!(
        written.done,
        ["`sources.yaml` is new: it collects from all servers of `servers.yaml`", "`alpha` stands in `servers.yaml`"]
    );
    assert!(written.collected);
    assert_eq!(
        folder.read("servers.yaml"),
        format!("{HEAD}servers:\n  alpha:\n    address: torcollect@bridge.example:22\n    host_key: {KEY}\n")
    );
    assert_eq!(fs::mode(&folder.project.root().join("servers.yaml")), Some(0o600));
    let fleet = folder.load();
    assert_eq!(fleet.servers["alpha"].address, Some("torcollect@bridge.example:22".parse().unwrap()));
    assert_eq!(fleet.servers["alpha"].host_key.as_deref(), Some(KEY));
    assert_eq!(fleet.select(&fleet.tor_bridge["bridges"].servers).len(), 1);
}

#[test]
fn what_else_is_said_of_servers_stays() {
    let servers = format!(
        "# Ours.\nservers:\n  gamma: {{address: \"me@host:22\", key: \"~/.ssh/$${{x}}\", host_key: \"{KEY}\", tags: [eu, \"007\"], label: 1.10,\n    \
         bridges: {{default: {{label: 007, publish: false}}, b2: }}}}\n  beta: {{local: true, command: [/bin/cat, x y], \
         key: ~/.ssh/id}}\n"
    );
    let folder = Folder::with(&[("sources.yaml", "include: servers.yaml\n"), ("servers.yaml", &servers)]);
    let before = folder.load();
    let written = folder.put("alpha", "alpha.example");
    assert_eq!((written.done, written.collected), (vec!["`alpha` stands in `servers.yaml`".to_owned()], false));
    let after = folder.load();
    assert_eq!(after.servers.keys().collect::<Vec<_>>(), ["alpha", "beta", "gamma"]);
    for name in ["beta", "gamma"] {
        let (before, after) = (&before.servers[name], &after.servers[name]);
        assert_eq!(format!("{before:?}"), format!("{after:?}"));
        assert_eq!(before.address, after.address);
    }
    assert_eq!(after.servers["gamma"].label.as_deref(), Some("1.10"));
    let bridge = BridgeSettings { label: Some("007".to_owned()), publish: Some(false) };
    assert_eq!(after.bridge("gamma", "default"), Some(&bridge));
    assert!(
        folder.read("servers.yaml").starts_with("# Ours.\nservers:\n  alpha:\n"),
        "{}",
        folder.read("servers.yaml")
    );
}

#[test]
fn what_was_written_can_be_undone() {
    let folder = Folder::with(&[]);
    folder.put("alpha", "me@host").undo().unwrap();
    assert!(!folder.project.sources().exists() && !folder.project.root().join("servers.yaml").exists());
    folder.put("alpha", "me@host");
    let before = folder.read("servers.yaml");
    folder.put("beta", "me@other").undo().unwrap();
    assert_eq!(folder.read("servers.yaml"), before);
}

#[test]
fn a_server_that_is_put_again_is_brought_up_to_date() {
    let servers = format!("servers: {{alpha: {{address: \"me@host:22\", host_key: \"{KEY}\", label: Oak, via: x}}}}\n");
    let folder = Folder::with(&[("sources.yaml", "include: [a.yaml, b.yaml]\n"), ("a.yaml", ""), ("b.yaml", "")]);
    let path = folder.project.root().join("b.yaml");
    fs::write_atomic(&path, servers.as_bytes(), 0o600).unwrap();
    let via = |via: Option<&str>| {
        put(&folder.project, "alpha", &NewServer { via: via.map(str::to_owned), ..server("me@host") }).unwrap();
        fs::read_text(&path).unwrap().lines().find_map(|line| line.trim().strip_prefix("via: ").map(str::to_owned))
    };
    assert_eq!(via(None).as_deref(), Some("x"), "what is not said stays");
    assert_eq!(via(Some("y %h")).as_deref(), Some("y %h"));
    assert_eq!(via(Some("none")).as_deref(), Some("none"));

    fs::write_atomic(&path, servers.replace(", via: x", "").as_bytes(), 0o600).unwrap();
    let way = Some("nc -X 5 -x 127.0.0.1:9050 %h %p".to_owned());
    let new = NewServer { host_key: OTHER_KEY.to_owned(), via: way, ..server("me@host:2222") };
    let written = put(&folder.project, "alpha", &new).unwrap();
    assert_eq!(written.done, ["`alpha` is up to date in `b.yaml`"]);
    assert_eq!(folder.read("a.yaml"), "", "where it stood, it stands");
    let alpha = folder.load().servers.remove("alpha").unwrap();
    assert_eq!(alpha.address, Some("me@host:2222".parse().unwrap()));
    assert_eq!((alpha.host_key.as_deref(), alpha.label.as_deref()), (Some(OTHER_KEY), Some("Oak")));
    assert_eq!(alpha.via.as_ref().map(super::super::Via::text), Some("nc -X 5 -x 127.0.0.1:9050 %h %p"));
}

#[test]
fn a_text_that_takes_its_value_from_the_environment_stays_while_it_means_the_same() {
    let path = std::env::var("PATH").unwrap();
    assert_eq!(said(Some("${PATH}".to_owned()), &path), "${PATH}");
    assert_eq!(said(Some("${PATH}x".to_owned()), &path), path);
    assert_eq!(said(None, "a${b}"), "a$${b}");
    assert_eq!(said(Some("a$${b}".to_owned()), "a${b}"), "a$${b}");
}

#[test]
fn an_include_is_put_at_the_top_and_the_rest_stays_as_it_was() {
    let sources = "# Mine.\nsources:   # and this\n  tor-bridge: {x: {servers: [alpha]}}\n";
    for (text, draft) in [
        (sources.to_owned(), format!("{INCLUDE}{sources}")),
        (format!("---\n{sources}"), format!("---\n{INCLUDE}{sources}")),
    ] {
        let folder = Folder::with(&[("sources.yaml", &text)]);
        let written = folder.put("alpha", "host");
        assert_eq!(written.done, ["`sources.yaml` now includes `servers.yaml`", "`alpha` stands in `servers.yaml`"]);
        assert!(written.collected);
        assert_eq!(folder.read("sources.yaml"), draft);
        folder.load();
    }
    for (text, place) in [("{ssh: {}}\n", "1:1"), ("ssh: {}\ninclude: []\n", "2:10")] {
        let folder = Folder::with(&[("sources.yaml", text)]);
        let refused = folder.refused(put(&folder.project, "alpha", &server("host")));
        let message = "include: no file is included, in which the server could be written";
        let message = if place == "1:1" {
            format!("sources.yaml: {message}")
        } else {
            format!("sources.yaml:{place}: {message}")
        };
        assert_eq!(refused, [message, "write `include: servers.yaml` here".to_owned()]);
        assert_eq!(folder.read("sources.yaml"), text);
        assert!(!folder.project.root().join("servers.yaml").exists());
    }
}

#[test]
fn an_included_file_that_is_not_there_is_an_empty_one() {
    let folder = Folder::with(&[(
        "sources.yaml",
        "include: [hosts.yaml]\nsources: {tor-bridge: {x: {servers: [alpha, beta]}}}\n",
    )]);
    let (before, warnings) = fleet(&folder.project).unwrap();
    assert!(before.servers.is_empty());
    assert_eq!(warnings.len(), 2, "servers that are named and not there yet: {warnings:?}");
    folder.put("beta", "host");
    folder.put("alpha", "host:23");
    assert_eq!(folder.load().servers.len(), 2);
    assert!(folder.read("hosts.yaml").contains("  alpha:\n"));
}

#[test]
fn a_server_of_sources_yaml_is_its_writers() {
    let folder = Folder::with(&[
        ("sources.yaml", "include: servers.yaml\nservers: {alpha: {local: true}}\n"),
        ("servers.yaml", ""),
    ]);
    let expected = [
        "sources.yaml:2:11: `alpha` stands in a file that only you write",
        "change it yourself, or move it to a file of `include:`",
    ];
    assert_eq!(folder.refused(put(&folder.project, "alpha", &server("host"))), expected);
    assert_eq!(folder.refused(remove(&folder.project, "alpha")), expected);
    let folder = Folder::with(&[("sources.yaml", "include: x\n"), ("x", "servers: {alpha: {local: true}}\n")]);
    let refused = folder.refused(put(&folder.project, "alpha", &server("host")));
    assert_eq!(refused[0], "x:1:11: servers.alpha: this server is this machine, `local: true`");
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_written() {
    let broken = "servers: {alpha: {local: true}\n";
    let folder = Folder::with(&[("sources.yaml", "include: servers.yaml\n"), ("servers.yaml", broken)]);
    let refused = folder.refused(put(&folder.project, "beta", &server("host")));
    assert!(refused[0].starts_with("servers.yaml:2:1: did not find expected"), "{refused:?}");
    assert_eq!(folder.read("servers.yaml"), broken);
    let folder = Folder::with(&[]);
    let names = "server `../x`: a name has letters, digits, `.`, `_` and `-`, and begins with a letter or a digit";
    assert_eq!(folder.refused(put(&folder.project, "../x", &server("host"))), [names]);
    let refused = folder.refused(put(&folder.project, "x", &server("host:0")));
    assert!(refused[0].contains("the port is a number from 1 to 65535"), "{refused:?}");
    assert!(!folder.project.sources().exists());
}

#[test]
fn a_server_is_removed_and_the_others_stay() {
    let folder = Folder::with(&[]);
    folder.put("alpha", "host");
    folder.put("beta", "host:23");
    assert_eq!(remove(&folder.project, "alpha").unwrap().done, ["`alpha` is gone from `servers.yaml`"]);
    assert_eq!(folder.load().servers.keys().collect::<Vec<_>>(), ["beta"]);
    assert_eq!(
        folder.refused(remove(&folder.project, "betta")),
        ["there is no server `betta`", "did you mean `beta`?"]
    );
    remove(&folder.project, "beta").unwrap();
    assert!(folder.load().servers.is_empty());
    folder.put("alpha", "host");
    assert_eq!(folder.load().servers.len(), 1);
}

#[test]
fn a_server_that_is_named_elsewhere_is_not_removed() {
    let folder = Folder::with(&[(
        "sources.yaml",
        "include: servers.yaml\nsources:\n  tor-bridge: {x: {servers: [beta, alpha]}}\norganizations:\n  y:\n    name: Y\n    \
         bridges:\n      - bridge: alpha/default\n",
    )]);
    folder.put("alpha", "host");
    folder.put("beta", "host:23");
    let before = folder.read("servers.yaml");
    let hint = "take `alpha` out here first";
    assert_eq!(
        folder.refused(remove(&folder.project, "alpha")),
        [
            "sources.yaml:3:36: without `alpha`: sources.tor-bridge.x.servers[1]: there is no server `alpha`",
            hint,
            "sources.yaml:8:17: without `alpha`: organizations.y.bridges[0].bridge: there is no server `alpha`",
            hint,
        ]
    );
    assert_eq!(folder.read("servers.yaml"), before);
}

#[test]
fn commands_that_come_at_once_lose_nothing() {
    let folder = Folder::with(&[]);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let project = &folder.project;
            scope.spawn(move || put(project, &format!("s{number}"), &server("host")).unwrap());
        }
    });
    assert_eq!(folder.load().servers.len(), 8);
}

#[test]
fn a_link_to_the_servers_stays_a_link() {
    let folder = Folder::with(&[("elsewhere.yaml", "")]);
    let link = folder.project.root().join("servers.yaml");
    std::os::unix::fs::symlink("elsewhere.yaml", &link).unwrap();
    folder.put("alpha", "host");
    assert!(fs::is_link(&link) && folder.read("elsewhere.yaml").contains("alpha"));
}
