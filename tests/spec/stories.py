"""Stories: a world, and steps that a driver carries out one after the other, each compared with what it expects."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from zoneinfo import ZoneInfo

from licensing_core.billing import Quote
from licensing_core.directory import Content, Scope
from licensing_core.enrollments import Enrollment
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import LicenseRow
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.plans import Terms
from licensing_core.seat_administration import Row
from licensing_core.services import LicenseChanged, LicensesBought, PlanBought, UsersPlaced
from tests.spec.client_stories import CLIENT_OPERATIONS
from tests.spec.customer_stories import CUSTOMER_OPERATIONS, Result
from tests.spec.drivers import Driver
from tests.spec.form import Mismatch, NotUnderstood, call, instant, require_fields
from tests.spec.pure_driver import by_pure_functions
from tests.spec.services_driver import by_services_over_sqlite
from tests.spec.world import World

Maker = Callable[[World], AbstractContextManager[Driver]]
DRIVERS: Final[Mapping[str, Maker]] = {
    "by pure functions": by_pure_functions,
    "by services over SQLite": by_services_over_sqlite,
}
"""The ways in which each story is played; it passes when it holds in all of them."""
_STORY: Final = ("id", "rules", "world", "steps")
_STEP: Final = ("do", "at", "expect")
_NAMES: Final = {"most": "max"}
"""Fields of refusals that the specification calls otherwise."""


def run_story(story: Mapping[str, Any]) -> None:
    """Play *story* with each driver.

    Raises:
        NotUnderstood: An operation or field of it is not known here.
        Mismatch: The library answers otherwise than a step expects.
    """
    for name in story:
        if name not in _STORY:
            raise NotUnderstood(f"unknown field {name!r} of a story")
    for name in _STORY:
        if name not in story:
            raise NotUnderstood(f"the story lacks the field {name!r}")
    for step in story["steps"]:
        _require_known(step)
    for name, make in DRIVERS.items():
        try:
            _play(story, make)
        except Mismatch as error:
            raise Mismatch(f"{name}, {error}") from error


def _require_known(step: object) -> None:
    if not isinstance(step, Mapping) or "do" not in step:
        raise NotUnderstood("a step is an object with 'do'")
    if step["do"] not in OPERATIONS:
        raise NotUnderstood(f"unknown operation {step['do']!r}")
    require_fields(OPERATIONS[step["do"]], _asked(step), f"the step {step['do']!r}")


def _asked(step: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in step.items() if name not in _STEP}


def _play(story: Mapping[str, Any], make: Maker) -> None:
    with ExitStack() as stack:
        try:
            world = call(World, story["world"], "world")
            driver = stack.enter_context(make(world))
        except LicensingError as error:
            raise Mismatch(f"the library refuses the world: {error.code}: {error}") from error
        for n, step in enumerate(story["steps"], 1):
            if "at" in step:
                world.move(instant(step["at"], "at"))
            _compare(_carried_out(driver, step), step.get("expect", {}), f"step {n}, {step['do']}")


def _carried_out(driver: Driver, step: Mapping[str, Any]) -> Result:
    zone = ZoneInfo(driver.world.zone(""))
    try:
        result = call(OPERATIONS[step["do"]], _asked(step), f"the step {step['do']!r}", driver)
    except LicensingError as refusal:
        details = {_NAMES.get(name, name): shown(value, zone) for name, value in refusal.fields().items()}
        return {**details, "ok": False, "code": refusal.code}
    return {"ok": True, **{name: shown(value, zone) for name, value in result.items()}}


def _compare(result: Result, expect: object, step: str) -> None:
    if not isinstance(expect, Mapping):
        raise NotUnderstood(f"{step}: expect is no object")
    wanted = expect if "ok" in expect or "code" in expect else {"ok": True, **expect}
    for name, value in wanted.items():
        if name not in result:
            what = "the library answers" if result["ok"] else "the library refuses"
            raise Mismatch(f"{step}: nothing known of the expected field {name!r}; {what} {result}")
        if _text(result[name]) != _text(value):
            raise Mismatch(f"{step}: expected {name} {value!r}, got {result[name]!r} in {result}")


def _text(value: object) -> str:
    """*value* as JSON: so that `true` is not 1, and a tuple is a list."""
    return json.dumps(value, sort_keys=True)


def shown(value: Any, zone: ZoneInfo) -> Any:
    """A value of the library as the specification writes it: amounts, scopes and so on as text."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): shown(one, zone) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [shown(one, zone) for one in value]
    return str(value)


