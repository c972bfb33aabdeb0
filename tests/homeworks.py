"""Homework files that several tests start from."""

CSE_471 = """\
title: "CSE 471: forward pass and gradients of a 2-2-1 network"
inputs:  {x1: -3, x2: 5}
weights: {w03: 2, w04: -1, w05: 1, w13: 2, w14: 4, w23: 3, w24: 1, w35: 2, w45: 3}
targets: {y: 0}
network:
  - in3 = w03 + w13*x1 + w23*x2
  - a3 = relu(in3)
  - in4 = w04 + w14*x1 + w24*x2
  - a4 = relu(in4)
  - in5 = w05 + w35*a3 + w45*a4
  - yhat = sigmoid(in5)
loss: bce(yhat, y)
"""
