"""A valid call of each public function of subscriptions, accounts and dunning that takes an id, an instant or so."""

from typing import Any, Final

from licensing_core import accounts
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import Block, Person
from licensing_core.directory import Scope
from licensing_core.holdings import Holding
from licensing_core.periods import Duration
from licensing_core.plans import PackageKind, Switches
from licensing_core.subscriptions import EndOf, RenewalBasis
from tests.builders import NOON, a_pool
from tests.specimens_accounts import (
    ADDED,
    AHEAD,
    BLOCKED,
    CANCELLED,
    CREDITED,
    EMPTY,
    FAILED,
    HISTORY,
    MANUAL,
    MORE,
    ON_TRIAL,
    OVERDUE,
    OWING,
    PAUSED,
    POLICY,
    POOL_IMPORTED,
    POOL_REINSTATED,
    POOL_SUSPENDED,
    QUARTERS,
    RUNNING,
    SCHEDULED,
    SERIES,
    SETTINGS,
    STAFFED,
    TENNER,
    WEB,
    on,
    subscribed,
)
from tests.specimens_metered import ANA, DONE, LATER, MADRID, SERVICE_PLAN

MAY: Final = on(5, 20)
JUNE: Final = on(6, 4)
OVER: Final = on(7, 4)


def at(done: dict[str, Any]) -> dict[str, Any]:
    """Only when."""
    return {"now": done["now"]}


