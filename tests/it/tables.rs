//! Files of rows: what becomes of them in the warehouse, what queries see, and what happens when they are not as they were.

use crate::support::{TestProject, bridge_stats};

/// A project with a source `prices` of a file `data/prices.csv`.
fn project(options: &str, rows: &str) -> TestProject {
    let project = TestProject::new();
    set(&project, options);
    project.write("data/prices.csv", rows);
    project
}

fn set(project: &TestProject, options: &str) {
    project.write("sources.yaml", format!("sources: {{table: {{prices: {{path: data/prices.csv{options}}}}}}}\n"));
}

const ROWS: &str = "select day, price from prices";

#[test]
fn a_file_becomes_a_table_of_its_own_name_with_the_types_that_fit() {
    let project = project(", comment: '#'", "# by somebody\nday,price,note\n2026-03-01,2.5,a\n2026-03-02,3,\n");
    let said = project.run(&["collect"]).ok().stderr;
    assert!(said.contains("1 of 1 sources here read: 1 new, 0 unchanged, 0 failed"), "{said}");
    assert_eq!(project.public(ROWS), ["2026-03-01,2.5", "2026-03-02,3.0"]);
    let types = "select typeof(day), typeof(price), typeof(note) from prices limit 1";
    assert_eq!(project.public(types), ["DATE,DOUBLE,VARCHAR"]);
    let again = project.run(&["collect"]).ok().stderr;
    assert!(again.contains("0 new, 1 unchanged, 0 failed"), "{again}");
}

#[test]
fn rows_replace_those_that_were_there_or_join_them_or_take_the_place_of_those_with_their_key() {
    let first = "day,price\n2026-03-01,1\n2026-03-02,2\n";
    let second = "day,price\n2026-03-02,5\n2026-03-03,3\n";
    for (options, expected) in [
        ("", &["2026-03-02,5", "2026-03-03,3"][..]),
        (", mode: append", &["2026-03-01,1", "2026-03-02,2", "2026-03-02,5", "2026-03-03,3"]),
        (", mode: upsert, key: [day]", &["2026-03-01,1", "2026-03-02,5", "2026-03-03,3"]),
    ] {
        let project = project(options, first);
        project.run(&["collect"]).ok();
        project.write("data/prices.csv", second);
        project.run(&["collect"]).ok();
        project.run(&["collect"]).ok();
        assert_eq!(project.public(ROWS), expected, "{options}");
        project.run(&["reparse"]).ok();
        assert_eq!(project.public(ROWS), expected, "{options}");
    }
}

#[test]
fn a_file_that_returns_to_what_it_was_is_read_again() {
    let project = project("", "day,price\n2026-03-01,1\n");
    for (price, new) in
        [("1", "1 new"), ("2", "1 new"), ("1", "1 unchanged"), ("1", "1 unchanged"), ("2", "1 unchanged")]
    {
        project.write("data/prices.csv", format!("day,price\n2026-03-01,{price}\n"));
        let said = project.run(&["collect"]).ok().stderr;
        assert!(said.contains(new), "{said}");
        assert_eq!(project.public(ROWS), [format!("2026-03-01,{price}")]);
    }
    let kept = project.private("select sum(octet_length(content)) from warehouse.extract");
    assert_eq!(kept, ["0"], "nothing is kept twice");
}

