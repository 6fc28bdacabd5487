from __future__ import annotations

import pytest

from embedcli.inputs.patterns import PathPattern


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("*.txt", "a.txt", True),
        ("*.txt", "deep/er/a.txt", True),
        ("*.txt", "a.md", False),
        ("*.txt", "a.TXT", False),
        ("notes/*.txt", "notes/a.txt", True),
        ("notes/*.txt", "notes/deep/a.txt", False),
        ("notes/*.txt", "old/notes/a.txt", False),
        ("**/notes/*.txt", "notes/a.txt", True),
        ("**/notes/*.txt", "old/er/notes/a.txt", True),
        ("notes/**", "notes/deep/a.txt", True),
        ("notes/**", "notes", False),
        ("a/**/z", "a/z", True),
        ("a/**/z", "a/b/c/z", True),
        ("a/**/z", "a/b/c/y", False),
        ("/a.txt", "a.txt", True),
        ("/a.txt", "b/a.txt", False),
        ("drafts/", "old/drafts", True),
        ("**", "any/thing", True),
        ("[ab]?.txt", "b1.txt", True),
        ("[!ab]?.txt", "b1.txt", False),
        ("a*", "a\nb", True),
        ("a.txt", "a.txtx", False),
    ],
)
def test_patterns_fit_relative_paths(pattern: str, path: str, fits: bool) -> None:
    assert PathPattern(pattern).matches(path.split("/")) is fits


def test_many_stars_do_not_make_matching_slow() -> None:
    assert not PathPattern("/".join(["**", "a"] * 30) + "/b").matches(["a"] * 200)
