"""The report as one HTML file: everything inline, nothing asked of any network, and a policy in the page
that forbids it. Every word of questions and documents is escaped by the template."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from eval.report import charts, words
from eval.report.build import Report
from eval.report.reasons import Reason

HERE = Path(__file__).parent


def page(report: Report, remarks: Mapping[str, Sequence[Reason]], unlike: Sequence[str] = ()) -> str:
    """The page. Its policy allows its own style and script, by their hashes, and nothing else.

    remarks: on right answers, by the question's id. unlike: in what set and documents differ from the
    baseline's, in sentences.
    """
    environment = Environment(
        autoescape=True,
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css, js = ((HERE / name).read_text(encoding="utf-8") for name in ("report.css", "report.js"))
    policy = (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(js)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return environment.get_template("report.html.j2").render(
        r=report,
        remarks=remarks,
        unlike=unlike,
        # css and js are ours and stand in the element as they are hashed
        css=Markup(css),  # noqa: S704
        js=Markup(js),  # noqa: S704
        policy=policy,
        charts=charts,
        words=words,
        three=_three,
        bin_rows=lambda bins: [(b["confidence"], b["accuracy"], b["n"]) for b in bins if b["n"]],
        anchors={q.id: q.anchor for q in report.questions},
        ordered=(*report.failed, *(q for q in report.questions if q.right)),
    )


def _three(rows: Iterable[Sequence[float]]) -> list[list[str]]:
    """Rows of numbers as read, with three decimals at most."""
    return [[f"{value:.3f}".rstrip("0").rstrip(".") for value in row] for row in rows]


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
