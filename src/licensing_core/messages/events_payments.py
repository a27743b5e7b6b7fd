"""The text of each event of payments, by its type."""

from typing import Final

from licensing_core.messages.marks import Text, say, where

PAYMENTS: Final[dict[str, Text]] = {
    "payment.opened": (
        say("The payment {payment} was opened. To pay: {amount}."),
        where("purpose", say("It is for the pool {purpose}."), wanted="ForPlan"),
        where("purpose", say("It is for a cart. Its pools: {purpose}."), wanted="ForCart"),
        where("purpose", say("It is for the renewal of the pool {purpose}."), wanted="ForRenewal"),
        where("purpose", say("It is for the order {purpose} of licenses."), wanted="ForLicenses"),
        where("purpose", say("It is for the order {purpose} of credits."), wanted="ForPack"),
        where("purpose", say("It is for the document {purpose}."), wanted="ForBill"),
    ),
    "payment.charge_begun": (
        where("way", say("A charge of {amount} to the card on file was begun: {key}."), wanted="card_on_file"),
        where("way", say("A charge of {amount} by a payment page was begun: {key}."), wanted="page"),
    ),
    "payment.refund_begun": (say("A refund of {amount} was begun: {key}. It is of the charge {charge}."),),
    "payment.noted": (
        where(
            "status",
            say("It is not known yet what became of the attempt {key}. The gateway is asked again later."),
            wanted="unknown",
        ),
        where("status", say("The attempt {key} waits for the payer or a bank."), wanted="pending"),
        where("status", say("The attempt {key} succeeded, and the money was moved."), wanted="succeeded"),
        where("status", say("The attempt {key} failed, and no money was moved."), wanted="failed"),
        where("reason", say("Reason: {reason}.")),
        where("reference", say("The gateway calls it {reference}.")),
    ),
    "payment.fulfilled": (say("What the payment {payment} was for was carried out."),),
    "payment.fulfillment_refused": (
        say("What the payment {payment} was for could not be carried out: {reason}. The money goes back."),
    ),
}
