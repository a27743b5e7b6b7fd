"""Decisions, verdicts, events, and the question that belongs to a command."""

from typing import Any

import pytest

from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant, InvalidQuantity, as_id
from licensing_core.decisions import Decision, Event, Verdict, twin
from licensing_core.errors import LicensingError
from licensing_core.pools import LicensesExhausted, PoolInUse
from tests.specimens import NOON

SHORT = LicensesExhausted(pool="p1", requested=3, shortfall=1)
HAPPENED = Event(at=NOON, by="ana")


def test_an_event_says_when_and_by_whom() -> None:
    assert (HAPPENED.at, HAPPENED.by, Event.type, Event.schema) == (NOON, "ana", "event", 1)
    with pytest.raises(InvalidInstant):
        Event(at=NOON.replace(tzinfo=None), by="ana")
    with pytest.raises(InvalidId):
        Event(at=NOON, by="ana@example.com")


def test_a_decision_without_events_changed_nothing() -> None:
    assert Decision("state").events == ()
    assert Decision("state") != Decision("state", (HAPPENED,))


@pytest.mark.parametrize("events", [None, [], [HAPPENED], "ab", (1,), (HAPPENED, None), frozenset({HAPPENED})])
def test_a_decision_holds_its_events_in_a_tuple(events: Any) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Decision("state", events)
    assert caught.value.expected == "a tuple of events"


def test_an_allowing_verdict_is_true_and_names_its_rule() -> None:
    verdict = Verdict.allow("DOC-20")
    assert verdict
    assert (verdict.rule, verdict.refusal, verdict.code) == ("DOC-20", None, "ok")
    verdict.require()


def test_a_refusing_verdict_is_false_and_carries_the_very_error() -> None:
    verdict = Verdict.refuse(SHORT)
    assert not verdict
    assert (verdict.rule, verdict.refusal, verdict.code) == ("DOC-31", SHORT, "pool.licenses_exhausted")
    with pytest.raises(LicensesExhausted) as caught:
        verdict.require()
    assert caught.value is SHORT


def test_a_refusal_without_rules_has_an_empty_rule() -> None:
    assert Verdict.refuse(LicensingError()).rule == ""


@pytest.mark.parametrize("rule", [None, 20, "DOC 20", "x" * 65, b"DOC-20", ["DOC-20"]])
def test_a_rule_is_an_id(rule: Any) -> None:
    with pytest.raises(InvalidArgument):
        Verdict.allow(rule)


@pytest.mark.parametrize("error", [None, "no", ValueError("no"), LicensesExhausted])
def test_only_an_error_of_the_library_refuses(error: Any) -> None:
    with pytest.raises(InvalidArgument):
        Verdict.refuse(error)
    if error is not None:
        with pytest.raises(InvalidArgument):
            Verdict("DOC-1", error)


def release(pool: str, count: int, *, by: str = "ana") -> Decision[int, Event]:
    """Take some away."""
    as_id("pool", pool)
    if count < 0:
        raise InvalidQuantity(parameter="count", expected="0 or more", got=str(count))
    if count > 3:
        raise PoolInUse(pool=pool, consumed=3, asked=count)
    if count == 3:
        raise ValueError(by)
    return Decision(count)


can_release = twin(release, "DOC-34")


def test_a_question_is_answered_with_what_its_command_would_do() -> None:
    assert can_release("p1", 2) == Verdict.allow("DOC-34")
    assert can_release("p1", count=5, by="luis") == Verdict.refuse(PoolInUse(pool="p1", consumed=3, asked=5))


def test_a_question_raises_what_is_no_refusal() -> None:
    with pytest.raises(InvalidId):
        can_release("", 2)
    with pytest.raises(InvalidQuantity):
        can_release("p1", -1)
    with pytest.raises(ValueError, match="ana"):
        can_release("p1", 3)
    with pytest.raises(TypeError):
        can_release("p1")  # type: ignore[call-arg]


def test_a_question_is_named_and_explained_after_its_command() -> None:
    assert (can_release.__name__, can_release.__qualname__) == ("can_release", "can_release")
    assert can_release.__module__ == __name__
    assert "`release()`" in str(can_release.__doc__)
