"""Networks as compiled graphs: how they are made, kept and chosen."""
