//! Themes: what they say of themselves, the values that they bring, and what can be put into the default theme's layouts.

use super::*;
use crate::site::lookup::DEFAULT;

/// A page with the default theme, and the files of a project.
fn with_default(files: &[(&str, &str)]) -> Folder {
    let mut files = files.to_vec();
    files.push(DAYS);
    let mut folder = Folder::new(&files);
    // Their queries need all tables.
    folder.site.disable =
        DEFAULT.iter().filter_map(|(path, _)| path.strip_prefix("content/")).map(str::to_owned).collect();
    folder
}

fn html(folder: &Folder) -> String {
    folder.render_from(DATA, DEFAULT).unwrap().1.remove("a.html").unwrap()
}

const PAGE: (&str, &str) = ("content/a.md", "---\ntitle: A\ndata: {days: days}\n---\nText\n");

#[test]
fn what_is_empty_in_the_default_layouts_can_be_filled_without_a_copy_of_them() {
    let folder = with_default(&[
        PAGE,
        ("themes/default/partials/head_extra.hbs", "<meta name=\"mine\" content=\"{{page.title}}\">\n"),
        ("themes/default/partials/main_before.hbs", "<p>before</p>\n"),
        ("themes/default/partials/main_after.hbs", "<p>after {{len data.days}}</p>\n"),
        ("themes/default/partials/footer_extra.hbs", "<p>footer</p>\n"),
    ]);
    let html = html(&folder);
    let places = [
        "<meta name=\"mine\" content=\"A\">\n</head>",
        "<main id=\"main\">\n<p>before</p>\n<h1>A</h1>",
        "<p>after 3</p>\n</main>",
        "<p>footer</p>\n</div>\n</footer>",
    ];
    for place in places {
        assert!(html.contains(place), "{place}: {html}");
    }
}

#[test]
fn a_partial_can_be_put_around_the_one_that_it_shadows() {
    let base = "{{#> parent/base}}<b>{{page.title}}</b>{{> @partial-block}}{{/parent/base}}";
    let folder = with_default(&[
        PAGE,
        ("themes/default/partials/base.hbs", base),
        ("themes/default/partials/head.hbs", "{{> parent/head}}<meta name=\"x\" content=\"y\">\n"),
    ]);
    let html = html(&folder);
    assert!(html.contains("<b>A</b><h1>A</h1>") && html.contains("<meta name=\"x\" content=\"y\">"), "{html}");
    assert_eq!(html.matches("<main").count(), 1);
}

