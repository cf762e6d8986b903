"""The evidence: tables, policy and outcomes, kept together, saved and opened."""
