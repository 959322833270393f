"""The Model Context Protocol: what an assistant may do with a library, over stdio and over HTTP.

The package of the protocol itself is `mcp`; inside `app.mcp` that name means it, as imports are absolute.
"""

from app.mcp.http import mount
from app.mcp.server import server_of
from app.mcp.stdio import serve_stdio

__all__ = ["mount", "serve_stdio", "server_of"]
