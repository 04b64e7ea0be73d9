//! The report of a month as one file, of a fleet whose every number is worked out here.
//!
//! Three bridges, in September and October 2026: Oak counts 64 clients a day and then 80; Elm 40; Ash 8 and then 16, but
//! tells nothing from 10 to 12 October. Example Lawyers have Oak, and Elm until 15 October; Example Reporters have Ash, and
//! Elm from 16 October on.

use std::fmt::Write as _;
use std::process::Command;

use jiff::ToSpan;
use jiff::civil::date;
use torcollect::collect::sources::tor_bridge::cksum;

use crate::support::{Said, TestProject, cat, said};

/// A bridge: what it tells of a day of September and of October, and the bytes that it sends in a day; it receives half.
struct Bridge {
    server: &'static str,
    label: &'static str,
    september: [&'static str; 3],
    october: [&'static str; 3],
    sent: u64,
}

const OAK: Bridge = Bridge {
    server: "alpha",
    label: "Oak",
    september: ["ir=48,de=16", "v4=56,v6=8", "obfs4=64"],
    october: ["ir=56,de=24", "v4=72,v6=8", "obfs4=80"],
    sent: 1_024_000,
};
const ELM: Bridge = Bridge {
    server: "beta",
    label: "Elm",
    september: ["ir=24,ru=16", "v4=40,v6=0", "obfs4=24,<OR>=16"],
    october: ["ir=24,ru=16", "v4=40,v6=0", "obfs4=24,<OR>=16"],
    sent: 2_048_000,
};
const ASH: Bridge = Bridge {
    server: "gamma",
    label: "Ash",
    september: ["de=8", "v4=8,v6=0", "snowflake=8"],
    october: ["ru=16", "v4=16,v6=0", "snowflake=16"],
    sent: 3_072_000,
};

/// What the server of a bridge prints on 2 November, with the statistics that it kept.
fn extract(bridge: &Bridge) -> Vec<u8> {
    let mut text = "torcollect-extract 1 1793624400 1\ninstance default\n".to_owned();
    let mut sections = 0;
    let mut section = |text: &mut String, name: &str, body: &str| {
        let _ = write!(text, "section {name} {} 1793620800\n{body}\n", body.len());
        sections += 1;
    };
    let days = date(2026, 9, 1).series(1.day()).take_while(|day| *day <= date(2026, 10, 31));
    for day in days {
        let silent = bridge.label == "Ash" && (date(2026, 10, 10)..=date(2026, 10, 12)).contains(&day);
        let [countries, versions, transports] = if day.month() == 9 { bridge.september } else { bridge.october };
        let body = format!(
            "bridge-stats-end {day} 23:00:00 (86400 s)\nbridge-ips {countries}\nbridge-ip-versions {versions}\n\
             bridge-ip-transports {transports}\n"
        );
        if !silent {
            section(&mut text, "bridge-stats", &body);
        }
    }
    let number = bridge.server.bytes().fold(7u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    section(&mut text, "hashed-fingerprint", &format!("nick {number:040X}\n"));
    // 61 days, and one that is not over.
    let values = |bytes: u64| vec![bytes.to_string(); 62].join(",");
    let state = format!(
        "TorVersion Tor 0.4.9.11\nLastWritten 2026-11-01 12:00:00\n\
         BWHistoryReadEnds 2026-11-01 23:00:00\nBWHistoryReadInterval 86400\nBWHistoryReadValues {}\n\
         BWHistoryWriteEnds 2026-11-01 23:00:00\nBWHistoryWriteInterval 86400\nBWHistoryWriteValues {}\n",
        values(bridge.sent / 2),
        values(bridge.sent)
    );
    section(&mut text, "state", &state);
    let sum = cksum(text.as_bytes());
    let _ = writeln!(text, "end {sections} {sum}");
    text.into_bytes()
}

fn fleet() -> TestProject {
    let project = TestProject::new();
    let mut servers = String::new();
    for bridge in [&OAK, &ELM, &ASH] {
        let file = project.write(&format!("{}.extract", bridge.server), extract(bridge));
        let command = serde_json::to_string(&cat(&file)).unwrap();
        let (server, label) = (bridge.server, bridge.label);
        let _ = writeln!(
            servers,
            "  {server}: {{local: true, command: {command}, bridges: {{default: {{label: {label}}}}}}}"
        );
    }
    project.write(
        "sources.yaml",
        format!(
            "servers:\n{servers}sources: {{tor-bridge: {{bridges: {{servers: all}}}}}}\n\
             organizations:\n  \
             lawyers:\n    name: Example Lawyers\n    bridges:\n      \
             - {{bridge: alpha/default}}\n      - {{bridge: beta/default, until: 2026-10-15}}\n  \
             reporters:\n    name: Example Reporters\n    bridges:\n      \
             - {{bridge: beta/default, from: 2026-10-16}}\n      - {{bridge: gamma/default}}\n"
        ),
    );
    at_the_time(&project, &["collect"]).ok();
    project
}

/// The binary on 2 November 2026, 13:00.
fn at_the_time(project: &TestProject, arguments: &[&str]) -> Said {
    let binary = env!("CARGO_BIN_EXE_torcollect");
    said(
        Command::new("faketime")
            .args(["-f", "@2026-11-02 13:00:00", binary, "-C"])
            .arg(project.path(""))
            .args(arguments),
    )
}

/// The rows of the tables of a page as texts, cells apart by ` | `; and the texts of its paragraphs.
fn texts(html: &str) -> (Vec<String>, Vec<String>) {
    let plain = |html: &str| {
        let mut text = String::new();
        let mut inside = false;
        for letter in html.chars() {
            match letter {
                '<' => inside = true,
                '>' => inside = false,
                _ if !inside => text.push(letter),
                _ => {}
            }
        }
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        text.split([' ', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let body = html.split("<main").nth(1).unwrap();
    let rows = body.split("<tr").skip(1).map(|row| row.split("</tr>").next().unwrap());
    let cells = |row: &str| {
        let cells = row.split("<t").skip(1).map(|cell| plain(&format!("<t{cell}")));
        cells.collect::<Vec<_>>().join(" | ")
    };
    let paragraphs = body.split("<p").skip(1).filter(|rest| rest.starts_with([' ', '>']));
    let paragraph = |rest: &str| plain(&format!("<p{}", rest.split("</p>").next().unwrap()));
    (rows.map(cells).collect(), paragraphs.map(paragraph).collect())
}

/// A report, its rows and its paragraphs.
fn report(project: &TestProject, arguments: &[&str]) -> (String, Vec<String>, Vec<String>) {
    let html = project.run(&[&["report"], arguments].concat()).ok().stdout;
    let (rows, paragraphs) = texts(&html);
    (html, rows, paragraphs)
}

/// Bridges, clients by transport, clients by country, all clients, bytes sent.
type OfDay = (u32, Vec<u32>, Vec<u32>, u32, u64);

/// What the tables of October have to say: a head for each, and what each day has; and the rows of the other tables.
struct Expected {
    transports: &'static [&'static str],
    countries: &'static [&'static str],
    /// Of a day: how many bridges, its clients by transport and by country, and the bytes sent; `None` if nobody was there.
    day: fn(i8) -> Option<OfDay>,
    others: &'static [&'static str],
}

/// Bytes as pages write them, below 10 MB.
fn bytes(bytes: u64) -> String {
    if bytes < 1_000_000 {
        return format!("{}\u{202f}kB", bytes / 1000);
    }
    format!("{:.2}\u{202f}MB", (bytes as f64 / 1e4).round() / 100.0)
}

impl Expected {
    /// All rows of all tables, in the order of the page.
    fn rows(&self) -> Vec<String> {
        let mut rows = Vec::new();
        let chart = |rows: &mut Vec<String>, heads: &[&str], cells: &dyn Fn(i8) -> Vec<String>| {
            rows.push(format!("Day | {}", heads.join(" | ")));
            rows.extend((1..=31).rev().map(|day| {
                let cells = (self.day)(day).map_or_else(|| vec!["?".to_owned(); heads.len()], |_| cells(day));
                format!("{day} October 2026 | {}", cells.join(" | "))
            }));
        };
        let told = |day: i8| (self.day)(day).unwrap();
        let texts = |numbers: Vec<u32>| numbers.iter().map(ToString::to_string).collect();
        chart(&mut rows, self.transports, &|day| texts(told(day).1));
        chart(&mut rows, self.countries, &|day| texts(told(day).2));
        chart(&mut rows, &["reporting", "missing"], &|day| texts(vec![told(day).0, 0]));
        chart(&mut rows, &["sent", "received"], &|day| vec![bytes(told(day).4), bytes(told(day).4 / 2)]);
        rows.extend(self.others.iter().map(|row| (*row).to_owned()));
        rows.push("Day | Bridges | Clients | Sent | Received".to_owned());
        let mut silent = None;
        for day in 1..=31 {
            match (self.day)(day) {
                None => silent = silent.or(Some(day)),
                Some((bridges, _, _, clients, sent)) => {
                    if let Some(first) = silent.take() {
                        rows.push(format!("{first} Oct to {} Oct | no bridge was expected", day - 1));
                    }
                    let weekday = date(2026, 10, day).strftime("%A");
                    let traffic = format!("{} | {}", bytes(sent), bytes(sent / 2));
                    rows.push(format!("{day} Oct {weekday} | {bridges} of {bridges} | {clients} | {traffic}"));
                }
            }
        }
        rows
    }
}

#[test]
fn every_number_of_an_organizations_month_is_the_one_worked_out_by_hand() {
    let project = fleet();
    let (html, rows, paragraphs) = report(&project, &["--month", "2026-10", "--organization", "reporters"]);
    // 12 days of Ash alone and 16 with Elm: (12 × 16 + 16 × 56) / 28 = 38.9. In both months they had Ash alone: 16 after 8.
    let lead = &paragraphs.iter().find(|text| text.contains("clients a day")).unwrap();
    assert_eq!(
        **lead,
        "39 clients a day, the mean of 28 complete days. +100\u{202f}% against September 2026 on the same bridge. \
         2 bridges reported on every day that was expected. 119\u{202f}MB sent, 59.4\u{202f}MB received."
    );
    assert!(
        paragraphs.contains(&"This month is not complete: it has 28 of its 31 days, 28 of them complete.".to_owned()),
        "{paragraphs:#?}"
    );
    let expected = Expected {
        transports: &["snowflake", "obfs4", "no transport"],
        countries: &["Russia", "Iran"],
        day: |day| match day {
            10..=12 => None,
            ..=15 => Some((1, vec![16, 0, 0], vec![16, 0], 16, 3_072_000)),
            _ => Some((2, vec![16, 24, 16], vec![32, 24], 56, 5_120_000)),
        },
        others: &[
            "Country, share | A day | Share | Month | 31 days",
            // (28 × 16 + 16 × 16) / 28 and 16 × 24 / 28, of 28 days on which countries were told; shares of their sum.
            "Russia 64.7\u{202f}% | 25 | 64.7\u{202f}% | ? | ",
            "Iran 35.3\u{202f}% listed on 16 of 28 days | 14 | 35.3\u{202f}% | ? | ",
            "Transport, share | A day | Share | Month | 31 days",
            // 28 × 16, 16 × 24 and 16 × 16 of 28 days; snowflake had 8 in September.
            "snowflake 41.2\u{202f}% | 16 | 41.2\u{202f}% | +100\u{202f}% | ",
            "obfs4 35.3\u{202f}% | 14 | 35.3\u{202f}% | ? | ",
            "<OR> no transport 23.5\u{202f}% | 9 | 23.5\u{202f}% | ? | ",
            "Bridge, sent | A day | Days | Sent | Received | 31 days",
            // 16 days of 2.048 MB; 28 of 3.072 MB.
            "Elm 32.8\u{202f}MB from 16 Oct | 40 | 16 of 16 | 32.8\u{202f}MB | 16.4\u{202f}MB | ",
            "Ash 86.0\u{202f}MB | 16 | 28 of 28 | 86.0\u{202f}MB | 43.0\u{202f}MB | ",
        ],
    };
    assert_eq!(rows, expected.rows());
    for foreign in ["Oak", "Lawyers", "alpha", "Germany"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    assert!(html.contains("Example Reporters"));
}

#[test]
fn who_had_a_bridge_until_mid_month_has_its_first_half_alone() {
    let project = fleet();
    let (html, rows, paragraphs) = report(&project, &["--month", "2026-10", "--organization", "lawyers"]);
    // (15 × 120 + 16 × 80) / 31 = 99.4; by the means of both bridges 120 after 104.
    let lead = paragraphs.iter().find(|text| text.contains("clients a day")).unwrap();
    assert_eq!(
        lead,
        "99 clients a day, the mean of 31 complete days. +15\u{202f}% against September 2026 on the same 2 bridges. \
         2 bridges reported on every day that was expected. 62.5\u{202f}MB sent, 31.2\u{202f}MB received."
    );
    let expected = Expected {
        transports: &["obfs4", "no transport"],
        countries: &["Iran", "Germany", "Russia"],
        day: |day| match day {
            ..=15 => Some((2, vec![104, 16], vec![80, 24, 16], 120, 3_072_000)),
            _ => Some((1, vec![80, 0], vec![56, 24, 0], 80, 1_024_000)),
        },
        others: &[
            "Country, share | A day | Share | Month | 31 days",
            // (31 × 56 + 15 × 24) / 31; by the means of both bridges 80 after 72. Then 24 after 16. Then 15 × 16 / 31.
            "Iran 68.1\u{202f}% | 68 | 68.1\u{202f}% | +11\u{202f}% | ",
            "Germany 24.2\u{202f}% | 24 | 24.2\u{202f}% | +50\u{202f}% | ",
            "Russia 7.8\u{202f}% listed on 15 of 31 days | 8 | 7.8\u{202f}% | ? | ",
            "Transport, share | A day | Share | Month | 31 days",
            // (31 × 80 + 15 × 24) / 31; by the means 104 after 88. And 15 × 16 / 31, 16 as before.
            "obfs4 92.2\u{202f}% | 92 | 92.2\u{202f}% | +18\u{202f}% | ",
            "<OR> no transport 7.8\u{202f}% | 8 | 7.8\u{202f}% | 0\u{202f}% | ",
            "Bridge, sent | A day | Days | Sent | Received | 31 days",
            "Oak 31.7\u{202f}MB | 80 | 31 of 31 | 31.7\u{202f}MB | 15.9\u{202f}MB | ",
            "Elm 30.7\u{202f}MB until 15 Oct | 40 | 15 of 15 | 30.7\u{202f}MB | 15.4\u{202f}MB | ",
        ],
    };
    assert_eq!(rows, expected.rows());
    for foreign in ["Ash", "snowflake", "Reporters", "gamma"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
}

#[test]
fn a_report_is_one_file_that_fetches_nothing_and_weighs_little() {
    let project = fleet();
    let said = project.run(&["report", "--month", "2026-10", "-o", "october.html"]).ok();
    assert!(said.stdout.is_empty() && said.stderr.contains("october.html: "), "{said:?}");
    let html = project.read("october.html");
    assert!(html.len() < 250_000, "{}", html.len());
    let references = torcollect::references::References::of("october.html".as_ref(), html.as_bytes());
    assert_eq!(references.fetched, Default::default());
    assert!(references.links.keys().all(|path| path.as_os_str() == "october.html"), "{:?}", references.links);
    assert!(html.contains("<img") && html.contains("data:image/png;base64,"), "its pictures are inside");
    assert!(!html.contains("Example Lawyers") && !html.contains("Example Reporters"), "the public report names nobody");
    for label in ["Oak", "Elm", "Ash"] {
        assert!(html.contains(label), "{label}");
    }

    project.write("site/site.yaml", "base_url: https://stats.example.org/\npublish: {delay: 0, minimum_clients: 0}\n");
    let (html, ..) = report(&project, &["--month", "2026-10"]);
    assert!(html.contains("href=\"https://stats.example.org/days/2026-10-05.html\""), "its links lead to the site");
    let of_reporters = ["--month", "2026-10", "--organization", "reporters"];
    let (html, ..) = report(&project, &of_reporters);
    assert!(!html.contains("stats.example.org"), "the public site is not theirs");
    let (html, ..) = report(&project, &[&of_reporters[..], &["--base-url", "https://reporters.example.org"]].concat());
    assert!(html.contains("href=\"https://reporters.example.org/days/2026-10-05.html\""));
}

#[test]
fn a_report_replaces_a_report_and_nothing_else() {
    let project = fleet();
    let salt = std::fs::read(project.path("data/salt")).unwrap();
    let sources = project.read("sources.yaml");
    std::os::unix::fs::symlink(project.path("sources.yaml"), project.path("link.html")).unwrap();
    for file in ["data/salt", "data/new.html", "sources.yaml", "link.html"] {
        let stderr = project.run(&["report", "--month", "2026-10", "-o", file]).failed(2);
        assert!(stderr.contains("\nhint: name another file"), "{file}: {stderr}");
    }
    assert!(std::fs::read(project.path("data/salt")).unwrap() == salt && project.read("sources.yaml") == sources);
    for _ in 0..2 {
        project.run(&["report", "--month", "2026-10", "-o", "new.html"]).ok();
    }
}

/// What was over before the newest day is over, also for who has nothing after it.
#[test]
fn a_month_in_which_the_last_bridge_was_handed_over_is_over() {
    let project = fleet();
    let sources = project.read("sources.yaml");
    project.write(
        "sources.yaml",
        sources.replace("      - {bridge: alpha/default}\n", "      - {bridge: alpha/default, until: 2026-10-10}\n"),
    );
    let (_, rows, paragraphs) = report(&project, &["--month", "2026-10", "--organization", "lawyers"]);
    assert!(
        paragraphs.contains(&"This month is not complete: it has 15 of its 31 days, 15 of them complete.".to_owned()),
        "{paragraphs:#?}"
    );
    assert!(rows.contains(&"16 Oct to 31 Oct | no bridge was expected".to_owned()), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains("until 15 Oct")), "{rows:#?}");
}

#[test]
fn a_month_that_is_not_over_says_so_and_one_without_data_says_which_there_are() {
    let project = fleet();
    project.write("site/site.yaml", "publish: {delay: 10, minimum_clients: 0}\n");
    let (_, _, paragraphs) = report(&project, &["--month", "2026-10"]);
    assert!(
        paragraphs
            .iter()
            .any(|text| text == "This month is not over: it has 22 of its 31 days so far, 22 of them complete."),
        "{paragraphs:#?}"
    );
    let stderr = project.run(&["report", "--month", "2026-11"]).failed(1);
    assert_eq!(stderr, "error: there is no report of 2026-11\nhint: there are 2026-09, 2026-10\n");
    let stderr = project.run(&["report", "--month", "October"]).failed(2);
    assert!(stderr.contains("a month is a year and a month, such as 2026-10"), "{stderr}");
    let stderr = project.run(&["report", "--month", "2026-10", "--organization", "reporter"]).failed(2);
    assert!(stderr.contains("did you mean `reporters`?"), "{stderr}");
}
