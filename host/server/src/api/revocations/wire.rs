//! Wire forms of revocations. No credential is among them.

use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{LeaseId, RevocationId, TenantId, UserId};
use pangolin_core::lease::{Lease, LeaseState};
use pangolin_core::namespace::NamespacePath;
use pangolin_core::revocation::advice::Advice;
use pangolin_core::revocation::{Issued, Mint, Outstanding, Revocation, RevokedKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// What to revoke: one of the three.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeRequest {
    /// Identifier or name of a user or service user; Root gives the identifier, or names the tenant
    /// in `X-Pangolin-Tenant`.
    #[serde(alias = "principal-id", alias = "principal_id")]
    pub(super) principal: Option<String>,
    /// Name or identifier of a warehouse.
    #[serde(alias = "warehouse-id", alias = "warehouse_id", alias = "warehouse-name", alias = "warehouse_name")]
    pub(super) warehouse: Option<String>,
    /// `catalog.namespace.table`, or `{"catalog", "namespace", "name"}` where a name has a dot.
    #[schema(value_type = Option<TableNameForm>)]
    pub(super) table: Option<TableName>,
    /// Why, for those who administer.
    #[schema(max_length = 512)]
    pub(super) reason: Option<String>,
}

/// A table.
#[derive(Debug, Deserialize)]
#[serde(try_from = "TableNameForm")]
pub(super) struct TableName {
    pub(super) catalog: String,
    pub(super) namespace: NamespacePath,
    pub(super) name: String,
}

impl std::fmt::Display for TableName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { catalog, namespace, name } = self;
        write!(f, "{catalog}.{namespace}.{name}")
    }
}

/// The two forms of a table's name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum TableNameForm {
    Text(String),
    Parts(TableParts),
}

/// A table by the parts of its name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TableParts {
    catalog: String,
    /// Dotted, or its levels.
    namespace: NamespaceForm,
    #[serde(alias = "table")]
    name: String,
}

/// The two forms of a namespace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged)]
pub(super) enum NamespaceForm {
    Dotted(String),
    Levels(Vec<String>),
}

impl TryFrom<TableNameForm> for TableName {
    type Error = &'static str;

    fn try_from(form: TableNameForm) -> Result<Self, Self::Error> {
        const FORM: &str = "a table is named as catalog.namespace.table";
        let no_namespace = "the namespace of the table is none";
        match form {
            TableNameForm::Text(text) => {
                let (catalog, rest) = text.split_once('.').ok_or(FORM)?;
                let (namespace, name) = rest.rsplit_once('.').ok_or(FORM)?;
                let namespace = NamespacePath::parse_dotted(namespace).map_err(|_| no_namespace)?;
                Ok(Self { catalog: catalog.to_owned(), namespace, name: name.to_owned() })
            }
            TableNameForm::Parts(TableParts { catalog, namespace, name }) => {
                let namespace = match namespace {
                    NamespaceForm::Dotted(text) => NamespacePath::parse_dotted(&text),
                    NamespaceForm::Levels(levels) => NamespacePath::new(levels),
                };
                Ok(Self { catalog, namespace: namespace.map_err(|_| no_namespace)?, name })
            }
        }
    }
}

/// A revocation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RevocationView {
    #[schema(value_type = Uuid)]
    pub(super) id: RevocationId,
    /// `principal`, `warehouse` or `table`.
    #[schema(value_type = String)]
    kind: RevokedKind,
    /// Identifier of what is revoked.
    pub(super) target: Uuid,
    /// Its name at that time.
    pub(super) name: String,
    #[schema(value_type = Uuid)]
    tenant_id: TenantId,
    /// Whether it stands.
    standing: bool,
    pub(super) reason: Option<String>,
    #[schema(value_type = Uuid)]
    revoked_by: UserId,
    revoked_by_name: String,
    revoked_at: String,
    #[schema(value_type = Option<Uuid>)]
    lifted_by: Option<UserId>,
    lifted_at: Option<String>,
}

/// A revocation, and how far it reaches.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RevocationReport)]
pub(super) struct Report {
    #[serde(flatten)]
    pub(super) revocation: RevocationView,
    /// What this request ended; only in the answer to it.
    #[serde(flatten)]
    pub(super) done: Done,
    /// Leases: the host ends them itself. The newest 200.
    leases: Vec<LeaseEnding>,
    /// How many there are.
    pub(super) leases_count: u64,
    /// What is out and ends only by itself, or never.
    pub(super) outstanding: OutstandingView,
    /// What would end it before.
    recall: Vec<AdviceView>,
    /// What else is to be known.
    notes: Vec<&'static str>,
}

/// What a request ended.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = RevocationDone)]
pub(super) struct Done {
    /// Tokens of the principal.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) tokens_ended: Option<u64>,
    /// Credentials that this host held.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) cached_dropped: Option<u64>,
}

/// A lease that is being ended.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeaseEnding {
    #[schema(value_type = Uuid)]
    id: LeaseId,
    /// `revoked` once it is ended; `revoking` and `minting` are tried until they are.
    #[schema(value_type = String)]
    state: LeaseState,
    warehouse: String,
    /// For which it was first asked.
    table: String,
    /// Who asked first.
    principal: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    last_error: Option<String>,
}

