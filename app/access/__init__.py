"""Who may see and do what: users, API keys, sessions, the guard before every interface, and the audit log."""
