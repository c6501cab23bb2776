//! What the optional exports answer: URLs that lead elsewhere, leases that are none.

use pangolin_core::clock::UnixMillis;
use pangolin_core::lease::{Interrupted, MintRequest};
use pangolin_core::location::Location;
use pangolin_core::ports::{PresignAsk, Strategies as _, UpkeepCall};
use pangolin_core::secret::Secret;

use super::planted;
use crate::guest::{Guest, NOW_MS};
use crate::host::{Host, authorised, warehouse};

/// WAT of a function that answers with what it wrote at 1024.
fn function(interface: &str, name: &str, signature: &str, wat: &str) -> String {
    format!(
        "(func (export \"pangolin:vending/{interface}@1.0.0#{name}\") {signature} (result i32) (local $i i32)
           {wat} (i32.const 1024))"
    )
}

/// WAT that writes a text at 2048 and says at `at` where it is.
fn text(at: u32, text: &str) -> String {
    let data: String =
        text.bytes().enumerate().map(|(n, byte)| store8(2048 + u32::try_from(n).unwrap(), byte)).collect();
    format!(
        "{data} (i32.store (i32.const {at}) (i32.const 2048)) (i32.store (i32.const {}) (i32.const {}))",
        at + 4,
        text.len()
    )
}

fn store8(at: u32, byte: u8) -> String {
    format!("(i32.store8 (i32.const {at}) (i32.const {byte}))")
}

/// A guest whose `presign` answers with this URL and one header.
async fn presigned(url: &str, header: Option<&str>, expires_at_ms: u64) -> Result<String, String> {
    let header = header.map_or_else(String::new, |name| {
        let name: String =
            name.bytes().enumerate().map(|(n, b)| store8(3000 + u32::try_from(n).unwrap(), b)).collect::<String>()
                + &format!(
                    "(i32.store (i32.const 3200) (i32.const 3000)) (i32.store (i32.const 3204) (i32.const {}))",
                    name.len()
                );
        format!("{name} (i32.store (i32.const 1040) (i32.const 3200)) (i32.store (i32.const 1044) (i32.const 1))")
    });
    let wat = format!("{} {header} (i64.store (i32.const 1048) (i64.const {expires_at_ms}))", text(1032, url));
    let export = function("presign", "presign", "(param i32)", &wat);
    run_presign(Guest { exports: vec![("presign", export)], ..Guest::named("Bad") }).await
}

#[expect(clippy::disallowed_methods, reason = "looks at the URL that goes to the client")]
async fn run_presign(guest: Guest) -> Result<String, String> {
    let host = Host::with_bad(guest, "cpu_ms = 50").await;
    let (mut warehouse, authorised) = authorised("Bad");
    warehouse.config.insert("endpoint".to_owned(), "https://s3.example.com".into());
    let location = Location::parse("s3://lake/base/sales/orders/data/a.parquet").unwrap();
    let ask = PresignAsk { location: &location, method: "GET" };
    let (outcome, honest) =
        tokio::join!(host.runtime.presign(host.call(&warehouse, &authorised), ask), host.vend("Good"));
    honest.unwrap();
    outcome.map(|presigned| presigned.url.expose().clone()).map_err(|error| error.code)
}

const URL: &str = "https://s3.example.com/lake/base/sales/orders/data/a.parquet?X-Amz-Signature=0";

