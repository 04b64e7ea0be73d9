#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::config::{Format, Mode};

const NONE: &BTreeMap<String, ColumnType> = &BTreeMap::new();

fn options(columns: &BTreeMap<String, ColumnType>) -> RowOptions<'_> {
    RowOptions {
        format: None,
        comment: None,
        header: true,
        time_zone: None,
        columns,
        mode: Mode::Replace,
        key: &[],
        public: false,
    }
}

fn columns(columns: &[(&str, ColumnType)]) -> BTreeMap<String, ColumnType> {
    columns.iter().map(|(name, column)| ((*name).to_owned(), *column)).collect()
}

/// Reads files of these names and contents.
fn read(files: &[(&str, &str)], options: &RowOptions<'_>) -> Result<Arrival> {
    let folder = tempfile::tempdir().unwrap();
    let files = files.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write_atomic(&path, text.as_bytes(), fs::PRIVATE).unwrap();
        File { path, shown: (*name).to_owned() }
    });
    Arrival::read(&files.collect::<Vec<_>>(), options, &[])
}

fn csv(files: &[(&str, &str)], options: &RowOptions<'_>) -> String {
    read(files, options).unwrap().first(100).unwrap().csv().replace("\r\n", "\n")
}

fn wrong(files: &[(&str, &str)], options: &RowOptions<'_>) -> String {
    read(files, options).unwrap_err().message
}

