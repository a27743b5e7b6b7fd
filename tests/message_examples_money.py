"""Refusals and events of money and billing, and how each is told in English and Spanish."""

from datetime import date

import attrs

from licensing_core.billing import (
    AlreadyBooked,
    BalanceExceeded,
    BalanceRefunded,
    ChangeScheduled,
    ChangeTooEarly,
    ChangeWithdrawn,
    IssuedOutOfOrder,
    ItemBehind,
    ItemChange,
    ItemEnded,
    NotAProforma,
    NothingScheduled,
    OtherSeries,
    PaidTooMuch,
    ScheduledChange,
    UnknownLine,
    When,
    open_ledger,
)
from licensing_core.money import Money
from licensing_core.proration import NothingCounted
from tests.message_examples import (
    AT,
    BEGUN,
    EUR,
    LESS,
    NOON,
    PAID,
    ROOT,
    Example,
    begun,
    ended,
    renewed,
    run_out,
    shrunk,
    taken_over,
)

MONEY_EXAMPLES: list[Example] = [
    (
        NothingCounted(count="months", base="nominal_360"),
        (
            "The share cannot be worked out over the base “nominal_360”. Counted in months, it comes to nothing. "
            "Take another base, or a turn of months or of days."
        ),
        (
            "No se puede calcular la parte proporcional sobre la base «nominal_360». "
            "Contada en meses, no llega a nada. Usa otra base, o un ciclo de meses o de días."
        ),
    ),
    (
        UnknownLine(ledger="acme", wanted="inv-1"),
        "The ledger acme holds nothing of inv-1. Load its lines, or look at those there are.",
        "El libro mayor acme no contiene nada de inv-1. Carga sus líneas o consulta las que hay.",
    ),
    (
        AlreadyBooked(ledger="acme", line="inv-1:1"),
        (
            "This cannot be booked: the ledger acme has the line inv-1:1 already, or has taken something off it with "
            "this document. If this is no repetition, give the document or the item another id."
        ),
        (
            "Esto no se puede registrar: el libro mayor acme ya tiene la línea inv-1:1, o ya abonó algo de ella con "
            "este documento. Si no es una repetición, dale otro identificador al documento o al concepto."
        ),
    ),
    (
        PaidTooMuch(document="inv-1", asked=Money.parse("20.00 EUR"), owed=Money.parse("15.00 EUR")),
        "Cannot pay €20.00 on the document inv-1: €15.00 is owed on it. Pay that at most.",
        (
            "No se pueden pagar 20,00\xa0€ por el documento inv-1: tiene 15,00\xa0€ pendientes de pago. "
            "Paga eso como máximo."
        ),
    ),
    (
        PaidTooMuch(document="inv-1", asked=Money.parse("20.00 EUR"), owed=Money.zero(EUR)),
        ("Cannot pay €20.00 on the document inv-1: nothing is owed on it. Choose a document on which something is."),
        (
            "No se pueden pagar 20,00\xa0€ por el documento inv-1: no tiene nada pendiente de pago. "
            "Elige uno que lo tenga."
        ),
    ),
    (
        BalanceExceeded(ledger="acme", asked=Money.parse("20.00 EUR"), balance=Money.parse("15.00 EUR")),
        "Cannot take €20.00 out of the ledger acme: €15.00 is in credit. Take that at most.",
        (
            "No se pueden sacar 20,00\xa0€ del libro mayor acme: el saldo a favor es de 15,00\xa0€. "
            "Saca eso como máximo."
        ),
    ),
    (
        BalanceExceeded(ledger="acme", asked=Money.parse("20.00 EUR"), balance=Money.zero(EUR)),
        "Cannot take €20.00 out of the ledger acme: nothing is in credit. Pay documents in another way.",
        (
            "No se pueden sacar 20,00\xa0€ del libro mayor acme: no hay saldo a favor. "
            "Paga los documentos de otra forma."
        ),
    ),
    (
        ItemEnded(item="seats", ended=NOON),
        "The item seats ended on May 4, 2026, 12:00\u202fPM (UTC). Start a new one.",
        "El concepto seats terminó el 4 may 2026, 12:00 (UTC). Inicia uno nuevo.",
    ),
    (
        ItemBehind(item="seats", due=NOON),
        "Something of the item seats has been due since May 4, 2026, 12:00\u202fPM (UTC). Advance it first.",
        "El concepto seats tiene algo pendiente desde el 4 may 2026, 12:00 (UTC). Ponlo al día primero.",
    ),
    (
        ChangeTooEarly(item="seats", earliest=NOON),
        (
            "The item seats was billed as of May 4, 2026, 12:00\u202fPM (UTC), and cannot be changed before. "
            "Change it then or later."
        ),
        (
            "El concepto seats se facturó con efecto desde el 4 may 2026, 12:00 (UTC) y no se puede cambiar antes. "
            "Cámbialo entonces o más tarde."
        ),
    ),
    (
        NothingScheduled(item="seats", change="later"),
        "No change later of the item seats waits. Look at those that wait, and choose one of them.",
        "No espera ningún cambio later del concepto seats. Consulta los que esperan y elige uno.",
    ),
    (
        IssuedOutOfOrder(number="F-2026-000007", last_on=date(2026, 5, 4), on=date(2026, 5, 3)),
        (
            "A document cannot be dated May 3, 2026: the number F-2026-000007 is dated May 4, 2026. "
            "Date it on that day or later."
        ),
        (
            "Un documento no puede llevar la fecha 3 may 2026: el número F-2026-000007 lleva la fecha 4 may 2026. "
            "Ponle esa fecha o una posterior."
        ),
    ),
    (
        OtherSeries(number="P-000001", series="F-"),
        "The number P-000001 is not of the series F-. Take the last number of that series.",
        "El número P-000001 no es de la serie F-. Toma el último número de esa serie.",
    ),
    (
        NotAProforma(document="inv-1", kind="invoice"),
        (
            "The document inv-1 cannot become an invoice. It is one already. "
            "Only a proforma becomes one: choose one of those."
        ),
        "El documento inv-1 no puede convertirse en factura. Ya lo es. Solo una proforma pasa a serlo: elige una.",
    ),
    (
        NotAProforma(document="cn-1", kind="credit_note"),
        (
            "The document cn-1 cannot become an invoice. It is a credit note. "
            "Only a proforma becomes one: choose one of those."
        ),
        (
            "El documento cn-1 no puede convertirse en factura. Es una nota de crédito. "
            "Solo una proforma pasa a serlo: elige una."
        ),
    ),
    (
        begun("item.billed"),
        (
            "The item seats was billed as of Apr 1, 2026, 12:00\u202fPM (UTC). To pay: €30.00. "
            "Its period: Apr 1, 2026, 12:00\u202fAM - May 1, 2026, 12:00\u202fAM (UTC)."
        ),
        (
            "Se facturó el concepto seats con efecto desde el 1 abr 2026, 12:00 (UTC). Importe a pagar: 30,00\xa0€. "
            "Su periodo: 1 abr 2026, 0:00 - 1 may 2026, 0:00 (UTC)."
        ),
    ),
    (
        begun("ledger.booked"),
        "The document inv-1 was booked in the ledger acme. Charged: base €30.00.",
        "Se registró el documento inv-1 en el libro mayor acme. Cargado: base 30,00\xa0€.",
    ),
    (
        shrunk("item.billed"),
        (
            "The item seats was billed as of Apr 16, 2026, 12:00\u202fPM (UTC). To pay: -€5.00. "
            "Its period: Apr 1, 2026, 12:00\u202fAM - May 1, 2026, 12:00\u202fAM (UTC)."
        ),
        (
            "Se facturó el concepto seats con efecto desde el 16 abr 2026, 12:00 (UTC). Importe a pagar: -5,00\xa0€. "
            "Su periodo: 1 abr 2026, 0:00 - 1 may 2026, 0:00 (UTC)."
        ),
    ),
    (
        shrunk("ledger.booked"),
        "The document inv-2 was booked in the ledger acme. Charged: base €10.00. Taken off again: base €15.00.",
        "Se registró el documento inv-2 en el libro mayor acme. Cargado: base 10,00\xa0€. Abonado: base 15,00\xa0€.",
    ),
    (
        renewed("item.billed"),
        (
            "The item seats was billed as of May 1, 2026, 12:00\u202fAM (UTC). To pay: €14.00. "
            "Its period: May 1, 2026, 12:00\u202fAM - Jun 1, 2026, 12:00\u202fAM (UTC). "
            "2 scheduled changes were carried out with it."
        ),
        (
            "Se facturó el concepto seats con efecto desde el 1 may 2026, 0:00 (UTC). Importe a pagar: 14,00\xa0€. "
            "Su periodo: 1 may 2026, 0:00 - 1 jun 2026, 0:00 (UTC). "
            "Con ello se realizaron 2 cambios programados."
        ),
    ),
    (
        run_out("item.billed"),
        (
            "Nothing of the item seats was charged or given back as of May 1, 2026, 12:00\u202fAM (UTC). "
            "It ended then. 1 scheduled change was carried out with it."
        ),
        (
            "No se cargó ni se abonó nada del concepto seats con efecto desde el 1 may 2026, 0:00 (UTC). "
            "Terminó entonces. Con ello se realizó 1 cambio programado."
        ),
    ),
    (
        taken_over("item.taken_over"),
        (
            "The item old, which another system has billed so far, goes on here. "
            "Its period: Apr 1, 2026, 12:00\u202fAM - May 1, 2026, 12:00\u202fAM (UTC). The period is free."
        ),
        (
            "El concepto old, que hasta ahora facturaba otro sistema, sigue aquí. "
            "Su periodo: 1 abr 2026, 0:00 - 1 may 2026, 0:00 (UTC). El periodo es gratuito."
        ),
    ),
    (
        ended("item.billed"),
        ("The item seats was billed as of Apr 16, 2026, 12:00\u202fPM (UTC). To pay: -€15.00. It ended then."),
        (
            "Se facturó el concepto seats con efecto desde el 16 abr 2026, 12:00 (UTC). Importe a pagar: -15,00\xa0€. "
            "Terminó entonces."
        ),
    ),
    (
        ChangeScheduled(
            item="seats", change=ScheduledChange(id="less", change=LESS, effective=When.END_OF_PERIOD), **AT
        ),
        (
            "The change less of the item seats was scheduled: quantity 2 and another price. "
            "It takes effect: at the end of the period."
        ),
        "Se programó el cambio less del concepto seats: cantidad 2 y otro precio. Tendrá efecto: al final del periodo.",
    ),
    (
        ChangeScheduled(
            item="seats", change=ScheduledChange(id="end", change=ItemChange(quantity=0), effective=NOON), **AT
        ),
        ("The change end of the item seats was scheduled: its end. It takes effect: May 4, 2026, 12:00\u202fPM (UTC)."),
        "Se programó el cambio end del concepto seats: su final. Tendrá efecto: 4 may 2026, 12:00 (UTC).",
    ),
    (
        ChangeWithdrawn(item="seats", change="later", **AT),
        "The scheduled change later of the item seats was withdrawn. It will not take effect.",
        "Se retiró el cambio programado later del concepto seats. No tendrá efecto.",
    ),
    (
        open_ledger("acme", EUR, by=ROOT, now=NOON).events[0],
        "The ledger acme was opened in EUR.",
        "Se abrió el libro mayor acme en EUR.",
    ),
    (
        open_ledger(
            "acme",
            EUR,
            lines=(BEGUN.state.ledger.line("seats:1"),),
            balance=Money.parse("5.00 EUR"),
            by=ROOT,
            now=NOON,
        ).events[0],
        "The ledger acme was opened in EUR. It took over 1 earlier line. In credit: €5.00.",
        "Se abrió el libro mayor acme en EUR. Incorporó 1 línea anterior. Saldo a favor: 5,00\xa0€.",
    ),
    (
        PAID.events[0],
        "€30.00 was paid on the document inv-1 of the ledger acme.",
        "Pago de 30,00\xa0€ por el documento inv-1 del libro mayor acme.",
    ),
    (
        attrs.evolve(PAID.events[0], from_balance=True),
        ("€30.00 was paid on the document inv-1 of the ledger acme. It was taken from what was in credit."),
        "Pago de 30,00\xa0€ por el documento inv-1 del libro mayor acme. Se descontó del saldo a favor.",
    ),
    (
        BalanceRefunded(ledger="acme", amount=Money.parse("5.00 EUR"), **AT),
        "€5.00 in credit was paid out of the ledger acme.",
        "Se devolvió un saldo a favor de 5,00\xa0€ del libro mayor acme.",
    ),
]
