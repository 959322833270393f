"""The connection to a language model: any OpenAI-compatible endpoint, or a GGUF file."""

from app.llm.endpoint import LanguageModel, Message, connect

__all__ = ["LanguageModel", "Message", "connect"]
