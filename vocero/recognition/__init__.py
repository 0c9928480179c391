"""Thanks: points ledger, rules, kudos."""