def plans(driver: Driver, *, as_: str) -> Result:
    """The plans page of an actor."""
    return {"plans": driver.plans(as_)}


def public_plans(driver: Driver) -> Result:
    """The public catalog."""
    return {"plans": driver.plans(None)}


def beneficiaries(driver: Driver, *, as_: str, plan: str) -> Result:
    """The scopes that may be named."""
    return {"scopes": driver.beneficiaries(as_, plan)}


def purchase(driver: Driver, *, as_: str, plan: str, pool: str, for_: str | None = None) -> Result:
    """Buy a plan."""
    return _bought(driver.purchase(as_, plan, pool, None if for_ is None else Scope.parse(for_)))


def record_transaction(driver: Driver, *, as_: str, plan: str, pool: str, for_: str | None = None) -> Result:
    """Record a purchase by hand."""
    return _bought(driver.record(as_, plan, pool, None if for_ is None else Scope.parse(for_)))


def _bought(bought: PlanBought) -> Result:
    row = bought.row
    return {
        "charged": None if bought.quote is None else bought.quote.due,
        "assigned": row.consumed,
        "associated": row.held,
        "total": row.bought,
        "expires_at": row.expires_at,
    }


def pools(driver: Driver, *, as_: str) -> Result:
    """The purchased plans that an actor manages."""
    return {"pools": driver.pools(as_)}


def row(driver: Driver, *, as_: str, pool: str) -> Result:
    """One row of seat administration."""
    found: Row = driver.row(as_, pool)
    same = ("code", "expires_at", "type", "free", "overrun", "renewals")
    counters = {"assigned": found.consumed, "total": found.bought, "associated": found.held}
    return {**{name: getattr(found, name) for name in same}, **counters, **_sale(found.terms)}


def _sale(terms: Terms | None) -> Result:
    names = ("created_by", "purchased_at", "package", "plan")
    return {name: None if terms is None else getattr(terms, name) for name in names}


def candidates(driver: Driver, *, as_: str, pool: str) -> Result:
    """Who may be given a license."""
    return {"users": driver.candidates(as_, pool)}


def assign(driver: Driver, *, as_: str, pool: str, users: Sequence[str]) -> Result:
    """Assign licenses."""
    given = driver.assign(as_, pool, users)
    return {
        "added": given.added,
        "passed_over": given.passed_over,
        "assigned": given.row.consumed,
        "associated": given.row.held,
        "free": given.row.free,
    }


def unassign(driver: Driver, *, as_: str, pool: str, users: Sequence[str]) -> Result:
    """Take licenses back."""
    taken = driver.unassign(as_, pool, users)
    return {
        "released": taken.released,
        "pending": taken.awaiting,
        "passed_over": taken.passed_over,
        "assigned": taken.row.consumed,
        "associated": taken.row.held,
    }


def enroll(
    driver: Driver,
    *,
    as_: str,
    pool: str,
    users: Sequence[str],
    contents: Sequence[str],
    level: str | None = None,
    until: str | None = None,
) -> Result:
    """Enroll users."""
    asked = [Content.parse(one) for one in contents]
    end = None if until is None else instant(until, "until")
    return _placed(driver.enroll(as_, pool, users, asked, level, end))


def self_enroll(driver: Driver, *, as_: str, content: str) -> Result:
    """Enroll oneself."""
    return _placed(driver.self_enroll(as_, Content.parse(content)))


