"""Break-glass in the browser: taking it, seeing it, ending it, reviewing it."""
