"""Who may do what with customers, subscriptions and bills; and that an administrator gets nothing for nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import attrs
import pytest

from licensing_core import services
from licensing_core.directory import Permission, PermissionMissing
from licensing_core.entitlements import ClientBlocked, PlanNotInForce
from licensing_core.money import Money
from licensing_core.plans import Renewal
from licensing_core.protocols import Store
from licensing_core.services import (
    BooksChanged,
    ChangeServicePlan,
    Command,
    ConvertTrial,
    Licensing,
    MayUseSubscription,
    OpenCredits,
    OpenUsage,
    OrderPack,
    Query,
    RefundCredit,
    RenewSubscription,
    UnblockCustomer,
    UseLimit,
    WithdrawCancellation,
)
from licensing_core.subscriptions import EndOf
from tests.client_commands import (
    bill,
    bills,
    block,
    cancel,
    cancel_now,
    card,
    configure,
    days_later,
    dun,
    order,
    pay,
    person,
    states,
    subscribed,
)
from tests.service_samples import JUNE, NEEDS
from tests.service_world import NOON, Checked, Clock, changed, host, known, of, refused, snapshot, to

MISSING = PermissionMissing(permission=Permission.ACCOUNTS_MANAGE)
BY_STAFF = (
    services.AddCustomer,
    services.BlockCustomer,
    services.UnblockCustomer,
    services.ConfigureCustomer,
    services.FindCustomers,
    services.ListCustomers,
    services.ReadDashboard,
    services.OrderSubscription,
    services.PayBill,
    services.BillCustomer,
    services.ListCharges,
    services.NoteFailedDebit,
    services.DunCustomer,
    services.OpenCredit,
    services.RefundCredit,
    services.QuoteChange,
    services.ChangeSubscription,
    services.WithdrawChange,
    services.AlignSubscription,
    services.PauseSubscription,
    services.ResumeSubscription,
    services.ImportCustomer,
    services.ImportSubscription,
)
BY_ITS_ADMINISTRATOR_TOO = (
    services.AddPerson,
    services.RemovePerson,
    services.KeepCard,
    services.ReadCard,
    services.ReadCustomer,
    services.ListPeople,
    services.ListSubscriptions,
    services.ListBills,
    services.ListNotices,
    services.MayUseSubscription,
    services.CancelSubscription,
    services.WithdrawCancellation,
    services.RenewSubscription,
    services.ConvertTrial,
)
"""Of its own customer; by nobody else without the permission."""
CASES = pytest.mark.parametrize("kind", [*BY_STAFF, *BY_ITS_ADMINISTRATOR_TOO], ids=lambda kind: kind.__name__)


def tried(licensing: Licensing, asked: Query[Any]) -> object:
    """What it would be answered with."""
    return licensing.preview(asked) if isinstance(asked, Command) else licensing.run(asked)


@CASES
def test_who_may(furnished: Store, clock: Clock, kind: type[Query[Any]]) -> None:
    """The superadmin, a power user with the permission, and here and there the administrator of this very customer."""
    asked, needed = NEEDS[kind]
    assert needed is not None
    clock.now += timedelta(days=20 if kind in JUNE else 0)
    licensing = Licensing(furnished, host(), clock)
    own = {"a1": "chief", "a2": "other"}.get(getattr(asked, "customer", ""), "chief")
    both = {"chief", "other"}
    allowed = {"root", "boss"} | ({own} if kind in BY_ITS_ADMINISTRATOR_TOO else set())
    before = snapshot(furnished)
    for actor in ("root", "boss", *sorted(both), "helper", "mia", "u1", "nobody"):
        sent: Query[Any] = attrs.evolve(asked, actor=actor)  # type: ignore[call-arg]
        if actor in allowed:
            tried(licensing, sent)
        else:
            assert refused(tried, licensing, sent) == PermissionMissing(permission=needed)
    assert snapshot(furnished) == before


@CASES
def test_what_is_not_there_is_told_to_who_may_and_to_nobody_else(
    furnished: Store, clock: Clock, kind: type[Query[Any]]
) -> None:
    """To others the customer of somebody else and one that there is not are alike, and so are two tenants."""
    asked: Any = NEEDS[kind][0]
    needed = NEEDS[kind][1]
    licensing = Licensing(furnished, host(), clock)
    theirs = Licensing(furnished, host("globex"), clock)
    foreign: Any = attrs.evolve(asked, tenant="globex")
    if kind not in (services.AddCustomer, services.ImportCustomer) and hasattr(asked, "customer"):
        for where, one in ((licensing, attrs.evolve(asked, customer="a9")), (theirs, foreign)):
            assert refused(tried, where, one).code == "client.unknown"
    for actor in ("chief", "other", "mia"):
        assert refused(tried, theirs, attrs.evolve(foreign, actor=actor)) == PermissionMissing(permission=needed)  # type: ignore[arg-type]


def test_every_command_and_query_of_customers_is_in_one_of_the_lists() -> None:
    rooms = ("clients", "bills", "subscriptions")
    found = {kind for kind in NEEDS if kind.__module__.rpartition(".")[2] in rooms}
    listed = {*BY_STAFF, *BY_ITS_ADMINISTRATOR_TOO}
    assert found - listed == {services.ReadPanel}, "which is for the administrator alone"


# The administrator


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """A customer a1 whose main administrator is *chief*, with a subscription *web* that is paid for a month."""
    known(store)
    known(store, "a2", plan=None)
    made = Checked(store, clock=clock)
    subscribed(made)
    return made


def renew(name: str = "hand", key: str = "renew", actor: str = "chief") -> RenewSubscription:
    return RenewSubscription(subscription=name, **to(key, actor=actor))


def take_back(name: str = "web", key: str = "back", actor: str = "chief") -> WithdrawCancellation:
    return WithdrawCancellation(subscription=name, **to(key, actor=actor))


def usable(licensing: Licensing, name: str = "web") -> bool:
    return bool(licensing.run(MayUseSubscription(subscription=name, **of(actor="chief"))))


def test_it_cancels_for_what_is_paid_or_now_and_takes_it_back(licensing: Licensing) -> None:
    licensing.run(cancel(actor="chief"))
    licensing.run(take_back())
    licensing.run(cancel_now(key="now", actor="chief"))
    assert states(licensing) == {"web": "cancelled"}


@pytest.mark.parametrize(
    "more",
    [
        {"credit": True},
        {"access": EndOf.NOW, "credit": True},
        {"billing": EndOf.NOW},
        {"billing": EndOf.TERM},
        {"access": NOON + timedelta(days=300), "billing": EndOf.NOW},
        {"access": NOON + timedelta(days=300)},
        {"access": NOON + timedelta(days=3)},
    ],
    ids=str,
)
def test_credit_and_ends_of_its_own_choice_take_the_permission(
    licensing: Licensing, store: Store, more: dict[str, Any]
) -> None:
    command = cancel(key="k", actor="chief", **more)
    before = snapshot(store)
    assert refused(licensing.run, command) == MISSING
    licensing.run(block())
    assert refused(licensing.run, command) == MISSING, "before the block"
    licensing.run(UnblockCustomer(cause="unpaid", **to("free")))
    assert licensing.run(attrs.evolve(command, actor="boss", key="staff")).subscriptions
    assert changed(before, snapshot(store))


@pytest.mark.parametrize(
    "send",
    [
        lambda: cancel(key="k", actor="chief"),
        lambda: take_back("leaving", "k"),
        lambda: renew(key="k"),
        lambda: ConvertTrial(subscription="tried", **to("k", actor="chief")),
        lambda: person("leo", key="k", actor="chief"),
        lambda: services.RemovePerson(person="mia", **to("k", actor="chief")),
    ],
    ids=["cancel", "take back", "renew", "convert", "add somebody", "remove somebody"],
)
def test_while_it_is_blocked_it_does_nothing_of_this(
    licensing: Licensing, store: Store, send: Callable[[], Command[Any]]
) -> None:
    licensing.run(person("mia"))
    subscribed(licensing, "hand", renewal=Renewal.MANUAL)
    subscribed(licensing, "leaving")
    licensing.run(cancel("leaving", "leave"))
    licensing.run(order("tried", asked={"trial_ends": NOON + timedelta(days=9)}))
    licensing.preview(send())
    licensing.run(block("abuse"))
    before = snapshot(store)
    assert refused(licensing.run, send()) == ClientBlocked(causes=("abuse",))
    assert snapshot(store) == before


# Nothing for nothing


def test_to_cancel_and_take_it_back_spares_no_period(licensing: Licensing, clock: Clock) -> None:
    """The proforma that is void comes again, due on the same day, so that it is suspended on the same day."""
    days_later(clock, 20)
    licensing.run(bill("ahead"))
    for number in range(3):
        licensing.run(cancel(key=f"c{number}", actor="chief"))
        licensing.run(take_back(key=f"b{number}"))
    days_later(clock, 35)
    late = licensing.run(bill("late"))
    assert [str(row.due) for row in late.bills] == ["2026-06-16"]
    days_later(clock, 38)
    assert licensing.run(dun("d1")).suspended == ("web",)
    assert not usable(licensing)


def test_what_is_owed_is_not_escaped_by_a_cancellation(licensing: Licensing, clock: Clock) -> None:
    days_later(clock, 20)
    licensing.run(bill("ahead"))
    days_later(clock, 35)
    answer = licensing.run(cancel(actor="chief"))
    assert (answer.voided, states(licensing), bills(licensing)["P-000002"]) == ((), {"web": "cancelled"}, "unpaid")
    assert refused(licensing.run, take_back()).code == "service.ended"
    assert not usable(licensing)


def test_who_renews_without_paying_is_suspended_and_renews_no_more(licensing: Licensing, clock: Clock) -> None:
    subscribed(licensing, "hand", renewal=Renewal.MANUAL)
    days_later(clock, 60)
    licensing.run(renew())
    days_later(clock, 67)
    assert licensing.run(dun("d1")).suspended == ("hand",)
    assert refused(licensing.run, renew(key="again")).code == "service.wrong_state"
    days_later(clock, 90)
    licensing.run(dun("d2"))
    for command in (renew(key="more"), ConvertTrial(subscription="hand", **to("convert", actor="chief"))):
        assert refused(licensing.run, command).code == "service.ended"


def test_who_turns_a_trial_into_a_subscription_owes_for_it(licensing: Licensing, clock: Clock) -> None:
    licensing.run(order("tried", asked={"trial_ends": NOON + timedelta(days=9), "converts": False}))
    convert = ConvertTrial(subscription="tried", **to("convert", actor="chief"))
    days_later(clock, 10)
    assert licensing.run(convert).issued == ("proforma:2",)
    assert refused(licensing.run, attrs.evolve(convert, key="again")).code == "service.wrong_state"
    days_later(clock, 17)
    assert licensing.run(dun("d1")).suspended == ("tried",)


def test_it_gives_itself_no_credit_and_pays_no_bill_by_saying_so(licensing: Licensing) -> None:
    licensing.run(order("mail"))
    amount = Money.parse("5.00 EUR")
    for command in (
        pay("proforma:2", "k"),
        services.OpenCredit(amount=amount, **to("k")),
        RefundCredit(amount=amount, **to("k")),
        configure("k", administrator="chief", choices=frozenset({"basic", "huge"})),
        UnblockCustomer(cause="unpaid", **to("k")),
        card("k", person=None, email="it@a2.example"),
    ):
        assert refused(licensing.run, attrs.evolve(command, actor="chief")) == MISSING


def test_who_owes_for_its_plan_chooses_no_other_that_it_would_use_on(
    licensing: Licensing, store: Store, clock: Clock
) -> None:
    licensing.run(OpenUsage(plan=None, **to("usage")))
    choose = ChangeServicePlan(plan="tiny", **to("k", actor="chief"))
    subscribed(licensing, "plan", item="basic", every="P1W")
    licensing.run(bill("ahead"))
    days_later(clock, 14)
    licensing.run(dun("d1"))
    assert states(licensing)["plan"] == "suspended"
    before = snapshot(store)
    assert refused(licensing.run, choose) == PlanNotInForce(plan="basic")
    assert refused(licensing.run, attrs.evolve(choose, plan="basic")) == MISSING, "which is asked before"
    assert snapshot(store) == before
    days_later(clock, 40)
    licensing.run(dun("d2"))
    assert refused(licensing.run, choose) == PlanNotInForce(plan="basic"), "after its end, too"
    assert licensing.run(attrs.evolve(choose, actor="boss", key="staff")).fits
    assert licensing.run(UseLimit(limit="users", **to("use"))).row.used == 1


@pytest.mark.parametrize("ended", [cancel_now("plan", actor="chief"), None], ids=["cancelled", "expired"])
def test_who_owes_nothing_chooses_another_plan_when_that_it_subscribed_to_is_over(
    licensing: Licensing, clock: Clock, ended: Command[Any] | None
) -> None:
    subscribed(licensing, "plan", item="basic", renewal=Renewal.NONE)
    if ended is not None:
        licensing.run(ended)
    days_later(clock, 40)
    assert states(licensing)["plan"] == ("expired" if ended is None else "cancelled")
    assert licensing.run(ChangeServicePlan(plan="tiny", **to("k", actor="chief"))).fits


def test_a_person_of_a_customer_has_no_rights_here_whatever_its_permissions_are_called(licensing: Licensing) -> None:
    """Their names have a meaning to the host alone."""
    licensing.run(person("mia", *(one.value for one in Permission), actor="chief"))
    licensing.run(OpenCredits(**to("credits")))
    for asked in (cancel(actor="mia"), OrderPack(pack="small", order="o1", **to("k", actor="mia")), renew(actor="mia")):
        assert isinstance(refused(licensing.run, asked), PermissionMissing)


def test_one_who_has_the_permission_beside_is_not_hindered_by_the_block(licensing: Licensing) -> None:
    licensing.run(configure("both", administrator="boss"))
    licensing.run(block())
    assert licensing.run(cancel()) != BooksChanged()
