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

/// `5 Oct`, and whether it is a weekday's full name that follows in the table of days.
fn day(day: i8) -> String {
    let weekday = date(2026, 10, day).strftime("%A");
    format!("{day} Oct {weekday}")
}

#[test]
fn every_number_of_an_organizations_month_is_the_one_worked_out_by_hand() {
    let project = fleet();
    let (html, rows, paragraphs) = report(&project, &["--month", "2026-10", "--organization", "reporters"]);
    // 12 days of Ash alone and 16 with Elm: (12 × 16 + 16 × 56) / 28 = 38.9. In September 8.
    let lead = &paragraphs.iter().find(|text| text.contains("clients a day")).unwrap();
    assert_eq!(
        **lead,
        "39 clients a day, the mean of 28 complete days. +386\u{202f}% against September 2026 (30 days). \
         All 2 bridges reported every day. 119\u{202f}MB sent, 59.4\u{202f}MB received."
    );
    for row in [
        // (28 × 16 + 16 × 16) / 28 and 16 × 24 / 28, of 28 days on which countries were told; shares of their sum.
        "Russia 64.7\u{202f}% | 25 | 64.7\u{202f}% | ? | ",
        "Iran 35.3\u{202f}% listed on 16 of 28 days | 14 | 35.3\u{202f}% | ? | ",
        // 28 × 16, 16 × 24 and 16 × 16 of 28 days; snowflake had 8 in September.
        "snowflake 41.2\u{202f}% | 16 | 41.2\u{202f}% | +100\u{202f}% | ",
        "obfs4 35.3\u{202f}% | 14 | 35.3\u{202f}% | ? | ",
        "<OR> no transport 23.5\u{202f}% | 9 | 23.5\u{202f}% | ? | ",
        // 16 days of 2.048 MB; 28 of 3.072 MB.
        "Elm 32.8\u{202f}MB from 16 Oct | 40 | 16 of 16 | 32.8\u{202f}MB | 16.4\u{202f}MB | ",
        "Ash 86.0\u{202f}MB | 16 | 28 of 28 | 86.0\u{202f}MB | 43.0\u{202f}MB | ",
        "10 Oct to 12 Oct | no bridge was expected",
    ] {
        assert!(rows.iter().any(|known| known == row), "{row:?} is none of {rows:#?}");
    }
    for number in (1..=9).chain(13..=31) {
        let (bridges, clients, sent, received) =
            if number < 16 { (1, 16, "3.07", "1.54") } else { (2, 56, "5.12", "2.56") };
        let day = day(number);
        let row = format!("{day} | {bridges} of {bridges} | {clients} | {sent}\u{202f}MB | {received}\u{202f}MB");
        assert!(rows.contains(&row), "{row:?} is none of {rows:#?}");
    }
    for foreign in ["Oak", "Lawyers", "alpha", "Germany"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    assert!(html.contains("Example Reporters"));
}

#[test]
fn who_had_a_bridge_until_mid_month_has_its_first_half_alone() {
    let project = fleet();
    let (html, rows, paragraphs) = report(&project, &["--month", "2026-10", "--organization", "lawyers"]);
    // (15 × 120 + 16 × 80) / 31 = 99.4; in September 104.
    let lead = paragraphs.iter().find(|text| text.contains("clients a day")).unwrap();
    assert!(lead.starts_with("99 clients a day, the mean of 31 complete days. \u{2212}4\u{202f}% against"), "{lead}");
    assert!(lead.ends_with("62.5\u{202f}MB sent, 31.2\u{202f}MB received."), "{lead}");
    for row in [
        // (31 × 56 + 15 × 24) / 31 = 67.6 after 72; 24 after 16; 15 × 16 / 31.
        "Iran 68.1\u{202f}% | 68 | 68.1\u{202f}% | \u{2212}6\u{202f}% | ",
        "Germany 24.2\u{202f}% | 24 | 24.2\u{202f}% | +50\u{202f}% | ",
        "Russia 7.8\u{202f}% listed on 15 of 31 days | 8 | 7.8\u{202f}% | ? | ",
        "Elm 30.7\u{202f}MB until 15 Oct | 40 | 15 of 15 | 30.7\u{202f}MB | 15.4\u{202f}MB | ",
        "Oak 31.7\u{202f}MB | 80 | 31 of 31 | 31.7\u{202f}MB | 15.9\u{202f}MB | ",
    ] {
        assert!(rows.iter().any(|known| known == row), "{row:?} is none of {rows:#?}");
    }
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
}

#[test]
fn a_month_that_is_not_over_says_so_and_one_without_data_says_which_there_are() {
    let project = fleet();
    project.write("site/site.yaml", "publish: {delay: 10, minimum_clients: 0}\n");
    let (_, _, paragraphs) = report(&project, &["--month", "2026-10"]);
    assert!(
        paragraphs
            .iter()
            .any(|text| text == "This month is not over: 22 of its 31 days are here, 22 of them complete."),
        "{paragraphs:#?}"
    );
    let stderr = project.run(&["report", "--month", "2026-11"]).failed(1);
    assert_eq!(stderr, "error: there is no report of 2026-11\nhint: there are 2026-09, 2026-10\n");
    let stderr = project.run(&["report", "--month", "October"]).failed(2);
    assert!(stderr.contains("a month is a year and a month, such as 2026-10"), "{stderr}");
    let stderr = project.run(&["report", "--month", "2026-10", "--organization", "reporter"]).failed(2);
    assert!(stderr.contains("did you mean `reporters`?"), "{stderr}");
}
