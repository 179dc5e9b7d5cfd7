"""Deals: expenses in both ways, paid orders, and a mirror of all others."""
