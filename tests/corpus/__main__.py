"""`python -m tests.corpus --write` notes how each event is written today."""

import sys

from tests.corpus import CORPUS, lines, place, text_of, written_today

if sys.argv[1:] != ["--write"]:
    sys.exit(__doc__)
older = {place(line): line for line in lines()} if CORPUS.exists() else {}
CORPUS.write_text(text_of({**older, **written_today()}), "utf-8")
