"""A canary: name and e-mail address of a customer stay out of texts, logs, refusals, events and remembered answers."""

import logging
import re
import sqlite3
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, get_type_hints

import attrs
import pytest

from licensing_core import services
from licensing_core.accounts import Card, InvalidEmail
from licensing_core.adapters.hosts import StaticHost
from licensing_core.adapters.sql import SqlStore
from licensing_core.checks import Value
from licensing_core.directory import Actor, Directory, Role
from licensing_core.errors import LicensingError
from licensing_core.messages import explain, languages
from licensing_core.plans import ServicePlans
from licensing_core.protocols import AggregateKind
from licensing_core.serde import dumps
from licensing_core.services import Licensing, Query, fingerprint
from tests.builders import NOON
from tests.public_classes import arguments, value_classes
from tests.specimens import MADRID, example
from tests.specimens_metered import SERVICE_PLAN

BIRD: Final = "zzcanary"
NAME: Final = f"{BIRD} & Sons"
MAIL: Final = f"{BIRD}@{BIRD}.example"
HOLDERS: Final = {
    "AddCustomer",
    "AskGateway",
    "Card",
    "CardShown",
    "ChargeRequest",
    "FindCustomers",
    "ImportCustomer",
    "KeepCard",
}
"""The public classes of values that hold a name or an address."""
WRONG: Final = (
    BIRD,
    f"{BIRD}@",
    f"@{BIRD}",
    f"{BIRD}@a@b",
    f"{BIRD} @b",
    f"{BIRD}\x00@b",
    f"{BIRD}@b\n",
    BIRD * 40 + "@b",
    f"a@{BIRD * 40}",
)
"""What is no e-mail address, or none that is kept."""


def with_a_bird(kind: type[Value]) -> Value:
    """An example of *kind*, whose name and address are the canary's."""
    given = arguments(example(kind))
    ours = {"name": NAME, "email": MAIL, "card": Card(name=NAME, email=MAIL)}
    return kind(**{name: ours.get(name, value) for name, value in given.items()})


def is_personal(hint: object) -> bool:
    """Whether what a field is annotated with is an address or a card."""
    return re.search(r"\b(as_email|as_address|Card)\b", repr(hint)) is not None


def holders() -> list[type[Value]]:
    """The classes of values with a field that is an address, or that may be a card."""
    hints = {kind: get_type_hints(kind, include_extras=True).values() for kind in value_classes()}
    return [kind for kind, found in hints.items() if any(map(is_personal, found))]


def test_all_classes_that_hold_an_address_are_known() -> None:
    assert {kind.__name__ for kind in holders()} == HOLDERS


