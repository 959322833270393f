"""The reader's network: a small BERT and four linear heads on it (torch; training and export only)."""

from collections.abc import Mapping

from torch import Tensor, nn
from transformers import BertConfig, BertModel


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


def bert(layers: int, attention: str = "sdpa") -> BertModel:
    """An encoder without weights, of the measures that all-MiniLM and bge-small have in common. attention:
    torch's kernel, or "eager", which can be exported."""
    config = BertConfig(
        hidden_size=384, num_hidden_layers=layers, num_attention_heads=12, intermediate_size=1536
    )
    config._attn_implementation = attention
    return BertModel(config, add_pooling_layer=False)


def network_of(checkpoint: Mapping[str, Tensor], attention: str = "sdpa") -> ReaderNetwork:
    """The network of a checkpoint, with as many layers as that has."""
    names = {name.split(".")[3] for name in checkpoint if name.startswith("encoder.encoder.layer.")}
    network = ReaderNetwork(bert(len(names), attention))
    network.load_state_dict(dict(checkpoint))
    return network
