"""The tests of dlcli. `tests.oracle` is a package of its own that imports nothing from dlcli."""
