//! Calls of partials that copy nothing.
//!
//! The crate `handlebars` gives a partial a copy of all that its caller sees, whole tables of a page with it, and again of
//! each row that it goes through. A layout of small partials would take twice as long as one that is written in one piece.
//! So calls are compiled to a helper, which gives the partial the *place* of what it sees; only one with options,
//! `{{> row name="x"}}`, needs a copy to add them to. Scopes, blocks (`{{#> base}}`, `{{> @partial-block}}`) and
//! `{{#*inline}}` are those of the crate.

use std::sync::{Mutex, PoisonError};

use handlebars::template::{DecoratorTemplate, HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    BlockContext, BlockParamHolder, Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext,
    RenderError, RenderErrorReason, Renderable, StringOutput, Template,
};
use serde_json::{Map, Value};

/// What the helper is called: with a space, so that no template can name it.
const NAME: &str = "include partial";
/// What stands inside of a partial's block.
const BLOCK: &str = "@partial-block";

/// The template with the helper in place of each call.
pub(super) fn rewritten(mut template: Template) -> Template {
    for element in &mut template.elements {
        match element {
            TemplateElement::HelperBlock(block) => {
                // In strict mode the crate refuses to pass over null; that a name is right, the static check has seen.
                if block.name.as_name() == Some("with") && block.inverse.is_none() {
                    block.inverse = Some(Template::new());
                }
                for inner in [&mut block.template, &mut block.inverse].into_iter().flatten() {
                    *inner = rewritten(std::mem::take(inner));
                }
            }
            TemplateElement::PartialExpression(call)
            | TemplateElement::PartialBlock(call)
            | TemplateElement::DecoratorBlock(call) => {
                if let Some(inner) = &mut call.template {
                    *inner = rewritten(std::mem::take(inner));
                }
            }
            _ => {}
        }
        if let TemplateElement::PartialExpression(call) | TemplateElement::PartialBlock(call) = &*element
            && let Some(included) = included(call)
        {
            *element = TemplateElement::HelperBlock(Box::new(included));
        }
    }
    template
}

/// The call as one of the helper; `None` for one whose name is made by another helper, which the static check refuses.
fn included(call: &DecoratorTemplate) -> Option<HelperTemplate> {
    let name = call.name.as_name()?;
    // The crate lets nobody else make one.
    let empty = Template::compile("{{#x}}{{/x}}").ok()?;
    let Some(TemplateElement::HelperBlock(helper)) = empty.elements.into_iter().next() else { return None };
    let mut helper = *helper;
    helper.name = Parameter::Name(NAME.to_owned());
    helper.params = std::iter::once(Parameter::Literal(name.into())).chain(call.params.iter().cloned()).collect();
    helper.hash.clone_from(&call.hash);
    helper.template.clone_from(&call.template);
    Some(helper)
}

/// Lets the templates of one page call partials.
pub(super) fn on_page(scope: &mut RenderContext) {
    scope.register_local_helper(NAME, Box::new(Include::default()));
}

/// The helper, and what stands inside of the blocks of the calls that are under way.
#[derive(Default)]
struct Include {
    blocks: Mutex<Vec<Option<String>>>,
}

impl Include {
    fn with_blocks<T>(&self, change: impl FnOnce(&mut Vec<Option<String>>) -> T) -> T {
        change(&mut self.blocks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HelperDef for Include {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        scope: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        let name = helper.param(0).and_then(|name| name.value().as_str()).unwrap_or_default();
        let within = helper.template();
        if name == BLOCK {
            return match (self.with_blocks(|blocks| blocks.last().cloned().flatten()), within) {
                (Some(content), _) => Ok(output.write(&content)?),
                (None, Some(otherwise)) => otherwise.render(registry, context, scope, output),
                (None, None) => Err(RenderErrorReason::PartialBlockNotFound.into()),
            };
        }
        if scope.is_current_template(name) {
            return Err(RenderErrorReason::CannotIncludeSelf.into());
        }
        let partial = scope.get_partial(name).or_else(|| registry.get_template(name));
        let template = partial.or(within).ok_or_else(|| RenderErrorReason::PartialNotFound(name.to_owned()))?;
        let caller = scope.get_current_template_name();
        let block = seen(helper, context, scope)?;
        scope.push_block(block);
        let content = match within.filter(|_| partial.is_some()) {
            None => None,
            // This evaluates the inline partials of the block, which the partial can call.
            Some(within) => {
                let mut content = StringOutput::new();
                within.render(registry, context, scope, &mut content)?;
                Some(content.into_string()?)
            }
        };
        self.with_blocks(|blocks| blocks.push(content));
        let rendered = template.render(registry, context, scope, output);
        self.with_blocks(Vec::pop);
        scope.pop_block();
        scope.set_current_template_name(caller);
        rendered
    }
}

/// What the partial sees: the value that it is given, or what its caller does; and its options.
fn seen<'rc>(
    helper: &Helper<'rc>,
    context: &'rc Context,
    scope: &RenderContext<'_, 'rc>,
) -> Result<BlockContext<'rc>, RenderError> {
    let mut block = BlockContext::new();
    let Some(caller) = scope.block() else { return Ok(block) };
    *block.local_variables_mut() = caller.local_variables().clone();
    if !helper.hash().is_empty() {
        let value = match helper.param(1) {
            Some(value) => value.value().clone(),
            None => scope.evaluate(context, "this")?.as_json().clone(),
        };
        let mut fields = if let Value::Object(fields) = value { fields } else { Map::new() };
        for (name, option) in helper.hash() {
            // Also above what a block around calls the same.
            block.set_block_param(name, BlockParamHolder::Value(option.value().clone()));
            fields.insert((*name).to_owned(), option.value().clone());
        }
        block.set_base_value(Value::Object(fields));
        return Ok(block);
    }
    match helper.param(1) {
        Some(value) => match value.context_path() {
            Some(path) => block.base_path_mut().clone_from(path),
            None => block.set_base_value(value.value().clone()),
        },
        None => {
            block.base_path_mut().clone_from(caller.base_path());
            if let Some(value) = caller.base_value() {
                block.set_base_value(Value::clone(value));
            }
        }
    }
    Ok(block)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    const PARTIALS: [(&str, &str); 7] = [
        ("name", "<{{name}}>"),
        ("up", "{{../name}}/{{@root.name}}/{{@index}}"),
        ("base", "[{{> top}}|{{> @partial-block}}|{{#> extra}}none{{/extra}}]"),
        ("top", "{{name}}"),
        ("outer", "({{#> base}}{{> @partial-block}}{{/base}})"),
        ("rows", "{{#each this}}{{#if @first}}{{name}}{{/if}}{{/each}}"),
        ("maybe", "{{#> @partial-block}}nothing{{/@partial-block}}"),
    ];

