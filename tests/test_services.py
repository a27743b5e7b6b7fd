"""The use cases over every store: once under each key, all or nothing, and never more than was bought."""

import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import attrs
import pytest

from licensing_core.adapters.memory import MemoryStore
from licensing_core.adapters.sql import SqlStore
from licensing_core.checks import InvalidArgument
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import CycleNotClosed, NoFreeLicense
from licensing_core.payments import NoPaymentPending, PaymentFailed, PaymentOutcome
from licensing_core.pools import (
    LicensesExhausted,
    NotEligible,
)
from licensing_core.protocols import AggregateKind, IdempotencyConflict, Remembered, Store, Stored, VersionConflict
from licensing_core.services import (
    BuyLicenses,
    CloseCycle,
    ConfirmReleases,
    GrantLicense,
    Ids,
    LicenseTable,
    Licensing,
    ListCandidates,
    ListPlans,
    ListPools,
    QuoteLicenses,
    ReadLicensedUser,
    ReadLicenseTable,
    ReadPool,
    RecordTransaction,
    RevokeLicense,
    Rows,
    SettleOrder,
    UnknownAccount,
    fingerprint,
    replay,
)
from licensing_core.visibility import PoolNotVisible
from tests.service_world import NOON, TENANT, USERS, Clock, assign, buy, host, open_account, sent, unassign

ROOT = Path(__file__).parents[1]
ASKED: dict[str, Any] = {"tenant": TENANT, "actor": "boss"}


@pytest.fixture
def licensing(store: Store, clock: Clock) -> Licensing:
    return Licensing(store, host(), clock)


def everything(store: Store, aggregate: str = "p1", tenant: str = TENANT) -> tuple[object, ...]:
    """All that is stored of one aggregate, but for the digests, which each store works out in its own way."""
    with store.begin() as work:
        found = work.pool(tenant, aggregate, None) or work.account(tenant, aggregate, None)
        history = work.history(tenant, AggregateKind.LICENSES, aggregate)
        return found, tuple(attrs.evolve(one, digest="d1") for one in history)


def refused(run: Callable[..., object], *given: object) -> LicensingError:
    with pytest.raises(LicensingError) as refusal:
        run(*given)
    return refusal.value


def test_licenses_are_bought_assigned_taken_back_and_confirmed(licensing: Licensing) -> None:
    assert licensing.run(buy()).row.bought == 5
    given = licensing.run(assign("u1", "u2", key="k1"))
    assert (given.added, given.row.consumed) == (("u1", "u2"), 2)
    taken = licensing.run(unassign("u1", "u3", key="k2"))
    assert (taken.awaiting, taken.passed_over, taken.row.awaiting) == (("u1",), ("u3",), 1)
    confirmed = licensing.run(ConfirmReleases(pool="p1", users=frozenset({"u1"}), **sent("k3", "root")))
    assert (confirmed.released, confirmed.row.consumed) == (("u1",), 1)
    assert licensing.run(ReadPool(pool="p1", **ASKED)) == confirmed.row


def test_what_goes_beyond_the_limit_is_refused_and_changes_nothing(licensing: Licensing, store: Store) -> None:
    licensing.run(buy())
    licensing.run(assign(*USERS[:4], key="k1"))
    before = everything(store)
    refusal = refused(lambda: licensing.run(assign("u7", "u8", key="k2")))
    assert refusal == LicensesExhausted(pool="p1", requested=2, shortfall=1)
    assert refused(lambda: licensing.run(assign("u7", "out", key="k3"))) == NotEligible(pool="p1", users=("out",))
    assert everything(store) == before
    assert licensing.run(assign("u7", key="k2")).added == ("u7",), "a refused command uses no key up"


def test_a_plan_that_enforces_no_limit_lets_more_be_assigned(licensing: Licensing) -> None:
    licensing.run(buy("p2", "loose"))
    row = licensing.run(assign("u1", "u2", "u3", key="k1", pool="p2")).row
    assert (row.consumed, row.bought, row.overrun) == (3, 2, 1)


def test_a_retry_under_the_same_key_is_answered_alike_and_changes_nothing(licensing: Licensing, store: Store) -> None:
    commands: list[Any] = [buy(), assign("u1", "u2", key="k1"), unassign("u1", key="k2"), open_account()]
    answers = [licensing.run(command) for command in commands]
    before = everything(store), everything(store, "a1")
    assert [licensing.run(command) for command in commands] == answers
    assert (everything(store), everything(store, "a1")) == before


