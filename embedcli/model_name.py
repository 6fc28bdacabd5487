"""Names of models that mean something to embedcli itself; nothing heavy is imported for them."""

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
"""What is used unless another is named."""

UNTRAINED = "untrained"
"""Before ``?``: a seeded model that is drawn and not found."""


def is_untrained(name: str) -> bool:
    """Whether a name asks for an untrained model, such as ``untrained?width=64&seed=7``."""
    return name.partition("?")[0] == UNTRAINED
