//! `flag`: a country's flag beside its name.

use handlebars::RenderError;

use super::{Call, digits};
use crate::graphics::flags;
use crate::site::pictures::Pictures;

/// `{{flag row.country}}`: an empty element with the classes of the flag's place on the sheet `flags.png`; `none` where
/// there is no flag, as for tor's codes that are no countries. It says nothing that the name beside it does not.
pub(super) fn flag(call: &Call, _: &Pictures) -> Result<String, RenderError> {
    let place = call.value(0).as_str().and_then(flags::position);
    let classes = place.map_or_else(|| "none".to_owned(), digits);
    Ok(format!("<span class=\"flag {classes}\"></span>"))
}
