"""The text of each error, by its code: what was asked, what stood in the way, what to do next."""

from typing import Final

from licensing_core.messages.marks import Text, by, say, where, without
from licensing_core.messages.refusals_accounts import ACCOUNTS
from licensing_core.messages.refusals_metered import METERED
from licensing_core.messages.refusals_payments import PAYMENTS

_ARGUMENT: Final = (
    say("“{parameter}” is not valid. Expected: {expected:phrase}. Given: {got:phrase}. Correct it and try again."),
)
"""Colons, because what is expected may be a noun, an adjective or a list."""

ALLOWED: Final = (say("Allowed (rule {rule})."),)
"""The text of a verdict without a refusal."""

_ARGUMENTS: Final = (
    "argument.invalid",
    "quantity.invalid",
    "id.invalid",
    "instant.invalid",
    "currency.unknown",
    "allocation.invalid",
    "amount.invalid",
    "amount.too_large",
    "zone.unknown",
    "locale.unknown",
    "duration.invalid",
    "interval.invalid",
    "span.invalid",
    "cycle.invalid",
    "cycle.not_whole_days",
    "business_calendar.invalid",
    "price.tiers_invalid",
    "convention.invalid",
    "convention.unknown",
    "limits.invalid",
    "credits.out_of_time",
    "email.invalid",
)

_GENERAL: Final[dict[str, Text]] = {
    "licensing.error": (say("This is not possible. Check what you asked for and try again."),),
    "licensing.mistake": (say("This was not asked for in the right way. Correct it and try again."),),
    "bulk.too_large": (
        by(
            "given",
            "“{parameter}” names {given} item; one command takes {most} at most. Split it into several.",
            "“{parameter}” names {given} items; one command takes {most} at most. Split it into several.",
        ),
    ),
    "currency.mismatch": (say("An amount in {expected} and one in {got} do not go together. Convert one of them."),),
    "calendar.out_of_range": (
        say("The day asked for lies outside the years 2 to 9998. Ask for one nearer to today, or a shorter duration."),
    ),
    "period.empty": (
        say("Period {index} has no length in the zone {zone}: its two ends both fall on {at}. Choose another anchor."),
    ),
    "period.no_whole_day": (
        say("Period {index} does not begin and end at midnight, near {day}. Ask for its instants instead of its days."),
    ),
    "periods.too_many": (
        by(
            "most",
            "Only {most} period is given at once. Go on from {resume_at}.",
            "Only {most} periods are given at once. Go on from {resume_at}.",
        ),
    ),
    "branches.invalid": (say("The tree of branches is not valid at {branch}: {reason:phrase}. Correct that branch."),),
    "permission.missing": (
        say("You need the permission “{permission}” for this. Somebody who has that permission can do it."),
    ),
    "superadmin.required": (say("Only a superadmin can do this. Ask one."),),
    "access.own": (say("Nobody can do this to themselves. Ask another superadmin."),),
    "store.version_conflict": (
        say("Somebody else changed {aggregate} in the meantime. Load it again and repeat what you did."),
    ),
    "store.id_taken": (say("The id {aggregate} is taken. Choose another."),),
    "store.unavailable": (
        say("The data cannot be reached now."),
        where(
            "reason",
            say("Others are using it, and nothing was begun. Try again in a moment with the same key."),
            wanted="busy",
        ),
        where(
            "reason",
            say("Others are changing the same things, and nothing was changed. Try again with the same key."),
            wanted="conflict",
        ),
        where("reason", say("It was opened for reading only, and nothing was changed."), wanted="read_only"),
        where(
            "reason",
            say(
                "It is not known whether this took effect. Send it again with the same key: it takes effect only once."
            ),
            wanted="failed",
        ),
        where("reason", say("The store was closed. Open a new one."), wanted="closed"),
        where(
            "reason",
            say(
                "The database cannot be used as it is, and trying again does not help. "
                "Create its tables, or check its path."
            ),
            wanted="unusable",
        ),
    ),
    "store.unsupported": (
        say(
            "“{parameter}” names a database that this version cannot store in. "
            "Expected: {expected:phrase}. Given: {got:phrase}."
        ),
    ),
    "store.migration_needed": (
        say(
            "The tables of the database are of revision {found}, but this version works with {needed}. "
            "Make a backup and migrate them, or use the version that they are of."
        ),
    ),
    "store.table_names_taken": (
        by(
            "tables",
            "The database has a table of another maker under a name that is needed: {tables:list}. Nothing was "
            "changed. Use another database or schema, or rename this table.",
            "The database has tables of other makers under names that are needed: {tables:list}. Nothing was "
            "changed. Use another database or schema, or rename these tables.",
        ),
    ),
    "document.invalid": (
        by(
            "faults",
            "The document has {faults} fault: {faults:list}. Correct it.",
            "The document has {faults} faults: {faults:list}. Correct them.",
        ),
    ),
    "import.refused": (
        by(
            "breaches",
            "Nothing was taken over: {breaches} thing is to be corrected. {breaches:each}",
            "Nothing was taken over: {breaches} things are to be corrected. {breaches:each}",
        ),
    ),
    "history.broken": (
        say("The history is broken at event {sequence}, and nothing was changed. Restore it from a backup."),
    ),
    "command.key_conflict": (say("The key {key} was used for another command. Use a new key for each new intent."),),
}

