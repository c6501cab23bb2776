use super::*;

const HERE: Place<'_> = Place { table: "warehouses", row: "a", column: "secrets", tenant: "t" };

/// What hosts before the second form wrote.
fn sealed_in_the_first_form(ring: &KeyRing, plain: &[u8]) -> String {
    let named = &ring.0[0];
    let payload = Payload { msg: plain, aad: b"warehouses|a|secrets" };
    let nonce = [7; NONCE_BYTES];
    let ciphertext = cipher(named).unwrap().encrypt(Nonce::from_slice(&nonce), payload).unwrap();
    format!("v1:{}:{}", named.id, BASE64.encode([nonce.to_vec(), ciphertext].concat()))
}

fn encoded(byte: u8) -> String {
    BASE64.encode([byte; 32])
}

fn ring(text: &str) -> KeyRing {
    KeyRing::parse(text).unwrap()
}

#[test]
fn a_sealed_value_opens_where_it_was_sealed_and_nowhere_else() {
    let ring = ring(&encoded(1));
    let sealed = ring.seal(HERE, b"hunter2").unwrap();
    assert!(sealed.starts_with("v2:default:") && !sealed.contains("hunter2"));
    assert_eq!(ring.open(HERE, &sealed).unwrap().as_slice(), b"hunter2");
    for elsewhere in [
        Place { row: "b", ..HERE },
        Place { table: "leases", ..HERE },
        Place { column: "config", ..HERE },
        Place { tenant: "u", ..HERE },
    ] {
        assert!(matches!(ring.open(elsewhere, &sealed), Err(SealError::Refused)), "{elsewhere:?}");
    }
}

#[test]
fn the_first_form_opens_and_is_not_current() {
    let ring = ring(&encoded(1));
    let old = sealed_in_the_first_form(&ring, b"hunter2");
    assert_eq!(ring.open(HERE, &old).unwrap().as_slice(), b"hunter2");
    assert!(!ring.is_current(&old) && ring.is_current(&ring.seal(HERE, b"hunter2").unwrap()));
    assert!(matches!(ring.open(Place { row: "b", ..HERE }, &old), Err(SealError::Refused)));
    // Neither form passes for the other: what is bound differs.
    let new = ring.seal(HERE, b"hunter2").unwrap();
    assert!(matches!(ring.open(HERE, &new.replacen("v2:", "v1:", 1)), Err(SealError::Refused)));
    assert!(matches!(ring.open(HERE, &old.replacen("v1:", "v2:", 1)), Err(SealError::Refused)));
}

#[test]
fn a_sealed_text_names_its_key() {
    let ring = ring(&format!("next:{},default:{}", encoded(2), encoded(1)));
    assert_eq!(ring.ids().collect::<Vec<_>>(), ["next", "default"]);
    assert_eq!(key_of(&ring.seal(HERE, b"x").unwrap()).unwrap(), "next");
    for text in ["", "v3:a:AAAA", "v2:a", "v2::AAAA", "v2:a b:AAAA", "v2:\u{1b}[2J:AAAA", "plain"] {
        assert!(matches!(key_of(text), Err(SealError::Form)), "{text:?}");
    }
    assert!(!ring.is_current("plain"));
}

#[test]
fn two_seals_of_one_value_differ() {
    let ring = ring(&encoded(1));
    assert_ne!(ring.seal(HERE, b"x").unwrap(), ring.seal(HERE, b"x").unwrap());
}

#[test]
fn the_first_key_seals_and_all_open() {
    let old = ring(&encoded(1)).seal(HERE, b"x").unwrap();
    let rotated = ring(&format!("next:{},default:{}", encoded(2), encoded(1)));
    assert_eq!(rotated.open(HERE, &old).unwrap().as_slice(), b"x");
    assert!(rotated.seal(HERE, b"x").unwrap().starts_with("v2:next:"));
    let without = ring(&format!("next:{}", encoded(2)));
    let error = without.open(HERE, &old).unwrap_err();
    assert!(error.to_string().contains("'default'"), "{error}");
}

#[test]
fn a_changed_value_does_not_open() {
    let ring = ring(&encoded(1));
    let sealed = ring.seal(HERE, b"hunter2").unwrap();
    assert!(matches!(ring.open(HERE, "hunter2"), Err(SealError::Form)));
    assert!(matches!(ring.open(HERE, "v2:default:AAAA"), Err(SealError::Form)));
    assert!(matches!(ring.open(HERE, "v2:default:!"), Err(SealError::Form)));
    let mut bytes = BASE64.decode(sealed.strip_prefix("v2:default:").unwrap()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    let changed = format!("v2:default:{}", BASE64.encode(bytes));
    assert!(matches!(ring.open(HERE, &changed), Err(SealError::Refused)));
    let other = KeyRing::parse(&encoded(9)).unwrap();
    assert!(matches!(other.open(HERE, &sealed), Err(SealError::Refused)));
}

#[test]
fn bad_keys_are_refused_without_showing_them() {
    let key = encoded(1);
    for (text, wanted) in [
        (String::new(), KeyRingError::Empty),
        ("a:".to_owned(), KeyRingError::Empty),
        (format!("{key},"), KeyRingError::Empty),
        ("c2hvcnQ=".to_owned(), KeyRingError::NotAKey(1)),
        (format!("a:{key},b:not base64"), KeyRingError::NotAKey(2)),
        (format!(":{key}"), KeyRingError::BadId(1)),
        (format!("a b:{key}"), KeyRingError::BadId(1)),
        (format!("a:{key},a:{key}"), KeyRingError::Duplicate("a".to_owned())),
    ] {
        let error = KeyRing::parse(&text).unwrap_err();
        assert_eq!(error, wanted, "{text}");
        assert!(!error.to_string().contains(&key));
    }
    assert!(!format!("{:?}", ring(&key)).contains(&key));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the text form must read back")]
fn a_generated_key_reads_back() {
    let (made, text) = KeyRing::generate();
    let read = KeyRing::parse(text.expose()).unwrap();
    let sealed = made.seal(HERE, b"x").unwrap();
    assert_eq!(read.open(HERE, &sealed).unwrap().as_slice(), b"x");
    let named = KeyRing::generate_named("k2026").unwrap();
    assert_eq!(KeyRing::parse(named.expose()).unwrap().ids().collect::<Vec<_>>(), ["k2026"]);
    assert_eq!(KeyRing::generate_named("a b").unwrap_err(), KeyRingError::BadId(1));
}
