"""Wiring: the graph, the runners and the command line. No domain logic lives here."""
