//! Tables of rows: what becomes of those that are there when others come.
//!
//! The columns of a table are those that the settings declare, or those of the first rows that came; a column of which no value
//! is known yet gets its type from the first rows that have one. Rows are read by what stands already
//! ([`Standing`]), so that what does not fit is refused before it comes here.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use duckdb::{Connection, Transaction, params};
use jiff::civil::Date;

use super::load::{Extract, commit, derived};
use super::store::{Warehouse, attached_if_current, identifier, quoted};
use crate::config::{ColumnType, Fleet, Mode, RowOptions, SPECIAL_COLUMNS};
use crate::fs;
use crate::project::Project;

/// The plugins whose extracts are rows, as Parquet.
const PLUGINS: [&str; 2] = ["table", "command"];

/// Whether an extract is rows.
pub(super) fn is_rows(extract: &Extract) -> bool {
    PLUGINS.contains(&extract.plugin.as_str())
}

/// What is known of a source's table before others come.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Its columns, and their types if a value is known.
    pub columns: Vec<(String, Option<ColumnType>)>,
    /// The newest day in its column `day`, or `date`, if that is one of dates.
    pub last_day: Option<Date>,
}

/// The tables of rows that there are, by their sources.
///
/// # Errors
/// If the warehouse cannot be read; that there is none yet is fine.
pub fn standing(project: &Project) -> Result<BTreeMap<String, Standing>> {
    let Some(connection) = attached_if_current(project)? else { return Ok(BTreeMap::new()) };
    let mut tables = connection.prepare(
        "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'source'",
    )?;
    let tables = tables.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let table = |name: String| {
        let columns = columns(&connection, "warehouse", &name)?;
        let days =
            ["day", "date"].into_iter().filter(|day| columns.iter().any(|(name, of)| name == day && of == "DATE"));
        let newest = days.map(|day| format!(", max({day})")).collect::<String>();
        let any = columns.iter().map(|(column, _)| format!(", count({}) > 0", identifier(column))).collect::<String>();
        let sql = format!("select coalesce(null{newest})::varchar{any} from warehouse.source.{}", identifier(&name));
        let known = connection.query_row(&sql, [], |row| {
            let newest: Option<String> = row.get(0)?;
            let column = |(index, (column, kind)): (usize, (String, String))| {
                let any: bool = row.get(index + 1)?;
                let special = SPECIAL_COLUMNS.iter().any(|(special, _)| *special == column);
                Ok((column, type_of(&kind).filter(|_| any || special)))
            };
            let columns = columns.into_iter().enumerate().map(column).collect::<duckdb::Result<_>>()?;
            Ok(Standing { columns, last_day: newest.and_then(|day| day.parse().ok()) })
        })?;
        Ok((name, known))
    };
    tables.into_iter().map(table).collect()
}

/// The type that SQL calls so.
fn type_of(sql: &str) -> Option<ColumnType> {
    use ColumnType::{Boolean, Date, Integer, Number, Text, Time};
    [Text, Integer, Number, Boolean, Date, Time].into_iter().find(|kind| kind.sql().eq_ignore_ascii_case(sql))
}

impl Warehouse {
    /// Remembers what the settings say of the sources of rows, by name.
    pub fn remember_tables<'a>(&mut self, tables: impl IntoIterator<Item = (&'a str, RowOptions<'a>)>) -> Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch("delete from source_table")?;
        for (source, options) in tables {
            let mode = match options.mode {
                Mode::Replace => "replace",
                Mode::Append => "append",
                Mode::Upsert => "upsert",
            };
            let key = serde_json::to_string(options.key)?;
            transaction.execute("insert into source_table values (?, ?, ?)", params![source, mode, key])?;
        }
        commit(transaction)
    }

    /// Puts the rows of an extract into the table of its source. Gives why it could not, if so: then nothing has changed, the
    /// collection counts as failed, and the same rows are tried again when they come again.
    pub(super) fn take_rows(&mut self, extract: &Extract) -> Result<Option<String>> {
        let transaction = self.connection.transaction()?;
        let refused = apply(&transaction, extract).err().map(|error| format!("{error:#}"));
        let Some(message) = refused else {
            derived(&transaction, [extract.id])?;
            commit(transaction)?;
            return Ok(None);
        };
        drop(transaction);
        let transaction = self.connection.transaction()?;
        transaction.execute("insert into problem values (?, ?, ?)", params![extract.id, extract.source, message])?;
        transaction.execute(
            "update extract set hash = hash || ' refused ' || id, content = ''::blob where id = ?",
            [extract.id],
        )?;
        transaction.execute(
            "update collection set status = 'failed', error = 'the rows do not fit their table'
             where extract = $1 and run = (select max(run) from collection where extract = $1)",
            [extract.id],
        )?;
        derived(&transaction, [extract.id])?;
        commit(transaction)?;
        Ok(Some(message))
    }
}

