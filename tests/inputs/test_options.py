from __future__ import annotations

from typing import Any

import pytest

from embedcli.errors import InputError
from embedcli.inputs import ReadOptions, check_options


def refusal(**options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        check_options(ReadOptions(**options))
    return caught.value


def test_an_unknown_unit_is_refused_and_the_known_ones_are_named() -> None:
    error = refusal(unit="page")
    assert str(error) == "unit 'page' is not known; choose one of file, line, paragraph"
    assert (error.kind, error.exit_code) == ("usage", 2)


@pytest.mark.parametrize(
    "name", ["klingon", "hex", "rot13", "idna", "unicode_escape", "undefined", "a\0b", ""]
)
def test_an_encoding_that_is_not_one_of_text_files_is_refused(name: str) -> None:
    error = refusal(encoding=name)
    assert error.kind == "usage"
    assert "utf-8, utf-16, cp1252" in str(error)


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "utf-8-sig", "utf_16", "latin1", "hz", "auto"])
def test_python_codec_names_and_auto_are_known(name: str) -> None:
    check_options(ReadOptions(encoding=name))
