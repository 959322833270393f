"""Which words of a question tell something."""

import re

WORD = re.compile(r"\w+")
FUNCTION_WORDS = """
a an and are as at be by did do does for from had has have how in into is it its of on or that the
their them they this to was were what when where which who whom whose why will with
"""
STOP = frozenset(FUNCTION_WORDS.split())
MOST_WORDS = 200
"""Different words of a question that are looked up."""


def telling_words(question: str) -> list[str]:
    """The question's words in lower case, each once, without function words unless it has no other."""
    words = WORD.findall(question.lower())
    return list(dict.fromkeys([word for word in words if word not in STOP] or words))
