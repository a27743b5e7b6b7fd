"""One of each command and query, and a store in which all of them may be run."""

from datetime import date, timedelta
from typing import Any

import attrs

from licensing_core import services
from licensing_core.accounts import PLAIN_SETTINGS
from licensing_core.billing import ItemChange, When
from licensing_core.credits import Grant
from licensing_core.directory import Permission, Role, Scope
from licensing_core.money import Money
from licensing_core.orders import Cart, CartLine
from licensing_core.payments import ForBill, ForLicenses, ForPlan, PaymentOutcome, Receipt, Way, payment_id
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import PackageKind, Renewal
from licensing_core.protocols import AggregateKind
from licensing_core.services import Licensing, Query, QuoteLicenses
from tests import client_commands as client
from tests.service_world import (
    AID,
    FIRE,
    NOON,
    TENANT,
    add,
    assign,
    buy,
    enroll,
    of,
    open_account,
    sent,
    to,
    unassign,
)

LICENSES, ACCOUNTS, SEATS = Permission.LICENSES_MANAGE, Permission.ACCOUNTS_MANAGE, Permission.SEATS_MANAGE
ACTIVATE, RECORD = Permission.ENROLLMENTS_ACTIVATE, Permission.TRANSACTIONS_CREATE
USAGE = Permission.USAGE_MANAGE
CART = Cart(lines=(CartLine(plan="one", pool="p8"), CartLine(plan="public", pool="p9")))
ASKED: dict[str, Any] = {"tenant": TENANT, "actor": "boss"}
ORDER: dict[str, Any] = {"account": "a1", "buy": {"web": 1}}
TWO, TEN = ItemChange(quantity=2), Money.parse("10.00 EUR")
FIRST_OF_MONTH = Cycle(date(2026, 6, 1), Duration(months=1), client.ZONE)
PROFORMA = ForBill(customer="a1", document="proforma:7")
WEB_ORDER = ForLicenses(account="a1", order="pending")
PAYMENT = payment_id(TENANT, WEB_ORDER)
PAID_FOR = ForPlan(plan="one", pool="p5")
PAID_BEFORE = payment_id(TENANT, PAID_FOR)
JUNE = (services.CloseCycle, services.DunCustomer)
"""What there is to do only a month after `furnish()`."""
OF_SUPERADMINS = (
    services.GrantActor,
    services.RevokeActor,
    services.ReadActor,
    services.ForgetUser,
    services.DeactivateUser,
    services.MergeUsers,
)
"""What nobody else may."""
NEEDS: dict[type[Query[Any]], tuple[Query[Any], Permission | None]] = {
    services.AssignLicenses: (assign("u3", key="k"), SEATS),
    services.UnassignLicenses: (unassign("u1", key="k"), SEATS),
    services.ConfirmReleases: (services.ConfirmReleases(pool="p1", users=frozenset({"u8"}), **sent("k")), SEATS),
    services.RecordTransaction: (
        services.RecordTransaction(plan="five", pool="p9", beneficiary=Scope.tree("sales"), **sent("k")),
        Permission.TRANSACTIONS_CREATE,
    ),
    services.BuyPlan: (buy("p9", "one"), None),
    services.ListPools: (services.ListPools(**ASKED), SEATS),
    services.ReadPool: (services.ReadPool(pool="p1", **ASKED), SEATS),
    services.ListCandidates: (services.ListCandidates(pool="p1", **ASKED), SEATS),
    services.ListPlans: (services.ListPlans(**ASKED), None),
    services.ListBeneficiaries: (services.ListBeneficiaries(plan="one", **ASKED), None),
    services.Verify: (services.Verify(kind=AggregateKind.LICENSES, **ASKED), ACCOUNTS),
    services.ReadAsOf: (
        services.ReadAsOf(kind=AggregateKind.LICENSES, aggregate="p1", at=NOON, **ASKED),
        ACCOUNTS,
    ),
    services.QuotePlan: (services.QuotePlan(plan="one", **ASKED), None),
    services.OpenAccount: (attrs.evolve(open_account(), account="a9", key="k"), ACCOUNTS),
    services.BuyLicenses: (services.BuyLicenses(payment=PaymentOutcome.SUCCEEDED, **ORDER, **sent("k")), LICENSES),
    services.SettleOrder: (services.SettleOrder(account="a1", **sent("k")), ACCOUNTS),
    services.CancelOrder: (services.CancelOrder(account="a1", order="pending", **sent("k")), ACCOUNTS),
    services.GrantLicense: (services.GrantLicense(account="a1", user="u2", license_type="web", **sent("k")), LICENSES),
    services.RevokeLicense: (
        services.RevokeLicense(account="a1", user="u1", license_type="web", **sent("k")),
        LICENSES,
    ),
    services.CloseCycle: (services.CloseCycle(account="a1", **sent("k")), ACCOUNTS),
    services.ReadLicenseTable: (services.ReadLicenseTable(account="a1", **ASKED), LICENSES),
    services.QuoteLicenses: (QuoteLicenses(**ORDER, **ASKED), LICENSES),
    services.ReadLicensedUser: (services.ReadLicensedUser(account="a1", user="u1", **ASKED), LICENSES),
    services.EnrollUsers: (enroll("u3", key="k"), SEATS),
    services.EnrollMyself: (services.EnrollMyself(content=AID, **sent("k")), None),
    services.UnenrollUser: (services.UnenrollUser(pool="p1", user="u1", content=FIRE, **sent("k")), SEATS),
    services.ConfirmEnrollment: (services.ConfirmEnrollment(user="u7", content=FIRE, **sent("k")), ACTIVATE),
    services.RejectEnrollment: (services.RejectEnrollment(user="u7", content=FIRE, **sent("k")), ACTIVATE),
    services.ReadmitUser: (
        services.ReadmitUser(user="u1", content=FIRE, until=NOON + timedelta(days=9), **sent("k")),
        Permission.ENROLLMENTS_EDIT,
    ),
    services.ReadEnrollment: (services.ReadEnrollment(user="u1", content=FIRE, tenant=TENANT), None),
    services.ReadAccess: (services.ReadAccess(user="u1", content=FIRE, tenant=TENANT), None),
    services.ListEnrollable: (services.ListEnrollable(pool="s1", **ASKED), SEATS),
    services.ReadEnrollmentPage: (services.ReadEnrollmentPage(content=FIRE, **ASKED), None),
    services.QuoteRenewal: (services.QuoteRenewal(pool="p1", **ASKED), Permission.SUBSCRIPTIONS_RENEW),
    services.RenewPool: (services.RenewPool(pool="p1", **sent("k")), Permission.SUBSCRIPTIONS_RENEW),
    services.CheckOut: (services.CheckOut(cart=CART, **sent("k")), None),
    services.QuoteCart: (services.QuoteCart(cart=CART, **ASKED), None),
    services.BuyPublicPlan: (services.BuyPublicPlan(plan="public", pool="p9", **sent("k")), None),
    services.RejectReleases: (services.RejectReleases(pool="p1", users=frozenset({"u8"}), **sent("k")), SEATS),
    services.TransferLicenses: (
        services.TransferLicenses(pool="p1", target="p2", users=frozenset({"u1"}), **sent("k")),
        SEATS,
    ),
    services.ResizePool: (services.ResizePool(pool="p1", bought=9, **sent("k")), RECORD),
    services.PreviewShrink: (services.PreviewShrink(pool="p1", bought=2, **ASKED), RECORD),
    services.OpenUsage: (services.OpenUsage(plan="basic", **to("k", "a9")), ACCOUNTS),
    services.UseLimit: (services.UseLimit(limit="team", within="w1", **to("k")), USAGE),
    services.ReleaseLimit: (services.ReleaseLimit(limit="users", **to("k")), USAGE),
    services.RecountLimit: (services.RecountLimit(limit="users", count=5, **to("k")), USAGE),
    services.OverrideLimit: (services.OverrideLimit(limit="users", most=9, **to("k")), ACCOUNTS),
    services.ChangeServicePlan: (services.ChangeServicePlan(plan="tiny", accept_excess=True, **to("k")), ACCOUNTS),
    services.PreviewServicePlan: (services.PreviewServicePlan(plan="tiny", **of()), ACCOUNTS),
    services.ReadUsage: (services.ReadUsage(**of()), USAGE),
    services.ReadPanel: (services.ReadPanel(**of(actor="chief")), None),
    services.OpenCredits: (services.OpenCredits(**to("k", "a9")), ACCOUNTS),
    services.OrderPack: (services.OrderPack(pack="small", order="o9", **to("k")), USAGE),
    services.NotePackPayment: (services.NotePackPayment(order="ordered", **to("k")), ACCOUNTS),
    services.CancelPack: (services.CancelPack(order="unwanted", **to("k")), USAGE),
    services.ActivatePack: (services.ActivatePack(order="paid", **to("k")), ACCOUNTS),
    services.RefundPack: (services.RefundPack(order="paid", **to("k")), ACCOUNTS),
    services.GrantCredits: (
        services.GrantCredits(grant=Grant(id="gift", amount=9, effective=NOON), **to("k")),
        ACCOUNTS,
    ),
    services.VoidGrant: (services.VoidGrant(grant="active", **to("k")), ACCOUNTS),
    services.SpendCredits: (services.SpendCredits(amount=7, **to("k")), USAGE),
    services.ResetCredits: (services.ResetCredits(**to("k")), ACCOUNTS),
    services.ReadCredits: (services.ReadCredits(**of()), USAGE),
    services.MayUseFeature: (services.MayUseFeature(feature="bots", user="u2", **of()), USAGE),
    services.UseFeature: (services.UseFeature(feature="bots", user="u2", **to("k")), USAGE),
    services.AddCustomer: (attrs.evolve(add("a9"), key="k"), ACCOUNTS),
    services.BlockCustomer: (services.BlockCustomer(cause="abuse", **to("k", "a2")), ACCOUNTS),
    services.UnblockCustomer: (services.UnblockCustomer(cause="unpaid", **to("k", "a2")), ACCOUNTS),
    services.ConfigureCustomer: (services.ConfigureCustomer(settings=PLAIN_SETTINGS, **to("k", "a2")), ACCOUNTS),
    services.AddPerson: (client.person("leo", "pay", key="k"), ACCOUNTS),
    services.KeepCard: (client.card("k"), ACCOUNTS),
    services.RemovePerson: (services.RemovePerson(person="mia", **to("k")), ACCOUNTS),
    services.ReadCard: (services.ReadCard(**of()), ACCOUNTS),
    services.FindCustomers: (services.FindCustomers(email="it@a1.example", **ASKED), ACCOUNTS),
    services.ReadCustomer: (services.ReadCustomer(**of()), ACCOUNTS),
    services.ListCustomers: (services.ListCustomers(**ASKED), ACCOUNTS),
    services.ListPeople: (services.ListPeople(**of()), ACCOUNTS),
    services.ReadDashboard: (services.ReadDashboard(**ASKED), ACCOUNTS),
    services.OrderSubscription: (attrs.evolve(client.order("new"), key="k"), ACCOUNTS),
    services.PayBill: (client.pay("proforma:7", "k", paid="10.00 EUR"), ACCOUNTS),
    services.BillCustomer: (client.bill("k"), ACCOUNTS),
    services.ListCharges: (services.ListCharges(**of()), ACCOUNTS),
    services.BeginPayment: (services.BeginPayment(purpose=PROFORMA, way=Way.PAGE, **sent("k")), ACCOUNTS),
    services.NoteReceipt: (
        services.NoteReceipt(payment=PAYMENT, attempt=f"{PAYMENT}-1", receipt=None, **sent("k")),
        ACCOUNTS,
    ),
    services.RefundPayment: (services.RefundPayment(payment=PAID_BEFORE, amount=TEN, **sent("k")), ACCOUNTS),
    services.ReadPayment: (services.ReadPayment(payment=PAYMENT, **ASKED), None),
    services.AskGateway: (services.AskGateway(payment=PAYMENT, **ASKED), ACCOUNTS),
    services.ListDuePayments: (services.ListDuePayments(**ASKED), ACCOUNTS),
    services.NoteFailedDebit: (services.NoteFailedDebit(document="proforma:7", **to("k")), ACCOUNTS),
    services.DunCustomer: (client.dun("k"), ACCOUNTS),
    services.OpenCredit: (services.OpenCredit(amount=TEN, **to("k", "a2")), ACCOUNTS),
    services.RefundCredit: (services.RefundCredit(amount=TEN, **to("k", "a2")), ACCOUNTS),
    services.ListSubscriptions: (services.ListSubscriptions(**of()), ACCOUNTS),
    services.ListBills: (services.ListBills(**of()), ACCOUNTS),
    services.ListNotices: (services.ListNotices(**of()), ACCOUNTS),
    services.MayUseSubscription: (services.MayUseSubscription(subscription="web", **of()), USAGE),
    services.QuoteChange: (services.QuoteChange(subscription="web", change=TWO, **of()), ACCOUNTS),
    services.ChangeSubscription: (client.change("k", change=TWO), ACCOUNTS),
    services.WithdrawChange: (services.WithdrawChange(subscription="web", change_id="c1", **to("k")), ACCOUNTS),
    services.AlignSubscription: (
        services.AlignSubscription(subscription="web", cycle=FIRST_OF_MONTH, **to("k")),
        ACCOUNTS,
    ),
    services.PauseSubscription: (services.PauseSubscription(subscription="web", **to("k")), ACCOUNTS),
    services.ResumeSubscription: (services.ResumeSubscription(subscription="rested", **to("k")), ACCOUNTS),
    services.RenewSubscription: (services.RenewSubscription(subscription="byhand", **to("k")), ACCOUNTS),
    services.ConvertTrial: (services.ConvertTrial(subscription="tried", **to("k")), ACCOUNTS),
    services.WithdrawCancellation: (services.WithdrawCancellation(subscription="leaving", **to("k")), ACCOUNTS),
    services.CancelSubscription: (client.cancel(key="k"), ACCOUNTS),
    services.ImportCustomer: (
        services.ImportCustomer(name="The a8", email="it@a8.example", plan="basic", **to("k", "a8")),
        ACCOUNTS,
    ),
    services.ImportSubscription: (
        services.ImportSubscription(
            subscription="moved", terms=client.terms(), anchor=date(2026, 5, 1), charged=TEN, **to("k")
        ),
        ACCOUNTS,
    ),
    services.ImportPool: (
        services.ImportPool(
            pool="p9", kind=PackageKind.LICENSES, beneficiary=Scope.tree("sales"), bought=3, **sent("k")
        ),
        ACCOUNTS,
    ),
    services.GrantActor: (services.GrantActor(grantee="leo", role=Role.POWER_USER, **sent("k", "root")), None),
    services.RevokeActor: (services.RevokeActor(grantee="mia", **sent("k", "root")), None),
    services.ReadActor: (services.ReadActor(tenant=TENANT, actor="root", grantee="mia"), None),
    services.ForgetUser: (services.ForgetUser(user="mia", **sent("k", "root")), None),
    services.DeactivateUser: (services.DeactivateUser(user="u1", **sent("k", "root")), None),
    services.MergeUsers: (services.MergeUsers(user="u1", into="u2", **sent("k", "root")), None),
}
"""One of each command and query, and the permission that it needs, if any; all may be run after `furnish()`."""


