"""What is PostgreSQL's own: locks on what is loaded to be changed, reading beside them, rights, and lost servers."""

import asyncio
import logging
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from typing import Any
from unittest.mock import patch

import attrs
import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, make_url

from licensing_core import pools
from licensing_core.adapters.hosts import AsyncHostOf
from licensing_core.adapters.sql import AsyncSqlStore, SqlStore
from licensing_core.adapters.sql.asynchronous import MOST_THREADS
from licensing_core.adapters.sql.engines import MOST_CONNECTIONS
from licensing_core.adapters.sql.schema import METADATA
from licensing_core.directory import Actor, Role
from licensing_core.pools import LicensesExhausted
from licensing_core.protocols import AggregateExists, AggregateKind, Page, StoreUnavailable, VersionConflict
from licensing_core.services import AsyncLicensing, GrantActor, Licensing, ReadPool
from tests.postgres import Server, a_database, the_server
from tests.service_world import TENANT, Clock, assign, buy, host, known, unassign
from tests.specimens import NOON, ROOT, SWITCHES

READ = ReadPool(tenant=TENANT, actor="boss", pool="p1")


@pytest.fixture
def url() -> Iterator[str]:
    """A database with a pool p1 of five licenses."""
    with a_database() as made:
        with closing(SqlStore(made)) as store:
            store.create()
            known(store)
            Licensing(store, host(), Clock()).run(buy())
        yield made


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    with closing(SqlStore(url, wait=5)) as made:
        yield made


def licensing(store: SqlStore) -> Licensing:
    return Licensing(store, host(), Clock())


def test_who_wants_the_same_pool_waits_and_decides_on_what_the_first_one_left(store: SqlStore) -> None:
    with ThreadPoolExecutor(1) as other:
        with store.begin() as work:
            first = work.pool(TENANT, "p1", ("u1",))
            assert first is not None
            waiting = other.submit(licensing(store).run, assign("u2", key="k2"))
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
        assert waiting.result(10).row.consumed == 1


def test_other_pools_and_reading_do_not_wait(store: SqlStore) -> None:
    licensing(store).run(buy("p2"))
    with ThreadPoolExecutor(1) as other, store.begin() as work:
        work.pool(TENANT, "p1", None)
        assert other.submit(licensing(store).run, READ).result(10).bought == 5
        assert other.submit(licensing(store).run, assign("u2", key="k2", pool="p2")).result(10).row.consumed == 1


def test_a_unit_of_work_for_reading_is_of_one_instant(store: SqlStore) -> None:
    with store.begin(read_only=True) as work:
        before = work.pool(TENANT, "p1", None)
        licensing(store).run(assign("u1", key="k1"))
        assert work.pool(TENANT, "p1", None) == before
        assert len(work.history(TENANT, AggregateKind.LICENSES, "p1")) == (before.version if before else 0)
    with store.begin(read_only=True) as work:
        assert work.pool(TENANT, "p1", None) != before


def test_who_waits_for_too_long_is_told_that_the_store_is_busy(url: str, store: SqlStore) -> None:
    with closing(SqlStore(url, wait=0.1)) as hasty, store.begin() as work:
        work.pool(TENANT, "p1", None)
        with pytest.raises(StoreUnavailable) as refused:
            licensing(hasty).run(assign("u1", key="k1"))
    assert refused.value.reason == "busy"
    assert licensing(store).run(assign("u1", key="k1")).row.consumed == 1


def test_units_of_work_that_wait_for_each_other_are_a_conflict_for_one_of_them(store: SqlStore) -> None:
    licensing(store).run(buy("p2"))
    both = threading.Barrier(2)

    def load(*pools: str) -> str:
        try:
            with store.begin() as work:
                work.pool(TENANT, pools[0], None)
                both.wait(10)
                work.pool(TENANT, pools[1], None)
        except StoreUnavailable as refusal:
            return refusal.reason
        return "done"

    with ThreadPoolExecutor(2) as pair:
        ends = sorted(one.result(30) for one in [pair.submit(load, "p1", "p2"), pair.submit(load, "p2", "p1")])
    assert ends == ["conflict", "done"]


def test_a_command_that_is_sent_twice_at_once_is_answered_alike(store: SqlStore) -> None:
    licensing(store).run(assign("u1", "u2", "u3", "u4", key="most"))
    with ThreadPoolExecutor(4) as many:
        with store.begin() as work:
            work.pool(TENANT, "p1", None)
            last = [many.submit(licensing(store).run, assign("u5", key="last")) for _ in range(2)]
            new = [many.submit(licensing(store).run, buy("p9")) for _ in range(2)]
            assert new[0].result(10) == new[1].result(10)
        assert last[0].result(10) == last[1].result(10)
        assert last[0].result().added == ("u5",)
    with pytest.raises(LicensesExhausted):
        licensing(store).run(assign("u6", key="more"))


