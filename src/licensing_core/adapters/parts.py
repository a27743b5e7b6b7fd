"""Usage and credits as every store keeps them: a document, and the parts of it that are loaded and saved apart.

A part is what is used in one place, a grant with what became of it, or an order. An open one is loaded whenever its
document is: a grant that may have a balance yet, an order that is paid and waits for activation. All others are loaded
when they are named, so that orders which nobody pays slow nothing down.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, cast

from attrs import evolve, frozen

from licensing_core.checks import Count, FrozenMap, Instant, Value, checked
from licensing_core.credits import (
    Balances,
    CreditAccount,
    CreditEvent,
    CreditOrder,
    CreditsGranted,
    CreditsMoved,
    Entries,
    Entry,
    GrantVoided,
    Orders,
    OrderStatus,
    PackActivated,
    PackRefunded,
    order_changes,
)
from licensing_core.credits.values import Total
from licensing_core.decisions import Event
from licensing_core.limits import Places, PlaceTally, Unlimited, Usage, place_changes
from licensing_core.periods import Cycle, Zone
from licensing_core.protocols import AggregateKind


class Sort(StrEnum):
    """What a part is."""

    PLACE = "place"
    GRANT = "grant"
    ORDER = "order"


SORTS: Final[Mapping[AggregateKind, tuple[Sort, ...]]] = FrozenMap(
    {
        AggregateKind.LICENSES: (),
        AggregateKind.USAGE: (Sort.PLACE,),
        AggregateKind.CREDITS: (Sort.GRANT, Sort.ORDER),
    }
)
"""The sorts of parts that the documents of each kind have."""
MAY_BE_OPEN: Final = frozenset({AggregateKind.CREDITS})
"""The kinds whose parts may be open; what is used in a place is loaded only when the place is named."""

PartKey = tuple[Sort, str]
"""Sort and id: an order and its grant share the id."""
Part = Mapping[str, PlaceTally] | Entry | CreditOrder


@frozen(kw_only=True, field_transformer=checked)
class CreditState(Value):
    """Credits without their grants and orders; the totals are those of all grants together."""

    zone: Zone
    overdraft: Count | Unlimited
    resets: Cycle | None
    keep_overage: bool
    at: Instant
    overage: Total
    used: Total
    since: Instant | None
    granted: Total
    burned: Total
    expired: Total
    voided: Total


@frozen
class PartRows:
    """The parts to write after some events."""

    written: Mapping[PartKey, tuple[Part, bool]]
    """As they are since, and whether they are open."""
    gone: Collection[PartKey] = ()
    """Of these there is nothing any more."""
    closed: Collection[PartKey] = ()
    """Not open, whatever is stored of that; nothing else of them has changed."""


NO_PARTS: Final = PartRows({})


def document_of(aggregate: Usage | CreditAccount) -> Usage | CreditState:
    """*aggregate* without its parts."""
    if isinstance(aggregate, Usage):
        return evolve(aggregate, places=Places(loaded=()))
    balances = aggregate.balances
    return CreditState(
        zone=aggregate.zone,
        overdraft=aggregate.overdraft,
        resets=aggregate.resets,
        keep_overage=aggregate.keep_overage,
        at=balances.at,
        overage=balances.overage,
        used=balances.used,
        since=balances.since,
        granted=balances.granted,
        burned=balances.burned,
        expired=balances.expired,
        voided=balances.voided,
    )


def usage_of(document: Usage, parts: Mapping[PartKey, Part], loaded: frozenset[str] | None) -> Usage:
    """The usage of these *parts*, of which those of the ids *loaded* were looked up (`None`: all)."""
    return evolve(document, places=Places(cast("Any", _of_sort(parts, Sort.PLACE)), loaded=loaded))


def credits_of(
    account_id: str, document: CreditState, parts: Mapping[PartKey, Part], loaded: frozenset[str] | None
) -> CreditAccount:
    """The credits of these *parts*, of which those of the ids *loaded* were looked up (`None`: all)."""
    return CreditAccount(
        id=account_id,
        zone=document.zone,
        overdraft=document.overdraft,
        resets=document.resets,
        keep_overage=document.keep_overage,
        balances=Balances(
            at=document.at,
            entries=Entries(cast("Any", _of_sort(parts, Sort.GRANT)), loaded=loaded),
            overage=document.overage,
            used=document.used,
            since=document.since,
            granted=document.granted,
            burned=document.burned,
            expired=document.expired,
            voided=document.voided,
        ),
        orders=Orders(cast("Any", _of_sort(parts, Sort.ORDER)), loaded=loaded),
    )


def _of_sort(parts: Mapping[PartKey, Part], wanted: Sort) -> dict[str, Part]:
    return {name: part for (sort, name), part in parts.items() if sort is wanted}


def part_rows(aggregate: object, events: Sequence[Event], *, new: bool) -> PartRows:
    """The parts to write: all that a *new* aggregate has, else those that *events* changed."""
    if isinstance(aggregate, Usage):
        return _place_rows(aggregate, events, new=new)
    if isinstance(aggregate, CreditAccount):
        return _credit_rows(aggregate, events, new=new)
    return NO_PARTS


def _place_rows(usage: Usage, events: Sequence[Event], *, new: bool) -> PartRows:
    places = usage.places
    named = places.keys() if new else {name for event in events for name in place_changes(places, event)}
    found = {name: places.get(name) for name in named}
    return PartRows(
        {(Sort.PLACE, name): (mine, False) for name, mine in found.items() if mine is not None},
        gone=[(Sort.PLACE, name) for name, mine in found.items() if mine is None],
    )


def _credit_rows(account: CreditAccount, events: Sequence[Event], *, new: bool) -> PartRows:
    """With those grants as closed that have ended since they were written, though nothing was moved by that."""
    entries, orders, at = account.balances.entries, account.orders, account.balances.at
    grants, ordered = frozenset(entries), frozenset(orders)
    if not new:
        grants = frozenset(name for event in events for name in _grants_of(event))
        ordered = frozenset(name for event in events for name in order_changes(account, cast("CreditEvent", event)))
    found = {name: entries.get(name) for name in grants}
    written: dict[PartKey, tuple[Part, bool]] = {
        (Sort.GRANT, name): (entry, entry.is_open(at)) for name, entry in found.items() if entry is not None
    }
    for name in ordered:
        order = orders[name]
        written[Sort.ORDER, name] = (order, order.status is OrderStatus.PENDING)
    others = () if new else entries.items()
    ended = [(Sort.GRANT, name) for name, entry in others if name not in grants and not entry.is_open(at)]
    return PartRows(written, closed=ended)


def _grants_of(event: Event) -> Iterator[str]:
    """The grants that *event* is about; one that was refunded before it was active is none."""
    if not isinstance(event, CreditsMoved):
        return
    yield from (one.grant for one in (*event.passed, *event.movements))
    if isinstance(event, PackActivated | CreditsGranted):
        yield event.grant.id
    elif isinstance(event, GrantVoided):
        yield event.grant
    elif isinstance(event, PackRefunded):
        yield event.order
