//! The next language is a file away: one is made of English by writing every letter in another script, and then no page has
//! a word in the old one.

use std::fs;
use std::path::Path;

use crate::support::TestProject;

/// A letter of the made-up language.
fn letter(letter: char) -> char {
    match letter {
        'a'..='z' => char::from_u32('а' as u32 + (letter as u32 - 'a' as u32)).unwrap(),
        'A'..='Z' => char::from_u32('А' as u32 + (letter as u32 - 'A' as u32)).unwrap(),
        other => other,
    }
}

/// What a message says, in the made-up language: all but `{ … }` and tags.
fn words(text: &str) -> String {
    let mut made = String::new();
    let mut inside = 0;
    for one in text.chars() {
        match one {
            '{' | '<' => inside += 1,
            '}' | '>' => inside -= 1,
            _ => {}
        }
        made.push(if inside > 0 || matches!(one, '}' | '>') { one } else { letter(one) });
    }
    made
}

/// A line of a language's file in the made-up language.
fn line(line: &str) -> String {
    let trimmed = line.trim_start();
    let indent = &line[..line.len() - trimmed.len()];
    if trimmed.starts_with('#') || trimmed.is_empty() {
        return line.to_owned();
    }
    // The end of a choice, and what comes after it.
    if let Some(rest) = trimmed.strip_prefix('}') {
        return format!("{indent}}}{}", words(rest));
    }
    // `[one] text`, `*[other] text`.
    if let Some((key, text)) = trimmed.split_once("] ").filter(|_| trimmed.starts_with(['[', '*'])) {
        return format!("{indent}{key}] {}", words(text));
    }
    let Some((name, text)) = trimmed.split_once(" = ") else { return format!("{indent}{}", words(trimmed)) };
    if text.ends_with("->") {
        let (before, choice) = text.rsplit_once('{').unwrap();
        return format!("{indent}{name} = {}{{{choice}", words(before));
    }
    // `code=Name, code=Name` for charts: the codes stay.
    let named = |pair: &str| pair.split_once('=').map(|(code, name)| format!("{code}={}", words(name)));
    let pairs: Option<Vec<String>> = text.split(", ").map(named).collect();
    let text = pairs.map_or_else(|| words(text), |pairs| pairs.join(", "));
    format!("{indent}{name} = {text}")
}

fn default_theme(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("themes/default/languages").join(file)).unwrap()
}

/// What a page says: its text, and the texts of attributes that are read out or shown.
fn said(html: &str) -> String {
    let mut text = String::new();
    let body = html.split("<style").next().unwrap();
    for (number, part) in body.split('<').enumerate() {
        let (tag, after) = if number == 0 { ("", part) } else { part.split_once('>').unwrap_or((part, "")) };
        for attribute in ["alt=\"", "title=\"", "aria-label=\"", "content=\""] {
            if let Some(value) = tag.split(attribute).nth(1).filter(|_| !tag.starts_with("meta name=\"viewport")) {
                text += value.split('"').next().unwrap();
                text.push('\n');
            }
        }
        text += after;
        text.push('\n');
    }
    text
}

