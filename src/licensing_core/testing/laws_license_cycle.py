"""The laws of licenses billed by cycle: nothing appears unpaid, and nobody loses a license at the end (WAL, L7).

Each law is a function of plain arguments that raises `LawBroken`; `LAWS` pairs each with a maker of seeded cases.

>>> for _name, one_case in LAWS:
...     one_case(Random(7))
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from random import Random
from typing import Final

from licensing_core import license_cycle
from licensing_core.billing import QuoteLine
from licensing_core.directory import Actor, Role
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.license_cycle import AccountEvent, LicenseAccount, LicenseType
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import Cycle, Duration, start_of_day
from licensing_core.pricing import UnitPrice
from licensing_core.testing.law import require
from licensing_core.testing.laws_pools import the_counters_add_up
from licensing_core.testing.laws_proration import CURRENCIES, days_of

ADMIN: Final = Actor("admin", Role.SUPERADMIN)
USERS: Final = ("ana", "luis", "mei", "noor", "otto")
ZONES: Final = ("UTC", "Europe/Madrid", "America/Mexico_City", "Pacific/Kiritimati")
TYPES: Final = ("base", "voip")

History = Sequence[tuple[LicenseAccount, tuple[AccountEvent, ...]]]


def holders_of(account: LicenseAccount) -> Mapping[str, tuple[str, ...]]:
    """Who holds a license, by type."""
    return {name: pool.users(Holding.HELD) for name, pool in account.pools.items()}


def the_end_of_a_cycle_is_fair(account: LicenseAccount) -> None:
    """WAL-10, WAL-11, decision 6. Kept is the larger of minimum and in use; nobody loses a license; all is billed."""
    closed = license_cycle.close_cycle(account, by=Actor("admin"), now=account.period.end)
    after, event = closed.state, closed.events[0]
    require(holders_of(after) == holders_of(account), "nobody loses a license at the end of a cycle", account=account)
    require(after.period.start == account.period.end, "the next cycle follows at once", account=account)
    require(after.orders == account.orders, "orders wait on", account=account)
    for name, pool in account.pools.items():
        kept = max(account.types[name].minimum, pool.held)
        case = {"account": account, "type": name, "kept": kept}
        require(after.pool(name).bought == kept, "kept = max(minimum, in use)", **case)
        if isinstance(event, license_cycle.CycleClosed):
            require(event.kept[name] == kept, "the event says what was kept", **case)
            require(event.removed[name] == max(0, pool.bought - kept), "only what was free above it is removed", **case)
            billed = sum(one.amount.minor for bill in event.bills for one in bill.charges if one.item == name)
            full = account.types[name].price.exact(kept) if kept else 0
            require(billed == full, "what is kept costs the full price", **case)


def nothing_appears_unpaid(account: LicenseAccount, wanted: Mapping[str, int], now: datetime) -> None:
    """WAL-4, WAL-6. A failed payment buys nothing, a pending one nothing yet, and settling adds what was ordered."""
    case = {"account": account, "wanted": wanted, "now": now}
    quoted = license_cycle.quotes(account, wanted, now=now)
    paid, placed, failed = (_bought(account, wanted, outcome, now) for outcome in PaymentOutcome)
    require(failed == account, "a failed payment changes nothing", **case)
    require(placed.pools == account.pools, "nothing is usable before it is paid", **case)
    require(placed.orders[-1].quotes == quoted, "an order is charged as quoted", **case)
    settled = license_cycle.settle(placed, "new", by=Actor("admin"), now=now).state
    require(settled == paid, "paid later is paid", **case)
    for name, pool in account.pools.items():
        more = wanted.get(name, 0)
        require(paid.pool(name).bought == pool.bought + more, "what was paid is usable", type=name, **case)
        rows = [license_cycle.license_table(one)[name].buying for one in (account, placed, settled)]
        require(rows == [rows[0], rows[0] + more, rows[0]], "an order counts until it is paid", type=name, **case)


def a_quote_follows_the_days(account: LicenseAccount, wanted: Mapping[str, int]) -> None:
    """WAL-13. On the first day the full price; each later day no more; two quotes cost what one does, to a rounding."""
    before = [one.price.exact(one.quantity) for one in _lines(account, wanted, account.period.start)]
    full = [one.amount.minor for one in _lines(account, wanted, account.period.start)]
    require(full == before, "a whole cycle costs the full price", account=account, wanted=wanted)
    days = days_of(account.period.span)
    for day in days[:: max(1, len(days) // 6)]:
        now = max(account.period.start, start_of_day(day, account.cycle.zone))
        amounts = [one.amount.minor for one in _lines(account, wanted, now)]
        left = len([later for later in days if later >= day])
        for amount, price, earlier in zip(amounts, before, full, strict=True):
            exact = price * left / len(days)
            require(abs(amount - exact) * 2 <= 1, "the price follows the days left", day=day, wanted=wanted)
            require(amount <= earlier, "a later day costs no more", day=day, wanted=wanted, account=account)
        full = amounts


def replay_rebuilds(start: LicenseAccount, history: History) -> None:
    """L7. The account after each command is the replay of all events up to it; bought is never below held."""
    events: list[AccountEvent] = []
    for state, more in history:
        events.extend(more)
        require(reduce(license_cycle.apply, events, start) == state, "replay rebuilds the account", start=start)
        for name, pool in state.pools.items():
            the_counters_add_up(pool)
            minimum = state.types[name].minimum
            require(pool.bought >= max(pool.held, minimum), "bought covers what is held and the minimum", pool=pool)


def a_license_goes_round(account: LicenseAccount, license_type: str, users: Sequence[str], now: datetime) -> None:
    """WAL-12. Taken from one user it is free, and the next can have it; features go at once; twice is once."""
    first, second = users[:2]
    given = license_cycle.grant(account, first, license_type, by=ADMIN, now=now).state
    taken = license_cycle.revoke(given, first, license_type, by=ADMIN, now=now).state
    case = {"account": account, "type": license_type, "users": users}
    require(license_type not in license_cycle.licensed_user(taken, first).licenses, "the first has lost it", **case)
    held = account.pool(license_type).holds(first)
    was = account.pool(license_type).free + held
    require(taken.pool(license_type).free == was, "what is taken is free", **case)
    passed = license_cycle.grant(taken, second, license_type, by=ADMIN, now=now).state
    require(license_cycle.licensed_user(passed, second).active, "a user with a license is active", **case)
    again = license_cycle.grant(passed, second, license_type, by=ADMIN, now=now)
    require(again.state == passed and not again.events, "granting twice is granting once", **case)


def _bought(
    account: LicenseAccount, wanted: Mapping[str, int], payment: PaymentOutcome, now: datetime
) -> LicenseAccount:
    """*account* after buying, or as it was when that was refused."""
    try:
        return license_cycle.buy(account, wanted, order_id="new", payment=payment, by=Actor("admin"), now=now).state
    except LicensingError:
        return account


def _lines(account: LicenseAccount, wanted: Mapping[str, int], now: datetime) -> list[QuoteLine]:
    return [one for quote in license_cycle.quotes(account, wanted, now=now) for one in quote.charges]


# Cases, from a source of random numbers that the caller seeds.


def any_account(rng: Random) -> LicenseAccount:
    """An account of two types, of 0, 2 or 3 digits, with some licenses held, in a cycle of some zone."""
    every = Duration.parse(rng.choice(("P1M", "P1M", "P3M", "P2W", "P10D")))
    cycle = Cycle(date(2024, rng.randint(1, 12), rng.randint(1, 31) % 28 + 1), every, rng.choice(ZONES))
    minimums = {name: rng.choice((0, 0, 1, 2)) for name in TYPES}
    types = tuple(
        LicenseType(id=name, minimum=minimums[name], price=_any_unit_price(rng), features=frozenset({name, "all"}))
        for name in TYPES
    )
    totals = {name: minimums[name] + rng.randrange(4) for name in TYPES}
    now = cycle.boundary(rng.randint(-3, 3)) + timedelta(hours=rng.randrange(200))
    account = license_cycle.open_account(
        "crm", cycle=cycle, types=types, totals=totals, by=Actor("admin"), now=now
    ).state
    for _ in range(rng.randrange(4)):
        if account.pool(name := rng.choice(TYPES)).free:
            account = license_cycle.grant(account, rng.choice(USERS), name, by=ADMIN, now=now).state
    return account


def _any_unit_price(rng: Random) -> UnitPrice:
    return UnitPrice(Money(rng.choice((0, 1, 3000, rng.randrange(10**6))), rng.choice(CURRENCIES)))


def any_wish(rng: Random) -> dict[str, int]:
    """One type or both, and how many of each."""
    return {name: rng.randint(1, 9) for name in rng.sample(TYPES, rng.randint(1, 2))}


def any_moment(rng: Random, account: LicenseAccount) -> datetime:
    """An instant of the open cycle, its first or last one at times."""
    start, end = account.period.start, account.period.end
    last = end - timedelta(microseconds=1)
    return rng.choice((start, last, start + (end - start) * rng.randrange(1000) / 1000))


def any_history(rng: Random, account: LicenseAccount) -> Iterator[tuple[LicenseAccount, tuple[AccountEvent, ...]]]:
    """State and events after each of some commands on *account*; those refused are left out."""
    now = account.period.start
    for number in range(rng.randint(1, 6)):
        now = max(now, any_moment(rng, account))
        user, name = rng.choice(USERS), rng.choice(TYPES)
        try:
            match rng.randrange(6):
                case 0 | 1:
                    payment = rng.choice(tuple(PaymentOutcome))
                    order = f"order-{number}"
                    decision = license_cycle.buy(
                        account, any_wish(rng), order_id=order, payment=payment, by=Actor("admin"), now=now
                    )
                case 2:
                    decision = license_cycle.settle(account, by=Actor("admin"), now=now)
                case 3:
                    decision = license_cycle.grant(account, user, name, by=ADMIN, now=now)
                case 4:
                    decision = license_cycle.revoke(account, user, name, by=ADMIN, now=now)
                case _:
                    now = account.period.end
                    decision = license_cycle.close_cycle(account, by=Actor("admin"), now=now)
        except LicensingError:
            continue
        account = decision.state
        yield account, decision.events


def _closing(rng: Random) -> None:
    account = any_account(rng)
    if rng.random() < 0.5:
        now = any_moment(rng, account)
        account = license_cycle.buy(
            account,
            any_wish(rng),
            order_id="o1",
            payment=rng.choice((*PaymentOutcome,)[:2]),
            by=Actor("admin"),
            now=now,
        ).state
    the_end_of_a_cycle_is_fair(account)


def _paying(rng: Random) -> None:
    account = any_account(rng)
    nothing_appears_unpaid(account, any_wish(rng), any_moment(rng, account))


def _replayed(rng: Random) -> None:
    account = any_account(rng)
    replay_rebuilds(account, tuple(any_history(rng, account)))


def _going_round(rng: Random) -> None:
    account, name, users = any_account(rng), rng.choice(TYPES), rng.sample(USERS, 2)
    if account.pool(name).free:
        a_license_goes_round(account, name, users, any_moment(rng, account))


LAWS: Final[list[tuple[str, Callable[[Random], None]]]] = [
    ("the end of a cycle is fair", _closing),
    ("nothing appears unpaid", _paying),
    ("a quote follows the days", lambda rng: a_quote_follows_the_days(any_account(rng), any_wish(rng))),
    ("L7 replay rebuilds an account", _replayed),
    ("a license goes round", _going_round),
]
"""Name of each law, and what makes one case of it and checks it."""
