//! Files in an S3 bucket.

use std::sync::Arc;
use std::time::Duration;

use futures::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, RetryConfig};
use pangolin_core::emit::StorageDefaults;
use pangolin_core::location::Location;
use pangolin_core::record::{CatalogSnapshot, Table};
use pangolin_core::secret::Secret;
use pangolin_core::warehouse::StorageKind;
use pangolin_egress::EgressClient;

use super::connector::EgressConnector;
use super::{MAX_METADATA_BYTES, StorageError};

type Result<T> = std::result::Result<T, StorageError>;

/// One table's files in a bucket.
#[derive(Debug)]
pub(crate) struct ObjectFiles {
    store: AmazonS3,
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
        if warehouse.kind != StorageKind::S3 {
            return Err(StorageError::Unsupported(table.location.scheme().to_owned()));
        }
        let bucket = table.location.authority();
        let endpoint = warehouse.text("endpoint").or(defaults.endpoint);
        let path_style = warehouse
            .config
            .get("path_style_access")
            .and_then(serde_json::Value::as_bool)
            .unwrap_or_else(|| endpoint.is_some_and(|endpoint| !is_aws(endpoint)));
        let retry = RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(warehouse.text("region").or(defaults.region).unwrap_or("us-east-1"))
            .with_virtual_hosted_style_request(!path_style)
            // Whether plain HTTP may be used is the egress policy's to say.
            .with_allow_http(true)
            // The batch call is not in every store.
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_http_connector(EgressConnector(egress));
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(address(endpoint, bucket, path_style)?);
        }
        Ok(Self { store: with_keys(builder, entries).build().map_err(|_| settings("no client can be made of them"))? })
    }

    pub(super) async fn write(&self, file: &Location, content: Arc<str>) -> Result<()> {
        let payload = PutPayload::from(content.as_bytes().to_vec());
        self.store.put(&path(file)?, payload).await.map_err(|error| StorageError::of_object(file.as_str(), &error))?;
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
        let fault = |error| StorageError::of_object(location.as_str(), &error);
        let prefix = path(location)?;
        let mut found = self.store.list(Some(&prefix));
        while let Some(object) = found.try_next().await.map_err(fault)? {
            self.store.delete(&object.location).await.map_err(fault)?;
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the host signs its own metadata requests with what was vended to it")]
fn with_keys(mut builder: AmazonS3Builder, entries: &[(String, Secret<String>)]) -> AmazonS3Builder {
    for (name, secret) in entries {
        let value = secret.expose();
        builder = match name.as_str() {
            "s3.access-key-id" => builder.with_access_key_id(value),
            "s3.secret-access-key" => builder.with_secret_access_key(value),
            "s3.session-token" => builder.with_token(value),
            _ => builder,
        };
    }
    builder
}

/// The key as it is: `Path::from` would encode it and name another object.
fn path(location: &Location) -> Result<Path> {
    Path::parse(location.key()).map_err(|_| settings("the table's location is no object path"))
}

/// object_store wants the bucket in the endpoint's host where it is not in the path.
fn address(endpoint: &str, bucket: &str, path_style: bool) -> Result<String> {
    let endpoint = endpoint.trim_end_matches('/');
    if path_style {
        return Ok(endpoint.to_owned());
    }
    let (scheme, host) = endpoint.split_once("://").ok_or_else(|| settings("the endpoint has no scheme"))?;
    Ok(format!("{scheme}://{bucket}.{host}"))
}

fn is_aws(endpoint: &str) -> bool {
    let host = url::Url::parse(endpoint).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase));
    host.is_some_and(|host| host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}

fn settings(text: &str) -> StorageError {
    StorageError::Settings(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_is_in_the_path_or_in_the_host() {
        assert_eq!(address("http://store:9000/", "lake", true).unwrap(), "http://store:9000");
        assert_eq!(address("https://s3.example.com", "lake", false).unwrap(), "https://lake.s3.example.com");
        assert!(address("s3.example.com", "lake", false).is_err());
    }

    #[test]
    fn keys_are_not_encoded() {
        let location = Location::parse("s3://b/a b/ü%41").unwrap();
        assert_eq!(path(&location).unwrap().as_ref(), "a b/ü%41");
    }
}
