"""Accounts, cards and last events over SQLite: costs follow the command, and the database itself checks the rows."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest
from sqlalchemy import create_engine, event

from licensing_core import accounts
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import Bill, Bills, BillStatus, Books, Card, CustomerAccount, People, Person
from licensing_core.adapters.sql import SqlStore
from licensing_core.money import Money
from licensing_core.protocols import NUMBERS, AggregateKind, Page, Store
from licensing_core.serde import InvalidDocument
from licensing_core.subscriptions import EndOf
from licensing_core.testing.contracts_books import DAY, change_within, ordering, paying, subscribed
from licensing_core.testing.contracts_given import NOW, ROOT
from tests.test_store_sql import a_store, raw
from tests.test_store_sql_customers import costs_alike

SIZES = (10, 300)
FIRST = "proforma:1"


def some_books() -> Books:
    """An account with one unpaid proforma."""
    added = accounts.add_customer("acme", None, zone="Europe/Madrid", by=ROOT, now=NOW)
    numbers = accounts.open_numbers(NUMBERS, by=ROOT, now=NOW).state
    books: Books = ordering("web")(Books(added.state, numbers)).state
    return books


def an_account(size: int) -> CustomerAccount:
    """With so many people and paid invoices, beside one proforma that is unpaid."""
    account: CustomerAccount = some_books().account
    one: Bill = account.bills[FIRST]
    paid = attrs.evolve(one, status=BillStatus.PAID)
    bills = {f"b{n}": attrs.evolve(paid, document=attrs.evolve(one.document, id=f"b{n}")) for n in range(size)}
    people = {f"u{n}": Person(permissions=frozenset({"bills.pay"})) for n in range(size)}
    return attrs.evolve(account, bills=Bills({FIRST: one, **bills}), people=People(people), users=size)


def save(store: Store, size: int) -> None:
    """Save an account, numbers, and as many other customers with their cards."""
    added = accounts.add_customer("acme", None, zone="Europe/Madrid", by=ROOT, now=NOW)
    begun = accounts.open_numbers(NUMBERS, by=ROOT, now=NOW)
    with store.begin() as work:
        work.save("t1", an_account(size), expected=0, events=added.events)
        work.save("t1", begun.state, expected=0, events=begun.events)
        work.keep_card("t1", "acme", None, Card(name="Acme", email="it@acme.example"))
    with store.begin() as work:
        for number in range(size):
            other = accounts.add_customer(f"c{number}", None, zone="UTC", by=ROOT, now=NOW - DAY)
            work.save("t1", other.state, expected=0, events=other.events)
            work.keep_card("t1", f"c{number}", None, Card(name="Other", email=f"it@c{number}.example"))
            work.keep_card("t1", "acme", f"u{number}", Card(name="User", email=f"u{number}@acme.example"))


def pay(store: Store) -> None:
    """Needs the account with its unpaid bill, and the numbers."""
    with store.begin() as work:
        change_within(work, paying(FIRST), (), (), "t1")


def invite(store: Store) -> None:
    """Needs one person."""

    def decide(books: Books) -> Any:
        assert (set(books.account.bills), set(books.account.people)) == ({FIRST}, {"u3"})
        return accounts.add_person(books.account, "u3", by=ROOT, now=NOW)

    with store.begin() as work:
        change_within(work, decide, (), ["u3"], "t1")


def name(store: Store) -> None:
    with store.begin() as work:
        assert work.customers_of("t1", "it@c3.example") == ("c3",)
        work.keep_card("t1", "acme", "u3", Card(name="Ana", email="ana@acme.example"))
        assert work.card("t1", "acme", "u3") == Card(name="Ana", email="ana@acme.example")
        work.keep_card("t1", "acme", "u3", None)


def look_back(store: Store) -> None:
    with store.begin() as work:
        assert [one.aggregate for one in work.recent("t1", AggregateKind.CUSTOMERS, 3)] == ["acme", "c0", "c1"]


@pytest.mark.parametrize(("command", "most"), [(pay, 16), (invite, 11), (name, 6), (look_back, 2)])
def test_a_command_costs_the_same_however_many_paid_bills_people_and_customers_there_are(
    tmp_path: Path, command: Callable[[Store], None], most: int
) -> None:
    asked = costs_alike(tmp_path, SIZES, save, command)
    assert len(asked) <= most
    assert sum(rows for _, rows in asked) <= 14


def test_every_row_is_found_by_its_key_or_by_an_index_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    engine, asked = create_engine(f"sqlite:///{tmp_path / 'licenses.db'}"), list[tuple[str, Any, bool]]()
    with closing(SqlStore(engine)) as store:
        store.create()
        save(store, 10)
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3], given[5])))
        for command in (look_back, name, invite, pay):
            command(store)
        with store.begin() as work:
            work.customer("t1", "acme", None, None), work.customers("t1", Page())
        found = [
            (sql, many[0] if each else many) for sql, many, each in asked if not sql.startswith(("INSERT", "BEGIN"))
        ]
        with engine.connect() as connection:
            plans = [
                " / ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters))
                for sql, parameters in found
            ]
    assert [plan for plan in plans if "SCAN" in plan or "TEMP B-TREE" in plan] == []
    on_parts = [plan for plan in plans if "SEARCH part" in plan]
    assert [plan for plan in on_parts if "document=? AND sort=?" not in plan] == []
    for index in (
        "part_open (tenant=? AND kind=? AND document=? AND sort=?)",
        "event_latest_first (tenant=? AND kind=?)",
        "card_of_email (tenant=? AND email=? AND person=?)",
    ):
        assert any(f"INDEX {index}" in plan for plan in plans)


def test_which_bills_are_open_stands_in_their_rows_and_people_never_are(tmp_path: Path) -> None:
    steps: tuple[tuple[Callable[[Books], Any], set[str]], ...] = (
        (ordering("web"), {FIRST}),
        (ordering("app"), {FIRST, "proforma:2"}),
        (lambda books: accounts.add_person(books.account, "ana", by=ROOT, now=NOW), {FIRST, "proforma:2"}),
        (paying(FIRST), {"proforma:2"}),
        (subscribed("app", subscribing.cancel, EndOf.NOW, now=NOW), set()),
    )
    with closing(a_store(tmp_path)) as store, raw(tmp_path) as database:
        for begun in (
            accounts.add_customer("acme", None, zone="Europe/Madrid", by=ROOT, now=NOW),
            accounts.open_numbers(NUMBERS, by=ROOT, now=NOW),
        ):
            with store.begin() as work:
                work.save("t1", begun.state, expected=0, events=begun.events)
        for step, is_open in steps:
            with store.begin() as work:
                change_within(work, step, (), ("ana",), "t1")
            rows = list(database.execute("SELECT sort, id FROM part WHERE open = 1"))
            assert rows == [("bill", one) for one in sorted(is_open)]


def test_names_and_addresses_stand_in_cards_alone(tmp_path: Path) -> None:
    with closing(a_store(tmp_path)) as store, raw(tmp_path) as database:
        save(store, 3)
        with store.begin() as work:
            work.keep_card("t1", "acme", "u1", Card(name="Wilhelmina", email="wilhelmina@acme.example"))
        held = {
            table: [row for row in database.execute(f"SELECT * FROM {table}") if "ilhelmina" in repr(row)]
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        assert {table: len(rows) for table, rows in held.items() if rows} == {"card": 1}
        with store.begin() as work:
            work.keep_card("t1", "acme", "u1", None)
        assert [row for row in database.execute("SELECT * FROM card") if "ilhelmina" in repr(row)] == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE part SET sort = 'grant' WHERE sort = 'bill'",
        "UPDATE part SET sort = 'place' WHERE sort = 'person'",
        "UPDATE part SET kind = 'credits'",
        "UPDATE part SET kind = 'numbers'",
        "UPDATE document SET kind = 'credits'",
        "UPDATE event SET kind = 'customer'",
        "INSERT INTO part VALUES ('t1', 'numbers', 'documents', 'x', 'bill', 0, '{}')",
        "UPDATE card SET tenant = ''",
        "UPDATE card SET customer = NULL",
        "UPDATE card SET customer = 'acme', person = 'u1'",
        "UPDATE card SET person = NULL",
        "UPDATE card SET person = replace(hex(zeroblob(33)), '00', '00')",
        "UPDATE card SET name = ''",
        "UPDATE card SET email = NULL",
        "UPDATE card SET email = 'a@'",
    ],
)
def test_the_database_itself_refuses_accounts_and_cards_that_cannot_be(tmp_path: Path, change: str) -> None:
    with closing(a_store(tmp_path)) as store:
        save(store, 2)
    with raw(tmp_path) as database:
        database.execute("PRAGMA foreign_keys=ON")
        with pytest.raises(sqlite3.IntegrityError):
            database.execute(change)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            'UPDATE part SET body = replace(body, \'"status":"unpaid"\', \'"status":"gone"\') WHERE sort = \'bill\'',
            ("$.status", "type.wrong"),
        ),
        (
            "UPDATE part SET body = replace(body, '\"contact\":false', '\"contact\":0') WHERE sort = 'person'",
            ("$.contact", "type.wrong"),
        ),
        (
            "UPDATE document SET state = replace(state, '\"users\":2', '\"users\":-2') WHERE kind = 'customers'",
            ("$.users", "quantity.invalid"),
        ),
        (
            "UPDATE document SET state = replace(state, '\"F-\"', '\"P-\"') WHERE kind = 'numbers'",
            ("$.series", "argument.invalid"),
        ),
    ],
)
def test_what_was_tampered_with_of_an_account_is_refused_when_read(
    tmp_path: Path, change: str, fault: tuple[str, str]
) -> None:
    with closing(a_store(tmp_path)) as store:
        save(store, 2)
        with raw(tmp_path) as database:
            database.execute(change)
        with pytest.raises(InvalidDocument) as refused, store.begin() as work:
            work.customer("t1", "acme", None, None), work.numbers("t1")
    assert refused.value.faults == (fault,)


def test_a_card_that_was_tampered_with_is_refused_when_read(tmp_path: Path) -> None:
    with closing(a_store(tmp_path)) as store:
        save(store, 2)
        with raw(tmp_path) as database:
            database.execute("UPDATE card SET email = 'nobody'")
        with pytest.raises(accounts.InvalidEmail), store.begin() as work:
            work.card("t1", "acme", None)


def test_an_account_of_the_largest_size_is_kept_and_read_again(tmp_path: Path) -> None:
    books = some_books()
    many = {f"s{n}": attrs.evolve(books.account.subscriptions["web"], id=f"s{n}") for n in range(1_000)}
    whole = attrs.evolve(books.account, subscriptions=many, balances={"EUR": Money.parse("1.00 EUR")})
    added = accounts.add_customer("acme", None, zone="Europe/Madrid", by=ROOT, now=NOW)
    with closing(a_store(tmp_path)) as store:
        with store.begin() as work:
            work.save("t1", whole, expected=0, events=added.events)
        with store.begin() as work:
            stored = work.customer("t1", "acme", None, None)
    assert stored is not None
    assert stored.state == whole
