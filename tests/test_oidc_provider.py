"""A real OpenID provider, and the clients of Iceberg with tokens that they get from it."""

import json
import time
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from pyiceberg.exceptions import ForbiddenError, OAuthError, RESTError, UnauthorizedError

from harness.federated import ME, MakeHost, federate, told
from harness.host import Host
from harness.iceberg import ROWS, duck_loaded, pyiceberg, rows
from harness.planted import Planted
from harness.provider import LAKE, Client, Provider
from harness.seaweed import Seaweed
from harness.world import Lake, Tenant, new_lake, new_tenant

SIGNED = ["RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"]
ELSEWHERE, BRIEF = "urn:elsewhere", "urn:brief"


@pytest.fixture(scope="module")
def provider(planted: Planted) -> Iterator[Provider]:
    made = Provider(planted)
    made.rotate("ES256", "ES384", "EdDSA")
    for alg in SIGNED:
        made.resource(f"urn:{alg}", alg=alg)
    made.resource(ELSEWHERE, audience="another-service")
    made.resource(BRIEF, seconds=2)
    made.client("reader", lake={"roles": ["lake-readers"]})
    made.client("writer", lake={"roles": ["lake-writers"]})
    made.client("writer-basic", by="client_secret_basic", lake={"roles": ["lake-writers", "offline_access"]})
    made.client("boss", lake={"roles": ["lake-admins"]})
    made.client("nobody")
    made.client("opaque", resource=None)
    for name, by in (("brief", "client_secret_post"), ("brief-basic", "client_secret_basic")):
        made.client(name, by, resource=BRIEF, lake={"roles": ["lake-writers"]})
    yield made.start()
    made.remove()


@pytest.fixture(scope="module")
def lake(make_host: MakeHost, planted: Planted, seaweed: Seaweed, provider: Provider) -> Lake:
    host = make_host(seaweed, settings={"PANGOLIN_AUTH_RATE_LIMIT": "1000"}).start()
    acme = new_tenant(host, planted)
    made = new_lake(acme, seaweed)
    roles = {"lake-admins": "tenant-admin", "lake-readers": "Reader", "lake-writers": "Writer"}
    fields = {"issuer": provider.url, "audience": "pangolin", "tenant": acme.id, "username_claim": "client_id"}
    fields |= {"roles_claim": "lake.roles", "algorithms": [alg for alg in SIGNED if alg != "Ed25519"]}
    federate(host, fields | {"roles": roles})
    return made


@pytest.fixture
def acme(lake: Lake) -> Tenant:
    return lake.tenant


@pytest.fixture
def host(acme: Tenant) -> Host:
    return acme.host


@pytest.fixture
def fresh(host: Host) -> Host:
    """The same host with nothing in memory: it may have asked for keys a moment ago."""
    host.stop()
    return host.start()


def status(host: Host, token: str) -> int:
    return host.api(token).request("GET", ME).status_code


def test_a_token_is_taken_and_its_claims_say_who_and_what(acme: Tenant, host: Host, provider: Provider) -> None:
    shown = {name: host.api(provider.known(name).token()).get(ME) for name in ("nobody", "reader", "boss")}
    assert {name: me["username"] for name, me in shown.items()} == {name: name for name in shown}
    assert {me["tenant-id"] for me in shown.values()} == {acme.id}
    assert {me["oauth-provider"] for me in shown.values()} == {provider.url}
    assert [shown[name]["role"] for name in shown] == ["tenant-user", "tenant-user", "tenant-admin"]
    # The same account with the next token.
    assert host.api(provider.known("reader").token()).get(ME)["id"] == shown["reader"]["id"]


def test_its_claims_give_roles(acme: Tenant, lake: Lake, host: Host, provider: Provider) -> None:
    acme.admin.api.create_table(lake.catalog, "sales", "claimed")
    path = acme.admin.api.table_path(lake.catalog, "sales", "claimed")
    host.api(provider.known("nobody").token()).get(path, status=(403, 404))
    reader, writer = (host.api(provider.known(name).token()) for name in ("reader", "writer"))
    assert reader.credentials(lake.catalog, "sales", "claimed")["session_token"]
    reader.delete(path, status=403)
    writer.delete(path, status=(200, 204))


