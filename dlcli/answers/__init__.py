"""Answer sheets: what students wrote, as text with places. What it means is decided in `grading`."""
