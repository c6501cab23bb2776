use super::*;

const VALUE: &str = "wJalr/K7MDENG+bPx=secret key";

fn found(text: &str) -> bool {
    let mut needles = Needles::default();
    needles.add(VALUE);
    needles.are_in(text.as_bytes())
}

#[test]
fn raw_percent_encoded_and_base64_forms_are_found() {
    assert!(found(&format!("<a>{VALUE}</a>")));
    assert!(found("x=wJalr%2FK7MDENG%2bbPx%3Dsecret%20key&y"));
    assert!(found("x=wJalr%2FK7MDENG%2BbPx%3Dsecret+key&y"));
    assert!(found("%77%4a%61lr/K7MDENG+bPx=secret key"));
    assert!(found(r#""wJalr\/K7MDENG+bPx=secret key""#));
    for prefix in ["", "u", "us", "user:", "user1:"] {
        for engine in [&STANDARD, &URL_SAFE] {
            assert!(found(&format!("Basic {}", engine.encode(format!("{prefix}{VALUE}tail")))), "{prefix}");
        }
    }
}

#[test]
fn what_writers_of_json_escape_is_found() {
    let mut needles = Needles::default();
    for secret in ["p\u{e4}ss\u{1f511}word<&>", "back\\slash\"quote"] {
        needles.add(secret);
    }
    for text in [
        r#"{"a":"p\u00e4ss\uD83D\uDD11word\u003c\u0026\u003E"}"#,
        r#"{"a":"back\\slash\"quote"}"#,
        r#"{"a":"back\u005cslash\u0022quote"}"#,
    ] {
        assert!(needles.are_in(text.as_bytes()), "{text}");
    }
    assert!(found(r#""wJalr\u002fK7MDENG\u002BbPx\u003dsecret key""#));
    for text in [r"\", r"\u", r"\u00", r"\u00zz", r"\ud83d", r"\\u0041", r"\u+041"] {
        assert!(!found(text), "{text}");
    }
}

#[test]
fn other_text_is_not() {
    for text in
        ["", "wJalr", "wJalr/K7MDENG+bPx=secret ke", "%", "%zz%4", &STANDARD.encode("another value of some length")]
    {
        assert!(!found(text), "{text}");
    }
    let mut short = Needles::default();
    short.add("admin");
    assert!(!short.are_in(b"admin"));
}

#[test]
fn hex_and_references_of_markup_are_found() {
    assert!(found(&hex::encode(VALUE)) && found(&format!("x{}y", hex::encode_upper(VALUE))));
    assert!(found("<a>wJalr&#x2F;K7MDENG&#43;bPx&#61;secret key</a>"));
    assert!(!found("wJalr&#x2E;K7MDENG+bPx=secret key"));
}

#[test]
fn a_text_keeps_what_is_no_secret() {
    let mut needles = Needles::default();
    needles.add(VALUE);
    let encoded = STANDARD.encode(format!("user:{VALUE}!"));
    for (text, hidden) in [
        ("nothing to hide".to_owned(), "nothing to hide"),
        (format!("a {VALUE} b"), "a <redacted> b"),
        (format!("a {encoded} b {} c", hex::encode(VALUE)), "a <redacted> b <redacted> c"),
        ("x=wJalr%2FK7MDENG%2bbPx%3Dsecret%20key&y".to_owned(), REDACTED),
    ] {
        assert_eq!(needles.hide(&text), hidden);
    }
}
