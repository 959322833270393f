"""Citations against documents, by hand."""

import pytest

from eval.measures.citations import check_quote, footnote_recall, place, right_label
from ingest.document import Document, Span
from ingest.read import read_bytes

FIRST = b"# One\n\nThe cat sat.[^1] The dog ran.[^2]\n\n[^1]: On the mat.\n[^2]: To the park.\n"
SECOND = b"# Two\n\nA bird sang. The cat sat.\n"


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    read = [read_bytes(content, name=n, source=n) for n, content in (("a.md", FIRST), ("b.md", SECOND))]
    return {document.id: document for document in read}


@pytest.fixture(scope="module")
def first(documents) -> Document:
    return next(iter(documents.values()))


def where(document: Document, words: str, by: int = 0) -> tuple[str, Span]:
    start = document.text.index(words) + by
    return document.id, Span(start, start + len(words))


def test_a_quotation_that_stands_at_its_offsets_is_exact(documents, first):
    assert check_quote("The cat sat.", where(first, "The cat sat."), documents) == "exact"


def test_a_quotation_from_elsewhere_is_misattributed(documents, first):
    one, two = documents.values()
    assert check_quote("The cat sat.", where(first, "The cat sat.", by=1), documents) == "misattributed"
    assert check_quote("A bird sang.", where(two, "A bird sang."), documents) == "exact"
    assert check_quote("A bird sang.", (one.id, Span(0, 12)), documents) == "misattributed"
    assert check_quote("A bird sang.", ("no-such-document", Span(0, 12)), documents) == "misattributed"


def test_a_quotation_that_stands_nowhere_is_fabricated(documents, first):
    assert check_quote("The cow sat.", where(first, "The cat sat."), documents) == "fabricated"
    assert check_quote("the cat sat.", where(first, "The cat sat."), documents) == "fabricated"
    assert check_quote("", (first.id, Span(3, 3)), documents) == "fabricated"


def test_offsets_outside_the_text_are_no_place(documents, first):
    size = len(first.text)
    assert check_quote(first.text[-5:], (first.id, Span(-5, size)), documents) == "misattributed"
    assert check_quote(first.text[-5:], (first.id, Span(size - 5, size + 9)), documents) == "misattributed"
    assert check_quote(first.text[-5:], (first.id, Span(size - 5, size)), documents) == "exact"


def cited(document: Document, words: str, kind: str, footnote: str | None) -> dict:
    name, span = where(document, words)
    ends = {"start_char_index": span.start, "end_char_index": span.end}
    return {"document_id": name, **ends, "kind": kind, "footnote": footnote}


def test_a_place_is_read_from_the_fields_of_a_citation(first):
    assert place(cited(first, "The cat sat.", "body", None)) == where(first, "The cat sat.")


def test_labels_are_those_of_the_document(documents, first):
    assert right_label(cited(first, "The cat sat.", "body", None), documents)
    assert right_label(cited(first, "On the mat.", "footnote", "1"), documents)
    assert not right_label(cited(first, "On the mat.", "footnote", "2"), documents)
    assert not right_label(cited(first, "On the mat.", "body", None), documents)
    assert not right_label(cited(first, "The cat sat.", "footnote", "1"), documents)
    unknown = {**cited(first, "The cat sat.", "body", None), "document_id": "no-such-document"}
    assert not right_label(unknown, documents)


def test_footnote_recall_counts_what_only_footnotes_say(documents, first):
    body, mat, park = (where(first, words) for words in ("The cat sat.", "On the mat.", "To the park."))
    assert footnote_recall([[body], [mat], [park]], [mat, body], documents) == 0.5
    assert footnote_recall([[mat, park]], [park], documents) == 1.0
    assert footnote_recall([[body, mat]], [body], documents) is None
    assert footnote_recall([[body], [mat]], [], documents) == 0.0
