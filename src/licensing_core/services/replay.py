"""From the history of an aggregate to its state."""

from collections.abc import Iterable
from typing import ClassVar, Final, cast, get_args

from attrs import frozen

from licensing_core import enrollments, license_cycle, pools
from licensing_core.checks import shown
from licensing_core.decisions import Event
from licensing_core.enrollments import (
    EnrollmentEvent,
    Enrollments,
    EnrollmentsMade,
    EnrollmentsMovedIn,
    EnrollmentsRemoved,
    Roster,
    UsersEnrolled,
)
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import AccountEvent, AccountOpened, LicenseAccount
from licensing_core.orders import Charged
from licensing_core.pools import LicensePool, PoolEvent, PoolOpened
from licensing_core.protocols import Aggregate, Envelope

_POOL_EVENTS: Final[tuple[type[Event], ...]] = (*get_args(PoolEvent), *get_args(EnrollmentEvent))
_ACCOUNT_EVENTS: Final[tuple[type[AccountEvent], ...]] = get_args(AccountEvent)


@frozen(kw_only=True)
class BrokenHistory(LicensingError):
    """The history of an aggregate is not whole: an event is missing, comes twice, or belongs to another.

    Attributes:
        sequence: The number of the first event that is wrong; 1 when there is none at all.
    """

    code: ClassVar[str] = "history.broken"
    rules: ClassVar[tuple[str, ...]] = ("L7",)
    sequence: int

    def __str__(self) -> str:
        return f"the history is broken at event {shown(self.sequence)}; restore it from a backup"


def replay(history: Iterable[Envelope]) -> Aggregate:
    """The pool or account to which *history* led, with all of its holdings; what was saved last is equal to it.

    Args:
        history: All events of one aggregate, from its first, in order.

    Raises:
        BrokenHistory: *history* is empty, has a gap, or events that do not belong together.

    Source: L7.
    """
    state = _replayed(history)
    return state.pool if isinstance(state, Roster) else state


def replay_enrollments(history: Iterable[Envelope]) -> Enrollments:
    """The enrollments through a pool to which its *history* led; none for an account.

    Raises:
        BrokenHistory: As `replay()`.

    Source: L7.
    """
    state = _replayed(history)
    return state.enrollments if isinstance(state, Roster) else Enrollments()


def _replayed(history: Iterable[Envelope]) -> Roster | LicenseAccount:
    envelopes = list(history)
    if not envelopes:
        raise BrokenHistory(sequence=1)
    owner = (envelopes[0].tenant, envelopes[0].aggregate)
    state: Roster | LicenseAccount | None = None
    for number, envelope in enumerate(envelopes, 1):
        if envelope.sequence != number or (envelope.tenant, envelope.aggregate) != owner:
            raise BrokenHistory(sequence=number)
        state = _next(state, envelope.event, number)
    if state is None or _id(state) != owner[1]:
        raise BrokenHistory(sequence=1)
    return state


def _id(state: Roster | LicenseAccount) -> str:
    return state.pool.id if isinstance(state, Roster) else state.id


def _next(state: Roster | LicenseAccount | None, event: Event, number: int) -> Roster | LicenseAccount:
    try:
        if state is None and isinstance(event, PoolOpened):
            return Roster(pool=pools.opened(event), enrollments=Enrollments())
        if state is None and isinstance(event, AccountOpened):
            return license_cycle.opened(event)
        if isinstance(state, LicenseAccount) and isinstance(event, _ACCOUNT_EVENTS):
            if getattr(event, "account", state.id) == state.id:
                return license_cycle.apply(state, event)
        elif isinstance(state, Roster) and getattr(event, "pool", None) == state.pool.id:
            if isinstance(event, _POOL_EVENTS) and _may_follow(state, event):
                return enrollments.apply(state, cast("PoolEvent", event))
            if isinstance(event, Charged):
                return state
    except (KeyError, LicensingError) as error:
        raise BrokenHistory(sequence=number) from error
    raise BrokenHistory(sequence=number)


def _may_follow(roster: Roster, event: Event) -> bool:
    """Whether *event* can have come next: nobody holds a license of seats, and who leaves was there."""
    if isinstance(event, EnrollmentsMade | EnrollmentsRemoved):
        new, known = isinstance(event, UsersEnrolled | EnrollmentsMovedIn), roster.enrollments
        return all(
            one.pool == roster.pool.id and (one.content in known.of(one.user)) is not new for one in event.enrollments
        )
    return isinstance(roster.pool, LicensePool) or not pools.holding_changes(event)
