"""The doubles of Azure are true: Microsoft's own libraries work against them, and they refuse what Azure refuses."""

import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPMessage
from typing import Any
from urllib.parse import unquote

import pytest
import requests
from adlfs import AzureBlobFileSystem
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobSasPermissions, ContainerSasPermissions, generate_blob_sas, generate_container_sas
from azure.storage.blob._shared_access_signature import X_MS_VERSION as NEWEST
from azure.storage.filedatalake import generate_directory_sas

from harness.apart import apart
from harness.azure import sas
from harness.azure.client import Blobs, delegation_key
from harness.azure.world import Azure
from harness.listener import Request, forward

FAILED, MISMATCH = "AuthenticationFailed", "AuthorizationPermissionMismatch"
NASTY = ["with space", "a%41b", "a+b", "quo'te\"d", "zażółć 表", "a&b=c", "$x", "[ab]"]


def soon(seconds: float = 300) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def container(azure: Azure) -> str:
    """`lake/orders` with a neighbour whose name begins alike."""
    name, owner = azure.container(), azure.owner()
    for path in ("lake/orders/data/file", "lake/orders2/data/file", "lake/file", "file"):
        assert owner.put(name, path) == "ok"
    return name


def directory(
    azure: Azure, container: str, path: str = "lake/orders", letters: str = "rl", key: Any = None, **more: Any
) -> str:
    arguments = {"permission": letters, "expiry": soon(), "protocol": "https"} | more
    return generate_directory_sas(azure.account, container, path, key or azure.key, **arguments)


@pytest.fixture(params=["account key", "delegation key"])
def signer(request: pytest.FixtureRequest, azure: Azure) -> Any:
    """What Microsoft's library signs with."""
    if request.param == "account key":
        return azure.key
    return delegation_key(
        azure.gate.account_url, azure.credential(azure.app()), azure.authority, time.time() - 60, time.time() + 3000
    )


def by_hand(azure: Azure, container: str, signer: Any, version: str, path: str | None = None, **fields: str) -> str:
    """Signed by our own code: the library knows only the newest version of a user-delegation SAS."""
    key = signer if isinstance(signer, str) else next(key for key in azure.gate.keys if key.value == signer.value)
    stamped = {"sv": version, "se": sas.stamp(time.time() + 300), "spr": "https"} | fields
    return sas.token(stamped, azure.account, container, path, key)


