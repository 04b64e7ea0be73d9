//! What a project gets from its files, rule by rule.

#![allow(clippy::unwrap_used)]

use super::{COUNTRIES, DAYS, Folder, THEME, daily, page, render_with};
use crate::site::Input;
use crate::site::lookup::Embedded;
use crate::warehouse::Publication;

#[test]
fn a_page_without_each_has_all_rows_and_stands_where_its_file_does() {
    let text = "---\ntitle: T\ndata: {days: days}\n---\n{{#each data.days}}{{day}} {{/each}}";
    let files = Folder::new(&[("content/x/y.md", text), DAYS]).render();
    assert_eq!(files["x/y.html"], "<title>T</title><p>2026-01-01 2026-01-02 2026-01-03 </p>\n");
}

#[test]
fn each_row_becomes_a_page_with_the_rows_that_share_its_key() {
    let text = daily("{{#each data.countries}}{{country}}={{clients}};{{/each}}");
    let files = Folder::new(&[("content/day.md", &text), DAYS, COUNTRIES]).render();
    assert_eq!(files.len(), 3);
    assert_eq!(files["days/2026-01-01.html"], "<title>Day 2026-01-01</title><p>??=8;</p>\n");
    assert_eq!(files["days/2026-01-02.html"], "<title>Day 2026-01-02</title><p>&lt;b&gt;=16;us=8;</p>\n");
    assert_eq!(files["days/2026-01-03.html"], "<title>Day 2026-01-03</title><p></p>\n");
}

#[test]
fn a_key_can_have_several_columns() {
    let text = "---\ntitle: x\neach: {query: countries, key: [day, country], path: \"{{row.day}}/{{slug row.country}}.html\"}\n\
                data: {c: countries}\n---\n{{#each data.c}}{{clients}};{{/each}}";
    let files = Folder::new(&[("content/day.md", text), COUNTRIES]).render();
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        ["2026-01-01/~3f~3f.html", "2026-01-02/us.html", "2026-01-02/~3cb~3e.html"]
    );
    assert!(files["2026-01-02/us.html"].ends_with("<p>8;</p>\n"));
}

#[test]
fn neighbours_follow_the_order_of_the_query() {
    let text = daily(
        "{{#if page.previous}}<{{page.previous.path}} {{page.previous.title}}{{/if}}{{#with page.next}}>{{path}}{{/with}}",
    );
    let order = ("site/queries/days.sql", "select * from day order by day desc");
    let text = text.replace("{{/with}}", "{{else}}end{{/with}}");
    let files = Folder::new(&[("content/day.md", &text), order, COUNTRIES]).render();
    assert!(files["days/2026-01-03.html"].ends_with("<p>>days/2026-01-02.html</p>\n"), "{files:?}");
    assert!(files["days/2026-01-02.html"].ends_with("<days/2026-01-03.html Day 2026-01-03>days/2026-01-01.html</p>\n"));
    assert!(files["days/2026-01-01.html"].ends_with("Day 2026-01-02end</p>\n"));
}

#[test]
fn each_query_runs_once_however_many_pages_use_it_and_unused_ones_never() {
    let day = daily("{{row.day}}");
    let list = "---\ntitle: T\ndata: {a: days, b: days, c: {query: countries, all: true}}\n---\n";
    let unused = ("site/queries/unused.sql", "this is no SQL");
    let summary =
        Folder::new(&[("content/day.md", &day), ("content/index.md", list), DAYS, COUNTRIES, unused]).summary();
    assert_eq!((summary.pages, summary.queries, summary.query_runs), (4, 2, 2));
}

#[test]
fn data_are_escaped_and_never_become_markdown_or_templates() {
    let query = ("site/queries/q.sql", "select '*a* <script> {{site.title}} \"' as x");
    let text = "---\ntitle: T\neach: {query: q, key: x, path: p.html}\n---\n{{row.x}}";
    let files = Folder::new(&[("content/p.md", text), query]).render();
    assert_eq!(files["p.html"], "<title>T</title><p>*a* &lt;script&gt; {{site.title}} &quot;</p>\n");
}

