//! The operations that are signed, as a table. Sub-resources that are not in it (`acl`, `tagging`,
//! `policy`, `versions` …) have rights of their own and are refused.

use std::collections::BTreeMap;

use pangolin_core::access::Access;

use super::NotSigned;

/// One operation of S3.
pub(super) struct Operation {
    pub name: &'static str,
    method: &'static str,
    /// On an object, as against the bucket.
    on_object: bool,
    /// Parameters that make it this operation.
    required: &'static [&'static str],
    /// Parameters that leave it what it is.
    optional: &'static [&'static str],
    pub access: Access,
    /// May read another object of the table.
    pub copies: bool,
    pub lists: bool,
    pub body: Body,
}

/// What the body says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Body {
    /// Content of an object, or nothing that matters.
    Opaque,
    /// Which objects are meant.
    Keys,
}

const DELETE: Access = Access { read: true, write: false, delete: true };

const RESPONSE: &[&str] = &[
    "partNumber",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
];

const fn on_object(name: &'static str, method: &'static str, access: Access) -> Operation {
    Operation {
        name,
        method,
        on_object: true,
        required: &[],
        optional: &[],
        access,
        copies: false,
        lists: false,
        body: Body::Opaque,
    }
}

static OPERATIONS: &[Operation] = &[
    Operation { optional: RESPONSE, ..on_object("get-object", "GET", Access::READ) },
    Operation { optional: RESPONSE, ..on_object("head-object", "HEAD", Access::READ) },
    Operation { copies: true, ..on_object("put-object", "PUT", Access::READ_WRITE) },
    Operation {
        required: &["partNumber", "uploadId"],
        copies: true,
        ..on_object("upload-part", "PUT", Access::READ_WRITE)
    },
    Operation { required: &["uploads"], ..on_object("create-multipart-upload", "POST", Access::READ_WRITE) },
    Operation { required: &["uploadId"], ..on_object("complete-multipart-upload", "POST", Access::READ_WRITE) },
    Operation { required: &["uploadId"], ..on_object("abort-multipart-upload", "DELETE", Access::READ_WRITE) },
    on_object("delete-object", "DELETE", DELETE),
    Operation {
        on_object: false,
        required: &["list-type", "prefix"],
        optional: &["continuation-token", "delimiter", "encoding-type", "fetch-owner", "max-keys", "start-after"],
        lists: true,
        ..on_object("list-objects-v2", "GET", Access::READ)
    },
    Operation {
        on_object: false,
        required: &["delete"],
        body: Body::Keys,
        ..on_object("delete-objects", "POST", DELETE)
    },
];

/// The operation that a request is.
pub(super) fn find(
    method: &str,
    on_object: bool,
    parameters: &BTreeMap<String, String>,
) -> Result<&'static Operation, NotSigned> {
    // Names the operation for the store's log, and changes nothing.
    let given: Vec<&str> = parameters.keys().map(String::as_str).filter(|name| *name != "x-id").collect();
    let is = |operation: &&Operation| {
        operation.method == method
            && operation.on_object == on_object
            && operation.required.iter().all(|name| given.contains(name))
            && given.iter().all(|name| operation.required.contains(name) || operation.optional.contains(name))
            // The first version of listing has no prefix that must be there.
            && parameters.get("list-type").is_none_or(|version| version == "2")
    };
    OPERATIONS.iter().find(is).ok_or_else(|| NotSigned::Operation {
        method: method.chars().take(20).collect::<String>().escape_debug().to_string(),
        on: if on_object { "an object" } else { "the bucket" },
        parameters: given.join(", ").chars().take(200).collect::<String>().escape_debug().to_string(),
    })
}
