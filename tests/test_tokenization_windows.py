"""Windows hold every token that they promise to hold; what stands around a text is known."""

from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import models, processors

from embedcli.documents import IntArray
from embedcli.errors import InputError
from embedcli.tokenization import Tokenizer


def framed(content: int) -> IntArray:
    return np.array([2, *range(10, 10 + content), 3], dtype=np.int32)


@pytest.fixture(params=["right", "left"])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    words = {"[PAD]": 0, "a": 1, "[CLS]": 2, "[SEP]": 3}
    backend = Backend(models.WordLevel(words, unk_token="[PAD]"))
    backend.add_special_tokens(["[CLS]", "[SEP]"])
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return Tokenizer(backend, truncation_side=request.param, source="test")


def test_split_windows_by_hand(tokenizer: Tokenizer) -> None:
    cut = tokenizer.windows(framed(7), max_tokens=5, long="split", overlap=1)
    assert [window.tolist() for window in cut.windows] == [
        [2, 10, 11, 12, 3],
        [2, 12, 13, 14, 3],
        [2, 14, 15, 16, 3],
    ]
    assert (list(cut.weights), cut.tokens_lost) == ([3, 3, 3], 0)


@pytest.mark.parametrize("content", range(1, 40))
@pytest.mark.parametrize(("room", "overlap"), [(1, 0), (4, 0), (4, 3), (7, 2)])
def test_split_windows_hold_every_token_and_share_the_overlap(
    content: int, room: int, overlap: int, tokenizer: Tokenizer
) -> None:
    ids = framed(content)
    cut = tokenizer.windows(ids, max_tokens=room + 2, long="mean", overlap=overlap)
    inner = [window[1:-1].tolist() for window in cut.windows]
    joined = inner[0] + [token for window in inner[1:] for token in window[overlap:]]
    assert joined == ids[1:-1].tolist()
    assert all(len(window) == room for window in inner[:-1])
    assert list(cut.weights) == [len(window) for window in inner]


def test_error_and_truncate_tell_how_much_is_lost(tokenizer: Tokenizer) -> None:
    for long in ("error", "truncate"):
        assert tokenizer.windows(framed(9), max_tokens=6, long=long).tokens_lost == 5
        assert tokenizer.windows(framed(4), max_tokens=6, long=long).tokens_lost == 0


def test_a_text_is_cut_on_the_tokenizers_side(tokenizer: Tokenizer) -> None:
    kept = tokenizer.windows(framed(5), max_tokens=4).windows[0].tolist()
    assert kept == {"right": [2, 10, 11, 3], "left": [2, 13, 14, 3]}[tokenizer.truncation_side]


def test_without_a_limit_nothing_is_cut(tokenizer: Tokenizer) -> None:
    assert tokenizer.windows(framed(999), max_tokens=None).weights == [999]


def test_an_empty_text_has_one_window_of_special_tokens(tokenizer: Tokenizer) -> None:
    cut = tokenizer.windows(framed(0), max_tokens=5, long="split", overlap=2)
    assert ([w.tolist() for w in cut.windows], cut.weights) == ([[2, 3]], [0])


@pytest.mark.parametrize(
    ("max_tokens", "overlap", "message"),
    [(2, 0, "--max-tokens is 2"), (6, 4, "--overlap is 4, expected 0 to 3"), (6, -1, "--overlap")],
)
def test_windows_without_room_are_refused(
    max_tokens: int, overlap: int, message: str, tokenizer: Tokenizer
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        tokenizer.windows(framed(9), max_tokens=max_tokens, long="split", overlap=overlap)
    assert caught.value.exit_code == 2


def test_segment_ids_are_given_only_where_one_is_not_zero(tokenizer: Tokenizer) -> None:
    assert tokenizer.type_ids(5) is None
    backend = Backend(models.WordLevel({"[PAD]": 0, "a": 1}, unk_token="[PAD]"))
    backend.post_processor = processors.TemplateProcessing(
        single="a:0 $A:1 a:2", special_tokens=[("a", 1)]
    )
    types = Tokenizer(backend, source="test").type_ids(5)
    assert types is not None
    assert types.tolist() == [0, 1, 1, 1, 2]


def test_tokens_are_spelled_as_in_the_vocabulary(tokenizer: Tokenizer) -> None:
    assert tokenizer.tokens(tokenizer.encode(["a"])[0]) == ["[CLS]", "a", "[SEP]"]
    assert tokenizer.tokens([1, 999]) == ["a", ""]


def test_a_prompts_length_leaves_out_the_special_token_at_its_end(tokenizer: Tokenizer) -> None:
    assert tokenizer.prompt_length("a") == 2


def test_a_model_without_special_tokens_has_none() -> None:
    backend = Backend(models.WordLevel({"[PAD]": 0, "a": 1}, unk_token="[PAD]"))
    tokenizer = Tokenizer(backend, source="test")
    assert (tokenizer.n_prefix, tokenizer.n_suffix) == (0, 0)
    assert tokenizer.windows(tokenizer.encode(["a"])[0], max_tokens=1).tokens_lost == 0
