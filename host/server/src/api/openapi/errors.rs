//! The three forms of a refusal, as the document shows them. What writes them is in
//! [`crate::error`]; the tests hold both together.
#![expect(dead_code, reason = "shapes for the document: the answers are written in crate::error")]

use utoipa::ToSchema;

/// RFC 9457 problem details: every refusal outside the Iceberg protocol.
#[derive(ToSchema)]
pub(super) struct Problem {
    /// `urn:pangolin:error:` and the code.
    r#type: String,
    /// The status in words.
    title: String,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What happened, for programs.
    code: String,
    /// What happened and what to do about it.
    detail: String,
    /// Everything that is wrong with the request, by field.
    #[schema(nullable = false)]
    errors: Option<Vec<FieldFault>>,
    /// A fault of the host: where its log says more.
    #[schema(nullable = false)]
    error_id: Option<String>,
}

/// One thing wrong with a request.
#[derive(ToSchema)]
struct FieldFault {
    /// The field, or empty.
    field: String,
    message: String,
}

/// The error envelope of the Iceberg REST protocol.
#[derive(ToSchema)]
pub(super) struct IcebergFault {
    error: IcebergFaultModel,
}

/// What went wrong.
#[derive(ToSchema)]
struct IcebergFaultModel {
    message: String,
    /// The exception that clients raise.
    r#type: String,
    /// The status.
    #[schema(minimum = 400, maximum = 599)]
    code: u16,
    /// What happened, for programs.
    reason: String,
}

/// RFC 6749, section 5.2: a refusal of the token endpoint.
#[derive(ToSchema)]
pub(super) struct OAuthFault {
    /// For example `invalid_client`, `invalid_scope`.
    error: String,
    error_description: String,
}