#[test]
fn a_title_made_of_data_is_escaped_once() {
    let query = ("site/queries/q.sql", "select '<b> & c' as x");
    let text = "---\ntitle: \"{{row.x}}\"\neach: {query: q, key: x, path: \"{{slug row.x}}.html\"}\n---\n";
    let files = Folder::new(&[("content/p.md", text), query]).render();
    assert_eq!(files["~3cb~3e-~26-c.html"], "<title>&lt;b&gt; &amp; c</title>");
}

#[test]
fn the_menu_is_sorted_and_knows_the_current_page() {
    let entry = |title: &str, order: i64| format!("---\ntitle: T\nmenu: {{title: {title}, order: {order}}}\n---\n");
    let theme: Embedded =
        &[("layouts/page.hbs", b"{{#each site.menu}}{{title}}{{#if current}}*{{/if}} {{url path}};{{/each}}")];
    let folder = Folder::new(&[
        ("content/index.md", &entry("Z", 1)),
        ("content/a/b.md", &entry("B", 2)),
        ("content/c.md", &entry("A", 2)),
        ("content/d.md", &page("")),
        ("site/queries/none.sql", ""),
    ]);
    let files = folder.render_from("create table publication as select 1 as x", theme).unwrap().1;
    assert_eq!(files["index.html"], "Z* index.html;A c.html;B a/b.html;");
    assert_eq!(files["a/b.html"], "Z ../index.html;A ../c.html;B* b.html;");
    assert_eq!(files["d.html"], "Z index.html;A c.html;B a/b.html;");
}

#[test]
fn the_site_knows_the_settings_and_what_the_publication_says_about_itself() {
    let text = page(
        "{{site.title}} {{site.language}} {{site.newest_run}} {{date site.newest_run \"iso\"}} {{#if site.sample}}sample{{/if}}{{site.base_url}}",
    );
    let files = Folder::new(&[("content/index.md", &text)]).render();
    assert_eq!(files["index.html"], "<title>T</title><p>Bridges en 2026-01-04T05:06:07Z 2026-01-04 sample</p>\n");
}

#[test]
fn a_theme_brings_pages_and_queries_and_the_project_replaces_them_file_by_file() {
    let theme: Embedded = &[
        ("layouts/page.hbs", b"{{{body}}}"),
        ("content/index.md", b"---\ntitle: T\ndata: {d: days}\n---\nembedded {{#each data.d}}{{day}}{{/each}}"),
        ("content/about.md", b"---\ntitle: T\n---\nabout"),
        ("content/notes.txt", b"no page"),
        ("queries/days.sql", b"select max(day) as day from day"),
    ];
    let mut folder =
        Folder::new(&[("content/about.md", &page("mine")), ("site/queries/days.sql", "select 'my day' as day")]);
    let tables = "create table publication as select 1 as x";
    let files = folder.render_from(tables, theme).unwrap().1;
    assert_eq!(files.keys().collect::<Vec<_>>(), ["about.html", "index.html"]);
    assert_eq!(
        (files["about.html"].as_str(), files["index.html"].as_str()),
        ("<p>mine</p>\n", "<p>embedded my day</p>\n")
    );

    folder.site.disable = vec!["index.md".to_owned()];
    assert_eq!(folder.render_from(tables, theme).unwrap().1.keys().collect::<Vec<_>>(), ["about.html"]);
    let nested: Embedded = &[("content/days/day.md", b""), ("content/days.md", b"---\ntitle: x\n---\nembedded")];
    let nested = [nested, theme].concat().leak();
    folder.site.disable = vec!["days/".to_owned(), "index.md".to_owned()];
    assert_eq!(folder.render_from(tables, nested).unwrap().1.keys().collect::<Vec<_>>(), ["about.html", "days.html"]);
    folder.site.disable = vec!["indx.md".to_owned()];
    assert_eq!(
        folder.problems_with(theme),
        ["site/site.yaml: disable: the theme has no page `indx.md` (did you mean `index.md`?)"]
    );
}

