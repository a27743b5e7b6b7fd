"""How a part of a period is priced: a `Convention` is one value on each of ten axes, a preset one row of a table.

>>> own = Convention(count=Count.SECONDS, mode=Rounding.HALF_EVEN)
>>> own == attrs.evolve(preset("stripe"), mode=Rounding.HALF_EVEN)
True
>>> preset("licensing_core") == LICENSING_CORE == Convention()
True
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final

import attrs
from attrs import frozen

from licensing_core.checks import FrozenMap, InvalidArgument, Value, as_is, checked, shown, whole
from licensing_core.rounding import Rounding


class Count(StrEnum):
    """What is counted of a stretch of time."""

    DAYS = "days"
    """Local dates from its start, whose day counts whatever the hour, to its end, whose day does not."""
    SECONDS = "seconds"
    """Elapsed seconds, each instant first cut down to a whole one; 86,400 for each day of a `Span`."""
    DAYS_360 = "days_360"
    """Strict 30/360: 360 x years + 30 x months + days, from the two dates."""
    MONTHS = "months"
    """Whole months from the start, clamped, and the days left over those of the month-long step that the end is in."""
    CALENDAR_MONTHS = "calendar_months"
    """For each calendar month touched its days inside over all its days, added up."""


class Base(StrEnum):
    """Over what the count of the part is taken."""

    PERIOD = "period"
    """The count of the whole period."""
    FROM_PART = "from_part"
    """The count of one `every` that begins where the part begins."""
    START_MONTH = "start_month"
    """The count of the calendar month in which the period starts."""
    NOMINAL = "nominal"
    """In months those of `every`; in days 30, 91, 182 and 365 for 1, 3, 6 and 12 months, else its days.

    Other numbers of months have no days here, and months together with days no length: both are refused when counted.
    """
    NOMINAL_360 = "nominal_360"
    """The same with 30 days for each month."""


class ChangeDay(StrEnum):
    """To whom the day of a change belongs."""

    NEW = "new"
    """The unused part starts at the instant or day of the change."""
    OLD = "old"
    """That day still belongs to the old price: the unused part starts with the next local day."""


class Stub(StrEnum):
    """How a part shorter than its period is billed."""

    PRORATE = "prorate"
    FULL = "full"


class Stage(StrEnum):
    """What is rounded on the way, before the amount itself is."""

    LINE = "line"
    """Nothing: amount x exact share, rounded once."""
    SHARE = "share"
    """The share, to `stage_digits` decimals."""
    DAY_RATE = "day_rate"
    """The amount for one of what is counted, to `stage_digits` decimals of the currency; a whole period is in full."""


class Net(StrEnum):
    """What a change comes to."""

    LINES = "lines"
    """The charge less the credit, each as rounded."""
    ONCE = "once"
    """Their exact difference, rounded once."""


class CreditCap(StrEnum):
    """What a credit is held to."""

    PAID = "paid"
    """What was paid less what was given back already, where that is known."""
    NONE = "none"
    """Nothing."""


@frozen(kw_only=True)
class InvalidConvention(InvalidArgument):
    """The axes of a convention do not go together."""

    code: ClassVar[str] = "convention.invalid"


@frozen(kw_only=True)
class UnknownPreset(InvalidArgument):
    """There is no preset of this name; `PRESETS` lists them."""

    code: ClassVar[str] = "convention.unknown"


@frozen(kw_only=True, field_transformer=checked)
class Convention(Value):
    """The ten axes, each independent of the others; the defaults are those of the library (decision 7).

    Of a part cut to its period the share is 0 when it is empty, 1 when *stub* is full, else
    min(1, count of the part / base); rounding happens in *stage* and at the end, and nowhere else. Whether the base
    counts anything depends on the period, and is seen when it is counted (`NothingCounted`).

    Attributes:
        stage_digits: Decimals of what *stage* rounds; `None` exactly when it rounds nothing.
        mode: Of every rounding.
        digits: Decimals of the amount; `None` for those of its currency, negative for tens and hundreds.

    Raises:
        InvalidConvention: *stage* and *stage_digits* do not go together.
        InvalidArgument: An axis is not of its kind.
    """

    count: Count = Count.DAYS
    base: Base = Base.PERIOD
    change_day: ChangeDay = ChangeDay.NEW
    stub: Stub = Stub.PRORATE
    stage: Stage = Stage.LINE
    stage_digits: Annotated[int, whole(0, 18)] | None = None
    mode: Rounding = Rounding.HALF_UP
    digits: Annotated[int, whole(-12, 12)] | None = None
    net: Net = Net.LINES
    credit_cap: CreditCap = CreditCap.PAID
    _plain: Annotated[bool, as_is] = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if (self.stage is Stage.LINE) is not (self.stage_digits is None):
            raise InvalidConvention(
                parameter="stage_digits",
                expected="a number of decimals with the stages share and day_rate, None with line",
                got=shown(self.stage_digits),
            )
        object.__setattr__(self, "_plain", self._axes() == {**_DEFAULTS, "credit_cap": self.credit_cap})

    def _axes(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in _DEFAULTS}

    def differences(self) -> Mapping[str, Any]:
        """The axes, by name, on which this convention differs from `LICENSING_CORE`.

        >>> dict(preset("kill_bill").differences())
        {'stage': <Stage.SHARE: 'share'>, 'stage_digits': 9}
        """
        return FrozenMap({name: value for name, value in self._axes().items() if value != _DEFAULTS[name]})


_DEFAULTS: Final = {axis.name: axis.default for axis in attrs.fields(Convention) if axis.init}

LICENSING_CORE: Final = Convention()
"""The library's own: local days of the period, an exact share, one rounding a line, half up (decision 7)."""

