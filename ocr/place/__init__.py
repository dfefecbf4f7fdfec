"""Where the form lies in the picture: registration by markers and print, bends and folds of the paper."""
