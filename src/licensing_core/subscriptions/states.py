"""The life cycle of a subscription: its states, what leads from one to another, and nothing else.

The table is all there is: commands look up in it what they may do, and the diagram in the docs is drawn from it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from licensing_core.checks import FrozenMap


class SubscriptionState(StrEnum):
    """Where a subscription stands (LAT-1, PLZ-11)."""

    PENDING = "pending"
    """Ordered, and its first payment awaited."""
    TRIAL = "trial"
    """Tried for nothing."""
    ACTIVE = "active"
    SUSPENDED = "suspended"
    """Overdue: it gives no access until what is due is paid."""
    PAUSED = "paused"
    """Neither used nor billed, until it is resumed."""
    EXPIRED = "expired"
    """Its last period or its trial is over, and nobody has renewed it; it may be renewed yet."""
    CANCELLED = "cancelled"
    TERMINATED = "terminated"
    """Ended by the seller, overdue for too long."""


class Happening(StrEnum):
    """What leads from one state to another."""

    PAID = "paid"
    """The first payment came, or all that was due is paid."""
    CONVERTED = "converted"
    """The trial turned into a subscription that is paid for."""
    RAN_OUT = "ran_out"
    """The last period or the trial ended, and nothing follows."""
    RENEWED = "renewed"
    OVERDUE = "overdue"
    """The grace is over."""
    GIVEN_UP = "given_up"
    """Overdue for so long that it is ended."""
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"
    """The end of access came for which it was cancelled."""


_S, _H = SubscriptionState, Happening

TRANSITIONS: Final[Mapping[SubscriptionState, Mapping[Happening, SubscriptionState]]] = FrozenMap(
    {
        _S.PENDING: FrozenMap({_H.PAID: _S.ACTIVE, _H.CANCELLED: _S.CANCELLED}),
        _S.TRIAL: FrozenMap({_H.CONVERTED: _S.ACTIVE, _H.RAN_OUT: _S.EXPIRED, _H.CANCELLED: _S.CANCELLED}),
        _S.ACTIVE: FrozenMap(
            {
                _H.RENEWED: _S.ACTIVE,
                _H.OVERDUE: _S.SUSPENDED,
                _H.GIVEN_UP: _S.TERMINATED,
                _H.PAUSED: _S.PAUSED,
                _H.RAN_OUT: _S.EXPIRED,
                _H.CANCELLED: _S.CANCELLED,
            }
        ),
        _S.SUSPENDED: FrozenMap(
            {
                _H.PAID: _S.ACTIVE,
                _H.GIVEN_UP: _S.TERMINATED,
                _H.RAN_OUT: _S.EXPIRED,
                _H.CANCELLED: _S.CANCELLED,
            }
        ),
        _S.PAUSED: FrozenMap({_H.RESUMED: _S.ACTIVE, _H.CANCELLED: _S.CANCELLED}),
        _S.EXPIRED: FrozenMap({_H.RENEWED: _S.ACTIVE, _H.CONVERTED: _S.ACTIVE, _H.CANCELLED: _S.CANCELLED}),
        _S.CANCELLED: FrozenMap({}),
        _S.TERMINATED: FrozenMap({}),
    }
)
"""Where each happening leads from each state; what is not here cannot happen."""

GIVES_ACCESS: Final = frozenset({_S.TRIAL, _S.ACTIVE})
"""The states in which what was subscribed to may be used."""
FINAL: Final = frozenset(state for state, ways in TRANSITIONS.items() if not ways)
"""The states that nothing leads out of."""
