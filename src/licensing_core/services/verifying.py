"""Use cases of checking what is stored against its history, and of reading what was stored at an earlier instant."""

import inspect
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar

import attrs
from attrs import frozen

from licensing_core.accounts import CustomerAccount
from licensing_core.checks import Count, FrozenMap, Id, Instant, UserId, Value, checked
from licensing_core.credits import CreditAccount
from licensing_core.directory import Permission
from licensing_core.enrollments import Enrollment, Enrollments
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.license_cycle import LicenseAccount
from licensing_core.limits import Usage
from licensing_core.pools import LicensePool, SeatPool
from licensing_core.protocols import (
    MOST_OF_PAGE,
    Aggregate,
    AggregateKind,
    BrokenHistory,
    Page,
    Stored,
    StoreUnavailable,
    VersionConflict,
    kind_of,
)
from licensing_core.services.comparing import Fault, Finding, Led, compared, name_of, naming, open_parts
from licensing_core.services.engine import Ports, Query, UseCase, ask
from licensing_core.services.loading import actor_of
from licensing_core.services.paging import PagedQuery
from licensing_core.services.replay import events_until, replay_whole

T = TypeVar("T")
_UNUSABLE: Final = (LicensingError, ValueError, LookupError)
"""What is raised of stored text that is no value."""


@frozen(kw_only=True, field_transformer=checked)
class Findings(Value):
    """What is wrong with some aggregates; nothing, when there are no *findings*.

    Attributes:
        verified: How many aggregates were looked at.
        next: The id to ask for more after; `None` where there are no more.
    """

    findings: tuple[Finding, ...]
    verified: Count
    next: Id | None = None


