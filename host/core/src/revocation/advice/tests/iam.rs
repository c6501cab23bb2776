//! As much of IAM's evaluation as the statements need. What it does not know is a panic.

use serde_json::Value;

use crate::clock::UnixMillis;

/// One request to AWS.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request<'a> {
    pub(super) action: &'a str,
    pub(super) resource: &'a str,
    /// `aws:userid`.
    pub(super) userid: Option<&'a str>,
    /// `aws:TokenIssueTime`; only temporary credentials have one.
    pub(super) issued: Option<UnixMillis>,
    /// `s3:prefix`.
    pub(super) prefix: Option<&'a str>,
}

impl<'a> Request<'a> {
    pub(super) fn get(bucket: &str, key: &str) -> Self {
        let resource = Box::leak(format!("arn:aws:s3:::{bucket}/{key}").into_boxed_str());
        Self { action: "s3:GetObject", resource, userid: None, issued: None, prefix: None }
    }

    pub(super) fn of(like: &Self, resource: &'a str) -> Self {
        Self { resource, ..*like }
    }

    fn value(&self, key: &str) -> Option<String> {
        match key {
            "aws:userid" => self.userid.map(str::to_owned),
            "s3:prefix" => self.prefix.map(str::to_owned),
            "aws:TokenIssueTime" => self.issued.map(UnixMillis::to_rfc3339),
            other => panic!("unknown condition key {other}"),
        }
    }
}

/// Whether a policy of `Deny` statements denies the request.
pub(super) fn denies(policy: &Value, request: &Request<'_>) -> bool {
    assert_eq!(policy["Version"], "2012-10-17");
    assert_eq!(policy.as_object().unwrap().len(), 2);
    policy["Statement"].as_array().unwrap().iter().any(|statement| applies(statement, request))
}

fn applies(statement: &Value, request: &Request<'_>) -> bool {
    let members = statement.as_object().unwrap();
    for name in members.keys() {
        assert!(["Sid", "Effect", "Action", "Resource", "Condition"].contains(&name.as_str()), "unknown {name}");
    }
    assert_eq!(statement["Effect"], "Deny");
    assert!(statement["Sid"].as_str().unwrap().bytes().all(|b| b.is_ascii_alphanumeric()));
    texts(&statement["Action"]).iter().any(|action| like(action, request.action))
        && texts(&statement["Resource"]).iter().any(|resource| like(resource, request.resource))
        && statement["Condition"].as_object().unwrap().iter().all(|(operator, block)| holds(operator, block, request))
}

/// Every key of the block, any of its values. A key that the request lacks does not match.
fn holds(operator: &str, block: &Value, request: &Request<'_>) -> bool {
    block.as_object().unwrap().iter().all(|(key, values)| {
        let Some(value) = request.value(key) else { return false };
        texts(values).iter().any(|wanted| match operator {
            "StringLike" => like(wanted, &value),
            "DateLessThan" => {
                let at = |text: &str| UnixMillis::parse_rfc3339(text).unwrap();
                // AWS drops what is less than a second.
                at(&value).0.div_euclid(1000) * 1000 < at(wanted).0
            }
            other => panic!("unknown operator {other}"),
        })
    })
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(many) => many.iter().map(|one| one.as_str().unwrap()).collect(),
        other => panic!("not a text: {other}"),
    }
}

/// `*` and `?`, and `${*}`, `${?}`, `${$}` for the characters themselves.
fn like(pattern: &str, text: &str) -> bool {
    for escaped in ['*', '?', '$'] {
        if let Some(rest) = pattern.strip_prefix(&format!("${{{escaped}}}")) {
            return text.strip_prefix(escaped).is_some_and(|text| like(rest, text));
        }
    }
    assert!(!pattern.starts_with("${"), "unknown variable in {pattern}");
    let Some(first) = pattern.chars().next() else { return text.is_empty() };
    let rest = &pattern[first.len_utf8()..];
    match first {
        '*' => text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| like(rest, &text[at..])),
        '?' => text.chars().next().is_some_and(|c| like(rest, &text[c.len_utf8()..])),
        literal => text.strip_prefix(literal).is_some_and(|text| like(rest, text)),
    }
}
