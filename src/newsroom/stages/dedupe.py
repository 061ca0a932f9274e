"""Dedupe: write down which texts are similar. They were signed with MinHash where they were read.

Exact copies need no work here: equal content hashes meet in the model. Numbered reports and dated titles of a series are
different articles however alike their texts are, so a pair whose titles differ in numbers is never called similar.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from newsroom import similarity
from newsroom.model import StageReport
from newsroom.warehouse import Warehouse

CHUNK = 2_000
"""Texts compared with all others at a time."""


def dedupe(warehouse: Warehouse, *, near_similarity: float) -> StageReport:
    """Compare every text that is new with all others that share an LSH band, and keep the pairs from `near_similarity` up.

    A killed run loses at most one chunk.
    """
    compared = pairs = 0
    while fresh := _uncompared(warehouse):
        candidates = warehouse.with_enough(partial(warehouse.rows, "queue/similar_candidates", fresh=fresh))
        with warehouse.transaction():
            pairs += warehouse.append(
                "facts.similarities", [pair for each in candidates if (pair := _compare(each))["similarity"] >= near_similarity]
            )
            warehouse.append("facts.compared", [{"text_sha256": each} for each in fresh])
        compared += len(fresh)
    return StageReport("dedupe", counts={"compared": compared, "similar_pairs": pairs})


def _uncompared(warehouse: Warehouse) -> list[str]:
    if not warehouse.rows("queue/has_uncompared")[0]["has_uncompared"]:
        return []
    return [row["text_sha256"] for row in warehouse.rows("queue/uncompared_texts", limit=CHUNK)]


def _compare(pair: dict[str, Any]) -> dict[str, Any]:
    series = similarity.differ_in_numbers(pair["title_a"], pair["title_b"])
    score = 0.0 if series else similarity.jaccard(pair["signature_a"], pair["signature_b"])
    return {"text_a": pair["text_a"], "text_b": pair["text_b"], "similarity": score}
