//! Tables of rows: what becomes of those that are there when others come.
//!
//! The columns of a table are those that the settings declare, or those of the first rows that came. Rows that do not fit
//! them change nothing.

use std::collections::BTreeMap;

use anyhow::Result;
use duckdb::{Connection, Transaction, params};
use jiff::civil::Date;

use super::arrival::identifier;
use super::load::Extract;
use super::store::{Warehouse, attached, quoted};
use crate::config::{Fleet, Mode, RowOptions};
use crate::fs;
use crate::project::Project;

/// The plugins whose extracts are rows, as Parquet.
const PLUGINS: [&str; 2] = ["table", "command"];

/// Whether an extract is rows.
pub(super) fn is_rows(extract: &Extract) -> bool {
    PLUGINS.contains(&extract.plugin.as_str())
}

impl Warehouse {
    /// Remembers what the settings say of the sources of rows, by name.
    pub fn remember_tables<'a>(&mut self, tables: impl IntoIterator<Item = (&'a str, RowOptions<'a>)>) -> Result<()> {
        let transaction = self.connection.transaction()?;
        for (source, options) in tables {
            let mode = match options.mode {
                Mode::Replace => "replace",
                Mode::Append => "append",
                Mode::Upsert => "upsert",
            };
            let key = serde_json::to_string(options.key)?;
            transaction.execute(
                "insert or replace into source_table values (?, ?, ?, ?)",
                params![source, mode, key, !options.columns.is_empty()],
            )?;
        }
        Ok(transaction.commit()?)
    }
}

/// The newest day of each source of rows: of its column `day`, or `date`, if that is one of days.
pub fn last_days(project: &Project) -> Result<BTreeMap<String, Date>> {
    if !project.warehouse().exists() {
        return Ok(BTreeMap::new());
    }
    // Before the first collection of this torcollect there are none.
    let Ok(connection) = attached(project) else { return Ok(BTreeMap::new()) };
    let mut columns = connection.prepare(
        "select table_name, min(column_name order by column_name <> 'day') from duckdb_columns()
         where database_name = 'warehouse' and schema_name = 'source' and data_type = 'DATE'
           and column_name in ('day', 'date') group by table_name",
    )?;
    let columns =
        columns.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<Vec<(String, String)>, _>>()?;
    let mut days = BTreeMap::new();
    for (table, column) in columns {
        let sql = format!("select max({})::varchar from warehouse.source.{}", identifier(&column), identifier(&table));
        let day: Option<String> = connection.query_row(&sql, [], |row| row.get(0))?;
        days.extend(day.and_then(|day| day.parse().ok()).map(|day| (table, day)));
    }
    Ok(days)
}

