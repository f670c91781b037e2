"""``diagnose index``: judges very many wheels, on one machine or on a cluster, and adds up what it found."""
