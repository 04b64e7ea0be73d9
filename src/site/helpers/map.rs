//! `map`: countries by how many, on a map of the world.

use std::collections::BTreeMap;

use handlebars::RenderError;
use serde_json::{Value, json};

use super::{Call, quoted, refused};
use crate::graphics::{Drawing, Map, map};
use crate::site::language::Language;
use crate::site::pictures::Pictures;
use crate::site::shape::Shape;
use crate::text::printable;

/// Where one class ends and the next begins, unless the template says.
const LIMITS: &str = "8 40 200 1000";
/// The options that name columns, and which columns those are if they do not.
pub(in crate::site) const COLUMNS: [(&str, &str); 3] = [("code", "country"), ("value", "clients"), ("name", "name")];
/// Countries that the words beside the map name.
const NAMED: usize = 5;

/// `{{map data.countries}}`: the theme's partial `map`, which gets `src`, `width`, `height` and `alt` of the picture, the
/// `legend` (`class` 0 to 5, its values `from` and `to`, null where there is no end) and what is `elsewhere`: the `code`,
/// `name` and `value` of each row that the map has no place for.
///
/// Options name the columns (`code="country"`, `value="clients"`, `name="name"`) and the highest value of each class but
/// the last (`limits="8 40 200 1000"`); `least` is the lowest value that a listed row can have, 1 unless it is given.
pub(super) fn map(call: &Call, pictures: &Pictures) -> Result<String, RenderError> {
    let limits = limits(call.text("limits").map_err(refused)?).map_err(refused)?;
    let least = least(call.option("least")).map_err(refused)?;
    let places = places(call).map_err(refused)?;
    let (known, elsewhere): (Vec<&Place>, Vec<&Place>) = places.iter().partition(|place| map::knows(&place.code));
    let classes = known.iter().map(|place| (place.code.as_str(), map::class(place.value, &limits)));
    let path = pictures.add(Drawing::Map(Map::new(classes, pictures.colors.ink, pictures.colors.none)));
    let (width, height) = map::SIZE;
    let data = json!({
        "src": call.page().link_to_file(&path),
        "width": width,
        "height": height,
        "alt": words(&known, call.language()),
        "legend": legend(&limits, least),
        "elsewhere": elsewhere.iter().map(|place| place.row()).collect::<Vec<_>>(),
    });
    call.partial("map", data, pictures)
}

/// The shape of what the partial gets.
pub(in crate::site) fn shape() -> Shape {
    let legend = Shape::list(Shape::scalars(["class", "from", "to"]));
    let elsewhere = Shape::list(Shape::scalars(["code", "name", "value"]));
    let lists = [("legend", legend), ("elsewhere", elsewhere)].map(|(name, shape)| (name.to_owned(), shape));
    Shape::scalars(["src", "width", "height", "alt"]).with(lists.into())
}

/// Where clients come from.
struct Place {
    code: String,
    name: String,
    value: f64,
}

impl Place {
    fn row(&self) -> Value {
        json!({"code": self.code, "name": self.name, "value": whole(self.value)})
    }
}

/// The rows that have a value, those of one code together.
fn places(call: &Call) -> Result<Vec<Place>, String> {
    let Value::Array(rows) = call.value(0) else {
        return Err(format!("`map` needs rows, not {}", quoted(call.value(0))));
    };
    let [code, value, name] = COLUMNS.map(|(option, usual)| call.text(option).map(|text| text.unwrap_or(usual)));
    let (code, value, name) = (code?, value?, name?);
    let missing = |column: &str| {
        format!("`map` finds no column `{column}` in its rows\ngive its name, such as `code=\"country\"`")
    };
    let mut places: BTreeMap<String, Place> = BTreeMap::new();
    for row in rows {
        let field = |column: &str| row.get(column).ok_or_else(|| missing(column));
        let code = field(code)?.as_str().ok_or_else(|| format!("`map` needs codes of countries in `{code}`"))?;
        let value = field(value)?;
        if !value.is_null() && !value.is_number() {
            return Err(format!("`map` needs numbers, not {}", quoted(value)));
        }
        // What nobody counted looks as what is not there; the table beside the map has the difference.
        let Some(value) = value.as_f64().filter(|value| *value > 0.0) else { continue };
        let name = printable(row.get(name).and_then(Value::as_str).unwrap_or(code));
        let new = || Place { code: code.to_ascii_lowercase(), name, value: 0.0 };
        places.entry(code.to_ascii_lowercase()).or_insert_with(new).value += value;
    }
    let mut places: Vec<Place> = places.into_values().collect();
    places.sort_by(|one, other| other.value.total_cmp(&one.value));
    Ok(places)
}

