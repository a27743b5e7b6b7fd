"""The gateway for threads."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from licensing_core.adapters.stripe.amounts import to_stripe
from licensing_core.adapters.stripe.calls import Answer, Calls
from licensing_core.adapters.stripe.customers import MOST_CUSTOMERS, Payer, candidates, customers
from licensing_core.adapters.stripe.events import notice_of, signature
from licensing_core.adapters.stripe.kinds import INTENTS, KEY, REFUNDS, SESSIONS, Kind, currency_of, key_of
from licensing_core.adapters.webhooks import verify
from licensing_core.checks import InvalidArgument, as_text, check_of, instance, shown
from licensing_core.payments import (
    ChargeRequest,
    GatewayRequest,
    PaymentOutcome,
    Receipt,
    RefundRequest,
    Url,
    Way,
)
from licensing_core.protocols.gateway import Capability, GatewayFailed, WebhookNotice
from licensing_core.protocols.shapes import as_called

LONGEST_TIMEOUT: Final = 600
_TIMEOUT: Final = 30.0
_EARLIER: Final = timedelta(hours=1)
"""How much the clock of whoever stored an attempt may be ahead of Stripe's."""
_LONGEST: Final = timedelta(hours=26)
"""Nothing is sent for the first time, or again, later than a day after an attempt was stored; with an hour each way."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECRET: Final = re.compile(r"[!-~]{1,256}", re.ASCII)
_OBJECT: Final = re.compile(r"(pi|cs)_[A-Za-z0-9_]{1,190}", re.ASCII)
_as_charge: Final = instance(ChargeRequest)
_as_refund: Final = instance(RefundRequest)
_as_asked: Final = instance((ChargeRequest, RefundRequest))
_as_url: Final = check_of(Url)
_as_addresses: Final = instance((Mapping, type(None)))
_as_headers: Final = instance(Mapping)


class StripeGateway:
    """A `protocols.gateway.PaymentGateway` that is Stripe; threads may share it.

    The key of an attempt is Stripe's idempotency key, and stands in the metadata of what is made by it, under
    `licensing_key`. A payer is the customer who has their address (ALU-7), capitals and all; of several it is the one
    who has a card.

    *A card on file* is the customer's default one, else the one that was saved last. Where there is no such customer,
    no card, or more than one customer with a card, the receipt says `FAILED`, with the reason `no_customer`, `no_card`
    or `several_customers`, and without a reference. So it does when the card is declined, or would be charged only
    with its owner present (`authentication_required`); the reason is Stripe's word for it.

    *A page* is a session of Stripe Checkout, whose id is the reference for good; who is no customer pays as a guest.
    What pays it days later, as a bank transfer does, is pending until then.

    *To look something up* no index is asked that lags behind, but lists, which Stripe keeps complete at all times: of
    the customers with the address, of the account, of the payment that is given back. Up to 1000 objects of each list
    are looked through, and of the account none that is older than `ChargeRequest.begun_at`. Where that is not enough
    to say that a key never came in, it is `unclear`.

    Nothing is retried here. Errors of Stripe's library never get out, nor do its objects.

    Args:
        api_key: The secret key of the account; a restricted one needs to write payments, Checkout sessions, refunds and
            sessions of the customer portal, and to read customers and their ways to pay.
        webhook_secrets: The signing secret of the address for webhooks; two of them while one is changed for the other.
        return_to: Where payers are led back to, from a page and from the portal.
        title: What the page says is paid for.
        clock: Tells the instant, for how old a webhook may be.
        base_addresses: Other addresses of Stripe, as `stripe.StripeClient` takes them.
        timeout: Seconds, above 0 to 600, to wait for a connection, and for each part of an answer.

    Raises:
        InvalidArgument: One of them has another form.
    """

    __slots__ = ("_calls", "_clock", "_return_to", "_secrets", "_title")

    def __init__(
        self,
        api_key: str,
        *,
        webhook_secrets: Sequence[str],
        return_to: str,
        title: str = "Licenses",
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        base_addresses: Mapping[str, str] | None = None,
        timeout: float = _TIMEOUT,
    ) -> None:
        self._secrets = _as_secrets(webhook_secrets)
        self._return_to = _as_url("return_to", return_to)
        self._title = as_text("title", title)
        self._clock = as_called("clock", clock)
        addresses = _as_addresses("base_addresses", base_addresses)
        self._calls = Calls(_as_secret("api_key", api_key), timeout=_as_timeout(timeout), base_addresses=addresses)

    def __repr__(self) -> str:
        return "StripeGateway()"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All of them."""
        return frozenset(Capability)

    def close(self) -> None:
        """Close the connection that this thread has; asked again, it makes a new one."""
        self._calls.close()

    def charge(self, asked: ChargeRequest) -> Receipt:
        """Take the money once for the key of *asked*; asked again, tell what became of it.

        Raises:
            GatewayFailed: `refused` when Stripe does not take the amount or currency; see there for the others.
        """
        units = to_stripe(_as_charge("asked", asked).amount)
        take = self._by_card if asked.way is Way.CARD_ON_FILE else self._by_page
        return take(asked, units, self._payers(asked.email))

    def refund(self, asked: RefundRequest) -> Receipt:
        """Give money back once for the key of *asked*; asked again, tell what became of it.

        Raises:
            GatewayFailed: `refused` when *asked* names no payment that was made for its charge, and in its currency, or
                more than is left of it; see there for the others.
        """
        units = to_stripe(_as_refund("asked", asked).amount)
        intent = self._taken(asked)
        if intent is None or key_of(intent) != asked.charge or not currency_of(intent, asked.amount):
            raise GatewayFailed(reason="refused")
        return self._moved(REFUNDS, asked, {"payment_intent": intent["id"], "amount": units})

    def look_up(self, asked: GatewayRequest) -> Receipt | None:
        """What became of the request with the key of *asked*; `None` when it never came in. It is not sent again.

        Raises:
            GatewayFailed: `unclear` when there is too much to look through, or more than one object has the key.
        """
        return self._sought(_as_asked("asked", asked))

    def portal(self, email: str) -> str | None:
        """A page of the customer portal for the payer with this address; `None` when they are not known.

        Raises:
            GatewayFailed: `refused` when it is not clear which customer is meant, or there is no portal.
        """
        payers = self._payers(email)
        if not payers:
            return None
        payer, *others = payers
        if others:
            raise GatewayFailed(reason="refused")
        params: Any = {"customer": payer.customer, "return_url": self._return_to}
        made = self._calls.ask(lambda client: client.v1.billing_portal.sessions.create(params))
        try:
            return str(_as_url("url", made.get("url")))
        except InvalidArgument:
            pass
        raise GatewayFailed(reason="busy")

    def notice(self, body: bytes, headers: Mapping[str, str]) -> WebhookNotice:
        """What the webhook with these bytes says, once its signature was checked; raises `WebhookRefused`."""
        verify(body, signature(_as_headers("headers", headers)), self._secrets, now=self._clock())
        return notice_of(body)

    def _payers(self, email: str | None) -> tuple[Payer, ...]:
        found = customers(self._calls, email)
        return _UNTOLD if len(found) > MOST_CUSTOMERS else candidates(self._calls, found)

    def _by_card(self, asked: ChargeRequest, units: int, payers: tuple[Payer, ...]) -> Receipt:
        lacking = _lacking(payers)
        if lacking is not None:  # now; it may have been there when the request was first sent
            found = self._sought(asked)
            return found or Receipt(key=asked.key, outcome=PaymentOutcome.FAILED, amount=asked.amount, reason=lacking)
        payer = payers[0]
        params = {
            "amount": units,
            "currency": asked.amount.currency.code.lower(),
            "customer": payer.customer,
            "payment_method": payer.card,
            "payment_method_types": ["card"],
            "off_session": True,
            "confirm": True,
        }
        return self._moved(INTENTS, asked, params)

    def _by_page(self, asked: ChargeRequest, units: int, payers: tuple[Payer, ...]) -> Receipt:
        price = {
            "currency": asked.amount.currency.code.lower(),
            "unit_amount": units,
            "product_data": {"name": self._title},
        }
        params: dict[str, Any] = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "payment_intent_data": {"metadata": {KEY: asked.key}},
            "success_url": self._return_to,
            "cancel_url": self._return_to,
        }
        if len(payers) == 1:
            params["customer"] = payers[0].customer
        elif asked.email is not None:
            params["customer_email"] = asked.email
        return self._moved(SESSIONS, asked, params)

    def _moved(self, kind: Kind, asked: GatewayRequest, params: dict[str, Any]) -> Receipt:
        """Have an object of *kind* made by the key of *asked*, and say what became of it."""
        named = {**params, "metadata": {KEY: asked.key}}
        if kind.expand:
            named["expand"] = [*kind.expand]
        options = {"idempotency_key": asked.key}
        made = self._calls.move(lambda client: kind.create(client, named, options), kind.current)
        return self._used(asked) if made is None else kind.receipt(asked.key, made)

    def _used(self, asked: GatewayRequest) -> Receipt:
        """What became of the key of *asked*, which Stripe knows from other terms."""
        found: Receipt | None
        try:
            found = self._sought(asked)
        except GatewayFailed:
            found = None
        if found is None:
            raise GatewayFailed(reason="unclear")
        return found

    def _sought(self, asked: GatewayRequest) -> Receipt | None:
        """What has the key of *asked*; `None` when nothing has."""
        if isinstance(asked, RefundRequest):
            intent = self._taken(asked)
            kind, lists = REFUNDS, [] if intent is None else [{"payment_intent": intent["id"]}]
        else:
            kind = INTENTS if asked.way is Way.CARD_ON_FILE else SESSIONS
            if asked.reference is not None and asked.reference.startswith(kind.prefix):
                return self._named(kind, asked.key, asked.reference)
            lists = self._lists(asked)
        search = partial(self._calls.search, kind.listing, lambda one: key_of(one) == asked.key)
        expand = {"expand": [f"data.{name}" for name in kind.expand]} if kind.expand else {}
        seen_all = True
        for params in lists:
            found, complete = search(**params, **expand)
            if len(found) == 1:
                return kind.receipt(asked.key, found[0])
            if found:
                raise GatewayFailed(reason="unclear")
            seen_all = seen_all and complete
        if not seen_all:
            raise GatewayFailed(reason="unclear")
        return None

    def _named(self, kind: Kind, key: str, name: str) -> Receipt:
        """What became of the object that was said to be called *name*."""
        if _OBJECT.fullmatch(name) is None:
            raise GatewayFailed(reason="unclear")
        return kind.receipt(key, self._calls.ask(lambda client: kind.current(client, name)))

    def _lists(self, asked: ChargeRequest) -> list[dict[str, Any]]:
        """Where a charge may be found: with the customers who have the address by now, then in the whole account."""
        found = customers(self._calls, asked.email)
        lists: list[dict[str, Any]] = [{"customer": one["id"]} for one in found[:MOST_CUSTOMERS]]
        lists.append({})
        if asked.begun_at is None:
            return lists
        first = (asked.begun_at - _EARLIER - _EPOCH) // timedelta(seconds=1)
        last = first + _LONGEST // timedelta(seconds=1)
        return [{**params, "created": {"gte": first, "lte": last}} for params in lists]

    def _taken(self, asked: RefundRequest) -> Answer | None:
        """The payment that *asked* is to be given back of; `None` when its reference leads to none."""
        name = asked.reference
        if name is None or _OBJECT.fullmatch(name) is None:
            return None
        kind = INTENTS if name.startswith(INTENTS.prefix) else SESSIONS
        made: Any = self._calls.ask(lambda client: kind.current(client, name))
        if made.get("id") != name:
            raise GatewayFailed(reason="busy")
        if kind is SESSIONS:
            made = made.get("payment_intent")
        return made if isinstance(made, dict) and type(made.get("id")) is str else None


