use pangolin_core::access::Access;
use pangolin_core::clock::{ManualClock, UnixMillis};
use pangolin_core::strategy::SecretUse;

use super::*;
use crate::service::testing;

const DAY: i64 = 1_369_353_600_000; // 2013-05-24T00:00:00Z

fn request(method: &str, url: &str) -> PresignRequest {
    PresignRequest {
        keys: KeySlots { access_key_id: "id".into(), secret_access_key: "secret".into(), session_token: None },
        method: method.into(),
        url: url.into(),
        region: "eu-west-1".into(),
        expires_in_seconds: 900,
    }
}

fn call(service: &str, access: Access) -> Call {
    let uses = [SecretUse::Sigv4(service.into())];
    testing::call().secret("id", "AKIDEXAMPLE", &uses).secret("secret", "wJalrXUtnFEMI", &uses).vend(access).build()
}

fn code(call: &Call, request: PresignRequest) -> String {
    presign_s3(&ManualClock::at(UnixMillis(DAY)), call, request).unwrap_err().code
}

const OBJECT: &str = "https://lake.s3.eu-west-1.amazonaws.com/sales/orders/a.parquet";

#[test]
fn an_object_of_the_scope_is_signed_with_existing_parameters() {
    let clock = ManualClock::at(UnixMillis(DAY));
    let call = call("s3", Access::READ);
    let url = presign_s3(&clock, &call, request("GET", OBJECT)).unwrap();
    assert!(url.starts_with(&format!("{OBJECT}?X-Amz-")) && !url.contains("wJalr"), "{url}");
    let with_query = format!("{OBJECT}?response-content-type=text%2Fplain");
    let url = presign_s3(&clock, &call, request("GET", &with_query)).unwrap();
    assert!(url.starts_with(&format!("{with_query}&X-Amz-")), "{url}");
}

#[test]
fn for_a_url_nothing_but_its_object_is_signed() {
    let object = Some(pangolin_core::location::Location::parse("s3://lake/sales/orders/a.parquet").unwrap());
    let call = Call { object, ..call("s3", Access::READ) };
    presign_s3(&ManualClock::at(UnixMillis(DAY)), &call, request("GET", OBJECT)).unwrap();
    assert_eq!(code(&call, request("GET", &OBJECT.replace("a.parquet", "b"))), "presign-outside-scope");
}

#[test]
fn what_was_not_authorised_is_not_signed() {
    let reader = call("s3", Access::READ);
    assert_eq!(code(&reader, request("PUT", OBJECT)), "presign-outside-scope");
    assert_eq!(
        code(&reader, request("GET", "https://lake.s3.eu-west-1.amazonaws.com/sales/orders2/a")),
        "presign-outside-scope"
    );
    assert_eq!(
        code(&reader, request("GET", "https://u@lake.s3.eu-west-1.amazonaws.com/sales/orders/a")),
        "presign-outside-scope"
    );
    assert_eq!(code(&reader, request("GET", "nonsense")), "presign-outside-scope");
    assert_eq!(code(&call("sts", Access::FULL), request("GET", OBJECT)), "slot-not-allowed");
    assert_eq!(code(&testing::call().build(), request("GET", OBJECT)), "not-authorised");
    for seconds in [0, 3_601, 604_801] {
        let request = PresignRequest { expires_in_seconds: seconds, ..request("GET", OBJECT) };
        assert_eq!(code(&reader, request), "presign-life-out-of-range");
    }
    assert_eq!(code(&reader, PresignRequest { region: "eu/west".into(), ..request("GET", OBJECT) }), "region-invalid");
}

#[test]
fn a_dry_run_notes_the_url_and_signs_none() {
    let notes = crate::dry_run::Notes::default();
    let call = Call { dry_run: Some(notes.clone()), ..call("s3", Access::READ) };
    let clock = ManualClock::at(UnixMillis(DAY));
    assert_eq!(presign_s3(&clock, &call, request("GET", OBJECT)).unwrap(), STAND_IN);
    assert!(presign_s3(&clock, &call, request("PUT", OBJECT)).is_err(), "judged as ever");
    let (steps, _) = notes.take();
    assert_eq!(steps.len(), 1);
    assert_eq!((&steps[0].ask["url"], &steps[0].ask["slots"]), (&json!(OBJECT), &json!(["id", "secret"])));
}
