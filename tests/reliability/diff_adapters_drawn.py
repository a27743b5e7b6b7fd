"""Commands and queries with drawn arguments: such that make sense often, hostile ones sometimes."""

import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final

import attrs

from licensing_core import services
from licensing_core.accounts import AccountSettings, Block
from licensing_core.billing import ItemChange, When
from licensing_core.checks import MAX_COUNT, MAX_QUANTITY, FrozenMap
from licensing_core.credits import Grant, RefundPolicy
from licensing_core.currencies import Currency
from licensing_core.directory import Content, Permission, Role, Scope
from licensing_core.enrollments import Enrollment
from licensing_core.errors import LicensingError
from licensing_core.holdings import Holding
from licensing_core.limits import UNLIMITED
from licensing_core.money import Money
from licensing_core.orders import Cart, CartLine
from licensing_core.payments import (
    ForBill,
    ForCart,
    ForPack,
    ForPlan,
    ForRenewal,
    PaymentOutcome,
    Purpose,
    Receipt,
    Way,
    payment_id,
)
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import PackageKind
from licensing_core.protocols import AggregateKind
from licensing_core.seat_administration import Task
from licensing_core.services import Command, Query
from licensing_core.subscriptions import EndOf
from tests import client_commands as client
from tests.service_samples import NEEDS, PAID_FOR, WEB_ORDER, of_tenant
from tests.service_world import AID, BASICS, FIRE, LADDER, NOON, SELL, USERS, open_account

