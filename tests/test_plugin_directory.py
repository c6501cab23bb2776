"""The plugin directory while the host serves: components come, change and go, and no vend fails for it."""

import itertools
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.plugin_folder import PluginFolder, digest, marked, rejected, served, until
from harness.seaweed import Seaweed
from harness.tools import hostile_component, plugin_dir
from harness.world import Lake, Tenant, new_lake, new_tenant

NAME = "Hostile"
FILE = "hostile.wasm"
GRANT = f"[plugins.{NAME}]\n"


@dataclass
class Scene:
    """A host over a directory of its own, and a lake whose strategy lies in it."""

    host: Host
    folder: PluginFolder
    lake: Lake
    good: bytes
    ttls: Iterator[int]

    @property
    def root(self):
        return self.host.root()

    def digest(self) -> str | None:
        return served(self.root, NAME)

    def vend(self) -> tuple[int, str]:
        """Another life each time, so that the strategy runs and no cache answers."""
        api = self.host.api(self.lake.tenant.admin.api.token)
        path = api.table_path(self.lake.catalog, "sales", "t") + "/credentials"
        reply = api.request("POST", path, params={"ttl": next(self.ttls)})
        return reply.status_code, reply.text


def components(folder: PluginFolder) -> bytes:
    """What the scene needs: the strategy that makes the table, and the one that is tried."""
    folder.put("aws_sts.wasm", (plugin_dir() / "aws_sts.wasm").read_bytes())
    good = hostile_component().read_bytes()
    folder.put(FILE, good)
    folder.grant(GRANT)
    return good


def new_scene(host: Host, folder: PluginFolder, planted: Planted, seaweed: Seaweed) -> Scene:
    lake = new_lake(new_tenant(host, planted), seaweed)
    lake.tenant.admin.api.create_table(lake.catalog, "sales", "t")
    body = {"vending_strategy": {NAME: {"mode": "honest", "bearer_secret": planted.password("bearer of the scene")}}}
    lake.tenant.admin.api.put(f"/api/v1/warehouses/{lake.warehouse}", body)
    return Scene(host, folder, lake, hostile_component().read_bytes(), itertools.count(900))


@pytest.fixture(scope="module")
def whole(make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed) -> Scene:
    host = make_host(seaweed)
    folder = PluginFolder(host.dir)
    components(folder)
    host.settings |= folder.settings | {"PANGOLIN_PLUGIN_SCAN_SECS": "1"}
    return new_scene(host.start(), folder, planted, seaweed)


@pytest.fixture
def scene(whole: Scene) -> Scene:
    """Whatever the test before left is put right."""
    whole.folder.path.chmod(0o755)
    for file in whole.folder.path.iterdir():
        if file.name not in ("aws_sts.wasm", FILE):
            file.unlink()
    components(whole.folder)
    until(lambda: is_well(whole))
    return whole


def is_well(scene: Scene) -> bool:
    seen = scene.root.get("/api/v1/plugins")
    granted = {plugin["name"]: plugin["granted"] for plugin in seen["plugins"]}
    well = granted == {"AwsSts": True, NAME: True} and not (seen["rejected"] or seen["pending"] or seen.get("problem"))
    return well and scene.digest() == digest(scene.good)


class Vends:
    """Vends without a pause, in the background."""

    def __init__(self, scene: Scene, workers: int = 2):
        self._scene = scene
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self.done = 0
        self.failed: list[tuple[int, str]] = []
        self._workers = [threading.Thread(target=self._run) for _ in range(workers)]

    def _run(self) -> None:
        while not self._stop.is_set():
            status, text = self._scene.vend()
            with self._lock:
                self.done += 1
                if status != 200:
                    self.failed.append((status, text))

    def __enter__(self) -> "Vends":
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for worker in self._workers:
            worker.join(60)


def calls(scene: Scene, outcome: str = "ok") -> int:
    text = scene.host.api().get("/metrics")
    found = re.search(rf'^pangolin_plugin_calls_total{{plugin="{NAME}",export="vend",outcome="{outcome}"}} (\d+)$', text, re.M)
    return int(found[1]) if found else 0


