"""Plans of a service: what a customer may use of it, and how much."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final

from attrs import field, frozen

from licensing_core.checks import Count, Id, InvalidArgument, TooManyItems, Value, checked, instance, shown, whole
from licensing_core.limits import Limits, Unlimited

MOST_FEATURES: Final = 1000
"""The most features of one plan."""
MOST_TRIAL_DAYS: Final = 3650
"""The longest trial: ten years."""


@frozen(kw_only=True, field_transformer=checked)
class Feature(Value):
    """Something that a plan lets its customer use, or not at all.

    Attributes:
        licensed: Each user needs a license that has the feature, too (WAL-2).
        limit: The limit of the plan of which one use of the feature is one, if any.
        credits: How many credits one use costs (ALU-8).
    """

    id: Id
    licensed: bool = False
    limit: Id | None = None
    credits: Count = 0


def _each_once(_plan: object, _attribute: object, features: tuple[Feature, ...]) -> None:
    if len(features) > MOST_FEATURES:
        raise TooManyItems(parameter="features", given=len(features), most=MOST_FEATURES)
    if len({one.id for one in features}) < len(features):
        raise InvalidArgument(parameter="features", expected="each of another id", got="one twice")


@frozen(kw_only=True, field_transformer=checked)
class ServicePlan(Value):
    """What a customer on this plan may use: features, and limits by name (PLZ-10, PLZ-11).

    >>> plan = ServicePlan(id="free", features=(Feature(id="bots"),), trial_days=14)
    >>> plan.feature("bots").credits, plan.feature("voip") is None
    (0, True)

    Attributes:
        trial_days: How long a new customer may try it; 0 for no trial.
    """

    id: Id
    limits: Limits = field(default=Limits())
    features: tuple[Feature, ...] = field(default=(), validator=_each_once)
    trial_days: Annotated[int, whole(0, MOST_TRIAL_DAYS)] = 0
    _by_id: dict[str, Feature] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {one.id: one for one in self.features})
        for one in self.features:
            if one.limit is not None and self.limits.get(one.limit) is None:
                raise InvalidArgument(parameter="features", expected="limited by limits of the plan", got="by another")

    def feature(self, name: str) -> Feature | None:
        """The feature called *name*; `None` when the plan does not have it."""
        return self._by_id.get(name)


@frozen(kw_only=True, field_transformer=checked)
class PlanComparison(Value):
    """What another plan gives and takes: features and limits by name, sorted.

    Attributes:
        gained, lost: Features, and limits, that only the other plan has, or only this one.
        raised, lowered: Limits of which the other plan lets more be used, or less, overage included.
    """

    gained: tuple[Id, ...]
    lost: tuple[Id, ...]
    raised: tuple[Id, ...]
    lowered: tuple[Id, ...]


_as_plan: Final = instance(ServicePlan)


def compare_plans(plan: ServicePlan, other: ServicePlan) -> PlanComparison:
    """What changes for a customer who goes from *plan* to *other*, whatever they use.

    >>> from licensing_core.limits import UNLIMITED, Limit
    >>> free = ServicePlan(
    ...     id="free", limits=Limits({"users": Limit(2)}), features=(Feature(id="bots"),)
    ... )
    >>> compare_plans(free, ServicePlan(id="basic", limits=Limits({"users": Limit(UNLIMITED)})))
    PlanComparison(gained=(), lost=('bots',), raised=('users',), lowered=())

    Source: ALU-5, PLZ-6.
    """
    before, after = (_names(_as_plan(name, one)) for name, one in (("plan", plan), ("other", other)))
    both = sorted(set(plan.limits) & set(other.limits))
    reach = {name: (_reach(plan.limits, name), _reach(other.limits, name)) for name in both}
    return PlanComparison(
        gained=tuple(sorted(after - before)),
        lost=tuple(sorted(before - after)),
        raised=tuple(name for name, (old, new) in reach.items() if new > old),
        lowered=tuple(name for name, (old, new) in reach.items() if new < old),
    )


def _names(plan: ServicePlan) -> set[str]:
    return {one.id for one in plan.features} | set(plan.limits)


def _reach(limits: Limits, name: str) -> tuple[bool, int]:
    """What a limit lets be used, in an order in which no limit is more than any."""
    ceiling = limits.by_name[name].ceiling
    return (True, 0) if isinstance(ceiling, Unlimited) else (False, ceiling)


def _as_plans(name: str, value: Any) -> tuple[ServicePlan, ...]:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise InvalidArgument(parameter=name, expected="service plans", got=shown(value))
    by_id: dict[str, ServicePlan] = {}
    for plan in value:
        if by_id.setdefault(_as_plan(name, plan).id, plan) != plan:
            raise InvalidArgument(parameter=name, expected="one plan for each id", got="two")
    return tuple(by_id[plan] for plan in sorted(by_id))


@frozen(field_transformer=checked)
class ServicePlans(Value):
    """All the plans of a service, by id. A plan that is defined may be given to customers at once (PLZ-13).

    >>> plans = ServicePlans().defining(ServicePlan(id="free"))
    >>> [plan.id for plan in plans.defining(ServicePlan(id="basic"))]
    ['basic', 'free']
    """

    plans: Annotated[tuple[ServicePlan, ...], _as_plans] = ()
    _by_id: dict[str, ServicePlan] = field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {plan.id: plan for plan in self.plans})

    def get(self, plan: str) -> ServicePlan | None:
        """The plan of this id; `None` when there is none."""
        return self._by_id.get(plan)

    def defining(self, plan: ServicePlan) -> "ServicePlans":
        """These, with *plan*: a new one, or the new form of one, which holds at once for whoever has it (PLZ-10)."""
        _as_plan("plan", plan)
        return ServicePlans(tuple({**self._by_id, plan.id: plan}.values()))

    def __iter__(self) -> Iterator[ServicePlan]:
        return iter(self.plans)

    def __len__(self) -> int:
        return len(self.plans)
