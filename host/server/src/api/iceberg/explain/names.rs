//! The names in an explanation, as the document shows them. Core writes most of them.
#![expect(dead_code, reason = "shapes for the document: the values are those of pangolin_core")]

use serde::Serialize;
use utoipa::ToSchema;

/// What is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExplainPurpose)]
pub(super) enum PurposeName {
    Credentials,
    Presign,
    Sign,
}

/// By what a grant is held: the rank, the account itself, a role, or something that is not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExplainedVia)]
pub(super) enum ViaName {
    TenantAdmin,
    Direct,
    Role,
    Other,
}

/// What gives a role: it is assigned to the account, the token claims it, or it is assumed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExplainedGiver)]
pub(super) enum GivenByName {
    Account,
    Token,
    Assumption,
}

/// The rank of an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExplainedRank)]
pub(super) enum RankName {
    TenantUser,
    TenantAdmin,
    Root,
}

/// The kind of an account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExplainedAccount)]
pub(super) enum AccountName {
    Person,
    Service,
    External,
}

/// How narrow a strategy's credentials are: the table alone; what the caller's own identity opens;
/// the access and more locations; everything that the base identity opens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExplainedScoping)]
pub(super) enum ScopingName {
    Exact,
    Delegated,
    AccessOnly,
    Unscoped,
}

/// Who signs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExplainedSigner)]
pub(super) enum SignerName {
    Host,
    Strategy,
}

/// What decides a life.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExplainedLimit)]
pub(super) enum LimitName {
    Requested,
    Default,
    StrategyMinimum,
    Warehouse,
    Strategy,
    Token,
    Credential,
    Signature,
}

/// The steps of the judgement, in order. `method`, `object` and `signable` are of signatures alone.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ExplainedStepName)]
pub(super) enum StepName {
    Account,
    WarehouseIntact,
    Visible,
    Access,
    HostIdentity,
    Locations,
    Method,
    Object,
    NotRevoked,
    WarehouseVends,
    LocationExclusive,
    StrategyLoaded,
    Signable,
    Scoping,
    Ttl,
    Secrets,
    Strategy,
}

/// The services of the host that can be asked for something.
#[derive(Serialize, ToSchema)]
#[schema(as = ExplainedService)]
pub(super) enum ServiceName {
    #[serde(rename = "sts.assume-role")]
    StsAssumeRole,
    #[serde(rename = "azure.sign-sas")]
    AzureSignSas,
    #[serde(rename = "azure.access-token")]
    AzureAccessToken,
    #[serde(rename = "gcp.downscope")]
    GcpDownscope,
    #[serde(rename = "gcp.sign-url")]
    GcpSignUrl,
    #[serde(rename = "signing.presign-s3")]
    PresignS3,
    #[serde(rename = "http.send")]
    HttpSend,
}

#[cfg(test)]
mod tests {
    use pangolin_core::principal::{AccountKind, UserRole};
    use pangolin_core::strategy::Scoping;
    use pangolin_core::vend::{GivenBy, LimitedBy, Purpose, Signer, Step};
    use serde_json::{Value, json};

    use super::*;

    /// The names of an enumeration in the document.
    fn named<T: ToSchema>() -> Value {
        json!(T::schema())["enum"].clone()
    }

    #[test]
    fn the_document_has_the_names_that_core_writes() {
        assert_eq!(named::<StepName>(), json!(Step::ALL));
        assert_eq!(named::<LimitName>(), json!(LimitedBy::ALL));
        assert_eq!(named::<PurposeName>(), json!([Purpose::Credentials, Purpose::Presign, Purpose::Sign]));
        assert_eq!(named::<GivenByName>(), json!([GivenBy::Account, GivenBy::Token, GivenBy::Assumption]));
        assert_eq!(named::<SignerName>(), json!([Signer::Host, Signer::Strategy]));
        assert_eq!(named::<RankName>(), json!([UserRole::TenantUser, UserRole::TenantAdmin, UserRole::Root]));
        assert_eq!(named::<AccountName>(), json!([AccountKind::Person, AccountKind::Service, AccountKind::External]));
        let scoping = [Scoping::Exact, Scoping::Delegated, Scoping::AccessOnly, Scoping::Unscoped];
        assert_eq!(named::<ScopingName>(), json!(scoping));
    }
}
