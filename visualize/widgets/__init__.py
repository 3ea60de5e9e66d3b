"""Components that answer to the hand: each is a gr.HTML whose JavaScript stands in assets/."""
