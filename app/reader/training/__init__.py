"""How the reader was trained; torch only, never imported in use."""
