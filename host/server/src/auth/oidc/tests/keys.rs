use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use super::super::keys::{KeySet, NoKeys, Verdict};
use super::super::token::Unverified;
use super::issuer::{RSA, b64, ed25519, p256};

fn set(keys: &[Value]) -> KeySet {
    KeySet::parse(json!({"keys": keys}).to_string().as_bytes()).unwrap()
}

fn judged(keys: &[Value], token: &str, algorithm: Algorithm) -> Verdict {
    set(keys).judge(&Unverified::parse(token).unwrap(), algorithm)
}

#[test]
fn each_type_of_key_signs_by_its_own_algorithms_only() {
    let (ec, ed) = (p256(), ed25519());
    let all = [RSA.jwk(json!({"kid": "r"})), ec.jwk(json!({"kid": "e"})), ed.jwk(json!({"kid": "d"}))];
    for (key, name, algorithm, word) in [
        (&*RSA, "r", Algorithm::RS256, "RS256"),
        (&*RSA, "r", Algorithm::PS256, "PS256"),
        (&ec, "e", Algorithm::ES256, "ES256"),
        (&ed, "d", Algorithm::EdDSA, "EdDSA"),
    ] {
        let token = key.signed(word, Some(name));
        assert_eq!(judged(&all, &token, algorithm), Verdict::Signed, "{word}");
        for other in ["r", "e", "d"].iter().filter(|other| **other != name) {
            assert_ne!(judged(&all, &key.signed(word, Some(other)), algorithm), Verdict::Signed, "{word} by {other}");
        }
        let mut broken = token.clone();
        broken.replace_range(token.len() - 8..token.len() - 4, "AAAA");
        assert_eq!(judged(&all, &broken, algorithm), Verdict::NotSigned, "{word} broken");
    }
    assert_eq!(judged(&all, &RSA.signed("RS256", Some("r")), Algorithm::HS256), Verdict::UnknownKey);
    assert_eq!(judged(&all, &RSA.signed("RS256", Some("r")), Algorithm::PS256), Verdict::NotSigned);
}

#[test]
fn what_the_issuer_says_of_a_key_is_obeyed() {
    let token = RSA.signed("RS256", Some("k"));
    for (members, verdict) in [
        (json!({"kid": "k"}), Verdict::Signed),
        (json!({"kid": "k", "use": "sig", "alg": "RS256", "key_ops": ["verify"]}), Verdict::Signed),
        (json!({"kid": "k", "use": "enc"}), Verdict::UnknownKey),
        (json!({"kid": "k", "alg": "RS512"}), Verdict::UnknownKey),
        (json!({"kid": "k", "alg": "RSA-OAEP"}), Verdict::UnknownKey),
        (json!({"kid": "k", "key_ops": ["encrypt"]}), Verdict::UnknownKey),
        (json!({"kid": "k", "key_ops": []}), Verdict::UnknownKey),
        (json!({"kid": "other"}), Verdict::UnknownKey),
        (json!({"kid": 7}), Verdict::UnknownKey),
        (json!({}), Verdict::UnknownKey),
    ] {
        assert_eq!(judged(&[RSA.jwk(members.clone())], &token, Algorithm::RS256), verdict, "{members}");
    }
}

/// RFC 9864 names the curve; both names are of the same signature.
#[test]
fn a_key_of_ed25519_goes_by_two_names() {
    let key = ed25519();
    for (named, verdict) in [
        ("EdDSA", Verdict::Signed),
        ("Ed25519", Verdict::Signed),
        ("Ed448", Verdict::UnknownKey),
        ("ES256", Verdict::UnknownKey),
    ] {
        let keys = [key.jwk(json!({"kid": "d", "alg": named}))];
        for word in ["EdDSA", "Ed25519"] {
            let token = key.signed(word, Some("d"));
            let algorithm = Unverified::parse(&token).unwrap().algorithm().unwrap();
            assert_eq!(judged(&keys, &token, algorithm), verdict, "{named} {word}");
        }
    }
    // No key of another type takes that name.
    let token = RSA.signed("RS256", Some("r"));
    assert_eq!(
        judged(&[RSA.jwk(json!({"kid": "r", "alg": "Ed25519"}))], &token, Algorithm::RS256),
        Verdict::UnknownKey
    );
}

