"""What a visitor can show to others: a clip of an attempt, a link to it, and the link's preview."""
