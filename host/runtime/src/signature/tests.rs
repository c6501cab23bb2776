use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pangolin_core::secret::Secret;
use proptest::prelude::*;

use super::*;

/// The key of RFC 8032's first test, and what openssl makes of it.
const PRIVATE: &str = "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g";
/// The same with the public key in it: as RFC 5958 has it.
const PRIVATE_V2: &str =
    "MFECAQEwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9ggSEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const SPKI: &str = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const ID: &str = "21fe31dfa154a261";
/// By `openssl pkeyutl -sign -rawin` over the statement of [`digest`].
const BY_OPENSSL: &str = "LCf5+W8wQijtJDol0sl/s0BE2qAX7NqfIs6SYNHhTCZlRq+yHNilczestgKFqfWFO4Ylwg80yK707zqaR566CA==";

fn digest() -> String {
    "5e".repeat(32)
}

fn pem(kind: &str, body: &str) -> String {
    format!("-----BEGIN {kind}-----\n{body}\n-----END {kind}-----\n")
}

fn private(body: &str) -> Result<SigningKey, KeyError> {
    SigningKey::from_pem(&Secret::from(pem("PRIVATE KEY", body)))
}

fn keys(named: &[(&str, PublicKey)]) -> BTreeMap<String, PublicKey> {
    named.iter().map(|(name, key)| ((*name).to_owned(), *key)).collect()
}

fn acme() -> BTreeMap<String, PublicKey> {
    keys(&[("acme", PublicKey::parse(PUBLIC).unwrap())])
}

fn line(key: &str, sha256: &str, signature: &str) -> String {
    format!("{{\"key\":\"{key}\",\"sha256\":\"{sha256}\",\"signature\":\"{signature}\"}}\n")
}

#[test]
fn what_openssl_signed_holds_and_what_we_sign_is_the_same() {
    assert_eq!(verify(&digest(), &line(ID, &digest(), BY_OPENSSL), &acme()).unwrap(), ["acme"]);
    let signature = private(PRIVATE).unwrap().sign(&digest()).unwrap();
    assert_eq!(STANDARD.encode(signature.bytes()), BY_OPENSSL);
    assert_eq!((signature.key_id(), signature.digest()), (ID, digest().as_str()));
    let mut file = SignatureFile::default();
    file.put(signature);
    assert_eq!(file.to_string(), line(ID, &digest(), BY_OPENSSL));
}

