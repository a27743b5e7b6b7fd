"""What a subscription that another system has billed so far may not bring, and how it is named."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

import pytest
from attrs import evolve

from licensing_core.accounts import (
    CustomerAccount,
    SubscriptionExists,
    can_import_subscription,
    import_subscription,
)
from licensing_core.billing import (
    BillingPolicy,
    DocumentNumber,
    FixedDiscount,
    ItemChange,
    PercentDiscount,
    ScheduledChange,
    When,
)
from licensing_core.checks import InvalidArgument, InvalidId, TooManyItems
from licensing_core.decisions import ImportRefused, Verdict
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch
from licensing_core.periods import Duration
from licensing_core.pricing import FlatPrice
from licensing_core.proration import Convention, Count, NothingCounted
from licensing_core.subscriptions import Ends
from tests.importing_world import ACME, DOLLAR, ELSEWHERE, EUR, NOON, SEATS, VAT, euros, moved


def breaches(terms: Any = SEATS, account: CustomerAccount = ACME, name: Any = "web", **given: Any) -> Any:
    with pytest.raises(ImportRefused) as refused:
        import_subscription(account, name, terms, **{**ELSEWHERE, **given})
    return refused.value.breaches


def wrong(parameter: str, expected: str, got: str) -> InvalidArgument:
    return InvalidArgument(parameter=parameter, expected=expected, got=got)


END: Final = NOON.replace(month=5)
ONE: Final[Mapping[str, tuple[dict[str, Any], LicensingError]]] = {
    "an id that is too long": (
        {"name": "x" * 55},
        InvalidId(
            parameter="subscription_id",
            expected="an id of at most 54 characters, since its lines have a number behind it",
            got="str of 55 characters",
        ),
    ),
    "an id that is there": (
        {"account": moved().account},
        SubscriptionExists(customer="acme", subscription="web"),
    ),
    "terms of another zone": (
        {"terms": evolve(SEATS, zone="UTC")},
        wrong("terms", "in the zone of the account", "of another"),
    ),
    "a discount in another currency": (
        {"terms": evolve(SEATS, discounts=(FixedDiscount(id="off", amount=DOLLAR),))},
        CurrencyMismatch(expected=EUR, got=DOLLAR.currency),
    ),
    "a discount twice": (
        {"terms": evolve(SEATS, discounts=(PercentDiscount(id="off", percent=Fraction(1)),) * 2)},
        wrong("discounts", "each of another id", "one twice"),
    ),
    "periods in which nothing is counted": (
        {"terms": evolve(SEATS, every=Duration(seconds=3600))},
        NothingCounted(count="days", base="period"),
    ),
    "no anchor": ({"anchor": None}, wrong("anchor", "a day or an instant, unless there is a trial", "None")),
    "an anchor on a later day": ({"anchor": date(2026, 4, 17)}, wrong("anchor", "no later than now", "a later one")),
    "an anchor at a later instant": (
        {"anchor": NOON + timedelta(seconds=1)},
        wrong("anchor", "no later than now", "a later one"),
    ),
    "a charge below zero": ({"charged": euros("-1.00")}, wrong("charged", "Money, zero or more", "Money")),
    "a charge in another currency": ({"charged": DOLLAR}, CurrencyMismatch(expected=EUR, got=DOLLAR.currency)),
    "a payment in another currency": ({"paid": DOLLAR}, CurrencyMismatch(expected=EUR, got=DOLLAR.currency)),
    "more paid than charged": ({"paid": euros("30.01")}, wrong("paid", "at most 30.00 EUR", "30.01 EUR")),
    "more paid than charged with taxes": (
        {"terms": evolve(SEATS, rates=VAT), "paid": euros("36.31")},
        wrong("paid", "at most 36.30 EUR", "36.31 EUR"),
    ),
    "a payment for nothing": (
        {"charged": None, "paid": euros("1.00")},
        wrong("paid", "None where nothing was charged", "something else"),
    ),
    "a number of nothing": (
        {"charged": None, "number": DocumentNumber(series="A", number=1, issued_on=NOON.date())},
        wrong("number", "None where nothing was charged", "something else"),
    ),
    "a part that began before the period": (
        {"since": date(2026, 3, 31)},
        wrong("since", "within the running period, and no later than now", "another one"),
    ),
    "a part that begins later": (
        {"since": NOON + timedelta(seconds=1)},
        wrong("since", "within the running period, and no later than now", "another one"),
    ),
    "a part that the convention does not count": (
        {
            "terms": evolve(SEATS, policy=BillingPolicy(convention=Convention(count=Count.DAYS_360))),
            "since": date(2026, 3, 31),
            "now": datetime(2026, 3, 31, 10, tzinfo=UTC),
        },
        wrong("since", "from where the convention counts something", "another one"),
    ),
    "more renewals than there are": (
        {"terms": evolve(SEATS, most_renewals=2), "renewals": 3},
        wrong("renewals", "at most 2", "3"),
    ),
    "an end that has passed": (
        {"ends": Ends(access=NOON, billing=END)},
        wrong("ends", "an end of access later than now", "an earlier one"),
    ),
    "too many pools": (
        {"pools": frozenset(f"p{number}" for number in range(101))},
        TooManyItems(parameter="pools", given=101, most=100),
    ),
    "a trial that has ended": (
        {"anchor": None, "charged": None, "trial_ends": NOON},
        wrong("trial_ends", "later than now", "an earlier instant"),
    ),
    "a trial of what cannot be billed": (
        {
            "anchor": None,
            "charged": None,
            "trial_ends": END,
            "terms": evolve(SEATS, every=Duration(seconds=3600)),
        },
        NothingCounted(count="days", base="period"),
    ),
}


@pytest.mark.parametrize("case", ONE)
def test_what_a_subscription_may_not_bring_is_named(case: str) -> None:
    given, breach = ONE[case]
    assert breaches(**given) == (breach,)


def waiting(name: str = "later", change: ItemChange | None = None, effective: Any = END) -> ScheduledChange:
    return ScheduledChange(id=name, change=change or ItemChange(quantity=1), effective=effective)


CHANGES: Final[Mapping[str, tuple[tuple[ScheduledChange, ...], LicensingError]]] = {
    "a change of nothing": (
        (waiting(change=ItemChange()),),
        wrong("scheduled.later", "a change of something", "one of nothing"),
    ),
    "a quantity of nothing": (
        (waiting(change=ItemChange(quantity=0)),),
        wrong("scheduled.later", "a quantity above 0; what is to end has ends", "0"),
    ),
    "a change that was due": (
        (waiting(effective=NOON),),
        wrong("scheduled.later", "later than now", "an earlier instant"),
    ),
    "an id twice": (
        (waiting(), waiting("other"), waiting(effective=When.END_OF_PERIOD)),
        wrong("scheduled.later", "an id that no other change has", "the same again"),
    ),
    "a price in another currency": (
        (waiting(change=ItemChange(price=FlatPrice(DOLLAR))),),
        CurrencyMismatch(expected=EUR, got=DOLLAR.currency),
    ),
    "periods in which nothing is counted": (
        (waiting(change=ItemChange(every=Duration(seconds=60)), effective=When.END_OF_PERIOD),),
        NothingCounted(count="days", base="period"),
    ),
    "too many": (
        tuple(waiting(f"c{number}") for number in range(101)),
        TooManyItems(parameter="scheduled", given=101, most=100),
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_a_scheduled_change_may_not_be_is_named(case: str) -> None:
    scheduled, breach = CHANGES[case]
    assert breaches(scheduled=scheduled) == (breach,)


def test_in_a_trial_nothing_was_billed_yet() -> None:
    number = DocumentNumber(series="A", number=1, issued_on=NOON.date())
    found = breaches(trial_ends=END, paid=euros("1.00"), since=NOON, number=number, renewals=1, scheduled=(waiting(),))
    assert [breach.parameter for breach in found] == [
        "anchor",
        "charged",
        "paid",
        "since",
        "number",
        "renewals",
        "scheduled",
    ]


def test_all_breaches_come_together_those_of_forms_first() -> None:
    found = breaches(
        terms=evolve(SEATS, zone="UTC"),
        account=moved().account,
        renewals=-1,
        anchor=date(2027, 1, 1),
        charged=DOLLAR,
        paid=euros("99.00"),
        scheduled=(waiting(effective=NOON),),
        ends=Ends(access=NOON, billing=NOON),
    )
    assert [breach.code for breach in found] == [
        "quantity.invalid",
        "service.exists",
        "argument.invalid",
        "argument.invalid",
        "currency.mismatch",
        "argument.invalid",
        "argument.invalid",
    ]
    assert [getattr(breach, "parameter", "") for breach in found] == [
        "renewals",
        "",
        "terms",
        "anchor",
        "",
        "scheduled.later",
        "ends",
    ]


def test_terms_that_are_none_are_named_and_what_does_not_need_them_too() -> None:
    found = breaches(terms=None, ends=Ends(access=NOON, billing=NOON), trial_ends=NOON)
    assert [breach.parameter for breach in found] == ["terms", "trial_ends", "anchor", "charged", "ends"]


def test_the_dry_run_answers_with_the_refusal_of_the_command() -> None:
    assert can_import_subscription(ACME, "web", SEATS, **ELSEWHERE) == Verdict.allow("LAT-5")
    verdict = can_import_subscription(ACME, "web", SEATS, **{**ELSEWHERE, "paid": DOLLAR, "renewals": -1})
    assert verdict.refusal == ImportRefused(breaches=breaches(paid=DOLLAR, renewals=-1))


@pytest.mark.parametrize("name", ["account", "by", "now"])
def test_the_account_who_acts_and_when_are_no_part_of_what_is_brought(name: str) -> None:
    given: dict[str, Any] = {"account": ACME, **ELSEWHERE, name: None}
    with pytest.raises(InvalidArgument):
        can_import_subscription(subscription_id="web", terms=SEATS, **given)
