"""The deposit: a study's recorded responses as one archive, and its replay from there."""
