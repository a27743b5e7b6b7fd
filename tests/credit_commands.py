"""Commands on the credits of one customer, as one-liners for tests."""

from datetime import timedelta
from typing import Any

from licensing_core.credits import Grant
from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.protocols import Store
from licensing_core.services import (
    ActivatePack,
    CreditsStanding,
    GrantCredits,
    Licensing,
    NotePackPayment,
    OpenCredits,
    OrderPack,
    OrderStanding,
    ReadCredits,
    SpendCredits,
)
from tests.service_world import (
    NOON,
    Checked,
    Clock,
    of,
    to,
)

OPEN = OpenCredits(**to("credits"))
READ = ReadCredits(**of())
TOMORROW = NOON + timedelta(days=1)


def with_credits(store: Store, clock: Clock) -> Licensing:
    """The customer a1 has an account of credits, with none in it."""
    made = Checked(store, clock=clock)
    made.run(OPEN)
    return made


def order(name: str = "o1", pack: str = "small", **more: Any) -> OrderPack:
    return OrderPack(pack=pack, order=name, **more, **to(f"order-{name}"))


def pay(name: str = "o1", paid: str | None = None) -> NotePackPayment:
    return NotePackPayment(order=name, paid=None if paid is None else Money.parse(paid), **to(f"pay-{name}"))


def activate(name: str = "o1") -> ActivatePack:
    return ActivatePack(order=name, **to(f"activate-{name}"))


def buy(licensing: Licensing, name: str = "o1", pack: str = "small") -> OrderStanding:
    licensing.run(order(name, pack, currency=Currency("EUR")))
    licensing.run(pay(name))
    return licensing.run(activate(name))


def give(name: str, amount: int, **more: Any) -> GrantCredits:
    return GrantCredits(grant=Grant(id=name, amount=amount, effective=NOON, **more), **to(f"grant-{name}"))


def spend(amount: int, key: str) -> SpendCredits:
    return SpendCredits(amount=amount, **to(key))


def burned(answer: CreditsStanding) -> list[tuple[str, int]]:
    return [(one.grant, one.amount) for one in answer.burned]


def balance(licensing: Licensing) -> int:
    return licensing.run(READ).standing.balance
