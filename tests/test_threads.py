"""How many threads a process may use."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from embedcli.threads import (
    BLAS_VARIABLES,
    available_threads,
    single_threaded_blas,
    single_threaded_tokenizer,
)


@pytest.fixture
def eight_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)), raising=False)


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(
    ("limit", "threads"),
    [("300000 100000", 3), ("250000 100000", 2), ("50000 100000", 1), ("max 100000", 8),
     ("1600000 100000", 8), ("broken", 8)],
)  # fmt: skip
def test_the_quota_of_a_control_group_counts(limit: str, threads: int, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert available_threads(tmp_path) == threads


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize("limited", ["", "jobs.slice", "jobs.slice/job-7.scope"])
def test_the_groups_that_the_process_is_in_count_and_their_parents(
    limited: str, tmp_path: Path
) -> None:
    group = tmp_path / "groups" / "jobs.slice" / "job-7.scope"
    group.mkdir(parents=True)
    (tmp_path / "groups" / limited / "cpu.max").write_text("200000 100000\n")
    own = tmp_path / "own"
    own.write_text("0::/jobs.slice/job-7.scope\n")
    assert available_threads(tmp_path / "groups", own) == 2
    own.write_text("0::/other.slice\n")
    assert available_threads(tmp_path / "groups", own) == (8 if limited else 2)


@pytest.mark.usefixtures("eight_cores")
def test_the_strictest_quota_counts(tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "cpu.max").write_text("500000 100000\n")
    (tmp_path / "jobs" / "cpu.max").write_text("300000 100000\n")
    own = tmp_path / "own"
    own.write_text("0::/jobs\n")
    assert available_threads(tmp_path, own) == 3


@pytest.mark.usefixtures("eight_cores")
def test_of_the_older_groups_only_those_for_processor_time_count(tmp_path: Path) -> None:
    for controller, quota in (("cpu", "300000"), ("memory", "100000")):
        group = tmp_path / controller / "jobs"
        group.mkdir(parents=True)
        (group / "cpu.cfs_quota_us").write_text(f"{quota}\n")
        (group / "cpu.cfs_period_us").write_text("100000\n")
    own = tmp_path / "own"
    own.write_text("4:memory:/jobs\n3:cpu,cpuacct:/jobs\n")
    assert available_threads(tmp_path, own) == 3


@pytest.mark.usefixtures("eight_cores")
@pytest.mark.parametrize(("quota", "threads"), [("200000", 2), ("-1", 8)])
def test_the_older_control_groups_count_too(quota: str, threads: int, tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert available_threads(tmp_path) == threads


@pytest.mark.usefixtures("eight_cores")
def test_without_control_groups_the_affinity_counts(tmp_path: Path) -> None:
    assert available_threads(tmp_path) == 8


def test_where_there_is_no_affinity_the_cores_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert available_threads(tmp_path) == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_threads(tmp_path) == 1


def blas_threads() -> set[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_blas_is_held_to_one_thread_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in BLAS_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    before = blas_threads()
    with single_threaded_blas():
        assert blas_threads() <= {1}
    assert blas_threads() == before


def test_what_the_user_has_set_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    before = blas_threads()
    with single_threaded_blas():
        assert blas_threads() == before


def test_a_number_for_another_blas_does_not_keep_ours_at_many_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for variable in BLAS_VARIABLES.values():
        monkeypatch.delenv(variable, raising=False)
    other = "MKL_NUM_THREADS" if _ours() == "openblas" else "OPENBLAS_NUM_THREADS"
    monkeypatch.setenv(other, "2")
    with single_threaded_blas():
        assert blas_threads() <= {1}


def _ours() -> str:
    pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return pools[0]["internal_api"] if pools else ""


def test_the_tokenizer_is_held_to_one_thread_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    with single_threaded_tokenizer():
        assert os.environ["TOKENIZERS_PARALLELISM"] == "false"
    assert "TOKENIZERS_PARALLELISM" not in os.environ


def test_what_the_user_says_of_the_tokenizer_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    with single_threaded_tokenizer():
        assert os.environ["TOKENIZERS_PARALLELISM"] == "true"
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true"
