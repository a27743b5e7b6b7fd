"""Names and e-mail addresses over every store: kept apart from all that is logged, found by, and forgotten."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensing_core.accounts import Card, InvalidEmail, UnknownCustomer
from licensing_core.checks import InvalidArgument
from licensing_core.directory import Permission, PermissionMissing
from licensing_core.protocols import AggregateKind, IdempotencyConflict, Page, Store
from licensing_core.services import (
    Command,
    FindCustomers,
    Licensing,
    ListBills,
    ListCustomers,
    ListNotices,
    ListPeople,
    Query,
    ReadCard,
    ReadCustomer,
    ReadDashboard,
    ReadPanel,
    RemovePerson,
    fingerprint,
)
from tests.client_commands import block, card, person, subscribed
from tests.service_world import TENANT, Checked, Clock, a_store, add, host, known, of, refused, snapshot, to

ASKED: dict[str, Any] = {"tenant": TENANT, "actor": "boss"}
MISSING = PermissionMissing(permission=Permission.ACCOUNTS_MANAGE)


@pytest.fixture
def licensing(store: Store) -> Licensing:
    """There are customers a1, with the user *mia*, and a2."""
    made = known(store)
    made.run(person("mia"))
    known(store, "a2", plan=None)
    return made


def shown(licensing: Licensing, customer: str = "a1", who: str | None = None, actor: str = "boss") -> Card | None:
    return licensing.run(ReadCard(person=who, **of(customer, actor))).card


def found(licensing: Licensing, email: str) -> list[str]:
    return [row.customer for row in licensing.run(FindCustomers(email=email, **ASKED)).rows]


# Kept and forgotten


def test_a_customer_has_a_card_and_each_of_its_people_may_have_one(licensing: Licensing) -> None:
    assert shown(licensing) == Card(name="The a1", email="it@a1.example")
    assert shown(licensing, who="mia") is None
    licensing.run(card("k1"))
    assert shown(licensing, who="mia") == Card(name="Mia M.", email="mia@a1.example")
    assert shown(licensing) == Card(name="The a1", email="it@a1.example")
    licensing.run(card("k2", "Acme", "office@a1.example", person=None))
    assert shown(licensing) == Card(name="Acme", email="office@a1.example")


def test_a_card_changes_no_account(licensing: Licensing, store: Store) -> None:
    with store.begin() as work:
        before = work.customer(TENANT, "a1", None, None), work.history(TENANT, AggregateKind.CUSTOMERS, "a1")
    licensing.run(card("k1"))
    with store.begin() as work:
        after = work.customer(TENANT, "a1", None, None), work.history(TENANT, AggregateKind.CUSTOMERS, "a1")
    assert before == after


def test_who_goes_is_forgotten_and_comes_back_without_a_card(licensing: Licensing) -> None:
    licensing.run(card("k1"))
    licensing.run(RemovePerson(person="mia", **to("k2")))
    assert shown(licensing, who="mia") is None
    licensing.run(person("mia", key="back"))
    assert shown(licensing, who="mia") is None


def test_what_is_no_card_is_refused_in_order(licensing: Licensing, store: Store) -> None:
    before = snapshot(store)
    nobody = card("k", person="leo", email="nobody")
    assert refused(licensing.run, attrs.evolve(nobody, customer="a9")) == UnknownCustomer(customer="a9")
    unknown = refused(licensing.run, nobody)
    assert isinstance(unknown, InvalidArgument)
    assert unknown.parameter == "person"
    for email in ("nobody", "a@b@c", "a@", "@b", "a b@c", ""):
        assert isinstance(refused(licensing.run, card("k", email=email)), InvalidEmail)
    with pytest.raises(InvalidArgument):
        card("k", name="")
    assert snapshot(store) == before


def test_the_card_of_who_is_not_there_is_refused_or_unknown(licensing: Licensing) -> None:
    assert shown(licensing, who="leo") is None
    assert refused(licensing.run, ReadCard(**of("a9"))) == UnknownCustomer(customer="a9")


def test_the_same_key_keeps_a_card_once(licensing: Licensing) -> None:
    licensing.run(card("k1"))
    licensing.run(card("k2", email="new@a1.example"))
    licensing.run(card("k1"))
    assert shown(licensing, who="mia") == Card(name="Mia M.", email="new@a1.example")
    assert refused(licensing.run, card("k1", email="other@a1.example")) == IdempotencyConflict(key="k1")
    licensing.preview(card("k3", email="tried@a1.example"))
    assert shown(licensing, who="mia") == Card(name="Mia M.", email="new@a1.example")


# Who may


def test_the_administrator_keeps_the_cards_of_its_people_and_not_the_one_that_payments_are_matched_by(
    licensing: Licensing, store: Store
) -> None:
    licensing.run(card("k1", actor="chief"))
    assert shown(licensing, who="mia", actor="chief") == Card(name="Mia M.", email="mia@a1.example")
    assert shown(licensing, actor="chief") == Card(name="The a1", email="it@a1.example")
    before = snapshot(store)
    stolen = card("k2", "The a1", "it@a2.example", person=None, actor="chief")
    assert refused(licensing.run, stolen) == MISSING
    for actor in ("other", "helper", "mia", "u1"):
        assert refused(licensing.run, card("k2", actor=actor)) == MISSING
        assert refused(licensing.run, ReadCard(**of(actor=actor))) == MISSING
    assert snapshot(store) == before
    assert found(licensing, "it@a2.example") == ["a2"]


# Found by its address


def test_customers_are_found_by_their_very_address(licensing: Licensing) -> None:
    assert found(licensing, "it@a1.example") == ["a1"]
    licensing.run(card("k1", "The a2", "it@a1.example", person=None, customer="a2"))
    assert found(licensing, "it@a1.example") == ["a1", "a2"], "all who have it"
    assert found(licensing, "it@a2.example") == [], "the one it had before"
    for other in ("IT@a1.example", "it@a1.exampl", "t@a1.example", "it@a1"):
        assert found(licensing, other) == []
    for none in ("nobody", "it@a1.example ", ""):
        assert isinstance(refused(licensing.run, FindCustomers(email=none, **ASKED)), InvalidEmail)
    licensing.run(card("k2"))
    assert found(licensing, "mia@a1.example") == [], "the address of one of its people finds no customer"
    for actor in ("chief", "helper", "u1"):
        query = FindCustomers(email="it@a1.example", tenant=TENANT, actor=actor)
        assert refused(licensing.run, query) == MISSING
    with pytest.raises(InvalidEmail):
        FindCustomers(email=7, **ASKED)  # type: ignore[arg-type]


def test_tenants_keep_their_cards_apart(licensing: Licensing, store: Store) -> None:
    theirs = Licensing(store, host("globex"), Clock())
    query = FindCustomers(email="it@a1.example", tenant="globex", actor="boss")
    assert theirs.run(query).rows == ()
    reading = attrs.evolve(ReadCard(**of()), tenant="globex")
    assert refused(theirs.run, reading) == UnknownCustomer(customer="a1")
    theirs.run(attrs.evolve(add(), tenant="globex", email="it@globex.example"))
    assert theirs.run(reading).card == Card(name="The a1", email="it@globex.example")
    assert shown(licensing) == Card(name="The a1", email="it@a1.example")


# Kept apart from all that is logged

SECRETS = ("Confidential Corp", "Quiet Quinn", "secret@corp.example", "quinn@corp.example", "corp.example", "nobody-at")


def _told(licensing: Licensing, told: list[str]) -> None:
    """All the commands about cards and some others, with all that can be logged of them."""
    commands: list[Command[Any]] = [
        attrs.evolve(add(), name=SECRETS[0], email=SECRETS[2]),
        person("mia", "read"),
        card("k1", SECRETS[1], SECRETS[3]),
        card("k2", SECRETS[0], "new-" + SECRETS[2], person=None),
        block(),
        card("k3", SECRETS[1], "nobody-at"),
        card("k1", SECRETS[1], SECRETS[2]),
        card("k4", SECRETS[1], SECRETS[3], person="leo"),
        attrs.evolve(add("a8"), name=SECRETS[0], email="nobody-at"),
    ]
    queries: list[Query[Any]] = [
        ReadCard(**of()),
        FindCustomers(email="new-" + SECRETS[2], **ASKED),
        ReadCustomer(**of()),
        ListCustomers(**ASKED),
        ListPeople(**of()),
        ReadDashboard(**ASKED),
        ListNotices(**of()),
        ListBills(**of()),
        ReadPanel(**of(actor="chief")),
    ]
    for asked in (*commands, *queries):
        told.append(repr(asked))
        try:
            told.append(repr(licensing.run(asked)))
        except Exception as refusal:  # noqa: BLE001
            told += [repr(refusal), str(refusal)]
    told += [fingerprint(command) for command in commands]


def test_no_name_and_no_address_is_in_events_answers_or_logs(store: Store) -> None:
    told: list[str] = []
    licensing = Checked(store)
    licensing._observer = lambda *given: told.append(repr(given))
    _told(licensing, told)
    subscribed(licensing)
    with store.begin() as work:
        told += map(repr, work.history(TENANT, AggregateKind.CUSTOMERS, "a1"))
        told += map(repr, work.recent(TENANT, AggregateKind.CUSTOMERS, 99))
        told += [repr(work.recall(TENANT, key)) for key in ("add-a1", "k1", "k2", "person-mia")]
        told += [repr(work.customer(TENANT, "a1", None, None)), repr(work.customers(TENANT, Page()))]
    assert [secret for secret in SECRETS if any(secret in one for one in told)] == []
    assert len(told) > 50


def test_in_the_database_they_stand_in_one_table_alone(tmp_path: Path) -> None:
    with a_store("sqlite", tmp_path) as store:
        _told(Checked(store), [])
    with closing(sqlite3.connect(tmp_path / "licenses.db")) as connection:
        lines = [line for line in connection.iterdump() if any(secret in line for secret in SECRETS)]
    assert {line.split()[2].strip('"') for line in lines} == {"card"}
    assert len(lines) == 2
