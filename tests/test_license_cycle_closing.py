"""Licenses of an account that are handed out, and the end of a cycle."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from attrs import evolve

from licensing_core import license_cycle
from licensing_core.billing import Quote
from licensing_core.checks import MAX_COUNT, InvalidArgument, InvalidInstant, InvalidQuantity
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, Verdict
from licensing_core.directory import Actor
from licensing_core.holdings import Holdings, HoldingsNotLoaded
from licensing_core.license_cycle import (
    CycleClosed,
    CycleNotClosed,
    CycleStillOpen,
    LicensedUser,
    LicenseType,
    NoFreeLicense,
    UnknownLicenseType,
    apply,
    buy,
    close_cycle,
    grant,
    licensed_user,
    quotes,
    revoke,
    settle,
)
from licensing_core.pools import LicensesAssigned, LicensesUnassigned
from tests.builders import APRIL_16, BASE, NAIVE, ROOT, agrees, an_account, eur, replayed
from tests.license_world import MAY_1, MONTHLY, PAID, PENDING, YEN, bought, opening

# Handing out


def test_a_user_with_a_license_is_active_and_has_the_union_of_the_features() -> None:
    account = an_account(totals={"base": 3, "voip": 1}, holders={"base": ["ana"], "voip": ["ana"]})
    assert licensed_user(account, "ana") == LicensedUser(
        active=True, licenses=("base", "voip"), features=("calls", "crm")
    )
    assert licensed_user(account, "luis") == LicensedUser(active=False, licenses=(), features=())


def test_granting_uses_a_license_and_twice_is_once() -> None:
    account = an_account()
    decision = grant(account, "ana", "base", by=ROOT, now=APRIL_16)
    assert decision.events == (LicensesAssigned(pool="base", users=frozenset({"ana"}), by="root", at=APRIL_16),)
    assert (decision.state.pool("base").held, decision.state.pool("base").free) == (1, 4)
    assert replayed(apply, decision, account) == decision.state
    assert grant(decision.state, "ana", "base", by=ROOT, now=APRIL_16) == Decision(decision.state)


def test_without_a_free_license_the_refusal_says_what_to_buy() -> None:
    verdict = agrees(license_cycle.can_grant, grant, an_account(), "ana", "voip", by=ROOT, now=APRIL_16)
    refusal = NoFreeLicense(license_type="voip", shortfall=1, buy={"voip": 1})
    assert verdict.refusal == refusal
    assert hash(verdict.refusal)
    assert "buy 1, or take one from another user" in str(refusal)


def test_a_license_taken_from_one_user_is_free_for_another_at_once() -> None:
    account = an_account(totals={"base": 3, "voip": 1}, holders={"voip": ["ana"]})
    decision = revoke(account, "ana", "voip", by=ROOT, now=APRIL_16)
    event = LicensesUnassigned(pool="voip", released=frozenset({"ana"}), awaiting=frozenset(), by="root", at=APRIL_16)
    assert decision.events == (event,)
    assert licensed_user(decision.state, "ana").features == ()
    assert grant(decision.state, "luis", "voip", by=ROOT, now=APRIL_16).state.pool("voip").holds("luis")
    assert replayed(apply, decision, account) == decision.state


def test_revoking_what_is_not_held_changes_nothing() -> None:
    assert revoke(an_account(), "ana", "base", by=ROOT, now=APRIL_16) == Decision(an_account())


@pytest.mark.parametrize("name", ["grant", "revoke"])
def test_an_unknown_type_cannot_be_handed_out(name: str) -> None:
    question, command = getattr(license_cycle, f"can_{name}"), getattr(license_cycle, name)
    verdict = agrees(question, command, an_account(), "ana", "fax", by=ROOT, now=APRIL_16)
    assert verdict.refusal == UnknownLicenseType(license_type="fax")


def test_what_was_not_loaded_is_not_taken_for_nothing() -> None:
    account = an_account(BASE)
    part = evolve(account, pools={"base": evolve(account.pool("base"), holdings=Holdings(loaded={"ana"}))})
    with pytest.raises(HoldingsNotLoaded):
        licensed_user(part, "luis")
    with pytest.raises(HoldingsNotLoaded):
        grant(part, "luis", "base", by=ROOT, now=APRIL_16)


# The end of a cycle


@pytest.mark.parametrize(
    ("total", "in_use", "kept", "removed"), [(8, 5, 5, 3), (8, 1, 3, 5), (3, 0, 3, 0), (4, 4, 4, 0), (3, 3, 3, 0)]
)
def test_kept_is_the_larger_of_the_minimum_and_what_is_in_use(total: int, in_use: int, kept: int, removed: int) -> None:
    holders = {"base": [f"u{number}" for number in range(in_use)]}
    account = an_account(totals={"base": total}, holders=holders)
    decision = close_cycle(account, by=Actor("root"), now=MAY_1)
    closed = decision.events[0]
    assert isinstance(closed, CycleClosed)
    assert (dict(closed.kept), dict(closed.removed)) == ({"base": kept, "voip": 0}, {"base": removed, "voip": 0})
    assert decision.state.pool("base").bought == kept
    assert decision.state.pool("base").held == in_use
    assert [bill.due for bill in closed.bills] == [eur("30.00") * kept]
    assert replayed(apply, decision, account) == decision.state


def test_the_next_cycle_opens_and_is_billed_in_full() -> None:
    decision = close_cycle(an_account(holders={"base": ["ana"]}), by=Actor("root"), now=MAY_1)
    closed = decision.events[0]
    assert isinstance(closed, CycleClosed)
    assert decision.state.period == MONTHLY.period_at(MAY_1) == closed.period
    (bill,) = closed.bills
    assert [(one.item, one.quantity, one.amount, one.share) for one in bill.charges] == [
        ("base", 3, eur("90.00"), Fraction(1))
    ]
    assert quotes(decision.state, {"base": 1}, now=MAY_1)[0].due == eur("30.00")


def test_a_type_of_which_nothing_is_kept_leaves_an_empty_bill_of_its_currency() -> None:
    closed = close_cycle(an_account(BASE, YEN), by=Actor("root"), now=MAY_1).events[0]
    assert isinstance(closed, CycleClosed)
    assert closed.bills[1] == Quote(currency=Currency("JPY"), lines=())


def test_one_cycle_is_closed_at_a_time() -> None:
    late = MAY_1 + timedelta(days=40)
    once = close_cycle(an_account(), by=Actor("root"), now=late).state
    assert once.period.span.start == date(2024, 5, 1)
    with pytest.raises(CycleNotClosed):
        quotes(once, {"base": 1}, now=late)
    twice = close_cycle(once, by=Actor("root"), now=late).state
    assert twice.period.span.start == date(2024, 6, 1)


def test_orders_that_wait_for_their_payment_stay_and_are_usable_when_it_comes() -> None:
    account = close_cycle(bought(an_account(), PENDING, base=2).state, by=Actor("root"), now=MAY_1).state
    assert [order.id for order in account.orders] == ["o1"]
    assert settle(account, by=Actor("root"), now=MAY_1).state.pool("base").bought == 5


def test_a_cycle_that_has_not_ended_is_not_closed() -> None:
    just_before = MAY_1 - timedelta(microseconds=1)
    verdict = agrees(license_cycle.can_close_cycle, close_cycle, an_account(), by=Actor("root"), now=just_before)
    assert verdict.refusal == CycleStillOpen(ends=MAY_1)
    assert "2024-05-01T00:00:00" in str(verdict.refusal)
    with pytest.raises(InvalidInstant):
        close_cycle(an_account(), by=Actor("root"), now=NAIVE)


def test_every_question_agrees_when_the_answer_is_yes() -> None:
    account = bought(an_account(totals={"base": 3, "voip": 1}), PENDING, base=1).state
    by = {"by": ROOT, "now": APRIL_16}
    assert agrees(license_cycle.can_grant, grant, account, "ana", "voip", **by) == Verdict.allow("WAL-5")
    assert agrees(license_cycle.can_revoke, revoke, account, "ana", "voip", **by) == Verdict.allow("WAL-12")
    assert agrees(license_cycle.can_settle, settle, account, by=Actor("root"), now=MAY_1) == Verdict.allow("WAL-6")
    assert agrees(license_cycle.can_close_cycle, close_cycle, account, by=Actor("root"), now=MAY_1) == Verdict.allow(
        "WAL-10"
    )
    paying: dict[str, Any] = {"order_id": "o2", "payment": PAID, "by": ROOT, "now": APRIL_16}
    assert agrees(license_cycle.can_buy, buy, account, {"base": 1}, **paying) == Verdict.allow("WAL-7")


def test_the_state_as_of_an_earlier_instant_is_the_replay_up_to_it() -> None:
    start = an_account()
    first = bought(start, PENDING, base=2)
    second = close_cycle(first.state, by=Actor("root"), now=MAY_1)
    events = [*first.events, *second.events]
    until = tuple(event for event in events if event.at <= APRIL_16)
    assert replayed(apply, Decision(None, until), start) == first.state
    assert replayed(apply, Decision(None, tuple(events)), start) == second.state


def test_an_order_that_would_lift_the_total_over_the_bound_is_refused() -> None:
    account = opening(totals={"base": MAX_COUNT - 5}).state
    waiting = bought(account, PENDING, base=3).state
    with pytest.raises(InvalidQuantity):
        quotes(waiting, {"base": 3}, now=APRIL_16)
    assert quotes(waiting, {"base": 2}, now=APRIL_16)[0].charges[0].quantity == 2


def test_a_cycle_is_closed_with_more_licenses_than_one_command_buys() -> None:
    many = LicenseType(id="base", price=BASE.price, minimum=1_500_000)
    account = opening(types=(many,), totals={"base": 1_500_000}).state
    closed = close_cycle(account, by=Actor("ana"), now=MAY_1).events[0]
    assert isinstance(closed, CycleClosed)
    assert closed.bills[0].charges[0].quantity == 1_500_000


def test_a_type_stands_under_its_own_id() -> None:
    account = opening(types=(BASE,)).state
    with pytest.raises(InvalidArgument):
        evolve(account, types={"other": account.types["base"]}, pools={"other": account.pools["base"]})
