"""`python -m timebank.cli`: the same command, where no script is installed."""

from timebank.cli.app import main

if __name__ == "__main__":
    main()
