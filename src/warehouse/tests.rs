//! The warehouse and the publication with facts made by hand: what the views mean, and what may be seen.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::*;
use crate::config::{Assignment, Bridge, BridgeName, Fleet, Note, Organization, Publish, Server, Site};
use crate::project::Project;

/// A project with a warehouse that is filled by hand.
struct Fixture {
    folder: tempfile::TempDir,
    fleet: Fleet,
    site: Site,
    facts: BTreeMap<Vec<u8>, Vec<InstanceFacts>>,
}

impl Fixture {
    fn new() -> Self {
        let publish = Publish { delay: 0, minimum_clients: 0, tor_version: true, organizations: true };
        let site = Site { publish, ..Site::default() };
        Self { folder: tempfile::tempdir().unwrap(), fleet: Fleet::default(), site, facts: BTreeMap::new() }
    }

    fn project(&self) -> Project {
        Project::new(self.folder.path())
    }

    /// A server answers at a time; what it says is derived at once. Gives whether that was new.
    fn heard(&mut self, server: &str, at: &str, facts: &[InstanceFacts]) -> bool {
        let content = format!("{server} {facts:?}").into_bytes();
        self.facts.insert(content.clone(), facts.to_vec());
        self.attempt(server, at, Some(Raw { hash: String::from_utf8(content.clone()).unwrap(), content }), None)
    }

    fn silent(&mut self, server: &str, at: &str) {
        self.attempt(server, at, None, Some("unreachable"));
    }

    fn attempt(&self, server: &str, at: &str, raw: Option<Raw>, error: Option<&str>) -> bool {
        let time = at_time(at);
        let (plugin, source) = ("tor-bridge".to_owned(), "bridges".to_owned());
        let error = error.map(str::to_owned);
        let run = time.as_millisecond();
        let attempt =
            Attempt { run, plugin, source, server: server.to_owned(), started: time, finished: time, raw, error };
        let mut warehouse = Warehouse::open(&self.project()).unwrap();
        let salt = warehouse.salt(&self.project()).unwrap();
        let new = warehouse.record(&[attempt]).unwrap();
        warehouse.derive(&salt, |extracts| self.parse(extracts)).unwrap();
        let said = self.fleet.servers.iter().flat_map(|(server, settings)| {
            let bridges = settings.bridges.iter();
            bridges.filter_map(|(instance, bridge)| Some((server.clone(), instance.clone(), bridge.publish?)))
        });
        warehouse.remember_refusals(&said.collect::<Vec<_>>()).unwrap();
        new[0]
    }

    fn parse(&self, extracts: &[Extract]) -> Vec<Vec<InstanceFacts>> {
        extracts.iter().map(|extract| self.facts[&extract.content].clone()).collect()
    }

    fn publication(&self, scope: Scope<'_>) -> Publication {
        Publication::make(&self.project(), &self.fleet, &self.site, scope).unwrap()
    }

    /// The rows of a public query, a line each, cells by spaces.
    fn query(&self, sql: &str) -> Vec<String> {
        lines(&self.publication(Scope::Public), sql)
    }

    fn private(&self, sql: &str) -> Vec<String> {
        lines(&Publication::private(&self.project(), &self.fleet, &self.site).unwrap(), sql)
    }

    fn label(&mut self, server: &str, instance: &str, label: &str, publish: bool) {
        let server = self.fleet.servers.entry(server.to_owned()).or_insert_with(|| Server {
            address: None,
            via: None,
            command: Vec::new(),
            host_key: None,
            key: None,
            tags: Vec::new(),
            label: Some(format!("server of {label}")),
            bridges: BTreeMap::new(),
        });
        server.bridges.insert(instance.to_owned(), Bridge { label: Some(label.to_owned()), publish: Some(publish) });
    }
}

fn lines(publication: &Publication, sql: &str) -> Vec<String> {
    let rows = publication.query(sql).unwrap();
    let columns = rows.columns().len();
    let cell = |row, column| rows.text(row, column).unwrap_or("null".to_owned());
    (0..rows.len()).map(|row| (0..columns).map(|column| cell(row, column)).collect::<Vec<_>>().join(" ")).collect()
}

fn at_time(text: &str) -> Timestamp {
    format!("{}Z", text.replace(' ', "T")).parse().unwrap()
}

/// An instance that reports one interval of a day.
fn report(instance: &str, ends: &str, countries: &[(&str, u32)], versions: (u32, u32)) -> InstanceFacts {
    let report = Report {
        ends: at_time(ends),
        seconds: 86400,
        countries: Some(countries.iter().map(|(country, clients)| ((*country).to_owned(), *clients)).collect()),
        versions: Some(versions),
        transports: Some(vec![("obfs4".to_owned(), versions.0 + versions.1)]),
        no_geoip: false,
    };
    InstanceFacts { reports: vec![report], ..known(instance) }
}

/// An instance that reports nothing.
fn known(instance: &str) -> InstanceFacts {
    let number = instance.bytes().map(u64::from).sum::<u64>();
    let hashed_fingerprint = Some(format!("{number:040X}"));
    InstanceFacts { instance: instance.to_owned(), hashed_fingerprint, ..InstanceFacts::default() }
}

#[test]
fn an_interval_belongs_to_the_day_of_its_middle() {
    let mut fixture = Fixture::new();
    fixture.heard(
        "s",
        "2026-03-09 00:00:00",
        &[
            report("a", "2026-03-02 11:59:59", &[("de", 8)], (8, 0)),
            report("b", "2026-03-02 12:00:01", &[("de", 8)], (8, 0)),
        ],
    );
    assert_eq!(fixture.private("select min(first_day), max(first_day) from bridge"), ["2026-03-01 2026-03-02"]);
}

#[test]
fn of_two_intervals_on_one_day_the_longer_wins_then_the_later() {
    let mut fixture = Fixture::new();
    let mut facts = report("a", "2026-03-02 13:00:00", &[], (8, 0));
    let longer = Report { seconds: 86500, versions: Some((16, 0)), ..facts.reports[0].clone() };
    facts.reports.push(Report { ends: at_time("2026-03-02 14:00:00"), ..longer.clone() });
    facts.reports.push(Report { ends: at_time("2026-03-02 15:00:00"), versions: Some((24, 0)), ..longer });
    facts.reports.push(Report { ends: at_time("2026-03-02 16:00:00"), ..facts.reports[0].clone() });
    fixture.heard("s", "2026-03-09 00:00:00", &[facts]);
    assert_eq!(fixture.private("select day, clients from bridge_day where clients is not null"), ["2026-03-02 24"]);
}

