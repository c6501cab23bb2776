use axum::http::StatusCode;
use pangolin_core::clock::UnixMillis;
use serde_json::json;

use super::wire::{CreateServiceUser, RotateApiKey, UpdateServiceUser, check_description, end_of_days};

#[test]
fn both_spellings_are_read_and_nothing_unknown() {
    let read = |body| serde_json::from_value::<CreateServiceUser>(body);
    for role in ["tenant-admin", "TenantAdmin"] {
        let asked = read(json!({"name": "etl", "role": role, "expires_in_days": 3})).unwrap();
        assert_eq!((asked.role.unwrap().as_str(), asked.expires_in_days), ("tenant-admin", Some(3)));
    }
    assert_eq!(read(json!({"name": "etl", "expires-in-days": 3})).unwrap().expires_in_days, Some(3));
    assert!(read(json!({"name": "etl", "api_key": "pgl_mine"})).is_err());
    assert!(serde_json::from_value::<UpdateServiceUser>(json!({"role": "tenant-admin"})).is_err());
    assert_eq!(serde_json::from_value::<RotateApiKey>(json!({"grace-seconds": 5})).unwrap().grace().unwrap(), 5);
}

#[test]
fn ends_lie_ahead_and_not_too_far() {
    let now = UnixMillis(1_000);
    assert_eq!(end_of_days(None, now).unwrap(), None);
    assert_eq!(end_of_days(Some(1), now).unwrap(), Some(now.plus_seconds(86_400)));
    for days in [0, -1, 3651, i64::MIN, i64::MAX] {
        let error = end_of_days(Some(days), now).unwrap_err();
        assert_eq!((error.status, &*error.problems[0].field), (StatusCode::UNPROCESSABLE_ENTITY, "expires_in_days"));
    }
    let grace = |seconds| RotateApiKey { grace_seconds: seconds }.grace();
    assert_eq!((grace(None).unwrap(), grace(Some(604_800)).unwrap()), (0, 604_800));
    for seconds in [-1, 604_801, i64::MAX] {
        assert_eq!(grace(Some(seconds)).unwrap_err().problems[0].field, "grace_seconds");
    }
}

#[test]
fn a_description_has_its_bounds() {
    assert!(check_description(None).is_ok());
    assert!(check_description(Some(&"ä".repeat(1024))).is_ok());
    assert_eq!(check_description(Some(&"a".repeat(1025))).unwrap_err().problems[0].field, "description");
}
