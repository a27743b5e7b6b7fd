"""What became of a payment."""

from licensing_core.payments import NoPaymentPending, PaymentFailed, PaymentOutcome


def test_a_payment_succeeds_waits_or_fails() -> None:
    assert [outcome.value for outcome in PaymentOutcome] == ["succeeded", "pending", "failed"]


def test_refusals_say_what_to_do_next() -> None:
    assert "try again" in str(PaymentFailed())
    assert "look at the orders" in str(NoPaymentPending())
    assert (PaymentFailed().code, NoPaymentPending().code) == ("payment.failed", "payment.none_pending")
    assert PaymentFailed() == PaymentFailed()
