"""Webhooks are believed by their signature over the very bytes that came, and only for five minutes.

The header is `t=<unix seconds>,v1=<signature>`: the signature is the HMAC-SHA256 of `<unix seconds>.<body>` in small
hexadecimal digits. There may be more of them, while a secret is changed for another one; what else is in the header,
such as signatures of other schemes, counts for nothing.
"""

import hmac
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from licensing_core.checks import InvalidArgument, InvalidInstant, as_instant, shown
from licensing_core.protocols.gateway import WebhookRefused

MAX_BODY: Final = 2**20
"""The most bytes that a body may have; a host need not read on."""
_MOST_OF_HEADER: Final = 4096
_MOST_SIGNATURES: Final = 16
_MOST_SECRETS: Final = 16
_TOLERANCE: Final = timedelta(seconds=300)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ITEM: Final = re.compile(r"([A-Za-z0-9_]+)=([!-+\--~]*)", re.ASCII)
_STAMP: Final = re.compile(r"0|[1-9][0-9]{0,11}", re.ASCII)
_SECRET: Final = re.compile(r"[!-~]{1,256}", re.ASCII)


def verify(body: bytes, header: object, secrets: Sequence[str], *, now: datetime) -> None:
    """Return when *header* proves that *body* was signed with one of *secrets* around *now*, and raise otherwise.

    Args:
        body: As it came, byte by byte; what was parsed and written anew has another signature.
        header: The value of the header, whatever the request had there.
        secrets: The signing secret of this address; two of them while one is changed for the other.
        now: Aware instant; a signature counts for 300 seconds before and after its time.

    Raises:
        WebhookRefused: For its `size` (1 MiB of body, 4 KiB of header, 16 signatures at most), for the `form` of the
            header or because the body is no `bytes`, for its `signature`, or, when that is right, for its `time`.
        InvalidArgument: *secrets* are none, or one is no string of 1 to 256 printable ASCII characters.
        InvalidInstant: *now* is no aware datetime.

    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    >>> verify(b"{}", sign(b"{}", "whsec_1", now=noon), ["whsec_1"], now=noon)
    >>> verify(b"{ }", sign(b"{}", "whsec_1", now=noon), ["whsec_1"], now=noon)
    Traceback (most recent call last):
        ...
    licensing_core.protocols.gateway.WebhookRefused: the webhook was refused (signature); ...
    """
    keys, now = _as_secrets(secrets), as_instant("now", now)
    stamp, signatures = _read(_sized(body, header))
    if not _vouched(body, stamp, signatures, keys):
        raise WebhookRefused(reason="signature")
    if not _in_time(stamp, now):
        raise WebhookRefused(reason="time")


def sign(body: bytes, secret: str, *, now: datetime) -> str:
    """The header with which *body* is sent at *now*, for the tests of a host and for gateways that are made up.

    Raises:
        InvalidArgument: *body* is no `bytes`, or *secret* no string of 1 to 256 printable ASCII characters.
        InvalidInstant: *now* is no aware datetime since 1970.
    """
    if type(body) is not bytes:
        raise InvalidArgument(parameter="body", expected="bytes", got=shown(body))
    key, at = _as_secret("secret", secret), as_instant("now", now)
    if at < _EPOCH:
        raise InvalidInstant(parameter="now", expected="an aware datetime since 1970", got=f"one of the year {at.year}")
    stamp = str((at - _EPOCH) // timedelta(seconds=1))
    return f"t={stamp},v1={_signature(body, stamp, key).decode()}"


def _as_secrets(secrets: Sequence[str]) -> list[bytes]:
    if isinstance(secrets, str | bytes) or not isinstance(secrets, Sequence) or not 0 < len(secrets) <= _MOST_SECRETS:
        expected = f"a list or tuple of 1 to {_MOST_SECRETS} secrets"
        raise InvalidArgument(parameter="secrets", expected=expected, got=type(secrets).__name__[:40])
    return [_as_secret("secrets", secret) for secret in secrets]


def _as_secret(name: str, secret: object) -> bytes:
    """The bytes of *secret*; a refusal tells its type only."""
    if type(secret) is str and _SECRET.fullmatch(secret):
        return secret.encode("ascii")
    expected = "1 to 256 printable ASCII characters without spaces"
    raise InvalidArgument(parameter=name, expected=expected, got=f"another {type(secret).__name__[:40]}")


def _sized(body: object, header: object) -> str:
    """The text of *header*, when neither it nor *body* is too large."""
    if type(body) is not bytes or type(header) is not str:
        raise WebhookRefused(reason="form")
    if len(body) > MAX_BODY or len(header) > _MOST_OF_HEADER:
        raise WebhookRefused(reason="size")
    return header


def _read(header: str) -> tuple[str, list[bytes]]:
    """The time of *header* as it is written there, once and in plain digits, and the signatures of our scheme."""
    items = [_ITEM.fullmatch(item) for item in header.split(",")]
    named = [(item[1], item[2]) for item in items if item]
    stamps = [value for name, value in named if name == "t"]
    if len(named) < len(items) or len(stamps) != 1 or not _STAMP.fullmatch(stamps[0]):
        raise WebhookRefused(reason="form")
    signatures = [value.encode("ascii") for name, value in named if name == "v1"]
    if len(signatures) > _MOST_SIGNATURES:
        raise WebhookRefused(reason="size")
    return stamps[0], signatures


def _vouched(body: bytes, stamp: str, signatures: Sequence[bytes], keys: Sequence[bytes]) -> bool:
    """Whether one of *signatures* is that of one of *keys*; all pairs are compared, so that the time tells nothing."""
    vouched = False
    for key in keys:
        expected = _signature(body, stamp, key)
        for signature in signatures:
            vouched |= hmac.compare_digest(expected, signature)
    return vouched


def _signature(body: bytes, stamp: str, key: bytes) -> bytes:
    code = hmac.new(key, f"{stamp}.".encode("ascii"), sha256)
    code.update(body)
    return code.hexdigest().encode("ascii")


def _in_time(stamp: str, now: datetime) -> bool:
    return abs(now - _EPOCH - timedelta(seconds=int(stamp))) <= _TOLERANCE
