"""Runs every `>>>` of the README, the docs and the docstrings as a test."""

from collections.abc import Iterable
from doctest import ELLIPSIS
from typing import Any

import pytest
from sybil import Document, Example, Region, Sybil
from sybil.document import PythonDocStringDocument
from sybil.parsers.myst import DocTestDirectiveParser, PythonCodeBlockParser, SkipParser
from sybil.parsers.rest import DocTestParser

# Helpers under tests/ assert as well as tests do; rewritten, their asserts hold under `python -O` too.
pytest.register_assert_rewrite("tests")


class DocstringParser(DocTestParser):
    """Gives each docstring its own copy of its module's names, so that no example leans on another."""

    def __call__(self, document: Document) -> Iterable[Region]:
        names: dict[str, Any] = {}
        for region in super().__call__(document):
            evaluate = region.evaluator
            assert evaluate is not None

            def in_own_names(example: Example, evaluate: Any = evaluate) -> str | None:
                if not names:
                    names.update(example.namespace)
                example.namespace = names
                outcome: str | None = evaluate(example)
                return outcome

            region.evaluator = in_own_names
            yield region


pages = Sybil(
    parsers=[
        SkipParser(),
        PythonCodeBlockParser(doctest_optionflags=ELLIPSIS),
        DocTestDirectiveParser(optionflags=ELLIPSIS),
    ],
    patterns=["README.md", "docs/*.md", "docs/**/*.md"],
)
docstrings = Sybil(
    parsers=[DocstringParser(optionflags=ELLIPSIS)],
    patterns=["src/licensing_core/*.py", "src/licensing_core/**/*.py"],
    document_types={".py": PythonDocStringDocument},
)
pytest_collect_file = (pages + docstrings).pytest()
