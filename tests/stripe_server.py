"""A Stripe on this machine, which speaks HTTP as the real one does where the adapter asks it, and fails when told to.

Requests are forms, with names such as `line_items[0][price_data][currency]`; answers are JSON. A POST is done once for
its idempotency key: asked again, it answers as before, with the header `Idempotent-Replayed`; asked for something else
under that key, it refuses. Answers are kept for 24 hours, those of failures in the midst of the work too.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from tests.stripe_books import CREATES, KINDS, TAKES, Books, Refusal, Thing, invalid

DAY: Final = 86_400
_COMMON: Final = {"GET": {"limit", "starting_after", "expand"}, "POST": {"metadata", "expand"}}
ERRORS: Final[Mapping[str, Refusal]] = {
    "429": Refusal(429, "invalid_request_error", code="rate_limit"),
    "401": Refusal(401, "invalid_request_error"),
    "403": Refusal(403, "invalid_request_error"),
    "400": Refusal(400, "invalid_request_error"),
    "409": Refusal(409, "idempotency_error", code="idempotency_key_in_use"),
    "500": Refusal(500, "api_error", kept=True),
    "503": Refusal(503, "api_error"),
    "402": Refusal(402, "card_error", code="card_declined"),
}
RAW: Final[Mapping[str, tuple[int, bytes]]] = {
    "no json": (200, b"<html>a proxy</html>"),
    "no object": (200, b"[1, 2]"),
    "nothing": (200, b"{}"),
    "no key": (
        200,
        b'{"id": "pi_9", "status": "succeeded", "amount": 1250, "amount_received": 1250, "currency": "eur"}',
    ),
    "no page": (200, b'{"object": "list", "data": [{"id": 5}], "has_more": false}'),
    "no end": (200, b'{"object": "list", "data": [], "has_more": true}'),
    "odd error": (400, b'{"error": "words"}'),
    "odd decline": (402, b'{"error": {"type": "card_error", "payment_intent": "pi_1"}}'),
}


class StripeServer:
    """The server, its books, and what was asked of it.

    Attributes:
        asked: Each request, as `POST /v1/refunds`, with its parameters.
        keys: The idempotency keys of those that had one.
    """

    def __init__(self, api_key: str, now: int) -> None:
        self.books, self.api_key = Books(now), api_key
        self.asked: list[tuple[str, Thing]] = []
        self.keys: list[str] = []
        self._kept: dict[str, tuple[int, object, int, Thing]] = {}
        self._faults: list[tuple[str, str]] = []
        self._lock, self._over = threading.Lock(), threading.Event()
        self.url = ""

    def fail(self, fault: str, at: str = "POST") -> None:
        """Fail the next request that begins with *at*.

        A fault is one of `ERRORS` or `RAW`; `lost`, `hung`: the request is not carried out, and the connection is
        closed, or stays silent; `unanswered`, `late`: it is carried out, and then closed, or silent; `500 after`.
        """
        self._faults.append((at, fault))

    @contextmanager
    def running(self) -> Iterator["StripeServer"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            self._over.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, Any, bool] | None:
        """The status, the body, and whether it was said before; `None` when nothing is answered."""
        path, query = urlsplit(target).path, urlsplit(target).query
        form = nested(parse_qsl(body.decode() if method == "POST" else query, strict_parsing=bool(body or query)))
        request = f"{method} {path}"
        with self._lock:
            self.asked.append((request, form))
            self.keys += filter(None, [headers.get("Idempotency-Key")])
            fault = self._fault(request)
            if fault in RAW:
                return (*RAW[fault], False)
            if fault in ("lost", "hung"):
                said = None
            elif headers.get("Authorization") != f"Bearer {self.api_key}":
                said = (401, ERRORS["401"].body, False)
            else:
                said = self._once(request, form, headers.get("Idempotency-Key"), fault)
        if fault in ("hung", "late"):
            self._over.wait(5)
        return None if fault in ("lost", "unanswered", "hung", "late") else said

    def _fault(self, request: str) -> str:
        for place, (at, fault) in enumerate(self._faults):
            if request.startswith(at):
                del self._faults[place]
                return fault
        return ""

    def _once(self, request: str, form: Thing, key: str | None, fault: str) -> tuple[int, Any, bool]:
        if key is None or request.startswith("GET"):
            return (*self._tried(request, form, fault)[:2], False)
        until, fingerprint, status, said = self._kept.get(key, (0, None, 0, {}))
        if until > self.books.now:
            if fingerprint != (request, form):
                return 400, Refusal(400, "idempotency_error").body, False
            return status, said, True
        status, said, kept = self._tried(request, form, fault)
        if kept:
            self._kept[key] = (self.books.now + DAY, (request, form), status, said)
        return status, said, False

    def _tried(self, request: str, form: Thing, fault: str) -> tuple[int, Any, bool]:
        try:
            if fault in ERRORS:
                raise ERRORS[fault]
            said = self._done(request, form)
            if fault == "500 after":
                raise ERRORS["500"]
        except Refusal as refusal:
            return refusal.status, json.loads(json.dumps(refusal.body)), refusal.kept
        return 200, said, True

    def _done(self, request: str, form: Thing) -> Thing:
        place = re.sub(r"/[a-z]+_[A-Za-z0-9_]*[0-9]+(?=/|$)", "/*", request)
        if place not in TAKES:
            raise Refusal(404, "invalid_request_error")
        if unknown := set(form) - TAKES[place] - _COMMON[request.partition(" ")[0]]:
            raise invalid(min(unknown), "parameter_unknown")
        words, expand = request.split("/"), form.get("expand", [])
        if place in CREATES:
            return self.books.shown(CREATES[place](self.books, form), expand)
        if place.endswith("*"):
            return self.books.shown(self.books.get(KINDS[words[-2]], words[-1]), expand)
        given = {name: value for name, value in form.items() if name not in {*_COMMON["GET"], "created"}}
        if words[-1] == "payment_methods":
            given["customer"] = words[-2]
        return self._listed(self.books.all(KINDS[words[-1]], **given), form)

    def _listed(self, found: list[Thing], form: Thing) -> Thing:
        limit = int(form.get("limit", "10"))
        if not 1 <= limit <= 100:
            raise invalid("limit")
        if "created" in form:
            first, last = int(form["created"]["gte"]), int(form["created"]["lte"])
            found = [one for one in found if first <= one["created"] <= last]
        names = [one["id"] for one in found]
        start = names.index(form["starting_after"]) + 1 if "starting_after" in form else 0
        expand = [path.removeprefix("data.") for path in form.get("expand", [])]
        shown = [self.books.shown(one, expand) for one in found[start : start + limit]]
        return {"object": "list", "url": "/v1", "has_more": len(found) > start + limit, "data": shown}


def nested(pairs: list[tuple[str, str]]) -> Thing:
    """The form as dictionaries and lists: `a[b][0]=c` is `{"a": {"b": ["c"]}}`."""
    made: Thing = {}
    for name, value in pairs:
        first, *rest = re.findall(r"[^\[\]]+", name)
        place = made
        for one, following in zip((first, *rest), rest, strict=False):
            place = place.setdefault(one, {}) if following else place
        place[[first, *rest][-1]] = value
    return {name: _with_lists(value) for name, value in made.items()}


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    parts = {name: _with_lists(one) for name, one in value.items()}
    return list(parts.values()) if all(name.isdigit() for name in parts) else parts


def _handler(stripe: StripeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 65_536

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            said = stripe.answer(self.command, self.path, self.headers, body)
            if said is None:
                self.close_connection = True
                return
            status, told, replayed = said
            data = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Request-Id", "req_1")
            if replayed:
                self.send_header("Idempotent-Replayed", "true")
            self.end_headers()
            self.wfile.write(data)

        do_GET = _do  # noqa: N815
        do_POST = _do  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler
