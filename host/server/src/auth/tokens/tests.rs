use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pangolin_core::clock::UnixMillis;
use serde_json::json;

use pangolin_core::principal::AccountKind;

use super::*;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const KEY: &str = "0123456789abcdef0123456789abcdef";

fn principal() -> Principal {
    Principal {
        user_id: UserId::generate(),
        username: "ada".into(),
        role: UserRole::TenantUser,
        tenant_id: Some(TenantId::generate()),
        kind: AccountKind::Person,
        token_id: None,
        token_expires_at: None,
        grants: [].into(),
        roles: [].into(),
        cut_off: None,
        narrowed: false,
    }
}

fn signed(header: &serde_json::Value, claims: &serde_json::Value, key: &str) -> String {
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature =
        jsonwebtoken::crypto::sign(message.as_bytes(), &EncodingKey::from_secret(key.as_bytes()), Algorithm::HS256)
            .unwrap();
    format!("{message}.{signature}")
}

#[expect(clippy::disallowed_methods, reason = "a test looks at the token")]
#[test]
fn what_is_issued_is_accepted_and_matches_its_record() {
    let issuer = TokenIssuer::new(&Secret::from(KEY));
    let (token, record) = issuer.issue(&principal(), UnixMillis(NOW.0 + 123), 3600).unwrap();
    let claims = issuer.read(token.expose(), NOW).unwrap();
    assert!(claims.match_record(&record));
    assert!(!claims.match_record(&TokenRecord { tenant_id: None, ..record.clone() }));
    assert!(!claims.match_record(&TokenRecord { expires_at: record.expires_at.plus_seconds(1), ..record }));
    assert!(!claims.has_ended(NOW.plus_seconds(3599)) && claims.has_ended(NOW.plus_seconds(3600)));
    assert!(TokenIssuer::new(&Secret::from("another-key-another-key-another-")).read(token.expose(), NOW).is_err());
}

#[test]
fn forged_and_foreign_forms_are_refused() {
    let issuer = TokenIssuer::new(&Secret::from(KEY));
    let claims = json!({
        "sub": uuid::Uuid::nil(), "jti": uuid::Uuid::nil(), "tenant_id": null, "username": "x", "role": "root",
        "iat": 1, "exp": NOW.0 / 1000 + 60,
    });
    let header = json!({"alg": "HS256", "typ": "JWT"});
    assert!(issuer.read(&signed(&header, &claims, KEY), NOW).is_ok(), "the form itself is good");

    let mut early = claims.clone();
    early["nbf"] = json!(NOW.0 / 1000 + 10);
    let with = |field: &str, value: serde_json::Value| {
        let mut changed = claims.clone();
        changed[field] = value;
        signed(&header, &changed, KEY)
    };
    let mut nameless = claims.clone();
    nameless.as_object_mut().unwrap().remove("jti");
    let mut endless = claims.clone();
    endless.as_object_mut().unwrap().remove("exp");
    let none = format!(
        "{}.{}.",
        URL_SAFE_NO_PAD.encode(json!({"alg": "none"}).to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    for (why, token) in [
        ("not before", signed(&header, &early, KEY)),
        ("no jti", signed(&header, &nameless, KEY)),
        ("no exp", signed(&header, &endless, KEY)),
        ("jti is no UUID", with("jti", json!("1"))),
        ("an audience", with("aud", json!("pangolin"))),
        ("many audiences", with("aud", json!(["pangolin"]))),
        ("an issuer", with("iss", json!("https://elsewhere.example"))),
        ("alg none", none),
        ("alg says RS256", signed(&json!({"alg": "RS256"}), &claims, KEY)),
        ("unknown crit", signed(&json!({"alg": "HS256", "crit": ["b64"], "b64": false}), &claims, KEY)),
        ("oversized", format!("{}{}", signed(&header, &claims, KEY), "a".repeat(9000))),
        ("garbage", "a.b.c".to_owned()),
        ("empty", String::new()),
    ] {
        assert!(issuer.read(&token, NOW).is_err(), "{why}");
    }
}

#[expect(clippy::disallowed_methods, reason = "a test looks at the token")]
#[test]
fn roots_tokens_end_with_roots_password() {
    let issuer = |name: &str, password: &str| {
        TokenIssuer::new(&Secret::from(KEY)).with_root(name, &Secret::from(password)).unwrap()
    };
    let root = Principal { user_id: UserId::ROOT, role: UserRole::Root, tenant_id: None, ..principal() };
    let before = issuer("root", "the first password");
    let (of_root, _) = before.issue(&root, NOW, 60).unwrap();
    let (of_ada, _) = before.issue(&principal(), NOW, 60).unwrap();
    let good = |issuer: &TokenIssuer, token: &Secret<String>| {
        issuer.is_of_this_root(&issuer.read(token.expose(), NOW).unwrap())
    };
    assert!(good(&issuer("root", "the first password"), &of_root), "another host with the same settings");
    for changed in [issuer("root", "the second password"), issuer("toor", "the first password")] {
        assert!(!good(&changed, &of_root));
        assert!(good(&changed, &of_ada), "nobody else's");
    }
    let (without, _) = TokenIssuer::new(&Secret::from(KEY)).issue(&root, NOW, 60).unwrap();
    assert!(!good(&before, &without), "older than marks");
}
