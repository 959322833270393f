"""(question, passages) to evidence: the trained reader and what decides on its scores."""
