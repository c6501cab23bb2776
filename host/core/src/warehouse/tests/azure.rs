//! Whom the host's own identity is shown to at Azure.

use super::*;

/// AzureOAuth as far as this goes: an app, its secret, and two servers.
fn host() -> Host {
    let secret = Field {
        secret_uses: vec![SecretUse::FormField("client_secret".to_owned())],
        ..field("client_secret", FieldKind::Text, &[])
    };
    let server = |name| Field { destination: true, ..field(name, FieldKind::Url, &[]) };
    let fields = vec![field("client_id", FieldKind::Role, &[]), secret, server("authority_host"), server("endpoint")];
    let mut host = Host::default();
    host.strategies.push(info("AzureOAuth", &["abfss"], Scoping::Exact, fields));
    host
}

fn body(more: &Value) -> Value {
    let mut storage = json!({ "type": "azure", "account_name": "acct", "container": "data" });
    merge(&mut storage, more);
    json!({ "name": "w", "vending_strategy": "AzureOAuth", "storage_config": storage })
}

#[test]
fn its_identity_is_shown_to_azure_and_to_the_operators_servers_only() {
    let host = host();
    for endpoint in [
        "https://acct.blob.core.windows.net",
        "https://acct.dfs.core.chinacloudapi.cn/",
        "https://127.0.0.1:10000/acct",
    ] {
        let made = host.create(&body(&json!({ "endpoint": endpoint }))).unwrap();
        assert_eq!(made.identity, BaseIdentity::Host, "{endpoint}");
    }
    for endpoint in ["https://evil.example", "http://acct.blob.core.windows.net", "https://127.0.0.1:10001/acct"] {
        assert_eq!(host.refused(&body(&json!({ "endpoint": endpoint }))), ["endpoint"], "{endpoint}");
        let own = body(&json!({ "endpoint": endpoint, "client_id": "c", "client_secret": "s" }));
        assert_eq!(host.create(&own).unwrap().identity, BaseIdentity::Own, "{endpoint}");
    }
    // An authority gets the federated token itself: the operator alone names it.
    let authority = body(&json!({ "authority_host": "https://127.0.0.1:10000/" }));
    assert_eq!(host.refused(&authority), ["authority_host"]);
}

#[test]
fn an_app_used_through_the_hosts_identity_belongs_to_one_tenant() {
    let host = host();
    let made = host.create(&body(&json!({ "client_id": "app-1" }))).unwrap();
    let description = &host.strategies.last().unwrap().description;
    let claim = crate::deputy::HostClaim::of(&made, Some(description), host.operator).unwrap();
    assert_eq!(claim.role.as_deref(), Some("app-1"));
}
