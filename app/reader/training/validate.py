"""How well the network reads examples that it was not trained on."""

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from torch import nn

from app.reader.model import decode
from app.reader.training.examples import Example
from app.reader.training.loss import batches, tensors

TOKENS = 6000
"""Padded tokens a batch."""


@torch.no_grad()
def validate(network: nn.Module, examples: list[Example], tokenizer: Tokenizer) -> dict[str, float]:
    """auroc of the answerable logit; sentence: share of answerable examples whose best sentence is
    evidence; exact: share of those with a short answer whose span in that sentence is one of them."""
    network.eval()
    scores, truth, right, exact = [], [], [], []
    for batch in batches(examples, tokenizer, TOKENS):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(*tensors([e for _, e in batch]))
        evidence, start, end, answerable = (t.float().numpy() for t in logits)
        for row, (example, e) in enumerate(batch):
            said = decode(
                e, len(example.sentences), evidence[row], start[row], end[row], float(answerable[row])
            )
            scores.append(said.answerable)
            truth.append(bool(example.evidence))
            if not example.evidence:
                continue
            best = int(np.argmax(said.evidence))
            right.append(best in example.evidence)
            if example.answers and (answer := said.answers[best]):
                text = example.sentences[best][answer.start : answer.end].lower()
                exact.append(text in {x.lower() for x in example.answer_texts})
    network.train()
    return {
        "auroc": float(roc_auc_score(truth, scores)),
        "sentence": float(np.mean(right)),
        "exact": float(np.mean(exact)),
    }
