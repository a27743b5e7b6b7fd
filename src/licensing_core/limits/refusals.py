"""Why something may not be used, released or switched to."""

from collections.abc import Mapping
from typing import ClassVar

from attrs import frozen

from licensing_core.errors import LicensingError


@frozen(kw_only=True)
class UnknownLimit(LicensingError):
    """The plan has no such limit, and so lets nothing be used of it."""

    code: ClassVar[str] = "limit.unknown"
    rules: ClassVar[tuple[str, ...]] = ("ALU-2", "ALU-3", "PLZ-11")
    limit: str

    def __str__(self) -> str:
        return f"the plan has no limit {self.limit!r}; look at the rows of the usage for those it has"


@frozen(kw_only=True)
class PlaceRequired(LicensingError):
    """The limit counts within another, so it takes the id of the unit in which it is used."""

    code: ClassVar[str] = "limit.within_required"
    rules: ClassVar[tuple[str, ...]] = ("PLZ-11",)
    limit: str
    per: str

    def __str__(self) -> str:
        return f"{self.limit!r} counts within each of {self.per!r}; name the one that is meant"


@frozen(kw_only=True)
class LimitExceeded(LicensingError):
    """More would be used than the plan lets be used, overage included.

    Attributes:
        limit: The one that would be passed: the one asked for, or one of which it is part.
        used: What is used of it now.
        most: What is included.
        shortfall: By how much it would be passed.
    """

    code: ClassVar[str] = "limit.exceeded"
    rules: ClassVar[tuple[str, ...]] = ("ALU-2", "ALU-3", "PLZ-11", "D-3", "D-9")
    limit: str
    within: str | None
    used: int
    most: int
    shortfall: int

    def __str__(self) -> str:
        return (
            f"limit {self.limit!r}: {self.used} of {self.most} used, {self.shortfall} short; "
            "release some, or change to a larger plan"
        )


@frozen(kw_only=True)
class UsageBelowZero(LicensingError):
    """More would be released than is used."""

    code: ClassVar[str] = "limit.below_zero"
    rules: ClassVar[tuple[str, ...]] = ("ALU-2",)
    limit: str
    within: str | None
    used: int
    amount: int

    def __str__(self) -> str:
        return f"limit {self.limit!r}: {self.amount} cannot be released, for {self.used} are used"


@frozen(kw_only=True)
class UnknownPlan(LicensingError):
    """There is no such plan."""

    code: ClassVar[str] = "plan.unknown"
    rules: ClassVar[tuple[str, ...]] = ("ALU-5", "PLZ-6")
    plan: str

    def __str__(self) -> str:
        return f"there is no plan {self.plan!r}; name one that is defined"


@frozen(kw_only=True)
class PlanTooSmall(LicensingError):
    """More is used than the other plan lets be used.

    Attributes:
        exceeds: By limit how much more, in all or by place.
    """

    code: ClassVar[str] = "plan_change.exceeds"
    rules: ClassVar[tuple[str, ...]] = ("ALU-5", "D-3")
    plan: str
    exceeds: Mapping[str, int | Mapping[str, int]]

    def __str__(self) -> str:
        return (
            f"plan {self.plan!r} is too small in {', '.join(sorted(self.exceeds))}; "
            "release what is too much, or accept the excess, which stays and stops further use"
        )