#[test]
fn the_same_content_twice_makes_no_new_extract_and_no_new_fact_but_a_row_in_collection() {
    let mut fixture = Fixture::new();
    let facts = [report("a", "2026-03-02 13:00:00", &[("de", 8)], (8, 0))];
    assert!(fixture.heard("s", "2026-03-03 01:00:00", &facts));
    assert!(!fixture.heard("s", "2026-03-03 07:00:00", &facts));
    let counts = "select (select count(*) from warehouse.extract), (select count(*) from warehouse.report),
                  (select count(*) from warehouse.country_count), (select count(*) from warehouse.sighting),
                  (select string_agg(status, ',' order by run) from warehouse.collection)";
    assert_eq!(fixture.private(counts), ["1 1 1 1 new,unchanged"]);
}

#[test]
fn a_later_extract_corrects_the_facts_of_the_same_interval() {
    let mut fixture = Fixture::new();
    fixture.heard("s", "2026-03-03 01:00:00", &[report("a", "2026-03-02 13:00:00", &[("de", 8), ("fr", 8)], (8, 0))]);
    fixture.heard("s", "2026-03-03 02:00:00", &[report("a", "2026-03-02 13:00:00", &[("de", 16)], (16, 0))]);
    assert_eq!(fixture.private("select country, clients from country_day order by all"), ["de 16"]);
    assert_eq!(fixture.private("select clients from bridge_day where day = '2026-03-02'"), ["16"]);
}

#[test]
fn reparse_comes_to_the_same_facts() {
    let mut fixture = Fixture::new();
    fixture.heard("s", "2026-03-03 01:00:00", &[report("a", "2026-03-02 13:00:00", &[("de", 8), ("fr", 8)], (8, 0))]);
    fixture.heard("s", "2026-03-03 02:00:00", &[report("a", "2026-03-02 13:00:00", &[("de", 16)], (16, 0))]);
    let everything = "select * from (select * from country_day join bridge_day using (bridge, day)) order by all";
    let before = fixture.private(everything);
    let project = fixture.project();
    let mut warehouse = Warehouse::open(&project).unwrap();
    let salt = warehouse.salt(&project).unwrap();
    let derived = warehouse.reparse(&salt, |extracts| fixture.parse(extracts)).unwrap();
    assert_eq!(derived.extracts, 2);
    assert_eq!(fixture.private(everything), before);
}

#[test]
fn unknown_is_four_things_and_none_of_them_is_zero() {
    let mut fixture = Fixture::new();
    let day = |day: u32, facts: &dyn Fn(&str) -> InstanceFacts| {
        (format!("2026-03-{:02} 13:30:00", day + 2), facts(&format!("2026-03-{:02} 13:00:00", day + 1)))
    };
    let (at, facts) = day(1, &|ends| report("a", ends, &[], (0, 0)));
    fixture.heard("s", &at, &[facts]);
    let (at, mut facts) = day(2, &|ends| report("a", ends, &[], (0, 0)));
    facts.reports[0] = Report { versions: None, countries: None, no_geoip: true, ..facts.reports[0].clone() };
    fixture.heard("s", &at, &[facts]);
    let (at, facts) = day(3, &|_| known("a"));
    fixture.heard("s", &at, &[facts]);
    fixture.silent("s", "2026-03-06 13:30:00");
    fixture.silent("s", "2026-03-07 13:30:00");
    let (at, facts) = day(6, &|ends| report("a", ends, &[("de", 8)], (8, 0)));
    fixture.heard("s", &at, &[facts]);
    assert_eq!(
        fixture.query("select day, state, clients from bridge_day order by day"),
        [
            "2026-03-02 reported 0",
            "2026-03-03 no_geoip null",
            "2026-03-04 no_report null",
            "2026-03-05 unreachable null",
            "2026-03-06 unreachable null",
            "2026-03-07 reported 8",
        ]
    );
    assert_eq!(
        fixture.query("select day, bridges_reporting, bridges_expected from day order by day limit 3"),
        ["2026-03-02 1 1", "2026-03-03 1 1", "2026-03-04 0 1"]
    );
}

#[test]
fn a_day_is_complete_when_every_server_has_been_heard_for_it_or_it_is_too_late() {
    let mut fixture = Fixture::new();
    fixture.heard("s", "2026-03-02 14:00:00", &[report("a", "2026-03-02 13:00:00", &[], (8, 0))]);
    fixture.heard("t", "2026-03-02 14:00:00", &[report("b", "2026-03-02 13:00:00", &[], (8, 0))]);
    fixture.site.publish.delay = 0;
    let complete = "select complete from day where day = '2026-03-02'";
    fixture.heard("s", "2026-03-03 11:59:00", &[known("a")]);
    assert_eq!(fixture.private(complete), ["false"]);
    fixture.heard("s", "2026-03-03 12:00:00", &[known("a")]);
    assert_eq!(fixture.private(complete), ["false"], "t has not been heard");
    fixture.silent("t", "2026-03-04 11:59:00");
    assert_eq!(fixture.private(complete), ["false"], "t may still tell");
    fixture.silent("t", "2026-03-04 12:00:00");
    assert_eq!(fixture.private(complete), ["true"], "what t has not told is overwritten");
}

#[test]
fn a_bridge_that_is_gone_from_its_server_is_expected_no_more() {
    let mut fixture = Fixture::new();
    let day = |day: u32| format!("2026-03-{day:02} 13:00:00");
    for n in 2..10 {
        let mut facts = vec![report("a", &day(n), &[], (8, 0))];
        if n < 5 {
            facts.push(report("b", &day(n), &[], (8, 0)));
        }
        fixture.heard("s", &day(n), &facts);
    }
    assert_eq!(
        fixture.query("select day, bridges_expected from day where day >= '2026-03-04' order by day limit 3"),
        ["2026-03-04 2", "2026-03-05 1", "2026-03-06 1"]
    );
}

#[test]
fn a_bridge_keeps_its_history_when_it_moves_to_another_server() {
    let mut fixture = Fixture::new();
    fixture.heard("s", "2026-03-02 14:00:00", &[report("a", "2026-03-02 13:00:00", &[], (8, 0))]);
    fixture.heard("t", "2026-03-03 14:00:00", &[report("a", "2026-03-03 13:00:00", &[], (16, 0))]);
    fixture.heard("t", "2026-03-05 14:00:00", &[report("a", "2026-03-04 13:00:00", &[], (16, 0))]);
    fixture.label("t", "a", "Oak", true);
    assert_eq!(fixture.query("select label, server, first_day from bridge"), ["Oak server of Oak 2026-03-02"]);
}

