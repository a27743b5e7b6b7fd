"""What happens to a pool, and the pool after it. `apply()` refuses nothing: an event has happened."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeVar, cast

from attrs import evolve, frozen

from licensing_core.checks import MAX_COUNT, Count, FrozenMap, Id, Instant, UserId, checked
from licensing_core.decisions import Event
from licensing_core.directory import Scope
from licensing_core.holdings import Holding, Holdings
from licensing_core.plans import PackageKind, Terms
from licensing_core.pools.values import AnyPool, LicensePool, Pool, SeatPool

_HELD: Final = Holding.HELD  # named once: looking it up takes as long as the rest
P = TypeVar("P", bound=LicensePool | SeatPool)


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
class PoolTakenOver(PoolOpened):
    """A pool came from another system with what was consumed of it there. The base of `enrollments.PoolImported`.

    Attributes:
        holders: In a pool of licenses, whose they are, and the state of each.
        held: How many licenses are held, or seats by enrollments.
        spent: How many seats were used by enrollments that are gone.
    """

    holders: Mapping[UserId, Holding] = FrozenMap({})
    held: Count
    spent: Count
    renewals: Count
    revoked: Count


@frozen(kw_only=True, field_transformer=checked)
class LicensesAssigned(Event):
    """Users got a license: the *users* had none, or took back their own that awaited confirmation.

    Attributes:
        moved_from: The pool from which they were transferred, if they were.
    """

    type: ClassVar[str] = "pool.licenses_assigned"
    pool: Id
    users: frozenset[UserId]
    moved_from: Id | None = None


@frozen(kw_only=True, field_transformer=checked)
class LicensesUnassigned(Event):
    """Users lost their license: those *released* gave it back to the pool, those *awaiting* still use it up.

    Attributes:
        revoked: How many of them count against the revocation cap.
        moved_to: The pool to which they were transferred, if they were.
    """

    type: ClassVar[str] = "pool.licenses_unassigned"
    pool: Id
    released: frozenset[UserId]
    awaiting: frozenset[UserId]
    revoked: Count = 0
    moved_to: Id | None = None


@frozen(kw_only=True, field_transformer=checked)
class ReleasesRejected(Event):
    """A superadmin did not confirm: the *users* hold their license again. That it was taken counts all the same."""

    type: ClassVar[str] = "pool.releases_rejected"
    pool: Id
    users: frozenset[UserId]


@frozen(kw_only=True, field_transformer=checked)
class HolderMerged(Event):
    """Two users were the same person: *into* has the license of *user* now, who has none.

    Attributes:
        holding: Its state since. Where both had a license, one went back to the pool.
    """

    type: ClassVar[str] = "pool.holder_merged"
    pool: Id
    user: UserId
    into: UserId
    holding: Holding


@frozen(kw_only=True, field_transformer=checked)
class PoolResized(Event):
    """The pool has *bought* licenses or seats from now on; the users *dropped* have none any more."""

    type: ClassVar[str] = "pool.resized"
    pool: Id
    bought: Count
    dropped: frozenset[UserId] = frozenset()


@frozen(kw_only=True, field_transformer=checked)
class PoolRenewed(Event):
    """The pool lasts until *expires_at* from now on, and has *bought* licenses or seats."""

    type: ClassVar[str] = "pool.renewed"
    pool: Id
    expires_at: Instant
    bought: Count


@frozen(kw_only=True, field_transformer=checked)
class PoolSuspended(Event):
    """The pool opens nothing any more; what it holds stays held."""

    type: ClassVar[str] = "pool.suspended"
    pool: Id


@frozen(kw_only=True, field_transformer=checked)
class PoolReinstated(Event):
    """The pool opens again what it opens."""

    type: ClassVar[str] = "pool.reinstated"
    pool: Id


PoolEvent = (
    LicensesAssigned
    | LicensesUnassigned
    | ReleasesRejected
    | HolderMerged
    | PoolResized
    | PoolRenewed
    | PoolSuspended
    | PoolReinstated
)


def opened(event: PoolOpened) -> AnyPool:
    """The pool that *event* opened."""
    kind = LicensePool if event.kind is PackageKind.LICENSES else SeatPool
    pool = kind(
        id=event.pool,
        beneficiary=event.beneficiary,
        bought=event.bought,
        expires_at=event.expires_at,
        terms=event.terms,
    )
    return _as_it_was(pool, event) if isinstance(event, PoolTakenOver) else pool


def _as_it_was(pool: AnyPool, event: PoolTakenOver) -> AnyPool:
    """*pool* with what was consumed of it elsewhere."""
    if isinstance(pool, SeatPool):
        return evolve(pool, consumed=event.held + event.spent, held=event.held, renewals=event.renewals)
    return evolve(
        pool,
        consumed=len(event.holders),
        held=event.held,
        renewals=event.renewals,
        revoked=event.revoked,
        holdings=Holdings(event.holders),
    )


def holding_changes(event: Event) -> dict[str, Holding | None]:
    """The users whose license *event* changed, and its state since; `None` for those who have none any more."""
    if isinstance(event, (LicensesAssigned, ReleasesRejected)):
        return dict.fromkeys(sorted(event.users), _HELD)
    if isinstance(event, LicensesUnassigned):
        return {**dict.fromkeys(sorted(event.released)), **dict.fromkeys(sorted(event.awaiting), Holding.AWAITING)}
    if isinstance(event, HolderMerged):
        return {event.user: None, event.into: event.holding}
    if isinstance(event, PoolResized):
        return dict.fromkeys(sorted(event.dropped))
    if isinstance(event, PoolTakenOver):
        return {user: event.holders[user] for user in sorted(event.holders)}
    return {}


def apply(pool: P, event: PoolEvent) -> P:
    """*pool* after *event*, which has happened: nothing is refused."""
    if isinstance(event, PoolSuspended | PoolReinstated):
        return evolve(pool, suspended=isinstance(event, PoolSuspended))
    if isinstance(event, PoolRenewed):
        pool = evolve(pool, expires_at=event.expires_at, bought=event.bought, renewals=pool.renewals + 1)
    if isinstance(event, PoolResized):
        pool = evolve(pool, bought=event.bought)
    return cast("P", _with_holdings(pool, event)) if isinstance(pool, LicensePool) else pool


def _with_holdings(pool: LicensePool, event: PoolEvent) -> LicensePool:
    before = pool.holdings
    after = before.with_changes(holding_changes(event))
    consumed = pool.consumed + len(after) - len(before)
    held = pool.held + after.count(_HELD) - before.count(_HELD)
    revoked = _revoked(pool.revoked, event)
    if consumed > MAX_COUNT or revoked > MAX_COUNT:
        return evolve(pool, consumed=consumed, held=held, revoked=revoked, holdings=after)  # says so
    return _recounted(pool, consumed, held, revoked, after)


# As `money` does for its results: a draft with the very same slots is filled in and then becomes the value.
class _PoolDraft(Pool):
    __slots__ = ("holdings", "revoked")
    __setattr__: Any = object.__setattr__
    __delattr__: Any = object.__delattr__
    __init__: Any = object.__init__


def _recounted(pool: LicensePool, consumed: int, held: int, revoked: int, holdings: Holdings) -> LicensePool:
    """The same pool with these counters and *holdings*, which fit each other as those before did."""
    draft: Any = _PoolDraft()
    draft.id, draft.beneficiary, draft.bought = pool.id, pool.beneficiary, pool.bought
    draft.expires_at, draft.renewals, draft.terms = pool.expires_at, pool.renewals, pool.terms
    draft.suspended = pool.suspended
    draft.consumed, draft.held, draft.revoked = consumed, held, revoked
    draft.holdings = holdings
    draft.__class__ = LicensePool
    recounted: LicensePool = draft
    return recounted


def _revoked(before: int, event: PoolEvent) -> int:
    if isinstance(event, LicensesUnassigned):
        return before + event.revoked
    return 0 if isinstance(event, PoolRenewed) else before
