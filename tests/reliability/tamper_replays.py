"""R17: what is stored of a tenant, whole and as text, and whether its histories lead to that byte for byte.

`unlike_replay(store, tenant)` is to be called after any run over any store.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from licensing_core.accounts import CustomerAccount
from licensing_core.credits import CreditAccount, OrderStatus
from licensing_core.enrollments import Enrollment
from licensing_core.errors import LicensingError
from licensing_core.protocols import MOST_OF_PAGE, AggregateKind, BrokenHistory, Envelope, Page, Store, Stored
from licensing_core.serde import dumps
from licensing_core.services import replay, replay_enrollments

NOBODY: Final = frozenset[str]()
Name = tuple[AggregateKind, str]


class Whole(NamedTuple):
    """An aggregate with all of its parts, and its history."""

    stored: Stored[Any]
    history: Sequence[Envelope]


def names_of(work: Any, tenant: str) -> Iterator[Name]:
    """Kind and id of every aggregate of *tenant*."""
    for kind in AggregateKind:
        after: str | None = None
        while True:
            ids = work.stored(tenant, kind, Page(after, MOST_OF_PAGE))
            yield from ((kind, one) for one in ids)
            if len(ids) < MOST_OF_PAGE:
                break
            after = ids[-1]


def loaded(work: Any, tenant: str, name: Name, ids: frozenset[str] | None = None) -> Stored[Any] | None:
    """The aggregate with its parts of *ids* (`None`: with all of them)."""
    kind, one = name
    if kind is AggregateKind.USAGE:
        found = work.usage(tenant, one, ids)
    elif kind is AggregateKind.CREDITS:
        found = work.credits(tenant, one, ids)
    elif kind is AggregateKind.CUSTOMERS:
        found = work.customer(tenant, one, ids, ids)
    elif kind is AggregateKind.NUMBERS:
        found = work.numbers(tenant)
    elif kind is AggregateKind.PAYMENTS:
        found = work.payment(tenant, one)
    else:
        found = work.pool(tenant, one, ids) or work.account(tenant, one, ids)
    known: Stored[Any] | None = found
    return known


def everything(work: Any, tenant: str) -> Mapping[Name, Whole]:
    """All aggregates of *tenant*; raises `BrokenHistory`."""
    found: dict[Name, Whole] = {}
    for name in names_of(work, tenant):
        stored = loaded(work, tenant, name)
        if stored is None:
            raise BrokenHistory(sequence=1)
        found[name] = Whole(stored, tuple(work.history(tenant, *name)))
    return found


def unlike_replay(store: Store, tenant: str) -> list[str]:
    """What is stored of *tenant* otherwise than its histories lead to; nothing when all is well."""
    with store.begin(read_only=True) as work:
        try:
            return list(unlike(work, tenant))
        except LicensingError as broken:
            return [f"what is stored of {tenant} cannot be read: {broken}"]


def unlike(work: Any, tenant: str, stored: Mapping[Name, Whole] | None = None) -> Iterator[str]:
    """As `unlike_replay()`, in a unit of work; raises what is raised where something cannot be read."""
    enrolled: list[Enrollment] = []
    for name, whole in (everything(work, tenant) if stored is None else stored).items():
        events = len(whole.history)
        if whole.stored.version != events:
            yield f"{name} is at version {whole.stored.version} after {events} events"
        state = replay(whole.history)
        if (wrong := differing(dumps(whole.stored.state), dumps(state))) is not None:
            yield f"{name} is stored as {wrong[0]}, replayed as {wrong[1]}"
        partly = loaded(work, tenant, name, NOBODY)
        if partly is None or not all(_whole_of(partly.state, state)):
            yield f"{name} loads otherwise in part"
        enrolled += replay_enrollments(whole.history).values()
    there = _texts(work.enrollments(tenant, None).values())
    if (wrong := differing(there, _texts(enrolled))) is not None:
        yield f"enrollments are stored as {wrong[0]}, replayed as {wrong[1]}"


def differing(one: str, other: str, around: int = 60) -> tuple[str, str] | None:
    """Where two texts begin to differ, and what follows; `None` when they are equal byte for byte."""
    if one == other:
        return None
    at = next(place for place, (mine, its) in enumerate(zip_longest(one, other)) if mine != its)
    start = max(0, at - around // 2)
    return one[start : at + around], other[start : at + around]


def _texts(enrollments: Iterable[Enrollment]) -> str:
    return "\n".join(sorted(map(dumps, enrollments)))


def _whole_of(partly: Any, state: Any) -> Iterator[bool]:
    """Whether what is loaded with nothing named has all that is open, as *state* says it is."""
    if isinstance(state, CreditAccount):
        balances = state.balances
        yield {one for one, entry in balances.entries.items() if entry.is_open(balances.at)} <= set(
            partly.balances.entries
        )
        waiting = {one for one, order in state.orders.items() if order.status is OrderStatus.PENDING}
        yield waiting <= set(partly.orders)
    if isinstance(state, CustomerAccount):
        yield {one for one, bill in state.bills.items() if bill.open} <= set(partly.bills)
