//! (to come)
mod publication;
mod rows;
pub use publication::{Publication, QueryError};
pub use rows::{Kind, Rows};
