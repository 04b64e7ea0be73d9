//! A query's rows as a file for whoever wants to count themselves: CSV as RFC 4180 says, or Parquet as DuckDB writes it.
//! The same rows give the same bytes, at any time and place.

use std::fmt;

use anyhow::{Context, Result};
use duckdb::Connection;
use duckdb::arrow::datatypes::{DataType, TimeUnit};
use sha2::{Digest, Sha256};

use super::Rows;
use crate::fs;
use crate::text::hexadecimal;

/// What a column of a file of rows holds, as far as readers need to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// True or false.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A time in UTC, `YYYY-MM-DDThh:mm:ssZ`.
    Time,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Boolean => "true or false",
            Self::Integer => "whole number",
            Self::Number => "number",
            Self::Text => "text",
            Self::Date => "date",
            Self::Time => "time",
        })
    }
}

impl Rows {
    /// The columns' names and types; `None` for what a cell of such a file cannot hold, as lists and records.
    pub fn types(&self) -> Vec<(String, Option<Type>)> {
        let schema = self.batch.schema();
        let of = |data: &DataType| column(data).map(|(plain, _)| plain);
        schema.fields().iter().map(|field| (field.name().clone(), of(field.data_type()))).collect()
    }

    /// What tells these rows from others, columns and their types included: 32 hexadecimal digits.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for field in self.batch.schema().fields() {
            hash.update(format!("{}\n", field.data_type()));
        }
        hash.update(self.csv());
        hexadecimal(&hash.finalize()[..16])
    }

    /// All rows as CSV with a header, lines ended by CR LF. A null is empty; lists and records are JSON.
    pub fn csv(&self) -> String {
        let names: Vec<String> = self.columns().into_iter().map(|(name, _)| name).collect();
        let cell = |row: usize, column: usize| self.text(row, column).unwrap_or_default();
        let mut csv = line(names.iter().cloned());
        for row in 0..self.len() {
            csv.push_str(&line((0..names.len()).map(|column| cell(row, column))));
        }
        csv
    }

    /// All rows as Parquet, in their order.
    ///
    /// # Errors
    /// If a column has no [type](Self::types), or the temporary folder cannot be written.
    pub fn parquet(&self) -> Result<Vec<u8>> {
        let schema = self.batch.schema();
        let columns = schema.fields().iter().map(|field| {
            let (_, sql) = column(field.data_type())
                .with_context(|| format!("the column `{}` is no plain value", field.name()))?;
            Ok(format!("\"{}\" {sql}", field.name().replace('"', "\"\"")))
        });
        let columns = columns.collect::<Result<Vec<String>>>()?.join(", ");
        let connection = Connection::open_in_memory()?;
        // Several threads would put rows into groups as they come.
        connection.execute_batch(&format!("set threads = 1; create table download ({columns})"))?;
        let mut appender = connection.appender("download")?;
        appender.append_record_batch(self.batch.clone())?;
        appender.flush()?;
        drop(appender);
        fs::bytes_of(|file| {
            let file = file.to_str().context("the temporary folder's path is not UTF-8")?.replace('\'', "''");
            Ok(connection.execute_batch(&format!("copy download to '{file}' (format parquet, compression zstd)"))?)
        })
    }
}

