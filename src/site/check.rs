//! The static check: every name in a template is looked up in the shape of what the template will get, before a page is
//! made. Handlebars' own strict mode notices a name that is printed, and neither `{{#each typo}}` nor `{{#if typo}}`; and
//! it notices only on pages that come by.
//!
//! The scopes here follow the crate `handlebars` exactly: `each`, `with` and partials open one, `if` does not, so that
//! `../` counts the same.

use std::collections::{BTreeMap, BTreeSet};

use handlebars::template::{BlockParam, DecoratorTemplate, HelperTemplate, Parameter, TemplateElement};
use handlebars::{Path, PathSeg, Template};
use serde_json::Value;

use super::helpers::{self, Signature, signatures};
use super::shape::Shape;
use super::source::Source;
use super::templates::Templates;
use crate::graphics::chart;
use crate::problem::{Place, Problem, did_you_mean, nearest};

/// What the check found out about the templates of a page.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Problems by place and message: one that several pages reach is one.
    problems: BTreeMap<(Place, String), Option<String>>,
    /// What the templates are and name.
    pub(super) uses: Uses,
}

/// What templates are made of: whatever else changes, they give the same page.
#[derive(Debug, Default)]
pub(super) struct Uses {
    /// The names of all templates that are reached.
    pub(super) templates: BTreeSet<String>,
    /// Every part of every path that is asked for, whatever it is a part of.
    pub(super) names: BTreeSet<String>,
    /// Whether `site` is asked for as a whole, or a record that holds it: all of its fields may be seen.
    pub(super) whole_site: bool,
}

impl Found {
    /// All problems, in order of place.
    pub(super) fn problems(self) -> Vec<Problem> {
        let problem = |((place, message), hint)| Problem { hint, ..Problem::new(place, message) };
        self.problems.into_iter().map(problem).collect()
    }
}

/// Checks the template of that name, and all partials that it reaches, against the shape of what it gets.
pub(super) fn check(templates: &Templates, name: &str, root: &Shape, found: &mut Found) {
    let Some((template, source)) = templates.get(name) else { return };
    found.uses.templates.insert(name.to_owned());
    let mut walk = Walk {
        templates,
        root,
        found,
        scopes: vec![Scope { base: root.clone(), ..Scope::default() }],
        partials: vec![name.to_owned()],
    };
    walk.template(template, source);
}

struct Walk<'a> {
    templates: &'a Templates,
    root: &'a Shape,
    found: &'a mut Found,
    /// The innermost last.
    scopes: Vec<Scope<'a>>,
    /// The partials that are being walked, to notice one that includes itself.
    partials: Vec<String>,
}

#[derive(Clone)]
struct Scope<'a> {
    base: Shape,
    /// `as |name|` and a partial's arguments.
    names: BTreeMap<String, Shape>,
    /// `@index` and the like.
    locals: BTreeSet<&'static str>,
    inline: BTreeMap<String, (&'a Template, &'a Source)>,
}

impl Default for Scope<'_> {
    fn default() -> Self {
        Self { base: Shape::Any, names: BTreeMap::new(), locals: BTreeSet::new(), inline: BTreeMap::new() }
    }
}

/// Where an expression stands in its template.
#[derive(Clone, Copy)]
struct At<'a> {
    source: &'a Source,
    line: usize,
    column: usize,
}

impl<'a> Walk<'a> {
    fn template(&mut self, template: &'a Template, source: &'a Source) {
        self.template_at(template, source, (1, 1));
    }

    /// `otherwise` is the place of what has none of its own: the block after `{{else`.
    fn template_at(&mut self, template: &'a Template, source: &'a Source, otherwise: (usize, usize)) {
        for (number, element) in template.elements.iter().enumerate() {
            let (line, column) = template.mapping.get(number).map_or(otherwise, |place| (place.0, place.1));
            let at = At { source, line, column };
            match element {
                TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => self.expression(call, at),
                TemplateElement::HelperBlock(block) => self.block(block, at),
                TemplateElement::PartialExpression(call) | TemplateElement::PartialBlock(call) => {
                    self.partial(call, at);
                }
                TemplateElement::DecoratorExpression(call) | TemplateElement::DecoratorBlock(call) => {
                    self.decorator(call, at);
                }
                _ => {}
            }
        }
    }

