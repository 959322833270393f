"""A conversation as a Word file: the few parts of one, filled in and zipped.

By hand, because libraries that write Word files have no footnotes, or come with more than the parts in
`parts/`, which Word, LibreOffice and our own reader read.
"""

import io
import zipfile
from pathlib import Path

from app.export.conversation import Conversation
from app.export.templates import templates
from app.export.words import Words

HERE = Path(__file__).parent / "parts"
PARTS = {
    "[Content_Types].xml": "content_types.xml",
    "_rels/.rels": "package_rels.xml",
    "docProps/core.xml": "core.xml",
    "word/_rels/document.xml.rels": "document_rels.xml",
    "word/document.xml": "document.xml",
    "word/footer.xml": "footer.xml",
    "word/footnotes.xml": "footnotes.xml",
    "word/settings.xml": "settings.xml",
    "word/styles.xml": "styles.xml",
}
"""Members of the file, in order, and their templates."""
EAST_ASIA = {"en": ("ja-JP", "Yu Gothic"), "ko": ("ko-KR", "Malgun Gothic"), "ja": ("ja-JP", "Yu Gothic")}
"""Language and font of Chinese, Japanese and Korean letters, which Word asks for beside the others."""


def docx(conversation: Conversation, words: Words) -> bytes:
    """The file's content; the same for the same conversation."""
    values = {"conversation": conversation, "words": words, "east_asia": EAST_ASIA[words.language]}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for member, template in PARTS.items():
            part = templates(HERE).get_template(template).render(values)
            archive.writestr(zipfile.ZipInfo(member), part, compress_type=zipfile.ZIP_DEFLATED)
    return made.getvalue()