Draw = Callable[[Random], Any]
HOSTILE_INTS: Final = (-1, 0, 1, MAX_QUANTITY, MAX_QUANTITY + 1, MAX_COUNT, MAX_COUNT + 1, 2**53, 2**63, True, 1.0, "1")
HOSTILE_TEXTS: Final = (
    "P1",
    "p1 ",
    "p1\0",
    "\u0440\u0031",
    "p\u200b1",
    "\u202ep1",
    "caf\u00e9",
    "cafe\u0301",
    "p%",
    "p_",
    "p1'; DROP TABLE event; --",
    "x" * 64,
    "x" * 65,
    "p1.",
    "p-1",
    "p:1",
    "1p",
    "A1",
    "",
    "\ud800",
    "x" * 100_000,
    1,
    None,
)
"""Confusable, too long, or meant for an interpreter; some of them are ids like any other."""
HOSTILE_TIMES: Final = (
    datetime(2026, 5, 16, 10),  # noqa: DTZ001 - naive, on purpose
    datetime(1, 1, 1, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
    date.max,
    date(1, 1, 1),
    0,
    None,
)


def one_of(*choices: Any) -> Draw:
    return lambda rng: rng.choice(choices)


def some_of(*choices: Any, most: int = 3) -> Draw:
    return lambda rng: frozenset(rng.sample(choices, rng.randint(1, min(most, len(choices)))))


def seldom(draw: Draw, otherwise: Any = None, share: float = 0.3) -> Draw:
    return lambda rng: draw(rng) if rng.random() < share else otherwise


def _money(rng: Random) -> Money:
    return Money.parse(f"{rng.choice((0, 1, 5, 10, 10, 10, 50))}.{rng.choice(('00', '01'))} EUR")


def _instant(rng: Random) -> datetime:
    return NOON + timedelta(hours=rng.choice((-48, -1, 0, 1, 24, 24 * 9, 24 * 30, 24 * 400)))


def _some_people(rng: Random) -> frozenset[str]:
    return frozenset(rng.sample((*USERS[:9], "boss", "out"), rng.choice((1, 1, 1, 2, 3))))


def _a_cart(rng: Random) -> Cart:
    names = rng.sample(("p3", "p4", "p8", "p9"), rng.randint(1, 2))
    return Cart(lines=tuple(CartLine(plan=rng.choice(("one", "public", "five")), pool=name) for name in names))


def _a_grant(rng: Random) -> Grant:
    at = NOON + timedelta(days=rng.choice((-2, 0, 0, 20)))
    expires = at + timedelta(days=30) if rng.random() < 0.5 else None
    name = rng.choice(("gift", "more", "active", "bonus"))
    return Grant(id=name, amount=rng.choice((1, 9, 100, MAX_COUNT)), effective=at, expires=expires)


def _settings(rng: Random) -> AccountSettings:
    return AccountSettings(administrator=rng.choice(("chief", "other")), choices=frozenset(rng.sample(_PLANS, 1)))


def _enrollments(rng: Random) -> tuple[Enrollment, ...]:
    return (Enrollment(user=rng.choice(USERS[:9]), content=rng.choice(_CONTENTS), pool="p9"),)


_PLANS: Final = ("basic", "tiny")
_SALES: Final = ("five", "one", "loose", "capped", "selling", "three", "refunding", "final", "public", "nothing")
_CONTENTS: Final = (FIRE, AID, LADDER, SELL, BASICS, Content.course("gone"))
_SUBSCRIPTIONS: Final = ("web", "mail", "disk", "byhand", "rested", "leaving", "waiting", "tried", "new", "moved")
_DOCUMENTS: Final = tuple(f"{kind}:{number}" for kind in ("proforma", "invoice") for number in range(1, 12))
_SCOPES: Final = (Scope.tree("sales"), Scope.tree("sales"), Scope.branch("madrid"), Scope.user("u1"), Scope.tree("top"))
PURPOSES: Final[tuple[Purpose, ...]] = (
    WEB_ORDER,
    PAID_FOR,
    *(
        ForPlan(plan=plan, pool=pool, beneficiary=Scope.tree("sales"))
        for plan in ("five", "three")
        for pool in ("p8", "p9")
    ),
    ForRenewal(pool="p1", number=1),
    ForRenewal(pool="p2", number=1),
    *(ForPack(customer="a1", order=order) for order in ("ordered", "unwanted", "paid")),
    *(ForBill(customer="a1", document=f"proforma:{number}") for number in range(1, 9)),
    ForCart(cart=Cart(lines=(CartLine(plan="one", pool="p8"), CartLine(plan="public", pool="p9")))),
)
PAYING: Final[Mapping[type[Query[Any]], tuple[str, ...]]] = {
    services.NoteReceipt: ("payment", "attempt", "receipt"),
    services.RefundPayment: ("payment",),
    services.ReadPayment: ("payment",),
    services.AskGateway: ("payment",),
}
"""The commands and queries about a payment, and those of their fields that go together."""
_amount: Final = one_of(1, 1, 1, 2, 3, 7, 100)
_count: Final = one_of(0, 1, 2, 3, 5, 9)
_flag: Final = one_of(True, False)
_when: Final = one_of(*EndOf, NOON + timedelta(days=9))
_until: Final = seldom(_instant)
FIELDS: Final[Mapping[str, Draw]] = {
    "accept_excess": _flag,
    "access": _when,
    "account": one_of("a1", "a1", "a1", "a9", "a2"),
    "attempt": one_of("pay-0-1", "p1", "nobody"),
    "after": one_of(None, None, "p1", "a1", "u3", "x" * 64),
    "actor": one_of(*["boss"] * 8, "root", "root", "helper", "chief", "other", "mia", "u1"),
    "anchor": one_of(None, date(2026, 5, 1), date(2026, 1, 31), NOON),
    "aggregate": one_of("p1", "p2", "s1", "a1", "a2", "documents"),
    "as_customer": _flag,
    "at": one_of(NOON - timedelta(days=1), NOON, NOON + timedelta(days=1), NOON + timedelta(days=40)),
    "balances": one_of((), (Money.parse("5.00 EUR"),), (Money.parse("5.00 EUR"), Money.parse("1.00 USD"))),
    "beneficiary": one_of(*_SCOPES),
    "billing": seldom(_when),
    "blocks": one_of({}, {"unpaid": Block(since=NOON)}),
    "bought": one_of(0, 1, 2, 3, 5, 9, MAX_COUNT),
    "buy": one_of({"web": 1}, {"app": 2}, {"web": 1, "app": 1}, {"mail": 1}),
    "cart": _a_cart,
    "cause": one_of("unpaid", "abuse", "fraud"),
    "change": one_of(ItemChange(quantity=2), ItemChange(quantity=1), ItemChange(quantity=5)),
    "change_id": one_of("c1", "c2", "c3"),
    "charged": seldom(_money),
    "confirmed": one_of(None),
    "contact": _flag,
    "content": one_of(*_CONTENTS[:2], *_CONTENTS),
    "contents": some_of(*_CONTENTS, most=2),
    "converts": _flag,
    "count": _count,
    "credit": _flag,
    "currency": one_of(None, None, Currency("EUR"), Currency("USD")),
    "customer": one_of(*["a1"] * 6, "a2", "a2", "a8", "a9"),
    "cycle": one_of(
        Cycle(date(2026, 5, 1), Duration(months=1), client.ZONE), Cycle(date(2026, 6, 1), Duration(months=1), "UTC")
    ),
    "document": one_of(*_DOCUMENTS),
    "drop": seldom(_some_people, frozenset()),
    "effective": one_of(None, *When, NOON + timedelta(days=40)),
    "email": one_of("it@a1.example", "it@a2.example", "IT@a1.example", "mia@a1.example"),
    "ends": one_of(None),
    "enrollments": seldom(_enrollments, ()),
    "expires_at": _until,
    "feature": one_of("bots", "seats", "crm", "voip", "chat", "art", "none"),
    "grantee": one_of("mia", "mia", "keeper", "boss", "u1"),
    "holders": one_of({}, {"u1": Holding.HELD}, {"u2": Holding.HELD, "u3": Holding.AWAITING}),
    "idle_before": _until,
    "into": one_of(*USERS[:9]),
    "keep_overage": _flag,
    "kind": one_of(*PackageKind),
    "last_active": one_of({}, {"u1": NOON}),
    "level": one_of(None, "basic"),
    "license_type": one_of("web", "web", "app", "mail"),
    "limit": one_of("users", "users", "workspaces", "team", "calls", "files", "none"),
    "most": one_of(1, 2, 100, 1000),
    "name": one_of("The a1", "Zo\u00eb", "x" * 200, "\u4f01\u696d"),
    "number": one_of(None),
    "order": one_of("active", "paid", "ordered", "unwanted", "o9", "pending"),
    "overdraft": one_of(0, 10, UNLIMITED),
    "overrun": _flag,
    "pack": one_of("small", "monthly", "none"),
    "paid": one_of(None, Money.parse("10.00 EUR"), Money.parse("5.00 EUR"), Money.parse("99.00 EUR")),
    "payment": one_of(*PaymentOutcome),
    "people": one_of({}),
    "permissions": one_of(frozenset(), frozenset({"pay"}), frozenset({"pay", "read"})),
    "person": one_of("mia", "leo", "u1"),
    "policy": one_of(*RefundPolicy),
    "pool": one_of(*["p1"] * 4, "p2", "s1", "s1", "p8", "p9", "p3"),
    "pools": one_of(frozenset(), frozenset(), frozenset({"p1"}), frozenset({"p1", "p2"})),
    "renewals": _count,
    "purpose": one_of(*PURPOSES),
    "receipt": one_of(None),
    "resets": one_of(None, Cycle(date(2026, 5, 1), Duration(months=1), client.ZONE)),
    "resources": one_of(frozenset(), frozenset({Scope.tree("sales"), FIRE})),
    "revoked": one_of(0, 0, 1),
    "role": one_of(*Role),
    "scheduled": one_of(()),
    "settings": _settings,
    "since": _until,
    "spent": one_of(0, 0, 1),
    "subscription": one_of(*_SUBSCRIPTIONS),
    "target": one_of("p2", "p2", "p1", "p9"),
    "task": one_of(*Task),
    "terms": one_of(client.terms(), client.terms(every="P1W"), client.terms(price="0.01 EUR")),
    "totals": one_of({}, {"web": 2}, {"web": 0, "app": 3}),
    "trial_ends": _until,
    "types": lambda _rng: open_account().types,
    "until": _until,
    "user": one_of(*USERS[:9], "boss", "out"),
    "users": _some_people,
    "uses": _amount,
    "way": one_of(*Way),
    "within": one_of(None, "w1", "w2"),
}
"""How each field is drawn, by its name."""
SPECIAL: Final[Mapping[tuple[str, str], Draw]] = {
    **{(name, "amount"): _money for name in ("OpenCredit", "RefundCredit", "RefundPayment")},
    **{
        (name, "payment"): one_of("pay-0", "p1")
        for name in ("NoteReceipt", "RefundPayment", "ReadPayment", "AskGateway")
    },
    **{(name, "amount"): _amount for name in ("UseLimit", "ReleaseLimit", "SpendCredits")},
    **{(name, "plan"): one_of(*_PLANS) for name in ("OpenUsage", "AddCustomer", "ImportCustomer")},
    **{(name, "plan"): one_of(*_PLANS) for name in ("ChangeServicePlan", "PreviewServicePlan")},
    **{
        (name, "plan"): one_of(*_SALES)
        for name in ("RecordTransaction", "BuyPlan", "BuyPublicPlan", "QuotePlan", "ListBeneficiaries")
    },
    ("OverrideLimit", "most"): one_of(None, UNLIMITED, 0, 9),
    ("GrantActor", "permissions"): some_of(*Permission),
    **{(name, "kind"): one_of(*AggregateKind) for name in ("Verify", "ReadAsOf")},
    ("ReadCredits", "at"): _until,
    ("GrantCredits", "grant"): _a_grant,
    ("VoidGrant", "grant"): one_of("active", "gift", "more", "paid"),
    ("PreviewShrink", "order"): lambda rng: attrs.fields_dict(services.PreviewShrink)["order"].default,
    ("ImportPool", "terms"): one_of(None),
    ("SettleOrder", "order"): one_of(None, "pending"),
    ("ListPlans", "actor"): one_of(None, "boss", "root"),
}
"""Those whose name means something else in another command."""
_BASES: Final = (Query, Command, services.SubscriptionCommand)
OWN: Final = frozenset({"tenant", "key"})
"""What every command has, and is given anew."""


def found_kinds() -> tuple[type[Query[Any]], ...]:
    """Every public command and query, by name."""
    classes = (kind for _, kind in inspect.getmembers(services, inspect.isclass) if issubclass(kind, Query))
    return tuple(kind for kind in classes if kind not in _BASES)


def draw_of(kind: type[Query[Any]], field: str) -> Draw:
    """How *field* of *kind* is drawn; raises `KeyError` when nobody said."""
    special = SPECIAL.get((kind.__name__, field))
    return FIELDS[field] if special is None else special


def fields_of(kind: type[Query[Any]]) -> list[str]:
    """The fields of *kind* that are drawn."""
    return [field.name for field in attrs.fields(kind) if field.init and field.name not in OWN]


class Drawn:
    """Draws one command or query after the other for *tenant*; keys are sometimes used again."""

    def __init__(self, rng: Random, tenant: str) -> None:
        self._rng, self._tenant, self._sent, self._number = rng, tenant, list[Command[Any]](), 0
        self._kinds = found_kinds()

    def next(self) -> Query[Any] | LicensingError:
        """A command or query; or what is said to arguments of which none can be made."""
        rng = self._rng
        if self._sent and rng.random() < 0.03:
            return rng.choice(self._sent)
        kind = rng.choice(self._kinds)
        fields = self._fields(kind)
        if rng.random() < 0.08:
            name = rng.choice(sorted(fields))
            fields[name] = self._hostile(fields[name])
        try:
            made = kind(**fields)
        except LicensingError as refusal:
            return refusal
        if isinstance(made, Command):
            self._sent.append(made)
        return made

    def _fields(self, kind: type[Query[Any]]) -> dict[str, Any]:
        rng, sample = self._rng, of_tenant(NEEDS[kind][0], self._tenant)
        fields = {
            name: draw_of(kind, name)(rng) if rng.random() < 0.4 else getattr(sample, name) for name in fields_of(kind)
        }
        fields["tenant"] = self._tenant
        if "payment" in fields and "payment" in PAYING.get(kind, ()) and rng.random() < 0.7:
            fields |= self._payment(kind)
        if issubclass(kind, Command):
            self._number += 1
            old = self._sent and rng.random() < 0.02
            fields["key"] = rng.choice(self._sent).key if old else f"k{self._number}"
        return fields

    def _payment(self, kind: type[Query[Any]]) -> dict[str, Any]:
        """A payment that there may be, and what a gateway may say of one of its attempts."""
        rng, name = self._rng, payment_id(self._tenant, self._rng.choice(PURPOSES))
        if "attempt" not in PAYING[kind]:
            return {"payment": name}
        key = f"{name}-{rng.choice(('1', '1', '2', 'r1'))}"
        amount = Money.parse(rng.choice(("180.00 EUR", "180.00 EUR", "15.00 EUR", "10.00 EUR", "2.00 EUR")))
        told = Receipt(key=key, outcome=rng.choice(tuple(PaymentOutcome)), amount=amount, reference="ref")
        return {"payment": name, "attempt": key, "receipt": rng.choice((told, told, told, None))}

    def _hostile(self, value: Any) -> Any:
        rng = self._rng
        if isinstance(value, int):
            return rng.choice(HOSTILE_INTS)
        if isinstance(value, datetime | date):
            return rng.choice(HOSTILE_TIMES)
        if isinstance(value, frozenset):
            return frozenset({rng.choice(HOSTILE_TEXTS)})
        if isinstance(value, Mapping):
            return FrozenMap({rng.choice(HOSTILE_TEXTS): rng.choice(HOSTILE_INTS)})
        return rng.choice((*HOSTILE_TEXTS, *HOSTILE_TEXTS, *HOSTILE_INTS, *HOSTILE_TIMES))
