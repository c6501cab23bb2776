//! The base location of a warehouse: bucket or container and prefix, or a directory.

use std::collections::BTreeMap;

use serde_json::Value;

use super::StorageKind;
use super::problem::Problems;
use crate::location::{InvalidLocation, Location};

/// Builds the base. The result is a directory.
pub(super) fn base(
    kind: StorageKind,
    config: &BTreeMap<String, Value>,
    local_root: Option<&str>,
    problems: &mut Problems,
) -> Option<Location> {
    let text = |name: &str| config.get(name).and_then(Value::as_str);
    let root = match kind {
        StorageKind::Local => return problems.take("path", local(text("path")?, local_root)),
        StorageKind::S3 => format!("s3://{}", checked("bucket", text("bucket")?, s3_bucket, problems)?),
        StorageKind::Gcs => format!("gs://{}", checked("bucket", text("bucket")?, gcs_bucket, problems)?),
        StorageKind::Azure => {
            let container = checked("container", text("container")?, azure_container, problems);
            let account = checked("account_name", text("account_name")?, azure_account, problems);
            format!("abfss://{}@{}", container?, azure_host(account?, text("endpoint")))
        }
    };
    let prefix = text("prefix").map(trimmed).unwrap_or_default();
    let joined = if prefix.is_empty() { root } else { format!("{root}/{prefix}") };
    problems.take("prefix", Location::parse(&joined).map_err(|e| said(&e))).map(|base| base.as_directory())
}

/// What is wrong, without the value.
fn said(refused: &InvalidLocation) -> String {
    match refused {
        InvalidLocation::TooLong => refused.to_string(),
        _ => "must not have empty, '.' or '..' segments, control characters, '?', '#', '\\', '%2f' or '%5c'".to_owned(),
    }
}

/// A prefix without one slash at each end.
pub(super) fn trimmed(prefix: &str) -> &str {
    let prefix = prefix.strip_prefix('/').unwrap_or(prefix);
    prefix.strip_suffix('/').unwrap_or(prefix)
}

fn checked<'a>(
    field: &str,
    name: &'a str,
    rule: fn(&str) -> Result<(), &'static str>,
    problems: &mut Problems,
) -> Option<&'a str> {
    problems.take(field, rule(name).map(|()| name).map_err(str::to_owned))
}

fn lower_alphanumeric(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn framed(name: &str, inner: &[char]) -> bool {
    name.starts_with(lower_alphanumeric)
        && name.ends_with(lower_alphanumeric)
        && name.chars().all(|c| lower_alphanumeric(c) || inner.contains(&c))
}

fn s3_bucket(name: &str) -> Result<(), &'static str> {
    let shape = (3..=63).contains(&name.len()) && framed(name, &['.', '-']) && !name.contains("..");
    if shape && name.parse::<std::net::Ipv4Addr>().is_err() {
        Ok(())
    } else {
        Err("must be a bucket name: 3 to 63 lower-case letters, digits, '-' and '.', not an IP address")
    }
}

fn gcs_bucket(name: &str) -> Result<(), &'static str> {
    let shape = (3..=222).contains(&name.len()) && framed(name, &['.', '-', '_']) && !name.contains("..");
    if shape && name.split('.').all(|part| part.len() <= 63) && name.parse::<std::net::Ipv4Addr>().is_err() {
        Ok(())
    } else {
        Err("must be a bucket name: 3 to 63 (with dots 222) lower-case letters, digits, '-', '_' and '.'")
    }
}

fn azure_container(name: &str) -> Result<(), &'static str> {
    if (3..=63).contains(&name.len()) && framed(name, &['-']) && !name.contains("--") {
        Ok(())
    } else {
        Err("must be a container name: 3 to 63 lower-case letters, digits and single '-'")
    }
}

fn azure_account(name: &str) -> Result<(), &'static str> {
    if (3..=24).contains(&name.len()) && name.chars().all(lower_alphanumeric) {
        Ok(())
    } else {
        Err("must be a storage account name: 3 to 24 lower-case letters and digits")
    }
}

/// The account's host: that of an endpoint which carries the account's name, as in sovereign
/// clouds; else the public cloud's.
fn azure_host(account: &str, endpoint: Option<&str>) -> String {
    let host =
        endpoint.and_then(|endpoint| url::Url::parse(endpoint).ok()).and_then(|url| url.host_str().map(str::to_owned));
    host.filter(|host| host.starts_with(&format!("{account}.")))
        .unwrap_or_else(|| format!("{account}.dfs.core.windows.net"))
}

/// A directory strictly below the operator's; a relative path is taken from there.
fn local(path: &str, root: Option<&str>) -> Result<Location, String> {
    let root = root.ok_or("local storage is off: the operator names its directory with PANGOLIN_LOCAL_STORAGE_DIR")?;
    let root = Location::parse(&format!("file://{root}")).map_err(|e| said(&e))?.as_directory();
    let asked = if path.starts_with('/') { Location::parse(&format!("file://{path}")) } else { root.join(path) };
    let asked = asked.map_err(|e| said(&e))?.as_directory();
    if root.contains(&asked) && asked.canonical() != root.canonical() {
        Ok(asked)
    } else {
        Err("must lie below the directory that the operator names for local storage".to_owned())
    }
}