_ROWS: Final[dict[str, dict[str, Any]]] = {
    "licensing_core": {},
    "flexprice_day": {},
    "lago_upgrade": {},
    "meteroid": {},
    "chargebee": {},
    "stripe": {"count": Count.SECONDS},
    "openmeter": {"count": Count.SECONDS},
    "polar": {"count": Count.SECONDS},
    "flexprice_second": {"count": Count.SECONDS},
    "openmeter_full": {"count": Count.SECONDS, "stub": Stub.FULL},
    "kill_bill": {"stage": Stage.SHARE, "stage_digits": 9},
    "lago": {"change_day": ChangeDay.OLD},
    "erpnext": {"change_day": ChangeDay.OLD},
    "ex_money": {"base": Base.FROM_PART, "mode": Rounding.UP},
    "recurly": {"base": Base.NOMINAL},
    "django_plans": {"base": Base.NOMINAL, "stage": Stage.DAY_RATE, "stage_digits": 2},
    "silver": {"count": Count.MONTHS, "base": Base.NOMINAL, "digits": 4},
    "dynamics_months": {"count": Count.CALENDAR_MONTHS, "base": Base.NOMINAL},
    "zuora_actual": {"base": Base.START_MONTH},
    "zuora_actual_30": {"base": Base.NOMINAL_360},
    "zuora_30_360": {"count": Count.DAYS_360, "base": Base.NOMINAL_360},
}
"""Each row says only in what it differs from the library's own."""

PRESETS: Final[Mapping[str, Convention]] = FrozenMap({name: Convention(**row) for name, row in _ROWS.items()})
"""How other systems prorate, by name. A preset promises nothing of their discounts, taxes, refunds or invoice dates."""


def preset(name: str) -> Convention:
    """The convention of the preset *name*.

    Raises:
        UnknownPreset: There is none of this name.
    """
    found = PRESETS.get(name) if type(name) is str else None
    if found is None:
        raise UnknownPreset(parameter="name", expected="the name of a preset", got=shown(name))
    return found
