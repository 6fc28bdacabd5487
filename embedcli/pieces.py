"""Very long texts in pieces, so that the tokenizer's memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator

from tokenizers import Tokenizer as Backend
from tokenizers.pre_tokenizers import BertPreTokenizer

PIECE_CHARACTERS = 1 << 18
"""The tokenizers library takes some 150 bytes for each byte of a text that it is given."""


def ids_in_pieces(backend: Backend) -> bool:
    """Whether a text that is cut before spaces gives the ids of the whole text.

    It does where spaces end words and leave no trace, as in BERT's tokenizers, and no added token
    has a space in it.
    """
    if not isinstance(backend.pre_tokenizer, BertPreTokenizer):
        return False
    added = backend.get_added_tokens_decoder().values()
    return not any(character.isspace() for token in added for character in token.content)


def pieces(text: str, size: int) -> Iterator[str]:
    """Cut a text before spaces or line ends, into pieces of about ``size`` characters.

    A word that is longer stays whole. Joined, the pieces are the text.
    """
    start = 0
    while len(text) - start > size:
        cut = max(text.rfind(space, start + 1, start + size) for space in " \n")
        if cut < 0:
            found = [text.find(space, start + size) for space in " \n"]
            cut = min((place for place in found if place >= 0), default=len(text))
        yield text[start:cut]
        start = cut
    if start < len(text):
        yield text[start:]
