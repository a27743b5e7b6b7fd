"""Why a pool refuses."""

from typing import ClassVar

from attrs import frozen

from licensing_core.errors import LicensingError


@frozen(kw_only=True)
class NotEligible(LicensingError):
    """Users are outside the beneficiary of the pool or, when they are to be enrolled, hold none of its licenses."""

    code: ClassVar[str] = "pool.not_eligible"
    rules: ClassVar[tuple[str, ...]] = ("DOC-29", "DOC-41", "DOC-42")
    pool: str
    users: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"pool {self.pool!r} is not for {len(self.users)} of the users: they are not in its beneficiary, or hold "
            "none of its licenses; choose among its candidates"
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
            f"pool {self.pool!r} is {self.shortfall} short for {self.requested} more; "
            "release some, buy more, or stop enforcing the limit"
        )


@frozen(kw_only=True)
class SeatsExhausted(LicensesExhausted):
    """The pool enforces its limit and has too few seats left."""

    code: ClassVar[str] = "pool.seats_exhausted"
    rules: ClassVar[tuple[str, ...]] = ("DOC-31", "DOC-41")

    def __str__(self) -> str:
        return (
            f"pool {self.pool!r} is {self.shortfall} seats short for {self.requested} more; "
            "enroll fewer, buy more, or stop enforcing the limit"
        )


@frozen(kw_only=True)
class RevocationsExhausted(LicensingError):
    """Power users may take no more licenses away before the pool is renewed."""

    code: ClassVar[str] = "pool.revocations_exhausted"
    rules: ClassVar[tuple[str, ...]] = ("D-16",)
    pool: str
    requested: int
    left: int

    def __str__(self) -> str:
        return (
            f"cannot take {self.requested} licenses of pool {self.pool!r} away: its revocation cap leaves {self.left}; "
            "take fewer, or ask a superadmin"
        )


@frozen(kw_only=True)
class PoolInUse(LicensingError):
    """The pool would have fewer licenses or seats than are consumed.

    Attributes:
        consumed: How many would still be consumed, once those to drop are gone.
    """

    code: ClassVar[str] = "pool.in_use"
    rules: ClassVar[tuple[str, ...]] = ("L1",)
    pool: str
    consumed: int
    asked: int

    def __str__(self) -> str:
        return (
            f"cannot cut pool {self.pool!r} to {self.asked}: {self.consumed} would still be consumed; "
            "release some first, or drop those that a preview names"
        )


@frozen(kw_only=True)
class ConfirmationNotAllowed(LicensingError):
    """Only a superadmin confirms or rejects that licenses are released."""

    code: ClassVar[str] = "pool.confirmation_not_allowed"
    rules: ClassVar[tuple[str, ...]] = ("DOC-35",)
    pool: str

    def __str__(self) -> str:
        return f"only a superadmin confirms or rejects releases of pool {self.pool!r}; ask one"


@frozen(kw_only=True)
class PreviewOutdated(LicensingError):
    """The users to drop are more than must go: something has changed since the preview."""

    code: ClassVar[str] = "pool.preview_outdated"
    rules: ClassVar[tuple[str, ...]] = ("L1",)
    pool: str
    needed: int
    given: int

    def __str__(self) -> str:
        return (
            f"pool {self.pool!r} would drop {self.given} users where {self.needed} must go; preview the new size again"
        )


@frozen(kw_only=True)
class RenewalNotOffered(LicensingError):
    """The plan through which the pool was bought is not renewed, or the pool never expires."""

    code: ClassVar[str] = "renewal.not_offered"
    rules: ClassVar[tuple[str, ...]] = ("DOC-53",)
    pool: str

    def __str__(self) -> str:
        return f"pool {self.pool!r} is not renewed; buy again instead"
