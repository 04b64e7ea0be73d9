//! What an organization sees, and what the public sees, compared cell by cell with SQL over everything that does not know
//! of publication, scope or themes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use torcollect::collect::sources::tor_bridge::cksum;

use crate::sshd::shared;
use crate::support::{TestProject, cat};

/// Which bridge-days one site is made of: its folder, the arguments of `build`, and a condition over `place`
/// (`SERVER/INSTANCE`) and `day`.
struct Site {
    folder: &'static str,
    arguments: &'static [&'static str],
    bridge_days: &'static str,
}

/// Clients of countries on days, summed over those bridge-days, from the tables of facts alone.
fn country_cells(bridge_days: &str) -> String {
    format!(
        "with fact as (
             select place.server || '/' || place.instance as place, report.ends, report.seconds, report.bridge,
                    cast(report.ends - report.seconds / 2 * interval 1 second as date) as day
             from warehouse.report join warehouse.place on place.bridge = report.bridge
         )
         select fact.day, country_count.country, sum(country_count.clients) as clients
         from fact join warehouse.country_count on country_count.bridge = fact.bridge and country_count.ends = fact.ends
         where {bridge_days}
         group by all"
    )
}

/// Twenty of the cells of a site, drawn by a hash, on its pages.
fn check_countries(project: &TestProject, site: &Site, least: u32, cells_at_least: usize) {
    project.run(&[&["build"], site.arguments].concat()).ok();
    let cells = country_cells(site.bridge_days);
    let rows = project.private(&format!(
        "select cells.day, replace(country.name, ',', ';'), cells.clients, (select max(day) from day) - cells.day
         from ({cells}) as cells join country using (country)
         where cells.clients >= {least} order by hash(cells.day || cells.country || '{}') limit 20",
        site.folder
    ));
    assert!(rows.len() >= cells_at_least, "{rows:?}");
    for row in rows {
        let cells: Vec<&str> = row.split(',').collect();
        let (day, name, clients) = (cells[0], cells[1].replace('\'', "&#x27;"), cells[2]);
        let page = project.read(&format!("{}/days/{day}.html", site.folder));
        let line =
            page.lines().find(|line| line.contains("<th scope=\"row\"><span class=\"flag ") && named(line, &name));
        let line = line.unwrap_or_else(|| panic!("{name} is not on {day} in {}", site.folder));
        let cell = format!("<td class=\"number\">{}</td>", grouped(clients));
        assert!(line.contains(&cell), "{name} on {day} in {}: {cell} is not in {line}", site.folder);
    }
}

/// Whether a row of a table is that of a country: its name may be a link.
fn named(line: &str, name: &str) -> bool {
    let head = line.split("</th>").next().unwrap();
    let mut text = String::new();
    let mut inside = false;
    for letter in head.chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            _ if !inside => text.push(letter),
            _ => {}
        }
    }
    text.split("  ").next().unwrap().trim().strip_prefix(name).is_some_and(|rest| {
        let rest = rest.trim_start();
        rest.is_empty()
            || !rest.starts_with(|letter: char| letter.is_alphabetic())
            || rest.starts_with("what is this")
            || rest.starts_with("rising")
            || rest.starts_with("falling")
    })
}

/// `1234` as pages write it.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// Every text file of a folder, together.
fn texts(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &texts(&path);
        } else if path
            .extension()
            .is_some_and(|ending| ["html", "csv", "xml", "txt", "css"].iter().any(|known| ending == *known))
        {
            text += &fs::read_to_string(&path).unwrap();
        }
    }
    text
}

/// The labels on a site are those of its own bridges, and none of the others'.
fn check_labels(project: &TestProject, site: &Site) {
    let labels = project.private(&format!(
        "with place as (select distinct substr(bridge, 1, 12) as bridge, server || '/' || instance as place from warehouse.place),
         own as (select distinct bridge_day.bridge from bridge_day join place using (bridge) where {})
         select label, bridge in (select bridge from own) from bridge order by label",
        site.bridge_days
    ));
    let site_text = texts(&project.path(site.folder));
    for line in labels {
        let (label, own) = line.rsplit_once(',').unwrap();
        let own = own == "true";
        let found =
            site_text.split(|letter: char| !letter.is_alphanumeric() && letter != '-').any(|word| word == label);
        assert_eq!(found, own, "{label} in {}", site.folder);
    }
}

