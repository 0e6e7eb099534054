"""Measurements that say what they measure, against what, and the limit."""
