"""Sentences about limits, credits and features, in each language."""

from typing import Any

import pytest

from licensing_core import credits as credit
from licensing_core import entitlements, limits
from licensing_core.checks import FrozenMap
from licensing_core.credits import RefundPolicy
from licensing_core.directory import Permission
from licensing_core.limits import UNLIMITED
from licensing_core.messages import explain
from licensing_core.messages.sentences import speaker_of
from licensing_core.money import Money
from tests.builders import NOON
from tests.specimens_metered import ACTIVATED, AT, DONE, GRANTED, ORDERED, PACK_PAID, SPENT

MOVED: dict[str, Any] = {"account": "acme", "passed": (), "movements": (), "used": 0, "since": None, **AT}
TALLY = limits.Tally(used=12)
USED: dict[str, Any] = {"usage": "acme", "limit": "users", **AT}
PLAIN: dict[str, Any] = {"within": None, "in_place": None, "over": 0, **USED}

REFUSALS: list[tuple[Any, str, str]] = [
    (
        limits.UnknownLimit(limit="robots"),
        "The plan has no limit robots. Look at the table of usage for those it has.",
        "El plan no tiene ningún límite robots. Consulta en la tabla de uso los que tiene.",
    ),
    (
        limits.PlaceRequired(limit="team", per="workspaces"),
        "The limit team counts apart within each of workspaces. Name the one in which it is used.",
        "El límite team cuenta por separado dentro de cada workspaces. Indica en cuál se usa.",
    ),
    (
        limits.LimitExceeded(limit="users", within=None, used=9, most=10, shortfall=1),
        ("The limit users would be exceeded by 1: 9 of 10 are used. Release some, or change to a larger plan."),
        "Se superaría en 1 el límite users: se usan 9 de 10. Libera una parte o cambia a un plan mayor.",
    ),
    (
        limits.LimitExceeded(limit="team", within="red", used=2, most=2, shortfall=1000),
        (
            "The limit team would be exceeded by 1,000: 2 of 2 are used. It counts in red. "
            "Release some, or change to a larger plan."
        ),
        (
            "Se superaría en 1.000 el límite team: se usan 2 de 2. Cuenta en red. "
            "Libera una parte o cambia a un plan mayor."
        ),
    ),
    (
        limits.UsageBelowZero(limit="users", within=None, used=0, amount=3),
        "Cannot release 3 of the limit users, of which 0 are used. Release no more than is used.",
        "No se pueden liberar 3 del límite users, del que se usan 0. Libera como mucho lo que se usa.",
    ),
    (
        limits.PlanTooSmall(plan="tiny", exceeds=FrozenMap({"users": 3, "team": FrozenMap({"red": 1, "blue": 2})})),
        (
            "The plan tiny is too small for what is used. Too much: 3 users and team (1 red and 2 blue). "
            "Release that, or accept the excess: it stays, and nothing more can be used until it is gone."
        ),
        (
            "El plan tiny es demasiado pequeño para lo que se usa. Sobra: 3 users y team (1 red y 2 blue). "
            "Libera lo que sobra o acepta el exceso: se conserva, y no se podrá usar más hasta que desaparezca."
        ),
    ),
    (
        limits.PlacesNotLoaded(ids=("red",)),
        "What is used in 1 place was not looked up. Load it and try again.",
        "No se consultó lo que se usa en 1 lugar. Cárgalo e inténtalo de nuevo.",
    ),
    (
        credit.InsufficientCredits(balance=-2, shortfall=1),
        "The balance of credits is -2: 1 credit too few. Buy a pack of credits.",
        "El saldo de créditos es -2: falta 1 crédito. Compra un paquete de créditos.",
    ),
    (
        credit.InsufficientCredits(balance=4, shortfall=6),
        "The balance of credits is 4: 6 credits too few. Buy a pack of credits.",
        "El saldo de créditos es 4: faltan 6 créditos. Compra un paquete de créditos.",
    ),
    (
        credit.CreditsAlreadySpent(order="c1", spent=30),
        "30 credits of the order c1 were spent. Refund it by another policy, or not at all.",
        "Se gastaron 30 créditos del pedido c1. Reembólsalo con otra política, o no lo reembolses.",
    ),
    (
        credit.PaymentDiffers(order="c1", price=Money.parse("10.00 EUR"), paid=Money.parse("9.00 EUR")),
        "The order c1 costs €10.00, and €9.00 was paid. Settle the difference first.",
        "El pedido c1 cuesta 10,00\xa0€ y se pagó 9,00\xa0€. Salda primero la diferencia.",
    ),
    (
        credit.TooMuchTime(resume_at=NOON),
        (
            "Too much happens to the grants by then. "
            "Ask for May 4, 2026, 12:00\u202fPM (UTC) first, and go on from there."
        ),
        (
            "Hasta entonces pasan demasiadas cosas con las concesiones. "
            "Pide primero 4 may 2026, 12:00 (UTC) y continúa desde ahí."
        ),
    ),
    (
        entitlements.ClientBlocked(causes=("abuse", "unpaid")),
        "The customer is blocked: abuse and unpaid. Have each cause lifted first.",
        "El cliente está bloqueado: abuse y unpaid. Pide antes que se levante cada causa.",
    ),
    (
        entitlements.TrialEnded(ended=NOON),
        "The trial ended on May 4, 2026, 12:00\u202fPM (UTC). Choose a plan to go on.",
        "El periodo de prueba terminó el 4 may 2026, 12:00 (UTC). Elige un plan para continuar.",
    ),
    (
        entitlements.FeatureNotInPlan(feature="voip", plan="free"),
        "The plan free does not have the feature voip. Change to a plan that has it.",
        "El plan free no tiene la función voip. Cambia a un plan que la tenga.",
    ),
    (
        entitlements.FeatureNotInPlan(feature="voip", plan=None),
        "There is no plan, and so no feature voip. Choose a plan that has it.",
        "No hay plan ni, por tanto, función voip. Elige un plan que la tenga.",
    ),
    (
        entitlements.FeatureNotLicensed(feature="voip"),
        "The feature voip needs a license that has it. Ask for one to be assigned to you.",
        "La función voip necesita una licencia que la tenga. Pide que te asignen una.",
    ),
]
EVENTS: list[tuple[Any, str, str]] = [
    (
        limits.open_usage("acme", plan="small", zone="UTC", **DONE).events[0],
        "What acme uses is counted from now on. Its plan: small.",
        "Desde ahora se cuenta lo que usa acme. Su plan: small.",
    ),
    (
        limits.open_usage("acme", plan=None, zone="UTC", **DONE).events[0],
        "What acme uses is counted from now on. It has no plan.",
        "Desde ahora se cuenta lo que usa acme. No tiene plan.",
    ),
    (
        limits.UsageCounted(amount=-3, tally=TALLY, **PLAIN),
        "What acme uses of the limit users changed by -3, to 12 in all.",
        "Lo que acme usa del límite users cambió en -3, hasta 12 en total.",
    ),
    (
        limits.UsageCounted(amount=1, tally=TALLY, **{**PLAIN, "within": "red", "in_place": 5, "over": 2}),
        "What acme uses of the limit users changed by 1, to 12 in all. It counts in red, to 5. Beyond the limit: 2.",
        (
            "Lo que acme usa del límite users cambió en 1, hasta 12 en total. Cuenta en red, donde suma 5. "
            "Por encima del límite: 2."
        ),
    ),
    (
        limits.ThresholdReached(percent=80, used=8, most=10, within=None, **USED),
        "acme has reached 80 percent of the limit users: 8 of 10 are used.",
        "acme ha llegado al 80 % del límite users: se usan 8 de 10.",
    ),
    (
        limits.PlanChanged(usage="acme", plan="tiny", tallies={}, places={}, exceeds={"users": 3}, **AT),
        "acme has the plan tiny from now on. Used beyond it, and accepted: 3 users.",
        "acme tiene desde ahora el plan tiny. Usado por encima de él, y aceptado: 3 users.",
    ),
    (
        limits.LimitOverridden(most=20, **USED),
        "For acme, the limit users is 20 from now on, whatever its plan says.",
        "Para acme, el límite users pasa a ser 20, diga lo que diga su plan.",
    ),
    (
        limits.LimitOverridden(most=UNLIMITED, **USED),
        "For acme, the limit users is unlimited from now on, whatever its plan says.",
        "Para acme, el límite users pasa a ser ilimitado, diga lo que diga su plan.",
    ),
    (
        limits.LimitOverridden(most=0, **USED),
        "For acme, the limit users is 0 from now on, whatever its plan says.",
        "Para acme, el límite users pasa a ser 0, diga lo que diga su plan.",
    ),
    (
        limits.LimitOverridden(most=None, **USED),
        "For acme, the limit users is again what its plan says.",
        "Para acme, el límite users vuelve a ser el de su plan.",
    ),
    (
        credit.open_credits("acme", zone="UTC", **DONE).events[0],
        "The account of credits acme was opened.",
        "Se abrió la cuenta de créditos acme.",
    ),
    (
        credit.open_credits("acme", zone="UTC", overdraft=UNLIMITED, **DONE).events[0],
        "The account of credits acme was opened. It may be overdrawn, by at most: unlimited.",
        "Se abrió la cuenta de créditos acme. Admite un descubierto máximo de: ilimitado.",
    ),
    (
        ORDERED.events[0],
        "A pack of credits was ordered, and the order c1 costs €10.00.",
        "Se pidió un paquete de créditos, y el pedido c1 cuesta 10,00\xa0€.",
    ),
    (
        PACK_PAID.events[0],
        "The order c1 was paid. Its credits are to be active by May 6, 2026, 12:00\u202fPM (UTC).",
        "El pedido c1 se pagó. Sus créditos deben estar activos antes del 6 may 2026, 12:00 (UTC).",
    ),
    (
        ACTIVATED.events[0],
        "The credits of the order c1 are active: 100 in all.",
        "Los créditos del pedido c1 están activos: 100 en total.",
    ),
    (
        GRANTED.events[0],
        "Credits were granted as gift: 50 in all.",
        "Se concedieron créditos como gift: 50 en total.",
    ),
    (SPENT.events[0], "30 credits were spent.", "Se gastaron 30 créditos."),
    (
        credit.CreditsSpent(amount=1, overage=1, **MOVED),
        "1 credit was spent. 1 credit is owed now.",
        "Se gastó 1 crédito. Ahora se debe 1 crédito.",
    ),
    (
        credit.PackRefunded(order="c1", policy=RefundPolicy.REFUSE, overage=0, **MOVED),
        "The order c1 was refunded, and its credits taken back. None of them had been spent.",
        "El pedido c1 se reembolsó y sus créditos se retiraron. No se había gastado ninguno.",
    ),
    (
        credit.PackRefunded(order="c1", policy=RefundPolicy.GO_NEGATIVE, overage=30, **MOVED),
        (
            "The order c1 was refunded, and its credits taken back. What had been spent of them is owed. "
            "30 credits are owed now."
        ),
        (
            "El pedido c1 se reembolsó y sus créditos se retiraron. Lo que se había gastado de ellos se debe. "
            "Ahora se deben 30 créditos."
        ),
    ),
    (
        credit.CountReset(dropped=2, overage=0, **MOVED),
        "The count of credits began anew. Of each grant stays what rolls over. 2 credits are owed no more.",
        (
            "El recuento de créditos empezó de nuevo. De cada concesión queda lo que se acumula. "
            "Ya no se deben 2 créditos."
        ),
    ),
]


@pytest.mark.parametrize(
    ("subject", "in_english", "in_spanish"), [*REFUSALS, *EVENTS], ids=lambda one: type(one).__name__
)
def test_a_sentence_says_what_stood_in_the_way_and_what_to_do(subject: Any, in_english: str, in_spanish: str) -> None:
    assert explain(subject, "en") == in_english
    assert explain(subject, "es") == in_spanish


def test_each_member_has_a_word_in_the_language() -> None:
    members = (*RefundPolicy, Permission.USAGE_MANAGE, Permission.PANEL_VIEW)
    words = ["rechazar", "dejar en negativo", "perdonar", "Uso / Gestionar", "Panel / Ver"]
    assert [speaker_of("es").shown(one) for one in members] == words
