"""What it is worth: roll-ups, KPIs, EMV, disclosure, reports."""
