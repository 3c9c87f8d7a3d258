"""Kinships: spouses and lineal kin, declared and confirmed."""
