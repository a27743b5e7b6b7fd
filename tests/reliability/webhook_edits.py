"""What is done to a webhook that is right, so that it is not right any more, and how each such one is to be refused."""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MISTAKE: Final = "mistake"
"""What is told of arguments that only the programmer can have got wrong."""
TOLERANCE: Final = 300
_PRINTABLE: Final = "".join(map(chr, range(33, 127)))
_NASTY: Final = ("\0", "\r", "\n", "\r\n", "\t", " ", "\x7f", "é", "٣", "\uff11", "\ud800", "😀", ",", "=", "\u200b")
_MIB: Final = b"x" * 2**20


def signature(stamp: object, body: bytes, secret: str) -> str:
    """Worked out beside the library, which may be wrong."""
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


class Sent(NamedTuple):
    """What `verify()` is asked: any of it may be wrong."""

    body: Any
    header: Any
    secrets: Any
    now: Any


class Case(NamedTuple):
    """A webhook that is right: what was signed when, and with which of the secrets."""

    body: bytes
    stamp: int
    secrets: list[str]
    used: str
    now: datetime
    good: str

    @property
    def header(self) -> str:
        """Its header, in the shortest form."""
        return f"t={self.stamp},v1={self.good}"

    def sent(self, **other: Any) -> Sent:
        """It as it was signed, but for *other*."""
        return Sent(self.body, self.header, self.secrets, self.now)._replace(**other)

    def signed(self, stamp: object, secret: str | None = None) -> Sent:
        """It with another time, and a signature over that, made with *secret* or else with the right one."""
        made = signature(stamp, self.body, self.used if secret is None else secret)
        return self.sent(header=f"t={stamp},v1={made}")


def a_case(rng: Random) -> Case:
    """A body of a few bytes to a few hundred, signed with one of one to three secrets."""
    number = rng.randrange(10**9)
    body = f'{{"id": "evt_{number}", "amount": {number % 977}, "key": "pay-{rng.random()}"}}'.encode()
    if number % 4 == 0:
        body = rng.randbytes(rng.choice((0, 1, 20, 200)))
    secrets = ["whsec_" + "".join(rng.choices(_PRINTABLE, k=rng.randrange(8, 40))) for _ in range(rng.randrange(1, 4))]
    stamp, used = rng.randrange(1_000_000_000, 4_000_000_000), rng.choice(secrets)
    now = EPOCH + timedelta(seconds=stamp + rng.randint(-TOLERANCE, TOLERANCE))
    return Case(body, stamp, secrets, used, now, signature(stamp, body, used))


def still_right(case: Case, header: str) -> bool:
    """Whether a changed *header* says what the right one did: its time once, and its signature somewhere."""
    items = header.split(",")
    times = [item for item in items if item.startswith("t=")]
    return times == [f"t={case.stamp}"] and f"v1={case.good}" in items


def _until_wrong(case: Case, change: Callable[[], str]) -> Sent:
    while still_right(case, header := change()):
        pass
    return case.sent(header=header)


def bit_flipped(case: Case, rng: Random) -> Sent:
    """One to three bits of the header are others, so that some of it is no ASCII."""

    def change() -> str:
        raw = bytearray(case.header.encode())
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        return raw.decode("latin-1")

    return _until_wrong(case, change)


def spliced(case: Case, rng: Random) -> Sent:
    """A stretch of the header is left out, put elsewhere, doubled or turned round, or two stretches trade places."""

    def change() -> str:
        text = case.header
        a, b, c, d = sorted(rng.choices(range(len(text) + 1), k=4))
        return rng.choice(
            (
                text[:a] + text[b:],
                text[a:],
                text[:a],
                text[:b] + text[a:b] + text[b:],
                text[:a] + text[a:b][::-1] + text[b:],
                text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:],
                text[:a] + text[a : a + 1] * rng.choice((2, 17, 1000)) + text[a:],
            )
        )

    return _until_wrong(case, change)


def put_in(case: Case, rng: Random) -> Sent:
    """Something that belongs in no header stands in it, at either end or amid it."""

    def change() -> str:
        place = rng.choice((0, len(case.header), rng.randrange(len(case.header))))
        return case.header[:place] + rng.choice(_NASTY) + case.header[place:]

    return case.sent(header=change())


