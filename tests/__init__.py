"""Tests: real Chroma, the real model, real files, a real browser."""
