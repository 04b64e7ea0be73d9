//! Where pages stand: sections, trails, menus, neighbours, and drafts.

#![allow(clippy::unwrap_used)]

use super::{COUNTRIES, DAYS, Folder, daily, page};
use crate::site::lookup::Embedded;

const TABLES: &str = "
    create table publication as select 1 as x;
    create table day as select unnest(['2026-01-01', '2026-01-02']) as day;
    create table country_day as select '2026-01-01' as day, 'us' as country, 8 as clients;
";

/// A theme that says where a page stands.
const PLACES: Embedded = &[(
    "layouts/page.hbs",
    b"{{#each page.trail}}{{title}} {{url path}} > {{/each}}{{page.title}}{{#with page.section}} in {{title}}{{/with}}\
      {{#if page.children}}: {{#each page.children}}{{title}} {{path}};{{/each}}{{/if}}",
)];

/// The same, with a page of its own.
const WITH_PAGE: Embedded = &[PLACES[0], ("content/about.md", b"---\ntitle: Of the theme\n---\n")];

const NEIGHBOURS: Embedded = &[(
    "layouts/page.hbs",
    b"{{#with page.previous}}{{title}} {{/with}}<{{page.title}}>{{#with page.next}} {{title}}{{/with}}",
)];

const MENU: Embedded = &[
    (
        "layouts/page.hbs",
        b"{{#each site.menu}}{{> entry}}{{#each children}}({{> entry}}{{#each children}}({{> entry}}){{/each}}){{/each}};{{/each}}",
    ),
    ("partials/entry.hbs", b"{{title}}{{#if current}}*{{/if}} {{url path}}"),
];

fn titled(title: &str, more: &str) -> String {
    format!("---\ntitle: {title}\n{more}---\n")
}

#[test]
fn a_page_knows_the_way_to_it_through_the_sections_and_a_section_its_own_pages() {
    let day = daily("");
    let folder = Folder::new(&[
        ("content/index.md", &titled("Home", "")),
        ("content/about.md", &titled("About", "")),
        ("content/days/index.md", &titled("Days", "")),
        ("content/days/how.md", &titled("How", "description: D\n")),
        ("content/days/day.md", &day),
        // A folder without a first page is no section.
        ("content/days/loose/x.md", &titled("Loose", "")),
        ("content/days/deep/index.md", &titled("Deep", "")),
        ("content/days/deep/y.md", &titled("Deeper", "")),
        DAYS,
        COUNTRIES,
    ]);
    let files = folder.render_from(TABLES, PLACES).unwrap().1;
    assert_eq!(files["index.html"], "Home: About about.html;Days days/index.html;");
    assert_eq!(files["about.html"], "Home index.html > About in Home");
    assert_eq!(
        files["days/index.html"],
        "Home ../index.html > Days in Home: Deep days/deep/index.html;How days/how.html;Loose days/loose/x.html;"
    );
    assert_eq!(files["days/loose/x.html"], "Home ../../index.html > Days ../index.html > Loose in Days");
    assert_eq!(files["days/2026-01-01.html"], "Home ../index.html > Days index.html > Day 2026-01-01 in Days");
    assert_eq!(
        files["days/deep/y.html"],
        "Home ../../index.html > Days ../index.html > Deep index.html > Deeper in Deep"
    );
}

#[test]
fn pages_made_of_rows_can_be_sections() {
    let index = "---\ntitle: \"{{row.country}}\"\neach: {query: countries, key: country, path: \"{{row.country}}/index.html\"}\n---\n";
    let more = "---\ntitle: More\npath: us/more.html\n---\n";
    let files = Folder::new(&[("content/c.md", index), ("content/more.md", more), COUNTRIES])
        .render_from(TABLES, PLACES)
        .unwrap()
        .1;
    assert_eq!(files["us/index.html"], "us: More us/more.html;");
    assert_eq!(files["us/more.html"], "us index.html > More in us");
}

#[test]
fn the_pages_of_a_section_are_in_order_and_those_without_one_follow_by_title() {
    let folder = Folder::new(&[
        ("content/index.md", &titled("Home", "")),
        ("content/a.md", &titled("Zebra", "")),
        ("content/b.md", &titled("Ape", "")),
        ("content/c.md", &titled("Second", "order: 2\n")),
        ("content/d.md", &titled("First", "order: -1\n")),
        ("content/e/index.md", &titled("Also second", "order: 2\n")),
    ]);
    let files = folder.render_from(TABLES, PLACES).unwrap().1;
    assert_eq!(
        files["index.html"],
        "Home: First d.html;Also second e/index.html;Second c.html;Ape b.html;Zebra a.html;"
    );
}

#[test]
fn pages_with_an_order_have_neighbours_among_their_siblings() {
    let folder = Folder::new(&[
        ("content/index.md", &titled("Home", "order: 1\n")),
        ("content/a.md", &titled("A", "order: 1\n")),
        ("content/b.md", &titled("B", "order: 2\n")),
        ("content/c.md", &titled("C", "")),
        ("content/s/index.md", &titled("S", "order: 3\n")),
        ("content/s/x.md", &titled("X", "order: 1\n")),
        ("content/s/y.md", &titled("Y", "order: 2\n")),
    ]);
    let files = folder.render_from(TABLES, NEIGHBOURS).unwrap().1;
    let pages: Vec<&str> = files.values().map(String::as_str).collect();
    assert_eq!(pages, ["<A> B", "A <B> S", "<C>", "<Home>", "B <S>", "<X> Y", "X <Y>"]);
}

