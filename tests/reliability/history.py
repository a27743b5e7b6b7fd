"""R24: what a history must be like after a race, whatever the adapter.

Its numbers have no gap, it folds to what is stored, every change in it is that of one command which was told so, no
refusal was wrong where it was decided, and a command that began after another had ended comes later.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from licensing_core import credits as credit
from licensing_core import license_cycle, pools
from licensing_core.credits import CreditAccount, CreditsOpened, InsufficientCredits
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import AccountOpened, CycleStillOpen, LicenseAccount, NoFreeLicense
from licensing_core.pools import LicensePool, LicensesExhausted, PoolInUse, PoolOpened
from licensing_core.protocols import AggregateKind, Envelope, Stored
from licensing_core.services import Command

_BEGUN: Final[Mapping[type, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]]] = {
    PoolOpened: (pools.opened, pools.apply),
    AccountOpened: (license_cycle.opened, license_cycle.apply),
    CreditsOpened: (credit.opened, credit.apply),
}


class Deed(NamedTuple):
    """What came of one command.

    Attributes:
        begun, ended: By the clock of the machine, which all of its processes share, in seconds.
        loaded: The version of each aggregate on which it was decided, by id.
        saved: Up to which version it was saved, and of how many events.
        refusal: What it was refused with.
        fault: What left the service though it is no refusal.
        again: How often it was sent again.
    """

    command: Command[Any]
    begun: float
    ended: float
    loaded: Mapping[str, int]
    saved: Mapping[str, tuple[int, int]]
    refusal: LicensingError | None = None
    fault: str = ""
    again: int = 0


class Past(NamedTuple):
    """An aggregate as it is stored, its history, and how many of the events were there before the race.

    Attributes:
        stored: Or why it cannot be loaded: its rows contradict each other.
    """

    name: str
    stored: Stored[Any] | LicensingError
    history: Sequence[Envelope]
    before: int


def past_of(work: Any, tenant: str, kind: AggregateKind, name: str, before: int) -> Past:
    """What is stored of the pool, the account or the credits *name*, all of it."""
    load = work.credits if kind is AggregateKind.CREDITS else work.account if name.startswith("a") else work.pool
    history = tuple(work.history(tenant, kind, name))
    try:
        return Past(name, load(tenant, name, None), history, before)
    except LicensingError as error:
        return Past(name, error, history, before)


def faults(past: Past, deeds: Iterable[Deed]) -> list[str]:
    """What is wrong with *past* after *deeds*, all of which were about it."""
    name, done, states = past.name, list(deeds), list(_states(past.history))
    if not states:
        return [f"{name}: has no history"]
    found = [f"{name}: {wrong} at {number}" for number, state in enumerate(states, 1) for wrong in _oversold(state)]
    found += (*_unlike(past, states[-1]), *_claims(past, done))
    found += [wrong for deed in done if (wrong := _wrongly_refused(name, deed, states))]
    return found + out_of_order(name, done)


def _unlike(past: Past, folded: Any) -> Iterator[str]:
    """What is stored is what the history folds to, and its version is the last number."""
    numbers, stored = [one.sequence for one in past.history], past.stored
    if isinstance(stored, LicensingError):
        yield f"{past.name}: cannot be loaded, {stored}"
        return
    if numbers != list(range(1, stored.version + 1)):
        yield f"{past.name}: numbered {numbers}, but its version is {stored.version}"
    if folded != stored.state:
        yield f"{past.name}: the history folds to {folded!r}, stored is {stored.state!r}"[:400]


def _states(history: Iterable[Envelope]) -> Iterator[Any]:
    state: Any = None
    apply: Callable[[Any, Any], Any] | None = None
    for one in history:
        if apply is None:
            begin, apply = _BEGUN[type(one.event)]
            state = begin(one.event)
        else:
            state = apply(state, one.event)
        yield state


def _oversold(state: Any) -> Iterator[str]:
    """What there is more of than there may be; all limits of the races are enforced."""
    if isinstance(state, CreditAccount):
        if state.balances.overage:
            yield f"{state.balances.overage} credits spent too many"
        return
    for pool in state.pools.values() if isinstance(state, LicenseAccount) else (state,):
        if pool.consumed > pool.bought:
            yield f"oversold: {pool.consumed} of {pool.bought}"


def _claims(past: Past, deeds: Iterable[Deed]) -> Iterator[str]:
    """Each event since the race began is of exactly one command that was not refused."""
    name = past.name
    claimed: dict[int, int] = {}
    for deed in deeds:
        last, number = deed.saved.get(name, (0, 0))
        if deed.refusal is None and not deed.fault:
            for sequence in range(last - number + 1, last + 1):
                claimed[sequence] = claimed.get(sequence, 0) + 1
    wanted = range(past.before + 1, len(past.history) + 1)
    if lost := sorted(claimed.keys() - set(wanted)):
        yield f"{name}: lost, events {lost} were saved"
    if made_up := sorted(set(wanted) - claimed.keys()):
        yield f"{name}: events {made_up} are of no command that was told so"
    if twice := sorted(sequence for sequence, times in claimed.items() if times > 1):
        yield f"{name}: events {twice} were saved by several commands"


def _wrongly_refused(name: str, deed: Deed, states: Sequence[Any]) -> str:
    """Whether the refusal is what the version says on which it was decided."""
    version = deed.loaded.get(name, 0)
    if deed.refusal is None:
        return ""
    if not 0 < version <= len(states):
        return f"{name}: {deed.refusal!r} was decided on version {version}, which never was"
    if _is_true(deed.refusal, deed.command, states[version - 1]):
        return ""
    return f"{name}: wrongly refused, {deed.refusal!r} on version {version}: {states[version - 1]!r}"[:500]


def _is_true(refusal: LicensingError, command: Any, state: Any) -> bool:
    if isinstance(refusal, LicensesExhausted):
        return bool(0 < refusal.shortfall == state.consumed + refusal.requested - state.bought)
    if isinstance(refusal, NoFreeLicense):
        pool: LicensePool = state.pools[refusal.license_type]
        return 0 < refusal.shortfall == pool.consumed + 1 - pool.bought
    if isinstance(refusal, PoolInUse):
        return bool(state.consumed == refusal.consumed > refusal.asked == command.bought)
    if isinstance(refusal, InsufficientCredits):
        left = state.balances.granted - state.balances.burned
        return bool(refusal.balance == left and 0 < refusal.shortfall == command.amount - left)
    if isinstance(refusal, CycleStillOpen):
        return bool(state.period.end == refusal.ends)
    return False


def out_of_order(name: str, deeds: Iterable[Deed]) -> list[str]:
    """Those that ended before another began, and come after it all the same; found in one pass from the end.

    What changed the aggregate stands at the number of its last event; what saw it only, between two of them.
    """
    seen = (deed for deed in deeds if not deed.fault and name in deed.loaded)
    placed = sorted(((_place(name, deed), deed) for deed in seen), key=lambda one: one[0])
    found, first_end = list[str](), float("inf")
    while placed:
        place = placed[-1][0]
        together = list[Deed]()
        while placed and placed[-1][0] == place:
            together.append(placed.pop()[1])
        found += [
            f"{name}: {deed.command.key} at {place} began {deed.begun - first_end:.6f} s after a later one had ended"
            for deed in together
            if deed.begun > first_end
        ]
        first_end = min(first_end, *(deed.ended for deed in together))
    return found


def _place(name: str, deed: Deed) -> float:
    saved = deed.saved.get(name)
    return float(saved[0]) if saved is not None and deed.refusal is None else deed.loaded[name] + 0.5
