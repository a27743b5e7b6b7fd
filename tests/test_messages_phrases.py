"""What the package puts into its refusals, read from its source: each phrase has its translation."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import licensing_core
from licensing_core.checks import Id, InvalidArgument, InvalidQuantity, check_of
from licensing_core.messages import explain, languages
from licensing_core.messages.phrases import PHRASES
from licensing_core.messages.sentences import _phrases, speaker_of
from licensing_core.money import Money
from licensing_core.plans import PlanKind
from licensing_core.rounding import Rounding

SOURCES = Path(licensing_core.__path__[0])
SAID = {"expected", "got", "reason"}
"""The parameters and variables that hold a phrase."""
SHOWING = re.compile(r"_?\w*shown")
"""The functions that say what was given."""
AS_THEY_ARE = {
    "None",  # the value; where it is expected, a phrase
    "bool",  # names of types stay
    "bytes",
    "conflict",
    "read_only",
    "busy",  # reasons of a store, which have sentences of their own
    "closed",
    "failed",
    "unusable",
    "refused",  # reasons of a gateway, and of webhooks, which have sentences of their own
    "unclear",
    "signature",
    "time",
    "size",
    "form",
    "declined",  # what a gateway calls it
    "no_card",
}


def filled(node: ast.expr) -> str | None:
    """The text of *node* with 5 for each value in it; nothing where it is no text, or a value alone."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join((filled(part) or "5") if isinstance(part, ast.Constant) else "5" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            start = filled(left)
            return None if start is None else start + (filled(right) or "5")
    return None


def texts_of(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.IfExp):
        yield from texts_of(node.body)
        yield from texts_of(node.orelse)
    else:
        yield node


def _named(tree: ast.Module) -> Iterator[tuple[str | None, ast.expr]]:
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    return ((one.arg, one.value) for call in calls for one in call.keywords)


