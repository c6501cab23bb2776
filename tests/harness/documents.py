"""Reads the commands out of the documents and runs them as they stand."""

import json
import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.service import ServiceUser
    from harness.world import Lake

_FOLDER = Path(__file__).resolve().parents[1] / "fixtures" / "documents"
_REQUEST = re.compile(r"^(GET|POST|PUT|DELETE) (/api/\S+)$")
_SETTING = re.compile(r"^(?:export )?([A-Z][A-Z0-9_]+)=(\S+)")


def read(name: str) -> str:
    return (_FOLDER / name).read_text()


def curl_commands(text: str) -> list[str]:
    """Each `curl …` with its continuation lines, to the end of its quoted body."""
    commands: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        if not line.lstrip().startswith("curl "):
            continue
        command = line
        while command.endswith("\\") or command.count("'") % 2:
            command += "\n" + next(lines)
        commands.append(command)
    return commands


def written_requests(text: str) -> list[str]:
    """Requests that are written as `POST /path` and a body; the same as a curl command."""
    lines = text.splitlines()
    return [
        as_curl(match[1], match[2], json_block(lines[at + 1 :]))
        for at, line in enumerate(lines)
        if (match := _REQUEST.match(line))
    ]


def payload_after(text: str, heading: str) -> str:
    """The body under 'Payload:' of a section."""
    lines = text[text.index(heading) :].splitlines()
    return json_block(lines[lines.index("Payload:") + 1 :])


def json_block(lines: list[str]) -> str:
    """The first `{…}`, without the `# …` remarks that the documents put into it."""
    body = ""
    for line in lines:
        line = re.sub(r"\s+#.*$", "", line)
        if not body and not line.strip():
            continue
        body += line + "\n"
        if body.count("{") and body.count("{") == body.count("}"):
            return body.strip()
    raise ValueError("no closing brace")


def as_curl(method: str, path: str, body: str) -> str:
    return f"curl -X {method} http://localhost:8080{path} \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}'"


def settings(text: str, first: str, last: str) -> dict[str, str]:
    """The environment variables between two headings."""
    part = text[text.index(first) : text.index(last)]
    found = (_SETTING.match(line) for line in part.splitlines())
    return {match[1]: match[2].strip('"') for match in found if match}


def fill(text: str, placeholders: dict[str, str]) -> str:
    """Puts values in for placeholders; one that is left is an error."""
    for name, value in placeholders.items():
        text = text.replace(name, value)
    left = re.search(r'<[a-z][a-z0-9-]*>|"[^"\s]*\.\.\."', text)
    if left:
        raise ValueError(f"the placeholder {left[0]} was not filled in")
    return text


@dataclass
class Answer:
    """What a command printed."""

    status: int
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)


def run(command: str, token: str | None = None) -> Answer:
    """Runs a command in a shell, unchanged. The status and a Bearer header come through curl's own settings file."""
    lines = ["silent", "show-error", 'write-out = "\\n%{http_code}"', "max-time = 30"]
    if token is not None and "Authorization:" not in command:
        lines.append(f'header = "Authorization: Bearer {token}"')
    with tempfile.TemporaryDirectory() as home:
        (Path(home) / ".curlrc").write_text("\n".join(lines) + "\n")
        env = {"PATH": os.environ["PATH"], "HOME": home, "CURL_HOME": home}
        done = subprocess.run(["bash", "-c", command], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, f"{command}\n{done.stderr}"
    text, _, status = done.stdout.rpartition("\n")
    return Answer(int(status), text)


def client_page(heading: str) -> str:
    """A section of the page on clients."""
    text = (_FOLDER.parents[2] / "examples" / "clients" / "README.md").read_text()
    return text[text.index(heading + "\n") :].split("\n## ")[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def block(text: str, language: str) -> str:
    (only,) = blocks(text, language)
    return only


def as_here(text: str, lake: "Lake", service: "ServiceUser") -> str:
    """What the page calls by example names."""
    for name, value in (
        ("http://localhost:8080", lake.tenant.host.url),
        ("analytics", lake.catalog),
        ("ID:", f"{service.id}:"),
        ("KEY", service.key),
    ):
        text = text.replace(name, value)
    return text
