"""What a site wraps around an article: newsletter prompts, share lines, navigation, notices.

Only the edges of a text are judged here, and only short pieces that say what they are: a sentence
that speaks of newsletters or copyright is content.
"""

import re

SITE_PHRASE = re.compile(
    r"""(?:^|[.!?:]\s+)(?:            # an appeal begins its sentence
        (?:please\ |to\ )?(?:subscribe|unsubscribe|sign\ up|log\ ?in|donate|follow\ us)\b
      | share\ (?:this|on|via)\b | tweet\ this | print\ this\ page | click\ here\ to | read\ more\b
      | more\ from\b | leave\ a\ (?:comment|reply)\b
      | stay\ (?:informed|connected|up\ to\ date) | get\ (?:our|the)\ latest | i.?m\ interested\ in
      | join\ (?:our|the)\ (?:newsletter|mailing\ list) | skip\ to\ (?:main\ )?content | we\ use\ cookies
      | related\ (?:articles|posts|stories) | copyright\ (?:©|\(c\)|\d{4}) | ©
    )
    | all\ rights\ reserved | \b(?:privacy|cookie)\ policy\b | \bterms\ of\ (?:use|service)\b
    | \bour\ (?:free\ )?(?:weekly\ |daily\ |monthly\ )?newsletter\b""",
    re.IGNORECASE | re.VERBOSE,
)
SITE_LINE = re.compile(
    r"""(?:skip\ to\ (?:main\ )?content|menu|home|search|log\ ?in|sign\ in|sign\ up|subscribe|share|print
      |e-?mail|tweet|advertisement|about\ us|contact(?:\ us)?|privacy|back\ to\ top|share\ this(?:\ \w+)?
      |we\ use\ cookies.*)(?:\s*[|·•/:-]\s*|\s*$)""",
    re.IGNORECASE | re.VERBOSE,
)
TELLS = re.compile(
    r"^(?!(?:published|updated|posted|modified|date)\b)[^:\d]{2,40}:\s.*\d|\w@\w"
    r"|[€£$]\s?\d|\d\s?(?:[€£$]|(?:euros?|dollars?|pounds?)\b)|\b\d{1,2}(?::\d\d)?\s?(?:to|[–-])\s?\d{1,2}\b",
    re.IGNORECASE,
)
"""What hours, prices and addresses have: a label with a figure, a sum, a time; "38 North: News" has none, nor
has "12 Comments"."""
ENDS = ".!?"
CLOSERS = '"”’)]'
SHORT = 160
"""Characters; a longer paragraph is never taken for boilerplate."""


def is_site_phrase(text: str) -> bool:
    """Whether a short text has the words of a newsletter prompt, share line or notice."""
    return len(text) <= SHORT and bool(SITE_PHRASE.search(text) or _is_site_line(text))


def is_sentence(text: str) -> bool:
    """Whether the text ends as running prose does: with a sentence of four words or more."""
    inner = text.strip().rstrip(CLOSERS)
    if not inner.endswith(tuple(ENDS)):
        return False
    last = inner[max(inner.rfind(end, 0, -1) for end in ENDS) + 1 :]
    word = re.search(r"\w", last)  # one pattern for all of it would take minutes on a page without an end
    return word is not None and sum(map(str.isspace, last[word.start() :])) >= 3


def count_head(paragraphs: list[str]) -> int:
    """How many paragraphs at the start are a site's buttons and nothing else ("Skip to content")."""
    return next((i for i, text in enumerate(paragraphs) if not _is_site_line(text)), 0)


def count_tail(paragraphs: list[str]) -> int:
    """How many paragraphs at the end are boilerplate.

    Those from the first site phrase on, where only pieces follow that are short, no prose and tell nothing:
    a line that is kept in vain costs less than a price or an address that nobody finds.
    """
    tail = 0
    for back, text in enumerate(reversed(paragraphs), start=1):
        if is_site_phrase(text):
            tail = back
        elif len(text) > SHORT * 2 or is_sentence(text):
            break
        elif SITE_PHRASE.search(text):
            tail = back
        elif TELLS.search(text):
            break
    return tail


def _is_site_line(text: str) -> bool:
    """Whether every piece of the line is a button: "Home | About us | Contact"."""
    at = 0
    while at < len(text) and (match := SITE_LINE.match(text, at)):
        at = match.end()
    return 0 < at == len(text)
