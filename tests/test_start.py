"""What a host needs before it serves anybody, and that `pangolin check` says the same beforehand."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.postgres import Postgres

MakeHost = Callable[..., Host]


@pytest.fixture(params=["sqlite", "postgres"])
def host(request: pytest.FixtureRequest, make_host: MakeHost) -> Host:
    database: Postgres | None = request.getfixturevalue("postgres") if request.param == "postgres" else None
    return make_host(None, database)


def starts(host: Host) -> int:
    return len([row for row in host.root().audit() if row["action"] == "start_host"])


def last_words(said: str) -> str:
    """The text of the last start that failed, without what caused it; of several settings the first one."""
    line, *more = said[said.rindex("pangolin: ") :].splitlines()
    words = line.removeprefix("pangolin: ").removesuffix(": the audit trail cannot be written")
    return more[0].strip() if words == "the settings cannot be used:" else words


def test_it_does_not_serve_with_another_key_than_its_database_was_sealed_with(host: Host, planted: Planted) -> None:
    host.start()
    assert starts(host) == 1
    host.stop()
    own = host.settings["PANGOLIN_ENCRYPTION_KEY"]
    for other in (planted.encryption_key("another key"), f"other:{planted.encryption_key('a named key')}"):
        host.settings["PANGOLIN_ENCRYPTION_KEY"] = other
        said = host.refuses_to_start()
        assert "PANGOLIN_ENCRYPTION_KEY" in said, said
        checked = host.command("check", "--connect")
        assert checked.returncode == 1 and last_words(said) in checked.stdout, checked.stdout + said
    host.settings["PANGOLIN_ENCRYPTION_KEY"] = own
    host.start()
    assert starts(host) == 2
    assert host.command("audit", "verify").returncode == 0
    # Beside a running host, too.
    beside = host.command("check", "--connect", "--strict")
    assert beside.returncode == 0, beside.stdout
    assert "the settings can be used" in beside.stdout and "the database answers" in beside.stdout
    assert "in use" in beside.stdout


@pytest.fixture(scope="module")
def unstarted(make_host: MakeHost) -> Host:
    return make_host()


def wrong(host: Host, place: Path) -> dict[str, dict[str, str | None]]:
    """Settings with which no host starts. `place` is empty."""
    file, open_dir, grants = place / "file", place / "open", place / "grants.toml"
    file.write_text("x")
    open_dir.mkdir()
    open_dir.chmod(0o777)
    grants.write_text("not = [toml")
    data = {}
    for name, content in (("encryption.key", "not keys"), ("fingerprint.key", "not hexadecimal")):
        data[name] = place / name.replace(".", "-")
        data[name].mkdir(mode=0o700)
        (data[name] / name).write_text(content)
    plugins = str(host.settings["PANGOLIN_PLUGIN_DIR"])
    inside = open_dir / "inside.toml"
    return {
        "no secret": {"PANGOLIN_JWT_SECRET": None},
        "no password": {"PANGOLIN_ROOT_PASSWORD": None},
        "log": {"RUST_LOG": "info,hyper=loud"},
        "number": {"PORT": "many"},
        "url": {"DATABASE_URL": "mysql://db/lake"},
        "memory": {"DATABASE_URL": "sqlite::memory:"},
        "nowhere": {"DATABASE_URL": f"sqlite://{place}/nowhere/x.db"},
        "directory": {"DATABASE_URL": f"sqlite://{open_dir}"},
        "data is a file": {"PANGOLIN_DATA_DIR": str(file)},
        "data below a file": {"PANGOLIN_DATA_DIR": str(file / "data")},
        "keys": {"PANGOLIN_DATA_DIR": str(data["encryption.key"]), "PANGOLIN_ENCRYPTION_KEY": None},
        "finger prints": {"PANGOLIN_DATA_DIR": str(data["fingerprint.key"])},
        "no plugins": {"PANGOLIN_PLUGIN_DIR": str(place / "nowhere")},
        "plugins in a file": {"PANGOLIN_PLUGIN_DIR": str(file)},
        "open plugins": {"PANGOLIN_PLUGIN_DIR": str(open_dir)},
        "grants": {"PANGOLIN_PLUGIN_GRANTS": str(grants)},
        "no grants": {"PANGOLIN_PLUGIN_GRANTS": str(inside)},
        "grants inside": {"PANGOLIN_PLUGIN_GRANTS": f"{plugins}/aws_sts.wasm"},
        "issuers": {"PANGOLIN_OIDC_CONFIG": str(place / "nowhere.toml")},
        "address": {"PANGOLIN_BIND_ADDRESS": "192.0.2.1"},
    }


def test_what_keeps_a_host_from_starting_is_what_check_says(unstarted: Host, tmp_path: Path) -> None:
    host, good = unstarted, dict(unstarted.settings)
    tmp_path.chmod(0o700)
    for name, settings in wrong(host, tmp_path).items():
        host.settings = good | settings
        checked = host.command("check")
        words = last_words(host.refuses_to_start())
        assert checked.returncode == 1, f"{name}: {checked.stdout}"
        assert words in checked.stdout, f"{name}: {words}\nis not in\n{checked.stdout}"
        assert "the settings cannot be used" in checked.stderr
        report = json.loads(host.command("check", "--json").stdout)
        assert not report["ok"] and any(words in f"{problem['variable']}: {problem['message']}" for problem in report["settings"]["problems"])
    host.settings = good


def test_what_lets_a_host_start_and_fails_later_is_a_warning(unstarted: Host, tmp_path: Path) -> None:
    host, good = unstarted, dict(unstarted.settings)
    plugins = tmp_path / "plugins"
    plugins.mkdir(mode=0o700)
    (plugins / "broken.wasm").write_bytes(b"\0asm")
    (plugins / "broken.wasm").chmod(0o600)
    for settings, part in (
        ({"PANGOLIN_PLUGIN_DIR": str(plugins)}, "broken.wasm would be refused: "),
        ({"PANGOLIN_PLUGIN_DIR": None}, "no credential can be vended"),
        ({"PANGOLIN_LOCAL_STORAGE_DIR": str(tmp_path / "nowhere")}, "every `local` warehouse fails"),
        ({"PANGOLIN_LOCAL_STORAGE_DIR": "relative"}, "is not absolute"),
        ({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "nowhere")}, "GOOGLE_APPLICATION_CREDENTIALS: "),
        ({"PANGOLIN_UNKNOWN": "x"}, "PANGOLIN_UNKNOWN is not a setting"),
    ):
        host.settings = good | settings
        assert host.command("check").returncode == 0
        strict = host.command("check", "--strict")
        assert strict.returncode == 1 and f"warning: " in strict.stdout and part in strict.stdout, strict.stdout
    host.settings = good


def test_check_makes_nothing(make_host: MakeHost) -> None:
    host = make_host(None, None, {"PANGOLIN_ENCRYPTION_KEY": None})
    host.data.rmdir()
    before = sorted(path.name for path in host.dir.iterdir())
    done = host.command("check", "--connect")
    assert done.returncode == 0 and "a start makes it" in done.stdout, done.stdout + done.stderr
    assert "6 would serve: " in done.stdout
    # The home of the command keeps compiled plugins, as `pangolin plugin` does.
    assert sorted(path.name for path in host.dir.iterdir() if path.name != ".cache") == before
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", host.port))
        taken.listen()
        assert "is in use" in host.command("check").stdout


def test_results_and_errors_are_apart_and_what_is_misspelt_is_suggested(unstarted: Host) -> None:
    version = unstarted.command("--version")
    assert version.stdout.startswith("pangolin ") and "pangolin:vending@" in version.stdout
    for arguments, suggested in (
        (("serv",), "serve"),
        (("check", "--jsn"), "--json"),
        (("audit", "verfy"), "verify"),
        (("plugin", "inspec"), "inspect"),
    ):
        done = unstarted.command(*arguments)
        assert (done.returncode, done.stdout) == (2, ""), done.stdout
        assert "similar" in done.stderr and suggested in done.stderr, done.stderr