#[test]
fn keys_that_cannot_be_used_are_left_out_and_the_others_stand() {
    let good = RSA.jwk(json!({"kid": "k"}));
    let keys = [
        json!({"kty": "oct", "kid": "k", "k": b64("0123456789abcdef0123456789abcdef")}),
        json!({"kty": "EC", "crv": "P-521", "kid": "k", "x": "AA", "y": "AA"}),
        json!({"kty": "EC", "crv": "P-256", "kid": "k", "x": "AA", "y": "AA"}),
        json!({"kty": "OKP", "crv": "X25519", "kid": "k", "x": b64([1; 32])}),
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": b64([1; 31])}),
        // 1024 bits, an even exponent, an exponent of one, no base64.
        json!({"kty": "RSA", "kid": "k", "n": b64([0xff; 128]), "e": "AQAB"}),
        json!({"kty": "RSA", "kid": "k", "n": good["n"], "e": b64([1, 0, 0])}),
        json!({"kty": "RSA", "kid": "k", "n": good["n"], "e": b64([1])}),
        json!({"kty": "RSA", "kid": "k", "n": "?", "e": "AQAB"}),
        json!({"kty": "RSA", "kid": "k"}),
        json!("text"),
        json!(null),
    ];
    for key in &keys {
        assert_eq!(set(std::slice::from_ref(key)).names().len(), 0, "{key}");
    }
    let token = RSA.signed("RS256", Some("k"));
    let all: Vec<Value> = keys.into_iter().chain([good]).collect();
    assert_eq!(judged(&all, &token, Algorithm::RS256), Verdict::Signed);
}

#[test]
fn two_keys_may_share_a_name() {
    let (one, two, stranger) = (p256(), p256(), p256());
    let keys = [one.jwk(json!({"kid": "k"})), two.jwk(json!({"kid": "k"})), RSA.jwk(json!({"kid": "k"}))];
    for key in [&one, &two] {
        assert_eq!(judged(&keys, &key.signed("ES256", Some("k")), Algorithm::ES256), Verdict::Signed);
    }
    assert_eq!(judged(&keys, &RSA.signed("RS256", Some("k")), Algorithm::RS256), Verdict::Signed);
    assert_eq!(judged(&keys, &stranger.signed("ES256", Some("k")), Algorithm::ES256), Verdict::NotSigned);
}

#[test]
fn a_token_without_a_name_has_no_choice_of_keys() {
    let (one, two) = (p256(), p256());
    let alone = [one.jwk(json!({"kid": "k"})), RSA.jwk(json!({"kid": "r"}))];
    let several = [one.jwk(json!({"kid": "k"})), two.jwk(json!({"kid": "l"}))];
    let token = one.signed("ES256", None);
    assert_eq!(judged(&alone, &token, Algorithm::ES256), Verdict::Signed);
    assert_eq!(judged(&several, &token, Algorithm::ES256), Verdict::NotSigned);
    assert_eq!(
        judged(&alone, &two.signed("ES256", None), Algorithm::ES256),
        Verdict::UnknownKey,
        "it may be a newer one"
    );
    let named_by_number = one.token(&json!({"alg": "ES256", "kid": 1}), &json!({}));
    assert_eq!(judged(&alone, &named_by_number, Algorithm::ES256), Verdict::NotSigned);
}

#[test]
fn documents_are_bounded_and_have_a_form() {
    for text in ["", "[]", "{}", "{\"keys\": 1}", "null"] {
        assert_eq!(KeySet::parse(text.as_bytes()).unwrap_err(), NoKeys::Form, "{text}");
    }
    let many = vec![json!({}); 101];
    assert_eq!(KeySet::parse(json!({"keys": many}).to_string().as_bytes()).unwrap_err(), NoKeys::TooMany(101));
    assert_eq!(set(&[]).names().len(), 0, "an issuer may withdraw all");
}