#[test]
fn on_the_sample_both_sites_have_the_numbers_of_their_own_bridge_days() {
    let project = TestProject::new();
    project.write("site/site.yaml", "publish: {delay: 0}\n");
    project.write(
        "sources.yaml",
        "sources: {sample: {fleet: {days: 80}}}\n\
         organizations:\n  \
         lawyers:\n    name: Lawyers\n    bridges:\n      - {bridge: loire/default, from: 2026-10-01}\n      - {bridge: vistula/b10}\n  \
         reporters:\n    name: Reporters\n    bridges:\n      - {bridge: loire/default, until: 2026-09-30}\n      - {bridge: danube/default}\n",
    );
    project.run(&["collect"]).ok();
    let sites = [
        Site { folder: "public", arguments: &[], bridge_days: "true" },
        Site {
            folder: "public-lawyers",
            arguments: &["--organization", "lawyers"],
            bridge_days: "place = 'vistula/b10' or place = 'loire/default' and day >= '2026-10-01'",
        },
        Site {
            folder: "public-reporters",
            arguments: &["--organization", "reporters"],
            bridge_days: "place = 'danube/default' or place = 'loire/default' and day < '2026-10-01'",
        },
    ];
    for site in &sites {
        check_countries(&project, site, 16, 20);
        check_labels(&project, site);
    }
    // The sums of all sites, by a query for each scope: what organizations have is part of the whole, once.
    let sum = |arguments: &[&str]| -> i64 {
        let sql = "select sum(clients) from bridge_day";
        let said = project.run(&[&["query", "--format", "csv"], arguments, &[sql]].concat()).ok();
        said.stdout.lines().nth(1).unwrap().parse().unwrap()
    };
    let rest = "place not in ('danube/default', 'loire/default', 'vistula/b10')";
    let others: i64 = project.private(&format!(
        "select sum(clients) from bridge_day
         join (select substr(bridge, 1, 12) as bridge, server || '/' || instance as place from warehouse.place) using (bridge)
         where {rest}"
    ))[0]
        .parse()
        .unwrap();
    let [public, lawyers, reporters] =
        [&[][..], &["--organization", "lawyers"], &["--organization", "reporters"]].map(sum);
    assert_eq!(public, lawyers + reporters + others);
    for site in &sites[1..] {
        let text = texts(&project.path(site.folder));
        for number in [" 24 bridges", "of 24 bridges", " of 24<", "of <small>24"] {
            assert!(!text.contains(number), "the number of all bridges is in {}: {number}", site.folder);
        }
        assert!(!text.contains(if site.folder.ends_with("lawyers") { "Reporters" } else { "Lawyers" }));
    }
}

/// Bridge-days of real bridges, made into servers of one bridge each.
#[test]
fn on_real_statistics_both_sites_have_the_numbers_of_their_own_bridges() {
    let Some(folder) = shared("derived-bridge-stats").or_else(|| shared("data/derived-bridge-stats")) else { return };
    let project = TestProject::new();
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut servers = String::new();
    let mut given: [String; 2] = Default::default();
    for (number, file) in files.iter().take(9).enumerate() {
        let stats = fs::read_to_string(file).unwrap();
        let fingerprint = format!("nick {:040X}\n", number + 1);
        let mut text = format!(
            "torcollect-extract 1 1475539200 1\ninstance default\nsection bridge-stats {} 1475452800\n{stats}\n\
             section hashed-fingerprint {} 1475452800\n{fingerprint}\n",
            stats.len(),
            fingerprint.len()
        );
        let sum = cksum(text.as_bytes());
        let _ = writeln!(text, "end 2 {sum}");
        let file = project.write(&format!("s{number}.extract"), text);
        let command = serde_json::to_string(&cat(&file)).unwrap();
        let _ = writeln!(
            servers,
            "  s{number}: {{local: true, command: {command}, bridges: {{default: {{label: Tree{number}}}}}}}"
        );
        let _ = writeln!(given[number % 2], "      - {{bridge: s{number}/default}}");
    }
    project.write(
        "sources.yaml",
        format!(
            "servers:\n{servers}sources: {{tor-bridge: {{bridges: {{servers: all}}}}}}\norganizations:\n  \
             even:\n    name: Even\n    bridges:\n{}  odd:\n    name: Odd\n    bridges:\n{}",
            given[0], given[1]
        ),
    );
    crate::support::said(
        std::process::Command::new("faketime")
            .args(["-f", "@2016-10-04 00:00:00", env!("CARGO_BIN_EXE_torcollect"), "-C"])
            .arg(project.path(""))
            .arg("collect"),
    )
    .ok();
    for site in [
        Site { folder: "public", arguments: &[], bridge_days: "true" },
        Site {
            folder: "public-even",
            arguments: &["--organization", "even"],
            bridge_days: "place in ('s0/default', 's2/default', 's4/default', 's6/default', 's8/default')",
        },
        Site {
            folder: "public-odd",
            arguments: &["--organization", "odd"],
            bridge_days: "place in ('s1/default', 's3/default', 's5/default', 's7/default')",
        },
    ] {
        // Of the real ones there are not more for each site.
        check_countries(&project, &site, 0, if site.folder == "public" { 17 } else { 5 });
        check_labels(&project, &site);
    }
}

