"""One of each command and query, and a store in which all of them may be run."""

from datetime import timedelta
from typing import Any

import attrs

from licensing_core import services
from licensing_core.credits import Grant
from licensing_core.directory import Permission, Scope
from licensing_core.orders import Cart, CartLine
from licensing_core.payments import PaymentOutcome
from licensing_core.services import Licensing, Query, QuoteLicenses
from tests.service_world import AID, FIRE, NOON, TENANT, assign, buy, enroll, of, open_account, sent, to, unassign

LICENSES, ACCOUNTS, SEATS = Permission.LICENSES_MANAGE, Permission.ACCOUNTS_MANAGE, Permission.SEATS_MANAGE
ACTIVATE, RECORD = Permission.ENROLLMENTS_ACTIVATE, Permission.TRANSACTIONS_CREATE
USAGE = Permission.USAGE_MANAGE
CART = Cart(lines=(CartLine(plan="one", pool="p8"), CartLine(plan="public", pool="p9")))
ASKED: dict[str, Any] = {"tenant": TENANT, "actor": "boss"}
ORDER: dict[str, Any] = {"account": "a1", "buy": {"web": 1}}
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
}
"""One of each command and query, and the permission that it needs, if any; all may be run after `furnish()`."""


FURNISHING: tuple[Query[Any], ...] = (
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
)


def furnish(licensing: Licensing) -> None:
    """Pools of licenses p1 and p2 and of seats s1, and a customer a1 with licenses, usage and credits.

    Of p1 u1 and *boss* hold a license, and that of u8 awaits confirmation; u1 is enrolled in *fire* under it. Of s1 u7
    is enrolled in *fire*, to be confirmed. Of a1 u1 holds a license, and an order waits for its payment. On its plan
    *basic* it uses two users, and one of the team in w1. It has 100 credits; another pack is *paid*, and two are
    *ordered* and *unwanted*.
    """
    for asked in FURNISHING:
        licensing.run(asked)
