//! `chart`: rows over days as a picture, with its numbers in a table.
//!
//! The theme's partial `charts/<kind>` makes the SVG of each variant (light or dark paper, wide or narrow screen), and its
//! partial `chart` the HTML around them.

mod data;
mod words;

use handlebars::RenderError;
use serde_json::{Value, json};

use super::{Call, quoted, refused};
use crate::config::Scheme;
use crate::graphics::chart::{Chart, Data, Kind, plot};
use crate::graphics::{Drawing, Paper};
use crate::site::pictures::Pictures;
use crate::site::shape::Shape;

/// CSS pixels of the picture for wide screens; its height can be chosen.
const WIDE: (u32, u32) = (1072, 300);
/// CSS pixels of the picture for narrow screens.
const NARROW: (u32, u32) = (328, 220);
/// Screens up to this width get the narrow picture.
const BREAK: &str = "screen and (max-width: 799px)";
const DARK: &str = "screen and (prefers-color-scheme: dark)";

/// `{{chart rows kind="area" x="day" y="clients" series="transport" title="…"}}`: rows are records, `x` and `y` name their
/// columns of days and of values; `series` that of names, or `y` is a list of columns with a space between. `marks` are rows
/// with a day and a `text`, `height` is that of the wide picture in CSS pixels, `unit` stands behind the numbers.
pub(super) fn chart(call: &Call, pictures: &Pictures) -> Result<String, RenderError> {
    let text = |name: &str, otherwise: Option<&'static str>| match (call.option(name), otherwise) {
        (Value::String(text), _) => Ok(text.clone()),
        (Value::Null, Some(text)) => Ok(text.to_owned()),
        (Value::Null, None) => Err(refused(format!("`chart` needs `{name}`\nas in `{EXAMPLE}`"))),
        (other, _) => Err(refused(format!("`{name}` of `chart` is a text, not {}", quoted(other)))),
    };
    let kind: Kind = text("kind", None)?.parse().map_err(refused)?;
    let (title, unit) = (text("title", Some(""))?, text("unit", Some(""))?);
    let columns =
        data::Columns { x: text("x", Some("day"))?, y: text("y", None)?, series: call.option("series").as_str() };
    let data = data::read(call.value(0), &columns, call.option("marks")).map_err(refused)?;
    let height = height(call.option("height")).map_err(refused)?;
    let page = call.page();

    let draw = |scheme: Scheme, narrow: bool| -> Result<(Value, (u32, u32)), RenderError> {
        let size = if narrow { (NARROW.0, height * NARROW.1 / WIDE.1) } else { (WIDE.0, height) };
        let paper = match scheme {
            Scheme::Light => &pictures.colors.light,
            Scheme::Dark => &pictures.colors.dark,
        };
        let plot = plot(kind, &data, size.0, size.1, &unit).map_err(refused)?;
        let mut seen = serde_json::to_value(&plot).map_err(|error| refused(error.to_string()))?;
        for (at, series) in seen["series"].as_array_mut().into_iter().flatten().enumerate() {
            series["color"] = json!(color(paper, at, data.series.len()));
        }
        seen["colors"] = json!(paper);
        seen["scheme"] = json!(scheme.to_string());
        seen["narrow"] = json!(narrow);
        seen["title"] = json!(title);
        let svg = call.partial(&format!("charts/{kind}"), seen, pictures)?;
        let path = pictures.add(Drawing::Chart(Chart { svg }));
        Ok((page.link_to_file(&path).into(), size))
    };
    let mut sources = Vec::new();
    let mut main = (Value::Null, (0, 0));
    if !data.is_empty() {
        let mut source = |media: &str, scheme, narrow| -> Result<(), RenderError> {
            let (src, (width, height)) = draw(scheme, narrow)?;
            sources.push(json!({"media": media, "src": src, "width": width, "height": height}));
            Ok(())
        };
        let own = page.scheme.unwrap_or(Scheme::Light);
        match page.scheme {
            None => {
                source(&format!("{BREAK} and (prefers-color-scheme: dark)"), Scheme::Dark, true)?;
                source(DARK, Scheme::Dark, false)?;
            }
            // Ink is dark.
            Some(Scheme::Dark) => source("print", Scheme::Light, false)?,
            Some(Scheme::Light) => {}
        }
        source(BREAK, own, true)?;
        main = draw(own, false)?;
    }
    let (src, (width, height)) = main;
    let colors = pictures.colors.light.series.len().max(1);
    let legend = data.series.iter().enumerate().filter(|_| data.series.len() > 1);
    let figure = json!({
        "title": title,
        "kind": kind.to_string(),
        "unit": unit,
        "sources": sources,
        "src": src,
        "width": width,
        "height": height,
        "alt": words::alt(&title, &data, &unit),
        "legend": legend.map(|(at, series)| json!({"number": at % colors + 1, "name": series.name})).collect::<Vec<_>>(),
        "marks": marks(&data),
        "table": words::table(&data),
    });
    call.partial("chart", figure, pictures)
}

const EXAMPLE: &str = "{{chart rows kind=\"area\" x=\"day\" y=\"clients\" series=\"transport\"}}";

/// What a series is drawn in: one alone in the ink, else colours in their order.
fn color(paper: &Paper, at: usize, count: usize) -> String {
    let color = if count == 1 { None } else { paper.series.get(at % paper.series.len().max(1)) };
    color.unwrap_or(&paper.ink).to_string()
}

fn height(option: &Value) -> Result<u32, String> {
    let height =
        option.as_u64().and_then(|height| u32::try_from(height).ok()).filter(|height| (120..=800).contains(height));
    match option {
        Value::Null => Ok(WIDE.1),
        _ => height.ok_or_else(|| format!("`height` of `chart` is a number from 120 to 800, not {}", quoted(option))),
    }
}

fn marks(data: &Data) -> Vec<Value> {
    let shown = data.marks.iter().filter_map(|mark| Some((usize::try_from(mark.day).ok()?, &mark.text)));
    let shown = shown.filter(|(day, _)| *day < data.days());
    shown.map(|(day, text)| json!({"label": words::day(data.day(day)), "text": text})).collect()
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
        named("legend", Shape::list(Shape::scalars(["number", "name"]))),
        named("marks", Shape::list(Shape::scalars(["label", "text"]))),
        named("table", table),
    ])
}
