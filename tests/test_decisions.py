"""Decisions, verdicts, events, and the question that belongs to a command."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from attrs import evolve

from licensing_core.checks import InvalidArgument, InvalidId, InvalidInstant, InvalidQuantity, as_id
from licensing_core.decisions import Decision, Event, Verdict, decided, twin
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


def counted(before: int, event: Event) -> int:
    """One more, whatever has happened."""
    return before + len((event,))


def test_a_decision_whose_state_is_made_later_is_like_any_other() -> None:
    def later() -> Decision[int, Event]:
        return decided(counted, 4, HAPPENED)

    eager = Decision(5, (HAPPENED,))
    assert (later().state, later().events) == (5, (HAPPENED,))
    assert later() == eager == later()
    assert later() != Decision(6, (HAPPENED,))
    assert hash(later()) == hash(eager)
    assert repr(later()) == repr(eager)
    assert evolve(later(), state=9) == Decision(9, (HAPPENED,))
    assert evolve(later()) == eager
    for again in (copy.copy(later()), copy.deepcopy(later()), pickle.loads(pickle.dumps(later()))):
        assert type(again) is Decision
        assert again == eager
    match later():
        case Decision(state, events):
            assert (state, events) == (5, (HAPPENED,))


def test_a_state_that_is_made_later_is_made_once_and_when_it_is_read() -> None:
    calls: list[int] = []

    def counting(before: int, event: Event) -> int:
        calls.append(before)
        return counted(before, event)

    decision = decided(counting, 4, HAPPENED)
    assert decision.events == (HAPPENED,)
    assert calls == []
    assert decision.state == decision.state == 5
    assert calls == [4]


def test_a_decision_has_no_other_attribute_and_keeps_those_it_has() -> None:
    for decision in (decided(counted, 4, HAPPENED), Decision(5, (HAPPENED,))):
        nobody: Any = decision
        with pytest.raises(AttributeError, match="nickname"):
            nobody.nickname  # noqa: B018
        for name in ("state", "events"):
            with pytest.raises(AttributeError):
                setattr(nobody, name, None)
            with pytest.raises(AttributeError):
                delattr(nobody, name)


def test_many_threads_read_the_same_state() -> None:
    decision = decided(counted, 4, HAPPENED)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: decision.state, range(200))) == {5}


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


def short_of(pool: str) -> LicensingError:
    return LicensesExhausted(pool=pool, requested=3, shortfall=1)


def test_a_refusal_may_be_made_when_it_is_read_and_is_like_one_made_before() -> None:
    made: list[str] = []

    def make(pool: str) -> LicensingError:
        made.append(pool)
        return short_of(pool)

    verdict = Verdict.refuse_when_read(make, "p1")
    assert not verdict
    assert made == []
    assert (verdict.code, verdict.rule, verdict.refusal) == ("pool.licenses_exhausted", "DOC-31", SHORT)
    assert verdict.refusal is verdict.refusal
    assert made == ["p1"]


@pytest.mark.parametrize("read", [lambda verdict: verdict.rule, repr, hash, lambda verdict: verdict.code, copy.copy])
def test_whatever_is_read_first_of_a_refusal_made_later_is_as_of_one_made_before(read: Any) -> None:
    assert read(Verdict.refuse_when_read(short_of, "p1")) == read(Verdict.refuse(SHORT))


def test_verdicts_are_equal_copied_and_pickled_whenever_their_refusal_was_made() -> None:
    later = Verdict.refuse_when_read(short_of, "p1")
    assert later == Verdict.refuse(SHORT)
    assert Verdict.refuse_when_read(short_of, "p1") != Verdict.refuse_when_read(short_of, "p2")
    assert pickle.loads(pickle.dumps(Verdict.refuse_when_read(short_of, "p1"))) == later
    assert evolve(Verdict.refuse_when_read(short_of, "p1"), rule="DOC-32") == Verdict("DOC-32", SHORT)
    assert not pickle.loads(pickle.dumps(later))


def test_two_refusals_made_later_share_no_error() -> None:
    one, two = Verdict.refuse_when_read(short_of, "p1"), Verdict.refuse_when_read(short_of, "p1")
    with pytest.raises(LicensesExhausted) as first:
        one.require()
    with pytest.raises(LicensesExhausted) as second:
        two.require()
    assert first.value == second.value
    assert first.value is not second.value


def test_a_verdict_has_no_other_attributes() -> None:
    for verdict in (Verdict.allow("DOC-20"), Verdict.refuse_when_read(short_of, "p1")):
        with pytest.raises(AttributeError, match="a Verdict has no attribute 'reason'"):
            verdict.reason  # type: ignore[attr-defined]  # noqa: B018


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