@pytest.mark.parametrize("kind", holders(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r}".format, lambda one: repr([one]), lambda one: f"{one}"])
def test_no_text_of_a_value_shows_them(kind: type[Value], show: Callable[[Any], str]) -> None:
    value = with_a_bird(kind)
    assert BIRD in dumps(value)
    assert BIRD not in show(value)


@pytest.mark.parametrize("kind", holders(), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("name", ["name", "email"])
@pytest.mark.parametrize("wrong", [*WRONG, BIRD.encode(), [BIRD], {BIRD: BIRD}], ids=repr)
def test_no_refusal_of_a_field_shows_what_was_given(kind: type[Value], name: str, wrong: Any) -> None:
    given = arguments(with_a_bird(kind))
    if name not in given:
        return
    with suppress(LicensingError):
        kind(**{**given, name: wrong})
        return
    with pytest.raises(LicensingError) as refused:
        kind(**{**given, name: wrong})
    assert_silent(refused.value)


def assert_silent(refusal: LicensingError) -> None:
    """Nothing that is said of *refusal* shows the canary."""
    texts = [repr(refusal), str(refusal), repr(refusal.fields()), *traceback.format_exception_only(refusal)]
    assert BIRD not in "".join([*texts, *(explain(refusal, language) for language in languages())])


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_address_is_refused_without_being_shown(wrong: str) -> None:
    with pytest.raises(InvalidEmail) as refused:
        Card(name=NAME, email=wrong)
    assert_silent(refused.value)


# Over the services


HOST: Final = StaticHost(
    "t1",
    zone=MADRID,
    directory=Directory.of(),
    actors=[Actor("root", Role.SUPERADMIN)],
    service_plans=ServicePlans((SERVICE_PLAN,)),
)
SENT: Final[dict[str, Any]] = {"tenant": "t1", "actor": "root", "customer": "acme"}
ADD: Final = services.AddCustomer(key="k1", name=NAME, email=MAIL, plan="basic", **SENT)
COMMANDS: Final[tuple[services.Command[Any], ...]] = (
    ADD,
    services.AddPerson(key="k2", person="luis", **SENT),
    services.KeepCard(key="k3", person="luis", name=NAME, email=MAIL, **SENT),
    services.KeepCard(key="k4", name=NAME, email=MAIL, **SENT),
)
QUESTIONS: Final[tuple[Query[Any], ...]] = (
    services.ReadCard(**SENT),
    services.ReadCard(person="luis", **SENT),
    services.FindCustomers(tenant="t1", actor="root", email=MAIL),
    services.ListCustomers(tenant="t1", actor="root"),
    services.ReadDashboard(tenant="t1", actor="root"),
    services.ListPeople(**SENT),
)
REFUSED: Final[tuple[services.Command[Any], ...]] = (
    attrs.evolve(ADD, key="k9"),
    attrs.evolve(ADD, name=f"{NAME} again"),
    attrs.evolve(ADD, customer="beta", key="k8", email=BIRD),
    attrs.evolve(ADD, customer="beta", key="k8", plan="none"),
    attrs.evolve(ADD, customer="beta", key="k8", actor=BIRD),
    services.KeepCard(key="k9", name=NAME, email=f"{BIRD}@", **SENT),
    services.KeepCard(key="k9", person="mei", name=NAME, email=MAIL, **SENT),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "licenses.db"


@pytest.fixture
def store(file: Path) -> Iterator[SqlStore]:
    made = SqlStore(f"sqlite:///{file}")
    made.create()
    yield made
    made.close()


def test_refusals_events_answers_and_what_observers_are_told_show_neither(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[object] = []
    licensing = Licensing(store, HOST, lambda: NOON, lambda *seen: told.append(seen))
    with caplog.at_level(logging.DEBUG):
        answers = [licensing.run(command) for command in COMMANDS]
        shown = [licensing.run(question) for question in QUESTIONS]
        for command in REFUSED:
            for ask in (licensing.run, lambda asked: licensing.may(asked).require()):
                with pytest.raises(LicensingError) as refused:
                    ask(command)
                assert_silent(refused.value)
    with store.begin() as work:
        history = work.history("t1", AggregateKind.CUSTOMERS, "acme")
        remembered = [work.recall("t1", command.key) for command in COMMANDS]
    assert shown[0].card == Card(name=NAME, email=MAIL)
    assert [row.customer for row in shown[2].rows] == ["acme"]
    assert all(remembered)
    kept = [dumps(one.event) for one in history] + [dumps(one) for one in remembered if one is not None]
    texts = [*kept, *map(dumps, answers), *map(fingerprint, COMMANDS), *(explain(one.event, "es") for one in history)]
    assert BIRD not in repr((told, caplog.text, answers, shown, history, remembered, texts))


def test_a_database_holds_them_among_the_cards_and_nowhere_else(store: SqlStore, file: Path) -> None:
    licensing = Licensing(store, HOST, lambda: NOON)
    for command in COMMANDS:
        licensing.run(command)
    with sqlite3.connect(file) as database:
        lines = [line for line in database.iterdump() if BIRD in line]
    database.close()
    assert len(lines) == 2
    assert all(line.startswith('INSERT INTO "card"') for line in lines)


def test_the_card_of_who_is_removed_is_forgotten(store: SqlStore) -> None:
    licensing = Licensing(store, HOST, lambda: NOON)
    for command in COMMANDS[:3]:
        licensing.run(command)
    licensing.run(services.RemovePerson(key="k5", person="luis", **SENT))
    assert licensing.run(services.ReadCard(person="luis", **SENT)).card is None


@pytest.mark.parametrize(
    "level",
    [
        logging.INFO,
        pytest.param(
            logging.DEBUG, marks=pytest.mark.xfail(reason="SQLAlchemy logs the rows that it fetched", strict=True)
        ),
    ],
    ids=logging.getLevelName,
)
def test_what_a_database_logs_of_its_statements_and_rows_shows_neither(
    file: Path, caplog: pytest.LogCaptureFixture, level: int
) -> None:
    with caplog.at_level(level), caplog.at_level(level, "sqlalchemy"):
        made = SqlStore(f"sqlite:///{file}")
        made.create()
        licensing = Licensing(made, HOST, lambda: NOON)
        for asked in (*COMMANDS, *QUESTIONS):
            licensing.run(asked)
        made.close()
    assert "INSERT INTO card" in caplog.text
    assert BIRD not in caplog.text