#[test]
fn organizations_and_bridges_are_listed_and_written_as_settings() {
    let project = TestProject::new();
    let organizations = "organizations:\n  lawyers:\n    name: \"Lawyers: all\"\n    bridges:\n      \
                         - {bridge: loire/default, from: 2026-10-01, until: 2026-11-01}  # Beech\n      \
                         - {bridge: vistula/b10}  # Yew\n";
    project.write("sources.yaml", format!("sources: {{sample: {{fleet: {{days: 60}}}}}}\n{organizations}"));
    project.run(&["collect"]).ok();
    let list = project.run(&["organization", "list", "--format", "csv"]).ok().stdout;
    assert_eq!(
        list,
        "organization,name,bridge,label,from_day,until_day,has_it,last_day\r\n\
         lawyers,Lawyers: all,vistula/b10,Yew,,,true,2026-11-22\r\n\
         lawyers,Lawyers: all,loire/default,Beech,2026-10-01,2026-11-01,false,2026-11-22\r\n"
            .replace("\r\n", if list.contains('\r') { "\r\n" } else { "\n" })
    );
    let yaml = project.run(&["organization", "list", "--format", "yaml"]).ok().stdout;
    assert!(yaml.contains("      - {bridge: vistula/b10}  # Yew\n"), "{yaml}");
    assert!(yaml.contains("# Nobody has: danube/default, elbe/default, "), "{yaml}");
    // What is printed can be pasted, and then says the same.
    project.write("sources.yaml", format!("sources: {{sample: {{fleet: {{days: 60}}}}}}\n{yaml}"));
    assert_eq!(project.run(&["organization", "list", "--format", "yaml"]).ok().stdout, yaml);

    let bridges = project.run(&["bridge", "list", "--format", "json"]).ok().stdout;
    let bridges: serde_json::Value = serde_json::from_str(&bridges).unwrap();
    assert_eq!(bridges.as_array().unwrap().len(), 24);
    let yew = bridges.as_array().unwrap().iter().find(|bridge| bridge["label"] == "Yew").unwrap();
    assert_eq!((&yew["bridge"], &yew["organization"]), (&"vistula/b10".into(), &"lawyers".into()));
    let yaml = project.run(&["bridge", "list", "--format", "yaml"]).ok().stdout;
    assert!(yaml.contains("      - {bridge: vistula/b10}  # Yew, lawyers\n"), "{yaml}");
}

#[test]
fn a_bridge_that_its_server_has_not_shown_is_a_mistake_with_its_line() {
    let project = TestProject::new();
    project.write(
        "sources.yaml",
        "sources: {sample: {fleet: {days: 9}}}\norganizations:\n  x:\n    name: X\n    bridges:\n      - {bridge: vistula/b11}\n",
    );
    project.run(&["collect"]).ok();
    let stderr = project.run(&["build"]).failed(2);
    assert!(
        stderr.contains("sources.yaml:6:18: the server `vistula` has shown no bridge `b11`")
            && stderr.contains("hint: did you mean `b1"),
        "{stderr}"
    );
    project.write(
        "sources.yaml",
        "servers: {alpha: {local: true, bridges: {default: {label: Oak}}}}\norganizations:\n  x:\n    name: X\n    bridges:\n      - {bridge: alpha/defalt}\n",
    );
    let stderr = project.run(&["organization", "list"]).failed(2);
    assert!(
        stderr.contains(
            "sources.yaml:6:18: organizations.x.bridges[0].bridge: the settings of `alpha` list no bridge `defalt`"
        ) && stderr.contains("hint: did you mean `default`?"),
        "{stderr}"
    );
}
