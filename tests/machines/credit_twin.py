"""An account of credits, and the same account as plain lists and dicts, led through the same commands.

The lists know ALU-8 to ALU-10 in their plainest form; they share no code with the library, but the calendar and the
order of burning with the oracle of `burn_down()`.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from attrs import evolve

from licensing_core import credits as lib
from licensing_core.checks import MAX_COUNT
from licensing_core.credits import CreditPack, RefundPolicy, Rollover
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.limits import UNLIMITED
from licensing_core.money import Money
from licensing_core.periods import Duration
from licensing_core.pricing import FlatPrice
from licensing_core.testing.law import require
from licensing_core.testing.laws_credits import credits_add_up
from licensing_core.workdays import BusinessCalendar
from tests.naive_credits import NEVER, Given, boundaries
from tests.reliability.credit_worlds import grant_of

ANA = Actor("ana")
ZONE = "Europe/Madrid"
NAMES = tuple(f"c{number}" for number in range(6))
PRICE = Money.parse("20.00 EUR")
POLICY = lib.ActivationPolicy(calendar=BusinessCalendar(frozenset(range(5))))
PACKS: dict[str, dict[str, Any]] = {
    "plain": {"amount": 10},
    "short": {"amount": 10, "hours": 30, "priority": 1},
    "daily": {"amount": 6, "every": ("d", 1), "rollover": (0, 4)},
    "rolling": {"amount": 8, "rollover": (2, 20), "priority": -1},
}
GIFTS = (*PACKS.values(), {"amount": 3, "hours": 12, "every": ("h", 6)})


@dataclass
class Purse:
    """A grant and what became of it."""

    given: Given
    left: int = 0
    granted: int = 0
    burned: int = 0
    expired: int = 0
    voided: int = 0

    def fill(self) -> None:
        more = max(0, self.given.amount - self.left)
        self.left, self.granted = self.left + more, self.granted + more

    def burn(self, wanted: int) -> int:
        burned = min(wanted, self.left)
        self.left, self.burned = self.left - burned, self.burned + burned
        return burned


def pack_of(name: str) -> CreditPack:
    """The pack of the library called *name*."""
    terms = PACKS[name]
    least, most = terms.get("rollover", (0, 0))
    return CreditPack(
        id=name,
        credits=terms["amount"],
        prices=(FlatPrice(PRICE),),
        priority=terms.get("priority", 0),
        expires_after=Duration(seconds=3600 * terms["hours"]) if "hours" in terms else None,
        every=Duration(days=1) if "every" in terms else None,
        rollover=Rollover(least=least, most=most),
    )


def working_deadline(start: datetime, hours: int) -> datetime:
    """When *hours* hours of Mondays to Fridays have passed, hour by hour on the wall."""
    wall = start.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
    left = timedelta(hours=hours)
    while True:
        midnight = datetime.combine(wall.date() + timedelta(days=1), time())
        if wall.weekday() < 5:
            if left <= midnight - wall:
                return (wall + left).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
            left -= midnight - wall
        wall = midnight


class CreditTwin:
    """Both accounts, and what has happened to them."""

    def __init__(self, *, overdraft: int | None, now: datetime) -> None:
        self.now = self.at = now
        self.overdraft = MAX_COUNT if overdraft is None else overdraft
        self.purses: dict[str, Purse] = {}
        self.orders: dict[str, tuple[str, str, datetime | None]] = {}
        self.owed = self.used = 0
        self.negative, self.begun = False, True
        self.since: datetime | None = None
        opening = lib.open_credits(
            "acme", zone=ZONE, overdraft=UNLIMITED if overdraft is None else overdraft, by=ANA, now=now
        )
        self.account = self.replayed = opening.state
        self.events: list[Any] = list(opening.events)
        self.told, self.saved = "", self.state()

    # What passes by itself

    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.told = f"wait {hours}"

    def reload(self) -> None:
        """The account is saved and loaded, and what is to come is worked out anew."""
        self.account = evolve(self.account, balances=evolve(self.account.balances))

    def in_order(self) -> list[Purse]:
        return sorted(self.purses.values(), key=lambda one: one.given.burning_order)

    def pass_by(self, *, ends_only: bool = False) -> None:
        """Let happen what does up to now; with *ends_only*, now itself no more than ends."""
        now = max(self.now, self.at)
        instants = {now}
        for one in self.purses.values():
            instants |= {one.given.effective, one.given.ends, *boundaries(one.given, ZONE, now)}
        for at in sorted(at for at in instants if self.at < at <= now):
            self.end(at)
            if at < now or not ends_only:
                self.start_and_top_up(at)
        if now > self.at or not ends_only:
            self.begun = not ends_only
        self.at = now

    def state(self) -> dict[str, Any]:
        """All that passing time changes."""
        purses = {name: replace(one) for name, one in self.purses.items()}
        return {"purses": purses, "owed": self.owed, "used": self.used, "at": self.at, "begun": self.begun}

    def seen_now(self) -> "CreditTwin":
        """The lists as they are now, whereas these stay as they are."""
        twin = copy(self)
        vars(twin).update(self.state())
        twin.pass_by()
        return twin

    def end(self, at: datetime) -> None:
        for one in self.purses.values():
            if one.given.ends == at:
                if one.given.expires == at:
                    one.expired += one.left
                else:
                    one.voided += one.left
                one.left = 0

    def start_and_top_up(self, at: datetime) -> None:
        for one in self.in_order():
            given = one.given
            if given.in_force(at) and (given.effective == at or at in boundaries(given, ZONE, at)):
                one.fill()
                self.owed -= one.burn(self.owed)

    # Commands

    def order(self, name: str, pack: str) -> None:
        taken = name in self.orders or name in self.purses
        if not taken:
            self.orders[name] = (pack, "awaiting_payment", None)
        self._run("order.exists" if taken else "ok", lib.order_pack, pack_of(pack), name)

    def pay(self, name: str, *, exactly: bool = True) -> None:
        expected = self._cannot(name, "awaiting_payment") or ("ok" if exactly else "order.payment_differs")
        if expected == "ok":
            self.orders[name] = (self.orders[name][0], "pending", working_deadline(self.now, 48))
        paid = PRICE if exactly else PRICE + PRICE
        self._run(expected, lib.note_payment, name, policy=POLICY, paid=paid)

    def cancel(self, name: str) -> None:
        expected = self._cannot(name, "awaiting_payment") or "ok"
        if expected == "ok":
            self.orders[name] = (self.orders[name][0], "cancelled", None)
        self._run(expected, lib.cancel_order, name)

    def activate(self, name: str) -> None:
        expected = self._cannot(name, "pending") or "ok"
        if expected == "ok":
            self.pass_by()
            pack, _, active_by = self.orders[name]
            self.orders[name] = (pack, "active", active_by)
            self._enter(given_of(name, PACKS[pack], self.at))
        self._run(expected, lib.activate, name)

    def grant(self, name: str, gift: int, hours: int) -> None:
        self.pass_by()
        given = given_of(name, GIFTS[gift % len(GIFTS)], self.at + timedelta(hours=hours))
        expected = "order.exists" if name in self.orders or name in self.purses else "ok"
        if expected == "ok" and given.ends <= self.at:
            expected = "argument.invalid"
        if expected == "ok":
            self._enter(given)
        self._run(expected, lib.grant, grant_of(given, ZONE))

    def spend(self, amount: int) -> None:
        self.pass_by()
        short = amount - self.balance - self.overdraft
        expected = f"credits.insufficient {self.balance} {short}" if short > 0 else "ok"
        burned = self._burn(amount) if short <= 0 else []
        self.used += amount
        self._run(expected, lib.spend, amount)
        if short <= 0:
            found = [(one.grant, one.amount) for one in self.events[-1].movements]
            require(found == burned, "they are burned in order", found=found, burned=burned)

    def void(self, name: str) -> None:
        self.pass_by()
        expected = "ok" if name in self.purses else "grant.unknown"
        if expected == "ok":
            self._void(self.purses[name])
        self._run(expected, lib.void, name)

    def refund(self, name: str, policy: str) -> None:
        expected = "" if self._status(name) in ("pending", "active") else self._cannot(name, "active")
        if not expected:
            self.pass_by()
            one = self.purses.get(name)
            if one is not None and one.burned and policy == "refuse":
                expected = f"credits.already_spent {one.burned}"
            else:
                self.orders[name] = (self.orders[name][0], "refunded", self.orders[name][2])
                if one is not None:
                    self._void(one)
                    if policy == "go_negative":
                        self._take_back(one)
        self._run(expected or "ok", lib.refund, name, policy=RefundPolicy(policy))

    def reset(self, *, keep: bool) -> None:
        if self.since == self.now:
            self._run("ok", lib.reset, keep_overage=keep)
            return
        if self.now < self.at:
            self._run("credits.reset_too_late", lib.reset, keep_overage=keep)
            return
        self.pass_by(ends_only=True)
        since = self.since = self.at
        running = [
            one for one in self.in_order() if one.given.in_force(since) and (self.begun or one.given.effective < since)
        ]
        for one in running:
            least, most = one.given.rollover
            kept = min(most, max(least, one.left))
            one.granted, one.expired = one.granted + max(0, kept - one.left), one.expired + max(0, one.left - kept)
            one.left = kept
        self.owed, self.used = self.owed if keep else 0, 0
        for one in running:
            self.owed -= one.burn(self.owed)
        if not self.begun:
            self.start_and_top_up(since)
            self.begun = True
        self._run("ok", lib.reset, keep_overage=keep)

    @property
    def balance(self) -> int:
        return sum(one.left for one in self.purses.values()) - self.owed

    def _enter(self, given: Given) -> None:
        self.purses[given.id] = one = Purse(given)
        if given.in_force(self.at):
            one.fill()
            self.owed -= one.burn(self.owed)

    def _burn(self, amount: int) -> list[tuple[str, int]]:
        burned: list[tuple[str, int]] = []
        for one in self.in_order():
            if taken := one.burn(amount):
                burned.append((one.given.id, taken))
                amount -= taken
        self.owed += amount
        return burned

    def _void(self, one: Purse) -> None:
        if one.given.ends > self.at:
            one.voided, one.left = one.voided + one.left, 0
            one.given = replace(one.given, voided=max(self.at, one.given.effective))

    def _take_back(self, one: Purse) -> None:
        self.negative |= one.burned > 0
        spent, self.owed = one.burned + self.owed, 0
        one.voided, one.burned = one.voided + one.burned, 0
        self._burn(spent)

    def _status(self, name: str) -> str:
        return self.orders[name][1] if name in self.orders else ""

    def _cannot(self, name: str, wanted: str) -> str:
        """What is said of an order that is not as *wanted*."""
        status = self._status(name)
        if status == wanted:
            return ""
        if wanted == "pending" and status == "active":
            return "order.already_active"
        said = {"": "unknown", "awaiting_payment": "not_paid", "pending": "already_paid", "active": "already_paid"}
        return f"order.{said.get(status, 'closed')}"

    def _run(self, expected: str, command: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        try:
            decision = command(self.account, *arguments, **named, by=ANA, now=self.now)
        except LicensingError as refusal:
            fields = refusal.fields()
            numbers = [str(fields[name]) for name in ("balance", "spent", "shortfall") if name in fields]
            found = " ".join([refusal.code, *numbers])
            vars(self).update(self.saved)
        else:
            found = "ok"
            if not decision.events:
                vars(self).update(self.saved)
            self.account = decision.state
            self.replayed = reduce(lib.apply, decision.events, self.replayed)
            self.events.extend(decision.events)
        self.saved = self.state()
        self.told = f"{command.__name__} {found}"
        require(found == expected, "the library does what the rules say", expected=expected, told=self.told)


def given_of(name: str, terms: dict[str, Any], at: datetime) -> Given:
    """A grant of these *terms* that starts at *at*."""
    return Given(
        name,
        terms["amount"],
        at,
        priority=terms.get("priority", 0),
        expires=at + timedelta(hours=terms["hours"]) if "hours" in terms else None,
        every=terms.get("every"),
        anchor=at if "every" in terms else None,
        rollover=terms.get("rollover", (0, 0)),
    )


# Invariants


def the_balances_are_those_of_the_lists(twin: CreditTwin) -> None:
    """ALU-8: each grant has what the plain lists say, whether looked at or left alone until now."""
    twin = twin.seen_now()
    now = lib.by_then(twin.account, twin.now).balances
    found = {name: (one.balance, one.granted, one.burned, one.expired, one.voided) for name, one in now.entries.items()}
    wanted = {name: (one.left, one.granted, one.burned, one.expired, one.voided) for name, one in twin.purses.items()}
    require(found == wanted, "the balances are those of the lists", found=found, wanted=wanted, at=twin.at)
    require((now.overage, now.used) == (twin.owed, twin.used), "so is what is owed and was used", balances=now)


def credits_are_neither_made_nor_lost(twin: CreditTwin) -> None:
    """Granted = balance + burned + expired + voided."""
    credits_add_up(twin.account.balances)


def no_more_is_owed_than_the_overdraft(twin: CreditTwin) -> None:
    """I11: but after a refund that went negative."""
    balance = lib.standing(twin.account, twin.now).balance
    require(twin.negative or -balance <= twin.overdraft, "no more is owed than the overdraft", balance=balance)


def orders_are_as_far_as_in_the_lists(twin: CreditTwin) -> None:
    """ALU-9, ALU-10."""
    found = {name: (one.pack.id, one.status.value) for name, one in twin.account.orders.items()}
    wanted = {name: (pack, status) for name, (pack, status, _) in twin.orders.items()}
    require(found == wanted, "orders are as far as in the lists", found=found, wanted=wanted)
    pending = {name: pack for name, (pack, status, _) in twin.orders.items() if status == "pending"}
    late = [name for name in sorted(pending) if twin.now > (twin.orders[name][2] or NEVER)]
    stands = lib.standing(twin.account, twin.now)
    figures = (stands.balance, stands.pending, list(stands.late))
    plain = (twin.seen_now().balance, sum(PACKS[pack]["amount"] for pack in pending.values()), late)
    require(figures == plain, "so are those pending and late", figures=figures, plain=plain)


def the_events_replayed_are_the_account(twin: CreditTwin) -> None:
    """L7, I12."""
    require(twin.replayed == twin.account, "the events replayed are the account", account=twin.account)


INVARIANTS: tuple[Callable[[CreditTwin], None], ...] = (
    the_balances_are_those_of_the_lists,
    credits_are_neither_made_nor_lost,
    no_more_is_owed_than_the_overdraft,
    orders_are_as_far_as_in_the_lists,
    the_events_replayed_are_the_account,
)
