"""Who may send which command, and what the engine does around it: tries, clocks, questions, hosts that fail."""

import inspect
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensing_core import services
from licensing_core.adapters.hosts import StaticHost
from licensing_core.adapters.memory import MemoryStore
from licensing_core.checks import InvalidArgument, InvalidInstant
from licensing_core.decisions import Verdict
from licensing_core.directory import EVERYONE, Actor, Directory, Permission, PermissionMissing, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import HoldingsNotLoaded
from licensing_core.license_cycle import UnknownLicenseOrder
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.plans import Offer, Switches
from licensing_core.pools import ConfirmationNotAllowed, LicensesExhausted, can_assign
from licensing_core.protocols import AggregateKind, BrokenHistory, Envelope, Store, VersionConflict
from licensing_core.seat_administration import Task, WrongPoolType
from licensing_core.services import Command, Licensing, Query, QuoteLicenses, replay
from licensing_core.visibility import PoolNotVisible, PurchaseBySuperadmin, eligible
from tests.builders import a_pool
from tests.service_samples import JUNE, NEEDS, OF_SUPERADMINS
from tests.service_world import (
    BOSS,
    CREDIT_PACKS,
    NOON,
    SERVICE_PLANS,
    TENANT,
    Clock,
    assign,
    buy,
    host,
    sent,
    snapshot,
)

LICENSES, ACCOUNTS, SEATS = Permission.LICENSES_MANAGE, Permission.ACCOUNTS_MANAGE, Permission.SEATS_MANAGE
ASKED: dict[str, Any] = {"tenant": TENANT, "actor": "boss"}
ORDER: dict[str, Any] = {"account": "a1", "buy": {"web": 1}}
CASES = pytest.mark.parametrize(("asked", "needed"), NEEDS.values(), ids=[kind.__name__ for kind in NEEDS])


@pytest.fixture
def store(furnished: Store) -> Store:
    return furnished


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    return Licensing(store, host(), clock)


class HostWith(StaticHost):
    """The host of the tests, where *boss* is somebody else."""

    def __init__(self, actor: Actor) -> None:
        self._boss = actor
        known = host()
        super().__init__(
            TENANT,
            zone=known.zone(TENANT),
            directory=known.directory(TENANT),
            offers=known.offers(TENANT),
            service_plans=SERVICE_PLANS,
            credit_packs=CREDIT_PACKS,
        )

    def actor(self, tenant: str, actor_id: str) -> Actor | None:
        return self._boss if actor_id == "boss" else super().actor(tenant, actor_id)


def test_the_table_holds_every_command_and_query() -> None:
    found = {
        kind
        for _, kind in inspect.getmembers(services, inspect.isclass)
        if issubclass(kind, Query) and kind not in (Query, Command, services.SubscriptionCommand)
    }
    assert found == NEEDS.keys()


@CASES
def test_who_has_the_permission_may(licensing: Licensing, clock: Clock, asked: Query[Any], needed: object) -> None:
    if isinstance(asked, JUNE):
        clock.now = NOON + timedelta(days=20)
    if isinstance(asked, services.ConfirmReleases | services.RejectReleases):
        asked = attrs.evolve(asked, actor="root")  # it takes the role besides
    licensing.run(asked)


@CASES
@pytest.mark.parametrize("role", [Role.LEARNER, Role.POWER_USER])
def test_who_lacks_the_permission_is_refused_by_its_name_and_nothing_is_changed(
    licensing: Licensing, store: Store, clock: Clock, asked: Query[Any], needed: Permission | None, role: Role
) -> None:
    others = frozenset(Permission) - {needed}
    lacking = Actor("boss", role, permissions=others, resources=frozenset({Scope.tree("sales")}))
    before = snapshot(store)
    refused = Licensing(store, HostWith(lacking), clock)
    if isinstance(asked, OF_SUPERADMINS):
        with pytest.raises(services.SuperadminRequired):
            refused.run(attrs.evolve(asked, actor="boss"))
        assert snapshot(store) == before
        return
    if needed is None or (needed is Permission.SUBSCRIPTIONS_RENEW and role is Role.POWER_USER):
        refused.run(asked)
        return
    with pytest.raises(PermissionMissing) as caught:
        refused.run(asked)
    assert caught.value.permission is needed
    assert snapshot(store) == before


def test_everybody_may_ask_what_they_hold_themselves(licensing: Licensing) -> None:
    own = services.ReadLicensedUser(account="a1", user="u1", tenant=TENANT, actor="u1")
    assert licensing.run(own).licenses == ("web",)
    with pytest.raises(PermissionMissing):
        licensing.run(attrs.evolve(own, user="u2"))


