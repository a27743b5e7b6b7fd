"""Refusals and events of payments, and how each is told in English and Spanish."""

from typing import Any, Final

from licensing_core import payments
from licensing_core.decisions import Event
from licensing_core.money import Money
from licensing_core.orders import Cart, CartLine
from licensing_core.payments import (
    AttemptNoted,
    AttemptStatus,
    ChargeBegun,
    ForBill,
    ForCart,
    ForLicenses,
    ForPack,
    ForPlan,
    ForRenewal,
    FulfillmentRefused,
    PaymentFulfilled,
    PaymentOpened,
    Purpose,
    RefundBegun,
    Way,
)
from licensing_core.protocols.gateway import GatewayFailed, WebhookRefused
from licensing_core.services import RenewalElapsed, SeveralCurrencies, UnknownPayment
from tests.message_examples import AT, Example

_TWELVE: Final = Money.parse("12.50 EUR")
_FIVE: Final = Money.parse("5.00 EUR")
_NOTHING: Final = Money.parse("0.00 EUR")
_PEOPLE: Final[dict[str, Any]] = {"buyer": "ana", "payer": "luis"}
_SEVERAL: Final = Cart(lines=(CartLine(plan="gold", pool="p1"), CartLine(plan="iron", pool="p2")))


def _opened(purpose: Purpose) -> Event:
    return PaymentOpened(payment="pay-1", purpose=purpose, amount=_TWELVE, **_PEOPLE, **AT)


def _begun(way: Way) -> Event:
    return ChargeBegun(
        payment="pay-1",
        key="pay-1-1",
        purpose=ForRenewal(pool="p1", number=1),
        amount=_TWELVE,
        way=way,
        **_PEOPLE,
        **AT,
    )


def _noted(status: AttemptStatus, reference: str | None = None, reason: str | None = None) -> Event:
    return AttemptNoted(payment="pay-1", key="pay-1-1", status=status, reference=reference, reason=reason, **AT)


PAYMENT_REFUSALS: list[Example] = [
    (
        UnknownPayment(payment="pay-1"),
        "There is no payment pay-1 that you may see. Begin it, or ask whoever did.",
        "No hay ningún pago pay-1 que puedas ver. Inícialo, o pregunta a quien lo inició.",
    ),
    (
        payments.PaymentOpen(payment="pay-1"),
        "The payment pay-1 is under way. Wait until it is settled, or have the gateway asked again.",
        ("El pago pay-1 está en curso. Espera a que se resuelva, o haz que se vuelva a consultar la pasarela de pago."),
    ),
    (
        payments.PaymentSettled(payment="pay-1"),
        "The payment pay-1 was made, and what it was for was carried out. There is nothing to pay.",
        "El pago pay-1 ya se hizo y se llevó a cabo aquello por lo que se hizo. No hay nada que pagar.",
    ),
    (
        payments.NothingDue(),
        "Nothing is due for this. Do it without a payment.",
        "No hay nada que pagar por esto. Hazlo sin un pago.",
    ),
    (
        payments.ConsentMissing(payer="luis"),
        (
            "Whoever pays for this has not consented to be charged by others. Have them pay on a page, or switch their "
            "automatic debit on with their consent."
        ),
        (
            "Quien paga esto no ha dado su consentimiento para que otros le hagan cobros. Haz que pague en una página, "
            "o activa su débito automático con su consentimiento."
        ),
    ),
    (
        payments.TooManyAttempts(payment="pay-1", most=100),
        "100 attempts of the payment pay-1 were made already. Have somebody look at it at the gateway.",
        "Ya se hicieron 100 intentos del pago pay-1. Pide que alguien lo revise en la pasarela de pago.",
    ),
    (
        payments.TooManyAttempts(payment="pay-1", most=1),
        "1 attempt of the payment pay-1 was made already. Have somebody look at it at the gateway.",
        "Ya se hizo 1 intento del pago pay-1. Pide que alguien lo revise en la pasarela de pago.",
    ),
    (
        payments.UnknownAttempt(payment="pay-1"),
        "The payment pay-1 has no attempt of this key. Look at its attempts first.",
        "El pago pay-1 no tiene ningún intento con esta clave. Consulta primero sus intentos.",
    ),
    (
        payments.ReceiptDiffers(asked=_TWELVE, told=_FIVE),
        "The gateway tells of €5.00 where €12.50 was asked. Have somebody look at it there.",
        ("La pasarela de pago informa de 5,00\xa0€, pero se le pidieron 12,50\xa0€. Pide que alguien lo revise allí."),
    ),
    (
        payments.RefundExceeds(asked=_TWELVE, left=_FIVE),
        "Cannot give €12.50 back: €5.00 is left of what was taken. Ask for that at most.",
        "No se pueden devolver 12,50\xa0€: quedan 5,00\xa0€ de lo cobrado. Pide eso como máximo.",
    ),
    (
        payments.RefundExceeds(asked=_TWELVE, left=_NOTHING),
        "Cannot give €12.50 back: nothing is left of what was taken. Look at what went back already.",
        "No se pueden devolver 12,50\xa0€: no queda nada de lo cobrado. Consulta lo que ya se devolvió.",
    ),
    (
        SeveralCurrencies(),
        "This costs money in several currencies. Buy what is in each of them by itself.",
        "Esto cuesta dinero en varias monedas. Compra por separado lo que está en cada una.",
    ),
    (
        RenewalElapsed(pool="p1", number=2),
        "The renewal 2 of the pool p1 comes next. Pay for that one.",
        "La siguiente es la renovación 2 de la bolsa p1. Paga esa.",
    ),
]