def _subscriptions() -> tuple[Query[Any], ...]:
    """What is ordered, paid and done for the customer a1, whose documents are numbered in this order."""
    ordered: dict[str, dict[str, Any]] = {
        "web": {},
        "mail": {"every": "P1W"},
        "disk": {"every": "P1W"},
        "byhand": {"renewal": Renewal.MANUAL},
        "rested": {},
        "leaving": {},
    }
    return (
        *(client.order(name, **more) for name, more in ordered.items()),
        *(client.pay(f"proforma:{number}") for number in range(1, len(ordered) + 1)),
        services.PauseSubscription(subscription="rested", **to("pause")),
        services.RefundCredit(amount=TEN, **to("refund")),
        client.order("waiting"),
        client.order("tried", asked={"trial_ends": NOON + timedelta(days=30)}),
        client.bill("billed", subscription="mail"),
        client.change("later", change=TWO, effective=When.END_OF_PERIOD, change_id="c1"),
        client.cancel("leaving", "leave"),
    )


FURNISHING: tuple[Query[Any], ...] = (
    add("a1"),
    add("a2", None),
    client.block(customer="a2"),
    services.OpenCredit(amount=Money.parse("50.00 EUR"), **to("credit", "a2")),
    client.person("mia", "read"),
    *_subscriptions(),
    buy(),
    buy("p2"),
    buy("s1", "three"),
    assign("u1", "u8", "boss", key="first"),
    unassign("u8", key="taken"),
    enroll("u1", key="enrolled", pool="p1"),
    enroll("u7", key="waiting", actor="helper"),
    open_account(),
    services.GrantLicense(account="a1", user="u1", license_type="web", **sent("grant")),
    services.BuyLicenses(payment=PaymentOutcome.PENDING, **ORDER, **sent("pending")),
    services.OpenUsage(plan="basic", **to("usage")),
    services.UseLimit(limit="users", amount=2, **to("users")),
    services.UseLimit(limit="team", within="w1", **to("team")),
    services.OpenCredits(**to("credits")),
    *(
        services.OrderPack(pack="small", order=order, **to(f"order-{order}"))
        for order in ("active", "paid", "ordered", "unwanted")
    ),
    *(services.NotePackPayment(order=order, **to(f"pay-{order}")) for order in ("active", "paid")),
    services.ActivatePack(order="active", **to("activate")),
    services.GrantActor(grantee="mia", role=Role.POWER_USER, **sent("mia", "root")),
    services.BeginPayment(purpose=WEB_ORDER, way=Way.PAGE, **sent("begin")),
    services.BeginPayment(purpose=PAID_FOR, way=Way.CARD_ON_FILE, **sent("begin-p5")),
    services.NoteReceipt(
        payment=PAID_BEFORE,
        attempt=f"{PAID_BEFORE}-1",
        receipt=Receipt(key=f"{PAID_BEFORE}-1", outcome=PaymentOutcome.SUCCEEDED, amount=Money.parse("180.00 EUR")),
        **sent("paid-p5"),
    ),
)


