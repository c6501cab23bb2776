//! Calls for the tests of the services.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pangolin_core::access::Access;
use pangolin_core::clock::UnixMillis;
use pangolin_core::id::{CatalogId, TableId, TenantId, WarehouseId};
use pangolin_core::location::Location;
use pangolin_core::namespace::NamespacePath;
use pangolin_core::policy::{self, Authorised};
use pangolin_core::ports::SlotValues;
use pangolin_core::record::{Catalog, CatalogSnapshot, Table};
use pangolin_core::secret::Secret;
use pangolin_core::strategy::{Field, FieldKind, HostPattern, SecretUse};
use pangolin_core::warehouse::{BaseIdentity, StorageKind, Warehouse};
use serde_json::Value;

use crate::call::Call;
use crate::dry_run::Notes;
use crate::grants::Missing;

/// The tenant of every test call.
pub(super) const TENANT: TenantId = TenantId::DEFAULT;

/// A call that may do nothing yet.
pub(super) fn call() -> CallBuilder {
    CallBuilder {
        fields: Vec::new(),
        call: Call {
            plugin: Arc::from("Probe"),
            request_id: "request-1".to_owned(),
            authorised: None,
            object: None,
            may_send: false,
            config: BTreeMap::new(),
            identity: BaseIdentity::Own,
            slots: SlotValues::new(),
            captured: crate::service::Captured::default(),
            fields: Arc::new([]),
            hosts: Arc::new([]),
            may_use_host_identity: false,
            lacking: Arc::default(),
            ttl_seconds: 3_600,
            deadline: tokio::time::Instant::now() + Duration::from_secs(10),
            http_calls_left: 4,
            http_bytes_left: 64 * 1024,
            proof: None,
            issued: Vec::new(),
            dry_run: None,
            masked: Vec::new(),
        },
    }
}

pub(super) struct CallBuilder {
    call: Call,
    fields: Vec<Field>,
}

impl CallBuilder {
    /// A secret field with a value.
    pub(super) fn secret(mut self, name: &str, value: &str, uses: &[SecretUse]) -> Self {
        self.fields.push(field(name, uses));
        self.call.slots.insert(name.to_owned(), Secret::from(value));
        self
    }

    /// A field that is no secret.
    pub(super) fn field(mut self, name: &str) -> Self {
        self.fields.push(field(name, &[]));
        self
    }

    /// A field that decides where secrets are sent.
    pub(super) fn destination(mut self, name: &str, url: impl Into<Value>) -> Self {
        self.fields.push(Field { destination: true, ..field(name, &[]) });
        self.config(name, url)
    }

    pub(super) fn config(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.call.config.insert(name.to_owned(), value.into());
        self
    }

    pub(super) fn hosts(mut self, patterns: &[HostPattern]) -> Self {
        self.call.hosts = patterns.into();
        self
    }

    /// What the plugin asks for and did not get.
    pub(super) fn lacking(mut self, lacking: Missing) -> Self {
        self.call.lacking = Arc::new(lacking);
        self
    }

    /// The warehouse starts from the host's own identity, and the operator granted it.
    pub(super) fn host_identity(mut self) -> Self {
        self.call.identity = BaseIdentity::Host;
        self.call.may_use_host_identity = true;
        self
    }

    /// A vend on `s3://lake/sales/orders/`.
    pub(super) fn vend(self, access: Access) -> Self {
        self.vend_at(StorageKind::S3, "s3://lake", access)
    }

    /// A vend on `sales/orders/` below the base.
    pub(super) fn vend_at(mut self, kind: StorageKind, base: &str, access: Access) -> Self {
        self.call.authorised = Some(authorised(kind, base, access));
        self.call.may_send = true;
        self
    }

    /// Nothing is done, everything is noted.
    pub(super) fn rehearsing(mut self, notes: &Notes) -> Self {
        self.call.dry_run = Some(notes.clone());
        self
    }

    pub(super) fn build(mut self) -> Call {
        self.call.fields = self.fields.into();
        self.call
    }
}

fn field(name: &str, uses: &[SecretUse]) -> Field {
    Field {
        name: name.to_owned(),
        aliases: Vec::new(),
        kind: FieldKind::Text,
        required: false,
        default: None,
        secret_uses: uses.to_vec(),
        choices: Vec::new(),
        example: None,
        secret_hosts: Vec::new(),
        destination: false,
        help: String::new(),
    }
}

fn authorised(kind: StorageKind, base: &str, access: Access) -> Authorised {
    let base = Location::parse(base).unwrap();
    let location = base.join("sales/orders").unwrap();
    let warehouse = Warehouse {
        id: WarehouseId::generate(),
        tenant_id: TENANT,
        name: "lake".to_owned(),
        kind,
        base: base.clone(),
        strategy: Some("Probe".to_owned()),
        config: BTreeMap::new(),
        secrets: BTreeMap::new(),
        identity: BaseIdentity::Own,
        allow_unscoped: false,
        max_ttl_seconds: None,
        revision: 1,
        created_at: UnixMillis(0),
        updated_at: UnixMillis(0),
    };
    let catalog = Catalog {
        id: CatalogId::generate(),
        tenant_id: TENANT,
        name: "analytics".to_owned(),
        warehouse_id: warehouse.id,
        base,
        properties: BTreeMap::new(),
        revision: 1,
    };
    let table = Table {
        id: TableId::generate(),
        catalog_id: catalog.id,
        namespace: NamespacePath::parse_dotted("sales").unwrap(),
        name: "orders".to_owned(),
        location,
        extra_locations: Vec::new(),
        metadata_location: String::new(),
        metadata: Arc::from("{}"),
        version: 1,
    };
    let snapshot = CatalogSnapshot {
        warehouse_catalogs: Arc::new([catalog.id]),
        catalog: Arc::new(catalog),
        warehouse: Arc::new(warehouse),
        host_identity_allowed: true,
    };
    policy::authorise_host(&snapshot, &table, access).unwrap()
}

/// A server on loopback that answers every request with the same bytes; an empty answer is none.
pub(super) struct Peer {
    port: u16,
    seen: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Peer {
    pub(super) async fn start(answer: &str) -> Self {
        let answer = answer.to_owned();
        Self::answering(move |_| answer.clone()).await
    }

    /// Answers each request with what `answer` makes of its text.
    pub(super) async fn answering(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
        let (log, answer) = (seen.clone(), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (log, answer) = (log.clone(), answer.clone());
                tokio::spawn(async move { serve(stream, &log, &*answer).await });
            }
        });
        Self { port, seen }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

/// One request a connection.
async fn serve(
    stream: tokio::net::TcpStream,
    log: &std::sync::Mutex<Vec<String>>,
    answer: &(impl Fn(&str) -> String + Send + Sync),
) {
    let mut request = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        stream.readable().await.unwrap();
        match stream.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => request.extend_from_slice(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => return,
        }
        let text = String::from_utf8_lossy(&request);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ").map(|n| n.parse().unwrap())
            });
            if body.len() >= length.unwrap_or(0) {
                break;
            }
        }
    }
    let text = String::from_utf8_lossy(&request).into_owned();
    log.lock().unwrap().push(text.clone());
    let reply = answer(&text);
    if reply.is_empty() {
        tokio::time::sleep(Duration::from_secs(20)).await;
        return;
    }
    let reply = reply.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    let mut rest = reply.as_bytes();
    while !rest.is_empty() {
        stream.writable().await.unwrap();
        match stream.try_write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}
