"""Use cases of customers over every store: added, put on a plan, blocked, with people, listed, and their dashboard."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import attrs
import pytest

from licensing_core import limits
from licensing_core.accounts import (
    PLAIN_SETTINGS,
    AccountSettings,
    BillStatus,
    CustomerExists,
    CustomerRow,
    CustomerStatus,
    Dashboard,
    InvalidEmail,
    NotBlocked,
    PersonAdded,
    UnknownCustomer,
)
from licensing_core.adapters.hosts import StaticHost
from licensing_core.checks import InvalidArgument
from licensing_core.dunning import DunningPolicy
from licensing_core.entitlements import ClientBlocked
from licensing_core.limits import PlanFit, UnknownPlan
from licensing_core.money import Money
from licensing_core.protocols import AggregateKind, Store
from licensing_core.services import (
    ChangeServicePlan,
    ConfigureCustomer,
    Licensing,
    ListCustomers,
    ListPeople,
    OpenUsage,
    PreviewServicePlan,
    ReadCustomer,
    ReadDashboard,
    ReadPanel,
    ReadUsage,
    RecountLimit,
    RemovePerson,
    UnblockCustomer,
)
from tests.client_commands import block, configure, order, pay, person, subscribed
from tests.service_world import (
    BOSS,
    NOON,
    TENANT,
    TRIED,
    Checked,
    Clock,
    add,
    events_of,
    host,
    known,
    of,
    refused,
    replayed,
    snapshot,
    to,
)

ASKED: dict[str, Any] = {"tenant": TENANT, "actor": "boss"}


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    """There is a customer a1 on the plan *basic*."""
    known(store)
    return Checked(store, clock=clock)


def row(customer: str = "a1", **more: Any) -> CustomerRow:
    given = {"plan": "basic", "status": CustomerStatus.ACTIVE, "blocks": (), "trial_ends": None, "users": 0}
    return CustomerRow(customer=customer, **{**given, **more})


def history(store: Store, customer: str = "a1") -> list[str]:
    return events_of(store, customer, AggregateKind.CUSTOMERS)


# Added


def test_a_customer_is_added_without_users_on_its_plan_and_its_trial(store: Store) -> None:
    trying = Checked(store, host(service_plans=TRIED))
    on_trial = row(status=CustomerStatus.TRIAL, trial_ends=NOON + timedelta(days=1))
    assert trying.run(add()) == on_trial
    assert trying.run(ReadCustomer(**of())) == on_trial
    assert trying.run(add("a2", None)) == row("a2", plan=None)


def test_the_refusals_of_a_new_customer_come_in_order(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    bad = attrs.evolve(add(plan="huge"), key="k", email="nobody")
    assert refused(licensing.run, bad) == CustomerExists(customer="a1")
    assert refused(licensing.run, attrs.evolve(bad, customer="a9")) == UnknownPlan(plan="huge")
    invalid = refused(licensing.run, attrs.evolve(bad, customer="a9", plan=None))
    assert invalid == InvalidEmail(parameter="email", expected="something, one @, something", got="str of 6 characters")
    assert snapshot(store) == before


@pytest.mark.parametrize("email", [None, 7, "a@" + "b" * 400], ids=["none", "a number", "too long"])
def test_what_can_be_no_address_is_refused_at_the_door(email: Any) -> None:
    with pytest.raises(InvalidEmail):
        attrs.evolve(add(), email=email)


def test_a_customer_is_counted_in_the_zone_of_its_tenant(licensing: Licensing, store: Store) -> None:
    with store.begin() as work:
        stored = work.customer(TENANT, "a1", (), ())
    assert stored is not None
    assert (stored.state.zone, stored.version) == ("Europe/Madrid", 1)


# Blocked


def test_blocks_of_different_causes_stack_and_are_lifted_alone(licensing: Licensing, store: Store) -> None:
    licensing.run(block("unpaid"))
    both = licensing.run(block("abuse"))
    assert both == row(status=CustomerStatus.BLOCKED, blocks=("abuse", "unpaid"))
    licensing.run(attrs.evolve(block("abuse"), key="again"))
    assert history(store) == ["customer.added", "customer.blocked", "customer.blocked"], "twice is once"
    left = licensing.run(UnblockCustomer(cause="unpaid", **to("k1")))
    assert left == row(status=CustomerStatus.BLOCKED, blocks=("abuse",))
    again = UnblockCustomer(cause="unpaid", **to("k2"))
    assert refused(licensing.run, again) == NotBlocked(customer="a1", cause="unpaid")
    assert licensing.run(UnblockCustomer(cause="abuse", **to("k3"))) == row()


def test_a_block_that_has_an_end_is_over_by_itself(licensing: Licensing, clock: Clock) -> None:
    licensing.run(attrs.evolve(block(), until=NOON + timedelta(hours=1)))
    clock.now = NOON + timedelta(minutes=59)
    assert licensing.run(ReadCustomer(**of())).blocks == ("unpaid",)
    clock.now = NOON + timedelta(hours=1)
    assert licensing.run(ReadCustomer(**of())) == row()
    assert isinstance(refused(licensing.run, UnblockCustomer(cause="unpaid", **to("k"))), NotBlocked)
    assert isinstance(refused(licensing.run, attrs.evolve(block("abuse"), until=clock.now)), InvalidArgument)


# Settings and plan


def test_other_settings_hold_at_once_and_the_same_change_nothing(licensing: Licensing, store: Store) -> None:
    assert licensing.run(ReadCustomer(**of(actor="chief"))) == row()
    licensing.run(configure("k1", administrator="ana", dunning=DunningPolicy(steps=())))
    assert refused(licensing.run, ReadCustomer(**of(actor="chief"))).code == "permission.missing"
    assert licensing.run(ReadCustomer(**of(actor="ana"))) == row()
    licensing.run(configure("k2", administrator="ana", dunning=DunningPolicy(steps=())))
    assert history(store) == ["customer.added", "customer.settings_changed"]
    licensing.run(ConfigureCustomer(settings=PLAIN_SETTINGS, **to("k3")))
    assert refused(licensing.run, ReadPanel(**of(actor="ana"))).code == "permission.missing", "there is none now"


def test_another_plan_changes_the_account_and_what_is_counted_together(licensing: Licensing, store: Store) -> None:
    licensing.run(OpenUsage(plan=None, **to("usage")))
    assert history(store) == ["customer.added"], "counted under the plan that it is on"
    assert licensing.run(ChangeServicePlan(plan="tiny", **to("k1"))).fits
    assert licensing.run(ReadCustomer(**of())).plan == "tiny"
    assert licensing.run(ReadUsage(**of())).rows.keys() == {"users"}
    licensing.run(RecountLimit(limit="users", count=9, **to("many")))
    before = snapshot(store)
    refusal = refused(licensing.run, ChangeServicePlan(plan="basic", **to("k2")))
    assert refusal == limits.PlanTooSmall(plan="basic", exceeds={"users": 4})
    assert snapshot(store) == before, "neither is changed"


def test_a_plan_is_changed_of_who_has_an_account_or_is_counted_and_of_strangers_not(
    licensing: Licensing, store: Store
) -> None:
    assert licensing.run(PreviewServicePlan(plan="tiny", **of())) == PlanFit(exceeds={})
    assert licensing.run(ChangeServicePlan(plan="tiny", **to("k1"))) == PlanFit(exceeds={})
    assert licensing.run(ReadCustomer(**of())).plan == "tiny"
    licensing.run(OpenUsage(plan="basic", **to("usage", "a2")))
    licensing.run(ChangeServicePlan(plan="tiny", **to("k2", "a2")))
    assert licensing.run(ReadUsage(**of("a2"))).rows.keys() == {"users"}
    for asked in (ChangeServicePlan(plan="tiny", **to("k3", "a9")), PreviewServicePlan(plan="tiny", **of("a9"))):
        assert refused(licensing.run, asked) == UnknownCustomer(customer="a9")


def test_a_plan_that_is_assigned_ends_the_trial(store: Store) -> None:
    licensing = known(store, trial_ends=NOON + timedelta(days=1))
    assert licensing.run(ReadCustomer(**of())).status is CustomerStatus.TRIAL
    licensing.run(ChangeServicePlan(plan="basic", **to("k1")))
    assert licensing.run(ReadCustomer(**of())) == row()


def test_what_is_counted_first_puts_the_account_on_its_plan(store: Store) -> None:
    licensing = known(store, plan=None)
    licensing.run(OpenUsage(plan="basic", **to("usage")))
    assert licensing.run(ReadCustomer(**of())) == row()
    assert history(store) == ["customer.added", "customer.plan_assigned"]
    tried = known(store, "a2", trial_ends=NOON + timedelta(days=1))
    tried.run(OpenUsage(plan="basic", **to("usage2", "a2")))
    assert tried.run(ReadCustomer(**of("a2"))).status is CustomerStatus.TRIAL, "the same plan ends no trial"
    tried.run(add("a8", None))
    assert tried.run(OpenUsage(plan=None, **to("usage3", "a8"))).rows == {}, "who is on none may use nothing"


# People


def test_people_are_users_or_contacts_with_permissions(licensing: Licensing, store: Store) -> None:
    assert licensing.run(person("mia", "read")).users == 1
    assert licensing.run(attrs.evolve(person("leo", "pay"), contact=True)).users == 1, "who is only written to"
    assert licensing.run(person("mia", "read", "pay", key="more")).users == 1
    rows = licensing.run(ListPeople(**of())).rows
    told = {name: (sorted(one.permissions), one.contact) for name, one in rows.items()}
    assert told == {"leo": (["pay"], True), "mia": (["pay", "read"], False)}
    assert licensing.run(RemovePerson(person="mia", **to("k1"))).users == 0
    assert licensing.run(RemovePerson(person="mia", **to("k2"))).users == 0, "who is none is none"
    assert history(store)[1:] == [*["customer.person_added"] * 3, "customer.person_removed"]
    assert licensing.run(ListPeople(**of())).rows.keys() == {"leo"}


def test_a_command_on_one_person_leaves_the_others_as_they_are(licensing: Licensing) -> None:
    """Only the one that is named is loaded."""
    for number in range(5):
        licensing.run(person(f"p{number}"))
    licensing.run(RemovePerson(person="p2", **to("gone")))
    licensing.run(attrs.evolve(person("p3", key="contact"), contact=True))
    assert licensing.run(ReadCustomer(**of())).users == 3
    assert licensing.run(ListPeople(**of())).rows.keys() == {"p0", "p1", "p3", "p4"}


def test_of_a_blocked_customer_nobody_comes_or_goes(licensing: Licensing, store: Store) -> None:
    licensing.run(person("mia"))
    licensing.run(block())
    before = snapshot(store)
    for command in (person("leo"), RemovePerson(person="mia", **to("k1"))):
        assert refused(licensing.run, command) == ClientBlocked(causes=("unpaid",))
    assert snapshot(store) == before
    assert licensing.run(ListPeople(**of())).rows.keys() == {"mia"}


# Listed


def test_customers_are_listed_by_id_with_plan_and_status(store: Store) -> None:
    licensing = known(store, "a2", trial_ends=NOON, causes=("abuse",))
    assert licensing.run(ListCustomers(**ASKED)).rows == (
        row("a2", status=CustomerStatus.BLOCKED, blocks=("abuse",), trial_ends=NOON),
    )
    known(store)
    known(store, "a8", trial_ends=NOON)
    found = licensing.run(ListCustomers(**ASKED)).rows
    assert [(one.customer, one.status.value) for one in found] == [
        ("a1", "active"),
        ("a2", "blocked"),
        ("a8", "trial_ended"),
    ]


def test_the_dashboard_counts_and_tells_what_happened_last(licensing: Licensing, store: Store, clock: Clock) -> None:
    known(store, "a2", plan="tiny", trial_ends=NOON)
    known(store, "a8", causes=("unpaid",))
    clock.now = NOON + timedelta(hours=1)
    for number in range(25):
        licensing.run(person(f"p{number:02}"))
    shown: Dashboard = licensing.run(ReadDashboard(**ASKED))
    assert attrs.evolve(shown, recent=()) == Dashboard(
        customers=3, users=25, blocked=1, active_plans=("basic",), recent=()
    )
    told = [one.user for one in shown.recent if isinstance(one, PersonAdded)]
    assert told == [f"p{number:02}" for number in range(24, 4, -1)], "the last 20, the latest first"


def test_a_partner_without_customers_has_a_dashboard(store: Store) -> None:
    licensing = Checked(store)
    nothing = Dashboard(customers=0, users=0, blocked=0, active_plans=(), recent=())
    assert licensing.run(ReadDashboard(**ASKED)) == nothing
    assert licensing.run(ListCustomers(**ASKED)).rows == ()


# The panel of the owner


def test_the_panel_shows_plan_usage_subscriptions_invoices_and_credit(licensing: Licensing) -> None:
    licensing.run(OpenUsage(plan="basic", **to("usage")))
    subscribed(licensing, "web")
    licensing.run(order("mail", price="3.00 EUR"))
    panel = licensing.run(ReadPanel(**of(actor="chief")))
    assert (panel.plan, panel.status, panel.balances) == ("basic", CustomerStatus.ACTIVE, ())
    assert panel.usage == limits.Panel(plan="basic", rows=licensing.run(ReadUsage(**of())).rows)
    assert [(one.subscription, one.state.value, one.next_due) for one in panel.subscriptions] == [
        ("mail", "pending", date(2026, 5, 16)),
        ("web", "active", date(2026, 6, 16)),
    ]
    assert [(one.number, one.status, one.outstanding) for one in panel.bills] == [
        ("F-000001", BillStatus.PAID, Money.parse("0.00 EUR")),
        ("P-000002", BillStatus.UNPAID, Money.parse("3.00 EUR")),
    ]


def test_the_panel_shows_invoices_of_years_ago(store: Store, clock: Clock) -> None:
    known(store)
    licensing = Licensing(store, host(), clock)
    subscribed(licensing, "web")
    for month in range(1, 25):
        clock.now = NOON + timedelta(days=30 * month)
        answer = licensing.run(attrs.evolve(order(f"s{month}"), key=f"o{month}"))
        licensing.run(pay(answer.issued[0]))
    assert len(licensing.run(ReadPanel(**of(actor="chief"))).bills) == 25
    replayed(store)


# A host that fails


@pytest.mark.parametrize(
    ("method", "send"),
    [("series", lambda licensing: licensing.run(order())), ("zone", lambda licensing: licensing.run(add("a9")))],
)
def test_a_host_that_answers_with_something_else_is_not_believed(
    licensing: Licensing, store: Store, method: str, send: Callable[[Licensing], object]
) -> None:
    company = host()
    mistaken = StaticHost(
        TENANT,
        zone="Europe/Madrid",
        directory=company.directory(TENANT),
        actors=[BOSS],
        service_plans=TRIED,
    )
    setattr(mistaken, method, lambda tenant: "P-")
    before = snapshot(store)
    assert isinstance(refused(send, Licensing(store, mistaken, Clock())), InvalidArgument)
    assert snapshot(store) == before


def test_a_customer_whose_settings_name_no_administrator_has_none(store: Store) -> None:
    licensing = Checked(store)
    licensing.run(attrs.evolve(add("a9"), settings=AccountSettings()))
    for actor in ("a9", "chief", "boss", "root"):
        assert refused(licensing.run, ReadPanel(**of("a9", actor))).code == "permission.missing"
