"""The reader's network: the MiniLM encoder and four linear heads on it (torch; training and export only)."""

from torch import Tensor, nn


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