#[test]
fn both_forms_of_either_key_are_one_key() {
    for body in [PRIVATE, PRIVATE_V2] {
        let key = private(body).unwrap();
        assert_eq!(key.public_key(), PublicKey::parse(PUBLIC).unwrap());
        assert!(!format!("{key:?}").contains(ID));
        let again = SigningKey::from_pem(&key.to_pem().unwrap()).unwrap();
        assert_eq!(again.public_key(), key.public_key());
    }
    let of_pem = PublicKey::parse(&format!("\n{}", pem("PUBLIC KEY", SPKI))).unwrap();
    assert_eq!((of_pem.id().as_str(), of_pem.to_base64().as_str()), (ID, PUBLIC));
    assert_eq!(format!("{of_pem:?}"), format!("PublicKey({ID})"));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a key made for this test")]
fn a_new_key_is_written_as_openssl_writes_it() {
    let pem = SigningKey::generate().unwrap().to_pem().unwrap();
    let lines: Vec<&str> = pem.expose().lines().collect();
    assert_eq!((lines.len(), lines[0], lines[1].len()), (3, "-----BEGIN PRIVATE KEY-----", 64));
    assert!(lines[1].starts_with("MC4CAQAwBQYDK2VwBCIEI"));
}

#[test]
fn what_is_no_private_key_is_refused_without_a_word_of_it() {
    let x25519 = "MC4CAQAwBQYDK2VuBCIEIJDG/E/Mpj9j1eNw+Pn9g+5xrCqYW71R/5UmZQwjnhJ1";
    // The public key in it belongs to another private one.
    let mixed = PRIVATE_V2.replace("URo=", "URs=");
    for body in [x25519, &mixed, "", "AAAA", &PRIVATE[..60]] {
        assert_eq!(private(body).unwrap_err(), KeyError::NotPrivate, "{body}");
    }
    let of = |text: &str| SigningKey::from_pem(&Secret::from(text)).unwrap_err();
    assert_eq!(of(&pem("PUBLIC KEY", SPKI)), KeyError::NotPrivate);
    assert_eq!(of(&pem("ENCRYPTED PRIVATE KEY", PRIVATE)), KeyError::Encrypted);
    assert_eq!(of(PRIVATE), KeyError::NotPrivate);
}

#[test]
fn what_is_no_public_key_is_refused() {
    let p256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE31tftvF2Gb6zR1tSoG3rQNa0XQffBYMhXBY2XcGjDnnF+e0HRgwPisPy4oXQR9j13Bk5sAvi9tLz0k/+JykYUg==";
    for text in [
        "",
        "acme",
        &PUBLIC[..40],
        &PUBLIC.replace('=', ""),
        &PUBLIC.replace('/', "_"),
        &STANDARD.encode([7_u8; 33]),
        SPKI,
        &hex::encode([7_u8; 32]),
        &pem("PUBLIC KEY", p256),
        &pem("PUBLIC KEY", PUBLIC),
        &pem("CERTIFICATE", SPKI),
    ] {
        assert_eq!(PublicKey::parse(text).unwrap_err(), KeyError::NotPublic, "{text}");
    }
    assert_eq!(PublicKey::parse(&pem("PRIVATE KEY", PRIVATE)).unwrap_err(), KeyError::IsPrivate);
    assert!(!KeyError::IsPrivate.to_string().contains("MC4C"));
}

#[test]
fn keys_for_which_anybody_signs_are_refused() {
    let weak = |hex: &str| PublicKey::parse(&STANDARD.encode(hex::decode(hex).unwrap())).unwrap_err();
    for hex in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ] {
        assert_eq!(weak(hex), KeyError::Weak, "{hex}");
    }
}

#[test]
fn a_signature_has_one_form() {
    // The same signature with the order of the group added to its second half.
    const ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
    let mut bytes = STANDARD.decode(BY_OPENSSL).unwrap();
    let mut carry = 0_u16;
    for (byte, order) in bytes[32..].iter_mut().zip(hex::decode(ORDER).unwrap()) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    let found = judge_one(&line(ID, &digest(), &STANDARD.encode(&bytes)));
    assert_eq!(found.verdict, Verdict::Wrong("acme".to_owned()));
    // Nothing holds with a point of small order in its first half, either.
    for point in [1_u8, 0] {
        let mut forged = [0_u8; 64];
        forged[0] = point;
        assert_eq!(
            judge_one(&line(ID, &digest(), &STANDARD.encode(forged))).verdict,
            Verdict::Wrong("acme".to_owned())
        );
    }
}

fn judge_one(text: &str) -> Finding {
    let mut findings = judge(&digest(), &SignatureFile::parse(text).unwrap(), &acme());
    assert_eq!(findings.len(), 1);
    findings.remove(0)
}

#[test]
fn each_signature_is_judged_for_itself() {
    let (other, stranger) = (SigningKey::generate().unwrap(), SigningKey::generate().unwrap());
    let of = |key: &SigningKey, digest: &str| {
        let mut file = SignatureFile::default();
        file.put(key.sign(digest).unwrap());
        file.to_string()
    };
    let elsewhere = "77".repeat(32);
    let text = [
        line(ID, &digest(), BY_OPENSSL),
        of(&other, &digest()),
        of(&stranger, &digest()),
        of(&other, &elsewhere),
        // Somebody else's signature under a name that is known, and a statement for another file.
        of(&other, &digest()).replace(&other.public_key().id(), ID),
        line(ID, &elsewhere, BY_OPENSSL),
        line(ID, &digest(), BY_OPENSSL),
    ]
    .concat();
    let mut keys = acme();
    keys.insert("other".to_owned(), other.public_key());
    let findings = judge(&digest(), &SignatureFile::parse(&text).unwrap(), &keys);
    let verdicts: Vec<&Verdict> = findings.iter().map(|finding| &finding.verdict).collect();
    let holds = |name: &str| Verdict::Holds(name.to_owned());
    let moved = Verdict::OtherComponent { sha256: elsewhere };
    let wrong = Verdict::Wrong("acme".to_owned());
    assert_eq!(
        verdicts,
        [&holds("acme"), &holds("other"), &Verdict::UnknownKey, &moved, &wrong, &moved, &holds("acme")]
    );
    assert_eq!(holding(&findings), ["acme", "other"]);
    assert_eq!(verify(&"99".repeat(32), &text, &keys).unwrap(), Vec::<String>::new());
    // What was signed for another file does not hold by changing the file that it names.
    let renamed = of(&other, &"77".repeat(32)).replace(&"77".repeat(32), &digest());
    assert_eq!(verify(&digest(), &renamed, &keys).unwrap(), Vec::<String>::new());
}

