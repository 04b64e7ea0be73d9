//! The sample's pages as a browser shows them: JavaScript off and SVG blocked, as in Tor Browser at its safest setting.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::chromium::{Axe, Focus, Image, Overflow, Seen, visit};
use crate::support::TestProject;

/// The repository's own project with its last hundred days, built once for all tests here.
pub fn sample() -> &'static TestProject {
    static SAMPLE: OnceLock<TestProject> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let project = TestProject::new();
        let read = |file: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        project.write("sources.yaml", read("sources.yaml").replace("days: 540", "days: 100"));
        project.write("site/site.yaml", read("site/site.yaml"));
        project.run(&["collect"]).ok();
        project.run(&["build"]).ok();
        project
    })
}

/// The newest complete day of the sample.
pub fn newest() -> &'static str {
    static NEWEST: OnceLock<String> = OnceLock::new();
    NEWEST.get_or_init(|| sample().public("select max(day) from day where complete").remove(0))
}

/// The seventh day of the sample: hardly anything is known of the 30 days before it.
pub const EARLY: &str = "2026-08-21";

/// A page of each type below the output folder.
fn page_types() -> Vec<String> {
    let days = [newest(), EARLY].map(|day| format!("days/{day}.html"));
    [
        "index.html",
        "days/index.html",
        "days/2026-10.html",
        "countries/index.html",
        "countries/ir.html",
        "transports/index.html",
        "transports/obfs4.html",
        "bridges/index.html",
        "bridges/beech.html",
        "changes/index.html",
        "changes/2026-11-01-country-ir-rose.html",
        "fleet.html",
        "method.html",
        "data.html",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(days)
    .collect()
}

/// Every way in which a page may be seen: the page, and the scheme that the browser asks for. Those below `dark/` do not
/// depend on that.
fn appearances() -> Vec<(String, &'static str)> {
    let follow = page_types().into_iter().flat_map(|page| [(page.clone(), "light"), (page, "dark")]);
    follow.chain(page_types().into_iter().map(|page| (format!("dark/{page}"), "light"))).collect()
}

/// A visit to a page of the sample.
fn look(page: &str, with: &Value, steps: &Value) -> Seen {
    look_at(&sample().path("public"), page, with, steps)
}

pub fn look_at(root: &Path, page: &str, with: &Value, steps: &Value) -> Seen {
    let mut question = json!({"root": root, "path": page, "steps": steps});
    question.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    visit(&question)
}

/// What went wrong on the way to a page, which is nothing.
#[track_caller]
fn assert_undisturbed(seen: &Seen, what: &str) {
    assert_eq!(seen.svg, [""; 0], "{what}");
    assert_eq!(seen.console, [""; 0], "{what}");
    assert_eq!(seen.failed, [""; 0], "{what}");
}

#[test]
fn every_picture_loads_without_scripts_and_without_svg() {
    let (mut images, mut backgrounds) = (0, 0);
    for (page, scheme) in appearances() {
        for width in [360, 1280] {
            let what = format!("{page} {scheme} {width}");
            let seen = look(&page, &json!({"scheme": scheme, "width": width}), &json!([["open"], ["images"]]));
            assert_undisturbed(&seen, &what);
            for image in seen.step::<Vec<Image>>(1) {
                assert!(image.natural[0] > 0 && image.natural[1] > 0, "{what}: {image:?}");
                assert!(!image.url.contains("svg"), "{what}: {image:?}");
                match image.kind.as_str() {
                    "img" => images += 1,
                    _ => backgrounds += 1,
                }
                assert!(image.kind == "background" || image.alt.is_some(), "{what}: {image:?}");
            }
        }
    }
    // 36 visits, of which a third are to reports with a trend, and mostly a flag, in some thirty rows and more.
    assert!(images > 600 && backgrounds > 300, "{images} images, {backgrounds} backgrounds");
}

#[test]
fn the_headline_chart_has_a_picture_for_each_scheme_and_width() {
    let chart = |page: &str, scheme: &str, width: u32| {
        let seen = look(page, &json!({"scheme": scheme, "width": width}), &json!([["images"]]));
        let images = seen.step::<Vec<Image>>(0).into_iter();
        let mut charts = images.filter(|image| image.r#where.contains("chart")).map(|image| image.url);
        let chart = charts.next().unwrap_or_else(|| panic!("no chart on {page}"));
        chart.rsplit('/').next().unwrap().to_owned()
    };
    let ways = [("light", 1280), ("light", 360), ("dark", 1280), ("dark", 360), ("light", 768), ("dark", 768)];
    let mut charts: Vec<_> = ways.iter().map(|(scheme, width)| chart("index.html", scheme, *width)).collect();
    // The dark pages show the dark ones whatever the browser asks for.
    assert_eq!(chart("dark/index.html", "light", 1280), charts[2]);
    assert_eq!(chart("dark/index.html", "light", 360), charts[3]);
    charts.sort();
    charts.dedup();
    assert_eq!(charts.len(), 6, "{charts:?}");
}

#[test]
fn the_headline_chart_fills_its_column_and_its_words_can_be_read() {
    for (page, scheme) in [("index.html", "light"), ("index.html", "dark"), ("dark/index.html", "light")] {
        for width in [320, 360, 549, 550, 600, 768, 967, 968, 1280] {
            let with = json!({"scheme": scheme, "width": width});
            let seen = look(page, &with, &json!([["boxes", ".chart"], ["boxes", ".chart img"], ["images"]]));
            let [figure, picture] = [0, 1].map(|step| seen.step::<Vec<[f64; 4]>>(step)[0]);
            assert!(picture[2] >= figure[2] * 0.95 && picture[2] <= figure[2] + 0.5, "{width}: {picture:?} {figure:?}");
            let images = seen.step::<Vec<Image>>(2);
            let natural = images.iter().find(|image| image.r#where.contains("chart")).unwrap().natural[0];
            // Text is 12 where the picture, of two pixels each way, is as wide as it was drawn.
            let text = 12.0 * picture[2] / (f64::from(natural) / 2.0);
            assert!((10.0..=18.5).contains(&text), "{width}: text of {text} pixels");
        }
    }
}

#[test]
fn the_figures_stand_in_one_line_two_by_two_or_one_below_another() {
    let columns = |width: u32| {
        let styles = json!([["styles", ".figures", "grid-template-columns"]]);
        let seen = look("index.html", &json!({"width": width}), &styles);
        let styles: Vec<BTreeMap<String, String>> = seen.step(0);
        styles[0]["grid-template-columns"].split(' ').count()
    };
    assert_eq!([300, 360, 640, 720, 768, 1280].map(columns), [1, 2, 2, 2, 4, 4]);
}

#[test]
fn the_menu_says_where_a_page_belongs() {
    let menu = |page: &str| {
        let html = sample().read(&format!("public/{page}"));
        let menu = html.split("<nav class=\"menu\"").nth(1).unwrap().split("</nav>").next().unwrap();
        let current: Vec<&str> = menu.lines().filter(|line| line.contains("aria-current")).collect();
        current.join("\n")
    };
    assert_eq!(menu("index.html"), "<a href=\"index.html\" aria-current=\"page\">Overview</a>");
    assert_eq!(menu("days/index.html"), "<a href=\"index.html\" aria-current=\"page\">Days</a>");
    assert_eq!(menu(&format!("days/{EARLY}.html")), "<a href=\"index.html\" aria-current=\"true\">Days</a>");
}

#[test]
fn no_page_scrolls_sideways_on_a_phone_from_disk_or_under_the_strictest_policy() {
    for (page, scheme) in appearances() {
        for http in [false, true] {
            let what = format!("{page} {scheme} {}", if http { "http" } else { "file" });
            let with = json!({"scheme": scheme, "width": 360, "http": http});
            let seen = look(&page, &with, &json!([["overflow"], ["open"], ["overflow"], ["images"]]));
            assert_undisturbed(&seen, &what);
            for step in [0, 2] {
                let overflow: Overflow = seen.step(step);
                assert_eq!(overflow.width, 360);
                assert!(overflow.scroll_width <= 360 && overflow.sticking.is_empty(), "{what}: {overflow:?}");
            }
            for image in seen.step::<Vec<Image>>(3) {
                assert!(image.natural[0] > 0, "{what}: {image:?}");
            }
        }
    }
}

#[test]
fn axe_finds_no_violation() {
    // Colours do not depend on the width.
    let narrow = page_types().into_iter().map(|page| (page, "light", 360));
    for (page, scheme, width) in appearances().into_iter().map(|(page, scheme)| (page, scheme, 1280)).chain(narrow) {
        let with = json!({"scheme": scheme, "width": width, "http": true, "scripts": true});
        let axe: Axe = look(&page, &with, &json!([["open"], ["axe"]])).step(1);
        assert!(axe.violations.is_empty(), "{page} {scheme} {width}: {:#?}", axe.violations);
        assert!(axe.passes > 20, "{page}: {}", axe.passes);
    }
}

#[test]
fn the_html_is_valid() {
    for page in page_types().into_iter().flat_map(|page| [format!("dark/{page}"), page]) {
        let errors: Vec<Value> = look(&page, &json!({}), &json!([["validate"]])).step(0);
        assert!(errors.is_empty(), "{page}: {errors:#?}");
    }
}

#[test]
fn the_keyboard_reaches_the_skip_link_first_and_what_has_the_focus_is_seen() {
    for (page, scheme) in appearances() {
        let tabs = vec![json!(["press", "Tab"]); 12];
        let seen = look(&page, &json!({"scheme": scheme, "width": 360}), &json!(tabs));
        let skip: Focus = seen.step(0);
        let target = skip.href.as_deref().and_then(|href| href.strip_prefix('#')).unwrap_or_else(|| panic!("{skip:?}"));
        let html = sample().read(&format!("public/{page}"));
        assert!(html.contains(&format!("<main id=\"{target}\"")), "{page}: {target}");
        assert_eq!(seen.step::<Focus>(1).within.as_deref(), Some("header"), "{page}: the site's name");
        assert_eq!(seen.step::<Focus>(2).within.as_deref(), Some("nav"), "{page}");
        for step in 0..tabs.len() {
            let Some(focus) = seen.step::<Option<Focus>>(step) else { break };
            let outline = &focus.outline;
            assert!(focus.in_view && outline.style == "solid" && outline.width >= 2.0, "{page} {scheme}: {focus:?}");
            let contrast = contrast(color(&outline.color), color(&focus.paper));
            assert!(contrast >= 3.0, "{page} {scheme}: {contrast} {focus:?}");
        }
    }
}

#[test]
fn the_skip_link_leads_past_the_navigation() {
    let seen = look("index.html", &json!({}), &json!([["press", "Tab"], ["press", "Enter"], ["press", "Tab"]]));
    let next: Focus = seen.step(2);
    assert_eq!(next.within.as_deref(), Some("main"), "{next:?}");
}

#[test]
fn what_is_folded_opens_by_the_keyboard() {
    let presses = vec![json!(["press", "Tab"]); 40];
    let seen = look("index.html", &json!({}), &json!(presses));
    let summary = (0..presses.len())
        .find(|step| seen.step::<Option<Focus>>(*step).is_some_and(|focus| focus.tag == "summary"))
        .expect("the numbers of the headline chart are folded");
    let mut steps = presses[..=summary].to_vec();
    steps.extend([json!(["press", "Enter"]), json!(["press", "Space"])]);
    let seen = look("index.html", &json!({}), &json!(steps));
    let open = |step: usize| seen.step::<Focus>(step).open;
    assert_eq!([open(summary), open(summary + 1), open(summary + 2)], [Some(false), Some(true), Some(false)]);
}

#[test]
fn printed_pages_keep_their_pictures() {
    let folder = tempfile::tempdir().unwrap();
    for (page, selectors) in [
        ("index.html".to_owned(), &[".spark", ".flag", "[class*=shade-]"][..]),
        (format!("days/{}.html", newest()), &[".spark", ".flag", ".swatch"]),
    ] {
        // Also what is dark on the screen; browsers leave backgrounds out of what they print, unless told to keep them.
        for (page, scheme) in [(page.clone(), "light"), (page.clone(), "dark"), (format!("dark/{page}"), "light")] {
            let pdf = folder.path().join("page.pdf");
            let mut steps =
                vec![json!(["pdf", pdf]), json!(["styles", "html", "background-color", "color"]), json!(["sparks"])];
            steps.extend(
                selectors
                    .iter()
                    .map(|selector| json!(["styles", selector, "print-color-adjust", "display", "visibility"])),
            );
            let seen = look(&page, &json!({"media": "print", "scheme": scheme}), &json!(steps));
            assert_undisturbed(&seen, &page);
            // A picture that is not a background, or that is and is kept, is an image in the PDF.
            let bytes = std::fs::read(&pdf).unwrap();
            let images = bytes.windows(15).filter(|bytes| bytes == b"/Subtype /Image").count();
            assert!(bytes.starts_with(b"%PDF-") && images >= 2, "{page} {scheme}: {images} images");
            let html: Vec<BTreeMap<String, String>> = seen.step(1);
            let paper = color(&html[0]["background-color"]);
            assert!(paper == [255; 3] && contrast(paper, color(&html[0]["color"])) > 7.0, "{page} {scheme}: {html:?}");
            for (number, selector) in selectors.iter().enumerate() {
                let styles: Vec<BTreeMap<String, String>> = seen.step(3 + number);
                assert!(!styles.is_empty(), "{page}: no {selector}");
                for style in styles {
                    let shown = style["display"] != "none" && style["visibility"] == "visible";
                    let kept = *selector == ".spark" || style["print-color-adjust"] == "exact";
                    assert!(shown && kept, "{page} {scheme} {selector}: {style:?}");
                }
            }
        }
    }
}

#[test]
fn what_is_wrong_with_a_page_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let html = "<!doctype html><html lang=en><head><meta charset=utf-8><title>Wrong</title></head><body>
        <img src=missing.png><img src=picture.svg alt=''><p style='width: 500px; background: red'>wide</p><p id=a></p><p id=a></p>
        </body></html>";
    std::fs::write(folder.path().join("wrong.html"), html).unwrap();
    let look = |with: Value, steps: Value| look_at(folder.path(), "wrong.html", &with, &steps);
    let seen = look(json!({"width": 360}), json!([["overflow"], ["images"], ["press", "Tab"]]));
    let overflow: Overflow = seen.step(0);
    assert!(overflow.scroll_width > 500 && overflow.sticking.len() == 1, "{overflow:?}");
    assert!(seen.step::<Vec<Image>>(1).iter().all(|image| image.natural == [0, 0]));
    assert_eq!(seen.svg.len(), 1);
    assert_eq!(seen.failed.len(), 2, "{:?}", seen.failed);
    assert!(seen.step::<Option<Focus>>(2).is_none());
    let seen = look(json!({"http": true}), json!([["overflow"]]));
    assert!(seen.console.iter().any(|line| line.contains("Content Security Policy")), "{:?}", seen.console);
    let axe: Axe = look(json!({"scripts": true}), json!([["axe"]])).step(0);
    assert!(axe.violations.iter().any(|violation| violation["id"] == "image-alt"), "{:?}", axe.violations);
    let errors: Vec<Value> = look(json!({}), json!([["validate"]])).step(0);
    assert!(errors.iter().any(|error| error["rule"] == "no-dup-id"), "{errors:?}");
}

/// A color as CSS computes it, without opacity.
pub fn color(css: &str) -> [u8; 3] {
    let numbers = css.trim_start_matches("rgba(").trim_start_matches("rgb(").trim_end_matches(')').split(", ");
    let numbers: Vec<u8> = numbers.take(3).map(|number| number.parse().unwrap_or_else(|_| panic!("{css}"))).collect();
    numbers.try_into().unwrap()
}

/// The contrast of two colours, 1 to 21, as WCAG 2 defines it.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let luminance = |color: [u8; 3]| {
        let [red, green, blue] = color.map(|channel| {
            let channel = f64::from(channel) / 255.0;
            if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
