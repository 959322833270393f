"""(question, heading, sentences) as the reader's network sees them, in training and in use alike.

    [CLS] question [SEP] heading | sentence sentence … [SEP]

The heading is context and never a candidate. Whoever calls has blanked footnote markers out, at equal
length.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

QUESTION_TOKENS = 64
WINDOW_TOKENS = 320
"""Question, heading and sentences together; what is past it is not read."""


@dataclass(frozen=True)
class Encoded:
    """One window as arrays over its t tokens.

    ids, type_ids: int64, shape (t,). sentence: int64, shape (t,), index of the sentence a token
    belongs to, -1 for question, heading and specials. chars: int64, shape (t, 2), half-open
    character offsets into that sentence, meaningless where sentence is -1.
    """

    ids: np.ndarray
    type_ids: np.ndarray
    sentence: np.ndarray
    chars: np.ndarray


def encode(tokenizer: Tokenizer, question: str, heading: str, sentences: Sequence[str]) -> Encoded:
    """Encode one window; sentences beyond WINDOW_TOKENS have no token in the result."""
    asked = tokenizer.encode(question, add_special_tokens=False).ids[:QUESTION_TOKENS]
    window = tokenizer.encode(window_text(heading, sentences), add_special_tokens=False)
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    room = WINDOW_TOKENS - len(asked) - 3
    ids, offsets = window.ids[:room], np.array(window.offsets[:room], dtype=np.int64).reshape(-1, 2)
    owner, chars = sentence_of_tokens(heading, sentences, offsets)
    before = len(asked) + 2
    return Encoded(
        ids=np.array([cls, *asked, sep, *ids, sep], dtype=np.int64),
        type_ids=np.array([0] * before + [1] * (len(ids) + 1), dtype=np.int64),
        sentence=np.concatenate([np.full(before, -1), owner, [-1]]).astype(np.int64),
        chars=np.concatenate([np.zeros((before, 2)), chars, np.zeros((1, 2))]).astype(np.int64),
    )


def window_text(heading: str, sentences: Sequence[str]) -> str:
    """The heading and the sentences as one string."""
    return _prefix(heading) + " ".join(sentences)


def sentence_of_tokens(
    heading: str, sentences: Sequence[str], offsets: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(sentence, chars) as in Encoded, of tokens at offsets, int64 of shape (t, 2), into window_text."""
    starts, cursor = [], len(_prefix(heading))
    for sentence in sentences:
        starts.append(cursor)
        cursor += len(sentence) + 1
    begins = np.array(starts, dtype=np.int64)
    owner = np.searchsorted(begins, offsets[:, 0], side="right") - 1
    return owner, offsets - np.where(owner >= 0, begins[np.maximum(owner, 0)], 0)[:, None]


def _prefix(heading: str) -> str:
    return f"{heading} | " if heading else ""
