"""The end of a cycle: free licenses above the minimum go, the others are billed for the next one."""

from datetime import datetime
from functools import reduce
from typing import ClassVar

from attrs import frozen

from licensing_core import pools
from licensing_core.checks import as_instant
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor, acting
from licensing_core.errors import LicensingError
from licensing_core.license_cycle.account import AccountEvent, CycleClosed, LicenseAccount, apply
from licensing_core.license_cycle.purchase import quotes_for


@frozen(kw_only=True)
class CycleStillOpen(LicensingError):
    """The cycle has not ended yet."""

    code: ClassVar[str] = "cycle.still_open"
    rules: ClassVar[tuple[str, ...]] = ("WAL-10",)
    ends: datetime

    def __str__(self) -> str:
        return f"the cycle ends at {self.ends.isoformat()}; close it then, or later"


def close_cycle(account: LicenseAccount, *, by: Actor, now: datetime) -> Decision[LicenseAccount, AccountEvent]:
    """End the open cycle: drop what is free above the minimum, and bill what is kept for the next cycle in full.

    Kept is the larger of the contract minimum and what is in use, so a minimum is billed even when fewer are used.
    One cycle a call; orders that wait for their payment stay.

    Raises:
        CycleStillOpen: The cycle has not ended at *now*.

    Source: WAL-10, WAL-11, WAL-13, decision 6.
    """
    if as_instant("now", now) < account.period.end:
        raise CycleStillOpen(ends=account.period.end)
    following = account.cycle.period_after(account.period)
    kept = {name: max(account.types[name].minimum, pool.held) for name, pool in sorted(account.pools.items())}
    closed = CycleClosed(
        account=account.id,
        removed={name: max(0, account.pools[name].bought - number) for name, number in kept.items()},
        kept=kept,
        bills=quotes_for(account, kept, following, following.span),
        period=following,
        by=acting(by),
        at=now,
    )
    resized: list[AccountEvent] = [
        event
        for name, number in kept.items()
        for event in pools.resize(account.pools[name], number, by=by, now=now).events
    ]
    events = [closed, *resized]
    return Decision(reduce(apply, events, account), tuple(events))


can_close_cycle = twin(close_cycle, "WAL-10")
