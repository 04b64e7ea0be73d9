//! The set of compiled templates: layouts, partials, the bodies of pages, and titles and paths. Each knows its source, so
//! that what goes wrong is a problem at a place in somebody's file.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use handlebars::template::{Parameter, TemplateElement};
use handlebars::{
    Context, Handlebars, RenderContext, RenderError, RenderErrorReason, Renderable, StringOutput, Template,
    TemplateError, TemplateErrorReason,
};

use super::helpers::{self, Known};
use super::include;
use super::mustache::unbalanced;
use super::pictures::Pictures;
use super::source::{Source, position};
use crate::problem::Problem;

/// Compiled templates by name.
pub(super) struct Templates {
    registry: Handlebars<'static>,
    known: Known,
    /// Each as it was written, and where.
    written: HashMap<String, (Template, Source)>,
    /// The layers that have a partial, by its name.
    partials: BTreeMap<String, Vec<usize>>,
}

/// How a layout is called among the templates: with a space, so that no `{{> …}}` names it by accident.
pub(super) fn layout(name: &str) -> String {
    format!("layout {name}")
}

/// `table/row.hbs` is called `table/row`; `None` for what is no template.
pub(super) fn name_of(path: &Path) -> Option<String> {
    Some(path.to_str()?.strip_suffix(".hbs")?.to_owned())
}

impl Templates {
    /// An empty set. Templates of texts that are data themselves (`escape: false`) leave it to the page to escape them.
    pub(super) fn new(known: &Known, escape: bool) -> Self {
        let mut registry = Handlebars::new();
        registry.set_strict_mode(true);
        registry.set_prevent_indent(true);
        if !escape {
            registry.register_escape_fn(handlebars::no_escape);
        }
        helpers::register(&mut registry, known, escape);
        Self { registry, known: known.clone(), written: HashMap::new(), partials: BTreeMap::new() }
    }

    /// The language that `t` speaks.
    pub(super) fn language(&self) -> &super::language::Language {
        &self.known.language
    }

    /// Says which layers have a partial of that name, first the one that is used.
    pub(super) fn declare_partial(&mut self, name: &str, layers: Vec<usize>) {
        self.partials.insert(name.to_owned(), layers);
    }

    /// The name under which the partial of one layer is added.
    pub(super) fn partial(&self, name: &str, layer: usize) -> String {
        match self.partials.get(name).and_then(|layers| layers.first()) {
            Some(first) if *first != layer => format!("{name} of layer {layer}"),
            _ => name.to_owned(),
        }
    }

    /// The names that `{{> …}}` can call.
    pub(super) fn partials(&self) -> impl Iterator<Item = &str> {
        self.partials.keys().map(String::as_str)
    }

    /// Compiles a template of a layer.
    pub(super) fn add(&mut self, name: &str, source: Source, layer: usize) -> Result<(), Problem> {
        self.registry.register_template_string(name, source.text()).map_err(|error| syntax(&source, &error))?;
        if let Some(mut template) = self.registry.get_template(name).cloned() {
            self.link_parents(&mut template, layer);
            self.registry.register_template(name, include::rewritten(template.clone()));
            self.written.insert(name.to_owned(), (template, source));
        }
        Ok(())
    }

    /// `{{> parent/head}}` of one layer becomes the `head` of the next layer that has one.
    fn link_parents(&self, template: &mut Template, layer: usize) {
        for element in &mut template.elements {
            match element {
                TemplateElement::HelperBlock(block) => {
                    for inner in [&mut block.template, &mut block.inverse].into_iter().flatten() {
                        self.link_parents(inner, layer);
                    }
                }
                TemplateElement::PartialExpression(call)
                | TemplateElement::PartialBlock(call)
                | TemplateElement::DecoratorBlock(call) => {
                    let shadowed = call.name.as_name().and_then(|name| name.strip_prefix("parent/")).and_then(|name| {
                        let next = self.partials.get(name)?.iter().find(|other| **other > layer)?;
                        Some(self.partial(name, *next))
                    });
                    if let Some(name) = shadowed {
                        call.name = Parameter::Name(name);
                    }
                    if let Some(inner) = &mut call.template {
                        self.link_parents(inner, layer);
                    }
                }
                _ => {}
            }
        }
    }

    /// A template as it was written, and its source.
    pub(super) fn get(&self, name: &str) -> Option<(&Template, &Source)> {
        self.written.get(name).map(|(template, source)| (template, source))
    }

    /// Fills a template.
    pub(super) fn render(&self, name: &str, context: &Context) -> Result<String, Problem> {
        let mut scope = RenderContext::new(None);
        self.filled(name, context, &mut scope)
    }

    /// Fills a template of a page, which can have pictures.
    pub(super) fn render_page(&self, name: &str, context: &Context, pictures: &Pictures) -> Result<String, Problem> {
        let mut scope = RenderContext::new(None);
        helpers::on_page(&mut scope, &self.known, pictures);
        self.filled(name, context, &mut scope)
    }

    fn filled<'a>(
        &'a self,
        name: &str,
        context: &'a Context,
        scope: &mut RenderContext<'a, 'a>,
    ) -> Result<String, Problem> {
        include::on_page(scope);
        let mut output = StringOutput::new();
        let template = self.registry.get_template(name);
        let template = template.ok_or_else(|| RenderErrorReason::TemplateNotFound(name.to_owned()).into());
        let rendered = template.and_then(|template| template.render(&self.registry, context, scope, &mut output));
        let text = rendered.and_then(|()| output.into_string().map_err(RenderError::from));
        text.map_err(|error| self.failure(name, &error))
    }

    fn failure(&self, name: &str, error: &RenderError) -> Problem {
        let source = |name: &str| self.written.get(name).map(|(_, source)| source);
        let source = error.template_name.as_deref().and_then(source).or_else(|| source(name));
        let (message, missing) = match error.reason() {
            RenderErrorReason::MissingVariable(Some(name)) => (
                format!("`{name}` has no value here\nask for it inside of `{{{{#if}}}}`, or give it one in the query"),
                name.as_str(),
            ),
            RenderErrorReason::MissingVariable(None) => ("there is no such value here".to_owned(), ""),
            RenderErrorReason::CannotIncludeSelf => ("the partial includes itself".to_owned(), ""),
            reason => (reason.to_string(), ""),
        };
        let (message, hint) = message
            .split_once('\n')
            .map_or((message.as_str(), None), |(message, hint)| (message, Some(hint.to_owned())));
        let place =
            source.map(|source| source.place_of(error.line_no.unwrap_or(1), error.column_no.unwrap_or(1), missing));
        Problem { place, hint, ..Problem::nowhere(message) }
    }
}

/// A mistake of Handlebars' syntax as a problem.
pub(super) fn syntax(source: &Source, error: &TemplateError) -> Problem {
    if let Some((offset, message)) = unbalanced(source.text()) {
        let (line, column) = position(source.text(), offset);
        return Problem::new(source.place(line, column), message);
    }
    let (line, column) = error.pos().unwrap_or((1, 1));
    let message = match error.reason() {
        TemplateErrorReason::InvalidSyntax(expected) => format!("this is not Handlebars: {expected}"),
        reason => reason.to_string(),
    };
    Problem::new(source.place(line, column), message).hint("`\\{{` writes two braces that are not meant for Handlebars")
}
