"""Refusals and events of customers, subscriptions and bills, and how each is told in English and Spanish."""

from datetime import date

import attrs

from licensing_core import accounts
from licensing_core import subscriptions as subscribing
from licensing_core.accounts import Person
from licensing_core.checks import InvalidArgument
from licensing_core.decisions import ImportRefused
from licensing_core.enrollments import PoolIsSuspended
from licensing_core.entitlements import PlanNotInForce
from licensing_core.money import Money
from licensing_core.plans import PackageKind
from tests.builders import NOON
from tests.message_examples import Example
from tests.specimens_accounts import (
    ALIGNED,
    BILLED,
    BLOCKED,
    CANCELLED,
    CANCELLED_BOOKS,
    CHANGED_TRIAL,
    CONFIGURED,
    CREDITED,
    FAILED,
    GOING_ON,
    IMPORTED,
    LEFT,
    LIFTED,
    MOVED_ON,
    NUMBERED,
    ORDERED,
    PAID,
    PAUSED,
    PAUSED_BOOKS,
    POOL_IMPORTED,
    POOL_REINSTATED,
    POOL_SUSPENDED,
    REINSTATED,
    REMINDED,
    SCHEDULED,
    STAFFED,
    SUSPENDED,
    TAKEN_BACK,
    TENNER,
    TERMINATED,
    TRIED,
    of,
)
from tests.specimens_metered import ANA