#[test]
fn a_file_whose_columns_changed_changes_nothing_until_the_columns_are_declared() {
    for mode in ["", ", mode: append", ", mode: upsert, key: [day]"] {
        let project = project(mode, "day,price\n2026-03-01,1\n");
        project.run(&["collect"]).ok();
        project.write("data/prices.csv", "day,cost\n2026-03-02,7\n");
        for _ in 0..2 {
            let said = project.run(&["collect"]).failed(1);
            let expected = "error: source `prices`: data/prices.csv: the columns have changed: there is no `price`, it has `day`, `cost`";
            assert!(said.contains(expected) && said.contains("hint: nothing was changed"), "{said}");
        }
        project.write("data/prices.csv", "day,price\n2026-03-02,cheap\n");
        let said = project.run(&["collect"]).failed(1);
        assert!(said.contains("data/prices.csv: row 1: `cheap` in the column `price` is not a whole number"), "{said}");
        assert_eq!(project.public(ROWS), ["2026-03-01,1"], "{mode}");

        // A column more is nobody's harm.
        project.write("data/prices.csv", "more,price,day\nx,2,2026-03-02\n");
        project.run(&["collect"]).ok();
        let both = ["2026-03-01,1", "2026-03-02,2"];
        assert_eq!(project.public(ROWS), if mode.is_empty() { &both[1..] } else { &both[..] }, "{mode}");

        set(&project, &format!("{mode}, columns: {{day: date, cost: number}}"));
        project.write("data/prices.csv", "day,cost\n2026-03-03,7\n");
        project.run(&["collect"]).ok();
        let costs = ["2026-03-01,", "2026-03-02,", "2026-03-03,7.0"];
        let costs = if mode.is_empty() { &costs[2..] } else { &costs[..] };
        assert_eq!(project.public("select day, cost from prices"), costs, "{mode}");
    }
}

#[test]
fn what_cannot_be_read_is_said_with_its_place_and_leaves_the_rows_and_other_sources_alone() {
    let project = project("", "day,price\n2026-03-01,1\n");
    project.run(&["collect"]).ok();
    project.write(
        "sources.yaml",
        project
            .read("sources.yaml")
            .replace("{path", "{columns: {day: date, price: integer}, path")
            .replace("table: {", "table: {other: {path: other.csv}, "),
    );
    project.write("other.csv", "a\n1\n");
    for (rows, place) in [
        (
            "day,price\n2026-03-01,1\n2026-03-02,much\n",
            "data/prices.csv: row 2: `much` in the column `price` is not a whole",
        ),
        ("day\n2026-03-01\n", "data/prices.csv: there is no column `price`, it has `day`"),
        ("day,price\n2026-03-01,1,1\n", "data/prices.csv: line 2 has 3 fields, not 2"),
        ("", "data/prices.csv: there is no column"),
    ] {
        project.write("data/prices.csv", rows);
        let said = project.run(&["collect"]).failed(4);
        assert!(said.contains(&format!("error: source `prices`: {place}")) && said.contains("hint: "), "{said}");
        assert_eq!(project.public(ROWS), ["2026-03-01,1"]);
        assert_eq!(project.public("from other"), ["1"]);
    }
    let recorded = project.private("select distinct error from warehouse.collection where error is not null");
    assert_eq!(recorded, ["the rows cannot be read"], "no value of the file");
}

#[test]
fn a_file_outside_of_the_project_is_read_only_if_the_source_allows_it() {
    let elsewhere = tempfile::NamedTempFile::with_suffix(".csv").unwrap();
    std::fs::write(elsewhere.path(), "a\n1\n").unwrap();
    let project = TestProject::new();
    let path = elsewhere.path().display();
    project.write("sources.yaml", format!("sources: {{table: {{far: {{path: {path}}}}}}}\n"));
    let said = project.run(&["collect"]).failed(1);
    assert!(said.contains("is outside of the project's folder") && said.contains("`outside: true`"), "{said}");
    project.write("sources.yaml", format!("sources: {{table: {{far: {{path: {path}, outside: true}}}}}}\n"));
    project.run(&["collect"]).ok();
    assert_eq!(project.public("from far"), ["1"]);
}

