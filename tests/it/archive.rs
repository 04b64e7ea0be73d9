//! The source `collector`: CollecTor's documents give the facts that stem reads in them, damaged files lose nothing but what is
//! damaged, and an archive and a server tell one history of a bridge.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::sshd::shared;
use crate::support::{TestProject, bridge_stats};

const ONE: &str = "1111111111111111111111111111111111111111";
const TWO: &str = "2222222222222222222222222222222222222222";

/// A document of a bridge about the day that ended at noon of a day of March 2025, with so many clients from Iran.
fn document(fingerprint: &str, day: u32, clients: u32) -> String {
    let told = format!("{fingerprint} {day} {clients}");
    let number = told.bytes().fold(7u64, |number, byte| number.wrapping_mul(0x0100_0000_01B3) ^ u64::from(byte));
    let digest = format!("{number:040X}");
    format!(
        "@type bridge-extra-info 1.3\nextra-info nickname{} {fingerprint}\npublished 2025-03-{day:02} 20:00:00\n\
         write-history 2025-03-{day:02} 12:00:00 (86400 s) {},2048\nread-history 2025-03-{day:02} 12:00:00 (86400 s) 1024,{}\n\
         dirreq-stats-end 2025-03-{day:02} 12:00:00 (86400 s)\ndirreq-v3-reqs ir={clients}\ndirreq-v3-resp ok={clients},busy=0\n\
         bridge-stats-end 2025-03-{day:02} 12:00:00 (86400 s)\nbridge-ips ir={clients}\n\
         bridge-ip-versions v4={clients},v6=0\nbridge-ip-transports obfs4={clients}\nrouter-digest {digest}\n",
        &fingerprint[..1],
        day * 1024,
        clients * 1024,
    )
}

/// Documents of a bridge about some days of March 2025.
fn documents(fingerprint: &str, days: std::ops::Range<u32>) -> String {
    days.map(|day| document(fingerprint, day, 8 * day)).collect()
}

/// A project that reads what is in `archives/`.
fn project() -> TestProject {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {collector: {archive: {path: [archives/]}}}\n");
    project
}