#[test]
fn a_language_that_is_a_copy_of_the_english_file_reaches_every_page() {
    let project = TestProject::new();
    project.write(
        "sources.yaml",
        "sources: {sample: {fleet: {seed: 1, days: 45}}}\n\
         organizations: {a: {name: А, bridges: [{bridge: rhine/b2, from: 2026-11-01}]}}\n",
    );
    project.write(
        "site/site.yaml",
        "title: \"1\"\nlanguage: xx-2\nbase_url: https://7.8/\npublish: {delay: 0, organizations: true}\n",
    );
    let english = default_theme("en.ftl");
    let made: String = english.lines().map(|text| line(text) + "\n").collect();
    project.write("themes/default/languages/xx.ftl", &made);
    let countries: String = default_theme("countries.en.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (code, rest) = line.split_once('\t').unwrap();
            format!("{code}\t{}\n", rest.chars().map(letter).collect::<String>())
        })
        .collect();
    project.write("themes/default/languages/countries.xx.tsv", countries);
    project.run(&["collect"]).ok();
    let checked = project.run(&["check"]).ok();
    assert!(!checked.stderr.contains("languages/"), "the language lacks nothing: {}", checked.stderr);
    project.run(&["build"]).ok();

    // What is no word of the interface: names of bridges, servers and transports, units, and what pages are called after.
    let names = project.public(
        "select label from bridge union select server from bridge union select transport from transport order by all",
    );
    let mut data: Vec<String> =
        names.into_iter().flat_map(|name| name.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    data.extend(
        ["B", "kB", "MB", "GB", "TB", "OR", "k", "M", "G", "tor", "Tor", "torcollect", "light", "dark"]
            .map(str::to_owned),
    );
    let mut pages = Vec::new();
    let mut folders = vec![project.path("public")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "html" || ending == "xml") {
                pages.push(path);
            }
        }
    }
    assert!(pages.len() > 200, "{}", pages.len());
    // Prose, and what SQL says of columns.
    let prose = ["method.html", "data.html", "404.html", "sitemap.xml", "feed.xml", "changes.xml"];
    for page in pages.iter().filter(|page| !prose.iter().any(|prose| page.ends_with(prose))) {
        let html = fs::read_to_string(page).unwrap();
        let text = said(&html)
            .replace("&lt;", " ")
            .replace("&gt;", " ")
            .replace("&amp;", " ")
            .replace("&#x27;", " ")
            .replace("&quot;", " ");
        let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let foreign: Vec<&str> = words
            .filter(|word| word.starts_with(|letter: char| letter.is_ascii_alphabetic()))
            .filter(|word| !data.iter().any(|known| known.split(['-', '<', '>']).any(|part| part == *word)))
            .collect();
        assert_eq!(foreign, [""; 0], "{}", page.display());
    }
    let day = project.read("public/days/2026-11-02.html");
    assert!(day.contains("lang=\"xx-2\""));
    let monday: String = "Monday".chars().map(letter).collect();
    let november: String = "2 November 2026".chars().map(letter).collect();
    assert!(day.contains(&monday) && day.contains(&november), "weekdays and months");
    for feed in ["public/feed.xml", "public/changes.xml"] {
        let feed = project.read(feed);
        assert!(!feed.contains("clients") && !feed.contains("Sudden"), "{feed}");
    }
}

#[test]
fn numbers_and_days_follow_the_language_and_what_is_left_out_is_english() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 12}}}\n");
    project.write("site/site.yaml", "language: de\npublish: {delay: 0}\n");
    project.write(
        "themes/default/languages/de.ftl",
        "number-group = .\nnumber-point = ,\ndate-long = { $day }. { $month } { $year }\nmonth-11 = November\n    .short = Nov.\n",
    );
    project.run(&["collect"]).ok();
    let stderr = project.run(&["check"]).ok().stderr;
    assert!(stderr.contains("warning: site/site.yaml: `languages/de.ftl` has no words for `"), "{stderr}");
    project.run(&["build"]).ok();
    let page = project.read("public/days/2026-11-20.html");
    assert!(page.contains("20. November 2026"), "{page}");
    let clients: u32 =
        project.public("select sum(clients) from bridge_day where day = '2026-11-20'")[0].parse().unwrap();
    assert!(
        page.contains(&format!("<strong>{}.{:03} clients</strong>", clients / 1000, clients % 1000)),
        "{clients}: {page}"
    );
    assert!(page.contains("Skip to the content"));
}

#[test]
fn a_message_that_is_not_there_is_an_error_with_its_place_and_the_likeliest_name() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 2}}}\n");
    project.run(&["collect"]).ok();
    project.write("content/a.md", "---\ntitle: A\n---\n{{t \"skp\"}} {{t \"trend-days\"}} {{t \"skip\" day=1}}\n");
    let stderr = project.run(&["check"]).failed(1);
    for line in [
        "content/a.md:4:6: there is no message `skp`",
        "hint: did you mean `skip`?",
        "the message `trend-days` needs the value `count`",
        "the message `skip` names no value `day`",
    ] {
        assert!(stderr.contains(line), "{line}: {stderr}");
    }
}