/// Puts the rows of an extract into the table of its source. Gives what is wrong with them, if they do not fit.
pub(super) fn apply(transaction: &Transaction<'_>, extract: &Extract) -> Result<Option<String>> {
    let known = transaction
        .prepare("select mode, key, declared from source_table where source = ?")?
        .query_map([&extract.source], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .next()
        .transpose()?;
    // One that the settings no longer name.
    let Some((mode, key, declared)): Option<(String, String, bool)> = known else { return Ok(None) };
    let key: Vec<String> = serde_json::from_str(&key)?;
    fs::with_file(&extract.content, |file| {
        let file = quoted(&file.to_string_lossy());
        transaction
            .execute_batch(&format!("create or replace temp table arrived as select * from read_parquet({file})"))
    })??;
    let table = format!("source.{}", identifier(&extract.source));
    let arrived = columns(transaction, "temp", "main", "arrived")?;
    let standing = columns(transaction, &main_database(transaction)?, "source", &extract.source)?;
    let standing: Vec<_> = standing.into_iter().filter(|(name, _)| name != "_server").collect();
    let wanted = if declared || standing.is_empty() { &arrived } else { &standing };
    if let Some(misfit) = misfit(transaction, "arrived", &arrived, wanted)? {
        return Ok(Some(misfit));
    }
    if standing.is_empty() {
        let columns = wanted.iter().map(|(name, kind)| format!(", {} {kind}", identifier(name))).collect::<String>();
        transaction.execute_batch(&format!("create or replace table {table} (_server text not null{columns})"))?;
    } else if &standing != wanted {
        // Rows that a new declaration makes go are none that must fit it.
        let replaced = format!(" where _server <> {}", quoted(&extract.server));
        let stay = if mode == "replace" { replaced.as_str() } else { "" };
        let staying = format!("(select * from {table}{stay})");
        if let Some(misfit) =
            misfit(transaction, &staying, &standing, wanted)?.filter(|misfit| !misfit.starts_with(MISSING))
        {
            return Ok(Some(misfit));
        }
        let columns = wanted.iter().map(|(name, kind)| {
            let known = standing.iter().any(|(other, _)| other == name);
            let value = if known { identifier(name) } else { "null".to_owned() };
            format!(", cast({value} as {kind}) as {}", identifier(name))
        });
        let columns = columns.collect::<String>();
        transaction.execute_batch(&format!(
            "create or replace temp table conformed as select _server{columns} from {staying};
             create or replace table {table} as select * from conformed"
        ))?;
    }
    let server = quoted(&extract.server);
    match mode.as_str() {
        "replace" => drop(transaction.execute(&format!("delete from {table} where _server = {server}"), [])?),
        "upsert" => {
            let same =
                key.iter().map(|name| format!(" and standing.{0} is not distinct from arrived.{0}", identifier(name)));
            let same = same.collect::<String>();
            transaction.execute(
                &format!("delete from {table} as standing using arrived where standing._server = {server}{same}"),
                [],
            )?;
        }
        _ => {}
    }
    let names = wanted.iter().map(|(name, _)| format!(", {}", identifier(name))).collect::<String>();
    let values =
        wanted.iter().map(|(name, kind)| format!(", cast({} as {kind})", identifier(name))).collect::<String>();
    transaction.execute(&format!("insert into {table} (_server{names}) select {server}{values} from arrived"), [])?;
    // What the table has need not be kept twice.
    transaction.execute("update extract set content = ''::blob where id = ?", [extract.id])?;
    Ok(None)
}

/// Publishes the tables of the sources that the settings name, under the names of the sources. `work` and `setting` are
/// those of the views.
///
/// What a column `bridge` names is under all rules of bridges; what a server printed is seen if one of its bridges is, and a
/// column `day` waits for the publication's delay. What belongs to no bridge is in an organization's site only if its source
/// says that it is everybody's. The codes of a column `country` get their names in the table `country`.
pub(super) fn publish(connection: &Connection, fleet: &Fleet) -> Result<()> {
    connection.execute_batch(include_str!("tables/names.sql"))?;
    for (source, options, asks_servers) in fleet.row_sources() {
        let mut standing = columns(connection, "warehouse", "source", source)?;
        let is_there = !standing.is_empty();
        if !is_there {
            standing.extend(options.columns.iter().map(|(name, kind)| (name.clone(), kind.sql().to_uppercase())));
        }
        standing.retain(|(name, _)| name != "_server");
        if standing.is_empty() {
            // Nothing is known of it yet.
            continue;
        }
        let sql = published(source, &options, asks_servers, &standing, is_there);
        connection.execute_batch(&sql)?;
        if standing.iter().any(|(name, kind)| name == "country" && kind == "VARCHAR") {
            let countries = include_str!("tables/countries.sql").replace("SOURCE", &identifier(source));
            connection.execute_batch(&countries)?;
        }
    }
    Ok(())
}

/// The statement that makes a source's table from these columns.
fn published(
    source: &str,
    options: &RowOptions<'_>,
    asks_servers: bool,
    columns: &[(String, String)],
    is_there: bool,
) -> String {
    let has = |name: &str, kind: &str| columns.iter().any(|(column, of)| column == name && of == kind);
    let (of_bridges, of_days) = (has("bridge", "VARCHAR"), has("day", "DATE"));
    let mut select = Vec::new();
    if asks_servers {
        select.push(("named_server.server".to_owned(), "server".to_owned()));
    }
    for (name, kind) in columns {
        let value = match name.as_str() {
            _ if !is_there => format!("null::{kind}"),
            "bridge" if of_bridges => "named_bridge.bridge".to_owned(),
            _ => format!("given.{}", identifier(name)),
        };
        select.push((value, name.clone()));
    }
    let mut sql = format!("create table {} as select ", identifier(source));
    sql +=
        &select.iter().map(|(value, name)| format!("{value} as {}", identifier(name))).collect::<Vec<_>>().join(", ");
    if !is_there {
        let server = if asks_servers { " cross join work.named_server" } else { "" };
        return format!("{sql} from (select 1){server} where false");
    }
    sql += &format!(
        " from warehouse.source.{} as given cross join setting.rule as setting cross join work.newest",
        identifier(source)
    );
    let mut conditions = Vec::new();
    if asks_servers {
        sql += " join work.named_server on named_server.private_server = given._server";
        conditions.push("named_server.publish");
    }
    if of_bridges {
        sql += " join work.bridge_name on bridge_name.name = case when regexp_full_match(given.bridge, '[0-9a-fA-F]{40}') then upper(given.bridge) when given._server = '' then given.bridge \
                 else given._server || '/' || given.bridge end \
                 join work.named_bridge on named_bridge.private_bridge = bridge_name.private_bridge";
        conditions.push(if of_days {
            "exists (select 1 from work.visible where visible.private_bridge = named_bridge.private_bridge and visible.day = given.day)"
        } else {
            "exists (select 1 from work.visible where visible.private_bridge = named_bridge.private_bridge)"
        });
    } else {
        if of_days {
            conditions.push("given.day <= newest.last_day");
        }
        if !options.public {
            conditions.push("setting.scope is null");
        }
    }
    if !conditions.is_empty() {
        sql += &format!(" where {}", conditions.join(" and "));
    }
    let keyed = |(_, name): &(String, String)| options.key.iter().position(|key| key == name).unwrap_or(usize::MAX);
    let mut order: Vec<usize> = (0..select.len()).collect();
    order.sort_by_key(|index| keyed(&select[*index]));
    let order = order.into_iter().map(|index| (index + 1).to_string()).collect::<Vec<_>>().join(", ");
    format!("{sql} order by {order}")
}

const MISSING: &str = "the columns have changed: there is no";

/// Why rows cannot be put under other columns, if they cannot.
fn misfit(
    connection: &Connection,
    relation: &str,
    from: &[(String, String)],
    to: &[(String, String)],
) -> Result<Option<String>> {
    for (name, kind) in to {
        let Some((_, had)) = from.iter().find(|(other, _)| other == name) else {
            let names = from.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("`, `");
            return Ok(Some(format!("{MISSING} `{name}`, there are `{names}`")));
        };
        if had == kind {
            continue;
        }
        let column = identifier(name);
        // A text that happens to look like a number this time is one text more.
        let lossless = format!("try_cast({column} as {kind})::varchar is not distinct from {column}::varchar");
        let sql = if kind == "VARCHAR" || kind == "DOUBLE" && had == "BIGINT" {
            continue;
        } else {
            format!("select count(*) from {relation} as had where {column} is not null and not ({lossless})")
        };
        let misfits: u64 = connection.query_row(&sql, [], |row| row.get(0))?;
        if misfits > 0 {
            let (had, kind) = (had.to_lowercase(), kind.to_lowercase());
            return Ok(Some(format!("the columns have changed: `{name}` was {kind}, and is {had} in {misfits} rows")));
        }
    }
    Ok(None)
}

fn main_database(connection: &Connection) -> Result<String> {
    Ok(connection.query_row("select current_database()", [], |row| row.get(0))?)
}

/// The names and types of a table's columns, in order; none if there is no such table.
pub(super) fn columns(
    connection: &Connection,
    database: &str,
    schema: &str,
    table: &str,
) -> Result<Vec<(String, String)>> {
    let mut columns = connection.prepare(
        "select column_name, data_type from duckdb_columns()
         where database_name = ? and schema_name = ? and table_name = ? order by column_index",
    )?;
    let columns = columns.query_map([database, schema, table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(columns.collect::<duckdb::Result<_>>()?)
}
