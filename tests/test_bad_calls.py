"""Hostile arguments for the public functions of floors 1 to 6: a typed error, and nothing changed.

Left out are arguments whose type is a value class, as in `test_bad_input.py`.
"""

import copy
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from inspect import isfunction, signature
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import attrs
import pytest

from licensing_core import (
    billing,
    enrollments,
    license_cycle,
    limits,
    orders,
    pools,
    pricing,
    proration,
    seat_administration,
)
from licensing_core.checks import (
    Count,
    Id,
    InvalidArgument,
    InvalidId,
    Quantity,
    TooManyItems,
    as_day,
    as_id,
    as_instant,
    bulk,
    check_of,
)
from licensing_core.credits import RefundPolicy, UsageRecord, can_spend
from licensing_core.decisions import Decision
from licensing_core.directory import Actor, Content
from licensing_core.enrollments import Enrollments
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import as_zone
from licensing_core.plans import PackageKind, PlanKind
from licensing_core.workdays import BusinessCalendar
from tests.hostile_values import HOSTILE, Odd, a_list_of_itself, outcome, with_open
from tests.specimens import (
    ACCOUNT,
    BASE,
    BUYER,
    CART,
    COMPANY,
    DISCOUNTS,
    ENROLLMENT,
    EUR,
    FIRE,
    HALF_MAY,
    INVOICE_NUMBER,
    LESS,
    LICENSES,
    LIVE,
    MADRID,
    MAY,
    MONTHLY,
    NOON,
    OFFER,
    PACKAGE,
    PINNED,
    POOL,
    QUOTE,
    ROOT,
    ROSTER,
    SEAT_TERMS,
    SHRUNK_QUOTE,
    STARTED,
    SWITCHES,
    WAITING,
    example,
    modules,
)
from tests.specimens_metered import (
    ACTIVATION,
    CREDITS,
    CREDITS_OPENING,
    GRANT,
    LIMIT,
    LIMITS,
    PACK,
    PACK_PAID,
    SITUATION,
    SMALLER,
    USAGE,
)
from tools.floors import floor_of