_PURCHASES: Final[dict[str, Text]] = {
    "purchase.by_superadmin": (say("A superadmin cannot buy. Record the transaction by hand instead."),),
    "purchase.not_visible": (say("There is no plan {plan} for this buyer. Choose one from the list of plans."),),
    "purchase.kind_not_allowed": (say("Only power users may buy the plan {plan}. Choose a single-license plan."),),
    "purchase.beneficiary_required": (
        say("The plan {plan} needs a beneficiary."),
        where("kind", say("Name the user that it is for."), wanted="single_license"),
        where("kind", say("Name the group or branch that it is for."), wanted="multi_license"),
        where("kind", say("Name the group or branch that it is for."), wanted="seats"),
    ),
    "purchase.beneficiary_kind": (
        where("kind", say("The plan {plan} cannot be bought for a single user."), wanted="user"),
        where("kind", say("The plan {plan} cannot be bought for a group."), wanted="group"),
        where("kind", say("The plan {plan} cannot be bought for a branch."), wanted="branch"),
        where("kind", say("The plan {plan} cannot be bought for a branch with its descendants."), wanted="tree"),
        where("kind", say("The plan {plan} cannot be bought for everyone."), wanted="everyone"),
        where("plan_kind", say("Name one user."), wanted="single_license"),
        where("plan_kind", say("Name a group or a branch."), wanted="multi_license"),
        where("plan_kind", say("Name a group or a branch."), wanted="seats"),
    ),
    "purchase.beneficiary_not_allowed": (
        say("You cannot buy for {beneficiary}: it is not among your resources. Name one that is."),
    ),
    "price.missing": (
        where("currency", say("There is no price of {sold} in {currency}.")),
        without("currency", say("No price of {sold} could be chosen.")),
        where("offered", say("Name one of these currencies: {offered:list}.")),
        without("offered", say("It has no prices at that time. Ask for a later one.")),
    ),
    "plan.package_mismatch": (
        say("The plan {plan} does not sell the package {package}. Choose a plan of that package."),
    ),
    "purchase.quote_changed": (
        where("confirmed", say("Confirmed: {confirmed}.")),
        without("confirmed", say("Nothing was confirmed.")),
        where("due", say("Price now: {due}.")),
        without("due", say("There is nothing to pay now.")),
        say("Ask for a new quote and confirm that one."),
    ),
    "cart.refused": (
        by(
            "faults",
            "Nothing was bought: {faults} line of the cart is refused ({faults:list}). Change or remove it.",
            "Nothing was bought: {faults} lines of the cart are refused ({faults:list}). Change or remove them.",
        ),
    ),
    "renewal.not_owner": (
        say("There is no purchase {pool} of yours to renew. Ask its buyer, or a superadmin, to renew it."),
    ),
    "renewal.not_offered": (
        say(
            "The pool {pool} is not renewed: it was sold without renewal, or it never expires. "
            "Buy again if you need more."
        ),
    ),
    "payment.failed": (say("The payment failed and nothing was bought. Try again, or use another way to pay."),),
    "payment.none_pending": (say("No order is waiting for its payment. Look at the orders first."),),
}

