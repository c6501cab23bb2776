//! The table of `routes.txt`, and the routes of the document.

use http::Method;
use pangolin_server::router;
use serde_json::Value;

use super::callers::Role;

/// A route and what each caller gets.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) method: Method,
    pub(super) path: String,
    answers: [u16; 8],
}

impl Row {
    pub(super) fn answer(&self, role: Role) -> u16 {
        self.answers[role as usize]
    }

    pub(super) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// The table as it stands in the file.
pub(super) fn rows() -> Vec<Row> {
    let lines = include_str!("routes.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let titles = lines.next().unwrap();
    assert_eq!(titles[1..], Role::ALL.map(Role::name), "the columns");
    lines.map(|cells| row(&cells)).collect()
}

fn row(cells: &[&str]) -> Row {
    let [method, path, answers @ ..] = cells else { panic!("no route: {cells:?}") };
    let answers: Vec<u16> = answers.iter().map(|text| text.parse().unwrap()).collect();
    let answers = answers.try_into().unwrap_or_else(|_| panic!("{path} has not one answer for each caller"));
    Row { method: method.parse().unwrap(), path: (*path).to_owned(), answers }
}

/// The routes of the document that the router makes, with what it says of each.
pub(super) fn documented() -> Vec<(String, Value)> {
    let document = serde_json::to_value(router::openapi()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let routes = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation.clone()))
    });
    routes.collect()
}
