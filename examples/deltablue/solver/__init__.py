"""DeltaBlue: incremental solving of one-way constraints with strengths (Freeman-Benson, Maloney and Borning, 1990)."""
