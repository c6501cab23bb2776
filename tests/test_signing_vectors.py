"""The vectors that the signers in Rust are held against are what the vendors' libraries make."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures/signing"
FILES = sorted(path.name for path in FIXTURES.glob("*.json"))


@pytest.fixture(scope="module")
def remade(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("signing")
    subprocess.run([sys.executable, FIXTURES / "generate.py", directory], check=True)
    return directory


def test_every_file_is_remade(remade: Path) -> None:
    assert FILES and sorted(path.name for path in remade.iterdir()) == FILES


@pytest.mark.parametrize("name", FILES)
def test_vectors_are_what_the_libraries_make(remade: Path, name: str) -> None:
    kept = json.loads((FIXTURES / name).read_text())
    for number, (ours, theirs) in enumerate(zip(kept, json.loads((remade / name).read_text()), strict=True)):
        assert ours == theirs, f"case {number} of {name}"
