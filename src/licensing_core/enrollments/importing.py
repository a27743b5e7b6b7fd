"""A pool that comes from another system with its holders, its seats and its enrollments, taken over as one event.

>>> from datetime import UTC
>>> verdict = can_import_pool(
...     "old-7",
...     PackageKind.LICENSES,
...     beneficiary=Scope.group("sales"),
...     bought=1,
...     holders={"ana": Holding.HELD, "luis": Holding.AWAITING},
...     spent=3,
...     switches=Switches(),
...     by=Actor("root"),
...     now=datetime(2026, 11, 16, 12, tzinfo=UTC),
... )
>>> [breach.code for breach in verdict.refusal.breaches]
['argument.invalid', 'pool.licenses_exhausted']
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from attrs import frozen

from licensing_core.checks import (
    MAX_BULK,
    Check,
    Count,
    FrozenMap,
    Id,
    Instant,
    InvalidArgument,
    TooManyItems,
    UserId,
    as_id,
    as_instant,
    check_of,
    instance,
)
from licensing_core.decisions import Decision, ImportRule, brought, twin
from licensing_core.directory import Actor, Scope, ScopeKind, acting
from licensing_core.enrollments.enrolling import MAX_ENROLLMENTS
from licensing_core.enrollments.events import PoolImported, Roster, imported
from licensing_core.enrollments.values import Enrollment, Enrollments, in_order
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.limits import Unlimited
from licensing_core.plans import PackageKind, PlanKind, Switches, Terms
from licensing_core.pools import LicensesExhausted, NotEligible, SeatsExhausted
from licensing_core.visibility import BeneficiaryKind

_NOBODY: Final = Enrollments()
_ONE: Final = (ScopeKind.USER,)
_MANY: Final = (ScopeKind.GROUP, ScopeKind.BRANCH, ScopeKind.TREE)
_as_enrollments: Final = check_of(tuple[Enrollment, ...])


@frozen(kw_only=True)
class _Elsewhere:
    """A pool as it stands elsewhere."""

    pool_id: str
    kind: PackageKind
    beneficiary: Scope
    bought: int
    holders: Mapping[str, Holding]
    spent: int
    enrollments: tuple[Enrollment, ...]
    enrolled: Enrollments
    expires_at: datetime | None
    renewals: int
    revoked: int
    terms: Terms | None
    switches: Switches

    @property
    def of_licenses(self) -> bool:
        """Whether it is a pool of licenses."""
        return self.kind is PackageKind.LICENSES

    @property
    def held(self) -> int:
        """How many licenses are held, or seats by enrollments."""
        if self.of_licenses:
            return sum(state is Holding.HELD for state in self.holders.values())
        return sum(enrollment.takes_a_seat for enrollment in self.enrollments)

    @property
    def consumed(self) -> int:
        """How many licenses or seats are used up."""
        return len(self.holders) if self.of_licenses else self.held + self.spent


def _wrong(parameter: str, expected: str, got: str) -> LicensingError:
    return InvalidArgument(parameter=parameter, expected=expected, got=got)


def _of_the_other_kind(one: _Elsewhere) -> Iterator[LicensingError]:
    """What only the other kind of pool has."""
    if one.of_licenses and one.spent:
        yield _wrong("spent", "0 in a pool of licenses", str(one.spent))
    if not one.of_licenses and one.revoked:
        yield _wrong("revoked", "0 in a pool of seats", str(one.revoked))
    if not one.of_licenses and one.holders:
        yield _wrong("holders", "none in a pool of seats", str(len(one.holders)))


def _as_sold(one: _Elsewhere) -> Iterator[LicensingError]:
    terms = one.terms
    if terms is None:
        return
    if terms.kind.sells is not one.kind:
        yield _wrong("terms", f"of a plan that sells {one.kind.value}", terms.kind.value)
    if one.beneficiary.kind not in (_ONE if terms.kind is PlanKind.SINGLE_LICENSE else _MANY):
        yield BeneficiaryKind(plan=terms.plan, plan_kind=terms.kind, kind=one.beneficiary.kind)


def _few(one: _Elsewhere) -> Iterator[LicensingError]:
    for name, given, most in (
        ("holders", len(one.holders), MAX_BULK),
        ("enrollments", len(one.enrollments), MAX_ENROLLMENTS),
    ):
        if given > most:
            yield TooManyItems(parameter=name, given=given, most=most)


def _for_whom_it_was_bought(one: _Elsewhere) -> Iterator[LicensingError]:
    """What one user is named for, nobody else holds; of a group or branch who has left it keeps what they have."""
    if one.beneficiary.kind is not ScopeKind.USER:
        return
    others = {*one.holders, *(enrollment.user for enrollment in one.enrollments)} - {one.beneficiary.id}
    if others:
        yield NotEligible(pool=one.pool_id, users=tuple(sorted(others)))


def _within_the_limit(one: _Elsewhere) -> Iterator[LicensingError]:
    ceiling = one.switches.ceiling(one.bought)
    if isinstance(ceiling, Unlimited) or one.consumed <= ceiling:
        return
    refusal = LicensesExhausted if one.of_licenses else SeatsExhausted
    yield refusal(pool=one.pool_id, requested=one.consumed, shortfall=one.consumed - ceiling)


def _through_this_pool(one: _Elsewhere) -> Iterator[LicensingError]:
    strays = sum(enrollment.pool != one.pool_id for enrollment in one.enrollments)
    if strays:
        yield _wrong("enrollments", "through this pool", f"{strays} through another, or none")


def _once_each(one: _Elsewhere) -> Iterator[LicensingError]:
    places = Counter((enrollment.user, enrollment.content) for enrollment in one.enrollments)
    twice = sum(count > 1 for count in places.values())
    if twice:
        yield _wrong("enrollments", "one for each user and content", f"more than one for {twice} of them")


def _not_there(one: _Elsewhere) -> Iterator[LicensingError]:
    one.enrolled.require({enrollment.user for enrollment in one.enrollments})
    there = sum(enrollment.content in one.enrolled.of(enrollment.user) for enrollment in one.enrollments)
    if there:
        yield _wrong("enrollments", "none that is there already", f"{there} that are")


def _of_holders(one: _Elsewhere) -> Iterator[LicensingError]:
    """In a pool of licenses who holds none has lost theirs, and is locked out of what came through it (DOC-38)."""
    if not one.of_licenses:
        return
    opened = {enrollment.user for enrollment in one.enrollments if not enrollment.locked}
    if without := {user for user in opened if one.holders.get(user) is not Holding.HELD}:
        yield NotEligible(pool=one.pool_id, users=tuple(sorted(without)))


def _as_tuple(name: str, value: Any) -> tuple[Enrollment, ...]:
    found: tuple[Enrollment, ...] = _as_enrollments(name, tuple(value) if isinstance(value, Collection) else value)
    return found


_FORMS: Final[Mapping[str, Check]] = {
    "pool_id": as_id,
    "kind": instance(PackageKind),
    "beneficiary": instance(Scope),
    "bought": check_of(Count),
    "holders": check_of(Mapping[UserId, Holding]),
    "spent": check_of(Count),
    "enrollments": _as_tuple,
    "enrolled": instance(Enrollments),
    "expires_at": check_of(Instant | None),
    "renewals": check_of(Count),
    "revoked": check_of(Count),
    "terms": check_of(Terms | None),
    "switches": instance(Switches),
}
_CONSUMED: Final = frozenset({"kind", "holders", "spent", "enrollments"})
_RULES: Final = (
    ImportRule(_CONSUMED | {"revoked"}, _of_the_other_kind),
    ImportRule(frozenset({"kind", "terms", "beneficiary"}), _as_sold),
    ImportRule(frozenset({"holders", "enrollments"}), _few),
    ImportRule(frozenset({"pool_id", "beneficiary", "holders", "enrollments"}), _for_whom_it_was_bought),
    ImportRule(_CONSUMED | {"pool_id", "bought", "switches"}, _within_the_limit),
    ImportRule(frozenset({"pool_id", "enrollments"}), _through_this_pool),
    ImportRule(frozenset({"enrollments"}), _once_each),
    ImportRule(frozenset({"enrollments", "enrolled"}), _not_there),
    ImportRule(frozenset({"pool_id", "kind", "holders", "enrollments"}), _of_holders),
)


def import_pool(
    pool_id: Id,
    kind: PackageKind,
    *,
    beneficiary: Scope,
    bought: Count,
    holders: Mapping[UserId, Holding] = FrozenMap({}),
    spent: Count = 0,
    enrollments: Collection[Enrollment] = (),
    enrolled: Enrollments = _NOBODY,
    expires_at: datetime | None = None,
    renewals: Count = 0,
    revoked: Count = 0,
    terms: Terms | None = None,
    switches: Switches,
    by: Actor,
    now: datetime,
) -> Decision[Roster, PoolImported]:
    """Take a pool over from another system, with all that was consumed of it there, as one event.

    Args:
        bought: How many licenses or seats there are.
        holders: In a pool of licenses, whose they are, 10,000 at most; the others are assigned afterwards.
        spent: In a pool of seats, how many were used by enrollments that are gone.
        enrollments: Those that came through this pool, 25,000 at most. Each in a course uses a seat; under a license
            they are of its holders, or locked.
        enrolled: What the users of *enrollments* are enrolled in here already, whichever pool that came through.
        expires_at: When it expires, or did; `None` for never.
        renewals: How often it was renewed.
        revoked: How many licenses power users took away since the purchase or the last renewal.
        terms: What its sale pinned; `None` for a pool that was not sold through a plan.
        switches: As they stand: with the limit enforced no more may be consumed than it allows.

    Returns:
        The pool with all of its holdings, and the enrollments that came through it.

    Raises:
        InvalidArgument: *by* is no actor, or *now* no aware datetime.
        EnrollmentsNotLoaded: It was not looked up what one of the users is enrolled in.
        ImportRefused: Anything else; it names all breaches, those of the forms of arguments included.

    Source: DOC-7, DOC-12, DOC-25, DOC-31, DOC-38, L1.
    """
    at, who = as_instant("now", now), acting(by)
    given = {
        "pool_id": pool_id,
        "kind": kind,
        "beneficiary": beneficiary,
        "bought": bought,
        "holders": holders,
        "spent": spent,
        "enrollments": enrollments,
        "enrolled": enrolled,
        "expires_at": expires_at,
        "renewals": renewals,
        "revoked": revoked,
        "terms": terms,
        "switches": switches,
    }
    one = brought(_Elsewhere, given, _FORMS, _RULES)
    event = PoolImported(
        pool=one.pool_id,
        kind=one.kind,
        beneficiary=one.beneficiary,
        bought=one.bought,
        expires_at=one.expires_at,
        terms=one.terms,
        holders=one.holders,
        held=one.held,
        spent=one.spent,
        renewals=one.renewals,
        revoked=one.revoked,
        enrollments=in_order(one.enrollments),
        by=who,
        at=at,
    )
    return Decision(imported(event), (event,))


can_import_pool = twin(import_pool, "DOC-7")
