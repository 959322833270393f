"""One small whole file of every format, made here: what `tests.test_fuzz` damages."""

import io
import zipfile
import zlib
from functools import cache

FORMATS = ("txt", "md", "html", "docx", "odt", "epub", "pdf")

TEXT = """The Longest Ferry

It crossed the sound in May.[1] Nobody had asked for it, and everybody used it, said the mayor.[2]

- Boats were small,
- and the weather was not.

Chapter II

1. The first rule was to wait.
2. The second was to wait again.[3]

[1] Ledger of the port, p. 4.

[2] See note 1; he said “everybody” twice.

[3] Ibid.
"""
MARKDOWN = """---
title: The Longest Ferry
---
# The Longest Ferry

It *crossed* the [sound](https://example.org/a(b)) in `May`.[^1] An aside.^[Said twice.]

| Year | Boats |
| ---- | ----- |
| 1714 | 3[^b] |

> - Nobody had asked <b>for it</b>.
>   1. Everybody used it.

<aside>Subscribe</aside>

```
code
```

[^1]: Ledger of the port,

    in two paragraphs[^b].
[^b]: Ibid.
"""
HTML = """<!doctype html><html><head><meta charset="utf-8"><title>The Longest Ferry</title></head><body>
<nav>Home</nav><article><h1>The Longest Ferry</h1><p>It crossed the sound in May.<sup><a href="#fn1"
id="r1">1</a></sup> Nobody had asked for it &amp; everybody used it.<a role="doc-noteref" href="#n2">*</a></p>
<table><tr><th>Year</th><td>Boats</td></tr><tr><td>1714<td>3</table><ul><li>One<ul><li>Two</ul></ul>
<pre>a  b</pre><blockquote><p>Wait.</p></blockquote></article>
<section role="doc-endnotes"><ol><li id="fn1"><p>Ledger. <a href="#r1">↩</a></p><p>Page 4.</p></li>
<li id="n2">Ibid.</li></ol></section></body></html>"""

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
RELS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DOCX = {
    "[Content_Types].xml": f"""<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels"
ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml"
ContentType="application/xml"/><Override PartName="/word/document.xml"
ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"
Type="{RELS}/officeDocument" Target="word/document.xml"/></Relationships>""",
    "word/_rels/document.xml.rels": f"""<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"
Type="{RELS}/footnotes" Target="footnotes.xml"/><Relationship Id="r2" Type="{RELS}/styles"
Target="styles.xml"/></Relationships>""",
    "word/styles.xml": f"""<w:styles {W}><w:style w:type="paragraph" w:styleId="Heading1"><w:name
w:val="heading 1"/></w:style><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/>
</w:style></w:styles>""",
    "word/document.xml": f"""<w:document {W}><w:body><w:p><w:pPr><w:pStyle w:val="Title"/></w:pPr><w:r>
<w:t>The Longest Ferry</w:t></w:r></w:p><w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Boats</w:t>
</w:r></w:p><w:p><w:r><w:t>It crossed the sound in May.</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>
<w:ins w:id="9"><w:r><w:t xml:space="preserve"> Nobody asked.</w:t></w:r></w:ins><w:del w:id="8"><w:r>
<w:delText>Gone.</w:delText></w:r></w:del></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>1714</w:t></w:r></w:p></w:tc>
<w:tc><w:p><w:r><w:t>3</w:t><w:footnoteReference w:id="3" w:customMarkFollows="1"/><w:t>*</w:t></w:r></w:p>
</w:tc></w:tr></w:tbl></w:body></w:document>""",
    "word/footnotes.xml": f"""<w:footnotes {W}><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>
<w:footnote w:id="2"><w:p><w:r><w:footnoteRef/><w:t>Ledger of the port.</w:t></w:r></w:p><w:p><w:r>
<w:t>Page 4.</w:t></w:r></w:p></w:footnote><w:footnote
w:id="3"><w:p><w:r><w:t>* Ibid.</w:t></w:r></w:p></w:footnote>
</w:footnotes>""",
}
ODF = "urn:oasis:names:tc:opendocument:xmlns"
ODT = {
    "mimetype": "application/vnd.oasis.opendocument.text",
    "META-INF/manifest.xml": f"""<manifest:manifest xmlns:manifest="{ODF}:manifest:1.0"><manifest:file-entry
manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>""",
    "content.xml": f"""<office:document-content xmlns:office="{ODF}:office:1.0" xmlns:text="{ODF}:text:1.0"
xmlns:table="{ODF}:table:1.0"><office:body><office:text>
<text:h text:outline-level="1">The Longest Ferry</text:h><text:p>
It crossed<text:s text:c="3"/>the sound in May.<text:note text:id="f1" text:note-class="footnote">
<text:note-citation>1</text:note-citation><text:note-body><text:p>Ledger of the port.</text:p><text:p>Page 4.
</text:p></text:note-body></text:note></text:p><text:list><text:list-item><text:p>Boats</text:p></text:list-item>
</text:list><table:table><table:table-row><table:table-cell table:number-columns-repeated="2">
<text:p>1714</text:p></table:table-cell></table:table-row></table:table></office:text></office:body></office:document-content>""",
}
EPUB = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"
version="1.0"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>""",
    "OEBPS/book.opf": """<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata
xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Longest Ferry</dc:title></metadata><manifest>
<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/><item id="b" href="notes.xhtml"
media-type="application/xhtml+xml"/><item id="n" href="nav.xhtml" properties="nav"
media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/><itemref idref="b"/></spine>
</package>""",
    "OEBPS/nav.xhtml": """<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a
href="a.xhtml">One</a></li></ol></nav></body></html>""",
    "OEBPS/a.xhtml": """<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>One</h1><p>It crossed the
sound in May.<a href="notes.xhtml#n1" id="r1">1</a></p></body></html>""",
    "OEBPS/notes.xhtml": """<html xmlns="http://www.w3.org/1999/xhtml"><body><h2>Notes</h2><p id="n1"><a
href="a.xhtml#r1">1</a>. Ledger of the port.</p></body></html>""",
}


def zipped(members: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def pdf() -> bytes:
    """Two pages of Helvetica: a title, a raised marker, its small note below; the second page packed."""
    lines = [(18, 740, b"(The Longest Ferry) Tj"), (11, 700, b"(Nobody had asked for a ferry over) Tj")]
    lines += [(11, 686, b"(the sound in May.) Tj /F 7 Tf 4 Ts (1) Tj 0 Ts /F 11 Tf ( Then it came.) Tj")]
    lines += [(8, 60, b"/F 5 Tf 3 Ts (1) Tj 0 Ts /F 8 Tf ( Ledger of the port, page 4.) Tj")]
    page = b"\n".join(b"BT /F %d Tf 72 %d Td %s ET" % line for line in lines)
    packed = zlib.compress(b"BT /F 11 Tf 72 740 Td (Everybody used it, said the mayor.) Tj ET")
    kids = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] "
    kids += b"/Resources << /Font << /F 5 0 R >> >> /Contents "
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R 4 0 R] /Count 2 >>",
        kids + b"6 0 R >>",
        kids + b"7 0 R >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + (
        b"xref\n0 8\n0000000000 65535 f \n%strailer\n<< /Size 8 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(out))
    )


ARCHIVES = {"docx": DOCX, "odt": ODT, "epub": EPUB}
TEXTS = {"txt": TEXT, "md": MARKDOWN, "html": HTML}


@cache
def seed(suffix: str) -> bytes:
    """The whole file of a format."""
    if suffix in ARCHIVES:
        return zipped(ARCHIVES[suffix])
    return TEXTS[suffix].encode() if suffix in TEXTS else pdf()
