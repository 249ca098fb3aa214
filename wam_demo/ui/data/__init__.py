"""The Data tab: what was recorded here is looked through, edited, handed on, and taught to a policy."""
