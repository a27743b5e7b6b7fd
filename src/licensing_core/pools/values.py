"""A pool as a value: its counters, and in a pool of licenses its holdings.

Law of the counters (L1): consumed = held + awaiting confirmation, of a pool of seats consumed = held + spent;
free = max(0, bought - consumed), overrun = max(0, consumed - bought).
"""

from datetime import datetime
from typing import ClassVar

from attrs import field, frozen

from licensing_core.checks import Count, Id, Instant, InvalidArgument, Value, as_instant, checked
from licensing_core.directory import Scope
from licensing_core.holdings import NO_HOLDINGS, Holding, Holdings
from licensing_core.limits import Unlimited
from licensing_core.plans import PackageKind, Switches, Terms


def _no_more_than_consumed(pool: "Pool", _attribute: object, held: int) -> None:
    if held > pool.consumed:
        raise InvalidArgument(parameter="held", expected=f"at most consumed, {pool.consumed}", got=str(held))


@frozen(kw_only=True, field_transformer=checked)
class Pool(Value):
    """What the pools of licenses and of seats have in common.

    Attributes:
        beneficiary: Who may be given one (DOC-12, DOC-29).
        bought: How many there are; in the products' tables `total`.
        consumed: How many of them are used up; in the products' tables `assigned`.
        held: Licenses held, or enrollments that hold a seat, expired or not; in the tables `associated`.
        expires_at: The first instant at which the pool is no longer in force; `None` for never.
        terms: What the sale pinned; `None` for a pool that was not sold through a plan.
        suspended: It opens nothing until what pays for it does so again.
    """

    kind: ClassVar[PackageKind]

    id: Id
    beneficiary: Scope
    bought: Count
    consumed: Count = 0
    held: Count = field(default=0, validator=_no_more_than_consumed)
    expires_at: Instant | None = None
    renewals: Count = 0
    terms: Terms | None = None
    suspended: bool = False

    @property
    def free(self) -> int:
        """How many are left: never below zero."""
        return max(0, self.bought - self.consumed)

    @property
    def overrun(self) -> int:
        """How many were consumed beyond those bought, while the limit was not enforced (DOC-32)."""
        return max(0, self.consumed - self.bought)

    def in_force(self, now: datetime) -> bool:
        """Whether the pool is not suspended, and has not expired at *now*."""
        at = as_instant("now", now)
        return not self.suspended and (self.expires_at is None or at < self.expires_at)

    def shortfall(self, needed: int, switches: Switches) -> int:
        """How many are missing for *needed* more, as *switches* have it: 0 or less when they fit (DOC-31, DOC-32)."""
        ceiling = switches.ceiling(self.bought)
        return 0 if isinstance(ceiling, Unlimited) else self.consumed + needed - ceiling


def _as_counted(pool: "LicensePool", _attribute: object, holdings: Holdings) -> None:
    """The counters are those of the holdings when all are loaded, and no fewer when some are (L1)."""
    held, awaiting = holdings.count(Holding.HELD), holdings.count(Holding.AWAITING)
    if held > pool.held or awaiting > pool.awaiting or (holdings.loaded is None and held + awaiting != pool.consumed):
        raise InvalidArgument(
            parameter="holdings",
            expected="as many as the pool has held and awaiting",
            got=f"{held} held, {awaiting} awaiting",
        )


@frozen(kw_only=True, field_transformer=checked)
class LicensePool(Pool):
    """Licenses, one for each user who holds one; each opens the whole package (DOC-3, DOC-4).

    Attributes:
        holdings: Who holds one, or those of some users only.
        revoked: How many of them power users have taken away since the purchase or the last renewal.
    """

    kind: ClassVar[PackageKind] = PackageKind.LICENSES

    revoked: Count = 0

    holdings: Holdings = field(default=NO_HOLDINGS, validator=_as_counted)

    @property
    def awaiting(self) -> int:
        """How many were unassigned and await a superadmin's confirmation."""
        return self.consumed - self.held

    def holds(self, user: str) -> bool:
        """Whether *user* holds a license, expired or not; raises `HoldingsNotLoaded` when that was not looked up."""
        return self.holdings.get(user) is Holding.HELD

    def users(self, holding: Holding) -> tuple[str, ...]:
        """The loaded users whose license is in the state *holding*, sorted."""
        return self.holdings.users(holding)

    def require_whole(self) -> None:
        """See to it that all of the holdings are loaded.

        Raises:
            InvalidArgument: Some are not.
        """
        if self.holdings.loaded is not None:
            raise InvalidArgument(parameter="pool", expected="a pool with all of its holdings", got="a part of them")


@frozen(kw_only=True, field_transformer=checked)
class SeatPool(Pool):
    """Seats, one for each enrollment of a user in a course (DOC-5)."""

    kind: ClassVar[PackageKind] = PackageKind.SEATS

    @property
    def spent(self) -> int:
        """Seats used by enrollments that are gone."""
        return self.consumed - self.held


AnyPool = LicensePool | SeatPool