def taken(tree: ast.Module) -> dict[str, list[str]]:
    """The parameters of each function, in order."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return {node.name: [one.arg for one in node.args.args] for node in functions}


def phrases_in(tree: ast.Module, elsewhere: Mapping[str, list[str]]) -> Iterator[ast.expr]:
    """What becomes the `expected`, `got` or `reason` of a refusal, and what the functions that show return.

    Args:
        elsewhere: The functions of the package that take a phrase, with their parameters.
    """
    takes = {**elsewhere, **taken(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and SHOWING.fullmatch(node.name):
            yield from (one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value)
    holds = SAID | {value.id for name, value in _named(tree) if name in SAID and isinstance(value, ast.Name)}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=called, args=given, keywords=named):
                yield from (one.value for one in named if one.arg in SAID)
                name = called.id if isinstance(called, ast.Name) else ""
                yield from (one for one, to in zip(given, takes.get(name, ()), strict=False) if to in SAID)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in holds:
                yield value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                yield from (
                    value
                    for one, value in zip(names, values, strict=True)
                    if isinstance(one, ast.Name) and one.id in holds
                )


def phrases() -> dict[str, str]:
    """Each phrase of the package with 5 for every value, and the file it stands in."""
    found: dict[str, str] = {}
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted(SOURCES.rglob("*.py"))}
    elsewhere = {
        name: names for tree in trees.values() for name, names in taken(tree).items() if SAID.intersection(names)
    }
    for path, tree in trees.items():
        for node in phrases_in(tree, elsewhere):
            for one in texts_of(node):
                text = filled(one)
                if text is not None and text not in AS_THEY_ARE and not text.isdigit():
                    found.setdefault(text.replace("a 5", "a tuple"), path.relative_to(SOURCES).as_posix())
    return found


FOUND = phrases()


def test_the_source_is_read_for_its_phrases() -> None:
    assert {
        "an int from 5 to 5",
        "a mapping",
        "ints or Fractions",
        "its parent is unknown",
        "5 decimals",
        "5 over 5",
    } <= set(FOUND)


@pytest.mark.parametrize("text", FOUND, ids=str)
def test_each_phrase_of_the_package_is_known_to_the_catalogs(text: str) -> None:
    sample = re.sub(r"(of type|collection of|mapping to|another) 5", r"\1 Money", text)
    assert any(pattern.fullmatch(sample) for pattern, _ in _phrases()), (
        f"{FOUND[text]} says {text!r}: add it to PHRASES in messages/phrases.py and run tools/messages.sh"
    )


def test_no_phrase_is_left_that_the_package_does_not_say() -> None:
    samples = [re.sub(r"(of type|collection of|mapping to|another) 5", r"\1 Money", text) for text in FOUND]
    samples += ["None", "of type Money or Scope", "an AllocationMethod", "a frozenset", "without end", "5, without end"]
    samples += ["licenses", "seats", "single_license", "multi_license"]
    used = {next((part.text for pattern, part in _phrases() if pattern.fullmatch(one)), "") for one in samples}
    assert {part.text for part in PHRASES} - used == set()


@pytest.mark.parametrize(
    ("phrase", "in_spanish"),
    [
        ("a tuple", "un valor de tipo tuple"),
        ("a frozenset", "un valor de tipo frozenset"),
        ("of type Scope or Content", "un valor de tipo Scope o Content"),
        ("an AllocationMethod", "un valor de tipo AllocationMethod"),
        ("None, or months alone in every", "nada, o solo meses en «every»"),
        ("clamp, or months alone in every", "clamp, o solo meses en «every»"),
        ("3 for 2", "3 para 2"),
        ("str of 2 characters over 0", "un texto de 2 caracteres entre 0"),
        ("one of each kind", "uno de cada clase"),
        ("at most 12.50 EUR", "12.50 EUR como máximo"),
        ("at most 2 decimals for EUR", "como máximo 2 decimales para EUR"),
        ("from 0 to 1000", "de 0 a 1000"),
        ("1 to 100", "de 1 a 100"),
        ("a Duration, which the base from_part counts", "un valor de tipo Duration, que la base from_part cuenta"),
        ("no later than now", "no posterior a «now»"),
        ("at most 366 days ahead of now", "como máximo 366 días después de «now»"),
        ("10, without end, 20", "10, sin fin, 20"),
        ("10, a banana, without end", "10, a banana, without end"),
        ("of a plan that sells seats", "de un plan que vende plazas"),
        ("() in a trial", "() en un periodo de prueba"),
        ("at most 5, for what they cost", "como máximo 5, por lo que cuestan"),
        ("one of at most 100 for which it is blocked", "una de como máximo 100 por las que está bloqueado"),
        ("one of another key", "uno de otra clave"),
        ("another int", "otro valor de tipo int"),
        ("another user", "otro usuario"),
        ("100 at most", "100 como máximo"),
        ("a list or tuple of 1 to 16 secrets", "una lista de 1 a 16 secretos"),
        ("a banana split", "a banana split"),
    ],
)
def test_a_phrase_is_told_in_the_language(phrase: str, in_spanish: str) -> None:
    assert speaker_of("es").phrase(phrase) == in_spanish
    assert speaker_of("en").phrase(phrase) == phrase


@pytest.mark.parametrize("locale", languages())
def test_a_bad_argument_is_named_as_it_stands_in_the_code(locale: str) -> None:
    text = explain(InvalidArgument(parameter="anchor_day", expected="a mapping", got="None"), locale)
    assert text.startswith(("“anchor_day”", "«anchor_day»"))


@pytest.mark.parametrize(
    ("annotation", "value"),
    [(tuple[Id, ...], "x"), (frozenset[Id], ["x"]), (Money | None, 3), (Id | None, 3), (PlanKind, "seats")],
    ids=["tuple", "frozenset", "money", "id", "enum"],
)
def test_a_field_is_refused_without_a_word_of_english(annotation: object, value: object) -> None:
    with pytest.raises(InvalidArgument) as refused:
        check_of(annotation)("field", value)
    text = explain(refused.value, "es")
    assert not re.search(r"\b(a|an|of|from|to|or|and|the|type|str)\b", text.replace("a 64 letras", ""))


def test_a_quotient_is_refused_in_the_language() -> None:
    with pytest.raises(InvalidQuantity) as refused:
        Rounding.HALF_UP.quotient("5", 0)  # type: ignore[arg-type]
    assert explain(refused.value, "es") == (
        "«quotient» no es válido. Se espera: un número entero entre otro mayor que 0. "
        "Se recibió: un texto de 1 carácter entre 0. Corrígelo e inténtalo de nuevo."
    )
