//! `extra:` of the site and its themes: values of their own choice that templates see as `site.extra`. What the site says
//! comes before what its theme does, and that before the theme below, key by key, also within maps; a list is one value.

use serde_json::{Map, Value};

use super::shape::Shape;

/// Names and their values.
pub(super) type Values = Map<String, Value>;

/// Layers of values as one, the first one above the others.
pub(super) fn merged(layers: impl IntoIterator<Item = Values>) -> Values {
    layers.into_iter().fold(Map::new(), over)
}

fn over(mut above: Values, below: Values) -> Values {
    for (name, value) in below {
        match (above.get_mut(&name), value) {
            (None, value) => {
                above.insert(name, value);
            }
            (Some(Value::Object(map)), Value::Object(below)) => *map = over(std::mem::take(map), below),
            (Some(_), _) => {}
        }
    }
    above
}

/// The shape of a value; one that is empty can stand for anything.
pub(super) fn shape(value: &Value) -> Shape {
    match value {
        Value::Null => Shape::Any,
        Value::Array(items) => {
            let mut shapes = items.iter().map(shape);
            let first = shapes.next().unwrap_or(Shape::Any);
            Shape::list(shapes.fold(first, either))
        }
        Value::Object(fields) => Shape::record(fields.iter().map(|(name, value)| (name, shape(value)))),
        _ => Shape::Scalar,
    }
}

/// The shape of what has one of two: of records all fields of both, because `{{#if}}` asks for what not all of a list have.
fn either(one: Shape, other: Shape) -> Shape {
    match (one, other) {
        (one, other) if one == other => one,
        (Shape::Record(one), Shape::Record(other)) => {
            let mut fields = (*one).clone();
            for (name, shape) in other.iter() {
                let known = fields.remove(name).map_or_else(|| shape.clone(), |known| either(known, shape.clone()));
                fields.insert(name.clone(), known);
            }
            Shape::record(fields)
        }
        _ => Shape::Any,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn values(value: Value) -> Values {
        match value {
            Value::Object(values) => values,
            _ => Values::new(),
        }
    }

    #[test]
    fn what_stands_above_wins_key_by_key_and_a_list_is_one_value() {
        let site = values(json!({"contact": {"mail": "a@example.org"}, "links": [1], "none": null}));
        let theme = values(json!({"contact": {"mail": "x", "chat": "y"}, "links": [1, 2], "none": 5, "note": "z"}));
        assert_eq!(
            Value::Object(merged([site, theme, values(json!({"note": "below", "deep": {"a": 1}}))])),
            json!({
                "contact": {"mail": "a@example.org", "chat": "y"}, "links": [1], "none": null, "note": "z", "deep": {"a": 1}
            })
        );
    }

    #[test]
    fn a_list_has_the_fields_of_all_its_records() {
        let record = |names: &[&str]| Shape::scalars(names.iter().copied());
        assert_eq!(shape(&json!([{"a": 1}, {"a": 2, "b": 3}])), Shape::list(record(&["a", "b"])));
        assert_eq!(shape(&json!([1, {"a": 2}])), Shape::list(Shape::Any));
        assert_eq!(shape(&json!({"a": null, "b": [], "c": "x"})), {
            Shape::record([("a", Shape::Any), ("b", Shape::list(Shape::Any)), ("c", Shape::Scalar)])
        });
    }
}
