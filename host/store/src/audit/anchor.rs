//! Anchors: how far a chain had come. A chain alone does not show that its end was cut off.

use super::{Link, Tail, link_text};
use crate::db::{Statement, sql};

/// A chain is anchored each time it has grown by so many events, and when the store closes.
const EVERY: i64 = 64;

/// Whether a chain that grew from `before` to `after` is to be anchored.
pub(crate) fn is_due(before: i64, after: i64) -> bool {
    before / EVERY != after / EVERY
}

/// Writes the anchor of a chain. It never goes back.
pub(crate) fn write<'q>(host: &'q str, tail: Tail) -> Statement<'q> {
    let Tail { seq, link } = tail;
    statement(host, seq, &link)
}

fn statement<'q>(host: &'q str, seq: i64, link: &Link) -> Statement<'q> {
    sql("INSERT INTO audit_anchors (host, seq, link) VALUES ($1, $2, $3) ON CONFLICT (host) DO UPDATE \
         SET seq = excluded.seq, link = excluded.link WHERE audit_anchors.seq < excluded.seq")
    .bind(host)
    .bind(seq)
    .bind(link_text(link))
}

#[cfg(test)]
mod tests {
    use super::is_due;

    #[test]
    fn an_anchor_is_due_once_in_so_many_events() {
        assert!(!is_due(0, 63) && is_due(0, 64) && is_due(63, 64) && !is_due(64, 127) && is_due(1, 300));
    }
}
