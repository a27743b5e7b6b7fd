"""What users write with values; read by the type checkers, never run.

A line that must not pass carries an ignore with its code: where it began to pass, the ignore would be unused.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import assert_type

from licensing_core import Actor, Content, Cycle, Directory, Duration, Money, Plan, Role, Scope
from licensing_core.currencies import Currency
from licensing_core.directory import Permission
from licensing_core.limits import UNLIMITED, Limit, Unlimited
from licensing_core.money import Allocation
from licensing_core.periods import Period, Span
from licensing_core.plans import Settings, Switches
from licensing_core.pricing import FlatPrice, Price

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def of_money() -> None:
    price = Money.parse("12.50 EUR")
    assert_type(price, Money)
    assert_type(price + price, Money)
    assert_type(3 * price, Money)
    assert_type(price < price, bool)
    assert_type(price.split(3), Allocation)
    assert_type(price.split(3).parts, tuple[Money, ...])
    assert_type(price.scaled(Fraction(1, 2)), Money)
    assert_type(price.minor, int)
    assert_type(price.currency, Currency)
    price + 1  # type: ignore[operator]
    price * 1.5  # type: ignore[operator]
    price.scaled(0.5)  # type: ignore[arg-type]
    price.minor = 5  # type: ignore[misc]
    Money(12.5, Currency("EUR"))  # type: ignore[arg-type]
    Money(1250, "EUR")  # type: ignore[arg-type]
    Money(1250)  # type: ignore[call-arg]


def of_time() -> None:
    cycle = Cycle(date(2026, 1, 31), Duration(months=1), "Europe/Madrid")
    assert_type(cycle.period_at(NOON), Period)
    assert_type(cycle.span_on(date(2026, 5, 4)), Span)
    assert_type(cycle.boundary(3), datetime)
    assert_type(Span(date(2026, 5, 1), date(2026, 6, 1)).days, int)
    Duration(1)  # type: ignore[call-arg]
    Duration(months="1")  # type: ignore[arg-type]
    cycle.period_at("2026-05-04")  # type: ignore[arg-type]


def of_people(directory: Directory) -> None:
    actor = Actor(
        "ana",
        Role.POWER_USER,
        permissions=frozenset({Permission.GROUPS_VIEW}),
        resources=frozenset({Scope.tree("sales"), Content.course("fire")}),
    )
    assert_type(actor.role, Role)
    assert_type(actor.resources, frozenset[Scope | Content])
    assert_type(directory.is_in("ana", Scope.group("coaches")), bool)
    assert_type(directory.members(Scope.tree("sales")), tuple[str, ...])
    Actor("ana", "learner")  # type: ignore[arg-type]
    Actor("ana", Role.LEARNER, frozenset({Permission.GROUPS_VIEW}))  # type: ignore[call-arg]
    Scope.user(None)  # type: ignore[arg-type]
    directory.is_in("ana", "group:coaches")  # type: ignore[arg-type]
    Directory.of(users={"ana": None})  # type: ignore[dict-item]


def of_plans(plan: Plan, parts: Mapping[str, int]) -> None:
    assert_type(plan.prices, tuple[Price, ...])
    assert_type(plan.price_in(Currency("EUR")), Price)
    assert_type(plan.price_in().exact(3), Fraction)
    assert_type(Settings(enforce_limit=False).over(Switches()), Switches)
    assert_type(Limit(10).ceiling, int | Unlimited)
    assert_type(Limit(UNLIMITED, overage=Fraction(5, 4)).most, int | Unlimited)
    plan.price_in("EUR")  # type: ignore[arg-type]
    Settings(False)  # type: ignore[call-arg]
    Limit("unlimited")  # type: ignore[arg-type]
    FlatPrice(1800)  # type: ignore[arg-type]
    parts["base"] = 3  # type: ignore[index]
