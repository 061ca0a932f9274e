"""Record what a release leaves on disk, to be opened by every later one (tests/test_upgrade.py).

Run it once for a release that brings a new migration, with that release's own code:

    git archive RELEASE | tar x -C /tmp/release
    cd /tmp/release && PYTHONPATH=src:. python …/tests/upgrades/record.py …/tests/upgrades/schema-NNNN.tar.xz

Two nights: articles, one that was never had (gone), one that is rewritten, one answer of `not modified` for each of the others.
"""

from __future__ import annotations

import io
import json
import lzma
import sys
import tarfile
import tempfile
from pathlib import Path

from newsroom.sample import Fault, SampleSite, serve
from newsroom.sample.faults import status
from tests.nights import Office

QUESTIONS = {
    "articles": "SELECT article_id, url, title, body, published_on, content_type, content_sha256, version, is_removed FROM articles ORDER BY ALL",
    "versions": "SELECT article_id, version, changed, content_sha256, warc_file, warc_offset FROM article_versions ORDER BY ALL",
    "coverage": "SELECT * FROM coverage ORDER BY ALL",
    "runs": "SELECT run_id, kind, outcome FROM runs ORDER BY ALL",
}


def record(target: Path) -> None:
    site = SampleSite(12)
    with tempfile.TemporaryDirectory() as folder, serve(site) as server:
        data = Path(folder) / "data"
        here = Office(data, server.url)
        ids = [item.id for item in site.listing()]
        site.faults.append(Fault(rf"/{ids[4]}$", status(404)))
        assert here.run().outcome == "ok"
        site.rewrite(ids[1], "An earlier version of this text gave the wrong number of participants.")
        here.sleep()
        assert here.run(recheck="all").outcome == "ok"
        expected = {name: here.dicts(question) for name, question in QUESTIONS.items()}
        with tarfile.open(target, "w:xz", preset=9 | lzma.PRESET_EXTREME) as tar:
            for path in (data / "warehouse.duckdb", *sorted(data.glob("archive/*/*.warc"))):
                _add(tar, str(path.relative_to(data)), path.read_bytes())
            _add(tar, "expected.json", json.dumps(expected, default=str, indent=1).encode())


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


if __name__ == "__main__":
    record(Path(sys.argv[1]))
