"""Moving in over every store: customers, subscriptions and pools that another system kept, and the dry run of it."""

import asyncio
from datetime import date, timedelta
from typing import Any, Final

import attrs
import pytest

from licensing_core.accounts import (
    AccountSettings,
    Block,
    Card,
    CustomerExists,
    CustomerStatus,
    InvalidEmail,
    Person,
    SubscriptionExists,
    UnknownCustomer,
)
from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.memory import AsyncMemoryStore
from licensing_core.billing import ItemChange, ScheduledChange, When
from licensing_core.checks import InvalidArgument
from licensing_core.decisions import ImportRefused, Verdict
from licensing_core.directory import Content, Permission, PermissionMissing, Scope
from licensing_core.enrollments import Enrollment
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.limits import UnknownPlan
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import PackageKind, PlanKind, Renewal, Terms
from licensing_core.pools import LicensePool, LicensesExhausted, SeatsExhausted
from licensing_core.pricing import UnitPrice
from licensing_core.protocols import AggregateExists, AggregateKind, Store
from licensing_core.services import (
    AssignLicenses,
    AsyncLicensing,
    BillCustomer,
    CancelSubscription,
    ChangeSubscription,
    DunCustomer,
    EnrollUsers,
    ImportCustomer,
    ImportPool,
    ImportSubscription,
    Licensing,
    ListBills,
    ListSubscriptions,
    OpenCredit,
    PayBill,
    PreviewShrink,
    ReadCard,
    RenewPool,
    UnassignLicenses,
)
from licensing_core.subscriptions import EndOf, SubscriptionState, SubscriptionTerms
from tests.service_world import NOON, TENANT, Checked, Clock, events_of, host, open_account, refused, sent, snapshot

TENNER: Final = Money.parse("10.00 EUR")
SEATS: Final = SubscriptionTerms(
    item="seats", price=UnitPrice(TENNER), quantity=3, every=Duration(months=1), zone="Europe/Madrid"
)
A1: Final = ImportCustomer(
    customer="a1",
    name="Acme",
    email="it@acme.example",
    plan="basic",
    settings=AccountSettings(administrator="chief"),
    people={"chief": Person()},
    balances=(TENNER,),
    **sent("move-a1"),
)
WEB: Final = ImportSubscription(
    customer="a1",
    subscription="web",
    terms=SEATS,
    anchor=date(2025, 1, 1),
    charged=Money.parse("31.00 EUR"),
    **sent("move-web"),
)
HELD, AWAITING = Holding.HELD, Holding.AWAITING
SALES: Final = Scope.tree("sales")
FIRE, AID = Content.course("fire"), Content.course("aid")
TERMS: Final = Terms(
    plan="five",
    package="safety",
    kind=PlanKind.MULTI_LICENSE,
    price=Money.parse("150.00 EUR"),
    quantity=5,
    validity=Duration(months=12),
    renewal=Renewal.MANUAL,
    created_by="boss",
    purchased_at=NOON - timedelta(days=300),
)
OLD: Final = ImportPool(
    pool="old",
    kind=PackageKind.LICENSES,
    beneficiary=SALES,
    bought=5,
    holders={"u1": HELD, "u2": AWAITING, "u3": HELD},
    enrollments=(Enrollment(user="u1", content=FIRE, pool="old"),),
    expires_at=NOON + timedelta(days=9),
    renewals=1,
    revoked=1,
    terms=TERMS,
    **sent("move-old"),
)
ROOM: Final = ImportPool(
    pool="room",
    kind=PackageKind.SEATS,
    beneficiary=SALES,
    bought=3,
    spent=1,
    enrollments=(Enrollment(user="u1", content=AID, pool="room"),),
    **sent("move-room"),
)


@pytest.fixture
def licensing(store: Store) -> Licensing:
    return Checked(store)


def the_breaches(run: Any, command: Any) -> tuple[LicensingError, ...]:
    refusal = refused(run, command)
    assert isinstance(refusal, ImportRefused)
    return refusal.breaches


def ask(licensing: Licensing, query: type[Any], **given: Any) -> Any:
    return licensing.run(query(tenant=TENANT, actor="boss", customer="a1", **given))


