"""A bank on a port of this machine, which has pages on which payers pay, and says what became of each order."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from licensing_core.protocols.gateway import WebhookRefused
from tests.redirect_gateway import sealed, unsealed

PAGES = "https://bank.example"
MOST_OF_A_REFERENCE = 12


class Bank:
    """The books of the bank, and the callbacks that it sent."""

    secret = b"the secret of the bank"

    def __init__(self) -> None:
        self.books: dict[str, dict[str, Any]] = {}
        self.callbacks: list[bytes] = []
        self.failing = 0
        """The status with which all is answered, when it is not 0."""
        self.silent = False
        """Whether it does what it is asked and does not answer."""
        self._lock, self._numbers = Lock(), count(1)

    def do(self, path: str, said: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Do what a form says; `None` where it cannot be done."""
        does = {"/pay": self._pay, "/deny": self._deny, "/refund": self._refund, "/ask": self._ask}.get(path)
        with self._lock:
            return does(said) if does and len(said["reference"]) <= MOST_OF_A_REFERENCE else None

    def _ask(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        return self.books.get(said["reference"]) or self._entry(said, "unknown")

    def _pay(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._once(said, self._entry(said, "paid"))

    def _deny(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._once(said, self._entry(said, "denied", reason="denied_by_payer"))

    def _refund(self, said: Mapping[str, Any]) -> Mapping[str, Any] | None:
        order = self.books.get(said["order"])
        if said["reference"] in self.books:
            return self.books[said["reference"]]
        if order is None or order["state"] != "paid" or order["currency"] != said["currency"]:
            return None
        before = sum(one["amount"] for one in self.books.values() if one["order"] == said["order"])
        if not 0 < said["amount"] <= order["amount"] - before:
            return None
        return self._once(said, self._entry(said, "given_back", order=said["order"]))

    @staticmethod
    def _entry(said: Mapping[str, Any], state: str, *, reason: str = "", order: str = "") -> dict[str, Any]:
        terms = {name: said[name] for name in ("reference", "amount", "currency")}
        return {**terms, "state": state, "reason": reason, "order": order}

    def _once(self, said: Mapping[str, Any], entry: dict[str, Any]) -> Mapping[str, Any]:
        """Enter it in the books, and call the merchant back, when the reference is new."""
        if said["reference"] not in self.books:
            self.books[said["reference"]] = entry
            self.callbacks.append(sealed({**entry, "id": f"call-{next(self._numbers)}"}, self.secret))
        return self.books[said["reference"]]


class _Handler(BaseHTTPRequestHandler):
    bank: Bank

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"]))
        if self.bank.failing:
            self._answer(self.bank.failing, b"")
            return
        try:
            found = self.bank.do(self.path, unsealed(form, self.bank.secret))
        except WebhookRefused:
            found = None
        if self.bank.silent:
            self.close_connection = True
            return
        self._answer(200 if found else 400, sealed(found, self.bank.secret) if found else b"")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *given: object) -> None:
        """Say nothing."""


@contextmanager
def open_bank() -> Iterator[tuple[Bank, str]]:
    """A bank, and the address at which it is asked."""
    bank = Bank()
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"bank": bank})) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield bank, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def at_the_page(page: str, address: str, button: str = "pay") -> int:
    """Press a button on a page of the bank, as its payer does; the page leads to *address* here. Gives the status."""
    form = urlsplit(page)
    assert page.startswith(f"{PAGES}/pay?")
    try:
        with urlopen(Request(f"{address}/{button}", form.query.encode()), timeout=5) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code
