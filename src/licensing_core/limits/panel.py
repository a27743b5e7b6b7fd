"""The panel of a customer: its plan, and how much of it is used (ALU-1 to ALU-3)."""

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from licensing_core.checks import Id, UserId, Value, checked
from licensing_core.directory import Actor, Permission, PermissionMissing, acting
from licensing_core.limits.switching import PlacesRow, UsageRow, rows
from licensing_core.limits.usage import Usage
from licensing_core.limits.values import Limits


@frozen(kw_only=True, field_transformer=checked)
class Panel(Value):
    """What the main administrator of a customer sees: the plan, and what is used of each of its limits."""

    plan: Id | None
    rows: Mapping[Id, UsageRow | PlacesRow]


def require_administrator(administrator: UserId | None, by: Actor) -> None:
    """See to it that *by* is the main *administrator* of a customer, who alone sees its panel (ALU-11).

    Raises:
        PermissionMissing: *by* is somebody else, a superadmin too.
    """
    if administrator is None or acting(by) != administrator:
        raise PermissionMissing(permission=Permission.PANEL_VIEW)


def panel(usage: Usage, limits: Limits, *, administrator: UserId | None, by: Actor, now: datetime) -> Panel:
    """The panel of the customer whose *usage* it is, for its main *administrator* and nobody else.

    Raises:
        PermissionMissing: *by* is somebody else, a superadmin too.
        InvalidArgument: Not all places were looked up, or one of the arguments does not have its form.

    Source: ALU-1 to ALU-3, ALU-11.
    """
    require_administrator(administrator, by)
    found = rows(usage, limits, now)
    return Panel(plan=usage.plan, rows=found)