def test_a_key_that_was_used_for_another_command_is_refused(licensing: Licensing, store: Store) -> None:
    licensing.run(buy())
    licensing.run(assign("u1", key="k1"))
    before = everything(store)
    for other in (assign("u2", key="k1"), unassign("u1", key="k1"), attrs.evolve(assign("u1", key="k1"), actor="root")):
        assert refused(licensing.run, other) == IdempotencyConflict(key="k1")
    assert everything(store) == before


def test_another_tenant_sees_and_touches_nothing(licensing: Licensing, store: Store) -> None:
    licensing.run(buy())
    licensing.run(open_account())
    before = everything(store), everything(store, "a1")
    foreign = Licensing(store, host("globex"), Clock())
    missing = refused(lambda: foreign.run(ReadPool(pool="p9", tenant="globex", actor="boss")))
    for asked in (
        ReadPool(pool="p1", tenant="globex", actor="boss"),
        ListCandidates(pool="p1", tenant="globex", actor="boss"),
        attrs.evolve(assign("u1", key="k1"), tenant="globex"),
        attrs.evolve(unassign("u1", key="k2"), tenant="globex"),
    ):
        assert refused(foreign.run, asked) == PoolNotVisible(pool="p1")
    assert missing == PoolNotVisible(pool="p9")
    assert foreign.run(ListPools(tenant="globex", actor="boss")) == Rows(())
    table = ReadLicenseTable(account="a1", tenant="globex", actor="boss")
    assert refused(lambda: foreign.run(table)) == UnknownAccount(account="a1")
    assert (everything(store), everything(store, "a1")) == before


def test_lists_name_what_may_be_bought_managed_and_given(licensing: Licensing) -> None:
    licensing.run(buy())
    licensing.run(buy("p2", "one"))
    licensing.run(RecordTransaction(plan="five", pool="p3", beneficiary=buy().beneficiary, **sent("record", "root")))
    licensing.run(assign(*USERS[:3], key="k1"))
    assert [row.code for row in licensing.run(ListPools(**ASKED)).rows] == ["p1", "p2", "p3"]
    assert set(licensing.run(ListCandidates(pool="p1", **ASKED)).ids) == {*USERS[3:], "boss"}
    assert licensing.run(ListPlans(**ASKED)).ids


def test_an_account_is_opened_bought_for_settled_handed_out_and_closed(
    licensing: Licensing, clock: Clock, store: Store
) -> None:
    licensing.run(open_account())
    quotes = licensing.run(QuoteLicenses(account="a1", buy={"app": 2, "web": 1}, **ASKED)).quotes
    ordered = licensing.run(
        BuyLicenses(account="a1", buy={"app": 2, "web": 1}, payment=PaymentOutcome.PENDING, **sent("o1"))
    )
    assert (ordered.quotes, ordered.invoice, ordered.rows["app"].buying) == (quotes, None, 2)
    paid = licensing.run(SettleOrder(account="a1", **sent("pay")))
    assert (paid.invoice, paid.quotes, paid.rows["app"].bought, paid.rows["web"].bought) == (1, quotes, 2, 3)
    granted = licensing.run(GrantLicense(account="a1", user="u1", license_type="web", **sent("g1")))
    assert (granted.user.active, granted.user.features, granted.rows["web"].in_use) == (True, ("crm",), 1)
    licensing.run(GrantLicense(account="a1", user="u1", license_type="app", **sent("g2")))
    revoked = licensing.run(RevokeLicense(account="a1", user="u1", license_type="app", **sent("r1")))
    assert revoked.user.licenses == ("web",)
    clock.now = NOON.replace(month=6)
    assert isinstance(
        refused(lambda: licensing.run(QuoteLicenses(account="a1", buy={"web": 1}, **ASKED))), CycleNotClosed
    )
    closed = licensing.run(CloseCycle(account="a1", **sent("close")))
    assert (dict(closed.removed), dict(closed.kept)) == ({"app": 2, "web": 2}, {"app": 0, "web": 1})
    assert licensing.run(ReadLicensedUser(account="a1", user="u1", **ASKED)).licenses == ("web",)
    assert isinstance(licensing.run(ReadLicenseTable(account="a1", **ASKED)), LicenseTable)
    state, history = everything(store, "a1")
    assert isinstance(state, Stored)
    assert replay(history) == state.state  # type: ignore[arg-type]


