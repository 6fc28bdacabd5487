"""Long jobs: stopped at any moment, gone on with, and never a row lost."""

from __future__ import annotations

import json
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from .conftest import Command, Outcome

MODEL = ["-m", "untrained?width=8&layers=1&heads=2"]

# The command with short stretches, so that much is committed in little time.
SHORT_STRETCHES = """
import embedcli.__main__
import embedcli.stretches
embedcli.stretches.STRETCH_TOKENS = 2048
embedcli.__main__.main()
"""


def begin(*arguments: str, stdin: int | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", SHORT_STRETCHES, "embed", *arguments, *MODEL]
    return subprocess.Popen(command, stdin=stdin, stdout=-1, stderr=-1)


def end(process: subprocess.Popen[bytes]) -> Outcome:
    stdout, stderr = process.communicate(timeout=120)
    return Outcome(process.returncode, stdout, stderr.decode())


def run(*arguments: str) -> Outcome:
    return end(begin(*arguments))


def lines(count: int, first: int = 0) -> str:
    return "".join(f"line {n % 900} of a text that is read\n" for n in range(first, first + count))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def wait_for_rows(partial: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the run has committed some stretches."""
    catalog = partial / "catalog.bin"
    while not (catalog.exists() and catalog.stat().st_size >= 10_000):
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)


@pytest.fixture
def texts(place: Path) -> Path:
    """A folder of files with lines, enough for a second of work."""
    folder = place / "texts"
    (folder / "deep").mkdir(parents=True)
    for number, name in enumerate(("a.txt", "b.txt", "deep/c.txt")):
        (folder / name).write_text(lines(1300, 400 * number))
    return folder


@pytest.fixture
def arguments(texts: Path) -> list[str]:
    return [str(texts), "--unit", "line", "-q"]


OUTPUTS = ("v.npy", "v.jsonl", "v.parquet", "states/", "v.npz", "v.safetensors")


def test_thirty_kills_at_random_moments_cost_no_row_and_no_byte(
    place: Path, arguments: Sequence[str]
) -> None:
    chance = random.Random(5)
    (place / "whole").mkdir()
    began = time.monotonic()
    for output in OUTPUTS:
        assert run(*arguments, "-o", f"whole/{output}").exit_code == 0
    seconds = (time.monotonic() - began) / len(OUTPUTS)
    kills, went_on = 0, 0
    for output in OUTPUTS:
        folder = place / f"killed-{output.strip('/')}"
        folder.mkdir()
        command = [*arguments, "-o", f"{folder.name}/{output}", "--resume"]
        for _ in range(5):
            process = begin(*command)
            time.sleep(chance.uniform(0.2, 1.0) * seconds)
            process.kill()
            end(process)
            kills += 1
            went_on += any(path.stat().st_size for path in folder.rglob("catalog.bin"))
        done = run(*command)
        assert done.exit_code == 0, done.stderr
        ours = tree(folder)
        assert ours == {name: tree(place / "whole")[name] for name in ours}
    assert kills == 30
    assert went_on > 5
    assert {name for o in OUTPUTS for name in tree(place / f"killed-{o.strip('/')}")} == set(
        tree(place / "whole")
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_keeps_what_is_done_and_says_how_to_go_on(
    place: Path, arguments: Sequence[str], number: signal.Signals
) -> None:
    process = begin(*arguments, "-o", "v.npy")
    wait_for_rows(place / "v.npy.partial", process)
    process.send_signal(number)
    outcome = end(process)
    assert outcome.exit_code == 130
    assert outcome.error.startswith("embedcli: interrupted; ")
    assert "--resume goes on" in outcome.error
    assert not list(place.glob("v.*npy"))
    assert not list(place.rglob("*.tmp"))
    refused = run(*arguments, "-o", "v.npy")
    assert refused.exit_code == 2
    assert "--resume goes on with them, --overwrite begins anew" in refused.error
    assert run(*arguments, "-o", "v.npy", "--resume").exit_code == 0
    assert run(*arguments, "-o", "w.npy").exit_code == 0
    assert Path("v.npy").read_bytes() == Path("w.npy").read_bytes()
    assert not Path("v.npy.partial").exists()


def test_a_signal_before_anything_is_done_leaves_nothing(place: Path) -> None:
    process = begin("-", "--unit", "line", "-o", "v.npy", stdin=subprocess.PIPE)
    assert process.stderr is not None
    assert b"random" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    outcome = end(process)
    assert (outcome.exit_code, outcome.stderr) == (130, "embedcli: interrupted\n")
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["embedcli.cli.app", "embedcli.cli.job", "embedcli.outputs"])
def test_a_signal_during_the_start_is_one_line(number: signal.Signals, moment: str) -> None:
    script = f"""
import os, sys
class Sends:
    def find_spec(self, name, path=None, target=None):
        if name == {moment!r}:
            os.kill(os.getpid(), {int(number)})
sys.meta_path.insert(0, Sends())
sys.argv = ["embedcli", "embed", "-t", "a text", "-q"]
from embedcli.__main__ import main
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (130, b"")
    assert done.stderr == b"embedcli: interrupted\n"


def test_a_second_signal_ends_the_process_at_once() -> None:
    script = """
import sys
from embedcli.cli.interrupts import interruptible
words = ["ready", "first"]
with interruptible():
    while True:
        try:
            print(words.pop(0), flush=True)
            sys.stdin.read()
        except KeyboardInterrupt:
            continue
"""
    with subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == b"first\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 130


def test_a_signal_waits_while_a_pool_of_threads_holds_its_locks() -> None:
    script = """
import os, signal, time
from concurrent.futures import ThreadPoolExecutor
from embedcli.cli.interrupts import interruptible
start = ThreadPoolExecutor._adjust_thread_count
def start_and_be_interrupted(pool):
    os.kill(os.getpid(), signal.SIGINT)
    print("locked")
    start(pool)
ThreadPoolExecutor._adjust_thread_count = start_and_be_interrupted
with interruptible(), ThreadPoolExecutor(1) as pool:
    try:
        pool.submit(int)
        print("submitted")
        time.sleep(30)
    except KeyboardInterrupt:
        print("interrupted")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, timeout=20
    )
    said = done.stdout.decode().split()
    assert (said[0], said[-1]) == ("locked", "interrupted")


def test_a_signal_at_any_moment_ends_the_work_of_the_threads() -> None:
    # The main thread is sent a signal at its first call or return, then at its second, and so on.
    script = """
import concurrent.futures.thread, faulthandler, os, signal, sys, time
from contextlib import closing
from embedcli.cli.interrupts import interruptible
from embedcli.workers import computed_ahead

def compute(task):
    time.sleep(0.005)

def is_over_before(moment):
    def count(frame, event, argument):
        nonlocal moment
        moment -= 1
        if moment == 0:
            os.kill(os.getpid(), signal.SIGINT)

    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    try:
        with interruptible():
            try:
                with closing(computed_ahead([(0, [1, 2]), (1, [3, 4])], compute, 2)) as ahead:
                    sys.setprofile(count)
                    for _, answers in ahead:
                        list(answers)
            finally:
                sys.setprofile(None)
    except KeyboardInterrupt:
        pass
    return moment > 0

moment = 1
while not is_over_before(moment):
    faulthandler.dump_traceback_later(20, exit=True)
    moment += 1
print("over" if moment > 100 else moment)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "over\n", "")


def test_an_ignored_signal_stays_ignored() -> None:
    script = """
import os, signal
from embedcli.cli.interrupts import interruptible
signal.signal(signal.SIGINT, signal.SIG_IGN)
with interruptible():
    os.kill(os.getpid(), signal.SIGINT)
print("went on")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout == b"went on\n"


def test_a_second_process_on_the_same_output_is_refused(
    place: Path, arguments: Sequence[str]
) -> None:
    process = begin("-", "--unit", "line", "-o", "v.npy", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(lines(3000).encode())
    process.stdin.flush()
    wait_for_rows(place / "v.npy.partial", process)
    for option in ((), ("--resume",), ("--overwrite",)):
        outcome = run(*arguments, "-o", "v.npy", *option)
        assert outcome.exit_code == 2
        assert "another process is writing v.npy" in outcome.error
    assert end(process).exit_code == 0


def test_changed_added_and_removed_documents_are_noticed(place: Path, process: Command) -> None:
    folder = place / "texts"
    folder.mkdir()
    for name in "abcde":
        (folder / name).write_text(f"the text of {name}")
    command = ["embed", "texts", *MODEL, "-o", "v.npy", "--resume"]
    assert process(*command).exit_code == 0
    (folder / "b").write_text("another text")
    (folder / "f").write_text("a new one")
    (folder / "d").unlink()
    outcome = process(*command)
    assert outcome.exit_code == 0
    assert "5 documents, 3 done before" in outcome.stderr
    index = [json.loads(line) for line in Path("v.index.jsonl").read_text().splitlines()]
    assert [line["id"] for line in index] == ["a", "b", "c", "e", "f"]


def test_other_options_are_refused_and_named(place: Path, arguments: Sequence[str]) -> None:
    process = begin(*arguments, "-o", "v.npy")
    wait_for_rows(place / "v.npy.partial", process)
    process.kill()
    end(process)
    outcome = run(*arguments, "-o", "v.npy", "--resume", "--pooling", "cls", "--prompt", "q: ")
    assert outcome.exit_code == 2
    assert 'pooling was "mean" and is "cls"; prompt was "" and is "q: "' in outcome.error
    outcome = run(str(place / "texts"), "-q", "-o", "v.npy", "--resume")
    assert 'reading.unit was "line" and is "file"' in outcome.error
    assert run(*arguments, "-o", "v.npy", "--resume").exit_code == 0


def test_standard_output_cannot_be_resumed(untrained: Command) -> None:
    outcome = untrained("-t", "a", "--resume")
    assert outcome.exit_code == 2
    assert "standard output cannot be resumed; give -o" in outcome.error


def test_equal_texts_are_counted_and_have_rows_of_their_own(process: Command) -> None:
    outcome = process("embed", "-", "--unit", "line", *MODEL, stdin=b"a\nb\na\na\n")
    assert outcome.ids == ["-:1", "-:2", "-:3", "-:4"]
    assert outcome.rows[0]["embedding"] == outcome.rows[3]["embedding"]
    assert "4 documents, 2 duplicates" in outcome.stderr


def test_what_failed_is_written_down(place: Path, untrained: Command) -> None:
    (place / "r.jsonl").write_text('{"text": "a"}\nbroken\n{"text": ""}\n{"text": "b"}\n')
    outcome = untrained("r.jsonl", "-o", "v.npy", "--on-error", "skip")
    assert outcome.exit_code == 1
    log = [json.loads(line) for line in Path("v.npy.errors.jsonl").read_text().splitlines()]
    assert [list(entry) for entry in log] == [["id", "source", "kind", "message"]] * 2
    assert [(entry["id"], entry["source"], entry["kind"]) for entry in log] == [
        ("r.jsonl:2", "r.jsonl", "malformed"),
        ("r.jsonl:3", "r.jsonl", "empty"),
    ]
    (place / "r.jsonl").write_text('{"text": "a"}\n')
    assert untrained("r.jsonl", "-o", "v.npy", "--on-error", "skip", "--overwrite").exit_code == 0
    assert not Path("v.npy.errors.jsonl").exists()


def test_a_stop_keeps_what_was_done_before_it(place: Path, texts: Path) -> None:
    (texts / "z.txt").write_bytes(b"not \xff utf-8")
    outcome = run(str(texts), "--unit", "line", "-q", "-o", "v.npy")
    assert outcome.exit_code == 2
    assert "--resume goes on" in outcome.error
    (texts / "z.txt").write_text("mended")
    outcome = run(str(texts), "--unit", "line", "-o", "v.npy", "--resume")
    assert outcome.exit_code == 0
    assert " done before" in outcome.stderr


FULL_DISK = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
"""


@pytest.mark.parametrize("output", ["v.npy", "v.csv", "states/"])
def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(
    place: Path, arguments: Sequence[str], output: str
) -> None:
    assert resource.RLIMIT_FSIZE is not None
    script = FULL_DISK + SHORT_STRETCHES
    command = [sys.executable, "-c", script, "150000", "embed", *arguments, *MODEL, "-o", output]
    outcome = end(subprocess.Popen(command, stdout=-1, stderr=-1))
    assert outcome.exit_code == 2
    assert "cannot be written: File too large" in outcome.error
    assert "--resume goes on" in outcome.error
    assert run(*arguments, "-o", output, "--resume").exit_code == 0
    assert run(*arguments, "-o", f"w{output}").exit_code == 0
    assert read(place / output) == read(place / f"w{output}")


def read(path: Path) -> object:
    return tree(path) if path.is_dir() else path.read_bytes()


def test_a_vanished_directory_is_one_line(place: Path) -> None:
    (place / "out").mkdir()
    process = begin("-", "--unit", "line", "-q", "-o", "out/v.npy", stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(lines(3000).encode())
    process.stdin.flush()
    wait_for_rows(place / "out" / "v.npy.partial", process)
    shutil.rmtree(place / "out")
    outcome = end(process)
    assert outcome.exit_code == 2
    assert "cannot be written: No such file or directory" in outcome.error