JUNE: Final = NOON.replace(month=6)
RUNNING: Final = license_cycle.grant(ACCOUNT, "ana", "base", by=ROOT, now=NOON).state
PAID: Final[dict[str, Any]] = {"by": ROOT, "now": NOON}
OTHER: Final = billing.open_ledger("other", EUR, balance=Money.parse("5.00 EUR"), by=ROOT, now=NOON).state
ITEM: Final = attrs.evolve(STARTED.state, ledger=attrs.evolve(STARTED.state.ledger, balance=Money.parse("5.00 EUR")))
BILLING: Final[dict[str, Any]] = {"document": "inv-9", **PAID}
WAITING_ITEM: Final = attrs.evolve(STARTED.state.item, scheduled=(WAITING,))
BUYING: Final[dict[str, Any]] = {"directory": COMPANY, "pool_id": "p9", "zone": MADRID, "now": NOON}
HANDING: Final[dict[str, Any]] = {"pool": POOL, "users": ["mei"], "switches": SWITCHES, "now": NOON}
SEEN: Final[dict[str, Any]] = {"actor": ROOT, "directory": COMPANY}
ONE: Final = attrs.evolve(OFFER, plan=attrs.evolve(OFFER.plan, id="one", kind=PlanKind.SINGLE_LICENSE, quantity=1))
START: Final = Content.learning_plan("start")
ENROLLED: Final = attrs.evolve(ROSTER, enrollments=Enrollments([ENROLLMENT]))
THROUGH_A_LICENSE: Final = attrs.evolve(ENROLLMENT, pool="p1")
LICENSED: Final = attrs.evolve(LICENSES, enrollments=Enrollments([THROUGH_A_LICENSE]))
EMPTY: Final = pools.LicensePool(id="p3", beneficiary=POOL.beneficiary, bought=5)
PLACING: Final[dict[str, Any]] = {
    "roster": ENROLLED,
    "users": ["mei"],
    "contents": [START],
    "package": PACKAGE,
    "courses": {START: [FIRE]},
    "switches": SWITCHES,
    "level": "student",
    "since": NOON,
    "until": JUNE,
    "now": NOON,
}
PLACE: Final[dict[str, Any]] = {"roster": ENROLLED, "user": "ana", "content": FIRE, "now": NOON}
CHECKOUT: Final[dict[str, Any]] = {
    "actor": BUYER,
    "cart": CART,
    "offers": {"fifty": OFFER},
    "directory": COMPANY,
    "zone": MADRID,
    "now": NOON,
}
CUT: Final[dict[str, Any]] = {
    "pool": POOL,
    "bought": 1,
    "last_active": {"ana": NOON},
    "idle_before": NOON,
    "assigned_at": {"ana": NOON},
}
MOVING: Final[dict[str, Any]] = {
    "source": POOL,
    "target": EMPTY,
    "users": ["ana"],
    "source_switches": SWITCHES,
    "target_switches": SWITCHES,
    "now": NOON,
}
USING: Final[dict[str, Any]] = {"usage": USAGE, "limits": LIMITS, "within": "red", "now": NOON}
FREE_TO_USE: Final = attrs.evolve(SITUATION, blocks=frozenset())
CALLS: Final[dict[str, dict[str, Any]]] = {
    "billing.advance_item": {"state": ITEM, **BILLING, "now": JUNE},
    "billing.book": {"ledger": OTHER, "quote": QUOTE, **BILLING},
    "billing.change_item": {"state": ITEM, "change": LESS, **BILLING, "effective": NOON},
    "billing.discounted": {"lines": QUOTE.charges, "discounts": DISCOUNTS, "on": NOON.date()},
    "billing.discounts_for": {"prices": [Fraction(900)], "discounts": DISCOUNTS, "on": NOON.date()},
    "billing.issue": {
        "kind": billing.DocumentKind.CREDIT_NOTE,
        "quote": SHRUNK_QUOTE,
        "document": "c1",
        "number": INVOICE_NUMBER,
        "customer": "acme",
        "due_on": JUNE.date(),
        "corrects": "inv-1",
    },
    "billing.line": {"item": "base", "quantity": 2, "price": BASE.price},
    "billing.open_ledger": {"ledger_id": "acme", "currency": EUR, **PAID},
    "billing.pay": {"ledger": ITEM.ledger, **BILLING, "document": "inv-1", "amount": Money.parse("1.00 EUR")},
    "billing.quote_change": {"state": ITEM, "change": LESS, "now": NOON},
    "billing.refund_balance": {"ledger": OTHER, "amount": Money.parse("1.00 EUR"), **PAID},
    "billing.reversal": {"ledger": ITEM.ledger, "document": "inv-1"},
    "billing.schedule_change": {"state": ITEM, "change": LESS, "effective": JUNE, "change_id": "later", **PAID},
    "billing.spend_balance": {"ledger": ITEM.ledger, **BILLING, "document": "inv-1", "amount": Money.parse("1.00 EUR")},
    "billing.start_item": {"item_id": "seats", "terms": SEAT_TERMS, "ledger": OTHER, **BILLING},
    "billing.quote_start": {"terms": SEAT_TERMS, "now": NOON},
    "billing.take_over_item": {"item_id": "seats", "terms": SEAT_TERMS, "ledger": OTHER, "line": None, **PAID},
    "billing.withdraw_change": {
        "state": attrs.evolve(ITEM, item=WAITING_ITEM),
        "change_id": "later",
        **PAID,
    },
    "credits.activate": {"account": PACK_PAID.state, "order_id": "c1", **PAID},
    "credits.as_of": {"history": CREDITS_OPENING.events, "at": NOON},
    "credits.balances_at": {"grants": [GRANT], "at": NOON, "balances": {"gift": 5}, "overage": 0, "used": 3},
    "credits.burn_down": {"balances": CREDITS.balances, "usage": [UsageRecord(NOON, 3)], "until": JUNE},
    "credits.by_then": {"account": CREDITS, "at": JUNE},
    "credits.cancel_order": {"account": CREDITS, "order_id": "c2", **PAID},
    "credits.grant": {"account": CREDITS_OPENING.state, "credit": GRANT, **PAID},
    "credits.note_payment": {"account": CREDITS, "order_id": "c2", "policy": ACTIVATION, **PAID},
    "credits.open_credits": {"account_id": "acme", "zone": MADRID, "overdraft": 5, **PAID},
    "credits.order_pack": {"account": CREDITS, "pack": PACK, "order_id": "c3", "currency": EUR, **PAID},
    "credits.ordering.opened_book": {"account": CREDITS, "now": NOON},
    "credits.ordering.order_of": {"account": CREDITS, "name": "c1"},
    "credits.ordering.require_free": {"account": CREDITS, "name": "c3"},
    "credits.refund": {"account": CREDITS, "order_id": "c1", "policy": RefundPolicy.FORGIVE, **PAID},
    "credits.reset": {"account": CREDITS, "keep_overage": True, **PAID},
    "credits.spend": {"account": CREDITS, "amount": 3, **PAID},
    "credits.standing": {"account": CREDITS, "now": NOON},
    "credits.void": {"account": CREDITS, "grant_id": "gift", **PAID},
    "entitlements.features": {"situation": FREE_TO_USE, "now": NOON},
    "entitlements.require_open": {"blocks": frozenset[str](), "trial_ends": None, "now": NOON},
    "entitlements.use_feature": {"feature": "bots", "situation": FREE_TO_USE, "uses": 2, **PAID},
    "enrollments.access": {
        "user": "ana",
        "content": FIRE,
        "pools": [LIVE],
        "enrollments": Enrollments([THROUGH_A_LICENSE]),
        "now": NOON,
    },
    "enrollments.enrolling.courses_in": {"courses": {}},
    "enrollments.confirm": {**PLACE, "by": ROOT},
    "enrollments.enroll": {**PLACING, "eligible": ["mei"], "by": ROOT},
    "enrollments.enrolled": {"roster": ENROLLED, "user": "ana", "content": FIRE},
    "enrollments.lock": {"roster": LICENSED, "users": ["ana"], **PAID},
    "enrollments.move": {
        "source": LICENSED,
        "target": attrs.evolve(LICENSED, pool=EMPTY),
        "users": ["ana"],
        "package": PACKAGE,
        **PAID,
    },
    "enrollments.readmit": {**PLACE, "until": JUNE, "by": ROOT},
    "enrollments.reject": {**PLACE, "by": ROOT},
    "enrollments.self_enroll": {
        "by": BUYER,
        "content": START,
        "pools": [LIVE],
        "enrollments": Enrollments(),
        "courses": {START: [FIRE]},
        "now": NOON,
    },
    "enrollments.unenroll": {**PLACE, "switches": SWITCHES, "by": ROOT},
    "license_cycle.buy": {
        "account": RUNNING,
        "wanted": {"base": 1},
        "order_id": "o9",
        "payment": PaymentOutcome.SUCCEEDED,
        **PAID,
    },
    "license_cycle.cancel_order": {"account": RUNNING, "order_id": "o1", **PAID},
    "license_cycle.close_cycle": {"account": RUNNING, "by": ROOT, "now": JUNE},
    "license_cycle.grant": {"account": RUNNING, "user": "mei", "license_type": "base", "by": ROOT, "now": NOON},
    "license_cycle.licensed_user": {"account": RUNNING, "user": "ana"},
    "license_cycle.open_account": {
        "account_id": "acme",
        "cycle": MONTHLY,
        "types": (BASE,),
        "totals": {"base": 5},
        **PAID,
    },
    "license_cycle.quotes": {"account": RUNNING, "buy": {"base": 1}, "now": NOON},
    "license_cycle.revoke": {"account": RUNNING, "user": "ana", "license_type": "base", "by": ROOT, "now": NOON},
    "license_cycle.settle": {"account": RUNNING, "order_id": "o1", **PAID},
    "limits.change_plan": {"usage": USAGE, "plan": "tiny", "limits": SMALLER, "accept_excess": True, **PAID},
    "limits.open_usage": {"usage_id": "acme", "plan": "basic", "zone": MADRID, "anchor": NOON, **PAID},
    "limits.override": {"usage": USAGE, "limit": "calls", "most": 20, **PAID},
    "limits.panel": {"usage": USAGE, "limits": LIMITS, "administrator": "root", **PAID},
    "limits.preview_plan": {"usage": USAGE, "limits": SMALLER, "now": NOON},
    "limits.recount": {"limit": "team", "units": ["ana"], **USING, "by": ROOT},
    "limits.release": {"limit": "team", "amount": 1, **USING, "by": ROOT},
    "limits.require_administrator": {"administrator": "root", "by": ROOT},
    "limits.room": {"limit": "team", **USING},
    "limits.row": {"limit": "team", **USING},
    "limits.row_of": {"limit": LIMIT, "used": 3},
    "limits.rows": {"usage": USAGE, "limits": LIMITS, "now": NOON},
    "limits.use": {"limit": "team", "amount": 1, **USING, "within": "blue", "by": ROOT},
    "orders.check_cart": CHECKOUT,
    "orders.checkout": CHECKOUT,
    "orders.purchase": {"actor": BUYER, "offer": OFFER, "beneficiary": POOL.beneficiary, **BUYING},
    "orders.purchase_publicly": {"actor": Actor("zoe"), "offer": ONE, **BUYING},
    "orders.record_transaction": {"actor": ROOT, "offer": OFFER, "beneficiary": POOL.beneficiary, **BUYING},
    "orders.renew": {"actor": BUYER, "pool": POOL, "zone": MADRID, "now": NOON},
    "periods.local_date": {"at": NOON, "zone": MADRID},
    "periods.seconds_of_day": {"day": NOON.date(), "zone": MADRID},
    "periods.start_of_day": {"day": NOON.date(), "zone": MADRID},
    "periods.zones.rules_of": {"zone": MADRID},
    "pools.assign": {**HANDING, "eligible": ["mei"], "by": ROOT},
    "pools.confirm": {"pool": POOL, "users": ["luis"], "by": ROOT, "now": NOON},
    "pools.open_pool": {
        "pool_id": "p1",
        "kind": PackageKind.SEATS,
        "beneficiary": POOL.beneficiary,
        "bought": 5,
        "expires_at": JUNE,
        **PAID,
    },
    "pools.preview_shrink": CUT,
    "pools.reject": {"pool": POOL, "users": ["luis"], **PAID},
    "pools.renew": {"pool": POOL, "zone": MADRID, **PAID},
    "pools.resize": {"pool": POOL, "bought": 1, "drop": ["luis"], **PAID},
    "pools.transfer": {**MOVING, "eligible": ["ana"], "by": ROOT},
    "pools.unassign": {**HANDING, "users": ["ana"], "by": ROOT},
    "pricing.migrate": {"migration": example(pricing.Migration), "pinned": PINNED, "at": NOON},
    "pricing.preview_migration": {"migration": example(pricing.Migration), "pinned": [PINNED], "at": NOON},
    "pricing.price_in": {"prices": (BASE.price,), "currency": EUR, "sold": "base"},
    "proration.change": {"period": MAY, "at": NOON, "old": Money.parse("9.00 EUR")},
    "proration.measure": {"part": HALF_MAY, "period": MAY.span, "zone": MADRID},
    "proration.preset": {"name": "stripe"},
    "proration.prorate": {"price": Money.parse("9.00 EUR"), "part": HALF_MAY, "period": MAY.span, "zone": MADRID},
    "proration.schedule": {
        "cycle": MONTHLY,
        "start": NOON,
        "until": JUNE,
        "billing": proration.BillingMode.ADVANCE,
        "end": JUNE,
        "most": 5,
    },
    "proration.share": {"part": HALF_MAY, "period": MAY.span, "zone": MADRID},
    "proration.unused": {"period": MAY, "at": NOON, "zone": MADRID},
    "rounding.whole_weights": {"weights": [1, 2, 3]},
    "seat_administration.assign": {**SEEN, **HANDING, "users": ["luis"]},
    "seat_administration.confirm": {**SEEN, "pool": POOL, "users": ["luis"], "now": NOON},
    "seat_administration.confirm_enrollment": {**SEEN, **PLACE},
    "seat_administration.enroll": {**SEEN, **PLACING},
    "seat_administration.preview_shrink": {**SEEN, **CUT},
    "seat_administration.readmit": {**SEEN, **PLACE, "until": JUNE},
    "seat_administration.reject": {**SEEN, "pool": POOL, "users": ["luis"], "now": NOON},
    "seat_administration.reject_enrollment": {**SEEN, **PLACE},
    "seat_administration.resize": {
        **SEEN,
        "pool": POOL,
        "bought": 1,
        "drop": ["luis"],
        "enrollments": Enrollments(),
        "now": NOON,
    },
    "seat_administration.transfer": {**SEEN, **MOVING, "enrollments": Enrollments(), "package": PACKAGE},
    "seat_administration.unassign": {**SEEN, **HANDING, "users": ["ana"], "enrollments": Enrollments()},
    "seat_administration.unenroll": {**SEEN, **PLACE, "switches": SWITCHES},
    "seat_administration.unknown_pool": {"actor": ROOT, "pool_id": "p9"},
    "visibility.can_manage": {**SEEN, "beneficiary": POOL.beneficiary, "pool_id": "p1"},
    "visibility.manages_enrollment": {**SEEN, "user": "ana", "beneficiary": POOL.beneficiary},
    "visibility.in_audience": {"user": "ana", "package": PACKAGE, "directory": COMPANY},
    "workdays.deadline": {
        "start": NOON,
        "hours": 48,
        "calendar": example(BusinessCalendar),
        "zone": MADRID,
    },
}
"""A valid call of each function; one that is public and takes an id, count, instant or collection must be here."""
PAST_THE_CHECKS: Final = {
    "enrollments.enrolling": {"courses_of"},  # takes what `courses_in()` has checked
    "credits.balances": {"made", "next_top_up", "to_come"},
    "limits.usage": {"as_anchor"},
    "limits.using": {"effective", "spot_of", "total"},
    "billing.ledger": {"book_as", "line_ids", "require_prefix"},
    "billing.reckoning": {
        "beginning",
        "started",
        "changed",
        "advanced",
        "unused_part",
        "countable",
        "terms_after",
        "in_currency",
    },
    "billing.lines": {"netted"},
    "billing.values": {"of_charge"},
    "directory.reach": {"is_inside", "merged", "reach_of"},
    "proration.shares": {"unused_from"},
    "proration.stretches": {"ends_of", "zone_of", "like"},
    "license_cycle": {"quotes_for"},
    "periods": {"as_zone"},
    "periods.cycles": {"in_calendar"},
    "periods.intervals": {"interval_between", "span_between"},
    "periods.ladders": {"month_of", "length_of", "in_month", "table", "ladder_from"},
    "periods.turns": {"period_between"},
    "periods.zones": {"as_zone", "in_calendar", "day_at", "to_utc", "first_instant"},
    "rounding": {"whole_parts"},
    "decisions": {"twin"},
}
"""Functions for other modules of the library, which say that their arguments are known to be valid."""


