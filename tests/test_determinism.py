"""L8: the pure floors read no clock, locale, environment, random source or file, and compute without floats.

Their sources are searched for it, and one scenario runs in processes that differ in all that they must not see.
"""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime
from decimal import ROUND_UP, Context, DefaultContext, setcontext
from fractions import Fraction
from pathlib import Path
from textwrap import dedent
from typing import Any, Final

import attrs
import pytest

from licensing_core import license_cycle, orders, seat_administration, visibility
from licensing_core.checks import Value
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor, Content, Scope
from licensing_core.enrollments import Enrollments, Roster
from licensing_core.errors import LicensingError
from licensing_core.money import AllocationMethod, Money, Rounding
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import PLATFORM_DEFAULTS, Switches
from licensing_core.pricing import UnitPrice
from tests.specimens import BASE, BUYER, COMPANY, FIRE, MADRID, OFFER, PACKAGE
from tests.specimens import ROOT as ADMIN
from tools.floors import FLOORS, SOURCE

ROOT: Final = Path(__file__).parents[1]
START: Final = Content.learning_plan("start")
IMPURE_MODULES: Final = {
    *("time", "locale", "os", "sys", "platform", "random", "secrets", "uuid", "socket", "subprocess", "logging"),
    *(
        "pathlib",
        "io",
        "tempfile",
        "shutil",
        "threading",
        "asyncio",
        "urllib",
        "http",
        "sqlite3",
        "gettext",
        "warnings",
    ),
}
IMPURE_NAMES: Final = {"open", "print", "input", "float", "exec", "eval", "breakpoint", "getattr_static"}
IMPURE_METHODS: Final = {"now", "today", "utcnow", "fromtimestamp", "utcfromtimestamp", "localtime", "getenv"}


