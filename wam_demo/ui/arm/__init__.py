"""The Arm tab: a connected arm from its pre-flight list to blinded trials."""
