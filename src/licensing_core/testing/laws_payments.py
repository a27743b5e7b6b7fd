"""The laws of payments: a thing is paid once or not at all, whatever a gateway says, and in whatever order.

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from random import Random
from typing import Any, Final

from attrs import evolve

from licensing_core import payments as lib
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.payments import (
    MOST_ATTEMPTS,
    RESEND_WITHIN,
    TRANSITIONS,
    AnyPaymentEvent,
    Attempt,
    AttemptStatus,
    ChargeBegun,
    ForBill,
    NothingDue,
    Payment,
    PaymentFulfilled,
    PaymentOpened,
    PaymentOutcome,
    Receipt,
    RefundBegun,
    Way,
)
from licensing_core.testing.law import require
from licensing_core.testing.laws_pools import a_question_agrees

History = Sequence[tuple[Payment, tuple[AnyPaymentEvent, ...]]]
"""The payment after each command, and the events of the command; the first one begins it."""

NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROOT: Final = Actor("root")
_PURPOSE: Final = ForBill(customer="a1", document="proforma:1")


def _steps(history: History) -> Iterator[tuple[Payment, AnyPaymentEvent]]:
    """Each event, and the payment before it."""
    state: Payment | None = None
    for _after, events in history:
        for event in events:
            if isinstance(event, PaymentOpened):
                state = lib.opened(event)
            elif state is not None:
                yield state, event
                state = lib.apply(state, event)


def _left(payment: Payment, charge: Attempt) -> int:
    """What a charge took, less what went back of it or is on its way, counted one by one."""
    if charge.status is not AttemptStatus.SUCCEEDED:
        return 0
    gone = (one for one in payment.refunds if one.charge == charge.key and one.status is not AttemptStatus.FAILED)
    return charge.amount.minor - sum(one.amount.minor for one in gone)


def one_charge_is_open_at_a_time(history: History) -> None:
    """A charge is begun when none is open, and all that was taken went back; and no key is used twice."""
    for before, event in _steps(history):
        if isinstance(event, ChargeBegun):
            held = [one for one in before.attempts if one.status in (AttemptStatus.UNKNOWN, AttemptStatus.PENDING)]
            require(not held, "a charge is begun when nothing is open", before=before, event=event)
            left = [one.key for one in before.charges if _left(before, one)]
            require(not left, "a charge is begun when all that was taken went back", left=left, before=before)
        if isinstance(event, ChargeBegun | RefundBegun):
            keys = {one.key for one in before.attempts}
            require(event.key not in keys, "each attempt has a key of its own", key=event.key, keys=keys)
    for state, _events in history:
        held = [one for one in state.charges if one.status in (AttemptStatus.UNKNOWN, AttemptStatus.PENDING)]
        require(len(held) <= 1, "one charge is open at a time", state=state)


def no_more_goes_back_than_came_in(history: History) -> None:
    """No refund is begun of more than is left of its charge, and none of one that took nothing."""
    for before, event in _steps(history):
        if isinstance(event, RefundBegun):
            taken = next(one for one in before.charges if one.key == event.charge)
            took = taken.status is AttemptStatus.SUCCEEDED
            require(took, "only what was taken goes back", event=event, charge=taken)
            left = _left(before, taken)
            require(0 < event.amount.minor <= left, "no more goes back than is left", event=event, left=left)


def it_is_carried_out_once(history: History) -> None:
    """At most one charge is what it was carried out for; that one had succeeded, and nothing of it had gone back."""
    told = [(before, event) for before, event in _steps(history) if isinstance(event, PaymentFulfilled)]
    require(len(told) <= 1, "it is carried out once", events=told)
    for before, event in told:
        kept = next(one for one in before.charges if one.key == event.key)
        require(_left(before, kept) == kept.amount.minor, "it is carried out for all of the money", before=before)


def replay_rebuilds_the_payment(history: History) -> None:
    """The payment after each command is the replay of all events up to it."""
    events: list[AnyPaymentEvent] = []
    for state, more in history:
        events.extend(more)
        first, *rest = events
        require(isinstance(first, PaymentOpened), "the first event opens it", first=first)
        if isinstance(first, PaymentOpened):
            found = reduce(lib.apply, rest, lib.opened(first))
            require(found == state, "replay rebuilds the payment", found=found, state=state)


def what_is_settled_is_paid_once_or_not_at_all(payment: Payment) -> None:
    """Where nothing is open, owed or to be decided, only what it was carried out for has any money left."""
    if payment.due is not None or payment.unfulfilled is not None or len(payment.refunds) >= MOST_ATTEMPTS:
        return
    for one in payment.charges:
        left = _left(payment, one)
        for_something = one.key == payment.fulfilled_by
        require(for_something or not left, "what was taken is for something, or went back", charge=one, payment=payment)
        require(left >= 0, "no more went back than came in", charge=one, payment=payment)


def noting_twice_is_noting_once(payment: Payment, key: str, receipt: Receipt | None, now: datetime) -> None:
    """The same receipt noted again changes nothing, but when it was looked at; and the table of states is kept."""
    before = _attempt(payment, key)
    once = lib.note(payment, key, receipt, by=ROOT, now=now)
    after = _attempt(once.state, key)
    moved = after.status in TRANSITIONS[before.status]
    require(moved or not once.events, "an attempt goes where the table lets it", before=before, after=after)
    twice = lib.note(once.state, key, receipt, by=ROOT, now=now)
    require(not twice.events or after.open, "nothing is noted of what is settled", attempt=after)
    again = _attempt(twice.state, key)
    same = evolve(again, looks=after.looks, noted_at=after.noted_at) == after
    require(same, "noting twice is noting once", once=after, twice=again)
    others = [one for one in twice.state.attempts if one.key != key]
    untouched = others == [one for one in payment.attempts if one.key != key]
    require(untouched, "the other attempts stay", before=payment, after=twice.state)


def the_gateway_is_asked_about_what_is_open(payment: Payment, now: datetime) -> None:
    """About every open attempt and no other; sent again is what nothing is known of, as long as its key is kept."""
    found = {one.request.key: one.resend for one in lib.questions(payment, now=now)}
    wanted = {
        one.key: one.status is AttemptStatus.UNKNOWN and now - one.begun_at < RESEND_WITHIN
        for one in payment.attempts
        if one.open
    }
    if not wanted and payment.due is not None and payment.due <= now:
        wanted = {payment.attempts[-1].key: False}  # what is noted of it begins what goes back at last
    require(found == wanted, "the gateway is asked about what is open", found=found, wanted=wanted)
    require(not wanted or payment.due is not None, "what is open is due some day", payment=payment)


def questions_about_payments_agree(payment: Payment, amount: Money, now: datetime) -> None:
    """`can_charge()` and `can_refund()` carry the very refusals of their commands."""
    acts: dict[str, Any] = {"by": ROOT, "now": now}
    who: dict[str, Any] = {"buyer": "ana", "payer": "a1", "way": Way.PAGE}
    a_question_agrees(lib.can_charge, lib.charge, payment, payment.purpose, amount=amount, **who, **acts)
    a_question_agrees(lib.can_refund, lib.refund, payment, amount, **acts)


# Cases, from a source of random numbers that the caller seeds.


def any_amount(rng: Random) -> Money:
    """Some cents, or some euros."""
    return Money.parse(f"{rng.choice(('0.01', '3.00', '7.50', '12.50'))} EUR")


def any_receipt(rng: Random, attempt: Attempt, *, truthful: bool = False) -> Receipt | None:
    """What a gateway may say of *attempt*; a *truthful* one takes no word about a refund back."""
    if rng.random() < 0.2:
        return None
    outcome = rng.choice(tuple(PaymentOutcome))
    if truthful and attempt.way is None and attempt.status is AttemptStatus.FAILED:
        outcome = PaymentOutcome.FAILED
    reference = rng.choice((None, f"ref-{attempt.key}"))
    reason = "declined" if outcome is PaymentOutcome.FAILED else None
    return Receipt(key=attempt.key, outcome=outcome, amount=attempt.amount, reference=reference, reason=reason)


def any_history(rng: Random, most: int = 20, *, truthful: bool = False) -> History:
    """A payment that is begun, and up to *most* commands on it that are not refused, in any order."""
    now, who = NOON, {"buyer": "ana", "payer": "a1", "way": Way.CARD_ON_FILE, "by": ROOT}
    decision = lib.begin("acme", _PURPOSE, amount=any_amount(rng), now=now, **who)  # type: ignore[arg-type]
    history = [(decision.state, decision.events)]
    for _ in range(rng.randrange(most + 1)):
        now += rng.choice((timedelta(), timedelta(minutes=1), timedelta(hours=5), timedelta(hours=24)))
        try:
            decision = any_command(rng, history[-1][0], now, truthful=truthful)
        except LicensingError:
            continue
        history.append((decision.state, decision.events))
    return tuple(history)


def any_command(rng: Random, payment: Payment, now: datetime, *, truthful: bool = False) -> lib.PaymentDecision:
    """Something that is done about *payment*, or refused."""
    acts: dict[str, Any] = {"by": ROOT, "now": now}
    kind = rng.randrange(10)
    if kind < 5:
        attempt = rng.choice(payment.attempts)
        return lib.note(payment, attempt.key, any_receipt(rng, attempt, truthful=truthful), **acts)
    if kind == 5:
        return lib.refund(payment, any_amount(rng), **acts)
    if kind == 6:
        return lib.give_back(payment, **acts)
    if kind == 7:
        way = rng.choice(tuple(Way))
        return lib.charge(payment, payment.purpose, buyer="luis", payer="a1", amount=any_amount(rng), way=way, **acts)
    return lib.refuse(payment, NothingDue(), **acts) if kind == 8 else lib.fulfill(payment, **acts)


def settled(rng: Random, payment: Payment, now: datetime) -> Payment:
    """*payment* at the end of all asking: each attempt succeeds or fails, and what is owed goes back."""
    for hours in range(MOST_ATTEMPTS):
        acts: dict[str, Any] = {"by": ROOT, "now": now + timedelta(hours=hours)}
        for one in payment.attempts:
            outcome = rng.choice((PaymentOutcome.SUCCEEDED, PaymentOutcome.FAILED))
            if one.open:
                said = Receipt(key=one.key, outcome=outcome, amount=one.amount)
                payment = lib.note(payment, one.key, said, **acts).state
        payment = rng.choice((lib.fulfill(payment, **acts), lib.refuse(payment, NothingDue(), **acts))).state
        payment = lib.give_back(payment, **acts).state
        if payment.due is None:
            break
    return payment


def _attempt(payment: Payment, key: str) -> Attempt:
    return next(one for one in payment.attempts if one.key == key)


def _at_the_end(rng: Random) -> None:
    payment = any_history(rng, truthful=True)[-1][0]
    end = settled(rng, payment, NOON + timedelta(days=30))
    require(end.due is None, "all is settled some day", payment=end)
    what_is_settled_is_paid_once_or_not_at_all(end)


def _noted(rng: Random) -> None:
    payment = any_history(rng)[-1][0]
    attempt = rng.choice(payment.attempts)
    later = attempt.noted_at + rng.choice((timedelta(), timedelta(hours=1), timedelta(days=1)))
    noting_twice_is_noting_once(payment, attempt.key, any_receipt(rng, attempt), later)


def _asked(rng: Random) -> None:
    for state, _events in any_history(rng):
        the_gateway_is_asked_about_what_is_open(state, NOON + rng.choice((0, 1, 22, 23, 24)) * timedelta(hours=1))


def _questioned(rng: Random) -> None:
    for state, _events in any_history(rng):
        questions_about_payments_agree(state, any_amount(rng), NOON)


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("one charge is open at a time", lambda rng: one_charge_is_open_at_a_time(any_history(rng))),
    ("no more goes back than came in", lambda rng: no_more_goes_back_than_came_in(any_history(rng))),
    ("what is paid for is carried out once", lambda rng: it_is_carried_out_once(any_history(rng))),
    ("replay rebuilds a payment", lambda rng: replay_rebuilds_the_payment(any_history(rng))),
    ("what is settled is paid once or not at all", _at_the_end),
    ("noting a receipt twice is noting it once", _noted),
    ("a gateway is asked about what is open", _asked),
    ("questions about payments agree with commands", _questioned),
]
"""Name of each law, and what makes one case of it and checks it."""
