"""Pools of licenses and seats: how many were bought, how many are consumed, and who holds them.

A pool is its counters and its holdings. Each command returns the pool afterwards and at most one event, or refuses;
`apply()` refuses nothing, so `reduce(apply, events, state)` rebuilds the state (L7). Law of the counters (L1):
consumed = held + awaiting confirmation, free = max(0, bought - consumed), overrun = max(0, consumed - bought).
"""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import ClassVar

from attrs import evolve, field, frozen

from licensing_core.checks import (
    MAX_COUNT,
    Count,
    Id,
    Instant,
    InvalidArgument,
    UserId,
    Value,
    as_instant,
    bulk,
    checked,
)
from licensing_core.decisions import Decision, Event, twin
from licensing_core.directory import Actor, Scope, acting
from licensing_core.errors import LicensingError
from licensing_core.holdings import NO_HOLDINGS, Holding, Holdings
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

    @property
    def free(self) -> int:
        """How many are left: never below zero."""
        return max(0, self.bought - self.consumed)

    @property
    def overrun(self) -> int:
        """How many were consumed beyond those bought, while the limit was not enforced (DOC-32)."""
        return max(0, self.consumed - self.bought)

    def in_force(self, now: datetime) -> bool:
        """Whether the pool has not expired at *now*."""
        at = as_instant("now", now)
        return self.expires_at is None or at < self.expires_at

    def shortfall(self, needed: int) -> int:
        """How many are missing for *needed* more: 0 or less when they fit."""
        return self.consumed + needed - self.bought


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
    """Licenses, one for each user who holds one; each opens the whole package (DOC-3, DOC-4)."""

    kind: ClassVar[PackageKind] = PackageKind.LICENSES

    holdings: Holdings = field(default=NO_HOLDINGS, validator=_as_counted)

    @property
    def awaiting(self) -> int:
        """How many were unassigned and await a superadmin's confirmation."""
        return self.consumed - self.held

    def holds(self, user: str) -> bool:
        """Whether *user* holds a license, expired or not; raises `NotLoaded` when that was not looked up."""
        return self.holdings.get(user) is Holding.HELD

    def users(self, holding: Holding) -> tuple[str, ...]:
        """The loaded users whose license is in the state *holding*, sorted."""
        return tuple(sorted(user for user, state in self.holdings.items() if state is holding))


@frozen(kw_only=True, field_transformer=checked)
class SeatPool(Pool):
    """Seats, one for each enrollment of a user in a course (DOC-5)."""

    kind: ClassVar[PackageKind] = PackageKind.SEATS

    @property
    def spent(self) -> int:
        """Seats used by enrollments that are gone."""
        return self.consumed - self.held


AnyPool = LicensePool | SeatPool


@frozen(kw_only=True, field_transformer=checked)
class PoolOpened(Event):
    """A pool came to be, through a purchase or a transaction recorded by hand."""

    type: ClassVar[str] = "pool.opened"
    pool: Id
    kind: PackageKind
    beneficiary: Scope
    bought: Count
    expires_at: Instant | None
    terms: Terms | None


@frozen(kw_only=True, field_transformer=checked)
class LicensesAssigned(Event):
    """Users got a license: the *users* had none, or took back their own that awaited confirmation."""

    type: ClassVar[str] = "pool.licenses_assigned"
    pool: Id
    users: frozenset[UserId]


@frozen(kw_only=True, field_transformer=checked)
class LicensesUnassigned(Event):
    """Users lost their license: those *released* gave it back to the pool, those *awaiting* still use it up."""

    type: ClassVar[str] = "pool.licenses_unassigned"
    pool: Id
    released: frozenset[UserId]
    awaiting: frozenset[UserId]


@frozen(kw_only=True, field_transformer=checked)
class PoolResized(Event):
    """The pool has *bought* licenses or seats from now on."""

    type: ClassVar[str] = "pool.resized"
    pool: Id
    bought: Count


PoolEvent = LicensesAssigned | LicensesUnassigned | PoolResized


@frozen(kw_only=True)
class NotEligible(LicensingError):
    """Users are outside the beneficiary of the pool."""

    code: ClassVar[str] = "pool.not_eligible"
    rules: ClassVar[tuple[str, ...]] = ("DOC-29",)
    pool: str
    users: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"cannot assign from pool {self.pool!r}: {len(self.users)} of the users are not in its beneficiary; "
            "choose among its candidates, or add them to the group or branch"
        )


