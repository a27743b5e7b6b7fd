"""One valid example of each public value of payments, and of what a gateway is asked and says."""

from typing import Any, Final

from licensing_core import payments, services
from licensing_core.checks import Value
from licensing_core.currencies import Currency
from licensing_core.directory import Scope
from licensing_core.money import Money
from licensing_core.orders import Cart, CartLine
from licensing_core.payments import (
    ChargeRequest,
    ForBill,
    ForCart,
    ForLicenses,
    ForPack,
    ForPlan,
    ForRenewal,
    PaymentOutcome,
    Receipt,
    RefundRequest,
    Way,
)
from licensing_core.protocols import WebhookNotice
from tests.specimens_metered import ANA, AT, DONE

TENNER: Final = Money.parse("10.00 EUR")
SALES: Final = Scope.tree("sales")
BILL: Final = ForBill(customer="acme", document="proforma:7")
BUYING: Final[dict[str, Any]] = {"buyer": "ana", "payer": "acme", "amount": TENNER}
BEGUN: Final = payments.begin("t1", BILL, way=Way.CARD_ON_FILE, **BUYING, **DONE)
KEY: Final = BEGUN.state.charges[0].key


def receipt(key: str, outcome: PaymentOutcome = PaymentOutcome.SUCCEEDED, **more: Any) -> Receipt:
    """What the gateway says of the whole amount."""
    return Receipt(key=key, outcome=outcome, amount=TENNER, **more)


DECLINED: Final = payments.note(
    BEGUN.state, KEY, receipt(KEY, PaymentOutcome.FAILED, reason="expired_card", reference="pi_1"), **DONE
)
PAID: Final = payments.note(BEGUN.state, KEY, receipt(KEY, reference="pi_1"), **DONE)
REFUSED: Final = payments.refuse(PAID.state, payments.NothingDue(), **DONE)
GOING_BACK: Final = payments.give_back(REFUSED.state, **DONE)
DONE_WITH: Final = payments.fulfill(PAID.state, **DONE)
SENT_BACK: Final = payments.refund(DONE_WITH.state, Money.parse("4.00 EUR"), **DONE)
_ASKED: Final[dict[str, Any]] = {"tenant": "t1", "actor": "ana"}
_SENT: Final[dict[str, Any]] = {"key": "k1", **_ASKED}
_ATTEMPT: Final[dict[str, Any]] = {"payment": BEGUN.state.id, "attempt": KEY}

PAYMENTS: Final[tuple[Value, ...]] = (
    ForPlan(plan="fifty", pool="p1", beneficiary=SALES, currency=Currency("EUR"), public=False),
    ForCart(cart=Cart(lines=(CartLine(plan="one", pool="p8"), CartLine(plan="fifty", pool="p9", beneficiary=SALES)))),
    ForRenewal(pool="p1", number=2),
    ForLicenses(account="a1", order="o1"),
    ForPack(customer="acme", order="c1"),
    BILL,
    ChargeRequest(key=KEY, amount=TENNER, payer="acme", way=Way.PAGE, email="it@acme.example"),
    RefundRequest(key=f"{BEGUN.state.id}-r1", amount=TENNER, charge=KEY, reference="pi_1"),
    receipt(KEY, PaymentOutcome.PENDING, reference="pi_1", page="https://pay.example/s3cret"),
    SENT_BACK.state.refunds[0],
    SENT_BACK.state,
    payments.questions(GOING_BACK.state, now=DONE["now"])[0],
    payments.PaymentEvent(payment="pay-1", **AT),
    BEGUN.events[0],
    BEGUN.events[1],
    DECLINED.events[0],
    DONE_WITH.events[0],
    REFUSED.events[0],
    SENT_BACK.events[0],
    WebhookNotice(id="evt_1", key=KEY),
)
"""One of each."""
PAYMENTS_SERVED: Final[tuple[Value, ...]] = (
    services.PaymentStanding(payment=SENT_BACK.state),
    services.GatewayQuestions(
        payment=GOING_BACK.state, questions=payments.questions(GOING_BACK.state, now=DONE["now"])
    ),
    services.BeginPayment(purpose=BILL, way=Way.PAGE, **_SENT),
    services.NoteReceipt(receipt=receipt(KEY, reference="pi_1"), **_ATTEMPT, **_SENT),
    services.RefundPayment(payment=BEGUN.state.id, amount=TENNER, **_SENT),
    services.ReadPayment(payment=BEGUN.state.id, **_ASKED),
    services.AskGateway(payment=BEGUN.state.id, email="it@acme.example", **_ASKED),
    services.ListDuePayments(after=BEGUN.state.id, most=20, **_ASKED),
)
"""One of each command, query and answer of these."""
assert ANA.id == BEGUN.state.buyer
