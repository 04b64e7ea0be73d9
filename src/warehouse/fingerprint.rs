//! Fingerprints of rows, column by column on the Arrow values, without making a row of JSON: whether a page's rows are those
//! of the last build is known in milliseconds for all pages together.

use duckdb::arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, OffsetSizeTrait};
use duckdb::arrow::datatypes::{DataType, TimeUnit, *};

use crate::hash;

/// What stands for null: a value that no hash of a few bytes is likely to be.
const NULL: u64 = 0x6e75_6c6c_6e75_6c6c;

/// The fingerprint of each value; equal values of equal types have equal ones.
pub(super) fn of(array: &ArrayRef) -> Vec<u64> {
    let mut hashes = of_values(array);
    if array.null_count() > 0 {
        for (row, hash) in hashes.iter_mut().enumerate() {
            if array.is_null(row) {
                *hash = NULL;
            }
        }
    }
    hashes
}

fn of_values(array: &ArrayRef) -> Vec<u64> {
    match array.data_type() {
        DataType::Int8 => numbers::<Int8Type, 1>(array, i8::to_le_bytes),
        DataType::Int16 => numbers::<Int16Type, 2>(array, i16::to_le_bytes),
        DataType::Int32 => numbers::<Int32Type, 4>(array, i32::to_le_bytes),
        DataType::Int64 => numbers::<Int64Type, 8>(array, i64::to_le_bytes),
        DataType::UInt8 => numbers::<UInt8Type, 1>(array, u8::to_le_bytes),
        DataType::UInt16 => numbers::<UInt16Type, 2>(array, u16::to_le_bytes),
        DataType::UInt32 => numbers::<UInt32Type, 4>(array, u32::to_le_bytes),
        DataType::UInt64 => numbers::<UInt64Type, 8>(array, u64::to_le_bytes),
        DataType::Float32 => numbers::<Float32Type, 4>(array, f32::to_le_bytes),
        DataType::Float64 => numbers::<Float64Type, 8>(array, f64::to_le_bytes),
        DataType::Decimal128(..) => numbers::<Decimal128Type, 16>(array, i128::to_le_bytes),
        DataType::Date32 => numbers::<Date32Type, 4>(array, i32::to_le_bytes),
        DataType::Timestamp(TimeUnit::Second, _) => numbers::<TimestampSecondType, 8>(array, i64::to_le_bytes),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            numbers::<TimestampMillisecondType, 8>(array, i64::to_le_bytes)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            numbers::<TimestampMicrosecondType, 8>(array, i64::to_le_bytes)
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => numbers::<TimestampNanosecondType, 8>(array, i64::to_le_bytes),
        DataType::Boolean => {
            let values = array.as_boolean();
            (0..values.len()).map(|row| u64::from(values.value(row))).collect()
        }
        DataType::Utf8 => texts::<i32>(array),
        DataType::LargeUtf8 => texts::<i64>(array),
        DataType::List(_) => lists::<i32>(array),
        DataType::LargeList(_) => lists::<i64>(array),
        DataType::Struct(_) => rows(array.as_struct().columns(), array.len(), 0),
        _ => {
            let text = |row| duckdb::arrow::util::display::array_value_to_string(array, row).unwrap_or_default();
            (0..array.len()).map(|row| hash::of(text(row).as_bytes())).collect()
        }
    }
}

/// The fingerprint of the columns themselves: their names and types, those inside of lists and structs too. A row shows
/// both, and a decimal's type says where its point stands.
pub(super) fn columns(fields: &Fields) -> u64 {
    hash::of(format!("{fields:?}").as_bytes())
}

/// The fingerprint of each row of these columns, after what `columns` stands for.
pub(super) fn rows(values: &[ArrayRef], length: usize, columns: u64) -> Vec<u64> {
    let mut rows = vec![columns; length];
    for column in values {
        for (row, value) in rows.iter_mut().zip(of(column)) {
            *row = hash::after(*row, &value.to_le_bytes());
        }
    }
    rows
}

fn numbers<T: ArrowPrimitiveType, const BYTES: usize>(
    array: &ArrayRef,
    bytes: impl Fn(T::Native) -> [u8; BYTES],
) -> Vec<u64> {
    array.as_primitive::<T>().values().iter().map(|value| hash::of(&bytes(*value))).collect()
}

fn texts<O: OffsetSizeTrait>(array: &ArrayRef) -> Vec<u64> {
    let texts = array.as_string::<O>();
    (0..texts.len()).map(|row| hash::of(texts.value(row).as_bytes())).collect()
}

fn lists<O: OffsetSizeTrait>(array: &ArrayRef) -> Vec<u64> {
    let lists = array.as_list::<O>();
    let items = of(lists.values());
    let range = |row: usize| lists.value_offsets()[row].as_usize()..lists.value_offsets()[row + 1].as_usize();
    (0..lists.len()).map(|row| hash::all(items[range(row)].iter().copied())).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::warehouse::Publication;
    use std::collections::BTreeSet;

    fn hashes(values: &str) -> Vec<u64> {
        Publication::of("").unwrap().query(&format!("select * from (values {values})")).unwrap().fingerprints().to_vec()
    }

    #[test]
    fn equal_rows_have_one_fingerprint_whatever_their_types_are_made_of() {
        for value in [
            "1",
            "1::tinyint",
            "1::utinyint",
            "1::hugeint",
            "1.5::double",
            "1.5",
            "'a'",
            "true",
            "date '2026-01-01'",
            "timestamp '2026-01-01 01:02:03'",
            "[1, 2]",
            "[['a'], []]",
            "{a: 1, b: ['x']}",
            "null",
            "interval 1 day",
        ] {
            let found = hashes(&format!("({value}, 'x'), ({value}, 'x')"));
            assert_eq!(found[0], found[1], "{value}");
        }
    }

    #[test]
    fn rows_that_differ_anywhere_differ_in_their_fingerprint() {
        for rows in [
            "(1), (2), (0), (null)",
            "('a'), ('b'), (''), (null)",
            "(true), (false), (null)",
            "([1, 2]), ([2, 1]), ([1]), ([]), (null), ([null]), ([1, null]), ([null, 1])",
            "([['a'], []]), ([[], ['a']]), ([['a']]), ([[]])",
            "({a: 1, b: 2}), ({a: 2, b: 1}), ({a: null, b: 2}), (null)",
            "('a', 'b'), ('b', 'a'), ('ab', ''), ('', 'ab')",
            "(1.5::double), (-1.5), (0), (null)",
        ] {
            let found = hashes(rows);
            assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len(), "{rows}: {found:?}");
        }
    }
}
