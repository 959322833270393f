"""`ingest.document`: spans, and cutting markers out of strings."""

from ingest.document import Document, Page, Ref, Section, split_markers


def known(label: str) -> str | None:
    return label if label in ("1", "a") else None


def test_a_marker_of_a_known_label_is_cut_out():
    assert split_markers("One.[1] Two.[^a]", known) == ("One.", Ref("1"), " Two.", Ref("a"))


def test_a_bracketed_word_without_a_note_stays_text():
    assert split_markers("as he said [sic] in [2]", known) == ("as he said [sic] in [2]",)


def test_neighbouring_markers_leave_no_empty_strings_between_them():
    assert split_markers("[1][1]", known) == (Ref("1"), Ref("1"))


def test_a_marker_may_have_another_name_than_its_label():
    assert split_markers("x[1]", {"1": "1′"}.get) == ("x", Ref("1′"))


def test_a_position_knows_its_section_and_page():
    document = Document(
        id="d", title="T", source="s", version="v", text="0123456789", parts=(),
        sections=(Section(0, 4, ""), Section(4, 8, "Second")), pages=(Page(0, 5, 1), Page(5, 10, 2)),
    )  # fmt: skip
    assert [document.section_at(i) for i in (0, 3, 4, 7, 8)] == ["", "", "Second", "Second", ""]
    assert [document.page_at(i) for i in (0, 4, 5, 10)] == [1, 1, 2, None]
