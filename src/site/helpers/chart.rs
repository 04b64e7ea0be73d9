//! `chart`: rows over days as a picture, with its numbers in a table.
//!
//! The theme's partial `charts/<kind>` makes the SVG of each variant (light or dark paper, three widths of screens), and its
//! partial `chart` the HTML around them.

mod data;
mod words;

use handlebars::RenderError;
use serde_json::{Value, json};

use super::{Call, quoted, refused};
use crate::config::Scheme;
use crate::graphics::chart::{Chart, Data, Kind, Plot, Series, dash, plot};
use crate::graphics::{Colors, Drawing};
use crate::site::language::{Form, Language};
use crate::site::pictures::Pictures;
use crate::site::shape::Shape;

/// Width and height in CSS pixels of the picture for wide screens, as wide as the default theme's column; its height can be
/// chosen.
const WIDE: (u32, u32) = (1112, 300);
/// The pictures for smaller screens, and the widths of screens up to which they are taken. A picture fills its column, and its
/// text with it: chosen so that text of 12 pixels is 10 where it is smallest, just above each width and on a screen of 320.
const SMALLER: [(&str, (u32, u32)); 2] = [("(max-width: 549px)", (344, 230)), ("(max-width: 967px)", (620, 260))];
const DARK: &str = "(prefers-color-scheme: dark)";

/// `{{chart rows kind="area" x="day" y="clients" series="transport" title="…"}}`: rows are records, `x` and `y` name their
/// columns of days and of values; `series` that of names, or `y` is a list of columns with a space between, and `names` says
/// what series are called: `none=no transport, others=others`. `marks` are rows
/// with a day and a `text`, `height` is that of the wide picture in CSS pixels, `unit` stands behind the numbers.
pub(super) fn chart(call: &Call, pictures: &Pictures) -> Result<String, RenderError> {
    let text = |name: &str, otherwise: Option<&'static str>| match (call.text(name).map_err(refused)?, otherwise) {
        (Some(text), _) => Ok(data::readable(text)),
        (None, Some(text)) => Ok(text.to_owned()),
        (None, None) => Err(refused(format!("`chart` needs `{name}`\nas in `{EXAMPLE}`"))),
    };
    let kind: Kind = text("kind", None)?.parse().map_err(refused)?;
    let (title, unit) = (text("title", Some(""))?, text("unit", Some(""))?);
    let columns =
        data::Columns { x: text("x", Some("day"))?, y: text("y", None)?, series: call.option("series").as_str() };
    let data = data::read(call.value(0), &columns, call.option("marks")).map_err(refused)?;
    let data = data::called(data, call.text("names").map_err(refused)?).map_err(refused)?;
    let language = call.language();
    let words = language.of_charts(unit.clone());
    let height = height(call.option("height")).map_err(refused)?;
    let page = call.page();

    let draw = |scheme: Scheme, size: (u32, u32)| -> Result<String, RenderError> {
        let plot = plot(kind, &data, size.0, size.1, &words).map_err(refused)?;
        let svg = call.partial(&format!("charts/{kind}"), picture(&plot, pictures.colors, scheme, &title), pictures)?;
        Ok(page.link_to_file(&pictures.add(Drawing::Chart(Chart { svg }))))
    };
    let mut sources = Vec::new();
    let mut main = Value::Null;
    if !data.is_empty() {
        let mut source = |media: &[&str], scheme, size: (u32, u32)| -> Result<(), RenderError> {
            let src = draw(scheme, size)?;
            sources.push(json!({"media": media.join(" and "), "src": src, "width": size.0, "height": size.1}));
            Ok(())
        };
        let wide = (WIDE.0, height);
        let smaller = SMALLER.map(|(media, size)| (media, (size.0, height * size.1 / WIDE.1)));
        // A file that is sent has one for phones and one for all else.
        let count = if call.context["page"]["alone"].as_bool().unwrap_or(false) { 1 } else { smaller.len() };
        let smaller = smaller.into_iter().take(count);
        let own = page.scheme.unwrap_or(Scheme::Light);
        match page.scheme {
            None => {
                for (media, size) in smaller.clone() {
                    source(&["screen", media, DARK], Scheme::Dark, size)?;
                }
                source(&["screen", DARK], Scheme::Dark, wide)?;
            }
            // Ink is dark.
            Some(Scheme::Dark) => source(&["print"], Scheme::Light, wide)?,
            Some(Scheme::Light) => {}
        }
        for (media, size) in smaller {
            source(&["screen", media], own, size)?;
        }
        main = draw(own, wide)?.into();
    }
    let figure = json!({
        "title": title,
        "kind": kind.to_string(),
        "unit": unit,
        "sources": sources,
        "src": main,
        "width": WIDE.0,
        "height": height,
        "alt": words::alt(&title, &data, &words, language),
        "legend": legend(&data, pictures.colors),
        "marks": marks(&data, language),
        "table": words::table(&data, language),
    });
    call.partial("chart", figure, pictures)
}

