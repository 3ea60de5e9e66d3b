"""What went wrong, as a sentence for the person."""

import logging


def sentence(error: Exception, where: str) -> str:
    """The text of an error of our own classes, which is such a sentence; any other nobody foresaw, and the terminal tells it whole."""
    if type(error).__module__.partition(".")[0] in ("ssl_core", "visualize"):
        return str(error)
    logging.getLogger(__name__).error("%s failed", where, exc_info=error)
    return f"This failed ({type(error).__name__}: {error}). The terminal says where; the other tabs go on."
