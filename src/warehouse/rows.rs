//! What a query gave: a table that stays Arrow in memory and becomes JSON a row at a time, when a page asks for it.

use std::ops::Range;
use std::sync::OnceLock;

use duckdb::Connection;
use duckdb::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use duckdb::arrow::compute::{concat_batches, partition};
use duckdb::arrow::datatypes::{DataType, TimeUnit, *};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::fingerprint;

/// What a column holds, as far as a template can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number, a text, a date, a truth value, or null.
    Scalar,
    /// A list of such.
    List(Box<Kind>),
    /// A record with named fields.
    Struct(Vec<(String, Kind)>),
}

/// The rows of one query, in the query's order.
#[derive(Clone, Debug)]
pub struct Rows {
    pub(super) batch: RecordBatch,
    fingerprints: OnceLock<Vec<u64>>,
}

impl Rows {
    /// What a query gives.
    pub(super) fn of(connection: &Connection, sql: &str) -> anyhow::Result<Self> {
        let mut statement = connection.prepare(sql)?;
        let arrow = statement.query_arrow([])?;
        let schema = arrow.get_schema();
        let batches: Vec<_> = arrow.collect();
        Ok(Self { batch: concat_batches(&schema, &batches)?, fingerprints: OnceLock::new() })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.batch.num_rows()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns' names and kinds, in order.
    pub fn columns(&self) -> Vec<(String, Kind)> {
        self.batch.schema().fields().iter().map(|field| (field.name().clone(), kind(field.data_type()))).collect()
    }

    /// The position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.batch.schema().index_of(name).ok()
    }

    /// What stands for each row: equal for rows with equal values in columns of equal names and types.
    pub fn fingerprints(&self) -> &[u64] {
        let columns = || self.fingerprint_of_columns();
        self.fingerprints.get_or_init(|| fingerprint::rows(self.batch.columns(), self.len(), columns()))
    }

    /// What stands for the columns, also where there is no row.
    pub fn fingerprint_of_columns(&self) -> u64 {
        fingerprint::columns(self.batch.schema().fields())
    }

    /// All rows, as ranges of neighbours that are equal in these columns. Nulls are equal to each other.
    pub fn runs(&self, columns: &[usize]) -> Vec<Range<usize>> {
        let columns: Vec<ArrayRef> = columns.iter().map(|column| self.batch.column(*column).clone()).collect();
        // What cannot be compared is told apart.
        partition(&columns).map_or_else(|_| (0..self.len()).map(|row| row..row + 1).collect(), |runs| runs.ranges())
    }

    /// All rows as records, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Value> {
        (0..self.len()).map(|row| self.row(row))
    }

    /// One row as a JSON object, keys in the columns' order. Dates are `YYYY-MM-DD`.
    pub fn row(&self, row: usize) -> Value {
        let schema = self.batch.schema();
        let fields = schema.fields().iter().zip(self.batch.columns());
        Value::Object(fields.map(|(field, array)| (field.name().clone(), value(array, row))).collect())
    }

    /// One cell as JSON.
    pub fn cell(&self, row: usize, column: usize) -> Value {
        value(self.batch.column(column), row)
    }

    /// One cell as text: what a page's key is compared by. `None` for null.
    pub fn text(&self, row: usize, column: usize) -> Option<String> {
        match self.cell(row, column) {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }
    }
}

fn kind(data: &DataType) -> Kind {
    match data {
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Kind::List(Box::new(kind(item.data_type())))
        }
        DataType::Struct(fields) => {
            Kind::Struct(fields.iter().map(|field| (field.name().clone(), kind(field.data_type()))).collect())
        }
        _ => Kind::Scalar,
    }
}

fn value(array: &ArrayRef, row: usize) -> Value {
    if array.is_null(row) {
        return Value::Null;
    }
    match array.data_type() {
        DataType::Null => Value::Null,
        DataType::Boolean => array.as_boolean().value(row).into(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(row).into(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(row).into(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(row).into(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(row).into(),
        DataType::UInt8 => array.as_primitive::<UInt8Type>().value(row).into(),
        DataType::UInt16 => array.as_primitive::<UInt16Type>().value(row).into(),
        DataType::UInt32 => array.as_primitive::<UInt32Type>().value(row).into(),
        DataType::UInt64 => array.as_primitive::<UInt64Type>().value(row).into(),
        DataType::Float32 => f64::from(array.as_primitive::<Float32Type>().value(row)).into(),
        DataType::Float64 => array.as_primitive::<Float64Type>().value(row).into(),
        DataType::Decimal128(_, scale) => decimal(array.as_primitive::<Decimal128Type>().value(row), *scale),
        DataType::Utf8 => array.as_string::<i32>().value(row).into(),
        DataType::LargeUtf8 => array.as_string::<i64>().value(row).into(),
        DataType::Utf8View => array.as_string_view().value(row).into(),
        DataType::Date32 => date(array.as_primitive::<Date32Type>().value(row)).into(),
        DataType::Timestamp(unit, _) => timestamp(array, row, *unit).into(),
        DataType::List(_) => list(&array.as_list::<i32>().value(row)),
        DataType::LargeList(_) => list(&array.as_list::<i64>().value(row)),
        DataType::FixedSizeList(..) => list(&array.as_fixed_size_list().value(row)),
        DataType::Struct(fields) => {
            let columns = fields.iter().zip(array.as_struct().columns());
            Value::Object(
                columns.map(|(field, column)| (field.name().clone(), value(column, row))).collect::<Map<_, _>>(),
            )
        }
        _ => duckdb::arrow::util::display::array_value_to_string(array, row).map_or(Value::Null, Value::String),
    }
}

fn list(items: &ArrayRef) -> Value {
    (0..items.len()).map(|item| value(items, item)).collect()
}

/// A whole number stays one (DuckDB's `sum` gives `decimal(38, 0)`); beyond 64 bits it becomes a float.
fn decimal(unscaled: i128, scale: i8) -> Value {
    if scale <= 0 {
        let whole = unscaled * 10i128.pow(u32::from(scale.unsigned_abs()));
        return i64::try_from(whole).map_or_else(|_| (whole as f64).into(), Value::from);
    }
    (unscaled as f64 / 10f64.powi(i32::from(scale))).into()
}

/// Days since 1970 as `YYYY-MM-DD`.
fn date(days: i32) -> String {
    Date::constant(1970, 1, 1)
        .checked_add(jiff::Span::new().days(days))
        .map_or_else(|_| days.to_string(), |date| date.to_string())
}

/// A time in UTC as `YYYY-MM-DDThh:mm:ssZ`, to the end of the year 9999.
fn timestamp(array: &ArrayRef, row: usize, unit: TimeUnit) -> String {
    let since = match unit {
        TimeUnit::Second => SignedDuration::from_secs(array.as_primitive::<TimestampSecondType>().value(row)),
        TimeUnit::Millisecond => {
            SignedDuration::from_millis(array.as_primitive::<TimestampMillisecondType>().value(row))
        }
        TimeUnit::Microsecond => {
            SignedDuration::from_micros(array.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        TimeUnit::Nanosecond => SignedDuration::from_nanos(array.as_primitive::<TimestampNanosecondType>().value(row)),
    };
    let time = Date::constant(1970, 1, 1).at(0, 0, 0, 0).checked_add(since);
    time.map(|time| format!("{time}Z")).unwrap_or_default()
}
