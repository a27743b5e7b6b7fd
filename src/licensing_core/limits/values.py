"""What a plan lets be used: limits by name, and a value for *no limit at all*."""

from collections.abc import Iterator, Mapping
from enum import Enum, StrEnum
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Final

from attrs import field, frozen

from licensing_core.checks import (
    FrozenMap,
    Id,
    InvalidArgument,
    Measure,
    TooManyItems,
    Value,
    as_fraction,
    check_of,
    checked,
    shown,
    whole,
)
from licensing_core.periods import Duration

MOST_LIMITS: Final = 200
"""The most limits of one plan."""
MOST_NESTED: Final = 8
"""How deep limits may be nested within others, or be part of others."""
_MOST_PERCENT: Final = 1000


class Unlimited(Enum):
    """The type of `UNLIMITED`: no limit, which is no number (decision 9)."""

    UNLIMITED = "unlimited"


UNLIMITED: Final = Unlimited.UNLIMITED
"""No limit at all."""


class Overage(StrEnum):
    """What happens beyond the limit; a ratio such as `Fraction(5, 4)` moves the ceiling instead."""

    BLOCK = "block"
    ALLOW = "allow"
    """Allowed, and flagged: rows and events tell how much was used beyond the limit."""


def _as_overage(name: str, value: Any) -> Overage | Fraction:
    if isinstance(value, Overage):
        return value
    ratio = as_fraction(name, value)
    if not 1 <= ratio <= 1000:
        raise InvalidArgument(parameter=name, expected="block, allow or a ratio from 1 to 1000", got=shown(value))
    return ratio


OverageRule = Annotated[Overage | Fraction, _as_overage]
"""Block, allow, or a ratio from 1 to 1,000."""


class OnPlanChange(StrEnum):
    """What becomes of what was used, when a customer comes to a plan with this limit."""

    CARRY = "carry"
    """It stays used."""
    RESET = "reset"
    """It is counted from 0 again."""
    CLAMP = "clamp"
    """It stays used, but no more of it than the new plan lets be used."""


def _rising(_limit: object, _attribute: object, thresholds: tuple[int, ...]) -> None:
    if list(thresholds) != sorted(set(thresholds)):
        raise InvalidArgument(parameter="thresholds", expected="percentages that rise", got="others")


@frozen(field_transformer=checked)
class Limit(Value):
    """How much may be used of one thing.

    >>> (
    ...     Limit(10).ceiling,
    ...     Limit(10, overage=Fraction(5, 4)).ceiling,
    ...     Limit(UNLIMITED).ceiling.value,
    ... )
    (10, 12, 'unlimited')

    Attributes:
        most: The most that is included, or `UNLIMITED`.
        per: The other limit that this one counts within, apart for each of its units (team users per workspace).
            The ids of the units are the caller's; naming one uses nothing of the other limit.
        overage: Beyond it: block, allow, or a ratio whose ceiling is cut down to a whole number.
        part_of: Another limit of which whatever is used of this one is used as well (seats of a team within the users
            of the customer). It resets when that one does.
        resets: How long a count lasts before it begins at 0 again; `None` when what is used is held until released.
            Hours, or months together with days, need a usage that has an anchor.
        thresholds: At which percentages of *most*, rising, an event tells that they were reached.
        on_plan_change: What becomes of what was used, when a customer comes to a plan with this limit.
    """

    most: Measure | Unlimited
    per: Id | None = None
    overage: OverageRule = field(default=Overage.BLOCK, kw_only=True)
    part_of: Id | None = field(default=None, kw_only=True)
    resets: Duration | None = field(default=None, kw_only=True)
    thresholds: tuple[Annotated[int, whole(1, _MOST_PERCENT)], ...] = field(
        default=(80, 100), validator=_rising, kw_only=True
    )
    on_plan_change: OnPlanChange = field(default=OnPlanChange.CARRY, kw_only=True)

    @property
    def ceiling(self) -> int | Unlimited:
        """What may be used in all, overage included."""
        if isinstance(self.most, Unlimited) or self.overage is Overage.ALLOW:
            return UNLIMITED
        if isinstance(self.overage, Fraction):
            return self.most * self.overage.numerator // self.overage.denominator
        return self.most

    def over(self, used: int) -> int:
        """How much of *used* lies beyond *most*, overage not counted in."""
        return 0 if isinstance(self.most, Unlimited) else max(0, used - self.most)

    def left(self, used: int) -> int | Unlimited:
        """How much of *most* is left when *used* is used, overage not counted in."""
        return UNLIMITED if isinstance(self.most, Unlimited) else max(0, self.most - used)

    def excess(self, used: int) -> int:
        """How much of *used* lies beyond the ceiling."""
        ceiling = self.ceiling
        return 0 if isinstance(ceiling, Unlimited) else max(0, used - ceiling)

    def reached(self, before: int, after: int) -> tuple[int, ...]:
        """The thresholds that were not reached when *before* was used, and are with *after*."""
        most = self.most
        if isinstance(most, Unlimited):
            return ()
        return tuple(percent for percent in self.thresholds if 100 * before < max(percent * most, 1) <= 100 * after)