@frozen(kw_only=True)
class LicensesExhausted(LicensingError):
    """The pool enforces its limit and has too few licenses left."""

    code: ClassVar[str] = "pool.licenses_exhausted"
    rules: ClassVar[tuple[str, ...]] = ("DOC-31",)
    pool: str
    requested: int
    shortfall: int

    def __str__(self) -> str:
        return (
            f"{self.requested} asked of pool {self.pool!r} are {self.shortfall} more than are free; "
            "release some, buy more, or stop enforcing the limit"
        )


@frozen(kw_only=True)
class PoolInUse(LicensingError):
    """The pool would have fewer licenses or seats than are consumed."""

    code: ClassVar[str] = "pool.in_use"
    rules: ClassVar[tuple[str, ...]] = ("L1",)
    pool: str
    consumed: int
    asked: int

    def __str__(self) -> str:
        return f"cannot cut pool {self.pool!r} to {self.asked}: {self.consumed} are consumed; release some first"


@frozen(kw_only=True)
class ConfirmationNotAllowed(LicensingError):
    """Only a superadmin confirms that licenses are released."""

    code: ClassVar[str] = "pool.confirmation_not_allowed"
    rules: ClassVar[tuple[str, ...]] = ("DOC-35",)
    pool: str

    def __str__(self) -> str:
        return f"cannot confirm releases of pool {self.pool!r}: only a superadmin does; ask one"


def opened(event: PoolOpened) -> AnyPool:
    """The pool that *event* opened."""
    kind = LicensePool if event.kind is PackageKind.LICENSES else SeatPool
    return kind(
        id=event.pool,
        beneficiary=event.beneficiary,
        bought=event.bought,
        expires_at=event.expires_at,
        terms=event.terms,
    )


def open_pool(
    pool_id: Id,
    kind: PackageKind,
    *,
    beneficiary: Scope,
    bought: Count,
    by: Actor,
    now: datetime,
    expires_at: datetime | None = None,
    terms: Terms | None = None,
) -> Decision[AnyPool, PoolOpened]:
    """Open a pool of *kind* with *bought* licenses or seats, none of them consumed.

    Raises:
        InvalidArgument: One of the arguments does not have its form.

    Source: DOC-4, DOC-5, DOC-12.
    """
    event = PoolOpened(
        pool=pool_id,
        kind=kind,
        beneficiary=beneficiary,
        bought=bought,
        expires_at=expires_at,
        terms=terms,
        by=acting(by),
        at=now,
    )
    return Decision(opened(event), (event,))


def holding_changes(event: Event) -> dict[str, Holding | None]:
    """The users whose license *event* changed, and its state since; `None` for those who have none any more."""
    if isinstance(event, LicensesAssigned):
        return dict.fromkeys(sorted(event.users), Holding.HELD)
    if isinstance(event, LicensesUnassigned):
        return {**dict.fromkeys(sorted(event.released)), **dict.fromkeys(sorted(event.awaiting), Holding.AWAITING)}
    return {}


def apply(pool: LicensePool, event: PoolEvent) -> LicensePool:
    """*pool* after *event*, which has happened: nothing is refused."""
    if isinstance(event, PoolResized):
        return evolve(pool, bought=event.bought)
    changes = holding_changes(event)
    before, after = [pool.holdings.get(user) for user in changes], changes.values()
    return evolve(
        pool,
        consumed=pool.consumed + _count(after) - _count(before),
        held=pool.held + _count(after, Holding.HELD) - _count(before, Holding.HELD),
        holdings=pool.holdings.with_changes(changes),
    )


def _count(holdings: Iterable[Holding | None], state: Holding | None = None) -> int:
    return sum(1 for holding in holdings if holding is not None and state in (None, holding))


