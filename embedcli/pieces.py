"""Very long texts in pieces, so that the tokenizer's memory does not grow with them.

No rule says for every tokenizer where a text may be cut. So neighbouring pieces overlap, and are
joined inside a run of tokens that both see alike, with the same ids at the same characters: what
lies left of it cannot have told the right piece anything, nor what lies right of it the left one.
Where two pieces do not agree (a word of a million letters), the left one is made longer, up to the
whole text.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from tokenizers import Encoding
from tokenizers import Tokenizer as Backend

from embedcli.documents import IntArray

PIECE_CHARACTERS, SHARED_CHARACTERS = 1 << 18, 1 << 13
"""The tokenizers library takes some 150 bytes for each byte of a text that it is given."""

RUN_TOKENS = 32
"""Tokens on each side of a joint that two pieces must have alike."""

_JOINTS_TRIED = 8

Token = tuple[int, int, int]
"""Id, first character and end in the whole text."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """The tokens of ``text[start:end]``."""

    start: int
    end: int
    encoding: Encoding

    def token_at(self, character: int) -> int | None:
        """The token that covers a character of the text, or the next one that is covered."""
        for place in range(character - self.start, min(character + 64, self.end) - self.start):
            found: int | None = self.encoding.char_to_token(place)
            if found is not None:
                return found
        return None

    def run(self, middle: int, ids: list[int]) -> list[Token]:
        """The tokens around a joint; fewer than wanted at an end of the piece."""
        first, last = max(middle - RUN_TOKENS, 0), min(middle + RUN_TOKENS, len(ids))
        spans = [self.encoding.token_to_chars(place) or (0, 0) for place in range(first, last)]
        return [
            (number, self.start + begin, self.start + end)
            for number, (begin, end) in zip(ids[first:last], spans, strict=True)
        ]


class _DisagreementError(Exception):
    """Tokens that depend on what lies far behind them: the tokenizer must see the whole text."""


def ids_in_pieces(backend: Backend, text: str) -> IntArray:
    """The ids (T,) of a text without special tokens, as the tokenizer gives them for the whole.

    Raises:
        Exception: as the tokenizers library does, for a fault of the tokenizer's own file.
    """
    try:
        return np.concatenate(list(_parts(backend, text)))
    except _DisagreementError:
        return np.array(backend.encode(text, add_special_tokens=False).ids, np.int32)


def _parts(backend: Backend, text: str) -> Iterator[IntArray]:
    left = _piece(backend, text, 0, PIECE_CHARACTERS)
    ids, first = left.encoding.ids, 0
    before: list[Token] = []
    while left.end < len(text):
        start = max(left.end - SHARED_CHARACTERS, left.start + 1)
        right = _piece(backend, text, start, start + PIECE_CHARACTERS)
        right_ids = right.encoding.ids
        joint = _joint(left, right, ids, right_ids)
        if joint is not None and joint[0] > first:
            yield np.array(ids[first : joint[0]], np.int32)
            left, ids, first = right, right_ids, joint[1]
            before = left.run(first, ids)
            continue
        del right, right_ids
        # The same text with more behind it: its part before the joint stays, or nothing holds.
        left = _piece(backend, text, left.start, left.end + (left.end - left.start))
        ids = left.encoding.ids
        if before and left.run(first, ids) != before:
            raise _DisagreementError
    yield np.array(ids[first:], np.int32)


def _piece(backend: Backend, text: str, start: int, end: int) -> _Piece:
    end = min(end, len(text))
    return _Piece(start, end, backend.encode(text[start:end], add_special_tokens=False))


def _joint(
    left: _Piece, right: _Piece, left_ids: list[int], right_ids: list[int]
) -> tuple[int, int] | None:
    """The place of one token in both pieces, amid a run that they have alike."""
    shared = left.end - right.start
    for number in range(1, _JOINTS_TRIED):
        # From the middle outwards: the ends of a piece are where it may be wrong.
        step = number // 2 * (1 if number % 2 else -1)
        character = right.start + shared // 2 + step * shared // (2 * _JOINTS_TRIED)
        places = left.token_at(character), right.token_at(character)
        if places[0] is None or places[1] is None:
            continue
        runs = left.run(places[0], left_ids), right.run(places[1], right_ids)
        if runs[0] == runs[1] and len(runs[0]) == 2 * RUN_TOKENS:
            return places[0], places[1]
    return None
