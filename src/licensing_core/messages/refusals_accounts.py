"""The text of each error of customers, subscriptions and bills, by its code."""

from typing import Final

from licensing_core.messages.marks import Text, by, say

_CUSTOMERS: Final[dict[str, Text]] = {
    "client.unknown": (say("There is no customer {customer}. Look at the list of customers, or add it."),),
    "client.exists": (say("There is a customer {customer} already. Choose another id."),),
    "block.none": (
        say("The customer {customer} is not blocked for {cause}. Look at the causes that it is blocked for."),
    ),
    "people.not_loaded": (
        by(
            "ids",
            "{ids} user or contact was not looked up. Load that one and try again.",
            "{ids} users or contacts were not looked up. Load them and try again.",
        ),
    ),
    "plan.not_in_force": (
        say("The subscription that pays for the plan {plan} is not in force. Have it paid, resumed or renewed."),
    ),
}

_BILLS: Final[dict[str, Text]] = {
    "invoice.unknown": (say("There is no proforma or invoice {document}. Look at those of the customer."),),
    "invoice.paid": (say("The document {document} is paid already. There is nothing to pay."),),
    "invoice.void": (say("The document {document} is void: what it asked for will not be delivered. Do not pay it."),),
    "invoice.amount_differs": (
        say("For the document {document} {due} is due, and {paid} was paid. Settle the difference first."),
    ),
    "bills.not_loaded": (
        by(
            "ids",
            "{ids} document of the customer was not looked up. Load it and try again.",
            "{ids} documents of the customer were not looked up. Load them and try again.",
        ),
    ),
}

_SUBSCRIPTIONS: Final[dict[str, Text]] = {
    "service.unknown": (say("The customer {customer} has no subscription {subscription}. Look at those that it has."),),
    "service.exists": (say("The customer {customer} has, or had, a subscription {subscription}. Choose another id."),),
    "service.ended": (say("The subscription {subscription} is {state:state}. Order a new one."),),
    "service.wrong_state": (
        say("The subscription {subscription} is {state:state}, and this takes one that is {wanted:state}."),
        say("Bring it to that state first, or do what its state allows."),
    ),
    "service.not_in_force": (
        say("The subscription {subscription} is {state:state} and gives no access. Pay, resume or renew it."),
    ),
    "service.behind": (
        say("Something of the subscription {subscription} has been due since {due} and is not billed yet."),
        say("Run its billing first."),
    ),
    "service.unpaid": (say("The subscription {subscription} owes what was due on {due}. Pay that first."),),
    "service.not_renewable": (
        say("The subscription {subscription} is not renewed by hand, or no more. Order a new one."),
    ),
    "cancellation.too_early": (say("It cannot end before it began. Name its first day, or a later one."),),
    "cancellation.later": (
        say("It is cancelled for an earlier end already. Take that back first, or name an end no later than it."),
    ),
    "cancellation.none": (say("The subscription {subscription} is not cancelled. There is nothing to take back."),),
    "cancellation.credited": (
        say("What the subscription {subscription} was charged is given back already. Order a new one."),
    ),
}

ACCOUNTS: Final[dict[str, Text]] = {**_CUSTOMERS, **_BILLS, **_SUBSCRIPTIONS}
