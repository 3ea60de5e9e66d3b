"""What is seen: figures (arrays in, picture out), widgets (a gr.HTML with its JavaScript) and the tabs of the page."""
