"""One-line builders of what a customer uses of the limits of a plan."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from licensing_core import limits as lib
from licensing_core.decisions import Decision
from licensing_core.directory import Actor
from licensing_core.limits import Limit, Limits, Places, PlaceTally, ThresholdReached, Unlimited, Usage, UsageEvent
from tests.builders import NOON

ANA = Actor("ana")
NESTED = Limits({"workspaces": Limit(3), "team": Limit(2, "workspaces")})
"""Team users within each workspace."""
PARTS = Limits({"users": Limit(5), "teachers": Limit(3, part_of="users"), "guests": Limit(9, part_of="users")})
"""Teachers and guests are users too."""


def plain(most: int | Unlimited, **more: Any) -> Limits:
    """A plan with one limit, called `users`."""
    return Limits({"users": Limit(most, **more)})


def a_usage(zone: str = "Europe/Madrid", *, plan: str | None = "small", anchor: date | datetime | None = None) -> Usage:
    """Nothing is used yet."""
    return lib.open_usage("acme", plan=plan, zone=zone, anchor=anchor, by=ANA, now=NOON).state


def use(
    usage: Usage,
    limits: Limits,
    name: str = "users",
    amount: int = 1,
    *,
    within: str | None = None,
    now: datetime = NOON,
) -> Decision[Usage, UsageEvent]:
    return lib.use(usage, name, amount, limits=limits, within=within, by=ANA, now=now)


def release(
    usage: Usage,
    limits: Limits,
    name: str = "users",
    amount: int = 1,
    *,
    within: str | None = None,
    now: datetime = NOON,
) -> Usage:
    return lib.release(usage, name, amount, limits=limits, within=within, by=ANA, now=now).state


def using(limits: Limits, used: Mapping[str, int | Mapping[str, int]], *, now: datetime = NOON, **more: Any) -> Usage:
    """So much is used of each, whatever *limits* say of it: a number, or one for each place."""
    usage = a_usage(**more)
    for name, amount in used.items():
        for place, number in [(None, amount)] if isinstance(amount, int) else amount.items():
            usage = lib.recount(usage, name, range(number), limits=limits, within=place, by=ANA, now=now).state
    return usage


def taken(usage: Usage, limits: Limits, now: datetime = NOON) -> dict[str, Any]:
    """How much is used of each limit, or of each place of it."""
    rows = lib.rows(usage, limits, now)
    return {name: row.used if isinstance(row, lib.UsageRow) else dict(row.by) for name, row in rows.items()}


def told(decision: Decision[Usage, UsageEvent]) -> list[tuple[str, int]]:
    """The thresholds that were reached, and of which limits."""
    return [(one.limit, one.percent) for one in decision.events if isinstance(one, ThresholdReached)]


def in_part(usage: Usage, *loaded: str) -> Usage:
    """The same usage, of which only these places were looked up."""
    known: dict[str, Mapping[str, PlaceTally]] = {
        place: mine for place, mine in usage.places.items() if place in loaded
    }
    return Usage(
        id=usage.id,
        plan=usage.plan,
        zone=usage.zone,
        anchor=usage.anchor,
        overrides=usage.overrides,
        tallies=usage.tallies,
        places=Places(known, loaded=loaded),
    )
