//! What nobody may learn is looked for in all places where it could have got to. A fleet is collected whose every secret can
//! be recognized, and in which every kind of failure happens; then the warehouse, an export, what is printed, what
//! `on_failure` is told, the pages and the cache are searched for each of them.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use duckdb::{AccessMode, Config, Connection};

use crate::sshd::{Lab, Sshd, run, user};
use crate::support::{Said, TestProject, bridge_stats};

/// The end of the interval, to the second.
const ENDS: &str = "2026-03-02 13:47:19";
const NICKNAME: &str = "Needlenick";
const HASHED: &str = "5EED1E0000000000000000000000000000A11CE5";
const UNHASHED: &str = "0DDBA11000000000000000000000000000C0FFEE";
/// A second bridge, whose files say what they should not.
const BROKEN_NICKNAME: &str = "Needlebroken";
const BROKEN_UNHASHED: &str = "0DDBA11000000000000000000000000000BADBAD";
/// Names of hosts, accounts and servers that stand in no name of anything else.
const HOST: &str = "needlehost.example";
const ACCOUNT: &str = "needleaccount";
const SERVER: &str = "needleserver";
/// Addresses of this machine that nothing else uses.
const REFUSING: &str = "127.66.55.44";
const SILENT: &str = "127.66.55.43";

/// Where something can be learned, from the most private place to the most public one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// An extract as it came, in the warehouse.
    Raw,
    /// All else in the warehouse.
    Warehouse,
    /// What is printed for the operator, and may end up in a log.
    Log,
    /// What the command of `on_failure` is told, and sends on by whatever way.
    Told,
    /// The publication in a file, the pages, and the cache, which CI keeps.
    Public,
}

use Place::{Log, Public, Raw, Told, Warehouse};

/// Something that may be known in some places and in no other.
struct Needle {
    what: &'static str,
    /// In lower case; found whatever its case.
    text: String,
    allowed: &'static [Place],
}

/// Something that was found in a place: where exactly, and its text in lower case.
struct Hay {
    place: Place,
    at: String,
    text: String,
}

impl Hay {
    fn new(place: Place, at: impl Into<String>, bytes: &[u8]) -> Self {
        Self { place, at: at.into(), text: String::from_utf8_lossy(bytes).to_lowercase() }
    }
}

/// Each value of each column of a DuckDB file that can be a text.
fn cells(file: &Path, place: impl Fn(&str, &str) -> Place) -> Vec<Hay> {
    let config = Config::default().access_mode(AccessMode::ReadOnly).unwrap();
    let connection = Connection::open_with_flags(file, config).unwrap();
    let mut columns = connection
        .prepare("select table_name, column_name, data_type from duckdb_columns() where not internal order by all")
        .unwrap();
    let columns: Vec<(String, String, String)> =
        columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect();
    assert!(columns.len() > 20, "{columns:?}");
    let mut hay = Vec::new();
    for (table, column, kind) in columns {
        // Escaped, a blob would hide what it holds.
        let text = if kind == "BLOB" { "decode" } else { "" };
        let sql = format!(r#"select distinct {text}("{column}")::varchar from "{table}" where "{column}" is not null"#);
        let mut statement = connection.prepare(&sql).unwrap();
        let values = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let at = format!("{}: {table}.{column}", file.file_name().unwrap().display());
        hay.extend(values.map(|value| Hay::new(place(&table, &column), &at, value.unwrap().as_bytes())));
    }
    hay
}

/// Each file below a folder.
fn files(folder: &Path, place: Place) -> Vec<Hay> {
    let mut hay = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                hay.push(Hay::new(place, path.display().to_string(), path.display().to_string().as_bytes()));
                let bytes = match path.extension().and_then(|extension| extension.to_str()) {
                    Some("gz") => unpacked(&path),
                    Some("br") => unpacked_brotli(&path),
                    _ => fs::read(&path).unwrap(),
                };
                hay.push(Hay::new(place, path.display().to_string(), &bytes));
            }
        }
    }
    assert!(!hay.is_empty(), "nothing is in {}", folder.display());
    hay
}

fn unpacked(file: &Path) -> Vec<u8> {
    run(Command::new("gzip").arg("-dc").arg(file)).into_bytes()
}

fn unpacked_brotli(file: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    brotli::BrotliDecompress(&mut &fs::read(file).unwrap()[..], &mut bytes).unwrap();
    bytes
}

