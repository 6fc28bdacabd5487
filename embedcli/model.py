"""A model ready for use: tokenizer, engine, pooling and prompts, from its own files."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from embedcli.batching import Batch
from embedcli.checkpoints import Digest
from embedcli.document_tokenizer import DocumentTokenizer, add_tokenizer, find_model
from embedcli.documents import Document, FloatArray, Row, TokenizedDocument
from embedcli.engines import Engine
from embedcli.engines.numpy_engine import NumpyEngine
from embedcli.engines.selection import EngineRequest, load_engine
from embedcli.errors import InputError, ModelError
from embedcli.model_name import DEFAULT_MODEL, is_untrained
from embedcli.options import ModelOptions
from embedcli.pipeline import OnError, OnProgress, OnStretch, embed_documents, stop
from embedcli.recall import Recall, room_for
from embedcli.sharding import Share
from embedcli.steps import Head, build_steps
from embedcli.threads import (
    available_threads,
    single_threaded_blas,
    single_threaded_tokenizer,
)


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """Texts into vectors; made by ``load_model``.

    Attributes:
        reader: documents into token ids; holds what the model's files say.
        engine: token ids into hidden states.
        engine_reason: why this engine.
        head: hidden states into vectors.
        weights_sha256: the digest of the weights; raises ModelError when they are not as pinned.
    """

    reader: DocumentTokenizer
    engine: Engine
    engine_reason: str
    head: Head
    weights_sha256: Callable[[], str]

    @property
    def dimension(self) -> int:
        """Components of a vector."""
        return self.head.width(self.engine.width)

    @property
    def workers(self) -> int:
        """Batches that are computed at the same time."""
        return self.engine.workers

    @property
    def batch_tokens(self) -> int:
        """Tokens a batch."""
        return self.engine.batch_tokens

    @property
    def averages_windows(self) -> bool:
        """Whether the windows of a long document become one row."""
        return self.reader.options.long == "mean"

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Vectors of texts.

        Args:
            texts: any number of texts.

        Returns:
            (N, D) float32 in the order of the texts.

        Raises:
            InputError: when a text cannot be embedded, or the options give no one vector a text.
        """
        if isinstance(texts, str):
            raise InputError("embed takes a list of texts, and was given one text: [text]")
        if not self.head.modes or self.reader.options.long == "split":
            raise InputError(
                "embed gives one vector a text; use rows() with pooling 'none' or long 'split'"
            )
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        documents = (Document(str(n), text, "-", "-") for n, text in enumerate(texts))
        for vector, row in zip(vectors, self.rows(documents), strict=True):
            vector[:] = row.vector
        return vectors

    def rows(
        self,
        documents: Iterable[Document],
        on_error: OnError = stop,
        on_progress: OnProgress | None = None,
        *,
        recall: Recall | None = None,
        on_stretch: OnStretch | None = None,
        share: Share | None = None,
    ) -> Generator[Row, None, None]:
        """Rows of documents, streamed; see ``pipeline.embed_documents``."""
        recall = recall or self.recall()
        return embed_documents(
            documents,
            self,
            on_error,
            on_progress,
            recall=recall,
            on_stretch=on_stretch,
            share=share,
        )

    def recall(self) -> Recall:
        """A memory for one run: equal texts are computed once."""
        keeps_states = not self.head.modes
        room = room_for(self.dimension, keeps_states=keeps_states)
        return Recall(room, keeps_states)

    def tokenize(self, documents: Sequence[Document]) -> list[TokenizedDocument | InputError]:
        """Token ids with the prompt in front, cut or split to the longest window."""
        return self.reader.tokenize(documents)

    def encode(self, batch: Batch) -> list[FloatArray]:
        """The pooled vectors, or the token states, of a batch, in packed order."""
        return self.head.pool(self.engine.states(batch), batch.blocks)

    def finish(self, vector: FloatArray) -> FloatArray:
        """Normalised and cut as the usage says."""
        return self.head.finish(vector)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """The tokenizer at one thread, and BLAS where the engine runs batches side by side."""
        blas = single_threaded_blas() if self.engine.name == "numpy" else nullcontext()
        with single_threaded_tokenizer(), blas:
            yield

    def facts(self) -> Mapping[str, Any]:
        """How vectors of this model are made: what belongs into the provenance of an output.

        Raises:
            ModelError: when the weights are not the ones that are pinned.
        """
        reader, usage = self.reader, self.reader.usage
        return {
            "model": reader.checkpoint.name,
            "revision": reader.checkpoint.revision,
            "weights_sha256": self.weights_sha256(),
            "engine": self.engine.name,
            "dtype": self.engine.dtype,
            "pooling": "+".join(usage.pooling.value) or "none",
            "normalized": usage.normalized.value,
            "dimension": self.dimension,
            "dim": reader.options.dim,
            "prompt": usage.prompt.value,
            "max_tokens": usage.max_tokens.value,
            "long": reader.options.long,
            "overlap": reader.options.overlap,
        }