/// What a column of these data is called here, and in SQL.
fn column(data: &DataType) -> Option<(Type, String)> {
    let (plain, sql) = match data {
        DataType::Boolean => (Type::Boolean, "boolean"),
        DataType::Int8 => (Type::Integer, "tinyint"),
        DataType::Int16 => (Type::Integer, "smallint"),
        DataType::Int32 => (Type::Integer, "integer"),
        DataType::Int64 => (Type::Integer, "bigint"),
        DataType::UInt8 => (Type::Integer, "utinyint"),
        DataType::UInt16 => (Type::Integer, "usmallint"),
        DataType::UInt32 => (Type::Integer, "uinteger"),
        DataType::UInt64 => (Type::Integer, "ubigint"),
        DataType::Float32 => (Type::Number, "float"),
        DataType::Float64 => (Type::Number, "double"),
        DataType::Decimal128(width, scale) => {
            let plain = if *scale == 0 { Type::Integer } else { Type::Number };
            return Some((plain, format!("decimal({width}, {scale})")));
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => (Type::Text, "varchar"),
        DataType::Date32 => (Type::Date, "date"),
        DataType::Timestamp(TimeUnit::Second, None) => (Type::Time, "timestamp_s"),
        DataType::Timestamp(TimeUnit::Millisecond, None) => (Type::Time, "timestamp_ms"),
        DataType::Timestamp(TimeUnit::Microsecond, None) => (Type::Time, "timestamp"),
        DataType::Timestamp(TimeUnit::Nanosecond, None) => (Type::Time, "timestamp_ns"),
        DataType::Timestamp(_, Some(_)) => (Type::Time, "timestamp with time zone"),
        _ => return None,
    };
    Some((plain, sql.to_owned()))
}

/// A line of CSV: what holds a quote, a comma or a line's end stands in quotes.
fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted = |cell: String| {
        let plain = !cell.contains(['"', ',', '\n', '\r']);
        if plain { cell } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
    };
    cells.map(quoted).collect::<Vec<_>>().join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const EVERY_TYPE: &str = "
        select * from (values
            (date '2026-01-02', true, 1::utinyint, -5::bigint, 2.5::double, 1.25::decimal(5, 2), 'a,\"b\"', timestamp '2026-01-02 03:04:05'),
            (null, null, null, null, null, null, null, null),
            (date '1969-12-31', false, 255, 9007199254740993, 0.1, -0.5, 'ü\nline', timestamp '1970-01-01 00:00:00')
        ) as x(\"day\", complete, tiny, clients, share, exact, \"the label\", \"time\")";

    fn rows(sql: &str) -> Rows {
        Rows::of(&Connection::open_in_memory().unwrap(), sql).unwrap()
    }

    /// What a query over a Parquet file gives.
    fn read_back(parquet: &[u8], sql: &str) -> Rows {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.parquet");
        fs::write_atomic(&file, parquet, fs::PUBLIC).unwrap();
        rows(&sql.replace("FILE", &format!("read_parquet('{}')", file.display())))
    }

    #[test]
    fn csv_has_a_header_and_quotes_what_needs_it_and_leaves_nulls_empty() {
        assert_eq!(
            rows(EVERY_TYPE).csv(),
            "day,complete,tiny,clients,share,exact,the label,time\r\n\
             2026-01-02,true,1,-5,2.5,1.25,\"a,\"\"b\"\"\",2026-01-02T03:04:05Z\r\n\
             ,,,,,,,\r\n\
             1969-12-31,false,255,9007199254740993,0.1,-0.5,\"ü\nline\",1970-01-01T00:00:00Z\r\n"
        );
        assert_eq!(rows("select 1 as x where false").csv(), "x\r\n");
    }

    #[test]
    fn parquet_holds_the_same_rows_in_the_same_order_with_their_types() {
        let rows = rows(EVERY_TYPE);
        let back = read_back(&rows.parquet().unwrap(), "select * from FILE");
        assert_eq!(back.csv(), rows.csv());
        assert_eq!(back.types(), rows.types());
        assert_eq!(back.digest(), rows.digest());
    }

    #[test]
    fn more_rows_than_one_group_holds_keep_their_order_and_the_same_rows_give_the_same_bytes() {
        let sql = "select i, (i * 7919) % 1000 as j, 'bridge ' || i % 50 as label from range(300000) as r(i)";
        let parquet = rows(sql).parquet().unwrap();
        assert!(parquet == rows(sql).parquet().unwrap());
        let back = read_back(
            &parquet,
            "select count(*) as n, max(i - file_row_number) as off from (select i, row_number() over () - 1 as file_row_number from FILE)",
        );
        assert_eq!(back.csv(), "n,off\r\n300000,0\r\n");
    }

    #[test]
    fn a_file_without_rows_has_its_columns() {
        let back =
            read_back(&rows("select 1 as a, 'x' as \"q\"\"q\" where false").parquet().unwrap(), "select * from FILE");
        assert_eq!(back.csv(), "a,\"q\"\"q\"\r\n");
    }

    #[test]
    fn lists_and_records_have_no_type_and_fit_into_no_file() {
        let nested = rows("select 1 as a, [1] as b, {x: 1} as c");
        let named = |name: &str, plain| (name.to_owned(), plain);
        assert_eq!(nested.types(), [named("a", Some(Type::Integer)), named("b", None), named("c", None)]);
        assert_eq!(nested.parquet().unwrap_err().to_string(), "the column `b` is no plain value");
    }

    #[test]
    fn another_value_and_another_type_have_another_digest() {
        let digest = |sql: &str| rows(sql).digest();
        assert_eq!(digest("select 1 as x"), digest("select 1 as x"));
        assert_eq!(digest("select 1 as x").len(), 32);
        for other in
            ["select 2 as x", "select 1 as y", "select 1::bigint as x", "select '1' as x", "select 1 as x, null as y"]
        {
            assert_ne!(digest("select 1 as x"), digest(other), "{other}");
        }
    }
}
