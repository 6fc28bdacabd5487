"""Very long texts give the same ids in pieces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers

from embedcli import pieces as module
from embedcli.document_tokenizer import add_tokenizer, find_model
from embedcli.model_name import DEFAULT_MODEL
from embedcli.options import ModelOptions
from embedcli.pieces import ids_in_pieces, pieces

WORDS = [
    "naïve",
    "ΣΊΣΥΦΟΣ",
    "東京都",
    "[MASK]",
    "a\u0301b",
    "don't",
    "\u200dx",
    "x" * 40,
    "🙂🙂",
    "\t",
]


@settings(deadline=None, max_examples=50)
@given(text=st.text("ab \n", max_size=60), size=st.integers(1, 12))
def test_pieces_are_the_text_and_begin_with_a_space(text, size):
    cut = list(pieces(text, size))
    assert "".join(cut) == text
    assert all(piece[0] in " \n" for piece in cut[1:])


def test_a_word_longer_than_a_piece_stays_whole():
    assert list(pieces("a " + "b" * 9 + " c", 4)) == ["a", " " + "b" * 9, " c"]


@pytest.mark.real_model
@settings(deadline=None, max_examples=40)
@given(words=st.lists(st.sampled_from(WORDS), max_size=40), gap=st.sampled_from([" ", "\n", "  "]))
def test_a_text_in_pieces_has_the_ids_of_the_whole(words, gap):
    tokenizer = add_tokenizer(find_model(DEFAULT_MODEL, ModelOptions())).tokenizer
    text = gap.join(words)
    whole = tokenizer.encode([text])[0].tolist()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE_CHARACTERS", 7)
        assert tokenizer.encode([text])[0].tolist() == whole


def test_only_tokenizers_to_which_spaces_are_nothing_take_pieces():
    backend = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    assert not ids_in_pieces(backend)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    assert ids_in_pieces(backend)
    backend.add_tokens([AddedToken("two words")])
    assert not ids_in_pieces(backend)
