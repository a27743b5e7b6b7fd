"""One host and the commands of one story, for the tests of the services over every store."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from threading import Barrier, Thread
from typing import Any, Final, TypeVar

import attrs
import pytest

from licensing_core.accounts import AccountSettings
from licensing_core.adapters.hosts import StaticHost
from licensing_core.adapters.memory import MemoryStore
from licensing_core.adapters.sql import SqlStore
from licensing_core.adapters.sql.schema import METADATA
from licensing_core.checks import FrozenMap, Value
from licensing_core.credits import CreditPack
from licensing_core.directory import EVERYONE, Actor, Content, Directory, Permission, Role, Scope
from licensing_core.errors import LicensingError
from licensing_core.license_cycle import LicenseType
from licensing_core.limits import UNLIMITED, Limit, Limits
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import (
    Catalog,
    Feature,
    Offer,
    Package,
    PackageKind,
    Plan,
    PlanKind,
    Renewal,
    ServicePlan,
    ServicePlans,
    Settings,
)
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.protocols import NUMBERS, Aggregate, AggregateKind, Envelope, Page, Store, Stored, UnitOfWork
from licensing_core.services import (
    AddCustomer,
    AssignLicenses,
    BlockCustomer,
    BuyPlan,
    Command,
    EnrollUsers,
    Licensing,
    OpenAccount,
    Query,
    UnassignLicenses,
    replay,
)
from licensing_core.testing.contracts_given import replays
from tests.postgres import a_database

TENANT: Final = "acme"
NOON: Final = datetime(2026, 5, 16, 10, tzinfo=UTC)
USERS: Final = tuple(f"u{number}" for number in range(20))
PEOPLE: Final = ("mia", "leo", "u1")
"""Who may be users or contacts of a customer."""

FIRE, AID, LADDER, SELL = (Content.course(name) for name in ("fire", "aid", "ladder", "sell"))
BASICS: Final = Content.learning_plan("basics")
"""Its courses are *aid* and *ladder*, of which the packages list only the first."""
BOSS: Final = Actor(
    "boss",
    Role.POWER_USER,
    permissions=frozenset(Permission),
    resources=frozenset({Scope.tree("sales"), FIRE, AID, BASICS, SELL}),
)


def _package(package_id: str, kind: PackageKind, *contents: Content, audience: Scope | None = None) -> Package:
    catalog = Catalog("basics", frozenset(contents))
    return Package(id=package_id, kind=kind, catalogs=(catalog,), audience=frozenset({audience or Scope.tree("top")}))


A = TypeVar("A", bound=Value)

_SAFETY: Final = _package("safety", PackageKind.LICENSES, FIRE, AID, BASICS)
_SALES: Final = _package("sales", PackageKind.LICENSES, FIRE, SELL)
_WORKSHOPS: Final = _package("workshops", PackageKind.SEATS, FIRE, AID, BASICS)
_OPEN: Final = _package("open", PackageKind.LICENSES, FIRE, audience=EVERYONE)


def _plan(
    plan_id: str,
    quantity: int,
    package: Package = _SAFETY,
    price: str = "180.00 EUR",
    renewal: Renewal = Renewal.MANUAL,
    **settings: Any,
) -> Offer:
    seats = package.kind is PackageKind.SEATS
    plan = Plan(
        id=plan_id,
        package=package.id,
        kind=PlanKind.SEATS if seats else PlanKind.MULTI_LICENSE if quantity > 1 else PlanKind.SINGLE_LICENSE,
        quantity=quantity,
        prices=(FlatPrice(Money.parse(price)),),
        validity=Duration(months=12),
        renewal=renewal,
        settings=Settings(**settings),
    )
    return Offer(plan, package)


SERVICE_PLANS: Final = ServicePlans(
    (
        ServicePlan(
            id="basic",
            limits=Limits(
                {
                    "users": Limit(5),
                    "workspaces": Limit(3),
                    "team": Limit(2, "workspaces"),
                    "calls": Limit(10, resets=Duration(months=1)),
                    "files": Limit(UNLIMITED),
                }
            ),
            features=(
                Feature(id="bots", limit="calls", credits=3),
                Feature(id="seats", limit="team"),
                Feature(id="crm", licensed=True),
                Feature(id="voip", licensed=True),
                Feature(id="chat"),
                Feature(id="art", credits=10),
            ),
        ),
        ServicePlan(id="tiny", limits=Limits({"users": Limit(1)})),
    )
)
CREDIT_PACKS: Final = (
    CreditPack(id="small", credits=100, prices=(FlatPrice(Money.parse("10.00 EUR")),)),
    CreditPack(
        id="monthly",
        credits=40,
        prices=(FlatPrice(Money.parse("5.00 EUR")), FlatPrice(Money.parse("6.00 USD"))),
        expires_after=Duration(months=1),
    ),
)
CUSTOMERS: Final = {
    "a1": AccountSettings(administrator="chief", choices=frozenset({"tiny"})),
    "a2": AccountSettings(administrator="other"),
}
"""Whose main administrators hold no permission; that of a1 may choose *tiny*."""
NAMES: Final = ("a1", "a2", "a8", "a9")
"""Customers that there may be."""
TRIED: Final = ServicePlans(tuple(attrs.evolve(one, trial_days=1) for one in SERVICE_PLANS))
"""The same plans, each of which may be tried for a day."""


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def host(
    tenant: str = TENANT,
    *,
    service_plans: ServicePlans = SERVICE_PLANS,
    credit_packs: Iterable[CreditPack] = CREDIT_PACKS,
    ask_store: bool = False,
) -> StaticHost:
    """*boss* may do all in *sales*; *helper* hands out there and enrolls in *fire*, to be confirmed; *root* all."""
    return StaticHost(
        tenant,
        ask_store=ask_store,
        service_plans=service_plans,
        credit_packs=credit_packs,
        zone="Europe/Madrid",
        directory=Directory.of(
            branches={"top": None, "sales": "top", "madrid": "sales"},
            users={"boss": ["sales"], "helper": ["top"], **{user: ["madrid"] for user in USERS}, "out": ["top"]},
        ),
        actors=(
            Actor("root", Role.SUPERADMIN),
            BOSS,
            Actor(
                "helper",
                Role.POWER_USER,
                permissions=frozenset({Permission.SEATS_MANAGE}),
                resources=frozenset({Scope.tree("sales"), FIRE}),
            ),
        ),
        offers=(
            _plan("five", 5),
            _plan("one", 1),
            _plan("loose", 2, enforce_limit=False, allow_refund=True),
            _plan("capped", 4, revocation_cap=Fraction(1, 4)),
            _plan("selling", 3, _SALES, "90.00 EUR"),
            _plan("three", 3, _WORKSHOPS, "30.00 EUR"),
            _plan("refunding", 3, _WORKSHOPS, "40.00 USD", allow_refund=True),
            _plan("final", 2, _WORKSHOPS, "30.00 EUR", Renewal.NONE),
            _plan("public", 1, _OPEN, "9.00 EUR"),
        ),
        courses={BASICS: {AID, LADDER}},
    )


@contextmanager
def a_store(kind: str, folder: Path) -> Iterator[Store]:
    """An empty store: *memory*, *sqlite* in a file, or *postgres* on the server that these tests share."""
    with ExitStack() as stack:
        if kind == "memory":
            yield MemoryStore()
            return
        url = f"sqlite:///{folder / 'licenses.db'}" if kind == "sqlite" else stack.enter_context(a_database())
        made = stack.enter_context(closing(SqlStore(url)))
        made.create()
        yield made


class Checked(Licensing):
    """Sees to it after each command, refused or not, that the histories lead to what is stored, if that changed."""

    def __init__(self, store: Store, known: Any = None, clock: Any = None) -> None:
        super().__init__(store, known or host(), clock or Clock())
        self.store, self._seen = store, dict[str, object]()

    def run(self, asked: Query[A]) -> A:
        try:
            return super().run(asked)
        finally:
            self._see_to_it()

    def _see_to_it(self) -> None:
        found = snapshot(self.store)
        if found != self._seen:
            replayed(self.store)
            self._seen = found


def replayed(store: Store) -> None:
    """See to it that the histories lead to what is stored."""
    with store.begin() as work:
        names = [pool.id for pool in work.pools(TENANT, Page())]
        for load, kind in _customers(work):
            stored = load(TENANT, "a1", None)
            assert stored is None or stored.state == replay(work.history(TENANT, kind, "a1"))
        numbers = work.numbers(TENANT)
        taken = work.history(TENANT, AggregateKind.NUMBERS, NUMBERS)
        assert numbers is None or numbers.state == replay(taken)
        for name in work.stored(TENANT, AggregateKind.PAYMENTS, Page()):
            payment = work.payment(TENANT, name)
            assert payment is not None
            assert payment.state == replay(work.history(TENANT, AggregateKind.PAYMENTS, name))
    replays(store, *names)


def _customers(work: UnitOfWork) -> tuple[tuple[Callable[..., Stored[Aggregate] | None], AggregateKind], ...]:
    """What may be stored of one customer, all under its id, and of which kind it is."""
    kinds = AggregateKind

    def account(tenant: str, customer: str, ids: Any) -> Any:
        return work.customer(tenant, customer, ids, ids)

    return (
        (work.account, kinds.LICENSES),
        (work.usage, kinds.USAGE),
        (work.credits, kinds.CREDITS),
        (account, kinds.CUSTOMERS),
    )


def snapshot(store: Any, tenant: str | None = None) -> dict[str, object]:
    """All that is stored of *tenant* (`None`: of all), by table, as it lies in *store*; of a database, the rows."""
    if isinstance(store, MemoryStore):
        return {name: _lying(table, tenant) for name, table in vars(store._tables).items() if name != "turn"}
    chosen = "" if tenant is None else f" WHERE tenant = '{tenant}'"
    with store._database.transaction(read_only=True) as connection:
        asked = {name: connection.exec_driver_sql(f"SELECT * FROM {name}{chosen}") for name in METADATA.tables}
        return {name: Counter(map(tuple, rows)) for name, rows in asked.items()}


def copied(store: MemoryStore) -> MemoryStore:
    """Another store with all that is stored in *store*."""
    made = MemoryStore()
    vars(made._tables).update(snapshot(store))
    return made


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> set[str]:
    """The tables that are different, but for the one of the keys that were used."""
    return {name for name in before if before[name] != after[name]} - {"command", "commands"}


def _lying(table: dict[Any, Any], tenant: str | None) -> dict[Any, Any]:
    """A copy of a table in memory, in which there may be empty entries of what was undone."""
    rows = {key: dict(row) if isinstance(row, dict) else row for key, row in table.items() if tenant in (None, key[0])}
    return {key: row for key, row in rows.items() if row != {}}


def all_told(store: Store) -> list[object]:
    """All that a store tells of `TENANT` when it is asked, which is the same from every kind of store."""
    with store.begin() as work:
        names = [pool.id for pool in work.pools(TENANT, Page())]
        customers = [(load, kind, name) for load, kind in _customers(work) for name in NAMES]
        return [
            [work.pool(TENANT, name, None) for name in names],
            [load(TENANT, name, None) for load, _, name in customers],
            work.enrollments(TENANT, None),
            [_told(work.history(TENANT, AggregateKind.LICENSES, name)) for name in names],
            [_told(work.history(TENANT, kind, name)) for _, kind, name in customers],
            [work.card(TENANT, name, person) for name in NAMES for person in (None, *PEOPLE)],
            [work.actor(TENANT, person) for person in PEOPLE],
            [work.numbers(TENANT), _told(work.history(TENANT, AggregateKind.NUMBERS, NUMBERS))],
            [work.payment(TENANT, name) for name in work.stored(TENANT, AggregateKind.PAYMENTS, Page())],
        ]


def _told(history: Sequence[Envelope]) -> tuple[Envelope, ...]:
    """A history but for the digests, which each store works out in its own way."""
    return tuple(attrs.evolve(one, digest="d1") for one in history)


def events_of(store: Store, pool: str, kind: AggregateKind = AggregateKind.LICENSES) -> list[str]:
    """The types of the events in the history of *pool*, or of what else is stored of that *kind*."""
    with store.begin() as work:
        return [one.event.type for one in work.history(TENANT, kind, pool)]


def refused(run: Callable[..., object], *given: object) -> LicensingError:
    """What *run* is refused with."""
    with pytest.raises(LicensingError) as refusal:
        run(*given)
    return refusal.value


class Stale:
    """A store whose first unit of work does not see what others have stored since."""

    def __init__(self, store: Store, work: type[Any]) -> None:
        self.store, self._work, self.begun = store, work, 0

    def begin(self, *, read_only: bool = False) -> Any:
        self.begun += 1
        return (
            self._work(self.store.begin(read_only=read_only))
            if self.begun == 1
            else self.store.begin(read_only=read_only)
        )


class Turn:
    """A unit of work of a store, to be changed in part."""

    def __init__(self, turn: Any) -> None:
        self._turn = turn

    def __enter__(self) -> Any:
        self.inner = self._turn.__enter__()
        return self

    def __exit__(self, *error: object) -> Any:
        return self._turn.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def at_once(stores: Sequence[Store], commands: Sequence[Command[Any]]) -> list[Any]:
    """What came of each of *commands*, which threads run all at once."""
    outcomes: list[Any] = [None] * len(commands)
    barrier = Barrier(len(commands))

    def run(number: int) -> None:
        licensing = Licensing(stores[number % len(stores)], host(), Clock())
        barrier.wait()
        try:
            outcomes[number] = licensing.run(commands[number])
        except BaseException as error:  # noqa: BLE001
            outcomes[number] = error

    threads = [Thread(target=run, args=(number,)) for number in range(len(commands))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return outcomes


def sent(key: str, actor: str = "boss", tenant: str = TENANT) -> dict[str, Any]:
    return {"tenant": tenant, "key": key, "actor": actor}


def buy(pool: str = "p1", plan: str = "five", key: str = "buy") -> BuyPlan:
    beneficiary = None if plan == "one" else Scope.tree("sales")
    return BuyPlan(plan=plan, pool=pool, beneficiary=beneficiary, **sent(f"{key}-{pool}"))


def assign(*users: str, key: str, pool: str = "p1") -> AssignLicenses:
    return AssignLicenses(pool=pool, users=frozenset(users), **sent(key))


def unassign(*users: str, key: str, actor: str = "boss") -> UnassignLicenses:
    return UnassignLicenses(pool="p1", users=frozenset(users), **sent(key, actor))


def enroll(*users: str, key: str, pool: str = "s1", actor: str = "boss", contents: Any = (FIRE,)) -> EnrollUsers:
    return EnrollUsers(pool=pool, users=frozenset(users), contents=frozenset(contents), **sent(key, actor))


def open_account() -> OpenAccount:
    return OpenAccount(
        account="a1",
        cycle=Cycle(date(2026, 5, 1), Duration(months=1), "Europe/Madrid"),
        types=(
            LicenseType(id="web", price=UnitPrice(Money.parse("30.00 EUR")), minimum=1, features=frozenset({"crm"})),
            LicenseType(id="app", price=UnitPrice(Money.parse("10.00 EUR"))),
        ),
        totals=FrozenMap({"web": 2}),
        **sent("open"),
    )


def of(customer: str = "a1", actor: str = "boss") -> dict[str, Any]:
    """What is asked of a customer."""
    return {"tenant": TENANT, "actor": actor, "customer": customer}


def to(key: str, customer: str = "a1", actor: str = "boss") -> dict[str, Any]:
    """What is sent about a customer."""
    return {"key": key, **of(customer, actor)}


def add(customer: str = "a1", plan: str | None = "basic", **settings: Any) -> AddCustomer:
    """Add a customer, whose main administrator is the one of `CUSTOMERS`."""
    known = attrs.evolve(CUSTOMERS.get(customer, AccountSettings()), **settings)
    card = {"name": f"The {customer}", "email": f"it@{customer}.example"}
    return AddCustomer(plan=plan, settings=known, **card, **to(f"add-{customer}", customer))


def known(
    store: Store,
    customer: str = "a1",
    *,
    plan: str | None = "basic",
    trial_ends: datetime | None = None,
    causes: Iterable[str] = (),
    **settings: Any,
) -> Checked:
    """Add a customer, whose trial of *basic* ends then, and block it for *causes*; what runs commands at `NOON`."""
    clock = Clock()
    if trial_ends is not None:
        clock.now = trial_ends - timedelta(days=1)
    trying = host() if trial_ends is None else host(service_plans=TRIED)
    Checked(store, trying, clock).run(add(customer, plan, **settings))
    made = Checked(store)
    for cause in causes:
        made.run(BlockCustomer(cause=cause, **to(f"block-{customer}-{cause}", customer)))
    return made
