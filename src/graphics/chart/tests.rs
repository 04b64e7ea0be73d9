//! Charts as a theme draws them.

#![allow(clippy::unwrap_used)]
use super::frame::FONT;
use super::plot::XTick;
use super::*;
use crate::graphics::Drawing;
use crate::graphics::font;
use proptest::prelude::*;
use std::fmt::Write;

fn data(series: Vec<Vec<Option<f64>>>) -> Data {
    let series = series.into_iter().enumerate();
    let series = series.map(|(at, values)| Series { name: format!("series {at}"), values }).collect();
    Data { first: jiff::civil::date(2025, 6, 1), series, marks: Vec::new() }
}

/// The plot as a theme would draw it, roughly.
fn svg(plot: &Plot) -> String {
    let mut svg =
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\">", plot.width, plot.height);
    for shape in &plot.series {
        let color = ["#1f76bc", "#e8a945"][shape.number % 2];
        write!(svg, "<path d=\"{}\" fill=\"{color}\" shape-rendering=\"crispEdges\"/>", shape.path).unwrap();
    }
    for tick in &plot.x {
        write!(svg, "<text x=\"{}\" y=\"{}\" fill=\"#5c6670\">{}</text>", tick.text_x, tick.text_y, tick.label)
            .unwrap();
    }
    svg + "</svg>"
}

fn weeks() -> Data {
    data(vec![(0..60).map(|day| Some(f64::from(100 + day % 7 * 8))).collect(), vec![Some(40.0); 60]])
}

#[test]
fn the_same_numbers_are_the_same_picture_on_every_machine() {
    let drawing =
        |data| Drawing::Chart(Chart { svg: svg(&plot(Kind::Area, data, 344, 230, &Words::default()).unwrap()) });
    let [one, other] = [drawing(&weeks()), drawing(&weeks())].map(|drawing| drawing.draw().unwrap());
    assert_eq!(one, other);
    use sha2::{Digest, Sha256};
    assert_eq!(crate::text::hexadecimal(&Sha256::digest(&one)[..8]), "2b4fd78e10596538");
}

#[test]
fn words_are_in_the_picture() {
    let pixels = |text: &str| {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"20\"><text y=\"15\">{text}</text></svg>"
        );
        let pixels = crate::graphics::raster::pixels(&svg, 1.0).unwrap();
        pixels.colors.iter().filter(|color| color.0[3] > 100).count()
    };
    assert_eq!(pixels(""), 0);
    assert!(pixels("obfs4") > 30);
    assert!(pixels("ایران") > 30, "letters that the face does not have are boxes");
}

#[test]
fn areas_lie_upon_each_other_and_end_where_any_of_them_is_unknown() {
    let data = data(vec![vec![Some(2.0), None, Some(2.0)], vec![Some(2.0), Some(1.0), Some(2.0)]]);
    let plot = plot(Kind::Area, &data, 344, 230, &Words::default()).unwrap();
    for shape in &plot.series {
        assert_eq!(shape.path.matches('M').count(), 2, "{}", shape.path);
        assert_eq!(shape.path.matches('Z').count(), 2);
    }
    // The lower one goes up half the height, the upper one all of it.
    let half_way = plot.top + (plot.bottom - plot.top) / 2.0;
    assert!(plot.series[0].path.starts_with(&format!("M{} {half_way}", plot.left)), "{:?}", plot.series[0].path);
    assert!(plot.series[1].path.starts_with(&format!("M{} {}", plot.left, plot.top)), "{:?}", plot.series[1].path);
}

#[test]
fn lines_are_broken_at_gaps_and_a_day_alone_can_be_seen() {
    let data = data(vec![vec![Some(1.0), Some(2.0), None, Some(3.0)]]);
    let path = plot(Kind::Line, &data, 344, 230, &Words::default()).unwrap().series[0].path.clone();
    assert_eq!(path.matches('M').count(), 2);
    assert_eq!(path.matches('L').count(), 2);
}

#[test]
fn every_day_has_its_bar() {
    let path = plot(Kind::Bar, &weeks(), 1112, 300, &Words::default()).unwrap().series[0].path.clone();
    assert_eq!(path.matches('Z').count(), 60);
}

#[test]
fn odd_numbers_of_days_and_series_are_drawn() {
    for kind in [Kind::Line, Kind::Area, Kind::Bar] {
        for values in [
            vec![],
            vec![vec![]],
            vec![vec![None; 3]],
            vec![vec![Some(8.0)]],
            vec![vec![Some(0.0); 30]],
            vec![vec![Some(1e12); 5]; 40],
            vec![vec![Some(1e18); 5]; 40],
            vec![vec![Some(f64::from_bits(1)); 5]],
            vec![(0..4000).map(|day| (day % 100 != 0).then_some(f64::from(day))).collect()],
        ] {
            let plot = plot(kind, &data(values), 344, 230, &Words::default()).unwrap();
            let longest = plot.series.iter().map(|shape| shape.path.len()).max().unwrap_or_default();
            assert!(longest < 40_000, "{kind}: {longest}");
            Chart { svg: svg(&plot) }.draw().unwrap();
        }
    }
}

