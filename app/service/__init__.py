"""The HTTP interface: `/v1`, its OpenAI-compatible half, its description, health and metrics."""