def _placed(placed: UsersPlaced) -> Result:
    return {
        "enrolled": _pairs(placed.enrolled),
        "skipped": _pairs(placed.skipped),
        "to_confirm": _pairs(placed.to_confirm),
        "assigned": placed.row.consumed,
        "associated": placed.row.held,
    }


def _pairs(found: Sequence[Enrollment]) -> list[list[str]]:
    return [[one.user, str(one.content)] for one in found]


def unenroll(driver: Driver, *, as_: str, pool: str, user: str, content: str) -> Result:
    """Leave."""
    found = driver.unenroll(as_, pool, user, Content.parse(content))
    return {"assigned": found.consumed, "associated": found.held}


def confirm_enrollment(driver: Driver, *, as_: str, user: str, content: str) -> Result:
    """Confirm."""
    return _enrollment(driver.confirm_enrollment(as_, user, Content.parse(content)))


def readmit(driver: Driver, *, as_: str, user: str, content: str, until: str) -> Result:
    """Move the end of validity."""
    return _enrollment(driver.readmit(as_, user, Content.parse(content), instant(until, "until")))


def enrollment(driver: Driver, *, user: str, content: str) -> Result:
    """How an enrollment stands."""
    return _enrollment(driver.enrollment(user, Content.parse(content)))


def _enrollment(found: Enrollment) -> Result:
    names = ("status", "locked", "until", "level", "pool")
    return {name: getattr(found, name) for name in names}


def access(driver: Driver, *, user: str, content: str) -> Result:
    """What somebody may do with a content."""
    found = driver.access(user, Content.parse(content))
    names = ("subscribed", "can_enroll", "can_enter")
    return {**{name: getattr(found, name) for name in names}, "why": found.entry.code}


def renew(driver: Driver, *, as_: str, pool: str) -> Result:
    """Renew."""
    found = driver.renew(as_, pool)
    charged = None if found.quote is None else found.quote.due
    row = found.row
    return {"charged": charged, "expires_at": row.expires_at, "renewals": row.renewals, "total": row.bought}


def enrollment_page(driver: Driver, *, as_: str, content: str) -> Result:
    """What an actor may do on the list of enrollments."""
    return {"mode": driver.enrollment_page(as_, Content.parse(content))}


def set_plan(
    driver: Driver,
    *,
    plan: str,
    enforce_limit: bool | None = None,
    allow_refund: bool | None = None,
    enforce_expiration: bool | None = None,
) -> Result:
    """Change the switches of a plan."""
    switches = {
        "enforce_limit": enforce_limit,
        "allow_refund": allow_refund,
        "enforce_expiration": enforce_expiration,
    }
    driver.world.set_plan(plan, {name: on for name, on in switches.items() if on is not None})
    return {}


def set_actor(
    driver: Driver,
    *,
    actor: str,
    role: str | None = None,
    permissions: Sequence[str] | None = None,
    resources: Sequence[str] | None = None,
) -> Result:
    """Change what an actor is and may do."""
    changes = {"role": role, "permissions": permissions, "resources": resources}
    driver.world.set_actor(actor, {name: value for name, value in changes.items() if value is not None})
    return {}


def set_group(driver: Driver, *, group: str, users: Sequence[str]) -> Result:
    """Change who is in a group."""
    driver.world.set_group(group, users)
    return {}


def set_branches(driver: Driver, *, user: str, branches: Sequence[str]) -> Result:
    """Change the branches that a user is in."""
    driver.world.set_branches(user, branches)
    return {}


def _rows(rows: Mapping[str, LicenseRow]) -> Result:
    same = ("in_use", "free", "minimum", "buying")
    return {kind: {"total": one.bought, **{name: getattr(one, name) for name in same}} for kind, one in rows.items()}


