"""What the refusals of credits and features say, and where they come from."""

import pickle

import pytest

from licensing_core import credits as lib
from licensing_core import entitlements
from licensing_core.errors import LicensingError, Mistake
from tests.builders import NOON, eur

REFUSALS: list[tuple[LicensingError, str, str]] = [
    (lib.UnknownPack(pack="p1"), "pack.unknown", "there is no credit pack 'p1'; name one that is for sale"),
    (lib.UnknownOrder(order="o1"), "order.unknown", "there is no order 'o1' of credits; order a pack first"),
    (lib.OrderExists(order="o1"), "order.exists", "the id 'o1' is taken by an order or a grant; choose another"),
    (lib.OrderNotPaid(order="o1"), "order.not_paid", "order 'o1' is not paid yet; take note of its payment first"),
    (
        lib.OrderAlreadyPaid(order="o1"),
        "order.already_paid",
        "order 'o1' is paid already; a second payment is to be given back, and a refund ends it",
    ),
    (
        lib.OrderAlreadyActive(order="o1"),
        "order.already_active",
        "the credits of order 'o1' are active already; there is nothing to do",
    ),
    (
        lib.OrderClosed(order="o1"),
        "order.closed",
        "order 'o1' was cancelled or refunded; make a new one, and give back what was paid for it",
    ),
    (
        lib.PaymentDiffers(order="o1", price=eur("20.00"), paid=eur("2.00")),
        "order.payment_differs",
        "order 'o1' costs 20.00 EUR, but 2.00 EUR was paid; settle the difference first",
    ),
    (
        lib.InsufficientCredits(balance=-2, shortfall=3),
        "credits.insufficient",
        "the balance is -2, 3 short; buy a pack of credits",
    ),
    (
        lib.CreditsAlreadySpent(order="o1", spent=3),
        "credits.already_spent",
        "3 credits of order 'o1' were spent; refund it by another policy, or not at all",
    ),
    (
        lib.UnknownGrant(grant="g1"),
        "grant.unknown",
        "there is no grant 'g1'; look at the grants of the account for those there are",
    ),
    (
        lib.CreditsNotLoaded(ids=("g1", "g2")),
        "credits.not_loaded",
        "2 grants or orders were not looked up; load them, then decide",
    ),
    (
        lib.TooMuchTime(resume_at=NOON),
        "credits.too_much_time",
        "too much happens to the grants by then; ask for 2026-05-04T12:00:00+00:00 first, and go on from there",
    ),
    (
        lib.OutOfTime(parameter="until", expected="later", got="an earlier instant"),
        "credits.out_of_time",
        "until must be later, got an earlier instant",
    ),
    (
        entitlements.TrialEnded(ended=NOON),
        "trial.ended",
        "the trial ended at 2026-05-04T12:00:00+00:00; choose a plan to go on",
    ),
    (
        entitlements.FeatureNotInPlan(feature="fax", plan="small"),
        "feature.not_in_plan",
        "plan 'small' does not have the feature 'fax'; change to a plan that has it",
    ),
    (
        entitlements.FeatureNotLicensed(feature="fax"),
        "feature.not_licensed",
        "the feature 'fax' needs a license that has it; have one assigned",
    ),
]


@pytest.mark.parametrize(("refusal", "code", "sentence"), REFUSALS, ids=lambda one: one if isinstance(one, str) else "")
def test_a_refusal_says_what_to_do_and_survives_a_pickle(refusal: LicensingError, code: str, sentence: str) -> None:
    assert (refusal.code, str(refusal)) == (code, sentence)
    assert pickle.loads(pickle.dumps(refusal)) == refusal


def test_a_refusal_names_its_rule_and_a_mistake_has_none() -> None:
    for refusal, _code, _sentence in REFUSALS:
        assert bool(refusal.rule) is not isinstance(refusal, Mistake)
