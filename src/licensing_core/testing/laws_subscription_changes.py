"""The laws of what comes to the same: billed late or early, taken back, paused and resumed, renewed, previewed.

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import serde
from licensing_core import subscriptions as lib
from licensing_core.billing import ItemChange, When
from licensing_core.errors import LicensingError
from licensing_core.periods import Duration
from licensing_core.plans import Renewal
from licensing_core.subscriptions import (
    EndOf,
    RenewalBasis,
    SubscriptionState,
    SubscriptionTerms,
    TurnBilled,
    state_at,
)
from licensing_core.testing.cases_subscriptions import Life, any_change, any_life, any_terms, lead, ongoing
from licensing_core.testing.law import require
from licensing_core.testing.laws_subscriptions import kept

_S: Final = SubscriptionState


def what_is_previewed_is_booked(life: Life, change: ItemChange) -> None:
    """The preview of a change is what is booked, byte for byte."""
    try:
        preview = lib.quote_change(life.state, change, now=life.now)
    except LicensingError as refusal:
        found = life.do(lib.change, change)
        require(found == refusal, "the preview is refused as the change", preview=refusal, found=found)
        return
    found = life.do(lib.change, change, confirmed=preview)
    quotes = [event.quote for event in life.steps[-1].events if isinstance(event, TurnBilled)]
    same = [serde.dumps(one) for one in quotes] == [serde.dumps(preview)] if quotes else not preview.lines
    require(found is None and same, "the preview is what is booked", preview=preview, found=found, quotes=quotes)


def late_is_early(life: Life, runs: Sequence[datetime], *, ahead: int) -> None:
    """Decision 11. Billing by one late run comes to the same as by many: the same periods, amounts and due dates.

    A run is repeated until nothing is left to bill, because a job bills `MOST_BILLED` periods at the most.
    """
    early, late = life.another(), life.another()
    for at in runs:
        _bill_all(early, at, ahead)
        same = early.standing is state_at(late.subscription, at)
        require(same, "time alone brings the same", early=early.subscription, late=late.subscription, at=at)
    _bill_all(late, runs[-1], ahead)
    require(bills(early) == bills(late), "late is early", early=bills(early), late=bills(late), runs=runs)
    require(early.state.ledger == late.state.ledger, "late is early in the ledger", early=early.state, late=late.state)
    same = lib.next_start(early.subscription) == lib.next_start(late.subscription)
    require(same, "the same comes next", early=early.subscription, late=late.subscription)


def _bill_all(life: Life, now: datetime, ahead: int) -> None:
    before = None
    while before is not life.state:
        before = life.state
        life.bill(now, ahead=ahead)


def bills(life: Life) -> list[tuple[Any, ...]]:
    """What was billed and not taken back: from when, for which period, at what terms; without documents and lines."""
    return [(turn.start, turn.item.period, turn.item.terms, turn.renewal) for turn in kept(life)]


def a_cancellation_taken_back_restores(life: Life, access: datetime | EndOf) -> None:
    """ALU-6. A cancellation that is taken back in time leaves what was: the same is billed, at the same price."""
    untouched = life.another()
    taken = life.do(lib.cancel, access) is None and life.do(lib.withdraw_cancellation) is None
    if taken:
        _the_same_is_billed(life, untouched)


def a_change_taken_back_restores(life: Life, change: ItemChange, effective: datetime | When) -> None:
    """A change that is taken back before it took effect leaves what was, also where it was billed ahead already."""
    untouched = life.another()
    if life.do(lib.schedule_change, change, effective, change_id="later") is None:
        life.bill(ahead=40)
        if life.do(lib.withdraw_change, "later") is None:
            _the_same_is_billed(life, untouched)


def _the_same_is_billed(one: Life, other: Life) -> None:
    one.bill(ahead=40)
    other.bill(ahead=40)
    require(bills(one) == bills(other), "the same is billed", one=bills(one), other=bills(other), steps=one.steps)
    left = [sum(line.left.minor for line in life.state.ledger.lines.values()) for life in (one, other)]
    require(left[0] == left[1], "the same is charged", left=left, steps=one.steps)


def to_pause_and_resume_costs_nothing(life: Life) -> None:
    """Decision 13. Paused and resumed at once, it is worth what it was: given back by now, the same is left of it."""
    plain = life.another()
    if life.do(lib.pause) is None and life.do(lib.resume) is None:
        left = []
        for one in (life, plain):
            one.do(lib.cancel, EndOf.NOW, credit=True)
            left.append(sum(line.left.minor for line in one.state.ledger.lines.values()))
        lines = len(life.state.ledger.lines)
        require(abs(left[0] - left[1]) <= lines, "to pause and resume costs nothing", left=left, steps=life.steps)


def renewed_no_day_is_lost(terms: SubscriptionTerms, early: int, late: timedelta) -> None:
    """Decision 5. Renewed early, each period begins where the one before ends; renewed late, with that very day."""
    life = Life(evolve(terms, renewal=Renewal.MANUAL, most_renewals=None, basis=RenewalBasis.FROM_NOW_IF_EXPIRED))
    life.pay()
    for _ in range(early):
        require(life.do(lib.renew) is None, "it is renewed early", steps=life.steps)
    turns = life.subscription.turns
    ends = [turns[0].item.terms.cycle.boundary(place + 1) for place in range(early + 1)]
    require([turn.end for turn in turns] == ends, "renewed early, no day is lost", turns=turns, ends=ends)
    life.now = turns[-1].end + late
    require(life.standing is _S.EXPIRED, "it has expired", life=life.subscription)
    require(life.do(lib.renew) is None, "it is renewed late", steps=life.steps)
    last = life.subscription.turns[-1]
    case = {"last": last, "now": life.now}
    require(last.start <= life.now < last.start + timedelta(hours=26), "renewed late, it begins with that day", **case)
    require(life.standing is _S.ACTIVE or last.end <= life.now, "renewed, it gives access", **case)


# Cases, from a source of random numbers that the caller seeds.


def _later(rng: Random, life: Life) -> datetime:
    return life.now + timedelta(hours=rng.choice((5, 100, 700, 2000)))


def _late(rng: Random) -> None:
    life = any_life(rng, any_terms(rng, every=Duration.parse(rng.choice(("P1M", "P7D", "P30D")))))
    for number in range(rng.randrange(4)):
        effective = rng.choice((When.END_OF_PERIOD, _later(rng, life)))
        life.do(lib.schedule_change, any_change(rng, life), effective, change_id=f"c{number}")
    hours = sorted(rng.randrange(4000) for _ in range(rng.randint(2, 9)))
    late_is_early(life, [life.now + timedelta(hours=one) for one in hours], ahead=rng.choice((0, 15)))


def _cancelled(rng: Random) -> None:
    life = ongoing(rng)
    a_cancellation_taken_back_restores(life, rng.choice((EndOf.TERM, _later(rng, life))))


def _changed(rng: Random) -> None:
    life = ongoing(rng)
    a_change_taken_back_restores(life, any_change(rng, life), rng.choice((When.END_OF_PERIOD, _later(rng, life))))


def _renewed(rng: Random) -> None:
    renewed_no_day_is_lost(any_terms(rng), rng.randrange(4), timedelta(hours=rng.choice((0, 1, 30, 5000))))


def _previewed(rng: Random) -> None:
    life = lead(rng, any_life(rng), 12)
    what_is_previewed_is_booked(life, any_change(rng, life))


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("what is previewed of a subscription is booked", _previewed),
    ("D-11 billed late is billed early", _late),
    ("ALU-6 a cancellation taken back restores", _cancelled),
    ("a change taken back restores", _changed),
    ("D-13 to pause and resume costs nothing", lambda rng: to_pause_and_resume_costs_nothing(ongoing(rng))),
    ("D-5 renewed, no day is lost", _renewed),
]
"""Name of each law, and what makes one case of it and checks it."""
