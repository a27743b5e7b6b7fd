"""What every store needs to know of an aggregate: its pools, and which of their holdings a command changed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, get_args

from attrs import evolve, frozen

from licensing_core.accounts import Card
from licensing_core.accounts.values import as_email
from licensing_core.checks import MAX_COUNT, Check, InvalidArgument, as_id, check_of, instance, shown, whole
from licensing_core.decisions import Event
from licensing_core.directory import Actor
from licensing_core.enrollments import (
    Enrollment,
    EnrollmentsMovedIn,
    Place,
    PoolImported,
    UsersEnrolled,
    enrollment_changes,
)
from licensing_core.holdings import Holding, Holdings
from licensing_core.license_cycle import LicenseAccount
from licensing_core.pools import AnyPool, LicensePool, SeatPool, holding_changes
from licensing_core.protocols import Aggregate, AggregateKind, Envelope, Page, Remembered

NONE_LOADED: Final = Holdings(loaded=())
"""Nothing was looked up."""
as_kind: Final[Check] = instance(AggregateKind)
"""The check of a kind of aggregates."""
as_most: Final[Check] = whole(1, 1000)
"""The check of how many events are asked for at most."""
as_page: Final[Check] = instance(Page)
"""The check of which part of a list is asked for."""
as_count: Final[Check] = whole(0, MAX_COUNT)
"""The check of the number of an event, 0 for none."""
as_actor: Final[Check] = check_of(Actor | None)
"""The check of what somebody may do that is to be kept; `None` forgets it."""
as_card: Final[Check] = check_of(Card | None)
"""The check of a card that is to be kept; `None` forgets one."""
as_aggregate: Final[Check] = instance(get_args(Aggregate))
"""The check of what is to be saved."""
as_used: Final[Check] = instance(Remembered)
"""The check of what a key was used for."""
_as_event: Final[Check] = instance(Event)
CardKey = tuple[str, str, str]
"""Tenant, customer, and person; the card of the customer itself is that of nobody: of an empty string."""

Changes = Mapping[str, Mapping[str, Holding | None]]
"""By pool and user the state of a license; `None` where it went."""


def as_several(name: str, items: Any) -> Collection[Any]:
    """*items*, when they are a collection; raises `InvalidArgument` for a text, too, which is none of its letters."""
    if isinstance(items, str | bytes) or not isinstance(items, Collection):
        raise InvalidArgument(parameter=name, expected="a set, list or tuple", got=shown(items))
    return items


def as_events(name: str, events: Sequence[Event]) -> tuple[Event, ...]:
    """*events*, in their order, when they are one or more; raises `InvalidArgument` where nothing has changed."""
    found = tuple(_as_event(name, one) for one in as_several(name, events))
    if not found:
        raise InvalidArgument(parameter=name, expected="one event or more", got="none")
    return found


def known_ids(name: str, ids: Collection[str] | None) -> frozenset[str] | None:
    """The *ids* that are asked for, of users, places or whatever *name* says; `None` for all.

    Raises:
        InvalidArgument: *ids* are no collection, but a text or a number.
        InvalidId: One of them is no id.
    """
    return None if ids is None else frozenset(as_id(name, one) for one in as_several(name, ids))


def known_users(users: Collection[str] | None) -> frozenset[str] | None:
    """The users whose holdings are asked for; `None` for all; raises as `known_ids()` does."""
    return known_ids("users", users)


def card_key(tenant: str, customer: str, person: str | None) -> CardKey:
    """What a card is found by; raises `InvalidId`."""
    who = "" if person is None else as_id("person", person)
    return as_id("tenant", tenant), as_id("customer", customer), who


def places_of(tenant: str, envelopes: Collection[Envelope]) -> list[tuple[str, AggregateKind, str, int]]:
    """The places in their histories of *envelopes*, sorted; raises `InvalidArgument` for one of another tenant."""
    owner = as_id("tenant", tenant)
    found = {_place(owner, one) for one in as_several("envelopes", envelopes)}
    return sorted(found)


def _place(owner: str, envelope: object) -> tuple[str, AggregateKind, str, int]:
    if not isinstance(envelope, Envelope) or envelope.tenant != owner:
        raise InvalidArgument(parameter="envelopes", expected="envelopes of the tenant", got=shown(envelope))
    return envelope.tenant, envelope.kind, envelope.aggregate, envelope.sequence


def owner_and_email(tenant: str, email: str) -> tuple[str, str]:
    """What cards are found by; raises `InvalidId` or `InvalidEmail`."""
    return as_id("tenant", tenant), as_email("email", email)


def pools_of(aggregate: Aggregate) -> Mapping[str, AnyPool]:
    """The pools of *aggregate* by id: itself, or the one of each license type; what is kept as a document has none."""
    if isinstance(aggregate, LicenseAccount):
        return aggregate.pools
    return {aggregate.id: aggregate} if isinstance(aggregate, LicensePool | SeatPool) else {}


def bare(pool: AnyPool) -> AnyPool:
    """*pool* without its holdings, of which it then says that they were not looked up."""
    return evolve(pool, holdings=NONE_LOADED) if isinstance(pool, LicensePool) else pool


def bare_aggregate(aggregate: LicenseAccount | AnyPool) -> LicenseAccount | AnyPool:
    """*aggregate* with all of its pools `bare()`."""
    if isinstance(aggregate, LicenseAccount):
        pools = {name: evolve(pool, holdings=NONE_LOADED) for name, pool in aggregate.pools.items()}
        return evolve(aggregate, pools=pools)
    return bare(aggregate)


def changes(aggregate: Aggregate, events: Sequence[Event], *, new: bool) -> Changes:
    """The holdings to write: all that a *new* aggregate has, else those that *events* changed, and no others.

    Raises:
        HoldingsNotLoaded: A new aggregate does not know all of its holdings.
    """
    if new:
        pools = ((name, pool) for name, pool in pools_of(aggregate).items() if isinstance(pool, LicensePool))
        return {name: dict(pool.holdings) for name, pool in pools}
    found: dict[str, dict[str, Holding | None]] = {}
    for event in events:
        if made := holding_changes(event):
            found.setdefault(getattr(event, "pool", aggregate.id), {}).update(made)
    return found


@frozen
class EnrollmentRows:
    """The enrollments to write after some events."""

    new: Mapping[Place, Enrollment]
    """Made by these events: none of them may be there yet."""
    changed: Mapping[Place, Enrollment | None]
    """There already: as they stand since, or `None` for those that go."""


def enrollment_rows(events: Sequence[Event]) -> EnrollmentRows:
    """What *events* do to the stored enrollments."""
    new: dict[Place, Enrollment] = {}
    changed: dict[Place, Enrollment | None] = {}
    for event in events:
        making = isinstance(event, UsersEnrolled | EnrollmentsMovedIn | PoolImported)
        for place, after in enrollment_changes(event).items():
            if after is not None and (making or place in new):
                new[place] = after
            elif new.pop(place, None) is None:
                changed[place] = after
    return EnrollmentRows(new, changed)
