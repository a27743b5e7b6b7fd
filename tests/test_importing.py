"""A customer that comes from another system, and the refusal that names all that stands in the way."""

import copy
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from licensing_core.accounts import (
    AccountSettings,
    Block,
    CustomerAdded,
    CustomerStatus,
    Person,
    can_import_customer,
    import_customer,
    open_credit,
    opened,
    status,
)
from licensing_core.accounts.books import Books
from licensing_core.accounts.numbers import Numbers
from licensing_core.accounts.values import MOST_BLOCKS
from licensing_core.checks import MAX_BULK, InvalidArgument, InvalidId, TooManyItems
from licensing_core.currencies import Currency
from licensing_core.decisions import ImportRefused, Verdict, refusals, tried
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.limits import Limits
from licensing_core.money import Money
from licensing_core.periods import UnknownZone
from licensing_core.plans import ServicePlan

ANA: Final = Actor("ana")
NOON: Final = datetime(2026, 4, 16, 10, tzinfo=UTC)
MADRID: Final = "Europe/Madrid"
BASIC: Final = ServicePlan(id="basic", limits=Limits(), trial_days=14)
TENNER: Final = Money.parse("10.00 EUR")
DONE: Final[dict[str, Any]] = {"by": ANA, "now": NOON}


def wrong(parameter: str, expected: str, got: str) -> InvalidArgument:
    return InvalidArgument(parameter=parameter, expected=expected, got=got)


def the_breaches(**given: Any) -> tuple[LicensingError, ...]:
    with pytest.raises(ImportRefused) as refused:
        import_customer(**{"customer_id": "acme", "plan": BASIC, "zone": MADRID, **DONE, **given})
    return refused.value.breaches


def test_a_customer_comes_with_all_it_has_elsewhere_as_one_event() -> None:
    blocked = Block(since=NOON - timedelta(days=2))
    decision = import_customer(
        "acme",
        BASIC,
        zone=MADRID,
        settings=AccountSettings(administrator="ana"),
        blocks={"unpaid": blocked},
        people={"ana": Person(permissions=frozenset({"billing"})), "luis": Person(contact=True)},
        balances=[TENNER, Money.parse("5.00 USD")],
        **DONE,
    )
    (event,) = decision.events
    account = decision.state
    assert isinstance(event, CustomerAdded)
    assert opened(event) == account
    assert (account.plan, account.zone, account.users) == ("basic", MADRID, 1)
    assert (dict(account.blocks), account.people["luis"]) == ({"unpaid": blocked}, Person(contact=True))
    assert (account.balance(TENNER.currency), str(account.balance(Currency("USD")))) == (TENNER, "5.00 USD")
    assert status(account, NOON) is CustomerStatus.BLOCKED


@pytest.mark.parametrize(
    ("trial_ends", "then"),
    [
        (None, CustomerStatus.ACTIVE),
        (NOON + timedelta(days=1), CustomerStatus.TRIAL),
        (NOON - timedelta(days=1), CustomerStatus.TRIAL_ENDED),
    ],
)
def test_an_import_starts_no_trial_and_takes_over_the_one_there_was(
    trial_ends: datetime | None, then: CustomerStatus
) -> None:
    account = import_customer("acme", BASIC, zone=MADRID, trial_ends=trial_ends, **DONE).state
    assert status(account, NOON) is then


def test_credit_that_comes_later_is_opened_by_itself() -> None:
    books = Books(import_customer("acme", None, zone=MADRID, balances=[TENNER], **DONE).state, Numbers(id="documents"))
    after = open_credit(books, TENNER, **DONE).state
    assert str(after.account.balance(TENNER.currency)) == "20.00 EUR"


