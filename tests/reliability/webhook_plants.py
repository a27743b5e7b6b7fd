"""Bugs of what checks webhooks, to plant one at a time: the harness of webhooks must find each."""

import hmac
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Final
from unittest.mock import patch

from licensing_core.adapters import webhooks as lib
from licensing_core.protocols.gateway import WebhookRefused
from tests.reliability import webhooks
from tests.reliability.figures import Figures

Plant = Callable[[], AbstractContextManager[Any]]


def _at_any_time() -> AbstractContextManager[Any]:
    """The time is signed, and not looked at."""
    return patch.object(lib, "_in_time", lambda _stamp, _now: True)


def _from_the_future() -> AbstractContextManager[Any]:
    """Only what is too old is refused."""

    def not_too_old(stamp: str, now: datetime) -> bool:
        return now - datetime(1970, 1, 1, tzinfo=UTC) - timedelta(seconds=int(stamp)) <= timedelta(seconds=300)

    return patch.object(lib, "_in_time", not_too_old)


def _in_whole_seconds() -> AbstractContextManager[Any]:
    """What is too late by less than a second is let through."""
    honest = lib._in_time
    return patch.object(lib, "_in_time", lambda stamp, now: honest(stamp, now.replace(microsecond=0)))


def _within_an_hour() -> AbstractContextManager[Any]:
    """A signature counts for twelve times as long."""
    return patch.object(lib, "_TOLERANCE", timedelta(hours=1))


def _start_compared() -> AbstractContextManager[Any]:
    """Of a signature the first half is compared."""

    def roughly(body: bytes, stamp: str, signatures: Sequence[bytes], keys: Sequence[bytes]) -> bool:
        return any(lib._signature(body, stamp, key)[:32] == one[:32] for key in keys for one in signatures)

    return patch.object(lib, "_vouched", roughly)


def _as_long_as_given() -> AbstractContextManager[Any]:
    """A signature is compared as far as it goes; an empty one is right."""

    def so_far(body: bytes, stamp: str, signatures: Sequence[bytes], keys: Sequence[bytes]) -> bool:
        return any(lib._signature(body, stamp, key).startswith(one) for key in keys for one in signatures)

    return patch.object(lib, "_vouched", so_far)


def _in_any_case() -> AbstractContextManager[Any]:
    """Large digits are as good as small ones."""
    honest = lib._vouched

    def lowered(body: bytes, stamp: str, signatures: Sequence[bytes], keys: Sequence[bytes]) -> bool:
        return honest(body, stamp, [one.lower() for one in signatures], keys)

    return patch.object(lib, "_vouched", lowered)


def _first_secret_alone() -> AbstractContextManager[Any]:
    """While a secret is changed, the first one counts alone."""
    honest = lib._vouched
    return patch.object(lib, "_vouched", lambda body, stamp, given, keys: honest(body, stamp, given, keys[:1]))


def _first_signature_alone() -> AbstractContextManager[Any]:
    """Of several signatures the first one is looked at alone."""
    honest = lib._vouched
    return patch.object(lib, "_vouched", lambda body, stamp, given, keys: honest(body, stamp, given[:1], keys))


def _body_not_covered() -> AbstractContextManager[Any]:
    """The time is signed alone."""
    honest = lib._signature
    return patch.object(lib, "_signature", lambda _body, stamp, key: honest(b"", stamp, key))


def _body_trimmed() -> AbstractContextManager[Any]:
    """Blanks around the body are not signed."""
    honest = lib._signature
    return patch.object(lib, "_signature", lambda body, stamp, key: honest(body.strip(), stamp, key))


def _body_as_text() -> AbstractContextManager[Any]:
    """The body was read as text, and its mark of UTF-8 is lost."""
    honest = lib._signature
    return patch.object(lib, "_signature", lambda body, *more: honest(body.removeprefix(b"\xef\xbb\xbf"), *more))


def _time_not_covered() -> AbstractContextManager[Any]:
    """A signature is believed under each time of the five minutes around it."""
    honest = lib._vouched

    def about_then(body: bytes, stamp: str, signatures: Sequence[bytes], keys: Sequence[bytes]) -> bool:
        return any(honest(body, str(int(stamp) + off), signatures, keys) for off in (0, 1, -1, 300, -300))

    return patch.object(lib, "_vouched", about_then)