def test_a_customer_moves_in_with_card_people_and_credit(store: Store, licensing: Licensing) -> None:
    blocked = attrs.evolve(A1, blocks={"unpaid": Block(since=NOON)}, trial_ends=NOON + timedelta(days=3))
    row = licensing.run(blocked)
    assert (row.plan, row.status, row.users, row.blocks) == ("basic", CustomerStatus.BLOCKED, 1, ("unpaid",))
    assert ask(licensing, ReadCard).card == Card(name="Acme", email="it@acme.example")
    with store.begin() as work:
        stored = work.customer(TENANT, "a1", None, None)
    assert stored is not None
    assert (stored.state.balance(TENNER.currency), dict(stored.state.people)) == (TENNER, {"chief": Person()})
    assert events_of(store, "a1", AggregateKind.CUSTOMERS) == ["customer.added"]


def test_a_customer_without_a_plan_moves_in_too(licensing: Licensing) -> None:
    assert licensing.run(attrs.evolve(A1, plan=None)).plan is None


def test_a_subscription_goes_on_as_it_was_elsewhere(store: Store, licensing: Licensing) -> None:
    more = ScheduledChange(id="more", change=ItemChange(quantity=4), effective=When.END_OF_PERIOD)
    licensing.run(A1)
    told = licensing.run(attrs.evolve(WEB, scheduled=(more,), renewals=16, pools=frozenset({"old"})))
    assert [row.document for row in told.bills] == ["imported:web"]
    assert [(row.next_due, row.state) for row in told.subscriptions] == [(date(2026, 6, 1), SubscriptionState.ACTIVE)]
    assert events_of(store, "a1", AggregateKind.CUSTOMERS) == ["customer.added", "subscription.imported"]
    licensing.run(ChangeSubscription(customer="a1", subscription="web", change=ItemChange(quantity=1), **sent("fewer")))
    bills = {row.document: (str(row.total), str(row.outstanding)) for row in ask(licensing, ListBills).rows}
    assert bills["credit_note:1"] == ("16.00 EUR", "0.00 EUR")
    assert bills["imported:web"] == ("31.00 EUR", "0.00 EUR")


def test_what_is_owed_from_elsewhere_is_dunned_and_paid_here(licensing: Licensing) -> None:
    licensing.run(attrs.evolve(A1, balances=()))
    licensing.run(attrs.evolve(WEB, paid=Money.parse("1.00 EUR")))
    assert licensing.run(DunCustomer(customer="a1", **sent("dun"))).suspended == ("web",)
    paid = licensing.run(PayBill(customer="a1", document="imported:web", paid=3 * TENNER, **sent("pay")))
    assert (paid.paid, [row.number for row in paid.bills]) == (("imported:web",), ["F-000001"])
    (row,) = ask(licensing, ListSubscriptions).rows
    assert row.state is SubscriptionState.ACTIVE


def test_credit_from_elsewhere_pays_the_next_period(licensing: Licensing) -> None:
    licensing.run(attrs.evolve(A1, balances=()))
    licensing.run(OpenCredit(customer="a1", amount=4 * TENNER, **sent("credit")))
    licensing.run(attrs.evolve(WEB, anchor=date(2025, 1, 16)))
    assert licensing.run(BillCustomer(customer="a1", **sent("bill"))).paid == ()
    licensing.run(attrs.evolve(WEB, subscription="mail", anchor=date(2025, 1, 20), charged=None, **sent("move-mail")))
    later = Licensing(licensing.store, host(), lambda: NOON + timedelta(days=5))  # type: ignore[attr-defined]
    assert later.run(BillCustomer(customer="a1", **sent("bill-again"))).paid == ("proforma:1",)


def test_a_cancellation_gives_back_what_was_paid_elsewhere_and_no_more(store: Store, licensing: Licensing) -> None:
    licensing.run(attrs.evolve(A1, balances=()))
    licensing.run(attrs.evolve(WEB, paid=2 * TENNER))
    command = CancelSubscription(customer="a1", subscription="web", access=EndOf.NOW, credit=True, **sent("cancel"))
    licensing.run(command)
    with store.begin() as work:
        stored = work.customer(TENANT, "a1", (), ())
    assert stored is not None
    assert str(stored.state.balance(TENNER.currency)) == "5.00 EUR"


