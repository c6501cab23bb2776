//! Which codes the sources make. A code is a literal in one of these places:
//!
//! - after a status or a kind: `ApiError::new(StatusCode::CONFLICT, "code", …)`, `(Kind::Denied, "code", …)`;
//! - as the argument for a parameter called `code`, of a function or of a closure;
//! - what a function called `code` answers;
//! - what is bound to `code`, alone or as a part of a tuple, or is the value of a field `code`.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, TokenTree};

use crate::sources::{Source, inside, is_ident, is_punct};

#[derive(Default)]
pub(crate) struct Gathered {
    /// Codes with the files that make them.
    pub(crate) codes: BTreeMap<String, BTreeSet<String>>,
    /// Places where an error is made with a code that cannot be read.
    pub(crate) unreadable: Vec<String>,
}

/// Names of what says how bad it is; a code stands after it.
const KINDS: [&str; 8] =
    ["Kind", "StrategyErrorKind", "ErrorKind", "StatusCode", "kind", "base_kind", "status", "config_of"];
/// What makes an error of a kind, a code and a text.
const ERRORS: [&str; 4] = ["ApiError", "StrategyError", "VendError", "OAuthError"];

pub(crate) fn codes(sources: &[Source]) -> Gathered {
    let mut names = Names::default();
    for source in sources {
        names.learn(&source.unit, &source.tokens);
    }
    let mut found = Gathered::default();
    for source in sources {
        Walk { source, names: &names, found: &mut found }.walk(&source.tokens);
    }
    found
}

/// Functions and closures with a parameter called `code`, and constants, by unit.
#[derive(Default)]
struct Names {
    functions: BTreeMap<(String, String), usize>,
    constants: BTreeMap<(String, String), String>,
}

/// Strategies call these of the SDK.
const SDK: &str = "plugins/sdk/src";

impl Names {
    fn learn(&mut self, unit: &str, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            if let TokenTree::Group(group) = token {
                self.learn(unit, &inside(group));
            }
            let Some(TokenTree::Ident(name)) = tokens.get(at + 1) else { continue };
            let key = (unit.to_owned(), name.to_string());
            if is_ident(token, "fn") {
                let parameters = tokens[at..].iter().find_map(parenthesis);
                let index = parameters.and_then(|group| place_of_code(&inside(group)));
                if let Some(index) = index.filter(|_| name != "new") {
                    self.functions.insert(key, index);
                }
            } else if is_ident(token, "let") && tokens.get(at + 2).is_some_and(|next| is_punct(next, '=')) {
                let rest: Vec<&TokenTree> = tokens[at + 3..].iter().filter(|token| !is_ident(token, "move")).collect();
                if rest.first().is_some_and(|token| is_punct(token, '|')) {
                    let parameters = rest[1..].iter().take_while(|token| !is_punct(token, '|'));
                    let parameters: Vec<TokenTree> = parameters.map(|token| (*token).clone()).collect();
                    if let Some(index) = place_of_code(&parameters) {
                        self.functions.insert(key, index);
                    }
                }
            } else if is_ident(token, "const")
                && let Some(value) = tokens[at..].iter().take_while(|token| !is_punct(token, ';')).last()
                && let Some(code) = code(value)
            {
                self.constants.insert(key, code);
            }
        }
    }
}

/// Which parameter is called `code`, the receiver left out.
fn place_of_code(parameters: &[TokenTree]) -> Option<usize> {
    let is_receiver = |part: &Vec<TokenTree>| {
        let ends = part.last().is_some_and(|token| is_ident(token, "self"));
        ends && part.len() <= 4
    };
    let parts = split(parameters);
    parts
        .iter()
        .filter(|part| !is_receiver(part))
        .position(|part| part.first().is_some_and(|token| is_ident(token, "code")))
}

struct Walk<'a> {
    source: &'a Source,
    names: &'a Names,
    found: &'a mut Gathered,
}

