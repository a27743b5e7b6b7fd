"""What goes wrong with a fake gateway: the faults, which call has which, and in what order events are sent."""

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import count
from typing import Final, NamedTuple

from licensing_core.checks import instance
from licensing_core.payments import Receipt


class Fault(StrEnum):
    """What goes wrong with one call of `charge()`, `refund()` or `look_up()`."""

    TIMEOUT_BEFORE = "timeout_before"
    """No answer comes, and nothing was done: `GatewayFailed("unclear")`."""
    TIMEOUT_AFTER = "timeout_after"
    """No answer comes, though all was done: `GatewayFailed("unclear")`."""
    LATE_EFFECT = "late_effect"
    """No answer comes, and what was asked is done only as it is looked up for the second time."""
    BUSY = "busy"
    """Nothing is done: `GatewayFailed("busy")`."""
    REFUSED = "refused"
    """Nothing is done: `GatewayFailed("refused")`."""
    DECLINE = "decline"
    """The bank says no, whatever card it is: a receipt that says `FAILED`."""
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    """Each event of this key is sent twice."""
    REORDERED_WEBHOOKS = "reordered_webhooks"
    """Each event of this key overtakes all that were not given out yet."""
    LOST_WEBHOOK = "lost_webhook"
    """No event of this key is sent."""


WITHOUT_EFFECT: Final[Mapping[Fault | None, str]] = {
    Fault.TIMEOUT_BEFORE: "unclear",
    Fault.LATE_EFFECT: "unclear",
    Fault.BUSY: "busy",
    Fault.REFUSED: "refused",
}
"""The faults with which nothing is done at once, and the reason of the `GatewayFailed` that is raised."""
_TIMES: Final[Mapping[Fault | None, int]] = {
    Fault.DUPLICATE_WEBHOOK: 2,
    Fault.REORDERED_WEBHOOKS: 1,
    Fault.LOST_WEBHOOK: 0,
}
"""The faults of events, and how often each event is sent."""

Faults = Sequence[Fault | None] | Mapping[str, Fault] | Mapping[int, Fault]
"""The fault of each call in order, or by the number of the call, 1 being the first, or by the key."""
_as_fault: Final = instance((Fault, type(None)))


class Webhook(NamedTuple):
    """What a gateway sends to the application: hand both on to its `notice()`."""

    body: bytes
    headers: Mapping[str, str]


class Script:
    """Which call has which fault."""

    def __init__(self, faults: Faults) -> None:
        self._faults: dict[str | int, Fault | None] = {}
        self._calls = 0
        if isinstance(faults, Mapping):
            self._faults.update((of, _as_fault("faults", fault)) for of, fault in faults.items())
        else:
            self.then(faults)

    def then(self, faults: Sequence[Fault | None]) -> None:
        """Give each of the next calls one of *faults*."""
        self._faults.update(enumerate((_as_fault("faults", fault) for fault in faults), self._calls + 1))

    def next(self, key: str) -> Fault | None:
        """The fault of this call; that of a key is for the first call with it."""
        self._calls += 1
        return self._faults.pop(self._calls, None) or self._faults.pop(key, None)


class Mail:
    """The events that were made, and those not sent yet."""

    def __init__(self) -> None:
        self._last: dict[str, bytes] = {}
        self._waiting: list[bytes] = []
        self._faults: dict[str, Fault] = {}
        self._numbers = count(1)

    def goes_wrong(self, key: str, fault: Fault | None) -> None:
        """Remember that the events of *key* have this fault, if it is one of theirs."""
        if fault is not None and fault in _TIMES:
            self._faults[key] = fault

    def tell(self, receipt: Receipt) -> None:
        """Make an event of what *receipt* says."""
        said = {"id": f"event-{next(self._numbers)}", "key": receipt.key, "outcome": receipt.outcome.value}
        body = self._last[receipt.key] = json.dumps(said).encode()
        fault = self._faults.get(receipt.key)
        place = 0 if fault is Fault.REORDERED_WEBHOOKS else len(self._waiting)
        self._waiting[place:place] = [body] * _TIMES.get(fault, 1)

    def last(self, key: str) -> bytes | None:
        """The last event of *key*, sent or lost."""
        return self._last.get(key)

    def taken_out(self) -> list[bytes]:
        """What was not sent yet."""
        waiting, self._waiting = self._waiting, []
        return waiting