#[test]
fn two_instances_with_one_key_are_one_bridge_and_are_named() {
    let mut fixture = Fixture::new();
    let mut twin = report("b", "2026-03-02 13:00:00", &[("de", 8)], (8, 0));
    let first = report("a", "2026-03-02 13:00:00", &[("de", 8)], (8, 0));
    twin.hashed_fingerprint.clone_from(&first.hashed_fingerprint);
    fixture.heard("s", "2026-03-09 14:00:00", &[first, twin]);
    assert_eq!(fixture.query("select count(*) from bridge"), ["1"]);
    assert_eq!(fixture.private("select country, clients from country_day"), ["de 8"], "nothing counts twice");
    assert_eq!(fixture.private("select transport, clients from transport_day"), ["obfs4 8"]);
    assert_eq!(Warehouse::open(&fixture.project()).unwrap().doubles().unwrap(), ["s/a, s/b"]);
}

#[test]
fn traffic_in_short_intervals_is_added_up_and_a_whole_day_counts_once() {
    let mut fixture = Fixture::new();
    let mut facts = report("a", "2026-03-02 13:00:00", &[], (8, 0));
    let traffic =
        |ends: &str, seconds, sent| Traffic { ends: at_time(ends), seconds, sent: Some(sent), received: None };
    facts.traffic = vec![
        traffic("2026-03-02 08:00:00", 14400, 1024),
        traffic("2026-03-02 12:00:00", 14400, 2048),
        traffic("2026-03-04 10:00:00", 86400, 4096),
        traffic("2026-03-04 11:00:00", 86400, 8192),
    ];
    fixture.heard("s", "2026-03-05 10:00:00", &[facts]);
    assert_eq!(
        fixture.query("select day, sent_bytes, received_bytes from traffic_day order by day"),
        ["2026-03-02 3072 null", "2026-03-03 8192 null"]
    );
}

#[test]
fn estimated_users_are_requests_less_half_a_step_over_ten() {
    let mut fixture = Fixture::new();
    let mut facts = report("a", "2026-03-02 13:00:00", &[], (8, 0));
    let ends = at_time("2026-03-02 13:00:00");
    facts.requests =
        vec![Requests { ends, seconds: 86400, answered: Some(744), countries: Some(vec![("ir".into(), 560)]) }];
    fixture.heard("s", "2026-03-09 14:00:00", &[facts]);
    assert_eq!(fixture.query("select directory_requests, estimated_users from request_day"), ["744 74.0"]);
    assert_eq!(fixture.private("select country, directory_requests from request_country_day"), ["ir 560"]);
}

#[test]
fn versions_of_tor_that_inflate_or_are_flagged() {
    let mut fixture = Fixture::new();
    for (day, version) in ["0.4.8.3", "0.4.8.4", "0.4.8.9", "0.4.8.9-dev", "0.4.8.10", "0.4.9.4"].iter().enumerate() {
        let ends = format!("2026-03-{:02} 13:00:00", day + 2);
        let facts = InstanceFacts { tor_version: Some((*version).to_owned()), ..report("a", &ends, &[], (8, 0)) };
        fixture.heard("s", &ends, &[facts]);
    }
    assert_eq!(
        fixture.private("select tor_version from bridge_day where or_inflated order by day"),
        ["0.4.8.4", "0.4.8.9", "0.4.8.9-dev"]
    );
}

mod publication {
    use super::*;

    /// Two servers, three bridges, five days.
    fn fleet() -> Fixture {
        let mut fixture = Fixture::new();
        for day in 2..7 {
            let ends = format!("2026-03-{day:02} 13:00:00");
            let many = [("de", 80), ("ir", 8), ("tm", 8)];
            fixture.heard(
                "host-one",
                &ends,
                &[report("a", &ends, &many, (88, 8)), report("b", &ends, &[("ir", 8)], (8, 0))],
            );
            fixture.heard("host-two", &ends, &[report("c", &ends, &[("cn", 800)], (800, 0))]);
        }
        fixture
    }

    fn organization(fixture: &mut Fixture, name: &str, bridges: &[(&str, &str, Option<Date>, Option<Date>)]) {
        let assignment = |(server, instance, from, until): &(&str, &str, Option<Date>, Option<Date>)| Assignment {
            bridge: BridgeName { server: (*server).to_owned(), instance: (*instance).to_owned() },
            from: *from,
            until: *until,
        };
        let organization = Organization { name: name.to_owned(), bridges: bridges.iter().map(assignment).collect() };
        fixture.fleet.organizations.insert(name.to_owned(), organization);
    }

    #[test]
    fn countries_with_few_clients_in_the_fleet_are_merged_into_other() {
        let mut fixture = fleet();
        fixture.site.publish.minimum_clients = 16;
        assert_eq!(
            fixture.query("select country, sum(clients) from country_day where day = '2026-03-03' group by country order by country"),
            ["cn 800", "de 80", "ir 16", "other 8"]
        );
        assert_eq!(fixture.query("select name from country where country = 'other'"), ["Other countries"]);
        assert_eq!(fixture.query("select count(*) from country where country = 'tm'"), ["0"]);
    }

    #[test]
    fn the_newest_days_wait() {
        let mut fixture = fleet();
        // the newest run is on the 6th; the interval that ends then belongs to the 6th, the one before to the 5th
        assert_eq!(fixture.query("select max(day) from day"), ["2026-03-05"]);
        fixture.site.publish.delay = 2;
        assert_eq!(fixture.query("select max(day) from day"), ["2026-03-03"]);
        assert_eq!(fixture.query("select max(day) from country_day"), ["2026-03-03"]);
    }

    #[test]
    fn bridges_and_servers_have_pseudonyms_unless_they_are_given_labels() {
        let mut fixture = fleet();
        fixture.label("host-one", "a", "Oak", true);
        let names = fixture.query("select label || ' ' || server from bridge order by label");
        assert_eq!(names.len(), 3);
        assert_eq!(names[0], "Oak server of Oak");
        for name in &names[1..] {
            assert!(name.starts_with("bridge-"), "{name}");
        }
        assert!(!names.iter().any(|name| name.contains("host-")), "{names:?}");
        assert_eq!(fixture.query("select count(distinct server) from bridge"), ["2"]);
    }