def test_a_history_without_its_beginning_is_listed_and_is_not_begun_again(url: str, store: SqlStore) -> None:
    licensing(store).run(assign("u1", key="k1"))
    licensing(store).run(buy("p2"))
    with the_server().connect(make_url(url).database or "") as connection:
        for table in ("holding", "pool", "event"):
            events = " AND sequence < 3" if table == "event" else ""
            connection.execute(f"DELETE FROM {table} WHERE aggregate = 'p1'{events}".encode())
    with store.begin(read_only=True) as work:
        assert work.stored(TENANT, AggregateKind.LICENSES, Page()) == ("p1", "p2")
        assert work.stored(TENANT, AggregateKind.LICENSES, Page(most=1)) == ("p1",)
        assert work.stored(TENANT, AggregateKind.LICENSES, Page("p1", 1)) == ("p2",)
        assert work.stored(TENANT, AggregateKind.LICENSES, Page("p2", 1)) == ()
        assert work.stored(TENANT, AggregateKind.USAGE, Page()) == ()
    with pytest.raises(AggregateExists) as refused:
        licensing(store).run(buy("p1", key="again"))
    assert refused.value == AggregateExists(aggregate="p1")


def test_whoever_takes_a_grant_away_waits_for_all_who_rely_on_it(store: SqlStore) -> None:
    with store.begin() as work:
        work.keep_actor(TENANT, "mia", Actor("mia"))

    def take() -> None:
        with store.begin() as work:
            work.keep_actor(TENANT, "mia", None)

    with ThreadPoolExecutor(1) as other:
        with store.begin() as one, store.begin() as two:
            assert one.actor(TENANT, "mia") == two.actor(TENANT, "mia") == Actor("mia")
            taking = other.submit(take)
            with pytest.raises(TimeoutError):
                taking.result(0.3)
            assert one.actor(TENANT, "mia") == Actor("mia")
        taking.result(10)
    with store.begin() as work:
        assert work.actor(TENANT, "mia") is None


def test_who_waits_for_a_grant_that_is_replaced_relies_on_the_new_one(store: SqlStore) -> None:
    with store.begin() as work:
        work.keep_actor(TENANT, "mia", Actor("mia"))

    def found() -> Actor | None:
        with store.begin() as work:
            return work.actor(TENANT, "mia")

    with ThreadPoolExecutor(1) as other:
        with store.begin() as work:
            assert work.keep_actor(TENANT, "mia", Actor("mia", Role.SUPERADMIN))
            waiting = other.submit(found)
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
        assert waiting.result(10) == Actor("mia", Role.SUPERADMIN)


def test_many_who_grant_to_one_at_once_wait_for_each_other(store: SqlStore) -> None:
    together = threading.Barrier(8)

    def grant(number: int) -> object:
        shown = GrantActor(tenant=TENANT, actor="root", key=f"g{number}", grantee="mia", role=Role.SUPERADMIN)
        together.wait(10)
        return licensing(store).run(shown).kept

    with ThreadPoolExecutor(8) as many:
        assert set(many.map(grant, range(8))) == {Actor("mia", Role.SUPERADMIN)}


def test_those_who_wait_for_one_pool_leave_the_connections_to_others(store: SqlStore) -> None:
    licensing(store).run(buy("p2"))
    with ThreadPoolExecutor(MOST_CONNECTIONS + 9) as many:
        with store.begin() as work:
            work.pool(TENANT, "p1", None)
            hot = [many.submit(licensing(store).run, assign("u1", key=f"k{n}")) for n in range(MOST_CONNECTIONS + 8)]
            assert many.submit(licensing(store).run, assign("u2", key="other", pool="p2")).result(10).added == ("u2",)
            assert not any(one.done() for one in hot)
        assert sum(len(one.result(30).added) for one in hot) == 1


def test_who_gets_no_connection_in_time_is_told_that_the_store_is_busy(url: str) -> None:
    with closing(SqlStore(url, wait=0.2)) as store, ExitStack() as open_ones:
        for _ in range(MOST_CONNECTIONS):
            open_ones.enter_context(store.begin(read_only=True)).pool(TENANT, "p1", None)
        with pytest.raises(StoreUnavailable) as refused:
            licensing(store).run(READ)
        assert refused.value.reason == "busy"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork()")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_processes_that_are_forked_have_connections_of_their_own(store: SqlStore) -> None:
    for name in ("p2", "p3"):
        licensing(store).run(buy(name))
    children = [os.fork() or _read_often(store, name) for name in ("p1", "p2", "p3")]
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0, 0]
    assert licensing(store).run(READ).bought == 5


