//! What a body may name.

use super::wire::RevokeRequest;

fn read(text: &str) -> Result<RevokeRequest, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn a_table_is_named_in_one_text_or_in_parts() {
    for (text, namespace) in [
        (r#"{"table": "lake.sales.orders"}"#, "sales"),
        (r#"{"table": "lake.sales.eu.orders"}"#, "sales.eu"),
        (r#"{"table": {"catalog": "lake", "namespace": "sales.eu", "name": "orders"}}"#, "sales.eu"),
        (r#"{"table": {"catalog": "lake", "namespace": ["sales", "eu"], "table": "orders"}}"#, "sales.eu"),
    ] {
        let table = read(text).unwrap().table.unwrap();
        assert_eq!((table.catalog.as_str(), table.name.as_str()), ("lake", "orders"));
        assert_eq!(table.namespace.dotted(), namespace, "{text}");
    }
}

#[test]
fn both_spellings_and_nothing_unknown() {
    for text in [r#"{"principal": "ann"}"#, r#"{"principal-id": "ann"}"#, r#"{"principal_id": "ann"}"#] {
        assert_eq!(read(text).unwrap().principal.as_deref(), Some("ann"));
    }
    for text in [r#"{"warehouse": "lake"}"#, r#"{"warehouse-name": "lake"}"#, r#"{"warehouse_id": "lake"}"#] {
        assert_eq!(read(text).unwrap().warehouse.as_deref(), Some("lake"));
    }
    for text in [
        r#"{"user": "ann"}"#,
        r#"{"principal": "ann", "principal-id": "bob"}"#,
        r#"{"table": "orders"}"#,
        r#"{"table": "lake.orders"}"#,
        r#"{"table": {"catalog": "lake", "namespace": [], "name": "orders"}}"#,
        r#"{"table": {"catalog": "lake", "name": "orders"}}"#,
        r#"{"table": {"catalog": "lake", "namespace": "n", "name": "t", "also": 1}}"#,
        r#"{"principal": 7}"#,
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}
