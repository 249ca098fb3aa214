"""Why a policy does what it does: imagination, attention, interventions."""
