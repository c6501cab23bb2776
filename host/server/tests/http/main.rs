//! The whole host in one process over SQLite: HTTP in, HTTP out.

mod login;
mod support;
