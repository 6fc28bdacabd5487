"""The model that is used unless another is named."""

DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"
