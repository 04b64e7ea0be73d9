//! Pictures of pages, and the copies of a site for readers who want it dark or light.

use super::*;
use crate::config::Scheme;

const LINES: &str = "{{#each data.days}}{{sparkline history}}{{/each}}";

fn with_days(body: &str) -> String {
    format!("---\ntitle: T\ndata: {{days: days}}\n---\n{body}")
}

fn pictures(files: &BTreeMap<String, String>) -> Vec<&str> {
    files.keys().filter(|path| path.starts_with("pictures/")).map(String::as_str).collect()
}

#[test]
fn sparklines_of_one_length_share_a_sheet_and_find_their_place_by_number() {
    let ten = "{{#each data.days}}{{#if @last}}{{sparkline history mark=1}}{{/if}}{{/each}}\n\n".repeat(12);
    let files = Folder::new(&[DAYS, ("content/index.md", &with_days(&ten))]).render();
    let page = &files["index.html"];
    let sheet = pictures(&files)[0];
    assert_eq!(pictures(&files).len(), 1);
    for classes in ["spark a0 b0 c0", "spark a9 b0 c0", "spark a1 b1 c0"] {
        let image = format!(
            "<img class=\"{classes}\" src=\"{sheet}\" width=\"6\" height=\"20\" \
             alt=\"first 8, last 1\u{202f}600, lowest 8, highest 1\u{202f}600, 1 unknown, marked 1\u{202f}600\">"
        );
        assert!(page.contains(&image), "{image} in {page}");
    }
}

#[test]
fn lists_of_other_lengths_have_sheets_of_their_own() {
    let files = Folder::new(&[DAYS, ("content/index.md", &with_days(LINES))]).render();
    assert_eq!(pictures(&files).len(), 3, "of 1, 2 and 3 values");
    assert!(!files["index.html"].contains("<sheet"), "every sheet has its address");
    for picture in pictures(&files) {
        assert!(files["index.html"].contains(&format!("src=\"{picture}\"")), "{picture}");
    }
}

#[test]
fn pages_with_the_same_sparklines_share_their_picture_from_wherever_they_stand() {
    let folder = Folder::new(&[DAYS, ("content/index.md", &with_days(LINES)), ("content/a/b.md", &with_days(LINES))]);
    let files = folder.render();
    assert_eq!(pictures(&files).len(), 3);
    assert!(files["a/b.html"].contains(&format!("src=\"../{}\"", pictures(&files)[0])));
}

#[test]
fn data_cannot_take_the_place_of_a_sheets_address() {
    let hostile = ("site/queries/days.sql", "select '<sheet 2 0>' as word, [8, 16] as history");
    let body = "{{#each data.days}}{{word}} {{sparkline history}}{{/each}}";
    let files = Folder::new(&[hostile, ("content/index.md", &with_days(body))]).render();
    assert!(files["index.html"].contains("&lt;sheet 2 0&gt; <img class=\"spark a0 b0 c0\" src=\"pictures/"));
}

#[test]
fn what_cannot_be_drawn_is_a_problem_at_its_place() {
    let folder =
        Folder::new(&[DAYS, ("content/index.md", &with_days("\n{{#each data.days}}{{sparkline clients}}{{/each}}"))]);
    let problems = folder.problems();
    assert_eq!(problems, ["content/index.md:6:20: `sparkline` needs a list of numbers, not `8` (page `index.html`)"]);
    let title =
        "---\ntitle: \"{{sparkline row.history}}\"\neach: {query: days, key: day, path: \"{{row.day}}.html\"}\n---\n";
    let problems = Folder::new(&[DAYS, ("content/index.md", title)]).problems();
    assert_eq!(problems, ["content/index.md:2:8: `sparkline` draws a picture, which only the text of a page can have"]);
    let option = Folder::new(&[
        DAYS,
        ("content/index.md", &with_days("{{#each data.days}}{{sparkline history marc=1}}{{/each}}")),
    ]);
    assert_eq!(
        option.problems(),
        ["content/index.md:5:40: the helper `sparkline` has no option `marc` (did you mean `mark`?)"]
    );
}