def _read_often(store: SqlStore, name: str) -> int:
    """In a child: end with 0 when each answer is about the pool that was asked for."""
    status = 1
    with suppress(BaseException):
        found = {licensing(store).run(attrs.evolve(READ, pool=name)).code for _ in range(50)}
        status = 0 if found == {name} else 2
    os._exit(status)


def test_no_right_to_change_or_delete_events_is_needed(postgres: Server, url: str) -> None:
    name = str(make_url(url).database)
    tables = ", ".join(table.name for table in METADATA.sorted_tables if table.name != "event")
    with postgres.connect(name) as admin:
        admin.execute("DROP ROLE IF EXISTS appender")
        admin.execute("CREATE ROLE appender LOGIN")
        admin.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {tables} TO appender")
        admin.execute("GRANT SELECT, INSERT ON event TO appender")
    limited = make_url(url).set(username="appender").render_as_string()
    try:
        with closing(SqlStore(limited)) as store:
            licensing(store).run(assign("u1", key="k1"))
            licensing(store).run(unassign("u1", key="k2"))
            assert licensing(store).run(READ).bought == 5
            with store.begin() as work:
                work.handed_over(TENANT, work.outbox(TENANT, 100))
    finally:
        with postgres.connect(name) as admin:
            admin.execute("DROP OWNED BY appender")
            admin.execute("DROP ROLE appender")


@pytest.mark.parametrize(
    "part", [{"database": "nosuch"}, {"username": "nobody_known"}, {"query": {"host": "/nowhere"}}], ids=str
)
def test_a_database_that_cannot_be_reached_is_told_and_no_parameter_with_it(url: str, part: dict[str, str]) -> None:
    wrong = make_url(url).set(**part).render_as_string()  # type: ignore[arg-type]
    with closing(SqlStore(wrong)) as lost, pytest.raises(StoreUnavailable) as refused:
        licensing(lost).run(READ)
    assert refused.value.reason == "failed"
    assert "nosuch" not in str(refused.value)