/// Credentials that are out.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OutstandingView {
    pub(super) count: u64,
    /// How many of them do not end by themselves.
    endless: u64,
    /// When the last of those that end does.
    pub(super) latest_expiry: Option<String>,
    /// The newest 200.
    credentials: Vec<MintView>,
}

/// A credential that is out, without what opens it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MintView {
    principal: String,
    #[schema(value_type = Uuid)]
    user_id: UserId,
    warehouse: String,
    /// `catalog.namespace.table`.
    table: String,
    strategy: String,
    /// By what its issuers know it, for example the name of a session.
    #[schema(value_type = Vec<Object>)]
    issued: Vec<Issued>,
    access: &'static str,
    /// Whether it opens more than its table.
    unscoped: bool,
    /// The finger print of the audit rows.
    fingerprint: Option<String>,
    /// The request in the audit trail.
    request_id: String,
    issued_at: String,
    /// When it ends by itself; none: never.
    expires_at: Option<String>,
}

/// What ends some of the credentials.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AdviceView {
    /// `aws`, `azure`, `google` or `other`.
    service: &'static str,
    /// For example `assumed-role`.
    credential: &'static str,
    /// A role, a storage account, an application, a warehouse.
    issuer: String,
    count: u64,
    /// Whether something ends them before their time.
    recallable: bool,
    /// When the last of them ends by itself; none: never.
    until: Option<String>,
    /// What to do, and what else it ends.
    action: String,
    /// The policy document that does it.
    #[schema(value_type = Option<Object>)]
    policy: Option<Value>,
    /// The command that does it; what stands in `<…>` the operator knows.
    command: Option<String>,
}

const SIGNED: &str = "presigned URLs and remotely signed requests end with the credential that signed them";
const TABLE_ONLY: &str = "credentials of other tables that open the whole warehouse open this table too, those vended \
                          from now on among them: revoke the warehouse where its strategy cannot narrow";
const KEYS_STAY: &str = "API keys, passwords and tokens of other issuers work again once this is lifted";
const MORE: &str = "there are more issuers than are told apart here: what is told covers the most of the credentials";

impl Report {
    pub(super) fn new(
        revocation: &Revocation,
        (leases, leases_count): (Vec<Lease>, u64),
        outstanding: &Outstanding,
        recall: Vec<Advice>,
    ) -> Self {
        let mut notes = vec![match revocation.kind {
            RevokedKind::Table => TABLE_ONLY,
            RevokedKind::Principal => KEYS_STAY,
            RevokedKind::Warehouse => SIGNED,
        }];
        if revocation.kind != RevokedKind::Warehouse {
            notes.push(SIGNED);
        }
        if outstanding.more_groups {
            notes.push(MORE);
        }
        Self {
            revocation: revocation.into(),
            done: Done::default(),
            leases: leases.into_iter().map(LeaseEnding::from).collect(),
            leases_count,
            outstanding: OutstandingView {
                count: outstanding.count,
                endless: outstanding.endless,
                latest_expiry: text(outstanding.latest_expiry),
                credentials: outstanding.credentials.iter().map(MintView::from).collect(),
            },
            recall: recall.into_iter().map(AdviceView::from).collect(),
            notes,
        }
    }
}

impl From<&Revocation> for RevocationView {
    fn from(revocation: &Revocation) -> Self {
        Self {
            id: revocation.id,
            kind: revocation.kind,
            target: revocation.target,
            name: revocation.name.clone(),
            tenant_id: revocation.tenant_id,
            standing: revocation.is_standing(),
            reason: revocation.reason.clone(),
            revoked_by: revocation.revoked_by,
            revoked_by_name: revocation.revoked_by_name.clone(),
            revoked_at: revocation.revoked_at.to_rfc3339(),
            lifted_by: revocation.lifted_by,
            lifted_at: text(revocation.lifted_at),
        }
    }
}

impl From<Lease> for LeaseEnding {
    fn from(lease: Lease) -> Self {
        Self {
            id: lease.id,
            state: lease.state,
            warehouse: lease.warehouse,
            table: lease.table,
            principal: lease.principal,
            expires_at: text(lease.expires_at),
            revoked_at: text(lease.revoked_at),
            last_error: lease.last_error,
        }
    }
}

impl From<&Mint> for MintView {
    fn from(mint: &Mint) -> Self {
        Self {
            principal: mint.principal.clone(),
            user_id: mint.user_id,
            warehouse: mint.warehouse.clone(),
            table: mint.table.clone(),
            strategy: mint.strategy.clone(),
            issued: mint.issued.clone(),
            access: mint.access.describe(),
            unscoped: mint.unscoped,
            fingerprint: mint.fingerprint.clone(),
            request_id: mint.request_id.clone(),
            issued_at: mint.issued_at.to_rfc3339(),
            expires_at: text(mint.expires_at),
        }
    }
}

impl From<Advice> for AdviceView {
    fn from(advice: Advice) -> Self {
        Self {
            service: advice.service,
            credential: advice.credential,
            issuer: advice.issuer,
            count: advice.count,
            recallable: advice.recallable,
            until: text(advice.until),
            action: advice.action,
            policy: advice.policy,
            command: advice.command,
        }
    }
}

fn text(at: Option<UnixMillis>) -> Option<String> {
    at.map(UnixMillis::to_rfc3339)
}
