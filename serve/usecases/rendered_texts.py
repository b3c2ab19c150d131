"""Stored sentences of scores and receipts in the language of a request."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from kqml.messages.coded import render

Record = Mapping[str, Any]


def rendered_reasons(reasons: Sequence[Record], language: str) -> list[dict[str, Any]]:
    """Return stored reasons of a score in words; `message`, a key with values, becomes `text`."""
    return [
        {**{name: value for name, value in reason.items() if name != "message"}, "text": _reason_text(reason, language)}
        for reason in reasons
    ]


def main_reason(reasons: str | None, language: str) -> Any:
    """Return the weightiest reason in a JSON list that raises the probability, in words; None without one."""
    rising = [reason for reason in orjson.loads(reasons or "[]") if reason["direction"] == "rising"]
    return rendered_reasons(rising[:1], language)[0] if rising else None


def rendered_score(row: Record, language: str) -> dict[str, Any]:
    """Return a row of scores whose `reasons` and `warnings` are lists in words."""
    reasons = rendered_reasons(orjson.loads(row["reasons"]), language)
    return {**row, "reasons": reasons, "warnings": [render(item, language) for item in orjson.loads(row["warnings"])]}


def rendered_brief(receipt: Record | None, language: str) -> Any:
    """Return the brief of a receipt in words; None where it has none."""
    brief = (receipt or {}).get("brief")
    if not isinstance(brief, dict):
        return brief
    return {part: [render(line, language) for line in lines] for part, lines in brief.items()}


def rendered_receipt(receipt: Record, language: str) -> dict[str, Any]:
    """Return a receipt of one of our plans with its reasons, blocked actions and brief in words; any other as it is."""
    if "given_for" not in receipt:
        return dict(receipt)
    score = receipt["score"]
    return {
        **receipt,
        "score": score and {**score, "reasons": rendered_reasons(score["reasons"], language)},
        "blocked": {action: render(sentence, language) for action, sentence in receipt["blocked"].items()},
        "brief": rendered_brief(receipt, language),
    }


def _reason_text(reason: Record, language: str) -> str:
    return render(reason["message"], language) if "message" in reason else str(reason["text"])
