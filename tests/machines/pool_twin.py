"""A pool of licenses, and the same pool as a plain dict, led through the same commands and compared after each.

The dict knows the rules in their plainest form (DOC-28 to DOC-37, decisions 2 and 4); it shares no code with the
library.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from typing import Any

from attrs import evolve

from licensing_core import pools
from licensing_core.directory import Actor, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.plans import PackageKind, Switches
from licensing_core.pools import LicensePool, PoolEvent
from licensing_core.testing.law import require

START = datetime(2026, 5, 4, 12, tzinfo=UTC)
EXPIRY = START + timedelta(days=30)
USERS = tuple(f"u{number}" for number in range(6))
ACTORS = {"root": Actor("root", Role.SUPERADMIN), "pu": Actor("pu", Role.POWER_USER)}
WORDS = {"held": Holding.HELD, "awaiting": Holding.AWAITING}


class PoolTwin:
    """Both pools, and what has happened to them."""

    def __init__(self, *, bought: int, enforce: bool, refund: bool, expires: bool) -> None:
        opening = pools.open_pool(
            "pool",
            PackageKind.LICENSES,
            beneficiary=Scope.group("team"),
            bought=bought,
            by=Actor("root"),
            now=START,
            expires_at=EXPIRY if expires else None,
        ).state
        require(isinstance(opening, LicensePool), "a pool of licenses was opened")
        self.start: LicensePool = opening  # type: ignore[assignment]
        self.pool = self.replayed = self.start
        self.switches = Switches(enforce_limit=enforce, allow_refund=refund)
        self.now, self.events, self.told = START, list[PoolEvent](), ""
        self.bought, self.state, self.members = bought, dict[str, str](), set(USERS[:-1])
        self.expires, self.always_enforced = expires, enforce

    # What happens around the pool

    def set_refund(self, on: bool) -> None:
        self.switches = evolve(self.switches, allow_refund=on)
        self.told = f"refund {on}"

    def set_enforce(self, on: bool) -> None:
        self.switches = evolve(self.switches, enforce_limit=on)
        self.always_enforced &= on
        self.told = f"enforce {on}"

    def move(self, user: str) -> None:
        """*user* leaves the beneficiary, or comes back (decision 4)."""
        self.members ^= {user}
        self.told = f"move {user}"

    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.told = f"wait {hours}"

    # Commands

    def assign(self, by: str, users: Sequence[str]) -> None:
        eligible = frozenset(self.members)
        self._run(
            self._plain_assign(users), pools.assign, users, eligible=eligible, switches=self.switches, by=ACTORS[by]
        )

    def unassign(self, by: str, users: Sequence[str]) -> None:
        self._run(self._plain_unassign(by, users), pools.unassign, users, switches=self.switches, by=ACTORS[by])

    def confirm(self, by: str, users: Sequence[str]) -> None:
        self._run(self._plain_confirm(by, users), pools.confirm, users, by=ACTORS[by])

    def resize(self, bought: int) -> None:
        self._run(self._plain_resize(bought), pools.resize, bought, by=Actor("root"))

    def _run(self, expected: str, command: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        """Let the library do *command*; what it does or refuses must be what the dict expected."""
        before, count = self.pool, 0
        try:
            decision = command(self.pool, *arguments, **named, now=self.now)
        except LicensingError as refusal:
            found = told_of(refusal)
        else:
            found, count = "ok", len(decision.events)
            self.pool = decision.state
            self.events.extend(decision.events)
            self.replayed = reduce(pools.apply, decision.events, self.replayed)
        self.told = f"{command.__name__} {found} {count} {self.pool.consumed} {self.pool.held} {self.pool.bought}"
        require(found == expected, "the library does what the rules say", expected=expected, found=found)
        require(count == (self.pool != before), "one event when something changed, else none", told=self.told)
        kept = not self.switches.enforce_limit or self.pool.overrun <= before.overrun
        require(kept, "an enforced limit adds no overrun", before=before, after=self.pool)

    def _plain_assign(self, users: Sequence[str]) -> str:
        newcomers = sorted({user for user in users if self.state.get(user) != "held"})
        outsiders = [user for user in newcomers if user not in self.members]
        if outsiders:
            return f"pool.not_eligible {outsiders}"
        needed = sum(1 for user in newcomers if user not in self.state)
        short = len(self.state) + needed - self.bought
        if self.switches.enforce_limit and needed and short > 0:
            return f"pool.licenses_exhausted {needed} {short}"
        self.state.update(dict.fromkeys(newcomers, "held"))
        return "ok"

    def _plain_unassign(self, by: str, users: Sequence[str]) -> str:
        for user in set(users) & self.state.keys():
            if by == "root":
                del self.state[user]
            elif self.state[user] == "held":
                if self.switches.allow_refund:
                    del self.state[user]
                else:
                    self.state[user] = "awaiting"
        return "ok"

    def _plain_confirm(self, by: str, users: Sequence[str]) -> str:
        if by != "root":
            return "pool.confirmation_not_allowed"
        for user in set(users):
            if self.state.get(user) == "awaiting":
                del self.state[user]
        return "ok"

    def _plain_resize(self, bought: int) -> str:
        if bought < self.bought and bought < len(self.state):
            return f"pool.in_use {len(self.state)} {bought}"
        self.bought = bought
        return "ok"


def told_of(refusal: LicensingError) -> str:
    """Code and numbers of *refusal*, as the dict tells them."""
    match refusal:
        case pools.NotEligible():
            return f"{refusal.code} {list(refusal.users)}"
        case pools.LicensesExhausted():
            return f"{refusal.code} {refusal.requested} {refusal.shortfall}"
        case pools.PoolInUse():
            return f"{refusal.code} {refusal.consumed} {refusal.asked}"
    return refusal.code


# Invariants


def the_holdings_are_those_of_the_dict(twin: PoolTwin) -> None:
    wanted = {user: WORDS[state] for user, state in twin.state.items()}
    require(dict(twin.pool.holdings) == wanted, "who holds what", wanted=wanted, found=dict(twin.pool.holdings))


def consumed_is_held_plus_awaiting(twin: PoolTwin) -> None:
    """L1, I2."""
    states = list(twin.state.values())
    held, awaiting = states.count("held"), states.count("awaiting")
    found = (twin.pool.consumed, twin.pool.held, twin.pool.awaiting)
    require(found == (held + awaiting, held, awaiting), "consumed = held + awaiting", found=found, state=twin.state)


def free_and_overrun_are_what_is_left_and_too_much(twin: PoolTwin) -> None:
    """L1."""
    left = twin.bought - len(twin.state)
    found = (twin.pool.bought, twin.pool.free, twin.pool.overrun)
    require(found == (twin.bought, max(0, left), max(0, -left)), "bought, free, overrun", found=found, left=left)


def an_overrun_needs_a_limit_that_was_off(twin: PoolTwin) -> None:
    """I1."""
    fine = not twin.always_enforced or twin.pool.overrun == 0
    require(fine, "enforced at every step there is no overrun", pool=twin.pool)


def expiry_takes_nothing_but_force(twin: PoolTwin) -> None:
    """DOC-52."""
    wanted = not twin.expires or twin.now < EXPIRY
    require(twin.pool.in_force(twin.now) == wanted, "in force until the expiry", now=twin.now)


def the_events_replayed_are_the_state(twin: PoolTwin) -> None:
    """L7, I12."""
    require(twin.replayed == twin.pool, "the events replayed are the state", pool=twin.pool)


INVARIANTS: tuple[Callable[[PoolTwin], None], ...] = (
    the_holdings_are_those_of_the_dict,
    consumed_is_held_plus_awaiting,
    free_and_overrun_are_what_is_left_and_too_much,
    an_overrun_needs_a_limit_that_was_off,
    expiry_takes_nothing_but_force,
    the_events_replayed_are_the_state,
)