def impurities(source: str) -> Iterator[str]:
    """What the code *source* does that a pure module must not, with the line."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names) if found := {name.name.partition(".")[0] for name in names} & IMPURE_MODULES:
                yield f"{node.lineno}: import of {', '.join(sorted(found))}"
            case ast.ImportFrom(module=str() as origin, level=0) if origin.partition(".")[0] in IMPURE_MODULES:
                yield f"{node.lineno}: import of {origin}"
            case ast.Call(func=ast.Name(id=name)) if name in IMPURE_NAMES:
                yield f"{node.lineno}: {name}()"
            case ast.Call(func=ast.Attribute(attr="astimezone"), args=[], keywords=[]):
                yield f"{node.lineno}: astimezone() to the zone of the machine"
            case ast.Attribute(attr=name) if name in IMPURE_METHODS:
                yield f"{node.lineno}: {name}"
            case ast.Constant(value=float()):
                yield f"{node.lineno}: the float {node.value!r}"
            case ast.BinOp(op=ast.Div(), left=ast.Constant(value=int()), right=ast.Constant(value=int())):
                yield f"{node.lineno}: a division of two whole numbers"
            case ast.Assert():
                yield f"{node.lineno}: assert"


def sources(highest_floor: int = 6) -> dict[str, str]:
    """The text of each module of the pure floors."""
    rooms = [room for floor in FLOORS[: highest_floor + 1] for room in floor]
    paths = [path for room in rooms for path in (SOURCE / f"{room}.py", *sorted((SOURCE / room).rglob("*.py")))]
    return {str(path.relative_to(SOURCE)): path.read_text("utf-8") for path in paths if path.is_file()}


def test_the_pure_floors_do_nothing_impure() -> None:
    assert len(sources()) > 20
    assert [f"{name}:{found}" for name, text in sources().items() for found in impurities(text)] == []


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("import time", "1: import of time"),
        ("import os.path", "1: import of os"),
        ("def f():\n    from os import environ", "2: import of os"),
        ("from random import random", "1: import of random"),
        ("import uuid, secrets", "1: import of secrets, uuid"),
        ("from urllib.request import urlopen", "1: import of urllib.request"),
        ("import logging", "1: import of logging"),
        ("import locale", "1: import of locale"),
        ("at = datetime.now(UTC)", "1: now"),
        ("day = date.today()", "1: today"),
        ("clock = datetime.utcnow", "1: utcnow"),
        ("at = at.astimezone()", "1: astimezone() to the zone of the machine"),
        ("text = open('a').read()", "1: open()"),
        ("print('a')", "1: print()"),
        ("ratio = float('0.5')", "1: float()"),
        ("ratio = 0.5", "1: the float 0.5"),
        ("ratio = 1 / 2", "1: a division of two whole numbers"),
        ("assert True", "1: assert"),  # what is planted, not what is tested: the core makes no use of assert
    ],
)
def test_a_planted_impurity_is_found(planted: str, found: str) -> None:
    assert list(impurities(planted)) == [found]


def test_what_looks_alike_is_no_impurity() -> None:
    source = """
        from datetime import UTC, datetime, time
        def at(now: datetime, zone: object) -> datetime:
            if isinstance(now, float):
                raise ValueError("print(open(float(0.5)))")
            return datetime.combine(now.date(), time(), UTC).astimezone(zone)
    """
    assert list(impurities(dedent(source))) == []


# One scenario in odd processes


def plain(value: object) -> object:
    """*value* as nested tuples in which sets are sorted, so that its text is the same whatever the hash seed."""
    if isinstance(value, Value):
        fields = [field for field in attrs.fields(type(value)) if field.init]  # type: ignore[arg-type]
        return (type(value).__name__, *((field.name, plain(getattr(value, field.name))) for field in fields))
    if isinstance(value, AbstractSet):
        return ("set", *sorted((plain(one) for one in value), key=repr))
    if isinstance(value, Mapping):
        return ("map", *sorted(((plain(key), plain(one)) for key, one in value.items()), key=repr))
    if isinstance(value, tuple | list):
        return tuple(map(plain, value))
    return repr(value)


def scenario() -> Iterator[object]:
    """Purchases, assignments, refusals and the close of a cycle, as the two products do them."""
    yield from _learning()
    yield from _crm()


def _learning() -> Iterator[object]:
    now = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)  # the clocks go forward in half an hour
    yield str(visibility.beneficiaries(BUYER, OFFER, COMPANY))
    bought = orders.purchase(BUYER, OFFER, Scope.tree("sales"), directory=COMPANY, pool_id="p1", zone=MADRID, now=now)
    yield bought
    pool: Any = bought.state.pool
    given = seat_administration.assign(
        BUYER, pool, {"luis", "ana"}, directory=COMPANY, switches=PLATFORM_DEFAULTS, now=now
    )
    yield given
    learning = attrs.evolve(BUYER, resources=BUYER.resources | {FIRE, START})
    placed = seat_administration.enroll(
        learning,
        Roster(pool=given.state.pool, enrollments=Enrollments()),
        {"luis", "ana"},
        {START, FIRE},
        package=PACKAGE,
        courses={START: {FIRE, Content.course("ropes"), Content.course("first-aid")}},
        directory=COMPANY,
        switches=PLATFORM_DEFAULTS,
        now=now,
    )
    yield placed
    taken = seat_administration.unassign(
        BUYER,
        given.state.pool,
        {"luis", "ana"},
        enrollments=placed.state.roster.enrollments,
        directory=COMPANY,
        switches=PLATFORM_DEFAULTS,
        now=now,
    )
    yield taken
    yield seat_administration.confirm(ADMIN, taken.state.pool, ["luis"], directory=COMPANY, now=now)
    yield seat_administration.row(BUYER, taken.state.pool, COMPANY)
    yield seat_administration.candidates(BUYER, taken.state.pool, COMPANY)
    yield repr(COMPANY.people)
    try:
        seat_administration.assign(
            BUYER, taken.state.pool, {"x1", "x2", "x3"}, directory=COMPANY, switches=Switches(), now=now
        )
    except LicensingError as refusal:
        yield f"{refusal!r} {refusal}"


def _crm() -> Iterator[object]:
    april = datetime(2026, 4, 16, 9, tzinfo=UTC)
    cycle = Cycle(date(2026, 1, 1), Duration(months=1), MADRID)
    voip = attrs.evolve(BASE, id="voip", price=UnitPrice(Money.parse("1000.10 MXN")), minimum=0)
    step: Decision[Any, Any]
    step = license_cycle.open_account(
        "acme", cycle=cycle, types=(voip, BASE), totals={"voip": 1, "base": 5}, by=Actor("ana"), now=april
    )
    yield step
    step = license_cycle.buy(
        step.state,
        {"voip": 3, "base": 5},
        order_id="o1",
        payment=PaymentOutcome.SUCCEEDED,
        by=Actor("ana"),
        now=april,
    )
    yield step
    for user in ("mei", "luis", "ana"):
        step = license_cycle.grant(step.state, user, "base", by=ADMIN, now=april)
        yield step
    step = license_cycle.close_cycle(step.state, by=Actor("ana"), now=datetime(2026, 5, 1, tzinfo=UTC))
    yield step
    yield license_cycle.license_table(step.state)
    bill = Money.parse("-100.01 EUR")
    yield tuple(bill.allocate([3, Fraction(1, 3), 7, 1], method, unit=5) for method in AllocationMethod)
    yield tuple(bill.scaled(Fraction(1, 3), mode) for mode in Rounding)
    yield tuple(cycle.period(k) for k in range(-3, 4))


def told() -> str:
    """The scenario as text, a line for each step."""
    return "".join(f"{plain(step)!r}\n" for step in scenario())


def run(optimised: bool = False, **environment: str) -> bytes:
    """What a process of its own, in this environment and in a hostile decimal context, tells of the scenario."""
    command = [sys.executable, *(["-O"] if optimised else []), "-m", "tests.test_determinism"]
    return subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env={**os.environ, **environment}).stdout


def test_the_scenario_tells_the_same_wherever_it_runs() -> None:
    usual = run(PYTHONHASHSEED="0", TZ="UTC", LC_ALL="C")
    assert usual.decode("ascii") == told()
    assert run(PYTHONHASHSEED="1", TZ="Pacific/Apia", LC_ALL="tr_TR.UTF-8", LANGUAGE="tr") == usual
    assert run(PYTHONHASHSEED="4242", TZ="America/St_Johns", LC_ALL="es_ES.UTF-8", HOSTILE="1") == usual
    assert run(PYTHONHASHSEED="77", TZ="Asia/Kathmandu", optimised=True, HOSTILE="1") == usual


def test_the_scenario_has_states_events_and_a_refusal() -> None:
    steps = list(scenario())
    decisions = [step for step in steps if isinstance(step, Decision)]
    kinds = {type(event).__name__ for decision in decisions for event in decision.events}
    assert {"PoolOpened", "Charged", "LicensesAssigned", "LicensesUnassigned", "CycleClosed", "OrderPaid"} <= kinds
    assert {"UsersEnrolled", "EnrollmentsLocked"} <= kinds
    assert all(isinstance(event, Event) for decision in decisions for event in decision.events)
    assert any("NotEligible" in step for step in steps if isinstance(step, str))


if __name__ == "__main__":
    if os.environ.get("HOSTILE"):
        DefaultContext.prec = 3
        setcontext(Context(prec=3, rounding=ROUND_UP, traps=[]))
    sys.stdout.write(told())
