"""Texts to measure with, made of what every machine has: docstrings of the standard library.

All docstrings form one stream of words in a fixed order. A line is a run of consecutive words from
a seeded random place, as long as its drawn number of tokens asks for. The same Python version and
seed give the same lines.
"""

from __future__ import annotations

import ast
import random
import statistics
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

from tokenizers import Tokenizer

LEFT_OUT = {"test", "tests", "idlelib", "lib2to3", "site-packages", "dist-packages", "__pycache__"}
WORDS_ENOUGH = 150_000
LONGEST_WORD = 12
"""In tokens: rulers and tables of characters are no words."""
SPECIAL_TOKENS = 2

Draw = Callable[[random.Random, int], int]


def docstring_words(limit: int = WORDS_ENOUGH) -> list[str]:
    """The first ``limit`` words of the standard library's docstrings, files in sorted order."""
    words: list[str] = []
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*.py")):
        if LEFT_OUT.isdisjoint(path.relative_to(library).parts):
            for docstring in _docstrings(path):
                words.extend(docstring.split())
        if len(words) >= limit:
            break
    return words[:limit]


def _docstrings(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, UnicodeDecodeError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node)
            if docstring:
                yield docstring


def draw_short(rng: random.Random, limit: int) -> int:  # noqa: ARG001  (every draw has this form)
    """12 tokens in the mean; the last word may go over what is drawn."""
    return rng.randint(8, 14)


def draw_mixed(rng: random.Random, limit: int) -> int:
    """Median 40, mean near 77, nine in ten at most about 255; the rest are cut at the limit."""
    return max(4, min(limit + 40, round(rng.lognormvariate(3.689, 1.445))))


def draw_long(rng: random.Random, limit: int) -> int:  # noqa: ARG001
    """Enough for every text to be cut at the limit."""
    return limit + 8


CORPORA: dict[str, tuple[Draw, int]] = {
    "short": (draw_short, 6000),
    "mixed": (draw_mixed, 1000),
    "long": (draw_long, 300),
}
"""Name -> (how lengths are drawn, default number of lines); each about 75,000 tokens."""


class CorpusMaker:
    """Cuts lines out of the stream of words; built once for all corpora of a run."""

    def __init__(self, tokenizer: Tokenizer, limit: int) -> None:
        self.limit = limit
        words = docstring_words()
        encodings = tokenizer.encode_batch_fast(words, add_special_tokens=False)
        counted = [(w, len(e.ids)) for w, e in zip(words, encodings, strict=True)]
        kept = [(w, n) for w, n in counted if n <= LONGEST_WORD]
        self.words, self.tokens = [w for w, _ in kept], [n for _, n in kept]

    def lines(self, name: str, count: int, seed: int = 1) -> list[str]:
        """``count`` lines of a corpus, none of them blank."""
        draw, _ = CORPORA[name]
        # A string seeds the same on every Python, where hash() of it would not.
        rng = random.Random(f"{name} {seed}")
        return [self._line(rng, draw(rng, self.limit)) for _ in range(count)]

    def _line(self, rng: random.Random, tokens: int) -> str:
        start = place = rng.randrange(len(self.words) - self.limit * 2)
        wanted = tokens - SPECIAL_TOKENS
        while wanted > 0:
            wanted -= self.tokens[place]
            place += 1
        return " ".join(self.words[start:place])


def token_counts(tokenizer: Tokenizer, lines: list[str]) -> list[int]:
    """Tokens of each line as the model sees it: special tokens included, cut at its limit."""
    return [len(encoding.ids) for encoding in tokenizer.encode_batch_fast(lines)]


def statistics_of(counts: list[int]) -> dict[str, float]:
    """n, min, median, mean, p90, max, total."""
    return {
        "n": len(counts),
        "min": min(counts),
        "median": statistics.median(counts),
        "mean": round(statistics.fmean(counts), 1),
        "p90": sorted(counts)[int(0.9 * (len(counts) - 1))],
        "max": max(counts),
        "total": sum(counts),
    }
