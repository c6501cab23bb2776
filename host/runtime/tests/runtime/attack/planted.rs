//! Secrets that are planted in a warehouse, and how they are found again.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use pangolin_core::ports::SlotValues;

use crate::guest::{BEARER, CREDENTIAL_VALUE, Field};

/// The server that the planted secrets may be sent to.
pub(super) const TOKENS: &str = "tokens.example.com";

/// Slot, use of its field, value.
const PLANTED: [(&str, (u8, &str), &str); 9] = [
    ("token", (BEARER, ""), "tok/en+planted=1-Zq8Lw2"),
    ("password", (1, ""), "pass/word+planted=2-Xr5Kt9"),
    ("header_key", (3, "X-Api-Key"), "head/er+planted=3-Bv7Nm4"),
    ("form_secret", (4, "client_secret"), "form/field+planted=4-Gh3Yu6"),
    ("json_secret", (5, "password"), "json/field+planted=5-Po1Ws8"),
    ("api_token", (6, "Api-Token"), "auth/scheme+planted=6-Jk9Cd2"),
    ("key_id", (0, "es"), "AKIAPLANTEDKEY7QRST4"),
    ("key_secret", (0, "es"), "sigv/4+planted=8-Lm6Fx3aaaaaaaaaaaaaaaaa"),
    ("static_key", (CREDENTIAL_VALUE, ""), "stat/ic+planted=9-Tn4Ge7"),
];

/// Their fields, each for one use and one server.
pub(super) fn fields() -> Vec<Field> {
    PLANTED.iter().map(|(slot, secret_use, _)| Field::secret(slot, *secret_use, TOKENS)).collect()
}

/// Their values, and one of a slot that is no field of any guest here.
pub(super) fn slots() -> SlotValues {
    let own = PLANTED.iter().map(|(slot, _, value)| ((*slot).to_owned(), (*value).into()));
    own.chain([("foreign".to_owned(), "fore/ign+planted=0-Ey2Hb5".into())]).collect()
}

/// The value of a slot.
pub(super) fn value(slot: &str) -> &'static str {
    PLANTED.iter().find(|(name, ..)| *name == slot).unwrap().2
}

/// The value as others write it.
fn forms(value: &str) -> Vec<String> {
    let percent =
        |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut forms = vec![
        value.to_owned(),
        hex::encode(value),
        hex::encode_upper(value),
        percent(value),
        percent(value).to_lowercase(),
        value.replace('/', "\\/"),
        value.chars().rev().collect(),
        value.to_lowercase(),
        value.to_uppercase(),
    ];
    for shift in 0..3 {
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode([vec![b'x'; shift], value.as_bytes().to_vec()].concat());
            forms.push(text[4..text.len() - 4].to_owned());
        }
    }
    forms
}

/// Slots whose values are in the bytes, in whatever form.
pub(super) fn found_in(bytes: &[u8]) -> Vec<&'static str> {
    let is_in = |form: &String| bytes.windows(form.len()).any(|window| window == form.as_bytes());
    let all = PLANTED.iter().map(|(slot, _, value)| (*slot, *value)).chain([("foreign", "fore/ign+planted=0-Ey2Hb5")]);
    all.filter(|(_, value)| forms(value).iter().any(is_in)).map(|(slot, _)| slot).collect()
}

#[test]
fn what_is_planted_is_found() {
    let token = value("token");
    for text in [
        format!("a {token} b"),
        STANDARD.encode(format!("user:{token}")),
        STANDARD.encode(format!("xuser:{token}...")),
        hex::encode(format!("user:{token}")),
        "tok%2Fen%2Bplanted%3D1%2DZq8Lw2".to_owned(),
    ] {
        assert_eq!(found_in(text.as_bytes()), ["token"], "{text}");
    }
    assert!(found_in(b"tok/en+planted=1-Zq8Lw").is_empty());
}
