"""Values to their one text and back; nothing but a valid value comes out of a text."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from fractions import Fraction
from typing import Any, get_args

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.checks import FrozenMap, InvalidArgument, Value
from licensing_core.credits import CreditsMoved
from licensing_core.decisions import Decision, Event, Verdict
from licensing_core.directory import Scope
from licensing_core.enrollments import Access, Enrollments, EnrollmentsMade, EnrollmentsRemoved, Roster
from licensing_core.holdings import Holding, Holdings
from licensing_core.license_cycle import LicenseAccount, Order
from licensing_core.limits import UNLIMITED, Limit, Overage
from licensing_core.money import Money
from licensing_core.orders import Purchase
from licensing_core.payments import PaymentEvent
from licensing_core.periods import Cycle, Duration, Interval, Span
from licensing_core.plans import Plan, Settings, Terms
from licensing_core.pools import AnyPool, LicensePool, LicensesAssigned, PoolResized, PoolTakenOver
from licensing_core.pricing import FlatPrice, Price, UnitPrice
from licensing_core.protocols import AggregateKind, Envelope, Remembered, Stored
from licensing_core.reports.table import Cell, Column, Table
from licensing_core.serde import EVENTS, MAX_BYTES, TAGS, InvalidDocument, dumps, loads
from licensing_core.services import AsOf, AssignLicenses, CommandPlan, Query, engine
from licensing_core.testing.strategies_pools import license_pools
from tests.public_classes import value_classes
from tests.specimens import ACCOUNT, AT, BASE, ENROLLMENT, NOON, POOL, ROSTER, SEATS, SENT, TERMS, VALUES

PASSING = (Access, AsOf, CommandPlan, Decision, Verdict, Stored, engine.Ports, Cell, Column, Table)
BASES = (Event, EnrollmentsMade, EnrollmentsRemoved, CreditsMoved, PaymentEvent, PoolTakenOver)
"""Events that stand for several others; none of them happens by itself."""
RESIZED = PoolResized(pool="p1", bought=5, **AT)
KEPT: list[Value] = [
    value for value in VALUES if not isinstance(value, (*PASSING, Envelope)) and type(value) not in BASES
]
KEPT += [
    Envelope(
        tenant="t1", kind=AggregateKind.LICENSES, aggregate="p1", sequence=1, schema=1, digest="d1", event=RESIZED
    ),
    attrs.evolve(POOL, holdings=Holdings({"ana": Holding.HELD}, loaded={"ana", "mei"})),
    attrs.evolve(ROSTER, enrollments=Enrollments(ROSTER.enrollments.values())),
    Cycle(NOON, Duration(seconds=5), "Europe/Madrid"),
    Interval(None, NOON.replace(microsecond=1)),
    Limit(UNLIMITED),
    Limit(3, overage=Overage.ALLOW),
    Settings(),
    Money(-5, Money.parse("1 JPY").currency),
]
TEXT = dumps(AssignLicenses(pool="p1", users=frozenset({"ana"}), **SENT))


def faults(text: Any, kind: Any, **options: Any) -> tuple[tuple[str, str], ...]:
    with pytest.raises(InvalidDocument) as refused:
        loads(text, kind, **options)
    assert refused.value.code == "document.invalid"
    return refused.value.faults


@pytest.mark.parametrize("value", KEPT, ids=lambda value: type(value).__name__)
def test_a_value_is_read_as_it_was_written(value: Value) -> None:
    text = dumps(value)
    again = loads(text, type(value))
    assert again == value
    assert type(again) is type(value)
    assert dumps(again) == text
    assert text.isascii()


def test_every_kind_of_value_is_written_but_for_what_lives_for_one_call() -> None:
    kept = {type(value) for value in KEPT}
    assert set(value_classes()) - kept == {*PASSING, *BASES}


@given(license_pools())
def test_any_pool_is_read_as_it_was_written(pool: LicensePool) -> None:
    assert loads(dumps(pool), AnyPool) == pool


@given(
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.sampled_from(["EUR", "JPY", "IQD", "CLF"]),
    st.datetimes(datetime(2, 1, 2), datetime(9998, 12, 30)),  # noqa: DTZ001
    st.integers(1, 12_000),
)
def test_any_amount_instant_and_duration_is_read_as_it_was_written(minor: int, code: str, at: datetime, n: int) -> None:
    money = Money(minor, Money.parse(f"1 {code}").currency)
    assert loads(dumps(money), Money) == money
    interval = Interval(at.replace(tzinfo=NOON.tzinfo), None)
    assert loads(dumps(interval), Interval) == interval
    duration = Duration(months=n, days=n, seconds=n)
    assert loads(dumps(duration), Duration) == duration


def test_the_text_is_canonical() -> None:
    assert dumps(LicensesAssigned(pool="p1", users=frozenset({"luis", "ana", "mei"}), **AT)) == (
        '{"at":"2026-05-04T12:00:00Z","by":"ana","moved_from":null,"pool":"p1","schema":1,'
        '"type":"pool.licenses_assigned","users":["ana","luis","mei"]}'
    )
    assert (
        dumps(UnitPrice(Money.parse("12.50 EUR")))
        == '{"included":0,"kind":"unit","minimum":null,"per":1,"price":"12.50 EUR"}'
    )
    assert dumps(Limit(4, overage=Fraction(5, 4))) == (
        '{"most":4,"on_plan_change":"carry","overage":"5/4","part_of":null,"per":null,"resets":null,"thresholds":[80,100]}'
    )
    assert dumps(Holdings({"b": Holding.HELD, "a": Holding.AWAITING})) == (
        '{"entries":[["a","awaiting"],["b","held"]],"loaded":null}'
    )


def test_the_text_is_the_same_on_another_hash_seed() -> None:
    code = "from tests.test_serde import KEPT, dumps; print([dumps(v) for v in KEPT])"
    texts = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "77")
    }
    assert texts == {f"{[dumps(value) for value in KEPT]}\n"}


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        Stored(POOL, 1),
        Decision(POOL),
        Event(**AT),
        EnrollmentsMade(pool="p2", enrollments=(), **AT),
        Verdict.allow("X"),
        Access(subscribed=True, can_enroll=True, entry=Verdict.allow("X")),
        b"x",
        [1],
        FrozenMap({1: 2}),
        object(),
        NOON.replace(tzinfo=None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_stored_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument):
        dumps(value)


def test_the_tables_name_every_event_and_every_answer() -> None:
    events = {kind for kind in value_classes() if issubclass(kind, Event) and kind not in BASES}
    assert set(EVENTS.values()) == events
    assert all(kind.type == name for name, kind in EVENTS.items())
    assert len(set(TAGS.values())) == len(TAGS)
    queries = [kind for kind in value_classes() if issubclass(kind, Query)]
    answers = {get_args(base)[0] for kind in queries for base in getattr(kind, "__orig_bases__", ())}
    assert {answer for answer in answers if isinstance(answer, type)} <= {*TAGS, *PASSING}
    assert set(get_args(Price) + get_args(AnyPool)) <= set(TAGS)
    for kind in TAGS:
        assert "kind" not in {field.name for field in attrs.fields(kind)}  # type: ignore[arg-type]
    for event in events:
        assert not {"type", "schema"} & {field.name for field in attrs.fields(event)}


def test_a_union_is_told_apart_by_its_kind() -> None:
    for pool in (POOL, SEATS):
        assert loads(dumps(pool), AnyPool) == pool
    assert faults(dumps(SEATS), LicensePool)[-1] == ("$.kind", "kind.unknown")
    assert faults('{"price":"1.00 EUR"}', Price) == (("$.kind", "name.missing"),)
    assert faults('{"price":"1.00 EUR","kind":"Money"}', Price) == (("$.kind", "kind.unknown"),)
    assert faults('{"price":"1.00 EUR"}', FlatPrice) == (("$.kind", "name.missing"),)
    assert faults('"flat"', Price) == (("$", "type.wrong"),)


def test_any_event_is_read_by_its_type_and_schema() -> None:
    text = dumps(RESIZED)
    assert loads(text, Event) == RESIZED
    assert faults(text, LicensesAssigned) == (
        ("$", "name.unknown"),
        ("$.type", "kind.unknown"),
        ("$.users", "name.missing"),
    )
    assert faults(text.replace('"schema":1', '"schema":2'), Event) == (("$.schema", "schema.unknown"),)
    assert faults(text.replace('"schema":1', '"schema":true'), Event) == (("$.schema", "schema.unknown"),)
    assert faults(text.replace('"schema":1,', ""), Event) == (("$.schema", "name.missing"),)
    assert faults(text.replace("pool.resized", "builtins.eval"), Event) == (("$.type", "kind.unknown"),)
    assert faults('{"type":["x"]}', Event) == (("$.type", "kind.unknown"),)


def test_an_answer_is_read_by_its_kind() -> None:
    for answer in (value for value in KEPT if type(value) in TAGS):
        used = Remembered(fingerprint="f", answer=answer)
        assert loads(dumps(used), Remembered) == used


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ('"p1"', "1", "$.pool", "type.wrong"),
        ('"p1"', "null", "$.pool", "type.wrong"),
        ('"p1"', '"a b"', "$.pool", "id.invalid"),
        ('"p1"', '"\\ud800"', "$.pool", "id.invalid"),
        ('"p1"', "1.0", "$.pool", "number.fraction"),
        ('"p1"', "NaN", "$.pool", "number.fraction"),
        ('"p1"', "-Infinity", "$.pool", "number.fraction"),
        ('"p1"', "1e400", "$.pool", "number.fraction"),
        ('"p1"', "9" * 5000, "$.pool", "quantity.invalid"),
        ('"p1"', '"p1","pool":"p1"', "$.pool", "name.duplicate"),
        ('"p1"', '"p1","__class__":"x"', "$", "name.unknown"),
        ('"pool":"p1",', "", "$.pool", "name.missing"),
        ('["ana"]', '"ana"', "$.users", "type.wrong"),
        ('["ana"]', '{"ana":1}', "$.users", "type.wrong"),
        ('["ana"]', '["ana",true]', "$.users[1]", "type.wrong"),
        ('["ana"]', "[[]]", "$.users[0]", "type.wrong"),
    ],
)
def test_a_fault_is_told_with_its_place(old: str, new: str, path: str, code: str) -> None:
    assert old in TEXT
    assert faults(TEXT.replace(old, new), AssignLicenses) == ((path, code),)


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        (Interval, '{"start":"2026-01-01T00:00:00","end":null}', "instant.invalid"),
        (Interval, '{"start":"2026-01-01","end":null}', "instant.invalid"),
        (Interval, '{"start":"2026-02-30T00:00:00Z","end":null}', "type.wrong"),
        (Interval, '{"start":"20260101T000000Z","end":null}', "type.wrong"),
        (Interval, '{"start":1767225600,"end":null}', "type.wrong"),
        (Interval, '{"start":"9999-12-31T23:59:59-10:00","end":null}', "instant.invalid"),
        (Interval, '{"start":"0001-01-01T00:00:00+10:00","end":null}', "instant.invalid"),
        (Span, '{"start":"2026-01-01","end":"2026-01-01T00:00:00Z"}', "argument.invalid"),
        (Span, '{"start":"2026-01-02","end":"2026-01-01"}', "span.invalid"),
        (Span, '{"start":"2026-W01-1","end":"2026-02-01"}', "type.wrong"),
        (Money, '"12.505 EUR"', "amount.invalid"),
        (Money, '"١٢ EUR"', "amount.invalid"),
        (Money, '"1 XXX"', "currency.unknown"),
        (Money, "12", "type.wrong"),
        (Duration, '"P1M-1D"', "duration.invalid"),
        (Scope, '"everybody"', "argument.invalid"),
        (Limit, '{"most":3,"per":null,"overage":"5/0"}', "type.wrong"),
        (Limit, '{"most":3,"per":null,"overage":"1/2"}', "argument.invalid"),
        (Limit, '{"most":true,"per":null,"overage":"block"}', "type.wrong"),
        (Limit, '{"most":-1,"per":null,"overage":"block"}', "quantity.invalid"),
        (Settings, '{"enforce_limit":1,"allow_refund":null,"enforce_expiration":null}', "type.wrong"),
        (LicensePool, dumps(POOL).replace('"held":1', '"held":3'), "argument.invalid"),
        (LicensePool, dumps(POOL).replace('["luis","awaiting"]', '["ana","awaiting"]'), "name.duplicate"),
        (LicensePool, dumps(POOL).replace('["luis","awaiting"]', '["luis","lost"]'), "type.wrong"),
        (LicensePool, dumps(POOL).replace('["luis","awaiting"]', '["luis"]'), "type.wrong"),
        (LicensePool, dumps(POOL).replace('"loaded":null', '"loaded":["ana"]'), "holdings.not_loaded"),
        (LicensePool, dumps(POOL).replace(',"loaded":null', ""), "type.wrong"),
        (Roster, dumps(ROSTER).replace('["ana","luis"]', '["luis"]'), "enrollments.not_loaded"),
        (Roster, dumps(ROSTER).replace('"entries":[', f'"entries":[{dumps(ENROLLMENT)},'), "argument.invalid"),
        (Roster, dumps(ROSTER).replace('"course:fire"', '"fire"'), "argument.invalid"),
        (Roster, dumps(ROSTER).replace(',"loaded":["ana","luis"]', ""), "type.wrong"),
        (LicenseAccount, dumps(ACCOUNT).replace("P1M", "P0D"), "duration.invalid"),
        (LicenseAccount, dumps(ACCOUNT).replace('"Europe/Madrid"', '"../../etc/passwd"'), "zone.unknown"),
    ],
)
def test_a_value_that_cannot_be_is_refused(kind: Any, text: str, code: str) -> None:
    assert code in {found for _, found in faults(text, kind)}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "document.not_json"),
        ("{", "document.not_json"),
        ("{'a':1}", "document.not_json"),
        ('{"a":1}}', "document.not_json"),
        ("\ufeff{}", "document.not_json"),
        ('"\x00"', "document.not_json"),
        ("[" * 100_000, "document.too_large"),
        ("[" * 60_000, "document.too_deep"),
        ('{"a":' * 17 + "1" + "}" * 17, "document.too_deep"),
        (" " * (MAX_BYTES + 1), "document.too_large"),
        ('"' + "é" * (MAX_BYTES // 2) + '"', "document.too_large"),
        ("[" * 16 + "]" * 16, "type.wrong"),
        ('"' + "[" * 1000 + '"', "type.wrong"),
    ],
    ids=lambda part: part[:20],
)
def test_a_text_that_is_no_document_is_refused(text: str, code: str) -> None:
    assert faults(text, Terms) == (("$", code),)


def test_a_longer_document_is_read_where_it_is_allowed() -> None:
    event = LicensesAssigned(pool="p1", users=frozenset(f"{n:064}" for n in range(1000)), **AT)
    assert faults(dumps(event), Event) == (("$", "document.too_large"),)
    assert loads(dumps(event), Event, most_bytes=2**20) == event


def test_what_is_no_text_is_refused() -> None:
    for given_ in (b"{}", None, 1, bytearray()):
        with pytest.raises(InvalidArgument):
            loads(given_, Terms)  # type: ignore[call-overload]


def test_all_faults_that_do_not_hang_on_one_another_are_told() -> None:
    plan = json.loads(dumps(next(value for value in VALUES if isinstance(value, Plan))))
    plan |= {"id": "", "quantity": 0, "validity": "1 year", "extra": 1, "kind": "gift"}
    plan["prices"] = [{"kind": "flat", "price": "1.005 EUR"}, {"kind": "flat"}]
    del plan["package"]
    assert faults(json.dumps(plan), Plan) == (
        ("$", "name.unknown"),
        ("$.id", "id.invalid"),
        ("$.kind", "type.wrong"),
        ("$.package", "name.missing"),
        ("$.prices[0].price", "amount.invalid"),
        ("$.prices[1].price", "name.missing"),
        ("$.quantity", "quantity.invalid"),
        ("$.validity", "duration.invalid"),
    )


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    account = json.loads(dumps(ACCOUNT))
    account["types"] = {"ana@example.com": {}, "base": json.loads(dumps(BASE))}
    found = faults(json.dumps(account), LicenseAccount)
    assert ("$.types.*", "id.invalid") in found
    assert "example" not in repr(found)


def test_a_refusal_tells_the_first_faults_in_a_sentence() -> None:
    refusal = InvalidDocument(faults=tuple((f"$.a{n}", "id.invalid") for n in range(7)))
    assert str(refusal) == (
        "the document has 7 faults: $.a0 id.invalid, $.a1 id.invalid, $.a2 id.invalid, $.a3 id.invalid, "
        "$.a4 id.invalid and 2 more; correct them"
    )


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["everyone", "held"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
EDITED = [type(value) for value in KEPT]


@given(st.sampled_from(KEPT), st.data())
def test_a_mutated_document_gives_a_value_or_a_typed_error(value: Value, data: st.DataObject) -> None:
    document = json.loads(dumps(value))
    if isinstance(document, dict) and document:
        name = data.draw(st.sampled_from(sorted(document)))
        document[name] = data.draw(JUNK)
    else:
        document = data.draw(JUNK)
    with suppress(InvalidDocument):  # any other error fails the test
        again = loads(json.dumps(document), type(value))
        assert loads(dumps(again), type(value)) == again


@given(st.sampled_from(KEPT), st.integers(0, 400), st.text(max_size=3))
def test_a_text_that_was_cut_or_patched_gives_a_value_or_a_typed_error(value: Value, place: int, patch: str) -> None:
    text = dumps(value)
    for broken in (text[:place], text[:place] + patch + text[place + 1 :]):
        with suppress(InvalidDocument):  # any other error fails the test
            loads(broken, type(value))


def test_an_order_is_read_whatever_the_order_of_its_names() -> None:
    order = next(value for value in VALUES if isinstance(value, Order))
    shuffled = json.dumps(dict(reversed(json.loads(dumps(order)).items())), indent=2)
    assert loads(shuffled, Order) == order


def test_a_purchase_holds_either_kind_of_pool() -> None:
    for pool in (POOL, SEATS):
        purchase = Purchase(pool=pool, quote=None)
        assert loads(dumps(purchase), Purchase) == purchase


def test_terms_are_read_with_and_without_a_price() -> None:
    for terms in (TERMS, attrs.evolve(TERMS, price=None)):
        assert loads(dumps(terms), Terms) == terms
