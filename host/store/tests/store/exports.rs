//! The trail as a stream.

use pangolin_core::id::TenantId;
use pangolin_core::ports::AuditTrail;
use pangolin_store::{AuditExport, AuditExportItem, AuditFilter, AuditReader, AuditTail, OpenError};

use crate::testdb::{NOW, TestDb};
use crate::{audit, make};

async fn items(mut export: AuditExport) -> Vec<AuditExportItem> {
    let mut items = Vec::new();
    while let Some(page) = export.page().await.unwrap() {
        assert!(page.len() <= 202, "bounded");
        items.extend(page);
    }
    items
}

pub(crate) async fn everything_goes_out_with_its_seals(db: TestDb) {
    let tenant = TenantId::generate();
    for at in 0..450 {
        let mut event = make::event((at % 3 == 0).then_some(tenant), "e");
        event.timestamp = NOW.plus_seconds(at);
        db.store.record(event).await.unwrap();
    }
    db.store.prune_audit(NOW.plus_seconds(30)).await.unwrap();
    let reader = db.store.audit_reader();
    let all = items(reader.export()).await;
    assert!(matches!(&all[0], AuditExportItem::Hosts(list, mac) if list.contains("host-a") && mac.starts_with("v1:")));
    let AuditExportItem::Start(start) = &all[1] else { panic!("{:?}", all[1]) };
    let mut tail = AuditTail::parse(start.seq, &start.link).unwrap();
    assert_eq!(tail.seq, 30);
    for item in &all[2..all.len() - 1] {
        let AuditExportItem::Event(event) = item else { panic!("{item:?}") };
        tail = tail.followed_by(&event.event);
        assert_eq!((tail.seq, tail.link_text()), (event.seq, event.link.clone()));
    }
    let Some(AuditExportItem::End(end)) = all.last() else { panic!("{:?}", all.last()) };
    assert_eq!((end.seq, end.link.clone()), (450, tail.link_text()));

    let of_tenant = AuditFilter { tenant: Some(tenant), ..AuditFilter::default() };
    let some = items(reader.export_filtered(of_tenant, NOW.plus_seconds(299))).await;
    let numbers: Vec<i64> = some
        .iter()
        .map(|item| match item {
            AuditExportItem::Event(event) => event.seq,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, (31..=300).filter(|seq| (seq - 1) % 3 == 0).collect::<Vec<_>>(), "the oldest first");
}

pub(crate) async fn a_reader_stands_beside_a_host(db: TestDb) {
    db.store.record(make::event(None, "one")).await.unwrap();
    let reader = AuditReader::open(&db.config).await.unwrap();
    db.store.record(make::event(None, "two")).await.unwrap();
    let report = reader.verify().await.unwrap();
    assert_eq!((report.is_whole(), report.rows()), (true, 2), "{report:?}");
    reader.close().await;
    audit::whole(&db.store, 2).await;
    db.raw("DELETE FROM schema_migrations WHERE version = (SELECT MAX(version) FROM schema_migrations)").await;
    let refused = AuditReader::open(&db.config).await.unwrap_err();
    assert!(matches!(refused, OpenError::SchemaOlder { .. }) && refused.to_string().contains("pangolin migrate"));
}
