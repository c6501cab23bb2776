//! What the AwsSts strategy writes for its own scenarios passes the proof, and no longer passes
//! once the scopes are others.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::session_policy;
use super::scope;
use crate::access::{Access, Scope};
use crate::location::Location;

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// None: a location that the host never passes on, such as one with `?`.
fn scopes(request: &Value) -> Option<Vec<Scope>> {
    let one = |given: &Value| {
        let has = |name: &str| given["access"].as_array().unwrap().iter().any(|access| access == name);
        let access = Access { read: has("read"), write: has("write"), delete: has("delete") };
        let location = Location::parse(given["location"].as_str().unwrap()).ok()?;
        Some(Scope { location, access })
    };
    request["scopes"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn the_policies_of_aws_sts_are_proven() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/aws-sts/scenarios");
    let mut proven = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let expected = read(&path.join("expected.json"));
        // Scenarios that end in an error have no policy.
        let Some(policy) = expected.get("policy").map(Value::to_string) else { continue };
        let Some(scopes) = scopes(&read(&path.join("request.json"))) else { continue };
        assert!(session_policy(&policy, &scopes).is_ok(), "{path:?}: {:?}", session_policy(&policy, &scopes));
        let sibling: Vec<Scope> =
            scopes.iter().map(|one| scope(&format!("{}2", one.location.without_slash()), one.access)).collect();
        assert!(session_policy(&policy, &sibling).is_err(), "{path:?}");
        let nothing: Vec<Scope> = scopes.iter().map(|one| Scope { access: Access::NONE, ..one.clone() }).collect();
        assert!(session_policy(&policy, &nothing).is_err(), "{path:?}");
        proven += 1;
    }
    assert!(proven >= 5, "{proven} scenarios");
}