ACCOUNT_CALLS: Final[dict[str, dict[str, Any]]] = {
    "accounts.add_customer": {
        "customer_id": "acme",
        "plan": SERVICE_PLAN,
        "zone": MADRID,
        "settings": SETTINGS,
        **DONE,
    },
    "accounts.add_person": {
        "account": STAFFED.state,
        "user": "mei",
        "permissions": frozenset({"billing"}),
        "contact": True,
        **DONE,
    },
    "accounts.assign_plan": {"account": STAFFED.state, "plan": SERVICE_PLAN, **DONE},
    "accounts.bill_due": {"books": OWING, "subscription_id": "web", **OVER},
    "accounts.block": {"account": STAFFED.state, "cause": "unpaid", "until": LATER, **DONE},
    "accounts.carry_out": {
        "books": OWING,
        "subscription_id": "web",
        "decide": lambda state, _document: subscribing.cancel(state, **MAY),
        **MAY,
    },
    "accounts.charges_due": {"account": OWING.account, **at(JUNE)},
    "accounts.configure": {"account": STAFFED.state, "settings": accounts.PLAIN_SETTINGS, **DONE},
    "accounts.customer_row": {"account": STAFFED.state, "now": NOON},
    "accounts.dashboard": {"accounts": [STAFFED.state], "recent": HISTORY, "now": NOON},
    "accounts.deactivate_person": {"account": STAFFED.state, "user": "luis", **DONE},
    "accounts.dun": {"books": FAILED.state, **OVER},
    "accounts.import_customer": {
        "customer_id": "acme",
        "plan": SERVICE_PLAN,
        "zone": MADRID,
        "trial_ends": LATER,
        "settings": SETTINGS,
        "blocks": {"unpaid": Block(since=NOON)},
        "people": {"luis": Person()},
        "balances": [TENNER],
        **DONE,
    },
    "accounts.import_subscription": {
        "account": STAFFED.state,
        "subscription_id": "web",
        "terms": WEB,
        "anchor": NOON.replace(day=1),
        "charged": TENNER,
        "paid": TENNER,
        "since": NOON.replace(day=2),
        "renewals": 3,
        "pools": frozenset({"p1"}),
        **DONE,
    },
    "accounts.merge_person": {"account": STAFFED.state, "user": "luis", "into": "mei", **DONE},
    "accounts.note_failed_debit": {"books": OWING, "document": "proforma:2", **JUNE},
    "accounts.open_credit": {"books": OWING, "amount": TENNER, **DONE},
    "accounts.open_numbers": {"numbers_id": "documents", "series": SERIES, **DONE},
    "accounts.order": {
        "books": EMPTY,
        "subscription_id": "web",
        "terms": WEB,
        "trial_ends": LATER,
        "pools": frozenset({"p1"}),
        **DONE,
    },
    "accounts.owner_panel": {"account": OWING.account, "usage": None, **DONE},
    "accounts.pay": {"books": OWING, "document": "proforma:2", "paid": None, **JUNE},
    "accounts.plan_in_force": {"account": STAFFED.state, "now": NOON},
    "accounts.pools_in_force": {"account": OWING.account, "now": NOON},
    "accounts.pools_to_release": {"dunned": accounts.dun(OWING, **OVER), **at(OVER)},
    "accounts.refund_credit": {"books": CREDITED.state, "amount": TENNER, **DONE},
    "accounts.remove_person": {"account": STAFFED.state, "user": "luis", **DONE},
    "accounts.status": {"account": STAFFED.state, "now": NOON},
    "accounts.subscription_of": {"account": OWING.account, "subscription_id": "web"},
    "accounts.subscription_rows": {"account": OWING.account, "now": NOON},
    "accounts.trial_until": {"account": ADDED.state, "now": NOON},
    "accounts.unblock": {"account": BLOCKED.state, "cause": "unpaid", **DONE},
    "dunning.days_overdue": {"subscription": AHEAD.subscription, **at(OVER)},
    "dunning.proforma_due": {"subscription": RUNNING.subscription, "policy": POLICY, **at(MAY)},
    "dunning.release_holdings": {
        "pool": a_pool(holders={"ana"}),
        "by": ANA,
        "now": NOON,
    },
    "dunning.steps_due": {"subscription": AHEAD.subscription, "policy": POLICY, **at(OVER)},
    "enrollments.import_pool": {
        "pool_id": "old",
        "kind": PackageKind.LICENSES,
        "beneficiary": Scope.group("coaches"),
        "bought": 5,
        "holders": {"ana": Holding.HELD},
        "enrollments": POOL_IMPORTED.enrollments,
        "expires_at": LATER,
        "renewals": 2,
        "revoked": 1,
        "switches": Switches(),
        **DONE,
    },
    "pools.reinstate": {"pool": POOL_SUSPENDED.state, **DONE},
    "pools.suspend": {"pool": POOL_REINSTATED.state, **DONE},
    "subscriptions.align": {"state": RUNNING, "cycle": QUARTERS, **MAY},
    "subscriptions.bill_next": {"state": RUNNING, "document": "d9", **MAY},
    "subscriptions.cancel": {"state": AHEAD, "access": LATER, "billing": EndOf.TERM, "credit": True, **MAY},
    "subscriptions.change": {"state": AHEAD, "change": MORE, "document": "d9", **MAY},
    "subscriptions.change_trial": {"state": ON_TRIAL, "change": MORE, **DONE},
    "subscriptions.convert": {"state": ON_TRIAL, "document": "d9", **DONE},
    "subscriptions.next_due": {"subscription": AHEAD.subscription, "now": NOON},
    "subscriptions.pause": {"state": RUNNING, **MAY},
    "subscriptions.quote_change": {"state": AHEAD, "change": MORE, **at(MAY)},
    "subscriptions.renew": {"state": MANUAL, "document": "d9", **MAY},
    "subscriptions.renewed_expiry": {
        "expires_at": NOON,
        "every": Duration(months=1),
        "basis": RenewalBasis.FROM_NOW,
        "zone": MADRID,
        "now": LATER,
    },
    "subscriptions.resume": {"state": PAUSED.state, "document": "d9", **JUNE},
    "subscriptions.schedule_change": {
        "state": AHEAD,
        "change": MORE,
        "effective": on(6, 1)["now"],
        "change_id": "more",
        **MAY,
    },
    "subscriptions.settle": {"state": OVERDUE, "document": "proforma:2", **OVER},
    "subscriptions.start": {
        "subscription_id": "web",
        "terms": WEB,
        "ledger": subscribed(OWING).ledger,
        "document": "d9",
        "pools": frozenset({"p1"}),
        **DONE,
    },
    "subscriptions.state_at": {"subscription": AHEAD.subscription, "now": NOON},
    "subscriptions.suspend": {"state": AHEAD, **OVER},
    "subscriptions.terminate": {"state": AHEAD, **OVER},
    "subscriptions.withdraw_cancellation": {"state": CANCELLED.state, **MAY},
    "subscriptions.withdraw_change": {"state": SCHEDULED.state, "change_id": "more", **MAY},
}
"""A valid call of each of them, as in `public_calls.CALLS`."""
ACCOUNTS_PAST_THE_CHECKS: Final = {
    "accounts.books": {"ask_for", "carry", "paid_off", "pay_from_credit", "settle"},
    "accounts.importing": {"wrong"},
    "accounts.ordering": {"payable"},
    "accounts.values": {"as_email", "terms_at"},
    "subscriptions.booking": {"begun", "billed", "carried_out", "following"},
    "subscriptions.giving_back": {
        "cleared",
        "never_begun",
        "reinstated",
        "taken_back",
        "unused_given_back",
        "withdrawn",
    },
    "subscriptions.standing": {"billing_over", "billing_stops", "has_room", "require_state"},
    "subscriptions.turning": {"as_terms", "first_quote", "require_begun", "require_current"},
    "subscriptions.values": {"remembered", "running_from"},
}
"""As in `public_calls.PAST_THE_CHECKS`."""