impl Walk<'_> {
    fn walk(&mut self, tokens: &[TokenTree]) {
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => {
                    if group.delimiter() == Delimiter::Parenthesis {
                        self.arguments(&tokens[..at], group);
                    }
                    self.walk(&inside(group));
                }
                TokenTree::Ident(ident) if ident == "fn" => self.function(&tokens[at..]),
                TokenTree::Ident(ident) if ident == "let" => self.binding(&tokens[at + 1..]),
                TokenTree::Ident(ident) if ident == "code" => self.field(&tokens[at + 1..]),
                _ => {}
            }
        }
    }

    /// The arguments of a call, or the parts of a tuple.
    fn arguments(&mut self, before: &[TokenTree], group: &Group) {
        let parts = split(&inside(group));
        let of_kind = parts.first().is_some_and(|first| {
            first.iter().any(|token| matches!(token, TokenTree::Ident(ident) if KINDS.iter().any(|kind| ident == kind)))
        });
        if of_kind && let Some(code) = parts.get(1).and_then(|part| self.value(part)) {
            self.add(code);
        }
        let Some(TokenTree::Ident(name)) = before.last() else { return };
        let qualifier =
            before.iter().rev().nth(3).filter(|_| before.iter().rev().nth(1).is_some_and(|t| is_punct(t, ':')));
        let is_error = qualifier.is_some_and(|token| ERRORS.iter().any(|error| is_ident(token, error)));
        if qualifier.is_some_and(|token| !is_error && !is_ident(token, "Self")) {
            return;
        }
        let function = |unit: &str| self.names.functions.get(&(unit.to_owned(), name.to_string()));
        if let Some(at) = function(&self.source.unit).or_else(|| function(SDK)).copied()
            && let Some(code) = parts.get(at).and_then(|part| self.value(part))
        {
            self.add(code);
        }
        if name == "new" && is_error {
            let given = parts.get(1).cloned().unwrap_or_default();
            let is_passed_on = given.iter().any(|token| is_ident(token, "code"));
            if !is_passed_on && self.value(&given).is_none() {
                let text = given.iter().map(ToString::to_string).collect::<String>();
                self.found.unreadable.push(format!("{}: {text}", self.source.file));
            }
        }
    }

    /// What a function called `code` answers.
    fn function(&mut self, tokens: &[TokenTree]) {
        if !tokens.get(1).is_some_and(|name| is_ident(name, "code")) {
            return;
        }
        let body = tokens.iter().find_map(|token| match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(inside(group)),
            _ => None,
        });
        for code in answers(&body.unwrap_or_default()) {
            self.add(code);
        }
    }

    /// `let code = …;`, `let (kind, code) = …;`, `const`s excepted.
    fn binding(&mut self, tokens: &[TokenTree]) {
        let statement: Vec<TokenTree> = tokens.iter().take_while(|token| !is_punct(token, ';')).cloned().collect();
        match statement.first() {
            Some(TokenTree::Ident(name)) if name == "code" => {
                for code in answers(&statement[1..]) {
                    self.add(code);
                }
            }
            Some(TokenTree::Group(pattern)) if pattern.delimiter() == Delimiter::Parenthesis => {
                let Some(at) =
                    split(&inside(pattern)).iter().position(|part| part.len() == 1 && is_ident(&part[0], "code"))
                else {
                    return;
                };
                self.parts_at(at, &statement[1..]);
            }
            _ => {}
        }
    }

    /// Tuples anywhere below, and what stands at a place of them.
    fn parts_at(&mut self, at: usize, tokens: &[TokenTree]) {
        for (index, token) in tokens.iter().enumerate() {
            let TokenTree::Group(group) = token else { continue };
            let is_call = index > 0 && matches!(&tokens[index - 1], TokenTree::Ident(ident) if ident != "return");
            let parts = split(&inside(group));
            if group.delimiter() == Delimiter::Parenthesis
                && !is_call
                && parts.len() > 1
                && let Some(code) = parts.get(at).and_then(|part| self.value(part))
            {
                self.add(code);
            }
            self.parts_at(at, &inside(group));
        }
    }

    /// `code: "…"`, or an expression that ends in one.
    fn field(&mut self, tokens: &[TokenTree]) {
        let is_field = tokens.first().is_some_and(|token| is_punct(token, ':'))
            && !tokens.get(1).is_some_and(|token| is_punct(token, ':'));
        if !is_field {
            return;
        }
        let value: Vec<TokenTree> = tokens[1..].iter().take_while(|token| !is_punct(token, ',')).cloned().collect();
        if let Some(code) = value.first().and_then(code) {
            self.add(code);
        }
        for code in answers(&value) {
            self.add(code);
        }
    }

    /// A part that is a code and nothing else: a literal, or a constant of ours.
    fn value(&self, part: &[TokenTree]) -> Option<String> {
        let is_alone = part.len() == 1 || part.get(1).is_some_and(|next| is_punct(next, '.'));
        let first = part.first().filter(|_| is_alone)?;
        code(first).or_else(|| {
            let TokenTree::Ident(name) = part.last()? else { return None };
            self.names.constants.get(&(self.source.unit.clone(), name.to_string())).cloned()
        })
    }

    fn add(&mut self, code: String) {
        // Only the codes of OAuth have the `_` of their RFC.
        if !code.contains('_') || self.source.file.contains("/oauth/") {
            self.found.codes.entry(code).or_default().insert(self.source.file.clone());
        }
    }
}

/// Literals that an expression comes to: after an arrow, or alone in a block.
fn answers(tokens: &[TokenTree]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            let inner = inside(group);
            if group.delimiter() == Delimiter::Brace {
                found.extend(inner.first().and_then(code));
                found.extend(answers(&inner));
            }
        } else if at > 0 && (is_punct(&tokens[at - 1], '>') || is_punct(&tokens[at - 1], '=')) {
            found.extend(code(token));
        }
    }
    found
}

/// A literal that has the form of a code.
fn code(token: &TokenTree) -> Option<String> {
    let TokenTree::Literal(literal) = token else { return None };
    let text = literal.to_string();
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    let is_code = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 64
        && text
            .split(['-', '_'])
            .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
    is_code.then(|| text.to_owned())
}

fn parenthesis(token: &TokenTree) -> Option<&Group> {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group),
        _ => None,
    }
}

/// Parts between commas.
fn split(tokens: &[TokenTree]) -> Vec<Vec<TokenTree>> {
    let parts = tokens.split(|token| is_punct(token, ',')).map(<[TokenTree]>::to_vec);
    parts.filter(|part| !part.is_empty()).collect()
}
