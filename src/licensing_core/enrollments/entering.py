"""What somebody may open, and why not: subscribed, may enroll, may enter."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from attrs import frozen

from licensing_core.checks import UserId, Value, as_id, as_instant, checked, instance
from licensing_core.decisions import Verdict
from licensing_core.directory import Content
from licensing_core.enrollments.refusals import (
    EnrollmentEnded,
    EnrollmentLocked,
    EnrollmentNotStarted,
    EnrollmentToConfirm,
    NotEnrolled,
    PoolIsSuspended,
    PoolNotLoaded,
    SubscriptionExpired,
)
from licensing_core.enrollments.values import Enrollment, Enrollments, EnrollmentStatus
from licensing_core.plans import Package, Switches
from licensing_core.pools import AnyPool, LicensePool

_as_content: Final = instance(Content)
_LAST: Final = datetime.max.replace(tzinfo=UTC)


@frozen(field_transformer=checked)
class LivePool(Value):
    """A pool with what is read live from its plan (decision 15).

    Attributes:
        package: What it opens now; `None` when there is no such plan any more, and so nothing.
    """

    pool: AnyPool
    package: Package | None
    switches: Switches

    def covers(self, user: UserId, content: Content, now: datetime) -> bool:
        """Whether *user* holds a license of it that is in force at *now* and whose package lists *content*.

        Raises:
            HoldingsNotLoaded: It was not looked up whether the user holds one.
        """
        return (
            isinstance(self.pool, LicensePool)
            and self.package is not None
            and self.package.lists(content)
            and self.pool.holds(user)
            and self.pool.in_force(now)
        )


def expiring_last(pools: Collection[LivePool]) -> LivePool:
    """The one of *pools*, of which there is one at least, that expires last; of equals that of the first id."""
    by_id = sorted(pools, key=lambda live: live.pool.id)
    return max(by_id, key=lambda live: live.pool.expires_at or _LAST)


@frozen(kw_only=True, field_transformer=checked)
class Access(Value):
    """What somebody may do with a content.

    Attributes:
        subscribed: A license in force covers it (DOC-28).
        can_enroll: They are subscribed and not enrolled, so they may enroll themselves.
        entry: Whether they may enter it now, and if not, the first reason.
    """

    subscribed: bool
    can_enroll: bool
    entry: Verdict

    @property
    def can_enter(self) -> bool:
        """Whether they may enter it now."""
        return bool(self.entry)


def access(
    user: UserId, content: Content, *, pools: Collection[LivePool], enrollments: Enrollments, now: datetime
) -> Access:
    """What *user* may do with *content* at *now*.

    Args:
        pools: The pools whose license the user holds, with that holding, and the one that the enrollment came through;
            others do no harm. A license that is left out opens nothing.
        enrollments: All of the user's, or those in *content*.

    Raises:
        PoolNotLoaded: The pool that the enrollment came through is not among *pools*.
        HoldingsNotLoaded: Enrollments of the user, or a holding, were not looked up.

    Source: DOC-28, DOC-37, DOC-38, DOC-52, decision 10.
    """
    at = as_instant("now", now)
    found = enrollments.of(as_id("user", user)).get(_as_content("content", content))
    subscribed = any(live.covers(user, content, at) for live in pools)
    return Access(
        subscribed=subscribed,
        can_enroll=subscribed and found is None,
        entry=_entry(found, content, pools, at, subscribed=subscribed),
    )


def _entry(
    found: Enrollment | None, content: Content, pools: Collection[LivePool], at: datetime, *, subscribed: bool
) -> Verdict:
    """May it be entered? Refusals, in order: as the classes stand below."""
    if found is None:
        return Verdict.refuse(NotEnrolled(content=content))
    if found.status is EnrollmentStatus.TO_CONFIRM:
        return Verdict.refuse(EnrollmentToConfirm(content=content))
    if found.locked:
        return Verdict.refuse(EnrollmentLocked(content=content))
    if found.since is not None and at < found.since:
        return Verdict.refuse(EnrollmentNotStarted(content=content, since=found.since))
    if found.until is not None and at >= found.until:
        return Verdict.refuse(EnrollmentEnded(content=content, until=found.until))
    return _in_force(found, pools, at, subscribed=subscribed)


def _in_force(found: Enrollment, pools: Collection[LivePool], at: datetime, *, subscribed: bool) -> Verdict:
    """Decision 10: another license in force lifts suspension and expiry of the pool that it came through."""
    if found.pool is None:
        return Verdict.allow("D-10")
    source = next((live for live in pools if live.pool.id == found.pool), None)
    if source is None:
        raise PoolNotLoaded(pool=found.pool)
    if source.pool.suspended and not subscribed:
        return Verdict.refuse(PoolIsSuspended(pool=found.pool))
    expiry = source.pool.expires_at
    if expiry is None or at < expiry:
        return Verdict.allow("DOC-28")
    if not source.switches.enforce_expiration:
        return Verdict.allow("DOC-52")
    if subscribed:
        return Verdict.allow("D-10")
    return Verdict.refuse(SubscriptionExpired(pool=found.pool, expired_at=expiry))
