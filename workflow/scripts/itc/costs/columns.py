"""Names, titles and units of the cost axes, in the order in which tables and figures show them."""

from __future__ import annotations

# Expectations per problem; a column is null where the recorded responses lack what it needs.
EVALUATED = {
    "cost_output_tokens": ("Output tokens", "generated tokens per problem, all calls"),
    "cost_total_tokens": ("Total tokens", "prompt tokens (a shared prefix once) + output tokens"),
    "cost_sequential_tokens": ("Sequential tokens", "generated tokens on the critical path"),
    "cost_calls": ("Calls", "model calls per problem"),
    "cost_squared_tokens": ("Squared tokens", "sum over calls of output tokens squared"),
    "cost_prompt_attention": ("Attended prompt", "sum over calls of prompt x output tokens"),
    "cost_prompt_traffic": ("Loaded prompt", "sum over shared prompts of prompt x longest output"),
    "cost_bytes": ("Bytes of text", "UTF-8 bytes generated per problem"),
}
DERIVED = {
    "cost_flops": ("FLOPs", "2 x active parameters x tokens"),
    "cost_eflops": ("eFLOPs", "Kinetics: compute + 562.5 FLOPs per byte of memory traffic"),
    "cost_money": ("Money", "by the dated price table of the model"),
    "cost_gpu_seconds": ("GPU seconds", "measured seconds per output token x output tokens"),
}
COSTS = EVALUATED | DERIVED
# Sums of products that attention and its cache cost; parts of eFLOPs, no axis of their own. The two
# of prompts are null where all calls of a problem share one prompt: there they are plain products.
PRODUCTS = ("cost_squared_tokens", "cost_prompt_attention", "cost_prompt_traffic")
AXES = tuple(name for name in COSTS if name not in PRODUCTS)
