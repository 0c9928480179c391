"""Real and faulty counterparts that tests start on loopback, on free ports, and stop by the pid that started them."""
