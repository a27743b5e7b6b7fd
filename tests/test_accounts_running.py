"""The jobs of an account: bill, charge, dun; early, late, once or often (LAT-1 to LAT-3, decision 16, R25)."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from attrs import evolve

from licensing_core import accounts as lib
from licensing_core.accounts import (
    BillIsVoid,
    BillPaidAlready,
    BillsNotLoaded,
    Books,
    BooksDecision,
    Charge,
    DebitFailed,
    ReminderSent,
    UnknownBill,
    UnknownSubscription,
)
from licensing_core.accounts.running import MOST_BILLED
from licensing_core.checks import InvalidArgument
from licensing_core.decisions import Decision
from licensing_core.dunning import DunningAction, DunningPolicy, DunningStep, HoldingsEffect
from licensing_core.plans import Renewal
from licensing_core.subscriptions import EndOf, SubscriptionState, SubscriptionSuspended, SubscriptionTerminated
from licensing_core.testing.laws_accounts import in_part as with_open_documents
from tests.account_world import (
    ANA,
    MAY,
    P1,
    P2,
    P3,
    P4,
    REMINDING,
    acme,
    bill,
    billed,
    books,
    cancel,
    credit,
    dun,
    in_part,
    on,
    order,
    ordered,
    pause,
    pay,
    running,
    shown,
    terms,
    told,
    web,
)
from tests.builders import NAIVE, eur

DUE = on(6, 4)
"""The day on which the proforma of June is due."""


def charges(found: Books, *, now: datetime) -> list[tuple[str, str]]:
    return [(one.document, str(one.amount)) for one in lib.charges_due(found.account, now=now)]


def reminded(decision: BooksDecision) -> list[tuple[str, int]]:
    return [(one.document, one.days) for one in decision.events if isinstance(one, ReminderSent)]


def failed(found: Books, document: str = P2, *, now: datetime) -> BooksDecision:
    return lib.note_failed_debit(found, document, by=ANA, now=now)


# Billing


def test_a_proforma_is_issued_15_days_before_its_period_begins_and_once() -> None:
    found = running()
    assert bill(found, now=on(5, 19)) == Decision(found)
    decision = bill(found, now=on(5, 20))
    assert told(decision) == ["BillIssued", "LinesBooked", "TurnBilled", "NumbersTaken"]
    assert [one.due for one in decision.state.account.due] == [date(2026, 6, 4)]
    for now in (on(5, 20), on(6, 3), on(6, 18)):
        assert bill(decision.state, now=now) == Decision(decision.state)


def test_how_long_before_is_for_the_policy_to_say() -> None:
    found = running(dunning=DunningPolicy(proforma_days=0))
    assert bill(found, now=on(6, 3)) == Decision(found)
    assert told(bill(found, now=on(6, 4)))


def test_a_late_run_bills_each_period_as_of_when_it_was_due() -> None:
    found = bill(running(dunning=DunningPolicy(steps=())), now=on(8, 25)).state
    assert [(one.id, one.due) for one in found.account.due] == [
        (P2, date(2026, 6, 4)),
        (P3, date(2026, 7, 4)),
        (P4, date(2026, 8, 4)),
        ("proforma:5", date(2026, 9, 4)),
    ]
    assert {one.document.number.issued_on for one in found.account.due} == {date(2026, 8, 25)}


def test_of_what_is_overdue_no_period_is_billed_that_would_come_after_its_end() -> None:
    found = bill(running(), now=on(12, 24)).state
    assert [one.due for one in found.account.due] == [date(2026, 6, 4), date(2026, 7, 4)]


def test_subscriptions_are_billed_by_their_ids_and_one_alone_when_it_is_named() -> None:
    both = pay(order(running(), "app").state, P2).state
    assert [one.subscription for one in bill(both, now=on(5, 20)).state.account.due] == ["app", "web"]
    alone = bill(both, "web", now=on(5, 20)).state
    assert [one.subscription for one in alone.account.due] == ["web"]
    assert bill(bill(both, "app", now=on(5, 20)).state, "web", now=on(5, 20)).state == bill(both, now=on(5, 20)).state


def test_only_a_subscription_that_there_is_is_billed() -> None:
    with pytest.raises(UnknownSubscription) as refused:
        bill(running(), "app", now=MAY)
    assert refused.value == UnknownSubscription(customer="acme", subscription="app")
    assert lib.can_bill_due(running(), "app", by=ANA, now=MAY).code == "service.unknown"


def test_at_most_366_periods_are_billed_at_once_and_no_more_than_may_be_unpaid() -> None:
    daily = running(asked=terms("1.00", every="P1D"), dunning=DunningPolicy(steps=()))
    found = bill(daily, now=on(12, 31)).state
    found = bill(found, now=datetime(2028, 1, 1, tzinfo=MAY.tzinfo)).state
    assert len(found.account.due) == MOST_BILLED
    assert bill(found, now=datetime(2028, 1, 1, tzinfo=MAY.tzinfo)) == Decision(found)


def test_what_is_free_is_billed_at_most_366_times_in_one_run() -> None:
    daily = order(books(), asked=terms("0", every="P1D")).state
    first = bill(daily, now=datetime(2028, 1, 1, tzinfo=MAY.tzinfo)).state
    assert len(first.account.bills) == 1 + MOST_BILLED
    assert len(bill(first, now=datetime(2028, 1, 1, tzinfo=MAY.tzinfo)).state.account.bills) > 1 + MOST_BILLED


def test_a_trial_that_converts_is_billed_before_it_ends() -> None:
    found = order(books(), trial_ends=on(6, 4, 0)).state
    assert [one.due for one in bill(found, now=on(5, 20)).state.account.due] == [date(2026, 6, 4)]


def test_what_was_paused_cancelled_or_sold_once_is_not_billed() -> None:
    for found in (
        pause(running(), now=on(5, 10)).state,
        cancel(running(), EndOf.TERM, now=on(5, 10)).state,
        running(asked=terms(renewal=Renewal.NONE)),
        ordered(),
    ):
        assert bill(found, now=on(6, 20)) == Decision(found)


# Charging


def test_what_is_due_is_charged_from_its_day_on_until_it_is_paid() -> None:
    found = billed(automatic_debit=True)
    assert charges(found, now=on(6, 3)) == []
    for now in (DUE, on(6, 20)):
        assert lib.charges_due(found.account, now=now) == (
            Charge(document=P2, subscription="web", amount=eur("30.00")),
        )
    assert charges(pay(found, P2, now=DUE).state, now=DUE) == []


def test_nothing_is_charged_without_an_automatic_debit() -> None:
    assert charges(billed(), now=DUE) == []


def test_a_charge_may_wait_for_some_days() -> None:
    found = billed(automatic_debit=True, dunning=DunningPolicy(charge_days=3))
    assert [charges(found, now=on(6, day)) for day in (6, 7)] == [[], [(P2, "30.00 EUR")]]


def test_charged_is_what_is_outstanding_what_was_due_first_before_the_rest() -> None:
    found = bill(credit(running(automatic_debit=True), "12.50"), now=on(5, 20)).state
    found = bill(found, now=on(6, 20)).state
    assert charges(found, now=on(7, 4)) == [(P2, "17.50 EUR"), (P3, "30.00 EUR")]


def test_a_first_payment_is_not_charged_by_itself_and_what_has_ended_is_not_charged_any_more() -> None:
    assert charges(ordered(automatic_debit=True), now=on(6, 1)) == []
    ended = cancel(billed(automatic_debit=True), now=on(6, 10)).state
    assert [one.id for one in ended.account.due] == [P2]
    assert charges(ended, now=on(6, 10)) == []


def test_what_is_suspended_is_charged_on() -> None:
    found = dun(billed(automatic_debit=True), now=on(6, 11)).state
    assert web(found).state is SubscriptionState.SUSPENDED
    assert charges(found, now=on(6, 12)) == [(P2, "30.00 EUR")]


def test_nothing_is_charged_before_the_bills_were_looked_up() -> None:
    account = billed(automatic_debit=True).account
    with pytest.raises(BillsNotLoaded):
        lib.charges_due(in_part(account), now=DUE)
    part = with_open_documents(Books(account, books().numbers)).account
    assert lib.charges_due(part, now=DUE) == lib.charges_due(account, now=DUE)


def test_a_debit_that_failed_is_counted_and_the_next_attempt_is_a_charge_of_its_own() -> None:
    found, attempts = billed(automatic_debit=True), list[int]()
    for day in (4, 4, 5):
        attempts += [one.attempt for one in lib.charges_due(found.account, now=on(6, day))]
        decision = failed(found, now=on(6, day))
        assert decision.events == (DebitFailed(account="acme", document=P2, by="ana", at=on(6, day)),)
        found = decision.state
    assert attempts == [1, 2, 3]
    assert shown(found) == shown(billed())
    assert shown(pay(found, P2, now=on(6, 6)).state)[P2] == ("F-000002", "30.00 EUR", "paid")


def test_a_debit_fails_only_for_what_is_to_be_paid() -> None:
    void = cancel(billed(), now=on(5, 25)).state
    for found, document, error in (
        (billed(), "none", UnknownBill(document="none")),
        (billed(), P1, BillPaidAlready(document=P1)),
        (void, P2, BillIsVoid(document=P2)),
    ):
        with pytest.raises(type(error)) as refused:
            failed(found, document, now=DUE)
        assert refused.value == error
    assert lib.can_note_failed_debit(void, P2, by=ANA, now=DUE).code == "invoice.void"


# Dunning


def test_what_is_overdue_is_suspended_after_7_days_and_ended_after_30_each_once() -> None:
    found = billed()
    assert dun(found, now=on(6, 10)) == Decision(found)
    decision = dun(found, now=on(6, 11))
    assert decision.events == (SubscriptionSuspended(subscription="web", by="ana", at=on(6, 11)),)
    found = decision.state
    for now in (on(6, 11), on(6, 20), on(7, 3)):
        assert dun(found, now=now) == Decision(found)
    decision = dun(found, now=on(7, 4))
    assert decision.events == (SubscriptionTerminated(subscription="web", by="ana", at=on(7, 4)),)
    assert dun(decision.state, now=on(8, 1)) == Decision(decision.state)


def test_a_run_that_comes_late_takes_the_last_step_alone() -> None:
    assert told(dun(billed(), now=on(12, 1))) == ["SubscriptionTerminated"]


def test_what_is_paid_in_time_is_not_dunned() -> None:
    found = pay(billed(), P2, now=on(6, 10)).state
    assert dun(found, now=on(7, 1)) == Decision(found)


def test_a_late_payment_gives_access_again_without_moving_the_due_dates() -> None:
    found = dun(billed(), now=on(6, 11)).state
    assert not lib.can_use(found.account, "web", now=on(6, 11))
    decision = pay(found, P2, now=on(6, 12))
    assert told(decision)[:3] == ["BillPaid", "TurnsSettled", "SubscriptionReinstated"]
    assert lib.can_use(decision.state.account, "web", now=on(6, 12))
    assert [one.due for one in bill(decision.state, now=on(6, 20)).state.account.due] == [date(2026, 7, 4)]


def test_what_was_ended_stays_ended_when_it_is_paid() -> None:
    found = pay(dun(billed(), now=on(7, 4)).state, P2, now=on(7, 5)).state
    assert web(found).state is SubscriptionState.TERMINATED
    assert found.account.due == ()


def test_each_reminder_is_sent_once_and_a_late_run_sends_the_last_alone() -> None:
    found, sent = billed(dunning=REMINDING), list[Any]()
    for day in (6, 7, 7, 8, 9, 10):
        decision = dun(found, now=on(6, day))
        found, sent = decision.state, [*sent, (day, reminded(decision))]
    assert sent == [(6, []), (7, [(P2, 3)]), (7, []), (8, []), (9, [(P2, 5)]), (10, [])]
    late = dun(billed(dunning=REMINDING), now=on(6, 10))
    assert reminded(late) == [(P2, 5)]
    assert late.state.account.bills[P2].reminded == 5


def test_nobody_is_reminded_of_a_first_payment_or_of_what_has_ended() -> None:
    assert dun(ordered(dunning=REMINDING), now=on(6, 1)).events == ()
    ended = cancel(billed(dunning=REMINDING), now=on(6, 5)).state
    assert dun(ended, now=on(6, 8)).events == ()


def test_each_bill_is_reminded_of_by_itself() -> None:
    forgiving = DunningPolicy(steps=(DunningStep(after_days=3, action=DunningAction.REMIND),))
    found = dun(billed(dunning=forgiving), now=on(6, 7)).state
    found = bill(found, now=on(6, 20)).state
    assert reminded(dun(found, now=on(7, 6))) == []
    assert reminded(dun(found, now=on(7, 7))) == [(P3, 3)]


@pytest.mark.parametrize(
    ("days", "sent"), [((2, 4), []), ((5,), []), ((4, 6), [(P2, 6)]), ((4, 8), [(P2, 8)]), ((), [])], ids=str
)
def test_another_policy_reminds_only_of_later_days_than_were_reminded_of(
    days: tuple[int, ...], sent: list[tuple[str, int]]
) -> None:
    found = dun(billed(dunning=REMINDING), now=on(6, 9)).state
    steps = tuple(DunningStep(after_days=one, action=DunningAction.REMIND) for one in days)
    found = _configured(found, DunningPolicy(steps=steps))
    assert reminded(dun(found, now=on(6, 12))) == sent


def _configured(found: Books, policy: DunningPolicy) -> Books:
    settings = evolve(found.account.settings, dunning=policy)
    return evolve(found, account=lib.configure(found.account, settings, by=ANA, now=on(6, 9)).state)


def test_a_policy_that_changes_meanwhile_holds_from_the_next_run_on() -> None:
    strict = DunningPolicy(steps=(DunningStep(after_days=1, action=DunningAction.TERMINATE),))
    mild = DunningPolicy(steps=())
    suspended = dun(billed(), now=on(6, 11)).state
    assert told(dun(_configured(billed(), strict), now=on(6, 5))) == ["SubscriptionTerminated"]
    assert dun(_configured(billed(), mild), now=on(12, 1)).events == ()
    assert dun(_configured(suspended, mild), now=on(12, 1)).events == ()
    assert told(pay(_configured(suspended, mild), P2, now=on(6, 12)))[2] == "SubscriptionReinstated"


def test_each_subscription_is_dunned_by_itself_by_id() -> None:
    both = pay(order(running(), "app").state, P2).state
    found = bill(both, now=on(5, 20)).state
    assert [one.subscription for one in dun(found, now=on(6, 11)).events] == ["app", "web"]  # type: ignore[union-attr]
    paid = pay(found, P3, now=on(6, 10)).state
    assert [one.subscription for one in dun(paid, now=on(6, 11)).events] == ["web"]  # type: ignore[union-attr]


def test_the_steps_that_are_due_say_which_pools_give_their_licenses_back() -> None:
    found = bill(pay(order(books(), pools=frozenset({"p2", "p1"})).state).state, now=on(5, 20)).state
    assert released(found, now=on(6, 11)) == ()
    assert released(found, now=on(7, 4)) == ("p1", "p2")
    assert released(dun(found, now=on(7, 4)).state, now=on(7, 5)) == ()


def released(found: Books, now: datetime) -> tuple[str, ...]:
    return lib.pools_to_release(dun(found, now=now), now=now)


def test_a_pool_that_two_subscriptions_pay_for_is_named_once() -> None:
    release = DunningPolicy(
        steps=(DunningStep(after_days=2, action=DunningAction.SUSPEND, holdings=HoldingsEffect.RELEASE),)
    )
    found = pay(order(books(dunning=release), pools=frozenset({"p1"})).state).state
    found = pay(order(found, "app", pools=frozenset({"p1"})).state, P2).state
    billed_both = bill(found, now=on(5, 20)).state
    assert released(billed_both, now=on(6, 6)) == ("p1",)
    assert released(pay(billed_both, P3, now=on(6, 2)).state, now=on(6, 6)) == ()


# Any number of times, in any order


def test_jobs_that_fail_and_then_succeed_charge_and_bill_each_period_once() -> None:
    found, paid = running(automatic_debit=True, dunning=REMINDING), []
    for day in range(1, 60):
        now = datetime.fromordinal(date(2026, 5, 10).toordinal() + day).replace(hour=9, tzinfo=MAY.tzinfo)
        for job in (dun, _billed, dun, _billed):
            found = job(found, now=now).state
        for one in lib.charges_due(found.account, now=now):
            if now.day % 3:
                found = failed(found, one.document, now=now).state
            else:
                paid.append((one.document, str(one.amount), now.date()))
                found = pay(found, one.document, paid=one.amount, now=now).state
    assert paid == [(P2, "30.00 EUR", date(2026, 6, 6)), (P3, "30.00 EUR", date(2026, 7, 6))]
    assert {name: status for name, (_, _, status) in shown(found).items()} == {P1: "paid", P2: "paid", P3: "paid"}


def _billed(found: Books, *, now: datetime) -> BooksDecision:
    return bill(found, now=now)


def test_a_blocked_customer_is_billed_charged_and_dunned_on() -> None:
    found = running(automatic_debit=True)
    found = evolve(found, account=lib.block(found.account, "abuse", by=ANA, now=MAY).state)
    found = bill(found, now=on(5, 20)).state
    assert charges(found, now=DUE) == [(P2, "30.00 EUR")]
    assert told(dun(found, now=on(6, 11))) == ["SubscriptionSuspended"]


CALLS: list[tuple[Callable[..., Any], dict[str, Any]]] = [
    (lib.bill_due, {"books": books(), "by": ANA, "now": MAY}),
    (lib.dun, {"books": books(), "by": ANA, "now": MAY}),
    (lib.note_failed_debit, {"books": billed(), "document": P2, "by": ANA, "now": MAY}),
    (lib.charges_due, {"account": acme(), "now": MAY}),
    (lib.pools_to_release, {"dunned": lib.dun(books(), by=ANA, now=MAY), "now": MAY}),
]


@pytest.mark.parametrize(("job", "given"), CALLS, ids=lambda one: getattr(one, "__name__", ""))
def test_a_job_does_not_run_with_a_bad_argument(job: Callable[..., Any], given: dict[str, Any]) -> None:
    bad = {"books": None, "account": None, "dunned": None, "document": 1, "by": "ana", "now": NAIVE}
    job(**given)
    for name in given:
        with pytest.raises(InvalidArgument) as refused:
            job(**{**given, name: bad[name]})
        assert refused.value.parameter == name


def test_a_question_about_dunning_agrees_with_the_job() -> None:
    assert lib.can_dun(billed(), by=ANA, now=on(6, 11))


def test_a_late_job_releases_what_a_step_that_it_skips_would_have_released() -> None:
    steps = (
        DunningStep(after_days=7, action=DunningAction.SUSPEND, holdings=HoldingsEffect.RELEASE),
        DunningStep(after_days=30, action=DunningAction.TERMINATE),
    )
    found = billed(dunning=DunningPolicy(steps=steps))
    web = found.account.subscriptions["web"]
    named = {"web": evolve(web, pools=frozenset({"p1"}))}
    found = evolve(found, account=evolve(found.account, subscriptions=named))
    assert released(found, now=on(6, 3)) == ()
    assert released(found, now=on(7, 30)) == ("p1",)
