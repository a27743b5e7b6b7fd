"""Buying and renewing plans: the pool and the money, decided in one pure step."""

from licensing_core.orders.carts import (
    MAX_LINES,
    Cart,
    CartLine,
    CartRefused,
    Checkout,
    can_check_out,
    check_cart,
    checkout,
)
from licensing_core.orders.purchases import (
    Charged,
    OrderEvent,
    Purchase,
    can_purchase,
    can_purchase_publicly,
    can_record_transaction,
    purchase,
    purchase_publicly,
    quote_plan,
    record_transaction,
)
from licensing_core.orders.renewals import RenewalNotOwner, can_renew, quote_renewal, renew

__all__ = [
    "MAX_LINES",
    "Cart",
    "CartLine",
    "CartRefused",
    "Charged",
    "Checkout",
    "OrderEvent",
    "Purchase",
    "RenewalNotOwner",
    "can_check_out",
    "can_purchase",
    "can_purchase_publicly",
    "can_record_transaction",
    "can_renew",
    "check_cart",
    "checkout",
    "purchase",
    "purchase_publicly",
    "quote_plan",
    "quote_renewal",
    "record_transaction",
    "renew",
]