    #[test]
    fn a_bridge_that_is_not_to_be_published_is_nowhere() {
        let mut fixture = fleet();
        fixture.label("host-two", "c", "Secret", false);
        assert_eq!(fixture.query("select count(*) from bridge"), ["2"]);
        assert_eq!(fixture.query("select distinct bridges_expected from day"), ["2"]);
        assert_eq!(fixture.query("select count(*) from country_day where country = 'cn'"), ["0"]);
        assert_eq!(fixture.query("select count(distinct server) from collection"), ["1"]);
        assert_eq!(fixture.private("select count(*) from bridge"), ["3"]);
    }

    #[test]
    fn tor_versions_are_published_only_when_asked_for() {
        let mut fixture = Fixture::new();
        let ends = "2026-03-02 13:00:00";
        let facts = InstanceFacts { tor_version: Some("0.4.8.3".to_owned()), ..report("a", ends, &[], (8, 0)) };
        fixture.heard("s", "2026-03-09 00:00:00", &[facts]);
        let version = "select tor_version from bridge_day where day = '2026-03-02'";
        assert_eq!(fixture.query(version), ["0.4.8.3"]);
        fixture.site.publish.tor_version = false;
        assert_eq!(fixture.query(version), ["null"]);
        assert_eq!(fixture.private(version), ["0.4.8.3"]);
    }

    #[test]
    fn an_organization_sees_its_own_bridge_days_and_nothing_else() {
        let mut fixture = fleet();
        let date = |day| Some(Date::constant(2026, 3, day));
        organization(&mut fixture, "x", &[("host-one", "a", date(3), date(4))]);
        organization(&mut fixture, "y", &[("host-one", "a", date(5), None), ("host-two", "c", None, None)]);
        let x = fixture.publication(Scope::Organization("x"));
        assert_eq!(
            lines(&x, "select day, bridges_reporting, bridges_expected from day order by day"),
            ["2026-03-03 1 1", "2026-03-04 1 1"]
        );
        assert_eq!(lines(&x, "select count(*) from bridge"), ["1"]);
        assert_eq!(lines(&x, "select distinct country from country_day order by country"), ["de", "ir", "tm"]);
        assert_eq!(lines(&x, "select organization, from_day, until_day from assignment"), ["x 2026-03-03 2026-03-04"]);
        assert_eq!(lines(&x, "select organization from organization"), ["x"]);
        assert_eq!(lines(&x, "select count(distinct server) from collection"), ["1"]);
        let y = fixture.publication(Scope::Organization("y"));
        assert_eq!(lines(&y, "select min(bridges_expected), max(bridges_expected) from day"), ["1 2"]);
    }

    #[test]
    fn the_public_site_names_organizations_only_when_asked_for() {
        let mut fixture = fleet();
        organization(&mut fixture, "x", &[("host-one", "a", None, None)]);
        assert_eq!(fixture.query("select count(*) from organization, assignment"), ["1"]);
        fixture.site.publish.organizations = false;
        assert_eq!(
            fixture.query("select (select count(*) from organization) + (select count(*) from assignment)"),
            ["0"]
        );
    }

    #[test]
    fn a_publication_holds_no_identity_and_no_exact_time() {
        let fixture = fleet();
        let publication = fixture.publication(Scope::Public);
        let publication = Publication { refused: None, ..publication };
        let tables = lines(&publication, "select table_name from duckdb_tables() order by table_name");
        assert_eq!(lines(&publication, "select count(*) from duckdb_databases() where path is not null"), ["0"]);
        assert_eq!(
            tables.join(" "),
            "assignment bridge bridge_day collection country country_day day event expected_day note organization \
             publication request_country_day request_day traffic_day transport transport_day"
        );
        let everything: String = tables
            .iter()
            .map(|table| lines(&publication, &format!("select * from {table} order by all")).join("\n"))
            .collect();
        for secret in ["host-", "13:00", &format!("{:040X}", 97)[30..]] {
            assert!(!everything.contains(secret), "`{secret}` is in the publication");
        }
        let warehouse = fixture.private("select distinct bridge from warehouse.sighting");
        assert!(
            warehouse.iter().all(|bridge| !everything.contains(bridge.as_str())),
            "the warehouse's names are its own"
        );
    }

    #[test]
    fn an_exported_publication_is_the_same_publication() {
        let fixture = fleet();
        let file = fixture.folder.path().join("public.duckdb");
        Publication::export(&fixture.project(), &fixture.fleet, &fixture.site, Scope::Public, &file).unwrap();
        let sql = "select * from country_day join bridge using (bridge) order by all";
        assert_eq!(lines(&Publication::read(&file, None).unwrap(), sql), fixture.query(sql));
        let error = Publication::read(&file, Some("x")).err().unwrap().to_string();
        assert!(error.contains("is the publication of all bridges"), "{error}");
    }
}

#[test]
fn without_its_salt_a_warehouse_with_history_is_not_written_to() {
    let mut fixture = Fixture::new();
    fixture.heard("s", "2026-03-02 14:00:00", &[report("a", "2026-03-02 13:00:00", &[], (8, 0))]);
    std::fs::remove_file(fixture.project().salt()).unwrap();
    let error = Warehouse::open(&fixture.project()).unwrap().salt(&fixture.project()).err().unwrap().to_string();
    assert!(error.contains("restore it from your backup"), "{error}");
}

#[test]
fn the_warehouse_and_the_salt_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mut fixture = Fixture::new();
    fixture.heard("s", "2026-03-02 14:00:00", &[]);
    let mode = |path: std::path::PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let project = fixture.project();
    assert_eq!((mode(project.data()), mode(project.warehouse()), mode(project.salt())), (0o700, 0o600, 0o600));
}

#[test]
fn a_warehouse_of_a_newer_torcollect_is_left_alone() {
    let fixture = Fixture::new();
    let warehouse = Warehouse::open(&fixture.project()).unwrap();
    warehouse.connection.execute_batch("insert into migration values (99, current_timestamp::timestamp)").unwrap();
    drop(warehouse);
    let error = Warehouse::open(&fixture.project()).err().unwrap().to_string();
    assert!(error.contains("newer torcollect"), "{error}");
}

mod sealing {
    use super::*;

    fn refused(sql: &str) -> String {
        let publication = Publication::of("create table t as select 1 as a").unwrap();
        publication.query(sql).err().unwrap_or_else(|| panic!("`{sql}` was answered")).message
    }

    #[test]
    fn a_query_cannot_read_a_file() {
        for function in ["read_text('/etc/passwd')", "read_csv('/etc/passwd')", "read_blob('/etc/*')", "glob('/etc/*')"]
        {
            assert!(refused(&format!("select * from {function}")).contains("may not be used here"));
        }
        assert!(refused("from '/etc/passwd'").contains("does not exist"));
    }

