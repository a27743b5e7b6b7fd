"""A customer that comes from another system, taken over as one event; a dry run lists all that stands in the way.

>>> from datetime import UTC
>>> verdict = can_import_customer(
...     "acme",
...     None,
...     zone="Europe/Nowhere",
...     balances=[Money.parse("-1.00 EUR")],
...     by=Actor("ana"),
...     now=datetime(2026, 11, 16, 12, tzinfo=UTC),
... )
>>> [(breach.code, breach.parameter) for breach in verdict.refusal.breaches]
[('zone.unknown', 'zone'), ('argument.invalid', 'balances.EUR')]
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from attrs import frozen

from licensing_core.accounts.events import CustomerAdded, opened
from licensing_core.accounts.values import MOST_BLOCKS, PLAIN_SETTINGS, AccountSettings, Block, CustomerAccount, Person
from licensing_core.checks import (
    MAX_BULK,
    Check,
    FrozenMap,
    Id,
    Instant,
    InvalidArgument,
    TooManyItems,
    UserId,
    as_id,
    as_instant,
    check_of,
    instance,
)
from licensing_core.decisions import Decision, ImportRule, brought, twin
from licensing_core.directory import Actor, acting
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Zone
from licensing_core.plans import ServicePlan

_as_money: Final = check_of(tuple[Money, ...])


@frozen(kw_only=True)
class _Customer:
    """A customer as it stands elsewhere."""

    customer_id: str
    plan: ServicePlan | None
    zone: str
    trial_ends: datetime | None
    settings: AccountSettings
    blocks: Mapping[str, Block]
    people: Mapping[str, Person]
    balances: tuple[Money, ...]
    at: datetime


def _blocks_in_force(one: _Customer) -> Iterator[LicensingError]:
    if len(one.blocks) > MOST_BLOCKS:
        yield TooManyItems(parameter="blocks", given=len(one.blocks), most=MOST_BLOCKS)
        return
    for cause, block in one.blocks.items():
        if not block.holds(one.at):
            yield wrong(f"blocks.{cause}", "a block that holds yet", "one that has ended")
        if block.since > one.at:
            yield wrong(f"blocks.{cause}", "a block since now or before", "one of later")


def _few_people(one: _Customer) -> Iterator[LicensingError]:
    if len(one.people) > MAX_BULK:
        yield TooManyItems(parameter="people", given=len(one.people), most=MAX_BULK)


def _one_balance_each(one: _Customer) -> Iterator[LicensingError]:
    times = Counter(amount.currency.code for amount in one.balances)
    for code in sorted(code for code, count in times.items() if count > 1):
        yield wrong(f"balances.{code}", "one amount for each currency", str(times[code]))
    for amount in one.balances:
        if amount.minor < 0:
            yield wrong(f"balances.{amount.currency.code}", "zero or more", str(amount))


def wrong(parameter: str, expected: str, got: str) -> LicensingError:
    """The breach of a *parameter* that has not the form *expected*."""
    return InvalidArgument(parameter=parameter, expected=expected, got=got)


def _amounts(name: str, value: Any) -> tuple[Money, ...]:
    found: tuple[Money, ...] = _as_money(name, tuple(value) if isinstance(value, Collection) else value)
    return found


_OF_CUSTOMERS: Final[Mapping[str, Check]] = {
    "customer_id": as_id,
    "plan": check_of(ServicePlan | None),
    "zone": check_of(Zone),
    "trial_ends": check_of(Instant | None),
    "settings": instance(AccountSettings),
    "blocks": check_of(Mapping[Id, Block]),
    "people": check_of(Mapping[UserId, Person]),
    "balances": _amounts,
}
_RULES_OF_CUSTOMERS: Final = (
    ImportRule(frozenset({"blocks"}), _blocks_in_force),
    ImportRule(frozenset({"people"}), _few_people),
    ImportRule(frozenset({"balances"}), _one_balance_each),
)


def import_customer(
    customer_id: Id,
    plan: ServicePlan | None,
    *,
    zone: Zone,
    trial_ends: datetime | None = None,
    settings: AccountSettings = PLAIN_SETTINGS,
    blocks: Mapping[Id, Block] = FrozenMap({}),
    people: Mapping[UserId, Person] = FrozenMap({}),
    balances: Collection[Money] = (),
    by: Actor,
    now: datetime,
) -> Decision[CustomerAccount, CustomerAdded]:
    """Take a customer over from another system, with all it has there, as one event.

    Args:
        trial_ends: When the trial ends that it is on, or ended; `None` for none: an import starts no trial.
        blocks: Those that hold yet.
        people: 10,000 at most; the others are added afterwards.
        balances: What it has in credit, one amount for each currency.

    Raises:
        InvalidArgument: *by* is no actor, or *now* no aware datetime.
        ImportRefused: Anything else; it names all breaches, those of the forms of arguments included.

    Source: PLZ-4, decision 13.
    """
    at, who = as_instant("now", now), acting(by)
    given = {
        "customer_id": customer_id,
        "plan": plan,
        "zone": zone,
        "trial_ends": trial_ends,
        "settings": settings,
        "blocks": blocks,
        "people": people,
        "balances": balances,
    }
    one = brought(partial(_Customer, at=at), given, _OF_CUSTOMERS, _RULES_OF_CUSTOMERS)
    event = CustomerAdded(
        account=one.customer_id,
        zone=one.zone,
        plan=None if one.plan is None else one.plan.id,
        trial_ends=one.trial_ends,
        settings=one.settings,
        blocks=one.blocks,
        people=one.people,
        balances=FrozenMap({amount.currency.code: amount for amount in one.balances}),
        by=who,
        at=at,
    )
    return Decision(opened(event), (event,))


can_import_customer = twin(import_customer, "PLZ-4")