fn apply(transaction: &Transaction<'_>, extract: &Extract) -> Result<()> {
    let settings = transaction
        .prepare("select mode, key from source_table where source = ?")?
        .query_map([&extract.source], |row| Ok((row.get(0)?, row.get(1)?)))?
        .next()
        .transpose()?;
    // One that the settings no longer name.
    let Some((mode, key)): Option<(String, String)> = settings else { return Ok(()) };
    let key: Vec<String> = serde_json::from_str(&key)?;
    fs::with_file(&extract.content, |file| {
        let file = quoted(&file.to_string_lossy());
        transaction
            .execute_batch(&format!("create or replace temp table arrived as select * from read_parquet({file})"))
    })??;
    let arrived = columns_of(transaction, "temp", "main", "arrived")?;
    let table = format!("source.{}", identifier(&extract.source));
    let going = if mode == "replace" { format!("_server = {}", quoted(&extract.server)) } else { "false".to_owned() };
    conform(transaction, &extract.source, &going, &arrived)?;
    transaction.execute(&format!("delete from {table} where {going}"), [])?;
    if mode == "upsert" {
        let same =
            key.iter().map(|name| format!(" and standing.{0} is not distinct from arrived.{0}", identifier(name)));
        let (server, same) = (quoted(&extract.server), same.collect::<String>());
        let delete = format!("delete from {table} as standing using arrived where standing._server = {server}{same}");
        transaction.execute(&delete, [])?;
    }
    let names = arrived.iter().map(|(name, _)| format!(", {}", identifier(name))).collect::<String>();
    let server = quoted(&extract.server);
    transaction.execute(&format!("insert into {table} (_server{names}) select {server}{names} from arrived"), [])?;
    // What the table has need not be kept twice.
    transaction.execute("update extract set content = ''::blob where id = ?", [extract.id])?;
    Ok(())
}

/// Gives the table of a source these columns: makes it, or changes the one that is there. Rows that are `going` need not fit.
fn conform(transaction: &Transaction<'_>, source: &str, going: &str, wanted: &[(String, String)]) -> Result<()> {
    let database: String = transaction.query_row("select current_database()", [], |row| row.get(0))?;
    let standing = columns(transaction, &database, source)?;
    let table = format!("source.{}", identifier(source));
    if standing.is_empty() {
        let columns = wanted.iter().map(|(name, kind)| format!(", {} {kind}", identifier(name))).collect::<String>();
        return Ok(transaction.execute_batch(&format!("create table {table} (_server text not null{columns})"))?);
    }
    if standing == wanted {
        return Ok(());
    }
    let mut columns = String::new();
    for (name, kind) in wanted {
        let column = identifier(name);
        let Some((_, had)) = standing.iter().find(|(other, _)| other == name) else {
            columns += &format!(", null::{kind} as {column}");
            continue;
        };
        // Nothing is rounded.
        let kept = format!("try_cast(try_cast({column} as {kind}) as {had}) is not distinct from {column}");
        let widens = kind == "VARCHAR" || kind == had || kind == "DOUBLE" && had == "BIGINT";
        let lost =
            format!("select count(*) from {table} where not ({going}) and {column} is not null and not ({kept})");
        let lost: u64 = if widens { 0 } else { transaction.query_row(&lost, [], |row| row.get(0))? };
        if lost > 0 {
            let (had, kind) = (had.to_lowercase(), kind.to_lowercase());
            bail!("the column `{name}` shall be {kind}, and is {had} in {lost} rows that are there already");
        }
        columns += &format!(", cast({column} as {kind}) as {column}");
    }
    Ok(transaction.execute_batch(&format!(
        "create or replace temp table conformed as select _server{columns} from {table} where not ({going});
         create or replace table {table} as select * from conformed"
    ))?)
}

/// The names and types of the columns of a source's table, in order, without that of its server; none if there is no such table.
pub(super) fn columns(connection: &Connection, database: &str, source: &str) -> Result<Vec<(String, String)>> {
    let mut columns = columns_of(connection, database, "source", source)?;
    columns.retain(|(name, _)| name != "_server");
    Ok(columns)
}

fn columns_of(connection: &Connection, database: &str, schema: &str, table: &str) -> Result<Vec<(String, String)>> {
    let mut columns = connection.prepare(
        "select column_name, data_type from duckdb_columns()
         where database_name = ? and schema_name = ? and lower(table_name) = lower(?) order by column_index",
    )?;
    let columns = columns.query_map([database, schema, table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(columns.collect::<duckdb::Result<_>>()?)
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
        let mut standing = columns(connection, "warehouse", source)?;
        let is_there = !standing.is_empty();
        if !is_there {
            standing.extend(options.columns.iter().map(|(name, kind)| (name.clone(), kind.sql().to_uppercase())));
        }
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
    // Rows of a time when the source was read elsewhere are under rules of which it knows nothing any more.
    let mut conditions = vec![if asks_servers { "given._server <> ''" } else { "given._server = ''" }];
    if asks_servers {
        sql += " join work.named_server on named_server.private_server = given._server";
        conditions.push("named_server.publish");
    }
    if of_bridges {
        sql += " join work.bridge_name on bridge_name.name = case when regexp_full_match(given.bridge, '[0-9a-fA-F]{40}') then upper(given.bridge) when given._server = '' then given.bridge \
                 else given._server || '/' || given.bridge end \
                 join work.named_bridge on named_bridge.private_bridge = bridge_name.private_bridge";
        // A server knows of its own bridges.
        conditions.push("(given._server = '' or named_bridge.private_server = given._server)");
        conditions.push(if of_days {
            "exists (select 1 from work.visible where visible.private_bridge = named_bridge.private_bridge and visible.day = given.day)"
        } else {
            "exists (select 1 from work.visible where visible.private_bridge = named_bridge.private_bridge)"
        });
    } else {
        if of_days {
            conditions.push("given.day <= newest.last_row_day");
        }
        if !options.public {
            conditions.push("setting.scope is null");
        }
    }
    sql += &format!(" where {}", conditions.join(" and "));
    let keyed = |(_, name): &(String, String)| options.key.iter().position(|key| key == name).unwrap_or(usize::MAX);
    let mut order: Vec<usize> = (0..select.len()).collect();
    order.sort_by_key(|index| keyed(&select[*index]));
    let order = order.into_iter().map(|index| (index + 1).to_string()).collect::<Vec<_>>().join(", ");
    format!("{sql} order by {order}")
}
