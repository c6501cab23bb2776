//! What is to be explained. What does not go together is refused by the parameter's name.

use pangolin_catalog::{CatalogError, ExplainedSignature, ExplainedUse};
use serde::Deserialize;

use super::super::credentials;
use super::super::request::seconds;

/// Whose vend or signature, and what it asks for.
// A misspelt `user` would explain the administrator instead.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api::iceberg) struct ExplainQuery {
    #[serde(rename = "for")]
    purpose: Option<String>,
    access: Option<String>,
    ttl: Option<String>,
    location: Option<String>,
    method: Option<String>,
    pub(super) user: Option<String>,
    assume_roles: Option<String>,
}

impl ExplainQuery {
    /// What would be asked for.
    pub(super) fn asked(&self) -> Result<ExplainedUse, CatalogError> {
        let ttl_seconds = seconds(self.ttl.as_deref());
        match self.purpose.as_deref().unwrap_or("credentials") {
            "credentials" => {
                absent("location", self.location.as_ref(), "for=presign and for=sign")?;
                absent("method", self.method.as_ref(), "for=presign and for=sign")?;
                let access = credentials::access(self.access.as_deref())?;
                Ok(ExplainedUse::Credentials { access, ttl_seconds: ttl_seconds? })
            }
            "presign" => {
                absent("access", self.access.as_ref(), "for=credentials: the method says it here")?;
                let signature = ExplainedSignature::url(self.location()?, self.method.as_deref(), ttl_seconds?)?;
                Ok(ExplainedUse::Signature(signature))
            }
            "sign" => {
                absent("access", self.access.as_ref(), "for=credentials: the method says it here")?;
                absent("ttl", self.ttl.as_ref(), "for=credentials and for=presign: stores say how long they take it")?;
                let signature = ExplainedSignature::request(self.location()?, self.method.as_deref())?;
                Ok(ExplainedUse::Signature(signature))
            }
            _ => Err(CatalogError::Invalid("for is 'credentials', 'presign' or 'sign'".to_owned())),
        }
    }

    fn location(&self) -> Result<&str, CatalogError> {
        let missing = || CatalogError::Invalid("location is missing: name one object of the table".to_owned());
        self.location.as_deref().ok_or_else(missing)
    }

    /// Names of roles that are to be assumed.
    pub(super) fn assumed(&self) -> Result<Vec<String>, CatalogError> {
        let Some(text) = &self.assume_roles else { return Ok(Vec::new()) };
        let mut names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.iter().any(String::is_empty) || names.len() > MOST_ROLES {
            let wrong = format!("assume_roles is 1 to {MOST_ROLES} names of roles with commas between them");
            return Err(CatalogError::Invalid(wrong));
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

/// Roles that one explanation may assume.
const MOST_ROLES: usize = 50;

fn absent(name: &str, given: Option<&String>, belongs_to: &str) -> Result<(), CatalogError> {
    match given {
        None => Ok(()),
        Some(_) => Err(CatalogError::Invalid(format!("{name} belongs to {belongs_to}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = "location=s3://bucket/base/sales/orders/a";

    fn asked(query: &str) -> Result<ExplainedUse, String> {
        let uri = format!("http://host/?{query}").parse().unwrap();
        let axum::extract::Query(query) =
            axum::extract::Query::<ExplainQuery>::try_from_uri(&uri).map_err(|error| error.to_string())?;
        query.asked().map_err(|error| error.to_string())
    }

    #[test]
    fn each_purpose_has_its_own_parameters() {
        for query in ["", "for=credentials", "access=read&ttl=900"] {
            assert!(matches!(asked(query), Ok(ExplainedUse::Credentials { .. })), "{query}");
        }
        for more in ["for=presign", "for=presign&method=PUT&ttl=60", "for=sign", "for=sign&method=DELETE"] {
            assert!(matches!(asked(&format!("{OBJECT}&{more}")), Ok(ExplainedUse::Signature(_))), "{more}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        for (query, name) in [
            ("location=s3://b/t/a", "location"),
            ("method=GET", "method"),
            ("for=presign", "location"),
            ("for=sign&method=GET", "location"),
            ("for=presign&access=read&location=s3://b/t/a", "access"),
            ("for=sign&access=read&location=s3://b/t/a", "access"),
            ("for=sign&ttl=60&location=s3://b/t/a", "ttl"),
            ("for=presign&ttl=0&location=s3://b/t/a", "ttl"),
            ("for=presign&method=POST&location=s3://b/t/a", "method"),
            ("for=sign&method=get&location=s3://b/t/a", "method"),
            ("for=presign&location=s3://b/t/", "location"),
            ("for=presign&location=s3://b/t/../a", "location"),
            ("for=sign&location=nowhere", "location"),
            ("for=vend", "for"),
            ("for=", "for"),
            ("users=ada", "users"),
        ] {
            let refused = asked(query).unwrap_err();
            assert!(refused.contains(name), "{query}: {refused}");
        }
    }

    #[test]
    fn roles_to_assume_are_a_list_of_names() {
        let of = |text: &str| {
            let query = ExplainQuery {
                purpose: None,
                access: None,
                ttl: None,
                location: None,
                method: None,
                user: None,
                assume_roles: Some(text.to_owned()),
            };
            query.assumed().map_err(|error| error.to_string())
        };
        assert_eq!(of("Writer, Reader,Writer").unwrap(), ["Reader", "Writer"]);
        for wrong in ["", ",", "Reader,", " , Reader", &"a,".repeat(60)] {
            assert!(of(wrong).unwrap_err().contains("assume_roles"), "{wrong}");
        }
    }
}
