"""A pytest plug-in for tools/hostile.sh: the ambient decimal context is as unhelpful as it can be.

Three digits, rounded up, nothing trapped, in every thread: code that leans on the caller's context gives
other results here.
"""

import locale
import os
import sys
import time
from collections.abc import Iterator
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
    try:
        named = locale.setlocale(locale.LC_ALL, "")
    except locale.Error:  # neither the machine nor tools/hostile.sh has it
        named = f"{os.environ.get('LC_ALL')} is not to be had here, so the locale is C"
    sys.stderr.write(f"hostile: locale {named}, {locale.format_string('%.2f', 0.5)}; zone {time.tzname[0]}\n")


@pytest.fixture(autouse=True)
def _hostile_decimal_context() -> Iterator[None]:
    """Each test starts in the hostile context, even after one that changed it."""
    setcontext(_hostile())
    yield
    setcontext(_hostile())
