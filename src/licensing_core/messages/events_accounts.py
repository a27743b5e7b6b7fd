"""The text of each event of customers, subscriptions and bills, and of pools imported or suspended, by its type."""

from typing import Final

from licensing_core.messages.marks import Text, by, say, where, without

EXPIRY: Final = (
    where("expires_at", say("It expires on {expires_at}.")),
    without("expires_at", say("It does not expire.")),
)

_CUSTOMERS: Final[dict[str, Text]] = {
    "customer.added": (
        say("The customer {account} was added."),
        where("plan", say("Its plan: {plan}.")),
        without("plan", say("It has no plan.")),
        where("trial_ends", say("Its trial ends on {trial_ends}.")),
        where("blocks", say("It is blocked: {blocks:list}.")),
        where("people", by("people", "It brought {people} user or contact.", "It brought {people} users or contacts.")),
        where("balances", say("In credit: {balances}.")),
    ),
    "customer.plan_assigned": (say("The customer {account} has the plan {plan} from now on."),),
    "customer.blocked": (
        say("The customer {account} was blocked: {cause}."),
        where("until", say("The block ends on {until}.")),
        without("until", say("It stays so until the block is lifted.")),
    ),
    "customer.block_lifted": (say("A block of the customer {account} was lifted: {cause}."),),
    "customer.person_added": (
        where("person", say("A user of the customer {account} was added, or given other permissions."), wanted="user"),
        where(
            "person",
            say("A contact of the customer {account} was added, or given other permissions."),
            wanted="contact",
        ),
    ),
    "customer.person_removed": (say("A user or contact of the customer {account} was removed."),),
    "customer.settings_changed": (say("The settings of the customer {account} were changed."),),
    "customer.credit_opened": (say("The customer {account} has {amount} more in credit."),),
}

_BILLS: Final[dict[str, Text]] = {
    "bill.issued": (
        where("bill", say("The proforma {bill} was issued. To pay: {bill:due}. Due date: {bill:day}."), "proforma"),
        where("bill", say("The invoice {bill} was issued. To pay: {bill:due}. Due date: {bill:day}."), "invoice"),
        where("bill", say("The credit note {bill} was issued. Given back: {bill:due}."), "credit_note"),
    ),
    "bill.paid": (
        say("A proforma was paid, and is the invoice {invoice} from now on."),
        where("amount", say("Paid: {amount}.")),
    ),
    "bill.voided": (say("The document {document} is void. Nothing is to be paid for it."),),
    "bill.debit_failed": (say("The automatic debit for the document {document} failed. It is tried again later."),),
    "bill.reminder_sent": (
        by(
            "days",
            "The customer was reminded of the document {document}, {days} day after it was due.",
            "The customer was reminded of the document {document}, {days} days after it was due.",
        ),
    ),
    "numbers.opened": (say("From now on documents are numbered: {numbers}."),),
    "numbers.taken": (say("Numbers of documents were taken. The last ones: {last}."),),
}

_POOLS: Final[dict[str, Text]] = {
    "pool.imported": (
        say("The pool {pool}, which another system has kept so far, goes on here."),
        where(
            "kind",
            by("bought", "It has {bought} license for {beneficiary}.", "It has {bought} licenses for {beneficiary}."),
            wanted="licenses",
        ),
        where(
            "kind",
            by("bought", "It has {bought} seat for {beneficiary}.", "It has {bought} seats for {beneficiary}."),
            wanted="seats",
        ),
        where("held", by("held", "Of these {held} is held.", "Of these {held} are held.")),
        where("spent", by("spent", "Of these {spent} is spent.", "Of these {spent} are spent.")),
        where(
            "enrollments",
            by("enrollments", "It brought {enrollments} enrollment.", "It brought {enrollments} enrollments."),
        ),
        *EXPIRY,
    ),
    "pool.suspended": (say("The pool {pool} was suspended. What it holds stays held, but opens nothing."),),
    "pool.reinstated": (say("The pool {pool} is suspended no more, and opens again what it holds."),),
}

_PERIOD: Final = say("Its period: {turn}.")

_SUBSCRIPTIONS: Final[dict[str, Text]] = {
    "subscription.started": (
        where("started", say("The subscription {subscription} was ordered, and awaits its first payment."), "pending"),
        where("started", say("The subscription {subscription} was ordered, and is on trial."), "trial"),
        where("started", say("The subscription {subscription} was ordered, and is active."), "active"),
    ),
    "subscription.imported": (
        say("The subscription {subscription}, which another system has billed so far, goes on here."),
        where("bills", by("bills", "It brought {bills} document.", "It brought {bills} documents.")),
    ),
    "subscription.billed": (
        where("quote", say("The subscription {subscription} was billed. To pay: {quote}.")),
        without("quote", say("The subscription {subscription} was billed. There is nothing to pay.")),
        _PERIOD,
    ),
    "subscription.activated": (
        say("The first payment of the subscription {subscription} came, and it is active."),
        _PERIOD,
    ),
    "subscription.settled": (
        by(
            "documents",
            "Nothing is owed any more for {documents} document of the subscription {subscription}.",
            "Nothing is owed any more for {documents} documents of the subscription {subscription}.",
        ),
    ),
    "subscription.turns_withdrawn": (
        say("What was billed of the subscription {subscription} from {since} on was taken back."),
        where("documents", say("Its documents: {documents:list}.")),
    ),
    "subscription.suspended": (
        say("The subscription {subscription} was suspended. It gives no access until all that is due is paid."),
    ),
    "subscription.reinstated": (say("The subscription {subscription} is active again. All that was due is paid."),),
    "subscription.terminated": (say("The subscription {subscription} was terminated. It was overdue for too long."),),
    "subscription.cancelled": (
        say("The subscription {subscription} was cancelled."),
        say("Its access ends on {ends}, and its billing on {ends:billing}."),
    ),
    "subscription.cancellation_withdrawn": (
        say("The cancellation of the subscription {subscription} was taken back. It goes on."),
    ),
    "subscription.paused": (
        say("The subscription {subscription} was paused. It is neither used nor billed until it is resumed."),
    ),
    "subscription.terms_changed": (
        say("Other terms hold for the subscription {subscription}, of which nothing was billed yet."),
    ),
    "subscription.change_scheduled": (
        say("The change {change:id} of the subscription {subscription} was scheduled: {change:parts}."),
        say("It takes effect: {change}."),
    ),
    "subscription.change_withdrawn": (
        say("The scheduled change {change} of the subscription {subscription} was withdrawn."),
        say("It will not take effect."),
    ),
    "subscription.aligned": (
        say("The next period of the subscription {subscription} ends with a common cycle, and so do all after it."),
    ),
}

ACCOUNTS: Final[dict[str, Text]] = {**_CUSTOMERS, **_BILLS, **_POOLS, **_SUBSCRIPTIONS}
