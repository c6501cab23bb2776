//! The warehouse's fields, read and judged.

use pangolin_plugin_sdk::{Config, Field, FieldKind, KeySlots, Problem, SecretUse};

use crate::session;

mod shape;
#[cfg(test)]
mod tests;

/// The keys sign requests to STS, and nothing else.
const SIGNS: &[SecretUse] = &[SecretUse::Sigv4("sts")];

/// What a warehouse can say. `role_arn` is not `required` here: the host puts the operator's
/// own role in where there is one, and the check names the field where there is none.
pub(crate) const FIELDS: &[Field] = &[
    Field::new("role_arn", FieldKind::Role, "ARN of the role that is assumed; default: the operator's").aliases(&[
        "s3.role-arn",
        "role-arn",
        "s3.role_arn",
        "sts_role_arn",
    ]),
    Field::text("external_id", "External id that the role's trust policy asks for").aliases(&[
        "s3.external-id",
        "external-id",
        "s3.external_id",
    ]),
    Field::new("sts_endpoint", FieldKind::Url, "STS of an S3-compatible store; needs keys of the warehouse")
        .aliases(&["s3.sts-endpoint", "sts-endpoint", "s3.sts_endpoint"])
        .destination(),
    Field::text("region", "Region that signs, and whose STS is asked").aliases(&[
        "s3.region",
        "client.region",
        "aws_region",
    ]),
    Field::new("session_duration", FieldKind::Integer, "Longest life of a session in seconds, 900 to 43200")
        .aliases(&["s3.session-duration", "session-duration", "session_duration_seconds", "duration_seconds"]),
    Field::new(
        "session_tags",
        FieldKind::Boolean,
        "Tag sessions with principal, tenant and table; the trust policy must allow sts:TagSession",
    )
    .aliases(&["s3.session-tags", "session-tags"]),
    Field::text("kms_key_arns", "ARNs of the KMS keys of the bucket, separated by commas").aliases(&[
        "s3.kms-key-arns",
        "kms-key-arns",
        "kms_key_arn",
        "s3.kms-key-arn",
        "kms-key-arn",
        "s3.sse.key",
    ]),
    Field::new(
        "kms_by_encryption_context",
        FieldKind::Boolean,
        "Allow any KMS key, but only through S3 and for the table's own objects",
    )
    .aliases(&["s3.kms-by-encryption-context", "kms-by-encryption-context"]),
    Field::secret("access_key_id", SIGNS, "Access key id that assumes the role; default: the host's own identity")
        .aliases(&["s3.access-key-id", "access-key-id", "aws_access_key_id"]),
    Field::secret("secret_access_key", SIGNS, "Secret access key that assumes the role").aliases(&[
        "s3.secret-access-key",
        "secret-access-key",
        "aws_secret_access_key",
    ]),
    Field::secret("session_token", SIGNS, "Session token, if the keys are temporary").aliases(&[
        "s3.session-token",
        "session-token",
        "aws_session_token",
    ]),
];

/// Which KMS keys a session may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kms {
    /// None: the bucket has no keys of its own.
    None,
    /// These.
    Named(Vec<String>),
    /// Any, through S3, for the scopes' own objects.
    ByEncryptionContext,
}

/// A configuration that can work.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) role_arn: &'a str,
    /// Partition of the S3 ARNs in the policy.
    pub(crate) partition: &'a str,
    pub(crate) external_id: Option<&'a str>,
    pub(crate) sts_endpoint: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
    pub(crate) session_duration: Option<u32>,
    pub(crate) session_tags: bool,
    pub(crate) kms: Kms,
    /// Keys of the warehouse; none: the host's own identity.
    pub(crate) keys: Option<KeySlots>,
}

impl<'a> Settings<'a> {
    /// Reads the fields.
    ///
    /// # Errors
    /// Everything that is wrong at once.
    pub(crate) fn read(config: &'a Config) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let sts_endpoint = config.text("sts_endpoint");
        let keys = keep(KeySlots::of(config), &mut problems);
        let role = keep(role(config, sts_endpoint.is_some()), &mut problems);
        keep(external_id(config), &mut problems);
        keep(region(config), &mut problems);
        keep(endpoint(sts_endpoint, keys.as_ref()), &mut problems);
        let session_duration = keep(duration(config), &mut problems);
        let session_tags = keep(config.flag("session_tags"), &mut problems);
        let kms = keep(kms(config), &mut problems);
        match (role, session_duration, session_tags, kms, keys) {
            (Some((role_arn, partition)), Some(session_duration), Some(session_tags), Some(kms), Some(keys))
                if problems.is_empty() =>
            {
                Ok(Self {
                    role_arn,
                    partition,
                    external_id: config.text("external_id"),
                    sts_endpoint,
                    region: config.text("region"),
                    session_duration,
                    session_tags,
                    kms,
                    keys,
                })
            }
            _ => Err(problems),
        }
    }
}

