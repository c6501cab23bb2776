use pangolin_core::access::Access;
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::policy::Touched;
use pangolin_core::principal::Principal;
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::vend::{
    ExplainAsk, ExplainUse, Explanation, GrantSource, Refusal, Signature, SignatureUse, UnsignedRequest, Unusable,
    VendError,
};
use pangolin_core::warehouse::StorageKind;
use pangolin_signing::s3_request::{S3Request, Unsigned};

use super::delegation::Sought;
use super::presign;
use super::sign::require_signable;
use super::signature::region;
use crate::catalogs::{Asker, Catalogs};
use crate::error::{CatalogError, Result};
use crate::unusable::Attempt;

/// Whose vend is to be explained, and what it asks for.
#[derive(Debug, Clone, Copy)]
pub struct ExplainTable<'a> {
    /// Whose: the asker, or a user of the asker's tenant.
    pub subject: &'a Principal,
    /// Whether the subject could authenticate.
    pub is_active: bool,
    /// Where the subject's grants come from.
    pub sources: &'a [GrantSource],
    /// Names of roles that the subject is taken to hold by a claim of its issuer.
    pub assumed_roles: &'a [String],
    /// What it asks for.
    pub of: &'a ExplainedUse,
}

/// What is asked for.
#[derive(Debug, Clone)]
pub enum ExplainedUse {
    /// Credentials of the table.
    Credentials {
        /// At most this access.
        access: Access,
        /// At most this life.
        ttl_seconds: Option<u32>,
    },
    /// A presigned URL, or a signature of one request.
    Signature(ExplainedSignature),
}

/// A signature on one object: what it is, and the right that it needs.
#[derive(Debug, Clone)]
pub struct ExplainedSignature {
    signature: Signature,
    object: Location,
    method: String,
    access: Access,
    ttl_seconds: Option<u32>,
}

impl ExplainedSignature {
    /// A URL of the object at `location`; no method: `GET`.
    ///
    /// # Errors
    /// The location names no object, or the method is none of an object.
    pub fn url(location: &str, method: Option<&str>, ttl_seconds: Option<u32>) -> Result<Self> {
        Ok(Self { ttl_seconds, ..Self::of(Signature::Url, location, method)? })
    }

    /// A request on the object at `location`.
    ///
    /// # Errors
    /// As [`ExplainedSignature::url`].
    pub fn request(location: &str, method: Option<&str>) -> Result<Self> {
        Self::of(Signature::Request, location, method)
    }

    fn of(signature: Signature, location: &str, method: Option<&str>) -> Result<Self> {
        let method = method.unwrap_or("GET").to_owned();
        let access = presign::access(&method)?;
        Ok(Self { signature, object: presign::object(location)?, method, access, ttl_seconds: None })
    }
}

impl Catalogs {
    /// What a vend of a table's credentials, or a signature, would be: the table may be seen. Nothing
    /// is minted or signed.
    ///
    /// # Errors
    /// The table is missing or may not be seen, or no place for the strategy is free.
    pub async fn explain(
        &self,
        asker: Asker<'_>,
        catalog: &str,
        namespace: &NamespacePath,
        name: &str,
        asked: ExplainTable<'_>,
    ) -> Result<Explanation> {
        let attempt = Attempt::on_table("explain_credentials", namespace, name);
        let (snapshot, table, hidden) = match self.find_to_open_for(asker, catalog, namespace, name, attempt).await {
            Ok(Sought::Found(snapshot, table)) => (snapshot, table, None),
            Ok(Sought::Hidden(snapshot, table, missing)) => (snapshot, table, Some(missing)),
            Err(error) => {
                let place = format!("{catalog}.{namespace}.{name}");
                return self.explain_unusable(asker, &place, asked, error).await;
            }
        };
        let ExplainTable { subject, is_active, sources, assumed_roles, of } = asked;
        let read = match of {
            ExplainedUse::Signature(signature) => self.read_unsigned(&snapshot, &table, signature),
            ExplainedUse::Credentials { .. } => Read::default(),
        };
        let of = of.judged(&read);
        let ask = ExplainAsk { subject, is_active, sources, assumed_roles, of, context: asker.context };
        if let Some(missing) = hidden {
            let reason = missing.to_string();
            self.vending.refuse_explanation(asker.principal, &snapshot, &table, ask, &reason).await?;
            return Err(missing);
        }
        Ok(self.vending.explain(asker.principal, &snapshot, &table, ask).await?)
    }