#[test]
fn what_is_no_count_is_refused() {
    for (value, shown) in [(-1.0, "-1"), (f64::NAN, "NaN"), (f64::INFINITY, "inf"), (2e18, "2000000000000000000")] {
        assert_eq!(
            plot(Kind::Line, &data(vec![vec![Some(1.0), Some(value)]]), 344, 230, &Words::default()),
            Err(format!("`series 0` is {shown} on 2025-06-02\na chart shows numbers from zero to 1e18"))
        );
    }
}

#[test]
fn one_series_needs_no_label_and_a_thin_area_has_none() {
    assert_eq!(
        plot(Kind::Area, &data(vec![vec![Some(1.0)]]), 344, 230, &Words::default()).unwrap().series[0].label,
        None
    );
    let plot = plot(Kind::Area, &data(vec![vec![Some(1.0)], vec![Some(1000.0)]]), 620, 260, &Words::default()).unwrap();
    assert_eq!(plot.series.iter().map(|shape| shape.label.is_some()).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn a_narrow_picture_leaves_words_to_the_page() {
    let mut data = weeks();
    data.marks = vec![Mark { day: 30, text: "blocked".to_owned() }];
    let [narrow, wide] = [344, 620].map(|width| plot(Kind::Line, &data, width, 230, &Words::default()).unwrap());
    assert!(wide.series.iter().all(|shape| shape.label.is_some()) && wide.marks[0].text.is_some());
    assert!(narrow.series.iter().all(|shape| shape.label.is_none()) && narrow.marks[0].text.is_none());
    assert_eq!((narrow.right, narrow.marks[0].top), (338.0, narrow.top), "all of it is for the values");
}

#[test]
fn five_marks_close_together_at_the_end_all_have_words() {
    let mut data = data(vec![vec![Some(8.0); 540]; 2]);
    let long = "a note that somebody wrote at length, about all that happened to a bridge on that day".to_owned();
    let texts = ["blocked again".to_owned(), long.clone(), "new bridge".to_owned(), long, "moved".to_owned()];
    data.marks = texts.into_iter().zip([520, 524, 529, 533, 538]).map(|(text, day)| Mark { day, text }).collect();
    for (width, height) in [(1112, 300), (620, 260)] {
        let plot = plot(Kind::Area, &data, width, height, &Words::default()).unwrap();
        let words: Vec<&str> =
            plot.marks.iter().filter_map(|mark| mark.text.as_ref()).map(|text| text.text.as_str()).collect();
        assert_eq!([words[0], words[2], words[4]], ["blocked again", "new bridge", "moved"], "{width}: {words:?}");
        assert!(words[1].starts_with("a note that somebody") && words[1].ends_with('…'), "{words:?}");
        assert!(plot.bottom - plot.top > f64::from(height) / 2.0, "and values have room");
    }
}

#[test]
fn series_of_one_colour_have_other_dashes() {
    let looks: std::collections::BTreeSet<_> = (0..36).map(|at| (at % 6, dash(at))).collect();
    assert_eq!(looks.len(), 36);
}

proptest! {
    #[test]
    fn nothing_touches_and_all_stays_inside(
        values in prop::collection::vec(prop::collection::vec(prop::option::of(0.0f64..1e6), 1..400), 1..13),
        marks in prop::collection::vec((0i64..400, "[a-z ]{0,40}"), 0..8),
        size in prop::sample::select(vec![(344, 230), (620, 260), (1112, 300), (620, 120)]),
        kind in prop::sample::select(vec![Kind::Line, Kind::Area, Kind::Bar]),
    ) {
        let mut data = data(values);
        data.marks = marks.into_iter().map(|(day, text)| Mark { day, text }).collect();
        let (width, height) = size;
        let plot = plot(kind, &data, width, height, &Words::default()).unwrap();
        let (width, height) = (f64::from(width), f64::from(height));
        // Boxes of words, as far as they can meet: left, right, baseline.
        let span = |x: f64, text: &str| (x, x + font::width(text, FONT));
        let mut labels: Vec<_> =
            plot.series.iter().filter_map(|shape| shape.label.as_ref()).map(|label| (span(label.x, &label.text), label.y)).collect();
        labels.sort_by(|one, other| one.1.total_cmp(&other.1));
        for pair in labels.windows(2) {
            prop_assert!(pair[1].1 - pair[0].1 >= FONT, "{:?}", labels);
        }
        for pair in plot.x.windows(2) {
            let side = |tick: &XTick| font::width(&tick.label, FONT) / 2.0;
            prop_assert!(pair[0].text_x + side(&pair[0]) < pair[1].text_x - side(&pair[1]), "{:?}", plot.x);
        }
        let words: Vec<_> = plot.marks.iter().filter_map(|mark| mark.text.as_ref()).map(|text| (span(text.x, &text.text), text.y)).collect();
        for (at, one) in words.iter().enumerate() {
            for other in &words[..at] {
                prop_assert!(one.1 != other.1 || one.0.1 < other.0.0 || other.0.1 < one.0.0, "{:?}", words);
            }
            for mark in &plot.marks {
                let crosses = mark.x > one.0.0 && mark.x < one.0.1 && mark.top < one.1 - FONT;
                prop_assert!(!crosses, "{:?}", plot.marks);
            }
        }
        for ((left, right), y) in labels.into_iter().chain(words) {
            prop_assert!(left >= -0.5 && right <= width + 0.5 && y >= FONT * 0.7 && y <= height);
        }
    }
}
