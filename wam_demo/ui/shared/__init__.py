"""What several tabs use: packets, charts, words, theme."""