def test_a_token_for_somebody_else_is_refused(host: Host, provider: Provider) -> None:
    reader = provider.known("reader")
    refused = told(host.api().request("GET", ME))
    for token in (reader.token(ELSEWHERE), provider.known("opaque").token()):
        assert told(host.api(token).request("GET", ME)) == refused
    assert status(host, reader.token()) == 200
    lines = [json.loads(line) for line in host.logged().splitlines() if "that this issuer signed is refused" in line]
    assert "another-service" in str(lines[-1]), "the operator is told which audience it was"


def test_a_token_ends(acme: Tenant, host: Host, provider: Provider) -> None:
    token = provider.known("reader").token(BRIEF)
    me = host.api(token).get(ME)
    time.sleep(2.1)
    assert status(host, token) == 401
    rows = [row for row in acme.admin.api.audit() if row["action"] == "authenticate" and row["user_id"] == me["id"]]
    assert [row["metadata"]["reason"] for row in rows if row["result"] == "denied"] == ["expired"]


@pytest.mark.parametrize("alg", SIGNED)
def test_whatever_it_signs_with(host: Host, provider: Provider, alg: str) -> None:
    assert host.api(provider.known("reader").token(f"urn:{alg}")).get(ME)["username"] == "reader"


def test_its_keys_are_asked_for_once_in_ten_minutes(fresh: Host, provider: Provider) -> None:
    assert "Cache-Control" not in provider.published().headers
    for _ in range(3):
        assert status(fresh, provider.known("reader").token()) == 200
    lines = [json.loads(line) for line in fresh.logged().splitlines() if "keys of the issuer fetched" in line]
    assert lines[-1]["fresh_seconds"] == 600, lines[-1]


def test_a_new_key_counts_at_once_beside_the_old_one(fresh: Host, provider: Provider) -> None:
    reader = provider.known("reader")
    before = reader.token()
    assert status(fresh, before) == 200
    # Announced beside the old one, as providers do.
    restart(provider, kept=True)
    beside = reader.token()
    assert (status(fresh, beside), status(fresh, before)) == (200, 200)


def test_a_key_that_was_withdrawn_is_good_no_more_once_the_host_asks(fresh: Host, provider: Provider) -> None:
    reader = provider.known("reader")
    before = reader.token()
    assert status(fresh, before) == 200
    restart(provider, kept=False)
    assert status(fresh, before) == 200, "the host has not asked since, and need not for ten minutes"
    assert status(fresh, reader.token()) == 200
    assert status(fresh, before) == 401, "now it has"


def restart(provider: Provider, kept: bool) -> None:
    provider.stop()
    provider.rotate("RS256", kept=kept)
    provider.start()


def test_an_outage_is_bridged_and_a_host_that_starts_in_it_says_when_to_come_back(fresh: Host, provider: Provider) -> None:
    token = provider.known("reader").token()
    assert status(fresh, token) == 200
    provider.stop()
    try:
        assert [status(fresh, token) for _ in range(3)] == [200] * 3
        fresh.stop()
        fresh.start()
        reply = fresh.api(token).request("GET", ME)
        assert (reply.status_code, reply.json()["code"]) == (503, "issuer-unavailable")
        wait = int(reply.headers["Retry-After"])
        assert 1 <= wait <= 5
    finally:
        provider.start()
    time.sleep(wait + 0.5)
    assert status(fresh, token) == 200


# Clients.


def by_credential(lake: Lake, client: Client, **more: str) -> dict[str, Any]:
    """As the documents of PyIceberg say."""
    found = {"uri": lake.tenant.host.url, "prefix": lake.catalog, "oauth2-server-uri": client.provider.token_endpoint}
    return found | {"credential": client.credential} | more


def by_manager(lake: Lake, client: Client) -> dict[str, Any]:
    """The newer way, which can be given neither resource nor audience: the provider has one for the client."""
    oauth2 = {"client_id": client.id, "client_secret": client.secret, "token_url": client.provider.token_endpoint}
    auth = {"type": "oauth2", "oauth2": oauth2 | {"scope": "catalog"}}
    return {"uri": lake.tenant.host.url, "prefix": lake.catalog, "auth": auth}