def restamped(case: Case, rng: Random) -> Sent:
    """The signature stays, and its time is another one, to keep an old webhook young."""
    stamp = case.stamp + rng.choice((-1, 1, 300, -300, rng.randrange(1, 10**6)))
    return case.sent(header=f"t={stamp},v1={case.good}", now=EPOCH + timedelta(seconds=stamp))


def too_late(case: Case, rng: Random) -> Sent:
    """It is sent again later than 300 seconds after its time, by a microsecond or more."""
    return case.sent(now=EPOCH + timedelta(seconds=case.stamp + TOLERANCE) + _more(rng))


def too_early(case: Case, rng: Random) -> Sent:
    """It was signed for a time more than 300 seconds ahead."""
    return case.sent(now=EPOCH + timedelta(seconds=case.stamp - TOLERANCE) - _more(rng))


def _more(rng: Random) -> timedelta:
    return timedelta(microseconds=rng.choice((1, 10**6, rng.randrange(1, 10**9), rng.randrange(1, 9 * 10**14))))


def far_away(case: Case, rng: Random) -> Sent:
    """It is signed for a time of long ago, or thousands of years ahead."""
    return case.signed(rng.choice((0, 1, rng.randrange(10**8), rng.randrange(10**11, 10**12), 10**12 - 1)))


def by_another(case: Case, rng: Random) -> Sent:
    """It is signed at this time by whoever guesses the secret: nearly right, empty, or another one."""
    used = case.used
    guessed = rng.choice(
        ("", used[:-1], used[1:], f"{used} ", f"{used}\0x", used.swapcase(), "whsec_", str(rng.random()))
    )
    return case.signed(case.stamp, guessed)


def other_scheme(case: Case, rng: Random) -> Sent:
    """The right signature stands under the name of another scheme, alone or beside a wrong one of ours."""
    scheme = rng.choice(("v0", "v2", "V1", "v", "v11", "v1_", "1", "sha256", "v10"))
    ours = rng.choice(("", ",v1=", f",v1={signature(case.stamp, case.body, 'x')}"))
    return case.sent(header=f"t={case.stamp},{scheme}={case.good}{ours}")


def nearly_right(case: Case, rng: Random) -> Sent:
    """The signature is right up to its end, or but for how it is written."""
    good, cut = case.good, rng.randrange(64)
    other = "0" if good[cut] != "0" else "1"
    made = rng.choice((good[:cut], good[cut + 1 :], good[:cut] + other + good[cut + 1 :], good + good[:2], f"0x{good}"))
    return case.sent(header=f"t={case.stamp},v1={made}")


def upper_case(case: Case, rng: Random) -> Sent:
    """Some of its digits are large."""
    places = [place for place, digit in enumerate(case.good) if digit.isalpha()]
    some = set(rng.sample(places, rng.randrange(1, len(places) + 1)))
    made = "".join(digit.upper() if place in some else digit for place, digit in enumerate(case.good))
    return case.sent(header=f"t={case.stamp},v1={made}")


def other_stamp(case: Case, rng: Random) -> Sent:
    """Its time is written in another way, and signed so."""
    plain = str(case.stamp)
    ways = (
        *(f"+{plain}", f"-{plain}", f"0{plain}", f"{plain}.0", f"{plain[:4]}_{plain[4:]}", hex(case.stamp), ""),
        *(f"{plain} ", f" {plain}", f"{plain}e0", f"{plain}\n", f"{plain}\0", "nan", "9" * 13, "1" * 3900),
        *("".join(chr(start + int(digit)) for digit in plain) for start in (0x0660, 0xFF10, 0x1D7CE)),
    )
    return case.signed(rng.choice(ways))


def two_stamps(case: Case, rng: Random) -> Sent:
    """There are two times, alike or not, before or after the signature."""
    more = f"t={rng.choice((case.stamp, case.stamp + 1, case.stamp - 10**6, 0, ''))}"
    items = [f"t={case.stamp}", f"v1={case.good}"]
    items.insert(rng.randrange(3), more)
    return case.sent(header=",".join(items))


