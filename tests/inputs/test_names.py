from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from embedcli.inputs import escape, unescape

any_name = st.one_of(
    st.binary(max_size=30).map(os.fsdecode),
    st.text(st.characters(), max_size=30),
    st.text("\\xu0159abdc\n\udc80\x80", max_size=12),
)


@given(any_name)
def test_every_name_comes_back_from_its_id(name: str) -> None:
    assert unescape(escape(name)) == name


@given(any_name)
def test_an_id_is_one_line_of_valid_unicode(name: str) -> None:
    escaped = escape(name)
    escaped.encode("utf-8")
    assert len(escaped.splitlines()) <= 1


def test_names_are_escaped_as_documented() -> None:
    assert escape("résumé/日本語.txt") == "résumé/日本語.txt"
    assert escape(os.fsdecode(b"caf\xe9")) == "caf\\xe9"
    assert escape("a\\xe9") == "a\\\\xe9"
    assert escape("two\nlines\t") == "two\\x0alines\\x09"
    assert escape("\x85\u2028\ud800") == "\\u0085\\u2028\\ud800"


def test_a_broken_byte_and_the_control_of_the_same_number_differ() -> None:
    assert escape(os.fsdecode(b"\x85")) != escape("\x85")
