//! `theme`: a theme of one's own, files taken over, and what has become of them; the theme `classic`; the page of patterns.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::browser::look_at;
use crate::chromium::{Axe, Overflow};
use crate::support::TestProject;

/// An empty project that builds, with the sample's days of one month.
fn project() -> TestProject {
    let project = TestProject::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = fs::read_to_string(root.join("sources.yaml")).unwrap();
    project.write("sources.yaml", sources.replace("days: 540", "days: 40"));
    project.run(&["collect"]).ok();
    project
}

/// A project that others copy the data of.
fn collected() -> &'static TestProject {
    static COLLECTED: OnceLock<TestProject> = OnceLock::new();
    COLLECTED.get_or_init(project)
}

/// A project of its own with the same data.
fn fresh() -> TestProject {
    let project = TestProject::new();
    for file in ["sources.yaml", "data/torcollect.duckdb", "data/salt"] {
        project.write(file, fs::read(collected().path(file)).unwrap());
    }
    project
}

const SETTINGS: &str = "publish: {delay: 0, minimum_clients: 0}\n";

fn use_theme(project: &TestProject, theme: &str) {
    project.write("site/site.yaml", format!("{SETTINGS}theme: {theme}\n"));
}

#[test]
fn a_new_theme_builds_at_once_and_changes_what_it_says() {
    let project = fresh();
    let said = project.run(&["theme", "new", "mine", "--extends", "classic"]).ok();
    for file in ["themes/mine/theme.yaml", "themes/mine/partials/head_extra.hbs", "themes/mine/assets/mine.css"] {
        assert!(said.stderr.contains(file) && project.path(file).is_file(), "{said:?}");
    }
    assert!(said.stderr.contains("write `theme: mine` into `site/site.yaml`"), "{said:?}");
    use_theme(&project, "mine");
    project.write("themes/mine/partials/main_before.hbs", "<p>{{site.extra.greeting}}</p>\n");
    let about = project.read("themes/mine/theme.yaml");
    project.write("themes/mine/theme.yaml", format!("{about}extra: {{greeting: Hello}}\n"));
    project.run(&["build"]).ok();
    let page = project.read("public/method.html");
    let styles: Vec<&str> = page.lines().filter(|line| line.starts_with("<link rel=\"stylesheet\"")).collect();
    let order = ["style", "classic", "mine"];
    assert!(styles.len() == 3 && styles.iter().zip(order).all(|(line, name)| line.contains(name)), "{styles:?}");
    assert!(page.contains("<main id=\"main\">\n<p>Hello</p>\n<h1>"), "{page}");
    project.write("site/site.yaml", format!("{SETTINGS}theme: mine\nextra: {{greeting: Good day}}\n"));
    project.run(&["build"]).ok();
    assert!(project.read("public/method.html").contains("<p>Good day</p>"));
}

#[test]
fn a_theme_that_could_not_be_found_again_is_not_made() {
    let project = TestProject::new();
    let failed = |arguments: &[&str]| project.run(arguments).failed(2);
    assert!(failed(&["theme", "new", "../x"]).contains("`../x` cannot be a theme's name"));
    assert!(failed(&["theme", "new", "classic"]).contains("torcollect has a theme `classic` already"));
    assert!(failed(&["theme", "new", "mine", "--extends", "clasic"]).contains("did you mean `classic`?"));
    assert!(!project.path("themes").exists());
    project.run(&["theme", "new", "mine"]).ok();
    assert!(failed(&["theme", "new", "mine"]).contains("the project has a theme `mine` already"));
}

#[test]
fn a_file_is_taken_over_once_and_what_changes_in_it_and_above_is_shown() {
    let project = fresh();
    let said = project.run(&["theme", "eject", "partials/footer.hbs"]).ok();
    assert!(said.stderr.contains("themes/default/partials/footer.hbs, from torcollect's theme `default`"), "{said:?}");
    let footer = project.read("themes/default/partials/footer.hbs");
    assert_eq!(footer, project.read("themes/default/.upstream/partials/footer.hbs"));
    let again = project.run(&["theme", "eject", "themes/default/partials/footer.hbs"]).failed(2);
    assert!(again.contains("there is a file `themes/default/partials/footer.hbs` already"), "{again}");

    let diff = |arguments: &[&str]| project.run(&[&["theme", "diff"], arguments].concat()).ok().stdout;
    let line = "in place of that of torcollect's theme `default`";
    assert_eq!(diff(&[]), format!("themes/default/partials/footer.hbs: the same {line}, which is as it was\n"));
    project.write("themes/default/partials/footer.hbs", footer.replace("{{t \"footer-made\"}}", "Made by us."));
    project.run(&["build"]).ok();
    assert!(project.read("public/fleet.html").contains("Made by us."));
    let mine = diff(&["partials/footer.hbs"]);
    assert!(
        mine.starts_with(&format!(
            "themes/default/partials/footer.hbs: +1 -1 {line}, which is as it was\n\n--- torcollect "
        )),
        "{mine}"
    );
    assert!(mine.contains("\n-<p>{{t \"footer-made\"}}</p>\n+<p>Made by us.</p>\n"), "{mine}");

    // As if the file had been taken over from an older torcollect, whose footer had one line less.
    let older = footer.replace("<p>{{t \"footer-made\"}}</p>\n", "");
    project.write("themes/default/.upstream/partials/footer.hbs", older);
    let both = diff(&[]);
    assert!(both.contains(", which has changed since: +1 -0\n"), "{both}");
    assert!(
        both.contains("since `themes/default/partials/footer.hbs` was taken over:\n--- themes/default/.upstream/"),
        "{both}"
    );
    assert!(both.ends_with(" </div>\n") && both.contains("\n+<p>{{t \"footer-made\"}}</p>\n"), "{both}");
    let stat = diff(&["--stat"]);
    assert_eq!(stat.lines().count(), 1, "{stat}");
}

