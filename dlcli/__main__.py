"""`python -m dlcli` is `dlcli`."""

from dlcli.cli.main import main

if __name__ == "__main__":
    main()
