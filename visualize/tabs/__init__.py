"""The tabs of the page, left to right. A new tab: write its module, add it here."""

from visualize.tabs import teachers

TABS = (teachers,)
