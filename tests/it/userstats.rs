//! `docs/userstats/`: a site of a table that has nothing to do with the fleet's own data.
#![allow(clippy::print_stderr)] // The build's time is told to whoever reads the log.

use std::path::Path;
use std::time::Instant;

use crate::sshd::shared;
use crate::support::TestProject;

#[test]
fn a_real_series_becomes_a_page_for_each_country_by_a_project_of_less_than_forty_lines() {
    let Some(series) = shared("data/tordata/userstats-bridge-country.csv") else { return };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/userstats");
    let project = TestProject::empty();
    let mut lines = 0;
    for path in torcollect::fs::walk(&folder).unwrap() {
        let name = path.to_str().unwrap().to_owned();
        // What its reader may have made there.
        if ["data/", "public/", ".torcollect/"].iter().any(|made| name.starts_with(made)) {
            continue;
        }
        let text = std::fs::read_to_string(folder.join(&path)).unwrap();
        lines += text.lines().count();
        project.write(&name, text);
    }
    assert!(lines < 40, "{lines} lines");
    project.write("data/userstats-bridge-country.csv", std::fs::read(series).unwrap());
    let began = Instant::now();
    project.run(&["collect"]).ok();
    let collected = began.elapsed();
    assert_eq!(
        project.public("select count(*), count(distinct country), min(date), max(date) from userstats"),
        ["175460,251,2018-01-01,2020-04-25"]
    );
    let began = Instant::now();
    let said = project.run(&["build"]).ok().stderr;
    eprintln!(
        "userstats: collected in {:.1} s, built in {:.1} s\n{said}",
        collected.as_secs_f64(),
        began.elapsed().as_secs_f64()
    );
    let pages = std::fs::read_dir(project.path("public/country")).unwrap();
    let pages = pages.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "html"));
    assert_eq!(pages.count(), 251);
    let iran = project.read("public/country/ir.html");
    let users = project.public("select arg_max(users, date)::varchar from userstats where country = 'ir'").remove(0);
    let text = iran.replace(['\u{202f}', '\u{a0}'], "");
    assert!(text.contains(&format!("{users} users of bridges on 25 April 2020")), "{iran}");
    for page in ["index.html", "country/ir.html"] {
        crate::themes::assert_sound(&project, page);
    }
    project.run(&["check"]).ok();
}
