"""What stores and hosts are made of is refused at the door, with typed errors that repeat no password."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, create_mock_engine, make_url

from licensing_core.accounts import PLAIN_SERIES, DocumentSeries
from licensing_core.adapters.hosts import AsyncHostOf, StaticHost
from licensing_core.adapters.memory import AsyncMemoryStore, MemoryStore
from licensing_core.adapters.sql import AsyncSqlStore, SqlStore, UnsupportedDatabase
from licensing_core.billing import Restart, Series
from licensing_core.checks import InvalidArgument, InvalidId, shown
from licensing_core.credits import ActivationPolicy
from licensing_core.directory import Actor, Content, Directory
from licensing_core.periods import UnknownZone
from licensing_core.plans import ServicePlan, ServicePlans
from licensing_core.protocols import Page, StoreUnavailable
from licensing_core.services import AsyncLicensing, Licensing
from licensing_core.testing.contracts_customers import PACK
from licensing_core.workdays import BusinessCalendar
from tests.service_world import NOON, Clock, host

SQL_STORES: list[Any] = [SqlStore, AsyncSqlStore]
STORES: dict[str, Callable[..., object]] = {
    "MemoryStore": MemoryStore,
    "AsyncMemoryStore": AsyncMemoryStore,
    "SqlStore": lambda **options: SqlStore("sqlite://", **options),
    "AsyncSqlStore": lambda **options: AsyncSqlStore("sqlite://", **options),
}


@pytest.mark.parametrize("store", SQL_STORES)
@pytest.mark.parametrize(
    ("where", "driver"),
    [
        ("postgresql://ana:secret@db/licenses", "postgresql"),
        ("postgresql+asyncpg://ana:secret@db/licenses", "postgresql+asyncpg"),
        ("mysql://ana:secret@db", "mysql"),
        ("sqlite+aiosqlite:///licenses.db", "sqlite+aiosqlite"),
        ("sqlite+pysqlcipher://:secret@/licenses.db", "sqlite+pysqlcipher"),
        ("nosuch://", "nosuch"),
        ("x" * 999 + "://", "x" * 40),
    ],
)
def test_another_database_or_driver_is_not_supported(store: Any, where: str, driver: str) -> None:
    with pytest.raises(UnsupportedDatabase) as refused:
        store(where)
    assert refused.value.got == driver
    assert "in SQLite and PostgreSQL; give a URL such as sqlite:///licenses.db or" in str(refused.value)
    assert "secret" not in repr(refused.value) + str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("store", SQL_STORES)
@pytest.mark.parametrize(
    ("where", "got"),
    [
        ("", "str of 0 characters"),
        ("nonsense", "str of 8 characters"),
        ("/var/licenses.db", "str of 16 characters"),
        ("sqlite://ana:secret@host/licenses.db", "str of 36 characters"),
        ("sqlite://host:port/licenses.db", "str of 30 characters"),
        ("sqlite:///licenses.db?timeout=soon", "str of 34 characters"),
        (None, "None"),
        (7, "7"),
        (b"sqlite://", "bytes"),
        (Path("licenses.db"), "PosixPath"),
        (make_url("sqlite://"), "URL"),
        (create_mock_engine("sqlite://", print), "MockConnection"),
        (create_engine("sqlite://"), "an engine of a database in memory"),
    ],
)
def test_what_is_no_place_of_a_database_is_refused(store: Any, where: Any, got: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        store(where)
    assert (type(refused.value), refused.value.parameter, refused.value.got) == (InvalidArgument, "where", got)
    assert "secret" not in str(refused.value)


class OtherDialect:
    name, driver = "mysql", "pymysql"


@pytest.mark.parametrize("store", SQL_STORES)
def test_an_engine_of_another_database_is_not_supported(store: Any) -> None:
    engine = create_engine("sqlite:///licenses.db")
    engine.dialect = OtherDialect()  # type: ignore[assignment]
    with pytest.raises(UnsupportedDatabase) as refused:
        store(engine)
    assert refused.value.got == "mysql+pymysql"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite+pysqlite://", "sqlite:///file"])
def test_sqlite_is_supported_for_threads_and_tasks(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def story() -> None:
        store = AsyncSqlStore(url)
        await store.create()
        async with store.begin() as work:
            assert await work.pools("t1", Page()) == ()
        await store.close()

    asyncio.run(story())
    with closing(SqlStore(url)) as store:
        store.create()
        with store.begin() as work:
            assert work.pools("t1", Page()) == ()


def test_an_engine_that_was_disposed_of_is_opened_anew(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}")
    engine.dispose()
    with closing(SqlStore(engine)) as store:
        store.create()
        with store.begin() as work:
            assert work.pools("t1", Page()) == ()


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize(
    "wait", ["x", None, True, -1, -0.001, float("nan"), float("inf"), 86_401, 10**400, [1]], ids=shown
)
def test_a_wait_that_is_no_number_of_seconds_is_refused(store: str, wait: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        STORES[store](wait=wait)
    assert (refused.value.parameter, refused.value.expected) == ("wait", "a number of seconds from 0 to 86400")


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("wait", [0, 0.5, 1, 86_400])
def test_a_wait_may_be_nothing_or_a_day(store: str, wait: float) -> None:
    STORES[store](wait=wait)


def test_a_store_that_does_not_wait_has_its_turn_when_nobody_else_has(tmp_path: Path) -> None:
    with closing(SqlStore(f"sqlite:///{tmp_path / 'licenses.db'}", wait=0)) as store:
        store.create()
        with store.begin() as work, pytest.raises(StoreUnavailable), store.begin():
            pass
        with store.begin() as work:
            assert work.pools("t1", Page()) == ()


@pytest.mark.parametrize(
    ("parameter", "bad", "error"),
    [
        ("tenant", None, InvalidId),
        ("tenant", "a b", InvalidId),
        ("zone", None, UnknownZone),
        ("zone", "Mars/Base", UnknownZone),
        ("directory", None, InvalidArgument),
        ("directory", {}, InvalidArgument),
        ("actors", None, InvalidArgument),
        ("actors", Actor("ana"), InvalidArgument),
        ("actors", ["ana"], InvalidArgument),
        ("actors", "ana", InvalidArgument),
        ("offers", 3, InvalidArgument),
        ("offers", [None], InvalidArgument),
        ("courses", None, InvalidArgument),
        ("courses", {"basics": []}, InvalidArgument),
        ("courses", {Content.learning_plan("basics"): None}, InvalidArgument),
        ("courses", {Content.learning_plan("basics"): "course:fire"}, InvalidArgument),
        ("courses", {Content.learning_plan("basics"): [["course:fire"]]}, InvalidArgument),
        ("platform", None, InvalidArgument),
        ("platform", {}, InvalidArgument),
        ("service_plans", None, InvalidArgument),
        ("service_plans", [ServicePlan(id="free")], InvalidArgument),
        ("credit_packs", None, InvalidArgument),
        ("credit_packs", PACK, InvalidArgument),
        ("credit_packs", ["ten"], InvalidArgument),
        ("series", None, InvalidArgument),
        ("series", Series("P-"), InvalidArgument),
        ("activation", None, InvalidArgument),
        ("activation", BusinessCalendar(frozenset({0})), InvalidArgument),
    ],
)
def test_a_host_is_made_of_what_it_knows(parameter: str, bad: object, error: type[InvalidArgument]) -> None:
    given: dict[str, Any] = {"tenant": "acme", "zone": "Europe/Madrid", "directory": Directory.of(), parameter: bad}
    with pytest.raises(InvalidArgument) as refused:
        StaticHost(given.pop("tenant"), **given)
    assert (type(refused.value), refused.value.parameter) == (error, parameter)


@pytest.mark.parametrize("kind", [set, list, tuple, frozenset])
def test_a_host_takes_the_courses_of_a_learning_plan_in_any_collection(kind: Any) -> None:
    basics, fire = Content.learning_plan("basics"), Content.course("fire")
    made = StaticHost("acme", zone="UTC", directory=Directory.of(), courses={basics: kind([fire])})
    assert made.courses("acme", basics) == {fire}
    assert not made.courses("acme", Content.learning_plan("other"))
    assert not made.courses("globex", basics)


def test_a_host_knows_the_series_plans_and_packs_of_its_tenant_only() -> None:
    free, yearly = ServicePlan(id="free"), DocumentSeries(invoices=Series("F-", restart=Restart.YEARLY))
    policy = ActivationPolicy(calendar=BusinessCalendar(frozenset({0})), hours=8)
    made = StaticHost(
        "acme",
        zone="UTC",
        directory=Directory.of(),
        series=yearly,
        service_plans=ServicePlans((free,)),
        credit_packs=[PACK],
        activation=policy,
    )
    assert (made.series("acme"), made.service_plan("acme", "free")) == (yearly, free)
    assert (made.credit_pack("acme", "ten"), made.activation("acme")) == (PACK, policy)
    for tenant, plan, pack in (("acme", "other", "other"), ("globex", "free", "ten")):
        assert made.service_plan(tenant, plan) is None
        assert made.credit_pack(tenant, pack) is None

    async def asked() -> tuple[object, ...]:
        waiting = AsyncHostOf(made)
        return (
            await waiting.series("acme"),
            await waiting.service_plan("acme", "free"),
            await waiting.credit_pack("acme", "ten"),
            await waiting.activation("acme"),
        )

    assert asyncio.run(asked()) == (yearly, free, PACK, policy)


def test_a_host_that_was_told_nothing_of_it_activates_within_48_hours_of_working_days() -> None:
    made = StaticHost("acme", zone="UTC", directory=Directory.of())
    assert made.activation("acme") == ActivationPolicy(calendar=BusinessCalendar(frozenset({0, 1, 2, 3, 4})), hours=48)
    assert made.series("acme") == PLAIN_SERIES


@pytest.mark.parametrize("bad", [None, "host", object(), StaticHost, AsyncHostOf(host())])
def test_an_asynchronous_host_asks_a_synchronous_one(bad: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        AsyncHostOf(bad)
    assert refused.value.parameter == "host"


class WithoutZone:
    """A host that lacks one answer."""

    def __getattr__(self, name: str) -> Any:
        if name == "zone":
            raise AttributeError(name)
        return getattr(host(), name)


@pytest.mark.parametrize("licensing", [Licensing, AsyncLicensing])
@pytest.mark.parametrize(
    ("parameter", "bad"),
    [
        *(("store", bad) for bad in (None, "sqlite://", object(), MemoryStore, host())),
        *(("host", bad) for bad in (None, "host", object(), StaticHost, MemoryStore(), WithoutZone())),
        *(("clock", bad) for bad in (None, "noon", NOON)),
        *(("observer", bad) for bad in ("me", 1, object())),
    ],
    ids=shown,
)
def test_the_services_are_made_of_ports(licensing: Any, parameter: str, bad: Any) -> None:
    given: dict[str, Any] = {"store": MemoryStore(), "host": host(), "clock": Clock(), parameter: bad}
    with pytest.raises(InvalidArgument) as refused:
        licensing(**given)
    assert (type(refused.value), refused.value.parameter) == (InvalidArgument, parameter)


def test_a_host_that_is_to_be_awaited_is_for_asynchronous_services_only() -> None:
    waiting: Any = AsyncHostOf(host())
    with pytest.raises(InvalidArgument) as refused:
        Licensing(MemoryStore(), waiting, Clock())
    assert "host must be a host whose methods actor, directory, offer, " in str(refused.value)
    assert "activation are not awaited, got AsyncHostOf" in str(refused.value)
    AsyncLicensing(AsyncMemoryStore(), waiting, Clock())


@pytest.mark.parametrize("kind", [tuple, list, set, frozenset, dict.fromkeys])
def test_users_may_come_in_any_collection(kind: Any) -> None:
    with MemoryStore().begin() as work:
        assert work.enrollments("t1", kind(["ana", "luis"])).loaded == frozenset({"ana", "luis"})


@pytest.mark.parametrize("bad", ["ana", b"ana", 1])
def test_a_text_is_no_collection_of_users(bad: Any) -> None:
    with MemoryStore().begin() as work, pytest.raises(InvalidArgument) as refused:
        work.pool("t1", "p1", bad)
    assert str(refused.value) == f"users must be a set, list or tuple, got {shown(bad)}"
