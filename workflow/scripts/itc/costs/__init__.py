"""What a strategy spends: token axes of every evaluation, and the units derived from them."""