    fn expression(&mut self, call: &'a HelperTemplate, at: At<'a>) {
        if !call.params.is_empty() || !call.hash.is_empty() {
            self.call(call, at);
            return;
        }
        if let Some(signature) = call.name.as_name().and_then(signature) {
            let hint = format!("a column of that name is `this.{}`", signature.name);
            self.values(signature, 0, at, Some(hint));
            return;
        }
        if let Shape::Record(_) = self.value(&call.name, at) {
            let name = call.name.as_name().unwrap_or_default();
            self.problem(at, name, format!("`{name}` is a record and cannot be printed"), None);
        }
    }

    /// A helper with values; what it gives.
    fn call(&mut self, call: &'a HelperTemplate, at: At<'a>) -> Shape {
        let values: Vec<Shape> = call.params.iter().map(|value| self.value(value, at)).collect();
        self.options(call, at);
        let name = call.name.as_name().unwrap_or_default();
        let Some(signature) = signature(name) else {
            self.unknown_helper(name, at);
            return Shape::Any;
        };
        self.values(signature, values.len(), at, None);
        match name {
            "t" => {
                self.message(call, at);
                Shape::Scalar
            }
            "lookup" => values.first().and_then(Shape::item).unwrap_or(Shape::Any),
            "chart" => {
                self.chart(call, values.first(), at);
                Shape::Any
            }
            "map" => {
                self.map(call, values.first(), at);
                Shape::Any
            }
            "table" => {
                self.table(call, values.first(), at);
                Shape::Any
            }
            _ => Shape::Any,
        }
    }

    /// `{{t "name" value=…}}`: the message, and what it names.
    fn message(&mut self, call: &'a HelperTemplate, at: At<'a>) {
        let language = self.templates.language();
        let Some(Parameter::Literal(Value::String(name))) = call.params.first() else {
            let hint = "a message can choose its words by a value, or choose among messages with `{{#if}}`".to_owned();
            self.problem(at, "t", "the name of a message must stand in the template".to_owned(), Some(hint));
            return;
        };
        let Some(needed) = language.values(name) else {
            let message = helpers::t::unknown(language, name);
            let (message, hint) = message.split_once('\n').unwrap_or((message.as_str(), ""));
            self.problem(at, name, message.to_owned(), Some(hint.to_owned()));
            return;
        };
        let link = language.has_link(name).then_some(helpers::t::LINK);
        let given: BTreeSet<&str> = call.hash.keys().map(String::as_str).collect();
        let wanted: BTreeSet<&str> = needed.iter().copied().chain(link).collect();
        for missing in wanted.difference(&given) {
            let hint = if Some(*missing) == link {
                format!("give the address of its link: `{missing}=(url …)`")
            } else {
                format!("give it: `{missing}=…`")
            };
            self.problem(at, name, format!("the message `{name}` needs the value `{missing}`"), Some(hint));
        }
        for unknown in given.difference(&wanted) {
            let hint = did_you_mean(unknown, wanted.iter().copied());
            self.problem(at, unknown, format!("the message `{name}` names no value `{unknown}`"), hint);
        }
    }

