//! Where the blob service of an Azure account is.

use url::{Host, Url};

/// Suffixes of Azure's own blob services, in the public cloud and in the sovereign ones.
const AZURES: [&str; 4] = [
    ".blob.core.windows.net",
    ".blob.storage.azure.net",
    ".blob.core.usgovcloudapi.net",
    ".blob.core.chinacloudapi.cn",
];

/// The blob service: at the warehouse's `endpoint`, else beside the host of its locations
/// (`account.dfs.…`). Without a slash at the end; none if the endpoint is no URL of a service.
#[must_use]
pub fn blob_service(endpoint: Option<&str>, host: &str) -> Option<Url> {
    let mut url = match endpoint.filter(|text| !text.is_empty()) {
        Some(endpoint) => Url::parse(endpoint).ok()?,
        None => Url::parse(&format!("https://{host}")).ok()?,
    };
    let blob = url.host_str()?.replacen(".dfs.", ".blob.", 1);
    url.set_host(Some(&blob)).ok()?;
    if url.query().is_some() || url.fragment().is_some() {
        return None;
    }
    let path = url.path().trim_end_matches('/').to_owned();
    let is_address = !matches!(url.host()?, Host::Domain(name) if name != "localhost");
    // One that is named by its address has the account in its path, as emulators do.
    let account = host.split('.').next().filter(|_| path.is_empty() && is_address);
    url.set_path(account.unwrap_or(&path));
    Some(url)
}

/// Whether a service is Azure's own: the host's identity is shown to these, and to what the
/// operator names.
#[must_use]
pub fn is_azures(service: &Url) -> bool {
    let named = |host: &str| AZURES.iter().any(|suffix| host.len() > suffix.len() && host.ends_with(suffix));
    service.scheme() == "https" && service.port().is_none() && service.host_str().is_some_and(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "acct.dfs.core.windows.net";

    #[test]
    fn it_is_beside_the_file_system_or_where_the_warehouse_says() {
        let at = |endpoint| blob_service(endpoint, HOST).unwrap().to_string();
        assert_eq!(at(None), "https://acct.blob.core.windows.net/");
        assert_eq!(at(Some("https://acct.dfs.core.chinacloudapi.cn/")), "https://acct.blob.core.chinacloudapi.cn/");
        assert_eq!(at(Some("https://blobs.corp.example")), "https://blobs.corp.example/");
        assert_eq!(at(Some("https://127.0.0.1:10000/acct/")), "https://127.0.0.1:10000/acct");
        assert_eq!(at(Some("http://127.0.0.1:10000")), "http://127.0.0.1:10000/acct");
        assert_eq!(at(Some("http://[::1]:10000/")), "http://[::1]:10000/acct");
        assert_eq!(at(Some("http://localhost:1")), "http://localhost:1/acct");
        for endpoint in ["x", "https://a.example/?b", "https://a.example/#b", "mailto:a@b"] {
            assert_eq!(blob_service(Some(endpoint), HOST), None, "{endpoint}");
        }
    }

    #[test]
    fn azures_own_are_few() {
        let own = |text: &str| is_azures(&Url::parse(text).unwrap());
        assert!(own("https://acct.blob.core.windows.net/") && own("https://acct.z01.blob.storage.azure.net/"));
        for other in [
            "http://acct.blob.core.windows.net/",
            "https://acct.blob.core.windows.net:8443/",
            "https://acct.blob.core.windows.net.evil.example/",
            "https://.blob.core.windows.net/",
            "https://acctblob.core.windows.net/",
            "https://127.0.0.1/acct",
        ] {
            assert!(!own(other), "{other}");
        }
    }
}