    /// Tells an administrator that the warehouse is not used; others get the error that everybody gets.
    async fn explain_unusable(
        &self,
        asker: Asker<'_>,
        place: &str,
        asked: ExplainTable<'_>,
        error: CatalogError,
    ) -> Result<Explanation> {
        let CatalogError::Store(why) = &error else { return Err(error) };
        let (Some(code), message) = (why.unusable_code(), why.to_string()) else { return Err(error) };
        let tenant = asker.principal.tenant_id.filter(|tenant| asker.principal.is_admin_of(*tenant));
        let ExplainTable { subject, is_active, sources, assumed_roles, of } = asked;
        // Whose account is closed gets nothing of a sound warehouse either.
        let Some(tenant_id) = tenant.filter(|_| is_active) else { return Err(error) };
        let read = Read::default();
        let of = of.judged(&read);
        let ask = ExplainAsk { subject, is_active, sources, assumed_roles, of, context: asker.context };
        let unusable = Unusable { tenant_id, table: place, code, message: &message };
        Ok(self.vending.explain_unusable(asker.principal, unusable, ask).await?)
    }

    /// The request as the routes that sign read it.
    fn read_unsigned(&self, snapshot: &CatalogSnapshot, table: &Table, asked: &ExplainedSignature) -> Read {
        let address = self.storage_address(snapshot);
        let unsigned = || {
            match asked.signature {
                // The strategies of other storages make the URL themselves.
                Signature::Url if snapshot.warehouse.kind != StorageKind::S3 => return Ok(None),
                Signature::Url => {}
                Signature::Request => require_signable(snapshot)?,
            }
            let region = region(address)?.to_owned();
            let url = presign::unsigned(address, &asked.object).map_err(VendError::from)?;
            let plain = UnsignedRequest { url: url.to_string(), region, service: "s3", operation: None };
            if asked.signature == Signature::Url {
                return Ok(Some(plain));
            }
            let uri = Unsigned { method: &asked.method, uri: url.as_str(), headers: &[], body: None };
            let request = S3Request::read(uri, table.location.authority(), address.endpoint)?;
            Ok(Some(UnsignedRequest { url: request.url().to_string(), operation: Some(request.operation), ..plain }))
        };
        match unsigned() {
            Ok(request) => Read { request, obstacle: None },
            Err(error) => {
                let error: CatalogError = error;
                let refusal = Refusal { code: error.code().to_owned(), message: error.to_string() };
                Read { request: None, obstacle: Some(refusal) }
            }
        }
    }
}

/// What a storage makes of a request.
#[derive(Debug, Default)]
struct Read {
    request: Option<UnsignedRequest>,
    obstacle: Option<Refusal>,
}

impl ExplainedUse {
    fn judged<'a>(&'a self, read: &'a Read) -> ExplainUse<'a> {
        match self {
            Self::Signature(signature) => ExplainUse::Signature(signature.judged(read)),
            Self::Credentials { access, ttl_seconds } => {
                ExplainUse::Credentials { access: *access, ttl_seconds: *ttl_seconds }
            }
        }
    }
}

impl ExplainedSignature {
    fn judged<'a>(&'a self, read: &'a Read) -> SignatureUse<'a> {
        let objects = std::slice::from_ref(&self.object);
        SignatureUse {
            signature: self.signature,
            method: &self.method,
            touched: Touched { objects, listing: None, access: self.access, body_decides: false },
            ttl_seconds: self.ttl_seconds,
            request: read.request.as_ref(),
            obstacle: read.obstacle.as_ref(),
        }
    }
}
