//! `t`: the words of the interface in the site's language.

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError, ScopedJson,
};
use serde_json::Value;

use super::{quoted, refused};
use crate::problem::did_you_mean;
use crate::site::language::{Argument, As, Language, argument};
use std::sync::Arc;

/// The option that is the address of the link in a message.
pub(in crate::site) const LINK: &str = "a";

/// `{{t "days-before" count=row.days}}`: the message of that name from `languages/<tag>.ftl`, with the values that it
/// names. A number is written as by `number`, and can choose among the message's forms; of null, `?` is written. Where it
/// is printed, the message may have plain tags such as `<strong>`, and one link, `<a>…</a>`, to `a=(url …)`; as a value of
/// another helper it is text.
pub(super) struct T {
    pub(super) language: Arc<Language>,
    /// What is printed is HTML; else it is data.
    pub(super) html: bool,
}

impl T {
    fn say(&self, helper: &Helper, into: As) -> Result<String, RenderError> {
        let name = match helper.param(0).map(handlebars::PathAndJson::value) {
            Some(Value::String(name)) => name.as_str(),
            other => {
                let other = quoted(other.unwrap_or(&Value::Null));
                return Err(refused(format!("`t` needs the name of a message, not {other}")));
            }
        };
        let mut values: Vec<(&str, Argument)> = Vec::new();
        let mut link = None;
        for (option, value) in helper.hash() {
            match (*option, value.value()) {
                (LINK, address) => link = address.as_str(),
                (option, value) => values.push((option, argument(value))),
            }
        }
        let said = self.language.say(name, &values, into).ok_or_else(|| match self.language.values(name) {
            None => refused(unknown(&self.language, name)),
            Some(needed) => {
                let given = |value: &&&str| !values.iter().any(|(name, _)| name == *value);
                let Some(missing) = needed.iter().find(given) else {
                    return refused(format!(
                        "the message `{name}` refers to itself, or to a message that is not there"
                    ));
                };
                refused(format!("the message `{name}` needs the value `{missing}`\ngive it: `{missing}=…`"))
            }
        })?;
        Ok(match link {
            Some(address) => said.replace("<a>", &format!("<a href=\"{}\">", handlebars::html_escape(address))),
            None => said,
        })
    }
}

/// What to say of a message that is not there.
pub(in crate::site) fn unknown(language: &Language, name: &str) -> String {
    let hint = did_you_mean(name, language.names());
    let hint = hint.unwrap_or_else(|| "write it into `languages/en.ftl` of a theme".to_owned());
    format!("there is no message `{name}`\n{hint}")
}

impl HelperDef for T {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        Ok(ScopedJson::Derived(self.say(helper, As::Text)?.into()))
    }

    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        let into = if self.html { As::Html } else { As::Text };
        Ok(output.write(&self.say(helper, into)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{try_with, with};
    use serde_json::json;

    #[test]
    fn a_message_is_said_with_its_values() {
        let template = "{{t \"sparkline-alt\" first=x last=2 lowest=\"<\" highest=null gaps=0}}";
        assert_eq!(with(template, &json!(1234)), "first 1\u{202f}234, last 2, lowest &lt;, highest ?");
        assert_eq!(with("{{len (t \"chart-day\")}}", &json!(0)), "3");
    }

    #[test]
    fn an_unknown_message_and_a_missing_value_are_refused() {
        assert_eq!(
            try_with("{{t \"chart-dy\"}}", &json!(0)),
            Err("there is no message `chart-dy`\ndid you mean `chart-day`?".to_owned())
        );
        assert_eq!(
            try_with("{{t \"sparkline-alt\" first=1 last=2 lowest=3 gaps=0}}", &json!(0)),
            Err("the message `sparkline-alt` needs the value `highest`\ngive it: `highest=…`".to_owned())
        );
    }
}
