"""What is for sale: packages of content, and the plans through which they are sold; plans of a service.

>>> from licensing_core.money import Money
>>> from licensing_core.periods import Duration
>>> from licensing_core.pricing import FlatPrice
>>> yearly = Plan(
...     id="fifty",
...     package="safety",
...     kind=PlanKind.MULTI_LICENSE,
...     quantity=50,
...     prices=(FlatPrice(Money.parse("1800.00 EUR")),),
...     validity=Duration.parse("P1Y"),
... )
>>> yearly.settings.over(PLATFORM_DEFAULTS).enforce_limit
True
"""

from licensing_core.plans.sales import (
    PLATFORM_DEFAULTS,
    Catalog,
    Offer,
    Offers,
    Package,
    PackageKind,
    PackageMismatch,
    Plan,
    PlanKind,
    Renewal,
    RevocationCap,
    Settings,
    Switches,
    Terms,
)
from licensing_core.plans.service import (
    MOST_FEATURES,
    MOST_TRIAL_DAYS,
    Feature,
    PlanComparison,
    ServicePlan,
    ServicePlans,
    compare_plans,
)

__all__ = [
    "MOST_FEATURES",
    "MOST_TRIAL_DAYS",
    "PLATFORM_DEFAULTS",
    "Catalog",
    "Feature",
    "Offer",
    "Offers",
    "Package",
    "PackageKind",
    "PackageMismatch",
    "Plan",
    "PlanComparison",
    "PlanKind",
    "Renewal",
    "RevocationCap",
    "ServicePlan",
    "ServicePlans",
    "Settings",
    "Switches",
    "Terms",
    "compare_plans",
]
