//! Charts on pages: their pictures, words and tables, and what is found wrong with them.

use super::*;
use crate::config::Scheme;
use crate::site::shape::Shape;

/// The default theme's partials, which draw charts.
const THEME: Embedded = &[
    ("layouts/page.hbs", b"{{{body}}}"),
    ("partials/chart.hbs", include_bytes!("../../../themes/default/partials/chart.hbs")),
    ("partials/charts/frame.hbs", include_bytes!("../../../themes/default/partials/charts/frame.hbs")),
    ("partials/charts/line.hbs", include_bytes!("../../../themes/default/partials/charts/line.hbs")),
    ("partials/charts/area.hbs", include_bytes!("../../../themes/default/partials/charts/area.hbs")),
    ("partials/charts/bar.hbs", include_bytes!("../../../themes/default/partials/charts/bar.hbs")),
    ("partials/figure.hbs", include_bytes!("../../../themes/default/partials/figure.hbs")),
];

fn folder(call: &str) -> Folder {
    let page = format!("---\ntitle: T\ndata: {{days: days, countries: countries}}\n---\n\n{call}\n");
    Folder::new(&[DAYS, COUNTRIES, ("content/index.md", &page)])
}

fn rendered(call: &str) -> BTreeMap<String, String> {
    folder(call).render_from(DATA, THEME).unwrap().1
}

fn problems(call: &str) -> Vec<String> {
    folder(call).problems_with(THEME).iter().map(|line| line.replace("content/index.md:", "")).collect()
}

fn pictures(files: &BTreeMap<String, String>) -> Vec<&String> {
    files.iter().filter(|(path, _)| path.starts_with("pictures/")).map(|(_, drawing)| drawing).collect()
}

#[test]
fn a_chart_is_six_pictures_words_and_a_table() {
    let files = rendered("{{chart data.days kind=\"line\" y=\"clients\" title=\"Clients\"}}");
    let page = &files["index.html"];
    assert_eq!(pictures(&files).len(), 6, "light and dark, three widths");
    assert_eq!(page.matches("<source media=\"screen and ").count(), 5, "{page}");
    assert!(page.contains("alt=\"Clients, 1 January 2026 to 3 January 2026. clients: first 8, last 1\u{202f}600, lowest 8, highest 1\u{202f}600.\""), "{page}");
    assert!(page.contains("<th scope=\"row\">3 January 2026</th><td class=\"number\">?</td>"), "{page}");
    assert!(!page.contains("legend"), "there is nothing to tell apart");
    assert!(page.find("3 January 2026</th>") < page.find("1 January 2026</th>"), "the newest first");
}

#[test]
fn a_page_of_one_scheme_has_pictures_of_that_scheme() {
    let mut folder = folder("{{chart data.days kind=\"bar\" y=\"clients\"}}");
    folder.site.schemes = vec![Scheme::Dark];
    let files = folder.render_from(DATA, THEME).unwrap().1;
    assert_eq!(pictures(&files).len(), 6, "shared by both pages");
    let dark = &files["dark/index.html"];
    assert!(!dark.contains("prefers-color-scheme"), "{dark}");
    assert!(dark.contains("<source media=\"print\""), "paper is white: {dark}");
    assert!(dark.contains("src=\"../pictures/"));
}

