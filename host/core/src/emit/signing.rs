//! What clients are told so that the host signs their requests, and the reply with a presigned URL.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::properties::vended;
use super::{ClientProperties, Property, StorageAddress};
use crate::clock::UnixMillis;
use crate::ports::Presigned;
use crate::record::Table;
use crate::secret::Secret;

/// Which properties tell it, by the names that each client reads.
const SIGNING: &[(&str, Says)] = &[
    // Java.
    ("s3.remote-signing-enabled", Says::Text("true")),
    // PyIceberg signs by this one, and its fsspec reader is the only one that does.
    ("s3.signer", Says::Text("S3V4RestSigner")),
    ("py-io-impl", Says::Text("pyiceberg.io.fsspec.FsspecFileIO")),
    // PyIceberg and Java before 1.11; the newer Java finds the route by itself.
    ("s3.signer.endpoint", Says::Endpoint),
    ("signer.endpoint", Says::Endpoint),
    // As with a credential.
    ("s3.region", Says::Region),
    ("client.region", Says::Region),
    ("region", Says::Region),
    ("s3.endpoint", Says::Storage),
    ("s3.path-style-access", Says::PathStyle),
    ("s3.force-virtual-addressing", Says::VirtualHost),
];

#[derive(Clone, Copy)]
enum Says {
    Text(&'static str),
    /// The route that signs.
    Endpoint,
    Region,
    Storage,
    PathStyle,
    VirtualHost,
}

/// Name of the signing property that names the table.
pub const TABLE_UUID: &str = "table-uuid";

/// What a table's reply says of remote signing: properties for `config`, and `remote-signing-config`.
#[derive(Debug)]
pub struct SigningProperties {
    config: ClientProperties,
    remote: RemoteSigningConfig,
}

/// `remote-signing-config` of the protocol.
#[derive(Debug, Serialize)]
struct RemoteSigningConfig {
    /// Comes back with every request: a table that was dropped and made again under its old name is
    /// told from the one that the client loaded.
    properties: BTreeMap<&'static str, String>,
}

impl SigningProperties {
    /// Properties for a table whose requests are signed at `endpoint`, relative to the client's URI.
    #[must_use]
    pub fn new(table: &Table, address: StorageAddress<'_>, endpoint: &str) -> Self {
        let mut config = ClientProperties::default();
        for (key, says) in SIGNING {
            let value = match says {
                Says::Text(text) => Some((*text).to_owned()),
                Says::Endpoint => Some(endpoint.to_owned()),
                Says::Region => address.region.map(str::to_owned),
                Says::Storage => address.endpoint.map(str::to_owned),
                Says::PathStyle => address.path_style.map(|on| on.to_string()),
                Says::VirtualHost => address.path_style.map(|on| (!on).to_string()),
            };
            if let Some(value) = value {
                config.insert(*key, Property::Plain(value.into()));
            }
        }
        let properties = BTreeMap::from([(TABLE_UUID, table.id.0.to_string())]);
        Self { config, remote: RemoteSigningConfig { properties } }
    }

    /// For `config`.
    #[must_use]
    pub fn config(&self) -> &ClientProperties {
        &self.config
    }

    /// For `remote-signing-config`.
    #[must_use]
    pub fn remote_signing_config(&self) -> &impl Serialize {
        &self.remote
    }
}

/// The reply of `GET …/presign`. `Debug` redacts; `Serialize` hands the URL out.
#[derive(Debug, Serialize)]
pub struct PresignedUrl {
    #[serde(serialize_with = "url")]
    url: Secret<String>,
    headers: BTreeMap<String, String>,
    expiration: String,
}

impl From<Presigned> for PresignedUrl {
    fn from(presigned: Presigned) -> Self {
        Self {
            url: presigned.url,
            headers: presigned.headers.into_iter().collect(),
            expiration: UnixMillis::to_rfc3339(presigned.expires_at),
        }
    }
}

fn url<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(vended(secret))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::emit::StorageDefaults;
    use crate::fixtures::{NOW, table, warehouse};

    fn properties(config: Value, defaults: StorageDefaults<'_>) -> Value {
        let mut warehouse = warehouse();
        warehouse.config = serde_json::from_value(config).unwrap();
        let address = StorageAddress::of(&warehouse, defaults);
        let signing = SigningProperties::new(&table("orders"), address, "v1/c/sign");
        assert_eq!(
            serde_json::to_value(signing.remote_signing_config()).unwrap(),
            json!({ "properties": { "table-uuid": table("orders").id.0.to_string() } })
        );
        serde_json::to_value(signing.config()).unwrap()
    }

    #[test]
    fn each_client_finds_its_names_and_no_credential() {
        let config = json!({ "region": "eu", "endpoint": "http://store:8333" });
        assert_eq!(
            properties(config, StorageDefaults::default()),
            json!({
                "s3.remote-signing-enabled": "true",
                "s3.signer": "S3V4RestSigner", "py-io-impl": "pyiceberg.io.fsspec.FsspecFileIO",
                "s3.signer.endpoint": "v1/c/sign", "signer.endpoint": "v1/c/sign",
                "s3.region": "eu", "client.region": "eu", "region": "eu", "s3.endpoint": "http://store:8333",
                "s3.path-style-access": "true", "s3.force-virtual-addressing": "false",
            })
        );
    }

    #[test]
    fn nothing_is_made_up_for_aws() {
        let bare = properties(json!({}), StorageDefaults::default());
        for key in ["s3.region", "s3.endpoint", "s3.path-style-access"] {
            assert!(bare.get(key).is_none(), "{key}");
        }
        let defaults = StorageDefaults { region: Some("us-west-2"), endpoint: None };
        assert_eq!(properties(json!({}), defaults)["client.region"], "us-west-2");
    }

    #[test]
    fn a_url_is_shown_to_its_caller_alone() {
        let url = Secret::from("https://signed/planted");
        let reply = PresignedUrl::from(Presigned {
            url,
            headers: vec![("a".to_owned(), "b".to_owned())],
            expires_at: NOW,
            issued: Vec::new(),
        });
        assert!(!format!("{reply:?}").contains("planted"));
        let expiration = NOW.to_rfc3339();
        assert_eq!(
            serde_json::to_value(&reply).unwrap(),
            json!({ "url": "https://signed/planted", "headers": { "a": "b" }, "expiration": expiration })
        );
    }
}
