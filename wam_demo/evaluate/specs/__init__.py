"""What is evaluated and what came of it: conditions, grids, scenes, episode records, cells."""
