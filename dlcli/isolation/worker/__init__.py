"""The half that runs in the worker process: it imports the standard library and NumPy, and nothing else of dlcli."""