GATEWAY_REFUSALS: list[Example] = [
    (
        GatewayFailed(reason="busy"),
        (
            "The payment gateway failed. No money was moved, for it is busy or was not reached. Try again later with "
            "the same key."
        ),
        (
            "La pasarela de pago ha fallado. No se ha movido dinero, porque está ocupada o no se pudo acceder a ella. "
            "Inténtalo de nuevo más tarde con la misma clave."
        ),
    ),
    (
        GatewayFailed(reason="refused"),
        "The payment gateway failed. No money was moved, and trying again does not help. Look at its own log.",
        (
            "La pasarela de pago ha fallado. No se ha movido dinero, y volver a intentarlo no sirve. "
            "Consulta su propio registro."
        ),
    ),
    (
        GatewayFailed(reason="unclear"),
        (
            "The payment gateway failed. It is not known whether money was moved. Ask it by the same key, and charge "
            "under no other one."
        ),
        (
            "La pasarela de pago ha fallado. No se sabe si se ha movido dinero. Consúltala con la misma clave y no "
            "cobres con ninguna otra."
        ),
    ),
    (
        WebhookRefused(reason="signature"),
        (
            "The webhook was refused. It was not signed for this address. Check the signing key, and that the body "
            "arrives byte by byte."
        ),
        (
            "Se rechazó el webhook. No se firmó para esta dirección. Comprueba la clave de firma y que el cuerpo "
            "llegue byte a byte."
        ),
    ),
    (
        WebhookRefused(reason="time"),
        ("The webhook was refused. It was signed too long ago, or in the future. Check the clock of this machine."),
        ("Se rechazó el webhook. Se firmó hace demasiado tiempo, o en el futuro. Comprueba el reloj de esta máquina."),
    ),
    (
        WebhookRefused(reason="size"),
        "The webhook was refused. It is larger than those of a gateway. Find out where it came from.",
        "Se rechazó el webhook. Es más grande que los de una pasarela de pago. Averigua de dónde vino.",
    ),
    (
        WebhookRefused(reason="form"),
        (
            "The webhook was refused. It does not look as those of the gateway do. Check which header is read, and "
            "where it came from."
        ),
        (
            "Se rechazó el webhook. No tiene la forma de los de la pasarela de pago. Comprueba qué cabecera se lee y "
            "de dónde vino."
        ),
    ),
]