/// Whole numbers that rise, separated by spaces: one less than there are classes.
fn limits(option: Option<&str>) -> Result<Vec<f64>, String> {
    let text = option.unwrap_or(LIMITS);
    let numbers: Result<Vec<u32>, _> = text.split_whitespace().map(str::parse).collect();
    let rising = |numbers: &Vec<u32>| numbers.windows(2).all(|pair| pair[0] < pair[1]) && numbers[0] > 0;
    let wanted = usize::from(map::CLASSES) - 1;
    let numbers = numbers.ok().filter(|numbers| numbers.len() == wanted && rising(numbers));
    let numbers = numbers.ok_or_else(|| {
        format!("`limits` is `{text}`; it needs {wanted} whole numbers that rise, such as `{LIMITS}`")
    })?;
    Ok(numbers.into_iter().map(f64::from).collect())
}

/// Where the first class begins in the legend.
fn least(option: &Value) -> Result<f64, String> {
    match option {
        Value::Null => Ok(1.0),
        _ => option
            .as_f64()
            .map(|least| least.max(1.0))
            .ok_or_else(|| format!("`least` is a number, not {}", quoted(option))),
    }
}

fn legend(limits: &[f64], least: f64) -> Vec<Value> {
    let least = limits.iter().copied().fold(least, f64::min);
    let from = std::iter::once(least).chain(limits.iter().map(|limit| limit + 1.0));
    let to = limits.iter().copied().map(Some).chain([None]);
    let steps = from
        .zip(to)
        .enumerate()
        .map(|(number, (from, to))| json!({"class": number + 1, "from": whole(from), "to": to.map(whole)}));
    std::iter::once(json!({"class": 0, "from": null, "to": null})).chain(steps).collect()
}

/// A number without a point where it needs none.
#[allow(clippy::cast_possible_truncation, reason = "exact below 2^53")]
fn whole(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 { (value as i64).into() } else { value.into() }
}

/// The map in words; `places` are sorted, the highest first.
fn words(places: &[&Place], language: &Language) -> String {
    if places.is_empty() {
        return language.own("map-alt-empty", &[]);
    }
    let most: Vec<String> =
        places.iter().take(NAMED).map(|place| format!("{} {}", place.name, language.plain(place.value))).collect();
    let more = places.len().saturating_sub(NAMED);
    language.own("map-alt", &[("countries", most.join(", ").into()), ("more", more.into())])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn limits_must_rise_and_be_four() {
        assert_eq!(limits(None), Ok(vec![8.0, 40.0, 200.0, 1000.0]));
        assert_eq!(limits(Some("1 2 3 4")), Ok(vec![1.0, 2.0, 3.0, 4.0]));
        for wrong in ["", "1 2 3", "1 2 3 4 5", "4 3 2 1", "0 1 2 3", "1 2 3 x", "0.1 0.2 0.3 0.4", "-1 2 3 4"] {
            assert!(limits(Some(wrong)).is_err_and(|message| message.contains("4 whole numbers that rise")), "{wrong}");
        }
    }

    #[test]
    fn the_least_value_is_a_number() {
        assert_eq!([Value::Null, json!(0), json!(16)].map(|option| least(&option)), [Ok(1.0), Ok(1.0), Ok(16.0)]);
        assert!(least(&json!("few")).is_err());
    }

    #[test]
    fn the_legend_has_each_class_with_its_values() {
        let limits = [8.0, 40.0, 200.0, 1000.0];
        assert_eq!(legend(&limits, 4.0)[1], json!({"class": 1, "from": 4, "to": 8}));
        assert_eq!(legend(&limits, 16.0)[1], json!({"class": 1, "from": 8, "to": 8}), "no class is upside down");
        let legend = legend(&limits, 1.0);
        assert_eq!(legend.len(), 6);
        assert_eq!(legend[0], json!({"class": 0, "from": null, "to": null}));
        assert_eq!(legend[1], json!({"class": 1, "from": 1, "to": 8}));
        assert_eq!(legend[5], json!({"class": 5, "from": 1001, "to": null}));
    }
}