#[test]
fn a_dark_copy_of_the_site_links_to_itself_and_shares_files_and_pictures() {
    const THEME: Embedded = &[
        ("assets/style.css", b"x"),
        ("layouts/page.hbs", b"{{page.scheme}}:{{asset \"style.css\"}}:{{url \"index.html\"}}:{{{body}}}:{{#each page.schemes}}{{name}}={{href}}{{#if current}}!{{/if}} {{/each}}"),
    ];
    let mut folder =
        Folder::new(&[DAYS, ("content/index.md", "---\ntitle: I\n---\n"), ("content/a/b.md", &with_days(LINES))]);
    folder.site.schemes = vec![Scheme::Dark];
    let files = folder.render_from(DATA, THEME).unwrap().1;
    let paths: Vec<&str> = files.keys().map(String::as_str).filter(|path| !path.starts_with("pictures/")).collect();
    assert_eq!(paths, ["a/b.html", "assets/style.2d711642.css", "dark/a/b.html", "dark/index.html", "index.html"]);
    assert!(
        files["a/b.html"].starts_with("auto:../assets/style.2d711642.css:../index.html:<p><img"),
        "{}",
        files["a/b.html"]
    );
    assert!(files["a/b.html"].ends_with("auto=b.html! dark=../dark/a/b.html "));
    assert!(files["dark/a/b.html"].starts_with("dark:../../assets/style.2d711642.css:../index.html:<p><img"));
    assert!(files["dark/a/b.html"].ends_with("auto=../../a/b.html dark=b.html! "));
    assert_eq!(pictures(&files).len(), 3);
    assert!(files["dark/a/b.html"].contains("src=\"../../pictures/"));
}

#[test]
fn a_page_cannot_stand_where_a_copy_has_another() {
    let mut folder =
        Folder::new(&[("content/a.md", "---\ntitle: A\n---\n"), ("content/dark/a.md", "---\ntitle: D\n---\n")]);
    folder.site.schemes = vec![Scheme::Dark];
    assert_eq!(
        folder.problems(),
        ["content/a.md: two files have the path `dark/a.html`: content/dark/a.md and the dark copy of `a.html` \
          (use another path, or list no `schemes` in `site/site.yaml`)"]
    );
}

#[test]
fn a_theme_chooses_its_colours_and_leaves_the_others_to_the_theme_below() {
    let files = [
        DAYS,
        ("content/index.md", &with_days(LINES)),
        ("themes/mine/theme.yaml", "pictures: {ink: \"#010203\", dark: {series: [\"#ffffff\"]}}"),
        ("themes/default/theme.yaml", "pictures: {ink: \"#999999\", warning: \"#040506\"}"),
    ];
    let mut folder = Folder::new(&files);
    folder.site.theme = "mine".to_owned();
    let files = folder.render();
    let drawing = &files[pictures(&files)[0]];
    assert!(drawing.contains("ink: Rgba([1, 2, 3, 255]), warning: Rgba([4, 5, 6, 255])"), "{drawing}");
    let wrong = Folder::new(&[("themes/default/theme.yaml", "pictures: {ink: red}"), ("content/index.md", &page(""))]);
    assert_eq!(
        wrong.problems(),
        ["themes/default/theme.yaml:1:11: pictures: `red` is not a colour; write it as `#rrggbb`"]
    );
}

const PLACES: (&str, &str) = (
    "site/queries/places.sql",
    "select * from (values ('ir', 'Iran', 1600), ('de', 'Germany', 8), ('fr', 'France', null), ('??', '<unknown>', 16))
     as places(country, name, clients)",
);

fn with_places(body: &str) -> String {
    format!("---\ntitle: T\ndata: {{places: places}}\n---\n{body}")
}

const WITH_MAP: Embedded = &[
    ("layouts/page.hbs", b"{{{body}}}"),
    ("partials/map.hbs", b"{{src}}|{{width}}|{{alt}}|{{#each legend}}{{class}}:{{from}}-{{to}} {{/each}}|{{#each elsewhere}}{{flag code}}{{code}} {{name}} {{value}}{{/each}}"),
];

#[test]
fn a_map_shows_countries_and_says_which_rows_have_no_place_on_it() {
    let folder = Folder::new(&[PLACES, ("content/index.md", &with_places("{{map data.places}}"))]);
    let files = folder.render_from("create table publication as select true as sample", WITH_MAP).unwrap().1;
    let picture = pictures(&files)[0];
    assert_eq!(
        files["index.html"].trim(),
        format!(
            "{picture}|960|Map of the world: Iran 1\u{202f}600, Germany 8|0:- 1:1-8 2:9-40 3:41-200 \
             4:201-1000 5:1001- |<span class=\"flag none\"></span>?? &lt;unknown&gt; 16"
        )
    );
    let other = Folder::new(&[PLACES, ("content/index.md", &with_places("{{map data.places limits=\"1 2 3 4\"}}"))]);
    let files = other.render_from("create table publication as select true as sample", WITH_MAP).unwrap().1;
    assert_ne!(pictures(&files)[0], picture, "another picture has another name");
}

#[test]
fn a_map_of_what_is_no_map_is_a_problem_at_its_place() {
    let problems = |body: &str| {
        let folder = Folder::new(&[PLACES, ("content/index.md", &with_places(body))]);
        folder.problems_with(WITH_MAP)
    };
    assert_eq!(
        problems("{{map data.places value=\"client\"}}"),
        ["content/index.md:5:26: the rows have no column `client` (did you mean `clients`?)"]
    );
    assert_eq!(
        problems("{{map data.places value=\"name\"}}"),
        ["content/index.md:5:1: `map` needs numbers, not `Iran` (page `index.html`)"]
    );
    let folder = Folder::new(&[PLACES, ("content/index.md", &with_places("{{map data.places}}"))]);
    assert_eq!(
        folder.problems(),
        ["content/index.md:5:1: the theme has no partial `map` (write it into `partials/map.hbs` of a theme)"]
    );
}

