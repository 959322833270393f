"""Files made by the tools that people use: pandoc and LibreOffice, run once a session for each file."""

import atexit
import hashlib
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

MARKDOWN = """---
title: The Tin Kettle
---

# Making

Tin is soft.[^1] It melts *early*.[^two]

- one item
- another item

> A maker said so.

| Name | Size |
|------|------|
| pot  | 3    |
| pan  | 4    |

```
solder(
  tin)
```

## Use

Heat it by $a/b$ of a degree.

[^1]: Softer than lead.
[^two]: At 232 degrees.

    Which is little.
"""
FLAT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"
 xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
 xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"
 xmlns:dc="http://purl.org/dc/elements/1.1/"
 office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text>
<text:tracked-changes><text:changed-region text:id="c1"><text:deletion><office:change-info>
<dc:creator>A. Writer</dc:creator><dc:date>2024-01-01T00:00:00</dc:date></office:change-info>
<text:p>never printed</text:p></text:deletion></text:changed-region></text:tracked-changes>
<text:h text:outline-level="1">Pots</text:h>
<text:p>First<text:note text:id="ftn1" text:note-class="footnote"><text:note-citation>1</text:note-citation>
<text:note-body><text:p>A foot.</text:p><text:p>Its second.</text:p></text:note-body></text:note>
and <text:change text:change-id="c1"/>second<text:note text:id="ftn2" text:note-class="endnote">
<text:note-citation>i</text:note-citation><text:note-body><text:p>An end.</text:p></text:note-body>
</text:note> and starred<text:note text:id="ftn3" text:note-class="footnote">
<text:note-citation text:label="*">*
</text:note-citation><text:note-body><text:p>A star.</text:p></text:note-body></text:note>
and again<text:note-ref text:note-class="footnote" text:reference-format="text"
 text:ref-name="ftn1">1</text:note-ref>.
<office:annotation><dc:creator>B. Reader</dc:creator><dc:date>2024-01-01T00:00:00</dc:date>
<text:p>Really?</text:p>
</office:annotation></text:p>
<text:p>Around<draw:frame text:anchor-type="paragraph" svg:width="5cm"><draw:text-box>
<text:p>In the box.</text:p></draw:text-box></draw:frame> it.</text:p>
</office:text></office:body></office:document>
"""
"""Everything that LibreOffice writes of notes, changes, boxes and comments; in one flat file."""
BY_PANDOC = {(".md", suffix) for suffix in (".docx", ".odt", ".epub", ".html")}
SECONDS = 240
"""For one conversion; LibreOffice takes 3 to 10 where nothing else runs."""


def convert(source: Path, suffix: str) -> Path:
    """The file in another format, "made.docx" and the like; fails the test where the tool is missing."""
    made = (
        _folder() / hashlib.sha256(source.read_bytes() + source.suffix.encode()).hexdigest() / f"made{suffix}"
    )
    if made.exists():
        return made
    made.parent.mkdir(exist_ok=True)
    if (source.suffix, suffix) in BY_PANDOC:
        _run("pandoc", "--standalone", "--output", str(made), str(source))
    else:
        work = made.parent / f"from{source.suffix}"
        shutil.copyfile(source, work)
        profile = f"-env:UserInstallation=file://{_folder()}/profile"
        options = ("--headless", "--norestore", "--convert-to", suffix[1:], "--outdir")
        _run("soffice", profile, *options, str(made.parent), str(work))
        (made.parent / f"from{suffix}").rename(made)
    return made


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="cited-made-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _run(tool: str, *arguments: str) -> None:
    found = shutil.which(tool)
    if not found:
        pytest.fail(f"there is no {tool}; `make test` installs it")
    run = subprocess.run([found, *arguments], capture_output=True, text=True, timeout=SECONDS)
    if run.returncode:
        pytest.fail(f"{tool} failed: {run.stderr or run.stdout}")


def broken(data: bytes, times: int = 60) -> Iterator[bytes]:
    """Copies with a few bytes changed, or cut short; the same ones in every run."""
    chance = random.Random(7)
    for i in range(times):
        copy = bytearray(data)
        for _ in range(1 + i % 8):
            copy[chance.randrange(len(copy))] = chance.randrange(256)
        yield bytes(copy[: chance.randrange(len(copy))] if i % 10 == 9 else copy)
