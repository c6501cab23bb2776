//! Metadata documents: made, changed and judged by the `iceberg` crate. No I/O.

mod bounds;
mod change;
mod first;

pub(crate) use self::change::{Document, apply};
pub(crate) use self::first::{created, from_updates};
