"""The file of issuers: everything that is wrong with it is said at once, by `check` and at the start."""

from pathlib import Path

import pytest

from harness.federated import MakeHost
from harness.host import Host
from harness.issuer import settings_of, write_settings

TENANT = "7b0d7d5c-2a5e-4b53-a4b2-6b1a4f3f0000"
GOOD = {"issuer": "https://sso.example/realms/a", "audience": ["pangolin"], "tenant": TENANT}


@pytest.fixture(scope="module")
def host(make_host: MakeHost) -> Host:
    return make_host()


def judged(host: Host, text: str) -> tuple[int, str]:
    path = host.dir / "issuers.toml"
    path.write_text(text)
    host.settings["PANGOLIN_OIDC_CONFIG"] = str(path)
    done = host.command("check")
    return done.returncode, done.stdout + done.stderr


def test_a_good_file_can_be_used(host: Host) -> None:
    code, said = judged(host, settings_of(GOOD))
    assert code == 0, said
    assert "warning" not in said


def test_everything_wrong_is_said_at_once(host: Host) -> None:
    first = GOOD | {"issuer": "sso", "algorithms": ["HS256", "none"], "colour": "red", "tenant": "acme"}
    first |= {"roles_claim": "roles", "roles": {"admins": "root", "all": "tenant-user"}}
    second = {"issuer": "http://sso.example", "audience": "", "tenant_claim": "org", "ca_file": "/nowhere.pem"}
    code, said = judged(host, settings_of(first, second))
    assert code != 0
    path = str(host.dir / "issuers.toml")
    for wanted in (
        "issuer 1: issuer:",
        "issuer 1: algorithms: 'HS256'",
        "issuer 1: algorithms: 'none'",
        "issuer 1: colour: is not a field",
        "issuer 1: tenant:",
        'issuer 1: roles."admins": no issuer makes anybody Root',
        'issuer 1: roles."all":',
        "issuer 2: issuer: use https",
        "issuer 2: audience:",
        "issuer 2: tenant:",
        "issuer 2: ca_file:",
    ):
        line = next((line for line in said.splitlines() if wanted in line), None)
        assert line, f"{wanted} is not in\n{said}"
        assert "PANGOLIN_OIDC_CONFIG" in line
        assert path in line


@pytest.mark.parametrize("text", ["", "[[issuers]]\n", "issuers = 3\n", "[[issuers]\n", "[issuers]\nissuer = 'x'\n", "\x00"])
def test_what_is_no_such_file_is_refused(host: Host, text: str) -> None:
    code, said = judged(host, text)
    assert code != 0
    assert "PANGOLIN_OIDC_CONFIG" in said


def test_a_certificate_that_is_none(host: Host) -> None:
    wrong = host.dir / "ca.pem"
    wrong.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    code, said = judged(host, settings_of(GOOD | {"ca_file": str(wrong)}))
    assert code != 0
    assert "ca_file" in said


def test_the_host_does_not_start_with_such_a_file(host: Host) -> None:
    for path in ("/nowhere/issuers.toml", str(host.dir), write_settings(host.dir, GOOD | {"tenant": "x"})):
        host.settings["PANGOLIN_OIDC_CONFIG"] = path
        assert "PANGOLIN_OIDC_CONFIG" in host.refuses_to_start()


def test_the_examples_of_the_documentation_can_be_used(host: Host) -> None:
    page = (Path(__file__).parent.parent / "host" / "OIDC.md").read_text()
    blocks = [block.split("```")[0] for block in page.split("```toml\n")[1:]]
    assert len(blocks) >= 4
    for block in blocks:
        code, said = judged(host, block)
        assert code == 0, f"{block}\n{said}"
