//! Leases against a management service, a book and hosts that end when they are told to.

mod bench;
mod book;
mod ending;
mod interrupted;
mod path;
mod picking;
mod sweeping;
mod vms;
