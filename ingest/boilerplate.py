"""What a site wraps around an article: newsletter prompts, share lines, navigation, site names.

Only the edges of a text are judged here, and only short pieces: a sentence in the middle of an
article that speaks of newsletters is content.
"""

import re

SITE_PHRASES = re.compile(
    r"""\b(?:
        subscribe | unsubscribe | newsletters? | sign\ up | log\ ?in | stay\ (?:informed|connected|up\ to\ date)
      | follow\ us | share\ (?:this|on|via)\b | tweet\ this | all\ rights\ reserved | cookies? | privacy\ policy
      | terms\ of\ (?:use|service) | skip\ to\ (?:main\ )?content | read\ more | related\ (?:articles|posts|stories)
      | leave\ a\ (?:comment|reply) | advertisement | i.?m\ interested\ in | get\ our\ latest | donate
      | print\ this\ page | back\ to\ top | copyright
    )\b | ©""",
    re.IGNORECASE | re.VERBOSE,
)
SENTENCE = re.compile(r"\w[^.!?]*\s[^.!?]*\s[^.!?]*\s[^.!?]*[.!?][\"”’)\]]*\s*$")
"""A line with four words or more that ends like a sentence."""
SHORT = 160
"""Characters; a longer paragraph is never taken for boilerplate."""


def is_site_phrase(text: str) -> bool:
    """Whether a short text has the words of a newsletter prompt, share line or notice."""
    return len(text) <= SHORT and bool(SITE_PHRASES.search(text))


def is_sentence(text: str) -> bool:
    """Whether the text ends as running prose does."""
    return bool(SENTENCE.search(text.strip()))


def split_tail(paragraphs: list[str], after_notes: bool) -> tuple[list[str], list[str]]:
    """Cut boilerplate off the end: (kept, left out), both in order.

    After the notes of an article, short paragraphs that are not prose go together; elsewhere only
    those from the first that has a site phrase on.
    """
    first = len(paragraphs)
    while first > 0:
        text = paragraphs[first - 1]
        prose = is_sentence(text) and not is_site_phrase(text)
        if len(text) > SHORT * 2 or prose:
            break
        first -= 1
    tail = paragraphs[first:]
    if not after_notes:
        begin = next((i for i, text in enumerate(tail) if is_site_phrase(text)), len(tail))
        first += begin
    return paragraphs[:first], paragraphs[first:]
