"""Who may vouch for a component: signatures beside it, keys in the grant file, and openssl as the other side."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from harness.host import Host
from harness.planted import Planted
from harness.seaweed import Seaweed
from harness.tools import hostile_component, plugin_dir
from harness.world import Lake, new_lake, new_tenant

STS = "aws_sts.wasm"


class Signers:
    """Keys made by openssl, and one made by ourselves."""

    def __init__(self, folder: Path):
        self.folder = folder
        for name in ("acme", "globex", "stranger"):
            openssl("genpkey", "-algorithm", "ed25519", "-out", str(self.private(name)))
            openssl("pkey", "-in", str(self.private(name)), "-pubout", "-out", str(self.pem(name)))

    def private(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def pem(self, name: str) -> Path:
        return self.folder / f"{name}.pub"

    def raw(self, name: str) -> bytes:
        return openssl("pkey", "-in", str(self.private(name)), "-pubout", "-outform", "DER")[-32:]

    def id(self, name: str) -> str:
        return hashlib.sha256(self.raw(name)).hexdigest()[:16]

    def keys(self, *names: str) -> str:
        """The table of the grant file, with keys as PEM."""
        return "[signatures.keys]\n" + "".join(f'{name} = """\n{self.pem(name).read_text()}"""\n' for name in names)


def openssl(*arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=given, capture_output=True, check=True, timeout=30).stdout


def digest(component: Path) -> str:
    return hashlib.sha256(component.read_bytes()).hexdigest()


def signatures(component: Path) -> Path:
    return component.with_name(component.name + ".sig")


def of_nobody(source: Path, target: Path, note: bytes = b"x") -> Path:
    """The same component with other bytes: a custom section more, so its digest is none of the release's."""
    name = b"note"
    content = bytes([len(name)]) + name + note
    target.write_bytes(source.read_bytes() + bytes([0, len(content)]) + content)
    target.chmod(0o600)
    return target


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> Signers:
    return Signers(tmp_path_factory.mktemp("signers"))


@pytest.fixture
def tool(make_host: Callable[..., Host]) -> Host:
    """A host that is not started: its commands run without one."""
    return make_host()


@pytest.fixture
def component(tmp_path: Path) -> Path:
    return of_nobody(plugin_dir() / STS, tmp_path / "mint.wasm")


class Site:
    """A host whose grant file and plugin directory are changed while it serves."""

    def __init__(self, host: Host, signers: Signers):
        self.host = host
        self.signers = signers
        self.plugins = host.dir / "plugins"
        self.plugins.mkdir(mode=0o700)
        self._grants = host.dir / "grants.toml"
        host.settings |= {
            "PANGOLIN_PLUGIN_DIR": str(self.plugins),
            "PANGOLIN_PLUGIN_GRANTS": str(self._grants),
            # Nothing happens by itself: each test says when the host looks.
            "PANGOLIN_PLUGIN_SCAN_SECS": "0",
        }

    @property
    def component(self) -> Path:
        return self.plugins / "mint.wasm"

    def grant(self, *keys: str, required: bool = True, rest: str = "[plugins.AwsSts]\n", rights: str = "host_identity = true\n") -> None:
        policy = f"[signatures]\nrequired = {str(required).lower()}\n" + self.signers.keys(*keys)
        next_one = self._grants.with_suffix(".next")
        next_one.write_text(policy + rest + rights + 'hosts = ["field:sts_endpoint", "*.amazonaws.com"]\n')
        next_one.chmod(0o600)
        next_one.rename(self._grants)

    def sign(self, *names: str, component: Path | None = None) -> None:
        for name in names:
            done = self.host.command("plugin", "sign", "--key", str(self.signers.private(name)), str(component or self.component))
            assert done.returncode == 0, done.stderr

    def reload(self) -> dict[str, object]:
        """The state after the host looked again."""
        self.host.root().post("/api/v1/plugins/reload", status=(200, 204))
        return self.state()

    def state(self) -> dict[str, object]:
        return self.host.root().get("/api/v1/plugins")

    def serving(self, name: str = "AwsSts") -> dict[str, object] | None:
        return next((plugin for plugin in self.state()["plugins"] if plugin["name"] == name), None)

    def refusal(self, file: str = "mint.wasm") -> str:
        return next((entry["reason"] for entry in self.state()["rejected"] if entry["file"] == file), "")


