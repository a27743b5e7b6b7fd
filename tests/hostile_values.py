"""Arguments that nobody asked for, and what is expected of whoever is given one."""

import copy
import pickle
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import pytest

from licensing_core.errors import LicensingError

MOST_SECONDS: Final = 1.0
"""At once is some microseconds; this is far above it, so that a busy machine does not fail the test."""
CODE: Final = re.compile(r"[a-z]+(_[a-z]+)*(\.[a-z]+(_[a-z]+)*)+")


OPEN: Final[dict[str, str]] = {}
"""Not refused yet as they should be: remove the line when one is."""


def with_open(cases: Mapping[str, Any]) -> list[Any]:
    """The cases with their names; those of `OPEN` are expected to fail."""
    marks = {name: [pytest.mark.xfail(reason=OPEN[name], strict=True)] if name in OPEN else [] for name in cases}
    return [pytest.param(case, id=name, marks=marks[name]) for name, case in cases.items()]


def a_list_of_itself() -> list[Any]:
    one: list[Any] = []
    one.append(one)
    return one


def a_deep_list() -> list[Any]:
    one: list[Any] = []
    for _ in range(100_000):
        one = [one]
    return one


class Odd:
    """Nothing that anybody asked for, with a long and telling repr."""

    def __repr__(self) -> str:
        return "ana@example.com" * 1000


HOSTILE: Final[dict[str, Any]] = {
    "a naive datetime": datetime(2026, 5, 4, 12),  # noqa: DTZ001
    "an instant of the year 1": datetime(1, 1, 1, tzinfo=UTC),
    "an instant of the year 9999": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    "an instant that is of the year 1 in UTC": datetime(2, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    "an instant that is of the year 9999 in UTC": datetime(9998, 12, 31, 23, tzinfo=timezone(-timedelta(hours=12))),
    "a day of the year 1": date(1, 1, 1),
    "the last day of all": date.max,
    "a float": 1.5,
    "a whole float": 2.0,
    "nan": float("nan"),
    "inf": float("inf"),
    "a Decimal NaN": Decimal("NaN"),
    "a signalling NaN": Decimal("sNaN"),
    "a huge Decimal": Decimal("1e9999999"),
    "the text of a huge number": "1e9999999",
    "the text of an amount of a huge number": "1e9999999 EUR",
    "True": True,
    "False": False,
    "zero": 0,
    "minus one": -1,
    "2**63": 2**63,
    "10**400": 10**400,
    "a huge Fraction": Fraction(10**400, 10**399 + 1),
    "an empty text": "",
    "a space": " ",
    "a text of 65 characters": "x" * 65,
    "a text of a million characters": "x" * 10**6,
    "a million digits": "9" * 10**6 + " EUR",
    "a NUL": "a\x00b",
    "a line end": "ana\n",
    "accents": "ünïcode",
    "full-width digits": "１２ EUR",  # noqa: RUF001
    "a lone surrogate": "\ud800",
    "a direction mark": "abc\u202edef",
    "a path": "../../etc/passwd",
    "bytes": b"bytes",
    "None": None,
    "an empty list": [],
    "an empty dict": {},
    "an empty set": set(),
    "an object": Odd(),
    "a class": Odd,
    "a list of itself": a_list_of_itself(),
    "a deep list": a_deep_list(),
    "a tuple of hostile things": (None, 1.5, "", Odd()),
    "a tuple of lists": ([],),
    "a dict of hostile things": {"": -1, None: 1.5},
    "a dict of lists": {"base": []},
    "a dict of a NaN": {"base": float("nan")},
    "a dict of a bool": {"base": True},
    "a dict of a negative number": {"base": -1},
    "a function": len,
}


def outcome(call: Callable[[], Any]) -> Any:
    """What *call* gives, or the typed error with which it refuses; either of them at once."""
    began = time.perf_counter()
    try:
        result = call()
    except LicensingError as refusal:
        result = refusal
    took = time.perf_counter() - began
    assert took < MOST_SECONDS
    if isinstance(result, LicensingError):
        assert CODE.fullmatch(result.code)
        assert len(str(result)) <= 500
        assert "example.com" not in str(result)
    return result


def holds_its_own(made: Any) -> None:
    """What was taken is as good as any other: it can be hashed, copied and pickled."""
    assert hash(made) == hash(copy.deepcopy(made))
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made
