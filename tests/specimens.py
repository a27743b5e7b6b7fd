"""One valid example of each public value of the library, for the tests that sweep over all of them."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any, Final

import attrs

from licensing_core import (
    billing,
    enrollments,
    license_cycle,
    orders,
    plans,
    pools,
    pricing,
    proration,
    protocols,
    seat_administration,
    services,
    visibility,
)
from licensing_core.billing import Quote, line
from licensing_core.checks import Value
from licensing_core.currencies import Currency
from licensing_core.decisions import Decision, Event, Verdict
from licensing_core.directory import Actor, Content, Directory, Permission, Person, Role, Scope
from licensing_core.holdings import Holding, Holdings
from licensing_core.license_cycle import LicenseType
from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome
from licensing_core.periods import Cycle, Duration, Interval, Span
from licensing_core.plans import Catalog, Offer, Package, PackageKind, Plan, PlanKind, Settings, Switches, Terms
from licensing_core.pricing import FlatPrice, UnitPrice
from licensing_core.reports.table import Cell, Column, Table
from licensing_core.services import accounts, engine
from licensing_core.workdays import BusinessCalendar
from tests.specimens_accounts import ACCOUNTS, ACCOUNTS_SERVED
from tests.specimens_metered import METERED, SERVED
from tests.specimens_payments import PAYMENTS, PAYMENTS_SERVED

NOON: Final = datetime(2026, 5, 4, 12, tzinfo=UTC)
MADRID: Final = "Europe/Madrid"
EUR: Final = Currency("EUR")
ROOT: Final = Actor("root", Role.SUPERADMIN)
BUYER: Final = Actor(
    "ana",
    Role.POWER_USER,
    permissions=frozenset(Permission),
    resources=frozenset({Scope.tree("sales"), Scope.group("coaches")}),
)
COMPANY: Final = Directory.of(
    branches={"top": None, "sales": "top", "madrid": "sales"},
    users={"ana": ["sales"], "luis": ["madrid"], "mei": ["top"]},
    groups={"coaches": ["ana", "mei"]},
)
SWITCHES: Final = Switches(allow_refund=True)
CATALOG: Final = Catalog("basics", frozenset({Content.course("fire"), Content.learning_plan("start")}))
PACKAGE: Final = Package(
    id="safety", kind=PackageKind.LICENSES, catalogs=(CATALOG,), audience=frozenset({Scope.tree("top")})
)
FIFTY: Final = Plan(
    id="fifty",
    package="safety",
    kind=PlanKind.MULTI_LICENSE,
    quantity=50,
    prices=(FlatPrice(Money.parse("1800.00 EUR")),),
    validity=Duration(months=12),
)
OFFER: Final = Offer(FIFTY, PACKAGE)
TERMS: Final = Terms(
    plan="fifty",
    package="safety",
    kind=PlanKind.MULTI_LICENSE,
    price=Money.parse("1800.00 EUR"),
    quantity=50,
    validity=Duration(months=12),
    renewal=plans.Renewal.MANUAL,
    created_by="ana",
    purchased_at=NOON,
)
POOL: Final = pools.LicensePool(
    id="p1",
    beneficiary=Scope.tree("sales"),
    bought=50,
    consumed=2,
    held=1,
    expires_at=NOON.replace(year=2027),
    terms=TERMS,
    holdings=Holdings({"ana": Holding.HELD, "luis": Holding.AWAITING}),
)
SEATS: Final = pools.SeatPool(id="p2", beneficiary=Scope.group("coaches"), bought=9, consumed=2, held=1)
MONTHLY: Final = Cycle(date(2026, 1, 1), Duration(months=1), MADRID)
MAY: Final = MONTHLY.period_at(NOON)
BASE: Final = LicenseType(id="base", price=UnitPrice(Money.parse("30.00 EUR")), minimum=2, features=frozenset({"crm"}))
HALF_MAY: Final = Span(date(2026, 5, 16), date(2026, 6, 1))
LINE: Final = line("base", 2, BASE.price, billed=HALF_MAY, period=MAY.span)
QUOTE: Final = Quote(currency=EUR, lines=(LINE,))
VAT: Final = billing.TaxRate(id="vat", percent=Fraction(21))
DISCOUNTS: Final = (
    billing.PercentDiscount(id="spring", percent=Fraction(10), within=HALF_MAY),
    billing.FixedDiscount(id="welcome", amount=Money.parse("5.00 EUR")),
)
SEAT_TERMS: Final = billing.ItemTerms(
    item="base", price=BASE.price, quantity=5, cycle=MONTHLY, discounts=DISCOUNTS, rates=(VAT,)
)
LEDGER_OPENING: Final = billing.open_ledger("acme", EUR, by=Actor("ana"), now=NOON)
STARTED: Final = billing.start_item(
    "seats", SEAT_TERMS, ledger=LEDGER_OPENING.state, document="inv-1", by=Actor("ana"), now=NOON
)
PART_PAID: Final = billing.pay(STARTED.state.ledger, "inv-1", Money.parse("90.00 EUR"), by=Actor("ana"), now=NOON)
LESS: Final = billing.ItemChange(quantity=2)
WAITING: Final = billing.ScheduledChange(id="later", change=LESS, effective=billing.When.END_OF_PERIOD)
SHRUNK: Final = billing.change_item(
    attrs.evolve(STARTED.state, ledger=PART_PAID.state), LESS, document="inv-2", by=Actor("ana"), now=NOON
)
SHRUNK_QUOTE: Final = SHRUNK.events[0].quote  # type: ignore[union-attr]
INVOICE_NUMBER: Final = billing.Series("F-", restart=billing.Restart.YEARLY).following(None, date(2026, 5, 4))
INVOICE: Final = billing.issue(
    billing.DocumentKind.INVOICE, SHRUNK_QUOTE, document="inv-2", number=INVOICE_NUMBER, customer="acme"
)
TIER: Final = pricing.Tier(up_to=None, unit=Money.parse("9.00 EUR"), flat=Money.parse("1.00 EUR"))
VERSION: Final = pricing.PriceVersion(NOON, (BASE.price,))
PRICE_LIST: Final = pricing.PriceList("seats", (VERSION,))
PINNED: Final = PRICE_LIST.pin("seats", 5, NOON)
MIGRATION_ROW: Final = pricing.MigrationRow(
    id="seats", quantity=5, before=Money.parse("50.00 EUR"), after=Money.parse("60.00 EUR")
)
PRORATED: Final = proration.prorate(Money.parse("30.00 EUR"), HALF_MAY, MAY.span)
ORDER: Final = license_cycle.Order(id="o1", quotes=(QUOTE,))
OPENING: Final = license_cycle.open_account(
    "acme", cycle=MONTHLY, types=(BASE,), totals={"base": 5}, by=Actor("ana"), now=NOON
)
ACCOUNT: Final = attrs.evolve(OPENING.state, orders=(ORDER,))
LICENSE_ROW: Final = license_cycle.license_table(ACCOUNT)["base"]
LICENSED: Final = license_cycle.licensed_user(ACCOUNT, "ana")
ROW: Final = seat_administration.row_of(POOL)
FIRE: Final = Content.course("fire")
ENROLLMENT: Final = enrollments.Enrollment(
    user="ana",
    content=FIRE,
    pool="p2",
    status=enrollments.EnrollmentStatus.TO_CONFIRM,
    level="student",
    since=NOON,
    until=NOON.replace(year=2027),
)
ROSTER: Final = enrollments.Roster(
    pool=SEATS, enrollments=enrollments.Enrollments([ENROLLMENT], loaded={"ana", "luis"})
)
LICENSES: Final = enrollments.Roster(pool=POOL, enrollments=enrollments.Enrollments())
LIVE: Final = enrollments.LivePool(POOL, PACKAGE, SWITCHES)
BLOCKED: Final = Verdict.refuse(enrollments.EnrollmentToConfirm(content=FIRE))
CART: Final = orders.Cart(
    lines=(orders.CartLine(plan="fifty", pool="p9", beneficiary=Scope.tree("sales"), currency=EUR),), recipient="luis"
)
SHRINKING: Final = pools.Shrinking(
    pool="p1", bought=1, free=48, awaiting=("luis",), idle=("mei",), last_assigned=("ana",)
)
AT: Final[dict[str, Any]] = {"at": NOON, "by": "ana"}
SENT: Final[dict[str, Any]] = {"tenant": "t1", "key": "k1", "actor": "ana"}
ASKED: Final[dict[str, Any]] = {"tenant": "t1", "actor": "ana"}
ROWS: Final = {"base": LICENSE_ROW}
MOVED: Final[dict[str, Any]] = {
    "moved": ("ana",),
    "awaiting": ("ana",),
    "passed_over": ("luis",),
    "followed": (ENROLLMENT,),
    "locked": (ENROLLMENT,),
}

MERGED_ENROLLMENTS: Final = enrollments.EnrollmentsMerged(
    pools={"p2": SEATS}, enrollments=ROSTER.enrollments, followed=(ENROLLMENT,), dropped=(ENROLLMENT,)
)
BROKEN: Final = services.Finding(
    kind=protocols.AggregateKind.LICENSES,
    aggregate="p1",
    fault=services.Fault.STATE_DIFFERS,
    sequence=3,
    version=3,
    names=("consumed", "held"),
)
VALUES: Final[tuple[Value, ...]] = (
    Money(1250, EUR),
    Money.parse("10.00 EUR").split(3),
    Duration(months=1, days=2, seconds=3),
    Interval(NOON, None),
    HALF_MAY,
    MAY,
    Cycle(date(2026, 1, 31), Duration(months=1), MADRID, anchor_day=31),
    BusinessCalendar(frozenset({0, 1, 2, 3, 4}), frozenset({date(2026, 12, 25)})),
    Event(**AT),
    Decision(POOL, (pools.PoolResized(pool="p1", bought=5, **AT),)),
    Verdict.allow("DOC-20"),
    Scope.tree("sales"),
    Content.course("fire"),
    BUYER,
    COMPANY.forest,
    Person(frozenset({"sales"}), frozenset({"coaches"})),
    COMPANY,
    *METERED,
    *PAYMENTS,
    *ACCOUNTS,
    FlatPrice(Money.parse("1800.00 EUR")),
    BASE.price,
    CATALOG,
    PACKAGE,
    Settings(enforce_limit=False),
    SWITCHES,
    FIFTY,
    OFFER,
    plans.Offers((OFFER,)),
    TERMS,
    pools.Pool(id="p3", beneficiary=Scope.group("coaches"), bought=3),
    POOL,
    SEATS,
    pools.PoolOpened(
        pool="p1",
        kind=PackageKind.LICENSES,
        beneficiary=Scope.tree("sales"),
        bought=50,
        expires_at=None,
        terms=TERMS,
        **AT,
    ),
    pools.LicensesAssigned(pool="p1", users=frozenset({"ana", "luis"}), moved_from="p3", **AT),
    pools.LicensesUnassigned(
        pool="p1", released=frozenset({"ana"}), awaiting=frozenset({"luis"}), revoked=2, moved_to="p3", **AT
    ),
    pools.ReleasesRejected(pool="p1", users=frozenset({"luis"}), **AT),
    pools.HolderMerged(pool="p1", user="ana", into="luis", holding=Holding.HELD, **AT),
    MERGED_ENROLLMENTS,
    pools.PoolResized(pool="p1", bought=60, dropped=frozenset({"luis"}), **AT),
    pools.PoolRenewed(pool="p1", expires_at=NOON.replace(year=2028), bought=50, **AT),
    SHRINKING,
    pools.Transfer(source=POOL, target=attrs.evolve(POOL, id="p3")),
    ENROLLMENT,
    ROSTER,
    LIVE,
    enrollments.Access(subscribed=True, can_enroll=False, entry=BLOCKED),
    enrollments.Enrolled(roster=ROSTER, enrolled=(ENROLLMENT,), skipped=(ENROLLMENT,)),
    enrollments.Moved(source=LICENSES, target=ROSTER),
    enrollments.EnrollmentsMade(pool="p2", enrollments=(ENROLLMENT,), **AT),
    enrollments.UsersEnrolled(pool="p2", enrollments=(ENROLLMENT,), **AT),
    enrollments.EnrollmentConfirmed(pool="p2", enrollments=(ENROLLMENT,), **AT),
    enrollments.EnrollmentReadmitted(pool="p2", enrollments=(ENROLLMENT,), **AT),
    enrollments.EnrollmentsLocked(pool="p2", enrollments=(ENROLLMENT,), **AT),
    enrollments.EnrollmentsMovedIn(pool="p2", enrollments=(ENROLLMENT,), **AT),
    enrollments.EnrollmentsRemoved(pool="p2", enrollments=(ENROLLMENT,), **AT),
    enrollments.UserUnenrolled(pool="p2", enrollments=(ENROLLMENT,), seat_returned=True, **AT),
    enrollments.EnrollmentRejected(pool="p2", enrollments=(ENROLLMENT,), **AT),
    enrollments.EnrollmentsMovedOut(pool="p2", enrollments=(ENROLLMENT,), **AT),
    pricing.PackagePrice(Money.parse("9.00 EUR"), 100, included=5, minimum=Money.parse("1.00 EUR")),
    TIER,
    pricing.TieredPrice((TIER,), pricing.Tiering.VOLUME),
    VERSION,
    PRICE_LIST,
    PINNED,
    pricing.Migration(price_list=PRICE_LIST, starts=NOON, pinned_before=NOON, keep=frozenset({"seats"})),
    MIGRATION_ROW,
    pricing.MigrationPreview((MIGRATION_ROW,)),
    proration.preset("kill_bill"),
    PRORATED.portion,
    PRORATED,
    PRORATED.trace,
    PRORATED.trace.steps[0],
    proration.change(
        MAY, NOON, Money.parse("30.00 EUR"), Money.parse("50.00 EUR"), held=Money.parse("9.00 EUR"), every=MONTHLY.every
    ),
    proration.ScheduledItem(billed=HALF_MAY, period=HALF_MAY, share=Fraction(1)),
    *DISCOUNTS,
    billing.LineDiscount(id="spring", exact=Fraction(300)),
    VAT,
    billing.TaxTerms(treatment=billing.TaxTreatment.INCLUSIVE, rounding=billing.TaxRounding.TOTAL),
    billing.Tax(id="vat", percent=Fraction(21), amount=Money.parse("2.10 EUR")),
    LINE,
    QUOTE,
    SHRUNK_QUOTE.credits[0],
    STARTED.state.ledger.line("seats:1"),
    PART_PAID.state,
    LEDGER_OPENING.events[0],
    STARTED.events[1],
    PART_PAID.events[0],
    billing.BalanceRefunded(ledger="acme", amount=Money.parse("1.00 EUR"), **AT),
    SEAT_TERMS,
    billing.BillingPolicy(convention=proration.preset("stripe")),
    LESS,
    WAITING,
    attrs.evolve(STARTED.state.item, scheduled=(WAITING,)),
    SHRUNK.events[0],
    billing.take_over_item(
        "seats", SEAT_TERMS, ledger=LEDGER_OPENING.state, line=None, by=Actor("ana"), now=NOON
    ).events[0],
    billing.ChangeScheduled(item="seats", change=WAITING, **AT),
    billing.ChangeWithdrawn(item="seats", change="later", **AT),
    SHRUNK.state,
    INVOICE_NUMBER,
    billing.Series("F-"),
    INVOICE.lines[0],
    INVOICE,
    orders.Charged(pool="p1", quote=QUOTE, payer="ana", **AT),
    orders.Purchase(pool=POOL, quote=QUOTE),
    CART.lines[0],
    CART,
    orders.Checkout(purchases=(orders.Purchase(pool=POOL, quote=QUOTE),), quotes=(QUOTE,), recipient="luis"),
    ROW,
    seat_administration.Assigned(pool=POOL, added=("ana",), passed_over=("luis",)),
    seat_administration.Unassigned(
        pool=POOL, released=("ana",), awaiting=(), passed_over=("luis",), locked=(ENROLLMENT,)
    ),
    seat_administration.Rejected(pool=POOL, restored=("luis",), passed_over=("ana",)),
    seat_administration.Transferred(source=POOL, target=POOL, **MOVED),
    seat_administration.Resized(pool=POOL, dropped=("luis",), locked=(ENROLLMENT,)),
    BASE,
    ORDER,
    ACCOUNT,
    OPENING.events[0],
    license_cycle.LicensesOrdered(account="acme", order=ORDER, **AT),
    license_cycle.OrderPaid(account="acme", order="o1", invoice=1, **AT),
    license_cycle.OrderCancelled(account="acme", order="o1", **AT),
    license_cycle.CycleClosed(account="acme", removed={"base": 3}, kept={"base": 2}, bills=(QUOTE,), period=MAY, **AT),
    LICENSE_ROW,
    LICENSED,
    protocols.Stored(POOL, 1),
    protocols.Page("p1", 20),
    protocols.Envelope(
        tenant="t1",
        kind=protocols.AggregateKind.LICENSES,
        aggregate="p1",
        sequence=1,
        schema=1,
        digest="d1",
        event=Event(**AT),
    ),
    protocols.Remembered(fingerprint="abc", answer=ROW),
    engine.Ports(work=None, host=None),  # type: ignore[arg-type]
    accounts.LicenseTable(rows=ROWS),
    accounts.LicenseChanged(rows=ROWS, user=LICENSED),
    accounts.LicensesBought(quotes=(QUOTE,), invoice=1, rows=ROWS),
    accounts.CycleClosing(removed={"base": 3}, kept={"base": 2}, bills=(QUOTE,), period=MAY),
    accounts.Quotes((QUOTE,)),
    services.OpenAccount(account="acme", cycle=MONTHLY, types=(BASE,), totals={"base": 5}, **SENT),
    services.BuyLicenses(account="acme", buy={"base": 2}, payment=PaymentOutcome.PENDING, **SENT),
    services.SettleOrder(account="acme", order="o1", **SENT),
    services.CancelOrder(account="acme", order="o1", **SENT),
    services.GrantLicense(account="acme", user="ana", license_type="base", **SENT),
    services.RevokeLicense(account="acme", user="ana", license_type="base", **SENT),
    services.CloseCycle(account="acme", **SENT),
    services.ReadLicenseTable(account="acme", **ASKED),
    services.QuoteLicenses(account="acme", buy={"base": 2}, **ASKED),
    services.ReadLicensedUser(account="acme", user="ana", **ASKED),
    Cell("1,200", 1200),
    Column(key="number", title="Number", right=True),
    Table(title="Fruit", columns=(Column(key="name", title="Name"),), rows=((Cell("Pear", "pear"),),)),
    services.PlanBought(row=ROW, quote=QUOTE),
    services.LicensesGiven(row=ROW, added=("ana",), passed_over=()),
    services.LicensesTaken(row=ROW, released=("ana",), awaiting=(), passed_over=(), locked=1),
    services.LicensesMoved(source=ROW, target=ROW, **{**MOVED, "followed": 1, "locked": 0}),
    services.SizeChanged(row=ROW, dropped=("luis",), locked=1),
    services.CartBought(lines=(services.PlanBought(row=ROW, quote=QUOTE),), quotes=(QUOTE,), recipient="luis"),
    services.UsersPlaced(row=ROW, enrolled=(ENROLLMENT,), skipped=(ENROLLMENT,)),
    services.Contents((FIRE,)),
    services.EnrollmentPage(visibility.PageMode.READ),
    services.Ids(("p1", "p2"), "p2"),
    services.BuyPlan(plan="fifty", pool="p1", beneficiary=Scope.tree("sales"), currency=EUR, **SENT),
    services.RecordTransaction(plan="fifty", pool="p1", beneficiary=Scope.tree("sales"), **SENT),
    services.AssignLicenses(pool="p1", users=frozenset({"ana"}), **SENT),
    services.UnassignLicenses(pool="p1", users=frozenset({"ana"}), **SENT),
    services.ConfirmReleases(pool="p1", users=frozenset({"ana"}), **SENT),
    services.Scopes((Scope.tree("sales"),)),
    services.Rows((ROW,)),
    services.ListBeneficiaries(plan="fifty", **ASKED),
    services.ListPlans(**ASKED),
    services.ListPools(after="p0", most=20, **ASKED),
    services.ReadPool(pool="p1", **ASKED),
    services.ListCandidates(pool="p1", **ASKED),
    services.QuotePlan(plan="fifty", **ASKED),
    services.QuoteRenewal(pool="p1", **ASKED),
    services.BuyPublicPlan(plan="fifty", pool="p1", currency=EUR, confirmed=QUOTE.due, **SENT),
    services.CheckOut(cart=CART, confirmed=(QUOTE.due,), **SENT),
    services.QuoteCart(cart=CART, **ASKED),
    services.RenewPool(pool="p1", confirmed=QUOTE.due, **SENT),
    services.RejectReleases(pool="p1", users=frozenset({"luis"}), **SENT),
    services.TransferLicenses(pool="p1", target="p3", users=frozenset({"ana"}), **SENT),
    services.PreviewShrink(pool="p1", bought=1, last_active={"ana": NOON}, idle_before=NOON, **ASKED),
    services.ResizePool(pool="p1", bought=1, drop=frozenset({"luis"}), **SENT),
    services.EnrollUsers(
        pool="p2", users=frozenset({"ana"}), contents=frozenset({FIRE}), level="student", since=NOON, **SENT
    ),
    services.EnrollMyself(content=FIRE, **SENT),
    services.UnenrollUser(pool="p2", user="ana", content=FIRE, **SENT),
    services.ConfirmEnrollment(user="ana", content=FIRE, **SENT),
    services.RejectEnrollment(user="ana", content=FIRE, **SENT),
    services.ReadmitUser(user="ana", content=FIRE, until=NOON, **SENT),
    services.ReadEnrollment(tenant="t1", user="ana", content=FIRE),
    services.ReadAccess(tenant="t1", user="ana", content=FIRE),
    services.ListEnrollable(pool="p2", **ASKED),
    services.Verify(kind=protocols.AggregateKind.LICENSES, after="p0", most=20, **ASKED),
    BROKEN,
    services.Findings(findings=(BROKEN,), verified=20, next="p9"),
    services.ReadAsOf(kind=protocols.AggregateKind.LICENSES, aggregate="p1", at=NOON, **ASKED),
    services.AsOf(state=POOL, enrollments=ROSTER.enrollments, sequence=3),
    services.ReadEnrollmentPage(content=FIRE, **ASKED),
    services.ActorShown(kept=BUYER, in_force=ROOT),
    services.GrantActor(grantee="ana", role=Role.POWER_USER, resources=BUYER.resources, **SENT),
    services.RevokeActor(grantee="ana", **SENT),
    services.ReadActor(grantee="ana", **ASKED),
    services.UserForgotten(cards=2, revoked=True),
    services.UserDeactivated(released=2, left=1, locked=1, revoked=True, remaining=0),
    services.UsersMerged(moved=2, released=1, followed=1, dropped=1, revoked=False),
    services.ForgetUser(user="ana", as_customer=True, **SENT),
    services.DeactivateUser(user="ana", **SENT),
    services.MergeUsers(user="ana", into="luis", **SENT),
    *SERVED,
    *PAYMENTS_SERVED,
    *ACCOUNTS_SERVED,
    services.split(services.AssignLicenses(pool="p1", users=frozenset({"ana", "luis"}), **SENT), most=1),
)
"""One of each; `test_values.py` fails when a public class has none here."""
_EXAMPLES: Final = {type(value): value for value in VALUES}

FREE: Final = {
    ("Cell", "raw"),
    ("Decision", "state"),
    ("Ports", "host"),
    ("Ports", "work"),
    ("Stored", "state"),
}
"""Fields that hold whatever the host gives, unchecked by design."""


def example(kind: type[Value]) -> Value:
    """The example of exactly this class."""
    return _EXAMPLES[kind]