def assign(
    pool: LicensePool,
    users: Collection[UserId],
    *,
    eligible: Collection[UserId],
    switches: Switches,
    by: Actor,
    now: datetime,
) -> Decision[LicensePool, LicensesAssigned]:
    """Give a license of *pool* to each of *users*, or to none of them.

    Args:
        pool: The pool as last saved, with the holdings of at least these users.
        users: Who shall hold a license, 10,000 at most; those who do already are passed over, so a retry is safe.
        eligible: Which of them belong to the pool's beneficiary at *now*.
        switches: The three switches as they stand now; only `enforce_limit` matters here.
        by: Who acts; recorded in the event.
        now: Aware instant of the act; expiry does not stop it (DOC-52).

    Returns:
        The pool afterwards and at most one event, which names the newcomers only.

    Raises:
        NotLoaded: The holdings of one of *users* were not loaded.
        NotEligible: A newcomer is outside the beneficiary (DOC-29). Checked before the limit.
        LicensesExhausted: The pool enforces its limit and is short, by `shortfall` licenses (DOC-31).

    Source: DOC-28 to DOC-33, decision 2.
    """
    wanted = _loaded(pool, users, by, now)
    newcomers = frozenset(user for user in wanted if pool.holdings.get(user) is not Holding.HELD)
    if not newcomers:
        return Decision(pool)
    members = eligible if isinstance(eligible, AbstractSet) else bulk("eligible", eligible, most=MAX_COUNT)
    if outsiders := [user for user in newcomers if user not in members]:
        raise NotEligible(pool=pool.id, users=tuple(sorted(outsiders)))
    needed = sum(1 for user in newcomers if pool.holdings.get(user) is None)
    if switches.enforce_limit and needed and pool.shortfall(needed) > 0:
        raise LicensesExhausted(pool=pool.id, requested=needed, shortfall=pool.shortfall(needed))
    event = LicensesAssigned(pool=pool.id, users=newcomers, by=acting(by), at=now)
    return Decision(apply(pool, event), (event,))


def _loaded(pool: LicensePool, users: Collection[UserId], by: Actor, now: datetime) -> frozenset[str]:
    """The *users* of a command of *by* at *now*, once all that it needs is seen to be there."""
    acting(by)
    as_instant("now", now)
    wanted = bulk("users", users)
    pool.holdings.require(wanted)
    return wanted


def unassign(
    pool: LicensePool, users: Collection[UserId], *, switches: Switches, by: Actor, now: datetime
) -> Decision[LicensePool, LicensesUnassigned]:
    """Take the license from each of *users* who holds one.

    With `allow_refund`, or when a superadmin acts, it goes back to the pool at once. Otherwise it stays consumed and
    awaits confirmation, which a superadmin gives by unassigning the same user (or by `confirm()`). Users without a
    license are passed over.

    Returns:
        The pool afterwards and at most one event.

    Raises:
        NotLoaded: The holdings of one of *users* were not loaded.

    Source: DOC-34 to DOC-37.
    """
    wanted = _loaded(pool, users, by, now)
    holders = frozenset(user for user in wanted if pool.holdings.get(user) is Holding.HELD)
    awaiting = frozenset(user for user in wanted if pool.holdings.get(user) is Holding.AWAITING)
    released = holders if by.is_superadmin or switches.allow_refund else frozenset[str]()
    if by.is_superadmin:
        released |= awaiting
    return _unassigned(pool, released, holders - released, by, now)


def confirm(
    pool: LicensePool, users: Collection[UserId], *, by: Actor, now: datetime
) -> Decision[LicensePool, LicensesUnassigned]:
    """Give back to *pool* the licenses of those of *users* whose release awaits confirmation; pass over the others.

    Raises:
        NotLoaded: The holdings of one of *users* were not loaded.
        ConfirmationNotAllowed: *by* is no superadmin.

    Source: DOC-35.
    """
    wanted = _loaded(pool, users, by, now)
    if not by.is_superadmin:
        raise ConfirmationNotAllowed(pool=pool.id)
    released = frozenset(user for user in wanted if pool.holdings.get(user) is Holding.AWAITING)
    return _unassigned(pool, released, frozenset(), by, now)


def _unassigned(
    pool: LicensePool, released: frozenset[str], awaiting: frozenset[str], by: Actor, now: datetime
) -> Decision[LicensePool, LicensesUnassigned]:
    if not released and not awaiting:
        return Decision(pool)
    event = LicensesUnassigned(pool=pool.id, released=released, awaiting=awaiting, by=acting(by), at=now)
    return Decision(apply(pool, event), (event,))


def resize(pool: LicensePool, bought: Count, *, by: Actor, now: datetime) -> Decision[LicensePool, PoolResized]:
    """Let *pool* have *bought* licenses from now on; only free ones can go.

    Raises:
        PoolInUse: Fewer than are consumed, and fewer than there were.
    """
    event = PoolResized(pool=pool.id, bought=bought, by=acting(by), at=now)
    if bought == pool.bought:
        return Decision(pool)
    if bought < pool.consumed and bought < pool.bought:
        raise PoolInUse(pool=pool.id, consumed=pool.consumed, asked=bought)
    return Decision(apply(pool, event), (event,))


can_assign = twin(assign, "DOC-28")
can_unassign = twin(unassign, "DOC-34")
can_confirm = twin(confirm, "DOC-35")
can_resize = twin(resize, "L1")
