"""Texts to token ids: the ids that sentence-transformers would feed to the model."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tokenizers import Tokenizer as Backend
from tokenizers import normalizers

from embedcli import pieces
from embedcli.checkpoints.auto_tokenizer import BuiltTokenizer, build_by_transformers
from embedcli.checkpoints.tokenizer_file import build_bare, build_from_file
from embedcli.documents import IntArray
from embedcli.errors import InputError, ModelError
from embedcli.threads import TOKENIZER_VARIABLE

Side = Literal["left", "right"]

Long = Literal["truncate", "error", "split", "mean"]

_PROBES = ("a", "1", ".", "the", "一")


@dataclass(frozen=True, slots=True)
class Windows:
    """What a model sees of one text.

    Attributes:
        windows: ids (T,) with special tokens, T at most the maximum.
        weights: content tokens of each window.
        tokens_lost: content tokens that no window holds.
    """

    windows: Sequence[IntArray]
    weights: Sequence[int]
    tokens_lost: int


class Tokenizer:
    """A model's fast tokenizer, and what it puts around every text.

    Args:
        backend: the object of the tokenizers library; it must neither truncate nor pad.
        truncation_side: where a text that is too long is cut.
        pad_id: the id of the padding token.
        source: ``tokenizer.json``, or ``AutoTokenizer`` where transformers built it.

    Attributes:
        n_prefix: special tokens before a text.
        n_suffix: special tokens after it.
    """

    def __init__(
        self, backend: Backend, *, truncation_side: Side = "right", pad_id: int = 0, source: str
    ) -> None:
        self._backend = backend
        self.truncation_side = truncation_side
        self.pad_id = pad_id
        self.source = source
        self._around, self._types = _surroundings(backend)
        self.n_prefix, self.n_suffix = map(len, self._around)

    @property
    def vocab_size(self) -> int:
        """Ids that the tokenizer can give, added tokens included."""
        return int(self._backend.get_vocab_size())

    @property
    def n_special(self) -> int:
        """Special tokens around every text."""
        return self.n_prefix + self.n_suffix

    def encode(self, texts: Sequence[str]) -> list[IntArray]:
        """The ids (T,) of each text with its special tokens, neither cut nor padded.

        Raises:
            InputError: when a text is no string, or holds half of a surrogate pair.
            ModelError: when the tokenizer meets a fault of its own file.
        """
        try:
            # One call for all lets other threads work meanwhile. It starts the library's pool of
            # threads unless the variable says otherwise: `threads` sets it where we compute.
            if TOKENIZER_VARIABLE in os.environ:
                return self._ids_together(texts)
            return [self._ids(text) for text in texts]
        except TypeError as error:
            raise InputError(_unusable(texts), kind="malformed") from error
        except Exception as error:  # the tokenizers library raises the bare class
            raise ModelError(f"the tokenizer's file is broken: {str(error)[:120]}") from error

    def _ids_together(self, texts: Sequence[str]) -> list[IntArray]:
        short = [text for text in texts if len(text) <= pieces.PIECE_CHARACTERS]
        encodings = iter(self._backend.encode_batch_fast(short))
        return [
            np.array(next(encodings).ids, dtype=np.int32)
            if len(text) <= pieces.PIECE_CHARACTERS
            else self._ids(text)
            for text in texts
        ]

    def _ids(self, text: str) -> IntArray:
        if len(text) <= pieces.PIECE_CHARACTERS:
            return np.array(self._backend.encode(text).ids, dtype=np.int32)
        prefix, suffix = self._around
        return np.concatenate([prefix, pieces.ids_in_pieces(self._backend, text), suffix])

    def windows(
        self, ids: IntArray, *, max_tokens: int | None, long: Long = "truncate", overlap: int = 0
    ) -> Windows:
        """Cut a text's ids to what the model takes.

        Args:
            ids: (T,) as ``encode`` gives them.
            max_tokens: special tokens included; None is no limit.
            long: ``truncate`` and ``error`` keep one window, cut on the tokenizer's own side
                (``error`` is the caller's to raise: ``tokens_lost`` says so); ``split`` and
                ``mean`` make windows that hold every token.
            overlap: content tokens that neighbouring windows share.

        Raises:
            InputError: when ``max_tokens`` leaves no room for text, or ``overlap`` fills it.
        """
        total = len(ids) - self.n_special
        room = total if max_tokens is None else max_tokens - self.n_special
        if max_tokens is not None and room < 1:
            raise InputError(
                f"--max-tokens is {max_tokens}, expected more than the {self.n_special} special "
                "tokens around every text"
            )
        if max_tokens is not None and not 0 <= overlap < room:
            raise InputError(
                f"--overlap is {overlap}, expected 0 to {room - 1}: a window holds {room} tokens "
                "of text"
            )
        if total <= room:
            return Windows([ids], [total], 0)
        if long in ("split", "mean"):
            starts = range(0, total - overlap, room - overlap)
            windows = [self._window(ids, start, min(start + room, total)) for start in starts]
            return Windows(windows, [len(window) - self.n_special for window in windows], 0)
        start = total - room if self.truncation_side == "left" else 0
        return Windows([self._window(ids, start, start + room)], [room], total - room)

    def _window(self, ids: IntArray, start: int, stop: int) -> IntArray:
        end = len(ids) - self.n_suffix
        content = ids[self.n_prefix + start : self.n_prefix + stop]
        return np.concatenate([ids[: self.n_prefix], content, ids[end:]])

    def tokens(self, ids: Sequence[int] | IntArray) -> list[str]:
        """The tokens as the vocabulary spells them."""
        spelled = (self._backend.id_to_token(int(number)) for number in ids)
        return ["" if token is None else token for token in spelled]

    def type_ids(self, length: int) -> IntArray | None:
        """The segment ids (T,) of a window of ``length`` tokens; None where all are zero."""
        before, inside, after = self._types
        if not (any(before) or inside or any(after)):
            return None
        content = [inside] * (length - self.n_special)
        return np.array([*before, *content, *after], dtype=np.int32)

    def prompt_length(self, prompt: str) -> int:
        """Leading tokens that belong to a prompt, as sentence-transformers counts them.

        It tokenizes the prompt alone and leaves out a special token at its end.
        """
        ids = self.encode([prompt])[0]
        added = self._backend.get_added_tokens_decoder()
        ends_special = len(ids) > 0 and int(ids[-1]) in added and added[int(ids[-1])].special
        return len(ids) - int(ends_special)


def load_tokenizer(
    folder: Path,
    *,
    config: Mapping[str, Any],
    tokenizer_config: Mapping[str, Any],
    overrides: Mapping[str, Any] | None = None,
    do_lower_case: bool = False,
    trust_remote_code: bool = False,
) -> Tokenizer:
    """The tokenizer of an encoder, from its ``tokenizer.json`` or by ``AutoTokenizer``.

    Args:
        folder: the encoder's folder.
        config: its ``config.json``.
        tokenizer_config: its ``tokenizer_config.json``, with ``overrides`` in it.
        overrides: what other files replace in ``tokenizer_config.json``.
        do_lower_case: whether sentence-transformers' file asks for lower case.
        trust_remote_code: whether code that the folder carries may run.

    Raises:
        ModelError: when there is no usable tokenizer, or transformers is needed and missing.
    """
    built = build_from_file(folder, config, tokenizer_config)
    if built is None:
        built = build_by_transformers(folder, overrides or {}, trust_remote_code=trust_remote_code)
    if do_lower_case:
        _lower_case_first(built.backend)
    return _wrap(built)


def load_bare_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of static embeddings: no special tokens around a text.

    Raises:
        ModelError: when there is no usable ``tokenizer.json``.
    """
    return _wrap(build_bare(folder))


def _wrap(built: BuiltTokenizer) -> Tokenizer:
    backend = built.backend
    pad_id = None if built.pad_token is None else backend.token_to_id(built.pad_token)
    side: Side = "left" if built.truncation_side == "left" else "right"
    return Tokenizer(backend, truncation_side=side, pad_id=pad_id or 0, source=built.source)


def _lower_case_first(backend: Backend) -> None:
    """What sentence-transformers does for ``do_lower_case``: the text before all else."""
    present = backend.normalizer
    steps: list[Any] = []
    if isinstance(present, normalizers.Sequence):
        steps = [present[index] for index in range(len(present))]
    elif present is not None:
        steps = [present]
    if not any(isinstance(step, normalizers.Lowercase) for step in steps):
        backend.normalizer = normalizers.Sequence([normalizers.Lowercase(), *steps])


def _surroundings(
    backend: Backend,
) -> tuple[tuple[IntArray, IntArray], tuple[list[int], int, list[int]]]:
    """The special tokens before a text and after it, and the segment ids of all three."""
    for probe in _PROBES:
        try:
            encoding = backend.encode(probe)
        except Exception as error:  # the tokenizers library raises the bare class
            raise ModelError(f"the tokenizer's file is broken: {str(error)[:120]}") from error
        inside = [i for i, sequence in enumerate(encoding.sequence_ids) if sequence is not None]
        if inside:
            first, last = inside[0], inside[-1] + 1
            ids, types = np.array(encoding.ids, dtype=np.int32), encoding.type_ids
            return (ids[:first], ids[last:]), (types[:first], types[first], types[last:])
    raise ModelError("the tokenizer's file is broken: it gives no tokens for plain letters")


def _unusable(texts: Sequence[object]) -> str:
    for text in texts:
        if not isinstance(text, str):
            return f"a text is {type(text).__name__}, expected str"
        half = next((char for char in text if "\ud800" <= char <= "\udfff"), None)
        if half is not None:
            return (
                f"a text holds half of a surrogate pair (U+{ord(half):04X}), which is no character"
            )
    return "a text cannot be tokenized"