@pytest.fixture(scope="module")
def site(make_host: Callable[..., Host], seaweed: Seaweed, signers: Signers) -> Iterator[Site]:
    site = Site(make_host(seaweed), signers)
    of_nobody(plugin_dir() / STS, site.component)
    shutil.copy(plugin_dir() / "aws_static.wasm", site.plugins / "aws_static.wasm")
    (site.plugins / "aws_static.wasm").chmod(0o600)
    site.grant("acme", "globex")
    site.sign("acme")
    site.host.start()
    yield site


@pytest.fixture(scope="module")
def lake(site: Site, planted: Planted, seaweed: Seaweed) -> Lake:
    lake = new_lake(new_tenant(site.host, planted), seaweed)
    for table in ("t", "cold"):
        lake.tenant.admin.api.create_table(lake.catalog, "sales", table)
    return lake


@pytest.fixture
def good(site: Site) -> Iterator[Site]:
    """As it was: signed by acme, both keys known."""

    def restore() -> None:
        of_nobody(plugin_dir() / STS, site.component)
        signatures(site.component).unlink(missing_ok=True)
        site.sign("acme")
        site.grant("acme", "globex")
        site.reload()

    restore()
    yield site
    restore()


def vended(lake: Lake, table: str = "t") -> requests.Response:
    api = lake.tenant.host.api(lake.tenant.admin.api.token)
    return api.request("POST", api.table_path(lake.catalog, "sales", table) + "/credentials")


def vend(lake: Lake) -> int:
    return vended(lake).status_code


# --- The commands ---------------------------------------------------------------------------------------------------


def test_a_key_is_made_for_its_owner_only_and_openssl_reads_it(tool: Host, tmp_path: Path) -> None:
    out = tmp_path / "release.pem"
    made = tool.command("plugin", "keygen", "--out", str(out))
    assert made.returncode == 0, made.stderr
    assert out.stat().st_mode & 0o777 == 0o600
    assert "PRIVATE" not in made.stdout
    public = openssl("pkey", "-in", str(out), "-pubout", "-outform", "DER")[-32:]
    assert hashlib.sha256(public).hexdigest()[:16] in made.stdout
    assert "[signatures.keys]\nrelease = " in made.stdout
    before = out.read_bytes()
    again = tool.command("plugin", "keygen", "--out", str(out))
    assert again.returncode == 1
    assert out.read_bytes() == before


def test_what_is_printed_for_a_key_is_a_grant_file_that_trusts_it(tool: Host, component: Path, tmp_path: Path) -> None:
    key, grants = tmp_path / "release.pem", tmp_path / "grants.toml"
    grants.write_text(tool.command("plugin", "keygen", "--out", str(key)).stdout)
    grants.chmod(0o600)
    assert tool.command("plugin", "verify", "--grants", str(grants), str(component)).returncode == 1
    assert tool.command("plugin", "sign", "--key", str(key), str(component)).returncode == 0
    verified = tool.command("plugin", "verify", "--grants", str(grants), str(component))
    assert verified.returncode == 0, verified.stderr
    assert "signed by release" in verified.stdout


def test_a_key_of_openssl_signs_and_openssl_verifies_it(tool: Host, component: Path, signers: Signers, tmp_path: Path) -> None:
    done = tool.command("plugin", "sign", "--key", str(signers.private("acme")), str(component))
    assert done.returncode == 0, done.stderr
    (line,) = signatures(component).read_text().splitlines()
    entry = json.loads(line)
    assert entry.keys() == {"key", "sha256", "signature"}
    assert (entry["key"], entry["sha256"]) == (signers.id("acme"), digest(component))
    statement, signature = tmp_path / "statement", tmp_path / "signature"
    statement.write_text(f"pangolin-plugin-v1\nsha256:{digest(component)}\n")
    signature.write_bytes(openssl("base64", "-d", "-A", given=entry["signature"].encode()))
    openssl(
        "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", str(signers.pem("acme")), "-in", str(statement), "-sigfile", str(signature)
    )


