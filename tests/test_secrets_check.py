"""`pangolin check FILES`: credentials in files are found, and are not repeated anywhere."""

import json
import secrets
import string
import subprocess
from pathlib import Path

import pytest

from harness.host import Host
from harness.planted import Planted
from harness.tools import ROOT, host_binary

_LETTERS = string.ascii_letters + string.digits


def letters(count: int, alphabet: str = _LETTERS) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(count))


def kinds(planted: Planted) -> dict[str, tuple[str, str]]:
    """A field and a text of each kind, drawn anew. What is secret of it is searched for in everything that is printed."""
    note = planted.note
    jwt = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.{note('signature', letters(43))}"
    key = letters(64)
    block = f"-----BEGIN PRIVATE KEY-----\n{note('private key', key)}\n-----END PRIVATE KEY-----\n"
    azure = note("account key", letters(86)) + "=="
    return {
        "aws-access-key-id": ("x", "AKIA" + note("key id", letters(16, string.ascii_uppercase + "234567"))),
        "private-key": ("x", block),
        "jwt": ("x", jwt),
        "google-api-key": ("x", "AIza" + note("google key", letters(35))),
        "azure-account-key": ("x", azure),
        "connection-string": ("x", f"AccountName=lake;AccountKey={azure}"),
        "azure-sas": ("x", f"?sv=2024-11-04&sig={note('sas', letters(43))}%3D"),
        "github-token": ("x", "ghp_" + note("github token", letters(36))),
        "gitlab-token": ("x", "glpat-" + note("gitlab token", letters(20))),
        "slack-token": ("x", "xoxb-" + note("slack token", letters(30))),
        "stripe-key": ("x", "sk_live_" + note("stripe key", letters(24))),
        "pangolin-api-key": ("x", "pgl_" + planted.hex("api key", 64)),
        "url-password": ("x", f"https://ada:{planted.hex('url password')}@example.com/"),
        "database-url": ("x", f"postgres://ada:{planted.hex('database password')}@db/lake"),
        "secret-field": ("client_secret", planted.hex("literal", 12)),
        "high-entropy": ("x", planted.note("random", letters(20) + "aB3dE6gH9jK2mN5p")),
    }


def check(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(host_binary()), "check", *map(str, arguments)]
    return subprocess.run(command, env={}, capture_output=True, text=True, timeout=60, check=False)


def quoted(text: str) -> str:
    return json.dumps(text)


def as_env(field: str, text: str) -> str:
    return f'{field}="{text}"\n' if "\n" in text else f"{field}={text}\n"


FORMS = {
    "a.json": lambda field, text: f'{{\n  "outer": {{{quoted(field)}: {quoted(text)}}}}}\n',
    "a.toml": lambda field, text: f"[outer]\n{field} = {quoted(text)}\n",
    "a.yaml": lambda field, text: f"outer:\n  {field}: {quoted(text)}\n",
    ".env": as_env,
    "a.ini": lambda field, text: "[outer]\n" + as_env(field, text),
}


@pytest.mark.parametrize("name", FORMS)
def test_each_kind_is_found_in_each_form_and_never_shown(planted: Planted, tmp_path: Path, name: str) -> None:
    for kind, (field, text) in kinds(planted).items():
        file = tmp_path / kind / name
        file.parent.mkdir()
        file.write_text(FORMS[name](field, text))
        said, program = check("--files-only", file), check("--files-only", "--json", file)
        assert (said.returncode, program.returncode) == (1, 1), f"{kind} in {name}"
        for output in (said.stdout, said.stderr, program.stdout, program.stderr):
            assert planted.found_in(output.encode()) == [], f"{kind} in {name}: {output}"
        (finding,) = json.loads(program.stdout)["files"]["findings"]
        assert finding["kind"] == kind
        assert finding["line"] == (1 if name == ".env" else 2)
        assert finding["field"] == (field if name == ".env" else f"outer.{field}")
        assert f"{file}:{finding['line']}: {finding['field']}: " in said.stdout


def test_the_settings_are_judged_with_the_files(host: Host, planted: Planted, tmp_path: Path) -> None:
    file = tmp_path / "platform.yaml"
    file.write_text("password: {secret_ref: lake-key}\n")
    fine = host.command("check", str(file))
    assert (fine.returncode, "the settings can be used" in fine.stdout) == (0, True), fine.stderr
    file.write_text(f"password: {planted.password('in a file')}\n")
    found = host.command("check", str(file))
    assert (found.returncode, "the settings can be used" in found.stdout) == (1, True)
    assert "platform.yaml:1: password: " in found.stdout
    # Without settings both are told at once.
    both = check(file, "--json")
    report = json.loads(both.stdout)
    assert (both.returncode, report["ok"], len(report["files"]["findings"])) == (1, False, 1)
    assert "PANGOLIN_JWT_SECRET" in [problem["variable"] for problem in report["settings"]["problems"]]
    assert host.command("check").returncode == 0


def test_what_is_no_file_of_its_form_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text('a: 1\npassword: "planted-in-broken\n')
    done = check("--files-only", tmp_path, tmp_path / "missing.toml")
    assert done.returncode == 1
    assert "broken.yaml:" in done.stdout and "not valid YAML" in done.stdout
    assert "missing.toml: " in done.stdout
    assert "planted-in-broken" not in done.stdout + done.stderr
    assert "broken.yaml:2: password: " in done.stdout


def test_what_the_repository_gives_to_begin_with_is_clean() -> None:
    done = check("--files-only", ROOT / "examples", ROOT / "host/plugin-tools/templates", ROOT / "wit")
    assert done.returncode == 0, done.stdout
