//! Properties of catalogs and tenants: replies show them to whoever may see the thing, so no
//! credential is kept there.

use pangolin_core::credential_scan;
use pangolin_core::record::Properties;

use crate::config::Config;
use crate::error::ApiError;

/// Refuses credentials, by name of the property. In strict mode a literal under a name that says
/// secret is one too.
pub(crate) fn check(config: &Config, properties: &Properties) -> Result<(), ApiError> {
    let refused = properties.iter().filter_map(|(name, value)| {
        let found = if config.strict_secrets {
            credential_scan::in_field(name, value)
        } else {
            credential_scan::in_text(value)
        };
        if let Some(kind) = credential_scan::in_text(name) {
            return Some(("properties".to_owned(), format!("a name holds {kind}")));
        }
        found.map(|kind| (format!("properties.{name}"), format!("holds {kind}: properties are shown to everybody")))
    });
    let refused: Vec<(String, String)> = refused.collect();
    if refused.is_empty() { Ok(()) } else { Err(ApiError::problems(refused)) }
}
