"""Webhooks: what is believed, for how long, and what is refused whatever comes over the network."""

import hashlib
import hmac
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensing_core.adapters import webhooks
from licensing_core.adapters.webhooks import sign, verify
from licensing_core.checks import InvalidArgument, InvalidInstant
from licensing_core.protocols.gateway import WebhookRefused

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
STAMP = 1_777_636_800
BODY = b'{"id": "evt_1", "type": "charge.succeeded"}'
SECRET, OLD = "whsec_today", "whsec_yesterday"
MIB = 1_048_576


def signature(stamp: object = STAMP, body: bytes = BODY, secret: str = SECRET) -> str:
    """Worked out beside the library, from what the scheme says."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


GOOD = signature()
HEADER = f"t={STAMP},v1={GOOD}"


def reason(
    header: object = HEADER, body: Any = BODY, secrets: Sequence[str] = (SECRET,), now: datetime = NOON
) -> str | None:
    """Why it was refused; `None` when it was not."""
    try:
        verify(body, header, secrets, now=now)
    except WebhookRefused as error:
        refused = error
    else:
        return None
    assert refused.__cause__ is refused.__context__ is None
    assert not any(secret in f"{refused} {refused!r}" for secret in secrets)
    return refused.reason


def test_a_body_is_signed_as_the_scheme_says() -> None:
    assert sign(BODY, SECRET, now=NOON) == HEADER
    assert sign(BODY, SECRET, now=NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))) == HEADER
    assert sign(BODY, SECRET, now=NOON + timedelta(microseconds=999_999)) == HEADER
    assert sign(b"", SECRET, now=datetime(1970, 1, 1, tzinfo=UTC)) == f"t=0,v1={signature(0, b'')}"


@given(
    body=st.binary(max_size=300),
    secret=st.from_regex(r"[!-~]{1,40}", fullmatch=True),
    seconds=st.floats(0, 253e9),
)
def test_what_was_signed_is_believed_at_once(body: bytes, secret: str, seconds: float) -> None:
    now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    assert reason(sign(body, secret, now=now), body, [secret], now) is None


@given(st.text() | st.text("tv10=,a \n\0é٣", max_size=60) | st.binary() | st.none() | st.lists(st.text()))
def test_nothing_else_that_the_network_can_send_is_believed_or_raises_another_error(header: object) -> None:
    assert reason(header) in {"form", "signature", "size"}


@pytest.mark.parametrize(
    ("late", "expected"),
    [(-301, "time"), (-300, None), (-299, None), (0, None), (299, None), (300, None), (301, "time")],
)
def test_a_signature_counts_for_300_seconds_before_and_after_its_time(late: int, expected: str | None) -> None:
    assert reason(now=NOON + timedelta(seconds=late)) == expected


@pytest.mark.parametrize("late", [timedelta(seconds=300, microseconds=1), -timedelta(seconds=300, microseconds=1)])
def test_a_microsecond_too_late_or_too_early_is_refused(late: timedelta) -> None:
    assert reason(now=NOON + late) == "time"


@pytest.mark.parametrize("stamp", [0, 1, 10**10 - 1, 10**11, 10**12 - 1])
def test_a_time_of_1970_or_of_far_away_is_one_of_another_time(stamp: int) -> None:
    assert reason(f"t={stamp},v1={signature(stamp)}") == "time"
    assert reason(now=datetime(2, 1, 1, tzinfo=UTC)) == reason(now=datetime(9998, 12, 31, tzinfo=UTC)) == "time"


@pytest.mark.parametrize(
    "stamp",
    [
        *("", "+1777636800", "-1777636800", "01777636800", " 1777636800", "1777636800 ", "1_777_636_800"),
        *("1777636800.0", "1.7776368e9", "0x69f49540", "١٧٧٧٦٣٦٨٠٠", "\uff11777636800", "²", "00", "nan"),
        *("1777636800\n", "1777636800\0", "1000000000000", "9" * 4000),
    ],
)
def test_a_time_in_other_than_plain_digits_is_refused_even_when_it_is_signed(stamp: str) -> None:
    assert reason(f"t={stamp},v1={signature(stamp)}") == "form"


def test_a_right_signature_is_asked_for_before_the_time() -> None:
    assert reason(f"t=1,v1={GOOD}") == "signature"
    assert reason(f"t={STAMP + 1},v1={GOOD}") == "signature"


@pytest.mark.parametrize(
    "header",
    [
        f"v1={GOOD},t={STAMP}",
        f"t={STAMP},v1={'0' * 64},v1={GOOD}",
        f"t={STAMP},v1={GOOD},v1={'0' * 64}",
        f"t={STAMP},v1={GOOD},v1={GOOD}",
        f"t={STAMP},v0={'1' * 64},v1={GOOD},v2=a==,later=",
    ],
    ids=["other order", "second", "first", "twice", "other schemes"],
)
def test_one_right_signature_is_enough_wherever_it_stands(header: str) -> None:
    assert reason(header) is None


@pytest.mark.parametrize(
    "given",
    [
        *("", "0", GOOD[:-1], GOOD[:32], GOOD + "0", "0" + GOOD, GOOD[:-1] + "g", GOOD.upper(), "0" * 64),
        *(f"={GOOD}", f"0x{GOOD}", f'"{GOOD}"', signature(secret=OLD), signature(body=b""), signature(STAMP - 1)),
    ],
)
def test_a_signature_that_is_another_in_any_way_is_refused(given: str) -> None:
    assert given != GOOD
    assert reason(f"t={STAMP},v1={given}") == "signature"


@pytest.mark.parametrize("scheme", ["v0", "v2", "V1", "v", "v11", "v1_", "1"])
def test_no_other_scheme_counts(scheme: str) -> None:
    assert reason(f"t={STAMP},{scheme}={GOOD}") == "signature"
    assert reason(f"t={STAMP}") == "signature"


@pytest.mark.parametrize(
    "header",
    [
        *("", ",", "=", "t", "t=", f"v1={GOOD}", f"T={STAMP},v1={GOOD}", f"{STAMP},{GOOD}"),
        *(f"t={STAMP},t={STAMP},v1={GOOD}", f"t={STAMP},v1={GOOD},t={STAMP + 1}", f"t=,t={STAMP},v1={GOOD}"),
        *(f"t={STAMP}, v1={GOOD}", f" {HEADER}", f"{HEADER} ", f"{HEADER}\t", f"t={STAMP};v1={GOOD}", f"{HEADER},"),
        *(f",{HEADER}", f"t={STAMP},,v1={GOOD}", f"{HEADER},v0", f"{HEADER},=x", f"{HEADER},é=1", f"{HEADER},v0=é"),
        *(f"{HEADER}\r\n", f"{HEADER}\n", f"{HEADER}\0", f"\0{HEADER}", f"{HEADER},x=\r\nv1=1", f"{HEADER},x=\x7f"),
        *(f"{HEADER},x=\ud800", f"t={STAMP},v1={'é' * 64}", f"t={STAMP},v1={GOOD[:-1]}\uff11", f"{HEADER}, {HEADER}"),
    ],
)  # fmt: skip
def test_a_header_of_another_form_is_refused(header: str) -> None:
    assert reason(header) == "form"


@pytest.mark.parametrize(
    "header", [None, HEADER.encode(), bytearray(HEADER.encode()), [HEADER], (HEADER,), {"t": STAMP}, 1, True, object()]
)
def test_a_header_that_is_no_text_is_refused(header: object) -> None:
    assert reason(header) == "form"


@pytest.mark.parametrize("body", [None, BODY.decode(), bytearray(BODY), memoryview(BODY), [BODY], 1, {"id": "evt_1"}])
def test_a_body_that_is_not_the_bytes_that_came_is_refused(body: object) -> None:
    assert reason(body=body) == "form"


@pytest.mark.parametrize(
    "body", [b"", BODY + b"\n", BODY[:-1], BODY.replace(b" ", b""), BODY.upper(), b"\xef\xbb\xbf" + BODY]
)
def test_a_body_that_differs_in_a_byte_is_refused(body: bytes) -> None:
    assert reason(body=body) == "signature"
    assert reason(f"t={STAMP},v1={signature(body=body)}", body) is None


def test_no_byte_moves_from_the_body_into_the_time() -> None:
    whole = signature(body=b"12.rest")
    assert reason(f"t={STAMP},v1={whole}", b"12.rest") is None
    assert reason(f"t={STAMP}.12,v1={whole}", b"rest") == "form"


@pytest.mark.parametrize(("size", "expected"), [(MIB - 1, None), (MIB, None), (MIB + 1, "size")])
def test_a_body_has_a_mebibyte_at_most(size: int, expected: str | None) -> None:
    body = b"x" * size
    assert webhooks.MAX_BODY == MIB
    assert reason(sign(body, SECRET, now=NOON), body) == expected


@pytest.mark.parametrize(("size", "expected"), [(4095, None), (4096, None), (4097, "size")])
def test_a_header_has_4096_characters_at_most(size: int, expected: str | None) -> None:
    assert reason(f"{HEADER},x=".ljust(size, "x")) == expected


@pytest.mark.parametrize(("number", "expected"), [(15, None), (16, None), (17, "size")])
def test_a_header_has_16_signatures_at_most(number: int, expected: str | None) -> None:
    assert reason(f"t={STAMP},{'v1=,' * (number - 1)}v1={GOOD}") == expected


@pytest.mark.parametrize("many", [f",v1={'0' * 64}", ",v1=", ",", ",t=1", ",x=1", "9", "=", "é", "\0"])
def test_200_000_of_anything_are_refused_before_they_are_read(many: str) -> None:
    header = HEADER + many * 200_000
    began = time.process_time()
    assert reason(header) == "size"
    assert time.process_time() - began < 0.05


@pytest.mark.parametrize("secrets", [[SECRET, OLD], (OLD, SECRET), [OLD, OLD, SECRET], [SECRET] * 16])
def test_while_a_secret_is_changed_both_count(secrets: Sequence[str]) -> None:
    assert reason(secrets=secrets) is None
    assert reason(secrets=[OLD]) == "signature"
    assert reason(f"t={STAMP},v1={signature(secret=OLD)},v1={GOOD}", secrets=[OLD]) is None


@pytest.mark.parametrize(
    "secrets",
    [
        *([], (), [""], [SECRET, ""], SECRET, "", SECRET.encode(), None, 98765, {SECRET}, {SECRET: 1}, iter([SECRET])),
        *([None], [SECRET.encode()], [98765], [f"{SECRET}\n"], [f" {SECRET}"], ["é"], ["\ud800"], ["x" * 257]),
        [SECRET] * 17,
    ],
)
def test_secrets_that_are_none_are_a_mistake_of_whoever_calls(secrets: Any) -> None:
    with pytest.raises(InvalidArgument) as refused:
        verify(BODY, f"t={STAMP},v1={signature(secret='')}", secrets, now=NOON)
    assert refused.value.parameter == "secrets"
    assert not any(known in f"{refused.value} {refused.value!r}" for known in (SECRET, "98765"))


def test_a_secret_has_256_characters_at_most() -> None:
    for size in (1, 255, 256):
        assert reason(sign(BODY, "x" * size, now=NOON), secrets=["x" * size]) is None


@pytest.mark.parametrize("now", [None, STAMP, NOON.replace(tzinfo=None), NOON.date(), "now"])
def test_a_now_that_is_no_instant_is_a_mistake_of_whoever_calls(now: Any) -> None:
    with pytest.raises(InvalidInstant):
        verify(BODY, HEADER, [SECRET], now=now)
    with pytest.raises(InvalidInstant):
        sign(BODY, SECRET, now=now)


@pytest.mark.parametrize(
    ("body", "secret", "now"),
    [
        ("text", SECRET, NOON),
        (None, SECRET, NOON),
        (BODY, "", NOON),
        (BODY, SECRET.encode(), NOON),
        (BODY, SECRET, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_what_cannot_be_signed_is_a_mistake(body: Any, secret: Any, now: datetime) -> None:
    with pytest.raises(InvalidArgument):
        sign(body, secret, now=now)
