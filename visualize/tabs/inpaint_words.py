"""What the tab "Inpaint" says: a question for a class, what is hidden, what each loss rewards, how the networks were trained."""


def weights(names: tuple[str, ...]) -> str:
    """The lambdas of the network that was trained with both losses, from its config.json; nothing when there is none."""
    from ssl_core import checkpoint, zoo

    for name in names:
        try:
            numbers = checkpoint.read_config(zoo.folder() / name)["config"]
        except checkpoint.CheckpointError:
            continue  # the table of trainings says so
        if numbers.get("adversarial"):
            return f", here {numbers['reconstruction']:g} and {numbers['adversarial']:g}"
    return ""