    #[test]
    fn what_the_first_look_at_a_query_lets_through_the_seal_stops() {
        let connection = duckdb::Connection::open_in_memory().unwrap();
        let publication = Publication { refused: None, ..Publication::seal(connection).unwrap() };
        for function in ["read_text('/etc/passwd')", "glob('/etc/*')"] {
            let error = publication.query(&format!("select * from {function}")).err().unwrap();
            assert!(error.message.contains("disabled by configuration"), "{error}");
        }
    }

    #[test]
    fn what_is_refused_has_its_place_behind_the_comments_or_at_its_name() {
        let publication = Publication::of("create table t as select 1 as a").unwrap();
        let place = |sql: &str| {
            let error = publication.query(sql).err().unwrap();
            (error.line, error.column)
        };
        assert_eq!(place("-- read_text\nselect *\nfrom read_text('x')"), (Some(3), Some(6)));
        assert_eq!(place("-- a copy\n\ncopy (select 1) to 'x'"), (Some(3), Some(1)));
        assert_eq!(place("select 1; select 2"), (Some(1), Some(1)));
    }

    #[test]
    fn a_query_cannot_write_a_file() {
        let file = tempfile::tempdir().unwrap().path().join("out.csv");
        assert!(refused(&format!("copy t to '{}'", file.display())).contains("only `select`"));
        assert!(!file.exists());
    }

    #[test]
    fn a_query_cannot_load_an_extension_or_change_a_setting() {
        for sql in [
            "install httpfs",
            "load httpfs",
            "set enable_external_access = true",
            "pragma enable_profiling",
            "call pragma_version()",
        ] {
            assert!(refused(sql).contains("only `select`"), "{sql}");
        }
    }

    #[test]
    fn a_query_cannot_name_or_attach_the_warehouse() {
        let mut fixture = Fixture::new();
        fixture.heard("s", "2026-03-02 14:00:00", &[]);
        let publication = fixture.publication(Scope::Public);
        for sql in [
            "select * from warehouse.extract",
            "select * from warehouse.main.sighting",
            "select * from work.place",
            "select * from setting.rule",
        ] {
            let message = publication.query(sql).err().unwrap().message;
            assert!(message.contains("there is no table") || message.contains("does not exist"), "{sql}: {message}");
        }
        let attach = format!("attach '{}' as w", fixture.project().warehouse().display());
        assert!(publication.query(&attach).err().unwrap().message.contains("only `select`"));
    }

    #[test]
    fn a_query_cannot_reach_settings_logs_or_anything_but_the_data() {
        for sql in [
            "select * from duckdb_settings()",
            "from duckdb_settings",
            "select * from pg_catalog.pg_settings",
            "select * from information_schema.tables",
            "select * from enable_logging('QueryLog')",
            "select * from (select * from enable_profiling())",
            "with x as (from duckdb_logs()) from x",
            "show all tables",
            "describe t",
            "select current_setting('secret_directory')",
            "select * from query('select 1')",
        ] {
            refused(sql);
        }
    }

    #[test]
    fn a_query_gives_the_same_twice() {
        for sql in [
            "select now()",
            "select current_date",
            "select a from t order by random()",
            "select uuid()",
            "from t tablesample 10%",
        ] {
            refused(sql);
        }
    }

    #[test]
    fn a_query_cannot_change_the_publication() {
        for sql in [
            "drop table t",
            "insert into t values (2)",
            "create table u as select 1",
            "delete from t",
            "select 1; drop table t",
        ] {
            let message = refused(sql);
            assert!(message.contains("select`"), "{sql}: {message}");
        }
    }

    #[test]
    fn an_error_in_a_query_has_its_line_and_column() {
        let publication = Publication::of("create table t as select 1 as a").unwrap();
        let place = |sql: &str| publication.query(sql).err().map(|error| (error.line, error.column)).unwrap();
        assert_eq!(place("select a\nfrom t\nwhere b = 1"), (Some(3), Some(7)));
        assert_eq!(place("select a\n frm t t t"), (Some(2), Some(6)));
        assert_eq!(place("select nope(a) from t"), (Some(1), Some(8)));
    }
}

#[test]
fn a_salt_that_is_not_the_warehouses_own_is_refused() {
    let mut fixture = Fixture::new();
    fixture.heard("s", "2026-03-02 14:00:00", &[report("a", "2026-03-02 13:00:00", &[], (8, 0))]);
    std::fs::write(fixture.project().salt(), "0".repeat(64)).unwrap();
    let error = Warehouse::open(&fixture.project()).unwrap().salt(&fixture.project()).err().unwrap().to_string();
    assert!(error.contains("is not the salt"), "{error}");
    let made = Publication::make(&fixture.project(), &fixture.fleet, &fixture.site, Scope::Public);
    assert!(made.err().unwrap().to_string().contains("is not the salt"));
}

#[test]
fn a_server_that_returns_to_what_it_said_before_has_corrected_what_it_said_in_between() {
    let mut fixture = Fixture::new();
    let say = |clients| [report("a", "2026-03-02 13:00:00", &[("de", clients)], (clients, 0))];
    fixture.heard("s", "2026-03-03 01:00:00", &say(48));
    fixture.heard("s", "2026-03-03 02:00:00", &say(800));
    assert!(!fixture.heard("s", "2026-03-03 03:00:00", &say(48)));
    let facts = "select clients, (select sum(clients) from country_day) from bridge_day where day = '2026-03-02'";
    assert_eq!(fixture.private(facts), ["48 48"]);
    assert_eq!(fixture.private("select count(*) from warehouse.extract, warehouse.sighting"), ["4"]);
    let project = fixture.project();
    let mut warehouse = Warehouse::open(&project).unwrap();
    let salt = warehouse.salt(&project).unwrap();
    warehouse.reparse(&salt, |extracts| fixture.parse(extracts)).unwrap();
    drop(warehouse);
    assert_eq!(fixture.private(facts), ["48 48"]);
}

#[test]
fn a_bridge_with_a_new_key_has_the_label_and_the_old_one_keeps_its_history_under_a_pseudonym() {
    let mut fixture = Fixture::new();
    fixture.label("s", "a", "Oak", true);
    fixture.heard("s", "2026-03-02 14:00:00", &[report("a", "2026-03-02 13:00:00", &[], (8, 0))]);
    let mut facts = report("a", "2026-03-03 13:00:00", &[], (16, 0));
    facts.hashed_fingerprint = Some("F".repeat(40));
    fixture.heard("s", "2026-03-05 14:00:00", &[facts]);
    let labels = fixture.query("select label, first_day from bridge order by first_day");
    assert!(labels[0].starts_with("bridge-") && labels[0].ends_with("2026-03-02"), "{labels:?}");
    assert_eq!(labels[1], "Oak 2026-03-03");
}