def test_a_pool_of_licenses_moves_in_with_holders_and_enrollments(store: Store, licensing: Licensing) -> None:
    row = licensing.run(OLD)
    assert (row.code, row.bought, row.consumed, row.held, row.awaiting, row.renewals) == ("old", 5, 3, 2, 1, 1)
    assert events_of(store, "old") == ["pool.imported"]
    with store.begin() as work:
        stored = work.pool(TENANT, "old", None)
        assert [pool.id for pool in work.licenses(TENANT, "u1")] == ["old"]
        assert work.enrollments(TENANT, ["u1"])["u1", FIRE].pool == "old"
    assert stored is not None
    assert isinstance(stored.state, LicensePool)
    assert dict(stored.state.holdings) == {"u1": HELD, "u2": AWAITING, "u3": HELD}


def test_what_moved_in_goes_on_by_the_rules_of_its_plan(store: Store, licensing: Licensing) -> None:
    licensing.run(OLD)
    licensing.run(AssignLicenses(pool="old", users=frozenset({"u4", "u5"}), **sent("assign")))
    more = AssignLicenses(pool="old", users=frozenset({"u6"}), **sent("more"))
    assert licensing.may(more) == Verdict.refuse(LicensesExhausted(pool="old", requested=1, shortfall=1))
    licensing.run(UnassignLicenses(pool="old", users=frozenset({"u1"}), **sent("take")))
    with store.begin() as work:
        assert work.enrollments(TENANT, ["u1"])["u1", FIRE].locked
    bought = licensing.run(RenewPool(pool="old", **sent("renew")))
    assert (bought.quote.due, bought.row.renewals) == (Money.parse("150.00 EUR"), 2)  # type: ignore[union-attr]


def test_who_came_with_the_pool_got_the_license_first(licensing: Licensing) -> None:
    licensing.run(OLD)
    licensing.run(AssignLicenses(pool="old", users=frozenset({"u0"}), **sent("assign")))
    cut = licensing.run(PreviewShrink(tenant=TENANT, actor="boss", pool="old", bought=2))
    assert (cut.awaiting, cut.last_assigned) == (("u2",), ("u0",))


def test_a_pool_of_seats_moves_in_with_what_was_spent(licensing: Licensing) -> None:
    row = licensing.run(ROOM)
    assert (row.type, row.consumed, row.held, row.free) == (PackageKind.SEATS, 2, 1, 1)


def test_a_dry_run_keeps_nothing_and_names_all_that_stands_in_the_way(store: Store, licensing: Licensing) -> None:
    before = snapshot(store)
    ended = Block(since=NOON - timedelta(days=2), until=NOON)
    asked = attrs.evolve(A1, email="nobody", plan="gone", blocks={"unpaid": ended})
    refusal = licensing.may(asked).refusal
    assert isinstance(refusal, ImportRefused)
    assert [breach.code for breach in refusal.breaches] == ["plan.unknown", "email.invalid", "argument.invalid"]
    assert [type(breach) for breach in refusal.breaches] == [UnknownPlan, InvalidEmail, InvalidArgument]
    assert licensing.may(A1) == Verdict.allow("PLZ-4")
    assert licensing.may(OLD) == Verdict.allow("DOC-7")
    answers: tuple[Any, ...] = licensing.preview(A1, WEB, OLD)
    row, told, pool = answers
    assert (row.customer, told.bills[0].document, pool.code) == ("a1", "imported:web", "old")
    assert snapshot(store) == before


def test_what_is_there_already_is_one_breach_among_others(licensing: Licensing) -> None:
    for command in (A1, WEB, OLD, ROOM):
        licensing.run(command)
    again: dict[str, Any] = {"key": "again"}
    found = the_breaches(licensing.run, attrs.evolve(A1, balances=(-TENNER,), **again))
    assert [type(breach) for breach in found] == [CustomerExists, InvalidArgument]
    found = the_breaches(licensing.run, attrs.evolve(WEB, renewals=1, charged=-TENNER, **again))
    assert [type(breach) for breach in found] == [InvalidArgument, SubscriptionExists]
    found = the_breaches(licensing.run, attrs.evolve(ROOM, bought=1, **again))
    assert [type(breach) for breach in found] == [AggregateExists, SeatsExhausted, InvalidArgument]


