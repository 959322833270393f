"""`ingest.decode`: bytes become text."""

import pytest

from ingest.decode import SAMPLE, decode, unread
from ingest.errors import SourceUnreadable

TEXT = "The café stood by the sea, “open” since 1957 – so they say. " * 3


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_the_usual_encodings_are_told_apart(encoding):
    data = (b"\xfe\xff" if encoding == "utf-16-be" else b"") + TEXT.encode(encoding)
    assert decode(data, "a.txt") == TEXT


def test_latin_1_without_a_mark_is_read():
    assert (
        decode("Déjà vu à la carte, naïve café.".encode("latin-1"), "a") == "Déjà vu à la carte, naïve café."
    )


def test_utf_16_without_a_mark_is_told_by_its_zeros():
    assert decode("Plain words here.".encode("utf-16-le"), "a") == "Plain words here."
    assert decode("Plain words here.".encode("utf-16-be"), "a") == "Plain words here."


def test_cyrillic_in_an_old_encoding_is_guessed():
    text = "Это русский текст о приливах и отливах. Он написан очень давно и лежит на старом диске."
    assert decode(text.encode("cp1251"), "a") == text


@pytest.mark.parametrize("encoding", ["shift_jis", "euc_jp", "gb18030"])
@pytest.mark.parametrize("before", ["", "x"])
@pytest.mark.parametrize("between", ["\n\n", " "])
def test_a_long_text_in_characters_of_two_bytes_is_guessed_from_whole_ones(encoding, before, between):
    text = before + f"灯台は一八六七年に建てられた。{between}" * 8000
    assert len(text.encode(encoding)) > SAMPLE
    assert decode(text.encode(encoding), "a") == text


@pytest.mark.parametrize("declared", ["", "utf-8", "iso-8859-1"])
def test_a_stray_byte_does_not_make_utf_8_another_encoding(declared):
    page = "<p>Früh ging er über die Brücke, denn es war schön.</p>\n" * 40
    text = decode(page.encode() + b"Ren\xe9 kam.", "a", declared)
    assert text == f"{page}Ren\ufffd kam."
    assert unread(text) == (
        "1 character is damaged or in another encoding than the rest, and shown as \ufffd",
    )


def test_a_text_cut_off_inside_its_last_character_loses_that_alone():
    assert decode("Zażółć gęślą jaźń".encode()[:-1], "a") == "Zażółć gęślą jaź\ufffd"
    assert unread("Zażółć") == ()


def test_one_character_of_utf_8_makes_no_utf_8():
    assert decode("é".encode() + TEXT.encode("cp1252"), "a") == f"Ã©{TEXT}"


def test_a_declared_encoding_counts_where_the_bytes_are_not_utf_8():
    assert decode("Zażółć gęślą jaźń".encode("iso-8859-2"), "a", "iso-8859-2") == "Zażółć gęślą jaźń"
    assert decode("Zażółć".encode(), "a", "iso-8859-2") == "Zażółć"


def test_declared_latin_1_is_cp1252_as_browsers_have_it():
    assert decode(b"caf\xe9 \x93q\x94", "a", "ISO-8859-1") == "café “q”"


@pytest.mark.parametrize("declared", ["no-such-encoding", "utf-16", "hex"])
def test_a_declaration_that_cannot_be_is_passed_over(declared):
    assert decode("Déjà vu à la carte, naïve café.".encode("cp1252"), "a", declared).startswith("Déjà vu")


def test_binary_data_is_refused_by_name():
    with pytest.raises(SourceUnreadable, match=r"photo\.txt holds binary data"):
        decode(bytes(range(256)) * 8, "photo.txt")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.4 plain", "a PDF by its content; rename it to .pdf"),
        (b"PK\x03\x04 slides", "a zip file by its content; name it"),
        (b"{\\rtf1 Hello}", "RTF by its content; save it as .docx"),
        (b"\xd0\xcf\x11\xe0\xa1", "an old file of Word"),
    ],
)
def test_what_is_no_text_is_refused_as_what_it_is(data, message):
    with pytest.raises(SourceUnreadable, match=f"a.txt is .*{message}"):
        decode(data, "a.txt")


def test_a_broken_utf_16_file_is_refused():
    with pytest.raises(SourceUnreadable, match="a says it is utf-16"):
        decode(b"\xff\xfea\x00b", "a")


def test_a_stray_control_character_makes_no_text_binary():
    assert decode(b"Page one.\x0c\x1b Page two.\x00 It goes on here.", "a").startswith("Page one.")
    with pytest.raises(SourceUnreadable):
        decode(b"PK\x03\x04", "a")