#[test]
fn a_page_of_the_projects_own_overrides_that_of_the_theme() {
    let project = TestProject::new();
    project.write("content/method.md", "---\ntitle: Ours\n---\n");
    let diff = project.run(&["theme", "diff", "--stat"]).ok();
    assert!(diff.stdout.starts_with("content/method.md: +1 -"), "{diff:?}");
    let none = project.run(&["theme", "diff", "content/fleet.md"]).failed(2);
    assert!(none.contains("the project overrides no file `content/fleet.md` of its theme"), "{none}");
}

#[test]
fn a_file_that_no_theme_has_is_not_taken_over() {
    let project = TestProject::new();
    for (file, near) in [
        ("partials/fotter.hbs", "did you mean `partials/footer.hbs`?"),
        ("footer.hbs", "did you mean `partials/footer.hbs`?"),
        ("partials/../../x", "name it by its path in the theme"),
        ("/etc/passwd", "name it by its path in the theme"),
    ] {
        let said = project.run(&["theme", "eject", file]).failed(2);
        assert!(said.contains(&format!("the theme has no file `{file}`")) && said.contains(near), "{said}");
    }
    assert!(!project.path("themes").exists());
}

#[test]
fn a_file_of_an_embedded_theme_is_taken_over_into_the_folder_of_that_theme() {
    let project = fresh();
    use_theme(&project, "classic");
    let said = project.run(&["theme", "eject", "assets/classic.css"]).ok();
    assert!(said.stderr.contains("themes/classic/assets/classic.css, from torcollect's theme `classic`"), "{said:?}");
    project.run(&["theme", "eject", "partials/footer.hbs"]).ok();
    project.write("themes/classic/partials/footer.hbs", "<footer>ours</footer>\n");
    project.run(&["build"]).ok();
    assert!(project.read("public/index.html").contains("<footer>ours</footer>"));
    let stat = project.run(&["theme", "diff", "--stat"]).ok().stdout;
    assert_eq!(stat.lines().count(), 2, "{stat}");
}

#[test]
fn classic_is_another_theme_in_fewer_than_sixty_lines() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("themes/classic");
    let files = ["theme.yaml", "partials/head_extra.hbs", "assets/classic.css"];
    let lines: usize = files.iter().map(|file| fs::read_to_string(folder.join(file)).unwrap().lines().count()).sum();
    assert!(lines < 60, "{lines}");
    let count = |folder: &Path| fs::read_dir(folder).unwrap().count();
    assert_eq!([count(&folder), count(&folder.join("partials")), count(&folder.join("assets"))], [3, 1, 1]);
}

/// What axe, the width and html-validate say of a page.
#[track_caller]
pub fn assert_sound(project: &TestProject, page: &str) {
    for (scheme, width) in [("light", 360), ("dark", 360), ("light", 1280), ("dark", 1280)] {
        let what = format!("{page} {scheme} {width}");
        let with = json!({"scheme": scheme, "width": width, "scripts": true});
        let seen = look_at(&project.path("public"), page, &with, &json!([["open"], ["axe"], ["overflow"]]));
        let axe: Axe = seen.step(1);
        assert!(axe.violations.is_empty(), "{what}: {:#?}", axe.violations);
        let overflow: Overflow = seen.step(2);
        assert!(overflow.scroll_width <= overflow.width, "{what}: {overflow:?}");
    }
    let errors: Vec<Value> = look_at(&project.path("public"), page, &json!({}), &json!([["validate"]])).step(0);
    assert!(errors.is_empty(), "{page}: {errors:#?}");
}

#[test]
fn every_page_of_classic_can_be_read_in_light_and_in_dark() {
    let project = fresh();
    use_theme(&project, "classic");
    project.run(&["build"]).ok();
    let day = project.public("select max(day) from day where complete").remove(0);
    for page in ["index.html", "days/index.html", "fleet.html", "method.html", "data.html", &format!("days/{day}.html")]
    {
        assert_sound(&project, page);
    }
}

#[test]
fn every_pattern_can_be_read_in_light_and_in_dark_and_is_valid() {
    let project = fresh();
    let patterns = Path::new(env!("CARGO_MANIFEST_DIR")).join("themes/default/content/patterns.md");
    let patterns = fs::read_to_string(patterns).unwrap();
    project.run(&["build"]).ok();
    assert!(!project.path("public/patterns.html").exists(), "it is a draft");
    project.write("content/patterns.md", patterns.replace("draft: true\n", ""));
    project.run(&["build"]).ok();
    assert_sound(&project, "patterns.html");
    let page = project.read("public/patterns.html");
    assert!(!page.contains(" style="), "the recommended policy forbids styles of elements");
    for shown in ["{{sparkline history mark=mark}}", "{{&gt; state}}", "{{table data.rows columns="] {
        assert!(page.contains(shown), "{shown}");
    }
}
