//! Lists that show only what the caller may see, in pages.

use std::future::Future;

use pangolin_core::ports::{Page, PageRequest, StoreError};

use crate::error::Result;

/// Which part of a list is wanted.
#[derive(Debug, Clone, Default)]
pub struct Paging {
    /// `pageToken`: none asks for everything unless a size is given, empty for the first page.
    pub token: Option<String>,
    /// `pageSize`.
    pub size: Option<usize>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The items.
    pub items: Vec<T>,
    /// `next-page-token`.
    pub next: Option<String>,
}

const DEFAULT_SIZE: usize = 100;
const LARGEST_SIZE: usize = 1000;

/// Collects visible items until the page is full. The token is the name of the last item that
/// was shown: the name of a hidden one would tell that it exists.
pub(crate) async fn visible<T, F>(
    paging: &Paging,
    fetch: impl Fn(PageRequest) -> F,
    name: impl Fn(&T) -> String,
    seen: impl Fn(&T) -> bool,
) -> Result<Listed<T>>
where
    F: Future<Output = std::result::Result<Page<T>, StoreError>>,
{
    let paged = paging.token.is_some() || paging.size.is_some();
    let limit = if paged { paging.size.unwrap_or(DEFAULT_SIZE).clamp(1, LARGEST_SIZE) } else { usize::MAX };
    let mut after = paging.token.clone().filter(|token| !token.is_empty());
    let mut items: Vec<T> = Vec::new();
    loop {
        let request = PageRequest { after: after.clone(), limit: limit.saturating_add(1).min(LARGEST_SIZE) };
        let page = fetch(request).await?;
        for item in page.items.into_iter().filter(|item| seen(item)) {
            if items.len() == limit {
                return Ok(Listed { next: items.last().map(&name), items });
            }
            items.push(item);
        }
        match page.next {
            Some(next) if after.as_ref() != Some(&next) => after = Some(next),
            _ => return Ok(Listed { items, next: None }),
        }
    }
}
