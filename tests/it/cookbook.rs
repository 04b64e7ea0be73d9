//! `docs/cookbook/`: a project like any other, whose pages are ten recipes. What they show is what the project has, and
//! what they promise comes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use regex::Regex;

use crate::support::TestProject;
use crate::themes::assert_sound;

/// Each recipe's page, and what stands under "What comes of it".
const RECIPES: [(&str, &str); 10] = [
    ("table.html", r#"<table>[\s\S]*?<td><span class="flag [^"]*"></span>Iran</td><td class="number">\d"#),
    ("countries/index.html", r#"<li><a href="ir[.]html">Iran</a>: [\d_\u{202f}]+ clients at most"#),
    ("query-over-query.html", r#"<td class="number">\+\d+\u{202f}?\u{a0}?%"#),
    ("long-list.html", r#"<nav class="pages"[\s\S]*?<a href="long-list/2[.]html" rel="next">"#),
    ("downloads.html", r#"<a href="downloads/traffic[.]csv">CSV</a> or <a href="downloads/traffic[.]parquet">"#),
    ("chart.html", r#"<picture>\s*(<source[^>]*>\s*){2,}<img src="pictures/[0-9a-f]+[.]png"[^>]*alt="[^"]{20,}"#),
    ("map.html", r#"<img src="pictures/[0-9a-f]+[.]png"[^>]*alt="[^"]{20,}"#),
    ("sparklines.html", r#"<td><img class="spark [^>]*alt="[^"]{20,}"#),
    ("light-and-dark.html", r#"<source media="\(prefers-color-scheme: dark\)" srcset="steps-dark[.]png">"#),
    ("box.html", r#"<aside class="box"><p><strong>Mind[.]</strong> [^<]*&lt;sum&gt;"#),
];

/// The cookbook as it stands in the documentation, built.
fn cookbook() -> &'static TestProject {
    static COOKBOOK: OnceLock<TestProject> = OnceLock::new();
    COOKBOOK.get_or_init(|| {
        let project = TestProject::new();
        for (path, bytes) in files() {
            project.write(&path, bytes);
        }
        project.run(&["collect"]).ok();
        project.run(&["build"]).ok();
        project
    })
}

/// Its files by their paths, without what its author may have made there.
fn files() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/cookbook");
    let paths = torcollect::fs::walk(&folder).unwrap();
    let paths = paths.into_iter().map(|path| path.to_str().unwrap().to_owned());
    let made = |path: &String| ["data/", "public/", ".torcollect/"].iter().any(|made| path.starts_with(made));
    paths.filter(|path| !made(path)).map(|path| (path.clone(), fs::read(folder.join(path)).unwrap())).collect()
}

#[test]
fn the_cookbook_has_nothing_that_check_finds() {
    let said = cookbook().run(&["check"]).ok().stderr;
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn each_of_the_ten_recipes_comes_to_what_it_promises() {
    for (page, expected) in RECIPES {
        let html = cookbook().read(&format!("public/{page}"));
        let (_, made) = html.split_once("What comes of it</h2>").unwrap_or_else(|| panic!("{page}: {html}"));
        assert!(Regex::new(expected).unwrap().is_match(made), "{page}: no `{expected}` in {made}");
    }
    let index = cookbook().read("public/index.html");
    for (page, _) in RECIPES {
        assert!(index.contains(&format!("href=\"{page}\"")), "{page} is not on the first page");
    }
    let country = cookbook().read("public/countries/ir.html");
    assert!(country.contains("<h1>Iran</h1>") && country.matches("<tr>").count() > 8, "{country}");
    assert!(cookbook().read("public/long-list/3.html").contains("aria-current=\"page\">3</a>"));
}

#[test]
fn the_code_that_a_recipe_shows_stands_in_the_project() {
    let block = Regex::new(r"(?ms)^```([a-z]+)\n(.*?)^```\n").unwrap();
    let files = files();
    let texts: BTreeMap<&String, &str> =
        files.iter().filter_map(|(path, bytes)| Some((path, std::str::from_utf8(bytes).ok()?))).collect();
    // Without what they show themselves, or each would be its own proof.
    let real: String = texts.values().map(|text| block.replace_all(text, "").into_owned() + "\n").collect();
    let mut shown = 0;
    for (path, text) in &texts {
        for found in block.captures_iter(text) {
            let code = found[2].replace("\\{{", "{{");
            assert!(real.contains(&code), "{path} shows what no file has:\n{code}");
            shown += 1;
        }
    }
    assert!(shown > 15, "only {shown}");
}

#[test]
fn every_recipe_can_be_read_in_light_and_in_dark_and_is_valid() {
    for (page, _) in RECIPES {
        assert_sound(cookbook(), page);
    }
}
