"""What things cost: prices by quantity, price lists with their dates, what sales pinned, and migrations."""

from licensing_core.pricing.lists import (
    Migration,
    MigrationPreview,
    MigrationRow,
    PinnedPrice,
    PriceList,
    PriceVersion,
    migrate,
    preview_migration,
)
from licensing_core.pricing.prices import (
    FlatPrice,
    InvalidTiers,
    PackagePrice,
    Price,
    PriceMissing,
    Tier,
    TieredPrice,
    Tiering,
    UnitPrice,
    one_per_currency,
    price_in,
)

__all__ = [
    "FlatPrice",
    "InvalidTiers",
    "Migration",
    "MigrationPreview",
    "MigrationRow",
    "PackagePrice",
    "PinnedPrice",
    "Price",
    "PriceList",
    "PriceMissing",
    "PriceVersion",
    "Tier",
    "TieredPrice",
    "Tiering",
    "UnitPrice",
    "migrate",
    "one_per_currency",
    "preview_migration",
    "price_in",
]
