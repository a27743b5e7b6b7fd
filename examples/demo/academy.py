"""Reads `catalog.toml`: how an application turns its own file into the values of the library."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from licensing_core import Actor, Content, Cycle, Directory, Duration, Money, Package, Plan, Role, Scope
from licensing_core.adapters.hosts import StaticHost
from licensing_core.credits import ActivationPolicy, CreditPack
from licensing_core.directory import Permission
from licensing_core.license_cycle import LicenseType
from licensing_core.limits import UNLIMITED, Limit, Limits
from licensing_core.plans import (
    Catalog,
    Feature,
    Offer,
    PackageKind,
    PlanKind,
    Renewal,
    ServicePlan,
    ServicePlans,
    Settings,
)
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.workdays import BusinessCalendar

TENANT = "academy"


@frozen
class Academy:
    """What the file says: the host for the services, the contract of the license account, and who is the customer."""

    host: StaticHost
    zone: str
    users: int
    account: str
    cycle: Cycle
    types: tuple[LicenseType, ...]
    totals: Mapping[str, int]
    customer: str
    superadmin: str


def read(path: Path) -> Academy:
    """The academy described by the file at *path*; what is wrong in it is refused with a typed error."""
    data = tomllib.loads(path.read_text("utf-8"))
    zone, account, customer, activation = data["zone"], data["account"], data["customer"], data["activation"]
    host = StaticHost(
        TENANT,
        zone=zone,
        directory=_directory(data),
        actors=[_actor(name, one) for name, one in data["actors"].items()],
        offers=list(_offers(data)),
        service_plans=ServicePlans(tuple(_service_plan(name, one) for name, one in data["service_plans"].items())),
        credit_packs=[_credit_pack(name, one) for name, one in data["credit_packs"].items()],
        activation=ActivationPolicy(
            calendar=BusinessCalendar(frozenset(activation["workdays"]), frozenset(activation["holidays"])),
            hours=activation["hours"],
        ),
    )
    return Academy(
        host=host,
        zone=zone,
        users=sum(map(len, data["users"].values())),
        account=account["id"],
        cycle=Cycle(account["anchor"], Duration.parse(account["every"]), zone),
        types=tuple(_license_type(name, one) for name, one in account["types"].items()),
        totals={name: one["total"] for name, one in account["types"].items()},
        customer=customer["id"],
        superadmin=next(name for name, one in data["actors"].items() if one["role"] == "superadmin"),
    )


def _directory(data: Mapping[str, Any]) -> Directory:
    branches = {branch: parent or None for branch, parent in data["branches"].items()}
    users = {user: [branch] for branch, users in data["users"].items() for user in users}
    return Directory.of(branches=branches, users=users, groups=data["groups"])


def _actor(name: str, one: Mapping[str, Any]) -> Actor:
    return Actor(
        name,
        Role(one["role"]),
        permissions=frozenset(map(Permission, one.get("permissions", ()))),
        resources=frozenset(_resource(text) for text in one.get("resources", ())),
    )


def _resource(text: str) -> Scope | Content:
    return Content.parse(text) if text.startswith(("course:", "learning_plan:")) else Scope.parse(text)


def _offers(data: Mapping[str, Any]) -> Iterable[Offer]:
    catalogs = {
        name: Catalog(name, frozenset(map(Content.parse, contents))) for name, contents in data["catalogs"].items()
    }
    packages = {
        name: Package(
            id=name,
            kind=PackageKind(one["kind"]),
            catalogs=tuple(catalogs[catalog] for catalog in one["catalogs"]),
            audience=frozenset(map(Scope.parse, one["audience"])),
        )
        for name, one in data["packages"].items()
    }
    for name, one in data["plans"].items():
        yield Offer(_plan(name, one), packages[one["package"]])


def _plan(name: str, one: Mapping[str, Any]) -> Plan:
    switches = ("enforce_limit", "allow_refund", "enforce_expiration")
    return Plan(
        id=name,
        package=one["package"],
        kind=PlanKind(one["kind"]),
        quantity=one["quantity"],
        prices=tuple(FlatPrice(Money.parse(price)) for price in one["prices"]),
        validity=Duration.parse(one["validity"]),
        renewal=Renewal(one["renewal"]),
        settings=Settings(**{switch: one.get(switch) for switch in switches}),
    )


def _license_type(name: str, one: Mapping[str, Any]) -> LicenseType:
    return LicenseType(
        id=name,
        price=UnitPrice(Money.parse(one["price"])),
        minimum=one["minimum"],
        features=frozenset(one["features"]),
    )


def _service_plan(name: str, one: Mapping[str, Any]) -> ServicePlan:
    limits = {limit: Limit(UNLIMITED if most == "unlimited" else most) for limit, most in one["limits"].items()}
    features = tuple(Feature(id=feature, credits=cost) for feature, cost in one["credits"].items())
    return ServicePlan(id=name, limits=Limits(limits), features=features)


def _credit_pack(name: str, one: Mapping[str, Any]) -> CreditPack:
    prices = tuple(FlatPrice(Money.parse(price)) for price in one["prices"])
    return CreditPack(
        id=name, credits=one["credits"], prices=prices, expires_after=Duration.parse(one["expires_after"])
    )
