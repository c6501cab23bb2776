//! `pangolin plugin sign`: puts a signature beside a component.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use pangolin_core::secret::Secret;
use pangolin_runtime::signature::{self, SignatureFile, SigningKey};
use sha2::{Digest as _, Sha256};

use crate::{given, printed};

/// The first bytes of every component: magic, version, and the layer of components.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Arguments of the command.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The private key (PEM; `pangolin plugin keygen` or `openssl genpkey -algorithm ed25519`).
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The component. Its signatures are in the file of the same name with `.sig` after it.
    component: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let key = private_key(&arguments.key)?;
    let digest = digest(&arguments.component)?;
    let path = beside(&arguments.component);
    let mut file = read(&path)?.unwrap_or_default();
    file.put(key.sign(&digest)?);
    replace(&path, &file)?;
    let public = key.public_key();
    let shown = path.display();
    printed::out(&format!(
        "{shown}: signed sha256 {digest} by key {} (public key {})\n",
        public.id(),
        public.to_base64()
    ))
}

/// The file with the signatures of a component.
pub(crate) fn beside(component: &Path) -> PathBuf {
    let mut name = component.as_os_str().to_owned();
    name.push(signature::file_name(""));
    PathBuf::from(name)
}

/// The digest of a component. What is none is not signed and not verified: nobody would load it.
pub(crate) fn digest(component: &Path) -> anyhow::Result<String> {
    let bytes = given::component(component)?;
    if !bytes.starts_with(COMPONENT) {
        bail!("{} is not a Wasm component", component.display());
    }
    Ok(hex::encode(Sha256::digest(&bytes)))
}

/// The signatures that are there; none without a file.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<SignatureFile>> {
    let Some(bytes) = given::signatures(path)? else { return Ok(None) };
    SignatureFile::from_bytes(&bytes).map(Some).with_context(|| path.display().to_string())
}

fn private_key(path: &Path) -> anyhow::Result<SigningKey> {
    let pem = std::fs::read_to_string(path).map(Secret::new);
    let pem = pem.with_context(|| format!("the key {} cannot be read", path.display()))?;
    SigningKey::from_pem(&pem).with_context(|| path.display().to_string())
}

/// Puts the new file in the place of the old one at once: a host that looks meanwhile sees one of them.
fn replace(path: &Path, file: &SignatureFile) -> anyhow::Result<()> {
    let failed = || format!("{} cannot be written", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut new = tempfile::Builder::new().prefix(".sig-").tempfile_in(folder).with_context(failed)?;
    new.write_all(file.to_string().as_bytes()).with_context(failed)?;
    new.as_file().set_permissions(Permissions::from_mode(0o644)).with_context(failed)?;
    new.as_file().sync_all().with_context(failed)?;
    new.persist(path).map(drop).with_context(failed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A folder with a component and two keys.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.wasm"), [COMPONENT, b"rest"].concat()).unwrap();
        for name in ["acme", "globex"] {
            key(&folder, name);
        }
        folder
    }

    #[expect(clippy::disallowed_methods, reason = "a key made for this test")]
    fn key(folder: &tempfile::TempDir, name: &str) {
        let pem = SigningKey::generate().unwrap().to_pem().unwrap();
        std::fs::write(folder.path().join(format!("{name}.pem")), pem.expose()).unwrap();
    }

    fn sign(folder: &tempfile::TempDir, key: &str) -> anyhow::Result<()> {
        let key = folder.path().join(format!("{key}.pem"));
        run(&Arguments { key, component: folder.path().join("a.wasm") })
    }

    fn signers(folder: &tempfile::TempDir) -> Vec<String> {
        let key = |name: &str| {
            let path = folder.path().join(format!("{name}.pem"));
            (name.to_owned(), private_key(&path).unwrap().public_key())
        };
        let keys = BTreeMap::from(["acme", "globex"].map(key));
        let component = folder.path().join("a.wasm");
        let text = std::fs::read_to_string(beside(&component)).unwrap();
        signature::verify(&digest(&component).unwrap(), &text, &keys).unwrap()
    }

    #[test]
    fn each_signer_has_one_line_and_leaves_those_of_others() {
        let folder = folder();
        sign(&folder, "acme").unwrap();
        sign(&folder, "globex").unwrap();
        sign(&folder, "acme").unwrap();
        assert_eq!(signers(&folder), ["acme", "globex"]);
        // After a change of the component only those hold that are made anew.
        std::fs::write(folder.path().join("a.wasm"), [COMPONENT, b"more"].concat()).unwrap();
        assert_eq!(signers(&folder), Vec::<String>::new());
        sign(&folder, "acme").unwrap();
        assert_eq!(signers(&folder), ["acme"]);
        let path = folder.path().join("a.wasm.sig");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 2);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 4, "nothing is left behind");
    }

    #[test]
    fn what_cannot_be_right_is_left_alone() {
        let folder = folder();
        let path = folder.path().join("a.wasm.sig");
        std::fs::write(&path, "{}\n").unwrap();
        assert!(format!("{:#}", sign(&folder, "acme").unwrap_err()).contains("line 1"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n");
        std::fs::write(folder.path().join("a.wasm"), b"\0asm\x01\0\0\0").unwrap();
        assert!(sign(&folder, "acme").unwrap_err().to_string().contains("not a Wasm component"));
        let arguments = Arguments { key: path, component: folder.path().join("a.wasm") };
        assert!(format!("{:#}", run(&arguments).unwrap_err()).contains("not the PEM of an Ed25519 private key"));
    }
}
