"""Plans, licenses, seats and the money around them, as one pure core that any host can embed.

The names below are what a newcomer needs; the rest is reached by module. Each is loaded when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from licensing_core.billing import Quote
    from licensing_core.decisions import Decision, Verdict
    from licensing_core.directory import Actor, Content, Directory, Role, Scope
    from licensing_core.errors import LicensingError
    from licensing_core.license_cycle import LicenseAccount
    from licensing_core.money import Money
    from licensing_core.periods import Cycle, Duration
    from licensing_core.plans import Package, Plan
    from licensing_core.pools import LicensePool, SeatPool

_HOME = {
    "Actor": "directory",
    "Content": "directory",
    "Cycle": "periods",
    "Decision": "decisions",
    "Directory": "directory",
    "Duration": "periods",
    "LicenseAccount": "license_cycle",
    "LicensePool": "pools",
    "LicensingError": "errors",
    "Money": "money",
    "Package": "plans",
    "Plan": "plans",
    "Quote": "billing",
    "Role": "directory",
    "Scope": "directory",
    "SeatPool": "pools",
    "Verdict": "decisions",
}

__all__ = [
    "Actor",
    "Content",
    "Cycle",
    "Decision",
    "Directory",
    "Duration",
    "LicenseAccount",
    "LicensePool",
    "LicensingError",
    "Money",
    "Package",
    "Plan",
    "Quote",
    "Role",
    "Scope",
    "SeatPool",
    "Verdict",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
