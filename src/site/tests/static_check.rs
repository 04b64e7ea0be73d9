//! What the static check finds in templates, and what it lets pass.

#![allow(clippy::unwrap_used)]

use super::{COUNTRIES, DAYS, Folder, daily, page};
use crate::site::lookup::Embedded;

fn found(body: &str) -> Vec<String> {
    let text = daily(body);
    let theme: Embedded = &[
        ("layouts/page.hbs", b"{{{body}}}"),
        ("partials/row.hbs", b"{{country}} {{label}}"),
        ("partials/block.hbs", b"{{> @partial-block}}"),
    ];
    let folder = Folder::new(&[("content/day.md", &text), DAYS, COUNTRIES]);
    match folder.render_from("create table publication as select 1 as x; create table day(day date, clients int, history int[], best struct(label text)); create table country_day(day date, country text, clients int)", theme) {
        Ok(_) => Vec::new(),
        Err(_) => folder.problems_with(theme).iter().map(|line| line.replace("content/day.md:6:", "")).collect(),
    }
}

#[test]
fn names_that_exist_pass_in_every_construction() {
    for body in [
        "{{row.day}} {{row.best.label}} {{@root.row.day}} {{page.next.title}} {{this.page.path}} {{./page.path}}",
        "{{#each data.countries}}{{country}} {{../row.day}} {{@index}} {{@root.site.title}}{{#if @first}}{{this.clients}}{{/if}}{{/each}}",
        "{{#each data.countries as |c i|}}{{c.country}} {{i}} {{number c.clients}}{{else}}{{row.day}}{{/each}}",
        "{{#each row.history}}{{this}} {{#each ../data.countries}}{{@../index}} {{../../row.day}}{{/each}}{{/each}}",
        "{{#with row.best}}{{label}} {{../row.day}}{{else}}none{{/with}} {{#with row.best as |b|}}{{b.label}}{{/with}}",
        "{{#if (eq row.clients 8)}}{{else if row.day}}{{row.day}}{{/if}} {{#unless row.clients}}x{{/unless}}",
        "{{#each data.countries}}{{> row label=../row.day}}{{/each}}",
        "{{#with (lookup data.countries 0)}}{{country}}{{/with}}",
        "{{#*inline \"mine\"}}{{clients}}{{/inline}}{{#each data.countries}}{{> mine}}{{/each}}",
        "{{#> block}}{{row.day}}{{/block}} {{#> nothing}}{{row.day}}{{/nothing}}",
        "{{data.countries.[0].country}} {{data.countries.0.country}}",
        "{{{{raw}}}}{{typo}}{{{{/raw}}}} \\{{typo}} {{! typo }}",
    ] {
        assert_eq!(found(body), [""; 0], "{body}");
    }
}