mod claims {
    use super::*;

    /// What the facts say, in one line each: bridge's place, day, clients.
    const FACTS: &str = "select private_place.server, private_place.instance, bridge_day.day, bridge_day.clients, country_day.clients
                         from bridge_day join warehouse.place as private_place on starts_with(private_place.bridge, bridge_day.bridge)
                         left join country_day on country_day.bridge = bridge_day.bridge and country_day.day = bridge_day.day
                         where bridge_day.clients is not null order by all";
    const PROBLEM: &str = "another server has reported this interval of this bridge";

    fn says(clients: u32, ends: &str) -> Vec<InstanceFacts> {
        let mut facts = report("a", ends, &[("de", clients)], (clients, 0));
        let at = at_time(ends);
        let countries = Some(vec![("de".to_owned(), clients)]);
        facts.requests = vec![Requests { ends: at, seconds: 86400, answered: Some(clients), countries }];
        facts.traffic = vec![Traffic { ends: at, seconds: 86400, sent: Some(clients.into()), received: None }];
        vec![facts]
    }

    fn with_key(key: char, mut facts: Vec<InstanceFacts>) -> Vec<InstanceFacts> {
        facts.iter_mut().for_each(|facts| facts.hashed_fingerprint = Some(key.to_string().repeat(40)));
        facts
    }

    /// All facts, by which extract's.
    fn tables(fixture: &Fixture) -> Vec<String> {
        let tables =
            ["report", "country_count", "transport_count", "request", "request_country_count", "traffic", "claim"];
        tables.iter().flat_map(|table| fixture.private(&format!("from warehouse.{table} order by all"))).collect()
    }

    fn reparse(fixture: &Fixture) -> Derived {
        let mut warehouse = Warehouse::open(&fixture.project()).unwrap();
        let salt = warehouse.salt(&fixture.project()).unwrap();
        warehouse.reparse(&salt, |extracts| fixture.parse(extracts)).unwrap()
    }

    fn stays_when_it_is_derived_again(fixture: &Fixture) {
        let before = tables(fixture);
        reparse(fixture);
        assert_eq!(tables(fixture), before);
    }

    #[test]
    fn a_server_cannot_overwrite_what_another_has_reported_of_its_bridge() {
        let mut fixture = Fixture::new();
        fixture.heard("s", "2026-03-03 01:00:00", &says(8, "2026-03-02 13:00:00"));
        fixture.heard("evil", "2026-03-03 01:00:01", &says(80_000, "2026-03-02 13:00:00"));
        assert_eq!(fixture.private(FACTS), ["s a 2026-03-02 8 8"]);
        assert_eq!(fixture.private("select answered, sent_bytes from warehouse.request, warehouse.traffic"), ["8 8"]);
        let run = at_time("2026-03-03 01:00:01").as_millisecond();
        let problems = Warehouse::open(&fixture.project()).unwrap().problems(run).unwrap();
        assert_eq!(problems, [("evil".to_owned(), "a".to_owned(), PROBLEM.to_owned())]);
        fixture.heard("s", "2026-03-03 02:00:00", &says(16, "2026-03-02 13:00:00"));
        assert_eq!(fixture.private(FACTS), ["s a 2026-03-02 16 16"], "its own server corrects it");
        stays_when_it_is_derived_again(&fixture);
        assert_eq!(reparse(&fixture).problems, problems);
    }

    #[test]
    fn a_server_cannot_take_a_bridge_away_that_another_still_shows() {
        let mut fixture = Fixture::new();
        fixture.label("s", "a", "Oak", true);
        for day in 3..6 {
            fixture.heard("s", &format!("2026-03-{day:02} 01:00:00"), &says(8, &format!("2026-03-{day:02} 00:00:00")));
            fixture.heard(
                "evil",
                &format!("2026-03-{day:02} 01:00:01"),
                &says(800, &format!("2026-03-{day:02} 00:00:00")),
            );
        }
        let bridge = "select label, server from bridge";
        assert_eq!(fixture.query(bridge), ["Oak server of Oak"]);
        assert_eq!(Warehouse::open(&fixture.project()).unwrap().doubles().unwrap(), ["evil/a, s/a"]);
        fixture.silent("s", "2026-03-06 01:00:00");
        fixture.heard("evil", "2026-03-06 01:00:01", &says(800, "2026-03-05 00:00:00"));
        assert_eq!(fixture.query(bridge), ["Oak server of Oak"], "nor while its server is silent");
        fixture.heard("s", "2026-03-06 02:00:00", &[known("b")]);
        assert_eq!(
            fixture.private(
                "select server, instance from warehouse.place where bridge in (select bridge from warehouse.report)"
            ),
            ["evil a"]
        );
    }

    #[test]
    fn a_server_cannot_lift_the_refusal_of_a_bridge_that_stands_on_another() {
        let mut fixture = Fixture::new();
        fixture.label("s", "a", "Oak", false);
        fixture.label("evil", "a", "Elm", true);
        fixture.heard("s", "2026-03-03 01:00:00", &says(8, "2026-03-02 13:00:00"));
        fixture.heard("evil", "2026-03-03 01:00:01", &says(8, "2026-03-02 13:00:00"));
        assert_eq!(fixture.query("select label from bridge"), [""; 0]);
    }

    #[test]
    fn an_interval_that_outlives_a_change_of_key_counts_once() {
        let mut fixture = Fixture::new();
        fixture.heard("s", "2026-03-03 01:00:00", &with_key('A', says(8, "2026-03-02 13:00:00")));
        fixture.heard("s", "2026-03-03 02:00:00", &with_key('B', says(8, "2026-03-02 13:00:00")));
        let sums = "select sum(clients) from bridge_day union all select sum(clients) from country_day union all
                    select sum(directory_requests) from request_day union all select sum(sent_bytes) from traffic_day";
        assert_eq!(fixture.private(sums), ["8", "8", "8", "8"]);
        fixture.heard("s", "2026-03-04 02:00:00", &with_key('B', says(16, "2026-03-03 13:00:00")));
        assert_eq!(fixture.private(sums), ["24", "24", "24", "24"], "the new key has its own intervals");
        assert_eq!(fixture.private("select message from warehouse.problem"), [""; 0]);
        stays_when_it_is_derived_again(&fixture);
    }
}

