"""The tabs of the page, left to right. A new tab: write its module, add it here."""

from visualize.tabs import colorize, inpaint, teachers

TABS = (teachers, inpaint, colorize)