    /// The template as the crate renders it, and as it is rendered with the helper.
    fn both(text: &str) -> (String, String) {
        let data =
            json!({"name": "page", "rows": [{"name": "a", "inner": [{"name": "x"}]}, {"name": "b", "inner": []}]});
        let registry = |rewrite: bool| {
            let mut registry = Handlebars::new();
            registry.set_strict_mode(true);
            for (name, text) in PARTIALS.into_iter().chain([("main", text)]) {
                registry.register_template_string(name, text).unwrap();
                if rewrite {
                    let template = rewritten(registry.get_template(name).unwrap().clone());
                    registry.register_template(name, template);
                }
            }
            registry
        };
        let (plain, own) = (registry(false), registry(true));
        let context = Context::from(data);
        let mut scope = RenderContext::new(None);
        on_page(&mut scope);
        let mut output = StringOutput::new();
        own.get_template("main").unwrap().render(&own, &context, &mut scope, &mut output).unwrap();
        (plain.render_with_context("main", &context).unwrap(), output.into_string().unwrap())
    }

    #[test]
    fn a_partial_sees_the_same_as_without_the_helper() {
        for (text, made) in [
            ("{{> name}}", "&lt;page&gt;"),
            ("{{#each rows}}{{> name}}{{#each inner}}{{> name}}{{/each}}{{/each}}", "&lt;a&gt;&lt;x&gt;&lt;b&gt;"),
            ("{{#each rows as |row|}}{{> name row}}{{/each}}", "&lt;a&gt;&lt;b&gt;"),
            ("{{#with rows.[1]}}{{> name}}{{/with}}", "&lt;b&gt;"),
            ("{{> rows rows}}{{> name (lookup rows 1)}}", "a&lt;b&gt;"),
            ("{{#each rows}}{{> up}} {{/each}}", "a/page/0 b/page/1 "),
            ("{{#> base}}{{name}}{{/base}}", "[page|page|none]"),
            (
                "{{#> base}}{{#*inline \"extra\"}}{{#each rows}}{{> name}}{{/each}}{{/inline}}x{{/base}}{{name}}",
                "[page|x|&lt;a&gt;&lt;b&gt;]page",
            ),
            ("{{#> outer}}{{#each rows}}{{name}}{{/each}}{{/outer}}", "([page|ab|none])"),
            ("{{#> base}}{{#> base}}in{{/base}}{{/base}}", "[page|[page|in|none]|none]"),
            ("{{#> missing}}{{#each rows}}{{> name}}{{/each}}{{/missing}}", "&lt;a&gt;&lt;b&gt;"),
            ("{{> maybe}}{{#> maybe}}some{{/maybe}}", "nothingsome"),
            ("{{> name name=\"given\"}}{{> name}}", "&lt;given&gt;&lt;page&gt;"),
            (
                "{{#each rows}}{{> name this name=@index}}{{> up name=\"x\"}}{{/each}}",
                "&lt;0&gt;x/page/0&lt;1&gt;x/page/1",
            ),
            ("{{#> base name=\"given\"}}{{name}}{{/base}}", "[given|given|none]"),
            (
                "{{#> base}}{{#> base name=\"b\"}}{{> maybe}}{{> maybe x=1}}{{/base}}{{/base}}",
                "[page|[b|nothingnothing|none]|none]",
            ),
        ] {
            let made = made.replace("&lt;", "<").replace("&gt;", ">");
            assert_eq!(both(text), (made.clone(), made), "{text}");
        }
    }
}