def load_model(name: str = DEFAULT_MODEL, options: ModelOptions | None = None) -> EmbeddingModel:
    """Find a model and make it ready.

    Args:
        name: a folder, the name of a model on the hub, or ``untrained?width=128&seed=0``.
        options: how it is to be used; every default obeys the model's own files.

    Raises:
        ModelError: when the model cannot be had or used.
        InputError: when the options do not fit the model.
    """
    options = options or ModelOptions()
    found = find_model(name, options)
    settings, usage = found.settings, found.usage
    engine: Engine
    if is_untrained(name):
        reader = add_tokenizer(found)
        engine, reason, sha256 = _draw(name, options)
    else:
        # Hashed in a thread of its own from here on, while tokenizer and engine are loaded.
        sha256 = Digest(settings.encoder_folder, found.checkpoint.pinned_sha256).result
        reader = add_tokenizer(found)
        _refuse_segments(reader)
        engine, reason = load_engine(settings.encoder_folder, settings.config, _request(options))
    head = Head(
        modes=usage.pooling.value,
        skip=reader.skipped,
        steps=build_steps(reader.checkpoint.folder, settings.modules.value)
        if usage.pooling.value
        else (),
        dim=usage.dim.value,
        normalized=usage.normalized.value,
        renormalized=usage.renormalized,
    )
    _check_dim(options.dim, replace(head, dim=None).width(engine.width))
    return EmbeddingModel(reader, engine, reason, head, sha256)


def _refuse_segments(reader: DocumentTokenizer) -> None:
    """No engine is fed segment ids, so a model that would get others than 0 is refused."""
    tokenizer, segments = reader.tokenizer, reader.settings.config.get("type_vocab_size")
    if segments not in (None, 0, 1) and tokenizer.type_ids(tokenizer.n_special + 1) is not None:
        raise ModelError(
            "the tokenizer gives segment ids other than 0 to a single text, which embedcli does "
            "not feed to the model"
        )


def _check_dim(asked: int | None, components: int) -> None:
    if asked is not None and asked > components:
        raise InputError(f"--dim is {asked}, and the model's vectors have {components} components")


def _request(options: ModelOptions) -> EngineRequest:
    return EngineRequest(
        name=options.engine,
        device=options.device,
        dtype=options.dtype,
        threads=options.threads or available_threads(),
        trust_remote_code=options.trust_remote_code,
    )


def _draw(name: str, options: ModelOptions) -> tuple[Engine, str, Callable[[], str]]:
    if options.engine == "torch":
        raise ModelError(f"{name} is drawn by the numpy engine; leave --engine out")
    from embedcli import untrained

    model = untrained.parse(name)
    engine = NumpyEngine(model.encoder(), options.threads or available_threads())
    return engine, "untrained models are drawn for it", model.sha256


def embed(texts: Sequence[str], model: str = DEFAULT_MODEL) -> FloatArray:
    """Vectors (N, D) of texts in one call; ``load_model`` once is quicker for several calls."""
    return load_model(model).embed(texts)