#[test]
fn a_partial_can_call_the_one_that_it_shadows_through_every_theme() {
    let theme: Embedded = &[
        ("layouts/page.hbs", b"{{> head}}|{{> table/row x=1}}|{{{body}}}"),
        ("partials/head.hbs", b"embedded"),
        ("partials/table/row.hbs", b"row {{x}}"),
    ];
    let mut folder = Folder::new(&[
        ("content/index.md", &page("{{> parent/head}}")),
        ("themes/mine/theme.yaml", "name: Mine\nextends: base"),
        ("themes/mine/partials/head.hbs", "mine({{#if page.title}}{{> parent/head}}{{/if}})"),
        ("themes/base/partials/head.hbs", "base({{> parent/head}})"),
    ]);
    folder.site.theme = "mine".to_owned();
    let files = folder.render_from("create table publication as select 1 as x", theme).unwrap().1;
    assert_eq!(files["index.html"], "mine(base(embedded))|row 1|mine(base(embedded))");
}

#[test]
fn assets_and_static_files_are_handed_over_as_they_are() {
    let theme: Embedded = &[
        ("layouts/page.hbs", b"{{asset \"style.css\"}} {{url \"robots.txt\"}}"),
        ("assets/style.css", b"embedded"),
        ("assets/b.css", b"b"),
    ];
    let folder = Folder::new(&[
        ("content/a/index.md", &page("")),
        ("themes/default/assets/style.css", "{{mine}}"),
        ("site/static/robots.txt", "User-agent: *"),
    ]);
    let files = folder.render_from("create table publication as select 1 as x", theme).unwrap().1;
    assert_eq!(files["a/index.html"], "../assets/style.b74f786d.css ../robots.txt");
    let css: Vec<&str> =
        files.iter().filter(|(path, _)| path.starts_with("assets/")).map(|(_, text)| text.as_str()).collect();
    assert_eq!(css, ["b", "{{mine}}"]);
    assert_eq!(files["robots.txt"], "User-agent: *");
}

#[test]
fn two_renderings_are_the_same() {
    let text = daily("{{#each data.countries}}{{country}}{{/each}}");
    let folder = Folder::new(&[("content/day.md", &text), DAYS, COUNTRIES]);
    assert_eq!(folder.render(), folder.render());
}

// What is wrong in somebody's files.

#[test]
fn repeated_and_null_keys_are_problems() {
    let query = ("site/queries/days.sql", "select * from (values ('a'), ('b'), ('a'), (null), ('b'), ('a')) t(day)");
    let text = "---\ntitle: x\neach: {query: days, key: day, path: \"{{row.day}}.html\"}\n---\n";
    assert_eq!(
        Folder::new(&[("content/x.md", text), query]).problems(),
        [
            "content/x.md:3:26: the key `day` is `a` in 3 rows of site/queries/days.sql, and 1 more keys repeat (each row becomes a page, so each needs a key of its own)",
            "content/x.md:3:26: the key `day` is null in a row of site/queries/days.sql (leave such rows out in the query)"
        ]
    );
}

#[test]
fn two_files_with_one_path_are_a_problem() {
    let theme: Embedded = &[("layouts/page.hbs", b""), ("assets/x.css", b"")];
    let folder = Folder::new(&[
        ("content/a.md", &page("")),
        ("content/b.md", "---\ntitle: T\npath: a.html\n---\n"),
        ("site/static/a.html.gz", ""),
        ("site/static/assets/x.css", "an asset is named by its content, so this has a path of its own"),
    ]);
    assert_eq!(
        folder.problems_with(theme),
        [
            "content/b.md:3:7: two files have the path `a.html`: content/a.md and content/b.md",
            "site/static/a.html.gz: two files have the path `a.html.gz`: content/a.md and site/static/a.html.gz"
        ]
    );
    let text = daily("").replace("{{row.day}}.html", "x.html");
    let problems = Folder::new(&[("content/day.md", &text), DAYS, COUNTRIES]).problems();
    assert_eq!(
        problems[0],
        "content/day.md:3:37: two files have the path `days/x.html`: the page of `2026-01-01` in content/day.md and the page of `2026-01-02` in content/day.md"
    );
}