@frozen(kw_only=True)
class InvalidLimits(InvalidArgument):
    """The limits of a plan do not go together."""

    code: ClassVar[str] = "limits.invalid"


_as_by_name: Final = check_of(Mapping[Id, Limit])


def _as_limits(name: str, value: Any) -> Mapping[str, Limit]:
    by_name: Mapping[str, Limit] = _as_by_name(name, value)
    if len(by_name) > MOST_LIMITS:
        raise TooManyItems(parameter=name, given=len(by_name), most=MOST_LIMITS)
    for limit in by_name.values():
        for other in (limit.per, limit.part_of):
            if other is not None and other not in by_name:
                raise InvalidLimits(parameter=name, expected="with every limit that another names", got="without one")
        whole_of = None if limit.part_of is None else by_name[limit.part_of]
        if whole_of is not None and (whole_of.per is not None or whole_of.resets != limit.resets):
            expected = "such that what others are part of has no *per*, and resets with them"
            raise InvalidLimits(parameter=name, expected=expected, got="others")
    for start in by_name:
        for step in ("per", "part_of"):
            _end_of(by_name, start, step, name)
    return by_name


def _end_of(by_name: Mapping[str, Limit], start: str, step: str, name: str) -> None:
    """Follow *step* from *start* to where it ends; raise `InvalidLimits` when that is far, or nowhere."""
    at: str | None = start
    for _ in range(MOST_NESTED):
        at = getattr(by_name[at], step) if at is not None else None
    if at is not None:
        expected = f"nested {MOST_NESTED} deep at most"
        raise InvalidLimits(parameter=name, expected=expected, got="deeper, or in a circle")


@frozen(field_transformer=checked)
class Limits(Value):
    """The limits of a plan by name.

    >>> limits = Limits({"workspaces": Limit(1), "team": Limit(2, "workspaces")})
    >>> limits.get("team").per, limits.get("robots") is None
    ('workspaces', True)

    Raises:
        InvalidLimits: One names another that is not there; they are nested deeper than 8 or in a circle; one that is
            part of another does not reset with it.
        TooManyItems: There are more than 200.
    """

    by_name: Annotated[Mapping[str, Limit], _as_limits] = FrozenMap({})
    _parts: dict[str, tuple[str, ...]] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        parts: dict[str, tuple[str, ...]] = {}
        for name, limit in self.by_name.items():
            if limit.part_of is not None:
                parts[limit.part_of] = (*parts.get(limit.part_of, ()), name)
        object.__setattr__(self, "_parts", parts)

    def get(self, name: str) -> Limit | None:
        """The limit of this *name*; `None` when there is none."""
        return self.by_name.get(name)

    def parts_of(self, name: str) -> tuple[str, ...]:
        """The limits that are part of the one called *name*."""
        return self._parts.get(name, ())

    def line(self, name: str) -> tuple[str, ...]:
        """*name*, what it is part of, what that is part of, and so on."""
        found, at = [name], self.by_name[name].part_of
        while at is not None:
            found.append(at)
            at = self.by_name[at].part_of
        return tuple(found)

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)
