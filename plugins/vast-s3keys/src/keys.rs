//! Makes, lists and deletes keys: a user's own, or those of a directory user by a manager.

use pangolin_plugin_sdk::VendError;
use serde_json::{Value, json};

mod listing;
mod owner;

pub(crate) use listing::Listed;
pub(crate) use owner::Owner;

use crate::config::Context;
use crate::fault;
use crate::target::{Level, Target};
use crate::vms::{Reply, Vms};

/// VAST's own rule.
pub(crate) const LIMIT: usize = 2;

const OWN: &str = "s3keys/";
const OF_OTHERS: &str = "users/non_local_keys/";

/// A key pair, and by what its owner is known.
pub(crate) struct Made {
    pub(crate) access_key: String,
    pub(crate) secret_key: String,
    pub(crate) owner: Owner,
}

/// How a deletion went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deleted {
    Deleted,
    /// It was not there.
    Absent,
}

/// The user's keys.
pub(crate) fn list(vms: &mut Vms<'_>, target: &Target<'_>) -> Result<Vec<Listed>, VendError> {
    match target.level {
        Level::Read | Level::Write => {
            let reply = vms.call("GET", OWN, None)?;
            if !reply.is_success() {
                return Err(fault::refused(&reply, vms.user(), false));
            }
            reply.json().as_ref().and_then(listing::read).ok_or_else(|| fault::unreadable("its list of keys is none"))
        }
        Level::Caller(context) => find(vms, &target.user, context).map(|(_, keys)| keys),
    }
}

/// Makes a pair.
pub(crate) fn make(vms: &mut Vms<'_>, target: &Target<'_>) -> Result<Made, VendError> {
    let (owner, reply) = match target.level {
        Level::Read | Level::Write => (Owner::Oneself, vms.call("POST", OWN, None)?),
        Level::Caller(context) => {
            let (owner, _) = find(vms, &target.user, context)?;
            let reply = vms.call("POST", OF_OTHERS, Some(&owner.body()))?;
            (owner, reply)
        }
    };
    if !reply.is_success() {
        return Err(fault::refused(&reply, &target.user, owner != Owner::Oneself));
    }
    let body = reply.json().unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    match (text("access_key"), text("secret_key")) {
        (Some(access_key), Some(secret_key)) => Ok(Made { access_key, secret_key, owner }),
        _ => Err(fault::unreadable("its answer has no key pair")),
    }
}

/// Deletes one key, in each form that VMS may know. That it was not there is believed to the list
/// of keys alone: a server that does not know a form answers as one that does not know the key.
pub(crate) fn delete(
    vms: &mut Vms<'_>,
    target: &Target<'_>,
    owner: &Owner,
    access_key: &str,
) -> Result<Deleted, VendError> {
    let mut body = owner.body();
    if let Some(object) = body.as_object_mut() {
        object.insert("access_key".to_owned(), json!(access_key));
    }
    let path = if *owner == Owner::Oneself { OWN } else { OF_OTHERS };
    let mut reply = vms.call("DELETE", path, Some(&body))?;
    if !reply.is_success() && *owner == Owner::Oneself {
        reply = vms.call("DELETE", &format!("{OWN}{}/", encoded(access_key)), None)?;
    }
    if reply.is_success() {
        return Ok(Deleted::Deleted);
    }
    let is_there = list(vms, target)?.iter().any(|key| key.access_key == access_key);
    if is_there { Err(not_deleted(&reply, access_key)) } else { Ok(Deleted::Absent) }
}

/// A directory user, and the keys that they have.
pub(crate) fn find(vms: &mut Vms<'_>, user: &str, context: Context) -> Result<(Owner, Vec<Listed>), VendError> {
    let path = format!("users/query/?username={}&context={}", encoded(user), context.as_str());
    let reply = vms.call("GET", &path, None)?;
    if reply.status == 404 && reply.says("user") {
        return Err(owner::unknown(user, context));
    }
    if !reply.is_success() {
        return Err(fault::refused(&reply, user, true));
    }
    let body = reply.json().unwrap_or_default();
    let owner =
        Owner::found(&body).ok_or_else(|| fault::unreadable("its answer about the user has neither uid nor sid"))?;
    let keys = body.get("access_keys").and_then(listing::read);
    Ok((owner, keys.ok_or_else(|| fault::unreadable("its answer about the user has no list of keys"))?))
}

fn not_deleted(reply: &Reply, access_key: &str) -> VendError {
    let message = format!("VMS answered {} and kept key {access_key}.{}", reply.status, reply.said());
    VendError::new(pangolin_plugin_sdk::ErrorKind::Upstream, "key-not-deleted", message)
}

/// Percent-encoded for a segment of a path, and for a query: keys hold `/`, `+` and `=`.
pub(crate) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    #[test]
    fn keys_and_names_stay_one_segment() {
        assert_eq!(super::encoded("FXhv/I+d=="), "FXhv%2FI%2Bd%3D%3D");
        assert_eq!(super::encoded("CORP\\zoë&x=1?"), "CORP%5Czo%C3%AB%26x%3D1%3F");
        assert_eq!(super::encoded("../4AC-_.~"), "..%2F4AC-_.~");
    }
}
