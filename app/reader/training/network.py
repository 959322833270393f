"""The reader's network: a small BERT and four linear heads on it (torch; training and export only)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

MASKS = 16_000_000
"""Numbers that masks of dropout are cut from."""


class QuickDropout(nn.Module):
    """Dropout whose masks are cut, each at a random place, from numbers drawn once: torch draws them on one
    core, and a sixth of a training step would go into that."""

    def __init__(self, masks: Tensor) -> None:
        super().__init__()
        self.masks = masks  # no buffer: not among the weights

    def forward(self, hidden: Tensor) -> Tensor:
        """The same shape; while training some elements are 0 and the others scaled."""
        if not self.training:
            return hidden
        at = int(torch.randint(len(self.masks) - hidden.numel(), ()))
        return hidden * self.masks[at : at + hidden.numel()].view_as(hidden)


class ReaderNetwork(nn.Module):
    """(ids, mask, type_ids), each int64 of shape (batch, tokens), to four float32 logits.

    evidence, start, end: shape (batch, tokens); answerable: shape (batch,), from [CLS].
    """

    def __init__(self, encoder: nn.Module, width: int = 384) -> None:
        super().__init__()
        self.encoder: nn.Module = encoder
        self.tokens = nn.Linear(width, 3)
        self.passage = nn.Linear(width, 1)
        self.drop = nn.Dropout(0.1)

    def forward(self, ids: Tensor, mask: Tensor, type_ids: Tensor) -> tuple[Tensor, ...]:
        """Logits evidence, start, end and answerable."""
        hidden = self.encoder(input_ids=ids, attention_mask=mask, token_type_ids=type_ids)[0]
        hidden = self.drop(hidden)
        evidence, start, end = self.tokens(hidden).float().unbind(-1)
        return evidence, start, end, self.passage(hidden[:, 0]).float().squeeze(-1)


def bert(layers: int) -> BertModel:
    """An encoder without weights, of the measures that all-MiniLM and bge-small have in common. Attention
    is "eager": that can be exported, and on a CPU it is the fastest to train, without dropout of its own."""
    config = BertConfig(
        hidden_size=384,
        num_hidden_layers=layers,
        num_attention_heads=12,
        intermediate_size=1536,
        attention_probs_dropout_prob=0.0,
    )
    config._attn_implementation = "eager"
    return BertModel(config, add_pooling_layer=False)


def network_of(checkpoint: Mapping[str, Tensor]) -> ReaderNetwork:
    """The network of a checkpoint, with as many layers as that has."""
    names = {name.split(".")[3] for name in checkpoint if name.startswith("encoder.encoder.layer.")}
    network = ReaderNetwork(bert(len(names)))
    network.load_state_dict(dict(checkpoint))
    return network


def quicken(network: nn.Module, rate: float = 0.1) -> None:
    """Put QuickDropout in place of every dropout."""
    quick = QuickDropout((torch.rand(MASKS) >= rate).float() / (1 - rate))
    for module in list(network.modules()):
        for name, part in list(module.named_children()):
            if isinstance(part, nn.Dropout) and part.p:
                setattr(module, name, quick)