#[test]
fn a_signer_has_one_line() {
    let key = private(PRIVATE).unwrap();
    let mut file = SignatureFile::parse(&line(ID, &"77".repeat(32), BY_OPENSSL)).unwrap();
    file.put(SigningKey::generate().unwrap().sign(&digest()).unwrap());
    file.put(key.sign(&digest()).unwrap());
    assert_eq!(file.signatures().len(), 2);
    assert_eq!(file.signatures()[1].key_id(), ID);
    assert_eq!(SignatureFile::parse(&file.to_string()).unwrap(), file);
}

#[test]
fn only_the_known_form_is_read() {
    let good = line(ID, &digest(), BY_OPENSSL);
    assert_eq!(SignatureFile::parse("").unwrap(), SignatureFile::default());
    assert!(SignatureFile::parse(&good.replace('\n', "\r\n")).is_ok());
    for bad in [
        "\n".to_owned(),
        format!("{good}\n"),
        format!("[{good}]"),
        format!("[\"{ID}\",\"{}\",\"{BY_OPENSSL}\"]", digest()),
        good.replace("\"key\"", "\"kid\""),
        good.replace("{\"key\"", "{\"alg\":\"none\",\"key\""),
        good.replace("{\"key\"", "{\"key\":\"21fe31dfa154a262\",\"key\""),
        good.trim_end().to_owned() + &good,
        line(&ID.to_uppercase(), &digest(), BY_OPENSSL),
        line(&ID[..8], &digest(), BY_OPENSSL),
        line(ID, &digest().to_uppercase(), BY_OPENSSL),
        line(ID, &digest()[..32], BY_OPENSSL),
        line(ID, &digest(), &BY_OPENSSL[..40]),
        line(ID, &digest(), ""),
        line(ID, &digest(), "ä"),
    ] {
        assert!(matches!(SignatureFile::parse(&bad), Err(SignatureFileError::Line { .. })), "{bad}");
    }
    assert_eq!(SignatureFile::from_bytes(b"\xff"), Err(SignatureFileError::NotText));
    assert!(SignatureFile::parse(&good.repeat(MAX_SIGNATURES)).is_ok());
    assert_eq!(SignatureFile::parse(&good.repeat(MAX_SIGNATURES + 1)), Err(SignatureFileError::TooMany));
    let large = " ".repeat(MAX_SIGNATURE_FILE_BYTES + 1);
    assert_eq!(SignatureFile::parse(&large), Err(SignatureFileError::TooLarge));
    assert_eq!(SignatureFile::from_bytes(large.as_bytes()), Err(SignatureFileError::TooLarge));
}

#[test]
fn a_refused_line_cannot_write_into_the_log() {
    let error = SignatureFile::parse("{\"\\u001b[31mx\\nadd\":1}").unwrap_err().to_string();
    assert!(error.starts_with("line 1 of the signature file") && !error.contains(['\u{1b}', '\n']), "{error}");
}

proptest! {
    #[test]
    fn no_text_panics(text in ".{0,300}") {
        let _ = SignatureFile::parse(&text);
        let _ = PublicKey::parse(&text);
        let _ = SigningKey::from_pem(&Secret::from(text));
    }

    #[test]
    fn one_changed_bit_is_one_too_many(bit in 0_usize..512) {
        let mut bytes = STANDARD.decode(BY_OPENSSL).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let text = line(ID, &digest(), &STANDARD.encode(&bytes));
        prop_assert_eq!(verify(&digest(), &text, &acme()).unwrap(), Vec::<String>::new());
    }
}