def test_what_an_account_refuses_changes_nothing(licensing: Licensing, store: Store) -> None:
    licensing.run(open_account())
    before = everything(store, "a1")
    failed = BuyLicenses(account="a1", buy={"app": 1}, payment=PaymentOutcome.FAILED, **sent("o1"))
    for asked, error in (
        (failed, PaymentFailed),
        (SettleOrder(account="a1", **sent("s1")), NoPaymentPending),
        (GrantLicense(account="a1", user="u1", license_type="app", **sent("g1")), NoFreeLicense),
        (GrantLicense(account="a9", user="u1", license_type="app", **sent("g2")), UnknownAccount),
    ):
        assert type(refused(licensing.run, asked)) is error
    assert everything(store, "a1") == before


def test_the_history_rebuilds_what_is_stored(licensing: Licensing, store: Store) -> None:
    licensing.run(buy())
    licensing.run(buy("p2", "one"))
    licensing.run(assign(*USERS[:5], key="k1"))
    licensing.run(unassign("u1", "u2", key="k2"))
    licensing.run(unassign("u2", key="k3", actor="root"))
    licensing.run(assign("u1", "u9", key="k4"))
    for pool in ("p1", "p2"):
        state, history = everything(store, pool)
        assert state == Stored(replay(history), len(history))  # type: ignore[arg-type]


