"""A child's death as the register knows it: notifications, the case, its clocks and timeline."""