#[test]
fn a_flag_is_found_by_its_number_and_unknown_codes_have_none() {
    let body = "{{#each data.places}}{{flag country}}{{/each}}{{flag \"de\"}}{{flag \"DE\"}}{{flag data.places}}";
    let files = Folder::new(&[PLACES, ("content/index.md", &with_places(body))]).render();
    let flags: Vec<&str> =
        files["index.html"].split("<span class=\"flag ").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(flags.len(), 7);
    assert_eq!(flags[1], flags[4]);
    assert_eq!(flags[4], flags[5], "in either case");
    assert_eq!([flags[3], flags[6]], ["none", "none"]);
    assert_ne!(flags[0], flags[1]);
}

#[test]
fn a_partial_that_a_helper_fills_links_as_the_page_does() {
    const THEME: Embedded = &[
        ("assets/style.css", b"x"),
        ("layouts/page.hbs", b"{{{body}}}"),
        (
            "partials/map.hbs",
            b"{{url \"about.html\"}} {{asset \"style.css\"}} {{page.title}} {{site.title}} {{page.scheme}}",
        ),
    ];
    let mut folder = Folder::new(&[PLACES, ("content/a/b.md", &with_places("{{map data.places}}"))]);
    folder.site.schemes = vec![Scheme::Dark];
    let files = folder.render_from("create table publication as select true as sample", THEME).unwrap().1;
    assert_eq!(files["a/b.html"].trim(), "../about.html ../assets/style.2d711642.css T Bridges auto");
    assert_eq!(files["dark/a/b.html"].trim(), "../about.html ../../assets/style.2d711642.css T Bridges dark");
}

#[test]
fn other_words_can_stand_for_a_sparkline() {
    let body = "{{#each data.days}}{{#if @last}}{{sparkline history alt=\"<b>\"}}{{sparkline history unit=\"B\"}}{{/if}}{{/each}}";
    let files = Folder::new(&[DAYS, ("content/index.md", &with_days(body))]).render();
    assert!(files["index.html"].contains("alt=\"&lt;b&gt;\">"), "{}", files["index.html"]);
    assert!(files["index.html"].contains("alt=\"first 8\u{202f}B, last 1.60\u{202f}kB, "), "{}", files["index.html"]);
}

#[test]
fn a_map_alone_on_its_line_is_no_paragraph() {
    const THEME: Embedded = &[("layouts/page.hbs", b"{{{body}}}"), ("partials/map.hbs", b"<figure></figure>")];
    let body = "Before.\n{{map data.places}}\nAfter.\n\n{{#if data.places}}\n{{map data.places}}\n{{/if}}\n";
    let folder = Folder::new(&[PLACES, ("content/index.md", &with_places(body))]);
    let files = folder.render_from("create table publication as select true as sample", THEME).unwrap().1;
    let html: String = files["index.html"].split_whitespace().collect();
    assert_eq!(html, "<p>Before.</p><figure></figure><p>After.</p><figure></figure>");
}

#[test]
fn what_is_drawn_is_no_value_for_another_helper() {
    let body = "{{#each data.days}}{{json (sparkline history)}}{{#if (flag day)}}x{{/if}}{{/each}}";
    let problems = Folder::new(&[DAYS, ("content/index.md", &with_days(body))]).problems();
    let messages: Vec<&str> = problems.iter().map(|problem| problem.split(": ").nth(1).unwrap()).collect();
    assert_eq!(
        messages,
        [
            "`sparkline` makes HTML, which is no value (write `{{sparkline …}}` where it shall stand on the page)",
            "`flag` makes HTML, which is no value (write `{{flag …}}` where it shall stand on the page)"
        ]
    );
}

#[test]
fn rows_of_one_country_are_added_up_whatever_the_case_of_their_code() {
    let twice = (
        "site/queries/places.sql",
        "select * from (values ('de', 'A', 8), ('DE', 'B', 2000)) as places(country, name, clients)",
    );
    let once = ("site/queries/places.sql", "select 'DE' as country, 'A' as name, 2008 as clients");
    let picture = |places| {
        let folder = Folder::new(&[places, ("content/index.md", &with_places("{{map data.places}}"))]);
        let files = folder.render_from("create table publication as select true as sample", WITH_MAP).unwrap().1;
        files["index.html"].clone()
    };
    assert_eq!(picture(twice), picture(once));
    assert!(picture(once).contains("Map of the world: A 2\u{202f}008|"));
}