def race(stores: list[Store], key: Callable[[int], str], users: Callable[[int], str]) -> list[object]:
    """One thread for each store, all at once; what came of each."""
    outcomes: list[object] = [None] * len(stores)
    barrier = Barrier(len(stores))

    def run(number: int) -> None:
        licensing = Licensing(stores[number], host(), Clock())
        barrier.wait()
        try:
            outcomes[number] = licensing.run(assign(users(number), key=key(number)))
        except BaseException as error:  # noqa: BLE001
            outcomes[number] = error

    threads = [Thread(target=run, args=(number,)) for number in range(len(stores))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def test_threads_at_once_never_assign_more_than_was_bought(licensing: Licensing, store: Store) -> None:
    licensing.run(buy())
    outcomes = race([store] * 8, lambda n: f"k{n}", lambda n: f"u{n}")
    refusals = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refusals == [LicensesExhausted(pool="p1", requested=1, shortfall=1)] * 3
    state, history = everything(store)
    assert isinstance(state, Stored)
    assert (state.state.consumed, len(state.state.holdings)) == (5, 5)
    assert state == Stored(replay(history), len(history))  # type: ignore[arg-type]


def test_one_command_sent_by_many_threads_takes_effect_once(licensing: Licensing, store: Store) -> None:
    licensing.run(buy())
    outcomes = race([store] * 8, lambda _: "k1", lambda _: "u1")
    assert len({repr(outcome) for outcome in outcomes}) == 1
    assert outcomes[0] == licensing.run(assign("u1", key="k1"))
    assert len(everything(store)[1]) == 3  # type: ignore[arg-type]


def test_stores_of_their_own_on_one_file_never_assign_more_than_was_bought(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'licenses.db'}"
    stores = [SqlStore(url) for _ in range(8)]
    stores[0].create()
    Licensing(stores[0], host(), Clock()).run(buy())
    outcomes = race(list(stores), lambda n: f"k{n}", lambda n: f"u{n}")
    refusals = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert refusals == [LicensesExhausted(pool="p1", requested=1, shortfall=1)] * 3
    for one in stores:
        one.close()


ONE_PROCESS = """
import sys
from licensing_core.adapters.sql import SqlStore
from licensing_core.errors import LicensingError
from licensing_core.services import Licensing
from tests.service_world import Clock, assign, host
store = SqlStore(sys.argv[1])
licensing = Licensing(store, host(), Clock())
for number in range(10):
    user = f"u{number + 10 * int(sys.argv[2])}"
    try:
        licensing.run(assign(user, key=user))
        print("ok")
    except LicensingError as refusal:
        print(refusal.code)
store.close()
"""


def test_processes_on_one_file_never_assign_more_than_was_bought(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'licenses.db'}"
    with closing(SqlStore(url)) as store:
        store.create()
        Licensing(store, host(), Clock()).run(buy())
        running = [
            subprocess.Popen(
                [sys.executable, "-c", ONE_PROCESS, url, str(number)], cwd=ROOT, stdout=subprocess.PIPE, text=True
            )
            for number in range(2)
        ]
        said = [line for process in running for line in process.communicate(timeout=120)[0].split()]
        assert sorted(said) == ["ok"] * 5 + ["pool.licenses_exhausted"] * 15
        state, history = everything(store)
        assert state == Stored(replay(history), len(history))  # type: ignore[arg-type]


class Meddler:
    """A store whose units of work find that somebody was faster, for so many times."""

    def __init__(self, store: Store, times: int) -> None:
        self._store, self.times = store, times

    def begin(self, *, read_only: bool = False) -> Any:
        if self.times:
            self.times -= 1
            raise VersionConflict(aggregate="p1", expected=1)
        return self._store.begin(read_only=read_only)


@pytest.mark.parametrize(("times", "outcome"), [(7, "ok"), (8, "store.version_conflict")])
def test_who_was_too_slow_decides_anew_eight_times_at_most(store: Store, times: int, outcome: str) -> None:
    told: list[tuple[str, str]] = []
    Licensing(store, host(), Clock()).run(buy())
    meddled = Licensing(Meddler(store, times), host(), Clock(), lambda name, code, _: told.append((name, code)))
    if outcome == "ok":
        assert meddled.run(assign("u1", key="k1")).added == ("u1",)
    else:
        assert isinstance(refused(lambda: meddled.run(assign("u1", key="k1"))), VersionConflict)
    assert told == [("AssignLicenses", outcome)]


def test_an_observer_is_told_of_each_outcome(store: Store) -> None:
    told: list[tuple[str, str, bool]] = []
    licensing = Licensing(store, host(), Clock(), lambda name, code, took: told.append((name, code, took >= 0)))
    licensing.run(buy())
    refused(lambda: licensing.run(assign("out", key="k1")))
    with pytest.raises(InvalidArgument):
        licensing.run(BuyLicenses(account="a b", buy={}, payment=PaymentOutcome.PENDING, **sent("k")))
    assert told == [("BuyPlan", "ok", True), ("AssignLicenses", "pool.not_eligible", True)]


def test_a_fingerprint_depends_on_all_but_the_key() -> None:
    command = assign("u1", "u2", "u3", key="k1")
    assert fingerprint(command) == fingerprint(assign("u3", "u1", "u2", key="k2"))
    others: list[Any] = [
        assign("u1", "u2", key="k1"),
        unassign("u1", "u2", "u3", key="k1"),
        attrs.evolve(command, actor="root"),
        attrs.evolve(command, tenant="globex"),
        attrs.evolve(command, pool="p2"),
    ]
    assert len({fingerprint(one) for one in [command, *others]}) == 6


def test_a_remembered_answer_of_another_kind_is_kept_apart(store: Store) -> None:
    with store.begin() as work:
        work.remember(TENANT, "k1", Remembered(fingerprint="f", answer=Ids(("p1",))))
    assert refused(lambda: Licensing(store, host(), Clock()).run(assign("u1", key="k1"))) == IdempotencyConflict(
        key="k1"
    )


def test_the_stores_tell_the_same_story(tmp_path: Path) -> None:
    def story(store: Store) -> list[object]:
        clock = Clock()
        licensing = Licensing(store, host(), clock)
        told: list[object] = []
        commands: list[Any] = [
            buy(),
            buy(),
            assign("u1", "u2", key="k1"),
            assign("u1", "out", key="k2"),
            unassign("u2", key="k3"),
            open_account(),
            BuyLicenses(account="a1", buy={"web": 1, "app": 3}, payment=PaymentOutcome.SUCCEEDED, **sent("o1")),
            GrantLicense(account="a1", user="u1", license_type="web", **sent("g1")),
            GrantLicense(account="a1", user="u1", license_type="web", **sent("o1")),
        ]
        for command in commands:
            try:
                told.append(licensing.run(command))
            except LicensingError as refusal:
                told.append(refusal)
        return [told, everything(store), everything(store, "a1")]

    with closing(SqlStore(f"sqlite:///{tmp_path / 'licenses.db'}")) as sql:
        sql.create()
        assert story(sql) == story(MemoryStore())