_POOLS: Final[dict[str, Text]] = {
    "pool.not_eligible": (
        by(
            "users",
            "{users} of the users is not in the beneficiary of the pool {pool}, or holds none of its licenses.",
            "{users} of the users are not in the beneficiary of the pool {pool}, or hold none of its licenses.",
        ),
        say("Choose among the candidates, add them to the group or branch, or assign them a license first."),
    ),
    "pool.licenses_exhausted": (
        by(
            "requested",
            "Cannot assign {requested} license from the pool {pool}:",
            "Cannot assign {requested} licenses from the pool {pool}:",
        ),
        by("shortfall", "{shortfall} license too few.", "{shortfall} licenses too few."),
        by(
            "shortfall",
            "Release or buy the one missing, or ask for the limit not to be enforced.",
            "Release or buy those missing, or ask for the limit not to be enforced.",
        ),
    ),
    "pool.seats_exhausted": (
        by(
            "requested",
            "Cannot enroll on {requested} seat of the pool {pool}:",
            "Cannot enroll on {requested} seats of the pool {pool}:",
        ),
        by("shortfall", "{shortfall} seat too few.", "{shortfall} seats too few."),
        by(
            "shortfall",
            "Buy the one missing, choose fewer users or courses, or ask for the limit not to be enforced.",
            "Buy those missing, choose fewer users or courses, or ask for the limit not to be enforced.",
        ),
    ),
    "pool.revocations_exhausted": (
        by(
            "requested",
            "Cannot take {requested} license of the pool {pool} from its holder:",
            "Cannot take {requested} licenses of the pool {pool} from their holders:",
        ),
        where(
            "left",
            by(
                "left",
                "{left} more may be taken before it is renewed. Take fewer, or ask a superadmin.",
                "{left} more may be taken before it is renewed. Take fewer, or ask a superadmin.",
            ),
        ),
        without("left", say("no more may be taken before it is renewed. Ask a superadmin.")),
    ),
    "pool.preview_outdated": (
        say(
            "Users to drop from the pool {pool}: {given}. Users who must go now: {needed}. Preview the new size again."
        ),
    ),
    "pool.in_use": (
        by(
            "consumed",
            "The pool {pool} cannot be cut to {asked}: {consumed} would still be assigned. Release some first.",
            "The pool {pool} cannot be cut to {asked}: {consumed} would still be assigned. Release some first.",
        ),
    ),
    "pool.confirmation_not_allowed": (
        say("Only a superadmin confirms or rejects releases of the pool {pool}. Ask one to decide on them."),
    ),
    "pool.not_visible": (say("There is no purchase {pool} among those that you manage. Choose one from your list."),),
    "pool.wrong_type": (say("The pool {pool} holds seats, not licenses. Enroll the users in a course instead."),),
    "holdings.not_loaded": (
        by(
            "ids",
            "What {ids} user holds was not looked up. Load it and try again.",
            "What {ids} users hold was not looked up. Load it and try again.",
        ),
    ),
    "partial.not_loaded": (say("Something that this needs was not looked up. Load it and try again."),),
    "pool.not_loaded": (
        say("The pool {pool}, through which an enrollment came, was not looked up. Load it and try again."),
    ),
}

_ENROLLMENTS: Final[dict[str, Text]] = {
    "content.not_in_package": (
        by(
            "contents",
            "This content is not in the package of the pool {pool}: {contents:list}. Choose one that is.",
            "These contents are not in the package of the pool {pool}: {contents:list}. Choose some that are.",
        ),
    ),
    "content.not_assigned": (
        by(
            "contents",
            "This content is not among your resources: {contents:list}. Have it assigned to you, or choose another.",
            "These contents are not among your resources: {contents:list}. "
            "Have them assigned to you, or choose others.",
        ),
    ),
    "enrollment.none": (say("There is no such enrollment in {content}. Enroll the user first."),),
    "enrollment.exists": (say("This user is enrolled in {content} already. See how that enrollment stands."),),
    "enrollment.to_confirm": (
        say("The enrollment in {content} waits to be confirmed. Ask somebody who may activate enrollments."),
    ),
    "enrollment.confirmed": (
        say("The enrollment in {content} is confirmed and cannot be rejected. Unenroll the user instead."),
    ),
    "enrollment.locked": (
        say(
            "The enrollment in {content} is locked, since its license was taken away. "
            "Somebody who may edit enrollments can readmit the user."
        ),
    ),
    "enrollment.not_started": (say("The enrollment in {content} is valid from {since} on. Wait until then."),),
    "enrollment.ended": (
        say("The enrollment in {content} ended on {until}. Somebody who may edit enrollments can readmit the user."),
    ),
    "enrollments.not_loaded": (
        by(
            "ids",
            "The enrollments of {ids} user were not looked up. Load them and try again.",
            "The enrollments of {ids} users were not looked up. Load them and try again.",
        ),
    ),
    "license.none": (say("No license in force covers {content}. Buy one, or ask for one to be assigned to you."),),
    "subscription.expired": (say("The subscription {pool} expired on {expired_at}. Renew it, or ask for that."),),
    "subscription.suspended": (say("The subscription {pool} is suspended. Pay what is due for it, or ask for that."),),
}

