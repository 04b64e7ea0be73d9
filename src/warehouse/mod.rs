//! (to come)
mod rows;
pub use rows::{Kind, Rows};