PAYMENT_EVENTS: list[Example] = [
    (
        _opened(ForPlan(plan="gold", pool="p1")),
        "The payment pay-1 was opened. To pay: €12.50. It is for the pool p1.",
        "Se abrió el pago pay-1. A pagar: 12,50\xa0€. Es por la bolsa p1.",
    ),
    (
        _opened(ForCart(cart=_SEVERAL)),
        "The payment pay-1 was opened. To pay: €12.50. It is for a cart. Its pools: p1 and p2.",
        "Se abrió el pago pay-1. A pagar: 12,50\xa0€. Es por un carrito. Sus bolsas: p1 y p2.",
    ),
    (
        _opened(ForRenewal(pool="p1", number=1)),
        "The payment pay-1 was opened. To pay: €12.50. It is for the renewal of the pool p1.",
        "Se abrió el pago pay-1. A pagar: 12,50\xa0€. Es por la renovación de la bolsa p1.",
    ),
    (
        _opened(ForLicenses(account="acme", order="o1")),
        "The payment pay-1 was opened. To pay: €12.50. It is for the order o1 of licenses.",
        "Se abrió el pago pay-1. A pagar: 12,50\xa0€. Es por el pedido o1 de licencias.",
    ),
    (
        _opened(ForPack(customer="acme", order="c1")),
        "The payment pay-1 was opened. To pay: €12.50. It is for the order c1 of credits.",
        "Se abrió el pago pay-1. A pagar: 12,50\xa0€. Es por el pedido c1 de créditos.",
    ),
    (
        _opened(ForBill(customer="acme", document="b1")),
        "The payment pay-1 was opened. To pay: €12.50. It is for the document b1.",
        "Se abrió el pago pay-1. A pagar: 12,50\xa0€. Es por el documento b1.",
    ),
    (
        _begun(Way.CARD_ON_FILE),
        "A charge of €12.50 to the card on file was begun: pay-1-1.",
        "Se inició un cobro de 12,50\xa0€ a la tarjeta guardada: pay-1-1.",
    ),
    (
        _begun(Way.PAGE),
        "A charge of €12.50 by a payment page was begun: pay-1-1.",
        "Se inició un cobro de 12,50\xa0€ por una página de pago: pay-1-1.",
    ),
    (
        RefundBegun(payment="pay-1", key="pay-1-r1", charge="pay-1-1", amount=_FIVE, **AT),
        "A refund of €5.00 was begun: pay-1-r1. It is of the charge pay-1-1.",
        "Se inició una devolución de 5,00\xa0€: pay-1-r1. Es del cobro pay-1-1.",
    ),
    (
        _noted(AttemptStatus.UNKNOWN),
        "It is not known yet what became of the attempt pay-1-1. The gateway is asked again later.",
        "Aún no se sabe qué pasó con el intento pay-1-1. Más tarde se volverá a consultar la pasarela de pago.",
    ),
    (
        _noted(AttemptStatus.PENDING, reference="ch_1"),
        "The attempt pay-1-1 waits for the payer or a bank. The gateway calls it ch_1.",
        "El intento pay-1-1 espera a quien paga o a un banco. La pasarela de pago lo llama ch_1.",
    ),
    (
        _noted(AttemptStatus.SUCCEEDED, reference="ch_1"),
        "The attempt pay-1-1 succeeded, and the money was moved. The gateway calls it ch_1.",
        "El intento pay-1-1 se completó y el dinero se movió. La pasarela de pago lo llama ch_1.",
    ),
    (
        _noted(AttemptStatus.FAILED, reason="insufficient_funds"),
        "The attempt pay-1-1 failed, and no money was moved. Reason: insufficient_funds.",
        "El intento pay-1-1 falló y no se movió dinero. Motivo: insufficient_funds.",
    ),
    (
        PaymentFulfilled(payment="pay-1", key="pay-1-1", **AT),
        "What the payment pay-1 was for was carried out.",
        "Se llevó a cabo aquello por lo que se hizo el pago pay-1.",
    ),
    (
        FulfillmentRefused(payment="pay-1", key="pay-1-1", reason="store.id_taken", **AT),
        "What the payment pay-1 was for could not be carried out: store.id_taken. The money goes back.",
        "No se pudo llevar a cabo aquello por lo que se hizo el pago pay-1: store.id_taken. El dinero se devuelve.",
    ),
]
