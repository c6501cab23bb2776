use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;

const VALUE: &str = "wJalr/K7MDENG+bPx=secret key";

fn planted() -> Planted {
    let mut planted = Planted::default();
    planted.add("key", VALUE);
    planted.add("short", "admin");
    planted
}

#[test]
fn a_value_is_found_in_every_form() {
    for text in [
        format!("<a>{VALUE}</a>"),
        "x=wJalr%2FK7MDENG%2bbPx%3Dsecret%20key".to_owned(),
        "x=wJalr%2FK7MDENG%2BbPx%3Dsecret+key&y".to_owned(),
        "%77%4a%61lr/K7MDENG+bPx=secret key".to_owned(),
        r#""wJalr\/K7MDENG\u002bbPx=secret key""#.to_owned(),
        r#"body=%7B%22k%22%3A%22wJalr%5C%2FK7MDENG%2BbPx%3Dsecret+key%22%7D"#.to_owned(),
        hex::encode(VALUE),
        STANDARD.encode(format!("user:{VALUE}")),
        STANDARD.encode(format!("u:{VALUE}tail")),
    ] {
        assert_eq!(planted().find(text.as_bytes()), Some("key"), "{text}");
        let masked = planted().mask(&text);
        assert_eq!(planted().find(masked.as_bytes()), None, "{masked}");
    }
    for text in ["", "admin", "wJalr/K7", "%", "\\", "\\u12"] {
        assert_eq!(planted().find(text.as_bytes()), None, "{text}");
        assert_eq!(planted().mask(text), text);
    }
}

#[test]
fn each_line_of_a_key_is_a_secret() {
    let line = "MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQDwZ1ZP+dMwcngz";
    let mut planted = Planted::default();
    planted
        .add("account", &format!("{{\"type\":\"service_account\",\"private_key\":\"-----BEGIN-----\\n{line}\\n\"}}"));
    assert_eq!(planted.find(format!("log: {line}").as_bytes()), Some("account"));
    assert_eq!(planted.find(b"service_account"), None);
}

#[test]
fn debug_shows_no_value() {
    assert_eq!(format!("{:?}", planted()), "Planted(2 secrets)");
}