#[test]
fn the_same_rows_are_read_from_every_format() {
    let rows = "a,b,c\n1,x,\n2,,2.5\n";
    let all = |name: &str, text: &str| csv(&[(name, text)], &options(NONE));
    assert_eq!(all("x.csv", rows), rows);
    assert_eq!(all("x.tsv", &rows.replace(',', "\t")), rows);
    assert_eq!(all("x.json", r#"[{"a":1,"b":"x","c":null},{"a":2,"c":2.5}]"#), rows);
    assert_eq!(all("x.ndjson", "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":null,\"c\":2.5}\n"), rows);
    let packed = read(&[("x.csv", rows)], &options(NONE)).unwrap().parquet;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    fs::write_atomic(&path, &packed, fs::PRIVATE).unwrap();
    let file = File { path, shown: "x.parquet".to_owned() };
    assert_eq!(
        Arrival::read(&[file], &options(NONE), &[]).unwrap().first(9).unwrap().csv().replace("\r\n", "\n"),
        rows
    );
}

#[test]
fn a_column_gets_the_narrowest_type_that_all_its_values_fit() {
    let text = "yes,n,x,date,time,word,code,none,half\n\
                true,1,1,2026-01-02,2026-01-02 03:04:05,de,007,,1\n\
                False,-2,.5,2026-01-03,2026-01-02T03:04Z,1,008,,x\n";
    let columns = read(&[("x.csv", text)], &options(NONE)).unwrap().columns;
    use ColumnType::{Boolean, Date, Integer, Number, Text, Time};
    let found: Vec<_> = columns.into_iter().map(|(_, column)| column).collect();
    assert_eq!(found, [Boolean, Integer, Number, Date, Time, Text, Text, Text, Text]);
}

#[test]
fn numbers_that_are_none_stay_text() {
    for value in ["12345678901234567890", "1.5.2", "nan", "inf", "1e999", "0x10", "1_000", "+1"] {
        let columns = read(&[("x.csv", &format!("a\n{value}\n"))], &options(NONE)).unwrap().columns;
        assert_eq!(columns[0].1, ColumnType::Text, "{value}");
    }
}

#[test]
fn lines_that_do_not_fit_are_refused_and_not_left_out() {
    assert_eq!(wrong(&[("x.csv", "a,b\n1,2\n3,4,5\n")], &options(NONE)), "x.csv: line 3 has 3 fields, not 2");
    assert_eq!(wrong(&[("x.csv", "a,b\n\n1,2\n3\n")], &options(NONE)), "x.csv: line 4 has 1 fields, not 2");
    assert_eq!(
        wrong(&[("x.csv", "a,b\n1,\"2\n3,4\n")], &options(NONE)),
        "x.csv: line 2 has a quote that is not closed"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    fs::write_atomic(&path, b"a\n1\n\xe4\n", fs::PRIVATE).unwrap();
    let said = Arrival::read(&[File { path, shown: "x.csv".to_owned() }], &options(NONE), &[]).unwrap_err().message;
    assert_eq!(said, "x.csv: line 3: this is not UTF-8");
}

#[test]
fn comments_are_left_out_and_a_file_may_have_no_names() {
    let commented = RowOptions { comment: Some(b'#'), ..options(NONE) };
    assert_eq!(csv(&[("x.csv", "#\n# by me, for you\n#\na,b\n1,2\n# more\n3,4\n")], &commented), "a,b\n1,2\n3,4\n");
    let odd = "\u{feff}# c\n\n# d\n\na,b\n1,x#y\n\n#ff0000,2\n\"#z\",3\n";
    assert_eq!(csv(&[("x.csv", odd)], &commented), "a,b\n1,x#y\n#z,3\n");
    let nameless = RowOptions { header: false, ..options(NONE) };
    assert_eq!(csv(&[("x.csv", "1,2\n3,4\n")], &nameless), "column0,column1\n1,2\n3,4\n");
}

#[test]
fn quotes_line_breaks_and_a_byte_order_mark_are_understood() {
    let text = "\u{feff}a,b\n\"x,\"\"y\"\"\",\"one\ntwo\"\n";
    assert_eq!(csv(&[("x.csv", text)], &options(NONE)), "a,b\n\"x,\"\"y\"\"\",\"one\ntwo\"\n");
    assert_eq!(csv(&[("x.csv", "a\n\u{feff}\u{feff}x\n")], &options(NONE)), "a\n\u{feff}\u{feff}x\n");
}

#[test]
fn declared_columns_are_read_by_name_and_others_are_left_out() {
    let declared = columns(&[("n", ColumnType::Integer), ("day", ColumnType::Date)]);
    assert_eq!(
        csv(&[("x.csv", "day,junk,n\n2026-01-02,x,5\n"), ("y.csv", "n,day\n6,2026-01-03\n")], &options(&declared)),
        "day,n\n2026-01-02,5\n2026-01-03,6\n"
    );
}

#[test]
fn a_declared_column_that_is_missing_or_has_another_value_is_said_with_its_place() {
    let declared = columns(&[("n", ColumnType::Integer)]);
    assert_eq!(wrong(&[("x.csv", "m\n1\n")], &options(&declared)), "x.csv: there is no column `n`, it has `m`");
    assert_eq!(
        wrong(&[("a.csv", "n\n1\n"), ("b.csv", "n\n1\n2.5\n")], &options(&declared)),
        "b.csv: row 2: `2.5` in the column `n` is not a whole number of 64 bits"
    );
    let said = wrong(&[("a.csv", "n,m\n1,1\n"), ("b.csv", "n\n1\n")], &options(NONE));
    assert_eq!(said, "b.csv: there is no column `m`, it has `n`");
}

#[test]
fn a_key_stands_once_and_may_be_empty() {
    let key = ["day".to_owned(), "country".to_owned()];
    let keyed = RowOptions { key: &key, ..options(NONE) };
    let rows = "day,country,n\n2026-01-01,,1\n2026-01-01,de,1\n";
    assert_eq!(csv(&[("x.csv", rows)], &keyed), rows);
    assert_eq!(
        wrong(&[("x.csv", &format!("{rows}2026-01-01,de,2\n"))], &keyed),
        "two rows have the key `2026-01-01, de`"
    );
    assert_eq!(wrong(&[("x.csv", "day\n2026-01-01\n")], &keyed), "there is no column `country` for the key");
}

#[test]
fn times_are_kept_in_utc_also_where_clocks_change() {
    let berlin = RowOptions { time_zone: Some("Europe/Berlin"), ..options(NONE) };
    let times = [
        ("2026-01-10 12:00:00", "2026-01-10T11:00:00Z"),
        ("2026-07-10T12:00", "2026-07-10T10:00:00Z"),
        ("2026-07-10T12:00:00Z", "2026-07-10T12:00:00Z"),
        ("2026-07-10 12:00:00+05:30", "2026-07-10T06:30:00Z"),
        ("2026-03-29 01:59:59", "2026-03-29T00:59:59Z"),
        // Never shown by a clock.
        ("2026-03-29 02:30:00", "2026-03-29T01:30:00Z"),
        ("2026-03-29 03:00:00", "2026-03-29T01:00:00Z"),
        // Shown twice.
        ("2026-10-25 02:30:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25 03:00:00", "2026-10-25T02:00:00Z"),
    ];
    let text: String = times.iter().map(|(local, _)| format!("{local}\n")).collect();
    let expected: String = times.iter().map(|(_, utc)| format!("{utc}\n")).collect();
    assert_eq!(csv(&[("x.csv", &format!("t\n{text}"))], &berlin), format!("t\n{expected}"));
    let utc = csv(&[("x.csv", "t\n2026-01-10 12:00:00\n2026-01-10 12:00:00+01\n")], &options(NONE));
    assert_eq!(utc, "t\n2026-01-10T12:00:00Z\n2026-01-10T11:00:00Z\n");
    let far = "t\n2026-03-01 12:00:00\n9999-12-31 00:00:00\n1500-01-01 00:00:00\n";
    assert_eq!(csv(&[("x.csv", far)], &berlin).lines().filter(|line| line.ends_with('Z')).count(), 3);
    let nowhere = RowOptions { time_zone: Some("Europe/Atlantis"), ..options(NONE) };
    assert_eq!(wrong(&[("x.csv", "t\n2026-01-10 12:00:00\n")], &nowhere), "there is no time zone `Europe/Atlantis`");
}

#[test]
fn a_file_with_names_alone_has_no_rows_and_one_with_nothing_is_refused() {
    assert_eq!(csv(&[("x.csv", "a,b\n")], &options(NONE)), "a,b\n");
    assert_eq!(wrong(&[("x.csv", "")], &options(NONE)), "x.csv: there is no column");
    let declared = columns(&[("a", ColumnType::Integer)]);
    assert_eq!(csv(&[("x.json", " [ ]\n")], &options(&declared)), "a\n");
    assert_eq!(csv(&[("x.ndjson", "\n")], &options(&declared)), "a\n");
    assert!(read(&[("x.json", "")], &options(&declared)).is_err(), "half an array is none");
}

#[test]
fn columns_that_stand_already_keep_their_types_and_one_that_is_missing_has_changed() {
    let standing = [("code".to_owned(), Some(ColumnType::Text)), ("n".to_owned(), None)];
    let read = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        fs::write_atomic(&path, text.as_bytes(), fs::PRIVATE).unwrap();
        Arrival::read(&[File { path, shown: "x.csv".to_owned() }], &options(NONE), &standing)
    };
    let arrival = read("more,code,n\nx,1.10,5\ny,True,6\n").unwrap();
    assert_eq!(arrival.first(9).unwrap().csv(), "code,n\r\n1.10,5\r\nTrue,6\r\n");
    assert_eq!(arrival.columns[1].1, ColumnType::Integer);
    assert_eq!(
        read("code\n1\n").unwrap_err().message,
        "x.csv: the columns have changed: there is no `n`, it has `code`"
    );
}

#[test]
fn what_a_bridge_a_country_and_a_day_are_is_never_guessed() {
    assert_eq!(
        csv(&[("x.csv", "bridge,country,day\n1,007,2026-01-02\n")], &options(NONE)),
        "bridge,country,day\n1,007,2026-01-02\n"
    );
    let said = wrong(&[("x.csv", "day\n5\n")], &options(NONE));
    assert_eq!(said, "x.csv: row 1: `5` in the column `day` is not a date as `2026-11-22`");
    let types: Vec<_> = read(&[("x.csv", "bridge,day\n")], &options(NONE)).unwrap().columns;
    assert_eq!(types[1], ("day".to_owned(), ColumnType::Date));
}

#[test]
fn records_of_many_fields_are_read_whatever_each_has() {
    let record = |number: usize| format!("{{\"a{number}\": {number}, \"b\": 1}}\n");
    let text: String = (0..300).map(record).collect();
    assert_eq!(read(&[("x.ndjson", &text)], &options(NONE)).unwrap().columns.len(), 301);
}

#[test]
fn names_of_files_are_no_patterns() {
    assert_eq!(csv(&[("a[x] *?'.csv", "a\n1\n")], &options(NONE)), "a\n1\n");
}

#[test]
fn broken_json_is_said_with_its_line() {
    let said = wrong(&[("x.ndjson", "{\"a\":1}\n{\"a\":\n")], &options(NONE));
    assert!(said.starts_with("x.ndjson: ") && said.contains("in line "), "{said}");
    assert!(wrong(&[("x.parquet", "a,b\n")], &options(NONE)).starts_with("x.parquet: "));
    assert_eq!(wrong(&[("x.txt", "a\n")], &options(NONE)), "x.txt: the name does not tell the format");
    let named = RowOptions { format: Some(Format::Csv), ..options(NONE) };
    assert_eq!(csv(&[("x.txt", "a\n1\n")], &named), "a\n1\n");
}

#[test]
fn names_of_columns_are_told_apart_and_fit_everywhere() {
    assert_eq!(wrong(&[("x.csv", "a,A\n1,2\n")], &options(NONE)), "x.csv: two columns are called `A`");
    assert_eq!(wrong(&[("x.csv", "a,Bridge\n1,2\n")], &options(NONE)), "x.csv: a column is called `Bridge`");
    let many = (0..1001).map(|number| format!("c{number}")).collect::<Vec<_>>().join(",");
    assert_eq!(wrong(&[("x.csv", &many)], &options(NONE)), "x.csv: there are 1001 columns");
    assert_eq!(wrong(&[("x.csv", "a,_server\n1,2\n")], &options(NONE)), "x.csv: a column is called `_server`");
    assert_eq!(wrong(&[("x.csv", "a,\n1,2\n")], &options(NONE)), "x.csv: a column is called ``");
    assert_eq!(csv(&[("x.csv", "a b,\"c\"\"d\"\n1,2\n")], &options(NONE)), "a b,\"c\"\"d\"\n1,2\n");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn any_texts_come_back_as_they_were(cells in proptest::collection::vec(("[^\u{0}\r]{0,12}", "[a-z,\"\n]{1,5}"), 1..5)) {
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        writer.write_record(["a", "b"]).unwrap();
        for (one, other) in &cells {
            writer.write_record([one, other]).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let declared = columns(&[("a", ColumnType::Text), ("b", ColumnType::Text)]);
        let rows = read(&[("x.csv", &text)], &options(&declared)).unwrap().first(9).unwrap();
        for (row, (one, other)) in cells.iter().enumerate() {
            prop_assert_eq!(rows.text(row, 0).unwrap_or_default(), one.clone());
            prop_assert_eq!(rows.text(row, 1).unwrap_or_default(), other.clone());
        }
    }
}
