//! The URL of an object: where a warehouse's storage is, and in which style it is spoken to.

use pangolin_core::location::Location;
use percent_encoding::utf8_percent_encode;
use url::{Host, Url};

use crate::PATH;
use crate::sigv4::is_region;

/// There is no URL for the location.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoUrl {
    /// Not in S3.
    #[error("the location is not one of S3")]
    Scheme,
    /// The bucket itself, or a directory.
    #[error("the location names no object")]
    NoObject,
    /// The endpoint is no http or https URL, or the region is none.
    #[error("the storage's endpoint or region is not valid")]
    Endpoint,
}

/// Where a warehouse's S3 storage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address<'a> {
    /// URL of the storage; none, or an empty one: AWS.
    pub endpoint: Option<&'a str>,
    /// Name of the region.
    pub region: &'a str,
    /// The bucket in the path. Else it is in the host's name, where it can be: not below an address
    /// literal, and not if its name is no label of a host.
    pub path_style: bool,
}

impl Address<'_> {
    /// The URL of one object; each byte of its key is encoded once, `/` is kept.
    ///
    /// # Errors
    /// [`NoUrl`].
    pub fn object(&self, location: &Location) -> Result<Url, NoUrl> {
        if !matches!(location.scheme(), "s3" | "s3a" | "s3n") {
            return Err(NoUrl::Scheme);
        }
        if location.key().is_empty() || location.as_str().ends_with('/') {
            return Err(NoUrl::NoObject);
        }
        let bucket = location.authority();
        let mut url = self.storage()?;
        let base = url.path().trim_end_matches('/').to_owned();
        let before = if self.path_style || !is_label(bucket) || !matches!(url.host(), Some(Host::Domain(_))) {
            format!("{base}/{bucket}")
        } else {
            let host = format!("{bucket}.{}", url.host_str().unwrap_or_default());
            url.set_host(Some(&host)).map_err(|_| NoUrl::Endpoint)?;
            base
        };
        url.set_path(&format!("{before}/{}", utf8_percent_encode(location.key(), PATH)));
        Ok(url)
    }

    fn storage(&self) -> Result<Url, NoUrl> {
        let url = match self.endpoint.filter(|text| !text.is_empty()) {
            Some(endpoint) => Url::parse(endpoint),
            None if is_region(self.region) => {
                let china = if self.region.starts_with("cn-") { ".cn" } else { "" };
                Url::parse(&format!("https://s3.{}.amazonaws.com{china}", self.region))
            }
            None => return Err(NoUrl::Endpoint),
        };
        let plain = |url: &Url| {
            matches!(url.scheme(), "http" | "https")
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        };
        url.ok().filter(plain).ok_or(NoUrl::Endpoint)
    }
}

/// Whether the bucket can be one label of a host's name. With dots no wildcard certificate covers it.
fn is_label(bucket: &str) -> bool {
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    bucket.len() <= 63
        && bucket.bytes().all(|b| edge(b) || b == b'-')
        && bucket.bytes().next().is_some_and(edge)
        && bucket.bytes().last().is_some_and(edge)
}

#[cfg(test)]
mod tests {
    use pangolin_core::access::{Access, Scope};
    use proptest::prelude::*;

    use super::super::within;
    use super::*;

    fn url(endpoint: Option<&str>, region: &str, path_style: bool, location: &str) -> Result<String, NoUrl> {
        Address { endpoint, region, path_style }.object(&Location::parse(location).unwrap()).map(String::from)
    }

    #[test]
    fn both_styles_at_aws_and_at_an_endpoint() {
        let at = |endpoint, region, path, location| url(endpoint, region, path, location).unwrap();
        assert_eq!(at(None, "eu-west-1", false, "s3://lake/a/b"), "https://lake.s3.eu-west-1.amazonaws.com/a/b");
        assert_eq!(at(Some(""), "eu-west-1", true, "s3a://lake/a"), "https://s3.eu-west-1.amazonaws.com/lake/a");
        assert_eq!(at(None, "cn-north-1", false, "s3://lake/a"), "https://lake.s3.cn-north-1.amazonaws.com.cn/a");
        assert_eq!(at(None, "eu-west-1", false, "s3://my.lake/a"), "https://s3.eu-west-1.amazonaws.com/my.lake/a");
        assert_eq!(at(None, "eu-west-1", false, "s3://Lake/a"), "https://s3.eu-west-1.amazonaws.com/Lake/a");
        assert_eq!(at(Some("http://127.0.0.1:8333"), "x", false, "s3://lake/a"), "http://127.0.0.1:8333/lake/a");
        assert_eq!(at(Some("https://minio.corp:9000/"), "x", false, "s3://lake/a"), "https://lake.minio.corp:9000/a");
        assert_eq!(at(Some("https://minio.corp/s3/"), "x", true, "s3://lake/a"), "https://minio.corp/s3/lake/a");
    }

    #[test]
    fn each_byte_of_a_key_is_encoded_once() {
        let url = url(None, "eu-west-1", false, "s3://lake/a b/100%/%20/+é'\"*(1)$&=;:@,~").unwrap();
        assert_eq!(
            url,
            "https://lake.s3.eu-west-1.amazonaws.com/a%20b/100%25/%2520/%2B%C3%A9%27%22%2A%281%29%24%26%3D%3B%3A%40%2C~"
        );
    }

    #[test]
    fn what_has_no_url() {
        assert_eq!(url(None, "eu-west-1", false, "gs://lake/a"), Err(NoUrl::Scheme));
        assert_eq!(url(None, "eu-west-1", false, "s3://lake"), Err(NoUrl::NoObject));
        assert_eq!(url(None, "eu-west-1", false, "s3://lake/a/"), Err(NoUrl::NoObject));
        assert_eq!(url(None, "evil.io/x", false, "s3://lake/a"), Err(NoUrl::Endpoint));
        for endpoint in
            ["minio.corp", "ftp://minio.corp", "https://u:p@minio.corp", "https://minio.corp/?x=1", "file:///x"]
        {
            assert_eq!(url(Some(endpoint), "x", true, "s3://lake/a"), Err(NoUrl::Endpoint), "{endpoint}");
        }
    }

    proptest! {
        /// What is addressed here is what the judge reads.
        #[test]
        fn the_judge_reads_what_was_addressed(
            key in "[a-z %+'\"é*$&=;:@,~!()\\[\\]|^`<>{}_.-]{1,12}(/[a-z %+é*.]{1,8}){0,3}",
            path_style: bool,
            endpoint in prop_oneof![Just(None), Just(Some("https://minio.corp/s3")), Just(Some("http://127.0.0.1:9000"))],
        ) {
            let Ok(object) = Location::parse(&format!("s3://lake/t/{key}")) else { return Ok(()) };
            let url = Address { endpoint, region: "eu-west-1", path_style }.object(&object).unwrap();
            let scope = Scope { location: Location::parse("s3://lake/t/").unwrap(), access: Access::READ };
            let other = Scope { location: Location::parse("s3://lake/t2/").unwrap(), access: Access::FULL };
            prop_assert_eq!(within("GET", &url, endpoint, &[scope]), Ok(url.clone()));
            prop_assert!(within("GET", &url, endpoint, &[other]).is_err());
        }
    }
}
