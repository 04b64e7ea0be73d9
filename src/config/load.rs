//! Reads `sources.yaml` and the files that it includes into a [`Fleet`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::exposed::Secrets;
use super::fleet::{Bridge, Fleet, OnFailure, Organization, Sample, Server, Ssh, TorBridge};
use super::labels::Labels;
use super::values::{paths, text};
use super::yaml::{Document, KeyPath};
use super::{Collector, Command, Note, Table, Via, address, exposed, pack, references};
use crate::fs;
use crate::problem::{Kind, Place, Problem, Problems};
use crate::project::Project;

/// `sources.yaml` as it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sources {
    #[serde(deserialize_with = "paths")]
    include: Vec<PathBuf>,
    ssh: Ssh,
    servers: BTreeMap<String, Entry>,
    sources: Plugins,
    organizations: BTreeMap<String, Organization>,
    notes: Vec<Note>,
    on_failure: Option<OnFailure>,
}

/// An included file as it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Servers {
    servers: BTreeMap<String, Entry>,
}

/// The sources by plugin and name.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Plugins {
    tor_bridge: BTreeMap<String, TorBridge>,
    sample: BTreeMap<String, Sample>,
    collector: BTreeMap<String, Collector>,
    table: BTreeMap<String, Table>,
    command: BTreeMap<String, Command>,
}

/// A server as it stands.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Entry {
    #[serde(deserialize_with = "text")]
    address: Option<String>,
    #[serde(deserialize_with = "text")]
    via: Option<String>,
    local: bool,
    #[serde(deserialize_with = "text")]
    command: Option<Vec<String>>,
    #[serde(deserialize_with = "text")]
    host_key: Option<String>,
    #[serde(deserialize_with = "text")]
    key: Option<PathBuf>,
    tags: Vec<String>,
    #[serde(deserialize_with = "text")]
    label: Option<String>,
    bridges: BTreeMap<String, Bridge>,
}

/// Texts of files as they would be, by path: what is not among them is read.
pub(super) type Drafts = BTreeMap<PathBuf, String>;

/// The settings of a fleet, and what whoever rewrites them wants to know.
pub(super) struct Loaded {
    pub(super) fleet: Fleet,
    /// What hinders nothing.
    pub(super) warnings: Vec<Problem>,
    /// Names that mean nothing, numbers out of bounds, and secrets in texts for pages.
    pub(super) references: Vec<Problem>,
    /// In which file each server stands.
    pub(super) files: BTreeMap<String, PathBuf>,
}

impl Fleet {
    /// Reads the project's `sources.yaml` and what it includes. Beside the fleet: warnings, which hinder nothing.
    ///
    /// # Errors
    /// All mistakes of meaning, or of each file the first one of syntax or type.
    pub fn load(project: &Project) -> Result<(Self, Vec<Problem>), Problems> {
        let Loaded { fleet, warnings, references, .. } = load(project, &Drafts::new())?;
        Problems::check(Kind::Configuration, references)?;
        Ok((fleet, warnings))
    }

    /// The fleet of who has no servers, or not the files that `sources.yaml` includes, as where a site is only built. Where a
    /// file is missing, names may mean nothing.
    ///
    /// # Errors
    /// All other mistakes, as of [`load`](Self::load).
    pub fn as_far_as_it_is_here(project: &Project) -> Result<Self, Problems> {
        let Some(document) = open(project, &Drafts::new(), &project.sources())? else { return Ok(Self::default()) };
        let files = included(&document)?.into_iter().map(|path| project.root().join(path));
        let missing: Drafts =
            files.filter(|path| !path.exists()).map(|path| (path, "servers: {}\n".to_owned())).collect();
        let Loaded { fleet, references, .. } = load(project, &missing)?;
        if missing.is_empty() {
            Problems::check(Kind::Configuration, references)?;
        }
        Ok(fleet)
    }
}

