"""The kinds of vectors about renewing and cancelling."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final

from licensing_core.periods import Duration
from licensing_core.subscriptions import EndOf, RenewalBasis, ends, renewed_expiry
from tests.spec.form import choice, instant, moment

Answer = dict[str, Any]


def renewal(*, expires_at: str, now: str, every: str, basis: str, zone: str = "UTC") -> Answer:
    """When something expires once it is renewed."""
    found = renewed_expiry(
        instant(expires_at, "expires_at"),
        every=Duration.parse(every),
        basis=choice(RenewalBasis, basis, "basis"),
        zone=zone,
        now=instant(now, "now"),
    )
    return {"expires_at": found}


def _end(text: str | None) -> date | EndOf | None:
    if text is None or text in ("now", "end_of_term"):
        return None if text is None else EndOf(text)
    return moment(text)


def cancel(
    *,
    start: str,
    now: str,
    access: str,
    billing: str | None = None,
    charged_through: str | None = None,
    pending_end: str | None = None,
) -> Answer:
    """When access and billing end."""
    own: dict[str, Any] = {
        "start": moment(start),
        "now": moment(now),
        "access": _end(access),
        "billing": _end(billing),
        "charged_through": None if charged_through is None else moment(charged_through),
        "pending_end": None if pending_end is None else moment(pending_end),
    }
    found = ends(**own)
    return {"access_ends": found.access, "billing_ends": found.billing}


TERM_KINDS: Final[Mapping[str, Callable[..., Answer]]] = {"renewal": renewal, "cancel": cancel}
