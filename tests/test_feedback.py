"""A reader's word on an answer is kept with what it was about."""

from index.feedback import add_feedback, all_feedback
from index.library import Library
from ingest.read import read_bytes


def test_feedback_is_kept_with_the_answer_and_the_versions_it_cited(library: Library):
    document = read_bytes(b"The bridge was opened in 1932.", name="a.txt", source="a.txt")
    library.add(document)
    answer = {"question": "When?", "citations": [{"document_id": document.id}], "passages": []}
    add_feedback(library.catalog, answer, good=True)
    add_feedback(library.catalog, answer, good=None, comment="Just so.")
    first, second = all_feedback(library.catalog)
    assert (first.good, first.comment, first.answer) == (True, "", answer)
    assert (second.good, second.comment) == (None, "Just so.")
    assert first.versions == {document.id: document.version}
