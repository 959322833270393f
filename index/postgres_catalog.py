"""The catalog in PostgreSQL: the tables of index/database.py, and words in a table of their own.

PostgreSQL ranks by its own measures, none of which is BM25, and the fusion of index/search.py was tuned with
that of FTS5. So `words` says which stem is how often in which passage, and a query works out Okapi BM25
(Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) with FTS5's constants. Words are cut
and freed of accents here as FTS5 does it, and stemmed there, by the Snowball project's version of Porter's
algorithm.
A word with an underscore in it is two words here, and two that follow each other in FTS5.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from index.catalog import Catalog
from index.database import SCHEMA_VERSION, Connection
from index.postgres_loose import PostgresLoose
from index.words import MOST_COUNTED, MOST_WORDS, parted, telling_words

SCHEMA = """
CREATE TABLE IF NOT EXISTS about (name TEXT COLLATE "C" PRIMARY KEY, value TEXT NOT NULL);
CREATE FUNCTION json_array_length(value TEXT, path TEXT) RETURNS INTEGER LANGUAGE sql IMMUTABLE AS $$
    SELECT json_array_length(value::json -> substr(path, 3))
$$;
CREATE TABLE documents (
    id TEXT COLLATE "C" PRIMARY KEY, source TEXT COLLATE "C" NOT NULL, title TEXT COLLATE "C" NOT NULL,
    version TEXT NOT NULL, added TEXT NOT NULL, text TEXT NOT NULL, structure TEXT NOT NULL,
    passages INTEGER NOT NULL, collection TEXT COLLATE "C" NOT NULL DEFAULT '',
    length INTEGER GENERATED ALWAYS AS (length(text)) STORED,
    notes INTEGER GENERATED ALWAYS AS (json_array_length(structure, '$.footnotes')) STORED
);
CREATE INDEX documents_by_source ON documents (source);
CREATE TABLE passages (
    number INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id TEXT COLLATE "C" NOT NULL UNIQUE,
    document_id TEXT COLLATE "C" NOT NULL, kind TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
    label TEXT COLLATE "C", content TEXT NOT NULL, vectors BYTEA
);
ALTER TABLE passages ALTER vectors SET STORAGE EXTERNAL;
CREATE INDEX passages_of_document ON passages (document_id, start);
CREATE TABLE words (
    stem TEXT COLLATE "C", passage INTEGER, count INTEGER NOT NULL, length INTEGER NOT NULL,
    PRIMARY KEY (stem, passage) INCLUDE (count, length)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.02);
CREATE INDEX words_of_passage ON words (passage);
CREATE TABLE lengths (
    document_id TEXT COLLATE "C" PRIMARY KEY, passages INTEGER NOT NULL, words BIGINT NOT NULL
);
CREATE TABLE loose (id TEXT COLLATE "C", writer TEXT COLLATE "C", PRIMARY KEY (id, writer));
CREATE TABLE feedback (
    number INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at TEXT NOT NULL, good BOOLEAN,
    comment TEXT NOT NULL, answer TEXT NOT NULL
);
CREATE TABLE sources (
    document_id TEXT COLLATE "C" PRIMARY KEY, version TEXT NOT NULL, size BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL
);
CREATE TEXT SEARCH DICTIONARY cited_porter (TEMPLATE = snowball, LANGUAGE = porter);
CREATE FUNCTION stem_of(word TEXT) RETURNS TEXT LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN octet_length(word) BETWEEN 3 AND 64
        THEN (ts_lexize('cited_porter', word))[1] ELSE word END
$$;
CREATE FUNCTION lock_of(name TEXT) RETURNS BIGINT LANGUAGE sql STABLE AS $$
    SELECT hashtextextended(current_schema() || ' ' || name, 0)