    /// `{{chart rows kind="area" …}}`: its columns, and the partials that it fills.
    fn chart(&mut self, call: &'a HelperTemplate, rows: Option<&Shape>, at: At<'a>) {
        if self.partials.iter().any(|name| name == "chart" || name.starts_with("charts/")) {
            self.problem(at, "chart", "a chart cannot be part of a chart".to_owned(), None);
            return;
        }
        let literal = |option: &str| literal(call, option);
        let x = column_named(call, "x", "day");
        let columns =
            x.into_iter().chain(literal("series")).chain(literal("y").into_iter().flat_map(str::split_whitespace));
        for column in columns {
            self.column(rows, column, at);
        }
        if let Some(marks) = call.hash.get("marks") {
            let marks = self.value(marks, at);
            for column in x.into_iter().chain(["text"]) {
                self.column(Some(&marks), column, at);
            }
        }
        for option in ["kind", "y"].into_iter().filter(|option| !call.hash.contains_key(*option)) {
            self.problem(at, "chart", format!("`chart` needs `{option}`"), None);
        }
        let Some(kind) = literal("kind") else { return };
        match kind.parse::<chart::Kind>() {
            Ok(kind) => {
                self.filled(&format!("charts/{kind}"), &helpers::chart::picture_shape(), at);
                self.filled("chart", &helpers::chart::figure_shape(), at);
            }
            Err(message) => {
                let (message, hint) = message.split_once('\n').unwrap_or((message.as_str(), ""));
                self.problem(at, kind, message.to_owned(), Some(hint.to_owned()));
            }
        }
    }

    /// `{{map rows …}}`: its columns, and the partial that it fills.
    fn map(&mut self, call: &'a HelperTemplate, rows: Option<&Shape>, at: At<'a>) {
        if self.partials.iter().any(|name| name == "map") {
            self.problem(at, "map", "a map cannot be part of a map".to_owned(), None);
            return;
        }
        // A row without a name is called by its code.
        for (option, usual) in helpers::map::COLUMNS {
            if option != "name" || call.hash.contains_key(option) {
                column_named(call, option, usual).into_iter().for_each(|column| self.column(rows, column, at));
            }
        }
        self.filled("map", &helpers::map::shape(), at);
    }

    /// `{{table rows columns="…"}}`: its columns, and the partial that it fills.
    fn table(&mut self, call: &'a HelperTemplate, rows: Option<&Shape>, at: At<'a>) {
        if self.partials.iter().any(|name| name == "table") {
            self.problem(at, "table", "a table cannot be part of a table".to_owned(), None);
            return;
        }
        match literal(call, "columns").map(helpers::table::columns) {
            Some(Ok(columns)) => columns.iter().for_each(|column| self.column(rows, column.name, at)),
            Some(Err((word, message))) => {
                let (message, hint) = message.split_once('\n').unwrap_or((message.as_str(), ""));
                self.problem(at, word, message.to_owned(), Some(hint.to_owned()));
            }
            None => {}
        }
        self.filled("table", &helpers::table::shape(), at);
    }

    /// A column that a helper takes from rows.
    fn column(&mut self, rows: Option<&Shape>, column: &str, at: At) {
        let Some(Shape::Record(fields)) = rows.and_then(Shape::item) else { return };
        if !fields.contains_key(column) {
            let known = || fields.keys().map(String::as_str);
            let hint = did_you_mean(column, known());
            let hint = hint.unwrap_or_else(|| format!("there are `{}`", known().collect::<Vec<_>>().join("`, `")));
            self.problem(at, column, format!("the rows have no column `{column}`"), Some(hint));
        }
    }

    /// A partial that a helper fills.
    fn filled(&mut self, name: &str, shape: &Shape, at: At) {
        if self.templates.get(name).is_some() {
            let seen = helpers::SEEN_EVERYWHERE.map(|shared| (shared.to_owned(), self.root.field(shared)));
            check(self.templates, name, &shape.with(seen.into()), self.found);
        } else {
            let hint = format!("write it into `partials/{name}.hbs` of a theme");
            self.problem(at, "", format!("the theme has no partial `{name}`"), Some(hint));
        }
    }

