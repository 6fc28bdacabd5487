"""What models whose files register no prompt are said to need."""

import pytest

from embedcli.prompt_advice import missing_prompt


@pytest.mark.parametrize(
    ("name", "prompt"),
    [
        ("intfloat/e5-base-v2", "'query: '"),
        ("intfloat/multilingual-e5-small", "'passage: '"),
        ("intfloat/multilingual-e5-large-instruct", "Instruct: TASK"),
        ("BAAI/bge-small-en-v1.5", "Represent this sentence"),
        ("BAAI/bge-large-zh", "为这个句子"),
        ("nomic-ai/nomic-embed-text-v1.5", "'search_query: '"),
        ("/models/E5-small/", "'query: '"),
    ],
)
def test_a_model_trained_with_prompts_is_told_so_with_the_source(name, prompt):
    advice = missing_prompt(name)
    assert prompt in advice
    assert "model card" in advice


@pytest.mark.parametrize(
    "name", ["sentence-transformers/all-MiniLM-L6-v2", "BAAI/bge-m3", "google/flan-t5-base", ""]
)
def test_a_model_without_prompts_gets_no_advice(name):
    assert missing_prompt(name) is None
