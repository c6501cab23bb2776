//! Which field a spelling means: the storage's own, the strategy's, or none.

use super::StorageKind;
use super::spelling::{StorageField, dialects, fields, fold, is_secret_name};
use crate::strategy::{Description, Field, FieldKind};

/// The fields that a warehouse of one kind and strategy has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a> {
    pub kind: StorageKind,
    pub strategy: Option<&'a Description>,
}

/// A field, by its canonical name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning<'a> {
    pub name: &'a str,
    pub kind: FieldKind,
    pub secret: bool,
}

impl<'a> Fields<'a> {
    /// The field of a spelling. What says where the objects are is the storage's; then the
    /// strategy's names go before those that the host merely knows.
    pub(super) fn find(self, spelling: &str) -> Option<Meaning<'a>> {
        let folded = fold(spelling);
        let plain = dialects(self.kind).iter().find_map(|dialect| folded.strip_prefix(dialect));
        let is = |name: &str| folded == name || plain == Some(name);
        let of_storage = |field: &&'a StorageField| is(field.name) || field.also.iter().any(|name| is(name));
        let of_strategy =
            |field: &&'a Field| is(&field.name) || field.aliases.iter().any(|alias| fold(alias) == folded);
        let storage = || fields(self.kind).iter();
        storage()
            .filter(|field| field.place)
            .find(of_storage)
            .map(|field| self.meaning(field.name))
            .or_else(|| self.own().find(of_strategy).map(|field| self.meaning(&field.name)))
            .or_else(|| storage().find(of_storage).map(|field| self.meaning(field.name)))
    }

    /// Whether the name is canonical here.
    pub(super) fn knows(self, name: &str) -> bool {
        self.of_storage(name).is_some() || self.of_strategy(name).is_some()
    }

    pub(super) fn is_secret(self, name: &str) -> bool {
        is_secret_name(name)
            || self.of_storage(name).is_some_and(|field| field.secret)
            || self.of_strategy(name).is_some_and(Field::is_secret)
    }

    /// Names of the fields that decide where secrets are sent.
    pub(super) fn destinations(self) -> impl Iterator<Item = &'a str> {
        let storage = fields(self.kind).iter().filter(|field| field.destination).map(|field| field.name);
        storage.chain(self.own().filter(|field| field.destination).map(|field| field.name.as_str()))
    }

    /// Names of the fields that must be given, each with a line on what it is.
    pub(super) fn required(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let storage = fields(self.kind).iter().filter(|field| field.required).map(|field| (field.name, ""));
        storage.chain(self.own().filter(|field| field.required).map(|field| (field.name.as_str(), field.help.as_str())))
    }

    /// Every canonical name, for people.
    pub(super) fn names(self) -> String {
        let mut names: Vec<&str> = fields(self.kind).iter().map(|field| field.name).collect();
        names.extend(self.own().map(|field| field.name.as_str()));
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    }

    pub(super) fn own(self) -> impl Iterator<Item = &'a Field> {
        self.strategy.into_iter().flat_map(|description| &description.fields)
    }

    pub(super) fn of_storage(self, name: &str) -> Option<&'static StorageField> {
        fields(self.kind).iter().find(|field| field.name == name)
    }

    pub(super) fn of_strategy(self, name: &str) -> Option<&'a Field> {
        self.own().find(|field| field.name == name)
    }

    fn meaning(self, name: &'a str) -> Meaning<'a> {
        let of_strategy = self.of_strategy(name).map(|field| field.kind);
        let kind = match self.of_storage(name) {
            Some(field) if field.place || of_strategy.is_none() => field.kind,
            _ => of_strategy.unwrap_or(FieldKind::Text),
        };
        Meaning { name, kind, secret: self.is_secret(name) }
    }
}
