//! What all routes have in common: who is refused, what is wrong with any body, and the form of
//! each refusal.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, KnownFormat, ObjectBuilder, OpenApi, Ref, RefOr, Response, SchemaFormat, Type};

/// Adds it to every operation of the document.
pub(super) fn complete(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let form = Form::of(path);
        for (method, operation) in operations(item) {
            let Some(operation) = operation else { continue };
            add_common(path, form, operation);
            // The answer to HEAD has no body, whatever it is.
            fill(operation, (method != "head").then_some(form));
        }
    }
}

fn operations(item: &mut PathItem) -> [(&'static str, &mut Option<Operation>); 6] {
    [
        ("get", &mut item.get),
        ("put", &mut item.put),
        ("post", &mut item.post),
        ("delete", &mut item.delete),
        ("head", &mut item.head),
        ("patch", &mut item.patch),
    ]
}

/// The form of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Problem,
    Iceberg,
    OAuth,
}

impl Form {
    fn of(path: &str) -> Self {
        if !path.starts_with("/v1/") {
            Self::Problem
        } else if path.ends_with("/oauth/tokens") {
            Self::OAuth
        } else {
            Self::Iceberg
        }
    }

    fn media_type(self) -> &'static str {
        if self == Self::Problem { "application/problem+json" } else { "application/json" }
    }

    fn schema(self) -> &'static str {
        match self {
            Self::Problem => "Problem",
            Self::Iceberg => "IcebergFault",
            Self::OAuth => "OAuthFault",
        }
    }
}

/// Bodies that are read as JSON whatever their content type says.
const ANY_CONTENT_TYPE: [&str; 2] = ["/api/v1/users/login", "/api/v1/tokens"];

fn add_common(path: &str, form: Form, operation: &mut Operation) {
    let mut also = Vec::new();
    if is_guarded(operation) {
        also.extend([
            ("400", "the request is malformed, or X-Pangolin-Tenant is no UUID"),
            ("401", "no credentials, or none that are good"),
            ("403", "the right is missing, or X-Pangolin-Tenant is not the caller's tenant"),
            ("500", "the host failed; its log has the cause under the error id"),
            ("503", "the audit trail or another service cannot be reached; nothing was done"),
        ]);
        operation.parameters.get_or_insert_default().push(RefOr::T(tenant_header()));
    }
    if operation.request_body.is_some() {
        also.extend([("400", "the body makes no sense"), ("413", "the body is larger than the host accepts")]);
        if form == Form::Problem {
            also.push(("422", "what is wrong with the body, by field"));
            if !ANY_CONTENT_TYPE.contains(&path) {
                also.push(("415", "the body is not of type application/json"));
            }
        }
    }
    for (status, description) in also {
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(Response::new(description)));
    }
}

/// Whether somebody without credentials is refused, or at least somebody with wrong ones.
fn is_guarded(operation: &Operation) -> bool {
    let open = SecurityRequirement::default();
    operation.security.as_ref().is_none_or(|listed| listed.iter().any(|requirement| *requirement != open))
}

fn tenant_header() -> Parameter {
    let uuid =
        ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
    ParameterBuilder::new()
        .name("X-Pangolin-Tenant")
        .parameter_in(ParameterIn::Header)
        .description(Some("the caller's tenant; Root may name one where that narrows what is shown"))
        .schema(Some(uuid))
        .build()
}

/// Gives each refusal that says nothing of its own the common form, and each status its words.
fn fill(operation: &mut Operation, form: Option<Form>) {
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else { continue };
        let code = status.parse::<u16>().unwrap_or_default();
        if response.description.is_empty() {
            let words = axum::http::StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason());
            words.unwrap_or_default().clone_into(&mut response.description);
        }
        if code < 400 {
            continue;
        }
        if let Some(form) = form.filter(|_| response.content.is_empty()) {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(form.schema()))).build();
            response.content.insert(form.media_type().to_owned(), RefOr::T(content));
        }
        let header = match code {
            401 => Some(("WWW-Authenticate", Type::String)),
            429 => Some(("Retry-After", Type::Integer)),
            _ => None,
        };
        if let Some((name, kind)) = header {
            let schema = ObjectBuilder::new().schema_type(kind).build();
            let header = HeaderBuilder::new().schema(Some(schema)).build();
            response.headers.insert(name.to_owned(), RefOr::T(header));
        }
    }
}
