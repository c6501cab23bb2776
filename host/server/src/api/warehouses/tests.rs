use axum::http::StatusCode;
use pangolin_core::clock::UnixMillis;
use pangolin_core::deputy::OperatorIdentity;
use pangolin_core::id::{TenantId, WarehouseId};
use pangolin_core::warehouse::{self, WarehouseContext};
use serde_json::json;

use super::judged::as_error;

#[test]
fn a_refused_definition_is_a_422_that_names_every_field_and_no_value() {
    let context = WarehouseContext {
        strategies: &[],
        operator: OperatorIdentity::default(),
        strict_secrets: true,
        local_root: None,
        env_credentials: false,
        judge_url: &|_| Ok(()),
        is_operators: &|_| false,
        now: UnixMillis(0),
    };
    let body = json!({"name": "w", "colour": "red", "vending_strategy": "Nonesuch",
        "storage_config": {"type": "s3", "bucket": "b-1", "secret_access_key": "planted-secret-value"}});
    let problems = warehouse::create(&body, WarehouseId::generate(), TenantId::DEFAULT, &context).unwrap_err();
    let error = as_error(&problems);
    assert_eq!(error.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(error.problems.len(), problems.problems().len());
    assert!(error.problems.iter().any(|problem| problem.field == "colour"));
    assert!(error.problems.iter().any(|problem| problem.message.contains("Nonesuch")));
    assert!(!error.detail.contains("planted-secret-value"));
}
