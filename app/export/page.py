"""A conversation as one HTML file: everything inline, no script, and a policy in the page that forbids any
request. Every word of questions and documents is escaped by the template."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from markupsafe import Markup

from app.export.conversation import Conversation
from app.export.templates import templates
from app.export.words import Words

HERE = Path(__file__).parent


def page(conversation: Conversation, words: Words) -> str:
    """The page's text. Its policy allows its own style, by its hash, and nothing else."""
    css = (HERE / "page.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(css.encode()).digest()).decode()
    return (
        templates(HERE)
        .get_template("page.html.j2")
        .render(
            conversation=conversation,
            words=words,
            css=Markup(css),  # noqa: S704  (ours, and stands in the element as it is hashed)
            policy=(
                f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
                "base-uri 'none'; form-action 'none'"
            ),
        )
    )
