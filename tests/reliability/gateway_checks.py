"""What must be so after a run of `gateway`, by the ledger of the fake, the books, and the history of each payment."""

from collections.abc import Sequence
from typing import Any

from licensing_core.payments import NEVER_RECEIVED, AttemptStatus, Payment
from licensing_core.payments.events import (
    AttemptNoted,
    ChargeBegun,
    PaymentFulfilled,
    PaymentOpened,
    RefundBegun,
    apply,
    opened,
)
from licensing_core.protocols import AggregateKind, Envelope
from licensing_core.testing.gateways import FORGOTTEN_AFTER
from licensing_core.testing.law import require
from tests.reliability.gateway_script import Run
from tests.reliability.gateway_world import Thing
from tests.service_world import TENANT


def check(run: Run, at_first: Any) -> str:
    """See to it that all is right after *run*, of which the books said *at_first* what they do: how it ended."""
    gateway = run.gateway
    for key, times in gateway.moved.items():
        require(times <= 1, "a key moves money once", key=key, times=times)
    told = list[str]()
    with run.store.begin(read_only=True) as work:
        for thing in run.things:
            stored = work.payment(TENANT, thing.payment)
            booked = thing.booked(work) - at_first[thing.name] - run.rivals[thing.name]
            if stored is None:
                require(booked == 0, "what nobody paid is not given", thing=thing.name, booked=booked)
                continue
            history = work.history(TENANT, AggregateKind.PAYMENTS, thing.payment)
            told.append(_ended(run, thing, stored.state, booked))
            _told_right(history, stored.state)
        for key in gateway.moved:
            names = {thing.payment for thing in run.things}
            require(key.rpartition("-")[0] in names, "money moves for what is there", key=key)
    return " ".join((*told, *sorted(gateway.moved), *(f"{name} {n}" for name, n in sorted(run.refusals.items()))))


def _ended(run: Run, thing: Thing, payment: Payment, booked: int) -> str:
    taken, back = run.gateway.taken, run.gateway.given_back
    by_hand, net = 0, 0
    keys = {one.key for one in payment.attempts}
    strange = [key for key in (*taken, *back) if key.rpartition("-")[0] == payment.id and key not in keys]
    require(not strange, "no money moves that is not stored", thing=thing.name, keys=strange)
    for one in payment.attempts:
        require(not one.open, "no attempt is open", thing=thing.name, attempt=one)
        moved = one.key in (taken if one.way else back)
        require(
            moved is (one.status is AttemptStatus.SUCCEEDED),
            "an attempt succeeded when money was moved",
            thing=thing.name,
            attempt=one,
        )
    for charge in payment.charges:
        took = taken[charge.key].minor if charge.key in taken else 0
        returned = sum(back[one.key].minor for one in payment.refunds if one.charge == charge.key and one.key in back)
        require(returned <= took, "no more goes back than was taken", thing=thing.name, took=took, back=returned)
        net += took - returned
        if charge.key == payment.fulfilled_by:
            by_hand = returned
    most = run.asked_back[thing.name]
    require(by_hand <= most, "what was given for money that went back is given unpaid", back=by_hand, asked=most)
    require(
        net + by_hand == booked,
        "what is kept was given for, once, and what was given is paid",
        thing=thing.name,
        kept=net + by_hand,
        booked=booked,
        payment=payment,
    )
    return f"{thing.name} {net} {by_hand} {booked} {len(payment.charges)} {len(payment.refunds)}"


def _told_right(history: Sequence[Envelope], stored: Payment) -> None:
    """The history leads to what is stored, and was lawful all the time."""
    first: Any = history[0].event
    require(isinstance(first, PaymentOpened), "a payment is opened first", event=first)
    payment, fulfilled = opened(first), 0
    for one in history[1:]:
        event: Any = one.event
        if isinstance(event, ChargeBegun):
            earlier = [charge for charge in payment.charges if charge.open or _left(payment, charge.key) > 0]
            require(not earlier, "a charge begins after a definite no", earlier=earlier, begun=event)
        if isinstance(event, RefundBegun):
            left = _left(payment, event.charge)
            require(event.amount.minor <= left, "no more is asked back than is left", asked=event.amount, left=left)
        if isinstance(event, ChargeBegun | RefundBegun):
            known = [attempt.key for attempt in payment.attempts]
            require(event.key not in known, "each attempt has a key of its own", key=event.key)
        if isinstance(event, AttemptNoted):
            noted = next(attempt for attempt in payment.attempts if attempt.key == event.key)
            waited = event.at - noted.begun_at >= FORGOTTEN_AFTER or event.reason != NEVER_RECEIVED
            require(waited, "none is given up while it may arrive", attempt=noted, event=event)
        fulfilled += isinstance(event, PaymentFulfilled)
        payment = apply(payment, event)
    require(fulfilled <= 1, "it is carried out once", times=fulfilled)
    require(payment == stored, "the history leads to what is stored", replayed=payment, stored=stored)


def _left(payment: Payment, charge: str) -> int:
    """What is left of the money of *charge*, counted here and not by the library."""
    took = sum(one.amount.minor for one in payment.charges if one.key == charge and one.status.value == "succeeded")
    gone = (one.amount.minor for one in payment.refunds if one.charge == charge and one.status.value != "failed")
    return took - sum(gone)