#[test]
fn a_misspelt_name_is_found_wherever_it_hides() {
    for (body, problem) in [
        ("{{row.dya}}", "3: `row.dya`: `dya` is not known here (did you mean `day`?)"),
        (
            "{{#each data.contries}}{{x}}{{/each}}",
            "9: `data.contries`: `contries` is not known here (did you mean `countries`?)",
        ),
        ("{{#if row.dya}}{{/if}}", "7: `row.dya`: `dya` is not known here (did you mean `day`?)"),
        ("{{#if row.day}}{{else if row.dya}}{{/if}}", "26: `row.dya`: `dya` is not known here (did you mean `day`?)"),
        ("{{#if row.day}}{{else}}{{row.dya}}{{/if}}", "26: `row.dya`: `dya` is not known here (did you mean `day`?)"),
        ("{{#each data.countries}}{{contry}}{{/each}}", "27: `contry` is not known here (did you mean `country`?)"),
        (
            "{{#each data.countries}}{{../row.dya}}{{/each}}",
            "27: `../row.dya`: `dya` is not known here (did you mean `day`?)",
        ),
        ("{{#each data.countries}}{{@indx}}{{/each}}", "27: `@indx` is not known here (did you mean `@index`?)"),
        (
            "{{@index}}",
            "3: `@index` is not known here (inside of `{{#each}}` there are `@index`, `@key`, `@first` and `@last`)",
        ),
        (
            "{{#each data.countries as |c|}}{{c.contry}}{{/each}}",
            "34: `c.contry`: `contry` is not known here (did you mean `country`?)",
        ),
        (
            "{{#with (lookup data.countries 0)}}{{contry}}{{/with}}",
            "38: `contry` is not known here (did you mean `country`?)",
        ),
        ("{{#with row.best}}{{lable}}{{/with}}", "21: `lable` is not known here (did you mean `label`?)"),
        ("{{@root.rwo.day}}", "3: `@root.rwo.day`: `rwo` is not known here (did you mean `row`?)"),
        ("{{number row.clinets}}", "10: `row.clinets`: `clinets` is not known here (did you mean `clients`?)"),
        ("{{number (lookup row.hstory 0)}}", "18: `row.hstory`: `hstory` is not known here (did you mean `history`?)"),
        (
            "{{number row.clients sign=row.sing}}",
            "27: `row.sing`: `sing` is not known here (known are `best`, `clients`, `day`, `history`)",
        ),
        (
            "{{#each data.countries}}{{> row label=../row.dya}}{{/each}}",
            "39: `../row.dya`: `dya` is not known here (did you mean `day`?)",
        ),
        (
            "{{> row row label=1}}",
            "themes/default/partials/row.hbs:1:3: `country` is not known here (known are `best`, `clients`, `day`, `history`, `label`)",
        ),
        (
            "{{#each data.countries}}{{> row}}{{/each}}",
            "themes/default/partials/row.hbs:1:15: `label` is not known here (known are `clients`, `country`, `day`)",
        ),
        (
            "{{#*inline \"a\"}}{{typo}}{{/inline}}{{> a}}",
            "19: `typo` is not known here (known are `data`, `page`, `row`, `site`)",
        ),
        ("{{#> block}}{{row.dya}}{{/block}}", "15: `row.dya`: `dya` is not known here (did you mean `day`?)"),
        ("{{numbr row.clients}}", "3: there is no helper `numbr` (did you mean `number`?)"),
        ("{{#eahc data.countries}}{{/eahc}}", "4: there is no helper `eahc` (did you mean `each`?)"),
        ("{{number row.clients sgin=true}}", "22: the helper `number` has no option `sgin` (did you mean `sign`?)"),
        ("{{date row.day \"iso\" 5}}", "3: the helper `date` takes at most 2 values, here are 3"),
        ("{{date}}", "3: the helper `date` takes 1 value, here are 0 (a column of that name is `this.date`)"),
        ("{{#each row.day}}{{/each}}", "9: `row.day` is a single value, `each` needs a list"),
        (
            "{{data.countries.country}}",
            "3: `data.countries.country`: a list has no `country` (go through it with `{{#each}}`)",
        ),
        ("{{row.day.year}}", "3: `row.day.year`: a single value has no `year`"),
        ("{{row.best}}", "3: `row.best` is a record and cannot be printed"),
        (
            "{{../row.day}}",
            "3: `../row.day` leads out of the page (`if` opens no scope: `../` leaves only `each`, `with` and partials)",
        ),
        (
            "{{> (lookup row \"day\")}}",
            "1: the name of a partial must stand in the template (choose among partials with `{{#if}}`)",
        ),
    ] {
        assert_eq!(found(body), [problem], "{body}");
    }
}

#[test]
fn a_page_without_each_has_no_row() {
    assert_eq!(
        Folder::new(&[("content/x.md", &page("{{row.day}}"))]).problems(),
        ["content/x.md:4:3: `row.day`: `row` is not known here (only pages with `each` are made of a row)"]
    );
}

#[test]
fn a_mistake_in_a_title_or_path_is_shown_in_the_front_matter() {
    let text =
        "---\ntitle: \"{{row.dya}}\"\neach: {query: days, key: day, path: \"{{row.day}}{{slg row.day}}.html\"}\n---\n";
    assert_eq!(
        Folder::new(&[("content/x.md", text), DAYS]).problems(),
        [
            "content/x.md:2:8: `row.dya`: `dya` is not known here (did you mean `day`?)",
            "content/x.md:3:37: there is no helper `slg` (did you mean `slug`?)"
        ]
    );
}

#[test]
fn a_problem_that_several_pages_reach_is_reported_once() {
    let theme: Embedded = &[("layouts/page.hbs", b"{{page.titel}}{{> p}}"), ("partials/p.hbs", b"\n {{typo}}")];
    let each = daily("");
    let folder = Folder::new(&[
        ("content/a.md", &page("")),
        ("content/b.md", &page("")),
        ("content/c.md", &each),
        DAYS,
        COUNTRIES,
    ]);
    let problems = folder.problems_with(theme);
    assert_eq!(problems.len(), 2, "{problems:?}");
    assert!(problems[0].starts_with("themes/default/layouts/page.hbs:1:3: `page.titel`: `titel` is not known here"));
    assert!(problems[1].starts_with("themes/default/partials/p.hbs:2:4: `typo` is not known here"));
}

#[test]
fn a_partial_that_includes_itself_is_a_problem() {
    let theme: Embedded =
        &[("layouts/page.hbs", b"{{> a}}"), ("partials/a.hbs", b"{{> b}}"), ("partials/b.hbs", b"{{> a}}")];
    assert_eq!(
        Folder::new(&[("content/x.md", &page(""))]).problems_with(theme),
        ["themes/default/partials/b.hbs:1:5: the partial `a` includes itself"]
    );
}