/// [`Fleet::load`] of files of which some are only drafts, and without giving up over names that mean nothing.
pub(super) fn load(project: &Project, drafts: &Drafts) -> Result<Loaded, Problems> {
    let path = project.sources();
    let missing = || {
        Problem::new(Place::file(project.shown(&path)), "there is no such file").hint(
            "run torcollect in a project's folder, or name that with `-C DIR`; `torcollect server add` begins one",
        )
    };
    let read = open(project, drafts, &path).and_then(|document| document.ok_or_else(missing));
    let read = read.and_then(|document| document.parse::<Sources>().map(|sources| (document, sources)));
    let (document, sources) = read?;

    let mut problems = Vec::new();
    let mut warnings = Vec::new();
    let mut files = Vec::new();
    if sources.servers.values().any(|server| server.address.is_some()) {
        warnings.extend(open_to_others(project, &document, &path));
    }
    for included in &sources.include {
        match include(project, drafts, &document, included) {
            Ok((file, servers, warning)) => {
                files.push((file, servers));
                warnings.extend(warning);
            }
            Err(problem) => problems.push(problem),
        }
    }
    Problems::check(Kind::Configuration, std::mem::take(&mut problems))?;

    let entries = std::iter::once((&document, sources.servers))
        .chain(files.iter_mut().map(|(file, servers)| (&*file, std::mem::take(servers))));
    let common = sources.ssh.via.as_ref().and_then(|via| {
        let refuse = |reason| problems.push(document.problem(&KeyPath::of(["ssh", "via"]), reason));
        via.parse().map_err(refuse).ok()
    });
    let (servers, standing, labels, exposed) = servers(project, entries, common.as_ref(), &mut problems);
    let mut fleet = Fleet {
        ssh: Ssh {
            key: sources.ssh.key.map_or_else(|| own_key(project), |key| Some(absolute(project, &key))),
            known_hosts: absolute(project, &sources.ssh.known_hosts),
            ..sources.ssh
        },
        servers,
        tor_bridge: sources.sources.tor_bridge,
        sample: sources.sources.sample,
        collector: sources.sources.collector,
        table: sources.sources.table,
        command: sources.sources.command,
        packs: Vec::new(),
        organizations: sources.organizations,
        notes: sources.notes,
        on_failure: sources.on_failure,
    };
    problems.extend(pack::switch_on(project, &mut fleet, &document));
    let secrets = Secrets::of(&fleet);
    let mut references = references::check(&fleet, &document, &secrets);
    references.extend(exposed);
    references.extend(labels.iter().flat_map(|labels| labels.exposed(&secrets)));
    if !problems.is_empty() {
        problems.extend(references.iter().cloned());
    }
    Problems::check(Kind::Configuration, problems)?;
    Ok(Loaded { fleet, warnings, references, files: standing })
}

/// The files that `sources.yaml` includes, whatever else is wrong with it.
pub(super) fn included(document: &Document) -> Result<Vec<PathBuf>, Problem> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Including {
        #[serde(deserialize_with = "paths")]
        include: Vec<PathBuf>,
    }
    Ok(document.parse::<Including>()?.include)
}

/// A file or its draft.
pub(super) fn open(project: &Project, drafts: &Drafts, path: &Path) -> Result<Option<Document>, Problem> {
    match drafts.get(path) {
        Some(text) => Ok(Some(Document::new(project.shown(path), text))),
        None => Document::open(project, path),
    }
}

type Included = (Document, BTreeMap<String, Entry>, Option<Problem>);

fn include(project: &Project, drafts: &Drafts, from: &Document, included: &Path) -> Result<Included, Problem> {
    let path = project.root().join(included);
    let Some(document) = open(project, drafts, &path)? else {
        let message = format!("there is no file `{}`", included.display());
        return Err(from
            .problem(&KeyPath::of(["include"]), message)
            .hint("`torcollect server add` makes it; or write that file, or remove it from `include`"));
    };
    let servers = document.parse::<Servers>()?.servers;
    let warning = open_to_others(project, &document, &path);
    Ok((document, servers, warning))
}

