use std::os::unix::fs::PermissionsExt;

use pangolin_core::secret::Secret;
use pangolin_runtime::signature::{SignatureFile, SigningKey};

use super::*;

const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
                       -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
                   -----END PUBLIC KEY-----\n";

/// A folder with a component that the key above signed.
struct Scene {
    folder: tempfile::TempDir,
    digest: String,
    stranger: String,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let component = folder.path().join("a.wasm");
        std::fs::write(&component, b"\0asm\x0d\0\x01\0rest").unwrap();
        let digest = sign::digest(&component).unwrap();
        let mut file = SignatureFile::default();
        file.put(SigningKey::from_pem(&Secret::from(PRIVATE)).unwrap().sign(&digest).unwrap());
        std::fs::write(sign::beside(&component), file.to_string()).unwrap();
        let stranger = SigningKey::generate().unwrap().public_key().to_base64();
        Self { folder, digest, stranger }
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        path
    }

    fn by_keys(&self, keys: &[&str]) -> Result<(), String> {
        let key = keys.iter().map(|key| (*key).to_owned()).collect();
        self.run(Arguments { key, grants: None, plugin: None, component: self.component() }, &Context::default())
    }

    fn by_grants(&self, text: &str, plugin: Option<&str>, context: &Context) -> Result<(), String> {
        let grants = Some(self.write("grants.toml", text));
        let plugin = plugin.map(str::to_owned);
        self.run(Arguments { key: Vec::new(), grants, plugin, component: self.component() }, context)
    }

    fn component(&self) -> PathBuf {
        self.folder.path().join("a.wasm")
    }

    #[expect(clippy::needless_pass_by_value, reason = "made for this call")]
    fn run(&self, arguments: Arguments, context: &Context) -> Result<(), String> {
        run(&arguments, context).map_err(|error| format!("{error:#}"))
    }
}

#[test]
fn one_key_of_those_given_is_enough() {
    let scene = Scene::new();
    let pem = scene.write("acme.pem", PEM);
    for keys in [&[PUBLIC][..], &[pem.to_str().unwrap()], &[scene.stranger.as_str(), PUBLIC]] {
        assert_eq!(scene.by_keys(keys), Ok(()));
    }
    assert!(scene.by_keys(&[&scene.stranger]).unwrap_err().ends_with("none of these keys has signed it"));
}

#[test]
fn what_is_no_public_key_is_told() {
    let scene = Scene::new();
    let private = scene.write("private.pem", PRIVATE);
    let error = scene.by_keys(&[private.to_str().unwrap()]).unwrap_err();
    assert!(error.contains("it is a private key") && !error.contains("MC4C"), "{error}");
    assert!(scene.by_keys(&["/nowhere/key.pem"]).unwrap_err().contains("neither the base64"));
    assert!(scene.by_keys(&[]).unwrap_err().contains("--key"));
}

#[test]
fn changed_bytes_and_missing_or_broken_signatures_fail() {
    let scene = Scene::new();
    let signatures = sign::beside(&scene.component());
    let good = std::fs::read_to_string(&signatures).unwrap();
    std::fs::write(&signatures, good.replace("\"sha256\"", "\"sha512\"")).unwrap();
    assert!(scene.by_keys(&[PUBLIC]).unwrap_err().contains("line 1"));
    std::fs::remove_file(&signatures).unwrap();
    assert!(scene.by_keys(&[PUBLIC]).is_err());
    std::fs::write(&signatures, good).unwrap();
    assert!(scene.by_keys(&[PUBLIC]).is_ok());
    std::fs::write(scene.component(), b"\0asm\x0d\0\x01\0Rest").unwrap();
    assert!(scene.by_keys(&[PUBLIC]).is_err());
}

#[test]
fn a_grant_file_is_held_as_the_host_holds_it() {
    let scene = Scene::new();
    let none = Context::default();
    let keys = format!("[signatures.keys]\nacme = \"{PUBLIC}\"\nglobex = \"{}\"\n", scene.stranger);
    assert_eq!(scene.by_grants(&keys, None, &none), Ok(()));
    let stranger = format!("[signatures.keys]\nglobex = \"{}\"\n", scene.stranger);
    assert!(scene.by_grants(&stranger, None, &none).is_err());
    let release = Context { builtin: vec![scene.digest.to_uppercase()], ..Context::default() };
    assert_eq!(scene.by_grants(&stranger, None, &release), Ok(()));

    let bound = format!("{keys}[plugins.Mint]\nsigned_by = [\"globex\"]\n");
    assert_eq!(scene.by_grants(&bound, Some("Other"), &none), Ok(()));
    assert!(scene.by_grants(&bound, Some("Mint"), &none).unwrap_err().contains("signed by globex"));
    // The pin tells which plugin it is.
    let pinned = format!("{bound}sha256 = \"{}\"\n", scene.digest);
    assert!(scene.by_grants(&pinned, None, &none).unwrap_err().contains("'Mint'"));
    let elsewhere = format!("{keys}[plugins.Mint]\nsha256 = \"{}\"\n", "ab".repeat(32));
    assert!(scene.by_grants(&elsewhere, Some("Mint"), &none).unwrap_err().contains("another file"));
}

#[test]
fn the_operators_own_file_is_the_default() {
    let scene = Scene::new();
    let grants = scene.write("own.toml", &format!("[signatures.keys]\nacme = \"{PUBLIC}\"\n"));
    let context = Context { grants: Some(grants), ..Context::default() };
    assert_eq!(
        scene.run(Arguments { key: Vec::new(), grants: None, plugin: None, component: scene.component() }, &context),
        Ok(())
    );
}
