"""Bugs of credits to plant one at a time: the laws of credits or the worlds of the oracle must find each, or both."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from attrs import evolve

from licensing_core import credits as lib
from licensing_core.credits import (
    Entry,
    Grant,
    InsufficientCredits,
    MovementKind,
    OrderStatus,
    Rollover,
    UsageRecord,
    burning,
    ordering,
)
from licensing_core.credits import balances as of_balances
from licensing_core.credits import book as of_books
from licensing_core.credits.book import Book
from licensing_core.testing import laws_credits
from tests.reliability import laws
from tests.reliability.figures import Figures

Plant = Callable[[], AbstractContextManager[Any]]


@contextmanager
def _both(one: AbstractContextManager[Any], other: AbstractContextManager[Any]) -> Iterator[None]:
    with one, other:
        yield


def _burned_by_id() -> AbstractContextManager[Any]:
    """Credits are burned by id, whatever expires first."""

    def by_id(grant: Grant) -> tuple[str]:
        return (grant.id,)

    return _both(patch.object(of_balances, "burn_key", by_id), patch.object(of_books, "burn_key", by_id))


def _expiry_inclusive() -> AbstractContextManager[Any]:
    """Credits may be spent at the very instant at which they expire."""
    honest: Any = Grant.ends

    def later(grant: Grant) -> datetime | None:
        ends: datetime | None = honest.fget(grant)
        return None if ends is None else ends + timedelta(microseconds=1)

    return patch.object(Grant, "ends", property(later))


def _topped_up_over() -> AbstractContextManager[Any]:
    """A top-up adds the whole amount to what is left."""
    honest = Book._fill

    def on_top(book: Book, row: Any, at: datetime) -> None:
        left = row.balance
        honest(book, row, at)
        if left:
            book._move(row, MovementKind.GRANTED, left, at)

    return patch.object(Book, "_fill", on_top)


def _paid_twice() -> AbstractContextManager[Any]:
    """What is owed stays owed when it was paid."""

    def again(book: Book, row: Any, at: datetime) -> None:
        if paid := min(book.overage, row.balance):
            book._move(row, MovementKind.BURNED, paid, at)

    return patch.object(Book, "_pay", again)


def _all_rolls_over() -> AbstractContextManager[Any]:
    """More rolls over than may at the most."""
    return patch.object(Rollover, "of", lambda rollover, balance: max(rollover.least, balance))


def _void_keeps() -> AbstractContextManager[Any]:
    """What is left of a voided grant may still be spent."""
    return patch.object(Book, "void", Book.end)


def _forgiven() -> AbstractContextManager[Any]:
    """What was spent of a refunded order is forgiven, where it should be owed."""
    return patch.object(Book, "take_back", lambda _book, _name: None)


def _activated_twice() -> AbstractContextManager[Any]:
    """Credits that are active may be activated once more."""
    generous = {**lib.TRANSITIONS, OrderStatus.ACTIVE: frozenset({OrderStatus.ACTIVE, OrderStatus.REFUNDED})}
    return patch.object(ordering, "TRANSITIONS", generous)


def _reset_after_starts() -> AbstractContextManager[Any]:
    """What starts at the instant of a new count is reset at once."""
    honest = Book.advance

    def hasty(book: Book, to: datetime, *, ends_only: bool = False) -> None:
        honest(book, to)

    return patch.object(Book, "advance", hasty)


def _no_top_up_after_reset() -> AbstractContextManager[Any]:
    """A grant that was full is not topped up when a new count begins at a boundary."""
    return patch.object(of_books, "_TICK", timedelta())


def _started_again() -> AbstractContextManager[Any]:
    """The second part of a split run starts once more what started where it was cut."""
    honest = of_balances.to_come

    def anew(entry: Entry, at: datetime, *, owing: bool) -> list[tuple[Any, ...]]:
        grant = entry.grant
        again = [(at, of_balances.START, of_balances.burn_key(grant))] if grant.effective == at else []
        return [*again, *honest(entry, at, owing=owing)]

    return patch.object(of_balances, "to_come", anew)


def _counted_at_the_end() -> AbstractContextManager[Any]:
    """Usage at the end of a run counts in it, and in the next run too."""

    def inclusive(usage: Collection[UsageRecord], start: datetime, end: datetime) -> list[UsageRecord]:
        return [record for record in usage if start <= record.at <= end]

    return patch.object(burning, "_records", inclusive)


def _overage_always_dropped() -> AbstractContextManager[Any]:
    """A new count drops what is owed, though it was to be kept."""
    honest = Book.reset
    return patch.object(Book, "reset", lambda book, *, keep_overage: honest(book, keep_overage=False))


def _spent_in_part() -> AbstractContextManager[Any]:
    """When there is too little, what there is is spent."""
    honest = lib.spend

    def in_part(account: Any, amount: int, **more: Any) -> Any:
        try:
            return honest(account, amount, **more)
        except InsufficientCredits as refusal:
            if amount == refusal.shortfall:
                raise
            return honest(account, amount - refusal.shortfall, **more)

    return patch.object(lib, "spend", in_part)


def _owed_forgotten_in_replay() -> AbstractContextManager[Any]:
    """A replay forgets what is owed."""
    honest = Book.follow
    return patch.object(Book, "follow", lambda book, moved, **more: honest(book, moved, **{**more, "overage": 0}))


def _weekends_count() -> AbstractContextManager[Any]:
    """The deadline of an activation counts the hours of weekends."""
    return patch.object(ordering, "deadline", lambda start, hours, *_: start + timedelta(hours=hours))


def _pending_is_spendable() -> AbstractContextManager[Any]:
    """Credits are there as soon as they are paid."""
    honest = lib.note_payment

    def hasty(account: Any, name: str, **more: Any) -> Any:
        decision = honest(account, name, **more)
        done: Any = lib.activate(decision.state, name, by=more["by"], now=more["now"])
        return evolve(done, events=(*decision.events, *done.events))

    return patch.object(lib, "note_payment", hasty)


IN_RUNS: tuple[Plant, ...] = (
    _burned_by_id,
    _expiry_inclusive,
    _topped_up_over,
    _paid_twice,
    _all_rolls_over,
    _reset_after_starts,
    _no_top_up_after_reset,
    _started_again,
    _counted_at_the_end,
    _overage_always_dropped,
)
"""Bugs that the oracle finds."""
IN_COMMANDS: tuple[Plant, ...] = (
    _burned_by_id,
    _topped_up_over,
    _paid_twice,
    _all_rolls_over,
    _void_keeps,
    _forgiven,
    _activated_twice,
    _no_top_up_after_reset,
    _started_again,
    _counted_at_the_end,
    _spent_in_part,
    _owed_forgotten_in_replay,
    _weekends_count,
    _pending_is_spendable,
)
"""Bugs that the laws find."""


def first_broken(cases: int, seed: int) -> Figures:
    """The first law of credits that *cases* cases of it find broken, if any: a few of each first."""
    for tried in (cases // 20, cases):
        for name, _one_case in laws_credits.LAWS:
            _digest, wrong = laws.check_task((name, tried, seed, 0))
            if wrong:
                return Figures(tried, (wrong,))
    return Figures(cases)
