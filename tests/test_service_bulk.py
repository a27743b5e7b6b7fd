"""Previews of several commands, and plans of commands for more users than one takes."""

import asyncio
from typing import Any

import attrs
import pytest

from licensing_core.adapters.hosts import AsyncHostOf, StaticHost
from licensing_core.adapters.memory import AsyncMemoryStore
from licensing_core.checks import InvalidArgument, InvalidId, TooManyItems
from licensing_core.directory import Actor, Content, Directory, Role, Scope
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.plans import Catalog, Offer, Package, PackageKind, Plan, PlanKind
from licensing_core.pools import LicensesExhausted, NotEligible, SeatsExhausted
from licensing_core.pricing import FlatPrice
from licensing_core.protocols import AggregateKind, IdempotencyConflict, Store
from licensing_core.services import (
    AssignLicenses,
    AsyncLicensing,
    CommandPlan,
    EnrollUsers,
    LicensesGiven,
    LicensesTaken,
    Licensing,
    PreviewShrink,
    ReadPool,
    RecordTransaction,
    ResizePool,
    TransferLicenses,
    split,
)
from licensing_core.testing.contracts_given import replays
from tests.service_world import (
    FIRE,
    TENANT,
    Clock,
    assign,
    buy,
    enroll,
    host,
    refused,
    sent,
    snapshot,
    unassign,
)

MANY = tuple(f"m{number:05}" for number in range(25_000))


@pytest.fixture
def licensing(store: Store) -> Licensing:
    made = Licensing(store, host(), Clock())
    for command in (buy(), buy("s1", "three")):
        made.run(command)
    return made