fn printed(what: &str, said: &Said) -> [Hay; 2] {
    [
        Hay::new(Log, format!("{what}: stdout"), said.stdout.as_bytes()),
        Hay::new(Log, format!("{what}: stderr"), said.stderr.as_bytes()),
    ]
}

/// The parts of a key file that are the key: what is long and no word.
fn key_material(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    text.split_whitespace().filter(|word| word.len() >= 40).map(str::to_owned).collect()
}

/// A fleet in which each kind of failure happens to a server of its own.
struct Fleet {
    lab: Lab,
    project: TestProject,
    sshds: Vec<Sshd>,
    _silent: TcpListener,
    needles: Vec<Needle>,
}

impl Fleet {
    fn new() -> Self {
        let lab = Lab::new();
        let silent = TcpListener::bind((SILENT, 0)).unwrap();
        let mut fleet =
            Self { lab, project: TestProject::new(), sshds: Vec::new(), _silent: silent, needles: Vec::new() };
        fleet.start();
        fleet.configure();
        fleet.remember();
        fleet
    }

    /// sshds: two that serve a tor, and some with something wrong.
    fn start(&mut self) {
        let lab = &self.lab;
        let stats = bridge_stats(ENDS, "de=160,fr=80", "v4=232,v6=8", "obfs4=240");
        let identity = format!("{NICKNAME} {HASHED}\n");
        let unhashed = format!("{NICKNAME} {UNHASHED}\n");
        let state = format!(
            "BWHistoryReadEnds {ENDS}\nBWHistoryReadInterval 86400\nBWHistoryReadValues 1024\n\
                             LastWritten {ENDS}\nTorVersion Tor 0.4.9.11\nTransportProxy obfs4 {REFUSING}:4711\n"
        );
        let good = lab.data(
            "good-tor",
            &[
                ("stats/bridge-stats", stats.as_bytes()),
                ("state", state.as_bytes()),
                ("hashed-fingerprint", identity.as_bytes()),
                ("fingerprint", unhashed.as_bytes()),
                ("pt_state/obfs4_bridgeline.txt", format!("Bridge obfs4 {REFUSING}:4711 {UNHASHED}\n").as_bytes()),
            ],
        );
        // Files that are not what they should be, full of what they should not have.
        let broken = format!("bridge-stats-end {ENDS} (86400 s)\nbridge-ips {HOST}=8\n");
        let broken = lab.data(
            "broken-tor",
            &[
                ("stats/bridge-stats", broken.as_bytes()),
                ("state", format!("TorVersion {HOST} {BROKEN_UNHASHED}\nLastWritten {HOST}\n").as_bytes()),
                ("hashed-fingerprint", format!("{BROKEN_NICKNAME} {}\n", HASHED.replace('5', "6")).as_bytes()),
            ],
        );
        let good = lab.instances("good-instances", &[("default", &user(), &good)]);
        let broken = lab.instances("broken-instances", &[("default", &user(), &broken)]);
        self.sshds = vec![
            lab.server("good").instances(&good).start(),
            lab.server("broken").instances(&broken).start(),
            lab.server("speaking").forced(&format!("echo {HOST} {REFUSING} {UNHASHED} >&2; exit 3")).start(),
            lab.server("alien").forced(&format!("echo {HOST} {REFUSING} {UNHASHED}")).start(),
            lab.server("halting").forced(&format!("echo torcollect-extract 1 1772600000 {HOST}; sleep 60")).start(),
            lab.server("noisy").forced("head -c 3000000 /dev/zero").start(),
        ];
    }

