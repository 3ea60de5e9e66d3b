"""The tabs of the page, left to right. A new tab: write its module, add it here."""

from visualize.tabs import colorize, feature_map, inpaint, neurons, relative_position, teachers

TABS = (teachers, inpaint, colorize, relative_position, neurons, feature_map)