#[test]
fn several_files_are_one_table_whatever_they_are_written_in() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {table: {all_of_it: {path: [in/*.csv, in/x.ndjson], key: [n]}}}\n");
    project.write("in/b.csv", "n,word\n2,two\n");
    project.write("in/a.csv", "n,word\n1,one\n");
    project.write("in/x.ndjson", "{\"word\": \"three\", \"n\": 3}\n");
    project.run(&["collect"]).ok();
    assert_eq!(project.public("from all_of_it"), ["1,one", "2,two", "3,three"]);
    project.write("in/c.csv", "n,word\n1,again\n");
    let said = project.run(&["collect"]).failed(1);
    assert!(said.contains("two rows have the key `1`"), "{said}");
}

#[test]
fn settings_that_cannot_work_are_refused_with_their_line() {
    let project = TestProject::new();
    project.write(
        "sources.yaml",
        "sources:\n  table:\n    day: {path: a.csv}\n    a: {}\n    b: {path: a.csv, mode: upsert, time_zone: Mars/Base,\n        comment: '//'}\n    \
         c: {path: a.csv, columns: {x: integer}, key: [y]}\n  command:\n    a: {run: []}\n    d: {options: {1x: y}, timeout: 0}\n",
    );
    let said = project.run(&["collect"]).failed(2);
    for line in [
        "sources.yaml:3:5: sources.table.day: `day` is a table of torcollect's own",
        "sources.yaml:4:5: sources.table.a: no file is named",
        "without a `key` no row can be told from others",
        "there is no time zone `Mars/Base`",
        "one character, such as",
        "there is no column `y` under `columns`",
        "sources.yaml:9:5: sources.command.a: this name is taken at sources.yaml:4:5",
        "the command is empty",
        "an option's name has letters",
        "1 to 86400 seconds",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
}

#[test]
fn rows_that_do_not_fit_what_the_settings_now_say_are_a_failure_that_hinders_nobody() {
    let project = project(", mode: append", "day,price\n2026-03-01,cheap\n");
    project.run(&["collect"]).ok();
    project.write(
        "sources.yaml",
        "sources: {table: {prices: {path: data/prices.csv, mode: append, columns: {price: integer, day: date}}, other: {path: a.csv}}}\n\
         on_failure: {after: 1, command: 'cat >>told'}\n",
    );
    project.write("data/prices.csv", "day,price\n2026-03-02,5\n");
    project.write("a.csv", "a\n1\n");
    for _ in 0..2 {
        let said = project.run(&["collect"]).failed(4);
        let expected = "error: source `prices`: the column `price` shall be bigint, and is varchar in 1 rows that are there already";
        assert!(said.contains(expected) && said.contains("1 failed"), "{said}");
        assert_eq!(project.public("from other"), ["1"]);
        assert_eq!(project.public(ROWS), ["2026-03-01,cheap"]);
    }
    assert!(project.run(&["source", "list"]).ok().stdout.contains("failed"));
    assert!(project.read("told").contains("the rows do not fit their table"));
    // A key of which the table has no column is a new column.
    set(&project, ", mode: upsert, key: [day, code], columns: {day: date, code: text, price: text}");
    project.write("data/prices.csv", "day,code,price\n2026-03-02,x,5\n");
    project.run(&["collect"]).ok();
    assert_eq!(project.public(ROWS), ["2026-03-01,cheap", "2026-03-02,5"]);
}

#[test]
fn a_first_file_without_rows_decides_nothing() {
    let project = project("", "day,n,word\n");
    project.run(&["collect"]).ok();
    project.write("data/prices.csv", "day,n,word\n2026-03-01,5,x\n2999-01-01,6,y\n");
    project.run(&["collect"]).ok();
    assert_eq!(project.public("select day, n + 1, word from prices"), ["2026-03-01,6,x"], "what is to come waits");
}

#[test]
fn two_sources_whose_names_differ_in_case_alone_are_refused() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {table: {host: {path: a.csv}}, command: {Host: {}}}\n");
    assert!(project.run(&["collect"]).failed(2).contains("this name is taken at"));
}

#[test]
fn a_text_that_looks_like_a_number_this_time_stays_as_it_is() {
    let project = project(", mode: upsert, key: [version]", "version\n0.4.8.10\n");
    project.run(&["collect"]).ok();
    project.write("data/prices.csv", "version\n1.10\nTRUE\n");
    project.run(&["collect"]).ok();
    assert_eq!(project.public("from prices"), ["0.4.8.10", "1.10", "TRUE"]);
}

#[test]
fn the_names_of_torcollects_own_tables_are_all_taken() {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {demo: {days: 3}}}\n");
    project.run(&["collect"]).ok();
    let names = project
        .private("select table_name from duckdb_tables() where schema_name = 'main' and database_name = 'memory'");
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        assert!(torcollect::config::TABLES.contains(&name.as_str()), "{name}");
    }
}

/// Two servers with a bridge each, one of which an organization has from 3 March on; the other may not be published.
fn fleet() -> TestProject {
    let project = TestProject::new();
    let servers: Vec<_> = ["one", "two", "three"]
        .into_iter()
        .map(|name| {
            let tor = project.tor(name, &bridge_stats("2026-03-05 13:00:00", "de=8", "v4=8,v6=0", "obfs4=8"));
            (name, project.server(name, &[("default", &tor)]))
        })
        .collect();
    project.local_servers(&servers);
    let sources = project.read("sources.yaml").replace("three: {", "three: {bridges: {default: {publish: false}}, ");
    project.write(
        "sources.yaml",
        format!(
            "{sources}  table:\n    visits: {{path: visits.csv}}\n    news: {{path: news.csv, scope: public}}\n    \
             costs: {{path: costs.csv}}\n\
             organizations: {{us: {{name: Us, bridges: [{{bridge: one/default, from: 2026-03-04}}]}}}}\n"
        ),
    );
    project.write(
        "visits.csv",
        "bridge,day,n\none/default,2026-03-05,1\ntwo/default,2026-03-05,2\nthree/default,2026-03-05,3\n",
    );
    project.write("news.csv", "day,text\n2026-03-04,hello\n2999-01-01,not yet\n");
    project.write("costs.csv", "what,price\nrent,5\n");
    project.run(&["collect"]).ok();
    project
}

#[test]
fn rows_of_a_bridge_are_under_its_rules_and_others_are_an_organizations_only_if_they_are_everybodys() {
    let project = fleet();
    let fingerprint =
        project.private("select hashed_fingerprint from warehouse.sighting where server = 'one'").remove(0);
    assert_eq!(project.public("select n from visits order by n"), ["1", "2"], "not that of the third bridge");
    assert_eq!(project.public("select count(*) from visits semi join bridge using (bridge)"), ["2"]);
    assert_eq!(project.public("from news"), ["2026-03-04,hello"], "what is of a day to come waits");
    assert_eq!(project.public("from costs"), ["rent,5"]);
    let of = |sql: &str| {
        let said = project.run(&["query", "--organization", "us", "--format", "csv", sql]).ok().stdout;
        said.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of("select n from visits"), ["1"]);
    assert_eq!(of("from news"), ["2026-03-04,hello"]);
    assert_eq!(of("from costs"), [""; 0]);
    assert_eq!(project.private("select n from visits order by n"), ["1", "2", "3"]);

    // By its hashed fingerprint too, which is nobody's to see.
    project.write("visits.csv", format!("bridge,day,n\n{},2026-03-05,7\n", fingerprint.to_lowercase()));
    project.run(&["collect"]).ok();
    assert_eq!(project.public("select n, length(bridge) from visits"), ["7,12"]);
}

#[test]
fn a_page_is_made_for_each_row_of_a_source() {
    let project = project("", "day,price\n2026-03-01,1\n2026-03-02,2\n");
    project.write("site/queries/by_day.sql", "select day, price from prices order by day");
    project.write(
        "content/price.md",
        "---\ntitle: \"{{row.day}}\"\nlayout: page\neach: {query: by_day, key: day, path: \"price/{{row.day}}.html\"}\n---\nIt was {{row.price}}.\n",
    );
    project.write("content/index.md", "---\ntitle: Prices\nlayout: page\n---\nHello\n");
    project.run(&["build", "--collect"]).ok();
    assert!(project.read("public/price/2026-03-02.html").contains("It was 2."));
}

#[test]
fn a_query_of_a_source_that_was_never_collected_is_told_what_to_do() {
    let project = project("", "day,price\n2026-03-01,1\n");
    project.write("site/queries/paid.sql", "select day from prices");
    project.write("content/prices.md", "---\ntitle: Prices\ndata: {rows: paid}\n---\n{{len data.rows}}\n");
    project.write("sources.yaml", "sources: {sample: {fleet: {seed: 1, days: 3, until: 2026-11-22}}}\n");
    project.run(&["collect"]).ok();
    set(&project, "");
    let said = project.run(&["build"]).failed(1);
    assert!(said.contains("Table with name prices does not exist"), "{said}");
    assert!(said.contains("hint: the source was never collected, and does not say its `columns`"), "{said}");
    project.run(&["collect"]).ok();
    project.run(&["build"]).ok();
}