    fn options(&mut self, call: &'a HelperTemplate, at: At<'a>) {
        let known = call.name.as_name().and_then(signature).map(|signature| signature.options);
        let mut options: Vec<_> = call.hash.iter().collect();
        options.sort_by_key(|(name, _)| *name);
        for (name, value) in options {
            self.value(value, at);
            let Some(known) = known.filter(|_| call.name.as_name() != Some("t")) else { continue };
            if !known.contains(&name.as_str()) {
                let helper = call.name.as_name().unwrap_or_default();
                let hint = did_you_mean(name, known.iter().copied());
                self.problem(at, name, format!("the helper `{helper}` has no option `{name}`"), hint);
            }
        }
    }

    fn values(&mut self, signature: &Signature, count: usize, at: At, hint: Option<String>) {
        if !signature.values.contains(&count) {
            let (least, most) = (*signature.values.start(), *signature.values.end());
            let many = |count: usize| if count == 1 { "1 value".to_owned() } else { format!("{count} values") };
            let needed = if count < least { many(least) } else { format!("at most {}", many(most)) };
            let name = signature.name;
            self.problem(at, name, format!("the helper `{name}` takes {needed}, here are {count}"), hint);
        }
    }

    fn block(&mut self, block: &'a HelperTemplate, at: At<'a>) {
        let name = block.name.as_name().unwrap_or_default();
        let values: Vec<Shape> = block.params.iter().map(|value| self.value(value, at)).collect();
        self.options(block, at);
        match signature(name) {
            Some(signature) => self.values(signature, values.len(), at, None),
            None => self.unknown_helper(name, at),
        }
        let shape = values.into_iter().next().unwrap_or(Shape::Any);
        let inner = match name {
            "each" => {
                let item = shape.item().unwrap_or_else(|| {
                    let name = block.params.first().and_then(Parameter::as_name).unwrap_or_default();
                    self.problem(at, name, format!("`{name}` is a single value, `each` needs a list"), None);
                    Shape::Any
                });
                let locals = BTreeSet::from(["first", "last", "index", "key"]);
                Some(Scope { names: parameters(block, &item), base: item, locals, ..Scope::default() })
            }
            "with" => {
                let locals = self.scopes.last().map(|scope| scope.locals.clone()).unwrap_or_default();
                Some(Scope { names: parameters(block, &shape), base: shape, locals, ..Scope::default() })
            }
            _ => None,
        };
        if let Some(template) = &block.template {
            let pushed = inner.is_some();
            self.scopes.extend(inner);
            // The text of a raw block is no template.
            if name != "raw" {
                self.template_at(template, at.source, (at.line, at.column));
            }
            if pushed {
                self.scopes.pop();
            }
        }
        if let Some(template) = &block.inverse {
            self.template_at(template, at.source, (at.line, at.column));
        }
    }

    fn partial(&mut self, call: &'a DecoratorTemplate, at: At<'a>) {
        let base = match call.params.first() {
            Some(value) => self.value(value, at),
            None => self.scopes.last().map_or(Shape::Any, |scope| scope.base.clone()),
        };
        let mut arguments: Vec<(String, Shape)> =
            call.hash.iter().map(|(name, value)| (name.clone(), self.value(value, at))).collect();
        arguments.sort_by(|(one, _), (other, _)| one.cmp(other));
        let Some(name) = plain_name(&call.name) else {
            let hint = "choose among partials with `{{#if}}`".to_owned();
            self.problem(at, "", "the name of a partial must stand in the template".to_owned(), Some(hint));
            return;
        };
        let scope = Scope {
            base: base.with(arguments.clone()),
            names: arguments.into_iter().collect(),
            locals: self.scopes.last().map(|scope| scope.locals.clone()).unwrap_or_default(),
            ..Scope::default()
        };
        let inline = self.scopes.iter().rev().find_map(|scope| scope.inline.get(name).copied());
        let target = inline.or_else(|| self.templates.get(name));
        self.scopes.push(scope);
        if let Some(content) = &call.template {
            self.template_at(content, at.source, (at.line, at.column));
        }
        match target {
            Some((template, source)) if !self.partials.iter().any(|outer| outer == name) => {
                self.partials.push(name.to_owned());
                self.found.uses.templates.insert(name.to_owned());
                self.template(template, source);
                self.partials.pop();
            }
            Some(_) => self.problem(at, name, format!("the partial `{name}` includes itself"), None),
            // A block is its own content where there is no such partial, and `@partial-block` is what stands inside of it.
            None if call.template.is_some() || name == "@partial-block" => {}
            None => {
                let message = match name.strip_prefix("parent/") {
                    Some(shadowed) => format!("no theme below this one has a partial `{shadowed}`"),
                    None => format!("there is no partial `{name}`"),
                };
                let near = did_you_mean(name, self.templates.partials());
                self.problem(at, name, message, near);
            }
        }
        self.scopes.pop();
    }

