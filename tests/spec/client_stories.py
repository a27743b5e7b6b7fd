"""The operations of stories about a partner's clients and the client area."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final

from licensing_core.accounts import CustomerRow, NoticeKind, SubscriptionRow
from licensing_core.subscriptions import EndOf
from tests.spec.drivers import Driver
from tests.spec.form import NotUnderstood

Result = dict[str, Any]


def _client(row: CustomerRow) -> Result:
    return {
        "plan": row.plan,
        "status": row.status,
        "blocks": list(row.blocks),
        "trial_ends": row.trial_ends,
        "users": row.users,
    }


def add_client(driver: Driver, *, client: str, email: str, plan: str) -> Result:
    """Add a client."""
    row = _client(driver.clients.add(client, email, plan))
    return {name: row[name] for name in ("status", "trial_ends", "users")}


def assign_plan(driver: Driver, *, client: str, plan: str) -> Result:
    """Put a client on a plan."""
    return _client(driver.clients.assign_plan(client, plan))


def block(driver: Driver, *, client: str, cause: str) -> Result:
    """Block a client for a cause."""
    return _client(driver.clients.block(client, cause))


def unblock(driver: Driver, *, client: str, cause: str) -> Result:
    """Lift the block for a cause."""
    return _client(driver.clients.unblock(client, cause))


def client(driver: Driver, *, client: str) -> Result:
    """How a client stands."""
    return _client(driver.clients.client(client))


def add_client_user(driver: Driver, *, client: str, user: str, permissions: Sequence[str]) -> Result:
    """Add a user of a client, or replace what they may do."""
    return {"users": driver.clients.add_user(client, user, permissions).users}


def remove_client_user(driver: Driver, *, client: str, user: str) -> Result:
    """Take a user of a client away."""
    return {"users": driver.clients.remove_user(client, user).users}


def client_users(driver: Driver, *, client: str) -> Result:
    """The users of a client."""
    return {"rows": driver.clients.users(client)}


def dashboard(driver: Driver) -> Result:
    """What the partner sees."""
    found = driver.clients.dashboard()
    return {
        "clients": found.customers,
        "users": found.users,
        "blocked": found.blocked,
        "active_plans": list(found.active_plans),
    }


def _number(document: str) -> int:
    return int(document.rpartition(":")[2])


def _documents(documents: Sequence[str]) -> list[int]:
    return sorted(map(_number, documents))


def order_service(driver: Driver, *, client: str, service: str, price: str, every: str) -> Result:
    """Order a service."""
    row, document = driver.clients.order(client, service, price, every)
    return {"state": row.state, "invoice": _number(document)}


def pay(driver: Driver, *, invoice: int) -> Result:
    """Pay a proforma."""
    bill, service = driver.clients.pay(f"proforma:{invoice}")
    return {"kind": bill.kind, "state": service.state}


def run_billing(driver: Driver, *, failing: Sequence[str] = ()) -> Result:
    """Run the billing of all clients."""
    run = driver.clients.run_billing(failing)
    return {
        "issued": _documents(run.issued),
        "charged": _documents(run.charged),
        "suspended": sorted(run.suspended),
        "terminated": sorted(run.terminated),
    }


def set_autopay(driver: Driver, *, client: str, on: bool) -> Result:
    """Switch the automatic debit."""
    driver.clients.set_autopay(client, on=on)
    return {}


_WHEN: Final = {"now": EndOf.NOW, "end_of_period": EndOf.TERM}


def cancel_service(driver: Driver, *, client: str, service: str, when: str) -> Result:
    """Cancel a service."""
    if when not in _WHEN:
        raise NotUnderstood(f"unknown when {when!r}")
    row = driver.clients.cancel(client, service, _WHEN[when])
    return {"state": row.state, "ends": row.ends}


def _service(row: SubscriptionRow) -> Result:
    due: date | None = row.next_due
    return {"service": row.subscription, "price": row.price, "next_due": due, "state": row.state}


def services(driver: Driver, *, client: str) -> Result:
    """The services of a client."""
    return {"rows": [_service(row) for row in driver.clients.services(client)]}


def invoices(driver: Driver, *, client: str) -> Result:
    """The proformas and invoices of a client."""
    return {
        "rows": [
            {
                "number": _number(row.document),
                "kind": row.kind,
                "due": row.due,
                "total": row.total,
                "status": row.status,
            }
            for row in driver.clients.bills(client)
        ]
    }


_OF_DOCUMENTS: Final = (NoticeKind.PROFORMA, NoticeKind.PAID, NoticeKind.PAYMENT_FAILED)


def notices(driver: Driver, *, client: str) -> Result:
    """What a client was told of."""
    return {
        "rows": [
            {
                "at": row.at,
                "kind": row.kind,
                "about": _number(row.about) if row.kind in _OF_DOCUMENTS else row.about,
            }
            for row in driver.clients.notices(client)
        ]
    }


CLIENT_OPERATIONS: Final[tuple[Callable[..., Result], ...]] = (
    add_client,
    assign_plan,
    block,
    unblock,
    client,
    add_client_user,
    remove_client_user,
    client_users,
    dashboard,
    order_service,
    pay,
    run_billing,
    set_autopay,
    cancel_service,
    services,
    invoices,
    notices,
)
"""Each is called as the word that `do` has for it."""
