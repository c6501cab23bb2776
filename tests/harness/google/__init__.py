"""Google Cloud as far as the suite needs it: token servers, a store that enforces access boundaries, clients of it."""
