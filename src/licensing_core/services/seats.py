"""Use cases of seat administration: hand out what was bought, take it back, move it, and change how much there is."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, ClassVar

from attrs import evolve, frozen

from licensing_core import seat_administration, visibility
from licensing_core.checks import MAX_COUNT, Count, FrozenMap, Id, Instant, UserId, Value, bulk, checked
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor, Content, Directory, Permission
from licensing_core.enrollments import Enrollments, LivePool
from licensing_core.holdings import Holdings
from licensing_core.pools import (
    SHRINK_ORDER,
    AnyPool,
    HolderMerged,
    LicensePool,
    LicensesAssigned,
    Shrinking,
    ShrinkStage,
)
from licensing_core.protocols import AggregateKind, Page, Stored
from licensing_core.seat_administration import Row, Task, Unassigned
from licensing_core.services.engine import Command, Query, UseCase, ask, save
from licensing_core.services.loading import (
    courses_of,
    enrollments_of,
    live,
    save_pool,
    setting,
    stored_pool,
    stored_pools,
)
from licensing_core.services.paging import Looked, PagedQuery, looked_through
from licensing_core.services.purchases import Ids


@frozen(kw_only=True, field_transformer=checked)
class LicensesGiven(Value):
    """The row afterwards, who got a license, and who was passed over because they hold one; sorted."""

    row: Row
    added: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]


@frozen(kw_only=True, field_transformer=checked)
class LicensesTaken(Value):
    """The row afterwards, whose license went back, whose awaits confirmation, and who had none; sorted.

    Attributes:
        locked: How many enrollments were locked with the licenses.
    """

    row: Row
    released: tuple[UserId, ...]
    awaiting: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]
    locked: Count = 0


@frozen(field_transformer=checked)
class Rows(Value):
    """Rows of seat administration, by code; *next* is the one to ask for more after, `None` where there are none."""

    rows: tuple[Row, ...]
    next: Id | None = None


@frozen(kw_only=True, field_transformer=checked)
class LicensesMoved(Value):
    """The rows of both pools after a transfer, who was moved, and what became of their enrollments.

    Attributes:
        followed, locked: How many of them came along, and how many were locked.
        awaiting: Those whose license of the source awaits confirmation.
    """

    source: Row
    target: Row
    moved: tuple[UserId, ...]
    awaiting: tuple[UserId, ...]
    passed_over: tuple[UserId, ...]
    followed: Count
    locked: Count


@frozen(kw_only=True, field_transformer=checked)
class SizeChanged(Value):
    """The row after a new size, who lost a license, sorted, and how many enrollments were locked with it."""

    row: Row
    dropped: tuple[UserId, ...]
    locked: Count


@frozen(kw_only=True, field_transformer=checked)
class AssignLicenses(Command[LicensesGiven]):
    """Give a license of *pool* to each of *users*, or to none; refuses as `seat_administration.assign()` does."""

    rule: ClassVar[str] = "DOC-28"

    pool: Id
    users: frozenset[UserId]

    def steps(self, now: datetime) -> UseCase[LicensesGiven]:
        """Load the holdings of these users, decide, save."""
        actor, directory = yield from setting(self, self.actor)
        stored = yield from stored_pool(self, actor, self.pool, bulk("users", self.users))
        switches = (yield from live(self, stored.state)).switches
        decision = seat_administration.assign(
            actor, stored.state, self.users, directory=directory, switches=switches, now=now
        )
        given = decision.state
        yield from save(self, given.pool, stored.version, decision.events)
        row = seat_administration.row_of(given.pool)
        return LicensesGiven(row=row, added=given.added, passed_over=given.passed_over)


@frozen(kw_only=True, field_transformer=checked)
class UnassignLicenses(Command[LicensesTaken]):
    """Take the license of *pool* from each of *users*, and end the enrollments that came through it.

    Refuses as `seat_administration.unassign()` does.
    """

    rule: ClassVar[str] = "DOC-34"

    pool: Id
    users: frozenset[UserId]

    def steps(self, now: datetime) -> UseCase[LicensesTaken]:
        """Load the holdings and enrollments of these users, decide, save."""
        actor, directory = yield from setting(self, self.actor)
        stored = yield from stored_pool(self, actor, self.pool, bulk("users", self.users))
        switches = (yield from live(self, stored.state)).switches
        theirs = yield from enrollments_of(self, self.users)
        decision = seat_administration.unassign(
            actor, stored.state, self.users, enrollments=theirs, directory=directory, switches=switches, now=now
        )
        return (yield from _taken(self, stored, decision))


@frozen(kw_only=True, field_transformer=checked)
class ConfirmReleases(Command[LicensesTaken]):
    """Confirm that the licenses of *users* go back to *pool*; refuses as `seat_administration.confirm()` does."""

    rule: ClassVar[str] = "DOC-35"

    pool: Id
    users: frozenset[UserId]

    def steps(self, now: datetime) -> UseCase[LicensesTaken]:
        """Load the holdings of these users, decide, save."""
        actor, directory = yield from setting(self, self.actor)
        stored = yield from stored_pool(self, actor, self.pool, bulk("users", self.users))
        decision = seat_administration.confirm(actor, stored.state, self.users, directory=directory, now=now)
        return (yield from _taken(self, stored, decision))


def _taken(
    asked: Command[LicensesTaken], stored: Stored[AnyPool], decision: Decision[Unassigned, Event]
) -> UseCase[LicensesTaken]:
    taken = decision.state
    yield from save(asked, taken.pool, stored.version, decision.events)
    return LicensesTaken(
        row=seat_administration.row_of(taken.pool),
        released=taken.released,
        awaiting=taken.awaiting,
        passed_over=taken.passed_over,
        locked=len(taken.locked),
    )


@frozen(kw_only=True, field_transformer=checked)
class RejectReleases(Command[LicensesGiven]):
    """Let *users*, whose release awaits confirmation, keep their license; refuses as `seat_administration.reject()`."""

    rule: ClassVar[str] = "DOC-35"

    pool: Id
    users: frozenset[UserId]

    def steps(self, now: datetime) -> UseCase[LicensesGiven]:
        """Load the holdings of these users, decide, save."""
        actor, directory = yield from setting(self, self.actor)
        stored = yield from stored_pool(self, actor, self.pool, bulk("users", self.users))
        decision = seat_administration.reject(actor, stored.state, self.users, directory=directory, now=now)
        kept = decision.state
        yield from save(self, kept.pool, stored.version, decision.events)
        row = seat_administration.row_of(kept.pool)
        return LicensesGiven(row=row, added=kept.restored, passed_over=kept.passed_over)


def _listed(enrollments: Enrollments, target: LivePool) -> frozenset[Content]:
    """What of *enrollments* the package of *target* lists."""
    listed = frozenset[Content]() if target.package is None else target.package.contents
    return listed.intersection(content for _, content in enrollments)


@frozen(kw_only=True, field_transformer=checked)
class TransferLicenses(Command[LicensesMoved]):
    """Move each of *users* who holds a license of *pool* to one of *target*; `Licensing.preview()` tries it out.

    Refuses as `seat_administration.transfer()` does.
    """

    rule: ClassVar[str] = "WAL-12"

    pool: Id
    target: Id
    users: frozenset[UserId]

    def steps(self, now: datetime) -> UseCase[LicensesMoved]:
        """Load both pools with the holdings of these users, and their enrollments; decide, save both."""
        actor, directory = yield from setting(self, self.actor)
        users = bulk("users", self.users)
        source, target = yield from stored_pools(self, actor, (self.pool, self.target), users)
        giving, taking = (yield from live(self, source.state)), (yield from live(self, target.state))
        theirs = yield from enrollments_of(self, users)
        decision = seat_administration.transfer(
            actor,
            source.state,
            target.state,
            users,
            enrollments=theirs,
            package=taking.package,
            courses=(yield from courses_of(self, _listed(theirs, taking), most=MAX_COUNT)),
            directory=directory,
            source_switches=giving.switches,
            target_switches=taking.switches,
            now=now,
        )
        moved = decision.state
        yield from save_pool(self, moved.source, source, decision.events)
        yield from save_pool(self, moved.target, target, decision.events)
        return LicensesMoved(
            source=seat_administration.row_of(moved.source),
            target=seat_administration.row_of(moved.target),
            moved=moved.moved,
            awaiting=moved.awaiting,
            passed_over=moved.passed_over,
            followed=len(moved.followed),
            locked=len(moved.locked),
        )


@frozen(kw_only=True, field_transformer=checked)
class PreviewShrink(Query[Shrinking]):
    """Who would lose their license if *pool* had *bought*; refuses as `seat_administration.preview_shrink()` does.

    Who was assigned when is read from the history of the pool; who was active when, the host says.
    """

    actor: UserId
    pool: Id
    bought: Count
    order: tuple[ShrinkStage, ...] = SHRINK_ORDER
    last_active: Mapping[UserId, Instant] = FrozenMap({})
    idle_before: Instant | None = None

    def steps(self, now: datetime) -> UseCase[Shrinking]:
        """See whether the actor may look, and load all holdings and the history."""
        actor, directory = yield from setting(self, self.actor)
        actor.require(Permission.TRANSACTIONS_CREATE)
        pool = (yield from stored_pool(self, actor, self.pool, frozenset())).state
        visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
        pool = (yield from stored_pool(self, actor, self.pool, None)).state
        history = yield from ask(lambda ports: ports.work.history(self.tenant, AggregateKind.LICENSES, self.pool))
        return seat_administration.preview_shrink(
            actor,
            pool,
            self.bought,
            directory=directory,
            order=self.order,
            last_active=self.last_active,
            idle_before=self.idle_before,
            assigned_at=_assigned_at(one.event for one in history),
        )


def _assigned_at(history: Iterable[Event]) -> Mapping[str, datetime]:
    """When each user got a license; who has that of somebody who was merged into them, when that one got it."""
    found: dict[str, datetime] = {}
    for event in history:
        if isinstance(event, LicensesAssigned):
            found.update(dict.fromkeys(event.users, event.at))
        elif isinstance(event, HolderMerged) and event.user in found:
            found.setdefault(event.into, found.pop(event.user))
    return found


@frozen(kw_only=True, field_transformer=checked)
class ResizePool(Command[SizeChanged]):
    """Let *pool* have *bought* licenses or seats, and take those of the users to *drop*, as `PreviewShrink` named them.

    Nothing is charged. Refuses as `seat_administration.resize()` does.
    """

    rule: ClassVar[str] = "DOC-7"

    pool: Id
    bought: Count
    drop: frozenset[UserId] = frozenset()

    @property
    def named(self) -> frozenset[str]:
        """Those to drop."""
        return self.drop

    def narrowed(self, users: frozenset[str], left: int) -> dict[str, Any]:
        """A part drops *users*, and leaves room for those that later parts drop."""
        return {"drop": users, "bought": self.bought + left}

    def steps(self, now: datetime) -> UseCase[SizeChanged]:
        """Load the holdings and enrollments of those to drop, decide, save."""
        actor, directory = yield from setting(self, self.actor)
        actor.require(Permission.TRANSACTIONS_CREATE)
        drop = bulk("drop", self.drop)
        stored = yield from stored_pool(self, actor, self.pool, drop)
        theirs = yield from enrollments_of(self, drop)
        decision = seat_administration.resize(
            actor, stored.state, self.bought, drop=drop, enrollments=theirs, directory=directory, now=now
        )
        resized = decision.state
        yield from save(self, resized.pool, stored.version, decision.events)
        row = seat_administration.row_of(resized.pool)
        return SizeChanged(row=row, dropped=resized.dropped, locked=len(resized.locked))


@frozen(kw_only=True, field_transformer=checked)
class ListPools(PagedQuery[Rows]):
    """The rows of the purchased pools that *actor* manages (DOC-24), *most* of them that come *after* a code.

    Refuses as `visibility.managed()` does.
    """

    actor: UserId

    def steps(self, now: datetime) -> UseCase[Rows]:
        """Load the pools without holdings, and show those in reach."""
        actor, directory = yield from setting(self, self.actor)
        actor.require(Permission.SEATS_MANAGE)
        return Rows(*(yield from looked_through(self.page, partial(self._look, actor, directory))))

    def _look(self, actor: Actor, directory: Directory, page: Page) -> UseCase[Looked[Row]]:
        pools = yield from ask(lambda ports: ports.work.pools(self.tenant, page))
        managed = frozenset(visibility.managed(actor, pools, directory))
        return [(pool.id, seat_administration.row_of(pool) if pool.id in managed else None) for pool in pools]


@frozen(kw_only=True, field_transformer=checked)
class ReadPool(Query[Row]):
    """The row of *pool* for *actor*; refuses as `seat_administration.row()` does."""

    actor: UserId
    pool: Id

    def steps(self, now: datetime) -> UseCase[Row]:
        """Load the pool without holdings, and read its row."""
        actor, directory = yield from setting(self, self.actor)
        stored = yield from stored_pool(self, actor, self.pool, frozenset())
        return seat_administration.row(actor, stored.state, directory)


@frozen(kw_only=True, field_transformer=checked)
class ListCandidates(PagedQuery[Ids]):
    """The users of *pool* to offer for *task*, *most* of them that come *after* an id.

    Refuses as `seat_administration.candidates()` does. What it reads follows the length of the answer, not the pool.
    """

    actor: UserId
    pool: Id
    task: Task = Task.ASSIGN

    def steps(self, now: datetime) -> UseCase[Ids]:
        """See whether the actor may look; then go through those eligible or those who hold, as the task is."""
        actor, directory = yield from setting(self, self.actor)
        pool = (yield from stored_pool(self, actor, self.pool, frozenset())).state
        visibility.can_manage(actor, pool.beneficiary, pool.id, directory).require()
        if self.task is not Task.ASSIGN:  # whatever is to be refused is refused before anybody is looked up
            seat_administration.candidates(actor, pool, directory, self.task)
            if isinstance(pool, LicensePool):
                look = partial(self._holders, actor, pool, directory)
                return Ids(*(yield from looked_through(self.page, look)))
        return Ids(*(yield from looked_through(self.page, partial(self._eligible, actor, pool, directory))))

    def _eligible(self, actor: Actor, pool: AnyPool, directory: Directory, page: Page) -> UseCase[Looked[str]]:
        """The next of those who may be given something, and of them those who hold nothing."""
        users = visibility.eligible(pool.beneficiary, directory, after=page.after, most=page.most)
        if not users or not isinstance(pool, LicensePool):
            return [(user, user) for user in users]
        part = (yield from stored_pool(self, actor, self.pool, frozenset(users))).state
        return [(user, None if isinstance(part, LicensePool) and part.holds(user) else user) for user in users]

    def _holders(self, actor: Actor, pool: LicensePool, directory: Directory, page: Page) -> UseCase[Looked[str]]:
        """The next of those who have something, and of them those whom the task is about."""
        held = yield from ask(lambda ports: ports.work.holders(self.tenant, self.pool, page))
        part = evolve(pool, holdings=Holdings(held, loaded=held.keys()))
        wanted = frozenset(seat_administration.candidates(actor, part, directory, self.task))
        return [(user, user if user in wanted else None) for user in held]
