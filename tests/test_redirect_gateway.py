"""A gateway of the redirect kind keeps the contract of gateways, and fails as the port says when its bank does."""

from collections.abc import Iterator, Mapping
from itertools import count

import pytest
from attrs import evolve

from licensing_core.currencies import Currency
from licensing_core.money import Money
from licensing_core.payments import ChargeRequest, GatewayRequest, PaymentOutcome, Receipt, RefundRequest, Way
from licensing_core.protocols.gateway import GatewayFailed, PaymentGateway, WebhookNotice, WebhookRefused
from licensing_core.testing.contracts_gateways import AMOUNTS, GatewayContract, Payer
from tests.redirect_bank import PAGES, Bank, at_the_page, open_bank
from tests.redirect_gateway import RedirectGateway, reference_of, sealed

ASKED = ChargeRequest(key="pay-7f3a9c:charge:1", amount=Money.parse("10.00 EUR"), payer="ana", way=Way.PAGE)


class RedirectBench:
    """The bank, the gateway that sends payers to it, and a payer who presses its buttons."""

    amounts = AMOUNTS
    secrets = (Bank.secret.decode(),)

    def __init__(self, bank: Bank, address: str) -> None:
        self.bank, self.address = bank, address
        self.orders: dict[str, GatewayRequest] = {}
        self.gateway: PaymentGateway = self.restarted()
        self._numbers = count(1)

    def restarted(self, address: str = "") -> RedirectGateway:
        return RedirectGateway(address or self.address, PAGES, self.bank.secret, self.orders)

    def new_key(self) -> str:
        return f"a-key-that-is-much-longer-than-a-reference-{next(self._numbers)}"

    def payer(self) -> Payer:
        return Payer(f"u{next(self._numbers)}", None)

    def declining_payer(self) -> Payer:
        raise NotImplementedError  # no card is kept

    def pay(self, key: str) -> None:
        assert self.press("pay", key) == 200

    def press(self, button: str, key: str) -> int:
        asked = self.orders[reference_of(key)]
        known = self.gateway.look_up(asked)
        assert known is not None
        assert known.page is not None
        return at_the_page(known.page, self.address, button)

    def webhook(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        about = [one for one in self.bank.callbacks if self.gateway.notice(one, {}).key == key]
        return about[-1], {}

    def moved(self, key: str) -> Money | None:
        entry = self.bank.books.get(reference_of(key))
        if entry is None or entry["state"] == "denied":
            return None
        return Money(entry["amount"], Currency(entry["currency"]))


@pytest.fixture
def bench() -> Iterator[RedirectBench]:
    with open_bank() as (bank, address):
        yield RedirectBench(bank, address)


class TestRedirectGateway(GatewayContract):
    @pytest.fixture
    def bench(self) -> Iterator[RedirectBench]:
        with open_bank() as (bank, address):
            yield RedirectBench(bank, address)


def refund(receipt: Receipt, key: str = "r1") -> RefundRequest:
    assert receipt.reference is not None
    return RefundRequest(key=key, amount=receipt.amount, charge=receipt.key, reference=receipt.reference)


def paid(bench: RedirectBench) -> Receipt:
    bench.gateway.charge(ASKED)
    bench.pay(ASKED.key)
    return bench.gateway.charge(ASKED)


def failed(gateway: PaymentGateway, asked: GatewayRequest) -> str:
    with pytest.raises(GatewayFailed) as error:
        gateway.charge(asked) if isinstance(asked, ChargeRequest) else gateway.refund(asked)
    return error.value.reason


def test_a_reference_has_12_characters_and_is_the_same_for_its_key_each_time(bench: RedirectBench) -> None:
    receipt = paid(bench)
    assert [receipt.reference] == [reference_of(ASKED.key)] == [*bench.bank.books]
    assert len(reference_of(ASKED.key)) == 12
    assert len({reference_of(f"k{number}") for number in range(10_000)}) == 10_000


def test_a_reference_that_another_key_has_is_refused(bench: RedirectBench) -> None:
    bench.orders[reference_of(ASKED.key)] = evolve(ASKED, key="k2")
    assert failed(bench.gateway, ASKED) == "refused"
    assert bench.gateway.look_up(ASKED) is None


def test_a_payer_who_says_no_is_a_receipt(bench: RedirectBench) -> None:
    bench.gateway.charge(ASKED)
    assert bench.press("deny", ASKED.key) == 200
    receipt = bench.gateway.look_up(ASKED)
    assert receipt is not None
    assert (receipt.outcome, receipt.reason, receipt.page) == (PaymentOutcome.FAILED, "denied_by_payer", None)
    assert bench.gateway.notice(*bench.webhook(ASKED.key)) == WebhookNotice(id="call-1", key=ASKED.key)


def test_a_gateway_that_is_made_anew_knows_what_was_asked_before(bench: RedirectBench) -> None:
    receipt = paid(bench)
    assert bench.restarted().look_up(ASKED) == receipt


def test_a_form_that_was_changed_on_its_way_is_not_paid(bench: RedirectBench) -> None:
    page = bench.gateway.charge(ASKED).page
    assert page is not None
    cheaper = sealed({"reference": reference_of(ASKED.key), "amount": 1, "currency": "EUR"}, b"a guess").decode()
    for changed in (page[:-1], f"{PAGES}/pay?{cheaper}"):
        assert at_the_page(changed, bench.address) == 400
    assert bench.bank.books == {}


def test_a_bank_that_does_not_answer_leaves_a_refund_unclear_until_it_is_asked(bench: RedirectBench) -> None:
    asked = refund(paid(bench))
    bench.bank.silent = True
    assert failed(bench.gateway, asked) == "unclear"
    bench.bank.silent, bench.bank.failing = False, 500
    assert failed(bench.gateway, asked) == "unclear"
    bench.bank.failing = 0
    found = bench.gateway.look_up(asked)
    assert found is not None
    assert (found.outcome, found) == (PaymentOutcome.SUCCEEDED, bench.gateway.refund(asked))
    assert bench.moved("r1") == ASKED.amount


@pytest.mark.parametrize(("status", "reason"), [(429, "busy"), (503, "busy"), (400, "refused")])
def test_a_bank_that_says_that_it_cannot_has_moved_nothing(bench: RedirectBench, status: int, reason: str) -> None:
    asked = refund(paid(bench))
    bench.bank.failing = status
    assert failed(bench.gateway, asked) == reason
    bench.bank.failing = 0
    assert bench.gateway.look_up(asked) is None
    assert bench.gateway.refund(asked).outcome is PaymentOutcome.SUCCEEDED


def test_a_bank_that_is_not_there_leaves_it_unclear_what_became_of_a_charge(bench: RedirectBench) -> None:
    with open_bank() as (_, gone):
        pass
    gateway = bench.restarted(gone)
    assert failed(gateway, ASKED) == "unclear"
    with pytest.raises(GatewayFailed) as error:
        gateway.look_up(ASKED)
    assert error.value == GatewayFailed(reason="busy")
    found = bench.gateway.look_up(ASKED)
    assert found is not None
    assert found.outcome is PaymentOutcome.PENDING


def test_a_callback_about_an_order_of_somebody_else_has_no_key(bench: RedirectBench) -> None:
    said = sealed({"id": "call-9", "reference": "AAAABBBBCCCC"}, bench.bank.secret)
    assert bench.gateway.notice(said, {}) == WebhookNotice(id="call-9", key=None)
    with pytest.raises(WebhookRefused) as refused:
        bench.gateway.notice(sealed({"id": "call-9"}, bench.bank.secret), {})
    assert refused.value == WebhookRefused(reason="form")