fn open_to_others(project: &Project, document: &Document, path: &Path) -> Option<Problem> {
    let open = fs::is_open_to_others(path).unwrap_or(false);
    open.then(|| {
        Problem::new(document.whole(), "others on this machine can read the servers' addresses")
            .hint(format!("chmod 600 {}", project.shown(path).display()))
    })
}

type Together<'a> = (BTreeMap<String, Server>, BTreeMap<String, PathBuf>, [Labels<'a>; 2], Vec<Problem>);

/// The servers of all files, where each stands, the labels of servers and bridges, and what names give away. A name that stands in two of them
/// is a problem at the second.
fn servers<'a>(
    project: &Project,
    files: impl Iterator<Item = (&'a Document, BTreeMap<String, Entry>)>,
    common: Option<&Via>,
    problems: &mut Vec<Problem>,
) -> Together<'a> {
    let mut servers = BTreeMap::new();
    // Places are looked up for mistakes alone: each costs a pass over the file.
    let mut first: BTreeMap<String, &Document> = BTreeMap::new();
    let (mut server_labels, mut bridge_labels) = (Labels::default(), Labels::default());
    for (document, entries) in files {
        for (name, entry) in entries {
            let path = KeyPath::of(["servers", &name]);
            if let Some(other) = first.get(&name) {
                problems.push(document.key_problem(&path, format_args!("this name is taken at {}", other.key(&path))));
                continue;
            }
            if let Err(reason) = super::name(&name) {
                problems.push(document.key_problem(&path, reason));
            }
            first.insert(name.clone(), document);
            if let Some(label) = &entry.label {
                problems.extend(server_labels.take(label, document, path.key("label")));
            }
            for (instance, bridge) in &entry.bridges {
                let path = path.key("bridges").key(instance).key("label");
                problems.extend(bridge.label.as_ref().and_then(|label| bridge_labels.take(label, document, path)));
            }
            servers.insert(name, server(project, document, &path, entry, common, problems));
        }
    }
    let exposed = exposed::names(&servers, &first);
    let files = first.into_iter().map(|(name, document)| (name, document.whole().file)).collect();
    (servers, files, [server_labels, bridge_labels], exposed)
}

fn server(
    project: &Project,
    document: &Document,
    path: &KeyPath,
    entry: Entry,
    common: Option<&Via>,
    problems: &mut Vec<Problem>,
) -> Server {
    let mut refuse = |key: &str, reason: &str| problems.push(document.problem(&path.key(key), reason));
    let address = entry.address.as_ref().and_then(|text| {
        text.parse().map_err(|reason| refuse("address", &format!("`{text}` is not an address: {reason}"))).ok()
    });
    let host_key = entry.host_key.and_then(|line| {
        address::host_key(&line).map_err(|reason| refuse("host_key", &format!("not a host key: {reason}"))).ok()
    });
    let via = match entry.via.as_deref() {
        None => common.cloned(),
        Some("none") => None,
        Some(text) => text.parse().map_err(|reason: &str| refuse("via", reason)).ok(),
    };
    match &entry.command {
        Some(_) if !entry.local => refuse("command", "a command is only for a server with `local: true`"),
        Some(words) if words.is_empty() => refuse("command", "the command is empty"),
        _ => {}
    }
    for instance in entry.bridges.keys() {
        if let Err(reason) = super::name(instance) {
            problems.push(document.key_problem(&path.key("bridges").key(instance), reason));
        }
    }
    let either = "a server has `address: USER@HOST:PORT` or, if it is this machine, `local: true`";
    match (&entry.address, entry.local) {
        (Some(_), true) => problems.push(document.key_problem(path, "both `address` and `local: true`").hint(either)),
        (None, false) => problems.push(document.key_problem(path, "neither `address` nor `local: true`").hint(either)),
        _ => {}
    }
    Server {
        address,
        via,
        command: entry.command.unwrap_or_else(|| vec!["/usr/lib/torcollect/extract".to_owned()]),
        host_key,
        key: entry.key.map(|key| absolute(project, &key)),
        tags: entry.tags,
        label: entry.label,
        bridges: entry.bridges,
    }
}

