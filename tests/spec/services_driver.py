"""Plays stories by the services over a database of SQLite, a file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, TypeVar

from licensing_core import license_cycle, services
from licensing_core.adapters.sql import SqlStore
from licensing_core.billing import Quote
from licensing_core.checks import Value
from licensing_core.directory import Content, Scope
from licensing_core.enrollments import Access, Enrollment
from licensing_core.license_cycle import LicensedUser, LicenseRow
from licensing_core.payments import PaymentOutcome
from licensing_core.protocols import Store
from licensing_core.seat_administration import Row
from licensing_core.services import (
    CycleClosing,
    LicenseChanged,
    LicensesBought,
    LicensesGiven,
    LicensesTaken,
    Licensing,
    PlanBought,
    UsersPlaced,
)
from licensing_core.visibility import PageMode
from tests.spec.clients import ServedClients
from tests.spec.customers import ServedCustomers
from tests.spec.drivers import ACCOUNT, TENANT, Driver, no_account
from tests.spec.world import OPERATOR, World

A = TypeVar("A", bound=Value)


@contextmanager
def by_services_over_sqlite(world: World) -> Iterator[Driver]:
    """A driver that runs commands and queries over a new database."""
    with (
        TemporaryDirectory() as folder,
        closing(SqlStore(f"sqlite:///{Path(folder) / 'story.db'}")) as store,
    ):
        store.create()
        yield ServicesDriver(world, store)


class ServicesDriver:
    """The services over a store; each step is a command under a key of its own."""

    def __init__(self, world: World, store: Store) -> None:
        self.world, self._store, self._keys = world, store, 0
        self._licensing = Licensing(store, world, world.clock)
        self.customers = ServedCustomers(self._licensing, world, self._sent)
        self.clients = ServedClients(self._licensing, world, self._sent)
        if (form := world.account) is not None:
            self._run(
                services.OpenAccount(
                    **self._sent(OPERATOR),
                    account=ACCOUNT,
                    cycle=form.cycle,
                    types=form.types,
                    totals=form.totals,
                )
            )

    def _run(self, asked: services.Query[A]) -> A:
        return self._licensing.run(asked)

    def _sent(self, actor: str) -> dict[str, Any]:
        self._keys += 1
        return {"tenant": TENANT, "key": f"step-{self._keys}", "actor": actor}

    def plans(self, actor: str | None) -> Sequence[str]:
        return self._run(services.ListPlans(tenant=TENANT, actor=actor)).ids

    def beneficiaries(self, actor: str, plan: str) -> Sequence[Scope]:
        return self._run(services.ListBeneficiaries(tenant=TENANT, actor=actor, plan=plan)).scopes

    def purchase(self, actor: str, plan: str, pool: str, beneficiary: Scope | None) -> PlanBought:
        return self._run(services.BuyPlan(**self._sent(actor), plan=plan, pool=pool, beneficiary=beneficiary))

    def record(self, actor: str, plan: str, pool: str, beneficiary: Scope | None) -> PlanBought:
        return self._run(services.RecordTransaction(**self._sent(actor), plan=plan, pool=pool, beneficiary=beneficiary))

    def pools(self, actor: str) -> Sequence[str]:
        return [row.code for row in self._run(services.ListPools(tenant=TENANT, actor=actor)).rows]

    def row(self, actor: str, pool: str) -> Row:
        return self._run(services.ReadPool(tenant=TENANT, actor=actor, pool=pool))

    def candidates(self, actor: str, pool: str) -> Sequence[str]:
        return self._run(services.ListCandidates(tenant=TENANT, actor=actor, pool=pool)).ids

    def assign(self, actor: str, pool: str, users: Sequence[str]) -> LicensesGiven:
        return self._run(services.AssignLicenses(**self._sent(actor), pool=pool, users=frozenset(users)))

    def unassign(self, actor: str, pool: str, users: Sequence[str]) -> LicensesTaken:
        return self._run(services.UnassignLicenses(**self._sent(actor), pool=pool, users=frozenset(users)))

    def _account(self) -> str:
        if self.world.account is None:
            raise no_account()
        return ACCOUNT

    def enroll(
        self,
        actor: str,
        pool: str,
        users: Sequence[str],
        contents: Sequence[Content],
        level: str | None,
        until: datetime | None,
    ) -> UsersPlaced:
        return self._run(
            services.EnrollUsers(
                **self._sent(actor),
                pool=pool,
                users=frozenset(users),
                contents=frozenset(contents),
                level=level,
                until=until,
            )
        )

    def self_enroll(self, actor: str, content: Content) -> UsersPlaced:
        return self._run(services.EnrollMyself(**self._sent(actor), content=content))

    def unenroll(self, actor: str, pool: str, user: str, content: Content) -> Row:
        return self._run(services.UnenrollUser(**self._sent(actor), pool=pool, user=user, content=content))

    def confirm_enrollment(self, actor: str, user: str, content: Content) -> Enrollment:
        return self._run(services.ConfirmEnrollment(**self._sent(actor), user=user, content=content))

    def readmit(self, actor: str, user: str, content: Content, until: datetime) -> Enrollment:
        return self._run(services.ReadmitUser(**self._sent(actor), user=user, content=content, until=until))

    def enrollment(self, user: str, content: Content) -> Enrollment:
        return self._run(services.ReadEnrollment(tenant=TENANT, user=user, content=content))

    def access(self, user: str, content: Content) -> Access:
        return self._run(services.ReadAccess(tenant=TENANT, user=user, content=content))

    def renew(self, actor: str, pool: str) -> PlanBought:
        return self._run(services.RenewPool(**self._sent(actor), pool=pool))

    def enrollment_page(self, actor: str, content: Content) -> PageMode:
        return self._run(services.ReadEnrollmentPage(tenant=TENANT, actor=actor, content=content)).mode

    def license_table(self) -> Mapping[str, LicenseRow]:
        return self._run(services.ReadLicenseTable(tenant=TENANT, actor=OPERATOR, account=self._account())).rows

    def quotes(self, wanted: Mapping[str, int]) -> Sequence[Quote]:
        return self._run(
            services.QuoteLicenses(tenant=TENANT, actor=OPERATOR, account=self._account(), buy=wanted)
        ).quotes

    def buy(self, wanted: Mapping[str, int], payment: PaymentOutcome) -> LicensesBought:
        return self._run(
            services.BuyLicenses(**self._sent(OPERATOR), account=self._account(), buy=wanted, payment=payment)
        )

    def settle(self) -> LicensesBought:
        return self._run(services.SettleOrder(**self._sent(OPERATOR), account=self._account()))

    def grant(self, user: str, license_type: str) -> LicenseChanged:
        return self._run(
            services.GrantLicense(**self._sent(OPERATOR), account=self._account(), user=user, license_type=license_type)
        )

    def revoke(self, user: str, license_type: str) -> LicenseChanged:
        return self._run(
            services.RevokeLicense(
                **self._sent(OPERATOR), account=self._account(), user=user, license_type=license_type
            )
        )

    def licensed_user(self, user: str) -> LicensedUser:
        return self._run(services.ReadLicensedUser(tenant=TENANT, actor=OPERATOR, account=self._account(), user=user))

    def refund(self) -> NoReturn:
        with self._store.begin() as work:
            stored = work.account(TENANT, self._account(), frozenset())
        if stored is None:
            raise no_account()
        license_cycle.refund(stored.state)

    def close_cycle(self) -> CycleClosing:
        return self._run(services.CloseCycle(**self._sent(OPERATOR), account=self._account()))
