"""Bugs of payments to plant one at a time: the runs of the gateway, or the orders of webhooks, must find each."""

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from typing import Any
from unittest.mock import patch

from attrs import evolve

from licensing_core import payments
from licensing_core.checks import FrozenMap
from licensing_core.decisions import Decision
from licensing_core.payments import (
    TRANSITIONS,
    AttemptStatus,
    ChargeBegun,
    Payment,
    PaymentOutcome,
    Receipt,
    RefundExceeds,
    apply,
    paying,
)
from licensing_core.services import dues, settling
from licensing_core.services import paying as services
from tests.reliability import gateway, webhook_orders
from tests.reliability.figures import Figures

Plant = Callable[[], AbstractContextManager[Any]]
Steps = Generator[Any, Any, Any]


@contextmanager
def _both(one: AbstractContextManager[Any], other: AbstractContextManager[Any]) -> Iterator[None]:
    with one, other:
        yield


def _a_key_for_each_try() -> AbstractContextManager[Any]:
    """Each time that a request is sent it has another key."""
    honest, numbers = settling._sent, count(1)

    def anew(request: Any) -> Steps:
        told = yield from honest(evolve(request, key=f"{request.key}-{next(numbers)}"))
        return told if told.receipt is None else evolve(told, receipt=evolve(told.receipt, key=request.key))

    return patch.object(settling, "_sent", anew)


def _one_key_for_all() -> AbstractContextManager[Any]:
    """The attempt after a definite no has the key of the first."""
    honest = ChargeBegun

    def again(**more: Any) -> Any:
        return honest(**{**more, "key": f"{more['payment']}-1"})

    return patch.object(paying, "ChargeBegun", again)


def _sent_after_a_day() -> AbstractContextManager[Any]:
    """However old a request is, it is sent again by whoever began it."""
    honest = payments.questions

    def forever(payment: Payment, **more: Any) -> Any:
        unknown = {one.key for one in payment.attempts if one.status is AttemptStatus.UNKNOWN}
        return tuple(evolve(one, resend=one.request.key in unknown) for one in honest(payment, **more))

    return patch.object(payments, "questions", forever)


def _not_looked_up() -> AbstractContextManager[Any]:
    """What is not known to have come in is sent again, and never looked up."""
    honest = settling._told

    def blind(question: Any, *, fresh: bool) -> Steps:
        waits = question.resend or fresh
        return (yield from settling._sent(question.request) if waits else honest(question, fresh=fresh))

    return _both(_sent_after_a_day(), patch.object(settling, "_told", blind))


def _unclear_is_no() -> AbstractContextManager[Any]:
    """When no answer comes, it is taken for a no."""
    honest = settling._sent

    def hasty(request: Any) -> Steps:
        told = yield from honest(request)
        if told.failure is None or not told.failure.unclear:
            return told
        return settling._Told(Receipt(key=request.key, outcome=PaymentOutcome.FAILED, amount=request.amount))

    return patch.object(settling, "_sent", hasty)


def _given_up_at_once() -> AbstractContextManager[Any]:
    """What the gateway does not know yet is taken for lost, and may be on its way."""
    honest = paying._told

    def hasty(attempt: Any, receipt: Any, now: Any) -> Any:
        if receipt is None and attempt.status is AttemptStatus.UNKNOWN:
            return AttemptStatus.FAILED, None, payments.NEVER_RECEIVED
        return honest(attempt, receipt, now)

    return patch.object(paying, "_told", hasty)


def _begun_while_open() -> AbstractContextManager[Any]:
    """Another attempt begins before it is known what became of the last one."""
    return patch.object(Payment, "open", property(lambda _payment: False))


def _carried_out_twice() -> AbstractContextManager[Any]:
    """What was carried out is carried out again when there are news."""
    honest: Any = Payment.unfulfilled
    forgetful = property(lambda payment: honest.fget(evolve(payment, fulfilled_by=None)))
    return _both(patch.object(Payment, "unfulfilled", forgetful), _no_last_look())


def _no_last_look() -> AbstractContextManager[Any]:
    """Nobody looks whether it was given meanwhile."""

    def nothing(_asked: Any, _purpose: Any) -> Steps:
        yield from ()

    return patch.object(services, "last_look", nothing)


def _kept_when_refused() -> AbstractContextManager[Any]:
    """The money stays when what it was for could not be carried out."""
    honest: Any = Payment.owed
    return patch.object(Payment, "owed", property(lambda one: () if one.refused else honest.fget(one)))