    /// `{{#*inline "name"}}…{{/inline}}` is a partial of this scope.
    fn decorator(&mut self, call: &'a DecoratorTemplate, at: At<'a>) {
        let name = call.name.as_name().unwrap_or_default();
        match (name, call.params.first(), &call.template) {
            ("inline", Some(Parameter::Literal(value)), Some(template)) if value.is_string() => {
                let name = value.as_str().unwrap_or_default().to_owned();
                if let Some(scope) = self.scopes.last_mut() {
                    scope.inline.insert(name, (template, at.source));
                }
            }
            _ => {
                let hint = "there is only `{{#*inline \"name\"}}…{{/inline}}`".to_owned();
                self.problem(at, name, format!("there is no decorator `{name}` of this form"), Some(hint));
            }
        }
    }

    fn value(&mut self, value: &'a Parameter, at: At<'a>) -> Shape {
        match value {
            Parameter::Literal(_) => Shape::Scalar,
            Parameter::Path(path) => self.path(path, value.as_name().unwrap_or_default(), at),
            Parameter::Subexpression(inner) => match inner.as_element() {
                TemplateElement::Expression(call) => {
                    let name = call.name.as_name().unwrap_or_default();
                    if helpers::makes_html(name) {
                        let hint = format!("write `{{{{{name} …}}}}` where it shall stand on the page");
                        self.problem(at, name, format!("`{name}` makes HTML, which is no value"), Some(hint));
                    }
                    self.call(call, at)
                }
                _ => Shape::Any,
            },
            _ => Shape::Any,
        }
    }

    fn path(&mut self, path: &Path, raw: &str, at: At) -> Shape {
        let segments = match path {
            Path::Local((level, name, _)) => {
                let scope = self.scopes.len().checked_sub(level + 1).and_then(|number| self.scopes.get(number));
                let locals = scope.map(|scope| scope.locals.clone()).unwrap_or_default();
                if !locals.contains(name.as_str()) {
                    let hint = match nearest(name, locals.iter().copied()) {
                        Some(near) => format!("did you mean `@{near}`?"),
                        None => "inside of `{{#each}}` there are `@index`, `@key`, `@first` and `@last`".to_owned(),
                    };
                    self.problem(at, raw, format!("`{raw}` is not known here"), Some(hint));
                }
                return Shape::Any;
            }
            Path::Relative((segments, _)) => segments,
        };
        let names: Vec<&str> = segments.iter().filter_map(named).collect();
        self.found.uses.names.extend(names.iter().map(|name| (*name).to_owned()));
        let from_root = raw.starts_with("@root");
        // The only other marks in a path that is not local are those of `../`.
        let up = if from_root { 0 } else { segments.len() - names.len() };
        if let Some(shape) = self.argument(&names).filter(|_| !from_root) {
            return self.follow(shape, &names[1..], raw, at);
        }
        let Some(start) = self.scopes.len().checked_sub(up + 1).and_then(|number| self.scopes.get(number)) else {
            let hint = "`if` opens no scope: `../` leaves only `each`, `with` and partials".to_owned();
            self.problem(at, raw, format!("`{raw}` leads out of the page"), Some(hint));
            return Shape::Any;
        };
        let start = if from_root { self.root.clone() } else { start.base.clone() };
        self.follow(start, &names, raw, at)
    }

