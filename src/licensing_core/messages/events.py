"""The text of each event, by its type: what happened. Who did it and when stand beside it."""

from typing import Final

from licensing_core.messages.events_accounts import ACCOUNTS, EXPIRY
from licensing_core.messages.events_payments import PAYMENTS
from licensing_core.messages.marks import Text, by, say, where, without

_OVERRIDDEN: Final = say("For {usage}, the limit {limit} is {most} from now on, whatever its plan says.")
_OWED: Final = where("overage", by("overage", "{overage} credit is owed now.", "{overage} credits are owed now."))

EVENTS: Final[dict[str, Text]] = {
    "event": (say("Something happened on {at}."),),
    "pool.opened": (
        where(
            "kind",
            by(
                "bought",
                "The pool {pool} was opened with {bought} license for {beneficiary}.",
                "The pool {pool} was opened with {bought} licenses for {beneficiary}.",
            ),
            wanted="licenses",
        ),
        where(
            "kind",
            by(
                "bought",
                "The pool {pool} was opened with {bought} seat for {beneficiary}.",
                "The pool {pool} was opened with {bought} seats for {beneficiary}.",
            ),
            wanted="seats",
        ),
        *EXPIRY,
    ),
    "pool.licenses_assigned": (
        by(
            "users",
            "{users} user got a license of the pool {pool}.",
            "{users} users got a license of the pool {pool}.",
        ),
        where("moved_from", say("It was a transfer from the pool {moved_from}.")),
    ),
    "pool.licenses_unassigned": (
        where(
            "released",
            by(
                "released",
                "{released} license went back to the pool {pool}.",
                "{released} licenses went back to the pool {pool}.",
            ),
        ),
        where(
            "awaiting",
            by(
                "awaiting",
                "{awaiting} license of the pool {pool} was unassigned and waits to be confirmed.",
                "{awaiting} licenses of the pool {pool} were unassigned and wait to be confirmed.",
            ),
        ),
        where("moved_to", say("It was a transfer to the pool {moved_to}.")),
    ),
    "pool.releases_rejected": (
        by(
            "users",
            "{users} user keeps the license of the pool {pool}: its release was rejected.",
            "{users} users keep their licenses of the pool {pool}: the release was rejected.",
        ),
    ),
    "pool.holder_merged": (
        where(
            "holding",
            say("Two users were merged, and the one who stays holds a license of the pool {pool}."),
            wanted="held",
        ),
        where(
            "holding",
            say("Two users were merged, and the release of a license of the pool {pool} waits to be confirmed."),
            wanted="awaiting",
        ),
    ),
    "pool.resized": (
        say("The pool {pool} has {bought} in all from now on."),
        where("dropped", by("dropped", "{dropped} user lost a license.", "{dropped} users lost a license.")),
    ),
    "pool.renewed": (say("The pool {pool} was renewed, and has {bought} in all. It expires on {expires_at}."),),
    "order.charged": (say("{quote} was charged for the pool {pool}."),),
    "enrollment.users_enrolled": (
        by(
            "enrollments",
            "{enrollments} enrollment was made through the pool {pool}.",
            "{enrollments} enrollments were made through the pool {pool}.",
        ),
    ),
    "enrollment.confirmed": (say("An enrollment through the pool {pool} was confirmed: {enrollments:list}."),),
    "enrollment.readmitted": (say("The end of an enrollment through the pool {pool} was moved: {enrollments:list}."),),
    "enrollment.locked": (
        by(
            "enrollments",
            "{enrollments} enrollment through the pool {pool} ended and was locked together with its license.",
            "{enrollments} enrollments through the pool {pool} ended and were locked together with their licenses.",
        ),
    ),
    "enrollment.moved_in": (
        by(
            "enrollments",
            "{enrollments} enrollment comes through the pool {pool} from now on.",
            "{enrollments} enrollments come through the pool {pool} from now on.",
        ),
    ),
    "enrollment.moved_out": (
        by(
            "enrollments",
            "{enrollments} enrollment no longer comes through the pool {pool}.",
            "{enrollments} enrollments no longer come through the pool {pool}.",
        ),
    ),
    "enrollment.user_unenrolled": (
        say("A user who was enrolled through the pool {pool} left: {enrollments:list}."),
        where("seat_returned", say("The seat went back to the pool.")),
    ),
    "enrollment.rejected": (say("An enrollment through the pool {pool} was rejected: {enrollments:list}."),),
    "account.opened": (
        by(
            "types",
            "The account {account} was opened with {types} license type: {totals}.",
            "The account {account} was opened with {types} license types: {totals}.",
        ),
    ),
    "account.licenses_ordered": (say("Licenses were ordered, and the order {order} costs {order:due}."),),
    "account.order_paid": (say("The order {order} was paid with invoice {invoice}. Its licenses can be used now."),),
    "account.order_cancelled": (say("The order {order} was withdrawn. It will not be paid and adds no licenses."),),
    "account.cycle_closed": (
        say("The billing cycle ended. Licenses removed: {removed}."),
        say("Licenses kept: {kept}."),
        where("bills", say("Billed for the next cycle: {bills}.")),
    ),
    "item.billed": (
        where("quote", say("The item {item} was billed as of {effective}. To pay: {quote}.")),
        without("quote", say("Nothing of the item {item} was charged or given back as of {effective}.")),
        without("ended", say("Its period: {period}.")),
        where("ended", say("It ended then.")),
        where(
            "done",
            by(
                "done",
                "{done} scheduled change was carried out with it.",
                "{done} scheduled changes were carried out with it.",
            ),
        ),
    ),
    "item.taken_over": (
        say("The item {item}, which another system has billed so far, goes on here. Its period: {period}."),
        where("line", say("Its earlier line: {line}.")),
        without("line", say("The period is free.")),
    ),
    "item.change_scheduled": (
        say("The change {change:id} of the item {item} was scheduled: {change:parts}."),
        say("It takes effect: {change}."),
    ),
    "item.change_withdrawn": (
        say("The scheduled change {change} of the item {item} was withdrawn. It will not take effect."),
    ),
    "ledger.opened": (
        say("The ledger {ledger} was opened in {currency}."),
        where(
            "lines",
            by("lines", "It took over {lines} earlier line.", "It took over {lines} earlier lines."),
        ),
        where("balance", say("In credit: {balance}.")),
    ),
    "ledger.booked": (
        say("The document {document} was booked in the ledger {ledger}."),
        where("charged", say("Charged: {charged:list}.")),
        where("credited", say("Taken off again: {credited:list}.")),
    ),
    "ledger.paid": (
        say("{amount} was paid on the document {document} of the ledger {ledger}."),
        where("from_balance", say("It was taken from what was in credit.")),
    ),
    "ledger.refunded": (say("{amount} in credit was paid out of the ledger {ledger}."),),
    "usage.opened": (
        say("What {usage} uses is counted from now on."),
        where("plan", say("Its plan: {plan}.")),
        without("plan", say("It has no plan.")),
    ),
    "usage.counted": (
        say("What {usage} uses of the limit {limit} changed by {amount}, to {tally} in all."),
        where("within", say("It counts in {within}, to {in_place}.")),
        where("over", say("Beyond the limit: {over}.")),
    ),
    "usage.threshold_reached": (
        say("{usage} has reached {percent} percent of the limit {limit}: {used} of {most} are used."),
        where("within", say("It counts in {within}.")),
    ),
    "usage.plan_changed": (
        say("{usage} has the plan {plan} from now on."),
        where("exceeds", say("Used beyond it, and accepted: {exceeds}.")),
    ),
    "usage.limit_overridden": (
        where("most", _OVERRIDDEN),
        where("most", _OVERRIDDEN, wanted="0"),
        where("most", say("For {usage}, the limit {limit} is again what its plan says."), wanted="None"),
    ),
    "credits.opened": (
        say("The account of credits {account} was opened."),
        where("overdraft", say("It may be overdrawn, by at most: {overdraft}.")),
        where("resets", say("What is spent is counted anew in a cycle.")),
    ),
    "credits.pack_ordered": (say("A pack of credits was ordered, and the order {order} costs {order:due}."),),
    "credits.pack_paid": (say("The order {order} was paid. Its credits are to be active by {active_by}."),),
    "credits.pack_cancelled": (say("The order {order} was withdrawn. It will not be paid and adds no credits."),),
    "credits.pack_activated": (say("The credits of the order {grant} are active: {grant:amount} in all."),),
    "credits.granted": (say("Credits were granted as {grant}: {grant:amount} in all."),),
    "credits.spent": (by("amount", "{amount} credit was spent.", "{amount} credits were spent."), _OWED),
    "credits.grant_voided": (say("The grant {grant} was ended, and what was left of it is lost."), _OWED),
    "credits.pack_refunded": (
        say("The order {order} was refunded, and its credits taken back."),
        where("policy", say("None of them had been spent."), wanted="refuse"),
        where("policy", say("What had been spent of them is owed."), wanted="go_negative"),
        where("policy", say("What had been spent of them stays spent."), wanted="forgive"),
        _OWED,
    ),
    "credits.count_reset": (
        say("The count of credits began anew. Of each grant stays what rolls over."),
        where(
            "dropped",
            by("dropped", "{dropped} credit is owed no more.", "{dropped} credits are owed no more."),
        ),
        _OWED,
    ),
    **ACCOUNTS,
    **PAYMENTS,
}
"""The text of each event by its type."""
