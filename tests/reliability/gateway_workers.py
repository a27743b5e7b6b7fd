"""Processes that end at any moment: workers that carry out one flow step by step, and a store that sees them go."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any, Final

from licensing_core.errors import LicensingError
from licensing_core.protocols import Store, UnitOfWork

ENDS: Final = ("before", "after", "unit before", "unit after")
"""Where a process ends: before or after it asked something, or its unit of work was stored."""


class Ended(Exception):
    """The process is no more."""


class Mortal:
    """A store of processes, the next unit of work of which may be the last one."""

    def __init__(self, store: Store) -> None:
        self.store, self.ends = store, ""

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[UnitOfWork]:
        """A unit of work of *store*, at the end of which the process ends, when that was said."""
        ends, self.ends = self.ends, ""
        with self.store.begin(read_only=read_only) as work:
            yield work
            if ends == "unit before":
                raise Ended
        if ends == "unit after":
            raise Ended


class Worker:
    """Carries out one flow, and is gone after that.

    Attributes:
        since: When it began.
        answer: What came of it; `None` before its end, and when it was refused or ended with its process.
    """

    def __init__(self, flow: Any, desk: Any, store: Mortal, since: datetime) -> None:
        self._flow, self._desk, self._store, self.since = flow, desk, store, since
        self._take: Any = partial(next, flow)
        self.gone, self.answer, self.refusal = False, None, None  # type: bool, Any, LicensingError | None

    def step(self, ends: str = "") -> None:
        """Ask one question; the process *ends* at it."""
        if ends == "before":
            self.gone = True
            return
        try:
            question = self._take()
        except StopIteration as end:
            self.gone, self.answer = True, end.value
            return
        except LicensingError as refusal:
            self.gone, self.refusal = True, refusal
            return
        self._store.ends = ends
        try:
            answer = question(self._desk)
        except Ended:
            self.gone = True
        except LicensingError as refusal:
            self._take = partial(self._flow.throw, refusal)
        else:
            self._take = partial(self._flow.send, answer)
        self._store.ends = ""
        self.gone = self.gone or bool(ends)
