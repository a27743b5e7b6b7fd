"""One valid example of each public value of limits, credits, plans of a service and entitlements."""

from datetime import date
from fractions import Fraction
from typing import Any, Final

from licensing_core import credits as credit
from licensing_core import limits, services
from licensing_core.checks import Value
from licensing_core.credits import CreditPack, Grant, Rollover
from licensing_core.currencies import Currency
from licensing_core.directory import Actor
from licensing_core.entitlements import Situation
from licensing_core.limits import UNLIMITED, Limit, Limits, OnPlanChange, Places, PlaceTally, Tally
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import Feature, ServicePlan, ServicePlans, compare_plans
from licensing_core.pricing import FlatPrice
from licensing_core.workdays import BusinessCalendar
from tests.builders import NOON

MADRID: Final = "Europe/Madrid"
ANA: Final = Actor("ana")
DONE: Final[dict[str, Any]] = {"by": ANA, "now": NOON}
AT: Final[dict[str, Any]] = {"at": NOON, "by": "ana"}
LATER: Final = NOON.replace(year=2027)

LIMIT: Final = Limit(
    10,
    overage=Fraction(5, 4),
    resets=Duration(months=1),
    thresholds=(50, 100),
    on_plan_change=OnPlanChange.CLAMP,
)
LIMITS: Final = Limits(
    {"calls": LIMIT, "workspaces": Limit(3), "team": Limit(2, "workspaces"), "files": Limit(UNLIMITED)}
)
SERVICE_PLAN: Final = ServicePlan(
    id="basic",
    limits=LIMITS,
    features=(Feature(id="bots", limit="calls", credits=2), Feature(id="voip", licensed=True)),
    trial_days=14,
)
USAGE_OPENING: Final = limits.open_usage("acme", plan="basic", zone=MADRID, anchor=date(2026, 1, 31), **DONE)
_CALLED: Final = limits.use(USAGE_OPENING.state, "calls", 6, limits=LIMITS, **DONE)
_PLACED: Final = limits.use(_CALLED.state, "team", 2, limits=LIMITS, within="red", **DONE)
USAGE: Final = limits.override(_PLACED.state, "workspaces", 5, **DONE).state
"""Six calls, and two team users in the workspace `red`."""
SMALLER: Final = Limits({"calls": Limit(4), "workspaces": Limit(1), "team": Limit(1, "workspaces")})
"""Too small for what is used."""

PACK: Final = CreditPack(
    id="small",
    credits=100,
    prices=(FlatPrice(Money.parse("10.00 EUR")),),
    expires_after=Duration(months=12),
    priority=-1,
    every=Duration(months=1),
    rollover=Rollover(least=5, most=50),
)
GRANT: Final = Grant(
    id="gift",
    amount=50,
    effective=NOON,
    expires=LATER,
    recurrence=Cycle(NOON, Duration(months=1), MADRID),
    rollover=Rollover(most=10),
)
ACTIVATION: Final = credit.ActivationPolicy(calendar=BusinessCalendar(frozenset({0, 1, 2, 3, 4})))
CREDITS_OPENING: Final = credit.open_credits(
    "acme", zone=MADRID, overdraft=5, resets=Cycle.calendar(Duration(months=1), MADRID), **DONE
)
ORDERED: Final = credit.order_pack(CREDITS_OPENING.state, PACK, "c1", **DONE)
PACK_PAID: Final = credit.note_payment(ORDERED.state, "c1", policy=ACTIVATION, **DONE)
ACTIVATED: Final = credit.activate(PACK_PAID.state, "c1", **DONE)
GRANTED: Final = credit.grant(ACTIVATED.state, GRANT, **DONE)
SPENT: Final = credit.spend(GRANTED.state, 30, **DONE)
WAITING_TOO: Final = credit.order_pack(SPENT.state, PACK, "c2", **DONE)
CREDITS: Final = WAITING_TOO.state
"""An active pack of which 30 of 100 were spent, a gift of 50, and an order that waits for its payment."""
RESET: Final = credit.reset(CREDITS, keep_overage=True, **DONE)
SITUATION: Final = Situation(
    plan=SERVICE_PLAN,
    blocks=frozenset({"unpaid"}),
    trial_ends=LATER,
    licensed=frozenset({"voip"}),
    usage=USAGE,
    within="red",
    credits=CREDITS,
)

