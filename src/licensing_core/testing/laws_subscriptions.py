"""The laws of subscriptions: no day is charged twice, none is left out, and nothing moves but along the table.

What comes to the same, late or early, taken back or paused, stands in `laws_subscription_changes`.

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import serde
from licensing_core import subscriptions as lib
from licensing_core.billing import ItemChange, LinesBooked, LineValue, Reason, ScheduledChange, When
from licensing_core.decisions import Event
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration, local_date
from licensing_core.plans import Renewal
from licensing_core.subscriptions import (
    FINAL,
    GIVES_ACCESS,
    TRANSITIONS,
    EndOf,
    SubscriptionReinstated,
    SubscriptionState,
    Turn,
    TurnBilled,
    TurnsWithdrawn,
    state_at,
)
from licensing_core.testing.cases_subscriptions import (
    BILLS,
    BY,
    FIRST,
    Life,
    Step,
    any_life,
    dear,
    happen,
    instants_of,
    lead,
    ongoing,
)
from licensing_core.testing.law import require
from licensing_core.testing.laws_pools import a_question_agrees

_S: Final = SubscriptionState
_A_DAY: Final = timedelta(hours=30)
"""No local day is longer."""


def standings(life: Life) -> Iterator[SubscriptionState]:
    """Where *life* stood at each instant that mattered and after each event, in order."""
    state, at = life.start, life.began
    yield state_at(state.subscription, at)
    for step in life.steps:
        for between in [*(one for one in instants_of(state.subscription) if at <= one <= step.at), step.at]:
            yield state_at(state.subscription, between)
        at = step.at
        for event in step.events:
            state = happen(state, event)
            yield state_at(state.subscription, at)


def only_edges_are_taken(life: Life) -> None:
    """LAT-1. Whatever commands, jobs and time bring, each state leads to the next by an edge of `TRANSITIONS`."""
    for before, after in pairwise(standings(life)):
        known = before is after or after in TRANSITIONS[before].values()
        require(
            known, "a state leads to the next by an edge of the table", before=before, after=after, steps=life.steps
        )


def replay_rebuilds(life: Life) -> None:
    """L7. The events, written and read again, rebuild the subscription and its ledger after each step."""
    state = life.start
    for step in life.steps:
        require(step.before == state, "what is refused changes nothing", step=step)
        for event in step.events:
            state = happen(state, serde.loads(serde.dumps(event), type(event)))
        require(step.after == state, "replay rebuilds the subscription", step=step, state=state)


def no_credit_above_the_ledger(life: Life) -> None:
    """L6, decision 13. Of no line comes back more than was paid, and all that comes back is in credit."""
    for step in life.steps:
        lines = step.after.ledger.lines.values()
        for line in lines:
            require(line.returned <= line.paid, "no more comes back than was paid", line=line)
            require(line.credited <= line.amount, "no more is taken off than was charged", line=line)
            require(line.outstanding.minor >= 0, "nobody owes less than nothing", line=line)
        back = sum(line.returned.minor for line in lines)
        require(step.after.ledger.balance.minor == back, "all that comes back is in credit", step=step)
    given = dict.fromkeys(life.state.ledger.lines, 0)
    for event in life.events:
        if isinstance(event, LinesBooked):
            for credit in event.credited:
                given[credit.line] += credit.amount.minor
    taken_off = {name: line.credited.minor for name, line in life.state.ledger.lines.items()}
    require(given == taken_off, "the events say what was taken off", given=given, taken_off=taken_off)


def what_is_owed_is_known(life: Life) -> None:
    """A turn is unpaid exactly while something is owed for its document, and what is suspended owes something due."""
    subscription, ledger = life.subscription, life.state.ledger
    owed = {line.document for line in ledger.lines.values() if line.outstanding}
    unpaid = {turn.document for turn in subscription.unpaid}
    require(owed == unpaid, "a turn is unpaid while something is owed", turns=subscription.turns, owed=owed)
    for step in life.steps:
        today, one = local_date(step.at, subscription.terms.zone), step.after.subscription
        back = any(isinstance(event, SubscriptionReinstated) for event in step.events)
        owes = any(turn.due <= today for turn in one.unpaid)
        require(not (back and owes), "it is active again when all that is due is paid", step=step)


def nothing_that_waits_is_lost(life: Life) -> None:
    """Decision 11. A change waits until it is made or taken back, and of those that are made the last word holds."""
    for step in life.steps:
        for last, turn in _followed(step):
            made = [one for one in last.item.scheduled if one not in turn.item.scheduled]
            case = {"made": made, "turn": turn, "last": last}
            latest = max(step.at, turn.start)
            waited = all(isinstance(one.effective, When) or one.effective <= latest for one in made)
            require(waited, "a change waits until it is due", **case)
            holds = any(_last_word(made, begins, turn) for begins in (turn.start, step.at))
            require(holds, "the last word on each thing holds", **case)
            require(turn.begins_period or turn.aligned == last.aligned, "a common date is kept", **case)


def _last_word(made: list[ScheduledChange], begins: datetime, turn: Turn) -> bool:
    """Whether *turn* is as the changes say in their order, those for the next period coming when that *begins*."""
    ordered = sorted(made, key=lambda one: begins if isinstance(one.effective, When) else one.effective)
    wanted = reduce(lambda earlier, one: one.change.over(earlier), ordered, ItemChange())
    return all(getattr(wanted, part) in (None, getattr(turn.item.terms, part)) for part in _PARTS)


_PARTS: Final = ("item", "price", "quantity", "discounts", "rates")


def _followed(step: Step) -> Iterator[tuple[Turn, Turn]]:
    """The turns that were billed in *step*, each after the one before."""
    state = step.before
    for event in step.events:
        if isinstance(event, TurnBilled) and state.subscription.turns:
            yield state.subscription.turns[-1], event.turn
        state = happen(state, event)


def what_was_used_stays_charged(life: Life) -> None:
    """Decision 13. Paused, cancelled or renewed, only what lies ahead is given back; a change credits its own part."""
    for step in life.steps:
        ends = step.after.subscription.ends
        since = (step.at if ends is None else min(step.at, ends.billing)) - _A_DAY
        for event in step.events:
            for credit in event.credited if isinstance(event, LinesBooked) else ():
                part: Any = credit.billed
                ahead = credit.reason is Reason.CHANGE or part.start >= since
                require(ahead, "what was used stays charged", credit=credit, step=step)


def nothing_is_kept_beyond_the_end(life: Life) -> None:
    """Decision 13. Where a cancellation gives back what was charged beyond its end, none of it is kept or billed."""
    ends = life.subscription.ends
    if ends is not None and ends.credited:
        for start, end in charged(life, least=20_000):
            require(end <= ends.billing + _A_DAY, "nothing is kept beyond the end", start=start, end=end, ends=ends)


def charged(life: Life, *, least: int = 0) -> list[tuple[datetime, datetime]]:
    """The stretches of time that are charged by now at *least* minor units a period, in order."""
    gone = {name for event in life.events if isinstance(event, TurnsWithdrawn) for name in event.documents}
    lines = (line for line in life.state.ledger.lines.values() if line.exact_price >= least)
    parts: list[Any] = [line.billed for line in lines if line.billed is not None and line.document not in gone]
    return sorted((part.start, part.end) for part in parts)


def no_day_is_charged_twice(life: Life) -> None:
    """Decisions 7 and 13. However it is changed, ended, paused and renewed, what is charged does not overlap.

    It is held against what is dear only, since of the rest a day, and of that a minute, may be worth nothing.
    """
    for before, after in pairwise(charged(life, least=20_000)):
        twice = before[1] - after[0]
        require(twice < timedelta(minutes=1), "no day is charged twice", before=before, after=after, steps=life.steps)


def no_day_is_left_out(life: Life) -> None:
    """L3. While it goes on, what is charged leaves no gap, from the first period to the last."""
    found, turns = charged(life), life.subscription.turns
    require(bool(found) is bool(turns), "what is billed is charged", found=found, turns=turns)
    if found and turns:
        reached, last = found[0][1], turns[-1].end
        for start, end in found:
            require(start <= reached, "no day is left out", start=start, reached=reached, steps=life.steps)
            reached = max(reached, end)
        require(reached >= last, "it is charged to its end", reached=reached, last=last, steps=life.steps)


def what_is_left_is_the_value_of_the_time(life: Life) -> None:
    """What is left of each charge is what its time is worth, within a minor unit for each rounding (L5)."""
    given_back = [one.line for event in life.events if isinstance(event, LinesBooked) for one in event.credited]
    for name, line in life.state.ledger.lines.items():
        off = abs(line.left.minor - _worth(line))
        require(off <= 1 + given_back.count(name), "what is left is the value of the time", line=line, off=off)


def _worth(line: LineValue) -> Any:
    nothing = Money.zero(line.currency)
    return evolve(line, credited=nothing, paid=nothing, returned=nothing).worth(line.billed).exact


def kept(life: Life) -> list[Turn]:
    """The turns that were billed and not taken back, in order, however long ago."""
    return reduce(_turned, life.events, [])


def one_after_another(life: Life) -> Iterator[tuple[Turn, Turn]]:
    """Each turn that was billed, after the one that was the last when it was."""
    turns: list[Turn] = []
    for event in life.events:
        if turns and isinstance(event, TurnBilled):
            yield turns[-1], event.turn
        turns = _turned(turns, event)


def _turned(turns: list[Turn], event: Event) -> list[Turn]:
    if isinstance(event, TurnBilled):
        return [*turns, event.turn]
    if isinstance(event, TurnsWithdrawn):
        gone, since = event.documents, event.since
        return [one for one in turns if (one.start < since if one.document is None else one.document not in gone)]
    return turns


def due_dates_never_drift(life: Life) -> None:
    """L3. Each turn ends at a boundary that is counted from its anchor, and a period begins where one has ended."""
    for before, turn in one_after_another(life):
        period, cycle = turn.item.period, turn.item.terms.cycle
        place = {"turn": turn, "before": before}
        require(period.end == cycle.boundary(period.index + 1), "a turn ends at a boundary of its cycle", **place)
        if turn.renewal and life.subscription.terms.renewal is Renewal.AUTOMATIC:
            require(turn.start == before.end, "a period begins where the one before ends", **place)
        if not turn.begins_period:
            require(before.start <= turn.start < before.end, "a change lies within its period", **place)


def access_is_as_the_state_says(life: Life) -> None:
    """LAT-1. Access is given in trial and while active; never once it has ended, is paused or suspended."""
    subscription = life.subscription
    for at in (*instants_of(subscription), life.now):
        state, verdict = state_at(subscription, at), lib.can_access(subscription, at)
        case = {"subscription": subscription, "at": at, "state": state}
        require(bool(verdict) is (state in GIVES_ACCESS), "access is as the state says", **case)
        ends = subscription.ends
        ended = ends is not None and at >= ends.access
        rests = subscription.state in (_S.PENDING, _S.SUSPENDED, _S.PAUSED, *FINAL)
        require(not (verdict and (ended or rests)), "no access once it has ended or rests", **case)
        by_hand = subscription.terms.renewal is not Renewal.AUTOMATIC and lib.change_due(subscription) is None
        if by_hand and subscription.turns and at >= subscription.turns[-1].end:
            outlives = ends is not None and ends.billing < subscription.turns[-1].end + _A_DAY
            require(outlives or not verdict, "no access once its last period is over", **case)
        due = lib.next_due(subscription, at)
        require(due is None or state not in FINAL, "nothing is due once it has ended", due=due, **case)


def twice_is_once(life: Life) -> None:
    """A command that would change nothing more does nothing, or is refused; and so does a job that has run."""
    for command, arguments in _STEADY:
        one = life.another()
        if one.do(command, *arguments) is None and one.do(command, *arguments) is None:
            require(not one.steps[-1].events, "twice is once", command=command, arguments=arguments, state=life.state)
    life.bill()
    before = life.state
    life.bill()
    require(life.state == before, "a job that has run does nothing", before=before, after=life.state)


_COMMON: Final = Cycle(FIRST, Duration(months=1), "UTC")
_STEADY: Final[tuple[tuple[Callable[..., Any], tuple[Any, ...]], ...]] = (
    (lib.cancel, (EndOf.TERM,)),
    (lib.cancel, (FIRST + timedelta(days=900), EndOf.NOW)),
    (lib.suspend, ()),
    (lib.pause, ()),
    (lib.align, (_COMMON,)),
    (lib.change, (ItemChange(quantity=13),)),
    (lib.change_trial, (ItemChange(quantity=13),)),
)


def questions_agree(life: Life) -> None:
    """Each question has the answer of its command, now."""
    for question, command, arguments in _QUESTIONS:
        named = {"document": "d-new"} if command in BILLS else {}
        a_question_agrees(question, command, life.state, *arguments, **named, by=BY, now=life.now)


_QUESTIONS: Final[tuple[tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]], ...]] = (
    (lib.can_bill_next, lib.bill_next, ()),
    (lib.can_convert, lib.convert, ()),
    (lib.can_renew, lib.renew, ()),
    (lib.can_change, lib.change, (ItemChange(quantity=2),)),
    (lib.can_cancel, lib.cancel, ()),
    (lib.can_withdraw_cancellation, lib.withdraw_cancellation, ()),
    (lib.can_suspend, lib.suspend, ()),
    (lib.can_terminate, lib.terminate, ()),
    (lib.can_pause, lib.pause, ()),
    (lib.can_resume, lib.resume, ()),
)


# Cases, from a source of random numbers that the caller seeds.


def _any(law: Callable[[Life], None]) -> Callable[[Random], None]:
    return lambda rng: law(lead(rng, any_life(rng)))


def _led(law: Callable[[Life], None]) -> Callable[[Random], None]:
    return lambda rng: law(lead(rng, any_life(rng, dear(rng))))


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("LAT-1 a subscription keeps to its table", _any(only_edges_are_taken)),
    ("L7 replay rebuilds the subscription", _any(replay_rebuilds)),
    ("L6 no credit of a subscription above the ledger", _any(no_credit_above_the_ledger)),
    ("what is owed of a subscription is known", _any(what_is_owed_is_known)),
    ("D-11 nothing that waits is lost", _any(nothing_that_waits_is_lost)),
    ("D-13 what was used stays charged", _led(what_was_used_stays_charged)),
    ("D-13 nothing is kept beyond the end", _led(nothing_is_kept_beyond_the_end)),
    ("no day of a subscription is charged twice", _led(no_day_is_charged_twice)),
    ("L3 no day of a subscription is left out", lambda rng: no_day_is_left_out(ongoing(rng, 30))),
    ("what is left of a charge is the value of its time", _led(what_is_left_is_the_value_of_the_time)),
    ("L3 due dates never drift", _any(due_dates_never_drift)),
    ("LAT-1 access is as the state says", _any(access_is_as_the_state_says)),
    ("a subscription told twice is told once", _any(twice_is_once)),
    ("questions about subscriptions agree", _any(questions_agree)),
]
"""Name of each law, and what makes one case of it and checks it."""
