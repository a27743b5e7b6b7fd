"""A subscription from the order on: what it is at any instant, its first payment, its trial, what is due when."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from licensing_core import subscriptions as lib
from licensing_core.billing import (
    AlreadyBooked,
    BillingPolicy,
    FixedDiscount,
    ItemChange,
    PercentDiscount,
    TaxRate,
    TaxTerms,
    TaxTreatment,
    When,
)
from licensing_core.checks import InvalidArgument, InvalidId
from licensing_core.decisions import Decision
from licensing_core.errors import LicensingError
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.periods import Cycle, Duration, Span
from licensing_core.proration import NothingCounted, preset
from licensing_core.subscriptions import (
    EndOf,
    EndsAlready,
    NotInForce,
    SubscriptionActivated,
    SubscriptionEnded,
    SubscriptionStarted,
    WrongState,
)
from licensing_core.testing.cases_subscriptions import BY
from tests.subscription_world import (
    FIRST,
    MANUAL,
    NEW,
    ONCE,
    at,
    credit,
    did,
    kinds,
    left,
    on,
    ordered,
    owed,
    periods,
    refused,
    running,
    scheduled,
    states,
    terms,
    tried,
    turns,
)

LEDGER = ordered().state.ledger
WEEKLY = ItemChange(every=Duration(days=7))
FIFTEENTH = Cycle(date(2026, 1, 15), Duration(days=30), "UTC")

# The order and the first payment


def test_an_order_waits_for_its_first_payment_and_books_nothing() -> None:
    decision = lib.start("web", terms(), ledger=LEDGER, document="d1", by=BY, now=FIRST)
    (event,) = decision.events
    assert event == SubscriptionStarted(subscription="web", started=decision.state.subscription, by=BY.id, at=FIRST)
    assert decision.state.ledger == LEDGER
    assert decision.state.subscription.ordered is not None
    assert str(decision.state.subscription.ordered.quote.due) == "30.00 EUR"
    assert states(ordered(), FIRST, at(1, 1, year=2036)) == ["pending", "pending"]


def test_the_first_payment_makes_it_active_from_the_start_of_its_day() -> None:
    life = on(ordered(), at(1, 5, 18))
    life.pay("d1")
    assert turns(life) == ["01-05 02-04 d1 paid"]
    assert life.subscription.turns[0].start == at(1, 5, 0)
    assert [type(event) for event in life.steps[0].events][-1] is SubscriptionActivated
    assert (states(life, life.now), owed(life), left(life)) == (["active"], "0.00 EUR", "30.00 EUR")
    assert life.subscription.ordered is None


def test_counted_in_seconds_the_first_period_begins_with_the_very_instant() -> None:
    life = running(now=at(1, 5, 18), policy=BillingPolicy(convention=preset("stripe")))
    assert (life.subscription.turns[0].start, life.subscription.turns[0].end) == (at(1, 5, 18), at(2, 4, 18))
    assert left(life) == "30.00 EUR"


def test_a_subscription_by_the_hour_begins_with_the_very_instant() -> None:
    life = running(every="PT36H", now=at(1, 5, 18), policy=BillingPolicy(convention=preset("stripe")))
    life.bill(at(1, 8), ahead=0)
    assert [one.start for one in life.subscription.turns] == [at(1, 7, 6), at(1, 8, 18)]


@pytest.mark.parametrize(
    ("zone", "paid", "begins"),
    [
        ("Europe/Madrid", at(1, 4, 23), at(1, 4, 23)),
        ("Europe/Madrid", at(1, 5, 22), at(1, 4, 23)),
        ("Pacific/Kiritimati", at(1, 4, 9), at(1, 3, 10)),
        ("America/Mexico_City", at(1, 5, 5), at(1, 4, 6)),
    ],
)
def test_the_day_is_that_of_the_customer(zone: str, paid: Any, begins: Any) -> None:
    assert running(now=paid, zone=zone).subscription.turns[0].start == begins


def test_a_discount_that_ends_between_the_order_and_the_first_payment_is_given() -> None:
    days = Span(FIRST.date(), at(1, 3).date())
    spring = PercentDiscount(id="spring", percent=50, within=days)  # type: ignore[arg-type]
    life = on(ordered(discounts=(spring,)), at(1, 9))
    life.pay("d1")
    life.bill(at(2, 8), ahead=0)
    assert periods(life) == ["01-09 02-08 15.00 EUR", "02-08 03-10 30.00 EUR"]


@pytest.mark.parametrize(
    ("treatment", "first"), [(TaxTreatment.EXCLUSIVE, "36.30 EUR"), (TaxTreatment.INCLUSIVE, "30.00 EUR")]
)
def test_the_first_payment_and_the_next_have_their_taxes(treatment: TaxTreatment, first: str) -> None:
    vat = TaxRate(id="vat", percent=21)  # type: ignore[arg-type]
    policy = BillingPolicy(taxes=TaxTerms(treatment=treatment))
    life = ordered(rates=(vat,), policy=policy)
    assert life.subscription.ordered is not None
    assert str(life.subscription.ordered.quote.due) == first
    life.pay()
    life.bill(at(1, 31), ahead=0)
    assert owed(life) == first
    did(life, lib.pause, now=at(1, 31))
    assert (owed(life), credit(life)) == ("0.00 EUR", "0.00 EUR")


def test_what_costs_nothing_is_paid_as_soon_as_it_is_billed() -> None:
    life = running("0.00 EUR")
    life.bill(at(3, 5), ahead=0)
    assert turns(life) == ["01-31 03-02 d2 paid", "03-02 04-01 d3 paid"]
    did(life, lib.cancel, EndOf.NOW, credit=True)
    assert (credit(life), owed(life)) == ("0.00 EUR", "0.00 EUR")


def test_an_unknown_or_paid_document_changes_nothing() -> None:
    for life, document in ((ordered(), "d9"), (running(), "d1"), (running(), "d9")):
        assert lib.settle(life.state, document, by=BY, now=FIRST) == Decision(life.state)


def test_what_was_ordered_and_cancelled_is_not_activated_by_a_payment() -> None:
    life = did(ordered(), lib.cancel)
    assert kinds(life) == ["subscription.turns_withdrawn", "subscription.cancelled"]
    assert lib.settle(life.state, "d1", by=BY, now=FIRST) == Decision(life.state)
    assert states(life, FIRST) == ["cancelled"]


def test_a_line_of_a_long_id_has_no_room_for_its_number() -> None:
    with pytest.raises(InvalidId):
        lib.start("x" * 55, terms(), ledger=LEDGER, document="d1", by=BY, now=FIRST)
    assert lib.start("x" * 54, terms(), ledger=LEDGER, document="d1", by=BY, now=FIRST).events


def test_an_order_is_refused_in_this_order() -> None:
    dollars = FixedDiscount(id="off", amount=Money.parse("1.00 USD"))
    faults: list[tuple[dict[str, Any], type[Exception]]] = [
        ({"subscription_id": "no id"}, InvalidId),
        ({"terms": terms("1.00 USD")}, CurrencyMismatch),
        ({"terms": terms(discounts=(dollars,))}, CurrencyMismatch),
        ({"terms": terms(every="PT1H")}, NothingCounted),
        ({"trial_ends": FIRST}, InvalidArgument),
        ({"document": None}, InvalidArgument),
        ({"document": "no id"}, InvalidId),
    ]
    plain: dict[str, Any] = {"subscription_id": "web", "terms": terms(), "document": "d1", "trial_ends": None}
    for place, (fault, error) in enumerate(faults):
        others = {name: value for later, _ in faults[place + 1 :] for name, value in later.items()}
        given = {**plain, **{name: value for name, value in others.items() if name != "terms"}, **fault}
        with pytest.raises(error):
            lib.start(given.pop("subscription_id"), given.pop("terms"), ledger=LEDGER, **given, by=BY, now=FIRST)


# Where it stands


@pytest.mark.parametrize(
    ("renewal", "end"), [({}, "active"), (MANUAL, "expired"), (ONCE, "expired"), ({"most_renewals": 0}, "expired")]
)
def test_the_last_period_runs_out_by_itself(renewal: dict[str, Any], end: str) -> None:
    assert states(running(**renewal), at(1, 30, 23, 59), at(1, 31, 0)) == ["active", end]


def test_one_that_renews_itself_is_active_however_late_its_billing_is() -> None:
    assert states(running(), at(1, 1, year=2046)) == ["active"]


@pytest.mark.parametrize(
    ("life", "last"),
    [
        (running(most_renewals=2), at(4, 1, 0)),
        (tried(most_renewals=2), at(4, 11, 0)),
        (tried(**ONCE), at(2, 10, 0)),
        (scheduled(running(most_renewals=2), WEEKLY, When.END_OF_PERIOD), at(2, 14, 0)),
        (scheduled(running(most_renewals=2), WEEKLY, at(1, 11)), at(2, 1, 0)),
        (scheduled(running(most_renewals=0), WEEKLY, When.END_OF_PERIOD), at(1, 31, 0)),
        (did(running(most_renewals=2), lib.align, FIFTEENTH), at(3, 16, 0)),
        (scheduled(did(running(most_renewals=2), lib.align, FIFTEENTH), WEEKLY, at(1, 11)), at(1, 29, 0)),
        (scheduled(did(running(most_renewals=3), lib.align, FIFTEENTH), WEEKLY, When.END_OF_PERIOD), at(2, 19, 0)),
    ],
)
def test_the_last_period_that_was_agreed_runs_out_also_while_its_billing_is_late(life: Any, last: datetime) -> None:
    assert lib.runs_out(life.subscription) == last
    assert states(life, last - timedelta(seconds=1), last) == ["active", "expired"]
    life.bill(last - timedelta(seconds=1), ahead=0)
    assert lib.runs_out(life.subscription) == last
    assert (life.subscription.turns[-1].end, life.standing.value) == (last, "active")


def test_what_goes_on_runs_out_never_and_so_does_what_runs_beyond_the_calendar() -> None:
    for life in (running(), running(most_renewals=10**6), tried(converts=False), ordered(**ONCE)):
        assert lib.runs_out(life.subscription) is None
    far = scheduled(running(most_renewals=10**6, every="P1D"), WEEKLY, at(1, 1, year=2036))
    assert lib.runs_out(far.subscription) is None


def test_access_that_outlives_billing_does_so_also_where_more_was_agreed() -> None:
    life = scheduled(running(most_renewals=2), WEEKLY, at(2, 15))
    did(life, lib.cancel, at(6, 1), at(2, 10), now=at(1, 2))
    assert states(life, at(5, 31), at(6, 1)) == ["active", "cancelled"]


def test_access_is_given_in_trial_and_while_active_only() -> None:
    paused = did(running(), lib.pause, now=at(1, 5))
    lives = {
        "pending": ordered(),
        "trial": tried(),
        "active": running(),
        "suspended": did(running(), lib.suspend),
        "paused": paused,
        "expired": on(running(**ONCE), at(3, 1)),
        "cancelled": did(running(), lib.cancel, EndOf.NOW),
        "terminated": did(running(), lib.terminate),
    }
    for state, life in lives.items():
        verdict = lib.can_access(life.subscription, life.now)
        assert lib.state_at(life.subscription, life.now) == state
        assert bool(verdict) is (state in ("trial", "active")), state
        assert verdict.refusal == (None if verdict else NotInForce(subscription="web", state=state))


def test_what_has_ended_is_refused_as_ended_and_all_else_by_its_state() -> None:
    ended = on(did(running(), lib.terminate), at(1, 2))
    assert refused(ended, lib.pause) == SubscriptionEnded(subscription="web", state="terminated")
    assert refused(ordered(), lib.pause) == WrongState(subscription="web", state="pending", wanted=("active", "paused"))
    assert str(refused(ordered(), lib.pause)) == (
        "subscription 'web' is pending, and this takes one that is active or paused"
    )


# What is due when


def test_the_next_due_day_is_that_of_the_first_unpaid_period_else_the_end_of_the_last_one() -> None:
    life = running()
    assert lib.next_due(life.subscription, FIRST) == at(1, 31).date()
    life.bill(at(3, 5), ahead=0)
    assert lib.next_due(life.subscription, life.now) == at(1, 31).date()
    life.pay()
    assert lib.next_due(life.subscription, life.now) == at(3, 2).date()
    life.pay()
    assert lib.next_due(life.subscription, life.now) == at(4, 1).date()


@pytest.mark.parametrize(
    ("life", "now", "due"),
    [
        (ordered(), at(2, 1), FIRST),
        (tried(), at(1, 5), at(1, 11)),
        (did(running(), lib.pause), at(1, 2), None),
        (running(**ONCE), at(1, 30), at(1, 31)),
        (running(**ONCE), at(1, 31), None),
        (did(running(), lib.cancel, EndOf.NOW), at(1, 1), None),
        (did(running(), lib.terminate), at(1, 1), None),
    ],
)
def test_nothing_is_due_of_what_has_ended_or_rests(life: Any, now: Any, due: Any) -> None:
    assert lib.next_due(life.subscription, now) == (None if due is None else due.date())


def test_it_is_paid_for_up_to_the_first_unpaid_period() -> None:
    life = running()
    assert lib.charged_through(life.subscription) == at(1, 31, 0)
    life.bill(at(2, 1), ahead=0)
    assert lib.charged_through(life.subscription) == at(1, 31, 0)
    life.pay()
    assert lib.charged_through(life.subscription) == at(3, 2, 0)
    assert lib.charged_through(tried().subscription) == at(1, 11)
    assert lib.charged_through(ordered().subscription) is None
    assert lib.charged_through(did(running(), lib.pause).subscription) is None


# Values


def test_a_subscription_names_its_pools_and_few_of_them() -> None:
    some = frozenset(f"p{number}" for number in range(100))
    assert lib.start(
        "web", terms(), ledger=LEDGER, document="d1", pools=some, by=BY, now=FIRST
    ).state.subscription.pools
    with pytest.raises(InvalidArgument, match="pools must be at most 100"):
        lib.start("web", terms(), ledger=LEDGER, document="d1", pools=some | {"q"}, by=BY, now=FIRST)


def test_a_subscription_remembers_few_turns() -> None:
    one = running().subscription
    with pytest.raises(InvalidArgument, match="turns must be at most 367"):
        evolve(one, turns=one.turns * 368)


def test_a_document_bills_one_turn_only() -> None:
    with pytest.raises(AlreadyBooked):
        lib.bill_next(running().state, **{**NEW, "document": "d1"}, now=at(1, 31))


# Refusals


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (
            lib.SubscriptionEnded(subscription="web", state="cancelled"),
            "subscription 'web' is cancelled; order a new one",
        ),
        (
            NotInForce(subscription="web", state="paused"),
            "subscription 'web' is paused and gives no access; pay, resume or renew it",
        ),
        (
            lib.SubscriptionUnpaid(subscription="web", due=FIRST.date()),
            "subscription 'web' owes what was due on 2026-01-01; pay that first",
        ),
        (
            lib.BillingBehind(subscription="web", due=FIRST),
            (
                "subscription 'web' has something due at 2026-01-01T12:00:00+00:00 that is not billed yet; "
                "run its billing first"
            ),
        ),
        (lib.EndsTooEarly(), "it cannot end before it began; name its first day, or a later one"),
        (
            EndsAlready(),
            "it is cancelled for an earlier end; take that back first, or name an end no later than it",
        ),
        (
            lib.NotCancelled(subscription="web"),
            "subscription 'web' is not cancelled; there is nothing to take back",
        ),
        (
            lib.CancellationCredited(subscription="web"),
            "what subscription 'web' was charged is given back already; order a new one",
        ),
        (
            lib.NotRenewed(subscription="web"),
            "subscription 'web' is not renewed by hand, or no more; order a new one",
        ),
    ],
    ids=lambda thing: getattr(thing, "code", ""),
)
def test_a_refusal_says_what_to_do_next(refusal: LicensingError, sentence: str) -> None:
    assert str(refusal) == sentence
