"""Documents into windows of token ids, as a model is set to take them: no weights are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embedcli.checkpoints import STATIC, Checkpoint, Settings, find_checkpoint, read_settings
from embedcli.documents import Document, IntArray, TokenizedDocument
from embedcli.errors import InputError
from embedcli.model_name import is_untrained
from embedcli.options import ModelOptions
from embedcli.prompt_advice import missing_prompt
from embedcli.tokenization import Tokenizer, load_bare_tokenizer, load_tokenizer
from embedcli.usage import Usage, resolve


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model whose configuration has been read, and nothing large yet.

    Attributes:
        checkpoint: where the model was found.
        settings: what its files say.
        usage: how it is used, with the source of each setting.
        options: what was asked for.
    """

    checkpoint: Checkpoint
    settings: Settings
    usage: Usage
    options: ModelOptions


@dataclass(frozen=True, slots=True)
class DocumentTokenizer(FoundModel):
    """A found model with its tokenizer: all of it that comes before its weights.

    Attributes:
        tokenizer: texts into token ids.
    """

    tokenizer: Tokenizer

    @property
    def cautions(self) -> tuple[str, ...]:
        """Lines for people about what may differ from the authors' use."""
        asked = self.options.prompt is not None or self.options.prompt_name is not None
        if asked or self.usage.prompt.value or self.settings.prompts.value:
            return self.settings.cautions
        remembered = str(self.settings.config.get("_name_or_path", ""))
        advice = missing_prompt(self.checkpoint.name) or missing_prompt(remembered)
        return self.settings.cautions if advice is None else (*self.settings.cautions, advice)

    @property
    def skipped(self) -> int:
        """Leading tokens of each text that are not pooled: those of a prompt, for some models."""
        prompt = self.usage.prompt.value
        if not prompt or self.usage.pools_prompt:
            return 0
        return self.tokenizer.prompt_length(prompt)

    def tokenize(self, documents: Sequence[Document]) -> list[TokenizedDocument | InputError]:
        """Token ids with the prompt in front, cut or split to the longest window."""
        prompt = self.usage.prompt.value
        encoded = self.tokenizer.encode([prompt + document.text for document in documents])
        return [self._cut(*pair) for pair in zip(documents, encoded, strict=True)]

    def _cut(self, document: Document, ids: IntArray) -> TokenizedDocument | InputError:
        limit = self.usage.max_tokens.value
        cut = self.tokenizer.windows(
            ids, max_tokens=limit, long=self.options.long, overlap=self.options.overlap
        )
        if cut.tokens_lost and self.options.long == "error":
            return InputError(
                f"{document.id}: {len(ids)} tokens, and the model takes {limit}; choose --long "
                "truncate, split or mean",
                id=document.id,
                source=document.source,
                kind="too-long",
            )
        return TokenizedDocument(document, cut.windows, cut.weights, cut.tokens_lost)


def find_model(name: str, options: ModelOptions) -> FoundModel:
    """Find a model and read its configuration.

    Raises:
        ModelError: when the model cannot be had or its files are broken.
        InputError: when the options do not fit the model.
    """
    if is_untrained(name):
        from embedcli import untrained

        checkpoint, settings = untrained.checkpoint(name), untrained.settings()
    else:
        checkpoint = find_checkpoint(name, revision=options.revision, offline=options.offline)
        settings = read_settings(checkpoint)
    return FoundModel(checkpoint, settings, resolve(settings, options), options)


def add_tokenizer(found: FoundModel) -> DocumentTokenizer:
    """Load the tokenizer of a model that was found.

    Raises:
        ModelError: when its files are broken, or transformers is needed and missing.
    """
    settings = found.settings
    if is_untrained(found.checkpoint.name):
        from embedcli import untrained

        tokenizer = untrained.byte_tokenizer()
    elif settings.model_type == STATIC:
        tokenizer = load_bare_tokenizer(settings.encoder_folder)
    else:
        tokenizer = load_tokenizer(
            settings.encoder_folder,
            config=settings.config,
            tokenizer_config=settings.tokenizer_config,
            overrides=settings.tokenizer_overrides,
            do_lower_case=settings.do_lower_case.value,
            trust_remote_code=found.options.trust_remote_code,
        )
    return DocumentTokenizer(found.checkpoint, settings, found.usage, found.options, tokenizer)