def as_ids(name: str, value: Any) -> Any:
    return bulk(name, value)


def as_quantities(name: str, value: Any) -> Any:
    return check_of(Mapping[Id, Quantity])(name, value)


def check_for(name: str, annotation: Any) -> Callable[[str, Any], Any] | None:
    """What tells whether an argument is valid; `None` when its type is a value class, or a bool or function."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return check_of(annotation)
    if origin in (Union, types.UnionType):
        found = [check for arg in args if (check := check_for(name, arg))]
        return found[-1] if found else None
    if origin in (Collection, Sequence, Iterable):
        return as_ids if args[0] in (Id, str, int, int | Fraction) else None
    if origin is Mapping:
        return as_quantities
    plain: dict[Any, Callable[[str, Any], Any]] = {
        datetime: as_instant,
        date: as_day,
        int: check_of(Count),
        str: as_zone if name == "zone" else as_id,
    }
    return plain.get(annotation)


def public_functions() -> dict[str, Callable[..., Any]]:
    """Each public function of floors 1 to 6 under the shortest name of its module."""
    found: dict[str, Callable[..., Any]] = {}
    for module in modules(6):
        room = module.__name__.partition(".")[2]
        if floor_of(room) == 0:
            continue
        for name, thing in vars(module).items():
            if not isfunction(thing) or (name.startswith(("_", "can_")) and name != "can_manage"):
                continue
            if not thing.__module__.startswith(module.__name__) or name in PAST_THE_CHECKS.get(
                room, PAST_THE_CHECKS.get(room.partition(".")[0], ())
            ):
                continue
            if thing not in found.values():
                found[f"{room}.{name}"] = thing
    return found


def cases() -> list[Any]:
    found = []
    for label, function in public_functions().items():
        hints = get_type_hints(function, include_extras=True)
        checks = {name: check for name in signature(function).parameters if (check := check_for(name, hints[name]))}
        labels = {f"{label}-{name}": (function, name, check) for name, check in checks.items()}
        found.extend(with_open(labels))
    return found


CASES: Final = cases()


def test_each_public_function_has_a_valid_call() -> None:
    assert {param.id.rpartition("-")[0] for param in CASES} == CALLS.keys()
    for label, given in CALLS.items():
        public_functions()[label](**given)


@pytest.mark.parametrize("case", CASES)
def test_a_function_refuses_what_is_hostile_and_changes_nothing(
    case: tuple[Callable[..., Any], str, Callable[[str, Any], Any]], request: pytest.FixtureRequest
) -> None:
    function, name, check = case
    given = CALLS[request.node.callspec.id.rpartition("-")[0]]
    before = copy.deepcopy(given)
    decides = get_origin(get_type_hints(function)["return"]) is Decision
    for hostile in HOSTILE.values():
        argument = [hostile] if check is as_ids and isinstance(hostile, Odd) else hostile
        made = outcome(lambda argument=argument: function(**{**given, name: argument}))  # type: ignore[misc]
        if decides and not isinstance(made, LicensingError):
            accepted = None if argument is None else outcome(lambda argument=argument: check(name, argument))  # type: ignore[misc]
            assert not isinstance(accepted, LicensingError), argument
    assert given == before


@pytest.mark.parametrize(
    "function", [pools.assign, pools.unassign, pools.confirm, pools.reject, pools.transfer], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("hostile", [None, 1.5, "", "x" * 65, "\ud800", b"ana", [], a_list_of_itself()])
def test_one_hostile_user_among_many_spoils_the_command(function: Callable[..., Any], hostile: Any) -> None:
    given = CALLS[f"pools.{function.__name__}"]
    with pytest.raises(InvalidId):
        function(**{**given, "users": ["ana", hostile, "luis"]})


def test_no_command_takes_more_users_than_10_000() -> None:
    for label, given in CALLS.items():
        if "users" in given:
            with pytest.raises(TooManyItems):
                public_functions()[label](**{**given, "users": [f"u{n}" for n in range(10_001)]})


@pytest.mark.parametrize("courses_too", [False, True])
def test_contents_are_taken_from_a_collection_of_contents_only(courses_too: bool) -> None:
    for hostile in HOSTILE.values():
        named = {"courses": {START: hostile}} if courses_too else {"contents": hostile}
        made = outcome(lambda named=named: enrollments.enroll(**{**CALLS["enrollments.enroll"], **named}))  # type: ignore[misc]
        empty = isinstance(hostile, Collection) and not isinstance(hostile, str | bytes) and len(hostile) == 0
        assert isinstance(made, Decision if empty else InvalidArgument), hostile


def test_a_question_refuses_a_bad_argument_as_its_command_does() -> None:
    questions = (
        (pools.can_assign, "pools.assign"),
        (license_cycle.can_buy, "license_cycle.buy"),
        (enrollments.can_enroll, "enrollments.enroll"),
        (orders.can_check_out, "orders.checkout"),
        (seat_administration.can_transfer, "seat_administration.transfer"),
        (limits.can_use, "limits.use"),
        (limits.can_change_plan, "limits.change_plan"),
        (can_spend, "credits.spend"),
    )
    for ask, label in questions:
        question: Callable[..., Any] = ask
        assert question(**CALLS[label])
        with pytest.raises(InvalidArgument):
            question(**{**CALLS[label], "now": NOON.replace(tzinfo=None)})