fn keep<T>(read: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    read.map_err(|problem| problems.push(problem)).ok()
}

/// The role, and the partition of the ARNs of S3.
fn role(config: &Config, own_endpoint: bool) -> Result<(&str, &str), Problem> {
    let arn = config
        .text("role_arn")
        .ok_or_else(|| Problem::new("role_arn", "role_arn is missing: name the IAM role that is assumed"))?;
    let partition = shape::role_partition(arn, own_endpoint).ok_or_else(|| {
        Problem::new("role_arn", "role_arn must look like arn:aws:iam::123456789012:role/Name (or aws-cn, aws-us-gov)")
    })?;
    // Stores with a partition of their own speak of their buckets as AWS does.
    Ok((arn, if partition == "aws" || partition.starts_with("aws-") { partition } else { "aws" }))
}

fn external_id(config: &Config) -> Result<(), Problem> {
    match config.text("external_id") {
        Some(id) if !shape::is_external_id(id) => Err(Problem::new(
            "external_id",
            "external_id must be 2 to 1224 characters of letters, digits and + = , . @ : / _ -",
        )),
        _ => Ok(()),
    }
}

fn region(config: &Config) -> Result<(), Problem> {
    match config.text("region") {
        Some(region) if !shape::is_region(region) => {
            Err(Problem::new("region", "region must be a name such as eu-central-1"))
        }
        _ => Ok(()),
    }
}

/// The host's own keys never go to a server that a warehouse names.
fn endpoint(endpoint: Option<&str>, keys: Option<&Option<KeySlots>>) -> Result<(), Problem> {
    let Some(endpoint) = endpoint else { return Ok(()) };
    if !shape::is_endpoint(endpoint) {
        return Err(Problem::new(
            "sts_endpoint",
            "sts_endpoint must be an http or https URL without user, query or fragment",
        ));
    }
    if matches!(keys, Some(None)) {
        return Err(Problem::new(
            "sts_endpoint",
            "a warehouse with its own sts_endpoint brings its own keys: access_key_id and secret_access_key are missing",
        ));
    }
    Ok(())
}

fn duration(config: &Config) -> Result<Option<u32>, Problem> {
    let range = session::MIN_SECONDS..=session::MAX_SECONDS;
    match config.integer("session_duration")? {
        None => Ok(None),
        Some(seconds) => {
            u32::try_from(seconds).ok().filter(|seconds| range.contains(seconds)).map(Some).ok_or_else(|| {
                Problem::new("session_duration", "session_duration must be 900 to 43200 seconds, as STS allows")
            })
        }
    }
}

fn kms(config: &Config) -> Result<Kms, Problem> {
    let by_context = config.flag("kms_by_encryption_context")?;
    let Some(text) = config.text("kms_key_arns") else {
        return Ok(if by_context { Kms::ByEncryptionContext } else { Kms::None });
    };
    if by_context {
        return Err(Problem::new(
            "kms_key_arns",
            "kms_key_arns and kms_by_encryption_context exclude each other: keep one",
        ));
    }
    // Also takes a JSON list.
    let is_between = |c: char| c.is_whitespace() || matches!(c, ',' | '[' | ']' | '"');
    let mut arns: Vec<String> = Vec::new();
    for arn in text.split(is_between).filter(|arn| !arn.is_empty()) {
        if !shape::is_key_arn(arn) {
            return Err(Problem::new(
                "kms_key_arns",
                "kms_key_arns must name keys as arn:aws:kms:<region>:<account>:key/<id>: policies know no aliases",
            ));
        }
        if !arns.iter().any(|known| known == arn) {
            arns.push(arn.to_owned());
        }
    }
    Ok(if arns.is_empty() { Kms::None } else { Kms::Named(arns) })
}
