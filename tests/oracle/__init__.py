"""Gradients by forward-mode dual numbers: a witness that shares no line with dlcli, NumPy alone."""
