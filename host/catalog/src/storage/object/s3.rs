//! S3 and compatible stores.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;

use super::{Opening, Result, no_client, settings};

pub(super) fn open(opening: Opening<'_>) -> Result<Arc<dyn ObjectStore>> {
    let warehouse = opening.warehouse;
    let bucket = opening.root.authority();
    let endpoint = warehouse.text("endpoint").or(opening.defaults.endpoint);
    let path_style = warehouse
        .config
        .get("path_style_access")
        .and_then(serde_json::Value::as_bool)
        .unwrap_or_else(|| endpoint.is_some_and(|endpoint| !is_aws(endpoint)));
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(warehouse.text("region").or(opening.defaults.region).unwrap_or("us-east-1"))
        .with_virtual_hosted_style_request(!path_style)
        // Whether plain HTTP may be used is the egress policy's to say.
        .with_allow_http(true)
        // The batch call is not in every store.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(address(endpoint, bucket, path_style)?);
    }
    let (id, key) = keys(|name| opening.entry(name))?;
    builder = builder.with_access_key_id(id).with_secret_access_key(key);
    if let Some(token) = opening.entry("s3.session-token") {
        builder = builder.with_token(token);
    }
    let store = builder.with_retry(opening.retry).with_http_connector(opening.connector).build().map_err(no_client)?;
    Ok(Arc::new(store))
}

/// Without keys the client would look for an identity of the machine, which is the host's.
fn keys<'a>(entry: impl Fn(&str) -> Option<&'a str>) -> Result<(&'a str, &'a str)> {
    entry("s3.access-key-id")
        .zip(entry("s3.secret-access-key"))
        .filter(|(id, key)| !id.is_empty() && !key.is_empty())
        .ok_or_else(|| settings("nothing was vended that opens S3 storage"))
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
    fn what_has_no_keys_is_not_opened_by_another_identity() {
        assert_eq!(keys(|_| Some("x")).unwrap(), ("x", "x"));
        for missing in ["s3.access-key-id", "s3.secret-access-key"] {
            assert!(keys(|name| (name != missing).then_some("x")).is_err());
            assert!(keys(|name| Some(if name == missing { "" } else { "x" })).is_err());
        }
    }
}
