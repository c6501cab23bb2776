"""The host's workload identity at Azure: a federated token that it reads at each use."""

import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.authority import Authority
from harness.azure.entra import ASSERTION, EXCHANGE_AUDIENCE
from harness.azure.world import Azure
from harness.federation import Federation
from harness.host import Host, unused_name
from harness.planted import Planted
from harness.world import Tenant, new_tenant

SUBJECT = "system:serviceaccount:lake:pangolin"


class Workload:
    """A host whose operator gave it a federated token of a cluster."""

    def __init__(self, make_host: Callable[..., Host], planted: Planted, azure: Azure, authority: Authority, folder: Path):
        self.azure, self.cluster, self.file = azure, Federation(planted), folder / "token"
        self.app = azure.app(federation=self.cluster, subject=SUBJECT)
        self.renew()
        named = {
            "SSL_CERT_FILE": str(authority.ca),
            "AZURE_TENANT_ID": self.app.tenant,
            "AZURE_CLIENT_ID": self.app.client_id,
            "AZURE_FEDERATED_TOKEN_FILE": str(self.file),
            "AZURE_AUTHORITY_HOST": azure.entra.url,
        }
        self.host = make_host(settings=named)

    def renew(self, subject: str = SUBJECT, audience: str = EXCHANGE_AUDIENCE, seconds: int = 600) -> None:
        self.cluster.write(self.file, subject, audience, seconds)


@pytest.fixture
def workload(make_host: Callable[..., Host], planted: Planted, azure: Azure, authority: Authority, tmp_path: Path) -> Workload:
    """A host of its own for each test: it keeps tokens."""
    made = Workload(make_host, planted, azure, authority, tmp_path)
    made.host.start()
    return made


def config(**more: Any) -> dict[str, Any]:
    """An account that nobody has: the host's identity is shown to Azure's own servers only."""
    return {"type": "azure", "account_name": secrets.token_hex(12), "container": "data", "prefix": "lake"} | more


def create(tenant: Tenant, storage: dict[str, Any], status: int = 201) -> dict[str, Any]:
    body = {"name": unused_name("wh"), "storage_config": storage, "vending_strategy": "AzureOAuth"}
    return tenant.admin.api.post("/api/v1/warehouses", body, status=status)


def refused(tenant: Tenant) -> str:
    """The code with which a first mint ends."""
    catalog = tenant.catalog(create(tenant, config())["name"])["name"]
    tenant.admin.api.create_namespace(catalog, "sales")
    body = {"name": "t", "schema": {"type": "struct", "schema-id": 0, "fields": []}}
    reply = tenant.admin.api.request("POST", f"/v1/{catalog}/namespaces/sales/tables", json=body)
    return str(reply.json()["error"]["reason"])


def comes_to(tenant: Tenant, code: str) -> None:
    """A refusal is remembered for a moment, so that nobody is asked in vain."""
    deadline = time.monotonic() + 30
    while (told := refused(tenant)) != code:
        assert time.monotonic() < deadline, f"{told}, not {code}"
        time.sleep(0.3)


def test_the_federated_token_is_the_assertion(workload: Workload, planted: Planted, azure: Azure) -> None:
    before = azure.entra.asked
    # Entra gave a token; the account is none that could be asked here.
    assert refused(new_tenant(workload.host, planted)) == "unknown-account"
    request = azure.entra.listener.seen[-1]
    assert azure.entra.asked == before + 1
    form = request.form()
    assert request.path == f"/{workload.app.tenant}/oauth2/v2.0/token"
    assert (form["client_id"], form["client_assertion_type"]) == (workload.app.client_id, ASSERTION)
    assert form["client_assertion"] == workload.file.read_text()
    assert "client_secret" not in form


def test_the_file_is_read_at_each_use(workload: Workload, planted: Planted, azure: Azure) -> None:
    tenant = new_tenant(workload.host, planted)
    workload.renew(seconds=-60)
    assert refused(tenant) == "federated-token-expired"
    workload.renew(subject="system:serviceaccount:lake:another")
    comes_to(tenant, "federated-token-refused")
    workload.file.unlink()
    comes_to(tenant, "federated-token-missing")
    workload.renew(audience="https://elsewhere.example")
    comes_to(tenant, "federated-token-refused")
    workload.renew()
    comes_to(tenant, "unknown-account")


def test_the_hosts_identity_is_shown_to_no_server_of_a_tenant(workload: Workload, planted: Planted, azure: Azure) -> None:
    tenant = new_tenant(workload.host, planted)
    before = azure.entra.asked, len(azure.gate.listener.seen)
    for field, url in (("endpoint", azure.gate.account_url), ("authority_host", azure.entra.url)):
        refusal = create(tenant, config(**{field: url}), 422)
        assert "client_secret" in str(refusal), refusal
    for vend in ("token", "both"):
        assert "vend" in str(create(tenant, config(vend=vend), 422))
    assert (azure.entra.asked, len(azure.gate.listener.seen)) == before


def test_an_app_and_a_base_belong_to_the_tenant_that_used_them_first(workload: Workload, planted: Planted) -> None:
    first, second = new_tenant(workload.host, planted), new_tenant(workload.host, planted)
    taken, client = config(), "00000000-0000-4000-8000-00000000000a"
    create(first, taken)
    for prefix in ("lake", "lake/inner", None):
        base = {name: value for name, value in (taken | {"prefix": prefix}).items() if value is not None}
        refusal = create(second, base, 403)
        assert first.id not in str(refusal) and first.name not in str(refusal)
    create(second, taken | {"prefix": "lake2"})
    create(first, config(client_id=client))
    create(second, config(client_id=client), 403)


def test_a_host_without_an_identity_says_so(cloud_tenant: Tenant) -> None:
    assert refused(cloud_tenant) == "host-identity-missing"
