"""A gateway of the redirect kind, as banks have them: the payer is sent to a page by a signed form.

The bank knows no keys, only references of 12 characters, and nothing of an order before its payer comes. So the
gateway keeps which request has which reference, in a mapping that the host must store. It says what became of an order
in a signed callback, and when it is asked. A card is kept nowhere.
"""

import hmac
import json
from base64 import b32encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, MutableMapping
from hashlib import blake2b, sha256
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode
from urllib.request import Request, urlopen

from attrs import evolve

from licensing_core.currencies import Currency
from licensing_core.errors import LicensingError
from licensing_core.money import Money
from licensing_core.payments import ChargeRequest, GatewayRequest, PaymentOutcome, Receipt, RefundRequest, Way
from licensing_core.protocols.gateway import Capability, GatewayFailed, WebhookNotice, WebhookRefused

LONGEST_BODY = 10_000
STATUSES = {400: "refused", 429: "busy", 503: "busy"}
OUTCOMES = {"paid": PaymentOutcome.SUCCEEDED, "given_back": PaymentOutcome.SUCCEEDED, "denied": PaymentOutcome.FAILED}


class RedirectGateway:
    """A `PaymentGateway` over the pages of a bank.

    Args:
        bank: The address at which the bank is asked.
        pages: The address to which payers are sent.
        secret: With which both sides sign.
        orders: The request of each reference, kept as long as the bank may be asked.
    """

    capabilities = frozenset({Capability.PAGE, Capability.REFUND})

    def __init__(self, bank: str, pages: str, secret: bytes, orders: MutableMapping[str, GatewayRequest]) -> None:
        self._bank, self._pages, self._secret, self._orders = bank, pages, secret, orders

    def charge(self, asked: ChargeRequest) -> Receipt:
        if asked.way is not Way.PAGE or asked.amount.minor <= 0:
            raise GatewayFailed(reason="refused")
        self._keep(asked)
        return self._asked_of_the_bank(asked, lost="unclear") or self._waiting(asked)

    def refund(self, asked: RefundRequest) -> Receipt:
        self._keep(asked)
        return self._receipt(asked, self._post("refund", asked, order=asked.reference or "", lost="unclear"))

    def look_up(self, asked: GatewayRequest) -> Receipt | None:
        kept = self._orders.get(reference_of(asked.key))
        if kept is None or kept.key != asked.key:
            return None
        waiting = self._waiting(kept) if isinstance(kept, ChargeRequest) else None
        return self._asked_of_the_bank(kept, lost="busy") or waiting

    def portal(self, email: str) -> None:
        return None

    def notice(self, body: bytes, headers: Mapping[str, str]) -> WebhookNotice:
        if len(body) > LONGEST_BODY:
            raise WebhookRefused(reason="size")
        said = unsealed(body, self._secret)
        try:
            about = self._orders.get(said["reference"])
            return WebhookNotice(id=said["id"], key=about.key if about else None)
        except (TypeError, LookupError, LicensingError):
            raise WebhookRefused(reason="form") from None

    def __repr__(self) -> str:
        return f"<RedirectGateway at {self._bank}>"

    def _keep(self, asked: GatewayRequest) -> None:
        """Keep the request before it is sent; another one of its key, or of its reference, is refused."""
        terms = evolve(asked, email=None, begun_at=None) if isinstance(asked, ChargeRequest) else asked
        if self._orders.setdefault(reference_of(asked.key), terms) != terms:
            raise GatewayFailed(reason="refused")

    def _waiting(self, asked: ChargeRequest) -> Receipt:
        reference = reference_of(asked.key)
        page = f"{self._pages}/pay?{self._form(asked).decode()}"
        outcome = PaymentOutcome.PENDING
        return Receipt(key=asked.key, reference=reference, outcome=outcome, amount=asked.amount, page=page)

    def _asked_of_the_bank(self, asked: GatewayRequest, *, lost: str) -> Receipt | None:
        said = self._post("ask", asked, lost=lost)
        return None if said["state"] == "unknown" else self._receipt(asked, said)

    def _receipt(self, asked: GatewayRequest, said: Mapping[str, Any]) -> Receipt:
        return Receipt(
            key=asked.key,
            reference=said["reference"],
            outcome=OUTCOMES[said["state"]],
            amount=Money(said["amount"], Currency(said["currency"])),
            reason=said["reason"] or None,
        )

    def _form(self, asked: GatewayRequest, **more: str) -> bytes:
        amount = {"amount": asked.amount.minor, "currency": asked.amount.currency.code}
        return sealed({"reference": reference_of(asked.key), **amount, **more}, self._secret)

    def _post(self, path: str, asked: GatewayRequest, *, lost: str, **more: str) -> Mapping[str, Any]:
        """What the bank answers; when no answer comes, *lost* is the reason of the failure."""
        try:
            with urlopen(Request(f"{self._bank}/{path}", self._form(asked, **more)), timeout=5) as answer:
                said: Mapping[str, Any] = unsealed(answer.read(LONGEST_BODY), self._secret)
                return said
        except HTTPError as error:
            error.close()
            raise GatewayFailed(reason=STATUSES.get(error.code, lost)) from None
        except (OSError, HTTPException, WebhookRefused):
            raise GatewayFailed(reason=lost) from None


def reference_of(key: str) -> str:
    """What the bank calls the request of *key*: 12 characters."""
    return b32encode(blake2b(key.encode(), digest_size=8).digest()).decode()[:12]


def sealed(said: Mapping[str, Any], secret: bytes) -> bytes:
    """A form that says *said* and proves who sent it."""
    data = urlsafe_b64encode(json.dumps(said).encode())
    return urlencode({"data": data, "signature": hmac.new(secret, data, sha256).hexdigest()}).encode()


def unsealed(form: bytes, secret: bytes) -> Any:
    """What the *form* says, when it was sealed with *secret*; raises `WebhookRefused`."""
    try:
        fields = parse_qs(form.decode("ascii"), strict_parsing=True, max_num_fields=2)
        (data,), (signature,) = fields["data"], fields["signature"]
        if hmac.compare_digest(hmac.new(secret, data.encode(), sha256).hexdigest().encode(), signature.encode()):
            return json.loads(urlsafe_b64decode(data))
    except (ValueError, LookupError):
        raise WebhookRefused(reason="form") from None
    raise WebhookRefused(reason="signature")