def by_openssl(component: Path, signers: Signers, name: str) -> str:
    """The line that a signer without our tools makes."""
    statement = component.with_name("statement")
    statement.write_text(f"pangolin-plugin-v1\nsha256:{digest(component)}\n")
    signed = openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(signers.private(name)), "-in", str(statement))
    statement.unlink()
    entry = {"key": signers.id(name), "sha256": digest(component), "signature": openssl("base64", "-A", given=signed).decode()}
    return json.dumps(entry) + "\n"


def test_a_signature_of_openssl_verifies_by_either_form_of_the_key(tool: Host, component: Path, signers: Signers) -> None:
    signatures(component).write_text(by_openssl(component, signers, "globex"))
    raw = openssl("base64", "-A", given=signers.raw("globex")).decode()
    for key in (raw, str(signers.pem("globex"))):
        verified = tool.command("plugin", "verify", "--key", key, str(component))
        assert verified.returncode == 0, verified.stderr
    assert tool.command("plugin", "verify", "--key", str(signers.pem("acme")), str(component)).returncode == 1
    both = tool.command("plugin", "verify", "--key", str(signers.pem("acme")), "--key", raw, str(component))
    assert both.returncode == 0, both.stderr


def test_a_private_key_is_no_public_one_and_is_not_printed(tool: Host, component: Path, signers: Signers) -> None:
    refused = tool.command("plugin", "verify", "--key", str(signers.private("acme")), str(component))
    assert refused.returncode == 1
    assert "private key" in refused.stderr
    secret = signers.private("acme").read_text().splitlines()[1]
    assert secret not in refused.stdout + refused.stderr


# --- The host -------------------------------------------------------------------------------------------------------


def test_what_is_signed_serves_and_what_comes_with_the_release_needs_no_signature(good: Site, lake: Lake) -> None:
    plugin = good.serving()
    assert plugin is not None
    assert plugin["signed_by"] == ["acme"]
    assert good.serving("AwsStatic") is not None
    assert vend(lake) == 200


def test_without_a_signature_it_is_refused_with_what_would_mend_it(good: Site) -> None:
    hostile = good.plugins / "hostile.wasm"
    shutil.copy(hostile_component(), hostile)
    hostile.chmod(0o600)
    try:
        good.reload()
        reason = good.refusal("hostile.wasm")
        assert "requires a signature" in reason
        assert good.signers.id("acme") in reason
        assert "pangolin plugin sign --key <private key> hostile.wasm" in reason
        assert good.serving("Hostile") is None
        assert "pangolin plugin sign" in good.host.logged()
        # A signer whom the file does not know is named, with the line that would trust it.
        good.sign("stranger", component=hostile)
        good.reload()
        assert f"whose id is {good.signers.id('stranger')}" in good.refusal("hostile.wasm")
    finally:
        hostile.unlink()
        signatures(hostile).unlink(missing_ok=True)


def test_without_a_signature_nobody_looks_into_it(good: Site) -> None:
    garbage = good.plugins / "garbage.wasm"
    garbage.write_bytes(b"this is no component")
    garbage.chmod(0o600)
    try:
        good.reload()
        assert "requires a signature" in good.refusal("garbage.wasm")
        # With one, it gets as far as the next check.
        signatures(garbage).write_text(by_openssl(garbage, good.signers, "acme"))
        good.reload()
        assert "not a Wasm component" in good.refusal("garbage.wasm")
    finally:
        garbage.unlink()
        signatures(garbage).unlink(missing_ok=True)


def test_a_refused_request_names_the_line_that_would_grant_it(good: Site, lake: Lake) -> None:
    good.grant("acme", rights="")
    good.reload()
    # Nothing was vended for this table yet, so no kept credential answers.
    told = vended(lake, "cold")
    assert told.status_code == 403
    text = told.json()["error"]["message"]
    assert "in the table [plugins.AwsSts] of the grant file (PANGOLIN_PLUGIN_GRANTS) set host_identity = true" in text
    plugin = good.serving()
    assert plugin is not None
    assert "# host_identity = true" in plugin["missing_grants"]
    good.grant("acme")
    good.reload()
    assert vend(lake) == 200


