//! Google Cloud Storage.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::gcp::GoogleCloudStorageBuilder;

use super::{Opening, Result, no_client, settings};

pub(super) fn open(opening: Opening<'_>) -> Result<Arc<dyn ObjectStore>> {
    let options = object_store::ClientOptions::new().with_allow_http(true);
    let mut builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(opening.root.authority())
        // Whether plain HTTP may be used is the egress policy's to say.
        .with_client_options(options);
    if let Some(endpoint) = opening.warehouse.text("endpoint") {
        builder = builder.with_base_url(endpoint.trim_end_matches('/'));
    }
    builder = if let Some(token) = opening.entry("gcs.oauth2.token") {
        builder.with_bearer_token(token)
    } else if let Some(key) = opening.entry("gcs.service-account-key") {
        builder.with_service_account_key(key)
    } else {
        return Err(settings("nothing was vended that opens Google Cloud Storage"));
    };
    let store = builder.with_retry(opening.retry).with_http_connector(opening.connector).build().map_err(no_client)?;
    Ok(Arc::new(store))
}
