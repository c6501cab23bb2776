//! The name of a project, in the forms that its files need.

use std::str::FromStr;

/// The templates' own name, which stands for the project's.
const KEBAB: &str = "token-shop";
const SNAKE: &str = "token_shop";
const PASCAL: &str = "TokenShop";
/// A strategy's name has 64 characters at most.
const LONGEST: usize = 64;

/// A project's name: `[a-z][a-z0-9-]*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(String);

/// It is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to {LONGEST} of a-z, 0-9 and single '-', a letter first and no '-' last: for example {KEBAB}")]
pub(super) struct NoName;

impl FromStr for Name {
    type Err = NoName;

    fn from_str(text: &str) -> Result<Self, NoName> {
        let known = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fine = (1..=LONGEST).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(known)
            && !text.ends_with('-')
            && !text.contains("--");
        // Warehouses write these for 'no strategy'.
        if fine && !["none", "null"].contains(&text) { Ok(Self(text.to_owned())) } else { Err(NoName) }
    }
}

impl Name {
    /// `token-shop`: folders, packages, the component's file.
    pub(super) fn kebab(&self) -> &str {
        &self.0
    }

    /// `token_shop`: what Rust makes of a package's name.
    fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// `TokenShop`: the strategy.
    fn pascal(&self) -> String {
        let word = |word: &str| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
        };
        self.0.split('-').map(word).collect()
    }

    /// A template's text with this name in the place of its own.
    pub(super) fn put_into(&self, text: &str) -> String {
        text.replace(PASCAL, &self.pascal()).replace(SNAKE, &self.snake()).replace(KEBAB, self.kebab())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_each_form() {
        let name: Name = "my-store2".parse().unwrap();
        assert_eq!(name.put_into("token-shop token_shop.wasm TokenShop"), "my-store2 my_store2.wasm MyStore2");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(65);
        for text in ["", "-a", "a-", "a--b", "A", "a_b", "1a", "../a", "a/b", "a b", "ä", "none", "null", &long] {
            assert_eq!(text.parse::<Name>(), Err(NoName), "{text}");
        }
    }
}
