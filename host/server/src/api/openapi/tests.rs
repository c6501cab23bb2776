//! The document as a whole.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::error::ApiError;

fn document() -> Value {
    serde_json::to_value(crate::router::openapi()).unwrap()
}

/// Method, path and the operation.
fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, it)| (method, path, it)))
}

#[test]
fn every_answer_says_what_it_is() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let what = format!("{method} {path} {status}");
            assert!(!response["description"].as_str().unwrap().is_empty(), "{what} has no words");
            let Some(content) = response["content"].as_object().filter(|content| !content.is_empty()) else {
                let bare = method == "head" || ["201", "204", "304"].contains(&status.as_str());
                assert!(bare, "{what} says nothing of its body");
                continue;
            };
            for (kind, content) in content {
                assert!(content["schema"].is_object(), "{what} says nothing of its {kind}");
                let is_fault = status.starts_with(['4', '5']) && !path.starts_with("/health");
                assert!(!is_fault || kind == form(path), "{what}: {kind}");
            }
        }
    }
}

fn form(path: &str) -> &'static str {
    if path.starts_with("/v1/") { "application/json" } else { "application/problem+json" }
}

#[test]
fn every_parameter_of_a_path_is_described_and_no_other() {
    let document = document();
    for (method, path, operation) in operations(&document) {
        let named: BTreeSet<&str> =
            path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).collect();
        let listed = operation["parameters"].as_array().into_iter().flatten();
        let described: BTreeSet<&str> =
            listed.filter(|one| one["in"] == "path").map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!(named, described, "{method} {path}");
    }
}

#[test]
fn only_routes_that_say_so_are_open() {
    let document = document();
    assert_eq!(document["security"], json!([{"bearer": []}, {"api-key": []}]));
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    assert_eq!(schemes.keys().collect::<Vec<_>>(), ["api-key", "bearer"]);
    for (method, path, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap();
        let open = operation["security"] == json!([{}]);
        assert!(open || answers.contains_key("401"), "{method} {path} refuses nobody");
    }
}

#[test]
fn every_schema_that_is_named_is_there() {
    let document = document();
    let text = document.to_string();
    for name in text.split("#/components/schemas/").skip(1) {
        let name = name.split('"').next().unwrap();
        assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
    }
}

/// The document keeps one of two schemas of a name, and says nothing.
#[test]
fn no_two_schemas_have_one_name() {
    let mut named = Vec::new();
    schemas_in(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut named);
    named.sort();
    assert!(named.len() > 50, "{named:?}");
    let twice: Vec<_> = named.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "name these apart with #[schema(as = …)]: {twice:?}");
}

/// The names that the types of a folder have in the document.
fn schemas_in(folder: &std::path::Path, named: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            schemas_in(&path, named);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for after in text
            .split("#[derive(")
            .skip(1)
            .filter(|after| after.split_once(")]").is_some_and(|(derived, _)| derived.contains("ToSchema")))
        {
            let item: Vec<&str> = after.lines().take(12).collect();
            let other = item.iter().find_map(|line| line.split_once("schema(as = ")).map(|(_, name)| name);
            let own = item.iter().find_map(|line| line.split_once("struct ").or_else(|| line.split_once("enum ")));
            let name = other.or(own.map(|(_, name)| name)).unwrap_or_default();
            named.push(name.chars().take_while(char::is_ascii_alphanumeric).collect());
        }
    }
}

#[tokio::test]
async fn refusals_are_as_the_document_says() {
    let document = document();
    let fault = || ApiError::internal("a cause that stays");
    let problem = ApiError::problems([("name".to_owned(), "wrong".to_owned())]);
    for (answer, schema) in [
        (fault().in_form_of("/api/v1/users"), "Problem"),
        (problem.in_form_of("/api/v1/users"), "Problem"),
        (fault().in_form_of("/v1/config"), "IcebergFault"),
    ] {
        let body = axum::body::to_bytes(answer.into_body(), 10_000).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let (said, schema) = match schema {
            "IcebergFault" => (&body["error"], &document["components"]["schemas"]["IcebergFaultModel"]),
            other => (&body, &document["components"]["schemas"][other]),
        };
        let known = schema["properties"].as_object().unwrap();
        assert!(said.as_object().unwrap().keys().all(|key| known.contains_key(key)), "{said}");
        let needed = schema["required"].as_array().unwrap();
        assert!(needed.iter().all(|key| !said[key.as_str().unwrap()].is_null()), "{said}");
    }
}
