//! `download`: links to the files with a query's rows.

use serde_json::Value;

use super::{Call, quoted};
use crate::problem::nearest;
use crate::site::download::{FOLDER, Format};

/// `{{download "clients_by_day"}}`: a link to the file of a query that some page offers; `format="parquet"` for that one.
pub(super) fn download(call: &Call) -> Result<Value, String> {
    let Value::String(name) = call.value(0) else {
        return Err(format!("`download` needs a query's name, not {}", quoted(call.value(0))));
    };
    let format = match call.text("format")? {
        None | Some("csv") => Format::Csv,
        Some("parquet") => Format::Parquet,
        Some(other) => return Err(format!("there is no format `{other}` of downloads\nthere are `csv` and `parquet`")),
    };
    if let Some(path) = call.files().get(&format.path(name)) {
        return Ok(call.page().link_to_file(path).into());
    }
    let offered = call.files().keys().filter_map(|path| path.strip_prefix(FOLDER)?.strip_suffix(".parquet"));
    let hint = nearest(name, offered).map_or_else(
        || format!("name the query in the front matter of a page: `downloads: [{name}]`"),
        |near| format!("did you mean `{near}`?"),
    );
    Err(format!("no page offers the rows of `{name}`\n{hint}"))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{try_with, with};
    use serde_json::json;

    #[test]
    fn a_download_has_a_link_for_each_format() {
        assert_eq!(with("{{download x}}", &json!("clients_by_day")), "../downloads/clients_by_day.csv");
        assert_eq!(with("{{download x format=\"csv\"}}", &json!("clients_by_day")), "../downloads/clients_by_day.csv");
        let parquet = with("{{download x format=\"parquet\"}}", &json!("clients_by_day"));
        assert_eq!(parquet, "../downloads/clients_by_day.parquet");
    }

    #[test]
    fn what_no_page_offers_cannot_be_linked() {
        let refused = |template: &str, x| try_with(template, &x);
        assert_eq!(
            refused("{{download x}}", json!("client_by_day")),
            Err("no page offers the rows of `client_by_day`\ndid you mean `clients_by_day`?".to_owned())
        );
        assert_eq!(
            refused("{{download x}}", json!("report.pdf")),
            Err("no page offers the rows of `report.pdf`\n\
                 name the query in the front matter of a page: `downloads: [report.pdf]`"
                .to_owned())
        );
        assert_eq!(
            refused("{{download \"clients_by_day\" format=x}}", json!("xlsx")),
            Err("there is no format `xlsx` of downloads\nthere are `csv` and `parquet`".to_owned())
        );
        assert!(refused("{{download x}}", json!(null)).is_err());
    }
}
