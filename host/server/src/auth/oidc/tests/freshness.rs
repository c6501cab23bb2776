use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::super::freshness::fresh_ms;

const MINUTE: i64 = 60_000;

fn fresh(lines: &[(HeaderName, &str)]) -> i64 {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    fresh_ms(&headers)
}

#[test]
fn an_issuer_says_how_long_within_bounds() {
    for (value, wanted) in [
        ("max-age=900", 900_000),
        ("max-age=61", 61_000),
        ("max-age=60", MINUTE),
        ("max-age=59", MINUTE),
        ("max-age=3599", 3_599_000),
        ("max-age=3600", 60 * MINUTE),
        ("max-age=3601", 60 * MINUTE),
        ("max-age=86400", 60 * MINUTE),
        ("max-age=99999999999999999999999999", 60 * MINUTE),
        ("public, max-age=1200, must-revalidate, no-transform", 1_200_000),
        ("Private,Max-Age = \"1200\"", 1_200_000),
        ("max-age=1200, stale-while-revalidate=15, stale-if-error=86400", 1_200_000),
        // For caches that many share; this is none.
        ("s-maxage=30, max-age=1200", 1_200_000),
    ] {
        assert_eq!(fresh(&[(header::CACHE_CONTROL, value)]), wanted, "{value}");
    }
}

#[test]
fn not_at_all_is_once_a_minute() {
    for value in [
        "max-age=0",
        "no-store",
        "no-cache",
        "NO-STORE, max-age=86400",
        "max-age=86400, no-cache",
        "max-age=3600, max-age=70, max-age=0",
        // What cannot be read is stale (RFC 9111 §4.2.1).
        "max-age",
        "max-age=",
        "max-age=-1",
        "max-age=soon",
        "max-age=1200s",
        "max-age=12.5",
        "max-age=\"1200",
    ] {
        assert_eq!(fresh(&[(header::CACHE_CONTROL, value)]), MINUTE, "{value}");
    }
}

#[test]
fn an_issuer_that_says_nothing_is_asked_every_ten_minutes() {
    for lines in [
        &[][..],
        &[(header::CACHE_CONTROL, "")],
        &[(header::CACHE_CONTROL, "public, must-revalidate")],
        &[(header::CACHE_CONTROL, "x-max-age=7000, s-maxage=7000, max-age-hint=7000")],
        &[(header::EXPIRES, "0"), (header::PRAGMA, "no-cache"), (header::AGE, "500")],
    ] {
        assert_eq!(fresh(lines), 10 * MINUTE, "{lines:?}");
    }
}

#[test]
fn several_headers_are_one_list_and_the_least_of_it_stands() {
    let (control, age) = (header::CACHE_CONTROL, header::AGE);
    assert_eq!(fresh(&[(control.clone(), "public"), (control.clone(), "max-age=1200")]), 1_200_000);
    assert_eq!(fresh(&[(control.clone(), "max-age=3000"), (control.clone(), "max-age=1200")]), 1_200_000);
    assert_eq!(fresh(&[(control.clone(), "max-age=3000"), (control, "no-store")]), MINUTE);
    // What lay in a cache on the way is older already.
    for (lain, wanted) in [("0", 1_200_000), ("200", 1_000_000), ("1139", 61_000), ("1141", MINUTE), ("9999", MINUTE)] {
        assert_eq!(fresh(&[(header::CACHE_CONTROL, "max-age=1200"), (age.clone(), lain)]), wanted, "{lain}");
    }
    assert_eq!(fresh(&[(header::CACHE_CONTROL, "max-age=1200"), (age, "old")]), 1_200_000);
    assert_eq!(fresh(&[(header::CACHE_CONTROL, "max-age=7200"), (header::AGE, "1800")]), 60 * MINUTE);
}
