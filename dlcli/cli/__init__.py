"""The command line: one file a command; `main` holds the group that loads a command when it is called."""
