"""Damaged and hostile files of every format: an error that names the file, or a document that holds
together; never a foreign exception, a lost process or a file that takes for ever.

`bytes_of("17.docx")` is the same damaged file on every machine. What was found so once stands in
tests/cases/<format>/ and is read again here.
"""

import copy
import random
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from ingest.document import Document
from ingest.errors import IngestError
from ingest.passages import cut_passages
from ingest.read import read_bytes, readers
from ingest.workers import Limits, read_all
from tests.seeds import ARCHIVES, FORMATS, seed, zipped

CASES = Path(__file__).parent / "cases"
EVERY_DAY, HEAVY = 200, 10_000
LIMITS = Limits(seconds=20, memory_mb=1000, light_bytes=0)
"""A file of some kilobytes that takes 20 s is a find, even on a busy machine."""

NUMBER = re.compile(rb"\d+")
NUMBERS = (b"0", b"-1", b"65536", b"99999999999", b"2147483647", b"1e400", b"")


def damaged(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one to four kinds of damage."""
    for _ in range(chance.randint(1, 4)):
        at, to = sorted(chance.randint(0, len(data)) for _ in range(2))
        match chance.randrange(7):
            case 0:
                data = data[:to]
            case 1:
                data = data[:at] + data[to:]
            case 2:
                flipped = bytearray(data)
                for _ in range(min(len(data), chance.randint(1, 20))):
                    flipped[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
                data = bytes(flipped)
            case 3:
                other = seed(chance.choice(FORMATS))
                start = chance.randrange(len(other))
                data = data[:at] + other[start : start + chance.randint(1, 300)] + data[at:]
            case 4:
                data = data[:at] + data[at : min(to, at + 60)] * chance.choice((2, 30, 300)) + data[to:]
            case 5 if found := list(NUMBER.finditer(data)):
                start, end = chance.choice(found).span()
                data = data[:start] + chance.choice(NUMBERS) + data[end:]
            case _:
                data = data[:at] + chance.randbytes(chance.randint(1, 8)) + data[at:]
    return data


def disordered(xml: str, chance: random.Random) -> bytes:
    """Well-formed XML whose elements and attributes are not where they belong."""
    root = ElementTree.fromstring(xml)
    for _ in range(chance.randint(1, 4)):
        everything = list(root.iter())
        node, other = chance.choice(everything), chance.choice(everything)
        match chance.randrange(6):
            case 0 if len(node):
                node.remove(chance.choice(list(node)))
            case 1:
                node.insert(chance.randint(0, len(node)), copy.deepcopy(other))
            case 2:
                node.tag = other.tag
            case 3 if node.attrib:
                values = [*NUMBERS, *(v.encode() for v in other.attrib.values())]
                node.set(chance.choice(sorted(node.attrib)), chance.choice(values).decode())
            case 4 if node.attrib:
                node.attrib.pop(chance.choice(sorted(node.attrib)))
            case 5:
                inner = copy.deepcopy(other)
                for _ in range(chance.choice((1, 30, 200))):
                    outer = ElementTree.Element(other.tag, other.attrib)
                    outer.append(inner)
                    inner = outer
                node.append(inner)
    return ElementTree.tostring(root)


def bytes_of(name: str) -> bytes:
    """The damaged file of a name, a number and a suffix; of three archives two are damaged inside."""
    suffix = name.rpartition(".")[2]
    chance = random.Random(name)
    members = ARCHIVES.get(suffix)
    if members is None or chance.random() < 1 / 3:
        return damaged(seed(suffix), chance)
    inside: dict[str, str | bytes] = dict(members)
    for member in chance.sample(sorted(members), chance.randint(1, 2)):
        if members[member].startswith("<") and chance.random() < 0.7:
            inside[member] = disordered(members[member], chance)
        else:
            inside[member] = damaged(members[member].encode(), chance)
    if chance.random() < 0.1:
        inside.pop(chance.choice(sorted(members)))
    return zipped(inside)


def read_damaged(path: Path, most_bytes: int) -> Document:
    """A reader of `read_all` that makes its file, and looks at what comes of it."""
    return whole(read_bytes(bytes_of(path.name), name=path.name, source=str(path)))


def read_case(path: Path, most_bytes: int) -> Document:
    return whole(read_bytes(path.read_bytes(), name=path.name, source=str(path)))


def whole(document: Document) -> Document:
    """The document, where all its offsets are good and it can be stored."""
    spans = [*document.parts, *document.sections, *document.footnotes, *document.pages]
    spans += [marker for note in document.footnotes for marker in note.markers]
    spans += [sentence for passage in cut_passages(document) for sentence in passage.sentences]
    assert all(0 <= span.start <= span.end <= len(document.text) for span in spans)
    for words in (document.text, document.title, *document.left_out, *document.warnings):
        words.encode()
    return document


def finds(paths, read) -> list[str]:
    """What is wrong: errors that are no answer to a damaged file."""
    wrong = []
    for path, outcome in read_all(paths, most_bytes=10**7, limits=LIMITS, processes=2, read=read):
        if isinstance(outcome, IngestError):
            told = str(outcome)
            notes = getattr(outcome, "__notes__", [])
            lost = re.search("takes longer than|memory to be read|ended the process|nested too deep", told)
            if notes or lost or path.name not in told or "Traceback" in told:
                wrong.append("\n".join([f"{path.name}: {told}", *notes]))
    return wrong


def test_the_whole_files_are_read_with_their_notes():
    for suffix in FORMATS:
        document = whole(read_bytes(seed(suffix), name=f"ferry.{suffix}", source=f"ferry.{suffix}"))
        assert document.title == "The Longest Ferry", suffix
        assert document.footnotes, suffix
        assert all(note.markers for note in document.footnotes), suffix


def test_every_format_is_damaged_here():
    assert {f".{suffix}" for suffix in FORMATS} <= readers().keys()


def test_the_same_name_is_the_same_damage_and_another_name_is_other_damage():
    assert bytes_of("3.docx") == bytes_of("3.docx")
    assert len({bytes_of(f"{n}.html") for n in range(50)}) > 45


def test_damaged_files_are_errors_that_name_them_or_documents_that_hold_together():
    paths = [Path(f"{n}.{FORMATS[n % len(FORMATS)]}") for n in range(EVERY_DAY)]
    assert finds(paths, read_damaged) == []


@pytest.mark.heavy
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("suffix", FORMATS)
def test_ten_thousand_damaged_files_are_errors_or_documents(suffix):
    paths = (Path(f"{n}.{suffix}") for n in range(EVERY_DAY, EVERY_DAY + HEAVY // len(FORMATS) + 1))
    assert finds(paths, read_damaged) == []


def test_what_was_found_before_is_read_or_refused():
    paths = [path for path in sorted(CASES.glob("*/*")) if path.is_file()]
    assert finds(paths, read_case) == []
