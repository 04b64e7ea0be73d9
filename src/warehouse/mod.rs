//! The warehouse: one private DuckDB file with everything that was collected, and the publication that is made from it.
//! The way of a number: [`Attempt`] (raw) → [`InstanceFacts`] → tables of facts → the views in `views/*.sql`, copied into
//! a [`Publication`] → [`Rows`]. This is the only user of DuckDB.

mod archive;
mod arrival;
mod bridges;
mod facts;
mod fingerprint;
mod identity;
mod load;
mod publication;
mod publish;
mod rows;
mod secrets;
mod servers;
mod state;
mod store;
mod streak;
mod table;
mod tables;
#[cfg(test)]
mod tests;

pub use archive::{Again, File, Part, Reading, Repeated, shown_fingerprints};
pub use arrival::{Arrival, File as RowsFile, Unreadable};
pub use bridges::{bridges, organizations};
pub use facts::{InstanceFacts, Report, Requests, Traffic};
pub use identity::Salt;
pub use load::{Attempt, Derived, Extract, Raw};
pub use publication::{Kept, Publication, QueryError, TableName};
pub use publish::Scope;
pub use rows::{Kind, Rows};
pub use secrets::secrets;
pub use servers::{servers, sources};
pub use state::{state, state_of};
pub use store::{Door, Warehouse};
pub use streak::Streak;
pub use table::Type;
pub use tables::{Standing, standing};
