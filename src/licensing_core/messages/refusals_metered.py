"""The text of each error of limits, credits, plans of a service and features, by its code."""

from typing import Final

from licensing_core.messages.marks import Text, by, say, where, without

_PLACE: Final = where("within", say("It counts in {within}."))

_LIMITS: Final[dict[str, Text]] = {
    "limit.unknown": (say("The plan has no limit {limit}. Look at the table of usage for those it has."),),
    "limit.within_required": (
        say("The limit {limit} counts apart within each of {per}. Name the one in which it is used."),
    ),
    "limit.exceeded": (
        say("The limit {limit} would be exceeded by {shortfall}: {used} of {most} are used."),
        _PLACE,
        say("Release some, or change to a larger plan."),
    ),
    "limit.below_zero": (
        say("Cannot release {amount} of the limit {limit}, of which {used} are used."),
        _PLACE,
        say("Release no more than is used."),
    ),
    "usage.not_loaded": (
        by(
            "ids",
            "What is used in {ids} place was not looked up. Load it and try again.",
            "What is used in {ids} places was not looked up. Load it and try again.",
        ),
    ),
    "plan.unknown": (say("There is no plan {plan}. Choose one that is defined."),),
    "plan_change.exceeds": (
        say("The plan {plan} is too small for what is used. Too much: {exceeds}."),
        say("Release that, or accept the excess: it stays, and nothing more can be used until it is gone."),
    ),
}

_CREDITS: Final[dict[str, Text]] = {
    "pack.unknown": (say("There is no pack of credits {pack}. Choose one that is for sale."),),
    "order.unknown": (say("There is no order {order} of credits. Order a pack first."),),
    "order.exists": (say("The id {order} is taken by an order or a grant. Choose another."),),
    "order.not_paid": (say("The order {order} is not paid yet. Take note of its payment first."),),
    "order.already_paid": (
        say("The order {order} is paid already. Give a second payment back; to end the order, refund it."),
    ),
    "order.already_active": (say("The credits of the order {order} are active already. There is nothing to do."),),
    "order.closed": (
        say("The order {order} was cancelled or refunded. Make a new one, and give back what was paid for it."),
    ),
    "order.payment_differs": (
        say("The order {order} costs {price}, and {paid} was paid. Settle the difference first."),
    ),
    "credits.insufficient": (
        by(
            "shortfall",
            "The balance of credits is {balance}: {shortfall} credit too few. Buy a pack of credits.",
            "The balance of credits is {balance}: {shortfall} credits too few. Buy a pack of credits.",
        ),
    ),
    "credits.already_spent": (
        by(
            "spent",
            "{spent} credit of the order {order} was spent. Refund it by another policy, or not at all.",
            "{spent} credits of the order {order} were spent. Refund it by another policy, or not at all.",
        ),
    ),
    "grant.unknown": (say("There is no grant {grant}. Look at the grants of the account for those there are."),),
    "credits.not_loaded": (
        by(
            "ids",
            "{ids} grant or order of credits was not looked up. Load it and try again.",
            "{ids} grants or orders of credits were not looked up. Load them and try again.",
        ),
    ),
    "credits.reset_too_late": (
        say(
            "Credits were moved at {since}, after that. Begin the count now, or open the account with a cycle in which "
            "it begins anew."
        ),
    ),
    "credits.too_much_time": (
        say("Too much happens to the grants by then. Ask for {resume_at} first, and go on from there."),
    ),
}

_FEATURES: Final[dict[str, Text]] = {
    "client.blocked": (say("The customer is blocked: {causes:list}. Have each cause lifted first."),),
    "trial.ended": (say("The trial ended on {ended}. Choose a plan to go on."),),
    "feature.not_in_plan": (
        where("plan", say("The plan {plan} does not have the feature {feature}. Change to a plan that has it.")),
        without("plan", say("There is no plan, and so no feature {feature}. Choose a plan that has it.")),
    ),
    "feature.not_licensed": (
        say("The feature {feature} needs a license that has it. Ask for one to be assigned to you."),
    ),
}

METERED: Final[dict[str, Text]] = {**_LIMITS, **_CREDITS, **_FEATURES}
