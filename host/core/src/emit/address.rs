//! Where a warehouse's S3 storage is: for clients, and for the URLs that the host signs.

use super::StorageDefaults;
use crate::warehouse::Warehouse;

/// Where a warehouse's S3 storage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageAddress<'a> {
    /// URL of the storage; none: AWS.
    pub endpoint: Option<&'a str>,
    /// Name of the region, if it is known.
    pub region: Option<&'a str>,
    /// Whether the bucket goes into the path; none: as AWS has it.
    pub path_style: Option<bool>,
}

impl<'a> StorageAddress<'a> {
    /// As the warehouse says, else as the operator does.
    #[must_use]
    pub fn of(warehouse: &'a Warehouse, defaults: StorageDefaults<'a>) -> Self {
        let endpoint = warehouse.text("endpoint").or(defaults.endpoint).filter(|text| !text.is_empty());
        let own_store = endpoint.map(|endpoint| !is_aws(endpoint));
        // DuckDB fails without a region. A store of one's own takes any; AWS must be told the right
        // one, so nothing is made up for it.
        let made_up = (own_store == Some(true)).then_some("us-east-1");
        let region = warehouse.text("region").or(defaults.region).or(made_up).filter(|text| !text.is_empty());
        // Path style for a store of one's own, whose bucket names seldom resolve as hosts.
        let said = warehouse.config.get("path_style_access").and_then(serde_json::Value::as_bool);
        Self { endpoint, region, path_style: said.or(own_store) }
    }

    /// Whether the storage is AWS's own, which holds a body to the digest that is signed.
    #[must_use]
    pub fn is_aws(&self) -> bool {
        self.endpoint.is_none_or(is_aws)
    }
}

fn is_aws(endpoint: &str) -> bool {
    let host = url::Url::parse(endpoint).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase));
    host.is_some_and(|host| host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}
