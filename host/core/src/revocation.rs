//! The kill switch (A17): a principal, a warehouse or a table is cut off.
//!
//! While a revocation stands nothing is minted, signed or written for its target. What was minted
//! before is never served again, also after it is lifted: each credential in memory remembers the
//! [`Cuts`] under which it was minted. What the host cannot take back is told, with the statement
//! that would end it ([`advice`]).

pub mod advice;
mod cut;
mod mint;
mod record;

pub use self::cut::{Cut, Cuts, Targets};
pub use self::mint::{Group, Issued, Mint, Outstanding};
pub use self::record::{Revocation, RevokedKind};