def test_the_rule_of_a_missing_permission_is_the_one_that_asks_for_it() -> None:
    asked_by = {permission: PermissionMissing(permission=permission).rule for permission in Permission}
    assert asked_by[SEATS] == "DOC-19"
    assert asked_by[Permission.GROUPS_VIEW] == "DOC-14"
    assert asked_by[Permission.TRANSACTIONS_CREATE] == "DOC-8"
    assert asked_by[LICENSES] == asked_by[ACCOUNTS] == "D-12"
    assert set(asked_by.values()) <= set(PermissionMissing.rules)


def test_a_superadmin_who_buys_what_does_not_exist_is_told_that_superadmins_do_not_buy(licensing: Licensing) -> None:
    with pytest.raises(PurchaseBySuperadmin):
        licensing.run(attrs.evolve(buy("p9", "one"), plan="unknown", actor="root"))


def test_settling_an_order_tells_of_that_order(licensing: Licensing) -> None:
    licensing.run(services.BuyLicenses(account="a1", buy={"app": 3}, payment=PaymentOutcome.PENDING, **sent("second")))
    told = licensing.run(services.SettleOrder(account="a1", order="second", **sent("settle")))
    assert [line.item for quote in told.quotes for line in quote.lines] == ["app"]
    assert told.rows["web"].buying == 1


def test_an_order_is_withdrawn_once(licensing: Licensing) -> None:
    cancel = services.CancelOrder(account="a1", order="pending", **sent("cancel"))
    assert licensing.run(cancel).rows["web"].buying == 0
    assert licensing.run(cancel).rows["web"].buying == 0
    with pytest.raises(UnknownLicenseOrder):
        licensing.run(attrs.evolve(cancel, key="again"))


def test_the_table_counts_the_open_quote(licensing: Licensing) -> None:
    table = licensing.run(services.ReadLicenseTable(account="a1", buy={"web": 4}, **ASKED))
    assert table.rows["web"].buying == 5


def test_what_was_paid_is_what_is_recorded(licensing: Licensing, store: Store) -> None:
    quote = licensing.run(services.QuotePlan(plan="one", **ASKED))
    assert licensing.run(attrs.evolve(buy("p9", "one"), confirmed=quote.due)).quote == quote
    before = snapshot(store)
    with pytest.raises(LicensingError) as caught:
        licensing.run(attrs.evolve(buy("p8", "one"), confirmed=Money.parse("179.99 EUR")))
    assert caught.value.code == "purchase.quote_changed"
    assert snapshot(store) == before


def test_licenses_are_bought_for_what_was_confirmed(licensing: Licensing) -> None:
    (quote,) = licensing.run(QuoteLicenses(**ORDER, **ASKED)).quotes
    paid: dict[str, Any] = {**ORDER, "payment": PaymentOutcome.SUCCEEDED}
    with pytest.raises(LicensingError) as caught:
        licensing.run(services.BuyLicenses(confirmed=(Money.parse("1.00 EUR"),), **paid, **sent("k")))
    assert caught.value.code == "purchase.quote_changed"
    assert licensing.run(services.BuyLicenses(confirmed=(quote.due,), **paid, **sent("k"))).charged == (quote.due,)


