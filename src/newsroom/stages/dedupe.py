"""Dedupe: sign new texts with MinHash and write down which texts are similar.

Exact copies need no work here: equal content hashes meet in the model. Numbered reports and dated titles of a series are
different articles however alike their texts are, so a pair whose titles differ in numbers is never called similar.
"""

from __future__ import annotations

from typing import Any

from newsroom import similarity
from newsroom.model import StageReport
from newsroom.warehouse import Warehouse

CHUNK = 2_000
"""Texts held in memory at a time."""


def dedupe(warehouse: Warehouse, *, near_similarity: float) -> StageReport:
    """Sign every unsigned text, compare it with all others that share an LSH band, keep the pairs from `near_similarity` up.

    A killed run loses at most one chunk; texts it signed stay signed and compared.
    """
    signed = pairs = 0
    while unsigned := warehouse.rows("queue/unsigned_texts", limit=CHUNK):
        rows = [_sign(text["text_sha256"], text["body"]) for text in unsigned]
        with warehouse.transaction():
            warehouse.append("facts.signatures", rows)
            candidates = warehouse.rows("queue/similar_candidates", fresh=[row["text_sha256"] for row in rows])
            pairs += warehouse.append(
                "facts.similarities", [pair for each in candidates if (pair := _compare(each))["similarity"] >= near_similarity]
            )
        signed += len(rows)
    return StageReport("dedupe", counts={"signed": signed, "similar_pairs": pairs})


def _sign(text_sha256: str, body: str) -> dict[str, Any]:
    signature = similarity.signature(body)
    return {"text_sha256": text_sha256, "signature": list(signature), "bands": list(similarity.bands(signature))}


def _compare(pair: dict[str, Any]) -> dict[str, Any]:
    series = similarity.differ_in_numbers(pair["title_a"], pair["title_b"])
    score = 0.0 if series else similarity.jaccard(pair["signature_a"], pair["signature_b"])
    return {"text_a": pair["text_a"], "text_b": pair["text_b"], "similarity": score}
