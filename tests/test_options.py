"""Options are refused before a model is looked for, and the message names the option."""

from __future__ import annotations

from typing import Any

import pytest

from embedcli import ModelOptions
from embedcli.errors import InputError


def test_the_defaults_obey_the_model() -> None:
    options = ModelOptions()
    assert (options.engine, options.pooling, options.normalize) == ("auto", "auto", None)
    assert (options.dim, options.prompt, options.max_tokens, options.long) == (
        None, None, None, "truncate",
    )  # fmt: skip
    assert not options.trust_remote_code


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"engine": "jax"}, "--engine is 'jax', expected one of auto, numpy, torch"),
        ({"dtype": "int8"}, "--dtype is 'int8', expected one of float32, float16, bfloat16"),
        ({"pooling": "median"}, "--pooling is 'median', expected one of auto, mean, cls"),
        ({"long": "wrap"}, "--long is 'wrap', expected one of truncate, error, split, mean"),
        ({"threads": 0}, "--threads is 0, expected 1 or more"),
        ({"dim": 0}, "--dim is 0, expected 1 or more"),
        ({"max_tokens": -1}, "--max-tokens is -1, expected 1 or more"),
        ({"overlap": -1, "long": "split"}, "--overlap is -1, expected 0 or more"),
        ({"overlap": 2}, "--overlap needs --long split or --long mean, and has truncate"),
        ({"prompt": "", "prompt_name": "q"}, "--prompt and --prompt-name exclude each other"),
    ],
)
def test_what_no_model_can_do_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        ModelOptions(**given)
    assert str(caught.value).startswith(message)
    assert caught.value.exit_code == 2
