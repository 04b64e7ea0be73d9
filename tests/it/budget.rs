//! Budgets: what a page may weigh, as `check` and `build` see it.

use std::fs;
use std::path::Path;

use crate::support::TestProject;

/// A sample of a few days with these lines in its `site.yaml`.
fn sample(settings: &str) -> TestProject {
    let project = TestProject::new();
    project.write("sources.yaml", "sources: {sample: {demo: {days: 5}}}\n");
    project.write("site/site.yaml", format!("publish: {{delay: 0}}\n{settings}"));
    project.run(&["collect"]).ok();
    project
}

/// The bytes of a page's style sheet as a web server sends it.
fn style(project: &TestProject) -> u64 {
    let packed = |name: &str| name.starts_with("style.") && name.ends_with(".css.gz");
    let mut assets = fs::read_dir(project.path("public/assets")).unwrap().map(Result::unwrap);
    assets.find(|file| packed(file.file_name().to_str().unwrap())).unwrap().metadata().unwrap().len()
}

#[test]
fn a_page_within_its_budget_passes_and_check_says_what_it_examined() {
    let project = sample("budget: {first_visit: 1 MB, next_page: 1 MB}\n");
    let said = project.run(&["check"]).ok().stderr;
    let examined = said.lines().find(|line| line.ends_with(": nothing that `build --strict` would refuse")).unwrap();
    assert!(examined.contains(" pages from ") && examined.contains(" files"), "{said}");
    assert!(said.contains("\nthe heaviest page is `"), "{said}");
    let built = project.run(&["build", "--strict"]).ok().stderr;
    assert!(!built.contains("warning"), "{built}");
    let heaviest = |text: &str| text.lines().find(|line| line.starts_with("the heaviest page is ")).map(str::to_owned);
    assert_eq!(heaviest(&built), heaviest(&said), "the same by another way");
}

#[test]
fn check_writes_nothing() {
    let project = sample("budget: {first_visit: 1 KB}\n");
    let files = || {
        let mut files: Vec<String> = torcollect::fs::walk(&project.path("."))
            .unwrap()
            .iter()
            .map(|path| format!("{} {:?}", path.display(), project.path("").join(path).metadata().unwrap().modified()))
            .collect();
        files.push(format!("cache {}", project.path(".torcollect").exists()));
        files
    };
    let before = files();
    assert!(!before.is_empty());
    project.run(&["check"]).failed(1);
    assert_eq!(files(), before);
    assert!(!project.path("public").exists());
}

#[test]
fn pages_above_the_budget_are_a_warning_and_an_error_where_it_is_strict() {
    let project = sample("budget:\n  first_visit: 1 KB\n  next_page: 1000\n");
    let refused = project.run(&["check"]).failed(1);
    assert_eq!(project.run(&["build", "--strict"]).failed(1), refused);
    assert!(!project.path("public/index.html").exists(), "nothing was written");

    let built = project.run(&["build"]).ok().stderr;
    for (said, level, named) in [(&refused, "error", 5), (&built, "warning", 3)] {
        for (line, limit) in [("3:16", "first_visit"), ("4:14", "next_page")] {
            let begin = format!("{level}: site/site.yaml:{line}: budget.{limit}: ");
            let problem = said.split(&begin).nth(1).unwrap_or_else(|| panic!("no `{begin}` in {said}"));
            assert!(problem.contains(" pages weigh more than 1 KB\n"), "{said}");
            let pages = problem.lines().skip(1).take_while(|line| line.starts_with("  `")).count();
            assert_eq!(pages, named, "{said}");
            assert!(problem.contains("\nhint: make lighter"), "{said}");
        }
        let style = torcollect::output::size(style(&project));
        let sheet = regex::Regex::new(&format!("`assets/style[.][0-9a-f]{{8}}[.]css` {style}")).unwrap();
        assert!(sheet.is_match(said), "{said}");
    }
    let next = built.split("budget.next_page").nth(1).unwrap();
    assert!(!next.split("hint").next().unwrap().contains("assets/style."), "pages share it: {built}");
}

#[test]
fn a_site_that_is_refused_stays_as_it_was() {
    let project = sample("title: Before\n");
    project.run(&["build"]).ok();
    let before = fs::read(project.path("public/index.html")).unwrap();
    project.write("site/site.yaml", "title: After\npublish: {delay: 0}\nbudget: {first_visit: 1 KB}\n");
    project.run(&["build", "--strict"]).failed(1);
    assert_eq!(fs::read(project.path("public/index.html")).unwrap(), before);
    project.run(&["build"]).ok();
    assert_ne!(fs::read(project.path("public/index.html")).unwrap(), before);
}

#[test]
fn a_strict_build_writes_the_same_files_as_another() {
    let project = sample("budget: {first_visit: 1 MB}\n");
    let files = |folder: &str| {
        let folder = project.path(folder);
        let paths = torcollect::fs::walk(&folder).unwrap();
        paths.into_iter().map(|path| (fs::read(folder.join(&path)).unwrap(), path)).collect::<Vec<_>>()
    };
    project.run(&["build", "-o", "plain"]).ok();
    project.run(&["build", "--strict", "-o", "strict"]).ok();
    assert_eq!(files("strict"), files("plain"));
    assert!(files("strict").iter().any(|(_, path)| path.extension().is_some_and(|end| end == "png")));
    let again = project.run(&["build", "--strict", "-o", "strict"]).ok().stderr;
    assert!(again.contains(" 0 written, "), "{again}");
}

#[test]
fn check_finds_what_is_wrong_with_the_content_too() {
    let project = sample("");
    project.write("content/wrong.md", "---\ntitle: x\n---\n{{nothing.at.all}}\n");
    let checked = project.run(&["check"]).failed(1);
    assert!(checked.contains("content/wrong.md:4"), "{checked}");
    assert_eq!(project.run(&["build"]).failed(1), checked);
    assert_eq!(project.run(&["check", "--organization", "nobody"]).code, Some(2));
}

#[test]
fn check_reads_what_export_has_written() {
    let project = sample("budget: {first_visit: 1 KB}\n");
    project.run(&["export", "--public", "out.duckdb"]).ok();
    let elsewhere = TestProject::new();
    let file = project.path("out.duckdb");
    assert!(Path::new(&file).exists());
    elsewhere.run(&["check", "--from", file.to_str().unwrap()]).ok();
    elsewhere.write("site/site.yaml", "budget: {first_visit: 1 KB}\n");
    elsewhere.run(&["check", "--from", file.to_str().unwrap()]).failed(1);
}
