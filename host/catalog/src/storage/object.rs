//! Files in a bucket or container, with what the vend pipeline gave the host for this one table.

mod azure;
mod gcs;
mod s3;

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
use pangolin_core::emit::StorageDefaults;
use pangolin_core::location::Location;
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::secret::Secret;
use pangolin_core::warehouse::{StorageKind, Warehouse};
use pangolin_egress::EgressClient;

use super::connector::EgressConnector;
use super::{MAX_METADATA_BYTES, StorageError};

type Result<T> = std::result::Result<T, StorageError>;

/// How long the files of a dropped table are removed. A store may name new ones for ever.
const PURGE_TIME: Duration = Duration::from_secs(3_600);

/// One table's files in a bucket or container.
#[derive(Debug)]
pub(crate) struct ObjectFiles {
    store: Arc<dyn ObjectStore>,
}

/// What a client is made of.
struct Opening<'a> {
    warehouse: &'a Warehouse,
    /// The table's root.
    root: &'a Location,
    /// What was vended to the host.
    entries: &'a [(String, Secret<String>)],
    defaults: StorageDefaults<'a>,
    connector: EgressConnector,
    retry: RetryConfig,
}

impl ObjectFiles {
    pub(super) fn open(
        snapshot: &CatalogSnapshot,
        table: &Table,
        entries: &[(String, Secret<String>)],
        defaults: StorageDefaults<'_>,
        egress: EgressClient,
    ) -> Result<Self> {
        let warehouse = &snapshot.warehouse;
        check_keys(entries)?;
        let retry = RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
        let root = &table.location;
        let opening = Opening { warehouse, root, entries, defaults, connector: EgressConnector(egress), retry };
        let store = match warehouse.kind {
            StorageKind::S3 => s3::open(opening)?,
            StorageKind::Azure => azure::open(opening)?,
            StorageKind::Gcs => gcs::open(opening)?,
            StorageKind::Local => return Err(StorageError::Unsupported(root.scheme().to_owned())),
        };
        Ok(Self { store })
    }

    pub(super) async fn write(&self, file: &Location, content: Arc<str>) -> Result<()> {
        let payload = PutPayload::from(content.as_bytes().to_vec());
        self.store.put(&path(file)?, payload).await.map_err(|error| StorageError::of_put(file.as_str(), &error))?;
        Ok(())
    }

    pub(super) async fn read(&self, file: &Location) -> Result<String> {
        let fault = |error| StorageError::of_object(file.as_str(), &error);
        let found = self.store.get(&path(file)?).await.map_err(fault)?;
        if found.meta.size > MAX_METADATA_BYTES {
            return Err(StorageError::TooLarge(file.to_string()));
        }
        let bytes = found.bytes().await.map_err(fault)?;
        String::from_utf8(bytes.to_vec())
            .map_err(|_| StorageError::Failed { file: file.to_string(), reason: "it is not text".to_owned() })
    }

    pub(super) async fn delete(&self, file: &Location) -> Result<()> {
        self.store.delete(&path(file)?).await.map_err(|error| StorageError::of_object(file.as_str(), &error))
    }

    pub(super) async fn purge(&self, location: &Location) -> Result<()> {
        self.purge_within(location, PURGE_TIME).await
    }

    pub(crate) async fn purge_within(&self, location: &Location, time: Duration) -> Result<()> {
        let fault = |error| StorageError::of_object(location.as_str(), &error);
        let prefix = path(location)?;
        let removing = async {
            let mut found = self.store.list(Some(&prefix));
            while let Some(object) = found.try_next().await.map_err(fault)? {
                self.store.delete(&object.location).await.map_err(fault)?;
            }
            Ok(())
        };
        let late =
            |_| StorageError::Failed { file: location.to_string(), reason: "there are too many files".to_owned() };
        tokio::time::timeout(time, removing).await.map_err(late)?
    }
}

impl Opening<'_> {
    /// The value of a vended entry. The host signs its own requests with it and nothing else.
    #[expect(clippy::disallowed_methods, reason = "the host reads and writes metadata with what was vended to it")]
    fn entry(&self, name: &str) -> Option<&str> {
        self.entries.iter().find(|(key, _)| key == name).map(|(_, secret)| secret.expose().as_str())
    }
}

/// The client writes keys into headers, and panics where that cannot be. A document has lines.
fn check_keys(entries: &[(String, Secret<String>)]) -> Result<()> {
    let odd = |(name, value): &(String, Secret<String>)| name != "gcs.service-account-key" && !value.is_one_line();
    if entries.iter().any(odd) {
        return Err(settings("a key or token has a line break or another control character: give it again"));
    }
    Ok(())
}

/// The key as it is: `Path::from` would encode it and name another object.
fn path(location: &Location) -> Result<Path> {
    Path::parse(location.key()).map_err(|_| settings("the table's location is no object path"))
}

fn settings(text: &str) -> StorageError {
    StorageError::Settings(text.to_owned())
}

fn no_client<E>(_: E) -> StorageError {
    settings("no client can be made of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_encoded() {
        let location = Location::parse("s3://b/a b/ü%41").unwrap();
        assert_eq!(path(&location).unwrap().as_ref(), "a b/ü%41");
    }

    #[test]
    fn no_key_has_a_line_break() {
        let entry = |name: &str, value: &str| [(name.to_owned(), Secret::from(value))];
        for name in ["s3.access-key-id", "s3.session-token", "adls.token", "gcs.oauth2.token"] {
            assert!(check_keys(&entry(name, "AKIA/€+=")).is_ok());
            let refused = check_keys(&entry(name, "planted\nkey")).unwrap_err();
            assert!(matches!(&refused, StorageError::Settings(text) if !text.contains("planted")), "{name}: {refused}");
        }
        assert!(check_keys(&entry("gcs.service-account-key", "{\n}")).is_ok());
    }
}
