"""Prices that change over time: versions with their dates, what a sale pinned, and what a migration would change.

>>> from datetime import UTC
>>> from licensing_core.pricing.prices import UnitPrice
>>> old, new = (UnitPrice(Money.parse(text)) for text in ("10.00 EUR", "12.00 EUR"))
>>> spring, autumn = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)
>>> seats = PriceList("seats", (PriceVersion(spring, (old,)), PriceVersion(autumn, (new,))))
>>> ana = seats.pin("ana", 5, datetime(2026, 5, 4, tzinfo=UTC))
>>> raised = preview_migration(Migration(price_list=seats, starts=autumn), [ana], at=autumn)
>>> [(row.id, str(row.before), str(row.after), str(row.difference)) for row in raised.rows]
[('ana', '50.00 EUR', '60.00 EUR', '10.00 EUR')]
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Final

from attrs import evolve, field, frozen

from licensing_core.checks import (
    Id,
    Instant,
    InvalidArgument,
    Positive,
    Value,
    as_instant,
    checked,
    instance,
)
from licensing_core.currencies import Currency
from licensing_core.money import CurrencyMismatch, Money
from licensing_core.pricing.prices import (
    FlatPrice,
    PackagePrice,
    Price,
    PriceMissing,
    TieredPrice,
    UnitPrice,
    one_per_currency,
    price_in,
)
from licensing_core.rounding import Rounding


@frozen(field_transformer=checked)
class PriceVersion(Value):
    """The prices of a list from *effective* on, one for each currency."""

    effective: Instant
    prices: tuple[FlatPrice | UnitPrice | TieredPrice | PackagePrice, ...] = field(validator=one_per_currency)


def _each_later(_list: object, _attribute: object, versions: tuple[PriceVersion, ...]) -> None:
    if not versions or any(later.effective <= earlier.effective for earlier, later in pairwise(versions)):
        expected = "one or more, each effective later than the one before"
        raise InvalidArgument(parameter="versions", expected=expected, got=f"{len(versions)}")


@frozen(kw_only=True, field_transformer=checked)
class PinnedPrice(Value):
    """What a sale pinned: it is charged until a migration moves it, whatever becomes of the list (grandfathering).

    Attributes:
        id: Of the subscription or item that pays it.
        effective: Of the version that it was pinned from.
    """

    id: Id
    price_list: Id
    effective: Instant
    price: FlatPrice | UnitPrice | TieredPrice | PackagePrice
    quantity: Positive


@frozen(field_transformer=checked)
class PriceList(Value):
    """The prices of one thing through time: each version holds until the next one is effective."""

    id: Id
    versions: tuple[PriceVersion, ...] = field(validator=_each_later)

    def version_at(self, at: datetime) -> PriceVersion:
        """The version in force at *at*.

        Raises:
            PriceMissing: The first one is not effective yet.
        """
        instant = as_instant("at", at)
        found = [version for version in self.versions if version.effective <= instant]
        if not found:
            raise PriceMissing(sold=self.id, currency=None, offered=())
        return found[-1]

    def price_at(self, at: datetime, currency: Currency | None = None) -> Price:
        """The price in *currency* in force at *at*.

        Raises:
            PriceMissing: There is none, or several and no currency was named.
        """
        return price_in(self.version_at(at).prices, currency, sold=self.id)

    def pin(self, pinned_id: Id, quantity: Positive, at: datetime, currency: Currency | None = None) -> PinnedPrice:
        """What a sale at *at* pins.

        Raises:
            PriceMissing: There is no price, or several and no currency was named.
        """
        version = self.version_at(at)
        return PinnedPrice(
            id=pinned_id,
            price_list=self.id,
            effective=version.effective,
            price=price_in(version.prices, currency, sold=self.id),
            quantity=quantity,
        )


def _with_a_version(migration: "Migration", _attribute: object, starts: datetime) -> None:
    migration.price_list.version_at(starts)


@frozen(kw_only=True, field_transformer=checked)
class Migration(Value):
    """A plan to move what older sales pinned to the version of a list that is in force when it *starts*.

    Attributes:
        starts: From then on the new price is charged, from each one's next period.
        pinned_before: Only what was pinned from a version effective before then is moved; `None`: all of it.
        keep: Those that stay grandfathered, whatever they pinned.

    Raises:
        PriceMissing: The list has no version in force when it starts.
    """

    price_list: PriceList
    starts: Instant = field(validator=_with_a_version)
    pinned_before: Instant | None = None
    keep: frozenset[Id] = frozenset()

    def moves(self, pinned: PinnedPrice) -> bool:
        """Whether it moves *pinned*: of its list, older than the version it leads to, and not kept."""
        target = self.price_list.version_at(self.starts).effective
        older = pinned.effective < min(target, self.pinned_before or target)
        return pinned.price_list == self.price_list.id and older and pinned.id not in self.keep


def _like_before(row: "MigrationRow", _attribute: object, after: Money) -> None:
    if after.currency is not row.before.currency:
        raise CurrencyMismatch(expected=row.before.currency, got=after.currency)


@frozen(kw_only=True, field_transformer=checked)
class MigrationRow(Value):
    """What one customer pays for a whole period before and after; each is rounded once, half up."""

    id: Id
    quantity: Positive
    before: Money
    after: Money = field(validator=_like_before)

    @property
    def difference(self) -> Money:
        """What is paid more; negative when it is less."""
        return self.after - self.before


@frozen(field_transformer=checked)
class MigrationPreview(Value):
    """Who would pay what, more or less; sorted by id. Those whom the migration does not move have no row."""

    rows: tuple[MigrationRow, ...]

    @property
    def more(self) -> tuple[MigrationRow, ...]:
        """Those who would pay more."""
        return tuple(row for row in self.rows if row.difference.minor > 0)

    @property
    def less(self) -> tuple[MigrationRow, ...]:
        """Those who would pay less."""
        return tuple(row for row in self.rows if row.difference.minor < 0)

    @property
    def totals(self) -> Mapping[Currency, Money]:
        """What all of them would pay more together, for each currency."""
        currencies = {row.before.currency: None for row in self.rows}
        return {
            currency: Money.sum((row.difference for row in self.rows if row.before.currency is currency), currency)
            for currency in currencies
        }


_as_migration: Final = instance(Migration)
_as_pinned: Final = instance(PinnedPrice)


def migrate(migration: Migration, pinned: PinnedPrice, *, at: datetime) -> PinnedPrice:
    """What *pinned* is at *at*: unchanged before the migration starts, or where it does not move it.

    The migration asks nothing of when it is carried out: twice is once.

    Raises:
        PriceMissing: The list has no price in the currency that was pinned.
    """
    _as_migration("migration", migration)
    _as_pinned("pinned", pinned)
    if as_instant("at", at) < migration.starts or not migration.moves(pinned):
        return pinned
    version = migration.price_list.version_at(migration.starts)
    price = price_in(version.prices, pinned.price.currency, sold=migration.price_list.id)
    return evolve(pinned, effective=version.effective, price=price)


def preview_migration(migration: Migration, pinned: Iterable[PinnedPrice], *, at: datetime) -> MigrationPreview:
    """Who would pay what more or less when *migration* is carried out at *at*: what `migrate()` then does.

    Raises:
        PriceMissing: The list has no price in a currency that was pinned.
    """
    _as_migration("migration", migration)
    rows = []
    for one in pinned:
        moved = migrate(migration, one, at=at)
        if moved is not one:
            rows.append(MigrationRow(id=one.id, quantity=one.quantity, before=_whole(one), after=_whole(moved)))
    return MigrationPreview(tuple(sorted(rows, key=lambda row: row.id)))


def _whole(pinned: PinnedPrice) -> Money:
    return Money.rounded(pinned.price.exact(pinned.quantity), pinned.price.currency, Rounding.HALF_UP)