@frozen(kw_only=True, field_transformer=checked)
class Verify(PagedQuery[Findings]):
    """See whether the histories of aggregates lead to what is stored of them, every counter and part of it (L7).

    It looks at *most* aggregates of a *kind* that come *after* an id, and takes a superadmin, or the permission
    `accounts.manage`. What is wrong is answered with, and not raised. Of `AggregateKind.LICENSES` the enrollments are
    looked at, too: all of the tenant are read for each page, so ask for large ones.
    """

    actor: UserId
    kind: AggregateKind

    def steps(self, now: datetime) -> UseCase[Findings]:
        """Load each aggregate whole, replay its history, and compare."""
        actor = yield from actor_of(self, self.actor)
        actor.require(Permission.ACCOUNTS_MANAGE)
        ids = yield from ask(lambda ports: ports.work.stored(self.tenant, self.kind, self.page))
        following = ids[-1] if len(ids) == self.most else None
        findings: list[Finding] = []
        placed: Mapping[str, Sequence[Enrollment]] | None = {}
        if self.kind is AggregateKind.LICENSES:
            everybody = yield from _tried(lambda ports: ports.work.enrollments(self.tenant, None))
            placed = None if isinstance(everybody, Exception) else _by_pool(everybody)
        if placed is not None:
            findings += self._without_pool(placed.keys() - set(ids), following, placed)
        for name in ids:
            findings += yield from self._verified(name, None if placed is None else placed.get(name, ()))
        return Findings(findings=tuple(sorted(findings, key=_place)), verified=len(ids), next=following)

    def _without_pool(
        self, pools: AbstractSet[str], upto: str | None, placed: Mapping[str, Sequence[Enrollment]]
    ) -> Iterator[Finding]:
        """The enrollments of pools that are not stored, and whose ids would be on this page."""
        for pool in pools:
            if pool and (self.after is None or pool > self.after) and (upto is None or pool <= upto):
                about = Finding(kind=self.kind, aggregate=pool, fault=Fault.OWNER_MISSING)
                yield naming(about, list(map(name_of, placed[pool])))

    def _verified(self, name: str, placed: Sequence[Enrollment] | None) -> UseCase[Sequence[Finding]]:
        about = Finding(kind=self.kind, aggregate=name, fault=Fault.UNREADABLE)
        led = yield from self._led(name)
        stored = yield from _tried(partial(_load, self.tenant, self.kind, name, None))
        beside: Stored[Aggregate] | Exception | None = None
        if self.kind is AggregateKind.LICENSES:  # of which an account is one, too, and no id is of both
            beside = yield from _tried(partial(_load, self.tenant, None, name, None))
            stored, beside = (beside, None) if stored is None else (stored, beside)
        version = stored.version if isinstance(stored, Stored) else 0
        if isinstance(led, BrokenHistory):
            return [attrs.evolve(about, fault=Fault.HISTORY_BROKEN, sequence=led.sequence, version=version)]
        if isinstance(led, Exception):
            return [attrs.evolve(about, version=version, names=("history",))]
        if isinstance(stored, Stored):
            strangers = (yield from self._holders(name)) if isinstance(stored.state, SeatPool) else {}
            if strangers is None:
                return [attrs.evolve(about, sequence=led.sequence, version=version, names=("holdings",))]
            found = list(compared(about, stored, led, placed, strangers or None))
            if beside is not None:
                told = attrs.evolve(about, fault=Fault.PART_UNFOUNDED, sequence=led.sequence, version=version)
                found.append(attrs.evolve(told, names=("account",)))
            hidden = () if found else (yield from self._hidden(led.state))
            shut = attrs.evolve(about, fault=Fault.PART_HIDDEN, sequence=led.sequence)
            return [naming(shut, hidden)] if hidden else found
        stored, held = yield from self._in_part(led.state)
        found = list(compared(about, stored, led, placed, held)) if isinstance(stored, Stored) else []
        return found or [attrs.evolve(about, sequence=led.sequence, names=("state",))]

    def _hidden(self, led: Aggregate) -> UseCase[Sequence[str]]:
        """The parts that are open and are not loaded with the aggregate when none is named, as they must be."""
        if not isinstance(led, CreditAccount | CustomerAccount):
            return ()
        loaded = yield from _tried(partial(_load, self.tenant, _of_kind(led), led.id, frozenset()))
        state = loaded.state if isinstance(loaded, Stored) else None
        there = open_parts(state) if isinstance(state, CreditAccount | CustomerAccount) else frozenset()
        return sorted(open_parts(led) - there)

    def _led(self, name: str) -> UseCase[Led | Exception]:
        """What the history led to, or what is wrong with it."""
        history = yield from _tried(lambda ports: ports.work.history(self.tenant, self.kind, name))
        if isinstance(history, Exception):
            return history
        try:
            return Led(*replay_whole(history), len(history))
        except _UNUSABLE as error:
            return error

    def _in_part(
        self, led: Aggregate
    ) -> UseCase[tuple[Stored[Aggregate] | Exception | None, Mapping[str, Holding] | None]]:
        """What is stored, but as if not all were loaded: where counters and parts do not fit one another, each is told.

        With the parts that the events *led* to, if these can be told; and, of a pool, what all of its holders have.
        """
        held: dict[str, Holding] | None = None
        if isinstance(led, LicensePool):
            held = yield from self._holders(led.id)
            if held is None:
                return None, None
        stored: Stored[Aggregate] | Exception | None = None
        for names in (frozenset[str](),) if held is not None else (_parts_of(led), frozenset[str]()):
            stored = yield from _tried(partial(_load, self.tenant, _of_kind(led), led.id, names))
            if isinstance(stored, Stored):
                break
        return stored, held

    def _holders(self, pool: str) -> UseCase[dict[str, Holding] | None]:
        """What all holders have; `None` when that cannot be read."""
        found: dict[str, Holding] = {}
        while True:
            page = Page(max(found, default=None), MOST_OF_PAGE)
            held = yield from _tried(partial(_held, self.tenant, pool, page))
            if isinstance(held, Exception):
                return None
            found.update(held)
            if len(held) < MOST_OF_PAGE:
                return found


@frozen(kw_only=True, field_transformer=checked)
class AsOf(Value):
    """What an aggregate was at an instant; it lives for one call only, and is not stored.

    Attributes:
        state: `None` when nothing had happened.
        enrollments: Those through it, of a purchased pool.
        sequence: The number of the last event that had happened.
    """

    state: Aggregate | None
    enrollments: Enrollments
    sequence: Count