def _due(quotes: Sequence[Quote]) -> Money | list[Money]:
    """The amount of the quote; of quotes in several currencies a list, of which the specification knows nothing."""
    amounts = [quote.due for quote in quotes]
    return amounts[0] if len(amounts) == 1 else amounts


def _lines(quotes: Sequence[Quote], *, days: bool) -> list[Result]:
    found = []
    for line in sorted((line for quote in quotes for line in quote.charges), key=lambda line: line.item):
        shares = {
            "days_left": int(line.prorated.portion.count),
            "days_in_cycle": int(line.prorated.portion.base),
        }
        first = {"type": line.item, "quantity": line.quantity, **(shares if days else {})}
        found.append({**first, "amount": line.amount})
    return found


def license_table(driver: Driver) -> Result:
    """The table of licenses."""
    return {"rows": _rows(driver.license_table())}


def quote_licenses(driver: Driver, *, buy: Mapping[str, int]) -> Result:
    """What licenses cost now."""
    quotes = driver.quotes(buy)
    return {"lines": _lines(quotes, days=True), "due": _due(quotes)}


_PAYMENTS: Final = {
    "succeeds": PaymentOutcome.SUCCEEDED,
    "fails": PaymentOutcome.FAILED,
    "pending": PaymentOutcome.PENDING,
}


def buy_licenses(driver: Driver, *, buy: Mapping[str, int], payment: str = "succeeds") -> Result:
    """Buy licenses for the rest of the cycle."""
    if payment not in _PAYMENTS:
        raise NotUnderstood(f"unknown payment {payment!r}")
    return _licenses_bought(driver.buy(buy, _PAYMENTS[payment]))


def payment_settled(driver: Driver) -> Result:
    """The oldest pending order is paid."""
    return _licenses_bought(driver.settle())


def _licenses_bought(bought: LicensesBought) -> Result:
    charged = None if bought.invoice is None else _due(bought.quotes)
    return {"charged": charged, "invoice": bought.invoice, "rows": _rows(bought.rows)}


def grant_license(driver: Driver, *, user: str, type_: str) -> Result:
    """Give a user a license."""
    return _changed(driver.grant(user, type_))


def revoke_license(driver: Driver, *, user: str, type_: str) -> Result:
    """Take a license from a user."""
    return _changed(driver.revoke(user, type_))


def _changed(changed: LicenseChanged) -> Result:
    return {"rows": _rows(changed.rows), "active": changed.user.active}


def user(driver: Driver, *, user: str) -> Result:
    """What a user holds and may do."""
    found = driver.licensed_user(user)
    return {"active": found.active, "licenses": found.licenses, "features": found.features}


def refund_licenses(driver: Driver, *, type_: str, quantity: int) -> Result:
    """Ask for a refund, which is always refused."""
    driver.refund()


def close_cycle(driver: Driver) -> Result:
    """End the cycle."""
    closed = driver.close_cycle()
    return {
        "removed": closed.removed,
        "kept": closed.kept,
        "lines": _lines(closed.bills, days=False),
        "billed": _due(closed.bills),
        "cycle": [closed.period.span.start, closed.period.span.end],
    }


_ALL: Final[tuple[Callable[..., Result], ...]] = (
    plans,
    public_plans,
    beneficiaries,
    purchase,
    record_transaction,
    pools,
    row,
    candidates,
    assign,
    unassign,
    enroll,
    self_enroll,
    unenroll,
    confirm_enrollment,
    readmit,
    enrollment,
    access,
    renew,
    enrollment_page,
    set_plan,
    set_actor,
    set_group,
    set_branches,
    license_table,
    quote_licenses,
    buy_licenses,
    payment_settled,
    grant_license,
    revoke_license,
    user,
    refund_licenses,
    close_cycle,
    *CUSTOMER_OPERATIONS,
    *CLIENT_OPERATIONS,
)
OPERATIONS: Final = {operation.__name__: operation for operation in _ALL}
"""The operations that the library offers, by the word that `do` has for them; their parameters are the fields."""
