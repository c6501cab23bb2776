//! What `inspect` found out. Every text of the component is fit to be printed.

use std::path::Path;

use anyhow::Context as _;
use pangolin_core::strategy::{Description, RejectedPlugin, Rights, StrategyInfo};
use pangolin_runtime::signature::SignatureFile;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::given;
use crate::loaded;
use crate::reach::{self, Reach};
use crate::shape::Shape;
use crate::shown::printable;

/// All of it.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// File name.
    pub(super) file: String,
    /// Bytes.
    pub(super) size: usize,
    /// SHA-256, hexadecimal.
    pub(super) digest: String,
    /// Why a host refuses it.
    pub(super) refused: Option<String>,
    /// The grant file that it was judged against.
    pub(super) grant_file: Option<String>,
    pub(super) signatures: Signatures,
    pub(super) imports: Vec<Import>,
    pub(super) exports: Vec<String>,
    /// What it says and may do; not there where it is refused.
    #[serde(flatten)]
    pub(super) strategy: Option<Strategy>,
}

/// Who signed.
#[derive(Debug, Serialize)]
pub(super) struct Signatures {
    /// The operator's names of the keys whose signatures hold.
    pub(super) signed_by: Vec<String>,
    /// Ids of the keys that the signature file names; judged only by a grant file that knows them.
    pub(super) key_ids: Vec<String>,
}

/// One import.
#[derive(Debug, Serialize)]
pub(super) struct Import {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) reach: Reach,
}

/// What a strategy says and may do.
#[derive(Debug, Serialize)]
pub(super) struct Strategy {
    /// What it says: with its fields and hosts this is also what it asks for.
    pub(super) description: Description,
    /// Whether it may vend at all.
    pub(super) granted: bool,
    pub(super) rights: Rights,
    /// Lines for the grant file; empty where nothing lacks.
    pub(super) missing_grants: String,
}

impl Report {
    pub(super) fn of(
        path: &Path,
        shape: Shape,
        key_ids: Vec<String>,
        grants: Option<&Path>,
        info: &StrategyInfo,
    ) -> Self {
        let strategy = Strategy {
            description: info.description.clone(),
            granted: info.granted,
            rights: info.rights.clone(),
            missing_grants: info.missing_grants.clone(),
        };
        let signatures = Signatures { signed_by: info.signed_by.clone(), key_ids };
        Self { signatures, strategy: Some(strategy), ..Self::bare(path, shape, grants) }
    }

    pub(super) fn refused(
        path: &Path,
        shape: Shape,
        key_ids: Vec<String>,
        grants: Option<&Path>,
        rejected: &RejectedPlugin,
    ) -> Self {
        let signatures = Signatures { signed_by: Vec::new(), key_ids };
        let refused = Some(rejected.reason.clone());
        Self { signatures, refused, ..Self::bare(path, shape, grants) }
    }

    fn bare(path: &Path, shape: Shape, grants: Option<&Path>) -> Self {
        let import = |name: String| Import { reach: reach::of(&name), name };
        Self {
            file: printable(&path.file_name().unwrap_or_default().to_string_lossy(), 255),
            size: shape.size,
            digest: shape.digest,
            refused: None,
            grant_file: grants.map(|path| path.display().to_string()),
            signatures: Signatures { signed_by: Vec::new(), key_ids: Vec::new() },
            imports: shape.imports.into_iter().map(import).collect(),
            exports: shape.exports,
            strategy: None,
        }
    }
}

/// Ids of the keys that the file beside the component names for these bytes.
pub(super) fn key_ids(component: &Path, bytes: &[u8]) -> anyhow::Result<Vec<String>> {
    let path = loaded::beside(component);
    let Some(file) = given::signatures(&path)? else { return Ok(Vec::new()) };
    let file = SignatureFile::from_bytes(&file).with_context(|| path.display().to_string())?;
    let digest = hex::encode(Sha256::digest(bytes));
    let ours = file.signatures().iter().filter(|signature| signature.digest() == digest);
    Ok(ours.map(|signature| printable(signature.key_id(), 64)).collect())
}
