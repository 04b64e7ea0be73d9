//! Nothing is given away when one file says what is secret.

use super::{COUNTRIES, DAYS, Folder, THEME, daily, page};

#[test]
fn a_page_that_leaks_is_a_problem_of_its_file_and_the_secret_is_not_repeated() {
    let folder = Folder::new(&[
        ("content/a.md", &page("one\n\nsecret.bridge.example")),
        ("content/days/day.md", &daily("{{row.day}}\n\nSECRET&#46;bridge.example\n\niat-mode=0")),
        DAYS,
        COUNTRIES,
        ("site/static/notes.txt", "a\nb\nhttps://secret%2Ebridge.example/"),
        ("site/static/fine.txt", "see bridge.example, tor 0.4.9.11"),
    ]);
    let hint = "nobody may learn this from a page: find out where it comes from, and leave it out";
    assert_eq!(
        folder.problems(),
        [
            format!("content/a.md: `a.html` has the name of a server's host in its line 2 ({hint})"),
            format!(
                "content/days/day.md: `days/2026-01-01.html` has a part of a bridge line in its line 3, and so have 2 more files ({hint})"
            ),
            format!(
                "content/days/day.md: `days/2026-01-01.html` has the name of a server's host in its line 2, and so have 2 more files ({hint})"
            ),
            format!("site/static/notes.txt: `notes.txt` has the name of a server's host in its line 3 ({hint})"),
        ]
    );
}

#[test]
fn what_comes_from_data_or_a_layout_leaks_too() {
    let tables = "create table publication as select timestamp '2026-01-04 05:06:07' as newest_run, true as sample;
                  create table day(day date, clients int, label text);
                  insert into day values ('2026-01-01', 8, 'secret.bridge.example'), ('2026-01-02', 8, 'Oak');";
    let folder = Folder::new(&[
        (
            "content/a.md",
            "---\ntitle: T\ndata: {days: {query: days, all: true}}\n---\n{{#each data.days}}{{label}}, {{/each}}",
        ),
        DAYS,
    ]);
    let error = folder.render_from(tables, THEME).unwrap_err().to_string();
    assert_eq!(error, "content/a.md: `a.html` has the name of a server's host in its line 1");

    let layout = ("themes/default/layouts/page.hbs", "<!-- secret.bridge.example -->{{{body}}}");
    let folder = Folder::new(&[("content/a.md", &page("x")), layout]);
    assert_eq!(folder.problems().len(), 1);
}

#[test]
fn the_name_of_a_file_can_leak() {
    let folder = Folder::new(&[("content/a.md", "---\ntitle: T\npath: 'secret.bridge.example.html'\n---\nx")]);
    let problems = folder.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(
        problems[0].starts_with("content/a.md: the name of a file that is made from this has the name of"),
        "{problems:?}"
    );
}
