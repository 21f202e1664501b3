"""Conversable stand-ins for the parts of the world that a test wants to decide about."""

from tests.support.time_and_chance import FakeClock, SeededEntropy

__all__ = ["FakeClock", "SeededEntropy"]
