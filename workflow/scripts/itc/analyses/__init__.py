"""Tables of the study, one file each, built from outcomes and evaluations."""
