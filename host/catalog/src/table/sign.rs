use std::collections::BTreeMap;

use pangolin_core::emit::TABLE_UUID;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::policy::Touched;
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::vend::{KeptKey, Signature, SignatureAsk};
use pangolin_core::warehouse::{StorageKind, Warehouse};
use pangolin_signing::s3_request::{NotSigned, S3Request, Unsigned};
use pangolin_signing::sigv4::Signer;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::signature::{keys, not_signable, region};
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::trail::Deed;

/// `RemoteSignRequest` of the protocol: a request to the storage that the client cannot sign.
#[derive(Debug, Deserialize)]
pub struct SignRequest {
    region: String,
    uri: String,
    method: String,
    headers: BTreeMap<String, Vec<String>>,
    properties: Option<BTreeMap<String, String>>,
    body: Option<String>,
    provider: Option<String>,
}

/// `RemoteSignResult` of the protocol: where to send the request, with which headers beside its own.
#[derive(Serialize)]
pub struct SignedRequest {
    uri: String,
    headers: BTreeMap<String, Vec<String>>,
    #[serde(skip)]
    reads: bool,
}

impl std::fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The headers hold a signature and, for a session, its token.
        f.debug_struct("SignedRequest").field("uri", &self.uri).finish_non_exhaustive()
    }
}

impl SignedRequest {
    /// Whether the client may use it again for the same object, for as long as clients do.
    #[must_use]
    pub fn may_be_kept(&self) -> bool {
        self.reads
    }
}

impl Catalogs {
    /// Signs one request to the storage: on objects of the table, with the right for what it does.
    ///
    /// # Errors
    /// The table is missing, the request is not understood or does more than it may, a right is
    /// missing, or nothing is vended for this storage.
    pub async fn sign_request(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        asked: &SignRequest,
    ) -> Result<SignedRequest> {
        let place = (catalog, namespace, name);
        let (snapshot, table) = self.find_to_sign(asker, place, Signature::Request, &asked.method).await?;
        let request = match self.understood(&snapshot, &table, asked) {
            Ok(request) => request,
            Err(error) => {
                let target = Target::Table(table.catalog_id, &table.namespace, table.id);
                let error = asker.require(Action::Read, target).err().unwrap_or(error);
                // Not the URI: its query may hold somebody's signature.
                let method: String = asked.method.chars().take(20).collect();
                let deed = Deed::of_table("sign_request", &snapshot, &table).with(json!({ "method": method }));
                return self.recorded(asker, &snapshot, deed, Err(error)).await;
            }
        };
        let address = self.storage_address(&snapshot);
        let region = region(address)?;
        let touched = Touched {
            objects: &request.objects,
            listing: request.listing.as_ref(),
            access: request.access,
            body_decides: request.body_decides() && !address.is_aws(),
        };
        let ask =
            SignatureAsk { signature: Signature::Request, method: &asked.method, touched, context: asker.context };
        let sign = |key: KeptKey<'_>| {
            let keys = keys(key.credential)?;
            let signer = Signer { keys: &keys, service: "s3", region, at: key.at };
            request.sign(&signer).map_err(not_signable)
        };
        let made = self.vending.sign_request(asker.principal, &snapshot, &table, ask, sign).await?;
        let made = made.ok_or(CatalogError::NothingToVend)?;
        let headers = made.into_iter().map(|(name, value)| (name, vec![value])).collect();
        let reads = matches!(asked.method.as_str(), "GET" | "HEAD") && request.listing.is_none();
        Ok(SignedRequest { uri: request.url().to_string(), headers, reads })
    }

    /// Reads the request; whether it is allowed is the policy's word.
    fn understood(&self, snapshot: &CatalogSnapshot, table: &Table, asked: &SignRequest) -> Result<S3Request> {
        let invalid = |text: String| Err(CatalogError::Invalid(text));
        require_signable(snapshot)?;
        if asked.provider.as_deref().is_some_and(|provider| !provider.eq_ignore_ascii_case("s3")) {
            return invalid("provider is 's3'".to_owned());
        }
        let loaded = asked.properties.as_ref().and_then(|properties| properties.get(TABLE_UUID));
        if loaded.is_some_and(|loaded| *loaded != table.id.0.to_string()) {
            // Dropped and made again since the client loaded it.
            return Err(CatalogError::no_table(&table.namespace, &table.name));
        }
        let address = self.storage_address(snapshot);
        let region = region(address)?;
        if asked.region != region {
            return invalid(format!("requests to this table are signed for region '{region}'"));
        }
        let headers: Vec<(String, String)> = asked
            .headers
            .iter()
            .flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone())))
            .collect();
        let unsigned =
            Unsigned { method: &asked.method, uri: &asked.uri, headers: &headers, body: asked.body.as_deref() };
        Ok(S3Request::read(unsigned, table.location.authority(), address.endpoint)?)
    }
}

/// Whether requests on this warehouse's storage are signed at all.
pub(super) fn is_signable(warehouse: &Warehouse) -> bool {
    warehouse.kind == StorageKind::S3 && warehouse.strategy.is_some()
}

/// Refuses storage whose requests the host does not sign.
pub(super) fn require_signable(snapshot: &CatalogSnapshot) -> Result<()> {
    if is_signable(&snapshot.warehouse) {
        return Ok(());
    }
    Err(CatalogError::Invalid("requests are signed for S3 storage with a vending strategy only".to_owned()))
}

impl From<NotSigned> for CatalogError {
    fn from(not_signed: NotSigned) -> Self {
        let message = not_signed.to_string();
        if not_signed.is_malformed() { Self::Invalid(message) } else { Self::Refused { code: "not-signable", message } }
    }
}
