"""Stores that note which versions a command saw and what it saved, and stores that fail between save and commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

from licensing_core.protocols import Stored


class Aborted(Exception):
    """Stands for whatever goes wrong in a host after a command ran and before its unit of work is committed."""


class Watched:
    """A store of one worker, which notes what its last unit of work loaded and saved, by id.

    Attributes:
        loaded: The versions that were loaded last.
        saved: Up to which version something was saved, and of how many events.
    """

    def __init__(self, store: Any) -> None:
        self._store = store
        self.loaded: dict[str, int] = {}
        self.saved: dict[str, tuple[int, int]] = {}

    @contextmanager
    def begin(self, **how: Any) -> Iterator[Any]:
        """A unit of work of the store that is watched; what was noted before is forgotten."""
        self.loaded, self.saved = {}, {}
        with self._store.begin(**how) as work:
            yield _Noting(work, self)


class _Noting:
    """A unit of work that is watched. Whichever method loads something, its version is seen."""

    def __init__(self, work: Any, notes: Watched) -> None:
        self._work, self._notes = work, notes

    def __getattr__(self, name: str) -> Any:
        method, notes = getattr(self._work, name), self._notes

        def noted(*given: Any, **more: Any) -> Any:
            answer = method(*given, **more)
            if isinstance(answer, Stored):
                notes.loaded[answer.state.id] = answer.version
            return answer

        return noted

    def save(self, tenant: str, aggregate: Any, *, expected: int, events: Any, **more: Any) -> None:
        """Save it, and note where its events came to stand."""
        self._work.save(tenant, aggregate, expected=expected, events=events, **more)
        self._notes.saved[aggregate.id] = (expected + len(events), len(events))


class Aborting:
    """A store that fails in a *share* of the units of work, once all was done and nothing is committed."""

    def __init__(self, store: Any, share: float, dice: Random) -> None:
        self._store, self._share, self._dice = store, share, dice

    @contextmanager
    def begin(self, **how: Any) -> Iterator[Any]:
        """A unit of work that is left with `Aborted` now and then."""
        with self._store.begin(**how) as work:
            yield work
            if self._dice.random() < self._share:
                raise Aborted
