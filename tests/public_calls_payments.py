"""A valid call of each public function of payments that takes an id, an instant or so."""

from typing import Any, Final

from licensing_core.payments import PaymentFailed, Way
from tests.specimens_metered import DONE
from tests.specimens_payments import (
    BEGUN,
    BILL,
    BUYING,
    DECLINED,
    DONE_WITH,
    GOING_BACK,
    KEY,
    PAID,
    REFUSED,
    TENNER,
    receipt,
)

PAYMENT_CALLS: Final[dict[str, dict[str, Any]]] = {
    "payments.begin": {"tenant": "t1", "purpose": BILL, "way": Way.PAGE, **BUYING, **DONE},
    "payments.charge": {"payment": DECLINED.state, "purpose": BILL, "way": Way.CARD_ON_FILE, **BUYING, **DONE},
    "payments.note": {"payment": BEGUN.state, "key": KEY, "receipt": receipt(KEY), **DONE},
    "payments.fulfill": {"payment": PAID.state, **DONE},
    "payments.give_back": {"payment": REFUSED.state, **DONE},
    "payments.payment_id": {"tenant": "t1", "purpose": BILL},
    "payments.questions": {"payment": GOING_BACK.state, "now": DONE["now"], "email": "it@acme.example"},
    "payments.refund": {"payment": DONE_WITH.state, "amount": TENNER, **DONE},
    "payments.refuse": {"payment": PAID.state, "reason": PaymentFailed(), **DONE},
    "payments.request_of": {"payment": BEGUN.state, "key": KEY, "email": "it@acme.example"},
}
