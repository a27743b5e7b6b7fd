"""The academy as the library has it: its pools and enrollments, and each command through its use case."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import attrs

from licensing_core import enrollments, orders, seat_administration
from licensing_core.decisions import Decision, Event
from licensing_core.directory import Actor, Directory
from licensing_core.enrollments import Enrolled, Enrollment, Enrollments, LivePool, Roster
from licensing_core.errors import LicensingError, Mistake
from licensing_core.holdings import Holding
from licensing_core.orders import Charged, Purchase
from licensing_core.plans import Package, Switches
from licensing_core.pools import AnyPool, LicensePool, ShrinkStage, opened
from licensing_core.seat_administration import Assigned, Rejected, Resized, Transferred, Unassigned
from tests.machines import academy
from tests.machines.academy import CONTENT, COURSES, TEXT
from tests.machines.academy_plain import Academy, Plain, told

HELD, AWAITING = Holding.HELD, Holding.AWAITING
Done = tuple[str, Decision[Any, Any]]
"""What came of a command in words, and its decision."""


@attrs.frozen
class State:
    """The pools by id, and all enrollments."""

    pools: dict[str, AnyPool]
    enrollments: Enrollments

    @classmethod
    def of(cls, bought: dict[str, int]) -> "State":
        """As the opening of each pool left it."""
        pools = {pool: opened(academy.opening(pool, number)) for pool, number in bought.items()}
        return cls(pools, Enrollments())

    def after(self, events: Sequence[Event]) -> "State":
        """This state after *events*: each is applied to the pool that it names, and to the enrollments."""
        pools, them = dict(self.pools), self.enrollments
        for event in events:
            if isinstance(event, Charged):
                continue
            roster = enrollments.apply(Roster(pool=pools[event.pool], enrollments=them), event)  # type: ignore[attr-defined,arg-type]
            pools[roster.pool.id], them = roster.pool, roster.enrollments
        return State(pools, them)


class Surroundings:
    """What surrounds the state, as values of the library made from the plain ones."""

    def __init__(self, plain: Academy) -> None:
        self.now = plain.now
        self.plain = plain
        self.directory: Directory = academy.directory(tuple(plain.branch.items()), frozenset(plain.team))
        self.switches: dict[str, Switches] = {
            pool: academy.switches(one.enforce, one.refund, one.expire, one.overage, one.cap)
            for pool, one in plain.switches.items()
        }
        self.packages: dict[str, Package | None] = {
            pool: academy.package(pool, frozenset(listed)) for pool, listed in plain.listed.items()
        }
        self.actors: dict[str, Actor] = {
            name: academy.actor(name, frozenset(plain.resources_of(name))) for name in (*academy.ACTORS, *academy.USERS)
        }

    def live(self, state: State) -> list[LivePool]:
        return [
            LivePool(pool=pool, package=self.packages[name], switches=self.switches[name])
            for name, pool in state.pools.items()
        ]


# Commands


def assign(state: State, at: Surroundings, *, by: str, pool: str, users: Sequence[str]) -> Done:
    decision = seat_administration.assign(
        at.actors[by], state.pools[pool], users, directory=at.directory, switches=at.switches[pool], now=at.now
    )
    return told("ok", added=decision.state.added, passed_over=decision.state.passed_over), decision


def unassign(state: State, at: Surroundings, *, by: str, pool: str, users: Sequence[str]) -> Done:
    decision = seat_administration.unassign(
        at.actors[by],
        state.pools[pool],
        users,
        enrollments=state.enrollments,
        directory=at.directory,
        switches=at.switches[pool],
        now=at.now,
    )
    return _unassigned(decision)


def _unassigned(decision: Decision[Unassigned, Any]) -> Done:
    found = decision.state
    words = told(
        "ok",
        released=found.released,
        awaiting=found.awaiting,
        passed_over=found.passed_over,
        locked=places(found.locked),
    )
    return words, decision


def confirm(state: State, at: Surroundings, *, by: str, pool: str, users: Sequence[str]) -> Done:
    return _unassigned(
        seat_administration.confirm(at.actors[by], state.pools[pool], users, directory=at.directory, now=at.now)
    )


def reject(state: State, at: Surroundings, *, by: str, pool: str, users: Sequence[str]) -> Done:
    decision = seat_administration.reject(at.actors[by], state.pools[pool], users, directory=at.directory, now=at.now)
    return told("ok", restored=decision.state.restored, passed_over=decision.state.passed_over), decision


def transfer(state: State, at: Surroundings, *, by: str, source: str, target: str, users: Sequence[str]) -> Done:
    decision = seat_administration.transfer(
        at.actors[by],
        state.pools[source],
        state.pools[target],
        users,
        enrollments=state.enrollments,
        package=at.packages[target],
        courses=COURSES,
        directory=at.directory,
        source_switches=at.switches[source],
        target_switches=at.switches[target],
        now=at.now,
    )
    found = decision.state
    words = told(
        "ok",
        moved=found.moved,
        awaiting=found.awaiting,
        passed_over=found.passed_over,
        followed=places(found.followed),
        locked=places(found.locked),
    )
    return words, decision


def resize(state: State, at: Surroundings, *, by: str, pool: str, bought: int, drop: Sequence[str] = ()) -> Done:
    decision = seat_administration.resize(
        at.actors[by],
        state.pools[pool],
        bought,
        drop=drop,
        enrollments=state.enrollments,
        directory=at.directory,
        now=at.now,
    )
    return told("ok", dropped=decision.state.dropped, locked=places(decision.state.locked)), decision


def shrink(
    state: State, at: Surroundings, *, by: str, pool: str, bought: int, idle_hours: int | None, stages: Sequence[str]
) -> Done:
    """The preview of a new size, and then that size with those whom it named."""
    preview = seat_administration.preview_shrink(
        at.actors[by],
        state.pools[pool],
        bought,
        directory=at.directory,
        order=tuple(map(ShrinkStage, stages)),
        last_active=at.plain.seen,
        idle_before=None if idle_hours is None else at.now - timedelta(hours=idle_hours),
        assigned_at=at.plain.pools[pool].since,
    )
    words, decision = resize(state, at, by=by, pool=pool, bought=bought, drop=preview.users)
    named = {stage.value: getattr(preview, stage.value) for stage in ShrinkStage}
    return f"{told('preview', free=preview.free, **named)} {words}", decision


def enroll(
    state: State,
    at: Surroundings,
    *,
    by: str,
    pool: str,
    users: Sequence[str],
    contents: Sequence[str],
    level: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Done:
    decision = seat_administration.enroll(
        at.actors[by],
        _roster(state, pool),
        users,
        [CONTENT[one] for one in contents],
        package=at.packages[pool],
        courses=COURSES,
        directory=at.directory,
        switches=at.switches[pool],
        now=at.now,
        level=level,
        since=since,
        until=until,
    )
    return _enrolled(decision)


def _roster(state: State, pool: str) -> Roster:
    return Roster(pool=state.pools[pool], enrollments=state.enrollments)


def _enrolled(decision: Decision[Enrolled, Any]) -> Done:
    found = decision.state
    words = told(
        "ok", enrolled=places(found.enrolled), skipped=places(found.skipped), to_confirm=places(found.to_confirm)
    )
    return words, decision


def self_enroll(state: State, at: Surroundings, *, by: str, content: str) -> Done:
    return _enrolled(
        enrollments.self_enroll(
            at.actors[by],
            CONTENT[content],
            pools=at.live(state),
            enrollments=state.enrollments,
            courses=COURSES,
            now=at.now,
        )
    )


def unenroll(state: State, at: Surroundings, *, by: str, pool: str, user: str, content: str) -> Done:
    return "ok", seat_administration.unenroll(
        at.actors[by],
        _roster(state, pool),
        user,
        CONTENT[content],
        directory=at.directory,
        switches=at.switches[pool],
        now=at.now,
    )


def confirm_enrollment(state: State, at: Surroundings, *, by: str, pool: str, user: str, content: str) -> Done:
    return "ok", seat_administration.confirm_enrollment(
        at.actors[by], _roster(state, pool), user, CONTENT[content], directory=at.directory, now=at.now
    )


def reject_enrollment(state: State, at: Surroundings, *, by: str, pool: str, user: str, content: str) -> Done:
    return "ok", seat_administration.reject_enrollment(
        at.actors[by], _roster(state, pool), user, CONTENT[content], directory=at.directory, now=at.now
    )


def readmit(
    state: State, at: Surroundings, *, by: str, pool: str, user: str, content: str, until: datetime | None
) -> Done:
    return "ok", seat_administration.readmit(
        at.actors[by], _roster(state, pool), user, CONTENT[content], until, directory=at.directory, now=at.now
    )


def renew(state: State, at: Surroundings, *, by: str, pool: str) -> Done:
    decision = orders.renew(at.actors[by], state.pools[pool], zone="UTC", now=at.now)
    payer = next((event.payer for event in decision.events if isinstance(event, Charged)), None)
    return told("ok", charged=decision.state.charged, payer=payer), decision


# What the library says, in plain words


def refused(error: LicensingError) -> str:
    """The code of a refusal, and its details; a mistake of the caller has none that count."""
    if isinstance(error, Mistake):
        return error.code
    details = {one.name: _plain(getattr(error, one.name)) for one in attrs.fields(type(error))}
    return told(error.code, **details)


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [TEXT.get(one, one) for one in value]
    return TEXT.get(value, value)  # type: ignore[call-overload]


def places(some: Sequence[Enrollment]) -> list[str]:
    return [f"{one.user}/{TEXT[one.content]}" for one in some]


def plain(one: Enrollment) -> Plain:
    return Plain(str(one.pool), one.status.value, one.locked, one.since, one.until, one.level)


def parts_of(state: object) -> tuple[list[AnyPool], Enrollments | None]:
    """The pools in the *state* of a decision, and the enrollments, where it has them."""
    match state:
        case Assigned() | Unassigned() | Rejected() | Resized() | Purchase():
            return [state.pool], None
        case Transferred():
            return [state.source, state.target], None
        case Enrolled():
            return [state.roster.pool], state.roster.enrollments
        case Roster():
            return [state.pool], state.enrollments
    raise TypeError(state)


def row(pool: AnyPool) -> tuple[Any, ...]:
    """All that a pool counts and knows."""
    own = (pool.revoked, dict(pool.holdings)) if isinstance(pool, LicensePool) else (pool.spent,)
    return (pool.bought, pool.consumed, pool.held, pool.expires_at, pool.renewals, *own)


Command = Callable[..., Done]
COMMANDS: dict[str, Command] = {
    command.__name__: command
    for command in (
        assign,
        unassign,
        confirm,
        reject,
        transfer,
        resize,
        shrink,
        enroll,
        self_enroll,
        unenroll,
        confirm_enrollment,
        reject_enrollment,
        readmit,
        renew,
    )
}
