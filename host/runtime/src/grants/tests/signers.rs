use super::*;
use crate::load::FileError;
use crate::signature::{PublicKey, SignatureFile, SigningKey};

/// Two signers and a grant file that knows both.
struct Signers {
    acme: SigningKey,
    globex: SigningKey,
    stranger: SigningKey,
}

impl Signers {
    fn new() -> Self {
        let key = || SigningKey::generate().unwrap();
        Self { acme: key(), globex: key(), stranger: key() }
    }

    fn file(&self, rest: &str) -> GrantFile {
        let [acme, globex] = [&self.acme, &self.globex].map(|key| key.public_key().to_base64());
        let required = "[signatures]\nrequired = true\n".repeat(usize::from(rest.contains("#required")));
        let text = format!("{required}[signatures.keys]\nacme = \"{acme}\"\nglobex = \"{globex}\"\n{rest}");
        GrantFile::parse(&text).unwrap()
    }
}

fn digest() -> String {
    "ab".repeat(32)
}

fn signed_by(keys: &[&SigningKey]) -> Signatures {
    let mut file = SignatureFile::default();
    for key in keys {
        file.put(key.sign(&digest()).unwrap());
    }
    Signatures::of(Ok(Some(file.to_string().into_bytes())))
}

fn ask(signatures: &Signatures, name: Option<&str>, file: &GrantFile) -> Result<Vec<String>, String> {
    ask_of(&BuiltIn::default(), signatures, name, file)
}

fn ask_of(
    built_in: &BuiltIn,
    signatures: &Signatures,
    name: Option<&str>,
    file: &GrantFile,
) -> Result<Vec<String>, String> {
    let signed = Signed { file: "mint.wasm", digest: &digest(), signatures };
    signers(signed, name, Some(file), built_in).map_err(|unsigned| unsigned.to_string())
}

#[test]
fn without_a_policy_signatures_are_named_and_not_needed() {
    let signers = Signers::new();
    let file = signers.file("");
    assert_eq!(ask(&Signatures::None, None, &file).unwrap(), Vec::<String>::new());
    assert_eq!(ask(&signed_by(&[&signers.globex, &signers.stranger]), None, &file).unwrap(), ["globex"]);
    assert_eq!(ask(&Signatures::Unusable("x".to_owned()), Some("Mint"), &file).unwrap(), Vec::<String>::new());
    let signed = Signed { file: "a", digest: &digest(), signatures: &signed_by(&[&signers.acme]) };
    assert_eq!(super::signers(signed, Some("Mint"), None, &BuiltIn::default()).unwrap(), Vec::<String>::new());
}

#[test]
fn where_it_is_required_nothing_comes_in_without_one() {
    let signers = Signers::new();
    let file = signers.file("#required");
    for name in [None, Some("Mint")] {
        assert_eq!(ask(&signed_by(&[&signers.acme]), name, &file).unwrap(), ["acme"]);
        let [acme, globex] = [&signers.acme, &signers.globex].map(|key| key.public_key().id());
        let none = ask(&Signatures::None, name, &file).unwrap_err();
        assert_eq!(
            none,
            format!(
                "the grant file requires a signature by 'acme' (key {acme}) or 'globex' (key {globex}), and there is no \
                 file mint.wasm.sig. To sign it:\npangolin plugin sign --key <private key> mint.wasm"
            )
        );
        let stranger = ask(&signed_by(&[&signers.stranger]), name, &file).unwrap_err();
        let id = signers.stranger.public_key().id();
        assert!(stranger.contains(&format!("key {id} is of nobody")), "{stranger}");
        assert!(
            stranger
                .contains(&format!("[signatures.keys] of the grant file\nNAME = \"<the public key whose id is {id}"))
        );
        let unusable = ask(&Signatures::of(Ok(Some(b"{}".to_vec()))), name, &file).unwrap_err();
        assert!(unusable.contains("mint.wasm.sig cannot be used: line 1"), "{unusable}");
        let empty = ask(&Signatures::of(Ok(Some(Vec::new()))), name, &file).unwrap_err();
        assert!(empty.contains("mint.wasm.sig is empty"), "{empty}");
    }
}

