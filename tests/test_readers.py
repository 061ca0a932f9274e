"""Readers and publishing: processes that open, hold, open again and query while the file is replaced, dozens of times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from newsroom import touched
from newsroom.stages import publish
from newsroom.warehouse import Warehouse, open_public
from tests.bench_publish import Made

PUBLISHES = 32
FIRST = 40
READER = """
import duckdb, json, sys, time
path, hold = sys.argv[1], int(sys.argv[2])
STATE = '''SELECT (SELECT count(*) FROM articles), (SELECT articles FROM meta), (SELECT count(*) FROM search_documents),
    (SELECT count(*) FROM article_versions WHERE valid_to IS NULL), (SELECT max(publication) FROM article_changes),
    (SELECT count(*) FROM changes_since('2000-01-01')), (SELECT bit_xor(hash(a)) FROM articles AS a),
    (SELECT count(*) FROM article_topics) > 0, (SELECT count(DISTINCT article_id) FROM search('number'))'''
opened, seen = 0, []
print("ready", flush=True)
while not sys.stdin.closed and (opened < 3 or not seen or seen[-1] != int(open(sys.argv[3]).read() or 0)):
    connection = duckdb.connect(path, read_only=True)
    opened += 1
    time.sleep(0.3)
    first = connection.execute(STATE).fetchone()
    for _ in range(hold):
        time.sleep(0.05)
        assert connection.execute(STATE).fetchone() == first, "what one holds has changed"
    articles, told, indexed, current, publication, changes, *_ = first
    assert articles == told == indexed == current == changes, first
    assert articles == int(sys.argv[4]) + publication, first
    connection.close()
    seen.append(publication)
assert seen == sorted(seen), seen
print(json.dumps({"opened": opened, "seen": len(set(seen))}))
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_readers_never_notice_a_publish(tmp_path: Path) -> None:
    """Three processes, 32 publishes, three snapshots kept: no lock, no error, never half a load, and never an older state after a newer.

    Every file that they opened was whole: articles, versions, index and feed speak of the same publication. Those that hold a file
    for long keep it unchanged, even when it has been pruned meanwhile.
    """
    public, target = tmp_path / "public", tmp_path / "target"
    target.write_text("0")
    with Warehouse.open(tmp_path / "warehouse.duckdb", threads=1) as warehouse:
        made = Made(warehouse, body_bytes=600, words=2000)
        made.settings()
        amended: list[int] = []

        def night(numbers: range) -> str:
            run_id = made.begin()
            made.articles(run_id, numbers)
            touched.rebuild(warehouse)  # as a night does: nearly all are copies of the one before, amended
            publish.publish(warehouse, public, run_id=run_id, now=made.now, keep_snapshots=3)
            amended.append(warehouse.ask("SELECT amended FROM mart.shown").rows[0][0])
            return run_id

        runs = [night(range(FIRST))]
        readers = [
            subprocess.Popen(
                [sys.executable, "-c", READER, public / "newsroom.duckdb", str(hold), target, str(FIRST - 1)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )
            for hold in (0, 1, 20)
        ]  # fmt: skip
        try:
            for reader in readers:
                assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
            with open_public(tmp_path) as oldest:
                runs += [night(range(FIRST + n, FIRST + n + 1)) for n in range(PUBLISHES - 1)]
                assert oldest.query("SELECT count(*) FROM articles").rows == [(FIRST,)], "pruned long ago, and still whole"
                oldest.verify()
            target.write_text(str(PUBLISHES))
            told: list[dict[str, Any]] = []
            for reader in readers:
                out, error = reader.communicate(timeout=120)
                assert (reader.returncode, error) == (0, "")
                told.append(json.loads(out))
        finally:
            for reader in readers:
                reader.kill()
    assert amended == [n % (publish.MAX_AMENDED + 1) for n in range(PUBLISHES)]
    assert sum(each["opened"] for each in told) > PUBLISHES
    assert max(each["seen"] for each in told) >= 5, "they read while it was replaced"
    assert publish.snapshots(public) == sorted(runs, reverse=True)[:3]
    assert publish.rollback(public, None) == runs[-2]
    with open_public(tmp_path) as reader_again:
        assert reader_again.query("SELECT count(*) FROM articles").rows == [(FIRST + PUBLISHES - 2,)]
    assert publish.rollback(public, runs[-1]) == runs[-1]