#[test]
fn an_instance_that_does_not_say_its_fingerprint_this_time_is_the_bridge_that_stood_there() {
    let mut fixture = Fixture::new();
    fixture.heard("s", "2026-03-02 14:00:00", &[report("a", "2026-03-02 13:00:00", &[], (8, 0))]);
    let nameless = InstanceFacts { hashed_fingerprint: None, ..report("a", "2026-03-03 13:00:00", &[], (16, 0)) };
    fixture.heard("s", "2026-03-05 14:00:00", &[nameless]);
    assert_eq!(fixture.private("select count(distinct bridge), sum(clients) from bridge_day"), ["1 24"]);
}

#[test]
fn an_answer_that_shows_the_next_interval_proves_nothing_of_the_one_before() {
    let mut fixture = Fixture::new();
    // it writes at 6 and is asked at 8
    let day = |n: u32| [report("a", &format!("2026-03-{n:02} 06:00:00"), &[], (8, 0))];
    fixture.heard("s", "2026-03-03 08:00:00", &day(3));
    fixture.silent("s", "2026-03-04 08:00:00");
    fixture.heard("s", "2026-03-05 08:00:00", &day(5));
    fixture.heard("s", "2026-03-06 08:00:00", &day(6));
    assert_eq!(
        fixture.query("select day, state from bridge_day order by day"),
        ["2026-03-02 reported", "2026-03-03 unreachable", "2026-03-04 reported", "2026-03-05 reported"]
    );
}

#[test]
fn before_a_server_was_asked_for_the_first_time_only_reports_are_known() {
    let mut fixture = Fixture::new();
    fixture.heard("s", "2026-03-20 14:00:00", &[report("a", "2026-01-02 13:00:00", &[], (8, 0))]);
    fixture.heard("s", "2026-03-22 14:00:00", &[report("a", "2026-03-22 13:00:00", &[], (8, 0))]);
    assert_eq!(
        fixture.private("select day, state from bridge_day where day < '2026-03-20' order by day"),
        ["2026-01-02 reported", "2026-03-19 no_report"]
    );
}

#[test]
fn a_bridge_that_has_not_yet_told_is_expected_on_the_newest_day() {
    let mut fixture = Fixture::new();
    let both = |n: u32, b: u32| {
        [
            report("a", &format!("2026-03-{n:02} 06:00:00"), &[], (8, 0)),
            report("b", &format!("2026-03-{b:02} 23:00:00"), &[], (8, 0)),
        ]
    };
    fixture.heard("s", "2026-03-05 08:00:00", &both(5, 4));
    fixture.heard("s", "2026-03-06 08:00:00", &both(6, 5));
    assert_eq!(
        fixture.query("select day, complete, bridges_reporting, bridges_expected from day order by day desc limit 2"),
        ["2026-03-05 false 2 2", "2026-03-04 true 2 2"]
    );
}

mod refusals {
    use super::*;

    fn public(fixture: &Fixture) -> Vec<String> {
        fixture.query("select distinct label from bridge order by label")
    }

    fn refused() -> Fixture {
        let mut fixture = Fixture::new();
        fixture.label("s", "a", "Oak", true);
        fixture.label("s", "b", "Elm", false);
        let ends = "2026-03-02 13:00:00";
        fixture.heard("s", "2026-03-05 14:00:00", &[report("a", ends, &[], (8, 0)), report("b", ends, &[], (8, 0))]);
        assert_eq!(public(&fixture), ["Oak"]);
        fixture
    }

    #[test]
    fn a_refusal_outlives_the_entry_of_its_server() {
        let mut fixture = refused();
        fixture.fleet.servers.clear();
        assert_eq!(public(&fixture).len(), 1);
    }

    #[test]
    fn a_refusal_goes_with_the_bridge_to_another_place() {
        let mut fixture = refused();
        fixture.fleet.servers.clear();
        fixture.heard("t", "2026-03-06 14:00:00", &[report("b", "2026-03-03 13:00:00", &[], (8, 0))]);
        assert_eq!(public(&fixture).len(), 1);
        fixture.label("t", "b", "Elm", true);
        assert_eq!(public(&fixture).len(), 2, "until it is allowed by name");
    }
}

mod notes {
    use super::*;

    const NOTES: &str = "select day, bridge.label, note.server, country, text from note left join bridge using (bridge)
                         order by all";

    /// Two servers with three bridges, of which one may not be published, collected from the 2nd to the 6th.
    fn fleet() -> Fixture {
        let mut fixture = Fixture::new();
        fixture.label("s", "a", "Oak", true);
        fixture.label("s", "b", "Elm", false);
        fixture.label("t", "c", "Yew", false);
        for day in 2..7 {
            let ends = format!("2026-03-{day:02} 13:00:00");
            let facts = |bridge| report(bridge, &ends, &[("de", 80), ("tm", 8)], (88, 0));
            fixture.heard("s", &ends, &[facts("a"), facts("b")]);
            fixture.heard("t", &ends, &[facts("c")]);
        }
        fixture
    }

    fn note(fixture: &mut Fixture, day: i8, server: Option<&str>, instance: Option<&str>, country: Option<&str>) {
        let place = |instance: &str| BridgeName { server: server.unwrap().to_owned(), instance: instance.to_owned() };
        fixture.fleet.notes.push(Note {
            date: Date::constant(2026, 3, day),
            server: server.filter(|_| instance.is_none()).map(str::to_owned),
            bridge: instance.map(place),
            country: country.map(str::to_owned),
            text: "told".to_owned(),
        });
    }

    #[test]
    fn a_note_is_about_a_bridge_a_server_a_country_or_all_under_their_public_names() {
        let mut fixture = fleet();
        note(&mut fixture, 3, None, None, None);
        note(&mut fixture, 3, Some("s"), None, None);
        note(&mut fixture, 3, Some("s"), Some("a"), None);
        note(&mut fixture, 3, None, None, Some("IR"));
        assert_eq!(
            fixture.query(NOTES),
            [
                "2026-03-03 Oak null null told",
                "2026-03-03 null server of Oak null told",
                "2026-03-03 null null ir told",
                "2026-03-03 null null null told",
            ]
        );
    }

    #[test]
    fn of_a_bridge_or_a_server_that_is_not_published_no_note_is_either() {
        let mut fixture = fleet();
        for (server, instance) in [("s", Some("b")), ("t", Some("c")), ("t", None), ("s", Some("new")), ("u", None)] {
            note(&mut fixture, 3, Some(server), instance, None);
        }
        assert_eq!(fixture.query(NOTES), [""; 0]);
        assert_eq!(fixture.private("select count(*) from note"), ["5"], "the operator sees them all");
    }

