"""Quotations inside a claim: verbatim, or not at all."""

import re
from collections.abc import Iterator

from app.check.source import Claim, Source

QUOTED = re.compile(r"“([^“”]+)”|\"([^\"]+)\"|«([^«»]+)»|„([^„“”]+)[“”]|「([^「」]+)」")
LEAST_QUOTED = 4
"""Characters of a quotation that is held against the source."""


def misquoted(claim: Claim, source: Source) -> Iterator[str]:
    """A reason for each quotation that the source does not have, but for white space, quotation marks, the
    case of the first letter and the full stop or comma at its end."""
    text = _flat(source.text)
    for match in QUOTED.finditer(claim.text):
        quoted = next(g for g in match.groups() if g)
        flat = _flat(quoted).strip(" .,;:")
        if len(flat) < LEAST_QUOTED:
            continue
        alike = (flat, flat[0].swapcase() + flat[1:])
        if not any(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", text) for one in alike):
            yield f"the source does not have the words “{quoted.strip()}”"


def _flat(text: str) -> str:
    """White space as one blank, none before a full stop or comma, quotation marks and apostrophes of one
    kind."""
    text = re.sub(r"[“”„«»「」\"]", "", text).replace("’", "'").replace("‘", "'")
    return re.sub(r" (?=[.,;:!?])", "", " ".join(text.split()))
