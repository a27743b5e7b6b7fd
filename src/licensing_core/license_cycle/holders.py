"""Handing licenses out: who holds which types, and what they may do with them."""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from typing import ClassVar

from attrs import frozen

from licensing_core import pools
from licensing_core.checks import FrozenMap, Id, UserId, Value, as_id, checked
from licensing_core.decisions import Decision, twin
from licensing_core.directory import Actor
from licensing_core.errors import LicensingError
from licensing_core.license_cycle.account import AccountEvent, LicenseAccount, apply
from licensing_core.plans import Switches
from licensing_core.pools import LicensesExhausted

_ENFORCED = Switches(enforce_limit=True, allow_refund=True)


@frozen(kw_only=True)
class NoFreeLicense(LicensingError):
    """No license of the type is free; *buy* says what to buy."""

    code: ClassVar[str] = "licenses.exhausted"
    rules: ClassVar[tuple[str, ...]] = ("WAL-5",)
    license_type: str
    shortfall: int
    buy: Mapping[str, int]

    def __str__(self) -> str:
        return f"no license of type {self.license_type!r} is free; buy {self.shortfall}, or take one from another user"


@frozen(kw_only=True, field_transformer=checked)
class LicensedUser(Value):
    """What one user has: active with at least one license (WAL-8), and the union of the features."""

    active: bool
    licenses: tuple[Id, ...]
    features: tuple[Id, ...]


def licensed_user(account: LicenseAccount, user: UserId) -> LicensedUser:
    """What *user* holds and may do; raises `HoldingsNotLoaded` when that was not looked up.

    Source: WAL-2, WAL-3, WAL-8, WAL-12.
    """
    known = as_id("user", user)
    held = tuple(name for name, pool in sorted(account.pools.items()) if pool.holds(known))
    features = {feature for name in held for feature in account.types[name].features}
    return LicensedUser(active=bool(held), licenses=held, features=tuple(sorted(features)))


def grant(
    account: LicenseAccount, user: UserId, license_type: Id, *, by: Actor, now: datetime
) -> Decision[LicenseAccount, AccountEvent]:
    """Give *user* a license of the type; who has one keeps it, and nothing more is used.

    Raises:
        UnknownLicenseType: The account has no such type.
        NoFreeLicense: None is free; the refusal says what to buy (WAL-5).

    Source: WAL-3, WAL-5, WAL-8, WAL-12.
    """
    pool = account.pool(license_type)
    try:
        decision = pools.assign(pool, [user], eligible=[user], switches=_ENFORCED, by=by, now=now)
    except LicensesExhausted as error:
        short = error.shortfall
        raise NoFreeLicense(license_type=license_type, shortfall=short, buy=FrozenMap({license_type: short})) from error
    return Decision(reduce(apply, decision.events, account), decision.events)


def revoke(
    account: LicenseAccount, user: UserId, license_type: Id, *, by: Actor, now: datetime
) -> Decision[LicenseAccount, AccountEvent]:
    """Take the license of the type from *user*, who loses its features at once; it is free again.

    Raises:
        UnknownLicenseType: The account has no such type.

    Source: WAL-12.
    """
    decision = pools.unassign(account.pool(license_type), [user], switches=_ENFORCED, by=by, now=now)
    return Decision(reduce(apply, decision.events, account), decision.events)


def merge_holder(
    account: LicenseAccount, user: UserId, into: UserId, *, by: Actor, now: datetime
) -> Decision[LicenseAccount, AccountEvent]:
    """Let *into* have the licenses of *user* of every type, as `pools.merge_holder()` does with each pool.

    Source: decision 18.
    """
    merged: tuple[AccountEvent, ...] = tuple(
        event
        for _, pool in sorted(account.pools.items())
        for event in pools.merge_holder(pool, user, into, by=by, now=now).events
    )
    return Decision(reduce(apply, merged, account), merged)


can_grant = twin(grant, "WAL-5")
can_revoke = twin(revoke, "WAL-12")