$$
"""
"""Texts that are compared or ordered are in the order of code points, as in SQLite; vectors are not
compressed, which would save nothing; with the length of its passage, in words, the index of words alone
answers; stem_of: of a word that FTS5 would stem; json_array_length: SQLite's, for a path of one name."""
UPGRADES = {
    "2": (
        "ALTER TABLE documents ADD length INTEGER GENERATED ALWAYS AS (length(text)) STORED",
        "ALTER TABLE documents ADD notes INTEGER"
        " GENERATED ALWAYS AS (json_array_length(structure, '$.footnotes')) STORED",
    )
}
"""As in index/database.py."""
WORD = re.compile(r"[^\W_]+")
LONGEST = 256
"""Characters of a word that count: an index of PostgreSQL takes 2,704 bytes, and a line of a hex dump, or of
Chinese without a comma, may have more."""
MARKS = re.compile("[\u0300-\u036f]")
ADD_WORDS = """
INSERT INTO words SELECT stem_of(word), passage, sum(count), length
FROM unnest(?::text[], ?::integer[], ?::integer[], ?::integer[]) AS new (word, passage, count, length)
GROUP BY 1, 2, 4
"""
LEAST_WEIGHT = 1e-6
"""Of a word that is in more than half of all passages; so FTS5."""
K1, B = 1.2, 0.75
EVERY = 2**31 - 1
"""Where few passages are ranked, those that have a word are all counted, for that makes its weight."""
FOUND = """
SELECT stem, times,
    (SELECT count(*) FROM (SELECT FROM words w WHERE w.stem = asked.stem LIMIT :most) counted), passages, mean
FROM (SELECT stem_of(word) AS stem, count(*) AS times FROM unnest(:words::text[]) AS word GROUP BY 1) asked,
    (SELECT sum(passages)::float8 AS passages, sum(words)::float8 / sum(passages) AS mean FROM lengths) sizes
"""
RANKED = """
SELECT p.id, best.score FROM (
    SELECT w.passage, sum(asked.weight * w.count / (w.count + :base + :slope * w.length)) AS score
    FROM unnest(:stems::text[], :weights::float8[]) AS asked (stem, weight) JOIN words w USING (stem)
    WHERE {within} AND {rare}
    GROUP BY w.passage ORDER BY score DESC, w.passage LIMIT :most
) AS best JOIN passages p ON p.number = best.passage ORDER BY best.score DESC, p.number
"""
RARE = "w.passage IN (SELECT passage FROM words WHERE stem = ANY(:rare))"
WITHIN = "w.passage IN (SELECT number FROM passages WHERE {})"


class PostgresCatalog(PostgresLoose, Catalog):
    """The tables of a library in PostgreSQL, by the URL of a database; made where there are none."""

    schema, schema_version, upgrades = SCHEMA, SCHEMA_VERSION, UPGRADES
    way_out = "restore it from a copy, or make a new database and ingest the documents again"

    def _add_words(self, db: Connection, document_id: str, numbers: list[int], texts: list[str]) -> None:
        cut = [words_of(text) for text in texts]
        new = [
            (word, number, count, len(words))
            for number, words in zip(numbers, cut, strict=True)
            for word, count in Counter(words).items()
        ]
        if new:
            db.execute(ADD_WORDS, tuple(map(list, zip(*new, strict=True))))
        row = (document_id, len(numbers), sum(map(len, cut)))
        db.execute("INSERT INTO lengths VALUES (?, ?, ?)", row)

    def _drop_words(self, db: Connection, document_id: str) -> None:
        db.execute(
            "DELETE FROM words WHERE passage IN (SELECT number FROM passages WHERE document_id = ?)",
            (document_id,),
        )
        db.execute("DELETE FROM lengths WHERE document_id = ?", (document_id,))

    def search_words(
        self, question: str, most: int, documents: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """As in SQLite."""
        words = [cut for word in telling_words(question)[:MOST_WORDS] for cut in words_of(word)]
        if not words:
            return []
        found = self._found(words, EVERY if documents else MOST_COUNTED + 1)
        if not found:
            return []
        if documents:
            return self._best(found, most, documents)
        rare, others = parted({row[0]: row[2] for row in found})
        counting = [row for row in found if row[0] in rare or row[0] in others]
        best = self._best(counting, most, rare=rare if others else ())
        # Where little may be seen, the rarer words may all stand elsewhere.
        hidden = len(best) < most and self.scope() is not None
        return self._best(self._found(words, EVERY), most) if hidden else best

    def _found(self, words: Sequence[str], most: int) -> list[tuple]:
        """FOUND of the words that stand anywhere, each counted up to `most` passages."""
        return [row for row in self.rows(FOUND, words=list(words), most=most) if row[2]]

    def _best(
        self, found: Sequence[tuple], most: int, documents: Sequence[str] = (), rare: Sequence[str] = ()
    ) -> list[tuple[str, float]]:
        """Passages with a word of FOUND, best first. rare: stems of which they must have one, where any."""
        weights = [
            times * (K1 + 1) * max(math.log((passages - n + 0.5) / (n + 0.5)), LEAST_WEIGHT)
            for _, times, n, passages, _ in found
        ]
        conditions = ["document_id IN SEEN"] if self.scope() is not None else []
        conditions += ["document_id IN :documents"] if documents else []
        within = WITHIN.format(" AND ".join(conditions)) if conditions else "TRUE"
        return self.seen(
            RANKED.format(within=within, rare=RARE if rare else "TRUE"),
            rare=list(rare),
            stems=[row[0] for row in found],
            weights=weights,
            base=K1 * (1 - B),
            slope=K1 * B / found[0][4],
            documents=list(documents),
            most=most,
        )


def words_of(text: str) -> list[str]:
    """The words of a text in small letters without accents, each as often as it stands there; of a very long
    one its beginning."""
    plain = unicodedata.normalize("NFC", MARKS.sub("", unicodedata.normalize("NFD", text)))
    return [word[:LONGEST] for word in WORD.findall(plain.lower())]
