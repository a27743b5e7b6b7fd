"""Why nobody is enrolled, or why an enrollment may not be entered."""

from datetime import datetime
from typing import ClassVar

from attrs import frozen

from licensing_core.directory import Content
from licensing_core.errors import LicensingError, Mistake


@frozen(kw_only=True)
class NotEnrolled(LicensingError):
    """There is no such enrollment, or none that the actor sees or that came through this pool."""

    code: ClassVar[str] = "enrollment.none"
    rules: ClassVar[tuple[str, ...]] = ("DOC-39", "DOC-47", "D-12")
    content: Content

    def __str__(self) -> str:
        return f"there is no such enrollment in {self.content}; look at who is enrolled, and how"


@frozen(kw_only=True)
class AlreadyEnrolled(LicensingError):
    """The user is enrolled already."""

    code: ClassVar[str] = "enrollment.exists"
    rules: ClassVar[tuple[str, ...]] = ("DOC-28",)
    content: Content

    def __str__(self) -> str:
        return f"this user is enrolled in {self.content} already; see how that enrollment stands"


@frozen(kw_only=True)
class EnrollmentToConfirm(LicensingError):
    """The enrollment waits to be confirmed."""

    code: ClassVar[str] = "enrollment.to_confirm"
    rules: ClassVar[tuple[str, ...]] = ("DOC-47",)
    content: Content

    def __str__(self) -> str:
        return f"the enrollment in {self.content} waits to be confirmed; ask somebody who may activate enrollments"


@frozen(kw_only=True)
class AlreadyConfirmed(LicensingError):
    """The enrollment was confirmed, so it can no longer be rejected."""

    code: ClassVar[str] = "enrollment.confirmed"
    rules: ClassVar[tuple[str, ...]] = ("D-1",)
    content: Content

    def __str__(self) -> str:
        return f"the enrollment in {self.content} is confirmed and cannot be rejected; unenroll the user instead"


@frozen(kw_only=True)
class EnrollmentLocked(LicensingError):
    """The license that the enrollment came through was taken away."""

    code: ClassVar[str] = "enrollment.locked"
    rules: ClassVar[tuple[str, ...]] = ("DOC-38",)
    content: Content

    def __str__(self) -> str:
        return f"the enrollment in {self.content} is locked since its license was taken away; readmit the user"


@frozen(kw_only=True)
class EnrollmentNotStarted(LicensingError):
    """The enrollment is valid from a later instant."""

    code: ClassVar[str] = "enrollment.not_started"
    rules: ClassVar[tuple[str, ...]] = ("DOC-44",)
    content: Content
    since: datetime

    def __str__(self) -> str:
        return f"the enrollment in {self.content} is valid from {self.since.isoformat()}; wait until then"


@frozen(kw_only=True)
class EnrollmentEnded(LicensingError):
    """The validity of the enrollment has ended."""

    code: ClassVar[str] = "enrollment.ended"
    rules: ClassVar[tuple[str, ...]] = ("DOC-44",)
    content: Content
    until: datetime

    def __str__(self) -> str:
        return f"the enrollment in {self.content} ended at {self.until.isoformat()}; move its end to readmit the user"


@frozen(kw_only=True)
class SubscriptionExpired(LicensingError):
    """The pool that the enrollment came through has expired, and no other license in force covers the content."""

    code: ClassVar[str] = "subscription.expired"
    rules: ClassVar[tuple[str, ...]] = ("DOC-52", "D-10")
    pool: str
    expired_at: datetime

    def __str__(self) -> str:
        return f"the subscription of pool {self.pool!r} expired at {self.expired_at.isoformat()}; renew it"


@frozen(kw_only=True)
class PoolIsSuspended(LicensingError):
    """The pool that the enrollment came through is suspended, and no other license in force covers the content."""

    code: ClassVar[str] = "subscription.suspended"
    rules: ClassVar[tuple[str, ...]] = ("LAT-1", "D-10")
    pool: str

    def __str__(self) -> str:
        return f"the subscription of pool {self.pool!r} is suspended; pay what is due for it"


@frozen(kw_only=True)
class NoLicense(LicensingError):
    """No license in force covers the content."""

    code: ClassVar[str] = "license.none"
    rules: ClassVar[tuple[str, ...]] = ("DOC-28",)
    content: Content

    def __str__(self) -> str:
        return f"no license in force covers {self.content}; buy or be assigned one"


@frozen(kw_only=True)
class PoolNotLoaded(Mistake):
    """An answer needs the pool that an enrollment came through, and it was not given."""

    code: ClassVar[str] = "pool.not_loaded"
    pool: str

    def __str__(self) -> str:
        return f"pool {self.pool!r} was not given, through which an enrollment came; load it, and ask again"