    /// `sources.yaml`: each server with its failure in its name, and what is to be known of it.
    fn configure(&mut self) {
        let lab = &self.lab;
        let sshd = |name: &str| -> String {
            // An sshd of its own for each connection, behind a host's name that leads nowhere.
            format!("via: \"/usr/sbin/sshd -i -f {}\"", lab.path(&format!("{name}-config")).display())
        };
        let pin = |sshd: usize| format!("host_key: \"{}\"", self.sshds[sshd].host_key("ed25519"));
        let stranger = lab.key_pair("stranger", "ed25519");
        let me = format!("{}@{HOST}:4711", user());
        let port = self._silent.local_addr().unwrap().port();
        let servers = [
            ("good", format!("address: \"{me}\", {}, {}", sshd("good"), pin(0))),
            ("broken", format!("address: \"{me}\", {}, {}", sshd("broken"), pin(1))),
            ("speaking", format!("address: \"{me}\", {}, {}", sshd("speaking"), pin(2))),
            ("alien", format!("address: \"{me}\", {}, {}", sshd("alien"), pin(3))),
            ("halting", format!("address: \"{me}\", {}, {}", sshd("halting"), pin(4))),
            ("noisy", format!("address: \"{me}\", {}, {}", sshd("noisy"), pin(5))),
            ("changed", format!("address: \"{me}\", {}, {}", sshd("good"), pin(1))),
            ("unknown", format!("address: \"{me}\", {}", sshd("good"))),
            ("stranger", format!("address: \"{me}\", {}, {}, key: {}", sshd("good"), pin(0), stranger.display())),
            ("account", format!("address: \"{ACCOUNT}@{HOST}:4711\", {}, {}", sshd("good"), pin(0))),
            ("keyless", format!("address: \"{me}\", {}, {}, key: needle-key", sshd("good"), pin(0))),
            ("wayless", format!("address: \"{me}\", via: \"echo no way to %h >&2; exit 1\", {}", pin(0))),
            ("refused", format!("address: \"{ACCOUNT}@{REFUSING}:4711\", {}", pin(0))),
            ("silent", format!("address: \"{ACCOUNT}@{SILENT}:{port}\", {}", pin(0))),
            ("gone", format!("address: \"{ACCOUNT}@{HOST}.invalid:4711\", {}", pin(0))),
        ];
        let servers: String =
            servers.iter().map(|(name, settings)| format!("  {SERVER}-{name}: {{{settings}}}\n")).collect();
        let sources = format!(
            "ssh: {{key: {}, known_hosts: {}, connect_timeout: 3, read_timeout: 3, max_bytes: 1000000, retries: 0}}\n\
             servers:\n{servers}sources: {{tor-bridge: {{bridges: {{servers: all}}}}}}\n\
             on_failure: {{after: 1, command: 'cat >>told'}}\n\
             organizations: {{press: {{name: Press, bridges: [{{bridge: {SERVER}-good/default}}]}}}}\n",
            lab.key().display(),
            lab.path("known_hosts").display(),
        );
        self.project.write("sources.yaml", sources);
    }

    /// Everything that is to be looked for.
    fn remember(&mut self) {
        let mut needles = Vec::new();
        let mut add = |what, text: &str, allowed| {
            needles.push(Needle { what, text: text.to_lowercase(), allowed });
        };
        // What a broken file says of itself is kept with the rest of it.
        add("a host's name", HOST, &[Raw][..]);
        add("an account", ACCOUNT, &[]);
        add("an address", REFUSING, &[]);
        add("an address", SILENT, &[]);
        for sshd in &self.sshds {
            add("an address", &format!("127.0.0.1:{}", sshd.port()), &[]);
            add("a host key", sshd.host_key("ed25519").split(' ').nth(1).unwrap(), &[]);
        }
        for name in ["client", "client.pub", "stranger", "stranger.pub"] {
            for line in key_material(&self.lab.path(name)) {
                add("an SSH key", &line, &[]);
            }
        }
        add("the path of a key", &self.lab.key().display().to_string(), &[Log]);
        add("the path of a key", "needle-key", &[Log]);
        add("an unhashed fingerprint", UNHASHED, &[]);
        add("an unhashed fingerprint", &grouped(UNHASHED), &[]);
        add("an unhashed fingerprint", BROKEN_UNHASHED, &[Raw]);
        add("a hashed fingerprint", HASHED, &[Raw, Warehouse]);
        add("a hashed fingerprint", &grouped(HASHED), &[]);
        add("a nickname", NICKNAME, &[Raw, Warehouse]);
        add("a nickname", BROKEN_NICKNAME, &[Raw, Warehouse]);
        add("the end of an interval", ENDS, &[Raw, Warehouse]);
        add("the end of an interval", &ENDS.replace(' ', "T"), &[]);
        add("the end of an interval", &ENDS[11..], &[Raw, Warehouse]);
        add("the name of a server", SERVER, &[Warehouse, Log, Told]);
        self.needles = needles;
    }
}

/// A fingerprint as tor prints it for people.
fn grouped(fingerprint: &str) -> String {
    let groups: Vec<&str> = (0..fingerprint.len()).step_by(4).map(|at| &fingerprint[at..at + 4]).collect();
    groups.join(" ")
}

