"""Judgement: contract, suites, reconciliation, reports. Imports neither the engine nor the transforms."""
