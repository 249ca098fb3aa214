"""The Report & API tab."""
