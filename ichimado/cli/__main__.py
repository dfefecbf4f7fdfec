"""`python -m ichimado.cli`."""

from ichimado.cli import main

if __name__ == "__main__":
    main()
