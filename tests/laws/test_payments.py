"""The laws of payments, over commands and receipts in any order; the seeded ones run with those of all laws."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from licensing_core import payments as lib
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.payments import (
    AnyPaymentEvent,
    AttemptStatus,
    ForBill,
    NothingDue,
    Payment,
    PaymentOutcome,
    Receipt,
    Way,
)
from licensing_core.testing import laws_payments as laws
from licensing_core.testing.law import LawBroken
from licensing_core.testing.laws import check
from licensing_core.testing.laws_payments import NOON, ROOT

randoms = st.randoms(use_true_random=False)
amounts = st.integers(1, 2000).map(lambda minor: Money.parse(f"{minor // 100}.{minor % 100:02} EUR"))
pauses = st.sampled_from([timedelta(), timedelta(minutes=1), timedelta(hours=22, minutes=59), timedelta(hours=23)])


@given(randoms)
def test_in_any_history_a_thing_is_charged_and_carried_out_once(rng: Random) -> None:
    history = laws.any_history(rng, 40)
    laws.one_charge_is_open_at_a_time(history)
    laws.no_more_goes_back_than_came_in(history)
    laws.it_is_carried_out_once(history)
    laws.replay_rebuilds_the_payment(history)


@given(randoms, amounts)
def test_questions_agree_whatever_has_happened(rng: Random, amount: Money) -> None:
    payment = laws.any_history(rng)[-1][0]
    laws.questions_about_payments_agree(payment, amount, NOON)


class Payments(RuleBasedStateMachine):
    """One payment under every order of commands and receipts; no gateway takes its word about a refund back."""

    payment: Payment
    now: datetime

    @initialize(amount=amounts, way=st.sampled_from(Way))
    def begin(self, amount: Money, way: Way) -> None:
        self.now, self.history = NOON, list[tuple[Payment, tuple[AnyPaymentEvent, ...]]]()
        bill = ForBill(customer="a1", document="proforma:1")
        self._keep(lib.begin("acme", bill, buyer="ana", payer="a1", amount=amount, way=way, **self._acts))

    @rule(amount=amounts, way=st.sampled_from(Way))
    def charge(self, amount: Money, way: Way) -> None:
        if lib.can_charge(
            self.payment, self.payment.purpose, buyer="ana", payer="a1", amount=amount, way=way, **self._acts
        ):
            self._keep(
                lib.charge(
                    self.payment, self.payment.purpose, buyer="ana", payer="a1", amount=amount, way=way, **self._acts
                )
            )

    @rule(place=st.integers(0, 9), outcome=st.none() | st.sampled_from(PaymentOutcome))
    def note(self, place: int, outcome: PaymentOutcome | None) -> None:
        attempt = self.payment.attempts[place % len(self.payment.attempts)]
        if attempt.way is None and attempt.status is AttemptStatus.FAILED:
            return
        receipt = None if outcome is None else Receipt(key=attempt.key, outcome=outcome, amount=attempt.amount)
        laws.noting_twice_is_noting_once(self.payment, attempt.key, receipt, self.now)
        self._keep(lib.note(self.payment, attempt.key, receipt, **self._acts))

    @rule(amount=amounts)
    def refund(self, amount: Money) -> None:
        if lib.can_refund(self.payment, amount, **self._acts):
            self._keep(lib.refund(self.payment, amount, **self._acts))

    @rule(refused=st.booleans())
    def carry_out(self, refused: bool) -> None:
        refusal: LicensingError = NothingDue()
        decision = (
            lib.refuse(self.payment, refusal, **self._acts) if refused else lib.fulfill(self.payment, **self._acts)
        )
        self._keep(decision)

    @rule()
    def give_back(self) -> None:
        self._keep(lib.give_back(self.payment, **self._acts))

    @rule(pause=pauses)
    def wait(self, pause: timedelta) -> None:
        self.now += pause

    @invariant()
    def it_is_charged_and_carried_out_once_and_no_more_goes_back(self) -> None:
        laws.one_charge_is_open_at_a_time(self.history)
        laws.no_more_goes_back_than_came_in(self.history)
        laws.it_is_carried_out_once(self.history)

    @invariant()
    def what_is_settled_is_paid_once_or_not_at_all(self) -> None:
        laws.what_is_settled_is_paid_once_or_not_at_all(self.payment)

    @invariant()
    def the_gateway_is_asked_about_what_is_open(self) -> None:
        laws.the_gateway_is_asked_about_what_is_open(self.payment, self.now)

    def teardown(self) -> None:
        if hasattr(self, "history"):
            laws.replay_rebuilds_the_payment(self.history)

    def _keep(self, decision: lib.PaymentDecision) -> None:
        self.payment = decision.state
        self.history.append((decision.state, decision.events))

    @property
    def _acts(self) -> dict[str, Any]:
        return {"by": ROOT, "now": self.now}


TestPayments = Payments.TestCase


@pytest.mark.parametrize(
    ("law", "part", "planted"),
    [
        ("one charge is open at a time", "open", property(lambda _payment: False)),
        ("what is paid for is carried out once", "unfulfilled", property(lambda payment: payment.charges[-1])),
        ("what is settled is paid once or not at all", "owed", property(lambda _payment: ())),
        ("no more goes back than came in", "left_of", lambda _payment, charge: charge.amount),
    ],
)
def test_a_broken_law_of_payments_says_how_to_make_its_case_again(
    monkeypatch: pytest.MonkeyPatch, law: str, part: str, planted: Any
) -> None:
    monkeypatch.setattr(Payment, part, planted)
    with pytest.raises(LawBroken, match=rf"check\('{law}', 1, seed=1, first=\d+\)"):
        check(law, 300, seed=1)
