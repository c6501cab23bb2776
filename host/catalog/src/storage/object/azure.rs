//! Azure Storage, by its Blob endpoint: accounts with and without hierarchical namespace have it,
//! and a directory's SAS opens it too.

use std::sync::Arc;

use object_store::ObjectStore;
use object_store::azure::MicrosoftAzureBuilder;
use pangolin_core::warehouse::blob_service;

use super::{Opening, Result, no_client, settings};

pub(super) fn open(opening: Opening<'_>) -> Result<Arc<dyn ObjectStore>> {
    let (container, host) =
        opening.root.authority().split_once('@').ok_or_else(|| settings("the location names no container@account"))?;
    let account = opening.warehouse.text("account_name").or_else(|| host.split('.').next()).unwrap_or(host);
    let endpoint = blob_service(opening.warehouse.text("endpoint"), host)
        .ok_or_else(|| settings("the endpoint is not the URL of a blob service"))?;
    let mut builder = MicrosoftAzureBuilder::new()
        .with_account(account)
        .with_container_name(container)
        .with_endpoint(endpoint.as_str().trim_end_matches('/').to_owned())
        // Whether plain HTTP may be used is the egress policy's to say.
        .with_allow_http(true);
    builder = if let Some(sas) = opening.entry("adls.sas-token") {
        builder.with_sas_authorization(pairs(sas))
    } else if let Some(token) = opening.entry("adls.token") {
        builder.with_bearer_token_authorization(token)
    } else if let Some(key) = opening.entry("adls.account-key") {
        builder.with_access_key(key)
    } else {
        return Err(settings("nothing was vended that opens Azure storage"));
    };
    let store = builder.with_retry(opening.retry).with_http_connector(opening.connector).build().map_err(no_client)?;
    Ok(Arc::new(store))
}

/// The parameters of a SAS, decoded: the client encodes them again.
fn pairs(sas: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(sas.trim_start_matches('?').as_bytes()).into_owned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_comes_through_as_it_is() {
        let pairs = pairs("sv=2021-12-02&sr=d&sig=a%2Bb%2F%3D");
        assert_eq!(pairs.last().unwrap(), &("sig".to_owned(), "a+b/=".to_owned()));
    }
}
