"""The app's Home tab: pure functions, every view within Slack's limits."""
