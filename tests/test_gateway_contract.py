"""The contract of gateways sees what is wrong: each fault that is planted here breaks one of its laws."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from attrs import evolve

from licensing_core.money import Money
from licensing_core.payments import PaymentOutcome, Receipt, Way
from licensing_core.protocols.gateway import Capability, GatewayFailed, WebhookNotice, WebhookRefused
from licensing_core.testing.contracts_gateways import GatewayContract
from licensing_core.testing.gateways import FakeGateway
from tests.faulty import laws_of
from tests.gateway_benches import FakeBench

Fault = Callable[..., Any]
LAWS = laws_of(GatewayContract)
WITHOUT_REFUNDS = frozenset(Capability) - {Capability.REFUND}


class Faulty:
    """A fake gateway of which some methods do something else."""

    def __init__(self, fake: FakeGateway, faults: dict[str, Fault]) -> None:
        self._fake, self._faults = fake, faults

    def __getattr__(self, name: str) -> Any:
        fault = self._faults.get(name)
        if fault is None:
            return getattr(self._fake, name)
        return lambda *given: fault(self._fake, *given)

    @property
    def capabilities(self) -> frozenset[Capability]:
        able = self._faults.get("capabilities")
        return able(self._fake) if able else self._fake.capabilities

    def __repr__(self) -> str:
        shown = self._faults.get("__repr__")
        return shown(self._fake) if shown else repr(self._fake)


def broken(fault: dict[str, Fault], **given: Any) -> Iterator[str]:
    """The laws that a gateway with this *fault* breaks, each tried on a gateway of its own."""
    for law in LAWS:
        fake = FakeGateway(**given)
        gateway: Any = Faulty(fake, fault)
        try:
            getattr(GatewayContract(), law)(FakeBench(fake, gateway))
        except Exception:  # noqa: BLE001 - an error of any type is a fault
            yield law


NUMBERS = count(1)


def other_key(asked: Any) -> Any:
    return evolve(asked, key=f"{asked.key}:{next(NUMBERS)}")


def charging_each_time(gateway: FakeGateway, asked: Any) -> Receipt:
    if gateway.look_up(asked):
        gateway.charge(other_key(asked))
    return gateway.charge(asked)


def with_a_page_each_time(gateway: FakeGateway, asked: Any) -> Receipt:
    if asked.way is Way.PAGE and gateway.look_up(asked):
        return evolve(gateway.charge(other_key(asked)), key=asked.key)
    return gateway.charge(asked)


def on_whatever_terms(gateway: FakeGateway, asked: Any) -> Receipt:
    try:
        return gateway.charge(asked)
    except GatewayFailed:
        return evolve(gateway.charge(other_key(asked)), key=asked.key)


def unclear_on_other_terms(gateway: FakeGateway, asked: Any) -> Receipt:
    try:
        return gateway.charge(asked)
    except GatewayFailed:
        raise GatewayFailed(reason="unclear") from None


def one_charge_for_each_payer(gateway: FakeGateway, asked: Any) -> Receipt:
    before: list[Any] = [one for one in gateway.asked if evolve(one, key=asked.key) == asked]
    return evolve(gateway.charge(before[0] if before else asked), key=asked.key)


def a_decline_that_is_raised(gateway: FakeGateway, asked: Any) -> Receipt:
    receipt = gateway.charge(asked)
    if receipt.outcome is PaymentOutcome.FAILED:
        raise GatewayFailed(reason="refused")
    return receipt


def a_decline_of_another_type(gateway: FakeGateway, asked: Any) -> Receipt:
    receipt = gateway.charge(asked)
    if receipt.outcome is PaymentOutcome.FAILED:
        raise RuntimeError("card declined")
    return receipt


def a_decline_without_a_reason(gateway: FakeGateway, asked: Any) -> Receipt:
    return evolve(gateway.charge(asked), reason=None)


def without_its_page(gateway: FakeGateway, asked: Any) -> Receipt:
    return evolve(gateway.charge(asked), page=None)


def with_its_page_the_first_time(gateway: FakeGateway, asked: Any) -> Receipt:
    known = gateway.look_up(asked)
    return evolve(known, page=None) if known else gateway.charge(asked)


def without_a_reference(gateway: FakeGateway, asked: Any) -> Receipt:
    return evolve(gateway.charge(asked), reference=None)


def paid_as_the_page_is_given(gateway: FakeGateway, asked: Any) -> Receipt:
    receipt = gateway.charge(asked)
    return evolve(receipt, outcome=PaymentOutcome.SUCCEEDED) if receipt.page else receipt


def always_what_was_said_first(gateway: FakeGateway, asked: Any) -> Receipt:
    said: dict[str, Receipt] = vars(gateway).setdefault("said", {})
    if asked.key not in said:
        said[asked.key] = gateway.charge(asked)
    return said[asked.key]


def in_whole_units(gateway: FakeGateway, asked: Any) -> Receipt:
    unit = 10**asked.amount.currency.digits
    return gateway.charge(evolve(asked, amount=Money(asked.amount.minor // unit * unit, asked.amount.currency)))


def in_hundredths(gateway: FakeGateway, asked: Any) -> Receipt:
    minor = asked.amount.minor * 100 // 10**asked.amount.currency.digits
    return gateway.charge(evolve(asked, amount=Money(minor, asked.amount.currency)))


def of_no_way(gateway: FakeGateway, asked: Any) -> Receipt:
    raise GatewayFailed(reason="busy")


def always_paid(gateway: FakeGateway, asked: Any) -> Receipt | None:
    found = gateway.look_up(asked)
    return found and evolve(found, outcome=PaymentOutcome.SUCCEEDED, page=None)


def never_known(gateway: FakeGateway, asked: Any) -> Receipt | None:
    return None


def failed_when_unknown(gateway: FakeGateway, asked: Any) -> Receipt:
    unknown = Receipt(key=asked.key, reference="none", outcome=PaymentOutcome.FAILED, amount=asked.amount)
    return gateway.look_up(asked) or unknown


def an_untyped_error_when_unknown(gateway: FakeGateway, asked: Any) -> Receipt | None:
    return {one.key: gateway.look_up(one) for one in gateway.asked}[asked.key]


def pending_as_failed(gateway: FakeGateway, asked: Any) -> Receipt | None:
    found = gateway.look_up(asked)
    if found is None or found.outcome is not PaymentOutcome.PENDING:
        return found
    return evolve(found, outcome=PaymentOutcome.FAILED)


def another_amount(gateway: FakeGateway, asked: Any) -> Receipt | None:
    found = gateway.look_up(asked)
    return found and evolve(found, amount=found.amount + found.amount)


def another_reference(gateway: FakeGateway, asked: Any) -> Receipt | None:
    found = gateway.look_up(asked)
    return found and evolve(found, reference=f"{found.reference}-x")


def forgetting_pages(gateway: FakeGateway, asked: Any) -> Receipt | None:
    found = gateway.look_up(asked)
    return found and evolve(found, page=None)


def known_by_its_terms(gateway: FakeGateway, asked: Any) -> Receipt | None:
    return gateway.look_up(asked) if asked in gateway.asked else None


def _given(gateway: FakeGateway, asked: Any) -> Receipt:
    """A refund that is not looked at."""
    receipt = Receipt(key=asked.key, reference="back", outcome=PaymentOutcome.SUCCEEDED, amount=asked.amount)
    gateway._given_back[asked.key] = asked.amount
    return receipt


def without_a_bound(gateway: FakeGateway, asked: Any) -> Receipt:
    try:
        return gateway.refund(asked)
    except GatewayFailed:
        return _given(gateway, asked)


def bounded_by_each_charge_alone(gateway: FakeGateway, asked: Any) -> Receipt:
    charged = gateway.taken.get(asked.charge)
    return _given(gateway, asked) if charged and asked.amount <= charged else gateway.refund(asked)


def of_what_was_not_paid(gateway: FakeGateway, asked: Any) -> Receipt:
    return gateway.refund(asked) if asked.charge in gateway.taken else _given(gateway, asked)


def refunding_each_time(gateway: FakeGateway, asked: Any) -> Receipt:
    if gateway.look_up(asked):
        gateway.refund(other_key(asked))
    return gateway.refund(asked)


def refunding_the_whole(gateway: FakeGateway, asked: Any) -> Receipt:
    return gateway.refund(evolve(asked, amount=gateway.taken.get(asked.charge, asked.amount)))


def failing_unclearly_over_the_bound(gateway: FakeGateway, asked: Any) -> Receipt:
    try:
        return gateway.refund(asked)
    except GatewayFailed:
        raise GatewayFailed(reason="unclear") from None


def refused_always(gateway: FakeGateway, asked: Any) -> Receipt:
    raise GatewayFailed(reason="refused")


def a_portal_for_anybody(gateway: FakeGateway, email: str) -> str:
    return "https://pay.example/portal"


def a_portal_for_nobody(gateway: FakeGateway, email: str) -> None:
    return None


def nothing_at_all(gateway: FakeGateway) -> frozenset[Capability]:
    return frozenset()


def no_refunds(gateway: FakeGateway) -> frozenset[Capability]:
    return WITHOUT_REFUNDS


def no_pages(gateway: FakeGateway) -> frozenset[Capability]:
    return frozenset(Capability) - {Capability.PAGE}


def no_portal(gateway: FakeGateway) -> frozenset[Capability]:
    return frozenset(Capability) - {Capability.PORTAL}


def everything(gateway: FakeGateway) -> frozenset[Capability]:
    return frozenset(Capability)


def believing_all(gateway: FakeGateway, body: bytes, headers: Any) -> WebhookNotice:
    return WebhookNotice(id="event-1", key="key-1")


def an_untyped_error_for_junk(gateway: FakeGateway, body: bytes, headers: Any) -> WebhookNotice:
    try:
        return gateway.notice(body, headers)
    except WebhookRefused as refused:
        raise ValueError(refused.reason) from None


def telling_of_nothing(gateway: FakeGateway, body: bytes, headers: Any) -> WebhookNotice:
    return evolve(gateway.notice(body, headers), key=None)


def an_id_for_each_time(gateway: FakeGateway, body: bytes, headers: Any) -> WebhookNotice:
    return evolve(gateway.notice(body, headers), id=f"event-{next(NUMBERS)}")


def believing_what_it_has_seen(gateway: FakeGateway, body: bytes, headers: Any) -> WebhookNotice:
    """The proof is looked at for the first time only."""
    seen: dict[bytes, WebhookNotice] = vars(gateway).setdefault("seen", {})
    if body not in seen:
        seen[body] = gateway.notice(body, headers)
    return seen[body]


def showing_all_it_has(gateway: FakeGateway) -> str:
    return "<Gateway with 'fake-gateway-secret'>"


FAULTS: dict[str, tuple[Fault, ...]] = {
    "charge": (
        charging_each_time,
        with_a_page_each_time,
        on_whatever_terms,
        unclear_on_other_terms,
        one_charge_for_each_payer,
        a_decline_that_is_raised,
        a_decline_of_another_type,
        a_decline_without_a_reason,
        without_its_page,
        with_its_page_the_first_time,
        without_a_reference,
        paid_as_the_page_is_given,
        always_what_was_said_first,
        in_whole_units,
        in_hundredths,
        of_no_way,
    ),
    "look_up": (
        always_paid,
        never_known,
        failed_when_unknown,
        an_untyped_error_when_unknown,
        pending_as_failed,
        another_amount,
        another_reference,
        forgetting_pages,
        known_by_its_terms,
    ),
    "refund": (
        without_a_bound,
        bounded_by_each_charge_alone,
        of_what_was_not_paid,
        refunding_each_time,
        refunding_the_whole,
        failing_unclearly_over_the_bound,
        refused_always,
    ),
    "portal": (a_portal_for_anybody, a_portal_for_nobody),
    "capabilities": (nothing_at_all, no_refunds, no_pages, no_portal),
    "notice": (
        believing_all,
        an_untyped_error_for_junk,
        telling_of_nothing,
        an_id_for_each_time,
        believing_what_it_has_seen,
    ),
    "__repr__": (showing_all_it_has,),
}
PLANTED = [(method, fault) for method, faults in FAULTS.items() for fault in faults]


@pytest.mark.parametrize(("method", "fault"), PLANTED, ids=[fault.__name__ for _, fault in PLANTED])
def test_each_planted_fault_is_seen(method: str, fault: Fault) -> None:
    assert any(broken({method: fault}))


def test_a_gateway_that_says_it_could_more_than_it_can_is_seen() -> None:
    assert any(broken({"capabilities": everything}, capabilities=WITHOUT_REFUNDS))


def test_a_gateway_that_forgets_its_keys_at_once_is_seen() -> None:
    ticks = count()

    def a_day_later() -> datetime:
        return datetime(2026, 5, 4, tzinfo=UTC) + timedelta(days=next(ticks))

    assert "test_one_key_takes_money_once" in [*broken({}, clock=a_day_later)]


def test_a_gateway_without_a_fault_passes() -> None:
    assert [*broken({})] == []


def test_each_law_is_broken_by_some_fault() -> None:
    assert sorted({law for method, fault in PLANTED for law in broken({method: fault})}) == LAWS


def test_a_suite_without_a_bench_does_not_pass() -> None:
    with pytest.raises(NotImplementedError):
        GatewayContract().bench()
