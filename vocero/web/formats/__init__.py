"""How dates are written where Django has a habit of one country only."""
