//! The sealed end of a chain. It moves in the transaction of each batch, so that an event that was
//! cut off at the end is missed.

use super::{AuditClaim, AuditSeals, AuditTail};
use crate::db::Statement;

/// Values of [`upsert_text`].
#[cfg(test)]
pub(crate) const VALUES: usize = 4;

/// Writes the end of a chain, its values beginning at a place. It never goes back.
pub(crate) fn upsert_text(first: usize) -> String {
    format!(
        "INSERT INTO audit_anchors (host, seq, link, mac) VALUES (${}, ${}, ${}, ${}) ON CONFLICT (host) DO UPDATE \
         SET seq = excluded.seq, link = excluded.link, mac = excluded.mac WHERE audit_anchors.seq < excluded.seq",
        first,
        first + 1,
        first + 2,
        first + 3
    )
}

/// Adds the values.
pub(crate) fn bind<'q>(statement: Statement<'q>, host: &'q str, tail: AuditTail, seals: &AuditSeals) -> Statement<'q> {
    let mac = seals.seal(AuditClaim::End(host, tail));
    statement.bind(host).bind(tail.seq).bind(tail.link_text()).bind(mac)
}

/// The whole statement.
pub(crate) fn write<'q>(host: &'q str, tail: AuditTail, seals: &AuditSeals) -> Statement<'q> {
    bind(sqlx::query(sqlx::AssertSqlSafe(upsert_text(1))), host, tail, seals)
}
