"""Vectors of limits and of grants that are burned down."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from licensing_core import limits
from licensing_core.credits import Grant, Rollover, UsageRecord, balances_at, burn_down
from licensing_core.directory import Actor
from licensing_core.limits import UNLIMITED, Limit, LimitExceeded, Limits, Overage, OverageRule, Tally, Unlimited, Usage
from licensing_core.periods import Cycle, Duration
from tests.spec.form import NotUnderstood, call, instant, number

Answer = dict[str, Any]
_NOW: Final = instant("2024-01-01T00:00:00Z")
_ANYBODY: Final = Actor("spec-anybody")


def most_of(most: object) -> int | Unlimited:
    """How much is included: a number, or no limit at all."""
    if most == "unlimited":
        return UNLIMITED
    if type(most) is not int:
        raise NotUnderstood(f"max {most!r} is neither an integer nor 'unlimited'")
    return most


def overage_of(overage: object) -> OverageRule:
    """What happens beyond the limit."""
    return Overage(overage) if overage in ("block", "allow") else number(overage, "overage")


def limit(*, max: object, used: int, amount: int, overage: object = "block") -> Answer:  # noqa: A002 - a field
    """May so much more be used, or be given back?"""
    plan = Limits({"units": Limit(most_of(max), overage=overage_of(overage))})
    usage = Usage(id="spec", zone="UTC", tallies={"units": Tally(used=used)})
    move, size = (limits.release, -amount) if amount < 0 else (limits.use, amount)
    try:
        usage = move(usage, "units", size, limits=plan, by=_ANYBODY, now=_NOW).state
        allowed = True
    except LimitExceeded:
        allowed = False
    row = limits.row(usage, "units", limits=plan, now=_NOW)
    return {"allowed": allowed, "used": row.used, "over": row.over}


def _grant(
    zone: str,
    /,
    *,
    id: str,  # noqa: A002 - a field
    amount: int,
    effective: str,
    priority: int = 0,
    expires: str | None = None,
    voided: str | None = None,
    balance: int | None = None,
    every: str | None = None,
    anchor: str | None = None,
    rollover: Sequence[int] = (0, 0),
) -> tuple[Grant, int | None]:
    if (every is None) is not (anchor is None):
        raise NotUnderstood("a grant has both 'every' and 'anchor', or neither")
    least, most = rollover
    grant = Grant(
        id=id,
        amount=amount,
        priority=priority,
        effective=instant(effective, "effective"),
        expires=None if expires is None else instant(expires, "expires"),
        voided=None if voided is None else instant(voided, "voided"),
        recurrence=None
        if every is None or anchor is None
        else Cycle(instant(anchor, "anchor"), Duration.parse(every), zone),
        rollover=Rollover(least=least, most=most),
    )
    return grant, balance


def _record(*, at: str, amount: int) -> UsageRecord:
    return UsageRecord(instant(at, "at of a record"), amount)


def burned_down(
    *,
    from_: str,
    until: str,
    grants: Sequence[Mapping[str, Any]],
    usage: Sequence[Mapping[str, Any]],
    overage: int = 0,
    used: int = 0,
    resets: Sequence[str] = (),
    keep_overage: bool = False,
    zone: str = "UTC",
) -> Answer:
    """What is left of each grant."""
    known = [call(_grant, one, "a grant", zone) for one in grants]
    start = balances_at(
        [grant for grant, _ in known],
        instant(from_, "from"),
        balances={grant.id: balance for grant, balance in known if balance is not None},
        overage=overage,
        used=used,
    )
    end = burn_down(
        start,
        [call(_record, one, "a record of usage") for one in usage],
        until=instant(until, "until"),
        resets=[instant(at, "reset") for at in resets],
        keep_overage=keep_overage,
    )
    left = {name: entry.balance for name, entry in end.entries.items()}
    return {"balances": left, "balance": end.available, "overage": end.overage, "usage": end.used}


METERING_KINDS: Final[Mapping[str, Callable[..., Answer]]] = {"limit": limit, "burn_down": burned_down}
"""The kinds of this page."""
