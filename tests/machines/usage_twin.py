"""What a customer uses, and the same as a list of records that is summed each time, led through the same commands.

The list knows nothing of tallies, turns or places: a record is (limit, place, amount). Beside it stands when the first
of them was written, and how long the limit let a count last at the last one: a count of a limit that resets is over in
another month or on another day of the customer's wall clock, and so are its records.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import reduce
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from licensing_core import limits as library
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.limits import UNLIMITED, Limit, Limits, OnPlanChange, Overage, ThresholdReached, UsageEvent
from licensing_core.periods import Duration
from licensing_core.testing.law import require

ANA = Actor("ana")
ROOMS = ("r1", "r2")


class Rule(NamedTuple):
    """A limit, in its plainest form: *most* `None` for no limit, *ratio* `None` for any overage."""

    most: int | None
    per: str | None = None
    part_of: str | None = None
    ratio: Fraction | None = Fraction(1)
    resets: str = ""
    policy: str = "carry"

    @property
    def ceiling(self) -> int | None:
        if self.most is None or self.ratio is None:
            return None
        return self.most * self.ratio.numerator // self.ratio.denominator

    @property
    def limit(self) -> Limit:
        """The same, as the library has it."""
        overage: Overage | Fraction = Overage.ALLOW if self.ratio is None else self.ratio
        lasts = {"": None, "month": Duration(months=1), "day": Duration(days=1)}[self.resets]
        most = UNLIMITED if self.most is None else self.most
        return Limit(
            most,
            self.per,
            part_of=self.part_of,
            overage=overage,
            resets=lasts,
            on_plan_change=OnPlanChange(self.policy),
        )


Plan = dict[str, Rule]
PLANS: dict[str, Plan] = {
    "small": {
        "rooms": Rule(2),
        "users": Rule(4),
        "team": Rule(2, per="rooms", part_of="users"),
        "guests": Rule(2, part_of="users", ratio=Fraction(5, 3)),
        "calls": Rule(3, resets="month"),
        "jobs": Rule(2, per="rooms", resets="day", ratio=Fraction(3, 2)),
    },
    "big": {
        "rooms": Rule(None),
        "users": Rule(9, policy="clamp"),
        "team": Rule(3, per="rooms", part_of="users"),
        "guests": Rule(0, part_of="users", ratio=None),
        "calls": Rule(5, resets="month", policy="reset"),
        "bots": Rule(2),
    },
    "tight": {
        "rooms": Rule(1, policy="clamp"),
        "users": Rule(3, policy="clamp"),
        "team": Rule(1, per="rooms", part_of="users", policy="clamp"),
        "jobs": Rule(1, per="rooms", resets="day", policy="reset"),
        "bots": Rule(1, policy="reset"),
    },
}
NAMES = ("rooms", "users", "team", "guests", "calls", "jobs", "bots")
NESTED = ("team", "jobs")
ALONE = ("rooms", "calls", "jobs", "bots")
"""What is part of nothing, nor has parts, and so may last as long as it will."""
LASTS = ("", "day", "month")
Record = tuple[str, str | None, int]
Spot = tuple[str, str | None]


class UsageTwin:
    """Both, and what has happened to them."""

    def __init__(self, zone: str, plan: str, now: datetime) -> None:
        self.rules, self.now, self.plan = ZoneInfo(zone), now, plan
        self.plans = {name: dict(limits) for name, limits in PLANS.items()}
        self.records: list[Record] = []
        self.lasts: dict[str, tuple[str, datetime]] = {}
        self.overrides: dict[str, int | None] = {}
        self.start = library.open_usage("acme", plan=plan, zone=zone, by=ANA, now=now).state
        self.usage = self.replayed = self.start
        self.enforced = True
        self.told: list[tuple[str, str | None, int]] = []

    # The list, summed

    def same_count(self, name: str, plan: Plan) -> bool:
        """Whether what was recorded still counts now, under *plan*."""
        lasts, since = self.lasts.get(name, ("", self.now))
        if name in plan:
            lasts = plan[name].resets and (lasts or plan[name].resets)
        then, today = since.astimezone(self.rules), self.now.astimezone(self.rules)
        if lasts == "month":
            return (then.year, then.month) == (today.year, today.month)
        return not lasts or then.date() == today.date()

    def own(self, name: str, place: str | None, plan: Plan | None = None) -> int:
        """What is used in one place, or in all for `None`, parts left out."""
        if not self.same_count(name, self.plans[self.plan] if plan is None else plan):
            return 0
        return sum(amount for one, where, amount in self.records if one == name and place in (None, where))

    def write(self, name: str, place: str | None, amount: int) -> None:
        """Record it, of the count that is running, or of a new one."""
        plan = self.plans[self.plan]
        if not self.same_count(name, plan):
            self.forget(name)
        self.records.append((name, place, amount))
        lasts, since = self.lasts.get(name, ("", self.now))
        if name in plan:
            lasts = plan[name].resets and (lasts or plan[name].resets)
        self.lasts[name] = (lasts, since)

    def forget(self, name: str) -> None:
        self.records = [one for one in self.records if one[0] != name]
        self.lasts.pop(name, None)

    def used(self, plan: Plan, name: str, place: str | None) -> int:
        parts = [one for one, rule in plan.items() if rule.part_of == name]
        return self.own(name, place, plan) + sum(self.used(plan, part, None) for part in parts)

    def rule(self, plan: Plan, name: str) -> Rule:
        """The rule as it is for this customer."""
        rule = plan[name]
        return rule._replace(most=self.overrides[name]) if name in self.overrides else rule

    def line(self, spot: Spot) -> list[Spot]:
        whole = self.plans[self.plan][spot[0]].part_of
        return [spot] if whole is None else [spot, *self.line((whole, None))]

    def limits(self, plan: str) -> Limits:
        return Limits({name: rule.limit for name, rule in self.plans[plan].items()})

    def exceeds(self, plan: Plan) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in NAMES:
            ceiling = self.rule(plan, name).ceiling if name in plan else 0
            places = ROOMS if name in NESTED else (None,)
            more = {
                place: used - ceiling
                for place in places
                if ceiling is not None and (used := self.used(plan, name, place)) > ceiling
            }
            if more:
                found[name] = more if name in NESTED else more[None]
        return found

    # What happens

    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    def use(self, name: str, place: str | None, amount: int) -> None:
        plan, expected, told = self.plans[self.plan], "ok", []
        place = place if name in NESTED else None
        spot = (name, place)
        if not 0 < amount < 2**53:
            expected = "quantity.invalid"
        elif name not in plan:
            expected = "limit.unknown"
        else:
            for one, where in self.line(spot):
                rule, used = self.rule(plan, one), self.used(plan, one, where)
                if rule.ceiling is not None and used + amount > rule.ceiling:
                    expected = f"limit.exceeded {one} {where} {used} {used + amount - rule.ceiling}"
                    break
                if rule.most is not None:
                    marks = [max(1, percent * rule.most) for percent in (80, 100)]
                    told += [one for mark in marks if 100 * used < mark <= 100 * (used + amount)]
        if expected == "ok":
            self.write(name, place, amount)
        self._run(expected, library.use, name, amount, within=place, limits=self.limits(self.plan))
        found = [one[0] for one in self.told]
        require(found == (told if expected == "ok" else []), "thresholds are told as they are reached", found=found)

    def release(self, name: str, place: str | None, amount: int) -> None:
        plan, expected = self.plans[self.plan], "ok"
        place = place if name in NESTED else None
        own = self.own(name, place)
        if not 0 < amount < 2**53:
            expected = "quantity.invalid"
        elif name not in plan and not self.own(name, None):
            expected = "limit.unknown"
        elif own < amount:
            expected = f"limit.below_zero {name} {place} {own}"
        else:
            self.write(name, place, -amount)
        self._run(expected, library.release, name, amount, within=place, limits=self.limits(self.plan))

    def without_a_place(self, name: str) -> None:
        expected = "limit.within_required" if name in self.plans[self.plan] else "limit.unknown"
        self._run(expected, library.use, name, limits=self.limits(self.plan))

    def recount(self, name: str, place: str | None, number: int) -> None:
        plan, place = self.plans[self.plan], place if name in NESTED else None
        expected = "ok" if name in plan else "limit.unknown"
        if expected == "ok":
            if more := number - self.own(name, place):
                self.write(name, place, more)
            self.enforced = False
        self._run(expected, library.recount, name, range(number), within=place, limits=self.limits(self.plan))

    def override(self, name: str, most: int | None) -> None:
        """So many, whatever the plan says; `None` for no limit at all."""
        self.overrides[name], self.enforced = most, False
        self._run("ok", library.override, name, UNLIMITED if most is None else most)

    def take_back_override(self, name: str) -> None:
        self.overrides.pop(name, None)
        self.enforced = False
        self._run("ok", library.override, name, None)

    def edit(self, plan: str, name: str, most: int | None) -> None:
        """The plan lets so many be used from now on, for whoever has it."""
        if name in self.plans[plan]:
            self.plans[plan][name] = self.plans[plan][name]._replace(most=most)
            self.enforced = False

    def redefine(self, plan: str, name: str, lasts: str) -> None:
        """The plan lets a count last so long from now on, or hold until released."""
        if name in self.plans[plan]:
            self.plans[plan][name] = self.plans[plan][name]._replace(resets=lasts)
            self.enforced = False

    def change_plan(self, plan: str, accept: bool) -> None:
        before, other = (list(self.records), dict(self.lasts)), self.plans[plan]
        for name in sorted(other, key=lambda one: -len(self._wholes(other, one))):
            self._switch(other, name)
        exceeds = self.exceeds(other)
        preview = library.preview_plan(self.usage, self.limits(plan), now=self.now)
        require(dict(preview.exceeds) == exceeds, "the preview tells what exceeds", found=preview, wanted=exceeds)
        expected = "ok" if accept or not exceeds else f"plan_change.exceeds {sorted(exceeds)}"
        if expected != "ok" or plan == self.plan:
            self.records, self.lasts = before
        if expected == "ok":
            self.enforced = self.enforced and plan == self.plan
            self.plan = plan
        self._run(expected, library.change_plan, plan, limits=self.limits(plan), accept_excess=accept)

    def _wholes(self, plan: Plan, name: str) -> list[str]:
        whole = plan[name].part_of
        return [] if whole is None else [whole, *self._wholes(plan, whole)]

    def _switch(self, plan: Plan, name: str) -> None:
        """What the policy of the other plan makes of what was used."""
        rule = self.rule(plan, name)
        if name not in self.lasts:
            return
        if rule.policy == "reset" or not self.same_count(name, {}):
            self.forget(name)
        lasts, since = self.lasts.get(name, ("", self.now))
        since = since if lasts or not rule.resets else self.now
        self.lasts[name] = (rule.resets and (lasts or rule.resets), since)
        if rule.policy == "clamp" and rule.ceiling is not None:
            for place in ROOMS if rule.per else (None,):
                too_many = self.used(plan, name, place) - rule.ceiling
                cut = min(max(0, too_many), self.own(name, place, plan))
                self.records.append((name, place, -cut))

    def _run(self, expected: str, command: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        events: tuple[UsageEvent, ...] = ()
        try:
            decision = command(self.usage, *arguments, **named, by=ANA, now=self.now)
        except LicensingError as refusal:
            found = _shown(refusal)
        else:
            found, events = "ok", decision.events
            self.usage = decision.state
            self.replayed = reduce(library.apply, events, self.replayed)
        self.told = [(one.limit, one.within, one.percent) for one in events if isinstance(one, ThresholdReached)]
        require(found == expected, "the library does what the rules say", expected=expected, found=found)


def _shown(refusal: LicensingError) -> str:
    fields = refusal.fields()
    if isinstance(refusal, library.LimitExceeded):
        return f"{refusal.code} {refusal.limit} {refusal.within} {refusal.used} {refusal.shortfall}"
    if isinstance(refusal, library.UsageBelowZero):
        return f"{refusal.code} {refusal.limit} {refusal.within} {refusal.used}"
    return f"{refusal.code} {sorted(fields['exceeds'])}" if "exceeds" in fields else refusal.code


# Invariants


def the_table_is_the_sum_of_the_records(twin: UsageTwin) -> None:
    """ALU-2, PLZ-11, L3."""
    plan = twin.plans[twin.plan]
    found: dict[str, Any] = {
        name: row.used if isinstance(row, library.UsageRow) else dict(row.by)
        for name, row in library.rows(twin.usage, twin.limits(twin.plan), twin.now).items()
    }
    wanted: dict[str, Any] = {}
    for name in NAMES:
        if name in NESTED:
            mine: Any = {room: used for room in ROOMS if (used := twin.own(name, room))}
        else:
            mine = twin.used(plan, name, None)
        if name in plan or mine:
            wanted[name] = mine
    require(found == wanted, "the table is the sum of the records", found=found, wanted=wanted)


def nothing_used_is_below_zero(twin: UsageTwin) -> None:
    """Of no limit, and in no place."""
    tallies = [tally.used for tally in twin.usage.tallies.values()]
    places = [one.used for mine in twin.usage.places.values() for one in mine.values()]
    require(min([0, *tallies]) == 0 < min([1, *places]), "nothing is below zero", usage=twin.usage)


def no_ceiling_is_passed_while_all_is_enforced(twin: UsageTwin) -> None:
    """PLZ-11: until the host counts anew, or a plan, an override or an edit moves a ceiling."""
    plan = twin.plans[twin.plan]
    if twin.enforced:
        require(not twin.exceeds({**PLANS["small"], **plan}), "no ceiling is passed", usage=twin.usage)


def there_is_room_for_what_the_rules_say(twin: UsageTwin) -> None:
    """Of each limit, in each place."""
    plan, limits = twin.plans[twin.plan], twin.limits(twin.plan)
    for name in plan:
        for place in ROOMS if name in NESTED else (None,):
            found = library.room(twin.usage, name, limits=limits, within=place, now=twin.now)
            left = [
                max(0, ceiling - twin.used(plan, one, where))
                for one, where in twin.line((name, place))
                if (ceiling := twin.rule(plan, one).ceiling) is not None
            ]
            require(found == (min(left) if left else UNLIMITED), "there is room", limit=name, found=found, left=left)


def the_events_replayed_are_the_usage(twin: UsageTwin) -> None:
    """L7."""
    require(twin.replayed == twin.usage, "the events replayed are the usage", usage=twin.usage)


INVARIANTS: tuple[Callable[[UsageTwin], None], ...] = (
    the_table_is_the_sum_of_the_records,
    nothing_used_is_below_zero,
    no_ceiling_is_passed_while_all_is_enforced,
    there_is_room_for_what_the_rules_say,
    the_events_replayed_are_the_usage,
)
START = datetime(2026, 3, 27, tzinfo=UTC)
"""Some days before the clocks of Europe change, and a month ends."""