def test_a_changed_component_does_not_come_in_and_the_one_before_it_serves_on(good: Site, lake: Lake) -> None:
    before = good.serving()
    of_nobody(plugin_dir() / STS, good.component, note=b"y")
    good.reload()
    assert "is for another file" in good.refusal()
    assert good.serving() == before
    assert vend(lake) == 200
    good.sign("acme")
    good.reload()
    after = good.serving()
    assert after is not None
    assert after["digest"] == digest(good.component)
    assert good.refusal() == ""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace('"signature":"', '"signature":"AAAA'), "line 1"),
        (lambda text: text.replace('"sha256"', '"sha512"'), "line 1"),
        (lambda text: text.replace('{"', '{"alg":"none","', 1), "line 1"),
        (lambda text: text * 33, "more than 32 lines"),
        (lambda text: text + " " * 70_000, "bytes"),
        (lambda _: "", "is empty"),
        (lambda text: flipped(text), "does not hold"),
    ],
    ids=["length", "field", "more", "many", "large", "empty", "bit"],
)
def test_changed_signatures_do_not_hold(good: Site, change: Callable[[str], str], told: str) -> None:
    path = signatures(good.component)
    path.write_text(change(path.read_text()))
    good.reload()
    assert told in good.refusal()
    assert good.serving() is None


def flipped(text: str) -> str:
    """The same with one other digit in the signature."""
    head, tail = text.split('"signature":"')
    return head + '"signature":"' + ("B" if tail[0] == "A" else "A") + tail[1:]


def test_a_signature_of_another_file_is_none(good: Site) -> None:
    other = of_nobody(plugin_dir() / STS, good.host.dir / "other.wasm", note=b"other")
    good.sign("acme", component=other)
    shutil.copy(signatures(other), signatures(good.component))
    good.reload()
    assert "is for another file" in good.refusal()
    # With the other file's digest written over it, it is for this file, and does not hold.
    path = signatures(good.component)
    path.write_text(path.read_text().replace(digest(other), digest(good.component)))
    good.reload()
    assert "does not hold" in good.refusal()
    assert good.serving() is None


def test_signatures_are_read_as_strictly_as_the_component(good: Site) -> None:
    path = signatures(good.component)
    text = path.read_text()
    path.chmod(0o666)
    good.reload()
    assert "can be written" in good.refusal()
    path.unlink()
    outside = good.host.dir / "outside.sig"
    outside.write_text(text)
    path.symlink_to(outside)
    good.reload()
    assert "outside the plugin directory" in good.refusal()
    assert good.serving() is None


def test_a_key_that_goes_takes_its_plugins_out_of_service(good: Site, lake: Lake) -> None:
    assert vend(lake) == 200
    good.grant("globex")
    good.reload()
    assert good.signers.id("acme") in good.refusal()
    assert good.serving() is None
    assert vend(lake) >= 400
    good.grant("acme")
    good.reload()
    assert vend(lake) == 200


def test_a_plugin_is_bound_to_its_signers(good: Site) -> None:
    good.grant("acme", "globex", required=False, rest='[plugins.AwsSts]\nsigned_by = ["globex"]\n')
    good.reload()
    reason = good.refusal()
    assert "must be signed by 'globex'" in reason
    assert 'signed_by = ["globex", "acme"]' in reason
    assert good.serving() is None
    good.sign("globex")
    good.reload()
    plugin = good.serving()
    assert plugin is not None
    assert plugin["signed_by"] == ["acme", "globex"]


def test_a_good_signature_is_no_way_round_a_pin(good: Site) -> None:
    good.grant("acme", "globex", rest=f'[plugins.AwsSts]\nsha256 = "{"ab" * 32}"\n')
    good.reload()
    assert "pins 'AwsSts'" in good.refusal()
    assert good.serving() is None


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ('[plugins.AwsSts]\nsigned_by = ["nobody"]\n', "names the key 'nobody'"),
        ("[plugins.AwsSts]\nsigned_by = []\n", "signed_by"),
        ('[plugins.AwsSts]\nsigned = ["acme"]\n', "unknown field"),
    ],
)
def test_a_policy_that_cannot_be_kept_is_refused_and_the_one_before_it_holds(good: Site, rest: str, told: str) -> None:
    before = good.serving()
    good.grant("acme", "globex", rest=rest)
    reply = good.host.root().request("POST", "/api/v1/plugins/reload")
    assert told in reply.text + good.host.logged()
    assert good.serving() == before
