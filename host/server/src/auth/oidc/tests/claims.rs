use serde_json::{Map, Value, json};

use super::super::claims::check;
use super::issuer::object;
use super::{ISSUER, NOW, settings};
use crate::auth::Refusal;

fn claims(change: Value) -> Map<String, Value> {
    let seconds = NOW.0 / 1000;
    let mut claims = object(json!({"iss": ISSUER, "aud": "pangolin", "exp": seconds + 60}));
    claims.extend(object(change));
    claims.retain(|_, value| !value.is_null());
    claims
}

#[test]
fn the_issuer_the_audience_and_the_times_stand() {
    let seconds = NOW.0 / 1000;
    for change in [
        json!({}),
        json!({"aud": ["other", "pangolin"]}),
        json!({"nbf": seconds + 59}),
        json!({"nbf": 0, "iat": seconds + 999_999}),
        json!({"exp": seconds as f64 + 0.5}),
    ] {
        assert_eq!(check(&claims(change.clone()), &settings(), NOW), Ok(()), "{change}");
    }
    for (change, refusal) in [
        (json!({"iss": null}), Refusal::Malformed),
        (json!({"iss": format!("{ISSUER}/")}), Refusal::Malformed),
        (json!({"iss": [ISSUER]}), Refusal::Malformed),
        (json!({"aud": null}), Refusal::Malformed),
        (json!({"aud": []}), Refusal::Malformed),
        (json!({"aud": "pangolin2"}), Refusal::Malformed),
        (json!({"aud": [["pangolin"]]}), Refusal::Malformed),
        (json!({"aud": {"pangolin": true}}), Refusal::Malformed),
        (json!({"exp": null}), Refusal::Malformed),
        (json!({"exp": (seconds + 60).to_string()}), Refusal::Malformed),
        // No leeway at the end.
        (json!({"exp": seconds}), Refusal::Expired),
        (json!({"exp": seconds - 1}), Refusal::Expired),
        (json!({"exp": -1e300}), Refusal::Expired),
        (json!({"nbf": seconds + 61}), Refusal::Malformed),
        (json!({"nbf": "0"}), Refusal::Malformed),
        (json!({"cnf": {"jkt": "x"}}), Refusal::Malformed),
    ] {
        assert_eq!(check(&claims(change.clone()), &settings(), NOW), Err(refusal), "{change}");
    }
}
