"""Questions about a network: what a file asks, and the values it expects. How answers are judged is in `grading`."""
