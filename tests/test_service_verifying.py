"""What is stored is checked against its history, and read as it was at an earlier instant."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any

import attrs
import pytest

from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.sql import AsyncSqlStore, SqlStore
from licensing_core.checks import InvalidInstant
from licensing_core.enrollments import Enrollments
from licensing_core.pools import LicensePool
from licensing_core.protocols import AggregateExists, AggregateKind, BrokenHistory, Page, Store, StoreUnavailable
from licensing_core.serde import InvalidDocument
from licensing_core.services import (
    AsOf,
    AsyncLicensing,
    Fault,
    Finding,
    Findings,
    Licensing,
    ReadAsOf,
    ResizePool,
    Verify,
    replay,
    replay_until,
)
from licensing_core.services.comparing import MOST_NAMES, Led, compared
from licensing_core.services.replay import replay_whole
from tests.faulty import Faulty
from tests.service_world import NOON, TENANT, Clock, assign, buy, enroll, host, refused
from tests.service_world import sent as sent_by

LICENSES = AggregateKind.LICENSES
ROOT: dict[str, Any] = {"tenant": TENANT, "actor": "root"}


def verify(kind: AggregateKind = LICENSES, **part: Any) -> Verify:
    return Verify(kind=kind, **ROOT, **part)


# All is well


@pytest.mark.parametrize("kind", AggregateKind)
def test_nothing_is_found_where_all_is_well(furnished: Store, kind: AggregateKind) -> None:
    answer = Licensing(furnished, host(), Clock()).run(verify(kind))
    counted = {"licenses": 5, "usage": 1, "credits": 1, "customers": 2, "numbers": 1, "payments": 2}
    assert answer == Findings(findings=(), verified=counted[kind.value])


def test_it_goes_on_page_by_page(furnished: Store) -> None:
    licensing, after, seen = Licensing(furnished, host(), Clock()), None, []
    while True:
        answer = licensing.run(verify(after=after, most=1))
        assert answer.findings == ()
        if answer.next is None:
            break
        after = answer.next
        seen.append(after)
    assert seen == ["a1", "p1", "p2", "p5", "s1"]


def test_of_another_tenant_nothing_is_seen(furnished: Store) -> None:
    licensing = Licensing(furnished, host("globex"), Clock())
    assert licensing.run(attrs.evolve(verify(), tenant="globex")) == Findings(findings=(), verified=0)


# Something is wrong


@pytest.fixture
def spoiled(furnished_database: Path, tmp_path: Path) -> Iterator[Callable[[str, AggregateKind], list[Finding]]]:
    """What is found of a kind once some SQL was carried out, past the store, whatever the constraints say."""
    path = copy(furnished_database, tmp_path)
    with closing(SqlStore(f"sqlite:///{path}")) as store:

        def found(statements: str, kind: AggregateKind = LICENSES) -> list[Finding]:
            with closing(sqlite3.connect(path)) as connection:
                connection.executescript(f"PRAGMA ignore_check_constraints = ON; {statements}")
            return list(Licensing(store, host(), Clock()).run(verify(kind)).findings)

        yield found


P1 = "tenant = 'acme' AND aggregate = 'p1'"
HISTORY = f"kind = 'licenses' AND {P1}"


@pytest.mark.parametrize(
    ("statement", "fault", "names"),
    [
        (f"UPDATE pool SET consumed = consumed + 1 WHERE {P1}", Fault.STATE_DIFFERS, ("consumed",)),
        (f"UPDATE pool SET held = held - 1, renewals = 7 WHERE {P1}", Fault.STATE_DIFFERS, ("held", "renewals")),
        (f"UPDATE pool SET suspended = 1 WHERE {P1}", Fault.STATE_DIFFERS, ("suspended",)),
        (
            f"UPDATE pool SET beneficiary = 'user:u1' WHERE {P1}",
            Fault.STATE_DIFFERS,
            ("beneficiary.id", "beneficiary.kind"),
        ),
        (f"UPDATE holding SET state = 'awaiting' WHERE {P1} AND holder = 'u1'", Fault.STATE_DIFFERS, ("holdings.u1",)),
        (f"DELETE FROM holding WHERE {P1} AND holder = 'u1'", Fault.PART_MISSING, ("holdings.u1",)),
        (
            "INSERT INTO holding VALUES ('acme', 'p1', 'p1', 'mallory', 'held')",
            Fault.PART_UNFOUNDED,
            ("holdings.mallory",),
        ),
        (
            "DELETE FROM enrollment WHERE learner = 'u1'",
            Fault.PART_MISSING,
            ("enrollments.u1.course:fire",),
        ),
        (
            "UPDATE enrollment SET locked = 1 WHERE learner = 'u1'",
            Fault.STATE_DIFFERS,
            ("enrollments.u1.course:fire.locked",),
        ),
        (
            "INSERT INTO enrollment VALUES ('acme', 'eve', 'course:fire', 'p1', 'enrolled', NULL, 0, NULL, NULL)",
            Fault.PART_UNFOUNDED,
            ("enrollments.eve.course:fire",),
        ),
    ],
)
def test_what_is_stored_of_a_pool_is_compared_with_its_history(
    spoiled: Any, statement: str, fault: Fault, names: tuple[str, ...]
) -> None:
    (found,) = spoiled(statement)
    assert (found.aggregate, found.fault, found.names, found.more) == ("p1", fault, names, 0)
    assert found.sequence == found.version > 0


@pytest.mark.parametrize(
    ("statement", "fault", "sequence"),
    [
        (f"UPDATE pool SET version = version + 1 WHERE {P1}", Fault.HISTORY_BROKEN, None),
        (f"DELETE FROM event WHERE {HISTORY} AND sequence = 2", Fault.HISTORY_BROKEN, 3),
        (f"DELETE FROM event WHERE {HISTORY}", Fault.HISTORY_BROKEN, 1),
        (f"UPDATE event SET at = at + 1 WHERE {HISTORY} AND sequence = 3", Fault.HISTORY_BROKEN, 3),
        (
            f"UPDATE event SET body = replace(body, 'u1', 'u9') WHERE {HISTORY} AND sequence = 3",
            Fault.HISTORY_BROKEN,
            3,
        ),
    ],
)
def test_what_is_wrong_with_the_history_of_a_pool_is_found(
    spoiled: Any, statement: str, fault: Fault, sequence: int | None
) -> None:
    (found,) = spoiled(statement)
    assert (found.aggregate, found.fault, found.names) == ("p1", fault, ())
    assert sequence is None or found.sequence == sequence


P1_GONE = f"DELETE FROM enrollment WHERE pool = 'p1'; DELETE FROM holding WHERE {P1}; DELETE FROM pool WHERE {P1}"


def test_a_pool_of_which_only_later_events_are_left_is_told(spoiled: Any) -> None:
    (found,) = spoiled(f"{P1_GONE}; DELETE FROM event WHERE {HISTORY} AND sequence < 3")
    assert (found.aggregate, found.fault, found.sequence, found.version) == ("p1", Fault.HISTORY_BROKEN, 3, 0)


@pytest.mark.parametrize("first", [1, 2, 3])
def test_nothing_new_is_begun_where_events_are_left(furnished_database: Path, tmp_path: Path, first: int) -> None:
    path = copy(furnished_database, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"{P1_GONE}; DELETE FROM event WHERE {HISTORY} AND sequence < {first}")
    with closing(SqlStore(f"sqlite:///{path}")) as store:
        licensing = Licensing(store, host(), Clock())
        assert refused(licensing.run, buy("p1", key="again")) == AggregateExists(aggregate="p1")


def test_an_event_that_was_cut_off_is_missed(spoiled: Any) -> None:
    last = f"(SELECT max(sequence) FROM event WHERE {HISTORY})"
    (found,) = spoiled(f"DELETE FROM event WHERE {HISTORY} AND sequence = {last}")
    assert (found.fault, found.version) == (Fault.HISTORY_BROKEN, found.sequence + 1)


def test_a_version_that_is_not_the_number_of_the_last_event_is_told(furnished: Store) -> None:
    """Of a store that does not see to it itself."""
    with furnished.begin(read_only=True) as work:
        history = work.history(TENANT, LICENSES, "p1")
        stored = work.pool(TENANT, "p1", None)
        placed = work.enrollments(TENANT, None).through("p1")
    assert stored is not None
    about = Finding(kind=LICENSES, aggregate="p1", fault=Fault.UNREADABLE)
    last = len(history)
    assert list(compared(about, stored, Led(*replay_whole(history), last), placed)) == []
    later = attrs.evolve(stored, version=last + 1)
    told = attrs.evolve(about, fault=Fault.VERSION_DIFFERS, sequence=last, version=last + 1)
    assert list(compared(about, later, Led(*replay_whole(history), last), placed)) == [told]


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("usage", "UPDATE part SET body = '[]' WHERE kind = 'usage'"),
        ("usage", "UPDATE document SET state = '{}' WHERE kind = 'usage'"),
        ("customers", "UPDATE document SET administrator = 'eve' WHERE kind = 'customers' AND id = 'a1'"),
        ("customers", "UPDATE document SET administrator = NULL WHERE kind = 'customers' AND id = 'a1'"),
        ("credits", "UPDATE part SET body = '[]' WHERE kind = 'credits' AND sort = 'grant'"),
        ("customers", "UPDATE part SET body = '' WHERE sort = 'person'"),
        ("numbers", "UPDATE document SET state = 'null' WHERE kind = 'numbers'"),
        ("licenses", "UPDATE document SET state = '{}' WHERE kind = 'licenses'"),
        ("licenses", "UPDATE holding SET state = 'lost' WHERE aggregate = 'a1'"),
        ("licenses", "UPDATE holding SET state = 'lost' WHERE aggregate = 'p1'"),
    ],
)
def test_what_cannot_be_read_is_found_of_every_kind(spoiled: Any, kind: str, statement: str) -> None:
    (found,) = spoiled(statement, AggregateKind(kind))
    assert (found.fault, found.names) == (Fault.UNREADABLE, ("state",))


def test_enrollments_that_cannot_be_read_are_told_of_each_aggregate(spoiled: Any) -> None:
    found = spoiled("UPDATE enrollment SET content = 'nonsense' WHERE learner = 'u1'")
    assert [(one.aggregate, one.fault, one.names) for one in found] == [
        (name, Fault.UNREADABLE, ("enrollments",)) for name in ("a1", "p1", "p2", "p5", "s1")
    ]


def test_a_pool_that_became_one_of_seats_is_told(spoiled: Any) -> None:
    found = spoiled(f"UPDATE pool SET kind = 'seats' WHERE {P1}")
    assert [(one.fault, one.names) for one in found] == [(Fault.STATE_DIFFERS, ("state",))]


STRAY = (
    "INSERT INTO pool SELECT tenant, {aggregate}, 'zzz', kind, beneficiary, bought, 0, 0, expires_at, renewals, 0, "
    "suspended, terms, NULL, NULL FROM pool WHERE " + P1
)


def test_pools_of_an_account_under_the_id_of_a_purchased_pool_are_told(spoiled: Any) -> None:
    (found,) = spoiled(STRAY.format(aggregate="aggregate"))
    assert (found.aggregate, found.fault, found.names) == ("p1", Fault.PART_UNFOUNDED, ("account",))
    assert found.sequence == found.version > 0


def test_an_account_under_the_id_of_a_purchased_pool_is_told(spoiled: Any) -> None:
    row = f"'acme', 'licenses', 'p1', '{{}}', 1, '{64 * '0'}', NULL, NULL"
    (found,) = spoiled(f"INSERT INTO document VALUES ({row})")
    assert (found.aggregate, found.fault) == ("p1", Fault.HISTORY_BROKEN)


def test_pools_of_an_account_that_there_is_not_are_told(spoiled: Any) -> None:
    (found,) = spoiled(STRAY.format(aggregate="'ghost'"))
    assert (found.aggregate, found.fault, found.sequence, found.version) == ("ghost", Fault.HISTORY_BROKEN, 1, 0)


def test_a_license_type_more_than_an_account_has_is_told(spoiled: Any) -> None:
    (found,) = spoiled(STRAY.format(aggregate="'a1'"))
    assert (found.aggregate, found.fault, found.names) == ("a1", Fault.UNREADABLE, ("state",))


def test_holders_of_a_pool_of_seats_are_told(spoiled: Any) -> None:
    rows = "('acme', 's1', 's1', 'u1', 'held'), ('acme', 's1', 's1', 'eve', 'awaiting')"
    (found,) = spoiled(f"INSERT INTO holding VALUES {rows}")
    told = ("s1", Fault.PART_UNFOUNDED, ("holdings.eve", "holdings.u1"))
    assert (found.aggregate, found.fault, found.names) == told
    assert found.sequence == found.version > 0


def test_holders_of_a_pool_of_seats_that_cannot_be_read_are_told(furnished: Store) -> None:
    def holders(*_: Any) -> Any:
        raise InvalidDocument(faults=(("$", "document.contradicted"),))

    store = Faulty(holders=holders)
    store._store = furnished  # type: ignore[assignment]
    (found,) = Licensing(store, host(), Clock()).run(verify()).findings
    assert (found.aggregate, found.fault, found.names) == ("s1", Fault.UNREADABLE, ("holdings",))


@pytest.mark.parametrize("statement", ["terms = '{}'", "held = 99", "beneficiary = 'nobody'"])
def test_what_cannot_be_read_is_found(spoiled: Any, statement: str) -> None:
    (found,) = spoiled(f"UPDATE pool SET {statement} WHERE {P1}")
    assert (found.aggregate, found.fault, found.names) == ("p1", Fault.UNREADABLE, ("state",))


@pytest.mark.parametrize(
    ("statement", "aggregate"),
    [
        ("UPDATE enrollment SET pool = 'gone' WHERE learner = 'u7'", "gone"),
        ("UPDATE enrollment SET pool = 'zzz' WHERE learner = 'u7'", "zzz"),
        ("UPDATE enrollment SET pool = 'A' WHERE learner = 'u7'", "A"),
    ],
)
def test_enrollments_of_no_pool_are_found_once(spoiled: Any, statement: str, aggregate: str) -> None:
    found = {(one.aggregate, one.fault): one.names for one in spoiled(statement)}
    name = ("enrollments.u7.course:fire",)
    assert found == {(aggregate, Fault.OWNER_MISSING): name, ("s1", Fault.PART_MISSING): name}


def test_enrollments_of_no_pool_are_on_the_page_of_their_place(furnished_database: Path, tmp_path: Path) -> None:
    path = copy(furnished_database, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("UPDATE enrollment SET pool = 'p1x' WHERE learner = 'u7'")
    with closing(SqlStore(f"sqlite:///{path}")) as store:
        licensing = Licensing(store, host(), Clock())
        pages = [licensing.run(verify(after=after, most=1)) for after in (None, "a1", "p1", "p2", "p5", "s1")]
    told = [[(one.aggregate, one.fault.value) for one in page.findings] for page in pages]
    assert told == [[], [], [("p1x", "owner_missing")], [], [("s1", "part_missing")], []]


@pytest.mark.parametrize(
    ("kind", "statement", "fault", "start"),
    [
        ("usage", "DELETE FROM part WHERE kind = 'usage'", Fault.PART_MISSING, "places."),
        ("credits", "DELETE FROM part WHERE kind = 'credits' AND sort = 'grant'", Fault.UNREADABLE, "state"),
        ("credits", "DELETE FROM part WHERE kind = 'credits' AND sort = 'order'", Fault.PART_MISSING, "orders."),
        (
            "customers",
            "DELETE FROM part WHERE sort = 'bill' AND id = 'proforma:1'",
            Fault.PART_MISSING,
            "bills.proforma:1",
        ),
        ("customers", "DELETE FROM part WHERE sort = 'person'", Fault.PART_MISSING, "people.mia"),
        ("credits", "UPDATE part SET open = 0 WHERE sort = 'order'", Fault.UNREADABLE, "state"),
        ("credits", "UPDATE part SET open = 0 WHERE sort = 'grant'", Fault.PART_HIDDEN, ""),
        (
            "customers",
            "INSERT INTO part SELECT tenant, kind, document, 'eve', sort, open, body FROM part WHERE sort = 'person'",
            Fault.PART_UNFOUNDED,
            "people.eve",
        ),
        (
            "licenses",
            "UPDATE pool SET consumed = consumed + 1 WHERE aggregate = 'a1' AND id = 'web'",
            Fault.STATE_DIFFERS,
            "pools.web.consumed",
        ),
        (
            "numbers",
            "UPDATE document SET state = replace(state, '1', '2') WHERE kind = 'numbers'",
            Fault.STATE_DIFFERS,
            "last",
        ),
    ],
)
def test_every_kind_is_compared_whole(spoiled: Any, kind: str, statement: str, fault: Fault, start: str) -> None:
    (found,) = spoiled(statement, AggregateKind(kind))
    assert found.fault is fault
    assert found.names
    assert all(name.startswith(start) for name in found.names)


def test_a_finding_names_a_hundred_and_counts_the_rest(spoiled: Any) -> None:
    rows = ", ".join(f"('acme', 'p1', 'p1', 'x{number:04}', 'held')" for number in range(1007))
    (found,) = spoiled(f"INSERT INTO holding VALUES {rows}")
    assert (len(found.names), found.names[0], found.more) == (MOST_NAMES, "holdings.x0000", 1007 - MOST_NAMES)


def test_what_keeps_the_store_from_answering_is_no_finding(store: Store) -> None:
    class Lost:
        def begin(self, *, read_only: bool = False) -> Any:
            return _Lost(store.begin(read_only=read_only))

    class _Lost:
        def __init__(self, turn: Any) -> None:
            self._turn = turn

        def __enter__(self) -> Any:
            work = self._turn.__enter__()

            class Work:
                def __getattr__(self, name: str) -> Any:
                    return getattr(work, name)

                def history(self, *_: Any) -> Any:
                    raise StoreUnavailable(reason="failed")

            return Work()

        def __exit__(self, *error: object) -> Any:
            return self._turn.__exit__(*error)

    Licensing(store, host(), Clock()).run(buy())
    assert refused(Licensing(Lost(), host(), Clock()).run, verify()) == StoreUnavailable(reason="failed")


def test_the_same_is_found_when_it_is_awaited(furnished_database: Path, tmp_path: Path) -> None:
    path = copy(furnished_database, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            f"UPDATE pool SET terms = '{{}}' WHERE {P1}; DELETE FROM holding WHERE aggregate = 'a1'"
        )

    async def found() -> Findings:
        store = AsyncSqlStore(f"sqlite:///{path}")
        try:
            return await AsyncLicensing(store, AsyncHostOf(host()), Clock()).run(verify())
        finally:
            await store.close()

    with closing(SqlStore(f"sqlite:///{path}")) as store:
        answer = Licensing(store, host(), Clock()).run(verify())
    assert [(one.aggregate, one.fault.value) for one in answer.findings] == [
        ("a1", "part_missing"),
        ("p1", "unreadable"),
    ]
    assert asyncio.run(found()) == answer


def test_who_holds_something_of_a_pool_of_seats_has_no_license_by_that(
    furnished_database: Path, tmp_path: Path
) -> None:
    path = copy(furnished_database, tmp_path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("INSERT INTO holding VALUES ('acme', 's1', 's1', 'eve', 'held')")
    with closing(SqlStore(f"sqlite:///{path}")) as store, store.begin(read_only=True) as work:
        assert list(work.holders(TENANT, "s1", Page())) == ["eve"]
        assert list(work.licenses(TENANT, "eve")) == []
        assert [pool.id for pool in work.licenses(TENANT, "u1")] == ["p1"]


# As it was


HOUR = timedelta(hours=1)


@pytest.fixture
def grown(store: Store) -> Licensing:
    """A pool p1 is bought at ten, gets two holders at eleven and one enrolled at twelve, and grows at one."""
    clock = Clock()
    licensing = Licensing(store, host(), clock)
    steps = (buy(), assign("u1", "u2", key="two"), enroll("u1", key="in", pool="p1"))
    for step in (*steps, ResizePool(pool="p1", bought=9, **sent_by("more"))):
        licensing.run(step)
        clock.now += HOUR
    return licensing


def as_of(at: datetime, aggregate: str = "p1", kind: AggregateKind = LICENSES) -> ReadAsOf:
    return ReadAsOf(kind=kind, aggregate=aggregate, at=at, **ROOT)


def test_a_pool_is_read_as_it_was(grown: Licensing) -> None:
    def at(hours: float) -> tuple[Any, ...]:
        found = grown.run(as_of(NOON + HOUR * hours))
        pool = found.state
        assert isinstance(pool, LicensePool)
        return pool.bought, pool.consumed, len(pool.holdings), len(found.enrollments), found.sequence

    assert at(0)[:4] == at(0.9)[:4] == (5, 0, 0, 0)
    assert at(1)[:4] == (5, 2, 2, 0)
    assert at(2)[:4] == (5, 2, 2, 1)
    assert at(3)[:4] == at(99)[:4] == (9, 2, 2, 1)
    assert at(99)[4] == at(3)[4] > at(2)[4] > at(1)[4] > at(0)[4] >= 1


def test_what_had_not_begun_and_what_there_is_not_are_alike(grown: Licensing, store: Store) -> None:
    nothing = AsOf(state=None, enrollments=Enrollments(), sequence=0)
    assert grown.run(as_of(NOON - timedelta(microseconds=1))) == nothing
    assert grown.run(as_of(NOON, "p9")) == nothing
    assert grown.run(as_of(NOON, kind=AggregateKind.USAGE)) == nothing
    theirs = Licensing(store, host("globex"), Clock())
    assert theirs.run(attrs.evolve(as_of(NOON + HOUR), tenant="globex")) == nothing


@pytest.mark.parametrize("kind", AggregateKind)
def test_by_now_all_is_as_it_is_stored(furnished: Store, kind: AggregateKind) -> None:
    licensing = Licensing(furnished, host(), Clock())
    with furnished.begin(read_only=True) as work:
        names = work.stored(TENANT, kind, Page())
        histories = {name: work.history(TENANT, kind, name) for name in names}
    assert names
    for name in names:
        found = licensing.run(as_of(NOON, name, kind))
        assert found.state == replay(histories[name])
        assert found.sequence == len(histories[name])
        assert licensing.run(as_of(NOON - timedelta(days=1), name, kind)).state is None


def test_a_history_is_replayed_up_to_the_first_event_that_came_later(grown: Licensing, store: Store) -> None:
    with store.begin(read_only=True) as work:
        history = work.history(TENANT, LICENSES, "p1")
    back = attrs.evolve(history[-1], event=attrs.evolve(history[-1].event, at=NOON))
    dated_back = [*history[:-1], back]
    assert replay_until(dated_back, NOON) == replay_until(history, NOON)
    assert replay_until(history, NOON + HOUR * 9) == replay(history)
    assert replay_until([], NOON) is None
    assert replay_until(history, NOON - HOUR) is None
    for end in range(1, len(history) + 1):
        upto = history[end - 1].event.at
        wanted = [one for one in history if one.event.at <= upto]
        assert replay_until(history, upto) == replay(wanted)


def test_a_beginning_that_is_not_whole_is_refused(grown: Licensing, store: Store) -> None:
    with store.begin(read_only=True) as work:
        history = work.history(TENANT, LICENSES, "p1")
    assert refused(replay_until, history[1:], NOON + HOUR * 9) == BrokenHistory(sequence=1)
    with pytest.raises(InvalidInstant):
        replay_until(history, datetime(2026, 5, 4, tzinfo=UTC).replace(tzinfo=None))