#[test]
fn a_path_out_of_hostile_data_cannot_leave_the_output() {
    let query = ("site/queries/q.sql", "select '../../x' as x");
    let text = "---\ntitle: x\neach: {query: q, key: x, path: \"{{row.x}}.html\"}\n---\n";
    assert_eq!(
        Folder::new(&[("content/x.md", text), query]).problems(),
        [
            "content/x.md:3:32: the path `../../x.html` leaves its folder (`{{slug x}}` makes a part of a path out of anything)"
        ]
    );
}

#[test]
fn a_query_without_the_keys_column_is_a_problem_that_names_both() {
    let query = ("site/queries/countries.sql", "select country from country_day");
    assert_eq!(
        Folder::new(&[("content/day.md", &daily("")), DAYS, query]).problems(),
        [
            "content/day.md:4:19: the query `countries` (site/queries/countries.sql) gives no column `day` (a page gets the rows that have its key, so each query needs the key's columns)"
        ]
    );
    let text = daily("").replace("key: day", "key: dya").replace("data: {countries: countries}\n", "");
    assert_eq!(
        Folder::new(&[("content/day.md", &text), DAYS]).problems(),
        ["content/day.md:3:26: the query `days` (site/queries/days.sql) gives no column `dya` (did you mean `day`?)"]
    );
}

#[test]
fn all_rows_on_a_page_of_one_row_is_a_problem_and_so_are_its_path_and_menu() {
    let text = daily("")
        .replace("{countries: countries}", "{c: {query: countries, all: true}}\npath: x.html\nmenu: {title: M}");
    let problems = Folder::new(&[("content/day.md", &text), DAYS, COUNTRIES]).problems();
    let lines: Vec<&str> = problems.iter().map(|line| line.split(" (").next().unwrap()).collect();
    assert_eq!(
        lines,
        [
            "content/day.md:4:11: `all: true` is for pages without `each`",
            "content/day.md:5:7: a page with `each` has its path there",
            "content/day.md:6:7: many pages cannot be one entry of the menu"
        ]
    );
}

#[test]
fn unknown_queries_layouts_and_partials_are_problems_with_advice() {
    let text = "---\ntitle: T\nlayout: pgae\ndata: {d: dais}\n---\n{{> haed}}\n{{> parent/head}}\n";
    let theme: Embedded = &[("layouts/page.hbs", b""), ("partials/head.hbs", b"{{> parent/head}}")];
    let problems = Folder::new(&[("content/x.md", text), DAYS]).problems_with(theme);
    assert_eq!(
        problems,
        [
            "content/x.md:3:9: there is no layout `pgae` (did you mean `page`?)",
            "content/x.md:4:11: there is no query `dais` (did you mean `days`?)",
            "content/x.md:6:5: there is no partial `haed` (did you mean `head`?)",
            "themes/default/partials/head.hbs:1:5: no theme below this one has a partial `head`"
        ]
    );
}

#[test]
fn a_mistake_in_sql_points_into_its_file() {
    let query = ("site/queries/days.sql", "select day,\n  clinets\nfrom day");
    let problems = Folder::new(&[("content/x.md", "---\ntitle: T\ndata: {d: days}\n---\n"), query]).problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("site/queries/days.sql:2:3: ") && problems[0].contains("clinets"), "{problems:?}");
}

#[test]
fn a_mistake_of_handlebars_points_to_its_line_of_the_content_file() {
    let problem = |body: &str| Folder::new(&[("content/x.md", &page(body))]).problems();
    assert_eq!(problem("# A\n\nText {{#if site.title}}\n"), ["content/x.md:6:6: the block `{{#if}}` is never closed"]);
    assert_eq!(problem("a\n{{/if}}\n"), ["content/x.md:5:1: `{{/if}}` closes a block that was not opened"]);
    assert!(problem("a\nb {{ }} c\n")[0].starts_with("content/x.md:5:"), "{:?}", problem("a\nb {{ }} c\n"));
}

