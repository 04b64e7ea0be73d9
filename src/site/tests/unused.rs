//! What nobody uses is said, and what somebody uses is not.

use super::super::lookup::Embedded;
use super::{DAYS, Folder, page};

const THEME: Embedded = &[
    ("layouts/page.hbs", b"{{> head}}{{{body}}}"),
    ("layouts/unused.hbs", b"{{> unused}}"),
    ("partials/chart.hbs", b""),
    ("partials/charts/area.hbs", b"{{> charts/frame}}"),
    ("partials/charts/frame.hbs", b""),
    ("partials/head.hbs", b"<title>{{page.title}}</title>"),
    ("partials/unused.hbs", b""),
    ("queries/unused.sql", b"select 1 as one"),
];

fn unused(files: &[(&str, &str)]) -> Vec<String> {
    let (summary, _) = Folder::new(files).render_from(super::DATA, THEME).unwrap();
    summary.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn queries_layouts_and_partials_of_the_project_that_nobody_uses_are_named() {
    let files = [
        ("content/a.md", page("x").replace("title: T", "title: T\ndata: {days: {query: days, all: true}}")),
        ("themes/default/layouts/other.hbs", "{{> other}}".to_owned()),
        ("themes/default/partials/other.hbs", String::new()),
        ("themes/default/queries/more.sql", "select 1 as one".to_owned()),
        ("site/queries/own.sql", "select 1 as one".to_owned()),
        (DAYS.0, DAYS.1.to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    assert_eq!(
        unused(&files),
        [
            "themes/default/queries/more.sql: no page uses this query",
            "site/queries/own.sql: no page uses this query",
            "themes/default/layouts/other.hbs: no page has this layout",
            "themes/default/partials/other.hbs: nothing that a page uses includes this partial",
        ]
    );
}

#[test]
fn a_partial_is_used_wherever_it_is_included() {
    let list = page("{{#each data.days}}{{> row}}{{/each}}\n\n{{#> frame}}x{{/frame}}\n\n{{#if page.title}}y{{else}}{{> otherwise}}{{/if}}\n\n\
                     {{chart data.days kind=\"area\" y=\"clients\"}}\n")
    .replace("title: T", "title: T\ndata: {days: {query: days, all: true}}");
    let files = [
        ("content/a.md", list.as_str()),
        ("themes/default/partials/row.hbs", "{{> cell}}"),
        ("themes/default/partials/cell.hbs", "{{day}}"),
        ("themes/default/partials/frame.hbs", "{{> @partial-block}}"),
        ("themes/default/partials/otherwise.hbs", ""),
        ("themes/default/partials/charts/frame.hbs", ""),
        ("themes/default/partials/head.hbs", "{{> parent/head}}"),
        DAYS,
    ];
    assert_eq!(unused(&files), [""; 0]);
}