def moved_on(case: Case, rng: Random) -> Sent:
    """What was the first of the body stands at the end of the time: the same bytes are signed."""
    digits = str(rng.randrange(10**6))
    made = signature(case.stamp, digits.encode() + b"." + case.body, case.used)
    return case.sent(header=f"t={case.stamp}.{digits},v1={made}")


def other_body(case: Case, rng: Random) -> Sent:
    """The header is right, and the body was touched on the way, or is that of another webhook."""
    body, place = case.body, rng.randrange(len(case.body) + 1)
    flipped = bytes(body[:place] + bytes([(body[place] if place < len(body) else 0) ^ 1 << rng.randrange(8)]))
    ways = (
        body + b"\n",
        b"\xef\xbb\xbf" + body,
        body + body + b".",
        flipped + body[place + 1 :],
        a_case(rng).body + b" ",
    )
    return case.sent(body=rng.choice(ways))


def other_kind(case: Case, rng: Random) -> Sent:
    """The header or the body is not of the type that it is to be."""
    header, body = case.header, case.body
    headers: tuple[object, ...] = (None, header.encode(), bytearray(header.encode()), [header], (header,), 1, {"t": 1})
    bodies: tuple[object, ...] = (None, body.decode("latin-1"), bytearray(body), memoryview(body), [body], 1, {"id": 1})
    return case.sent(**rng.choice(({"header": rng.choice(headers)}, {"body": rng.choice(bodies)})))


def huge_header(case: Case, rng: Random) -> Sent:
    """It is right, and then goes on and on."""
    size = rng.choice((4097, 4098, 5000, 10_000))
    return case.sent(header=(case.header + rng.choice((",x=", ",v0=,x="))).ljust(size, rng.choice("x=0")))


def many_signatures(case: Case, rng: Random) -> Sent:
    """The right signature stands among more than are looked at."""
    items = ["v1=", *["v1=00"] * rng.choice((15, 16, 20, 600))]
    items.insert(rng.randrange(len(items) + 1), f"v1={case.good}")
    return case.sent(header=",".join([f"t={case.stamp}", *items]))


def huge_body(case: Case, rng: Random) -> Sent:
    """The body is larger than a mebibyte; now and then it is even signed."""
    body = _MIB + case.body + b"."
    made = signature(case.stamp, body, case.used) if rng.random() < 0.1 else case.good
    return case.sent(body=body, header=f"t={case.stamp},v1={made}")


def no_secrets(case: Case, rng: Random) -> Sent:
    """The secrets are none, or something that anybody could sign with, and somebody does."""
    ways: tuple[tuple[object, str], ...] = (
        *(([], ""), ((), ""), ([""], ""), (["", *case.secrets], ""), (case.used, case.used[0]), ("", "")),
        *((None, ""), ([None], "None"), ([case.used.encode()], case.used), (case.used.encode(), case.used), ([0], "0")),
        *(
            ([f"{case.used}\n"], f"{case.used}\n"),
            (["é"], "é"),
            ([case.used] * 17, case.used),
            ({case.used}, case.used),
        ),
    )
    secrets, guessed = rng.choice(ways)
    return case.signed(case.stamp, guessed)._replace(secrets=secrets)


def no_instant(case: Case, rng: Random) -> Sent:
    """What is to be now is no aware datetime."""
    return case.sent(
        now=rng.choice((None, case.stamp, float(case.stamp), case.now.replace(tzinfo=None), str(case.now)))
    )


class Edit(NamedTuple):
    """How a webhook is changed, and which refusals may follow."""

    make: Callable[[Case, Random], Sent]
    reasons: frozenset[str]


def _to(reasons: str, *ways: Callable[[Case, Random], Sent]) -> list[Edit]:
    return [Edit(way, frozenset(reasons.split())) for way in ways]


EDITS: Final[Sequence[Edit]] = (
    *_to("form signature size", spliced, spliced, spliced),
    *_to("form signature", bit_flipped, bit_flipped, bit_flipped, put_in),
    *_to("signature", restamped, by_another, other_scheme, nearly_right, upper_case, other_body, other_body),
    *_to("time", too_late, too_early, far_away),
    *_to("form", other_stamp, two_stamps, moved_on, other_kind),
    *_to("size", huge_header, many_signatures, huge_body),
    *_to(MISTAKE, no_secrets, no_instant),
)
"""Each as often as it stands here."""