_ACCOUNTS: Final[dict[str, Text]] = {
    "account.unknown": (say("There is no account {account}. Open it first."),),
    "license_type.unknown": (
        say("There is no license type {license_type}. Look at the table of licenses for those there are."),
    ),
    "licenses.exhausted": (
        say("No license of type {license_type} is free:"),
        by("shortfall", "{shortfall} license too few.", "{shortfall} licenses too few."),
        say("Buy {buy}, or take one from another user."),
    ),
    "license_order.unknown": (say("No order {order} is waiting for its payment. Look at the orders first."),),
    "cycle.not_begun": (say("The billing cycle begins only on {begins}. Check the clock, or try again then."),),
    "cycle.not_closed": (say("The billing cycle ended on {ended}. Close it before you quote or buy."),),
    "cycle.still_open": (say("The billing cycle ends on {ends}. Close it then, or later."),),
    "purchase.not_refundable": (
        say("Licenses are not refunded. You can use them until {usable_until}; those that are free then are dropped."),
    ),
}

_ANOTHER_BASE: Final = say("Count in seconds, or take another base.")
_ANOTHER_TURN: Final = say("Take another base, or a turn of months or of days.")

_BILLING: Final[dict[str, Text]] = {
    "proration.nothing_counted": (
        say("The share cannot be worked out over the base “{base}”."),
        where("count", say("Counted in days, it comes to nothing."), wanted="days"),
        where("count", say("Counted in seconds, it comes to nothing."), wanted="seconds"),
        where("count", say("Counted in days of 30/360, it comes to nothing."), wanted="days_360"),
        where("count", say("Counted in months, it comes to nothing."), wanted="months"),
        where("count", say("Counted in calendar months, it comes to nothing."), wanted="calendar_months"),
        where("base", _ANOTHER_BASE, wanted="period"),
        where("base", _ANOTHER_BASE, wanted="from_part"),
        where("base", _ANOTHER_BASE, wanted="start_month"),
        where("base", _ANOTHER_TURN, wanted="nominal"),
        where("base", _ANOTHER_TURN, wanted="nominal_360"),
    ),
    "ledger.unknown": (
        say("The ledger {ledger} holds nothing of {wanted}. Load its lines, or look at those there are."),
    ),
    "ledger.already_booked": (
        say(
            "This cannot be booked: the ledger {ledger} has the line {line} already, "
            "or has taken something off it with this document."
        ),
        say("If this is no repetition, give the document or the item another id."),
    ),
    "ledger.paid_too_much": (
        where("owed", say("Cannot pay {asked} on the document {document}: {owed} is owed on it. Pay that at most.")),
        without(
            "owed",
            say(
                "Cannot pay {asked} on the document {document}: nothing is owed on it. "
                "Choose a document on which something is."
            ),
        ),
    ),
    "ledger.balance_exceeded": (
        where(
            "balance",
            say("Cannot take {asked} out of the ledger {ledger}: {balance} is in credit. Take that at most."),
        ),
        without(
            "balance",
            say("Cannot take {asked} out of the ledger {ledger}: nothing is in credit. Pay documents in another way."),
        ),
    ),
    "item.ended": (say("The item {item} ended on {ended}. Start a new one."),),
    "item.behind": (say("Something of the item {item} has been due since {due}. Advance it first."),),
    "item.change_too_early": (
        say("The item {item} was billed as of {earliest}, and cannot be changed before. Change it then or later."),
    ),
    "item.nothing_scheduled": (
        say("No change {change} of the item {item} waits. Look at those that wait, and choose one of them."),
    ),
    "series.out_of_order": (
        say("A document cannot be dated {on}: the number {number} is dated {last_on}. Date it on that day or later."),
    ),
    "series.other": (say("The number {number} is not of the series {series}. Take the last number of that series."),),
    "document.not_a_proforma": (
        say("The document {document} cannot become an invoice."),
        where("kind", say("It is one already."), wanted="invoice"),
        where("kind", say("It is a credit note."), wanted="credit_note"),
        say("Only a proforma becomes one: choose one of those."),
    ),
}

REFUSALS: Final[dict[str, Text]] = {
    **dict.fromkeys(_ARGUMENTS, _ARGUMENT),
    **_GENERAL,
    **_PURCHASES,
    **_POOLS,
    **_ENROLLMENTS,
    **_ACCOUNTS,
    **_BILLING,
    **METERED,
    **ACCOUNTS,
    **PAYMENTS,
}
"""The text of each error by its code."""