#[test]
fn a_hostile_name_stays_a_name_in_the_page_and_in_the_picture() {
    let query = "select '2026-01-01' as day, 8 as clients, name from (values ('</text><script>alert(1)</script>'), ('\" onload=\"x'), (chr(1) || '&amp;'), (chr(8238) || 'ایران 😀')) t(name)";
    let page = "---\ntitle: T\ndata: {rows: rows}\n---\n\n{{chart data.rows kind=\"area\" y=\"clients\" series=\"name\" title=\"<b>\"}}\n";
    let folder = Folder::new(&[("site/queries/rows.sql", query), ("content/index.md", page)]);
    let input = Publication::of(DATA).unwrap();
    let drawn = Mutex::new(0);
    let input =
        Input { project: &folder.project, site: &folder.site, publication: &input, drafts: false, leaks: &secret() };
    render_with(&input, THEME, |file| {
        match file.content {
            Content::Bytes(bytes) => {
                let page = String::from_utf8(bytes).unwrap();
                assert!(!page.contains("<script") && !page.contains("<b>") && !page.contains(" onload=\""), "{page}");
            }
            Content::Table(_) => {}
            Content::Picture(drawing) => {
                assert!(!format!("{drawing:?}").contains("<script"));
                drawing.draw().unwrap();
                *drawn.lock().unwrap() += 1;
            }
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(drawn.into_inner().unwrap(), 6);
}

#[test]
fn without_numbers_there_is_a_sentence_and_no_picture() {
    let page = "---\ntitle: T\ndata: {rows: rows}\n---\n\n{{chart data.rows kind=\"area\" y=\"clients\"}}\n";
    for query in ["select day, clients from day where false", "select day, null::int as clients from day"] {
        let files = Folder::new(&[("site/queries/rows.sql", query), ("content/index.md", page)])
            .render_from(DATA, THEME)
            .unwrap()
            .1;
        assert!(files["index.html"].contains("There are no numbers to draw yet."));
        assert!(!files["index.html"].contains("<img") && pictures(&files).is_empty());
    }
}

#[test]
fn what_is_wrong_with_a_call_is_found_before_a_page_is_made() {
    for (call, problem) in [
        (
            "{{chart data.days kind=\"pie\" y=\"clients\"}}",
            "6:25: there is no kind of chart `pie` (there are `line`, `area` and `bar`)",
        ),
        (
            "{{chart data.days kind=\"line\" y=\"client\"}}",
            "6:34: the rows have no column `client` (did you mean `clients`?)",
        ),
        (
            "{{chart data.days kind=\"line\" x=\"dya\" y=\"clients\"}}",
            "6:34: the rows have no column `dya` (did you mean `day`?)",
        ),
        (
            "{{chart data.countries kind=\"line\" y=\"clients\" series=\"contry\"}}",
            "6:56: the rows have no column `contry` (did you mean `country`?)",
        ),
        (
            "{{chart data.days kind=\"line\" y=\"clients\" marks=data.countries}}",
            "6:1: the rows have no column `text` (there are `clients`, `country`, `day`)",
        ),
        ("{{chart data.days y=\"clients\"}}", "6:3: `chart` needs `kind`"),
        (
            "{{chart data.days kind=\"line\" y=\"clients\" heigth=200}}",
            "6:43: the helper `chart` has no option `heigth` (did you mean `height`?)",
        ),
    ] {
        assert_eq!(problems(call), [problem], "{call}");
    }
}

#[test]
fn partials_of_charts_are_checked_against_what_they_get() {
    let mut theme = THEME.to_vec();
    theme[3] = (
        "partials/charts/line.hbs",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\">{{widht}}{{#each series}}{{pth}}{{/each}}</svg>",
    );
    let theme: Embedded = Box::leak(theme.into_boxed_slice());
    let found = folder("{{chart data.days kind=\"line\" y=\"clients\"}}").problems_with(theme);
    assert_eq!(
        found,
        [
            "themes/default/partials/charts/line.hbs:1:43: `widht` is not known here (did you mean `width`?)",
            "themes/default/partials/charts/line.hbs:1:68: `pth` is not known here (did you mean `path`?)",
        ]
    );
}

#[test]
fn what_only_the_rows_show_is_found_when_the_page_is_made() {
    for (call, problem) in [
        (
            "{{chart data.countries kind=\"line\" y=\"clients\"}}",
            "6:1: `chart` has two rows for `clients` on 2026-01-02 (page `index.html`) (add them up in the query, or name their `series`)",
        ),
        (
            "{{chart data.countries kind=\"line\" y=\"country\" series=\"country\"}}",
            "6:1: `chart` needs numbers: `country` is `??` on 2026-01-01 (page `index.html`)",
        ),
        (
            "{{chart data.days kind=page.title y=\"clients\"}}",
            "6:1: there is no kind of chart `T` (page `index.html`) (there are `line`, `area` and `bar`)",
        ),
        (
            "{{chart data.days kind=\"line\" y=\"clients\" height=5}}",
            "6:1: `height` of `chart` is a number from 120 to 800, not `5` (page `index.html`)",
        ),
    ] {
        assert_eq!(problems(call), [problem], "{call}");
    }
}

#[test]
fn the_figure_has_the_parts_that_templates_are_checked_against() {
    fn shape(value: &serde_json::Value) -> Shape {
        match value {
            serde_json::Value::Array(items) => Shape::list(items.first().map_or(Shape::Any, shape)),
            serde_json::Value::Object(fields) => Shape::record(fields.iter().map(|(name, value)| (name, shape(value)))),
            _ => Shape::Scalar,
        }
    }
    let mut theme = THEME.to_vec();
    theme[1] = ("partials/chart.hbs", b"<pre>{{{json this}}}</pre>");
    let theme: Embedded = Box::leak(theme.into_boxed_slice());
    let query = ("site/queries/rows.sql", "select day, clients, clients as more, 'a note' as text from day");
    let page = "---\ntitle: T\ndata: {rows: rows}\n---\n\n{{chart data.rows kind=\"line\" y=\"clients more\" marks=data.rows}}\n";
    let files = Folder::new(&[query, ("content/index.md", page)]).render_from(DATA, theme).unwrap().1;
    let (_, json) = files["index.html"].split_once("<pre>").unwrap();
    let mut figure: serde_json::Map<_, _> = serde_json::from_str(json.split_once("</pre>").unwrap().0).unwrap();
    for shared in crate::site::helpers::SEEN_EVERYWHERE {
        assert!(figure.remove(shared).is_some_and(|seen| seen.is_object()), "{shared}");
    }
    let figure = figure.into();
    assert_eq!(shape(&figure), crate::site::helpers::chart::figure_shape());
}

#[test]
fn a_theme_with_fewer_series_on_one_paper_has_the_same_legend_for_both() {
    let mut folder = folder("{{chart data.days kind=\"line\" y=\"clients clients clients\"}}");
    let about = "name: T\npictures: {light: {series: [\"#111111\", \"#222222\", \"#333333\"]}, dark: {series: [\"#aaaaaa\", \"#bbbbbb\"]}}";
    fs::create_dir(&folder.project.theme("mine")).unwrap();
    fs::write_atomic(&folder.project.theme("mine").join("theme.yaml"), about.as_bytes(), fs::PUBLIC).unwrap();
    folder.site.theme = "mine".to_owned();
    let files = folder.render_from(DATA, THEME).unwrap().1;
    let numbers = |page: &str| {
        let parts: Vec<String> = page.split("swatch series-").skip(1).map(|part| part[..1].to_owned()).collect();
        parts.join(" ")
    };
    assert_eq!(numbers(&files["index.html"]), "1 2 1");
    for drawing in pictures(&files) {
        let [light, dark] = ["#111111", "#aaaaaa"].map(|color| drawing.matches(color).count());
        assert!(light + dark >= 2 && light.min(dark) == 0, "the third series is drawn as the first: {drawing}");
        assert!(!drawing.contains("#333333"), "{drawing}");
    }
}

#[test]
fn words_of_marks_are_in_the_alternative_text_and_in_the_list() {
    let query =
        ("site/queries/rows.sql", "select day, clients, 'a & note ' || chr(2) as text from day where clients > 8");
    let page = "---\ntitle: T\ndata: {days: days, rows: rows}\n---\n\n{{#each data.rows}}{{chart @root.data.days kind=\"line\" y=\"clients\" title=text marks=@root.data.rows}}{{/each}}\n";
    let files = Folder::new(&[DAYS, query, ("content/index.md", page)]).render_from(DATA, THEME).unwrap().1;
    let page = &files["index.html"];
    assert!(page.contains("Marked: 2 January 2026, a &amp; note \u{fffd}.\""), "{page}");
    assert!(page.contains("<li>2 January 2026: a &amp; note \u{fffd}</li>"), "{page}");
    assert!(page.contains("<h2>a &amp; note \u{fffd}</h2>"), "{page}");
}