def _surplus_kept() -> AbstractContextManager[Any]:
    """What was taken twice stays taken."""
    honest: Any = Payment.owed
    return patch.object(Payment, "owed", property(lambda one: honest.fget(one) if one.refused else ()))


def _webhook_believed() -> AbstractContextManager[Any]:
    """What a webhook says is noted, and the gateway is not asked."""

    def believing(flows: Any, tenant: str, body: bytes, headers: Any) -> Steps:
        notice = yield lambda desk: desk.gateway.notice(body, headers)
        name = notice.key.rpartition("-")[0]
        asked = yield from flows._questions(tenant, name)
        attempt = next((one for one in asked.payment.attempts if one.key == notice.key), None)
        if attempt is not None:
            outcome = PaymentOutcome(json.loads(body)["outcome"])
            receipt = Receipt(key=attempt.key, outcome=outcome, amount=attempt.amount)
            yield from flows._heard_of(tenant, asked.payment, attempt.key, receipt, notice.id)
        return (yield from flows.settled(tenant, name))

    return patch.object(settling._Flows, "heard", believing)


def _last_webhook_wins() -> AbstractContextManager[Any]:
    """What a webhook says is noted, whatever was known before."""
    anywhere = FrozenMap(dict.fromkeys(AttemptStatus, frozenset(AttemptStatus)))
    return _both(_webhook_believed(), patch.object(paying, "TRANSITIONS", anywhere))


def _not_stored() -> AbstractContextManager[Any]:
    """What a receipt changes is applied, and no event of it is stored."""
    honest = payments.note
    return patch.object(payments, "note", lambda *given, **more: Decision(honest(*given, **more).state))


def _too_much_back() -> AbstractContextManager[Any]:
    """More may be asked back than is left."""
    honest = payments.refund

    def generous(payment: Payment, amount: Any, *, by: Any, now: Any) -> Any:
        try:
            return honest(payment, amount, by=by, now=now)
        except RefundExceeds:
            kept = next((one for one in payment.charges if one.key == payment.fulfilled_by), None)
            if kept is None:
                raise
            event = paying._refund(payment, kept, amount, by, now)
            return Decision(apply(payment, event), (event,))

    return patch.object(payments, "refund", generous)


def _any_amount() -> AbstractContextManager[Any]:
    """Nobody compares what a receipt is about with what was asked."""
    honest = paying._told

    def trusting(attempt: Any, receipt: Any, now: Any) -> Any:
        return honest(attempt, None if receipt is None else evolve(receipt, amount=attempt.amount), now)

    return patch.object(paying, "_told", trusting)


def _any_price() -> AbstractContextManager[Any]:
    """What was paid is not held against what it costs when it is carried out."""
    honest = dues.fulfilling

    def unheld(*given: Any) -> Any:
        command: Any = honest(*given)
        return evolve(command, confirmed=None) if hasattr(command, "confirmed") else command

    return patch.object(services, "fulfilling", unheld)


def _no_is_final() -> AbstractContextManager[Any]:
    """A gateway that took the money after it said no is not believed."""
    stubborn = FrozenMap({**TRANSITIONS, AttemptStatus.FAILED: frozenset()})
    return patch.object(paying, "TRANSITIONS", stubborn)


IN_RUNS: tuple[Plant, ...] = (
    _a_key_for_each_try,
    _one_key_for_all,
    _sent_after_a_day,
    _not_looked_up,
    _unclear_is_no,
    _given_up_at_once,
    _begun_while_open,
    _carried_out_twice,
    _no_last_look,
    _kept_when_refused,
    _surplus_kept,
    _webhook_believed,
    _last_webhook_wins,
    _not_stored,
    _too_much_back,
    _any_amount,
    _any_price,
    _no_is_final,
)
"""Bugs that the runs find."""
IN_ORDERS: tuple[Plant, ...] = (_surplus_kept, _last_webhook_wins, _no_is_final)
"""Bugs that the orders of webhooks find."""


def planted(seed: int) -> list[tuple[str, Callable[[], Figures], Plant]]:
    """Which harness is to find which plant."""
    return [
        *(("gateway", partial(gateway.run, 5_000, seed, enough=1), plant) for plant in IN_RUNS),
        *(("webhook orders", partial(webhook_orders.run, 10, seed, enough=1), plant) for plant in IN_ORDERS),
    ]
