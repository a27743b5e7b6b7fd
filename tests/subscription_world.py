"""One-line builders of subscriptions: thirty euros for thirty days, so that a day is worth one."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from licensing_core import subscriptions as lib
from licensing_core.billing import ItemChange
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import Renewal
from licensing_core.pricing import UnitPrice
from licensing_core.subscriptions import SubscriptionTerms
from licensing_core.testing.cases_subscriptions import BY, Life

E = TypeVar("E", bound=Exception)
FIVE, DEARER = ItemChange(quantity=5), ItemChange(price=UnitPrice(Money.parse("60.00 EUR")))
MANUAL: dict[str, Any] = {"renewal": Renewal.MANUAL}
ONCE: dict[str, Any] = {"renewal": Renewal.NONE}
NEW: dict[str, Any] = {"document": "new", "by": BY}


def at(month: int, number: int, hour: int = 12, minute: int = 0, *, year: int = 2026) -> datetime:
    return datetime(year, month, number, hour, minute, tzinfo=UTC)


FIRST, TRIED = at(1, 1), at(1, 11)


def terms(price: str = "30.00 EUR", every: str = "P30D", **others: Any) -> SubscriptionTerms:
    plain: dict[str, Any] = {"item": "web", "zone": "UTC", **others}
    return SubscriptionTerms(price=UnitPrice(Money.parse(price)), every=Duration.parse(every), **plain)


def ordered(price: str = "30.00 EUR", every: str = "P30D", now: datetime = FIRST, **others: Any) -> Life:
    """Ordered with document d1, on the first of January; its first payment is awaited."""
    return Life(terms(price, every, **others), now)


def running(price: str = "30.00 EUR", every: str = "P30D", now: datetime = FIRST, **others: Any) -> Life:
    """Paid for from the first of January, with document d1."""
    life = ordered(price, every, now, **others)
    life.pay()
    return life


def tried(trial_ends: datetime = TRIED, *, converts: bool = True, **others: Any) -> Life:
    """On trial from the first of January."""
    return Life(terms(**others), FIRST, trial_ends=trial_ends, converts=converts)


def on(life: Life, now: datetime) -> Life:
    """*life*, and the time is *now*."""
    life.now = now
    return life


def did(life: Life, command: Callable[..., Any], *arguments: Any, now: datetime | None = None, **named: Any) -> Life:
    """*life* after a command that is carried out, now or at *now*."""
    life.now = now or life.now
    refusal = life.do(command, *arguments, **named)
    assert refusal is None, repr(refusal)
    return life


def refused(life: Life, command: Callable[..., Any], *arguments: Any, now: datetime | None = None, **named: Any) -> Any:
    """The refusal of a command, which leaves all as it was."""
    life.now, before = now or life.now, life.state
    refusal = life.do(command, *arguments, **named)
    assert refusal is not None
    assert life.state == before
    return refusal


def scheduled(life: Life, change: ItemChange, effective: Any, name: str = "c1", now: datetime | None = None) -> Life:
    return did(life, lib.schedule_change, change, effective, change_id=name, now=now)


def nothing_happens(life: Life) -> bool:
    """Whether the last command did nothing."""
    return life.steps[-1].refusal is None and not life.steps[-1].events


def turns(life: Life) -> list[str]:
    """Each turn: the days from when to when, its document, and whether it is paid."""
    return [
        f"{one.start:%m-%d} {one.end:%m-%d} {one.document} {'paid' if one.paid else 'unpaid'}"
        for one in life.subscription.turns
    ]


def periods(life: Life) -> list[str]:
    """From when to when each turn is billed, with what it is charged yet."""
    lines = life.state.ledger.lines
    return [
        f"{one.start:%m-%d} {one.end:%m-%d} {lines[one.item.line].left if one.item.line else 'nothing'}"
        for one in life.subscription.turns
    ]


def credit(life: Life) -> str:
    return str(life.state.ledger.balance)


def owed(life: Life) -> str:
    return str(life.state.ledger.outstanding())


def left(life: Life) -> str:
    """All that is charged, and was not taken off."""
    ledger = life.state.ledger
    return str(Money.sum((line.left for line in ledger.lines.values()), ledger.currency))


def states(life: Life, *instants: datetime) -> list[str]:
    """Where it stands at each of *instants*, as things are."""
    return [lib.state_at(life.subscription, one).value for one in instants]


def kinds(life: Life) -> list[str]:
    """What the last command brought, in order."""
    return [event.type for event in life.steps[-1].events]
