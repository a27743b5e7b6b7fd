"""Burning grants down over a time: what a metering system does at the end of a period, in one pure step."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final

from attrs import frozen

from licensing_core.checks import (
    Count,
    Id,
    Instant,
    InvalidArgument,
    Value,
    as_instant,
    check_of,
    checked,
    instance,
)
from licensing_core.credits.balances import Balances, Entries, burn_key
from licensing_core.credits.book import Book
from licensing_core.credits.values import Entry, Grant


@frozen(field_transformer=checked)
class UsageRecord(Value):
    """*amount* credits were spent at *at*."""

    at: Instant
    amount: Count


@frozen(kw_only=True)
class OutOfTime(InvalidArgument):
    """A reset or the end does not lie in the time that is worked out."""

    code: ClassVar[str] = "credits.out_of_time"


_as_balances: Final = check_of(Mapping[Id, Count])
_as_count: Final = check_of(Count)
_as_grant: Final = instance(Grant)
_as_record: Final = instance(UsageRecord)
_as_resets: Final = check_of(tuple[Instant, ...])
_as_start: Final = instance(Balances)


def balances_at(
    grants: Iterable[Grant],
    at: datetime,
    *,
    balances: Mapping[str, int] | None = None,
    overage: Count = 0,
    used: Count = 0,
) -> Balances:
    """The *grants* as they are at *at*.

    Args:
        balances: What is left of those in force, by id; a grant in force that is not named just starts, in full.
        overage: What was spent by then and no grant has paid.
        used: What was spent by then since the count began.

    Raises:
        InvalidArgument: An argument does not have its form, two grants have one id, or *balances* names another.
    """
    known, start = _as_balances("balances", balances or {}), as_instant("at", at)
    entries: dict[str, Entry] = {}
    fresh: dict[str, Grant] = {}
    for grant in instance(Iterable)("grants", grants):
        if _as_grant("grants", grant).id in entries or grant.id in fresh:
            raise InvalidArgument(parameter="grants", expected="each of another id", got="one twice")
        if grant.id in known or not grant.in_force(start):
            left = known.get(grant.id, 0) if grant.in_force(start) else 0
            entries[grant.id] = Entry(grant=grant, balance=left, granted=left)
        else:
            fresh[grant.id] = grant
    if known.keys() - entries.keys():
        raise InvalidArgument(parameter="balances", expected="those of the grants", got="another")
    book = Book(
        Balances(
            at=start,
            entries=Entries(entries),
            overage=overage,
            used=used,
            granted=sum(entry.balance for entry in entries.values()),
        ),
        told=False,
    )
    for grant in sorted(fresh.values(), key=burn_key):
        book.add(grant)
    return book.closed()


def burn_down(
    balances: Balances,
    usage: Iterable[UsageRecord],
    *,
    until: datetime,
    resets: Sequence[datetime] = (),
    keep_overage: bool = True,
) -> Balances:
    """The balances at *until*, after *usage* has burned them down in the order of its instants.

    At one instant grants end first; then the count begins anew, where there is a reset; then grants start and are
    topped up; then usage counts. A run that is cut in two at any instant, the second going on from what the first
    gave, ends as the whole does.

    Args:
        balances: Where the run begins, at `balances.at`.
        usage: What was spent, of which counts what was from then on and before *until*.
        resets: Instants after the beginning, up to and with *until*, at which the count begins anew and grants roll
            over.
        keep_overage: Whether what is owed at a reset is paid from what rolled over; else it is dropped.

    Raises:
        OutOfTime: *until* lies before the beginning, or a reset not after it, or after *until*.
        TooMuchTime: Something would happen to the grants at more than 1,000,000 instants between two records.

    Source: ALU-8, ALU-9.
    """
    instance(bool)("keep_overage", keep_overage)
    start, end = _as_start("balances", balances).at, as_instant("until", until)
    if end < start:
        raise OutOfTime(parameter="until", expected="not before the balances", got="an earlier instant")
    records = sorted(_records(usage, start, end), key=_when)
    book = Book(balances, told=False)
    breaks = [*sorted(set(_breaks(resets, start, end))), None]
    at = 0
    for reset in breaks:
        while at < len(records) and (reset is None or records[at].at < reset):
            book.advance(records[at].at)
            book.burn(records[at].amount)
            at += 1
        if reset is not None:
            book.advance(reset, ends_only=True)
            book.reset(keep_overage=keep_overage)
            book.advance(reset)
    book.advance(end)
    return book.closed()


def _when(record: UsageRecord) -> datetime:
    return record.at


def _records(usage: Any, start: datetime, end: datetime) -> list[UsageRecord]:
    records: list[UsageRecord] = [_as_record("usage", one) for one in instance(Iterable)("usage", usage)]
    return [record for record in records if start <= record.at < end]


def _breaks(resets: Sequence[datetime], start: datetime, end: datetime) -> tuple[datetime, ...]:
    found: tuple[datetime, ...] = _as_resets("resets", tuple(instance(Sequence)("resets", resets)))
    for at in found:
        if not start < at <= end:
            raise OutOfTime(parameter="resets", expected="after the balances, by *until*", got="another instant")
    return found