@pytest.mark.parametrize("way", ["plain", "resource", "resource and audience", "manager"])
def test_pyiceberg_gets_its_token_from_the_provider(lake: Lake, provider: Provider, way: str) -> None:
    writer = provider.known("writer")
    properties = {
        "plain": by_credential(lake, writer),
        "resource": by_credential(lake, writer, resource=LAKE, scope="catalog"),
        "resource and audience": by_credential(lake, writer, resource=LAKE, audience="pangolin"),
        "manager": by_manager(lake, provider.known("writer-basic")),
    }[way]
    name = f"sales.{way.replace(' ', '_')}"
    catalog = pyiceberg(**properties)
    catalog.create_table(name, schema=ROWS.schema).append(ROWS)
    assert len(rows(catalog.load_table(name))) == 3
    reading = pyiceberg(**by_credential(lake, provider.known("reader")))
    seen = reading.load_table(name)
    assert len(rows(seen)) == 3
    # The storage says no: what was vended is the reader's.
    with pytest.raises(OSError, match="(?i)access.?denied|forbidden|403"):
        seen.append(ROWS)
    with pytest.raises(ForbiddenError):
        reading.drop_table(name)


def test_pyiceberg_tells_what_was_refused(lake: Lake, provider: Provider) -> None:
    writer = provider.known("writer")
    with pytest.raises(OAuthError, match="invalid_client"):
        pyiceberg(**by_credential(lake, writer) | {"credential": f"{writer.id}:{'0' * 48}"})
    with pytest.raises((OAuthError, UnauthorizedError)):
        pyiceberg(**by_credential(lake, writer, resource=ELSEWHERE)).list_namespaces()
    with pytest.raises(ForbiddenError):
        pyiceberg(**by_credential(lake, provider.known("reader"))).create_namespace("mine")
    # Whoever holds nothing is not told that the catalog exists.
    with pytest.raises(RESTError, match="does not exist"):
        pyiceberg(**by_credential(lake, provider.known("nobody"))).create_namespace("mine")


def test_pyiceberg_gets_another_token_when_its_own_has_ended(lake: Lake, provider: Provider) -> None:
    lasting = pyiceberg(**by_manager(lake, provider.known("brief-basic")))
    once = pyiceberg(**by_credential(lake, provider.known("brief")))
    for catalog in (lasting, once):
        assert ("sales",) in catalog.list_namespaces()
    time.sleep(2.1)
    assert ("sales",) in lasting.list_namespaces()
    # The older way shows its ended token beside its credential: this provider takes one of them only.
    with pytest.raises(OAuthError, match="only be provided using one mechanism"):
        once.list_namespaces()


def test_duckdb_gets_its_token_from_the_provider(lake: Lake, provider: Provider) -> None:
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "ducks")
    connection, url = duck_loaded(), lake.tenant.host.url
    for client in (provider.known("writer"), provider.known("reader")):
        secret = f"CLIENT_ID '{client.id}', CLIENT_SECRET '{client.secret}', OAUTH2_SCOPE 'catalog'"
        secret += f", OAUTH2_SERVER_URI '{provider.token_endpoint}'"
        connection.execute(f"CREATE SECRET of_{client.id} (TYPE ICEBERG, {secret})")
        attach = f"(TYPE ICEBERG, SECRET of_{client.id}, ENDPOINT '{url}')"
        connection.execute(f"ATTACH '{lake.catalog}' AS {client.id} {attach}")
    connection.execute("INSERT INTO writer.sales.ducks VALUES (1, 'a')")
    assert connection.execute("SELECT count(*) FROM reader.sales.ducks").fetchall() == [(1,)]
    with pytest.raises(duckdb.Error):
        connection.execute("INSERT INTO reader.sales.ducks VALUES (2, 'b')")
    wrong = f"CLIENT_ID 'writer', CLIENT_SECRET '{'0' * 48}', OAUTH2_SERVER_URI '{provider.token_endpoint}'"
    with pytest.raises(duckdb.Error):
        connection.execute(f"CREATE SECRET wrong (TYPE ICEBERG, {wrong})")