const EXAMPLE: &str = "{{chart rows kind=\"area\" x=\"day\" y=\"clients\" series=\"transport\"}}";

/// What the partial `charts/<kind>` gets.
fn picture(plot: &Plot, colors: &Colors, scheme: Scheme, title: &str) -> Value {
    let paper = colors.paper(scheme == Scheme::Dark);
    let mut seen = json!(plot);
    for (at, series) in seen["series"].as_array_mut().into_iter().flatten().enumerate() {
        // One alone is drawn in the ink.
        let color = paper.series.get(at % colors.series()).filter(|_| plot.series.len() > 1);
        series["color"] = json!(color.unwrap_or(&paper.ink));
    }
    seen["colors"] = json!(paper);
    seen["scheme"] = json!(scheme.to_string());
    seen["narrow"] = json!(plot.width == SMALLER[0].1.0);
    seen["title"] = json!(title);
    seen
}

/// What there is to tell apart: each name, and the numbers of its colour and of its dashes, from 1 on.
fn legend(data: &Data, colors: &Colors) -> Vec<Value> {
    let shown = data.series.iter().enumerate().filter(|_| data.series.len() > 1);
    let item = |(at, series): (usize, &Series)| json!({"number": at % colors.series() + 1, "dash": dash(at) + 1, "name": series.name});
    shown.map(item).collect()
}

fn height(option: &Value) -> Result<u32, String> {
    let height =
        option.as_u64().and_then(|height| u32::try_from(height).ok()).filter(|height| (120..=800).contains(height));
    match option {
        Value::Null => Ok(WIDE.1),
        _ => height.ok_or_else(|| format!("`height` of `chart` is a number from 120 to 800, not {}", quoted(option))),
    }
}

/// The marks of the days shown, in words.
fn marks(data: &Data, language: &Language) -> Vec<Value> {
    data.marked().map(|(day, text)| json!({"label": language.day(day, Form::Long), "text": text})).collect()
}

/// What the partial `charts/<kind>` sees.
pub(in crate::site) fn picture_shape() -> Shape {
    let named = |name: &str, shape| (name.to_owned(), shape);
    Shape::scalars(["width", "height", "font", "left", "right", "top", "bottom", "zero", "scheme", "narrow", "title"])
        .with(vec![
            named("y", Shape::list(Shape::scalars(["y", "text_y", "label"]))),
            named("x", Shape::list(Shape::scalars(["x", "text_x", "text_y", "label", "year"]))),
            named(
                "series",
                Shape::list(
                    Shape::scalars(["number", "name", "path", "dash", "color"])
                        .with(vec![named("label", Shape::scalars(["x", "y", "text", "path"]))]),
                ),
            ),
            named(
                "marks",
                Shape::list(Shape::scalars(["x", "top"]).with(vec![named("text", Shape::scalars(["x", "y", "text"]))])),
            ),
            named(
                "colors",
                Shape::scalars(["paper", "text", "line", "ink", "warning"])
                    .with(vec![named("series", Shape::list(Shape::Scalar))]),
            ),
        ])
}

/// What the partial `chart` sees.
pub(in crate::site) fn figure_shape() -> Shape {
    let named = |name: &str, shape| (name.to_owned(), shape);
    let row = Shape::scalars(["label"]).with(vec![named("values", Shape::list(Shape::Scalar))]);
    let table =
        Shape::scalars(["by"]).with(vec![named("head", Shape::list(Shape::Scalar)), named("rows", Shape::list(row))]);
    Shape::scalars(["title", "kind", "unit", "src", "width", "height", "alt"]).with(vec![
        named("sources", Shape::list(Shape::scalars(["media", "src", "width", "height"]))),
        named("legend", Shape::list(Shape::scalars(["number", "dash", "name"]))),
        named("marks", Shape::list(Shape::scalars(["label", "text"]))),
        named("table", table),
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::graphics::chart::{Mark, Words};

    /// The shape that a value has.
    fn shape(value: &Value) -> Shape {
        match value {
            Value::Array(items) => Shape::list(items.first().map_or(Shape::Any, shape)),
            Value::Object(fields) => Shape::record(fields.iter().map(|(name, value)| (name, shape(value)))),
            _ => Shape::Scalar,
        }
    }

    /// Two series and a mark.
    fn data() -> Data {
        let series = |name: &str| Series { name: name.to_owned(), values: vec![Some(8.0); 30] };
        let marks = vec![Mark { day: 20, text: "blocked".to_owned() }];
        Data { first: jiff::civil::date(2026, 1, 1), series: vec![series("obfs4"), series("snowflake")], marks }
    }

    #[test]
    fn a_picture_has_the_parts_that_templates_are_checked_against() {
        for (kind, _) in Kind::ALL {
            let plot = plot(kind.parse().unwrap(), &data(), WIDE.0, WIDE.1, &Words::default()).unwrap();
            let seen = picture(&plot, &Colors::default(), Scheme::Light, "Clients");
            assert_eq!(shape(&seen), picture_shape(), "{kind}");
        }
    }
}
