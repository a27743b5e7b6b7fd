"""Usage and credits over SQLite: what a command costs follows the command, and the database itself checks the rows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from licensing_core import accounts, limits
from licensing_core import credits as credit
from licensing_core.accounts import AccountSettings, Card
from licensing_core.adapters.sql import SqlStore
from licensing_core.credits import Balances, CreditAccount, CreditOrder, Entries, Entry, Grant, Orders, OrderStatus
from licensing_core.limits import Limit, Limits, Places, PlaceTally, Tally, Usage
from licensing_core.periods import Cycle, Duration
from licensing_core.protocols import AggregateKind, Page, Store
from licensing_core.serde import InvalidDocument
from licensing_core.services import Licensing
from licensing_core.testing.contracts_customers import PACK, POLICY
from tests.people_world import deactivate, forget, merge
from tests.service_world import TENANT, Clock, host
from tests.specimens import NOON, ROOT
from tests.test_store_sql import a_store, raw, statements

DAY = timedelta(days=1)
LIMITS = Limits({"workspaces": Limit(9_999), "team": Limit(9, "workspaces")})
SIZES = (10, 1_000)


def a_usage(size: int) -> Usage:
    """Of so many places, two users in each."""
    tally = Tally(used=2 * size, per="workspaces")
    places = Places({f"w{n}": {"team": PlaceTally(used=2, turn=0)} for n in range(size)})
    return Usage(id="acme", zone="UTC", tallies={"team": tally}, places=places)


def an_account(size: int) -> CreditAccount:
    """With so many grants that were spent and orders that nobody has paid; two grants and one order are open."""
    gone = {f"g{n}": Entry(grant=Grant(id=f"g{n}", amount=5, effective=NOON), granted=5, burned=5) for n in range(size)}
    left = {f"l{n}": Entry(grant=Grant(id=f"l{n}", amount=5, effective=NOON), granted=5, balance=5) for n in range(2)}
    orders = {f"o{n}": an_order(f"o{n}", OrderStatus.AWAITING_PAYMENT) for n in range(size)}
    balances = Balances(
        at=NOON, entries=Entries({**gone, **left}), used=5 * size, granted=5 * size + 10, burned=5 * size
    )
    paid = an_order("paid", OrderStatus.PENDING)
    return CreditAccount(id="acme", zone="UTC", balances=balances, orders=Orders({**orders, "paid": paid}))


def an_order(name: str, status: OrderStatus) -> CreditOrder:
    return CreditOrder(id=name, pack=PACK, price=PACK.price_in(), status=status)


def save_both(store: Store, size: int) -> None:
    """Save usage and credits, as new."""
    opening: tuple[tuple[Any, Any], ...] = (
        (a_usage(size), limits.open_usage("acme", plan=None, zone="UTC", by=ROOT, now=NOON).events),
        (an_account(size), credit.open_credits("acme", zone="UTC", by=ROOT, now=NOON).events),
    )
    for state, events in opening:
        with store.begin() as work:
            work.save("t1", state, expected=0, events=events)


def use(store: Store) -> None:
    with store.begin() as work:
        stored = work.usage("t1", "acme", {"w3"})
        assert stored is not None
        decision = limits.use(stored.state, "team", limits=LIMITS, within="w3", by=ROOT, now=NOON)
        work.save("t1", decision.state, expected=stored.version, events=decision.events)


def spend(store: Store) -> None:
    with store.begin() as work:
        stored = work.credits("t1", "acme", {"g3"})
        assert stored is not None
        assert (len(stored.state.balances.entries), len(stored.state.orders)) == (3, 1)
        decision = credit.spend(stored.state, 7, by=ROOT, now=NOON)
        work.save("t1", decision.state, expected=stored.version, events=decision.events)


def cancel(store: Store) -> None:
    with store.begin() as work:
        stored = work.credits("t1", "acme", {"o3"})
        assert stored is not None
        assert set(stored.state.orders) == {"o3", "paid"}
        decision = credit.cancel_order(stored.state, "o3", by=ROOT, now=NOON)
        work.save("t1", decision.state, expected=stored.version, events=decision.events)


def work_of(engine: Engine) -> list[int]:
    """How many instructions the database carries out from now on, in a list of one number."""
    found = [0]

    def step() -> int:
        found[0] += 1
        return 0

    event.listen(engine, "checkout", lambda driver, *_: driver.set_progress_handler(step, 1))
    return found


def costs_alike(
    folder: Path, sizes: tuple[int, int], prepare: Callable[[SqlStore, int], None], command: Callable[[SqlStore], None]
) -> list[tuple[str, int]]:
    """The statements of *command*, which are the same, with about as many steps, in a database of either size."""
    seen: list[list[tuple[str, int]]] = []
    steps: list[int] = []
    for size in sizes:
        engine = create_engine(f"sqlite:///{folder / str(size)}.db")
        with closing(SqlStore(engine)) as store:
            store.create()
            prepare(store, size)
            asked, counted = statements(engine), work_of(engine)
            command(store)
            seen.append([*asked])
            steps.append(counted[0])
    assert seen[0] == seen[1]
    assert steps[0] * 0.9 < steps[1] < steps[0] * 1.1
    return seen[0]


@pytest.mark.parametrize(("command", "most"), [(use, 8), (spend, 10), (cancel, 9)])
def test_a_command_costs_the_same_however_many_places_closed_grants_and_unpaid_orders_there_are(
    tmp_path: Path, command: Callable[[Store], None], most: int
) -> None:
    asked = costs_alike(tmp_path, SIZES, save_both, command)
    assert len(asked) <= most
    assert sum(rows for _, rows in asked) <= 9


@pytest.mark.parametrize("command", [deactivate, merge, forget])
def test_who_leaves_costs_the_same_however_many_customers_there_are(
    tmp_path: Path, command: Callable[..., Any]
) -> None:
    def leave(store: SqlStore) -> None:
        Licensing(store, host(), Clock()).run(command("u9"))

    assert len(costs_alike(tmp_path, SIZES, save_customers, leave)) <= 40
    for size in SIZES:
        with closing(SqlStore(f"sqlite:///{tmp_path / str(size)}.db")) as store, store.begin(read_only=True) as work:
            left = {deactivate: ("c5",), merge: (), forget: ("c3", "c5", "c7")}
            assert tuple(work.customers_with(TENANT, "u9")) == left[command]


def save_customers(store: SqlStore, size: int) -> None:
    """As many customers as *size*, of which u9 is the administrator of two, and a person of a third."""
    with store.begin() as work:
        for number in range(size):
            settings = AccountSettings(administrator="u9" if number in (3, 7) else f"other{number}")
            added = accounts.add_customer(f"c{number}", None, zone="UTC", settings=settings, by=ROOT, now=NOON)
            work.save(TENANT, added.state, expected=0, events=added.events)
            work.keep_card(TENANT, f"c{number}", f"other{number}", Card(name="X", email="x@acme.example"))
            if number == 5:
                joined = accounts.add_person(added.state, "u9", frozenset({"pay"}), by=ROOT, now=NOON)
                work.save(TENANT, joined.state, expected=1, events=joined.events)


def test_every_part_is_found_by_its_key_or_among_the_open_ones(tmp_path: Path) -> None:
    engine, asked = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}"), list[tuple[str, Any, bool]]()
    with closing(SqlStore(engine)) as store:
        store.create()
        save_both(store, 10)
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3], given[5])))
        for command in (use, spend, cancel):
            command(store)
        found = [
            (sql, many[0] if each else many) for sql, many, each in asked if not sql.startswith(("INSERT", "BEGIN"))
        ]
        with engine.connect() as connection:
            plans = [
                " / ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters))
                for sql, parameters in found
            ]
    on_parts = [plan for plan in plans if "part" in plan]
    assert [plan for plan in plans if "SCAN" in plan] == []
    assert [plan for plan in on_parts if "id=?" not in plan] == []
    assert [plan for plan in on_parts if "INDEX part_open (tenant=? AND kind=? AND document=? AND sort=?)" in plan]


def test_a_page_of_what_is_stored_costs_the_same_however_much_there_is(tmp_path: Path) -> None:
    """Neither other aggregates nor events, first ones or later ones, are gone through."""
    steps: dict[int, int] = {}
    for size in SIZES:
        engine = create_engine(f"sqlite:///{tmp_path / str(size)}.db")
        with closing(SqlStore(engine)) as store:
            store.create()
            with engine.begin() as connection:
                for number in range(size):
                    connection.exec_driver_sql(EVENT_ROWS.format(aggregate="a0", first=1, number=number))
                    connection.exec_driver_sql(EVENT_ROWS.format(aggregate=f"a{number}", first=2, number=size))
                    connection.exec_driver_sql(POOL_ROW.format(aggregate="b0", name=f"t{number}"))
                    connection.exec_driver_sql(POOL_ROW.format(aggregate=f"b{number + 1}", name="t0"))
            counted = work_of(engine)
            with store.begin(read_only=True) as work:
                assert work.stored("t1", AggregateKind.LICENSES, Page(most=2)) == ("a0", "a1")
                assert work.stored("t1", AggregateKind.LICENSES, Page("a9999", 2)) == ("b0", "b1")
            steps[size] = counted[0]
        engine.dispose()
    assert 0 < steps[10] * 0.9 < steps[1_000] < steps[10] * 1.1


EVENT_ROWS = (
    "INSERT INTO event VALUES ('t1', 'licenses', '{aggregate}', {first} + {number}, 'x', 1, 0, '{{}}', '"
    + 64 * "0"
    + "') ON CONFLICT DO NOTHING"
)
POOL_ROW = (
    "INSERT INTO pool VALUES ('t1', '{aggregate}', '{name}', 'licenses', 'everyone', 0, 0, 0, NULL, 0, 0, 0, NULL, "
    "NULL, NULL) ON CONFLICT DO NOTHING"
)


def test_which_grants_and_orders_are_open_stands_in_their_rows(tmp_path: Path) -> None:
    cycle = Cycle(NOON, Duration(months=1), "UTC")
    steps: tuple[tuple[Callable[[CreditAccount], Any], set[str]], ...] = (
        (lambda one: credit.order_pack(one, PACK, "o1", by=ROOT, now=NOON), set()),
        (lambda one: credit.note_payment(one, "o1", policy=POLICY, by=ROOT, now=NOON), {"order o1"}),
        (lambda one: grant(one, Grant(id="g1", amount=5, effective=NOON, priority=-1)), {"order o1", "grant g1"}),
        (lambda one: credit.spend(one, 5, by=ROOT, now=NOON), {"order o1"}),
        (
            lambda one: grant(one, Grant(id="g2", amount=5, effective=NOON, expires=NOON + DAY, recurrence=cycle)),
            {"order o1", "grant g2"},
        ),
        (lambda one: credit.spend(one, 5, by=ROOT, now=NOON), {"order o1", "grant g2"}),
        (lambda one: grant(one, Grant(id="g3", amount=5, effective=NOON), DAY), {"order o1", "grant g3"}),
        (lambda one: credit.refund(one, "o1", by=ROOT, now=NOON + DAY), {"grant g3"}),
        (lambda one: credit.void(one, "g3", by=ROOT, now=NOON + DAY), set()),
    )
    with closing(a_store(tmp_path)) as store, raw(tmp_path) as database:
        account = credit.open_credits("acme", zone="UTC", by=ROOT, now=NOON)
        with store.begin() as work:
            work.save("t1", account.state, expected=0, events=account.events)
        for step, is_open in steps:
            with store.begin() as work:
                stored = work.credits("t1", "acme", {"o1", "g1", "g2", "g3"})
                assert stored is not None
                decision = step(stored.state)
                work.save("t1", decision.state, expected=stored.version, events=decision.events)
            assert {" ".join(row) for row in database.execute("SELECT sort, id FROM part WHERE open = 1")} == is_open


def grant(account: CreditAccount, given: Grant, later: timedelta = timedelta()) -> Any:
    return credit.grant(account, given, by=ROOT, now=NOON + later)


def test_a_new_account_is_written_whole_and_its_ended_grants_are_closed(tmp_path: Path) -> None:
    with closing(a_store(tmp_path)) as store, raw(tmp_path) as database:
        save_both(store, 3)
        rows = list(
            database.execute("SELECT kind, sort, open, count(*) FROM part GROUP BY kind, sort, open ORDER BY 1, 2, 3")
        )
        with store.begin() as work:
            found, used = work.credits("t1", "acme", None), work.usage("t1", "acme", None)
    assert rows == [
        ("credits", "grant", 0, 3),
        ("credits", "grant", 1, 2),
        ("credits", "order", 0, 3),
        ("credits", "order", 1, 1),
        ("usage", "place", 0, 3),
    ]
    assert found is not None
    assert found.state == an_account(3)
    assert used is not None
    assert used.state == a_usage(3)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE part SET open = 2",
        "UPDATE part SET open = NULL",
        "UPDATE part SET open = 'yes'",
        "UPDATE part SET kind = 'other'",
        "UPDATE part SET sort = 'other'",
        "UPDATE part SET sort = 'grant' WHERE kind = 'usage'",
        "UPDATE part SET sort = 'place' WHERE kind = 'credits'",
        "UPDATE part SET kind = 'licenses'",
        "UPDATE part SET body = NULL",
        "UPDATE part SET id = ''",
        "UPDATE part SET id = 'g0'",
        "UPDATE part SET document = 'nobody'",
        "UPDATE part SET tenant = 't2'",
        "UPDATE document SET version = 0",
        "UPDATE document SET version = 1.5",
        "UPDATE document SET kind = 'other'",
        "UPDATE document SET kind = 'usage'",
        "UPDATE document SET state = NULL",
        "DELETE FROM document",
        "UPDATE event SET kind = 'usage'",
        "UPDATE event SET kind = 'other'",
    ],
)
def test_the_database_itself_refuses_documents_and_parts_that_cannot_be(tmp_path: Path, change: str) -> None:
    with closing(a_store(tmp_path)) as store:
        save_both(store, 3)
    with raw(tmp_path) as database:
        database.execute("PRAGMA foreign_keys=ON")
        with pytest.raises(sqlite3.IntegrityError):
            database.execute(change)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE part SET body = replace(body, '\"used\":2', '\"used\":-2')", ("$.team.used", "quantity.invalid")),
        ("UPDATE part SET body = replace(body, '\"burned\":5', '\"burned\":4')", ("$", "argument.invalid")),
        ("UPDATE part SET body = replace(body, '9.00 EUR', '9 EURO')", ("$.pack.prices[0].price", "")),
        (
            "UPDATE document SET state = replace(state, '\"overage\":0', '\"overage\":0.5')",
            ("$.overage", "number.fraction"),
        ),
        ("UPDATE document SET state = replace(state, 'UTC', 'Mars')", ("$.zone", "zone.unknown")),
    ],
)
def test_what_was_tampered_with_is_refused_when_read(tmp_path: Path, change: str, fault: tuple[str, str]) -> None:
    with closing(a_store(tmp_path)) as store:
        save_both(store, 2)
        with raw(tmp_path) as database:
            database.execute(change)
        with pytest.raises(InvalidDocument) as refused, store.begin() as work:
            work.credits("t1", "acme", None), work.usage("t1", "acme", None)
    assert refused.value.faults[0][0] == fault[0]
    assert fault[1] in refused.value.faults[0][1]
