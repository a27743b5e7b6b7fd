"""Stores in which faults are planted, and which laws of the contract of stores they break."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from threading import Lock
from typing import Any

import attrs
import pytest

from licensing_core.adapters.memory import MemoryStore, MemoryUnitOfWork
from licensing_core.adapters.memory.stores import _left
from licensing_core.adapters.memory.work import Tables
from licensing_core.adapters.parts import PartRows
from licensing_core.errors import LicensingError
from licensing_core.testing.contracts import StoreContract
from licensing_core.testing.law import LawBroken

Fault = Callable[..., Any]


class Faulty:
    """A store in memory in whose units of work some methods do something else."""

    def __init__(self, **faults: Fault) -> None:
        self._store, self._faults = MemoryStore(), faults

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Any]:
        with self._store.begin(read_only=read_only) as work:
            yield _Work(work, self._faults)


class _Work:
    def __init__(self, work: MemoryUnitOfWork, faults: dict[str, Fault]) -> None:
        self._work, self._faults = work, faults

    def __getattr__(self, name: str) -> Any:
        fault = self._faults.get(name)
        if fault is None:
            return getattr(self._work, name)
        return lambda *args, **kwargs: fault(self._work, *args, **kwargs)


class LastWins:
    """A store whose units of work are each on a copy of all; whoever commits last wins, and nobody is refused."""

    def __init__(self) -> None:
        self._store = MemoryStore()

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Any]:
        own = MemoryStore()
        own._tables = _copied(self._store._tables)
        with own.begin(read_only=read_only) as work:
            yield work
        if not read_only:
            self._store = own


class Unguarded:
    """A store whose units of work all are on the same tables at once; a save still looks at the version."""

    def __init__(self) -> None:
        self._tables = Tables()

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Any]:
        with _left(MemoryUnitOfWork(self._tables, read_only=read_only)) as work:
            yield work


class ReadingApart(LastWins):
    """A store that is `LastWins`, but in which one unit of work at a time changes something."""

    def __init__(self) -> None:
        super().__init__()
        self._one = Lock()

    @contextmanager
    def begin(self, *, read_only: bool = False) -> Iterator[Any]:
        with nullcontext() if read_only else self._one, super().begin(read_only=read_only) as work:
            yield work


def _copied(tables: Tables) -> Tables:
    made = Tables()
    for name, rows in vars(tables).items():
        if name != "turn":
            setattr(made, name, {key: dict(row) if isinstance(row, dict) else row for key, row in rows.items()})
    return made


def laws_of(contract: type) -> list[str]:
    """The names of the tests of a contract, or of a part of one."""
    return [name for name in dir(contract) if name.startswith("test_")]


def broken(store: Callable[[], Any], laws: Iterable[str]) -> Iterator[str]:
    """The tests of the contract that fail, among *laws*, each tried on a *store* of its own when it is asked for."""
    for law in laws:
        try:
            getattr(StoreContract(), law)(store())
        except (LawBroken, LicensingError):
            yield law


def without_an_undo(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
    work.save(tenant, aggregate, expected=expected, events=events)
    work._undo.clear()


def saving_parts(change: Callable[[Any, PartRows], PartRows]) -> Fault:
    """A save of usage, credits or an account whose parts are others."""
    from licensing_core.adapters import parts
    from licensing_core.adapters.memory import work as memory

    def save(work: Any, tenant: str, aggregate: Any, *, expected: int, events: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(memory, "part_rows", lambda *given, new: change(given[0], parts.part_rows(*given, new=new)))
            work.save(tenant, aggregate, expected=expected, events=events)

    save.__name__ = change.__name__
    return save


def taking_nothing_away(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, gone=())


def closing_all(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written={key: (part, False) for key, (part, _) in rows.written.items()})


def opening_all(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written={key: (part, True) for key, (part, _) in rows.written.items()})


def the_first_of_the_parts(_: Any, rows: PartRows) -> PartRows:
    return attrs.evolve(rows, written=dict(list(rows.written.items())[:1]))
