//! Makes components of our world from a few lines of WAT: no Wasm toolchain is needed.

use std::collections::BTreeSet;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use crate::ask::{Ask, REPORT, SEND};
use crate::image::{BASE, Image, Record, Slice};

/// One property of a credential.
pub(crate) enum Entry {
    Plain(&'static str, Vec<u8>),
    Slot(&'static str, &'static str),
}

/// One credential that the guest answers with.
pub(crate) struct Credential {
    pub(crate) prefix: String,
    pub(crate) entries: Vec<Entry>,
    pub(crate) expires_at_ms: Option<u64>,
}

/// One field of the configuration.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// 0 text, 3 url.
    pub(crate) kind: u8,
    /// Uses of a secret: their number, and the name that some have.
    pub(crate) uses: Vec<(u8, &'static str)>,
    /// Where the secret may be sent.
    pub(crate) hosts: Vec<&'static str>,
}

impl Field {
    /// A field that names a server.
    pub(crate) fn url(name: &'static str) -> Self {
        Self { name, kind: 3, uses: Vec::new(), hosts: Vec::new() }
    }

    /// A secret for one use, towards one server.
    pub(crate) fn secret(name: &'static str, secret_use: (u8, &'static str), host: &'static str) -> Self {
        Self { name, kind: 0, uses: vec![secret_use], hosts: vec![host] }
    }
}