#[test]
fn what_nobody_may_learn_is_in_no_place_where_it_may_not_be() {
    let mut fleet = Fleet::new();
    let project = &fleet.project;
    let mut hay = Vec::new();

    // The same twice: as lines for people, and as records.
    for arguments in [&["-v", "collect"][..], &["-v", "--log-format", "json", "collect"]] {
        let said = project.run(arguments);
        assert_eq!(said.code, Some(4), "{said:?}");
        hay.extend(printed(&arguments.join(" "), &said));
    }
    let reasons = project.private("select distinct error from warehouse.collection where error is not null order by 1");
    let expected = BTreeSet::from([
        "connection refused",
        "host key changed",
        "host key unknown",
        "key refused",
        "no connection in time",
        "no key to log in with",
        "not reachable",
        "silent for too long",
        "the command failed",
        "the way to the server failed",
        "too large",
        "what the server sent is not an extract",
    ]);
    assert_eq!(reasons.iter().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{}", hay[1].text);
    let told = project.read("told");
    for reason in expected {
        assert!(told.contains(&format!("\"reason\":\"{reason}\"")), "{reason} is not told: {told}");
    }
    hay.push(Hay::new(Told, "told", told.as_bytes()));
    let problems = project.private("select count(*) from warehouse.problem");
    assert_ne!(problems, ["0"], "the broken files are complained of");
    assert_eq!(project.private("select sum(clients) from country_day"), ["240"]);

    let export = project.path("export.duckdb");
    let exported = export.display().to_string();
    let commands = [
        (0, &["-v", "export", "--public", &exported][..]),
        (0, &["-v", "build"]),
        (0, &["-v", "--log-format", "json", "build", "--organization", "press"]),
        (0, &["-v", "server", "list"]),
        (0, &["-v", "server", "list", "--format", "json"]),
        // The broken files are complained of again.
        (4, &["-v", "reparse"]),
    ];
    for (code, arguments) in commands {
        let said = project.run(arguments);
        assert_eq!(said.code, Some(code), "{said:?}");
        hay.extend(printed(&arguments.join(" "), &said));
    }
    let salt = fs::read(project.path("data/salt")).unwrap();
    fleet.needles.push(Needle {
        what: "the salt",
        text: String::from_utf8_lossy(&salt).trim().to_lowercase(),
        allowed: &[],
    });

    let project = &fleet.project;
    let warehouse = project.path("data/torcollect.duckdb");
    hay.extend(cells(
        &warehouse,
        |table, column| if (table, column) == ("extract", "content") { Raw } else { Warehouse },
    ));
    hay.extend(cells(&export, |_, _| Public));
    hay.push(Hay::new(Public, "export.duckdb, as bytes", &fs::read(&export).unwrap()));
    for folder in ["public", "public-press", ".torcollect"] {
        hay.extend(files(&project.path(folder), Public));
    }

    let mut leaks = Vec::new();
    for needle in &fleet.needles {
        for hay in hay.iter().filter(|hay| !needle.allowed.contains(&hay.place)) {
            if let Some(at) = hay.text.find(&needle.text) {
                let around: String =
                    hay.text[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
                leaks.push(format!("{} (`{}`) is in {}: …{around}`{}`", needle.what, needle.text, hay.at, needle.text));
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));

    // A search that could find nothing would always be content.
    let is_found = |place, at: &str, text: &str| {
        let text = text.to_lowercase();
        hay.iter().any(|hay| hay.place == place && hay.at.ends_with(at) && hay.text.contains(&text))
    };
    assert!(is_found(Raw, "extract.content", HASHED));
    assert!(is_found(Warehouse, "sighting.hashed_fingerprint", HASHED));
    assert!(is_found(Warehouse, "sighting.nickname", NICKNAME));
    assert!(is_found(Warehouse, "report.ends", ENDS));
    assert!(is_found(Log, "collect: stderr", SERVER));
    assert!(is_found(Log, "server list: stdout", SERVER));
    assert!(is_found(Log, "server list --format json: stdout", SERVER));
    assert!(is_found(Public, "country.name", "Germany"));
    assert!(is_found(Public, ".html", "Germany"));
    assert!(is_found(Public, ".html.gz", "Germany"));
    assert!(is_found(Public, ".html.br", "Germany"));
}