ONE: Final[list[tuple[dict[str, Any], LicensingError]]] = [
    (
        {"blocks": {"unpaid": Block(since=NOON - timedelta(days=2), until=NOON)}},
        wrong("blocks.unpaid", "a block that holds yet", "one that has ended"),
    ),
    (
        {"blocks": {"unpaid": Block(since=NOON + timedelta(days=2))}},
        wrong("blocks.unpaid", "a block since now or before", "one of later"),
    ),
    (
        {"blocks": {f"cause{number}": Block(since=NOON) for number in range(MOST_BLOCKS + 1)}},
        TooManyItems(parameter="blocks", given=MOST_BLOCKS + 1, most=MOST_BLOCKS),
    ),
    (
        {"people": {f"user{number}": Person() for number in range(MAX_BULK + 1)}},
        TooManyItems(parameter="people", given=MAX_BULK + 1, most=MAX_BULK),
    ),
    (
        {"balances": [Money.parse("-1.00 EUR")]},
        wrong("balances.EUR", "zero or more", "-1.00 EUR"),
    ),
    (
        {"balances": [TENNER, TENNER, Money.parse("1.00 USD")]},
        wrong("balances.EUR", "one amount for each currency", "2"),
    ),
    ({"balances": 5}, wrong("balances", "a tuple", "5")),
    ({"settings": None}, wrong("settings", "of type AccountSettings", "None")),
]


@pytest.mark.parametrize(("given", "breach"), ONE, ids=[str(next(iter(given))) for given, _ in ONE])
def test_what_a_customer_may_not_bring_is_named(given: dict[str, Any], breach: LicensingError) -> None:
    assert the_breaches(**given) == (breach,)


def test_all_breaches_come_together_those_of_forms_first() -> None:
    ended = Block(since=NOON - timedelta(days=2), until=NOON)
    found = the_breaches(customer_id="a b", zone="Madrid", blocks={"unpaid": ended}, balances=[-TENNER])
    assert [type(breach) for breach in found] == [InvalidId, UnknownZone, InvalidArgument, InvalidArgument]


def test_the_dry_run_answers_with_the_refusal_of_the_command() -> None:
    verdict = can_import_customer("acme", BASIC, zone="Madrid", balances=[-TENNER], **DONE)
    assert verdict == Verdict.refuse(ImportRefused(breaches=the_breaches(zone="Madrid", balances=[-TENNER])))
    assert can_import_customer("acme", BASIC, zone=MADRID, **DONE) == Verdict.allow("PLZ-4")


@pytest.mark.parametrize("name", ["by", "now"])
def test_who_acts_and_when_are_no_part_of_what_is_brought(name: str) -> None:
    given: dict[str, Any] = {**DONE, name: None}
    with pytest.raises(InvalidArgument):
        can_import_customer("acme", None, zone=MADRID, **given)


def test_the_refusal_tells_the_codes_of_the_first_five_breaches() -> None:
    refusal = ImportRefused(breaches=(wrong("a", "b", "c"),) * 2)
    assert str(refusal) == (
        "nothing was taken over for 2 breaches: argument.invalid, argument.invalid; correct them and try again"
    )
    assert "and 3 more" in str(ImportRefused(breaches=(wrong("a", "b", "c"),) * 8))


def test_the_refusal_is_compared_hashed_copied_and_pickled_as_any_other() -> None:
    refusal = ImportRefused(breaches=(wrong("a", "b", "c"),))
    assert refusal == copy.deepcopy(refusal) == pickle.loads(pickle.dumps(refusal))
    assert len({refusal, copy.deepcopy(refusal), ImportRefused(breaches=())}) == 2


def test_breaches_of_several_imports_are_gathered_as_one_list() -> None:
    found: list[LicensingError] = []
    assert tried(found, lambda: import_customer("acme", None, zone="Madrid", balances=[-TENNER], **DONE)) is None
    assert tried(found, lambda: Money.parse("x")) is None
    assert tried(found, lambda: 5) == 5
    assert [type(breach) for breach in found[:2]] == [UnknownZone, InvalidArgument]
    assert len(found) == 3
    assert refusals(lambda: 5) == ()
