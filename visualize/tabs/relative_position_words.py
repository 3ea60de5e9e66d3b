"""What the tab "Position" says: a question for a class, the game, its shortcuts, how the networks were trained."""

from visualize.tabs.explained import plain


def ours(names: tuple[str, ...]) -> str:
    """How our patches differ, in the numbers of the first network whose config.json can be read; nothing without one."""
    from ssl_core import checkpoint, zoo

    for name in names:
        try:
            config = checkpoint.read_config(zoo.folder() / name)["config"]
        except checkpoint.CheckpointError:
            continue  # the table of trainings says so
        patch, gap, side = (config.get(key) for key in ("patch", "gap", "side"))
        return plain(
            f"Ours cut patches of {patch} pixels with a gap of {gap} from squares of {side}, and ask about all pairs of neighbours "
            "among nine patches, because nine encodings then answer 40 questions."
        )
    return ""