#[test]
fn without_a_first_page_nothing_is_above() {
    let files = Folder::new(&[("content/a/b.md", &titled("B", ""))]).render_from(TABLES, PLACES).unwrap().1;
    assert_eq!(files["a/b.html"], "B");
}

#[test]
fn an_entry_of_the_menu_stands_below_the_section_of_its_page() {
    let day = daily("");
    let folder = Folder::new(&[
        ("content/index.md", &titled("T", "menu: {title: Home, order: 1}\n")),
        ("content/about.md", &titled("T", "menu: {title: About, order: 3}\n")),
        ("content/days/index.md", &titled("T", "menu: {title: Days, order: 2}\n")),
        ("content/days/how.md", &titled("T", "menu: {title: How, order: 0}\n")),
        // No entry of its own, so what is in it stands below the next one above.
        ("content/days/quiet/index.md", &titled("T", "")),
        ("content/days/quiet/z.md", &titled("T", "menu: {title: Z}\n")),
        ("content/days/more/index.md", &titled("T", "menu: {title: More, order: 9}\n")),
        ("content/days/more/x.md", &titled("T", "menu: {title: X}\n")),
        ("content/days/day.md", &day),
        DAYS,
        COUNTRIES,
    ]);
    let files = folder.render_from(TABLES, MENU).unwrap().1;
    assert_eq!(
        files["index.html"],
        "Home* index.html;Days days/index.html(How days/how.html)(Z days/quiet/z.html)\
         (More days/more/index.html(X days/more/x.html));About about.html;"
    );
    assert_eq!(
        files["days/more/x.html"],
        "Home ../../index.html;Days* ../index.html(How ../how.html)(Z ../quiet/z.html)\
         (More* index.html(X* x.html));About ../../about.html;"
    );
    assert!(files["days/2026-01-01.html"].contains(";Days* index.html(How how.html)"), "{files:?}");
}

#[test]
fn a_draft_is_left_out_of_everything_until_it_is_asked_for() {
    let mut folder = Folder::new(&[
        ("content/index.md", &titled("Home", "menu: {title: Home}\n")),
        ("content/new.md", "---\ntitle: New\ndraft: true\nmenu: {title: New}\ndata: {x: broken}\n---\n{{typo}}\n"),
        ("content/about.md", &titled("Mine", "draft: true\n")),
        ("site/queries/broken.sql", "no SQL"),
    ]);
    let (summary, files) = folder.render_from(TABLES, WITH_PAGE).unwrap();
    assert_eq!((summary.pages, files.len()), (2, 2));
    assert_eq!(files["index.html"], "Home: Of the theme about.html;");
    assert_eq!(files["about.html"], "Home index.html > Of the theme in Home", "what a draft would replace stays");

    folder.drafts = true;
    let error = folder.render_from(TABLES, WITH_PAGE).unwrap_err().to_string();
    assert!(error.contains("content/new.md:7:3") && error.contains("site/queries/broken.sql:1:"), "{error}");
    crate::fs::write_atomic(
        &folder.project.root().join("content/new.md"),
        titled("New", "draft: true\n").as_bytes(),
        crate::fs::PUBLIC,
    )
    .unwrap();
    let files = folder.render_from(TABLES, WITH_PAGE).unwrap().1;
    assert_eq!(files["index.html"], "Home: Mine about.html;New new.html;");
}

#[test]
fn what_a_page_knows_of_its_place_is_checked_before_it_is_made() {
    let text = page(
        "{{#each page.trail}}{{titel}}{{/each}}{{page.section.pth}}{{#each page.children}}{{desc}}{{/each}}\
         {{#each site.menu}}{{#each children}}{{titl}}{{/each}}{{/each}}{{page.pages.cuont}}",
    );
    let problems = Folder::new(&[("content/index.md", &text)]).problems();
    let found: Vec<&str> = problems.iter().map(|line| line.split_once(": ").unwrap().1).collect();
    assert_eq!(
        found,
        [
            "`titel` is not known here (did you mean `title`?)",
            "`page.section.pth`: `pth` is not known here (did you mean `path`?)",
            "`desc` is not known here (known are `description`, `path`, `title`)",
            "`titl` is not known here (did you mean `title`?)",
            "`page.pages.cuont`: `cuont` is not known here (did you mean `count`?)",
        ]
    );
}

#[test]
fn pages_of_rows_have_no_order() {
    let text = daily("").replace("data:", "order: 1\ndata:");
    assert_eq!(
        Folder::new(&[("content/day.md", &text), DAYS, COUNTRIES]).problems(),
        [
            "content/day.md:4:8: pages with `each` follow the rows of their query (remove this `order`, and sort the query)"
        ]
    );
}
