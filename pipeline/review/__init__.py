"""What people do: look, claim, decide. Every decision advances its submission in the same request."""
