//! Page packs: pages that come with a source.

use std::process::Command;

use crate::support::{TestProject, bridge_stats, said};

/// What vnstat 2.10 prints of two interfaces, shortened.
const VNSTAT: &str = r#"{"vnstatversion":"2.10","jsonversion":"2","interfaces":[{"name":"eth0","alias":"","created":{"date":{"year":2026,"month":11,"day":1},"timestamp":1793491200},"updated":{"date":{"year":2026,"month":11,"day":22},"time":{"hour":11,"minute":49},"timestamp":1795866580},"traffic":{"total":{"rx":5000,"tx":6000},"day":[{"id":3,"date":{"year":2026,"month":11,"day":1},"timestamp":1793491200,"rx":1000,"tx":2000},{"id":4,"date":{"year":2026,"month":11,"day":2},"timestamp":1793577600,"rx":4000,"tx":4000}]}},{"name":"eth1","alias":"","created":{"date":{"year":2026,"month":11,"day":1},"timestamp":1793491200},"updated":{"date":{"year":2026,"month":11,"day":22},"time":{"hour":11,"minute":49},"timestamp":1795866580},"traffic":{"total":{"rx":7,"tx":8},"day":[{"id":5,"date":{"year":2026,"month":11,"day":2},"timestamp":1793577600,"rx":7,"tx":8}]}}]}"#;

/// Two servers with the pack's program, of which one has vnstat.
fn project() -> TestProject {
    let project = TestProject::new();
    let servers: Vec<_> = ["loire", "rhone"]
        .into_iter()
        .map(|name| {
            let tor = project.tor(name, &bridge_stats("2026-11-22 13:00:00", "de=8", "v4=8,v6=0", "obfs4=8"));
            let mut command = project.server(name, &[("default", &tor)]);
            let folder = project.path(&format!("server-{name}/extract.d"));
            std::fs::create_dir(&folder).unwrap();
            command.extend(["/nonexistent".to_owned(), folder.display().to_string()]);
            (name, command)
        })
        .collect();
    project.local_servers(&servers);
    let settings = project.run(&["source", "new", "host", "--pack"]).ok().stdout;
    let sources = project.read("sources.yaml");
    project.write("sources.yaml", sources + &settings);
    // Today is not published yet.
    let program = project.read("sources/host").replacen("$(date -u +%Y-%m-%d)", "2026-11-20", 1);
    for (name, _) in servers {
        // The extract's own path, on which no vnstat of a test can be.
        let vnstat =
            if name == "loire" { format!("vnstat() {{ printf '%s\\n' '{VNSTAT}'; }}\n") } else { String::new() };
        project.script(
            &format!("server-{name}/extract.d/host"),
            &program.replacen("set -u\n", &format!("set -u\n{vnstat}"), 1),
        );
    }
    project
}

#[test]
fn the_pack_of_servers_shows_the_traffic_and_the_load_of_each() {
    if crate::sshd::user() != "root" {
        eprintln!("skipped: drop-ins are root's");
        return;
    }
    let project = project();
    let tried = project.run(&["source", "test", "host", "--server", "loire"]).ok();
    assert!(tried.stdout.contains("2026-11-02  received_bytes"), "{tried:?}");
    project.run(&["collect"]).ok();
    let sent = "select day, sent_bytes, received_bytes from (select server, day, max(value) filter (measure = 'sent_bytes') as sent_bytes,
        max(value) filter (measure = 'received_bytes') as received_bytes from host group by all) where sent_bytes is not null order by day";
    assert_eq!(project.private(sent), ["2026-11-01,2000.0,1000.0", "2026-11-02,4008.0,4007.0"]);
    assert_eq!(project.private("select count(distinct server) from host where measure = 'load'"), ["2"]);
    assert!(
        project.public("select distinct server from host")[0].starts_with("server-"),
        "a name that nobody gave is nobody's"
    );
    project.run(&["check"]).ok();
    project.run(&["build"]).ok();
    let list = project.read("public/host/index.html").replace(['\u{202f}', '\u{a0}'], " ");
    assert!(list.contains(">6.01 kB<") && list.contains(">5.01 kB<"), "{list}");
    assert!(project.read("public/index.html").contains("host/index.html"), "it is in the menu");
    let server =
        regex::Regex::new("href=\"([a-z0-9-]+[.]html)\">server-").unwrap().captures(&list).unwrap()[1].to_owned();
    crate::themes::assert_sound(&project, "host/index.html");
    crate::themes::assert_sound(&project, &format!("host/{server}"));
    assert_eq!(
        std::fs::read_dir(project.path("public/host"))
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "html") })
            .count(),
        3
    );
}

#[test]
fn without_its_source_a_pack_is_not_there() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {demo: {days: 3}}}\n");
    project.run(&["build", "--collect"]).ok();
    assert!(!project.path("public/host").exists());
}

#[test]
fn a_project_has_packs_of_its_own_whose_files_stand_below_the_theme() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {table: {shop: {pack: shop, path: shop.csv}}}\n");
    project.write("shop.csv", "day,sales\n2026-03-01,3\n");
    project.write(
        "packs/shop/pack.yaml",
        "about: Sales\ntable: {key: [day], mode: upsert, columns: {day: date, sales: integer}}\n",
    );
    project.write("packs/shop/queries/sales.sql", "select day, sales from shop order by day\n");
    project.write("packs/shop/partials/sold.hbs", "<p>Sold {{sales}}.</p>\n");
    project.write(
        "packs/shop/content/shop.md",
        "---\ntitle: Shop\nlayout: page\ndata: {sales: sales}\n---\n\n{{#each data.sales}}\n{{> sold}}\n{{/each}}\n",
    );
    project.write("content/index.md", "---\ntitle: Home\nlayout: page\n---\nHello\n");
    project.run(&["build", "--collect"]).ok();
    assert!(project.read("public/shop.html").contains("<p>Sold 3.</p>"));
    project.write("packs/shop/queries/sales.sql", "select day, sale from shop order by day\n");
    let said = project.run(&["build"]).failed(1);
    assert!(said.contains("packs/shop/queries/sales.sql:1:13"), "{said}");
    project.write("packs/shop/queries/sales.sql", "select day, sales + 1 as sales from shop order by day\n");
    project.run(&["build"]).ok();
    assert!(project.read("public/shop.html").contains("<p>Sold 4.</p>"));
    // A theme says it better.
    project.write("themes/default/partials/sold.hbs", "<p>{{sales}} went.</p>\n");
    project.run(&["build"]).ok();
    assert!(project.read("public/shop.html").contains("<p>4 went.</p>"));
}

#[test]
fn the_packs_are_short() {
    let listed = said(
        Command::new("sh")
            .args(["-c", "cat packs/host/pack.yaml $(find packs/host/queries packs/host/content -type f) | wc -l"])
            .current_dir(env!("CARGO_MANIFEST_DIR")),
    )
    .ok();
    assert!(listed.stdout.trim().parse::<usize>().unwrap() < 100, "{}", listed.stdout);
}
