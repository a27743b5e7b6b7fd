"""Use cases of subscriptions over every store: changed, renewed, paused, aligned and cancelled, with their bills."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
import pytest

from licensing_core.accounts import BillStatus, UnknownCustomer, UnknownSubscription
from licensing_core.billing import ItemChange, QuoteChanged, When
from licensing_core.checks import InvalidArgument
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import Renewal
from licensing_core.pricing import FlatPrice
from licensing_core.protocols import Store
from licensing_core.services import (
    AlignSubscription,
    BooksChanged,
    Command,
    ConvertTrial,
    Licensing,
    ListSubscriptions,
    PauseSubscription,
    QuoteChange,
    ReadPanel,
    RenewSubscription,
    ResumeSubscription,
    WithdrawCancellation,
    WithdrawChange,
)
from licensing_core.subscriptions import BillingBehind, EndOf, EndsAlready, NotCancelled, NotRenewed, SubscriptionEnded
from tests.client_commands import (
    ZONE,
    bill,
    bills,
    cancel,
    cancel_now,
    change,
    days_later,
    order,
    pay,
    states,
    subscribed,
)
from tests.service_world import NOON, Checked, Clock, changed, known, of, refused, snapshot, to

TWO = ItemChange(price=FlatPrice(Money.parse("20.00 EUR")))
JUNE_1 = Cycle(date(2026, 6, 1), Duration(months=1), ZONE)
END = datetime(2026, 6, 15, 22, tzinfo=UTC)
"""Where the first month ends: a midnight of Madrid."""


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """There is a customer a1, with a subscription *web* that is paid for a month."""
    known(store)
    made = Checked(store, clock=clock)
    subscribed(made)
    return made


def on(name: str = "web", key: str = "k", actor: str = "boss") -> dict[str, Any]:
    return {"subscription": name, **to(key, actor=actor)}


def ends(licensing: Licensing, name: str = "web") -> date | None:
    rows = licensing.run(ListSubscriptions(**of())).rows
    return next(row.ends for row in rows if row.subscription == name)


def in_credit(licensing: Licensing) -> list[str]:
    return [str(one) for one in licensing.run(ReadPanel(**of(actor="chief"))).balances]


# Cancelled


def test_it_ends_with_what_is_paid_for_or_now(licensing: Licensing, clock: Clock) -> None:
    answer = licensing.run(cancel())
    assert [(row.state.value, row.ends) for row in answer.subscriptions] == [("active", date(2026, 6, 16))]
    clock.now = END
    assert states(licensing) == {"web": "cancelled"}
    clock.now = NOON
    subscribed(licensing, "mail")
    licensing.run(cancel_now("mail", "now"))
    assert states(licensing)["mail"] == "cancelled"


def test_what_will_not_be_delivered_is_void_and_what_is_paid_beyond_stays_paid(
    licensing: Licensing, clock: Clock
) -> None:
    days_later(clock, 20)
    licensing.run(bill("ahead"))
    answer = licensing.run(cancel())
    assert (answer.voided, bills(licensing)) == (("proforma:2",), {"F-000001": "paid", "P-000002": "void"})
    assert (ends(licensing), in_credit(licensing)) == (date(2026, 6, 16), [])


def test_what_was_charged_beyond_is_given_back_where_it_is_said(licensing: Licensing, clock: Clock) -> None:
    days_later(clock, 0)
    answer = licensing.run(cancel(access=EndOf.NOW, credit=True))
    assert (answer.issued, in_credit(licensing)) == (("credit_note:1",), ["10.00 EUR"])
    taken_back = WithdrawCancellation(**on())
    assert refused(licensing.run, taken_back).code == "service.ended"


def test_access_and_billing_end_apart(licensing: Licensing, clock: Clock) -> None:
    until = END + timedelta(days=60)
    licensing.run(cancel(access=until, billing=EndOf.TERM))
    assert ends(licensing) == date(2026, 8, 15)
    days_later(clock, 35)
    assert licensing.run(bill("b1")) == BooksChanged()
    assert states(licensing) == {"web": "active"}


def test_an_earlier_end_replaces_a_later_one_and_not_the_other_way_round(licensing: Licensing, store: Store) -> None:
    licensing.run(cancel())
    before = snapshot(store)
    assert licensing.run(cancel(key="again")) == BooksChanged()
    assert not changed(before, snapshot(store))
    later = cancel(key="later", access=END + timedelta(days=1))
    assert refused(licensing.run, later) == EndsAlready()
    licensing.run(cancel(key="earlier", access=END - timedelta(days=9)))
    assert ends(licensing) == date(2026, 6, 7)


def test_a_cancellation_is_taken_back_before_it_takes_effect(licensing: Licensing, clock: Clock) -> None:
    days_later(clock, 20)
    licensing.run(bill("ahead"))
    licensing.run(cancel())
    licensing.run(WithdrawCancellation(**on(key="back")))
    assert ends(licensing) is None
    assert licensing.run(bill("anew")).issued == ("proforma:3",), "its period is billed again"
    assert refused(licensing.run, WithdrawCancellation(**on())) == NotCancelled(subscription="web")


# Changed


def test_a_change_now_is_charged_as_it_was_quoted(licensing: Licensing, clock: Clock) -> None:
    days_later(clock, 15)
    quote = licensing.run(QuoteChange(subscription="web", change=TWO, **of()))
    assert [str(line.amount) for line in quote.lines] == ["5.16 EUR", "10.32 EUR"]
    other = attrs.evolve(TWO, price=FlatPrice(Money.parse("21.00 EUR")))
    assert isinstance(refused(licensing.run, change("k1", change=other, confirmed=quote)), QuoteChanged)
    answer = licensing.run(change("k1", change=TWO, confirmed=quote))
    assert [(row.number, str(row.outstanding)) for row in answer.bills if row.status is BillStatus.UNPAID] == [
        ("P-000002", "5.16 EUR")
    ]
    assert [str(row.price) for row in answer.subscriptions] == ["20.00 EUR"]


def test_a_change_that_changes_nothing_takes_no_number(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    same = ItemChange(price=FlatPrice(Money.parse("10.00 EUR")))
    assert licensing.run(change("k1", change=same)) == BooksChanged()
    assert not changed(before, snapshot(store))


def test_what_was_billed_ahead_is_billed_anew_as_changed(licensing: Licensing, clock: Clock) -> None:
    days_later(clock, 20)
    licensing.run(bill("ahead"))
    answer = licensing.run(change("k1", change=TWO, effective=When.END_OF_PERIOD))
    assert answer.voided == ("proforma:2",)
    assert [str(row.total) for row in licensing.run(bill("anew")).bills] == ["20.00 EUR"]


def test_a_change_that_waits_has_the_id_it_is_given_or_the_key_of_its_command(
    licensing: Licensing, clock: Clock
) -> None:
    licensing.run(change("k1", change=TWO, effective=When.END_OF_PERIOD, change_id="dearer"))
    licensing.run(change("k2", change=attrs.evolve(TWO, item="pro"), effective=NOON + timedelta(days=10)))
    taken = change("k3", change=TWO, effective=When.END_OF_PERIOD, change_id="k2")
    assert isinstance(refused(licensing.run, taken), InvalidArgument)
    licensing.run(WithdrawChange(change_id="dearer", **on(key="w1")))
    licensing.run(WithdrawChange(change_id="k2", **on(key="w2")))
    assert refused(licensing.run, WithdrawChange(change_id="k2", **on(key="w3"))).code == "item.nothing_scheduled"
    days_later(clock, 20)
    assert [str(row.total) for row in licensing.run(bill("b1")).bills] == ["10.00 EUR"]


def test_what_is_on_trial_is_changed_without_a_bill(licensing: Licensing) -> None:
    licensing.run(order("tried", asked={"trial_ends": NOON + timedelta(days=9)}))
    answer = licensing.run(change("k1", "tried", change=TWO))
    assert [str(row.price) for row in answer.subscriptions] == ["20.00 EUR"]
    assert answer.bills == ()
    quoting = QuoteChange(subscription="tried", change=TWO, **of())
    assert refused(licensing.run, quoting).code == "service.wrong_state"


def test_a_change_after_a_period_that_is_not_billed_waits_for_the_billing(licensing: Licensing, clock: Clock) -> None:
    days_later(clock, 40)
    for asked in (change("k1", change=TWO), QuoteChange(subscription="web", change=TWO, **of())):
        assert refused(licensing.run, asked) == BillingBehind(subscription="web", due=END)


# Renewed, converted


def test_what_renews_by_hand_is_renewed_early_or_late_and_no_day_is_lost(licensing: Licensing, clock: Clock) -> None:
    subscribed(licensing, "hand", renewal=Renewal.MANUAL)
    early = licensing.run(RenewSubscription(**on("hand", "early")))
    assert [row.due for row in early.bills] == [date(2026, 6, 16)]
    licensing.run(pay(early.issued[0]))
    days_later(clock, 70)
    assert states(licensing)["hand"] == "expired"
    late = licensing.run(RenewSubscription(**on("hand", "late")))
    assert [row.due for row in late.bills] == [clock.now.date()]
    assert refused(licensing.run, RenewSubscription(**on("web"))) == NotRenewed(subscription="web")


def test_a_trial_is_turned_into_a_subscription_that_is_paid_for(licensing: Licensing, clock: Clock) -> None:
    licensing.run(order("tried", asked={"trial_ends": NOON + timedelta(days=9), "converts": False}))
    answer = licensing.run(ConvertTrial(**on("tried")))
    assert (answer.issued, states(licensing)["tried"]) == (("proforma:2",), "active")
    assert refused(licensing.run, ConvertTrial(**on("web", "k2"))).code == "service.wrong_state"


# Paused, aligned


def test_a_pause_gives_back_what_is_not_used_and_it_goes_on_with_a_whole_period(
    licensing: Licensing, clock: Clock
) -> None:
    days_later(clock, 15)
    paused = licensing.run(PauseSubscription(**on(key="p1")))
    assert (paused.issued, states(licensing), in_credit(licensing)) == (
        ("credit_note:1",),
        {"web": "paused"},
        ["5.16 EUR"],
    )
    days_later(clock, 100)
    assert licensing.run(bill("b1")) == BooksChanged()
    resumed = licensing.run(ResumeSubscription(**on(key="r1")))
    assert [str(row.outstanding) for row in resumed.bills] == ["4.84 EUR"], "what is in credit pays first"
    assert (states(licensing), in_credit(licensing)) == ({"web": "active"}, [])


def test_the_next_period_runs_to_a_common_date_only(licensing: Licensing, clock: Clock) -> None:
    licensing.run(AlignSubscription(cycle=JUNE_1, **on(key="a1")))
    days_later(clock, 20)
    assert [(str(row.total), row.due) for row in licensing.run(bill("b1")).bills] == [("5.00 EUR", date(2026, 6, 16))]
    elsewhere = AlignSubscription(cycle=attrs.evolve(JUNE_1, zone="UTC"), **on(key="a2"))
    assert isinstance(refused(licensing.run, elsewhere), InvalidArgument)


# Refused


EACH: tuple[Command[Any], ...] = (
    cancel(key="k"),
    WithdrawCancellation(**on()),
    change("k", change=TWO),
    change("k", change=TWO, effective=When.END_OF_PERIOD),
    WithdrawChange(change_id="c1", **on()),
    RenewSubscription(**on()),
    ConvertTrial(**on()),
    PauseSubscription(**on()),
    ResumeSubscription(**on()),
    AlignSubscription(cycle=JUNE_1, **on()),
)
CASES = pytest.mark.parametrize("command", EACH, ids=[type(one).__name__ for one in EACH])


@CASES
def test_an_unknown_customer_is_refused_before_an_unknown_subscription(
    licensing: Licensing, store: Store, command: Any
) -> None:
    before = snapshot(store)
    unknown = attrs.evolve(command, subscription="fax")
    assert refused(licensing.run, unknown) == UnknownSubscription(customer="a1", subscription="fax")
    assert refused(licensing.run, attrs.evolve(unknown, customer="a9")) == UnknownCustomer(customer="a9")
    assert snapshot(store) == before


@CASES
def test_of_what_has_ended_nothing_becomes_any_more(licensing: Licensing, store: Store, command: Any) -> None:
    licensing.run(cancel_now())
    before = snapshot(store)
    assert refused(licensing.run, command) == SubscriptionEnded(subscription="web", state="cancelled")
    assert licensing.may(command).code == "service.ended"
    assert snapshot(store) == before


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"change": ItemChange(quantity=0)}, InvalidArgument),
        ({"change": ItemChange(price=FlatPrice(Money.parse("1.00 USD")))}, LicensingError),
        ({"change": TWO, "effective": NOON}, InvalidArgument),
    ],
    ids=["no quantity", "another currency", "an instant that is past"],
)
def test_a_change_that_cannot_be_is_refused(
    licensing: Licensing, store: Store, asked: dict[str, Any], refusal: type[LicensingError]
) -> None:
    before = snapshot(store)
    assert isinstance(refused(licensing.run, change("k", **asked)), refusal)
    assert snapshot(store) == before