_WRONG = InvalidArgument(parameter="balances.EUR", expected="zero or more", got="-3.00 EUR")
ACCOUNT_REFUSALS: list[Example] = [
    (
        accounts.UnknownCustomer(customer="acme"),
        "There is no customer acme. Look at the list of customers, or add it.",
        "No existe el cliente acme. Consulta la lista de clientes o añádelo.",
    ),
    (
        accounts.CustomerExists(customer="acme"),
        "There is a customer acme already. Choose another id.",
        "Ya existe un cliente acme. Elige otro identificador.",
    ),
    (
        accounts.NotBlocked(customer="acme", cause="unpaid"),
        "The customer acme is not blocked for unpaid. Look at the causes that it is blocked for.",
        "El cliente acme no está bloqueado por unpaid. Consulta por qué causas lo está.",
    ),
    (
        accounts.UnknownSubscription(customer="acme", subscription="web"),
        "The customer acme has no subscription web. Look at those that it has.",
        "El cliente acme no tiene ningún servicio web. Consulta los que tiene.",
    ),
    (
        accounts.SubscriptionExists(customer="acme", subscription="web"),
        "The customer acme has, or had, a subscription web. Choose another id.",
        "El cliente acme tiene o tuvo un servicio web. Elige otro identificador.",
    ),
    (
        accounts.UnknownBill(document="proforma:9"),
        "There is no proforma or invoice proforma:9. Look at those of the customer.",
        "No existe ninguna proforma ni factura proforma:9. Consulta las del cliente.",
    ),
    (
        accounts.BillPaidAlready(document="proforma:1"),
        "The document proforma:1 is paid already. There is nothing to pay.",
        "El documento proforma:1 ya está pagado. No hay nada que pagar.",
    ),
    (
        accounts.BillIsVoid(document="proforma:2"),
        "The document proforma:2 is void: what it asked for will not be delivered. Do not pay it.",
        "El documento proforma:2 está anulado: lo que pedía no se va a prestar. No lo pagues.",
    ),
    (
        accounts.AmountDiffers(document="proforma:1", due=TENNER, paid=Money.parse("9.00 EUR")),
        "For the document proforma:1 €10.00 is due, and €9.00 was paid. Settle the difference first.",
        "Por el documento proforma:1 se deben 10,00\xa0€ y se pagaron 9,00\xa0€. Salda primero la diferencia.",
    ),
    (
        accounts.BillsNotLoaded(ids=("proforma:1", "proforma:2")),
        "2 documents of the customer were not looked up. Load them and try again.",
        "No se consultaron 2 documentos del cliente. Cárgalos e inténtalo de nuevo.",
    ),
    (
        accounts.PeopleNotLoaded(ids=("ana",)),
        "1 user or contact was not looked up. Load that one and try again.",
        "No se consultó 1 usuario o contacto. Cárgalo e inténtalo de nuevo.",
    ),
    (
        accounts.InvalidEmail(parameter="email", expected="something, one @, something", got="str of 12 characters"),
        (
            "“email” is not valid. Expected: something, one @, something. Given: str of 12 characters. "
            "Correct it and try again."
        ),
        (
            "«email» no es válido. Se espera: algo, una @ y algo más. Se recibió: un texto de 12 caracteres. "
            "Corrígelo e inténtalo de nuevo."
        ),
    ),
    (
        subscribing.SubscriptionEnded(subscription="web", state="terminated"),
        "The subscription web is terminated. Order a new one.",
        "El servicio web está terminado. Contrata uno nuevo.",
    ),
    (
        subscribing.WrongState(subscription="web", state="paused", wanted=("active", "suspended")),
        (
            "The subscription web is paused, and this takes one that is active or suspended. "
            "Bring it to that state first, or do what its state allows."
        ),
        (
            "El servicio web está en pausa, y para esto debe estar activo o suspendido. "
            "Ponlo antes en ese estado o haz lo que su estado permita."
        ),
    ),
    (
        subscribing.NotInForce(subscription="web", state="suspended"),
        "The subscription web is suspended and gives no access. Pay, resume or renew it.",
        "El servicio web está suspendido y no da acceso. Págalo, reanúdalo o renuévalo.",
    ),
    (
        subscribing.NotInForce(subscription="web", state="frozen"),
        "The subscription web is frozen and gives no access. Pay, resume or renew it.",
        "El servicio web está frozen y no da acceso. Págalo, reanúdalo o renuévalo.",
    ),
    (
        subscribing.BillingBehind(subscription="web", due=NOON),
        (
            "Something of the subscription web has been due since May 4, 2026, 12:00\u202fPM (UTC) and is not billed "
            "yet. Run its billing first."
        ),
        ("El servicio web tiene algo sin facturar desde el 4 may 2026, 12:00 (UTC). Ejecuta antes su facturación."),
    ),
    (
        subscribing.SubscriptionUnpaid(subscription="web", due=date(2026, 5, 1)),
        "The subscription web owes what was due on May 1, 2026. Pay that first.",
        "El servicio web debe lo que vencía el 1 may 2026. Págalo antes.",
    ),
    (
        subscribing.EndsTooEarly(),
        "It cannot end before it began. Name its first day, or a later one.",
        "No puede terminar antes de haber empezado. Indica su primer día o uno posterior.",
    ),
    (
        subscribing.EndsAlready(),
        "It is cancelled for an earlier end already. Take that back first, or name an end no later than it.",
        ("Ya se dio de baja para una fecha anterior. Retira antes esa baja o indica una fecha que no sea posterior."),
    ),
    (
        subscribing.NotCancelled(subscription="web"),
        "The subscription web is not cancelled. There is nothing to take back.",
        "El servicio web no está dado de baja. No hay nada que retirar.",
    ),
    (
        subscribing.CancellationCredited(subscription="web"),
        "What the subscription web was charged is given back already. Order a new one.",
        "Lo que se cobró por el servicio web ya se devolvió. Contrata uno nuevo.",
    ),
    (
        subscribing.NotRenewed(subscription="web"),
        "The subscription web is not renewed by hand, or no more. Order a new one.",
        "El servicio web no se renueva a mano, o ya no. Contrata uno nuevo.",
    ),
    (
        PlanNotInForce(plan="large"),
        ("The subscription that pays for the plan large is not in force. Have it paid, resumed or renewed."),
        ("El servicio con el que se paga el plan large no está vigente. Pide que se pague, se reanude o se renueve."),
    ),
    (
        PoolIsSuspended(pool="p1"),
        "The subscription p1 is suspended. Pay what is due for it, or ask for that.",
        "La suscripción p1 está suspendida. Paga lo que se debe por ella o pide que se pague.",
    ),
    (
        ImportRefused(breaches=(_WRONG,)),
        (
            "Nothing was taken over: 1 thing is to be corrected. “balances.EUR” is not valid. Expected: zero or more. "
            "Given: -3.00 EUR. Correct it and try again."
        ),
        (
            "No se importó nada: hay que corregir 1 cosa. «balances.EUR» no es válido. Se espera: cero o más. "
            "Se recibió: -3.00 EUR. Corrígelo e inténtalo de nuevo."
        ),
    ),
    (
        ImportRefused(breaches=(accounts.CustomerExists(customer="acme"), subscribing.EndsTooEarly())),
        (
            "Nothing was taken over: 2 things are to be corrected. There is a customer acme already. "
            "Choose another id. It cannot end before it began. Name its first day, or a later one."
        ),
        (
            "No se importó nada: hay que corregir 2 cosas. Ya existe un cliente acme. Elige otro identificador. "
            "No puede terminar antes de haber empezado. Indica su primer día o uno posterior."
        ),
    ),
]
ACCOUNT_EVENTS: list[Example] = [
    (
        accounts.import_customer(
            "acme",
            None,
            zone="UTC",
            blocks={"unpaid": BLOCKED.state.blocks["unpaid"], "abuse": BLOCKED.state.blocks["unpaid"]},
            people={"luis": Person(), "mei": Person(contact=True)},
            balances=(TENNER, Money.parse("5.00 USD")),
            by=ANA,
            now=NOON,
        ).events[0],
        (
            "The customer acme was added. It has no plan. It is blocked: unpaid and abuse. "
            "It brought 2 users or contacts. In credit: €10.00 and $5.00."
        ),
        (
            "Se añadió el cliente acme. No tiene plan. Está bloqueado: unpaid y abuse. "
            "Trajo 2 usuarios o contactos. Saldo a favor: 10,00\xa0€ y 5,00\xa0US$."
        ),
    ),
    (
        of(MOVED_ON.events, accounts.PlanAssigned),
        "The customer acme has the plan large from now on.",
        "El cliente acme tiene desde ahora el plan large.",
    ),
    (
        of(BLOCKED.events, accounts.CustomerBlocked),
        "The customer acme was blocked: unpaid. The block ends on May 4, 2027, 12:00\u202fPM (UTC).",
        "El cliente acme quedó bloqueado: unpaid. El bloqueo termina el 4 may 2027, 12:00 (UTC).",
    ),
    (
        attrs.evolve(of(BLOCKED.events, accounts.CustomerBlocked), until=None),
        "The customer acme was blocked: unpaid. It stays so until the block is lifted.",
        "El cliente acme quedó bloqueado: unpaid. Lo estará hasta que se levante el bloqueo.",
    ),
    (
        of(LIFTED.events, accounts.BlockLifted),
        "A block of the customer acme was lifted: unpaid.",
        "Se levantó un bloqueo del cliente acme: unpaid.",
    ),
    (
        of(STAFFED.events, accounts.PersonAdded),
        "A user of the customer acme was added, or given other permissions.",
        "Se añadió un usuario del cliente acme, o se le dieron otros permisos.",
    ),
    (
        attrs.evolve(of(STAFFED.events, accounts.PersonAdded), person=Person(contact=True)),
        "A contact of the customer acme was added, or given other permissions.",
        "Se añadió un contacto del cliente acme, o se le dieron otros permisos.",
    ),
    (
        of(LEFT.events, accounts.PersonRemoved),
        "A user or contact of the customer acme was removed.",
        "Se quitó un usuario o contacto del cliente acme.",
    ),
    (
        of(CONFIGURED.events, accounts.SettingsChanged),
        "The settings of the customer acme were changed.",
        "Se cambiaron los ajustes del cliente acme.",
    ),
    (
        of(CREDITED.events, accounts.CreditOpened),
        "The customer acme has €10.00 more in credit.",
        "El cliente acme tiene 10,00\xa0€ más de saldo a favor.",
    ),
    (
        of(BILLED.events, accounts.BillIssued),
        "The proforma P-000002 was issued. To pay: €32.67. Due date: Jun 4, 2026.",
        "Se emitió la proforma P-000002. Importe a pagar: 32,67\xa0€. Vencimiento: 4 jun 2026.",
    ),
    (
        of(PAUSED_BOOKS.events, accounts.BillIssued),
        "The credit note R-000001 was issued. Given back: €15.80.",
        "Se emitió la nota de crédito R-000001. Importe abonado: 15,80\xa0€.",
    ),
    (
        of(PAID.events, accounts.BillPaid),
        "A proforma was paid, and is the invoice F-000001 from now on. Paid: €32.67.",
        "Se pagó una proforma, que desde ahora es la factura F-000001. Pagado: 32,67\xa0€.",
    ),
    (
        of(CANCELLED_BOOKS.events, accounts.BillVoided),
        "The document proforma:2 is void. Nothing is to be paid for it.",
        "El documento proforma:2 quedó anulado. No hay que pagar nada por él.",
    ),
    (
        of(FAILED.events, accounts.DebitFailed),
        "The automatic debit for the document proforma:2 failed. It is tried again later.",
        "El débito automático del documento proforma:2 falló. Se intentará de nuevo más tarde.",
    ),
    (
        of(REMINDED.events, accounts.ReminderSent),
        "The customer was reminded of the document proforma:2, 3 days after it was due.",
        "Se recordó al cliente el documento proforma:2, 3 días después de su vencimiento.",
    ),
    (
        attrs.evolve(of(REMINDED.events, accounts.ReminderSent), days=1),
        "The customer was reminded of the document proforma:2, 1 day after it was due.",
        "Se recordó al cliente el documento proforma:2, 1 día después de su vencimiento.",
    ),
    (
        NUMBERED.events[0],
        "From now on documents are numbered: documents.",
        "Desde ahora se numeran los documentos: documents.",
    ),
    (
        of(PAID.events, accounts.NumbersTaken),
        "Numbers of documents were taken. The last ones: P-000001 and F-000001.",
        "Se tomaron números de documento. Los últimos: P-000001 y F-000001.",
    ),
    (
        of(ORDERED.events, subscribing.SubscriptionStarted),
        "The subscription web was ordered, and awaits its first payment.",
        "Se contrató el servicio web, que espera su primer pago.",
    ),
    (
        of(TRIED.events, subscribing.SubscriptionStarted),
        "The subscription web was ordered, and is on trial.",
        "Se contrató el servicio web, que está en periodo de prueba.",
    ),
    (
        IMPORTED,
        ("The subscription web, which another system has billed so far, goes on here. It brought 1 document."),
        "El servicio web, que hasta ahora facturaba otro sistema, sigue aquí. Trajo 1 documento.",
    ),
    (
        of(BILLED.events, subscribing.TurnBilled),
        (
            "The subscription web was billed. To pay: €32.67. "
            "Its period: Jun 3, 2026, 10:00\u202fPM - Jul 3, 2026, 10:00\u202fPM (UTC)."
        ),
        (
            "Se facturó el servicio web. Importe a pagar: 32,67\xa0€. "
            "Su periodo: 3 jun 2026, 22:00 - 3 jul 2026, 22:00 (UTC)."
        ),
    ),
    (
        of(PAID.events, subscribing.SubscriptionActivated),
        (
            "The first payment of the subscription web came, and it is active. "
            "Its period: May 3, 2026, 10:00\u202fPM - Jun 3, 2026, 10:00\u202fPM (UTC)."
        ),
        (
            "Llegó el primer pago del servicio web, que está activo. "
            "Su periodo: 3 may 2026, 22:00 - 3 jun 2026, 22:00 (UTC)."
        ),
    ),
    (
        of(REINSTATED.events, subscribing.TurnsSettled),
        "Nothing is owed any more for 1 document of the subscription web.",
        "Ya no se debe nada por 1 documento del servicio web.",
    ),
    (
        of(CANCELLED.events, subscribing.TurnsWithdrawn),
        (
            "What was billed of the subscription web from Jun 3, 2026, 10:00\u202fPM (UTC) on was taken back. "
            "Its documents: proforma:2."
        ),
        ("Se retiró lo facturado del servicio web a partir del 3 jun 2026, 22:00 (UTC). Sus documentos: proforma:2."),
    ),
    (
        of(SUSPENDED.events, subscribing.SubscriptionSuspended),
        "The subscription web was suspended. It gives no access until all that is due is paid.",
        "El servicio web quedó suspendido. No da acceso hasta que se pague todo lo vencido.",
    ),
    (
        of(REINSTATED.events, subscribing.SubscriptionReinstated),
        "The subscription web is active again. All that was due is paid.",
        "El servicio web vuelve a estar activo. Se pagó todo lo vencido.",
    ),
    (
        of(TERMINATED.events, subscribing.SubscriptionTerminated),
        "The subscription web was terminated. It was overdue for too long.",
        "El servicio web quedó terminado. Llevaba demasiado tiempo sin pagarse.",
    ),
    (
        of(CANCELLED.events, subscribing.SubscriptionCancelled),
        (
            "The subscription web was cancelled. Its access ends on Jun 3, 2026, 10:00\u202fPM (UTC), "
            "and its billing on Jun 3, 2026, 10:00\u202fPM (UTC)."
        ),
        (
            "El servicio web se dio de baja. Su acceso termina el 3 jun 2026, 22:00 (UTC), "
            "y su facturación el 3 jun 2026, 22:00 (UTC)."
        ),
    ),
    (
        of(GOING_ON.events, subscribing.CancellationWithdrawn),
        "The cancellation of the subscription web was taken back. It goes on.",
        "Se retiró la baja del servicio web, que sigue adelante.",
    ),
    (
        of(PAUSED.events, subscribing.SubscriptionPaused),
        "The subscription web was paused. It is neither used nor billed until it is resumed.",
        "El servicio web quedó en pausa. No se usa ni se factura hasta que se reanude.",
    ),
    (
        of(CHANGED_TRIAL.events, subscribing.TermsChanged),
        "Other terms hold for the subscription web, of which nothing was billed yet.",
        "Rigen otras condiciones para el servicio web, del que todavía no se facturó nada.",
    ),
    (
        of(SCHEDULED.events, subscribing.SubscriptionChangeScheduled),
        (
            "The change more of the subscription web was scheduled: quantity 5. "
            "It takes effect: at the end of the period."
        ),
        "Se programó el cambio more del servicio web: cantidad 5. Tendrá efecto: al final del periodo.",
    ),
    (
        of(TAKEN_BACK.events, subscribing.SubscriptionChangeWithdrawn),
        "The scheduled change more of the subscription web was withdrawn. It will not take effect.",
        "Se retiró el cambio programado more del servicio web. No tendrá efecto.",
    ),
    (
        of(ALIGNED.events, subscribing.SubscriptionAligned),
        "The next period of the subscription web ends with a common cycle, and so do all after it.",
        "El próximo periodo del servicio web termina con un ciclo común, y también los siguientes.",
    ),
    (
        POOL_IMPORTED,
        (
            "The pool old, which another system has kept so far, goes on here. It has 5 licenses for the group "
            "coaches. Of these 1 is held. It brought 1 enrollment. It does not expire."
        ),
        (
            "La bolsa old, que hasta ahora llevaba otro sistema, sigue aquí. Tiene 5 licencias para el grupo coaches. "
            "De ellas hay 1 en uso. Trajo 1 inscripción. No vence."
        ),
    ),
    (
        attrs.evolve(POOL_IMPORTED, kind=PackageKind.SEATS, holders={}, bought=9, spent=2, enrollments=()),
        (
            "The pool old, which another system has kept so far, goes on here. It has 9 seats for the group coaches. "
            "Of these 1 is held. Of these 2 are spent. It does not expire."
        ),
        (
            "La bolsa old, que hasta ahora llevaba otro sistema, sigue aquí. Tiene 9 plazas para el grupo coaches. "
            "De ellas hay 1 en uso. De ellas hay 2 gastadas. No vence."
        ),
    ),
    (
        POOL_SUSPENDED.events[0],
        "The pool old was suspended. What it holds stays held, but opens nothing.",
        "La bolsa old quedó suspendida. Lo que tiene asignado lo conserva, pero no da acceso.",
    ),
    (
        POOL_REINSTATED.events[0],
        "The pool old is suspended no more, and opens again what it holds.",
        "La bolsa old ya no está suspendida y vuelve a dar acceso.",
    ),
]
