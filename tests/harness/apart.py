"""Runs a function in a process of its own.

PyArrow reads from Google's store without letting other threads run: a double in the same process could not answer it.
"""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any
from unittest.mock import patch


class FailedApart(AssertionError):
    """The function raised, or did not end in time; the text is its traceback."""


def apart(function: Callable[..., Any], *arguments: Any, seconds: float = 60, env: dict[str, str] | None = None) -> Any:
    """The function's result. It and its arguments must be picklable; `env` goes over our own environment."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(there, function, arguments), daemon=True)
    with patch.dict(os.environ, env or {}):
        process.start()
    there.close()
    try:
        if not here.poll(seconds):
            raise FailedApart(f"{function.__name__} did not end in {seconds} s")
        ok, result = here.recv()
    except EOFError as error:
        raise FailedApart(f"{function.__name__} ended without a result") from error
    finally:
        process.kill()
        process.join(10)
    if not ok:
        raise FailedApart(result)
    return result


def _run(there: Connection, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        there.send((True, function(*arguments)))
    except BaseException:
        there.send((False, traceback.format_exc()))