def test_a_command_can_be_tried_without_effect(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    assert licensing.may(assign("u2", "u3", key="k"))
    verdict = licensing.may(assign(*(f"u{n}" for n in range(2, 8)), key="k"))
    assert verdict == Verdict.refuse(LicensesExhausted(pool="p1", requested=6, shortfall=4))
    assert snapshot(store) == before
    assert licensing.run(assign("u2", key="k")).added == ("u2",)


def test_whose_license_may_be_taken_and_whose_release_confirmed_is_listed(licensing: Licensing) -> None:
    def listed(task: Task, actor: str) -> tuple[str, ...]:
        return licensing.run(services.ListCandidates(pool="p1", task=task, tenant=TENANT, actor=actor)).ids

    assert listed(Task.UNASSIGN, "boss") == ("boss", "u1")
    assert listed(Task.UNASSIGN, "root") == ("boss", "u1", "u8")
    assert listed(Task.CONFIRM, "root") == ("u8",)
    with pytest.raises(ConfirmationNotAllowed):
        listed(Task.CONFIRM, "boss")
    with pytest.raises(WrongPoolType):
        licensing.run(services.ListCandidates(pool="s1", task=Task.UNASSIGN, **ASKED))


def test_candidates_of_somebody_named_whom_the_directory_does_not_know(licensing: Licensing) -> None:
    ghost = services.RecordTransaction(plan="one", pool="g1", beneficiary=Scope.user("ghost"), **sent("k", "root"))
    licensing.run(ghost)
    asked = services.ListCandidates(pool="g1", tenant=TENANT, actor="root")
    assert licensing.run(asked).ids == ()
    licensing.run(services.UnassignLicenses(pool="g1", users=frozenset({"ghost"}), **sent("k2", "root")))
    assert licensing.run(asked).ids == ("ghost",)


def test_who_may_not_see_a_pool_costs_no_look_at_its_holders(store: Store, licensing: Licensing) -> None:
    with pytest.raises(PoolNotVisible):
        licensing.run(services.ListCandidates(pool="p0", **ASKED))
    stranger = Actor("boss", Role.POWER_USER, permissions=frozenset(Permission))
    with pytest.raises(PoolNotVisible):
        Licensing(store, HostWith(stranger), Clock()).run(services.ListCandidates(pool="p1", **ASKED))


def test_the_clock_is_read_within_the_transaction_and_anew_on_each_try(store: Store) -> None:
    seen: list[datetime] = []

    def ticking() -> datetime:
        seen.append(NOON + timedelta(seconds=len(seen)))
        return seen[-1]

    class Contended(StaticHost):
        def directory(self, tenant: str) -> Directory:
            if len(seen) < 3:
                raise VersionConflict(aggregate="p1", expected=0)
            return host().directory(tenant)

    known = host()
    contended = Contended(
        TENANT,
        zone="UTC",
        directory=known.directory(TENANT),
        actors=[BOSS],
        offers=known.offers(TENANT),
    )
    terms = Licensing(store, contended, ticking).run(buy("p8")).row.terms
    assert terms is not None
    assert (len(seen), terms.purchased_at) == (3, NOON + timedelta(seconds=2))
    with pytest.raises(InvalidInstant):
        Licensing(store, known, lambda: NOON.replace(tzinfo=None)).run(buy("p9"))


def test_a_host_that_runs_out_does_not_end_a_command_in_silence(store: Store) -> None:
    class Empty(StaticHost):
        def offer(self, tenant: str, plan_id: str) -> Offer | None:
            return next(iter(()))  # a StopIteration from within

    known = host()
    empty = Empty(TENANT, zone="UTC", directory=known.directory(TENANT), actors=[BOSS])
    with pytest.raises((StopIteration, RuntimeError)):
        Licensing(store, empty, Clock()).run(buy("p9"))


def test_a_question_does_not_take_a_mistake_for_a_no() -> None:
    part = attrs.evolve(a_pool(bought=5), holdings=type(a_pool().holdings)(loaded=["luis"]))
    with pytest.raises(HoldingsNotLoaded):
        can_assign(part, ["ana"], eligible=["ana"], switches=Switches(), by=Actor("boss"), now=NOON)


def test_the_events_of_another_pool_break_a_history(licensing: Licensing, store: Store) -> None:
    with store.begin() as work:
        history = list(work.history(TENANT, AggregateKind.LICENSES, "p1"))
    last: Any = history[-1].event
    foreign = attrs.evolve(history[-1], event=attrs.evolve(last, pool="p2"))
    with pytest.raises(BrokenHistory):
        replay([*history[:-1], foreign])
    with store.begin() as work:
        account = list(work.history(TENANT, AggregateKind.LICENSES, "a1"))
    ordered: Any = account[-1].event
    other: Envelope = attrs.evolve(account[-1], event=attrs.evolve(ordered, account="a2"))
    with pytest.raises(BrokenHistory):
        replay([*account[:-1], other])


def test_a_fingerprint_is_the_same_under_every_hash_seed() -> None:
    script = (
        "from licensing_core.services import AssignLicenses, fingerprint; "
        "users = frozenset(f'u{n}' for n in range(40)); "
        "print(fingerprint(AssignLicenses(tenant='acme', actor='boss', key='k', pool='p1', users=users)))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_everyone_is_eligible_where_everyone_is_the_beneficiary() -> None:
    assert eligible(EVERYONE, host().directory(TENANT)) == host().directory(TENANT).members(EVERYONE)


@pytest.mark.parametrize("answer", [7, "boss", Actor("root", Role.SUPERADMIN)], ids=str)
def test_a_host_that_answers_with_somebody_else_is_not_believed(answer: Any) -> None:
    class Forgetful(StaticHost):
        def actor(self, tenant: str, actor_id: str) -> Any:
            return answer

    company = host()
    forgetful = Forgetful(TENANT, zone="UTC", directory=company.directory(TENANT), offers=company.offers(TENANT))
    licensing = Licensing(MemoryStore(), forgetful, Clock())
    with pytest.raises(InvalidArgument, match="host"):
        licensing.run(services.ListPools(tenant=TENANT, actor="boss"))
