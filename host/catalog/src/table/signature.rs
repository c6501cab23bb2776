//! What presigned URLs and signed requests share: where the storage is, the keys, and the refusal
//! of what is hidden.

use std::sync::Arc;

use pangolin_core::access::Access;
use pangolin_core::emit::StorageAddress;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::policy::Touched;
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::strategy::{MintedCredential, StrategyError, StrategyErrorKind};
use pangolin_core::vend::{Signature, SignatureAsk};
use pangolin_signing::sigv4::Credentials;

use super::delegation::Sought;
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::unusable::Attempt;

impl Catalogs {
    /// The table that a signature is asked for; an attempt on a hidden one is recorded.
    pub(super) async fn find_to_sign(
        &self,
        asker: Asker<'_>,
        (catalog, namespace, name): (&str, &NamespacePath, &str),
        signature: Signature,
        method: &str,
    ) -> Result<(Arc<CatalogSnapshot>, Arc<Table>)> {
        let action = match signature {
            Signature::Url => "presign",
            Signature::Request => "sign_request",
        };
        let attempt = Attempt::on_table(action, namespace, name);
        match self.find_to_open_for(asker, catalog, namespace, name, attempt).await? {
            Sought::Found(snapshot, table) => Ok((snapshot, table)),
            Sought::Hidden(snapshot, table, missing) => {
                let touched = Touched { objects: &[], listing: None, access: Access::READ, body_decides: false };
                let ask = SignatureAsk { signature, method, touched, context: asker.context };
                self.vending.refuse_hidden_signature(asker.principal, &snapshot, &table, ask).await?;
                Err(missing)
            }
        }
    }

    pub(super) fn storage_address<'a>(&'a self, snapshot: &'a CatalogSnapshot) -> StorageAddress<'a> {
        StorageAddress::of(&snapshot.warehouse, self.storage_defaults())
    }
}

/// The region that the storage takes signatures for.
pub(super) fn region(address: StorageAddress<'_>) -> Result<&str> {
    let unknown = "nothing is signed: the warehouse names no region; set 'region' in its storage_config";
    address.region.ok_or_else(|| CatalogError::Invalid(unknown.to_owned()))
}

/// The key pair of a credential that stays in the host.
#[expect(
    clippy::disallowed_methods,
    reason = "the host signs with what was minted for this table; only the signature leaves"
)]
pub(super) fn keys(credential: &MintedCredential) -> std::result::Result<Credentials, StrategyError> {
    let entry = |name: &str| {
        let found = credential.entries.iter().find(|(key, _)| key == name);
        found.map(|(_, secret)| secret.expose().clone())
    };
    let (Some(id), Some(secret)) = (entry("s3.access-key-id"), entry("s3.secret-access-key")) else {
        return Err(StrategyError::new(
            StrategyErrorKind::Plugin,
            "no-keys-minted",
            "the strategy minted no access key to sign with",
        ));
    };
    Ok(Credentials::new(id, secret, entry("s3.session-token"), None, "pangolin"))
}

/// What was asked for cannot be signed.
pub(super) fn not_signable(why: impl std::fmt::Display) -> StrategyError {
    StrategyError::new(StrategyErrorKind::InvalidConfig, "not-signable", why.to_string())
}
