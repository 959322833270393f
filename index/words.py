"""Which words of a question tell something, and how passages with them are asked for in SQL."""

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate

WORD = re.compile(r"\w+")
ENDING = re.compile(r"(?<=\w)['’](?:s|t|d|m|re|ve|ll)\b")
FUNCTION_WORDS = """
a an and are as at be by did do does for from had has have how in into is it its of on or that the
their them they this to was were what when where which who whom whose why will with
"""
STOP = frozenset(FUNCTION_WORDS.split())
MOST_WORDS = 200
"""Different words of a question that are looked up."""
MOST_RANKED = 5_000
"""Passages that are ranked by words, at least those with the rarest one: BM25 takes about a microsecond of
each, so that a million passages took 0.5 s a question (LOG.md)."""
MOST_COUNTED = 20_000
"""Passages that have a word which counts beside rarer ones; each takes 0.1 microseconds."""
COUNTED = """
SELECT value, (SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH '"' || value || '"' LIMIT :most))
FROM json_each(:words)
"""
RANKED = """
SELECT p.id, -score FROM
    (SELECT rowid AS number, bm25(words) AS score FROM words WHERE words MATCH :asked {limits}
    ORDER BY score, number LIMIT :most)
JOIN passages p USING (number) ORDER BY score, number
"""
BETWEEN = """
SELECT min(number), max(number) FROM passages WHERE document_id IN :documents
"""
LIMITS = """AND rowid BETWEEN :first AND :last
AND EXISTS (SELECT 1 FROM passages WHERE number = words.rowid AND document_id IN SEEN
AND (:everywhere OR document_id IN :documents))"""
"""Looked up for each passage that is ranked, so only where not everything may be found."""


def telling_words(question: str) -> list[str]:
    """The question's words in lower case, each once, without function words unless it has no other, and
    without what follows an apostrophe in «ship's» and «isn't»."""
    words = WORD.findall(ENDING.sub("", question.lower()))
    return list(dict.fromkeys([word for word in words if word not in STOP] or words))


def any_of(words: Sequence[str]) -> str:
    """The query of FTS5 for passages that have one of these words."""
    return " OR ".join(f'"{word}"' for word in words)


def parted(counts: Mapping[str, int]) -> tuple[list[str], list[str]]:
    """The rarer words, and the others that count in what is found by these. counts: passages that have each.

    The rarer words are, from the rarest on, those that MOST_RANKED passages have together. Of the more
    frequent ones, those that at most MOST_COUNTED passages have count as well; the rest tells little.
    """
    shared = sorted((word for word in counts if counts[word]), key=lambda word: counts[word])
    sums = accumulate(counts[word] for word in shared)
    rare = [word for word, found in zip(shared, sums, strict=True) if found <= MOST_RANKED] or shared[:1]
    return rare, [word for word in shared[len(rare) :] if counts[word] <= MOST_COUNTED]


def rare_of(counts: Mapping[str, int]) -> str:
    """The query of FTS5 for passages that have one of the rarer words. The others stand in it twice, as the
    rarer ones do, so that all weigh the same."""
    rare, others = parted(counts)
    return f"({any_of(rare)}) AND ({any_of([*rare, *others, *others])})" if others else any_of(rare)