_UNTOLD: Final = (Payer("", None),) * 2
"""Too many customers have the address to be told apart."""


def _lacking(payers: tuple[Payer, ...]) -> str | None:
    """The word for why there is no card to charge; `None` when there is one."""
    if not payers:
        return "no_customer"
    payer, *others = payers
    if others:
        return "several_customers"
    return "no_card" if payer.card is None else None


def _as_secret(name: str, value: Any) -> str:
    if type(value) is str and _SECRET.fullmatch(value):
        return value
    raise InvalidArgument(
        parameter=name, expected="1 to 256 printable ASCII characters without spaces", got=type(value).__name__[:40]
    )


def _as_secrets(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list | tuple) or not 0 < len(values) <= 16:
        expected = "a list or tuple of 1 to 16 secrets"
        raise InvalidArgument(parameter="webhook_secrets", expected=expected, got=type(values).__name__[:40])
    return tuple(_as_secret("webhook_secrets", value) for value in values)


def _as_timeout(value: Any) -> float:
    if type(value) in (int, float) and 0 < value <= LONGEST_TIMEOUT:
        return float(value)
    expected = f"a number of seconds, above 0 to {LONGEST_TIMEOUT}"
    raise InvalidArgument(parameter="timeout", expected=expected, got=shown(value))