def _empty_secret() -> AbstractContextManager[Any]:
    """A secret that was never set is taken for one."""
    return patch.object(lib, "_SECRET", re.compile(r"[!-~]{0,256}"))


def _letters_of_a_secret() -> AbstractContextManager[Any]:
    """Where one secret is given instead of a list, each letter of it is a secret."""
    return patch.object(lib, "_as_secrets", lambda secrets: [lib._as_secret("secrets", one) for one in secrets])


def _anybodys_secret() -> AbstractContextManager[Any]:
    """What is signed without a secret is believed too."""
    honest = lib._vouched
    return patch.object(lib, "_vouched", lambda body, stamp, given, keys: honest(body, stamp, given, [*keys, b""]))


def _header_without_end() -> AbstractContextManager[Any]:
    """A header is read however long it is."""
    return patch.object(lib, "_MOST_OF_HEADER", 10**9)


def _body_without_end() -> AbstractContextManager[Any]:
    """A body is worked through however large it is."""
    return patch.object(lib, "MAX_BODY", 10**12)


def _any_number_of_signatures() -> AbstractContextManager[Any]:
    """As many signatures as there are are compared."""
    return patch.object(lib, "_MOST_SIGNATURES", 10**9)


def _any_digits() -> AbstractContextManager[Any]:
    """A time is whatever `int()` takes."""
    return patch.object(lib, "_STAMP", re.compile(r"\s*[+-]?\d[\d_]{0,20}\s*"))


def _any_letters() -> AbstractContextManager[Any]:
    """What is no ASCII ends in an error of Python."""
    return patch.object(lib, "_ITEM", re.compile(r"(\w+)=([^,]*)"))


def _first_time_alone() -> AbstractContextManager[Any]:
    """Of two times the first one counts."""

    def read(header: str) -> tuple[str, list[bytes]]:
        first, *more = header.split(",")
        return honest(",".join([first, *(item for item in more if first[:2] != "t=" or item[:2] != "t=")]))

    honest = lib._read
    return patch.object(lib, "_read", read)


def _any_scheme() -> AbstractContextManager[Any]:
    """Signatures of other schemes are taken for one of ours."""
    honest = lib._read
    return patch.object(lib, "_read", lambda header: honest(re.sub(r"\bv\d=", "v1=", header)))


def _unread_kinds() -> AbstractContextManager[Any]:
    """That a header is text, and a body bytes, is taken for granted."""
    return patch.object(lib, "_sized", lambda _body, header: header)


def _secret_told() -> AbstractContextManager[Any]:
    """The refusal says what it was compared with."""
    honest = lib._vouched

    def chatty(body: bytes, stamp: str, signatures: Sequence[bytes], keys: Sequence[bytes]) -> bool:
        if honest(body, stamp, signatures, keys):
            return True
        raise WebhookRefused(reason=" ".join(key.decode() for key in keys))

    return patch.object(lib, "_vouched", chatty)


def _without_the_dot() -> AbstractContextManager[Any]:
    """Time and body are signed one after the other, with nothing between."""

    def joined(body: bytes, stamp: str, key: bytes) -> bytes:
        return hmac.new(key, stamp.encode() + body, sha256).hexdigest().encode()

    return patch.object(lib, "_signature", joined)


PLANTS: Final[tuple[Plant, ...]] = (
    _at_any_time,
    _from_the_future,
    _in_whole_seconds,
    _within_an_hour,
    _start_compared,
    _as_long_as_given,
    _in_any_case,
    _first_secret_alone,
    _first_signature_alone,
    _body_not_covered,
    _body_trimmed,
    _body_as_text,
    _time_not_covered,
    _empty_secret,
    _letters_of_a_secret,
    _anybodys_secret,
    _header_without_end,
    _body_without_end,
    _any_number_of_signatures,
    _any_digits,
    _any_letters,
    _first_time_alone,
    _any_scheme,
    _unread_kinds,
    _secret_told,
    _without_the_dot,
)


def planted(seed: int) -> list[tuple[str, Callable[[], Figures], Plant]]:
    """Which harness is to find which plant."""
    return [("webhooks", partial(webhooks.run, 4_000, seed, enough=1), plant) for plant in PLANTS]
