"""A page for the local workspace: what is in it, drawn as Slack draws it."""
