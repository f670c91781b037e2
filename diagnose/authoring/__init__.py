"""What a check, built in or a plugin's, may use besides the readers and :mod:`diagnose.remedies`."""
