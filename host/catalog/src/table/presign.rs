use std::time::Duration;

use pangolin_core::access::Access;
use pangolin_core::emit::{PresignedUrl, StorageAddress};
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::permission::{Action, Target};
use pangolin_core::policy::Touched;
use pangolin_core::secret::Secret;
use pangolin_core::strategy::StrategyError;
use pangolin_core::vend::{KeptKey, Signature, SignatureAsk};
use pangolin_core::warehouse::StorageKind;
use pangolin_signing::s3_url::Address;
use pangolin_signing::sigv4::Signer;
use url::Url;

use super::signature::{keys, not_signable, region};
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::trail::Deed;

/// A URL as it is asked for.
#[derive(Debug, Clone)]
pub struct PresignTable {
    /// The object.
    pub location: String,
    /// What may be done with it; none: `GET`.
    pub method: Option<String>,
    /// At most this life.
    pub ttl_seconds: Option<u32>,
}

impl Catalogs {
    /// A URL that opens one object of a table for a while: the right for its method.
    ///
    /// # Errors
    /// The table is missing, the object is not the table's, a right is missing, or nothing is
    /// vended for this storage.
    pub async fn presign(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        asked: &PresignTable,
    ) -> Result<PresignedUrl> {
        let method = asked.method.as_deref().unwrap_or("GET");
        let place = (catalog, namespace, name);
        let (snapshot, table) = self.find_to_sign(asker, place, Signature::Url, method).await?;
        let address = self.storage_address(&snapshot);
        let judged = || {
            let access = access(method)?;
            let object = object(&asked.location)?;
            // Nothing is minted only to find that it cannot be used.
            if snapshot.warehouse.kind == StorageKind::S3 {
                region(address)?;
            }
            Ok((access, object))
        };
        let (access, object) = match judged() {
            Ok(judged) => judged,
            Err(malformed) => {
                let target = Target::Table(table.catalog_id, &table.namespace, table.id);
                let error = asker.require(Action::Read, target).err().unwrap_or(malformed);
                let deed = Deed::of_table("presign", &snapshot, &table);
                return self.recorded(asker, &snapshot, deed, Err(error)).await;
            }
        };
        let touched = Touched { objects: std::slice::from_ref(&object), listing: None, access, body_decides: false };
        let ask = SignatureAsk { signature: Signature::Url, method, touched, context: asker.context };
        let sign = |key: KeptKey<'_>, life: u32| url(key, life, address, method, &object);
        let made = self.vending.presign(asker.principal, &snapshot, &table, ask, asked.ttl_seconds, sign).await?;
        made.map(PresignedUrl::from).ok_or(CatalogError::NothingToVend)
    }
}

pub(super) fn access(method: &str) -> Result<Access> {
    match method {
        "GET" | "HEAD" => Ok(Access::READ),
        "PUT" => Ok(Access::READ_WRITE),
        "DELETE" => Ok(Access { read: true, write: false, delete: true }),
        _ => Err(CatalogError::Invalid("method is GET, HEAD, PUT or DELETE".to_owned())),
    }
}

pub(super) fn object(text: &str) -> Result<Location> {
    let location = Location::parse(text)?;
    if text.ends_with('/') || location.key().is_empty() {
        return Err(CatalogError::Invalid(format!("location '{location}' is a directory: name one object")));
    }
    Ok(location)
}

/// The URL by SigV4.
fn url(
    key: KeptKey<'_>,
    life_seconds: u32,
    address: StorageAddress<'_>,
    method: &str,
    object: &Location,
) -> std::result::Result<Secret<String>, StrategyError> {
    let region = address.region.unwrap_or_default();
    let url = unsigned(address, object)?;
    let keys = keys(key.credential)?;
    let signer = Signer { keys: &keys, service: "s3", region, at: key.at };
    let life = Duration::from_secs(u64::from(life_seconds));
    Ok(Secret::from(signer.presigned(method, &url, life).map_err(not_signable)?))
}

/// The URL of an object before it is signed.
pub(super) fn unsigned(address: StorageAddress<'_>, object: &Location) -> std::result::Result<Url, StrategyError> {
    let region = address.region.unwrap_or_default();
    let path_style = address.path_style.unwrap_or_default();
    Address { endpoint: address.endpoint, region, path_style }.object(object).map_err(not_signable)
}