#[tokio::test]
async fn a_url_that_leads_elsewhere_is_refused() {
    assert_eq!(presigned(URL, None, NOW_MS + 60_000).await.as_deref(), Ok(URL));
    for (url, code) in [
        ("https://evil.example/lake/base/sales/orders/data/a.parquet", "plugin-wider-scope"),
        ("https://s3.example.com.evil.example/lake/base/sales/orders/data/a.parquet", "plugin-wider-scope"),
        ("https://s3.example.com:8443/lake/base/sales/orders/data/a.parquet", "plugin-wider-scope"),
        ("http://s3.example.com/lake/base/sales/orders/data/a.parquet", "plugin-wider-scope"),
        ("https://s3.example.com/lake/base/sales/orders/data/b.parquet", "plugin-wider-scope"),
        ("https://s3.example.com/lake/base/sales/orders2/data/a.parquet", "plugin-wider-scope"),
        ("https://s3.example.com/lake/base/sales/orders/data/../data/b.parquet", "plugin-wider-scope"),
        ("https://s3.example.com/lake/base/sales/orders/data/a.parquet/", "plugin-wider-scope"),
        ("https://s3.example.com/other/base/sales/orders/data/a.parquet", "plugin-wider-scope"),
        ("https://other.s3.example.com/base/sales/orders/data/a.parquet", "plugin-wider-scope"),
        ("https://s3.example.com/", "plugin-wider-scope"),
        ("https://169.254.169.254/lake/base/sales/orders/data/a.parquet", "plugin-wider-scope"),
        ("https://user:pass@s3.example.com/lake/base/sales/orders/data/a.parquet", "plugin-bad-answer"),
        ("https://s3.example.com/lake/base/sales/orders/data/a.parquet#x", "plugin-bad-answer"),
        ("javascript:alert(1)", "plugin-wider-scope"),
        ("", "plugin-bad-answer"),
        ("lake/a.parquet", "plugin-bad-answer"),
    ] {
        assert_eq!(presigned(url, None, NOW_MS + 60_000).await.unwrap_err(), code, "{url}");
    }
    for at in [NOW_MS + 43_200_000, u64::MAX, u64::MAX / 2] {
        assert_eq!(presigned(URL, None, at).await.unwrap_err(), "plugin-longer-life");
    }
    for header in ["host", "Authorization", "cookie", "transfer-encoding", "x\r\ny", ""] {
        assert_eq!(presigned(URL, Some(header), NOW_MS + 60_000).await.unwrap_err(), "plugin-bad-answer", "{header:?}");
    }
}

#[tokio::test]
async fn a_presign_that_does_not_end_is_stopped() {
    let export = function("presign", "presign", "(param i32)", "(loop $l (br $l))");
    let guest = Guest { exports: vec![("presign", export)], ..Guest::named("Bad") };
    assert_eq!(run_presign(guest).await.unwrap_err(), "plugin-cpu-exceeded");
}

/// What each function of `leases` does.
#[derive(Default)]
struct Leases {
    claim: String,
    survey: String,
    revoke: String,
    recover: String,
}

/// Codes of `claim`, `survey`, `revoke` and `recover`.
async fn leases(leases: Leases) -> [String; 4] {
    let ten = "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)";
    let exports = [
        function("leases", "claim", "(param i32)", &leases.claim),
        function("leases", "survey", "(param i32)", &leases.survey),
        function("leases", "revoke", ten, &leases.revoke),
        function("leases", "recover", "(param i32)", &leases.recover),
    ]
    .concat();
    let guest = Guest { exports: vec![("leases", exports)], ..Guest::named("Bad") };
    let mut host = Host::with_bad(guest, "cpu_ms = 50").await;
    host.slots = planted::slots();
    let (warehouse, authorised) = (warehouse("Bad"), authorised("Bad").1);
    let call = host.call(&warehouse, &authorised);
    let upkeep = UpkeepCall { warehouse: &warehouse, slots: &host.slots, request_id: "request-1" };
    let (handle, request) = (Secret::from("handle"), MintRequest::new(&authorised, 900, "request-1"));
    let now = UnixMillis(i64::try_from(NOW_MS).unwrap());
    let mint = Interrupted {
        request: &request,
        survey: "",
        started_at: now,
        ended_at: now,
        known: std::slice::from_ref(&handle),
    };
    let known = std::slice::from_ref(&handle);
    let of = |outcome: Result<String, pangolin_core::strategy::StrategyError>| {
        let text = outcome.unwrap_or_else(|error| error.code);
        assert_eq!(planted::found_in(text.as_bytes()), [""; 0]);
        text
    };
    let codes = [
        of(host.runtime.claim(call).await.map(|claim| format!("{claim:?}"))),
        of(host.runtime.survey(call, known).await),
        of(host.runtime.revoke(upkeep, &handle).await.map(|revoked| format!("{revoked:?}"))),
        of(host.runtime.recover(upkeep, mint).await.map(|recovery| format!("{recovery:?}"))),
    ];
    host.vend("Good").await.unwrap();
    codes
}

