"""The text of each error of payments, of a gateway and of its webhooks, by its code."""

from typing import Final

from licensing_core.messages.marks import Text, by, say, where, without

_PAYMENTS: Final[dict[str, Text]] = {
    "payment.unknown": (say("There is no payment {payment} that you may see. Begin it, or ask whoever did."),),
    "payment.open": (
        say("The payment {payment} is under way. Wait until it is settled, or have the gateway asked again."),
    ),
    "payment.settled": (
        say("The payment {payment} was made, and what it was for was carried out. There is nothing to pay."),
    ),
    "payment.nothing_due": (say("Nothing is due for this. Do it without a payment."),),
    "payment.consent_missing": (
        say("Whoever pays for this has not consented to be charged by others."),
        say("Have them pay on a page, or switch their automatic debit on with their consent."),
    ),
    "payment.too_many_attempts": (
        by(
            "most",
            "{most} attempt of the payment {payment} was made already. Have somebody look at it at the gateway.",
            "{most} attempts of the payment {payment} were made already. Have somebody look at it at the gateway.",
        ),
    ),
    "payment.attempt_unknown": (say("The payment {payment} has no attempt of this key. Look at its attempts first."),),
    "payment.receipt_differs": (
        say("The gateway tells of {told} where {asked} was asked. Have somebody look at it there."),
    ),
    "payment.refund_exceeds": (
        where(
            "left",
            say("Cannot give {asked} back: {left} is left of what was taken. Ask for that at most."),
        ),
        without(
            "left",
            say("Cannot give {asked} back: nothing is left of what was taken. Look at what went back already."),
        ),
    ),
    "payment.several_currencies": (
        say("This costs money in several currencies. Buy what is in each of them by itself."),
    ),
    "payment.renewal_elapsed": (say("The renewal {number} of the pool {pool} comes next. Pay for that one."),),
}

_GATEWAYS: Final[dict[str, Text]] = {
    "gateway.failed": (
        say("The payment gateway failed."),
        where(
            "reason",
            say("No money was moved, for it is busy or was not reached. Try again later with the same key."),
            wanted="busy",
        ),
        where(
            "reason",
            say("No money was moved, and trying again does not help. Look at its own log."),
            wanted="refused",
        ),
        where(
            "reason",
            say("It is not known whether money was moved. Ask it by the same key, and charge under no other one."),
            wanted="unclear",
        ),
    ),
    "webhook.refused": (
        say("The webhook was refused."),
        where(
            "reason",
            say("It was not signed for this address. Check the signing key, and that the body arrives byte by byte."),
            wanted="signature",
        ),
        where(
            "reason",
            say("It was signed too long ago, or in the future. Check the clock of this machine."),
            wanted="time",
        ),
        where(
            "reason",
            say("It is larger than those of a gateway. Find out where it came from."),
            wanted="size",
        ),
        where(
            "reason",
            say("It does not look as those of the gateway do. Check which header is read, and where it came from."),
            wanted="form",
        ),
    ),
}

PAYMENTS: Final[dict[str, Text]] = {**_PAYMENTS, **_GATEWAYS}
