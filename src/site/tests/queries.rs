//! Queries that read each other, and the rows that pages get of them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use super::{DAYS, Folder, THEME, daily};
use crate::problem::Problem;
use crate::site::lookup::Lookup;
use crate::site::query::Queries;
use crate::warehouse::Publication;

const TABLES: &str = "
    create table publication as select 1 as x;
    create table day(day date, clients int);
    insert into day values ('2026-01-03', 24), ('2026-01-01', 8), ('2026-01-02', 16);
    create table country_day(day date, country text, clients int);
    insert into country_day values ('2026-01-01', 'us', 8), ('2026-01-02', 'us', 16), ('2026-01-02', 'de', 8);
";

/// Runs queries of a project over the tables.
fn run(files: &[(&str, &str)], names: &[&str]) -> (Queries, Vec<String>) {
    let publication = Publication::of(TABLES).unwrap();
    let folder = Folder::new(files);
    let (lookup, mut problems) = Lookup::new(&folder.project, "default", THEME);
    let queries = Queries::run(&lookup, &names.iter().copied().collect(), &publication, &mut problems).unwrap();
    assert_eq!(
        publication.query("from temp.main.days").map(|_| ()).map_err(|error| error.message.contains("does not exist")),
        Err(true),
        "no table is left"
    );
    let line = |problem: &Problem| match &problem.hint {
        Some(hint) => format!("{problem} ({hint})"),
        None => problem.to_string(),
    };
    (queries, problems.iter().map(line).collect())
}

fn rows(queries: &Queries, name: &str) -> String {
    let rows = &queries.get(name).unwrap().rows;
    (0..rows.len()).map(|row| format!("{} ", rows.row(row))).collect()
}

#[test]
fn a_query_is_a_table_to_another_with_its_rows_in_their_order_and_runs_once() {
    let (queries, problems) = run(
        &[
            ("site/queries/days.sql", "select * from day order by day desc;"),
            ("site/queries/newest.sql", "-- The newest two.\nfrom days limit 2"),
            (
                "site/queries/both.sql",
                "select (select count(*) from Newest) as newest, (select count(*) from main.days) as days",
            ),
            ("site/queries/unused.sql", "from nothing"),
        ],
        &["newest", "days", "both"],
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(queries.runs, 3);
    assert_eq!(
        rows(&queries, "newest"),
        "{\"day\":\"2026-01-03\",\"clients\":24} {\"day\":\"2026-01-02\",\"clients\":16} "
    );
    assert_eq!(rows(&queries, "both"), "{\"newest\":2,\"days\":3} ");
}

#[test]
fn a_query_that_only_another_one_reads_runs_too() {
    let (queries, problems) =
        run(&[("site/queries/days.sql", "from day"), ("site/queries/a.sql", "select count(*) as n from days")], &["a"]);
    assert_eq!((problems.len(), queries.runs, queries.len()), (0, 2, 1));
    assert_eq!(rows(&queries, "a"), "{\"n\":3} ");
}

#[test]
fn pages_take_the_rows_of_their_key_from_a_query_over_the_one_that_makes_them() {
    let countries = (
        "site/queries/countries.sql",
        "select day, country, country_day.clients, country_day.clients / days.clients as share\n\
         from country_day join days using (day) order by day, country",
    );
    let text = daily("{{#each data.countries}}{{country}}={{share}};{{/each}}");
    let folder = Folder::new(&[("content/day.md", &text), DAYS, countries]);
    let (summary, files) = folder.render_from(TABLES, THEME).unwrap();
    assert_eq!((summary.pages, summary.query_runs), (3, 2));
    assert!(files["days/2026-01-02.html"].ends_with("<p>de=0.5;us=1.0;</p>\n"), "{files:?}");
}

#[test]
fn a_name_of_with_is_no_query() {
    let (queries, problems) = run(
        &[
            ("site/queries/days.sql", "with days as (select * from day) select * from days order by day"),
            ("site/queries/a.sql", "with b as (select 1 as x), c as (from b) from c"),
            (
                "site/queries/b.sql",
                "with recursive a(n) as (select 1 union all select n + 1 from a where n < 3) from a order by n",
            ),
            // The first `days` is the query, the second one that of `with`.
            ("site/queries/c.sql", "with days as (select day from days limit 1) from days"),
        ],
        &["a", "b", "c"],
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(queries.runs, 4);
    assert_eq!(rows(&queries, "c"), "{\"day\":\"2026-01-01\"} ");
}

#[test]
fn queries_that_read_themselves_are_problems_and_who_reads_them_is_none() {
    let (queries, problems) = run(
        &[
            ("site/queries/a.sql", "select *\nfrom b"),
            ("site/queries/b.sql", "select * from c"),
            ("site/queries/c.sql", "select * from day\n  join a using (day)"),
            ("site/queries/me.sql", "from me"),
            ("site/queries/user.sql", "from a"),
        ],
        &["user", "me"],
    );
    assert_eq!(
        problems,
        [
            "site/queries/c.sql:2:8: the query `a` reads itself, through `b`, `c` (a query can read those that do not read it)",
            "site/queries/me.sql:1:6: the query `me` reads itself (a query can read those that do not read it)",
        ]
    );
    assert_eq!(queries.runs, 0);
}

#[test]
fn a_query_called_like_a_table_of_the_publication_is_a_problem_as_soon_as_it_is_used() {
    let files = [("site/queries/Day.sql", "select 1 as x"), ("site/queries/a.sql", "from day")];
    let problem =
        "site/queries/Day.sql: a query cannot be called `Day`: that is a table of the publication (rename the file)";
    assert_eq!(run(&files, &["Day"]).1, [problem]);
    assert_eq!(run(&files, &["a"]).1, [problem]);
    assert_eq!(run(&files, &[]).1, [""; 0]);
    let twice = [("site/queries/a.sql", "from day"), ("site/queries/A.sql", "from day")];
    assert_eq!(
        run(&twice, &["a"]).1,
        ["site/queries/a.sql: the queries `A` and `a` have one name to SQL (rename one of the files)"]
    );
}

#[test]
fn a_mistake_in_a_query_that_others_read_is_shown_once_in_its_own_file() {
    let broken = [("site/queries/days.sql", "select\n  dya\nfrom day"), ("site/queries/a.sql", "from days")];
    let (queries, problems) = run(&broken, &["a", "days"]);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].starts_with("site/queries/days.sql:2:3: ") && problems[0].contains("dya"), "{problems:?}");
    assert_eq!(queries.len(), 0);

    let (_, problems) =
        run(&[("site/queries/days.sql", "from day"), ("site/queries/a.sql", "select * from\n  daysz")], &["a"]);
    assert!(
        problems[0].starts_with("site/queries/a.sql:2:3: ") && problems[0].ends_with("(did you mean `days`?)"),
        "{problems:?}"
    );
}

