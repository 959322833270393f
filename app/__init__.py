"""Questions become answers with citations, behind every interface."""
