use axum::http::StatusCode;
use pangolin_core::id::{CatalogId, TableId};
use pangolin_core::namespace::NamespacePath;
use serde_json::{Value, json};
use uuid::Uuid;

use super::matching::Wanted;
use super::*;

fn table(namespace: &str, name: &str) -> SearchItem {
    let namespace = NamespacePath::parse_dotted(namespace).unwrap();
    item(Named::Table { id: TableId(Uuid::from_u128(3)), namespace, name: name.to_owned() })
}

fn namespace(path: &str) -> SearchItem {
    let path = NamespacePath::parse_dotted(path).unwrap();
    let properties = [("comment".to_owned(), "of the east".to_owned())].into();
    item(Named::Namespace { id: "n".to_owned(), path, properties })
}

fn item(named: Named) -> SearchItem {
    SearchItem { catalog_id: CatalogId(Uuid::from_u128(1)), catalog: "Lake".to_owned(), named }
}

#[test]
fn a_part_of_the_own_name_fits_in_any_case() {
    for (text, fits) in
        [("orders", true), ("ORD", true), ("rder", true), ("sales", false), ("o%s", false), ("_", false)]
    {
        assert_eq!(Wanted::new(text).fits(&table("sales", "Orders")), fits, "{text}");
    }
    assert!(Wanted::new("a%b_").fits(&table("n", "xA%B_y")));
    assert!(Wanted::new("größe").fits(&table("n", "GRÖSSE")) || Wanted::new("GRÖ").fits(&table("n", "größe")));
    assert!(Wanted::new("lak").fits(&item(Named::Catalog { properties: [].into() })));
}

#[test]
fn a_namespace_is_found_by_its_own_level_and_a_path_by_its_text() {
    assert!(Wanted::new("east").fits(&namespace("sales.east")));
    // Or each child of `sales` would be found with it.
    assert!(!Wanted::new("sales").fits(&namespace("sales.east")));
    assert!(Wanted::new("sales.e").fits(&namespace("sales.east")));
    assert!(Wanted::new("east.ord").fits(&table("sales.east", "orders")));
    assert!(!Wanted::new("sales.orders").fits(&table("sales.east", "orders")));
}

#[test]
fn a_result_has_the_documented_fields_and_a_description_for_readers_only() {
    let shown = |item: &SearchItem, may_read| serde_json::to_value(SearchResult::of(item, may_read)).unwrap();
    let found = json!({"kind": "Namespace", "name": "a.b", "id": "n", "context": "Lake", "description": "of the east"});
    assert_eq!(shown(&namespace("a.b"), true), found);
    assert_eq!(shown(&namespace("a.b"), false)["description"], Value::Null);
    let found =
        json!({"kind": "Asset", "name": "t", "id": Uuid::from_u128(3), "context": "Lake.a.b", "description": null});
    assert_eq!(shown(&table("a.b", "t"), true), found);
}

fn read(query: Value) -> Result<Asked, ApiError> {
    serde_json::from_value::<SearchQuery>(query).unwrap().read()
}

#[test]
fn a_search_without_a_text_or_with_a_wrong_limit_is_refused_by_name() {
    for (query, field) in [
        (json!({}), "q"),
        (json!({"q": " "}), "q"),
        (json!({"q": "x".repeat(1001)}), "q"),
        (json!({"q": "x", "limit": "0"}), "limit"),
        (json!({"q": "x", "limit": "1001"}), "limit"),
        (json!({"q": "x", "limit": "-1"}), "limit"),
    ] {
        let error = read(query).unwrap_err();
        assert_eq!((error.status, error.problems[0].field.as_str()), (StatusCode::BAD_REQUEST, field));
    }
    assert!(serde_json::from_value::<SearchQuery>(json!({"q": "x", "offset": "5"})).is_err());
    let asked = read(json!({"q": " Ab ", "limit": "7", "pageToken": "t"})).unwrap();
    assert_eq!(asked, Asked { wanted: Wanted::new("ab"), limit: 7, cursor: Some("t".to_owned()) });
}
