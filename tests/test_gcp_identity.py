"""The host's own identity at Google Cloud: an external account, with and without impersonation, a key file, the metadata server."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.authority import Authority
from harness.curl import curl
from harness.federation import Federation
from harness.google.iam import Account, Pool, Token
from harness.google.lake import GoogleLake, new_google_lake
from harness.google.world import Google
from harness.host import Host, unused_name
from harness.planted import Planted
from harness.world import Tenant, new_tenant

SUBJECT = "system:serviceaccount:lake:pangolin"


@dataclass
class Operator:
    """Makes hosts with an identity, and catalogs of tenants that use it."""

    make_host: Callable[..., Host]
    planted: Planted
    google: Google
    authority: Authority
    folder: Path

    def host(self, **settings: str) -> Host:
        own = {"SSL_CERT_FILE": str(self.authority.ca), "PANGOLIN_GCP_STORAGE_ENDPOINT": self.google.url}
        return self.make_host(settings=own | settings).start()

    def lake(self, **settings: str) -> GoogleLake:
        return new_google_lake(new_tenant(self.host(**settings), self.planted), self.google, hosts=True)

    def external(self, cluster: Federation, account: Account | None, **more: Any) -> tuple[Pool, Path, dict[str, str]]:
        """A pool, the file of the workload's token, and the host's setting."""
        pool, subject_token = self.google.iam.pool(cluster, SUBJECT, account, **more), self.folder / "token"
        cluster.write(subject_token, SUBJECT, "https:" + pool.audience)
        file = self.folder / "adc.json"
        file.write_text(self.google.sts.credential_file(pool, str(subject_token)))
        return pool, subject_token, {"GOOGLE_APPLICATION_CREDENTIALS": str(file)}


@pytest.fixture
def operator(
    make_host: Callable[..., Host], planted: Planted, google: Google, authority: Authority, tmp_path: Path
) -> Operator:
    return Operator(make_host, planted, google, authority, tmp_path)


@pytest.fixture
def cluster(planted: Planted) -> Federation:
    return Federation(planted)


def refused(lake: GoogleLake) -> str:
    body = {"name": unused_name("t"), "schema": {"type": "struct", "schema-id": 0, "fields": []}}
    reply = lake.tenant.admin.api.request("POST", f"/v1/{lake.catalog}/namespaces/sales/tables", json=body)
    return str(reply.json()["error"]["reason"])


def holds_one_table(lake: GoogleLake) -> Token:
    """Makes a table, and looks at what its reader gets."""
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "orders", lake.location("orders"))
    owner, value = lake.google.owner(), lake.flat(lake.tenant.user("Reader"))["access_token"]
    for key in ("lake/orders/file", "lake/orders2/file"):
        assert owner.put(lake.bucket, key) == "ok"
    objects = lake.google.holder(value)
    assert objects.get(lake.bucket, "lake/orders/file") == objects.list(lake.bucket, "lake/orders/") == "ok"
    assert objects.get(lake.bucket, "lake/orders2/file") == objects.list(lake.bucket, "lake/") == "403"
    assert objects.put(lake.bucket, "lake/orders/file") == "403"
    return lake.google.iam.tokens[value]


def url_of(lake: GoogleLake, status: int | tuple[int, ...] = 200) -> Any:
    reader = lake.tenant.user("Reader")
    path = reader.api.table_path(lake.catalog, "sales", "orders") + "/presign"
    return reader.api.get(path, status, params={"location": lake.location("orders") + "/file"})


@pytest.mark.parametrize("impersonated", [True, False])
def test_a_workload_gets_tokens_for_one_table(operator: Operator, cluster: Federation, impersonated: bool) -> None:
    account = operator.google.account() if impersonated else None
    pool, _, named = operator.external(cluster, account)
    lake = operator.lake(**named)
    assert holds_one_table(lake).principal is (account or pool)
    if impersonated:
        # Google signs for it: no key is anywhere near the host.
        assert curl(url_of(lake)["url"]) == (200, "x")
    else:
        assert url_of(lake, status=(400, 422, 501))["error"]["reason"] == "host-cannot-sign"


def test_a_workload_that_may_not_sign_is_told_so(operator: Operator, cluster: Federation) -> None:
    _, _, named = operator.external(cluster, operator.google.account(), may=frozenset({"generateAccessToken"}))
    lake = operator.lake(**named)
    holds_one_table(lake)
    assert url_of(lake, status=(403, 502, 503))["error"]["reason"] == "sign-denied"


def test_what_the_pool_refuses_is_told(operator: Operator, cluster: Federation) -> None:
    pool, subject_token, named = operator.external(cluster, operator.google.account(), may=frozenset())
    assert refused(operator.lake(**named)) == "impersonation-denied"
    cluster.write(subject_token, "system:serviceaccount:lake:another", "https:" + pool.audience)
    assert refused(operator.lake(**named)) == "workload-identity-refused"
    cluster.write(subject_token, SUBJECT, "https:" + pool.audience, seconds=-60)
    assert refused(operator.lake(**named)) == "workload-identity-refused"


def test_a_machine_has_the_metadata_servers_token(operator: Operator) -> None:
    google = operator.google
    lake = operator.lake(
        PANGOLIN_GCP_METADATA="true", GCE_METADATA_HOST=google.metadata.host, PANGOLIN_GCP_STS_ENDPOINT=google.sts.url
    )
    assert holds_one_table(lake).principal is google.metadata.account
    assert url_of(lake, status=(400, 422, 501))["error"]["reason"] == "host-cannot-sign"


def test_an_operators_key_file_serves_every_warehouse_without_one(operator: Operator) -> None:
    google = operator.google
    account, file = google.account(), operator.folder / "key.json"
    file.write_text(google.key_file(account))
    lake = operator.lake(GOOGLE_APPLICATION_CREDENTIALS=str(file), PANGOLIN_GCP_STS_ENDPOINT=google.sts.url)
    assert holds_one_table(lake).principal is account
    assert curl(url_of(lake)["url"]) == (200, "x")


def test_a_host_without_an_identity_says_so(cloud_tenant: Tenant, google: Google) -> None:
    assert refused(new_google_lake(cloud_tenant, google, hosts=True)) == "host-identity-missing"


def test_the_hosts_identity_is_shown_to_no_server_of_a_tenant(operator: Operator, cluster: Federation) -> None:
    google = operator.google
    _, _, named = operator.external(cluster, google.account())
    host = operator.host(**named)
    first, second = new_tenant(host, operator.planted), new_tenant(host, operator.planted)
    place = {"type": "gcs", "bucket": google.bucket(), "prefix": "lake"}
    before = len(google.sts.listener.seen)

    def create(tenant: Tenant, status: int, **more: str | None) -> str:
        config = {name: value for name, value in (place | more).items() if value is not None}
        body = {"name": unused_name("wh"), "vending_strategy": "GcpDownscoped", "storage_config": config}
        return str(tenant.admin.api.post("/api/v1/warehouses", body, status=status))

    assert "service_account_key" in create(first, 422, token_uri=google.tokens.url)
    assert "service_account_key" in create(first, 422, sts_endpoint=google.sts.url)
    # A base that is used through it belongs to one tenant.
    create(first, 201)
    for prefix in ("lake", "lake/inner", None):
        assert first.id not in create(second, 403, prefix=prefix)
    create(second, 201, prefix="lake2")
    assert len(google.sts.listener.seen) == before