def test_components_come_change_and_go_and_no_vend_fails(scene: Scene) -> None:
    before = calls(scene)
    vast = (plugin_dir() / "vast_s3keys.wasm").read_bytes()
    with Vends(scene) as vends:
        for turn in range(4):
            wanted = scene.folder.put(FILE, marked(scene.good, f"moved {turn}"))
            until(lambda: scene.digest() == wanted)
        for turn in range(3):
            wanted = scene.folder.copy(FILE, marked(scene.good, f"copied {turn}"))
            until(lambda: scene.digest() == wanted)
        scene.folder.put("vast.wasm", vast)
        until(lambda: served(scene.root, "VastS3Keys") == digest(vast))
        # Under another name of its file the strategy is the same, and is never out of service.
        (scene.folder.path / FILE).rename(scene.folder.path / "renamed.wasm")
        file = lambda: scene.root.get(f"/api/v1/plugins/{NAME}")["file"]  # noqa: E731
        until(lambda: file() == "renamed.wasm")
        scene.folder.remove("vast.wasm")
        until(lambda: served(scene.root, "VastS3Keys") is None)
        at_least = vends.done + 10
        until(lambda: vends.done > at_least)
    assert not vends.failed, vends.failed[:3]
    # Each of them ran the component.
    assert calls(scene) - before >= vends.done
    (scene.folder.path / "renamed.wasm").unlink()
    until(lambda: scene.digest() is None)
    status, text = scene.vend()
    assert status >= 400
    assert NAME in text


