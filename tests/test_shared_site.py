"""The sample site of 180 real listing entries (where it is at hand), read exactly."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.nights import Office, differences

SITE = Path(__file__).resolve().parents[2] / "shared" / "site"
pytestmark = pytest.mark.skipif(
    not SITE.is_dir(), reason=f"{SITE} is not here: the site of real entries is kept beside the repository in CI only"
)


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, str(SITE / "serve.py"), "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield process.stdout.readline().strip().removesuffix("/press-releases")
    process.terminate()
    process.wait()
    process.stdout.close()


def wanted() -> list[dict[str, Any]]:
    return [
        {
            "article_id": f"osce:{row['id']}", "url": f"https://www.osce.org{row['path']}", "title": row["title"],
            "published_on": row["date"], "content_type": row["content_type"], "place": row["place"], "issuers": row["where"],
            "topics": row["what"], "body": row["body"], "lead": row["lead"],
        }
        for row in json.loads((SITE / "expected.json").read_text(encoding="utf-8"))
    ]  # fmt: skip


def test_every_article_with_every_field_exactly_right(base_url: str, tmp_path: Path) -> None:
    """A sweep reads all 180; a run after it asks for listing pages only; the public data are equal; and so they are after a reparse."""
    office = Office(tmp_path / "data", base_url)
    result = office.run("sweep")
    assert result.outcome == "ok", result.detail
    rows = wanted()
    assert differences(office.dicts("SELECT * FROM articles"), rows, "article_id", tuple(rows[0])) == []
    before = office.public_data()
    office.sleep()
    counts = office.run("nightly").sources["osce"]
    assert counts["requests"] == counts["pages"] + 1, "listing pages and robots.txt"
    assert office.public_data() == before
    office.run("reparse")
    assert office.public_data() == before
    assert office.sql("SELECT check_name FROM checks WHERE verdict = 'fail' AND severity = 'block'") == []
    assert office.sql("SELECT count(*) FROM duplicates") == [(0,)], "sister releases and numbered reports are different articles"