#[test]
fn a_block_whose_beginning_markdown_takes_away_is_a_problem_at_its_end() {
    let text = page("[a]: {{#if site.title}}\n\nb {{/if}}\n");
    assert_eq!(
        Folder::new(&[("content/x.md", &text)]).problems(),
        [
            "content/x.md:6:3: Markdown tears this block apart (put its beginning and its end on lines of their own, or both into one paragraph)"
        ]
    );
}

#[test]
fn all_problems_of_a_build_are_shown_together() {
    let folder = Folder::new(&[
        ("content/a.md", "no front matter"),
        ("content/b.md", "---\ntitle: T\ndata: {d: bad}\n---\n{{#if typo}}{{/if}}\n{{#each data.d}}{{x}}{{/each}}"),
        ("content/c.md", &page("{{#if}}")),
        ("content/d.md", "---\ntitle: T\npath: ../x\n---\n"),
        ("site/queries/bad.sql", "select"),
        ("themes/default/partials/p.hbs", "{{#each}}"),
    ]);
    let problems = folder.problems();
    let places: Vec<&str> = problems.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(
        places,
        [
            "content/a.md:1:1",
            "content/b.md:5:7",
            "content/c.md:4:1",
            "content/d.md:3:7",
            "site/queries/bad.sql",
            "themes/default/partials/p.hbs:1:1"
        ]
        .map(|place| if place == "site/queries/bad.sql" { places[4] } else { place })
    );
    assert!(places[4].starts_with("site/queries/bad.sql"));
}

#[test]
fn a_value_that_is_missing_in_some_rows_is_one_problem_that_names_the_first_page() {
    let text = daily("{{row.best.label}}");
    assert_eq!(
        Folder::new(&[("content/day.md", &text), DAYS, COUNTRIES]).problems(),
        [
            "content/day.md:6:3: `row.best.label` has no value here (page `days/2026-01-02.html`) (ask for it inside of `{{#if}}`, or give it one in the query)"
        ]
    );
    let text = daily("{{#if row.best}}{{row.best.label}}{{/if}}");
    assert_eq!(Folder::new(&[("content/day.md", &text), DAYS, COUNTRIES]).render().len(), 3);
}

#[test]
fn what_a_helper_refuses_is_a_problem_at_its_place() {
    let text = page("\n{{date site.title}} {{asset \"nothing.css\"}}");
    assert_eq!(
        Folder::new(&[("content/x.md", &text)]).problems(),
        ["content/x.md:5:1: `date` needs a day as `YYYY-MM-DD`, not `Bridges` (page `x.html`)"]
    );
}

#[test]
fn a_file_that_is_not_utf8_is_a_problem() {
    let folder = Folder::new(&[]);
    crate::fs::create_dir(&folder.project.content()).unwrap();
    crate::fs::write_atomic(&folder.project.content().join("x.md"), b"---\ntitle: \xff\n", crate::fs::PUBLIC).unwrap();
    assert_eq!(folder.problems(), ["content/x.md:2:8: the file is not UTF-8 text (save it in the encoding UTF-8)"]);
}

#[test]
fn the_smallest_theme_is_enough() {
    assert_eq!(
        Folder::new(&[("content/index.md", &page("*x*"))]).render()["index.html"],
        "<title>T</title><p><em>x</em></p>\n"
    );
    assert_eq!(THEME.len(), 1);
}

#[test]
fn what_the_sink_returns_ends_the_rendering() {
    let folder = Folder::new(&[("content/index.md", &page(""))]);
    let publication = Publication::of("create table publication as select 1 as x").unwrap();
    let input = Input {
        project: &folder.project,
        site: &folder.site,
        publication: &publication,
        drafts: false,
        leaks: &super::secret(),
    };
    let error = render_with(&input, THEME, |_| anyhow::bail!("disk full")).unwrap_err();
    assert_eq!(error.to_string(), "disk full");
}

#[test]
fn a_publication_that_says_nothing_of_itself_is_an_error() {
    let folder = Folder::new(&[("content/index.md", &page(""))]);
    let error = folder.render_from("create table publication(x int)", THEME).unwrap_err();
    assert!(format!("{error:#}").contains("the table `publication` has 0 rows instead of one"), "{error:#}");
}
