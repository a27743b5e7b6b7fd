"""Refusals and events of licenses, seats and accounts, and how each is told in English and Spanish."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from licensing_core.adapters.sql import UnsupportedDatabase
from licensing_core.adapters.sql.revisions import MigrationNeeded, TableNamesTaken
from licensing_core.billing import (
    Billed,
    ItemChange,
    ItemTerms,
    QuoteChanged,
    When,
    advance_item,
    change_item,
    open_ledger,
    pay,
    schedule_change,
    start_item,
    take_over_item,
)
from licensing_core.checks import FrozenMap, InvalidQuantity, TooManyItems
from licensing_core.currencies import Currency, UnknownCurrency
from licensing_core.decisions import Event, Verdict
from licensing_core.directory import EVERYONE, Actor, Permission, PermissionMissing, Scope, ScopeKind
from licensing_core.license_cycle import (
    CycleClosed,
    CycleNotBegun,
    NoFreeLicense,
    NotRefundable,
    OrderCancelled,
    UnknownLicenseOrder,
)
from licensing_core.money import Money
from licensing_core.periods import Cycle, Duration
from licensing_core.plans import PackageKind, PlanKind
from licensing_core.pools import LicensesAssigned, LicensesExhausted, LicensesUnassigned, PoolOpened
from licensing_core.pricing import InvalidTiers, PriceMissing, UnitPrice
from licensing_core.proration import NothingCounted, UnknownPreset
from licensing_core.protocols import StoreUnavailable
from licensing_core.serde import InvalidDocument
from licensing_core.visibility import BeneficiaryKind, BeneficiaryNotAllowed, BeneficiaryRequired
from tests import specimens

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

AT: dict[str, Any] = {"at": NOON, "by": "root"}
SPLIT: dict[str, Any] = {"released": frozenset({"ana"}), "awaiting": frozenset({"luis", "mei"})}
EUR = Currency("EUR")
ROOT = Actor("root")
TENNER = UnitPrice(Money.parse("10.00 EUR"))
LESS = ItemChange(quantity=2, price=UnitPrice(Money.parse("7.00 EUR")))


def april(day: int) -> datetime:
    return datetime(2026, 4, day, 12, tzinfo=UTC)


BEGUN = start_item(
    "seats",
    ItemTerms(item="base", price=TENNER, quantity=3, cycle=Cycle(date(2026, 4, 1), Duration(months=1), "UTC")),
    ledger=open_ledger("acme", EUR, by=ROOT, now=april(1)).state,
    document="inv-1",
    by=ROOT,
    now=april(1),
)
PAID = pay(BEGUN.state.ledger, "inv-1", Money.parse("30.00 EUR"), by=ROOT, now=april(1))
RUNNING = Billed(BEGUN.state.item, PAID.state)


def of_type(kind: str, events: Sequence[Event]) -> Event:
    (found,) = (one for one in events if one.type == kind)
    return found


def begun(kind: str) -> Event:
    return of_type(kind, BEGUN.events)


def shrunk(kind: str) -> Event:
    """Two from the middle of April on instead of three, which were paid."""
    changed = change_item(RUNNING, ItemChange(quantity=2), document="inv-2", by=ROOT, now=april(16))
    return of_type(kind, changed.events)


def ended(kind: str) -> Event:
    return of_type(kind, change_item(RUNNING, ItemChange(quantity=0), document="inv-2", by=ROOT, now=april(16)).events)


def renewed(kind: str) -> Event:
    """May, with two changes that waited for it."""
    waiting = RUNNING
    for name, change in (("more", ItemChange(quantity=5)), ("less", LESS)):
        waiting = schedule_change(waiting, change, When.END_OF_PERIOD, change_id=name, by=ROOT, now=april(16)).state
    return of_type(kind, advance_item(waiting, document="inv-2", by=ROOT, now=NOON).events)


def run_out(kind: str) -> Event:
    """The end of the item together with its period, of which nothing is left."""
    waiting = schedule_change(
        RUNNING, ItemChange(quantity=0), When.END_OF_PERIOD, change_id="end", by=ROOT, now=april(16)
    ).state
    return of_type(kind, advance_item(waiting, document="inv-2", by=ROOT, now=NOON).events)


def taken_over(kind: str) -> Event:
    """April, which another system has billed."""
    item, ledger = BEGUN.state.item, PAID.state
    return of_type(kind, take_over_item("old", item.terms, ledger=ledger, line=None, by=ROOT, now=april(16)).events)


Example = tuple[Any, str, str]
LICENSE_EXAMPLES: list[Example] = [
    (
        LicensesExhausted(pool="p1", requested=51, shortfall=1),
        (
            "Cannot assign 51 licenses from the pool p1: 1 license too few. "
            "Release or buy the one missing, or ask for the limit not to be enforced."
        ),
        (
            "No se pueden asignar 51 licencias de la bolsa p1: falta 1 licencia. "
            "Libera o compra la que falta, o pide que no se haga cumplir el límite."
        ),
    ),
    (
        LicensesExhausted(pool="p1", requested=1, shortfall=1),
        (
            "Cannot assign 1 license from the pool p1: 1 license too few. "
            "Release or buy the one missing, or ask for the limit not to be enforced."
        ),
        (
            "No se puede asignar 1 licencia de la bolsa p1: falta 1 licencia. "
            "Libera o compra la que falta, o pide que no se haga cumplir el límite."
        ),
    ),
    (
        LicensesExhausted(pool="p1", requested=1, shortfall=2),
        (
            "Cannot assign 1 license from the pool p1: 2 licenses too few. "
            "Release or buy those missing, or ask for the limit not to be enforced."
        ),
        (
            "No se puede asignar 1 licencia de la bolsa p1: faltan 2 licencias. "
            "Libera o compra las que faltan, o pide que no se haga cumplir el límite."
        ),
    ),
    (
        NoFreeLicense(license_type="voip", shortfall=1, buy=FrozenMap({"voip": 1})),
        "No license of type voip is free: 1 license too few. Buy 1 voip, or take one from another user.",
        "No queda libre ninguna licencia de tipo voip: falta 1 licencia. Compra 1 voip o quítale una a otro usuario.",
    ),
    (
        NotRefundable(usable_until=date(2026, 6, 1)),
        "Licenses are not refunded. You can use them until Jun 1, 2026; those that are free then are dropped.",
        (
            "Las licencias no se reembolsan. Puedes usarlas hasta el 1 jun 2026; "
            "las que estén libres entonces se eliminan."
        ),
    ),
    (
        PermissionMissing(permission=Permission.SEATS_MANAGE),
        (
            "You need the permission “Subscription record / Seat administration” for this. "
            "Somebody who has that permission can do it."
        ),
        (
            "Necesitas el permiso «Registro de suscripción / Administración de plazas» para esto. "
            "Puede hacerlo alguien que tenga ese permiso."
        ),
    ),
    (
        PriceMissing(sold="fifty", currency="USD", offered=("EUR", "GBP")),
        "There is no price of fifty in USD. Name one of these currencies: EUR and GBP.",
        "No hay precio de fifty en USD. Indica una de estas monedas: EUR y GBP.",
    ),
    (
        PriceMissing(sold="fifty", currency=None, offered=("EUR", "GBP")),
        "No price of fifty could be chosen. Name one of these currencies: EUR and GBP.",
        "No se pudo elegir un precio de fifty. Indica una de estas monedas: EUR y GBP.",
    ),
    (
        PriceMissing(sold="fifty", currency=None, offered=()),
        "No price of fifty could be chosen. It has no prices at that time. Ask for a later one.",
        "No se pudo elegir un precio de fifty. En ese momento no tiene precios. Pide uno posterior.",
    ),
    (
        BeneficiaryKind(plan="one", plan_kind=PlanKind.SINGLE_LICENSE, kind=ScopeKind.GROUP),
        "The plan one cannot be bought for a group. Name one user.",
        "El plan one no se puede comprar para un grupo. Indica un usuario.",
    ),
    (
        BeneficiaryKind(plan="one", plan_kind=PlanKind.SINGLE_LICENSE, kind=ScopeKind.EVERYONE),
        "The plan one cannot be bought for everyone. Name one user.",
        "El plan one no se puede comprar para todo el mundo. Indica un usuario.",
    ),
    (
        BeneficiaryKind(plan="fifty", plan_kind=PlanKind.SEATS, kind=ScopeKind.EVERYONE),
        "The plan fifty cannot be bought for everyone. Name a group or a branch.",
        "El plan fifty no se puede comprar para todo el mundo. Indica un grupo o una rama.",
    ),
    (
        BeneficiaryRequired(plan="one", kind=PlanKind.SINGLE_LICENSE),
        "The plan one needs a beneficiary. Name the user that it is for.",
        "El plan one necesita un beneficiario. Indica el usuario al que se destina.",
    ),
    (
        BeneficiaryRequired(plan="fifty", kind=PlanKind.MULTI_LICENSE),
        "The plan fifty needs a beneficiary. Name the group or branch that it is for.",
        "El plan fifty necesita un beneficiario. Indica el grupo o la rama a la que se destina.",
    ),
    (
        StoreUnavailable(reason="busy"),
        (
            "The data cannot be reached now. "
            "Others are using it, and nothing was begun. Try again in a moment with the same key."
        ),
        (
            "Ahora no se puede acceder a los datos. Otros los están usando y no se ha empezado nada. "
            "Inténtalo de nuevo en un momento con la misma clave."
        ),
    ),
    (
        StoreUnavailable(reason="failed"),
        (
            "The data cannot be reached now. It is not known whether this took effect. "
            "Send it again with the same key: it takes effect only once."
        ),
        (
            "Ahora no se puede acceder a los datos. No se sabe si la operación se realizó. "
            "Envíala de nuevo con la misma clave: solo se realiza una vez."
        ),
    ),
    (
        StoreUnavailable(reason="closed"),
        "The data cannot be reached now. The store was closed. Open a new one.",
        "Ahora no se puede acceder a los datos. El almacén se cerró. Abre uno nuevo.",
    ),
    (
        StoreUnavailable(reason="unusable"),
        (
            "The data cannot be reached now. The database cannot be used as it is, and trying again does not help. "
            "Create its tables, or check its path."
        ),
        (
            "Ahora no se puede acceder a los datos. La base de datos no se puede usar tal como está, y volver a "
            "intentarlo no sirve. Crea sus tablas o comprueba su ruta."
        ),
    ),
    (
        BeneficiaryNotAllowed(beneficiary=Scope.tree("sales")),
        "You cannot buy for the branch sales with its descendants: it is not among your resources. Name one that is.",
        (
            "No puedes comprar para la rama sales con sus descendientes: no está entre tus recursos. "
            "Indica un beneficiario que sí lo esté."
        ),
    ),
    (
        UnsupportedDatabase(
            parameter="where",
            expected="a URL such as sqlite:///licenses.db or postgresql+psycopg://user@host/database",
            got="postgresql",
        ),
        (
            "“where” names a database that this version cannot store in. "
            "Expected: a URL such as sqlite:///licenses.db or postgresql+psycopg://user@host/database. "
            "Given: postgresql."
        ),
        (
            "«where» indica una base de datos en la que esta versión no puede guardar. "
            "Se espera: una URL como sqlite:///licenses.db o postgresql+psycopg://usuario@servidor/base. "
            "Se recibió: postgresql."
        ),
    ),
    (
        MigrationNeeded(found="0001", needed="0002"),
        (
            "The tables of the database are of revision 0001, but this version works with 0002. "
            "Make a backup and migrate them, or use the version that they are of."
        ),
        (
            "Las tablas de la base de datos son de la revisión 0001, pero esta versión trabaja con 0002. "
            "Haz una copia de seguridad y mígralas, o usa la versión a la que corresponden."
        ),
    ),
    (
        TableNamesTaken(tables=("enrollment",)),
        (
            "The database has a table of another maker under a name that is needed: enrollment. Nothing was changed. "
            "Use another database or schema, or rename this table."
        ),
        (
            "La base de datos tiene una tabla ajena con un nombre que hace falta: enrollment. No se cambió nada. "
            "Usa otra base de datos u otro esquema, o cambia el nombre de esa tabla."
        ),
    ),
    (
        TableNamesTaken(tables=("enrollment", "event")),
        (
            "The database has tables of other makers under names that are needed: enrollment and event. Nothing was "
            "changed. Use another database or schema, or rename these tables."
        ),
        (
            "La base de datos tiene tablas ajenas con nombres que hacen falta: enrollment y event. No se cambió nada. "
            "Usa otra base de datos u otro esquema, o cambia el nombre de esas tablas."
        ),
    ),
    (
        QuoteChanged(confirmed=(Money.parse("75.00 EUR"),), due=(Money.parse("80.00 EUR"), Money.parse("9.00 USD"))),
        "Confirmed: €75.00. Price now: €80.00 and $9.00. Ask for a new quote and confirm that one.",
        ("Confirmado: 75,00\xa0€. Precio actual: 80,00\xa0€ y 9,00\xa0US$. Pide un presupuesto nuevo y confirma ese."),
    ),
    (
        QuoteChanged(confirmed=(), due=()),
        "Nothing was confirmed. There is nothing to pay now. Ask for a new quote and confirm that one.",
        "No se confirmó nada. Ahora no hay nada que pagar. Pide un presupuesto nuevo y confirma ese.",
    ),
    (
        CycleNotBegun(begins=NOON),
        "The billing cycle begins only on May 4, 2026, 12:00\u202fPM (UTC). Check the clock, or try again then.",
        (
            "El ciclo de facturación no empieza hasta el 4 may 2026, 12:00 (UTC). "
            "Comprueba el reloj o inténtalo de nuevo entonces."
        ),
    ),
    (
        UnknownLicenseOrder(order="o1"),
        "No order o1 is waiting for its payment. Look at the orders first.",
        "No hay ningún pedido o1 que espere su pago. Revisa primero los pedidos.",
    ),
    (
        OrderCancelled(account="acme", order="o1", **AT),
        "The order o1 was withdrawn. It will not be paid and adds no licenses.",
        "El pedido o1 se anuló. No se pagará ni añade licencias.",
    ),
    (
        InvalidQuantity(parameter="users", expected="an int from 1 to 10", got="str of 15 characters"),
        ("“users” is not valid. Expected: an int from 1 to 10. Given: str of 15 characters. Correct it and try again."),
        (
            "«users» no es válido. Se espera: un número entero de 1 a 10. Se recibió: un texto de 15 caracteres. "
            "Corrígelo e inténtalo de nuevo."
        ),
    ),
    (
        UnknownCurrency(parameter="odd", expected="something new", got="-3"),
        "“odd” is not valid. Expected: something new. Given: -3. Correct it and try again.",
        "«odd» no es válido. Se espera: something new. Se recibió: -3. Corrígelo e inténtalo de nuevo.",
    ),
    (
        TooManyItems(parameter="users", given=10_001, most=10_000),
        "“users” names 10,001 items; one command takes 10,000 at most. Split it into several.",
        "«users» indica 10.001 elementos y cada operación admite 10.000 como máximo. Divídela en varias.",
    ),
    (
        InvalidDocument(faults=(("$.end", "type.wrong"), ("$.lines[2]", "name.missing"))),
        "The document has 2 faults: $.end type.wrong and $.lines[2] name.missing. Correct them.",
        "El documento tiene 2 errores: $.end type.wrong y $.lines[2] name.missing. Corrígelos.",
    ),
    (
        Verdict.refuse(PermissionMissing(permission=Permission.GROUPS_VIEW)),
        "You need the permission “Groups / View” for this. Somebody who has that permission can do it.",
        "Necesitas el permiso «Grupos / Ver» para esto. Puede hacerlo alguien que tenga ese permiso.",
    ),
    (Verdict.allow("DOC-20"), "Allowed (rule DOC-20).", "Permitido (regla DOC-20)."),
    (
        PoolOpened(
            pool="p1", kind=PackageKind.SEATS, beneficiary=EVERYONE, bought=1, expires_at=NOON, terms=None, **AT
        ),
        "The pool p1 was opened with 1 seat for everyone. It expires on May 4, 2026, 12:00\u202fPM (UTC).",
        "Se abrió la bolsa p1 con 1 plaza para todo el mundo. Vencimiento: 4 may 2026, 12:00 (UTC).",
    ),
    (
        PoolOpened(
            pool="p1",
            kind=PackageKind.LICENSES,
            beneficiary=Scope.user("ana"),
            bought=50,
            expires_at=None,
            terms=None,
            **AT,
        ),
        "The pool p1 was opened with 50 licenses for one user. It does not expire.",
        "Se abrió la bolsa p1 con 50 licencias para un usuario. No vence.",
    ),
    (
        LicensesAssigned(pool="p1", users=frozenset({"ana"}), **AT),
        "1 user got a license of the pool p1.",
        "Se asignó una licencia de la bolsa p1 a 1 usuario.",
    ),
    (
        LicensesUnassigned(pool="p1", **SPLIT, **AT),
        "1 license went back to the pool p1. 2 licenses of the pool p1 were unassigned and wait to be confirmed.",
        "1 licencia volvió a la bolsa p1. 2 licencias de la bolsa p1 se desasignaron y están por confirmar.",
    ),
    (
        LicensesUnassigned(pool="p1", released=frozenset(), awaiting=frozenset({"luis"}), **AT),
        "1 license of the pool p1 was unassigned and waits to be confirmed.",
        "1 licencia de la bolsa p1 se desasignó y está por confirmar.",
    ),
    (
        CycleClosed(
            account="acme",
            removed={"base": 0, "voip": 0},
            kept={"base": 2, "voip": 3},
            bills=(specimens.QUOTE,),
            period=specimens.MAY,
            **AT,
        ),
        (
            "The billing cycle ended. Licenses removed: none. Licenses kept: 2 base and 3 voip. "
            "Billed for the next cycle: €30.97."
        ),
        (
            "El ciclo de facturación terminó. Licencias eliminadas: ninguna. Licencias conservadas: 2 base y 3 voip. "
            "Facturado por el próximo ciclo: 30,97\xa0€."
        ),
    ),
    (
        InvalidTiers(parameter="tiers", expected="1 to 100", got="0"),
        "“tiers” is not valid. Expected: 1 to 100. Given: 0. Correct it and try again.",
        "«tiers» no es válido. Se espera: de 1 a 100. Se recibió: 0. Corrígelo e inténtalo de nuevo.",
    ),
    (
        UnknownPreset(parameter="name", expected="the name of a preset", got="str of 6 characters"),
        ("“name” is not valid. Expected: the name of a preset. Given: str of 6 characters. Correct it and try again."),
        (
            "«name» no es válido. Se espera: el nombre de una convención predefinida. "
            "Se recibió: un texto de 6 caracteres. Corrígelo e inténtalo de nuevo."
        ),
    ),
    (
        NothingCounted(count="days", base="period"),
        (
            "The share cannot be worked out over the base “period”. Counted in days, it comes to nothing. "
            "Count in seconds, or take another base."
        ),
        (
            "No se puede calcular la parte proporcional sobre la base «period». Contada en días, no llega a nada. "
            "Cuenta en segundos o usa otra base."
        ),
    ),
]
