"""The witnesses: each computes the gradients of a graph in its own way and prints nothing."""