def test_our_own_signatures_are_those_of_the_library(azure: Azure, container: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("2020-12-06", "2021-12-02", "2025-11-05", NEWEST):
        monkeypatch.setattr("azure.storage.blob._shared_access_signature.X_MS_VERSION", version)
        fields = dict(part.split("=") for part in directory(azure, container, start=soon(-9), expiry=soon()).split("&"))
        fields = {name: unquote(value) for name, value in fields.items()}
        signature = fields.pop("sig")
        text = sas.string_to_sign(fields, azure.account, container, "lake/orders")
        assert (fields["sv"], sas.sign(azure.key, text)) == (version, signature)


@pytest.mark.parametrize("version", ["2020-12-06", "2021-12-02", "2025-07-05", "2025-11-05"])
def test_azurite_agrees_on_older_versions(azure: Azure, container: str, signer: Any, version: str) -> None:
    """Containers and blobs are checked by Azurite as well; directories have the same string to sign."""
    file, seen = "lake/orders/data/file", "lake/orders/"
    whole = azure.holder(by_hand(azure, container, signer, version, sr="c", sp="rl"))
    assert whole.get(container, file) == whole.list(container, None) == "ok"
    one = azure.holder(by_hand(azure, container, signer, version, file, sr="b", sp="r"))
    assert (one.get(container, file), one.get(container, "file")) == ("ok", FAILED)
    some = azure.holder(by_hand(azure, container, signer, version, "lake/orders", sr="d", sdd="2", sp="rl"))
    assert (some.get(container, file), some.list(container, seen), some.get(container, "file")) == ("ok", "ok", FAILED)


def test_a_directory_sas_opens_the_directory_alone(azure: Azure, container: str, signer: Any) -> None:
    token = directory(azure, container, letters="racwdl", key=signer)
    blobs = azure.holder(token)
    inside = "lake/orders/data/new"
    assert blobs.get(container, "lake/orders/data/file") == "ok"
    assert blobs.put(container, inside) == blobs.put_in_blocks(container, inside) == blobs.delete(container, inside) == "ok"
    assert blobs.list(container, "lake/orders/") == blobs.walk(container, "lake/orders/data/") == "ok"
    assert blobs.keys(container, "lake/orders/") == ["lake/orders/data/file"]
    for path in ("lake/orders2/data/file", "lake/file", "file", "lake/orders2"):
        assert {blobs.get(container, path), blobs.put(container, path), blobs.delete(container, path)} == {FAILED}, path
    for prefix in ("lake/orders2/", "lake/orders", "lake/", "lake", "", None):
        assert blobs.list(container, prefix) == FAILED, prefix
    assert blobs.get(azure.container(), "lake/orders/data/file") == FAILED


@pytest.mark.parametrize("name", NASTY)
def test_names_of_any_kind_are_signed_alike(azure: Azure, container: str, signer: Any, name: str) -> None:
    for path in (f"lake/{name}/file", f"lake/{name}2/file"):
        assert azure.owner().put(container, path) == "ok"
    blobs = azure.holder(directory(azure, container, f"lake/{name}", "rwl", signer))
    assert blobs.get(container, f"lake/{name}/file") == "ok"
    assert blobs.put(container, f"lake/{name}/new") == "ok"
    assert blobs.list(container, f"lake/{name}/") == "ok"
    assert blobs.get(container, f"lake/{name}2/file") == FAILED
    assert blobs.list(container, f"lake/{name}2/") == FAILED


def test_letters_are_enforced(azure: Azure, container: str, signer: Any) -> None:
    reader, file = azure.holder(directory(azure, container, letters="rl", key=signer)), "lake/orders/data/file"
    assert reader.get(container, file) == reader.head(container, file) == "ok"
    assert reader.put(container, "lake/orders/data/new") == reader.delete(container, file) == MISMATCH
    assert reader.put_in_blocks(container, "lake/orders/data/new") == MISMATCH
    lister = azure.holder(directory(azure, container, letters="l", key=signer))
    assert lister.get(container, file) == MISMATCH
    creator = azure.holder(directory(azure, container, letters="rcl", key=signer))
    fresh = f"lake/orders/data/{time.time()}"
    assert creator.put(container, fresh) == "ok"
    assert creator.put(container, fresh) == MISMATCH
    writer = azure.holder(directory(azure, container, letters="rcwl", key=signer))
    assert writer.put(container, file) == "ok"
    assert writer.delete(container, file) == MISMATCH


def test_time_and_tampering_are_enforced(azure: Azure, container: str, signer: Any) -> None:
    file = "lake/orders/data/file"
    assert azure.holder(directory(azure, container, key=signer, expiry=soon(-5))).get(container, file) == FAILED
    assert azure.holder(directory(azure, container, key=signer, start=soon(100))).get(container, file) == FAILED
    token = directory(azure, container, key=signer, start=soon(-10))
    assert azure.holder(token).get(container, file) == "ok"
    for old, new in (
        ("sp=rl", "sp=rwl"),
        ("sdd=2", "sdd=1"),
        ("sdd=2", "sdd=3"),
        ("sr=d", "sr=c"),
        ("spr=https", "spr=https,http"),
        ("sig=", "sig=A"),
    ):
        assert old in token
        assert azure.holder(token.replace(old, new)).get(container, file) == FAILED, new
    brief = directory(azure, container, key=signer, expiry=soon(2))
    assert azure.holder(brief).get(container, file) == "ok"
    time.sleep(2.2)
    assert azure.holder(brief).get(container, file) == FAILED


def test_a_clock_that_is_off_is_an_authentication_failure(azure: Azure, container: str) -> None:
    token = directory(azure, container, start=soon(-10))
    azure.gate.ahead = -600
    try:
        assert azure.holder(token).get(container, "lake/orders/data/file") == FAILED
    finally:
        azure.gate.ahead = 0


def test_plain_http_is_refused_by_a_sas_for_https(azure: Azure, container: str) -> None:
    fields = Request("GET", f"/?{directory(azure, container)}", HTTPMessage(), b"").parameters()
    arguments = (fields, azure.account, container, "lake/orders/x", azure.key, [], time.time())
    assert sas.verify(*arguments, secure=True).path == "lake/orders"
    with pytest.raises(sas.Refused, match="AuthorizationProtocolMismatch"):
        sas.verify(*arguments, secure=False)


# Containers, blobs, tokens, and everything else.


def test_sas_of_containers_and_blobs_work_as_well(azure: Azure, container: str, signer: Any) -> None:
    file = "lake/orders/data/file"
    named = {"account_key": signer} if isinstance(signer, str) else {"user_delegation_key": signer}
    whole = azure.holder(
        generate_container_sas(
            azure.account, container, permission=ContainerSasPermissions(read=True, list=True), expiry=soon(), **named
        )
    )
    assert whole.get(container, file) == whole.list(container, None) == "ok"
    assert whole.put(container, file) == MISMATCH
    one = azure.holder(
        generate_blob_sas(azure.account, container, file, permission=BlobSasPermissions(read=True), expiry=soon(), **named)
    )
    assert one.get(container, file) == "ok"
    assert one.get(container, "lake/orders2/data/file") == FAILED
    assert one.put(container, file) == MISMATCH


def test_a_correlation_id_is_signed(azure: Azure, container: str) -> None:
    key = delegation_key(azure.gate.account_url, azure.credential(azure.app()), azure.authority, time.time(), time.time() + 600)
    token = directory(azure, container, key=key, correlation_id="0e4a2f5c-0000-4000-8000-000000000001")
    assert azure.holder(token).get(container, "lake/orders/data/file") == "ok"
    assert azure.holder(token.replace("000000000001", "000000000002")).get(container, "lake/orders/data/file") == FAILED


def test_delegation_keys_are_given_as_azure_gives_them(azure: Azure, container: str) -> None:
    now, url = time.time(), azure.gate.account_url
    for rights, start, end, code in (
        ({"read"}, now, now + 60, MISMATCH),
        ({"read", "delegate"}, now, now + 8 * 86400, "InvalidXmlNodeValue"),
        ({"read", "delegate"}, now - 90, now - 30, "InvalidXmlNodeValue"),
    ):
        with pytest.raises(HttpResponseError) as refused:
            delegation_key(url, azure.credential(azure.app(rights=frozenset(rights))), azure.authority, start, end)
        assert getattr(refused.value.error_code, "value", refused.value.error_code) == code
    # The rights of the principal bound what its key signs.
    key = delegation_key(
        url, azure.credential(azure.app(rights=frozenset({"read", "delegate"}))), azure.authority, now, now + 600
    )
    blobs = azure.holder(directory(azure, container, letters="rwdl", key=key))
    assert blobs.get(container, "lake/orders/data/file") == "ok"
    assert blobs.put(container, "lake/orders/data/file") == MISMATCH
    # No SAS outlives its key.
    assert (
        azure.holder(directory(azure, container, key=key, expiry=soon(700))).get(container, "lake/orders/data/file") == FAILED
    )


def test_a_token_opens_what_its_principal_may(azure: Azure, container: str) -> None:
    reader = azure.holder(azure.credential(azure.app(rights=frozenset({"read"}))))
    assert reader.get(container, "file") == reader.list(container, None) == "ok"
    assert reader.put(container, "file") == MISMATCH
    app = azure.app()
    stale = azure.entra.token(app, exp=int(time.time()) - 5)
    for token in (stale, "opaque", azure.entra.token(app, aud="https://vault.azure.net")):
        reply = requests.get(
            f"{azure.gate.account_url}/{container}/file", headers={"Authorization": f"Bearer {token}", "x-ms-version": "2021-12-02"},
            verify=str(azure.authority.ca), timeout=10,
        )  # fmt: skip
        assert (reply.status_code, reply.headers["x-ms-error-code"]) == (401, "InvalidAuthenticationInfo")


def test_a_copy_needs_the_right_to_read_the_source(azure: Azure, container: str) -> None:
    inside, outside = (f"{azure.gate.account_url}/{container}/lake/{name}/data/file" for name in ("orders", "orders2"))
    token = directory(azure, container, letters="rcwl")
    blobs = azure.holder(token)
    assert blobs.copy(f"{inside}?{token}", (container, "lake/orders/data/copied")) == "ok"
    assert blobs.copy(f"{outside}?{token}", (container, "lake/orders/data/stolen")) == FAILED
    assert blobs.copy(outside, (container, "lake/orders/data/stolen")) == "CannotVerifyCopySource"


@pytest.mark.parametrize(
    "path",
    ["lake/orders/../orders2/data/file", "lake/orders/%2e%2e/file", "lake/orders/a%2Fb", "lake/orders//x", "lake/orders/a%5Cb"],
)
def test_paths_that_are_read_differently_are_refused(azure: Azure, container: str, path: str) -> None:
    target = f"/{azure.account}/{container}/{path}?{directory(azure, container)}"
    reply = forward(Request("GET", target, HTTPMessage(), b""), azure.gate.listener.port, azure.authority.client())
    assert (reply.status, dict(reply.headers)["x-ms-error-code"]) == (400, "InvalidUri")


def test_nobody_comes_in_without_a_credential(azure: Azure, container: str) -> None:
    ca, url = str(azure.authority.ca), f"{azure.gate.account_url}/{container}/file"
    assert requests.get(url, verify=ca, timeout=10).headers["x-ms-error-code"] == "PublicAccessNotPermitted"
    assert requests.get(url, verify=ca, timeout=10, auth=("a", "b")).headers["x-ms-error-code"] == "InvalidAuthenticationInfo"
    wrong = {"account_name": azure.account, "account_key": "AAAA"}
    assert Blobs(azure.gate.account_url, wrong, azure.authority).get(container, "file") != "ok"


def with_adlfs(account: str, host: str, token: str, folder: str) -> str:
    files = AzureBlobFileSystem(account_name=account, account_host=host, sas_token=token)
    inside = f"{folder}/a file.bin"
    with files.open(inside, "wb") as out:
        out.write(b"body" * 100_000)
    with files.open(inside, "rb") as back:
        assert back.read() == b"body" * 100_000
    files.rm_file(inside)
    try:
        files.open(folder.replace("orders", "orders2") + "/file", "rb").read()
    except (OSError, HttpResponseError) as error:
        return str(error)
    return "ok"


def test_adlfs_writes_and_reads_through_the_gate(azure: Azure, container: str) -> None:
    """The reader that PyIceberg uses. It reads whom to trust from the environment, once."""
    trust = {"SSL_CERT_FILE": str(azure.authority.ca)}
    host = azure.gate.account_url.removeprefix("https://")
    token = directory(azure, container, letters="racwdl")
    folder = f"abfss://{container}@{azure.account}.dfs.core.windows.net/lake/orders/data"
    assert FAILED in apart(with_adlfs, azure.account, host, token, folder, env=trust)