def test_a_preview_sees_what_its_earlier_commands_did_and_keeps_nothing(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    answers = licensing.preview(
        assign("u1", "u2", "u3", key="k1"),
        assign("u3", "u4", "u5", key="k2"),
        unassign("u1", key="k3"),
    )
    first, second, third = answers
    assert isinstance(first, LicensesGiven)
    assert isinstance(second, LicensesGiven)
    assert isinstance(third, LicensesTaken)
    assert (first.row.consumed, second.row.consumed, third.row.consumed) == (3, 5, 5)
    assert (second.passed_over, third.awaiting) == (("u3",), ("u1",))
    assert snapshot(store) == before


def test_a_preview_is_refused_as_the_first_of_its_commands_that_is(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    commands = (
        assign("u1", "u2", "u3", key="k1"),
        assign("u4", "u5", "u6", key="k2"),
        assign("out", key="k3"),
    )
    assert refused(licensing.preview, *commands) == LicensesExhausted(pool="p1", requested=3, shortfall=1)
    assert refused(licensing.preview, commands[0], commands[2]) == NotEligible(pool="p1", users=("out",))
    assert snapshot(store) == before
    assert licensing.preview() == ()


def test_a_preview_answers_keys_as_they_will_be_answered(licensing: Licensing) -> None:
    same = licensing.preview(assign("u1", key="k1"), assign("u1", key="k1"))
    assert (same[0], same[0].added) == (same[1], ("u1",))
    assert refused(licensing.preview, assign("u1", key="k1"), assign("u2", key="k1")) == IdempotencyConflict(key="k1")


def test_what_is_no_command_is_not_tried(licensing: Licensing) -> None:
    query: Any = ReadPool(pool="p1", tenant=TENANT, actor="boss")
    for bad in (None, "assign", assign, query):
        asked: Any = bad
        for tried in (licensing.preview, licensing.may):
            with pytest.raises(InvalidArgument):
                tried(asked)
        if asked is not query:
            with pytest.raises(InvalidArgument):
                licensing.run(asked)


def test_an_asynchronous_preview_is_alike() -> None:
    async def story() -> None:
        licensing = AsyncLicensing(AsyncMemoryStore(), AsyncHostOf(host()), Clock())
        await licensing.run(buy())
        answers = await licensing.preview(assign("u1", "u2", key="k1"), assign("u2", "u3", key="k2"))
        assert [answer.row.consumed for answer in answers] == [2, 3]
        assert (await licensing.run(ReadPool(pool="p1", tenant=TENANT, actor="boss"))).consumed == 0
        assert await licensing.may(assign("u1", key="k1"))
        assert not await licensing.may(assign("out", key="k1"))

    asyncio.run(story())


def test_a_large_command_is_split_in_the_order_of_ids_under_keys_of_their_own() -> None:
    plan = split(assign(*MANY, key="bulk"))
    assert [len(command.users) for command in _assigning(plan)] == [10_000, 10_000, 5_000]
    assert [command.key for command in plan.commands] == ["bulk.1", "bulk.2", "bulk.3"]
    assert [min(command.users) for command in _assigning(plan)] == ["m00000", "m10000", "m20000"]
    assert split(assign(*reversed(MANY), key="bulk")) == plan
    assert [len(one.users) for one in _assigning(split(assign("b", "a", "c", key="k"), most=1))] == [1, 1, 1]
    assert len(split(assign(key="k")).commands) == 1


def _assigning(plan: CommandPlan[Any]) -> list[AssignLicenses]:
    return [command for command in plan.commands if isinstance(command, AssignLicenses)]


@pytest.mark.parametrize(
    ("command", "options", "error"),
    [
        (None, {}, InvalidArgument),
        (ReadPool(pool="p1", tenant=TENANT, actor="boss"), {}, InvalidArgument),
        (RecordTransaction(plan="five", pool="p9", **sent("k")), {}, InvalidArgument),
        (assign("u1", key="k" * 63), {}, InvalidId),
        (assign("u1", key="k"), {"most": 0}, InvalidArgument),
        (assign("u1", key="k"), {"most": 10_001}, InvalidArgument),
        (assign("u1", key="k"), {"most": True}, InvalidArgument),
        (assign("u1", key="k"), {"most": "5"}, InvalidArgument),
    ],
)
def test_what_cannot_be_split_is_refused(command: Any, options: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        split(command, **options)


@pytest.mark.parametrize("bad", [None, "assign", ("assign",), [assign("u1", key="k")], (None,)])
def test_a_plan_is_made_of_commands(bad: Any) -> None:
    with pytest.raises(InvalidArgument):
        CommandPlan(bad)


def test_more_users_than_one_command_takes_are_refused_and_not_split_in_silence(licensing: Licensing) -> None:
    refusal = refused(licensing.run, assign(*MANY, key="bulk"))
    assert refusal == TooManyItems(parameter="users", given=25_000, most=10_000)


def a_large_host(bought: int) -> StaticHost:
    """A host with 25,000 people, and plans of *bought* licenses, and of as many seats."""

    def offer(plan: str, kind: PackageKind) -> Offer:
        catalog = Catalog("all", frozenset({FIRE}))
        package = Package(id=plan, kind=kind, catalogs=(catalog,), audience=frozenset({Scope.tree("top")}))
        sold = PlanKind.SEATS if kind is PackageKind.SEATS else PlanKind.MULTI_LICENSE
        price = FlatPrice(Money.parse("1.00 EUR"))
        terms: dict[str, Any] = {"quantity": bought, "prices": (price,), "validity": Duration(months=12)}
        return Offer(Plan(id=plan, package=plan, kind=sold, **terms), package)

    return StaticHost(
        TENANT,
        zone="UTC",
        directory=Directory.of(branches={"top": None}, users={user: ["top"] for user in MANY}),
        actors=[Actor("root", Role.SUPERADMIN)],
        offers=[offer("licenses", PackageKind.LICENSES), offer("seats", PackageKind.SEATS)],
    )


def large(store: Store, bought: int, pool: str) -> Licensing:
    licensing = Licensing(store, a_large_host(bought), Clock())
    licensing.run(RecordTransaction(plan=pool, pool=pool, beneficiary=Scope.tree("top"), **sent("rec", "root")))
    return licensing


def test_a_plan_tells_what_will_be_short_at_its_end_and_changes_nothing(store: Store) -> None:
    licensing = large(store, 24_999, "licenses")
    plan = split(AssignLicenses(pool="licenses", users=frozenset(MANY), **sent("bulk", "root")))
    before = snapshot(store)
    refusal = refused(licensing.preview, *plan.commands)
    assert refusal == LicensesExhausted(pool="licenses", requested=5_000, shortfall=1)
    assert snapshot(store) == before


def test_a_plan_that_was_interrupted_is_run_again_and_takes_effect_once(store: Store) -> None:
    licensing = large(store, 25_000, "licenses")
    plan = split(AssignLicenses(pool="licenses", users=frozenset(MANY), **sent("bulk", "root")))
    promised = licensing.preview(*plan.commands)
    first = licensing.run(plan.commands[0])
    again = [licensing.run(command) for command in plan.commands]
    assert (first, tuple(again)) == (promised[0], promised)
    assert [len(answer.added) for answer in again] == [10_000, 10_000, 5_000]
    row = licensing.run(ReadPool(pool="licenses", tenant=TENANT, actor="root"))
    assert (row.consumed, row.free) == (25_000, 0)
    replays(store, "licenses")
    with store.begin() as work:
        assert len(work.history(TENANT, AggregateKind.LICENSES, "licenses")) == 4
    other = split(AssignLicenses(pool="licenses", users=frozenset(MANY[1:]), **sent("bulk", "root")))
    assert refused(licensing.run, other.commands[0]) == IdempotencyConflict(key="bulk.1")


def test_many_are_enrolled_by_a_plan_too(store: Store) -> None:
    licensing = large(store, 20_000, "seats")
    command = EnrollUsers(pool="seats", users=frozenset(MANY), contents=frozenset({FIRE}), **sent("bulk", "root"))
    plan = split(command)
    assert refused(licensing.preview, *plan.commands) == SeatsExhausted(pool="seats", requested=5_000, shortfall=5_000)
    placed = [licensing.run(one) for one in plan.commands[:2]]
    assert [len(one.enrolled) for one in placed] == [10_000, 10_000]
    assert refused(licensing.run, plan.commands[2]).code == SeatsExhausted.code
    replays(store, "seats")


def test_a_plan_of_courses_too_many_for_one_command_is_cut_smaller() -> None:
    contents = [Content.course(f"c{number}") for number in range(5)]
    command = attrs.evolve(enroll("u1", key="k"), users=frozenset(MANY[:10_000]), contents=frozenset(contents))
    parts = [one for one in split(command, most=5_000).commands if isinstance(one, EnrollUsers)]
    assert [len(one.users) for one in parts] == [5_000] * 2


def test_users_are_transferred_by_a_plan() -> None:
    move = TransferLicenses(pool="p1", target="p2", users=frozenset(MANY), **sent("k"))
    assert [command.key for command in split(move).commands] == ["k.1", "k.2", "k.3"]


def test_by_itself_enrolling_is_split_into_parts_that_stay_within_one_command() -> None:
    contents = [Content.course(f"c{number}") for number in range(5)]
    command = EnrollUsers(pool="s1", users=frozenset(MANY), contents=frozenset(contents), **sent("bulk"))
    sizes = [len(one.users) for one in split(command).commands if isinstance(one, EnrollUsers)]
    assert sizes == [5_000] * 5
    assert attrs.evolve(command, contents=frozenset()).most_users == 10_000


def test_a_cut_of_many_is_split_into_cuts_that_fit_one_after_the_other(licensing: Licensing) -> None:
    licensing.run(assign("u1", "u2", "u3", "u4", "u5", key="k1"))
    licensing.run(unassign("u2", key="k2"))
    asked = PreviewShrink(tenant=TENANT, actor="root", pool="p1", bought=1)
    dropped = frozenset(licensing.run(asked).users)
    plan = split(ResizePool(pool="p1", bought=1, drop=dropped, **sent("cut", "root")), most=3)
    parts = [one for one in plan.commands if isinstance(one, ResizePool)]
    assert [(one.key, one.bought, len(one.drop)) for one in parts] == [("cut.1", 2, 3), ("cut.2", 1, 1)]
    licensing.preview(*parts)
    rows = [licensing.run(one).row for one in parts]
    assert [(row.bought, row.consumed) for row in rows] == [(2, 2), (1, 1)]