#[test]
fn required_without_keys_lets_in_what_the_release_brings_and_nothing_else() {
    let file = GrantFile::parse("[signatures]\nrequired = true").unwrap();
    let refused = ask(&signed_by(&[&SigningKey::generate().unwrap()]), None, &file).unwrap_err();
    assert!(refused.contains("names no key") && refused.contains("\n[signatures.keys]\nNAME = "), "{refused}");
    let release = BuiltIn { digests: [digest()].into() };
    assert_eq!(ask_of(&release, &Signatures::None, Some("Mint"), &file).unwrap(), Vec::<String>::new());
}

#[test]
fn a_plugin_can_be_bound_to_its_signers() {
    let signers = Signers::new();
    let file = signers.file("[plugins.Mint]\nsigned_by = [\"acme\"]");
    assert_eq!(ask(&signed_by(&[&signers.acme, &signers.globex]), Some("Mint"), &file).unwrap(), ["acme", "globex"]);
    assert!(ask(&Signatures::None, Some("Other"), &file).is_ok());
    let unsigned = ask(&Signatures::None, Some("Mint"), &file).unwrap_err();
    assert!(unsigned.starts_with("plugin 'Mint' must be signed by 'acme' (key "), "{unsigned}");
    assert!(unsigned.ends_with("pangolin plugin sign --key <private key> mint.wasm"), "{unsigned}");
    let other = ask(&signed_by(&[&signers.globex]), Some("Mint"), &file).unwrap_err();
    assert!(other.contains("('globex') holds"), "{other}");
    assert!(other.ends_with("[plugins.Mint] of the grant file\nsigned_by = [\"acme\", \"globex\"]"), "{other}");
    // The operator's word on one plugin holds for the release's own as well.
    let release = BuiltIn { digests: [digest()].into() };
    assert!(ask_of(&release, &Signatures::None, Some("Mint"), &file).is_err());
}

#[test]
fn a_name_that_is_no_plain_one_is_not_put_into_a_command() {
    let file = GrantFile::parse("[signatures]\nrequired = true").unwrap();
    for name in ["a; rm -rf ~.wasm", "-key.wasm", "$(x).wasm"] {
        let signed = Signed { file: name, digest: &digest(), signatures: &Signatures::None };
        let refused = signers(signed, None, Some(&file), &BuiltIn::default()).unwrap_err().to_string();
        assert!(refused.ends_with("--key <private key> <the component>"), "{refused}");
    }
}

#[test]
fn what_cannot_be_read_is_told_where_it_is_needed() {
    let outside = Signatures::of::<String>(Err(FileError::Outside("/etc/passwd".into())));
    let file = GrantFile::parse("[signatures]\nrequired = true").unwrap();
    assert!(ask(&outside, None, &file).unwrap_err().contains("outside the plugin directory"));
}

#[test]
fn keys_that_are_none_and_signers_that_nobody_knows_are_errors_of_the_file() {
    let key = SigningKey::generate().unwrap().public_key().to_base64();
    let keys = format!("[signatures.keys]\nacme = \"{key}\"\n");
    for (text, told) in [
        ("[signatures]\nrequire = true".to_owned(), "unknown field"),
        ("[signatures]\nrequired = \"yes\"".to_owned(), "invalid type"),
        ("[signatures.keys]\nacme = \"secret-by-mistake\"".to_owned(), "key 'acme'"),
        ("[signatures.keys]\n\"a b\" = \"x\"".to_owned(), "not a name of a key"),
        (format!("{keys}[plugins.Mint]\nsigned_by = [\"acme\", \"globex\"]"), "it has acme"),
        ("[plugins.Mint]\nsigned_by = [\"acme\"]".to_owned(), "it has none"),
        (format!("{keys}[plugins.Mint]\nsigned_by = []"), "invalid length 0"),
        (format!("{keys}[plugins.Mint]\nsigned_by = \"acme\""), "invalid type"),
        (format!("{keys}acme = \"{key}\""), "duplicate key"),
    ] {
        let error = GrantFile::parse(&text).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
        assert!(!error.contains("secret-by-mistake"), "{error}");
    }
}

#[test]
fn a_key_can_be_written_as_pem() {
    let spki = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let text = format!(
        "[signatures.keys]\nacme = \"\"\"\n-----BEGIN PUBLIC KEY-----\n{spki}\n-----END PUBLIC KEY-----\n\"\"\"\n"
    );
    let file = GrantFile::parse(&text).unwrap();
    let same = PublicKey::parse("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=").unwrap();
    assert_eq!(file.signatures.keys["acme"], same);
}
