//! Wire forms of a search.

use pangolin_core::record::Properties;
use pangolin_store::{Named, SearchItem};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::matching::Wanted;
use crate::error::ApiError;

/// Default and largest number of results.
const LIMIT: (usize, usize) = (100, 1000);
/// No name is longer.
const MAX_CHARS: usize = 1_000;

/// What to look for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchQuery {
    /// A part of the name.
    #[param(required = true, value_type = String)]
    q: Option<String>,
    /// At most 1000; 100 if absent.
    #[param(value_type = Option<u32>)]
    limit: Option<String>,
    /// `next_page_token` of the answer before; also `page-token`, `pageToken`.
    #[serde(alias = "page-token", alias = "pageToken")]
    page_token: Option<String>,
}

/// The same, judged.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) wanted: Wanted,
    pub(super) limit: usize,
    pub(super) cursor: Option<String>,
}

impl SearchQuery {
    pub(super) fn read(self) -> Result<Asked, ApiError> {
        let text = self.q.filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| ApiError::bad_request("q", "say what to look for: a part of a name"))?;
        if text.chars().count() > MAX_CHARS {
            return Err(ApiError::bad_request("q", format!("at most {MAX_CHARS} characters")));
        }
        let limit = match self.limit.as_deref().map(str::parse::<usize>) {
            None => LIMIT.0,
            Some(Ok(limit)) if (1..=LIMIT.1).contains(&limit) => limit,
            Some(_) => return Err(ApiError::bad_request("limit", format!("limit is between 1 and {}", LIMIT.1))),
        };
        let cursor = self.page_token.filter(|token| !token.is_empty());
        Ok(Asked { wanted: Wanted::new(text.trim()), limit, cursor })
    }
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SearchReply {
    pub(super) results: Vec<SearchResult>,
    /// To go on with; absent: there is nothing more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) next_page_token: Option<String>,
}

/// One thing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SearchResult {
    /// `Catalog`, `Namespace` or `Asset`, which is a table.
    kind: &'static str,
    /// Of a namespace all its levels, joined by `.`.
    name: String,
    id: String,
    /// What it lies in: nothing, `catalog`, or `catalog.namespace`.
    context: Option<String>,
    /// The property `comment` or `description`, to those who may read it.
    description: Option<String>,
}

impl SearchResult {
    pub(super) fn of(item: &SearchItem, may_read: bool) -> Self {
        let catalog = || item.catalog.clone();
        let (kind, name, id, context, properties) = match &item.named {
            Named::Catalog { properties } => {
                ("Catalog", catalog(), item.catalog_id.to_string(), None, Some(properties))
            }
            Named::Namespace { id, path, properties } => {
                ("Namespace", path.dotted(), id.clone(), Some(catalog()), Some(properties))
            }
            Named::Table { id, namespace, name } => {
                let context = format!("{}.{namespace}", item.catalog);
                ("Asset", name.clone(), id.to_string(), Some(context), None)
            }
        };
        let description = properties.filter(|_| may_read).and_then(described);
        Self { kind, name, id, context, description }
    }
}

fn described(properties: &Properties) -> Option<String> {
    properties.get("comment").or_else(|| properties.get("description")).cloned()
}