@frozen(kw_only=True, field_transformer=checked)
class ReadAsOf(Query[AsOf]):
    """What *aggregate* was at *at*, as `replay_until()` says; for a superadmin, or with `accounts.manage` (L7).

    Whether there is such an aggregate by now or not, what had not begun is answered with alike. Raises `BrokenHistory`
    when its history is not whole.
    """

    actor: UserId
    kind: AggregateKind
    aggregate: Id
    at: Instant

    def steps(self, now: datetime) -> UseCase[AsOf]:
        """Read the history, and replay its beginning."""
        actor = yield from actor_of(self, self.actor)
        actor.require(Permission.ACCOUNTS_MANAGE)
        history = yield from ask(lambda ports: ports.work.history(self.tenant, self.kind, self.aggregate))
        happened = events_until(history, self.at)
        if not happened:
            return AsOf(state=None, enrollments=Enrollments(), sequence=0)
        state, enrollments = replay_whole(happened)
        return AsOf(state=state, enrollments=enrollments, sequence=len(happened))


def _of_kind(led: Aggregate) -> AggregateKind | None:
    """By what it is loaded: its kind; `None` for a license account, which shares that of purchased pools."""
    return None if isinstance(led, LicenseAccount) else kind_of(led)


def _load(
    tenant: str, kind: AggregateKind | None, name: str, parts: AbstractSet[str] | None, ports: Ports
) -> Stored[Aggregate] | None:
    """The aggregate with the parts of these ids (`None`: all)."""
    return _LOADED[kind](ports.work, tenant, name, parts)


_LOADED: Final[Mapping[AggregateKind | None, Callable[..., Stored[Aggregate] | None]]] = FrozenMap(
    {
        None: lambda work, tenant, name, parts: work.account(tenant, name, parts),
        AggregateKind.LICENSES: lambda work, tenant, name, parts: work.pool(tenant, name, parts),
        AggregateKind.USAGE: lambda work, tenant, name, parts: work.usage(tenant, name, parts),
        AggregateKind.CREDITS: lambda work, tenant, name, parts: work.credits(tenant, name, parts),
        AggregateKind.CUSTOMERS: lambda work, tenant, name, parts: work.customer(tenant, name, parts, parts),
        AggregateKind.NUMBERS: lambda work, tenant, _name, _parts: work.numbers(tenant),
        AggregateKind.PAYMENTS: lambda work, tenant, name, _parts: work.payment(tenant, name),
    }
)


def _parts_of(led: Aggregate) -> frozenset[str]:
    """The ids of what is loaded in part."""
    if isinstance(led, LicenseAccount):
        return frozenset(user for pool in led.pools.values() for user in pool.holdings)
    if isinstance(led, Usage):
        return frozenset(led.places)
    if isinstance(led, CreditAccount):
        return frozenset(led.balances.entries) | frozenset(led.orders)
    if isinstance(led, CustomerAccount):
        return frozenset(led.bills) | frozenset(led.people)
    return frozenset()


def _held(tenant: str, pool: str, page: Page, ports: Ports) -> Mapping[str, Holding]:
    return ports.work.holders(tenant, pool, page)


def _tried(question: Callable[[Ports], T]) -> UseCase[T | Exception]:
    """The answer to *question*, or what kept it from being made of what is stored; for `yield from`."""
    answer: T | Exception = yield partial(_answered, question)
    return answer


def _answered(question: Callable[[Ports], Any], ports: Ports) -> Any:
    try:
        answer = question(ports)
    except _UNUSABLE as error:
        return _about_what_is_stored(error)
    return _awaited(answer) if inspect.isawaitable(answer) else answer


async def _awaited(answer: Awaitable[Any]) -> Any:
    try:
        return await answer
    except _UNUSABLE as error:
        return _about_what_is_stored(error)


def _about_what_is_stored(error: Exception) -> Exception:
    """*error*, which is raised where the store itself could not be asked."""
    if isinstance(error, StoreUnavailable | VersionConflict):
        raise error
    return error


def _by_pool(enrollments: Enrollments) -> Mapping[str, Sequence[Enrollment]]:
    """The enrollments by the pool that they came through."""
    found: defaultdict[str, list[Enrollment]] = defaultdict(list)
    for one in enrollments.values():
        found[one.pool or ""].append(one)
    return found


def _place(finding: Finding) -> tuple[str, str]:
    return finding.aggregate, finding.fault
