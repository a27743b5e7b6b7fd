"""A pytest plug-in for tools/hostile.sh: the ambient decimal context is as unhelpful as it can be.

Three digits, rounded up, nothing trapped, in every thread: code that leans on the caller's context gives
other results here.
"""

import locale
from collections.abc import Iterator
from contextlib import suppress
from decimal import ROUND_UP, Context, DefaultContext, setcontext

import pytest


def _hostile() -> Context:
    return Context(prec=3, rounding=ROUND_UP, traps=[])


def pytest_configure() -> None:
    hostile = _hostile()
    DefaultContext.prec = hostile.prec
    DefaultContext.rounding = hostile.rounding
    for signal in DefaultContext.traps:
        DefaultContext.traps[signal] = False
    setcontext(hostile)
    with suppress(locale.Error):  # not every machine has the locale that the environment names
        locale.setlocale(locale.LC_ALL, "")


@pytest.fixture(autouse=True)
def _hostile_decimal_context() -> Iterator[None]:
    """Each test starts in the hostile context, even after one that changed it."""
    setcontext(_hostile())
    yield
    setcontext(_hostile())
