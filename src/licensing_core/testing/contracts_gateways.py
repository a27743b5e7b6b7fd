"""What every payment gateway must do. Subclass `GatewayContract` in a test module, and override its fixture `bench`::

    class TestMyGateway(GatewayContract):
        @pytest.fixture
        def bench(self) -> MyBench:
            return MyBench()

An asynchronous gateway goes through `testing.bridge.BlockingGateway`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from attrs import evolve

from licensing_core.money import Money
from licensing_core.payments import ChargeRequest, GatewayRequest, PaymentOutcome, Receipt, RefundRequest, Way
from licensing_core.protocols.gateway import Capability, GatewayFailed, PaymentGateway, WebhookRefused
from licensing_core.testing.contracts_given import equal
from licensing_core.testing.law import LawBroken, require

AMOUNTS: Final = (Money.parse("12.34 EUR"), Money.parse("1800 JPY"), Money.parse("1.230 KWD"))
"""Amounts of currencies with 2, 0 and 3 decimals, which most gateways take."""
_ONE: Final = "a request is done once for its key"
_SAME: Final = "a look-up says what is so"
_BOUND: Final = "no more is given back than was taken"
_NO_NOTICE: Final = (b"", b"{}", b"[1]", b"\xff\x00", b"{" * 10_000, b'{"id": 1, "key": "' + b"k" * 2**21 + b'"}')
_NO_HEADERS: Final[tuple[Mapping[str, str], ...]] = ({}, {"a": "b"})
_NO_PROOF: Final = ("", "0", "t=1,v1=0", "t=,v1=", "\xe9", "x" * 10_000)


class Payer(NamedTuple):
    """Somebody who pays, by the id and the address by which the application knows them."""

    id: str
    email: str | None


class GatewayBench(Protocol):
    """A gateway, and what only who wrote it can do with it. Each test has one of its own; it need not be empty."""

    @property
    def gateway(self) -> PaymentGateway:
        """The gateway to check."""
        ...

    @property
    def amounts(self) -> Sequence[Money]:
        """Amounts of 4 minor units at least which it takes, one for each kind of currency, such as `AMOUNTS`."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """What it knows and must never show, such as its keys."""
        ...

    def new_key(self) -> str:
        """A key under which it was never asked."""
        ...

    def payer(self) -> Payer:
        """A new payer; where it keeps cards, with one on file that pays."""
        ...

    def declining_payer(self) -> Payer:
        """A new payer with a card on file that is declined; asked for where it keeps cards."""
        ...

    def pay(self, key: str) -> None:
        """Pay on the page of the charge *key*, as its payer would; asked for where it has pages."""
        ...

    def webhook(self, key: str) -> tuple[bytes, Mapping[str, str]]:
        """The body of a webhook about *key*, which was asked, and the headers that prove it, as it is sent now."""
        ...

    def moved(self, key: str) -> Money | None:
        """All money that by its books was moved for *key*, be it on its way; `None` when there is none."""
        ...


class GatewayContract:
    """What a gateway must do. Where it says that it cannot do something, it must refuse that."""

    def bench(self) -> GatewayBench:
        """The gateway to check; override this with a fixture of the same name."""
        raise NotImplementedError  # a suite without a gateway must not pass by checking nothing

    def test_it_takes_money_in_one_way_at_least(self, bench: GatewayBench) -> None:
        require(bool([*_ways(bench)]), "a gateway takes money in one way at least", says=bench.gateway.capabilities)

    def test_it_refuses_what_it_says_that_it_cannot_do(self, bench: GatewayBench) -> None:
        able = bench.gateway.capabilities
        for way in Way:
            if way.value not in able:
                asked = _charge(bench, way)
                _refused(lambda asked=asked: bench.gateway.charge(asked))  # type: ignore[misc]
                equal(bench.moved(asked.key), None, "what is refused moves nothing")
        asked, receipt = _paid(bench, next(_ways(bench)))
        if Capability.REFUND not in able:
            _refused(lambda: bench.gateway.refund(_refund(bench, receipt, asked.amount)))

    def test_it_has_a_page_for_payers_who_are_known_if_it_says_so(self, bench: GatewayBench) -> None:
        asked, _ = _paid(bench, next(_ways(bench)))
        found = bench.gateway.portal(asked.email) if asked.email else None
        if Capability.PORTAL in bench.gateway.capabilities:
            require(str(found).startswith("https://"), "a payer who is known has a page", got=type(found))
        else:
            equal(found, None, "without a portal nobody has a page")
        equal(bench.gateway.portal("nobody@example.com"), None, "a payer who is not known has no page")

    def test_one_key_takes_money_once(self, bench: GatewayBench) -> None:
        for way in _ways(bench):
            asked = _charge(bench, way)
            first = bench.gateway.charge(asked)
            again = bench.gateway.charge(asked)
            equal(_said(again), _said(first), _ONE)
            _settle(bench, first)
            paid = bench.gateway.charge(asked)
            equal(paid.outcome, PaymentOutcome.SUCCEEDED, "asked again, it tells what became of it")
            equal(bench.moved(asked.key), asked.amount, _ONE)

    def test_another_key_takes_money_again(self, bench: GatewayBench) -> None:
        for way in _ways(bench):
            first, one = _paid(bench, way)
            second = evolve(first, key=bench.new_key())
            other = _settle(bench, bench.gateway.charge(second))
            require(other.reference != one.reference, "another key is another charge", reference=one.reference)
            for asked in (first, second):
                equal(bench.moved(asked.key), asked.amount, "each key takes its own money")

    def test_a_key_that_is_used_takes_nothing_on_other_terms(self, bench: GatewayBench) -> None:
        for way in _ways(bench):
            asked, _ = _paid(bench, way)
            more = evolve(asked.amount, minor=asked.amount.minor + 10)
            stranger = bench.payer()
            for other in (evolve(asked, amount=more), evolve(asked, payer=stranger.id, email=stranger.email)):
                try:
                    said = bench.gateway.charge(other)
                except GatewayFailed as failed:
                    require(not failed.unclear, "a used key is refused clearly", reason=failed.reason)
                else:
                    equal(said.amount, asked.amount, "a used key tells what became of it")
                equal(bench.moved(asked.key), asked.amount, _ONE)

    def test_a_decline_is_a_receipt(self, bench: GatewayBench) -> None:
        if Capability.CARD_ON_FILE not in bench.gateway.capabilities:
            return
        payer = bench.declining_payer()
        asked = evolve(_charge(bench, Way.CARD_ON_FILE), payer=payer.id, email=payer.email)
        said = bench.gateway.charge(asked)
        equal((said.key, said.outcome), (asked.key, PaymentOutcome.FAILED), "a decline is a receipt that says so")
        require(bool(said.reason), "a decline has a reason", reason=said.reason)
        equal(said.page, None, "nobody pays what was declined")
        equal(_known(bench, asked).outcome, PaymentOutcome.FAILED, _SAME)
        equal(bench.moved(asked.key), None, "a decline moves nothing")

    def test_a_page_is_pending_until_its_payer_pays(self, bench: GatewayBench) -> None:
        if Capability.PAGE not in bench.gateway.capabilities:
            return
        asked = _charge(bench, Way.PAGE)
        for said in (bench.gateway.charge(asked), _known(bench, asked), bench.gateway.charge(asked)):
            equal(said.outcome, PaymentOutcome.PENDING, "by a page a charge is pending")
            require(str(said.page).startswith("https://"), "what is pending has its page", got=type(said.page))
        equal(bench.moved(asked.key), None, "nothing is taken before the payer pays")
        bench.pay(asked.key)
        said, law = _known(bench, asked), "a page that was paid has its money"
        equal((said.outcome, said.amount), (PaymentOutcome.SUCCEEDED, asked.amount), law)
        equal(bench.moved(asked.key), asked.amount, law)

    def test_what_never_came_in_is_unknown(self, bench: GatewayBench) -> None:
        for way in _ways(bench):
            equal(bench.gateway.look_up(_charge(bench, way)), None, "what never came in is unknown")
        _, receipt = _paid(bench, next(_ways(bench)))
        asked = _refund(bench, receipt, receipt.amount)
        equal(bench.gateway.look_up(asked), None, "what never came in is unknown")

    def test_a_look_up_says_what_the_charge_said(self, bench: GatewayBench) -> None:
        for way in _ways(bench):
            asked = _charge(bench, way)
            said = bench.gateway.charge(asked)
            equal(_said(_known(bench, asked)), _said(said), _SAME)
            _settle(bench, said)
            paid = bench.gateway.charge(asked)
            equal((paid.key, paid.outcome), (asked.key, PaymentOutcome.SUCCEEDED), _SAME)
            equal(_said(_known(bench, evolve(asked, email=None))), _said(paid), "a look-up goes by the key")
            equal(_said(_known(bench, asked)), _said(paid), _SAME)

    def test_amounts_of_all_currencies_are_exact(self, bench: GatewayBench) -> None:
        for way in _ways(bench):
            for amount in bench.amounts:
                asked = evolve(_charge(bench, way), amount=amount)
                said = _settle(bench, bench.gateway.charge(asked))
                equal((said.amount, _known(bench, asked).amount), (amount, amount), "an amount is what was asked")
                equal(bench.moved(asked.key), amount, "an amount is what was asked")

    def test_a_charge_is_given_back_in_parts_and_never_more(self, bench: GatewayBench) -> None:
        for way in _refundable(bench):
            _, receipt = _paid(bench, way)
            half = _half(receipt.amount)
            for part in (half, receipt.amount - half):
                asked = _refund(bench, receipt, part)
                said = bench.gateway.refund(asked)
                equal((said.key, said.amount), (asked.key, part), "a part is given back")
                require(said.outcome is not PaymentOutcome.FAILED, "a part is given back", said=said)
                equal(_said(_known(bench, asked)), _said(said), _SAME)
                equal(bench.moved(asked.key), part, "a part is given back")
            _gives_nothing(bench, _refund(bench, receipt, half))

    def test_no_more_is_given_back_than_was_taken(self, bench: GatewayBench) -> None:
        for way in _refundable(bench):
            _, receipt = _paid(bench, way)
            _gives_nothing(bench, _refund(bench, receipt, receipt.amount + receipt.amount))

    def test_nothing_is_given_back_of_what_was_not_paid(self, bench: GatewayBench) -> None:
        if Capability.REFUND in bench.gateway.capabilities and Capability.PAGE in bench.gateway.capabilities:
            _gives_nothing(bench, _refund(bench, bench.gateway.charge(_charge(bench, Way.PAGE)), bench.amounts[0]))

    def test_one_key_gives_money_back_once(self, bench: GatewayBench) -> None:
        for way in _refundable(bench):
            _, receipt = _paid(bench, way)
            asked = _refund(bench, receipt, _half(receipt.amount))
            first = bench.gateway.refund(asked)
            equal(_said(bench.gateway.refund(asked)), _said(first), _ONE)
            equal(bench.moved(asked.key), asked.amount, _ONE)

    def test_a_webhook_tells_of_its_key(self, bench: GatewayBench) -> None:
        for way in _ways(bench):
            asked, _ = _paid(bench, way)
            body, headers = bench.webhook(asked.key)
            notice = bench.gateway.notice(body, headers)
            equal(notice.key, asked.key, "a webhook tells of its key")
            equal(bench.gateway.notice(body, headers), notice, "a webhook that comes twice is one")

    def test_what_the_gateway_did_not_send_is_no_notice(self, bench: GatewayBench) -> None:
        asked, _ = _paid(bench, next(_ways(bench)))
        body, headers = bench.webhook(asked.key)
        bench.gateway.notice(body, headers)
        changed = [body[:-1], body + b" ", body[:1] + bytes([body[1] ^ 1]) + body[2:]]
        _no_notice(bench, [(one, headers) for one in (*_NO_NOTICE, *changed)])
        _no_notice(bench, [(one, other) for one in _NO_NOTICE for other in _NO_HEADERS])
        if headers:  # else the proof is in the body
            _no_notice(bench, [(body, other) for other in _NO_HEADERS])
            _no_notice(bench, [(body, dict.fromkeys(headers, junk)) for junk in _NO_PROOF])

    def test_nothing_secret_is_shown(self, bench: GatewayBench) -> None:
        shown = [repr(bench.gateway), str(bench.gateway)]
        for way in _ways(bench):
            asked = _charge(bench, way)
            receipt = bench.gateway.charge(asked)
            shown += [repr(asked), repr(receipt), repr(_known(bench, asked))]
            require(receipt.page is None or receipt.page not in repr(receipt), "a page is not shown", way=way)
        for secret in bench.secrets:
            require(not any(secret in text for text in shown), "nothing secret is shown", length=len(secret))


def _ways(bench: GatewayBench) -> Iterator[Way]:
    """The ways in which the gateway says that it takes money."""
    return (way for way in Way if way.value in bench.gateway.capabilities)


def _refundable(bench: GatewayBench) -> Iterator[Way]:
    return _ways(bench) if Capability.REFUND in bench.gateway.capabilities else iter(())


def _charge(bench: GatewayBench, way: Way) -> ChargeRequest:
    """A request by a new payer, under a new key."""
    payer = bench.payer()
    return ChargeRequest(key=bench.new_key(), amount=bench.amounts[0], payer=payer.id, email=payer.email, way=way)


def _refund(bench: GatewayBench, receipt: Receipt, amount: Money) -> RefundRequest:
    if receipt.reference is None:
        raise LawBroken(f"the gateway has a name for what may be given back: {receipt!r}")
    return RefundRequest(key=bench.new_key(), amount=amount, charge=receipt.key, reference=receipt.reference)


def _half(amount: Money) -> Money:
    """About a half of *amount*, in tens where it can be: some gateways know no other parts of three decimals."""
    return evolve(amount, minor=amount.minor // 20 * 10 or 1)


def _settle(bench: GatewayBench, receipt: Receipt) -> Receipt:
    """Pay what waits for its payer."""
    if receipt.outcome is PaymentOutcome.PENDING and receipt.page is not None:
        bench.pay(receipt.key)
    return receipt


def _paid(bench: GatewayBench, way: Way) -> tuple[ChargeRequest, Receipt]:
    """A charge that was paid, and what is known of it."""
    asked = _charge(bench, way)
    _settle(bench, bench.gateway.charge(asked))
    receipt = _known(bench, asked)
    equal(receipt.outcome, PaymentOutcome.SUCCEEDED, "what was paid has succeeded")
    return asked, receipt


def _known(bench: GatewayBench, asked: GatewayRequest) -> Receipt:
    found = bench.gateway.look_up(asked)
    if found is None:
        raise LawBroken(f"what was asked is known: {asked!r}")
    return found


def _said(receipt: Receipt) -> tuple[object, ...]:
    """What a receipt says that does not differ from one time to the next; the address of a page may."""
    return (receipt.key, receipt.reference, receipt.outcome, receipt.amount)


def _refused(call: Callable[[], object]) -> None:
    """See to it that the gateway refuses *call*, and says for certain that no money was moved."""
    try:
        said = call()
    except GatewayFailed as failed:
        equal(failed.reason, "refused", "what cannot be done is refused")
        return
    raise LawBroken(f"what cannot be done is refused: {said!r}")


def _gives_nothing(bench: GatewayBench, asked: RefundRequest) -> None:
    """See to it that the refund is refused, or fails, and moves nothing."""
    try:
        equal(bench.gateway.refund(asked).outcome, PaymentOutcome.FAILED, _BOUND)
    except GatewayFailed as failed:
        equal(failed.reason, "refused", _BOUND)
    equal(bench.moved(asked.key), None, _BOUND)


def _no_notice(bench: GatewayBench, sent: Sequence[tuple[bytes, Mapping[str, str]]]) -> None:
    for body, headers in sent:
        try:
            notice = bench.gateway.notice(body, headers)
        except WebhookRefused as refused:
            require(
                not any(secret in str(refused) for secret in bench.secrets), "nothing secret is shown", of=type(refused)
            )
        else:
            raise LawBroken(f"what the gateway did not send is refused: {notice!r}")