/// The project's own key, once it is made.
fn own_key(project: &Project) -> Option<PathBuf> {
    Some(project.key()).filter(|key| key.exists())
}

/// `~/` is the home folder, all else stands in the project's folder.
fn absolute(project: &Project, path: &Path) -> PathBuf {
    match (path.strip_prefix("~"), std::env::home_dir()) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => project.root().join(path),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use jiff::civil::date;

    use super::super::{BridgeName, Selection};
    use super::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILfDSgzbdJKbzZ4GhV/vmVKPOcIv4qLGL9Yk3J/jJHrR";

    /// Loads a project that has these files, all of mode 0600.
    fn load(files: &[(&str, &str)]) -> Result<(Fleet, Vec<Problem>), Problems> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write_atomic(&folder.path().join(name), text.as_bytes(), fs::PRIVATE).unwrap();
        }
        Fleet::load(&Project::new(folder.path()))
    }

    fn fleet(sources: &str) -> Fleet {
        load(&[("sources.yaml", sources)]).unwrap().0
    }

    /// The problems as a person sees them, each hint on a line of its own.
    fn problems(files: &[(&str, &str)]) -> String {
        shown(&load(files).unwrap_err().list)
    }

    fn problem(sources: &str) -> String {
        problems(&[("sources.yaml", sources)])
    }

    fn shown(list: &[Problem]) -> String {
        let lines = list.iter().flat_map(|problem| {
            [Some(problem.to_string()), problem.hint.as_ref().map(|hint| format!("  hint: {hint}"))]
        });
        lines.flatten().collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_example_of_the_design_is_read_whole() {
        let sources = "\
include: servers.yaml
sources:
  tor-bridge:
    bridges: {servers: all}                       # all | [names] | {tag: eu}
organizations:
  example-reporters:
    name: Example Reporters
    bridges:
      - {bridge: alpha/default, from: 2026-01-01, until: 2026-06-30}     # until is included
";
        let servers = format!(
            "servers:\n  alpha: {{address: \"torcollect@host:22\", host_key: \"{KEY}\",\n          \
             bridges: {{default: {{label: Oak, publish: true}}}}}}\n"
        );
        let (fleet, warnings) = load(&[("sources.yaml", sources), ("servers.yaml", &servers)]).unwrap();
        assert_eq!(warnings, []);
        let alpha = &fleet.servers["alpha"];
        assert_eq!(alpha.address, Some("torcollect@host:22".parse().unwrap()));
        assert_eq!(alpha.host_key.as_deref(), Some(KEY));
        assert_eq!(fleet.bridge("alpha", "default"), Some(&Bridge { label: Some("Oak".into()), publish: Some(true) }));
        assert_eq!(fleet.bridge("alpha", "other"), None);
        assert_eq!(fleet.tor_bridge["bridges"].servers, Selection::All);
        let reporters = &fleet.organizations["example-reporters"];
        assert_eq!(reporters.name, "Example Reporters");
        assert_eq!(reporters.bridges[0].bridge, BridgeName { server: "alpha".into(), instance: "default".into() });
        assert_eq!(reporters.bridges[0].from, Some(date(2026, 1, 1)));
        assert_eq!(reporters.bridges[0].until, Some(date(2026, 6, 30)));
    }

    #[test]
    fn an_empty_file_is_an_empty_fleet_with_defaults() {
        for text in ["", "# nothing yet\n", "ssh:\nservers:\nsources:\n  tor-bridge:\norganizations:\ninclude:\n"] {
            let fleet = fleet(text);
            assert!(fleet.servers.is_empty() && fleet.tor_bridge.is_empty() && fleet.sample.is_empty());
            assert_eq!(fleet.ssh.key, None);
            assert_eq!(fleet.ssh.known_hosts, std::env::home_dir().unwrap().join(".ssh/known_hosts"));
            assert_eq!((fleet.ssh.connect_timeout.as_secs(), fleet.ssh.read_timeout.as_secs()), (10, 30));
            assert_eq!(fleet.ssh.max_bytes, 8_388_608);
        }
    }

    #[test]
    fn what_is_not_said_of_a_server_a_bridge_or_a_sample_has_its_default() {
        let fleet = fleet("servers: {here: {local: true, bridges: {default: }}}\nsources: {sample: {demo: }}\n");
        assert_eq!(fleet.servers["here"].command, ["/usr/lib/torcollect/extract"]);
        assert_eq!(fleet.bridge("here", "default"), Some(&Bridge::default()));
        let demo = &fleet.sample["demo"];
        assert_eq!((demo.seed, demo.days, demo.until), (1, 540, date(2026, 11, 22)));
    }

    #[test]
    fn a_server_is_reached_by_its_own_way_else_by_that_of_all() {
        let fleet = fleet(
            "ssh: {via: nc %h %p}\nservers: {a: {address: h}, b: {address: h, via: ssh -W %h:%p j}, c: {address: h, via: none}}\n",
        );
        let via = |server: &str| fleet.servers[server].via.as_ref().map(Via::text);
        assert_eq!([via("a"), via("b"), via("c")], [Some("nc %h %p"), Some("ssh -W %h:%p j"), None]);
        let wrong = "ssh: {via: nc %x}\nservers: {a: {address: h, via: ''}}\n";
        let after = "after `%` stands `h` (host), `p` (port), `r` (account) or `%`";
        let shown =
            format!("sources.yaml:1:12: ssh.via: {after}\nsources.yaml:2:32: servers.a.via: the command is empty");
        assert_eq!(problem(wrong), shown);
    }

    #[test]
    fn keys_are_relative_to_the_project_or_to_the_home_folder() {
        let project = Project::new("/srv/fleet");
        assert_eq!(absolute(&project, Path::new("keys/id")), Path::new("/srv/fleet/keys/id"));
        assert_eq!(absolute(&project, Path::new("/etc/id")), Path::new("/etc/id"));
        assert_eq!(absolute(&project, Path::new("~/.ssh/id")), std::env::home_dir().unwrap().join(".ssh/id"));
    }

    #[test]
    fn servers_are_selected_by_name_or_tag() {
        let fleet = fleet(
            "servers:\n  a: {local: true, tags: [eu]}\n  b: {local: true}\n  c: {local: true, tags: [us, eu]}\n\
             sources: {tor-bridge: {x: {servers: {tag: eu}}, y: {servers: [b, a]}, z: }}\n",
        );
        let names = |source: &str| -> Vec<&str> {
            fleet.select(&fleet.tor_bridge[source].servers).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(names("x"), ["a", "c"]);
        assert_eq!(names("y"), ["a", "b"]);
        assert_eq!(names("z"), ["a", "b", "c"]);
    }

    #[test]
    fn a_missing_file_says_what_to_do() {
        assert_eq!(
            problems(&[]),
            "sources.yaml: there is no such file\n  hint: run torcollect in a project's folder, or name that with `-C DIR`; `torcollect server add` begins one"
        );
        assert_eq!(
            problem("ssh: {}\ninclude: servers.yaml\n"),
            "sources.yaml:2:10: include: there is no file `servers.yaml`\n  \
             hint: `torcollect server add` makes it; or write that file, or remove it from `include`"
        );
    }

    #[test]
    fn an_unknown_key_or_a_wrong_type_has_its_place_in_its_own_file() {
        let included = "include: [a.yaml, b.yaml]\n";
        assert_eq!(
            problems(&[
                ("sources.yaml", included),
                ("a.yaml", "servers:\n  alpha:\n    adress: host\n"),
                ("b.yaml", "servers: {beta: {local: perhaps}}\n"),
            ]),
            "a.yaml:3:5: servers.alpha: unknown key `adress`\n  hint: did you mean `address`?\n\
             b.yaml:1:25: servers.beta.local: invalid type: string \"perhaps\", expected `true` or `false`"
        );
        assert_eq!(
            problem("sources: {tor-bridge: {x: {servers: eu}}}\n"),
            "sources.yaml:1:37: sources.tor-bridge.x.servers: `eu` selects no servers\n  \
             hint: write `all`, a list of names as `[eu]`, or `{tag: eu}`"
        );
        assert_eq!(
            problem("sources: {tor-bridge: {x: {servers: {tags: eu}}}}\n"),
            "sources.yaml:1:38: sources.tor-bridge.x.servers: unknown key `tags`\n  hint: did you mean `tag`?"
        );
        assert_eq!(problem("ssh: 5\n"), "sources.yaml:1:6: ssh: invalid type: integer `5`, expected a map");
    }

    #[test]
    fn a_malformed_date_or_bridge_is_refused() {
        assert_eq!(
            problem("sources: {sample: {demo: {until: 2026-13-01}}}\n"),
            "sources.yaml:1:34: sources.sample.demo.until: `2026-13-01` is not a date as `YYYY-MM-DD`"
        );
        assert_eq!(
            problem("organizations: {x: {name: X, bridges: [{bridge: alpha}]}}\n"),
            "sources.yaml:1:49: organizations.x.bridges[0].bridge: `alpha` is not a bridge as `SERVER/INSTANCE`"
        );
        assert_eq!(problem("organizations:\n  x: {}\n"), "sources.yaml:2:6: organizations.x: missing key `name`");
    }

    #[test]
    fn the_environment_fills_texts_and_an_unset_name_is_refused_with_its_place() {
        // Cargo sets this one for every test.
        let fleet = fleet("servers: {a: {address: \"root@${CARGO_PKG_NAME}.example\"}}\n");
        assert_eq!(fleet.servers["a"].address, Some("root@torcollect.example".parse().unwrap()));
        assert_eq!(
            problem("servers:\n  a:\n    address: \"root@${TORCOLLECT_NOWHERE}\"\n"),
            "sources.yaml:3:14: servers.a.address: `TORCOLLECT_NOWHERE` is not set in the environment\n  \
             hint: set it, or write `$${TORCOLLECT_NOWHERE}` where the text itself shall have `${TORCOLLECT_NOWHERE}`"
        );
    }

    #[test]
    fn a_server_stands_once_in_all_files_together() {
        assert_eq!(
            problems(&[
                ("sources.yaml", "include: more.yaml\nservers:\n  alpha: {local: true}\n"),
                ("more.yaml", "servers:\n  beta: {local: true}\n  alpha: {local: true}\n"),
            ]),
            "more.yaml:3:3: servers.alpha: this name is taken at sources.yaml:3:3"
        );
    }

    #[test]
    fn all_mistakes_of_servers_are_told_at_once() {
        let servers = "\
servers:
  both: {address: host, local: true}
  neither: {tags: [eu]}
  bad: {address: 'host:x', host_key: ssh-ed25519}
  'no name': {local: true, bridges: {a/b: {}}}
  commands: {address: host, command: [cat]}
  empty: {local: true, command: []}
";
        let either = "  hint: a server has `address: USER@HOST:PORT` or, if it is this machine, `local: true`";
        let names = "a name has letters, digits, `.`, `_` and `-`, and begins with a letter or a digit";
        assert_eq!(
            problems(&[("sources.yaml", "include: s.yaml\n"), ("s.yaml", servers)]),
            [
                "s.yaml:2:3: servers.both: both `address` and `local: true`",
                either,
                "s.yaml:3:3: servers.neither: neither `address` nor `local: true`",
                either,
                "s.yaml:4:18: servers.bad.address: `host:x` is not an address: the port is a number from 1 to 65535",
                "s.yaml:4:38: servers.bad.host_key: not a host key: it is written `TYPE BASE64`",
                &format!("s.yaml:5:3: servers.no name: {names}"),
                &format!("s.yaml:5:38: servers.no name.bridges.a/b: {names}"),
                "s.yaml:6:38: servers.commands.command: a command is only for a server with `local: true`",
                "s.yaml:7:33: servers.empty.command: the command is empty",
            ]
            .join("\n")
        );
    }

    #[test]
    fn a_label_is_not_blank_and_names_one_server_or_one_bridge() {
        let more = "\
servers:
  beta: {local: true, label: Rome}
  alpha: {local: true, label: ' Rome '}
  delta: {local: true, label: '', bridges: {a: {label: ' '}, b: {label: Oak}, c: {label: Oslo}, d: , e: }}
";
        let own = "  hint: give each a label of its own, so that they can be told apart";
        let write = "  hint: write a label, or leave the key out";
        assert_eq!(
            problems(&[
                (
                    "sources.yaml",
                    "include: more.yaml\nservers: {zeta: {local: true, label: Oslo, bridges: {a: {label: Oak}}}}\n"
                ),
                ("more.yaml", more),
            ]),
            [
                "more.yaml:3:31: servers.alpha.label: the label `Rome` is taken at more.yaml:2:30",
                own,
                "more.yaml:4:31: servers.delta.label: the label is empty",
                write,
                "more.yaml:4:56: servers.delta.bridges.a.label: the label is empty",
                write,
                "more.yaml:4:73: servers.delta.bridges.b.label: the label `Oak` is taken at sources.yaml:2:65",
                own,
            ]
            .join("\n")
        );
    }

    #[test]
    fn sources_with_addresses_that_others_can_read_are_a_warning() {
        let warnings = |text: &str, mode: u32| {
            let folder = tempfile::tempdir().unwrap();
            fs::write_atomic(&folder.path().join("sources.yaml"), text.as_bytes(), mode).unwrap();
            shown(&Fleet::load(&Project::new(folder.path())).unwrap().1)
        };
        let told =
            "sources.yaml: others on this machine can read the servers' addresses\n  hint: chmod 600 sources.yaml";
        let address = "servers: {alpha: {address: host}}\n";
        assert_eq!(warnings(address, 0o640), told);
        assert_eq!(warnings(address, 0o604), told);
        assert_eq!(warnings(address, 0o600), "");
        assert_eq!(warnings("servers: {alpha: {local: true}}\n", 0o644), "");
    }

    #[test]
    fn servers_that_others_can_read_are_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        fs::write_atomic(&folder.path().join("sources.yaml"), b"include: servers.yaml\n", fs::PUBLIC).unwrap();
        let servers = folder.path().join("servers.yaml");
        let warnings = |mode: u32| {
            fs::write_atomic(&servers, b"servers: {}\n", mode).unwrap();
            shown(&Fleet::load(&Project::new(folder.path())).unwrap().1)
        };
        assert_eq!(warnings(0o600), "");
        let told =
            "servers.yaml: others on this machine can read the servers' addresses\n  hint: chmod 600 servers.yaml";
        assert_eq!(warnings(0o640), told);
        assert_eq!(warnings(0o604), told);
    }

    #[test]
    fn a_servers_name_is_no_address() {
        let servers = "servers:\n  198.51.100.7: {local: true}\n  198-51-100-7: {local: true}\n  \
                       Bridge.example.org: {local: true}\n  gate: {address: bridge.example.org}\n  \
                       0.4.8.9: {local: true}\n  fra.1: {address: other.example}\n";
        let hint = "  hint: a server's name goes into logs and the warehouse: give it another one";
        let expected = ["2:3: servers.198.51.100.7", "3:3: servers.198-51-100-7", "4:3: servers.Bridge.example.org"];
        let expected: Vec<String> =
            expected.iter().map(|place| format!("sources.yaml:{place}: the name is an address\n{hint}")).collect();
        let mut found = problem(servers)
            .split("sources.yaml")
            .skip(1)
            .map(|line| format!("sources.yaml{}", line.trim_end()))
            .collect::<Vec<_>>();
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_host_on_the_way_to_a_server_is_in_no_note() {
        for via in [
            "ssh: {via: ssh -W x root@jump.example.org}\nservers: {a: {local: true}}",
            "servers: {a: {address: host, via: 'ssh -W %h:%p jump.example.org'}}",
        ] {
            let problem = problem(&format!("{via}\nnotes: [{{date: 2026-11-20, text: now over jump.example.org}}]\n"));
            assert!(problem.contains("the text has a server's address"), "{problem}");
        }
    }
}
