//! A database of before the seals: its chains hold, and are sealed from then on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pangolin_core::ports::AuditTrail;
use pangolin_store::{AuditFilter, AuditPage, AuditTail};
use sha2::{Digest, Sha256};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

use crate::tamper::found;
use crate::testdb::TestDb;
use crate::{audit, make};

const MIGRATIONS: [(i64, &str); 6] = [
    (1, include_str!("../../migrations/common/0001_tenancy.sql")),
    (2, include_str!("../../migrations/common/0002_catalog.sql")),
    (3, include_str!("../../migrations/common/0003_audit.sql")),
    (4, include_str!("../../migrations/common/0004_secret_refs.sql")),
    (5, include_str!("../../migrations/common/0005_leases.sql")),
    (6, include_str!("../../migrations/common/0006_identity.sql")),
];

/// The same database as the host of before left it: three events, two of them anchored.
async fn of_before(db: TestDb) -> TestDb {
    db.store.close().await;
    let config = db.config.clone();
    let url = config.url.replace(' ', "%20");
    let postgres = url.starts_with("postgres");
    if postgres {
        db.raw("DROP SCHEMA public CASCADE").await;
        db.raw("CREATE SCHEMA public").await;
    } else {
        for entry in std::fs::read_dir(db.dir()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }
    let mut old = AnyConnection::connect(&if postgres { url } else { format!("{url}?mode=rwc") }).await.unwrap();
    let types = if postgres { "TEXT COLLATE \"C\"" } else { "TEXT" };
    let mut script =
        "CREATE TABLE schema_migrations (version BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL);"
            .to_owned();
    for (version, text) in MIGRATIONS {
        let checksum = STANDARD.encode(Sha256::digest(text.as_bytes()));
        script += text;
        script += &format!("INSERT INTO schema_migrations VALUES ({version}, 'old', '{checksum}');");
    }
    let mut tail = AuditTail::START;
    for at in 1..=3 {
        let mut event = make::event(None, &format!("old-{at}"));
        event.username = "old".to_owned();
        let text = serde_json::to_string(&event).unwrap();
        tail = tail.followed_by(&text);
        let (link, id) = (tail.link_text(), event.id);
        script += &format!(
            "INSERT INTO audit_events (host, seq, id, action, resource_type, at, result, request_id, event, link) VALUES \
             ('host-a', {at}, '{id}', 'old-{at}', 'table', {}, 'success', 'r-1', '{text}', '{link}');",
            event.timestamp.0
        );
        if at == 2 {
            script += &format!("INSERT INTO audit_anchors (host, seq, link) VALUES ('host-a', {at}, '{link}');");
        }
    }
    old.execute(AssertSqlSafe(script.replace("KEY_TEXT", types))).await.unwrap();
    old.close().await.unwrap();
    db.reopen(config).await
}

pub(crate) async fn an_older_database_is_sealed_as_it_is(db: TestDb) {
    let db = of_before(db).await;
    audit::whole(&db.store, 3).await;
    let of_old = AuditFilter { username: Some("old".to_owned()), ..AuditFilter::default() };
    let rows = db.store.audit_query(&of_old, &AuditPage::default()).await.unwrap();
    assert_eq!(rows.len(), 3, "the new columns are filled");
    db.store.record(make::event(None, "new")).await.unwrap();
    audit::whole(&db.store, 4).await;
    db.raw("DELETE FROM audit_events WHERE seq >= 3").await;
    assert_eq!(found(&db).await, "host-a/3/missing");
    // The seal does not go away with the column's value.
    db.raw("UPDATE audit_anchors SET mac = NULL, seq = 2").await;
    let config = db.config.clone();
    let db = db.reopen(config).await;
    assert_eq!(found(&db).await, "host-a/2/forged-end");
}
