"""The tests: one folder a package, whole journeys, and the rules of the architecture."""
