"""What belongs to a customer as every store keeps it: a document, and parts of it that are loaded and saved apart.

A part is what is used in one place, a grant with what became of it, an order, a bill, or a person. An open one is
loaded whenever its document is: a grant that may have a balance yet, an order that is paid and waits for activation, a
bill that is unpaid. All others are loaded when they are named, so that orders which nobody pays and invoices of years
ago slow nothing down. The bills of running periods are named by their subscriptions, which stand in the document.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, cast

from attrs import evolve, frozen

from licensing_core.accounts import (
    Bill,
    Bills,
    CustomerAccount,
    Numbers,
    People,
    Person,
    PersonAdded,
    PersonRemoved,
    bill_changes,
    open_documents,
)
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
from licensing_core.payments import Payment
from licensing_core.periods import Cycle, Zone
from licensing_core.protocols import AggregateKind


class Sort(StrEnum):
    """What a part is."""

    PLACE = "place"
    GRANT = "grant"
    ORDER = "order"
    BILL = "bill"
    PERSON = "person"


SORTS: Final[Mapping[AggregateKind, tuple[Sort, ...]]] = FrozenMap(
    {
        AggregateKind.LICENSES: (),
        AggregateKind.USAGE: (Sort.PLACE,),
        AggregateKind.CREDITS: (Sort.GRANT, Sort.ORDER),
        AggregateKind.CUSTOMERS: (Sort.BILL, Sort.PERSON),
        AggregateKind.NUMBERS: (),
        AggregateKind.PAYMENTS: (),
    }
)
"""The sorts of parts that the documents of each kind have."""
MAY_BE_OPEN: Final = frozenset({Sort.GRANT, Sort.ORDER, Sort.BILL})
"""The sorts that may be open; what is used in a place, and a person, are loaded only when they are named."""

PartKey = tuple[Sort, str]
"""Sort and id: an order and its grant share the id."""
Part = Mapping[str, PlaceTally] | Entry | CreditOrder | Bill | Person
Parts = Mapping[PartKey, Part]
Loaded = tuple[Parts, frozenset[str] | None]
"""Parts that were loaded, and the ids that were looked up; `None` for all."""
Documented = Usage | CreditAccount | CustomerAccount | Numbers | Payment
"""The aggregates that are kept as a document and its parts."""


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


Document = Usage | CreditState | CustomerAccount | Numbers | Payment
"""Each of them without its parts."""


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


def document_of(aggregate: Documented) -> Document:
    """*aggregate* without its parts."""
    if isinstance(aggregate, Numbers | Payment):
        return aggregate
    if isinstance(aggregate, Usage):
        return evolve(aggregate, places=Places(loaded=()))
    if isinstance(aggregate, CustomerAccount):
        return evolve(aggregate, bills=Bills(loaded=()), people=People(loaded=()))
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


def usage_of(document: Usage, places: Loaded) -> Usage:
    """The usage with these *places*."""
    parts, loaded = places
    return evolve(document, places=Places(_of_sort(parts, Sort.PLACE), loaded=loaded))


def credits_of(account_id: str, document: CreditState, grants_and_orders: Loaded) -> CreditAccount:
    """The credits with these *grants_and_orders*."""
    parts, loaded = grants_and_orders
    return CreditAccount(
        id=account_id,
        zone=document.zone,
        overdraft=document.overdraft,
        resets=document.resets,
        keep_overage=document.keep_overage,
        balances=Balances(
            at=document.at,
            entries=Entries(_of_sort(parts, Sort.GRANT), loaded=loaded),
            overage=document.overage,
            used=document.used,
            since=document.since,
            granted=document.granted,
            burned=document.burned,
            expired=document.expired,
            voided=document.voided,
        ),
        orders=Orders(_of_sort(parts, Sort.ORDER), loaded=loaded),
    )


def named_documents(document: CustomerAccount, documents: frozenset[str] | None) -> frozenset[str] | None:
    """The ids of bills to load: those of *documents* (`None`: all), and those that its subscriptions name."""
    return None if documents is None else documents | open_documents(document)


def customer_of(document: CustomerAccount, bills: Loaded, people: Loaded) -> CustomerAccount:
    """The account with these *bills* and *people*."""
    return evolve(
        document,
        bills=Bills(_of_sort(bills[0], Sort.BILL), loaded=bills[1]),
        people=People(_of_sort(people[0], Sort.PERSON), loaded=people[1]),
    )


def _of_sort(parts: Parts, wanted: Sort) -> dict[str, Any]:
    return {name: part for (sort, name), part in parts.items() if sort is wanted}


def part_rows(aggregate: object, events: Sequence[Event], *, new: bool) -> PartRows:
    """The parts to write: all that a *new* aggregate has, else those that *events* changed."""
    if isinstance(aggregate, Usage):
        return _place_rows(aggregate, events, new=new)
    if isinstance(aggregate, CreditAccount):
        return _credit_rows(aggregate, events, new=new)
    if isinstance(aggregate, CustomerAccount):
        return _customer_rows(aggregate, events, new=new)
    return NO_PARTS


def opens(part: Part) -> bool | None:
    """Whether *part* is open, as it says itself; `None` of a grant, which depends on the time of its account too."""
    if isinstance(part, Entry):
        return None
    if isinstance(part, CreditOrder):
        return part.status is OrderStatus.PENDING
    return isinstance(part, Bill) and part.open


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
    written |= {(Sort.ORDER, name): (orders[name], bool(opens(orders[name]))) for name in ordered}
    others = () if new else entries.items()
    ended = [(Sort.GRANT, name) for name, entry in others if name not in grants and not entry.is_open(at)]
    return PartRows(written, closed=ended)


def _customer_rows(account: CustomerAccount, events: Sequence[Event], *, new: bool) -> PartRows:
    bills, people = account.bills, account.people
    documents, users = frozenset(bills), frozenset(people)
    if not new:
        documents = frozenset(name for event in events for name in bill_changes(event))
        users = frozenset(event.user for event in events if isinstance(event, PersonAdded | PersonRemoved))
    written: dict[PartKey, tuple[Part, bool]] = {
        (Sort.BILL, name): (bills[name], bool(opens(bills[name]))) for name in documents
    }
    found = {user: people.get(user) for user in users}
    written |= {(Sort.PERSON, user): (person, False) for user, person in found.items() if person is not None}
    return PartRows(written, gone=[(Sort.PERSON, user) for user, person in found.items() if person is None])


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
