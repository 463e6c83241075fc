"""What the bot shows in browsers and feed readers, to whoever has a secret link."""