/// A tar of entries: name, content.
fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in entries {
        let mut header = tar::Header::new_ustar();
        // Written by hand, because no honest program writes some of them.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// In blocks that tell their sizes, as xz makes them with several threads.
fn xz_of_blocks(bytes: &[u8]) -> Vec<u8> {
    let stream = liblzma::stream::MtStreamBuilder::new().threads(2).preset(1).block_size(1 << 16).encoder().unwrap();
    let mut encoder = liblzma::write::XzEncoder::new_stream(Vec::new(), stream);
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// All facts, whatever brought them.
fn facts(project: &TestProject) -> Vec<String> {
    ["report", "request", "traffic"]
        .iter()
        .flat_map(|table| {
            project.private(&format!(
                "select '{table}', * exclude (extract, received) from warehouse.{table} order by all"
            ))
        })
        .chain(
            ["country_count", "transport_count", "request_country_count"]
                .iter()
                .flat_map(|table| project.private(&format!("select '{table}', * from warehouse.{table} order by all"))),
        )
        .collect()
}

/// The days that are known of a bridge: day of March, clients.
fn days(project: &TestProject, fingerprint: &str) -> Vec<String> {
    project.private(&format!(
        "select distinct day(ends), ipv4 from warehouse.report join warehouse.sighting using (bridge)
         where hashed_fingerprint = '{fingerprint}' order by all"
    ))
}

fn told(days: std::ops::Range<u32>) -> Vec<String> {
    days.map(|day| format!("{day},{}", 8 * day)).collect()
}

#[test]
fn every_real_document_gives_the_facts_that_stem_reads_in_it() {
    let (Some(collector), Some(stem)) = (shared("data/collector"), shared("data/stem")) else { return };
    let target = Path::new(env!("CARGO_BIN_EXE_torcollect")).ancestors().nth(2).unwrap();
    let python = target.join("stem/bin/python");
    assert!(python.exists(), "{} is missing: run `make setup-tests`", python.display());

    let project = project();
    // The same once more, packed; and in a tar as it was published.
    let mut all = tar::Builder::new(Vec::new());
    all.append_dir_all("collector", &collector).unwrap();
    all.append_dir_all("stem", stem.join("bridge-extra-infos-2019-03")).unwrap();
    let packed = project.write("archives/all.tar.xz", xz(&all.into_inner().unwrap()));
    let paths = [&collector, &stem, &packed];
    let listed = serde_json::to_string(&paths).unwrap();
    project.write("sources.yaml", format!("sources: {{collector: {{archive: {{path: {listed}, outside: true}}}}}}\n"));
    let said = project.run(&["collect"]).ok().stderr;

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stem/stem_facts.py");
    let output = Command::new(python).arg(script).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    let [documents, digests, bridges] = ["documents", "digests", "bridges"].map(|key| seen[key].as_u64().unwrap());
    let duplicates = documents - digests;
    assert!(duplicates > 10);
    assert!(
        said.contains(&format!("{documents} documents ({duplicates} duplicates), {bridges} bridges; 0 problems")),
        "{said}, {documents}, {duplicates}, {bridges}"
    );

    let columns = BTreeMap::from([
        ("report", "seconds, ipv4, ipv6, no_geoip"),
        ("country_count", "country, clients"),
        ("transport_count", "transport, clients"),
        ("request", "seconds, answered"),
        ("request_country_count", "country, requests"),
        ("traffic", "seconds, sent_bytes, received_bytes"),
    ]);
    for (table, columns) in columns {
        let sql = format!(
            "select hashed_fingerprint || '|' || strftime(ends, '%Y-%m-%d %H:%M:%S') || '|' || concat_ws('|', {}) as line
             from warehouse.{table} join (select distinct bridge, hashed_fingerprint from warehouse.sighting) using (bridge)",
            columns.split(", ").map(|column| format!("coalesce({column}::text, '-')")).collect::<Vec<_>>().join(", ")
        );
        let mut ours: Vec<String> =
            project.private(&sql).iter().map(|line| line.trim_matches('"').to_owned()).collect();
        let cell = |cell: &Value| match cell {
            Value::Null => "-".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let rows = seen["tables"][table].as_array().unwrap();
        let line = |row: &Value| row.as_array().unwrap().iter().map(cell).collect::<Vec<_>>().join("|");
        let mut theirs: Vec<String> = rows.iter().map(line).collect();
        ours.sort();
        theirs.sort();
        assert!(!ours.is_empty(), "{table}");
        assert_eq!(ours, theirs, "{table}");
    }
}

#[test]
fn files_folders_and_tars_packed_or_not_give_the_same_facts() {
    let text = documents(ONE, 3..9) + &documents(TWO, 3..9);
    let entries: Vec<(String, String)> = text
        .split_inclusive("@type bridge-extra-info 1.3\n")
        .filter(|part| part.starts_with("extra-info"))
        .map(|part| part.trim_end_matches("@type bridge-extra-info 1.3\n"))
        .enumerate()
        .map(|(number, part)| {
            (format!("bridge-extra-infos-2025-03/a/b/{number}"), format!("@type bridge-extra-info 1.3\n{part}"))
        })
        .collect();
    let entries: Vec<(&str, &[u8])> = entries.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    assert_eq!(entries.len(), 12);
    let facts_of = |files: &[(&str, Vec<u8>)]| {
        let project = project();
        for (name, content) in files {
            project.write(&format!("archives/{name}"), content);
        }
        let said = project.run(&["collect"]).ok().stderr;
        assert!(said.contains("12 documents (0 duplicates), 2 bridges; 0 problems"), "{said}");
        project.private("select hashed_fingerprint, r.* exclude (bridge, extract) from warehouse.report as r join warehouse.sighting using (bridge) order by all")
    };
    let plain = facts_of(&[("recent", text.clone().into_bytes())]);
    assert_eq!(plain.len(), 12);
    let each: Vec<_> = entries.iter().map(|(name, text)| (*name, text.to_vec())).collect();
    assert_eq!(facts_of(&each), plain);
    assert_eq!(facts_of(&[("a.tar", tar(&entries))]), plain);
    assert_eq!(facts_of(&[("a.tar.xz", xz(&tar(&entries)))]), plain);
    assert_eq!(facts_of(&[("a.xz", xz(text.as_bytes()))]), plain);
    // Several streams, as `cat` makes them.
    let (one, two) = text.as_bytes().split_at(2000);
    assert_eq!(facts_of(&[("a.xz", [xz(one), xz(two)].concat())]), plain);
    assert_eq!(facts_of(&[("a.xz", [xz(one), vec![0; 8], xz_of_blocks(two), vec![0; 4]].concat())]), plain);
}

#[test]
fn a_document_counts_once_and_of_several_about_an_interval_the_newest_wins_in_any_order() {
    let corrected = document(ONE, 3, 80).replace("20:00:00", "21:00:00");
    let (first, second) = (document(ONE, 3, 8), document(ONE, 3, 16));
    let parts = [first.clone() + &second + &corrected + &first, corrected.clone() + &first + &second + &first];
    let facts: Vec<_> = parts
        .iter()
        .map(|text| {
            let project = project();
            project.write("archives/a", text);
            let said = project.run(&["collect"]).ok().stderr;
            assert!(said.contains("4 documents (1 duplicates), 1 bridges"), "{said}");
            assert_eq!(days(&project, ONE), ["3,80"]);
            assert_eq!(project.private("select clients from warehouse.country_count"), ["80"]);
            project.private("select received from warehouse.report")
        })
        .collect();
    assert_eq!(facts[0], facts[1]);
}

#[test]
fn histories_shorter_than_a_day_are_added_up_by_day() {
    let project = project();
    let values = vec!["1024"; 96].join(",");
    let history = |way: &str| format!("{way}-history 2025-03-04 00:00:00 (900 s) {values}");
    project.write(
        "archives/a",
        document(ONE, 3, 8)
            .replace("published 2025-03-03 20", "published 2025-03-04 02")
            .replace("write-history 2025-03-03 12:00:00 (86400 s) 3072,2048", &history("write"))
            .replace("read-history 2025-03-03 12:00:00 (86400 s) 1024,8192", &history("read")),
    );
    project.run(&["collect"]).ok();
    assert_eq!(project.private("select count(*) from warehouse.traffic"), ["96"]);
    assert_eq!(project.public("select day, sent_bytes, received_bytes from traffic_day"), ["2025-03-03,98304,98304"]);
}

#[test]
fn a_file_that_was_read_is_not_read_again_until_it_changes() {
    let project = project();
    let file = project.write("archives/a", documents(ONE, 3..5));
    project.run(&["collect"]).ok();
    let before = facts(&project);
    let said = project.run(&["collect"]).ok().stderr;
    assert_eq!(said, "source `archive`: 1 files, nothing new\n");
    assert_eq!(facts(&project), before);
    project.write("archives/b", documents(TWO, 3..5));
    let said = project.run(&["collect"]).ok().stderr;
    assert!(said.contains("1 files, 2 documents"), "{said}");
    sleep(Duration::from_millis(20));
    fs::write(&file, documents(ONE, 3..6)).unwrap();
    let said = project.run(&["collect"]).ok().stderr;
    assert!(said.contains("1 files, 3 documents"), "{said}");
    assert_eq!(days(&project, ONE), told(3..6));
    let runs = "select status from collection where source = 'collector/archive' order by run";
    assert_eq!(project.private(runs), ["new", "unchanged", "new", "new"]);
}

#[test]
fn a_tar_that_unpacks_to_a_thousand_times_its_size_fails_and_what_came_before_counts() {
    let project = project();
    let mut bytes = documents(ONE, 3..5).into_bytes();
    bytes.resize(150 << 20, b'\n');
    project.write("archives/bomb.xz", xz(&bytes));
    let tar = tar(&[("a", documents(TWO, 3..5).as_bytes()), ("b", &bytes)]);
    project.write("archives/bomb.tar.xz", xz(&tar));
    let (code, said, peak) = watched(&project);
    assert_eq!(code, Some(4), "{said}");
    for file in ["bomb.tar.xz", "bomb.xz"] {
        assert!(
            said.contains(&format!(
                "source `archive`: archives/{file}: the file unpacks to more than 1000 times its size"
            )),
            "{said}"
        );
    }
    assert!(peak < 300, "{peak} MB");
    assert_eq!(days(&project, TWO), told(3..5));
    assert_eq!(project.private("select status, error from collection"), ["failed,a file cannot be read to its end"]);
}

#[test]
fn a_line_of_a_gigabyte_is_passed_over_and_never_in_memory() {
    let project = project();
    let path = project.write("archives/a", documents(ONE, 3..5) + "extra-info ");
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    // Zeros that take no place on disk.
    file.set_len(1 << 30).unwrap();
    file.write_all(format!("\n{}", documents(ONE, 5..7)).as_bytes()).unwrap();
    let (code, said, peak) = watched(&project);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("source `archive`: archives/a:27: the file has a document of more than 1 MiB"), "{said}");
    assert!(peak < 300, "{peak} MB");
    assert_eq!(days(&project, ONE), told(3..7));
}

#[test]
fn a_path_that_leads_out_of_a_tar_is_passed_over() {
    let project = project();
    let (one, two, three) = (documents(ONE, 3..4), documents(ONE, 4..5), documents(ONE, 5..6));
    let entries = [("../../outside", one.as_bytes()), ("/etc/passwd", two.as_bytes()), ("a/b", three.as_bytes())];
    project.write("archives/a.tar", tar(&entries));
    let said = project.run(&["collect"]).failed(4);
    assert!(
        said.contains(
            "source `archive`: archives/a.tar:../../outside: the entry has a path that leads out of the archive"
        ),
        "{said}"
    );
    assert!(said.contains("archives/a.tar:/etc/passwd: the entry has a path"), "{said}");
    assert_eq!(days(&project, ONE), told(5..6));
    assert!(!project.path("../outside").exists());
}

#[test]
fn of_a_packed_file_that_breaks_off_what_came_counts_and_it_is_read_again() {
    for pack in [xz, xz_of_blocks] {
        let project = project();
        let packed = pack(many_documents().as_bytes());
        project.write("archives/a.xz", &packed[..packed.len() / 2]);
        let said = project.run(&["collect"]).failed(4);
        assert!(said.contains("source `archive`: archives/a.xz: the file breaks off in the middle, after "), "{said}");
        assert!(
            said.contains("hint: what came before counts; get the file again, and the next collection reads it"),
            "{said}"
        );
        let half = reports(&project);
        assert!((100..1000).contains(&half), "{half}");
        let said = project.run(&["collect"]).failed(4);
        assert!(said.contains("breaks off in the middle"), "{said}");
        assert_eq!(reports(&project), half);
        project.write("archives/a.xz", &packed);
        project.run(&["collect"]).ok();
        assert_eq!(reports(&project), 1120);
    }
}

#[test]
fn a_file_that_is_no_form_of_documents_is_said_to_be_until_it_is_another_and_stops_no_other() {
    let whole = documents(ONE, 3..5);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(whole.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let packed = xz(whole.as_bytes());
    let mut damaged = packed.clone();
    damaged[2] ^= 1;
    let neither = "the file is neither text nor a tar, nor one of them packed with xz";
    let cases = [
        (gzip.clone(), neither),
        (xz(&gzip), neither),
        (damaged, neither),
        (packed[..3].to_vec(), neither),
        (vec![0; 4], neither),
        (Vec::new(), "the file is empty"),
    ];
    for (content, message) in cases {
        let project = project();
        project.write("archives/a", &content);
        project.write("archives/b", documents(TWO, 3..5));
        for _ in 0..2 {
            let said = project.run(&["collect"]).failed(4);
            assert!(said.contains(&format!("source `archive`: archives/a: {message}")), "{said}");
        }
        assert_eq!((days(&project, ONE), days(&project, TWO)), (Vec::new(), told(3..5)));
        project.write("archives/a", &packed);
        project.run(&["collect"]).ok();
        assert_eq!(days(&project, ONE), told(3..5));
    }
}

#[test]
fn what_was_said_again_after_it_was_loaded_counts_as_said_the_last_time() {
    // More than is loaded at once stands between the first time and the last.
    let many: String = (0..2500).map(|number| document(&format!("{:040X}", 77_777 * (number + 1_u64)), 9, 8)).collect();
    let first = document(ONE, 3, 8);
    let last = first
        .replace("20:00:00", "23:00:00")
        .replace("nickname1", "another")
        .replace("router-digest ", "router-digest A");
    let other = document(ONE, 3, 16).replace("20:00:00", "22:00:00");
    for (files, clients) in [
        ([first.clone() + &many + &last, other.clone()], "8"),
        ([first.clone() + &last + &many, other.clone()], "8"),
        ([first.clone() + &many, other], "16"),
    ] {
        let project = project();
        for (name, text) in ["a", "b"].iter().zip(files) {
            project.write(&format!("archives/{name}"), text);
            project.run(&["collect"]).ok();
        }
        let of_one = format!("bridge in (select bridge from warehouse.sighting where hashed_fingerprint = '{ONE}')");
        for (table, number) in [("report", "ipv4"), ("request", "answered")] {
            let sql = format!("select {number} from warehouse.{table} where {of_one}");
            assert_eq!(project.private(&sql), [clients], "{table}");
        }
        let called = project.private(&format!("select nickname from warehouse.sighting where {of_one}"));
        // What was read last is what the bridge is called.
        assert_eq!(called, ["nickname1"]);
        let files = project.private("select count(*) from warehouse.derivation");
        assert_eq!(files, ["2"]);
    }
    // Also of a file that breaks off after it.
    let project = project();
    let packed = xz((first + &many + &last + &documents(TWO, 3..5)).as_bytes());
    project.write("archives/a.xz", &packed[..packed.len() - 12]);
    project.run(&["collect"]).failed(4);
    let of_one = format!("where hashed_fingerprint = '{ONE}'");
    assert_eq!(project.private(&format!("select nickname from warehouse.sighting {of_one}")), ["another"]);
    let received = format!("select received from warehouse.report join warehouse.sighting using (bridge) {of_one}");
    assert_eq!(project.private(&received), ["2025-03-03T23:00:00Z"]);
}

#[test]
fn trying_an_archive_shows_what_its_documents_say_and_writes_nothing() {
    let project = project();
    project.write("archives/a", documents(ONE, 3..5) + "@type bridge-extra-info 1.3\nextra-info broken\n");
    let said = project.run(&["source", "test", "archive", "--rows", "9", "--format", "csv"]).ok();
    let rows = [
        "clients,country,ir,24",
        "clients,ip,v4,24",
        "clients,ip,v6,0",
        "clients,transport,obfs4,24",
        "requests,,,24",
        "requests,country,ir,24",
    ];
    let mut rows = rows.map(|row| format!("{ONE},2025-03-03T12:00:00Z,86400,{row}")).to_vec();
    rows.push(format!("{ONE},2025-03-02T12:00:00Z,86400,bytes,direction,sent,3072"));
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(lines[0], "bridge,ends,seconds,what,by,of,number");
    assert!(rows.iter().all(|row| lines.contains(&row.as_str())), "{}", said.stdout);
    assert_eq!(lines.len(), 10);
    let columns = "columns: bridge text, ends time, seconds integer, what text, by text, of text, number integer";
    assert!(said.stderr.contains(columns), "{}", said.stderr);
    assert!(said.stderr.contains("archive: archives/a:28: the document has"), "{}", said.stderr);
    assert!(said.stderr.contains("archive: 3 documents, 1 bridges; 1 problems"), "{}", said.stderr);
    assert!(!project.path("data").exists());
    // Of bridges that no server has shown.
    project.write("sources.yaml", "sources: {collector: {archive: {path: [archives/], bridges: known}}}\n");
    let said = project.run(&["source", "test", "archive"]).ok().stderr;
    assert!(said.contains("0 rows") && said.contains("archive: no server has shown a bridge yet"), "{said}");
    let said = project.run(&["source", "test", "archive", "--server", "alpha"]).failed(2);
    assert!(said.contains("`archive` asks no server"), "{said}");
    project.write("sources.yaml", "sources: {collector: {archive: {path: [elsewhere/]}}}\n");
    let said = project.run(&["source", "test", "archive"]).failed(1);
    assert!(said.contains("error: source `archive`: there is no file `elsewhere/`"), "{said}");
}

#[test]
fn trying_an_archive_reads_no_more_than_its_beginning_and_fails_if_there_is_nothing_to_read() {
    let project = project();
    let text: String =
        (0..10_100).map(|number| document(&format!("{:040X}", 77_777 * (number + 1_u64)), 9, 8)).collect();
    project.write("archives/a", text);
    let said = project.run(&["source", "test", "archive"]).ok().stderr;
    assert!(
        said.contains("archive: 10000 documents, 10000 bridges; 0 problems") && said.contains("100000 rows"),
        "{said}"
    );
    project.write("archives/a", &xz(b"anything")[1..]);
    let said = project.run(&["source", "test", "archive"]).failed(1);
    assert!(said.contains("error: source `archive`: archives/a: the file is neither text nor a tar"), "{said}");
}

#[test]
fn of_a_packed_file_that_is_damaged_what_came_counts() {
    for pack in [xz, xz_of_blocks] {
        let project = project();
        let mut packed = pack(many_documents().as_bytes());
        let middle = packed.len() / 2;
        packed[middle..middle + 64].fill(0);
        project.write("archives/a.xz", &packed);
        let said = project.run(&["collect"]).failed(4);
        assert!(said.contains("source `archive`: archives/a.xz: the file is damaged, after "), "{said}");
        let half = reports(&project);
        assert!((100..1000).contains(&half), "{half}");
    }
    let project = project();
    project.write("archives/a.xz", [xz(many_documents().as_bytes()), vec![0; 3]].concat());
    let said = project.run(&["collect"]).failed(4);
    assert!(said.contains("source `archive`: archives/a.xz: the file is damaged, after "), "{said}");
    // What has no end that can be seen may be cut off.
    assert_eq!(reports(&project), 1119);
}

/// Of 40 bridges a day for 28 days; numbers that do not repeat, so that half of the packed text is about half of the days.
fn many_documents() -> String {
    let of_day = |day| {
        (0..40)
            .map(move |number| document(&format!("{:040X}", (number + 1) * 7_777_777_777_u64 * u64::from(day)), day, 8))
    };
    (1..29).flat_map(of_day).collect()
}

fn reports(project: &TestProject) -> u32 {
    project.private("select count(*) from warehouse.report")[0].parse().unwrap()
}

#[test]
fn of_a_tar_that_breaks_off_what_came_counts() {
    let project = project();
    let (one, two) = (documents(ONE, 3..5), documents(TWO, 3..5));
    let whole = tar(&[("a/one", one.as_bytes()), ("a/two", two.as_bytes())]);
    project.write("archives/a.tar", &whole[..whole.len() - 1024 - 1024]);
    let said = project.run(&["collect"]).failed(4);
    assert!(said.contains("archives/a.tar: the file breaks off in the entry `a/two`"), "{said}");
    assert_eq!(days(&project, ONE), told(3..5));
    let told = days(&project, TWO);
    assert!(told.len() < 2, "{told:?}");
}

#[test]
fn tars_that_were_put_together_are_all_read_and_what_else_follows_one_is_said() {
    let project = project();
    let of = |days: std::ops::Range<u32>| tar(&[("a/one", documents(ONE, days).as_bytes())]);
    project.write("archives/a.tar", [of(3..4), of(4..5)].concat());
    project.write("archives/b.tar.xz", [xz(&of(5..6)), xz(&of(6..7))].concat());
    project.run(&["collect"]).ok();
    assert_eq!(days(&project, ONE), told(3..7));
    project.write("archives/c.tar", [of(7..8), b"something".to_vec()].concat());
    let said = project.run(&["collect"]).failed(4);
    assert!(said.contains("archives/c.tar: the file goes on with something else after its tar"), "{said}");
    assert_eq!(days(&project, ONE), told(3..8));
}

#[test]
fn damage_behind_the_end_of_a_tar_is_noticed_too() {
    let project = project();
    let packed = xz(&tar(&[("a/one", documents(ONE, 3..5).as_bytes())]));
    project.write("archives/a.tar.xz", &packed[..packed.len() - 12]);
    let said = project.run(&["collect"]).failed(4);
    assert!(said.contains("archives/a.tar.xz: the file breaks off in the middle"), "{said}");
    assert_eq!(days(&project, ONE), told(3..5));
}

#[test]
fn the_rest_of_a_document_is_nobodys_and_costs_no_other() {
    let project = project();
    let bare = format!("@type bridge-extra-info 1.3\nextra-info b {TWO}\npublished 2025-03-03 20:00:00\n");
    let whole = document(ONE, 3, 80);
    let rest = &whole[whole.find("bridge-stats-end").unwrap()..];
    let other = "@type bridge-server-descriptor 1.2\nrouter x 127.0.0.1 1 0 0\npublished 2025-03-03 20:00:00\n";
    project.write("archives/a", format!("{rest}{bare}{other}{}", documents(ONE, 4..6)));
    let said = project.run(&["collect"]).failed(4);
    assert!(said.contains("archives/a:1: the document has no line `extra-info`"), "{said}");
    assert_eq!(days(&project, TWO), [""; 0], "the first one's clients are not the second's");
    assert_eq!(days(&project, ONE), told(4..6));
}

#[test]
fn a_good_copy_of_a_damaged_document_counts_whichever_comes_first() {
    for names in [["a", "b"], ["b", "a"]] {
        let project = project();
        let good = document(ONE, 3, 24);
        project.write(&format!("archives/{}", names[0]), good.replace("bridge-ips ir=24", "bridge-ips ir=x"));
        project.write(&format!("archives/{}", names[1]), &good);
        // The damaged one is only told of if it comes first; else it says nothing that is not known.
        let code = project.run(&["collect"]).code;
        assert_eq!(code, Some(if names[0] == "a" { 4 } else { 0 }));
        assert_eq!(days(&project, ONE), told(3..4));
    }
}

#[test]
fn a_document_that_is_cut_in_half_is_none() {
    let project = project();
    let cut = document(ONE, 6, 8);
    project.write("archives/a", documents(ONE, 3..5) + &cut[..cut.find("ir=8").unwrap() + 3]);
    let said = project.run(&["collect"]).failed(4);
    assert!(
        said.contains("source `archive`: archives/a:33: the document breaks off in the middle of a line"),
        "{said}"
    );
    assert_eq!(days(&project, ONE), told(3..5));
}

#[test]
fn wrong_numbers_are_said_with_their_place_and_nothing_of_the_document_is() {
    let project = project();
    let wrong = document(ONE, 4, 8).replace("bridge-ips ir=8", "bridge-ips ir=private");
    let entries = [documents(ONE, 3..4), wrong, documents(ONE, 5..6)];
    let entries: Vec<(&str, &[u8])> =
        ["a/1", "a/2", "a/3"].into_iter().zip(entries.iter().map(String::as_bytes)).collect();
    project.write("archives/a.tar.xz", xz(&tar(&entries)));
    project.write("archives/b", "private words\n");
    let said = project.run(&["collect"]).failed(4);
    let message = "has a line `bridge-ips` with something that is not a number, or too large";
    assert!(said.contains(&format!("source `archive`: archives/a.tar.xz:a/2:10: the document {message}")), "{said}");
    assert!(said.contains("source `archive`: archives/b:1: the document has no line `extra-info`"), "{said}");
    assert!(!said.contains("private") && !said.contains(ONE) && !said.contains("nickname"), "{said}");
    assert_eq!(days(&project, ONE), ["3,24", "5,40"]);
    // The rest of the document counts.
    assert_eq!(project.private("select count(*) from warehouse.request"), ["3"]);
}

#[test]
fn of_many_problems_some_are_told_and_the_rest_is_counted() {
    let project = project();
    project.write("archives/a", (1..29).map(|day| document(ONE, day, 8).replace("ok=8", "ok=x")).collect::<String>());
    let said = project.run(&["collect"]).failed(4);
    assert_eq!(said.matches("dirreq-v3-resp").count(), 20, "{said}");
    assert!(said.contains("error: source `archive`: and 8 more"), "{said}");
    assert_eq!(said.matches("hint:").count(), 1, "{said}");
}

#[test]
fn files_that_are_not_there_are_a_failure_of_the_source() {
    let project = project();
    let said = project.run(&["collect"]).failed(4);
    assert!(said.contains("source `archive`: there is no file `archives/`"), "{said}");
    assert_eq!(project.private("select status, error from collection"), ["failed,the files cannot be read"]);
}

/// A project whose server has a bridge that told of the 2nd of March, and an archive that tells of it and of days before.
fn meeting() -> TestProject {
    let project = project();
    let tor = project.tor("a", &bridge_stats("2025-03-05 12:00:00", "ir=400,ru=8", "v4=408,v6=0", "obfs4=400"));
    project.write("tor-a/hashed-fingerprint", format!("nickname1 {ONE}\n"));
    let command = serde_json::to_string(&project.server("alpha", &[("default", &tor)])).unwrap();
    project.write(
        "sources.yaml",
        format!(
            "servers:\n  alpha: {{local: true, command: {command}, label: Alpha, bridges: {{default: {{label: Oak}}}}}}\n\
             organizations:\n  trees: {{name: Friends of trees, bridges: [{{bridge: alpha/default}}]}}\n\
             sources:\n  tor-bridge: {{bridges: {{servers: all}}}}\n  collector: {{archive: {{path: archives/}}}}\n"
        ),
    );
    project.write(
        "archives/a.tar.xz",
        xz(&tar(&[("a", documents(ONE, 1..6).as_bytes()), ("b", documents(TWO, 1..6).as_bytes())])),
    );
    project
}

/// What a public query shows of the two bridges.
fn shown(project: &TestProject) -> Vec<String> {
    let sql = [
        "select replace(label, 'bridge-' || substr(bridge, 1, 8), 'pseudonym'), server, first_day, last_day from bridge order by all",
        "select label, day, state, clients from bridge_day join bridge using (bridge) where label = 'Oak' order by day limit 8",
        "select country, clients from country_day join bridge using (bridge) where label = 'Oak' order by all",
        "select organization, from_day from assignment order by all",
        "select day, complete from day order by all limit 4",
    ];
    sql.iter().flat_map(|sql| project.public(sql)).collect()
}

#[test]
fn an_archive_and_a_server_tell_one_history_whichever_comes_first() {
    let [one, other] = [meeting(), meeting()];
    one.run(&["collect", "--source", "bridges"]).ok();
    one.run(&["collect", "--source", "archive"]).ok();
    other.run(&["collect", "--source", "archive"]).ok();
    assert_eq!(other.public("select distinct server from bridge"), ["archive"]);
    other.run(&["collect", "--source", "bridges"]).ok();
    let told = shown(&one);
    assert_eq!(told, shown(&other));
    assert_eq!(
        told[..2],
        ["Oak,Alpha,2025-03-01,2025-03-05", "pseudonym,archive,2025-03-01,2025-03-05"].map(str::to_owned)
    );
    // The server's own word on the 5th, although the archive has another one.
    assert!(told.contains(&"Oak,2025-03-04,reported,32".to_owned()), "{told:?}");
    assert!(told.contains(&"Oak,2025-03-05,reported,408".to_owned()) && told.contains(&"ru,8".to_owned()), "{told:?}");
    assert_eq!(one.private("select count(*) from warehouse.problem"), ["0"]);
    let numbers = |project: &TestProject| {
        project.private("select hashed_fingerprint, r.* exclude (bridge, extract, received) from warehouse.report as r join (select distinct bridge, hashed_fingerprint from warehouse.sighting) using (bridge) order by all")
    };
    assert_eq!(numbers(&one), numbers(&other));
}

#[test]
fn reading_an_archive_again_changes_nothing_and_reparse_keeps_what_it_told() {
    let project = meeting();
    project.run(&["collect"]).ok();
    let (before, seen) = (facts(&project), shown(&project));
    sleep(Duration::from_millis(20));
    project.write("archives/a.tar.xz", fs::read(project.path("archives/a.tar.xz")).unwrap());
    let said = project.run(&["collect"]).ok().stderr;
    assert!(said.contains("1 files, 10 documents"), "{said}");
    assert_eq!(facts(&project), before);
    assert_eq!(shown(&project), seen);
    let said = project.run(&["reparse"]).ok().stderr;
    assert!(said.contains("what archives have told is kept"), "{said}");
    assert_eq!(facts(&project), before);
    assert_eq!(shown(&project), seen);
    let said = project.run(&["collect"]).ok().stderr;
    assert!(said.contains("source `archive`: 1 files, nothing new"), "{said}");
}

#[test]
fn only_known_bridges_count_if_that_is_said_and_the_archive_is_read_again_for_new_ones() {
    let project = meeting();
    let settings = project.read("sources.yaml").replace("{path: archives/}", "{path: archives/, bridges: known}");
    project.write("sources.yaml", settings);
    project.run(&["collect", "--source", "archive"]).ok();
    assert_eq!(project.private("select count(*) from warehouse.report"), ["0"]);
    project.run(&["collect"]).ok();
    assert_eq!(project.private("select distinct hashed_fingerprint from warehouse.sighting"), [ONE]);
    assert_eq!(project.private("select count(*) from warehouse.report"), ["5"]);
    let said = project.run(&["collect"]).ok().stderr;
    assert!(said.contains("nothing new"), "{said}");
}

#[test]
fn a_site_is_built_from_archives_alone_and_names_no_bridge() {
    let project = project();
    project.write("archives/a", documents(ONE, 1..4) + &documents(ONE, 6..9) + &documents(TWO, 1..9));
    project.run(&["collect"]).ok();
    assert_eq!(
        project.public("select day, state, clients from bridge_day join bridge using (bridge) where label like 'bridge-%' order by bridge_day.bridge, day").len(),
        16
    );
    let gap =
        project.public("select day, complete, bridges_reporting, bridges_expected from day where day = '2025-03-04'");
    assert_eq!(gap, ["2025-03-04,true,1,2"]);
    assert_eq!(project.public("select distinct state from bridge_day order by all"), ["no_report", "reported"]);
    assert_eq!(project.public("select distinct server, source from collection"), Vec::<String>::new());
    project.run(&["build"]).ok();
    let mut pages = 0;
    for entry in walk(&project.path("public")) {
        let bytes = fs::read(&entry).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_uppercase();
        assert!(!text.contains(ONE) && !text.contains(TWO), "{}", entry.display());
        pages += 1;
    }
    assert!(pages > 10, "{pages}");
    // And the check knows them.
    project.write("content/leak.md", format!("---\ntitle: Leak\n---\n{ONE}\n"));
    let said = project.run(&["build"]);
    assert_ne!(said.code, Some(0), "{said:?}");
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

/// `collect`, watched: its exit code, what it said on standard error, and the most memory that it had, in MB.
fn watched(project: &TestProject) -> (Option<i32>, String, u64) {
    let log = project.path("log");
    let mut process =
        project.command().arg("collect").stdout(Stdio::null()).stderr(fs::File::create(&log).unwrap()).spawn().unwrap();
    let mut peak = 0;
    loop {
        let status = fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = peak
            .max(line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or_default() / 1024);
        if let Some(status) = process.try_wait().unwrap() {
            return (status.code(), fs::read_to_string(log).unwrap(), peak);
        }
        sleep(Duration::from_millis(10));
    }
}
