"""Sphinx settings. The build needs no network: every reference stays inside these pages."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "_ext")]

_project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

project = "licensing_core"
author = copyright = "licensing_core contributors"  # noqa: A001  # Sphinx's own name
release = version = _project["version"]

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "convention_table",
    "error_table",
    "floors",
    "life_cycle",
    "module_pages",
]
exclude_patterns = ["_build"]
suppress_warnings = ["ref.python", "toc.empty_glob"]

language = "en"
locale_dirs = ["locale"]
gettext_compact = False

html_theme = "furo"
html_title = f"licensing_core {release}"
html_static_path: list[str] = []
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
