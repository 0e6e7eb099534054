"""The mean of the last values, told by one number and a count."""


def running_mean(mean: float, count: int, value: float, over: int) -> tuple[float, int]:
    """Return mean and count with one more value: plain at first, then of weight 1 / over each."""
    count = min(count + 1, over)
    return mean + (value - mean) / count, count
