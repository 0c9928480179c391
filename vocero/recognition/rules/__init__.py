"""What earns points: one file per rule, each with a version that changes when its meaning does."""