    #[test]
    fn a_note_waits_as_long_as_the_numbers_of_its_day() {
        let mut fixture = fleet();
        (1..10).for_each(|day| note(&mut fixture, day, None, None, None));
        let days = "select min(day), max(day) from note";
        assert_eq!(fixture.query(days), fixture.query("select min(day), max(day) from day"));
        assert_eq!(fixture.query(days), ["2026-03-02 2026-03-05"]);
        fixture.site.publish.delay = 2;
        assert_eq!(fixture.query(days), ["2026-03-02 2026-03-03"]);
    }

    #[test]
    fn a_note_about_a_country_names_it_though_its_clients_are_merged_into_other() {
        let mut fixture = fleet();
        fixture.site.publish.minimum_clients = 64;
        note(&mut fixture, 3, None, None, Some("tm"));
        note(&mut fixture, 3, None, None, Some("zz"));
        let named = "select country.name from note join country using (country) order by country";
        assert_eq!(fixture.query(named), ["Turkmenistan", "Unspecified place"]);
        assert_eq!(fixture.query("select distinct country from country_day order by country"), ["de", "other"]);
    }

    #[test]
    fn an_organization_sees_notes_about_what_it_has_while_it_has_it() {
        let mut fixture = fleet();
        fixture.label("t", "c", "Yew", true);
        let own = |server: &str, instance: &str, from, until| Assignment {
            bridge: BridgeName { server: server.to_owned(), instance: instance.to_owned() },
            from,
            until,
        };
        let day = |day| Some(Date::constant(2026, 3, day));
        let organization = |bridges: Vec<Assignment>| Organization { name: "X".to_owned(), bridges };
        fixture.fleet.organizations.insert("x".into(), organization(vec![own("s", "a", day(3), day(4))]));
        fixture.fleet.organizations.insert("y".into(), organization(vec![own("t", "c", None, None)]));
        for day in 2..6 {
            note(&mut fixture, day, Some("s"), None, None);
            note(&mut fixture, day, Some("s"), Some("a"), None);
        }
        note(&mut fixture, 2, None, None, Some("de"));
        note(&mut fixture, 3, None, None, None);
        assert_eq!(
            lines(&fixture.publication(Scope::Organization("x")), NOTES),
            [
                "2026-03-03 Oak null null told",
                "2026-03-03 null server of Oak null told",
                "2026-03-03 null null null told",
                "2026-03-04 Oak null null told",
                "2026-03-04 null server of Oak null told",
            ]
        );
        assert_eq!(
            lines(&fixture.publication(Scope::Organization("y")), NOTES),
            ["2026-03-02 null null de told", "2026-03-03 null null null told"]
        );
    }

    #[test]
    fn a_note_about_a_place_goes_with_the_bridge_that_stands_there_now() {
        let mut fixture = fleet();
        let ends = "2026-03-07 13:00:00";
        let newer = InstanceFacts { hashed_fingerprint: Some("F".repeat(40)), ..report("a", ends, &[], (8, 0)) };
        fixture.heard("s", "2026-03-09 13:00:00", &[newer]);
        note(&mut fixture, 3, Some("s"), Some("a"), None);
        assert_eq!(fixture.query("select count(*), any_value(label) from note join bridge using (bridge)"), ["1 Oak"]);
    }
}

mod streaks {
    use super::*;

    fn streaks(fixture: &Fixture, last: &str, after: u32) -> Vec<Streak> {
        Warehouse::open(&fixture.project()).unwrap().streaks(at_time(last).as_millisecond(), after).unwrap()
    }

    fn at(hour: u32) -> String {
        format!("2026-03-02 {hour:02}:00:00")
    }

    /// After which of the runs of a server, of which `f` fail, it is told that it failed `after` times.
    fn told(runs: &str, after: u32) -> Vec<usize> {
        let mut fixture = Fixture::new();
        let mut told = Vec::new();
        for (hour, run) in runs.chars().enumerate() {
            let at = at(hour as u32);
            match run {
                'f' => fixture.silent("s", &at),
                'a' => drop(fixture.heard("s", &at, &[known("a")])),
                _ => fixture.silent("other", &at),
            }
            let streaks = streaks(&fixture, &at, after);
            Warehouse::open(&fixture.project()).unwrap().remember_told(&streaks).unwrap();
            told.extend(streaks.iter().filter(|streak| streak.server == "s").map(|_| hour));
        }
        told
    }

    #[test]
    fn a_server_is_told_when_its_failures_in_a_row_are_so_many_and_not_after() {
        assert_eq!(told("afffff", 3), [3]);
        assert_eq!(told("ffff", 3), [2], "also one that never answered");
        assert_eq!(told("ffff", 1), [0]);
        assert_eq!(told("ffaff", 3), [0; 0]);
    }

    #[test]
    fn it_is_told_again_after_a_recovery() {
        assert_eq!(told("fffaffff", 3), [2, 6]);
    }

    #[test]
    fn only_runs_that_asked_the_server_count() {
        assert_eq!(told("f.f..f.f", 3), [5]);
    }

    #[test]
    fn runs_that_were_cut_off_and_are_loaded_late_count_all_the_same() {
        let mut fixture = Fixture::new();
        fixture.heard("s", &at(0), &[known("a")]);
        (1..5).for_each(|hour| fixture.silent("s", &at(hour)));
        let [streak] = &streaks(&fixture, &at(4), 3)[..] else { panic!("once") };
        assert_eq!((streak.failures, streak.reason.as_str(), streak.source.as_str()), (4, "unreachable", "bridges"));
        assert_eq!(streak.last_answer, Some(at_time(&at(0))));
    }

    #[test]
    fn a_server_of_which_nobody_could_be_told_is_told_the_next_time() {
        let mut fixture = Fixture::new();
        fixture.heard("s", &at(0), &[known("a")]);
        (1..4).for_each(|hour| fixture.silent("s", &at(hour)));
        assert_eq!(streaks(&fixture, &at(3), 3).len(), 1);
        fixture.silent("s", &at(4));
        let untold = streaks(&fixture, &at(4), 3);
        assert_eq!((untold.len(), untold[0].failures), (1, 4));
        Warehouse::open(&fixture.project()).unwrap().remember_told(&untold).unwrap();
        fixture.silent("s", &at(5));
        assert_eq!(streaks(&fixture, &at(5), 3), []);
    }
}