def test_half_a_file_is_refused_and_taken_once_it_is_whole(scene: Scene) -> None:
    whole = marked(scene.good, "late")
    half = whole[: len(whole) // 2]
    path = scene.folder.path / "zz.wasm"
    path.write_bytes(half)
    path.chmod(0o644)
    found = until(lambda: rejected(scene.root, "zz.wasm"))
    assert (found["digest"], found["serving"]) == (digest(half), None)
    assert "not valid" in found["reason"]
    assert scene.vend()[0] == 200
    scene.folder.remove(FILE)
    with path.open("ab") as file:
        file.write(whole[len(half) :])
    until(lambda: scene.digest() == digest(whole))
    assert rejected(scene.root, "zz.wasm") is None


def test_a_broken_file_leaves_its_last_good_version_and_is_reported_everywhere(scene: Scene) -> None:
    since = scene.root.get(f"/api/v1/plugins/{NAME}")["since"]
    name = scene.folder.put(FILE, b"\0asm\x0d\0\x01\0 and then nothing that is a component")
    found = until(lambda: rejected(scene.root, FILE))
    assert (found["serving"], found["digest"]) == (NAME, name)
    assert scene.vend()[0] == 200
    ready = scene.host.api().get("/health/ready")
    assert (ready["status"], ready["plugins_rejected"], ready["plugin_directory"]) == ("ready", 1, "ok")
    text = scene.host.api().get("/metrics")
    assert f'pangolin_plugin_rejected{{file="{FILE}"}} 1' in text
    # The same file is refused for the same reason: that is no news at the next looks at it.
    looks = scene.root.get("/api/v1/plugins")["looked_at"]
    until(lambda: scene.root.get("/api/v1/plugins")["looked_at"] > looks)
    time.sleep(2.5)
    assert rejected(scene.root, FILE) == found
    lines = [line for line in scene.host.logged().splitlines() if "plugin not loaded" in line and FILE in line]
    said = [line for line in lines if "the version before it stays in service" in line and "not valid" in line]
    assert len(said) == 1, said
    # The version that serves is the one from before, since then.
    assert scene.root.get(f"/api/v1/plugins/{NAME}")["since"] == since
    scene.folder.put(FILE, scene.good)
    until(lambda: is_well(scene))
    assert scene.root.get(f"/api/v1/plugins/{NAME}")["since"] == since


def test_a_pin_that_does_not_fit_any_more_takes_the_plugin_out(scene: Scene) -> None:
    good, other = digest(scene.good), digest(b"another")
    scene.folder.grant(f'{GRANT}sha256 = "{good}"\n')
    # A file that does not fit the pin is refused, and what the pin names stays.
    scene.folder.put(FILE, marked(scene.good, "not pinned"))
    found = until(lambda: rejected(scene.root, FILE))
    assert good in found["reason"]
    assert (found["serving"], scene.digest()) == (NAME, good)
    assert scene.vend()[0] == 200
    # The last good version may not stay against the operator's word.
    scene.folder.grant(f'{GRANT}sha256 = "{other}"\n')
    until(lambda: scene.digest() is None)
    found = rejected(scene.root, FILE)
    assert found and found["serving"] is None and other in found["reason"]
    assert scene.vend()[0] >= 400
    scene.folder.grant(GRANT)
    until(lambda: scene.digest() == digest(marked(scene.good, "not pinned")))


def test_a_directory_that_others_can_write_changes_nothing_and_is_reported(scene: Scene) -> None:
    scene.folder.path.chmod(0o775)
    found = until(lambda: scene.root.get("/api/v1/plugins").get("problem"))
    assert "chmod go-w" in found["reason"]
    scene.folder.put(FILE, marked(scene.good, "of whom?"))
    time.sleep(2.5)
    assert scene.digest() == digest(scene.good)
    assert scene.root.get("/api/v1/plugins")["problem"] == found
    assert scene.vend()[0] == 200
    ready = scene.host.api().get("/health/ready")
    assert (ready["status"], ready["plugin_directory"]) == ("ready", "failed")
    assert "pangolin_plugin_directory_failed 1\n" in scene.host.api().get("/metrics")
    scene.folder.path.chmod(0o755)
    until(lambda: scene.digest() == digest(marked(scene.good, "of whom?")))
    assert scene.host.api().get("/health/ready")["plugin_directory"] == "ok"


def test_links_out_and_files_that_others_can_write_are_refused(scene: Scene, tmp_path: Path) -> None:
    outside = tmp_path / "outside.wasm"
    outside.write_bytes(marked(scene.good, "outside"))
    (scene.folder.path / "out.wasm").symlink_to(outside)
    scene.folder.put("loose.wasm", marked(scene.good, "loose"))
    (scene.folder.path / "loose.wasm").chmod(0o666)
    assert "outside the plugin directory" in until(lambda: rejected(scene.root, "out.wasm"))["reason"]
    assert "chmod go-w" in until(lambda: rejected(scene.root, "loose.wasm"))["reason"]
    # What is no component by its name, or hidden, is nobody's business.
    for name in (".hidden.wasm", "readme.md", "x.wasm.part"):
        (scene.folder.path / name).write_bytes(b"anything")
    time.sleep(1.5)
    assert {entry["file"] for entry in scene.root.get("/api/v1/plugins")["rejected"]} == {"out.wasm", "loose.wasm"}


def test_the_grant_file_takes_effect_without_a_restart(scene: Scene) -> None:
    info = lambda: scene.root.get(f"/api/v1/plugins/{NAME}")  # noqa: E731
    missing = info()["missing_grants"]
    scene.folder.grant("")
    until(lambda: not info()["granted"])
    status, text = scene.vend()
    assert status == 403, text
    assert f"plugins.{NAME}" in info()["missing_grants"]
    scene.folder.grant(GRANT)
    until(lambda: info()["granted"])
    assert scene.vend()[0] == 200
    assert info()["missing_grants"] == missing
    # One that cannot be read takes nothing away, and gives nothing.
    scene.folder.grant(f"{GRANT}everything = true\n")
    found = until(lambda: scene.root.get("/api/v1/plugins").get("problem"))
    assert "everything" in found["reason"]
    assert scene.vend()[0] == 200
    scene.folder.grant(GRANT)
    until(lambda: is_well(scene))


def test_root_administrators_and_users_see_what_is_theirs(scene: Scene, planted: Planted) -> None:
    tenant: Tenant = new_tenant(scene.host, planted)
    admin, user, root = tenant.admin.api, tenant.user().api, scene.root
    scene.folder.put("bad.wasm", b"no component")
    until(lambda: rejected(root, "bad.wasm"))
    seen = admin.get("/api/v1/plugins")
    assert set(seen) == {"plugins"}
    text = str(seen)
    assert all(hidden not in text for hidden in (str(scene.folder.path), FILE, "bad.wasm", "sha256 ="))
    one = admin.get(f"/api/v1/plugins/{NAME}")
    assert one["digest"] == digest(scene.good)
    assert {"rights", "since", "signed_by", "fields"} <= set(one)
    assert not {"file", "missing_grants"} & set(one)
    assert root.get(f"/api/v1/plugins/{NAME}")["file"] == FILE
    for caller in (admin, root):
        schema = caller.get("/api/v1/plugins/AwsSts/schema")
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        role = schema["properties"]["role_arn"]
        assert role["type"] == "string"
        secret = schema["properties"]["secret_access_key"]
        assert secret["writeOnly"] is True
        assert secret["anyOf"][1]["required"] == ["secret_ref"]
        assert schema["properties"]["sts_endpoint"]["format"] == "uri"
        for path in ("/api/v1/plugins/Nobody", "/api/v1/plugins/Nobody/schema"):
            caller.get(path, status=404)
    for path in ("/api/v1/plugins", f"/api/v1/plugins/{NAME}", f"/api/v1/plugins/{NAME}/schema"):
        user.get(path, status=403)
        scene.host.api().get(path, status=401)
    for caller in (admin, user):
        caller.post("/api/v1/plugins/reload", status=403)


def test_a_schema_describes_what_the_host_takes(scene: Scene) -> None:
    admin = scene.lake.tenant.admin.api
    schema = admin.get(f"/api/v1/plugins/{NAME}/schema")
    wrong = admin.request("PUT", f"/api/v1/warehouses/{scene.lake.warehouse}", json={"vending_strategy": {NAME: {}}})
    assert schema["required"] == ["mode"]
    assert wrong.status_code in (200, 422)
    unknown = {"vending_strategy": {NAME: {"mode": "honest", "brand_new": 1}}}
    reply = admin.request("PUT", f"/api/v1/warehouses/{scene.lake.warehouse}", json=unknown)
    assert (reply.status_code, schema["additionalProperties"]) == (422, False)


def test_metrics_are_text_that_prometheus_reads(scene: Scene) -> None:
    scene.vend()
    reply = scene.host.api().request("GET", "/metrics")
    assert reply.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    series = read_metrics(reply.text)
    good = digest(scene.good)
    info = f'pangolin_plugin_info{{plugin="{NAME}",version="0.1.0",digest="{good}",file="{FILE}"}}'
    assert series[info] == 1
    assert abs(series[f'pangolin_plugin_loaded_since_seconds{{plugin="{NAME}"}}'] - time.time()) < 3600
    assert series["pangolin_plugin_directory_failed"] == series["pangolin_plugin_pending"] == 0
    assert series['pangolin_plugin_reloads_total{outcome="ok"}'] >= 1
    labels = f'plugin="{NAME}",export="vend"'
    count = series[f"pangolin_plugin_call_duration_seconds_count{{{labels}}}"]
    buckets = [value for name, value in series.items() if name.startswith("pangolin_plugin_call_duration_seconds_bucket{") and labels in name]
    assert buckets == sorted(buckets)
    assert buckets[-1] == count >= 1
    assert any(name.startswith("pangolin_build_info{version=") for name in series)
    assert all(secret not in reply.text for secret in (scene.lake.tenant.id, scene.lake.tenant.name, scene.lake.bucket))


def read_metrics(text: str) -> dict[str, float]:
    """OpenMetrics by its grammar: each sample belongs to the family above it, and stands there once."""
    suffixes = {"counter": ("_total",), "info": ("_info",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""], lines[-3:]
    series: dict[str, float] = {}
    family, kind, families = "", "", set()
    for line in lines[:-2]:
        if header := re.fullmatch(r"# (HELP|TYPE|UNIT) ([a-z_]+) (.+)", line):
            if header[1] == "TYPE":
                family, kind = header[2], header[3]
                assert family not in families, line
                families.add(family)
            continue
        sample = re.fullmatch(r'([a-z_]+)((?:\{[a-z]+="(?:[^"\\\n]|\\.)*"(?:,[a-z]+="(?:[^"\\\n]|\\.)*")*\})?) (\S+)', line)
        assert sample, line
        assert sample[1] in [family + suffix for suffix in suffixes[kind]], line
        name = sample[1] + sample[2]
        assert name not in series, line
        series[name] = float(sample[3])
    return series


def config_map(folder: Path, version: str, files: dict[str, bytes]) -> None:
    """As the kubelet does it: a new directory, a new link, and one rename."""
    made = folder / f"..{version}"
    made.mkdir(mode=0o755)
    for name, content in files.items():
        (made / name).write_bytes(content)
        (made / name).chmod(0o644)
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(f"..data/{name}")
    (folder / "..data_tmp").symlink_to(f"..{version}")
    old = (folder / "..data").resolve()
    (folder / "..data_tmp").rename(folder / "..data")
    if old.name != "..data":
        for file in old.iterdir():
            file.unlink()
        old.rmdir()


def test_a_config_map_is_swapped_as_soon_as_the_kernel_tells(
    make_host: Callable[..., Host], planted: Planted, seaweed: Seaweed
) -> None:
    host = make_host(seaweed)
    folder, grants = host.dir / "map", host.dir / "grants"
    folder.mkdir(mode=0o755)
    grants.mkdir(mode=0o755)
    sts, good = (plugin_dir() / "aws_sts.wasm").read_bytes(), hostile_component().read_bytes()
    config_map(folder, "2026_01", {"aws_sts.wasm": sts, FILE: good})
    config_map(grants, "2026_01", {"grants.toml": GRANT.encode()})
    # No scan would find it in time.
    host.settings |= {
        "PANGOLIN_PLUGIN_DIR": str(folder),
        "PANGOLIN_PLUGIN_GRANTS": str(grants / "grants.toml"),
        "PANGOLIN_PLUGIN_SCAN_SECS": "3600",
    }
    host.start()
    scene = new_scene(host, PluginFolder(host.dir), planted, seaweed)
    with Vends(scene, workers=1) as vends:
        for version in ("2026_02", "2026_03"):
            other = marked(good, version)
            config_map(folder, version, {"aws_sts.wasm": sts, FILE: other})
            until(lambda: scene.digest() == digest(other), 20)
        config_map(grants, "2026_02", {"grants.toml": (GRANT + 'hosts = ["granted.invalid"]\n').encode()})
        hosts = lambda: scene.root.get(f"/api/v1/plugins/{NAME}")["rights"]["hosts"]  # noqa: E731
        until(lambda: hosts() == ["granted.invalid"], 20)
    assert not vends.failed, vends.failed[:3]
    assert vends.done > 0


def test_without_watching_the_directory_is_read_on_demand(make_host: Callable[..., Host], seaweed: Seaweed) -> None:
    host = make_host(seaweed)
    folder = PluginFolder(host.dir)
    good = components(folder)
    host.settings |= folder.settings | {"PANGOLIN_PLUGIN_SCAN_SECS": "0"}
    host.start()
    root = host.root()
    wanted = folder.put(FILE, marked(good, "later"))
    time.sleep(1.5)
    assert served(root, NAME) == digest(good)
    seen = root.post("/api/v1/plugins/reload", status=200)
    assert served(root, NAME) == wanted
    assert wanted in [plugin["digest"] for plugin in seen["plugins"]]
    folder.grant("not = [toml")
    root.post("/api/v1/plugins/reload", status=409)
    results = [row["result"] for row in root.audit(action="reload_plugins")]
    assert results == ["failure", "started", "success", "started"]


def test_a_grant_file_in_the_plugin_directory_is_refused(make_host: Callable[..., Host]) -> None:
    host = make_host()
    folder = PluginFolder(host.dir)
    inside = folder.path / "grants.toml"
    inside.write_text(GRANT)
    inside.chmod(0o600)
    host.settings |= folder.settings | {"PANGOLIN_PLUGIN_GRANTS": str(inside)}
    assert "put it elsewhere" in host.refuses_to_start()
    # Nor by a link: who can write there can put another in its place.
    link = folder.path / "link.toml"
    link.symlink_to(folder.grants)
    host.settings["PANGOLIN_PLUGIN_GRANTS"] = str(link)
    assert "put it elsewhere" in host.refuses_to_start()