#[tokio::test]
async fn leases_that_do_not_end_or_trap_cost_their_own_request() {
    let all = |wat: &str| Leases { claim: wat.into(), survey: wat.into(), revoke: wat.into(), recover: wat.into() };
    assert_eq!(leases(all("(loop $l (br $l))")).await, ["plugin-cpu-exceeded"; 4]);
    assert_eq!(leases(all("unreachable")).await, ["plugin-trap"; 4]);
    assert_eq!(leases(all("(return (i32.const -4))")).await, ["plugin-bad-answer"; 4]);
    assert_eq!(leases(all(&store8(1024, 7))).await, ["plugin-bad-answer"; 4]);
}

#[tokio::test]
async fn leases_that_lie_about_numbers_and_names_are_refused() {
    let claim = |resource: &str, capacity: u32| {
        format!("{} (i32.store (i32.const 1044) (i32.const {capacity}))", text(1028, resource))
            + "(i32.store (i32.const 1036) (i32.const 2048)) (i32.store (i32.const 1040) (i32.const 1))"
    };
    for (resource, capacity) in [("", 1), ("r", 0), ("r", u32::MAX), ("a\nb", 1), ("a\u{1b}[2J", 1)] {
        let [code, ..] = leases(Leases { claim: claim(resource, capacity), ..Leases::default() }).await;
        assert_eq!(code, "plugin-bad-answer", "{resource:?} {capacity}");
    }
    let [claimed, ..] = leases(Leases { claim: claim("r", 2), ..Leases::default() }).await;
    assert!(claimed.contains("capacity: 2"), "{claimed}");

    let huge = "(drop (memory.grow (i32.const 4))) (memory.fill (i32.const 131072) (i32.const 97) (i32.const 100000))
        (i32.store (i32.const 1028) (i32.const 131072)) (i32.store (i32.const 1032) (i32.const 100000))";
    let [_, survey, ..] = leases(Leases { survey: huge.to_owned(), ..Leases::default() }).await;
    assert_eq!(survey, "plugin-bad-answer");
}

#[tokio::test]
async fn a_recovery_that_lies_is_cut_or_refused() {
    let list = |at: u32, records: u32, length: u32| {
        // All records are the same text at 2048.
        format!(
            "(memory.fill (i32.const 2048) (i32.const 27) (i32.const 300))
             (loop $l (i32.store offset=3000 (i32.mul (local.get $i) (i32.const 8)) (i32.const 2048))
               (i32.store offset=3004 (i32.mul (local.get $i) (i32.const 8)) (i32.const {length}))
               (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const {records}))))
             (i32.store (i32.const {at}) (i32.const 3000)) (i32.store (i32.const {}) (i32.const {records}))",
            at + 4
        )
    };
    for wat in [list(1028, 65, 1), list(1036, 65, 1), list(1028, 1, 0), list(1028, 1, 5_000)] {
        let [.., recovery] = leases(Leases { recover: wat, ..Leases::default() }).await;
        assert_eq!(recovery, "plugin-bad-answer");
    }
    let [.., recovery] = leases(Leases { recover: list(1036, 2, 300), ..Leases::default() }).await;
    assert!(recovery.contains("u{1b}") && recovery.len() < 4_000 && !recovery.contains('\u{1b}'), "{recovery}");
}