def of_tenant(asked: Query[Any], tenant: str) -> Query[Any]:
    """*asked* for another tenant, where payments for the same things have other ids."""
    fields: dict[str, Any] = {"tenant": tenant}
    for purpose in (WEB_ORDER, PAID_FOR):
        here, there = payment_id(TENANT, purpose), payment_id(tenant, purpose)
        if getattr(asked, "payment", None) == here:
            fields["payment"] = there
        if getattr(asked, "attempt", None) == f"{here}-1":
            receipt = getattr(asked, "receipt", None)
            told = None if receipt is None else attrs.evolve(receipt, key=f"{there}-1")
            fields |= {"attempt": f"{there}-1", "receipt": told}
    return attrs.evolve(asked, **fields)


def furnish(licensing: Licensing) -> None:
    """Pools of licenses p1 and p2 and of seats s1, and a customer a1 with licenses, usage and credits.

    Of p1 u1 and *boss* hold a license, and that of u8 awaits confirmation; u1 is enrolled in *fire* under it. Of s1 u7
    is enrolled in *fire*, to be confirmed. Of a1 u1 holds a license, and an order waits for its payment. On its plan
    *basic* it uses two users, and one of the team in w1. It has 100 credits; another pack is *paid*, and two are
    *ordered* and *unwanted*. *mia* is a user of it, and it subscribed to this and that: *web* is active and has a
    change c1 to come, *waiting* waits for its first payment, of *mail* the next weeks are billed and unpaid, *disk* is
    to be billed, *byhand* renews by hand, *rested* is paused, *leaving* cancelled, and *tried* on trial. A customer a2
    is blocked for *unpaid*, and has 50 euros in credit. The store keeps that *mia* is a power user. The
    order of licenses is being paid by a page, and a pool p5 was paid by card.
    """
    for asked in FURNISHING:
        licensing.run(asked)
