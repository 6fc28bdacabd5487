"""Models whose authors ask for a prompt that their files do not register.

Nothing is put before a text because of this table: it only tells what would be missing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """Prompts that a family of models was trained with.

    Attributes:
        pattern: matches the model's name, without its organisation.
        prompts: what to put before which texts, for people.
        source: where the authors say so.
    """

    pattern: str
    prompts: str
    source: str


_TABLE = (
    Advice(
        r"e5-mistral|(multilingual-)?e5-.*-instruct",
        "'Instruct: TASK\\nQuery: ' before queries, nothing before passages",
        "the model cards of intfloat's instruct models",
    ),
    Advice(
        r"(multilingual-)?e5-(small|base|large)",
        "'query: ' before queries and for symmetric tasks, 'passage: ' before passages",
        "the model cards of intfloat/e5-*",
    ),
    Advice(
        r"bge-(small|base|large)-zh",
        "'为这个句子生成表示以用于检索相关文章：' before queries, nothing before passages",
        "the model cards of BAAI/bge-*-zh",
    ),
    Advice(
        r"bge-(small|base|large)-en|mxbai-embed|UAE-Large|snowflake-arctic-embed-(xs|s|m|l)(-v1.5)?$",
        "'Represent this sentence for searching relevant passages: ' before queries, "
        "nothing before passages",
        "the model cards",
    ),
    Advice(
        r"nomic-embed-text|modernbert-embed",
        "'search_query: ' before queries, 'search_document: ' before documents",
        "the model cards of nomic-ai",
    ),
    Advice(
        r"instructor-(base|large|xl)",
        "an instruction such as 'Represent the document for retrieval: '",
        "the model cards of hkunlp/instructor-*",
    ),
)


def missing_prompt(name: str) -> str | None:
    """One line about the prompts that a model's authors ask for, or None where none are known.

    Args:
        name: the model's name or folder, or the name that its config.json remembers.
    """
    model = name.rstrip("/").rsplit("/", 1)[-1]
    for advice in _TABLE:
        if re.match(advice.pattern, model, re.IGNORECASE):
            return (
                f"no prompt is used, and the authors of {model} ask for {advice.prompts} "
                f"({advice.source}); give --prompt TEXT, or --prompt '' to leave it so"
            )
    return None