#[test]
fn a_query_that_others_read_may_do_no_more_than_any() {
    for sql in [
        "create table x as select 1",
        "select 1; drop table day",
        "select * from read_text('/etc/passwd')",
        "select random() as x from day",
        "select * from day using sample 1",
    ] {
        let (queries, problems) = run(&[("site/queries/days.sql", sql), ("site/queries/a.sql", "from days")], &["a"]);
        assert_eq!((problems.len(), queries.len()), (1, 0), "{sql}: {problems:?}");
        assert!(problems[0].starts_with("site/queries/days.sql"), "{problems:?}");
    }
}

#[test]
fn rows_of_a_key_are_found_wherever_they_stand_and_keep_their_order() {
    let (mut queries, _) = run(
        &[(
            "site/queries/q.sql",
            "select * from (values (1, 'a'), (2, 'a'), (3, null), (4, 'b'), (5, 'a'), (6, '')) t(n, key)",
        )],
        &["q"],
    );
    let columns = ["key".to_owned()];
    queries.group("q", &columns).unwrap();
    let of = |key: &str| queries.get("q").unwrap().of_key(&columns, &[key.to_owned()]).rows().collect::<Vec<_>>();
    assert_eq!((of("a"), of("b"), of(""), of("c")), (vec![0, 1, 4], vec![3], vec![5], vec![]));
    assert_eq!(queries.get("q").unwrap().all().len(), 6);
}

#[test]
fn the_tables_that_a_query_reads_are_known_with_their_places() {
    let publication = Publication::of(TABLES).unwrap();
    let reads = |sql: &str| -> BTreeSet<String> {
        let place = |at: Option<usize>| at.map_or("?".to_owned(), |at| at.to_string());
        publication
            .reads(sql)
            .unwrap()
            .iter()
            .map(|table| format!("{} {}:{}", table.name, place(table.line), place(table.column)))
            .collect()
    };
    assert_eq!(
        reads(
            "select *, (select max(day) from q1) from day\nsemi join q2 using (day) where x in (from \"q 3\") union from q4"
        ),
        ["day 1:42", "q 3 2:43", "q1 1:33", "q2 2:11", "q4 2:61"].map(str::to_owned).into()
    );
}
