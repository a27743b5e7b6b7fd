"""The operations of stories about limits and credits."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from licensing_core.limits import PlacesRow, PlanFit, UsageRow
from tests.spec.drivers import Driver

Result = dict[str, Any]


def _row(row: UsageRow) -> Result:
    return {"used": row.used, "max": row.most, "left": row.left, "over": row.over}


def _rows(rows: Mapping[str, UsageRow | PlacesRow]) -> Result:
    return {
        name: {"max": one.most, "by": one.by} if isinstance(one, PlacesRow) else _row(one) for name, one in rows.items()
    }


def use(driver: Driver, *, tenant: str, limit: str, amount: int = 1, within: str | None = None) -> Result:
    """Use more of a limit."""
    return _row(driver.customers.use(tenant, limit, amount, within))


def release(driver: Driver, *, tenant: str, limit: str, amount: int = 1, within: str | None = None) -> Result:
    """Give some of a limit back."""
    return _row(driver.customers.release(tenant, limit, amount, within))


def usage(driver: Driver, *, tenant: str) -> Result:
    """What is used of each limit."""
    return {"rows": _rows(driver.customers.usage(tenant))}


def panel(driver: Driver, *, as_: str, tenant: str) -> Result:
    """The panel of the main administrator."""
    found = driver.customers.panel(as_, tenant)
    return {"plan": found.plan, "rows": _rows(found.rows)}


def _fit(fit: PlanFit) -> Result:
    return {"exceeds": fit.exceeds, "fits": fit.fits}


def preview_plan(driver: Driver, *, tenant: str, plan: str) -> Result:
    """Whether what is used fits another plan."""
    return _fit(driver.customers.preview_plan(tenant, plan))


def change_plan(driver: Driver, *, tenant: str, plan: str, accept_excess: bool = False) -> Result:
    """Change to another plan."""
    return _fit(driver.customers.change_plan(tenant, plan, accept_excess=accept_excess))


def define_plan(driver: Driver, *, plan: str, **form: Any) -> Result:
    """Define a plan."""
    driver.world.define_plan(plan, form)
    return {"plans": [one.id for one in driver.world.service_plans]}


def buy_credits(driver: Driver, *, tenant: str, pack: str, order: str) -> Result:
    """Order a pack of credits."""
    ordered = driver.customers.order_pack(tenant, pack, order)
    return {"charged": ordered.price, "status": ordered.status}


def payment_received(driver: Driver, *, order: str) -> Result:
    """An order was paid."""
    paid = driver.customers.note_payment(order)
    return {"status": paid.status, "active_by": paid.active_by}


def activate_credits(driver: Driver, *, order: str) -> Result:
    """Activate the credits of an order."""
    active = driver.customers.activate(order)
    return {"status": active.order.status, "balance": active.standing.balance}


def spend(driver: Driver, *, tenant: str, credits: int) -> Result:  # noqa: A002 - a field
    """Spend credits."""
    spent = driver.customers.spend(tenant, credits)
    return {"balance": spent.standing.balance, "burned": [(one.grant, one.amount) for one in spent.burned]}


def credits_(driver: Driver, *, tenant: str) -> Result:
    """How the credits stand."""
    found = driver.customers.credits(tenant)
    return {"balance": found.balance, "pending": found.pending, "late": found.late}


credits_.__name__ = "credits"
CUSTOMER_OPERATIONS: Final[tuple[Callable[..., Result], ...]] = (
    use,
    release,
    usage,
    panel,
    preview_plan,
    change_plan,
    define_plan,
    buy_credits,
    payment_received,
    activate_credits,
    spend,
    credits_,
)
"""Each is called as the word that `do` has for it."""
