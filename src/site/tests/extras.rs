//! What a site has beside its pages.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::{DATA, DAYS, Folder, THEME, page};

/// All files, those too that are there for programs.
fn all(folder: &Folder) -> BTreeMap<String, String> {
    folder.files(DATA, THEME).unwrap().1.into_iter().map(|(path, (_, text))| (path, text)).collect()
}

const OFFER: &str = "---\ntitle: T\ndownloads: [days]\n---\n{{#each page.downloads}}[{{this.name}}]({{download this.name}}) \
                     {{rows}} {{#each columns}}{{this.name}}: {{type}} {{/each}}{{/each}}\n";
const PLAIN: (&str, &str) =
    ("site/queries/days.sql", "-- Days.\n--\n-- * day: in UTC\nselect day, clients from day order by day");

#[test]
fn rows_that_a_page_offers_stand_in_the_site_once_and_the_page_says_what_they_are() {
    let files = Folder::new(&[("content/a.md", OFFER), ("content/b.md", OFFER), PLAIN]).render();
    assert_eq!(
        files["a.html"],
        "<title>T</title><p><a href=\"downloads/days.csv\">days</a> 3 day: date clients: whole number </p>\n"
    );
    assert_eq!(files["downloads/days.csv"], "day,clients\r\n2026-01-01,8\r\n2026-01-02,1600\r\n2026-01-03,\r\n");
    assert!(files.contains_key("downloads/days.parquet"));
}

#[test]
fn a_download_of_a_query_that_does_not_exist_is_a_problem() {
    let text = OFFER.replace("[days]", "[dys]");
    let problems = Folder::new(&[("content/a.md", &text), DAYS]).problems();
    assert_eq!(problems, ["content/a.md:3:12: there is no query `dys` (did you mean `days`?)"]);
}

#[test]
fn without_an_address_there_is_neither_a_sitemap_nor_a_feed_and_nothing_is_dated() {
    let feed = "---\ntitle: T\nfeed: {path: feed.xml, updated: 2026-01-01}\n---\n";
    let mut folder = Folder::new(&[("content/index.md", feed), ("content/404.md", &page("{{url \"index.html\"}}"))]);
    let files = all(&folder);
    assert_eq!(files.keys().collect::<Vec<_>>(), [".nojekyll", "404.html", "index.html", "robots.txt"]);
    assert_eq!(files["404.html"], "<title>T</title><p>/index.html</p>\n");
    folder.site.base_url = Some("https://stats.example/a/".to_owned());
    folder.site.cname = Some("stats.example".to_owned());
    let files = all(&folder);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        [".nojekyll", "404.html", "CNAME", "feed.xml", "index.html", "robots.txt", "sitemap.xml"]
    );
    assert_eq!(files["404.html"], "<title>T</title><p>/a/index.html</p>\n");
    assert_eq!(files["CNAME"], "stats.example\n");
    assert!(files["sitemap.xml"].contains("<loc>https://stats.example/a/index.html</loc>"), "{}", files["sitemap.xml"]);
    assert!(!files["sitemap.xml"].contains("404"));
    assert!(files["feed.xml"].contains("<updated>2026-01-01T00:00:00Z</updated>"), "{}", files["feed.xml"]);
}

#[test]
fn a_long_list_is_one_entry_of_a_feed() {
    let text = "---\ntitle: T\nfeed: {path: feed.xml, updated: 2026-01-01}\ndata: {days: days}\n\
                paginate: {data: days, by: 1}\n---\n";
    let mut folder = Folder::new(&[("content/list.md", text), DAYS]);
    folder.site.base_url = Some("https://stats.example/".to_owned());
    let files = all(&folder);
    assert!(files.contains_key("list/3.html"));
    assert_eq!(files["feed.xml"].matches("<entry>").count(), 1, "{}", files["feed.xml"]);
}

#[test]
fn what_the_site_has_itself_stays() {
    let files = Folder::new(&[
        ("content/404.md", &page("theme's")),
        ("site/static/robots.txt", "mine"),
        ("site/static/404.html", "gone"),
    ]);
    let problems = files.problems();
    assert_eq!(problems.len(), 1, "a page of its own and a file of its own cannot both stand there: {problems:?}");
    let files = all(&Folder::new(&[("content/index.md", &page("x")), ("site/static/robots.txt", "mine")]));
    assert_eq!(files["robots.txt"], "mine");
}
