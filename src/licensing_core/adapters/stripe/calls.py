"""Asking Stripe through its library, and what became of that: plain dictionaries, or `GatewayFailed`.

Here the objects and errors of the library end. They hold addresses, and parts of cards; errors are made anew outside
of the handlers, so that they lead to none of them. While Stripe is asked here, the loggers of the library and of what
it sends by, which write down addresses and answers, say nothing; those of other threads and tasks go on.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, Final

import stripe
from attrs import frozen
from stripe import StripeClient, StripeObject

from licensing_core.protocols.gateway import GatewayFailed

Answer = dict[str, Any]
Call = Callable[[StripeClient], StripeObject]
Listing = Callable[[StripeClient, Any], StripeObject]

MOST_PAGES: Final = 10
"""How many pages of a list are looked through."""
PER_PAGE: Final = 100
_REFUSED: Final = (stripe.AuthenticationError, stripe.PermissionError, stripe.InvalidRequestError, stripe.CardError)
_UNREADABLE: Final = (AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the library raises, and what reading raises, when an answer is none of Stripe's."""
_asking: Final = ContextVar("_asking", default=False)


class _Discretion(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not _asking.get()


for _name in ("stripe", "urllib3.connectionpool"):
    logging.getLogger(_name).addFilter(_Discretion())


@contextmanager
def _discreetly() -> Iterator[None]:
    token = _asking.set(True)
    try:
        yield
    finally:
        _asking.reset(token)


@frozen(kw_only=True)
class _Said:
    """What Stripe said: an object, or, when *reason* is not empty, that it failed."""

    answer: Answer
    replayed: bool = False
    reason: str = ""
    used: bool = False


class Calls:
    """Asks Stripe, once each time: whoever asks tries again.

    Args:
        timeout: Seconds to wait for a connection, and for each part of an answer.
    """

    __slots__ = ("_client", "_http")

    def __init__(self, api_key: str, *, timeout: float, base_addresses: Mapping[str, str] | None) -> None:
        self._http = stripe.RequestsClient(timeout=timeout)
        addresses: Any = dict(base_addresses or {})
        self._client = StripeClient(api_key, base_addresses=addresses, max_network_retries=0, http_client=self._http)

    def __repr__(self) -> str:
        return "Calls()"

    def close(self) -> None:
        """Close the connection of this thread."""
        self._http.close()  # type: ignore[no-untyped-call]

    def ask(self, call: Call) -> Answer:
        """What Stripe answers to *call*, which moves no money; raises `GatewayFailed`, `busy` or `refused`."""
        return _answer(self._sent(call, unknown="busy"))

    def move(self, call: Call, current: Callable[[StripeClient, str], StripeObject]) -> Answer | None:
        """What became of *call*, which moves money once for its idempotency key.

        To a key that it had before Stripe says what it said then, so the object is asked for as it is now.

        Args:
            current: Asks for the object by its id.

        Returns:
            The object, that of a card which was declined too; `None` when the key was used for something else.

        Raises:
            GatewayFailed: `busy`, `refused`, or, when it is not known what became of it, `unclear`.
        """
        said = self._sent(call, unknown="unclear")
        if said.used:
            return None
        if said.replayed:
            name = said.answer.get("id")
            said = self._sent(lambda client: current(client, str(name)), unknown="unclear")
        return _answer(said)

    def search(self, listing: Listing, wanted: Callable[[Answer], bool], **params: Any) -> tuple[list[Answer], bool]:
        """What is *wanted* of the newest `MOST_PAGES` pages of a list, and whether that was all of it.

        Raises:
            GatewayFailed: As `ask()` does.
        """
        found: list[Answer] = []
        asked = {**params, "limit": PER_PAGE}
        for _ in range(MOST_PAGES):
            items, more = page_of(self.ask(partial(_listed, listing, asked)))
            found += filter(wanted, items)
            if not more:
                return found, True
            asked = {**asked, "starting_after": items[-1]["id"]}
        return found, False

    def _sent(self, call: Call, *, unknown: str) -> _Said:
        """Send *call*; *unknown* is the reason when it may or may not have arrived."""
        reason = unknown
        try:
            with _discreetly():
                made = call(self._client)
            return _Said(answer=made.to_dict(), replayed=_replayed(made))
        except stripe.IdempotencyError:
            return _Said(answer={}, reason=unknown, used=True)
        except stripe.CardError as declined:
            if (answer := _declined(declined)) is not None:
                return answer
            reason = "refused"
        except stripe.RateLimitError:
            reason = "busy"
        except _REFUSED:
            reason = "refused"
        except (stripe.StripeError, *_UNREADABLE):
            pass
        return _Said(answer={}, reason=reason)


def _listed(listing: Listing, params: Any, client: StripeClient) -> StripeObject:
    return listing(client, params)


def _answer(said: _Said) -> Answer:
    if said.reason:
        raise GatewayFailed(reason=said.reason)
    return said.answer


def _replayed(made: StripeObject) -> bool:
    answered = made.last_response
    return answered is not None and _is_replay(answered.headers)


def _is_replay(headers: Mapping[str, str]) -> bool:
    return headers.get("Idempotent-Replayed") == "true"


def _declined(error: stripe.CardError) -> _Said | None:
    """The payment that was declined, which Stripe keeps; `None` where it made none."""
    told: Any = error.json_body
    made = told["error"].get("payment_intent") if isinstance(told, dict) else None
    return _Said(answer=dict(made), replayed=_is_replay(error.headers or {})) if isinstance(made, dict) else None


def page_of(answer: Answer) -> tuple[list[Answer], bool]:
    """The items of one page of a list, and whether there is another one; raises `GatewayFailed` when it is none."""
    items, more = answer.get("data"), answer.get("has_more")
    if isinstance(items, list) and type(more) is bool and all(map(_is_object, items)) and (items or not more):
        return items, more
    raise GatewayFailed(reason="busy")


def _is_object(item: Any) -> bool:
    return isinstance(item, dict) and type(item.get("id")) is str