    /// The shape of the first name, if a block or a partial's call gave it.
    fn argument(&self, names: &[&str]) -> Option<Shape> {
        let first = names.first()?;
        self.scopes.iter().rev().find_map(|scope| scope.names.get(*first)).cloned()
    }

    fn follow(&mut self, start: Shape, names: &[&str], raw: &str, at: At) -> Shape {
        let mut shape = start;
        for name in names {
            shape = match &shape {
                Shape::Any => return Shape::Any,
                Shape::List(item) if name.parse::<usize>().is_ok() => (**item).clone(),
                Shape::Record(fields) if fields.contains_key(*name) => fields[*name].clone(),
                _ => {
                    self.unknown_name(&shape, name, raw, at);
                    return Shape::Any;
                }
            };
        }
        if let Shape::Record(fields) = &shape {
            self.found.uses.whole_site |= fields.contains_key("site") || shape == self.root.field("site");
        }
        shape
    }

    fn unknown_name(&mut self, shape: &Shape, name: &str, raw: &str, at: At) {
        let known = shape.names();
        let message = match shape {
            Shape::List(_) => format!("`{raw}`: a list has no `{name}`"),
            Shape::Scalar => format!("`{raw}`: a single value has no `{name}`"),
            _ if raw == name => format!("`{name}` is not known here"),
            _ => format!("`{raw}`: `{name}` is not known here"),
        };
        let hint = match (did_you_mean(name, known.iter().copied()), shape) {
            (Some(near), _) => Some(near),
            (None, Shape::List(_)) => Some("go through it with `{{#each}}`".to_owned()),
            (None, _) if *shape == *self.root && name == "row" => {
                Some("only pages with `each` are made of a row".to_owned())
            }
            (None, _) if known.is_empty() => None,
            (None, _) => Some(format!("known are `{}`", known.join("`, `"))),
        };
        self.problem(at, raw, message, hint);
    }

    fn unknown_helper(&mut self, name: &str, at: At) {
        let hint = did_you_mean(name, signatures().map(|signature| signature.name));
        self.problem(at, name, format!("there is no helper `{name}`"), hint);
    }

    fn problem(&mut self, at: At, name: &str, message: String, hint: Option<String>) {
        let place = at.source.place_of(at.line, at.column, name);
        self.found.problems.entry((place, message)).or_insert(hint);
    }
}

fn signature(name: &str) -> Option<&'static Signature> {
    signatures().find(|signature| signature.name == name)
}

fn named(segment: &PathSeg) -> Option<&str> {
    match segment {
        PathSeg::Named(name) => Some(name),
        _ => None,
    }
}

/// The text of an option that stands in the template.
fn literal<'a>(call: &'a HelperTemplate, option: &str) -> Option<&'a str> {
    match call.hash.get(option) {
        Some(Parameter::Literal(Value::String(text))) => Some(text),
        _ => None,
    }
}

/// The column that an option names, if that is known; the usual one where the option is not given.
fn column_named<'a>(call: &'a HelperTemplate, option: &str, usual: &'a str) -> Option<&'a str> {
    if call.hash.contains_key(option) { literal(call, option) } else { Some(usual) }
}

fn plain_name(name: &Parameter) -> Option<&str> {
    name.as_name().map(|name| name.trim_matches(['\'', '[', ']']))
}

/// What `as |item index|` names.
fn parameters(block: &HelperTemplate, first: &Shape) -> BTreeMap<String, Shape> {
    let name = |parameter: &Parameter| parameter.as_name().unwrap_or_default().to_owned();
    match &block.block_param {
        Some(BlockParam::Single(item)) => BTreeMap::from([(name(item), first.clone())]),
        Some(BlockParam::Pair((item, index))) => {
            BTreeMap::from([(name(item), first.clone()), (name(index), Shape::Scalar)])
        }
        _ => BTreeMap::new(),
    }
}
