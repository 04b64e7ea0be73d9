//! The way of somebody who writes a theme, from nothing to a site at four kinds of addresses.

use std::collections::BTreeSet;
use std::fs;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::json;

use crate::browser::look_at;
use crate::chromium::Image;
use crate::serve::Served;
use crate::support::TestProject;

#[test]
fn a_theme_author_comes_from_an_empty_folder_to_a_site_that_stands_anywhere() {
    let project = TestProject::empty();

    // A project that builds at once.
    project.run(&["init"]).ok();
    let short = project.read("sources.yaml").replace("days: 180", "days: 20, until: 2026-11-22");
    project.write("sources.yaml", short);
    project.run(&["build"]).ok();
    assert!(project.read("public/index.html").contains("<h1>Overview</h1>"));

    // A theme of one's own, with one partial of another.
    project.run(&["theme", "new", "mine"]).ok();
    let settings = project.read("site/site.yaml");
    project.write("site/site.yaml", settings.replace("#theme: default", "theme: mine"));
    project.run(&["theme", "eject", "partials/footer.hbs"]).ok();
    let footer = "themes/mine/partials/footer.hbs";
    let whole = project.read(footer);
    project.write(footer, whole.replace("{{t \"footer-made\"}}", "Kept by {{site.title}}."));
    project.run(&["build"]).ok();
    assert!(project.read("public/method.html").contains("<p>Kept by Bridge statistics.</p>"));
    let diff = project.run(&["theme", "diff"]).ok().stdout;
    assert!(
        diff.contains("-<p>{{t \"footer-made\"}}</p>") && diff.contains("+<p>Kept by {{site.title}}.</p>"),
        "{diff}"
    );

    // A typo: the error has file, line, column, the line itself and the right name, and the site stays.
    let before = project.read("public/index.html");
    project.write(footer, whole.replace("{{t \"footer-made\"}}", "Kept by {{site.titel}}.\n{{sparkine site.title}}"));
    let said = project.run(&["build"]).failed(1);
    for part in [
        "error: themes/mine/partials/footer.hbs:4:",
        "  4 | <p>Kept by {{site.titel}}.",
        "hint: did you mean `title`?",
        "error: themes/mine/partials/footer.hbs:5:",
        "hint: did you mean `sparkline`?",
    ] {
        assert!(said.contains(part), "no `{part}` in {said}");
    }
    assert_eq!(project.read("public/index.html"), before);

    // A query, and a page for each of its rows, while `serve` shows them.
    project.write(footer, whole.replace("{{t \"footer-made\"}}", "Kept by {{site.title}}."));
    let served = Served::start(&project);
    let page = served.get("/").text();
    let mut changes = served.changes(&page);
    project.write(
        "site/queries/by_transport.sql",
        "-- Each transport with its clients.\nselect transport, slug, sum(clients)::bigint as clients\n\
         from transport_day join transport using (transport)\ngroup by transport, slug\norder by clients desc, transport\n",
    );
    project.write(
        "content/kinds/transport.md",
        "---\ntitle: \"Transport {{row.transport}}\"\n\
         each: {query: by_transport, key: transport, path: \"kinds/{{slug row.transport}}.html\"}\n---\n\n\
         {{number row.clients}} clients.\n",
    );
    project.write(
        "content/kinds/index.md",
        "---\ntitle: Transports\nmenu: {title: Transports, order: 4}\ndata: {all: by_transport}\n---\n\n\
         {{#each data.all}}\n* <a href=\"{{url \"kinds/\" (slug transport) \".html\"}}\">{{transport}}</a>\n{{/each}}\n",
    );
    let heard = (&mut changes).lines().map_while(Result::ok).find(|line| line.starts_with("data:"));
    assert!(heard.is_some(), "the page hears that it is out of date");
    let obfs4 = (0..600).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        Some(served.get("/kinds/obfs4.html")).filter(|answer| answer.status == 200)
    });
    let obfs4 = obfs4.expect("the new page is shown").text();
    assert!(obfs4.contains("<h1>Transport obfs4</h1>") && obfs4.contains("EventSource"), "{obfs4}");
    drop(served);

    // Nothing that `check` finds, then the site at each kind of address.
    let said = project.run(&["check"]).ok().stderr;
    assert!(said.contains("nothing that `build --strict` would refuse") && !said.contains("warning"), "{said}");
    let onion = format!("http://{}.onion/", "a2".repeat(28));
    for (name, base_url, root) in [
        ("domain", "https://bridges.example/", ""),
        ("folder", "https://example.org/stats/bridges/", "stats/bridges/"),
        ("onion", &onion, ""),
    ] {
        let web = project.path(name);
        let output = web.join(root);
        project.run(&["build", "--strict", "--base-url", base_url, "-o", output.to_str().unwrap()]).ok();
        let pages = assert_linked(&web, &output);
        assert!(pages.contains(&output.join("kinds/obfs4.html")), "{pages:#?}");
        let sitemap = fs::read_to_string(output.join("sitemap.xml")).unwrap();
        assert!(sitemap.contains(&format!("<loc>{base_url}kinds/obfs4.html</loc>")), "{sitemap}");
        let missing = fs::read_to_string(output.join("404.html")).unwrap();
        assert!(missing.contains(&format!("href=\"/{root}index.html\"")), "{missing}");
    }
    // From disk, without any server.
    project.run(&["build"]).ok();
    for page in ["index.html", "kinds/obfs4.html"] {
        let seen = look_at(&project.path("public"), page, &json!({}), &json!([["open"], ["images"]]));
        assert_eq!((&seen.failed, &seen.console), (&vec![], &vec![]), "{page}");
        let images = seen.step::<Vec<Image>>(1);
        assert!(images.iter().all(|image| image.natural[0] > 0), "{page}: {images:?}");
    }
}

/// Sees that every link of every page leads to a file of the site, where `web` is what a web server shows as `/`. The pages.
fn assert_linked(web: &Path, site: &Path) -> BTreeSet<PathBuf> {
    let link = Regex::new(r##"(?:href|src|srcset)="([^"#]*)"##).unwrap();
    let files = torcollect::fs::walk(site).unwrap().into_iter().map(|path| site.join(path));
    let pages: BTreeSet<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "html")).collect();
    for page in &pages {
        let html = fs::read_to_string(page).unwrap();
        for found in link.captures_iter(&html).filter(|found| !found[1].is_empty()) {
            let file = match found[1].strip_prefix('/') {
                Some(path) => web.join(path),
                None => page.parent().unwrap().join(&found[1]),
            };
            assert!(file.is_file(), "{}: {}", page.display(), &found[1]);
        }
    }
    pages
}