def test_a_connection_that_was_lost_amid_a_pipeline_is_used_no_more(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    def lose() -> None:
        with store.begin() as work:
            work.pool(TENANT, "p1", None)
            channel: Any = work.open()
            channel._driver.pgconn.enter_pipeline_mode()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lose()
    assert licensing(store).run(assign("u1", key="k1")).row.consumed == 1
    assert caplog.records == []


def test_statements_that_the_server_was_made_to_forget_are_prepared_anew(store: SqlStore) -> None:
    licensing(store).run(assign("u1", key="k1"))
    with store.begin() as work:
        work.pool(TENANT, "p1", None)
        channel: Any = work.open()
        channel._driver.execute("DEALLOCATE ALL")
    assert licensing(store).run(assign("u2", key="k2")).row.consumed == 2
    assert licensing(store).run(READ).consumed == 2


def test_a_save_that_was_refused_is_not_committed_by_what_comes_after_it(url: str, store: SqlStore) -> None:
    with store.begin(read_only=True) as work:
        found = work.pool(TENANT, "p1", ("u1",))
    assert found is not None
    assert isinstance(found.state, pools.LicensePool)
    given = pools.assign(found.state, ["u1"], eligible=["u1"], switches=SWITCHES, by=ROOT, now=NOON)
    licensing(store).run(assign("u2", key="meanwhile"))
    before = licensing(store).run(READ)

    def go_on() -> None:
        with store.begin() as work:
            with pytest.raises(VersionConflict):
                work.save(TENANT, given.state, expected=found.version, events=given.events)
            work.keep_card(TENANT, "a1", None, None)

    with pytest.raises(StoreUnavailable):
        go_on()
    with store.begin(read_only=True) as work:
        assert len(work.history(TENANT, AggregateKind.LICENSES, "p1")) == found.version + 1
    assert licensing(store).run(READ) == before


def test_drivers_that_a_host_lends_again_and_again_keep_what_is_prepared(url: str) -> None:
    made = make_url(url)
    lent = psycopg.connect(
        dbname=made.database, user=made.username, host=str(made.query["host"]), port=made.port or "5432"
    )

    engine = create_engine(url, poolclass=NullPool, creator=lambda: lent)
    with patch.object(type(lent), "close", lambda _self: None), closing(SqlStore(engine)) as store:
        for number in range(3):
            assert licensing(store).run(assign(f"u{number}", key=f"k{number}")).row.consumed == number + 1
    lent.close()


@pytest.mark.parametrize(
    "said", ["DEALLOCATE ALL", "DISCARD PLANS", "ALTER TABLE pool ALTER COLUMN renewals TYPE BIGINT"]
)
def test_what_others_do_to_prepared_statements_is_made_up_for(url: str, said: str) -> None:
    engine = create_engine(url, pool_size=1, max_overflow=0)
    with closing(SqlStore(engine)) as store:
        licensing(store).run(assign("u1", key="k1"))
        with engine.begin() as connection:
            connection.exec_driver_sql(said)
        for number in (2, 3):
            assert licensing(store).run(assign(f"u{number}", key=f"k{number}")).row.consumed == number
            assert licensing(store).run(READ).consumed == number


def test_nothing_is_prepared_on_connections_of_a_host_that_forbids_it(url: str) -> None:
    def prepared(store: SqlStore) -> Any:
        with store.begin() as work:
            work.pool(TENANT, "p1", ())
            channel: Any = work.open()
            return channel._driver.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()[0]

    engine = create_engine(url, connect_args={"prepare_threshold": None})
    with closing(SqlStore(engine)) as forbidden, closing(SqlStore(url)) as usual:
        for number, store in enumerate((forbidden, usual), 1):
            assert licensing(store).run(assign(f"u{number}", key=f"k{number}")).row.consumed == number
        assert (prepared(forbidden), prepared(usual) > 0) == (0, True)
    engine.dispose()


def test_an_event_of_ten_thousand_users_goes_out_while_the_server_answers(store: SqlStore) -> None:
    users = [f"u{number:063}" for number in range(10_000)]
    free = attrs.evolve(SWITCHES, enforce_limit=False)
    with store.begin() as work:
        found = work.pool(TENANT, "p1", users)
        assert found is not None
        assert isinstance(found.state, pools.LicensePool)
        given = pools.assign(found.state, users, eligible=users, switches=free, by=ROOT, now=NOON)
        work.save(TENANT, given.state, expected=found.version, events=given.events)
    with store.begin(read_only=True) as work:
        found = work.pool(TENANT, "p1", users)
        held = work.holders(TENANT, "p1", Page(most=1000))
    assert found is not None
    assert (found.state.consumed, list(held)) == (10_000, users[:1000])


def test_a_lost_server_is_told_once_and_found_again_when_it_is_back(caplog: pytest.LogCaptureFixture) -> None:
    with Server.start(durable=True) as server, closing(SqlStore(server.new_database())) as store:
        store.create()
        known(store)
        licensing(store).run(buy())
        with ThreadPoolExecutor(4) as many:
            list(many.map(lambda number: licensing(store).run(assign("u1", key=f"k{number}")), range(8)))
        server.kill()
        with pytest.raises(StoreUnavailable) as refused:
            licensing(store).run(assign("u2", key="again"))
        assert refused.value.reason == "failed"
        server.again()
        assert licensing(store).run(assign("u2", key="again")).added == ("u2",)
        assert licensing(store).run(READ).consumed == 2
    assert logging.getLogger("psycopg").handlers


def test_a_query_whose_connection_was_cut_is_asked_again(postgres: Server, url: str, store: SqlStore) -> None:
    licensing(store).run(READ)
    cut(postgres, url)
    assert licensing(store).run(READ).bought == 5
    with suppress(StoreUnavailable), store.begin(read_only=True) as work:
        work.pool(TENANT, "p1", ())
        cut(postgres, url)
        with pytest.raises(StoreUnavailable) as refused:
            work.pool(TENANT, "p1", ())
        assert refused.value.reason == "failed"


def cut(server: Server, url: str) -> None:
    """End every connection to the database of *url* but the one that does so."""
    name = str(make_url(url).database)
    with server.connect("postgres") as admin:
        admin.execute(f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'")


def test_tasks_wait_for_each_other_as_threads_do(url: str) -> None:
    async def work() -> list[int]:
        store = AsyncSqlStore(url)
        try:
            tasks = AsyncLicensing(store, AsyncHostOf(host()), Clock())
            commands = [assign(f"u{number}", key=f"k{number}") for number in range(1, 6)]
            given = await asyncio.gather(*(tasks.run(one) for one in commands))
            return sorted(one.row.consumed for one in given)
        finally:
            await store.close()

    assert asyncio.run(work()) == [1, 2, 3, 4, 5]


def test_tasks_wait_without_a_thread_when_very_many_are_at_work(url: str) -> None:
    async def work() -> int:
        store, most = AsyncSqlStore(url), 0
        tasks = AsyncLicensing(store, AsyncHostOf(host()), Clock())
        asked = [asyncio.create_task(tasks.run(READ)) for _ in range(3 * MOST_THREADS)]
        while not all(one.done() for one in asked):
            most = max(most, sum(one.name.startswith("licensing_core") for one in threading.enumerate()))
            await asyncio.sleep(0)
        await store.close()
        assert {one.result().bought for one in asked} == {5}
        return most

    assert asyncio.run(work()) <= 2 * MOST_THREADS  # those that have ended may not be gone yet
