use pangolin_core::strategy::{Description, Field, FieldKind, HostPattern, Scoping, SecretUse, StrategyInfo};

use super::{body, page};

fn field(name: &str, kind: FieldKind) -> Field {
    Field {
        name: name.to_owned(),
        aliases: Vec::new(),
        kind,
        required: true,
        default: None,
        choices: Vec::new(),
        example: None,
        secret_uses: Vec::new(),
        secret_hosts: Vec::new(),
        destination: false,
        help: "What it is for".to_owned(),
    }
}

fn shop() -> Description {
    let url = field("token_url", FieldKind::Url);
    let url = Field { example: Some("https://shop.example.com/".to_owned()), destination: true, ..url };
    let url = Field { aliases: vec!["shop.url".to_owned()], ..url };
    let mode = Field { choices: vec!["a".to_owned(), "b".to_owned()], ..field("mode", FieldKind::Text) };
    let mode = Field { default: Some("b".to_owned()), required: false, ..mode };
    let key = Field { secret_uses: vec![SecretUse::Bearer], ..field("api_key", FieldKind::Text) };
    Description {
        name: "TokenShop".to_owned(),
        version: "0.1.0".to_owned(),
        summary: "Tokens, *bold* | and <b>more</b>".to_owned(),
        schemes: vec!["s3".to_owned()],
        scoping: Scoping::Exact,
        scoping_rules: Vec::new(),
        fields: vec![url, mode, key],
        hosts: vec![HostPattern::OfField("token_url".to_owned())],
        max_ttl_seconds: Some(3600),
        min_ttl_seconds: Some(60),
    }
}

#[test]
fn everything_that_the_description_says_is_on_the_page() {
    let info = StrategyInfo {
        imports: vec!["pangolin:vending/http@1.0.0".to_owned()],
        missing_grants: "[plugins.TokenShop]\n".to_owned(),
        ..StrategyInfo::of(shop())
    };
    let page = page::of(&info);
    for part in [
        "# TokenShop\n",
        "Tokens, \\*bold\\* \\| and \\<b\\>more\\</b\\>",
        "| `token_url` | `shop.url` | URL; for example `https://shop.example.com/`; a change",
        "**Required.**",
        "| `mode` |  | `a` or `b`; `b` where it is not given | What it is for |",
        "| `api_key` | bearer token | the host of `token_url` |",
        "60 to 3600 s",
        "\"token_url\": \"https://shop.example.com/\"",
        "```toml\n[plugins.TokenShop]\n```",
        "| `pangolin:vending/http@1.0.0` | requests to granted hosts",
    ] {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
}

#[test]
fn the_body_has_what_is_required_and_no_secret() {
    let body = body::of(&shop());
    assert_eq!(body["name"], "token-shop");
    assert_eq!(body["storage_config"]["type"], "s3");
    let parameters = &body["vending_strategy"]["TokenShop"];
    assert_eq!(parameters["api_key"]["secret_ref"], "token-shop-api-key");
    assert!(parameters.get("mode").is_none());
}

#[test]
fn what_the_storage_says_is_not_said_twice() {
    let mut shop = shop();
    shop.schemes = vec!["abfss".to_owned()];
    shop.fields.push(field("container", FieldKind::Text));
    let body = body::of(&shop);
    assert_eq!(body["storage_config"]["container"], "lake");
    assert!(body["vending_strategy"]["TokenShop"].get("container").is_none());
}