def test_the_id_of_an_account_of_licenses_is_taken_too(licensing: Licensing) -> None:
    licensing.run(open_account())
    taken = attrs.evolve(ROOM, pool="a1", enrollments=())
    assert the_breaches(licensing.run, taken) == (AggregateExists(aggregate="a1"),)


def test_more_than_was_bought_moves_in_only_where_no_limit_is_enforced_or_an_overrun_is_told(
    licensing: Licensing,
) -> None:
    over = attrs.evolve(OLD, bought=2)
    assert the_breaches(licensing.run, over) == (LicensesExhausted(pool="old", requested=3, shortfall=1),)
    loose = attrs.evolve(over, terms=attrs.evolve(TERMS, plan="loose"))
    assert licensing.preview(loose)[0].overrun == 1
    assert licensing.run(attrs.evolve(over, overrun=True)).overrun == 1
    more = AssignLicenses(pool="old", users=frozenset({"u6"}), **sent("more"))
    assert isinstance(licensing.may(more).refusal, LicensesExhausted)


def test_a_pool_of_a_plan_that_is_gone_keeps_to_the_platform(licensing: Licensing) -> None:
    over = attrs.evolve(OLD, bought=2, terms=attrs.evolve(TERMS, plan="gone"))
    assert the_breaches(licensing.run, over) == (LicensesExhausted(pool="old", requested=3, shortfall=1),)


def test_an_enrollment_that_is_there_is_not_brought_again(licensing: Licensing) -> None:
    licensing.run(attrs.evolve(ROOM, enrollments=()))
    enroll = EnrollUsers(
        pool="room",
        users=frozenset({"u1"}),
        contents=frozenset({FIRE}),
        **sent("enroll", actor="root"),
    )
    refused(licensing.run, enroll)
    licensing.run(attrs.evolve(ROOM, pool="loft", enrollments=(_in_loft(),), **sent("loft")))
    found = the_breaches(licensing.run, attrs.evolve(ROOM, pool="attic", enrollments=(_in_attic(),), **sent("attic")))
    assert [breach.code for breach in found] == ["argument.invalid"]


def _in_loft() -> Enrollment:
    return Enrollment(user="u1", content=AID, pool="loft")


def _in_attic() -> Enrollment:
    return Enrollment(user="u1", content=AID, pool="attic")


@pytest.mark.parametrize("command", [A1, WEB, OLD])
def test_moving_in_takes_the_permission_to_manage_accounts(licensing: Licensing, command: Any) -> None:
    refusal = refused(licensing.run, attrs.evolve(command, actor="helper"))
    assert refusal == PermissionMissing(permission=Permission.ACCOUNTS_MANAGE)


def test_a_subscription_moves_in_only_with_its_customer(licensing: Licensing) -> None:
    assert refused(licensing.run, WEB) == UnknownCustomer(customer="a1")


def test_each_import_is_made_once_for_its_key(store: Store, licensing: Licensing) -> None:
    first = [licensing.run(command) for command in (A1, WEB, OLD)]
    before = snapshot(store)
    assert [licensing.run(command) for command in (A1, WEB, OLD)] == first
    assert snapshot(store) == before


def test_it_is_the_same_over_asynchronous_ports() -> None:
    async def moved() -> tuple[Any, ...]:
        licensing = AsyncLicensing(AsyncMemoryStore(), AsyncHostOf(host()), Clock())
        verdict = await licensing.may(attrs.evolve(ROOM, bought=1))
        return verdict.code, await licensing.run(A1), await licensing.run(WEB), await licensing.run(ROOM)

    code, row, told, room = asyncio.run(moved())
    assert (code, row.customer, told.bills[0].document, room.consumed) == ("import.refused", "a1", "imported:web", 2)
