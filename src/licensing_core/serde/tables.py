"""The closed lists of what a document may hold where several kinds are possible; tests hold them to the classes."""

from types import MappingProxyType
from typing import Final

from licensing_core import (
    accounts,
    billing,
    enrollments,
    license_cycle,
    limits,
    orders,
    periods,
    pools,
    pricing,
    seat_administration,
    services,
    subscriptions,
)
from licensing_core import credits as credit
from licensing_core.checks import Value
from licensing_core.currencies import Currency
from licensing_core.decisions import Event
from licensing_core.directory import Content, Scope
from licensing_core.money import Money
from licensing_core.periods import Duration

KIND: Final = "kind"
"""The name under which a document tells which of several kinds it is."""

TAGS: Final = MappingProxyType[type[Value], str](
    {
        accounts.CustomerRow: "customer_row",
        accounts.Dashboard: "dashboard",
        accounts.OwnerPanel: "owner_panel",
        billing.CreditLine: "credit_line",
        billing.FixedDiscount: "fixed_discount",
        billing.PercentDiscount: "percent_discount",
        billing.Quote: "quote",
        billing.QuoteLine: "quote_line",
        license_cycle.LicensedUser: "licensed_user",
        limits.Panel: "panel",
        limits.PlacesRow: "places_row",
        limits.PlanFit: "plan_fit",
        limits.UsageRow: "usage_row",
        pools.LicensePool: "licenses",
        pools.SeatPool: "seats",
        pools.Shrinking: "shrinking",
        periods.Interval: "interval",
        periods.Period: "period",
        periods.Span: "span",
        pricing.FlatPrice: "flat",
        pricing.PackagePrice: "package",
        pricing.TieredPrice: "tiered",
        pricing.UnitPrice: "unit",
        seat_administration.Row: "pool_row",
        enrollments.Enrollment: "enrollment",
        services.ActorShown: "actor_shown",
        services.BillRows: "bill_rows",
        services.BooksChanged: "books_changed",
        services.CardShown: "card_shown",
        services.CartBought: "cart_bought",
        services.Charges: "charges",
        services.Contents: "contents",
        services.CreditsStanding: "credits_standing",
        services.CustomerRows: "customer_rows",
        services.CycleClosing: "cycle_closing",
        services.EnrollmentPage: "enrollment_page",
        services.FeatureUsed: "feature_used",
        services.Findings: "findings",
        services.Ids: "ids",
        services.LicenseChanged: "license_changed",
        services.LicenseTable: "license_table",
        services.LicensesBought: "licenses_bought",
        services.LicensesGiven: "licenses_given",
        services.LicensesMoved: "licenses_moved",
        services.LicensesTaken: "licenses_taken",
        services.LimitUsage: "limit_usage",
        services.Notices: "notices",
        services.OrderStanding: "order_standing",
        services.PeopleRows: "people_rows",
        services.PlanBought: "plan_bought",
        services.Quotes: "quotes",
        services.Rows: "rows",
        services.Scopes: "scopes",
        services.SizeChanged: "size_changed",
        services.SubscriptionRows: "subscription_rows",
        services.UsageRows: "usage_rows",
        services.UserDeactivated: "user_deactivated",
        services.UserForgotten: "user_forgotten",
        services.UsersMerged: "users_merged",
        services.UsersPlaced: "users_placed",
    }
)
"""What is written under `kind`: by the kinds that share a field, and by the answers of commands and queries."""

EVENTS: Final = MappingProxyType[str, type[Event]](
    {
        event.type: event
        for event in (
            accounts.BillIssued,
            accounts.BillPaid,
            accounts.BillVoided,
            accounts.BlockLifted,
            accounts.CreditOpened,
            accounts.CustomerAdded,
            accounts.CustomerBlocked,
            accounts.DebitFailed,
            accounts.NumbersOpened,
            accounts.NumbersTaken,
            accounts.PersonAdded,
            accounts.PersonRemoved,
            accounts.PlanAssigned,
            accounts.ReminderSent,
            accounts.SettingsChanged,
            accounts.SubscriptionImported,
            billing.BalanceRefunded,
            billing.ChangeScheduled,
            billing.ChangeWithdrawn,
            billing.ItemBilled,
            billing.ItemTakenOver,
            billing.LedgerOpened,
            billing.LinesBooked,
            billing.PaymentBooked,
            credit.CountReset,
            credit.CreditsGranted,
            credit.CreditsOpened,
            credit.CreditsSpent,
            credit.GrantVoided,
            credit.PackActivated,
            credit.PackCancelled,
            credit.PackOrdered,
            credit.PackPaid,
            credit.PackRefunded,
            license_cycle.AccountOpened,
            license_cycle.CycleClosed,
            license_cycle.LicensesOrdered,
            license_cycle.OrderPaid,
            license_cycle.OrderCancelled,
            limits.LimitOverridden,
            limits.PlanChanged,
            limits.ThresholdReached,
            limits.UsageCounted,
            limits.UsageOpened,
            orders.Charged,
            enrollments.EnrollmentConfirmed,
            enrollments.EnrollmentReadmitted,
            enrollments.EnrollmentRejected,
            enrollments.EnrollmentsLocked,
            enrollments.EnrollmentsMovedIn,
            enrollments.EnrollmentsMovedOut,
            enrollments.PoolImported,
            enrollments.UserUnenrolled,
            enrollments.UsersEnrolled,
            pools.HolderMerged,
            pools.LicensesAssigned,
            pools.LicensesUnassigned,
            pools.PoolOpened,
            pools.PoolReinstated,
            pools.PoolSuspended,
            pools.PoolRenewed,
            pools.PoolResized,
            pools.ReleasesRejected,
            subscriptions.CancellationWithdrawn,
            subscriptions.SubscriptionActivated,
            subscriptions.SubscriptionAligned,
            subscriptions.SubscriptionCancelled,
            subscriptions.SubscriptionChangeScheduled,
            subscriptions.SubscriptionChangeWithdrawn,
            subscriptions.SubscriptionPaused,
            subscriptions.SubscriptionReinstated,
            subscriptions.SubscriptionStarted,
            subscriptions.SubscriptionSuspended,
            subscriptions.SubscriptionTerminated,
            subscriptions.TermsChanged,
            subscriptions.TurnBilled,
            subscriptions.TurnsSettled,
            subscriptions.TurnsWithdrawn,
        )
    }
)
"""The events by the `type` under which they are written, with their `schema` beside it."""

TEXTS: Final = MappingProxyType[type, object](
    {
        Money: Money.parse,
        Currency: Currency,
        Scope: Scope.parse,
        Content: Content.parse,
        Duration: Duration.parse,
    }
)
"""What is written as the text that `str()` makes of it, and what reads that text."""
