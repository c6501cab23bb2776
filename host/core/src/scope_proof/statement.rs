//! One statement, and whether what it allows lies within the scopes.

use super::condition::Condition;
use super::json::Json;
use super::resource::{bucket_within, is_key_arn, objects_within, prefix_within, whole_bucket};
use super::too_wide::{TooWide, shown};
use crate::access::{Access, Scope};

/// A statement of known keys only.
#[derive(Debug)]
pub(super) struct Statement {
    allow: bool,
    actions: Vec<String>,
    resources: Vec<String>,
    conditions: Vec<Condition>,
}

/// What an action works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum On {
    Objects,
    Buckets,
    Keys,
}

/// An action that some access includes.
#[derive(Debug, Clone, Copy)]
struct Known {
    name: &'static str,
    on: On,
    right: fn(Access) -> bool,
}

const KNOWN: &[Known] = &[
    Known { name: "s3:GetObject", on: On::Objects, right: |access| access.read },
    Known { name: "s3:PutObject", on: On::Objects, right: |access| access.write },
    Known { name: "s3:AbortMultipartUpload", on: On::Objects, right: |access| access.write },
    Known { name: "s3:ListMultipartUploadParts", on: On::Objects, right: |access| access.write },
    Known { name: "s3:DeleteObject", on: On::Objects, right: |access| access.delete },
    Known { name: "s3:ListBucket", on: On::Buckets, right: |access| access.read },
    Known { name: GET_LOCATION, on: On::Buckets, right: |access| access.read },
    Known { name: "s3:ListBucketMultipartUploads", on: On::Buckets, right: |access| access.write },
    // Finishing a multipart upload decrypts its parts.
    Known { name: "kms:Decrypt", on: On::Keys, right: |access| access.read || access.write },
    Known { name: "kms:GenerateDataKey", on: On::Keys, right: |access| access.write },
];

/// Tells the region of a bucket and no name of an object: needs no prefix.
const GET_LOCATION: &str = "s3:GetBucketLocation";

impl Statement {
    pub(super) fn parse(value: Json) -> Result<Self, TooWide> {
        let (mut effect, mut actions, mut resources, mut block) = (None, None, None, None);
        for (name, value) in value.into_object("a statement")? {
            match name.as_str() {
                "Sid" => drop(value.into_text("Sid")?),
                "Effect" => effect = Some(value.into_text("Effect")?),
                "Action" => actions = Some(value.into_texts("Action")?),
                "Resource" => resources = Some(value.into_texts("Resource")?),
                "Condition" => block = Some(value),
                _ => return Err(TooWide::unknown_key("a statement", &name)),
            }
        }
        let missing = |what: &str| TooWide::Malformed(format!("a statement has no {what}"));
        let allow = match effect.as_deref() {
            Some("Allow") => true,
            Some("Deny") => false,
            _ => return Err(missing("Effect of Allow or Deny")),
        };
        let conditions = match block {
            Some(block) if allow => Condition::parse_all(block)?,
            Some(block) => {
                Condition::check_form(block)?;
                Vec::new()
            }
            None => Vec::new(),
        };
        Ok(Self {
            allow,
            actions: actions.ok_or_else(|| missing("Action"))?,
            resources: resources.ok_or_else(|| missing("Resource"))?,
            conditions,
        })
    }

    /// Judges every action on every resource.
    pub(super) fn check(&self, scopes: &[Scope]) -> Result<(), TooWide> {
        if !self.allow {
            return Ok(());
        }
        let known = self.known_actions()?;
        for action in &known {
            match action.on {
                On::Objects => self.check_objects(*action, scopes)?,
                On::Buckets => self.check_buckets(*action, scopes)?,
                On::Keys => self.check_keys(*action, scopes)?,
            }
        }
        Ok(())
    }

    /// The actions, all of one kind: a condition that limits one kind may mean nothing to another.
    fn known_actions(&self) -> Result<Vec<Known>, TooWide> {
        let mut known: Vec<Known> = Vec::with_capacity(self.actions.len());
        for action in &self.actions {
            let found =
                KNOWN.iter().find(|known| known.name == action).ok_or_else(|| TooWide::Action(shown(action)))?;
            if known.first().is_some_and(|first| first.on != found.on) {
                return Err(TooWide::Mixed(shown(action)));
            }
            known.push(*found);
        }
        Ok(known)
    }

    fn check_objects(&self, action: Known, scopes: &[Scope]) -> Result<(), TooWide> {
        if let Some(condition) = self.conditions.first() {
            return Err(TooWide::Condition(condition.shown()));
        }
        match self.resources.iter().find(|arn| !objects_within(arn, scopes, action.right)) {
            Some(arn) => Err(outside(action, arn)),
            None => Ok(()),
        }
    }

    fn check_buckets(&self, action: Known, scopes: &[Scope]) -> Result<(), TooWide> {
        for condition in &self.conditions {
            if condition.key != "s3:prefix" {
                return Err(TooWide::Condition(condition.shown()));
            }
        }
        for arn in &self.resources {
            let bucket = bucket_within(arn, scopes, action.right).ok_or_else(|| outside(action, arn))?;
            if self.conditions.is_empty() && action.name != GET_LOCATION && !whole_bucket(bucket, scopes, action.right)
            {
                return Err(TooWide::UnlimitedListing(action.name.to_owned()));
            }
            for condition in &self.conditions {
                let patterns = condition.patterns().ok_or_else(|| TooWide::Prefix(condition.shown()))?;
                if !patterns.iter().all(|pattern| prefix_within(pattern, bucket, scopes, action.right)) {
                    return Err(TooWide::Prefix(condition.shown()));
                }
            }
        }
        Ok(())
    }

    fn check_keys(&self, action: Known, scopes: &[Scope]) -> Result<(), TooWide> {
        let (mut via_s3, mut context) = (false, false);
        for condition in &self.conditions {
            let understood = match condition.key.as_str() {
                "kms:ViaService" => {
                    via_s3 = true;
                    condition.values.iter().all(|value| is_s3_service(value))
                }
                "kms:EncryptionContext:aws:s3:arn" => {
                    context = true;
                    condition.values.iter().all(|arn| context_within(arn, action, scopes))
                }
                _ => false,
            };
            if !understood {
                return Err(TooWide::Condition(condition.shown()));
            }
        }
        if !scopes.iter().any(|scope| (action.right)(scope.access)) {
            return Err(outside(action, "any key"));
        }
        for arn in &self.resources {
            if arn == "*" && !(via_s3 && context) {
                return Err(TooWide::UnlimitedKeys(action.name.to_owned()));
            }
            if arn != "*" && !is_key_arn(arn) {
                return Err(outside(action, arn));
            }
        }
        Ok(())
    }
}

fn outside(action: Known, resource: &str) -> TooWide {
    TooWide::Resource { action: action.name.to_owned(), resource: shown(resource) }
}

/// `s3.<region>.amazonaws.com`; the region may be a glob.
fn is_s3_service(value: &str) -> bool {
    let region = value
        .strip_prefix("s3.")
        .and_then(|rest| rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn")));
    region.is_some_and(|region| {
        !region.is_empty()
            && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'*'))
    })
}

/// Objects of a scope, or the bucket of one. With `StringEquals` a glob is a character, which
/// only makes the pattern narrower than it is read here.
fn context_within(arn: &str, action: Known, scopes: &[Scope]) -> bool {
    objects_within(arn, scopes, action.right) || bucket_within(arn, scopes, action.right).is_some()
}