/// A guest. The default one is honest: it mints one credential for the table of the tests.
pub(crate) struct Guest {
    pub(crate) name: Vec<u8>,
    pub(crate) version: &'static str,
    /// 0 exact, 3 unscoped.
    pub(crate) scoping: u8,
    /// Secret fields, with the numbers of their uses.
    pub(crate) secrets: Vec<(&'static str, u8)>,
    /// Fields that need more than that.
    pub(crate) fields: Vec<Field>,
    /// `field:` and a name for the host of a field.
    pub(crate) hosts: Vec<&'static str>,
    pub(crate) credentials: Vec<Credential>,
    /// WAT before everything else: imports.
    pub(crate) imports: String,
    /// WAT at module level.
    pub(crate) items: String,
    /// WAT that runs first in each export.
    pub(crate) describe: String,
    pub(crate) check_config: String,
    pub(crate) vend: String,
    /// WAT that runs when the host wants memory of the guest.
    pub(crate) realloc: String,
    /// Requests that `vend` sends, each after the one before. With any, what came back of the last is
    /// the error that it answers with.
    pub(crate) asks: Vec<Ask>,
    /// WAT after each of them; `CREDENTIALS` is where the answer with the credentials lies.
    pub(crate) between: String,
    /// Optional interfaces that it exports beside `strategy`, with WAT of their functions.
    pub(crate) exports: Vec<(&'static str, String)>,
    /// Interfaces of other packages that it imports, and these packages in WIT.
    pub(crate) others: BTreeSet<String>,
    pub(crate) packages: String,
}

/// The table of the tests, as a scope.
pub(crate) const SCOPE: &str = "s3://lake/base/sales/orders/";
/// Now, for guests and host.
pub(crate) const NOW_MS: u64 = 1_700_000_000_000;
/// `secret-use::credential-value`.
pub(crate) const CREDENTIAL_VALUE: u8 = 9;
/// `secret-use::bearer`.
pub(crate) const BEARER: u8 = 2;

impl Default for Credential {
    fn default() -> Self {
        Self {
            prefix: SCOPE.to_owned(),
            entries: vec![Entry::Plain("s3.access-key-id", b"ASIA".to_vec())],
            expires_at_ms: Some(NOW_MS + 900_000),
        }
    }
}

impl Guest {
    pub(crate) fn named(name: &str) -> Self {
        Self {
            name: name.as_bytes().to_vec(),
            version: "1.0.0",
            scoping: 0,
            secrets: Vec::new(),
            fields: Vec::new(),
            hosts: Vec::new(),
            credentials: vec![Credential::default()],
            imports: String::new(),
            items: String::new(),
            describe: String::new(),
            check_config: String::new(),
            vend: String::new(),
            realloc: String::new(),
            asks: Vec::new(),
            between: String::new(),
            exports: Vec::new(),
            others: BTreeSet::new(),
            packages: String::new(),
        }
    }

    /// `vend` sends these requests and answers with what came back of the last.
    pub(crate) fn asking(mut self, asks: Vec<Ask>) -> Self {
        self.asks = asks;
        self.importing("http", "send", "(param i32 i32)")
    }

    /// `vend` runs this WAT before it answers.
    pub(crate) fn vending(mut self, wat: &str) -> Self {
        self.vend = wat.to_owned();
        self
    }

    /// Adds an import: interface, function, signature, and its name in WAT.
    pub(crate) fn importing(mut self, interface: &str, function: &str, signature: &str) -> Self {
        self.imports.push_str(&format!(
            "(import \"pangolin:vending/{interface}@1.0.0\" \"{function}\" (func ${function} {signature}))\n"
        ));
        self
    }

    pub(crate) fn answering(mut self, credentials: Vec<Credential>) -> Self {
        self.credentials = credentials;
        self
    }

    /// The component.
    pub(crate) fn build(&self) -> Vec<u8> {
        let mut image = Image::default();
        let description = self.description(&mut image);
        let problems = image.record(Record::new(12));
        let answer = self.answer(&mut image);
        let asks = self.asks.iter().map(|ask| SEND.replace("REQUEST", &ask.write(&mut image).to_string()));
        let asks = asks
            .map(|ask| format!("{ask} {}", self.between.replace("CREDENTIALS", &answer.to_string())))
            .collect::<String>();
        let report = if self.asks.is_empty() { "" } else { REPORT };
        let heap = BASE as usize + image.bytes.len().next_multiple_of(16);
        let pages = heap / 65_536 + 2;
        let export = "pangolin:vending/strategy@1.0.0";
        let wat = format!(
            r#"(module
              {imports}
              (memory (export "memory") {pages})
              (global $heap (mut i32) (i32.const {heap}))
              (data (i32.const {BASE}) "{data}")
              (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                (local $at i32)
                {realloc}
                (local.set $at (i32.and (i32.add (global.get $heap) (i32.const 15)) (i32.const -16)))
                (global.set $heap (i32.add (local.get $at) (local.get 3)))
                (if (i32.gt_u (global.get $heap) (i32.shl (memory.size) (i32.const 16)))
                  (then (drop (memory.grow (i32.add (i32.const 1) (i32.shr_u
                    (i32.sub (global.get $heap) (i32.shl (memory.size) (i32.const 16))) (i32.const 16)))))))
                (local.get $at))
              {items}
              (func (export "{export}#describe") (result i32) {describe} (i32.const {description}))
              (func (export "{export}#check-config") (param i32 i32 i32 i32) (result i32)
                {check_config} (i32.const {problems}))
              (func (export "{export}#vend") (param i32) (result i32)
                (local $i i32) {vend} {asks} {report} (i32.const {answer}))
              {exports})"#,
            imports = self.imports,
            data = image.wat(),
            items = self.items,
            describe = self.describe,
            check_config = self.check_config,
            vend = self.vend,
            realloc = self.realloc,
            exports = self.exports.iter().map(|(_, wat)| wat.as_str()).collect::<String>(),
        );
        componentise(&wat, &self.world())
    }

    /// The world `guest`: what every plugin has, and what this one has beside it.
    fn world(&self) -> String {
        let exports: String =
            self.exports.iter().map(|(interface, _)| format!("export pangolin:vending/{interface}@1.0.0; ")).collect();
        let imports: String = self.others.iter().map(|interface| format!("import {interface}; ")).collect();
        format!(
            "package t:t; world guest {{ include pangolin:vending/plugin@1.0.0; {exports} {imports} }}\n{}",
            self.packages
        )
    }

    fn description(&self, image: &mut Image) -> u32 {
        let name = image.text(&self.name);
        let version = image.text(self.version.as_bytes());
        let summary = image.text(b"A guest of the tests.");
        let scheme = image.text(b"s3");
        let schemes = image.list(vec![Record::new(8).slice(0, scheme)]);
        let secrets = self.secrets.iter().map(|(name, secret_use)| Field {
            name,
            kind: 0,
            uses: vec![(*secret_use, "")],
            hosts: Vec::new(),
        });
        let secrets: Vec<Field> = secrets.collect();
        let fields = secrets.iter().chain(&self.fields).map(|field| {
            let uses = field.uses.iter();
            let uses =
                uses.map(|(case, name)| Record::new(12).u8(0, *case).slice(4, image.text(name.as_bytes()))).collect();
            let record = Record::new(88).slice(0, image.text(field.name.as_bytes())).u8(16, field.kind);
            record.slice(52, image.list(uses)).slice(60, patterns(&field.hosts, image))
        });
        let fields = fields.collect();
        let fields = image.list(fields);
        let hosts = patterns(&self.hosts, image);
        image.record(
            Record::new(84)
                .slice(0, name)
                .slice(8, version)
                .slice(16, summary)
                .slice(24, schemes)
                .u8(32, self.scoping)
                .slice(44, fields)
                .slice(52, hosts),
        )
    }

    fn answer(&self, image: &mut Image) -> u32 {
        let credentials = self.credentials.iter().map(|credential| {
            let prefix = image.text(credential.prefix.as_bytes());
            let entries = credential.entries.iter().map(|entry| match entry {
                Entry::Plain(key, value) => {
                    Record::new(20).slice(0, image.text(key.as_bytes())).slice(12, image.text(value))
                }
                Entry::Slot(key, slot) => {
                    Record::new(20).slice(0, image.text(key.as_bytes())).u8(8, 1).slice(12, image.text(slot.as_bytes()))
                }
            });
            let entries = entries.collect();
            let entries = image.list(entries);
            let record = Record::new(56).slice(0, prefix).slice(8, entries);
            match credential.expires_at_ms {
                Some(at) => record.u8(16, 1).u64(24, at),
                None => record,
            }
        });
        let credentials = credentials.collect();
        let credentials = image.list(credentials);
        image.record(Record::new(32).slice(4, credentials))
    }
}

/// Servers as `host-pattern`.
fn patterns(hosts: &[&str], image: &mut Image) -> Slice {
    let hosts = hosts.iter().map(|host| match host.strip_prefix("field:") {
        Some(field) => Record::new(12).u8(0, 1).slice(4, image.text(field.as_bytes())),
        None => Record::new(12).slice(4, image.text(host.as_bytes())),
    });
    let hosts = hosts.collect();
    image.list(hosts)
}

/// A core module with the names of the world `guest`, as a component.
fn componentise(wat: &str, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}\n{wat}"));
    let mut resolve = Resolve::default();
    resolve.push_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit")).unwrap();
    let package = resolve.push_str("guest.wit", world).unwrap();
    let world = resolve.select_world(&[package], Some("guest")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    ComponentEncoder::default().validate(true).module(&module).unwrap().encode().unwrap()
}
