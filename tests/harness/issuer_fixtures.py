"""An issuer of tokens for the tests of one module."""

from collections.abc import Iterator

import pytest

from harness.issuer import Issuer
from harness.planted import Planted


@pytest.fixture(scope="module")
def issuer(planted: Planted) -> Iterator[Issuer]:
    made = Issuer(planted).start()
    yield made
    made.stop()
