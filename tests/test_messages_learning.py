"""Sentences about carts, renewals, enrollments and the licenses that power users move, in each language."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import pytest

from licensing_core import enrollments, pools
from licensing_core.checks import InvalidArgument
from licensing_core.directory import Content, Permission
from licensing_core.enrollments import Enrollment, EnrollmentStatus
from licensing_core.holdings import Holding
from licensing_core.limits import Overage
from licensing_core.messages import explain
from licensing_core.messages.sentences import speaker_of
from licensing_core.messages.words import WORDS
from licensing_core.orders import CartRefused, RenewalNotOwner
from licensing_core.pools import ShrinkStage
from licensing_core.seat_administration import Task
from licensing_core.services import OwnAccess, SuperadminRequired
from licensing_core.visibility import ContentNotAssigned, ContentNotInPackage, PageMode

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
AT: dict[str, Any] = {"at": NOON, "by": "root"}
FIRE = Content.course("fire")
START = Content.learning_plan("start")
ANA = Enrollment(user="ana", content=FIRE, pool="p1")
LUIS = Enrollment(user="luis", content=START, pool="p1")

REFUSALS: list[tuple[Any, str, str]] = [
    (
        CartRefused(faults=((2, "purchase.not_visible"), (5, "price.missing"))),
        (
            "Nothing was bought: 2 lines of the cart are refused (2 purchase.not_visible and 5 price.missing). "
            "Change or remove them."
        ),
        (
            "No se compró nada: se rechazaron 2 líneas del carrito (2 purchase.not_visible y 5 price.missing). "
            "Cámbialas o quítalas."
        ),
    ),
    (
        CartRefused(faults=((1, "price.missing"),)),
        "Nothing was bought: 1 line of the cart is refused (1 price.missing). Change or remove it.",
        "No se compró nada: se rechazó 1 línea del carrito (1 price.missing). Cámbiala o quítala.",
    ),
    (
        RenewalNotOwner(pool="p1"),
        "There is no purchase p1 of yours to renew. Ask its buyer, or a superadmin, to renew it.",
        ("No hay ninguna compra p1 tuya que renovar. Pide que la renueve quien la hizo o un superadministrador."),
    ),
    (
        pools.RenewalNotOffered(pool="p1"),
        ("The pool p1 is not renewed: it was sold without renewal, or it never expires. Buy again if you need more."),
        "La bolsa p1 no se renueva: se vendió sin renovación o no vence. Vuelve a comprar si necesitas más.",
    ),
    (
        pools.NotEligible(pool="p1", users=("ana",)),
        (
            "1 of the users is not in the beneficiary of the pool p1, or holds none of its licenses. "
            "Choose among the candidates, add them to the group or branch, or assign them a license first."
        ),
        (
            "1 de los usuarios no pertenece al beneficiario de la bolsa p1 o no tiene ninguna de sus licencias. "
            "Elige entre los candidatos, añade a esos usuarios al grupo o a la rama, o asígnales antes una licencia."
        ),
    ),
    (
        pools.SeatsExhausted(pool="p2", requested=12, shortfall=3),
        (
            "Cannot enroll on 12 seats of the pool p2: 3 seats too few. "
            "Buy those missing, choose fewer users or courses, or ask for the limit not to be enforced."
        ),
        (
            "No se puede inscribir con 12 plazas de la bolsa p2: faltan 3 plazas. "
            "Compra las que faltan, elige menos usuarios o cursos, o pide que no se haga cumplir el límite."
        ),
    ),
    (
        pools.SeatsExhausted(pool="p2", requested=1, shortfall=1),
        (
            "Cannot enroll on 1 seat of the pool p2: 1 seat too few. "
            "Buy the one missing, choose fewer users or courses, or ask for the limit not to be enforced."
        ),
        (
            "No se puede inscribir con 1 plaza de la bolsa p2: falta 1 plaza. "
            "Compra la que falta, elige menos usuarios o cursos, o pide que no se haga cumplir el límite."
        ),
    ),
    (
        pools.RevocationsExhausted(pool="p1", requested=3, left=1),
        (
            "Cannot take 3 licenses of the pool p1 from their holders: 1 more may be taken before it is renewed. "
            "Take fewer, or ask a superadmin."
        ),
        (
            "No se pueden desasignar 3 licencias de la bolsa p1: solo se puede quitar 1 más hasta su renovación. "
            "Desasigna menos o pídeselo a un superadministrador."
        ),
    ),
    (
        pools.RevocationsExhausted(pool="p1", requested=1, left=0),
        (
            "Cannot take 1 license of the pool p1 from its holder: no more may be taken before it is renewed. "
            "Ask a superadmin."
        ),
        (
            "No se puede desasignar 1 licencia de la bolsa p1: no se puede quitar ninguna más hasta su renovación. "
            "Pídeselo a un superadministrador."
        ),
    ),
    (
        pools.PreviewOutdated(pool="p1", needed=0, given=2),
        "Users to drop from the pool p1: 2. Users who must go now: 0. Preview the new size again.",
        (
            "Usuarios que se iban a quitar de la bolsa p1: 2. Usuarios que deben salir ahora: 0. "
            "Consulta de nuevo la vista previa del tamaño."
        ),
    ),
    (
        SuperadminRequired(),
        "Only a superadmin can do this. Ask one.",
        "Solo un superadministrador puede hacer esto. Pídeselo a uno.",
    ),
    (
        OwnAccess(),
        "Nobody can do this to themselves. Ask another superadmin.",
        "Nadie puede hacerse esto a sí mismo. Pídeselo a otro superadministrador.",
    ),
    (
        pools.ConfirmationNotAllowed(pool="p1"),
        "Only a superadmin confirms or rejects releases of the pool p1. Ask one to decide on them.",
        ("Solo un superadministrador confirma o rechaza las licencias liberadas de la bolsa p1. Pídele que decida."),
    ),
    (
        ContentNotInPackage(pool="p1", contents=(FIRE, START)),
        (
            "These contents are not in the package of the pool p1: course fire and learning plan start. "
            "Choose some that are."
        ),
        (
            "Estos contenidos no están en el paquete de la bolsa p1: curso fire y plan de aprendizaje start. "
            "Elige otros que sí lo estén."
        ),
    ),
    (
        ContentNotAssigned(pool="p1", contents=(FIRE,)),
        "This content is not among your resources: course fire. Have it assigned to you, or choose another.",
        "Este contenido no está entre tus recursos: curso fire. Pide que te lo asignen o elige otro.",
    ),
    (
        enrollments.NotEnrolled(content=FIRE),
        "There is no such enrollment in course fire. Enroll the user first.",
        "No existe esa inscripción (curso fire). Inscribe primero al usuario.",
    ),
    (
        enrollments.AlreadyEnrolled(content=START),
        "This user is enrolled in learning plan start already. See how that enrollment stands.",
        "Este usuario ya está inscrito (plan de aprendizaje start). Mira cómo está esa inscripción.",
    ),
    (
        enrollments.EnrollmentToConfirm(content=FIRE),
        "The enrollment in course fire waits to be confirmed. Ask somebody who may activate enrollments.",
        "La inscripción (curso fire) está por confirmar. Pídeselo a alguien que pueda activar inscripciones.",
    ),
    (
        enrollments.AlreadyConfirmed(content=FIRE),
        "The enrollment in course fire is confirmed and cannot be rejected. Unenroll the user instead.",
        ("La inscripción (curso fire) ya está confirmada y no se puede rechazar. Anula la inscripción del usuario."),
    ),
    (
        enrollments.EnrollmentLocked(content=FIRE),
        (
            "The enrollment in course fire is locked, since its license was taken away. "
            "Somebody who may edit enrollments can readmit the user."
        ),
        (
            "La inscripción (curso fire) está bloqueada porque se desasignó su licencia. "
            "Puede readmitir al usuario alguien que pueda editar inscripciones."
        ),
    ),
    (
        enrollments.EnrollmentNotStarted(content=FIRE, since=NOON),
        "The enrollment in course fire is valid from May 4, 2026, 12:00\u202fPM (UTC) on. Wait until then.",
        "La inscripción (curso fire) es válida a partir del 4 may 2026, 12:00 (UTC). Espera hasta entonces.",
    ),
    (
        enrollments.EnrollmentEnded(content=FIRE, until=NOON),
        (
            "The enrollment in course fire ended on May 4, 2026, 12:00\u202fPM (UTC). "
            "Somebody who may edit enrollments can readmit the user."
        ),
        (
            "La inscripción (curso fire) terminó el 4 may 2026, 12:00 (UTC). "
            "Puede readmitir al usuario alguien que pueda editar inscripciones."
        ),
    ),
    (
        enrollments.SubscriptionExpired(pool="p1", expired_at=NOON),
        "The subscription p1 expired on May 4, 2026, 12:00\u202fPM (UTC). Renew it, or ask for that.",
        "La suscripción p1 venció el 4 may 2026, 12:00 (UTC). Renuévala o pide que la renueven.",
    ),
    (
        enrollments.NoLicense(content=FIRE),
        "No license in force covers course fire. Buy one, or ask for one to be assigned to you.",
        "Ninguna licencia vigente cubre este contenido (curso fire). Compra una o pide que te la asignen.",
    ),
    (
        enrollments.PoolNotLoaded(pool="p1"),
        "The pool p1, through which an enrollment came, was not looked up. Load it and try again.",
        "No se consultó la bolsa p1, de la que procede una inscripción. Cárgala e inténtalo de nuevo.",
    ),
    (
        InvalidArgument(parameter="offers", expected="one offer for each plan", got="two of 'fifty'"),
        "“offers” is not valid. Expected: one offer for each plan. Given: two of 'fifty'. Correct it and try again.",
        (
            "«offers» no es válido. Se espera: una oferta por cada plan. Se recibió: dos de 'fifty'. "
            "Corrígelo e inténtalo de nuevo."
        ),
    ),
]

EVENTS: list[tuple[Any, str, str]] = [
    (
        pools.LicensesAssigned(pool="p2", users=frozenset({"ana", "mei"}), moved_from="p1", **AT),
        "2 users got a license of the pool p2. It was a transfer from the pool p1.",
        "Se asignaron licencias de la bolsa p2 a 2 usuarios. Fue un traslado desde la bolsa p1.",
    ),
    (
        pools.LicensesUnassigned(pool="p1", released=frozenset({"ana"}), awaiting=frozenset(), moved_to="p2", **AT),
        "1 license went back to the pool p1. It was a transfer to the pool p2.",
        "1 licencia volvió a la bolsa p1. Fue un traslado a la bolsa p2.",
    ),
    (
        pools.ReleasesRejected(pool="p1", users=frozenset({"luis"}), **AT),
        "1 user keeps the license of the pool p1: its release was rejected.",
        "1 usuario conserva su licencia de la bolsa p1: se rechazó liberarla.",
    ),
    (
        pools.ReleasesRejected(pool="p1", users=frozenset({"luis", "mei"}), **AT),
        "2 users keep their licenses of the pool p1: the release was rejected.",
        "2 usuarios conservan su licencia de la bolsa p1: se rechazó liberarlas.",
    ),
    (
        pools.HolderMerged(pool="p1", user="ana", into="luis", holding=Holding.HELD, **AT),
        "Two users were merged, and the one who stays holds a license of the pool p1.",
        "Se fusionaron dos usuarios, y el que queda tiene una licencia de la bolsa p1.",
    ),
    (
        pools.HolderMerged(pool="p1", user="ana", into="luis", holding=Holding.AWAITING, **AT),
        "Two users were merged, and the release of a license of the pool p1 waits to be confirmed.",
        "Se fusionaron dos usuarios, y la liberación de una licencia de la bolsa p1 está por confirmar.",
    ),
    (
        pools.PoolResized(pool="p1", bought=5, **AT),
        "The pool p1 has 5 in all from now on.",
        "La bolsa p1 tiene 5 en total desde ahora.",
    ),
    (
        pools.PoolResized(pool="p1", bought=5, dropped=frozenset({"ana", "luis"}), **AT),
        "The pool p1 has 5 in all from now on. 2 users lost a license.",
        "La bolsa p1 tiene 5 en total desde ahora. 2 usuarios perdieron una licencia.",
    ),
    (
        pools.PoolRenewed(pool="p1", expires_at=NOON, bought=50, **AT),
        "The pool p1 was renewed, and has 50 in all. It expires on May 4, 2026, 12:00\u202fPM (UTC).",
        "Se renovó la bolsa p1, que tiene 50 en total. Vencimiento: 4 may 2026, 12:00 (UTC).",
    ),
    (
        enrollments.UsersEnrolled(pool="p1", enrollments=(ANA, LUIS), **AT),
        "2 enrollments were made through the pool p1.",
        "Se hicieron 2 inscripciones mediante la bolsa p1.",
    ),
    (
        enrollments.EnrollmentConfirmed(pool="p1", enrollments=(ANA,), **AT),
        "An enrollment through the pool p1 was confirmed: course fire.",
        "Se confirmó una inscripción de la bolsa p1: curso fire.",
    ),
    (
        enrollments.EnrollmentReadmitted(pool="p1", enrollments=(LUIS,), **AT),
        "The end of an enrollment through the pool p1 was moved: learning plan start.",
        "Se cambió el final de la validez de una inscripción de la bolsa p1: plan de aprendizaje start.",
    ),
    (
        enrollments.EnrollmentsLocked(pool="p1", enrollments=(ANA,), **AT),
        "1 enrollment through the pool p1 ended and was locked together with its license.",
        "1 inscripción de la bolsa p1 terminó y quedó bloqueada al desasignarse su licencia.",
    ),
    (
        enrollments.EnrollmentsMovedIn(pool="p2", enrollments=(ANA, LUIS), **AT),
        "2 enrollments come through the pool p2 from now on.",
        "2 inscripciones proceden desde ahora de la bolsa p2.",
    ),
    (
        enrollments.EnrollmentsMovedOut(pool="p1", enrollments=(ANA,), **AT),
        "1 enrollment no longer comes through the pool p1.",
        "1 inscripción ya no procede de la bolsa p1.",
    ),
    (
        enrollments.UserUnenrolled(pool="p2", enrollments=(ANA,), seat_returned=True, **AT),
        "A user who was enrolled through the pool p2 left: course fire. The seat went back to the pool.",
        "Un usuario inscrito mediante la bolsa p2 dejó: curso fire. La plaza volvió a la bolsa.",
    ),
    (
        enrollments.UserUnenrolled(pool="p2", enrollments=(ANA,), seat_returned=False, **AT),
        "A user who was enrolled through the pool p2 left: course fire.",
        "Un usuario inscrito mediante la bolsa p2 dejó: curso fire.",
    ),
    (
        enrollments.EnrollmentRejected(pool="p2", enrollments=(ANA,), **AT),
        "An enrollment through the pool p2 was rejected: course fire.",
        "Se rechazó una inscripción de la bolsa p2: curso fire.",
    ),
]


@pytest.mark.parametrize(
    ("subject", "in_english", "in_spanish"), [*REFUSALS, *EVENTS], ids=lambda one: type(one).__name__
)
def test_a_sentence_says_what_stood_in_the_way_and_what_to_do(subject: Any, in_english: str, in_spanish: str) -> None:
    assert explain(subject, "en") == in_english
    assert explain(subject, "es") == in_spanish


@pytest.mark.parametrize(
    ("members", "in_spanish"),
    [
        (EnrollmentStatus, ["por confirmar", "inscrito"]),
        (PageMode, ["sin acceso", "solo lectura", "editable"]),
        (Task, ["asignar", "desasignar", "confirmar", "inscribir"]),
        (ShrinkStage, ["por confirmar", "inactivas", "asignadas en último lugar"]),
        (Overage, ["no permitido", "permitido"]),
        ([Permission.SUBSCRIPTIONS_RENEW], ["Suscripciones / Renovar"]),
    ],
    ids=str,
)
def test_each_member_has_a_word_in_the_language(members: Sequence[Enum], in_spanish: list[str]) -> None:
    assert {f"{type(one).__name__}.{one.name}" for one in members} <= WORDS.keys()
    assert [speaker_of("es").shown(one) for one in members] == in_spanish


def test_an_enrollment_is_told_by_its_content_and_names_nobody() -> None:
    assert speaker_of("es").shown(ANA) == "curso fire"
    assert speaker_of("es").shown((ANA, LUIS), "list") == "curso fire y plan de aprendizaje start"
    assert speaker_of("es").shown((ANA, LUIS)) == "2"