#[test]
fn values_of_themes_are_below_those_of_the_site_and_their_names_are_checked() {
    let files = [
        ("themes/mine/theme.yaml", "extends: base\nextra: {note: mine, contact: {chat: c}}"),
        ("themes/base/theme.yaml", "extra: {note: base, links: [{title: T, path: a}], contact: {mail: m, chat: b}}"),
        (
            "content/index.md",
            "---\ntitle: T\n---\n{{site.extra.note}} {{site.extra.contact.chat}} {{site.extra.contact.mail}} \
             {{#each site.extra.links}}{{title}}{{/each}}",
        ),
    ];
    let mut folder = Folder::new(&files);
    folder.site.theme = "mine".to_owned();
    folder.site.extra = serde_json::from_str(r#"{"contact": {"mail": "site"}}"#).unwrap();
    assert_eq!(folder.render()["index.html"], "<title>T</title><p>mine c site T</p>\n");
    let typo = ("content/index.md", "---\ntitle: T\n---\n{{site.extra.note}}{{#if site.extra.contact.mial}}{{/if}}");
    let mut folder = Folder::new(&[files[0], files[1], typo]);
    folder.site.theme = "mine".to_owned();
    assert_eq!(
        folder.problems(),
        ["content/index.md:4:26: `site.extra.contact.mial`: `mial` is not known here (did you mean `mail`?)"]
    );
}

#[test]
fn a_theme_for_a_newer_torcollect_is_a_problem_of_its_own() {
    let mut folder = Folder::new(&[("themes/new/theme.yaml", "torcollect: '99.0'\n"), ("content/index.md", &page(""))]);
    folder.site.theme = "new".to_owned();
    let problems = folder.problems();
    assert!(
        problems[0].starts_with("themes/new/theme.yaml:1:13: the theme `new` needs torcollect 99.0"),
        "{problems:?}"
    );
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn a_table_of_rows_shows_each_value_as_what_it_is() {
    let body = |call: &str| format!("---\ntitle: T\ndata: {{days: days}}\n---\n{call}\n");
    let page =
        body("{{table data.days columns=\"day clients:bytes history\" heads=\"Day, Sum, Trend\" caption=\"<All>\"}}");
    let html = html(&with_default(&[("content/a.md", &page)]));
    for part in [
        "<caption>&lt;All&gt;</caption>",
        "<th scope=\"col\" class=\"number\">Day</th><th scope=\"col\" class=\"number\">Sum</th><th scope=\"col\" class=\"trend\">Trend</th>",
        "<tr><th scope=\"row\">2 January 2026</th><td class=\"number\">1.60\u{202f}kB</td><td class=\"trend\"><img class=\"spark",
        "<th scope=\"row\">3 January 2026</th><td class=\"number\"><span class=\"unknown\">?</span></td>",
    ] {
        assert!(html.contains(part), "{part}: {html}");
    }
    // The record `best` is no column that a table can show.
    let every = html_of(&body("{{table data.days}}"));
    let heads: Vec<&str> = every.split("</th>").filter_map(|head| head.split("<th scope=\"col\"").nth(1)).collect();
    assert_eq!(heads, [" class=\"number\">Day", " class=\"number\">Clients", " class=\"trend\">History"]);
}

fn html_of(page: &str) -> String {
    html(&with_default(&[("content/a.md", page)]))
}

#[test]
fn what_is_wrong_with_a_table_is_found_before_a_page_is_made() {
    let problem = |call: &str| {
        let page = format!("---\ntitle: T\ndata: {{days: days}}\n---\n{call}\n");
        with_default(&[("content/a.md", &page)]).problems_with(DEFAULT).join("\n")
    };
    for (call, found) in [
        (
            "{{table data.days columns=\"day clinets\"}}",
            "content/a.md:5:32: the rows have no column `clinets` (did you mean `clients`?)",
        ),
        (
            "{{table data.days columns=\"day clients:nubmer\"}}",
            "content/a.md:5:40: a table has no format `nubmer` (did you mean `number`?)",
        ),
        (
            "{{table data.days heds=\"Day\"}}",
            "content/a.md:5:19: the helper `table` has no option `heds` (did you mean `heads`?)",
        ),
    ] {
        assert_eq!(problem(call), found, "{call}");
    }
    let rows = problem("{{table data.days columns=\"day history:number\"}}");
    assert!(rows.contains("`history` has a list, which is not to be shown as `number`"), "{rows}");
}

#[test]
fn the_partials_and_helpers_that_the_documentation_names_are_there() {
    let text = include_str!("../../../docs/themes.md");
    let partial = |name: &str| DEFAULT.iter().any(|(path, _)| *path == format!("partials/{name}.hbs"));
    let mut named = 0;
    for call in text.split("{{").skip(1) {
        let call = call.trim_start_matches('#');
        if let Some(name) = call.strip_prefix("> ") {
            let name = name.split([' ', '}']).next().unwrap().trim_start_matches("parent/");
            assert!(partial(name) || name == "name", "{name}");
            named += 1;
        }
    }
    assert!(named > 12, "{named}");
    for (path, _) in DEFAULT.iter().filter(|(path, _)| path.starts_with("partials/")) {
        let name = path.trim_start_matches("partials/").trim_end_matches(".hbs");
        // What only pages of the default theme use, or only other partials.
        let own = ["answered", "submenu", "map", "chart", "table/cell"].contains(&name)
            || ["charts/", "history/", "month/"].iter().any(|folder| name.starts_with(folder));
        assert!(own || text.contains(name), "{name}");
    }
}