METERED: Final[tuple[Value, ...]] = (
    LIMIT,
    LIMITS,
    Tally(used=2, turn=1, since=NOON, until=LATER, per="workspaces"),
    PlaceTally(used=2, turn=1),
    USAGE,
    USAGE_OPENING.events[0],
    _PLACED.events[0],
    _CALLED.events[1],
    limits.change_plan(USAGE, "tiny", limits=SMALLER, accept_excess=True, **DONE).events[0],
    limits.LimitOverridden(usage="acme", limit="calls", most=UNLIMITED, **AT),
    limits.rows(USAGE, LIMITS, NOON)["calls"],
    limits.rows(USAGE, LIMITS, NOON)["team"],
    limits.preview_plan(USAGE, SMALLER, now=NOON),
    limits.panel(USAGE, LIMITS, administrator="ana", **DONE),
    PACK.rollover,
    PACK,
    GRANT,
    SPENT.events[0].movements[0],
    CREDITS.balances.entries["c1"],
    CREDITS.orders["c1"],
    ACTIVATION,
    CREDITS,
    CREDITS_OPENING.events[0],
    ORDERED.events[0],
    PACK_PAID.events[0],
    credit.PackCancelled(account="acme", order="c2", **AT),
    credit.CreditsMoved(account="acme", passed=(), movements=(), overage=0, used=30, since=None, **AT),
    ACTIVATED.events[0],
    GRANTED.events[0],
    SPENT.events[0],
    credit.void(CREDITS, "gift", **DONE).events[0],
    credit.refund(CREDITS, "c1", policy=credit.RefundPolicy.FORGIVE, **DONE).events[0],
    RESET.events[0],
    CREDITS.balances,
    credit.UsageRecord(NOON, 30),
    credit.standing(PACK_PAID.state, LATER),
    SERVICE_PLAN.features[0],
    SERVICE_PLAN,
    ServicePlans((SERVICE_PLAN,)),
    compare_plans(SERVICE_PLAN, ServicePlan(id="tiny", limits=SMALLER)),
    SITUATION,
)
"""One of each."""
_ROWS: Final = limits.rows(USAGE, LIMITS, NOON)
_CALLS: Final = services.LimitUsage(
    limit="calls", within=None, row=limits.row(USAGE, "calls", limits=LIMITS, now=NOON), thresholds=(50, 100)
)
_STANDING: Final = credit.standing(CREDITS, NOON)
_ASKED: Final[dict[str, Any]] = {"tenant": "t1", "actor": "ana", "customer": "acme"}
_SENT: Final[dict[str, Any]] = {"key": "k1", **_ASKED}
SERVED: Final[tuple[Value, ...]] = (
    _CALLS,
    services.UsageRows(_ROWS),
    services.CreditsStanding(standing=_STANDING, burned=SPENT.events[0].movements),
    services.OrderStanding(order=CREDITS.orders["c1"], standing=_STANDING),
    services.FeatureUsed(usage=_CALLS, standing=_STANDING),
    services.OpenUsage(plan="basic", anchor=date(2026, 1, 31), **_SENT),
    services.UseLimit(limit="team", amount=2, within="red", **_SENT),
    services.ReleaseLimit(limit="team", amount=2, within="red", **_SENT),
    services.RecountLimit(limit="team", count=2, within="red", **_SENT),
    services.OverrideLimit(limit="calls", most=UNLIMITED, **_SENT),
    services.ChangeServicePlan(plan="basic", accept_excess=True, **_SENT),
    services.PreviewServicePlan(plan="basic", **_ASKED),
    services.ReadUsage(**_ASKED),
    services.ReadPanel(**_ASKED),
    services.OpenCredits(overdraft=UNLIMITED, **_SENT),
    services.OrderPack(pack="small", order="c1", currency=Currency("EUR"), **_SENT),
    services.NotePackPayment(order="c1", paid=Money.parse("10.00 EUR"), **_SENT),
    services.CancelPack(order="c1", **_SENT),
    services.ActivatePack(order="c1", **_SENT),
    services.RefundPack(order="c1", policy=credit.RefundPolicy.FORGIVE, **_SENT),
    services.GrantCredits(grant=GRANT, **_SENT),
    services.VoidGrant(grant="gift", **_SENT),
    services.SpendCredits(amount=30, **_SENT),
    services.ResetCredits(keep_overage=True, **_SENT),
    services.ReadCredits(at=LATER, **_ASKED),
    services.MayUseFeature(feature="bots", uses=2, user="ana", within="red", **_ASKED),
    services.UseFeature(feature="bots", uses=2, user="ana", within="red", **_SENT),
)
"""One of each command, query and answer of these."""
LOADED_IN_PART: Final = (
    Places({"red": {"team": PlaceTally(used=2, turn=0)}}, loaded={"red", "blue"}),
    CREDITS.balances.entries,
    CREDITS.orders,
)
"""The mappings that may be loaded in part, which are no values made by attrs."""
