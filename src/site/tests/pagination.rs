//! Long lists on several pages.

#![allow(clippy::unwrap_used)]

use super::{COUNTRIES, DAYS, Folder};
use crate::site::lookup::Embedded;

const TABLES: &str = "
    create table publication as select 1 as x;
    create table day as select unnest(['2026-01-01', '2026-01-02']) as day;
    create table country_day as
        select day, 'c' || country as country, 8 * country as clients
        from day cross join range(5) t(country) where day = '2026-01-01' or country < 1;
";

/// A theme that says which page of how many it is.
const PAGES: Embedded = &[(
    "layouts/page.hbs",
    b"{{{body}}}{{#with page.pages}}|{{this.number}}/{{count}} {{#if previous}}<{{url previous}}{{/if}}{{#if next}}>{{url next}}{{/if}}\
      {{#each near}} {{#if current}}[{{this.number}}]{{else}}{{this.number}}{{/if}}{{/each}}{{else}}|whole{{/with}}",
)];

#[test]
fn a_long_list_becomes_several_pages_in_a_folder_of_the_first_ones_name() {
    let text = "---\ntitle: All\ndata: {rows: countries, days: days}\npaginate: {data: rows, by: 4}\n---\n\
                {{#each data.rows}}{{country}} {{/each}}{{len data.days}}\n";
    let countries = ("site/queries/countries.sql", "select * from country_day order by country, day");
    let folder = Folder::new(&[
        ("content/list/all.md", text),
        ("content/list/other.md", "---\ntitle: O\n---\n"),
        DAYS,
        countries,
    ]);
    let (summary, files) = folder.render_from(TABLES, PAGES).unwrap();
    assert_eq!(summary.pages, 3);
    assert_eq!(files["list/all.html"], "<p>c0 c0 c1 c2 2</p>\n|1/2 >all/2.html [1] 2");
    assert_eq!(files["list/all/2.html"], "<p>c3 c4 2</p>\n|2/2 <../all.html 1 [2]");
    assert_eq!(files["list/other.html"], "|whole");
}

#[test]
fn pages_of_rows_are_dealt_out_each_and_keep_their_neighbours() {
    let text = "---\ntitle: \"{{row.day}}\"\neach: {query: days, key: day, path: \"{{row.day}}.html\"}\n\
                data: {rows: countries}\npaginate: {data: rows, by: 2}\n---\n\
                {{row.day}} {{#each data.rows}}{{country}} {{/each}}{{#with page.previous}}<{{path}}{{/with}}{{#with page.next}}>{{path}}{{/with}}\n";
    let files = Folder::new(&[
        ("content/day.md", text),
        DAYS,
        ("site/queries/countries.sql", "select * from country_day order by day, country"),
    ])
    .render_from(TABLES, PAGES)
    .unwrap()
    .1;
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["2026-01-01.html", "2026-01-01/2.html", "2026-01-01/3.html", "2026-01-02.html"]
    );
    let next = "&gt;2026-01-02.html".replace("&gt;", ">");
    assert_eq!(files["2026-01-01.html"], format!("<p>2026-01-01 c0 c1 {next}</p>\n|1/3 >2026-01-01/2.html [1] 2 3"));
    assert_eq!(files["2026-01-01/3.html"], format!("<p>2026-01-01 c4 {next}</p>\n|3/3 <2.html 1 2 [3]"));
    assert_eq!(files["2026-01-02.html"], "<p>2026-01-02 c0 <2026-01-01.html</p>\n|1/1  [1]");
}

#[test]
fn further_pages_stand_where_the_first_one_does_and_are_no_children_and_no_entries() {
    let theme: Embedded = &[(
        "layouts/page.hbs",
        b"{{#each page.trail}}{{path}}>{{/each}}{{#each page.children}}{{path}};{{/each}}|{{#each site.menu}}{{path}}{{#if current}}*{{/if}}{{/each}}",
    )];
    let list = "---\ntitle: L\nmenu: {title: L}\norder: 1\ndata: {rows: days}\npaginate: {data: rows, by: 1}\n---\n";
    let files = Folder::new(&[
        ("content/index.md", "---\ntitle: H\n---\n"),
        ("content/days/index.md", list),
        ("content/days/x.md", "---\ntitle: X\n---\n"),
        DAYS,
    ])
    .render_from(TABLES, theme)
    .unwrap()
    .1;
    assert_eq!(files["index.html"], "days/index.html;|days/index.html");
    assert_eq!(files["days/index.html"], "index.html>days/x.html;|days/index.html*");
    assert_eq!(files["days/index/2.html"], files["days/index.html"]);
}

#[test]
fn a_list_without_rows_is_one_page() {
    let text = "---\ntitle: T\ndata: {rows: none}\npaginate: {data: rows, by: 2}\n---\n{{#each data.rows}}{{day}}{{else}}nothing{{/each}}";
    let none = ("site/queries/none.sql", "select * from day where false");
    let files = Folder::new(&[("content/a.md", text), none]).render_from(TABLES, PAGES).unwrap().1;
    assert_eq!((files.len(), files["a.html"].as_str()), (1, "<p>nothing</p>\n|1/1  [1]"));
}

#[test]
fn what_is_dealt_out_must_be_there_and_fit_the_other_paths() {
    let text = |paginate: &str| format!("---\ntitle: T\ndata: {{rows: countries}}\npaginate: {paginate}\n---\n");
    let problems = |paginate: &str| {
        Folder::new(&[("content/a.md", &text(paginate)), ("content/a/2.md", "---\ntitle: T\n---\n"), COUNTRIES])
            .problems()
    };
    assert_eq!(
        problems("{data: row, by: 2}"),
        ["content/a.md:4:18: the page has no data `row` (did you mean `rows`?)"]
    );
    assert_eq!(problems("{data: rows, by: 0}"), ["content/a.md:4:28: a page needs one row at least"]);
    assert_eq!(
        problems("{data: rows, by: 2}"),
        ["content/a.md: two files have the path `a/2.html`: content/a/2.md and page 2 of content/a.md"]
    );
    assert!(problems("{data: rows, of: 2}")[0].starts_with("content/a.md:4:24: paginate: unknown key `of`"));
    assert!(problems("{data: rows, by: -2}")[0].starts_with("content/a.md:4:28: "));
}
