//! What the protocol's bodies look like in the document. The catalog crate reads and writes them;
//! parts that are Iceberg's own format stay open.
#![expect(dead_code, reason = "shapes for the document: the values are those of pangolin_catalog and core")]

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

type Strings = HashMap<String, String>;

/// A namespace.
#[derive(Serialize, ToSchema)]
#[schema(as = GetNamespaceResponse)]
pub(super) struct Namespace {
    namespace: Vec<String>,
    properties: Strings,
}

/// Namespaces, a page of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ListNamespacesResponse)]
pub(super) struct NamespaceList {
    namespaces: Vec<Vec<String>>,
    /// Absent on the last page.
    #[schema(nullable = false)]
    next_page_token: Option<String>,
}

/// Tables, a page of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = ListTablesResponse)]
pub(super) struct TableList {
    identifiers: Vec<TableName>,
    /// Absent on the last page.
    #[schema(nullable = false)]
    next_page_token: Option<String>,
}

/// A namespace as requests may spell it.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum NamespaceName {
    Levels(Vec<String>),
    /// Joined by dots.
    Joined(String),
}

/// Names a table in a request.
#[derive(Serialize, ToSchema)]
#[schema(as = AskedTable)]
struct AskedTable {
    namespace: NamespaceName,
    name: String,
}

/// Names a table.
#[derive(Serialize, ToSchema)]
#[schema(as = TableIdentifier)]
pub(super) struct TableName {
    namespace: Vec<String>,
    name: String,
}

/// A new table.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = CreateTableRequest)]
pub(super) struct CreateTable {
    name: String,
    /// None: the host chooses.
    location: Option<String>,
    schema: TableSchema,
    #[schema(value_type = Option<Object>)]
    partition_spec: Option<Value>,
    #[schema(value_type = Option<Object>)]
    write_order: Option<Value>,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    stage_create: bool,
    #[serde(skip_serializing_if = "HashMap::is_empty", default)]
    properties: Strings,
}

/// A schema in Iceberg's format.
#[derive(Serialize, ToSchema)]
struct TableSchema {
    /// `struct`.
    r#type: StructType,
    fields: Vec<SchemaField>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum StructType {
    Struct,
}

/// A column.
#[derive(Serialize, ToSchema)]
struct SchemaField {
    id: i32,
    name: String,
    required: bool,
    /// The name of a primitive type, or an object.
    r#type: Value,
}

/// A commit.
#[derive(Serialize, ToSchema)]
#[schema(as = CommitTableRequest)]
pub(super) struct CommitTable {
    /// `type` and what it asserts.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    requirements: Vec<Value>,
    /// `action` and its parameters.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    updates: Vec<Value>,
}

/// Commits to several tables.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = CommitTransactionRequest)]
pub(super) struct Transaction {
    table_changes: Vec<TableChange>,
}

/// A commit to one of several tables.
#[derive(Serialize, ToSchema)]
struct TableChange {
    identifier: AskedTable,
    #[schema(value_type = Vec<Object>)]
    requirements: Vec<Value>,
    #[schema(value_type = Vec<Object>)]
    updates: Vec<Value>,
}

/// A table whose metadata file exists already.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = RegisterTableRequest)]
pub(super) struct RegisterTable {
    name: String,
    metadata_location: String,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    overwrite: bool,
}

/// A new name for a table.
#[derive(Serialize, ToSchema)]
#[schema(as = RenameTableRequest)]
pub(super) struct RenameTable {
    source: AskedTable,
    destination: AskedTable,
}

/// A table, and what a client needs to read it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = LoadTableResult)]
pub(super) struct LoadTable {
    /// Absent for a staged table.
    #[schema(nullable = false)]
    metadata_location: Option<String>,
    /// In Iceberg's format.
    #[schema(value_type = Object)]
    metadata: Value,
    config: Strings,
    /// If credentials are vended.
    #[schema(nullable = false)]
    storage_credentials: Option<Vec<StorageCredential>>,
    /// If requests are signed.
    #[schema(value_type = Option<Object>, nullable = false)]
    remote_signing_config: Option<Value>,
}

/// A table after a commit.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = CommitTableResponse)]
pub(super) struct CommittedTable {
    metadata_location: String,
    #[schema(value_type = Object)]
    metadata: Value,
}

/// Credentials of a table.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = LoadCredentialsResponse)]
pub(super) struct Credentials {
    storage_credentials: Vec<StorageCredential>,
}

/// A credential, and the locations it opens.
#[derive(Serialize, ToSchema)]
struct StorageCredential {
    prefix: String,
    config: Strings,
}

/// A credential under the names of its cloud.
#[derive(Serialize, ToSchema)]
#[schema(as = FlatCredential)]
pub(super) struct FlatCredential {
    #[schema(nullable = false)]
    access_key_id: Option<String>,
    #[schema(nullable = false)]
    secret_access_key: Option<String>,
    session_token: Option<String>,
    #[schema(nullable = false)]
    sas_token: Option<String>,
    #[schema(nullable = false)]
    access_token: Option<String>,
    #[schema(nullable = false)]
    account_name: Option<String>,
    #[schema(nullable = false)]
    container: Option<String>,
    /// RFC 3339; null: it does not end by itself.
    #[schema(required)]
    expiration: Option<String>,
    /// Whether it is limited to the table.
    scoped: bool,
}

/// A URL that opens one object.
#[derive(Serialize, ToSchema)]
pub(super) struct PresignedUrl {
    url: String,
    /// To be sent with it.
    headers: Strings,
    /// RFC 3339.
    expiration: String,
}

/// A request to the storage that the client cannot sign.
#[derive(Serialize, ToSchema)]
pub(super) struct RemoteSignRequest {
    region: String,
    uri: String,
    method: String,
    headers: HashMap<String, Vec<String>>,
    properties: Option<Strings>,
    body: Option<String>,
    provider: Option<String>,
}

/// Where to send it, with which headers beside its own.
#[derive(Serialize, ToSchema)]
pub(super) struct RemoteSignResult {
    uri: String,
    headers: HashMap<String, Vec<String>>,
}

/// Which properties to set and to remove.
#[derive(Serialize, ToSchema)]
#[schema(as = UpdateNamespacePropertiesRequest)]
pub(super) struct PropertyChanges {
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    removals: Vec<String>,
    #[serde(skip_serializing_if = "HashMap::is_empty", default)]
    updates: Strings,
}

/// What was changed.
#[derive(Serialize, ToSchema)]
#[schema(as = UpdateNamespacePropertiesResponse)]
pub(super) struct PropertiesChanged {
    updated: Vec<String>,
    removed: Vec<String>,
    missing: Vec<String>,
}

/// A report of a scan or a commit.
#[derive(Serialize, ToSchema)]
#[schema(as = ReportMetricsRequest)]
pub(super) struct Report(Value);
