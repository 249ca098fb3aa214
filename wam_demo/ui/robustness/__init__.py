"""The Robustness tab: a grid that fills while one watches."""
