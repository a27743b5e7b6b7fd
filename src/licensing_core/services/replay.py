"""From the history of an aggregate to its state."""

from collections.abc import Iterable
from typing import ClassVar, Final, get_args

from attrs import frozen

from licensing_core import license_cycle, pools
from licensing_core.checks import shown
from licensing_core.decisions import Event
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import AccountEvent, AccountOpened, LicenseAccount
from licensing_core.orders import Charged
from licensing_core.pools import LicensePool, PoolEvent, PoolOpened, SeatPool
from licensing_core.protocols import Aggregate, Envelope

_POOL_EVENTS: Final[tuple[type[PoolEvent], ...]] = get_args(PoolEvent)
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
    envelopes = list(history)
    if not envelopes:
        raise BrokenHistory(sequence=1)
    owner = (envelopes[0].tenant, envelopes[0].aggregate)
    state: Aggregate | None = None
    for number, envelope in enumerate(envelopes, 1):
        if envelope.sequence != number or (envelope.tenant, envelope.aggregate) != owner:
            raise BrokenHistory(sequence=number)
        state = _next(state, envelope.event, number)
    if state is None or state.id != owner[1]:
        raise BrokenHistory(sequence=1)
    return state


def _next(state: Aggregate | None, event: Event, number: int) -> Aggregate:
    try:
        if state is None and isinstance(event, PoolOpened):
            return pools.opened(event)
        if state is None and isinstance(event, AccountOpened):
            return license_cycle.opened(event)
        if isinstance(state, LicenseAccount) and isinstance(event, _ACCOUNT_EVENTS):
            if getattr(event, "account", state.id) == state.id:
                return license_cycle.apply(state, event)
        elif isinstance(state, LicensePool) and isinstance(event, _POOL_EVENTS) and event.pool == state.id:
            return pools.apply(state, event)
    except (KeyError, LicensingError) as error:
        raise BrokenHistory(sequence=number) from error
    if isinstance(state, LicensePool | SeatPool) and isinstance(event, Charged) and event.pool == state.id:
        return state
    raise BrokenHistory(sequence=number)
