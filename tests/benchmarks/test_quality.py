"""The measures of the quality benchmark, against cases worked by hand."""

import json

import pytest

from benchmarks.quality import ndcg, retrieval, spearman, sts
from embedcli import load_model


def test_spearman_is_one_for_the_same_order_and_minus_one_for_the_reverse():
    assert spearman([1, 2, 3, 4], [10, 20, 30, 400]) == pytest.approx(1)
    assert spearman([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1)


def test_equal_values_share_their_mean_rank():
    # Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: the correlation is 4.5 / sqrt(4.5 * 5).
    assert spearman([1, 2, 2, 3], [1, 2, 3, 4]) == pytest.approx((4.5 / 5) ** 0.5)


def test_ndcg_discounts_by_the_logarithm_of_the_place():
    assert ndcg(["a", "b"], {"a": 1}) == pytest.approx(1)
    assert ndcg(["b", "a"], {"a": 1}) == pytest.approx(0.6309297535714574)  # 1 / log2(3)
    assert ndcg(["c"], {"a": 1}) == 0


def test_both_tasks_run_on_files_in_their_published_layouts(tmp_path):
    model = load_model("untrained?width=16&layers=1&heads=2")
    pairs = tmp_path / "pairs.tsv"
    pairs.write_text('5.0\tthe same\tthe same\n0.0\tone thing\tanother "matter\n2\tx\txy\n')
    assert sts(pairs, model).startswith("pairs.tsv: 3 pairs, Spearman ")
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq\td2\t1\n")
    documents = [{"_id": "d1", "title": "", "text": "far"}, {"_id": "d2", "text": "near here"}]
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, documents)))
    (tmp_path / "queries.jsonl").write_text(json.dumps({"_id": "q", "text": "near here"}))
    assert retrieval(tmp_path, model, model).endswith("2 documents, 1 queries, nDCG@10 1.00000")
