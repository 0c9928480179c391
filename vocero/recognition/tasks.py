"""Due work of recognition: give the points that shares and clicks have earned."""

from datetime import datetime

from vocero.recognition.services import score


def score_recent(at: datetime) -> int:
    """Give what is missing for the shares of the last forty days; gives how many entries were written."""
    return score(at=at)
