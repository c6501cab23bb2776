use axum::extract::Query;
use axum::http::{StatusCode, Uri};
use pangolin_core::lease::LeaseState;
use pangolin_store::{LeaseFilter, OffsetPage};

use super::query::{LeaseQuery, read};
use crate::error::ApiError;

fn query(text: &str) -> Result<LeaseQuery, ApiError> {
    let uri: Uri = format!("/api/v1/leases?{text}").parse().unwrap();
    read(Query::try_from_uri(&uri))
}

#[test]
fn every_filter_is_read() {
    let read = query("warehouse=lake&state=revoking&principal=ada&limit=5&offset=7").unwrap();
    let filter = LeaseFilter {
        warehouse: Some("lake".to_owned()),
        state: Some(LeaseState::Revoking),
        principal: Some("ada".to_owned()),
    };
    assert_eq!(read.filter().unwrap(), filter);
    assert_eq!(read.page().unwrap(), OffsetPage { limit: 5, offset: 7 });
    assert_eq!(query("").unwrap().filter().unwrap(), LeaseFilter::default());
}

#[test]
fn a_wrong_filter_is_a_bad_request_and_not_ignored() {
    assert_eq!(query("state=dead").unwrap().filter().unwrap_err().status, StatusCode::BAD_REQUEST);
    for bad in ["limit=0", "limit=1001", "limit=x", "offset=-1"] {
        assert_eq!(query(bad).unwrap().page().unwrap_err().status, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert!(query("warehose=lake").unwrap_err().detail.contains("warehose"));
}
