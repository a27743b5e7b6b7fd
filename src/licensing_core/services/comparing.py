"""What is stored of an aggregate beside what its events led to: where the two are not the same."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import attrs
from attrs import frozen

from licensing_core.accounts import CustomerAccount
from licensing_core.checks import Count, Id, Text, Value, checked
from licensing_core.credits import CreditAccount, OrderStatus
from licensing_core.enrollments import Enrollment, Enrollments
from licensing_core.holdings import Holding
from licensing_core.partial import ById
from licensing_core.pools import LicensePool
from licensing_core.protocols import Aggregate, AggregateKind, Stored

MOST_NAMES: Final = 100
"""How many names one finding lists at most."""
_LONGEST: Final = 200
"""How long a name is at most."""
_ENROLLMENTS: Final = "enrollments"


class Fault(StrEnum):
    """What is wrong with something that is stored."""

    UNREADABLE = "unreadable"
    """What is stored of it, or an event, is no valid value."""
    HISTORY_BROKEN = "history_broken"
    """The history is not whole, from an event on."""
    VERSION_DIFFERS = "version_differs"
    """Its version is not the number of its last event."""
    STATE_DIFFERS = "state_differs"
    """Fields have other values than its events led to."""
    PART_MISSING = "part_missing"
    """A holding, an enrollment or another part is not there, though its events led to it."""
    PART_UNFOUNDED = "part_unfounded"
    """A holding, an enrollment or another part is there that no event made."""
    PART_HIDDEN = "part_hidden"
    """A grant, an order or a bill is open, and yet is loaded only when it is named."""
    OWNER_MISSING = "owner_missing"
    """Enrollments came through a pool that is not there."""


@frozen(kw_only=True, field_transformer=checked)
class Finding(Value):
    """One thing that is wrong with an aggregate.

    Attributes:
        aggregate: Its id; of enrollments without a pool, the id of the pool.
        sequence: Where the history is broken, else the number of its last event.
        version: What is stored as its version; 0 where that could not be read.
        names: The fields or parts that are wrong, such as `held`, `holdings.ana` or `enrollments.ana.course:fire`,
            or `account` where pools of one are stored under the id of a purchased pool; sorted; the first 100 of them.
        more: How many names more there are.
    """

    kind: AggregateKind
    aggregate: Id
    fault: Fault
    sequence: Count = 0
    version: Count = 0
    names: tuple[Text, ...] = ()
    more: Count = 0


@frozen
class Led:
    """What the events of a history led to.

    Attributes:
        sequence: The number of the last of them.
    """

    state: Aggregate
    enrollments: Enrollments
    sequence: int


def compared(
    about: Finding,
    stored: Stored[Aggregate],
    led: Led,
    placed: Sequence[Enrollment] | None,
    held: Mapping[str, Holding] | None = None,
) -> Iterator[Finding]:
    """Where what is *stored*, with the enrollments *placed* through it, is not what was *led* to.

    Args:
        about: What the findings begin with: kind and aggregate.
        stored: With all that is in it, or where that cannot be, with a part of it: only what was loaded is compared.
        placed: `None` when they cannot be read.
        held: What is stored of the holders of a pool that was loaded without them; one of seats has none.
    """
    told = attrs.evolve(about, sequence=led.sequence, version=stored.version)
    if stored.version != led.sequence:
        yield attrs.evolve(told, fault=Fault.VERSION_DIFFERS)
    wrong: defaultdict[Fault, list[str]] = defaultdict(list)
    for path, fault in _differences(stored.state, led.state, ""):
        wrong[fault].append(path)
    if placed is None:
        wrong[Fault.UNREADABLE].append(_ENROLLMENTS)
    else:
        for path, fault in _differences(Enrollments(placed), led.enrollments, _ENROLLMENTS):
            wrong[fault].append(path)
    if held is not None:
        made = led.state.holdings if isinstance(led.state, LicensePool) else {}
        for path, fault in _differences(held, made, "holdings"):
            wrong[fault].append(path)
    for fault, names in wrong.items():
        yield naming(attrs.evolve(told, fault=fault), names)


def naming(finding: Finding, names: Sequence[str]) -> Finding:
    """*finding* with so many of *names* as it may list."""
    listed = sorted(one[:_LONGEST] for one in names)
    return attrs.evolve(finding, names=tuple(listed[:MOST_NAMES]), more=max(0, len(listed) - MOST_NAMES))


def open_parts(state: CreditAccount | CustomerAccount) -> frozenset[str]:
    """What of *state* is loaded whenever it is: grants that may have a balance, paid orders, and unpaid bills."""
    if isinstance(state, CustomerAccount):
        return frozenset(f"bills.{name}" for name, bill in state.bills.items() if bill.open)
    balances = state.balances
    grants = (f"balances.entries.{name}" for name, one in balances.entries.items() if one.is_open(balances.at))
    waiting = (f"orders.{name}" for name, one in state.orders.items() if one.status is OrderStatus.PENDING)
    return frozenset((*grants, *waiting))


def name_of(one: Enrollment) -> str:
    """How a finding names an enrollment."""
    return _under(_ENROLLMENTS, (one.user, one.content))


def _differences(there: Any, led: Any, path: str) -> Iterator[tuple[str, Fault]]:
    """Where *there* is not what the events *led* to, and how; fields and parts are gone through one by one."""
    if isinstance(there, ById | Mapping) and isinstance(led, ById | Mapping):
        yield from _parts_that_differ(there, led, path)
    elif type(there) is type(led) and isinstance(there, Value) and attrs.has(type(there)):
        for field in attrs.fields(type(there)):  # type: ignore[arg-type]
            if field.eq:
                yield from _differences(getattr(there, field.name), getattr(led, field.name), _under(path, field.name))
    elif there != led:
        yield path or "state", Fault.STATE_DIFFERS


def _parts_that_differ(there: Mapping[Any, Any], led: Mapping[Any, Any], path: str) -> Iterator[tuple[str, Fault]]:
    for key in there.keys() - led.keys():
        yield _under(path, key), Fault.PART_UNFOUNDED
    loaded = there.loaded if isinstance(there, ById) else None
    for key in led.keys() - there.keys():
        if loaded is None or key in loaded:
            yield _under(path, key), Fault.PART_MISSING
    for key in there.keys() & led.keys():
        if there[key] != led[key]:
            yield from _differences(there[key], led[key], _under(path, key))


def _under(path: str, step: object) -> str:
    """The name of what is found at *step*; of an enrollment, by its user and content."""
    told = ".".join(map(str, step)) if isinstance(step, tuple) else str(step)
    return f"{path}.{told}" if path else told
