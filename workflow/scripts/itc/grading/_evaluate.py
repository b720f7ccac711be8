"""What ``eval`` may do while a scorer of another package judges an answer: arithmetic on literals.

Some of reasoning-gym's scorers evaluate the answer as Python, themselves or through SymPy's parser.
In the sandbox that harms no machine, but an answer that runs code could return any verdict. So the
text is parsed first, and only literals, arithmetic, comparisons and calls of known mathematical
functions are evaluated. It is the syntax tree that is looked at, in which Python has normalised all
names, so no spelling of a name gets past.
"""

from __future__ import annotations

import ast
import builtins
import sys
from typing import Any

from itc.grading._base import Undecidable

MODULES = ("reasoning_gym", "sympy")  # whose calls are looked at
NODES = (
    *(ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Call),
    *(ast.Tuple, ast.List, ast.Set, ast.Dict),
    *(ast.UnaryOp, ast.UAdd, ast.USub, ast.Invert, ast.Not),
    *(ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow),
    *(ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor),
    *(ast.BoolOp, ast.And, ast.Or, ast.Compare, ast.Eq, ast.NotEq),
    *(ast.Lt, ast.LtE, ast.Gt, ast.GtE),
)
CALLS = frozenset(
    (
        # what SymPy's parser writes around numbers and names
        *("Integer", "Float", "Rational", "Symbol", "Function"),
        *("Abs", "abs", "exp", "log", "ln", "sqrt", "cbrt", "root", "factorial", "factorial2"),
        *("sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan", "acot", "asec", "acsc"),
        *("sinh", "cosh", "tanh", "coth", "sech", "csch", "asinh", "acosh", "atanh", "atan2"),
        *("erf", "erfc", "gamma", "floor", "ceiling", "Max", "Min", "max", "min", "sign", "Mod"),
        *("Integral", "Derivative", "Piecewise", "Eq"),
    )
)
_eval = builtins.eval


def mathematical(source: str) -> bool:
    """Whether ``source`` is an expression that only computes; raises SyntaxError as eval does."""
    tree = ast.parse(source.strip(), mode="eval")
    return all(isinstance(node, NODES) and _plain(node) for node in ast.walk(tree))


def _plain(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return "__" not in node.id
    if not isinstance(node, ast.Call):
        return True
    function = node.func
    # A function that nobody knows, f(x), is Function('f')(x) after SymPy's parser.
    if isinstance(function, ast.Call) and isinstance(function.func, ast.Name):
        return function.func.id == "Function" and not node.keywords
    return isinstance(function, ast.Name) and function.id in CALLS and not node.keywords


class Guard:
    """In place of ``eval`` within the block; ``refused`` says whether anything was kept from it."""

    def __init__(self) -> None:
        self.refused = False

    def __enter__(self) -> Guard:
        builtins.eval = self._evaluate
        return self

    def __exit__(self, *_: object) -> None:
        builtins.eval = _eval

    def _evaluate(self, source: Any, *names: Any, **more: Any) -> Any:
        caller = str(sys._getframe(1).f_globals.get("__name__", ""))
        if caller.split(".")[0] in MODULES:
            if not isinstance(source, str) or not mathematical(source):
                self.refused = True
                raise Undecidable("unsafe")
            names = names or ({"__builtins__": {"abs": abs, "max": max, "min": min}},)
        elif not names and not more:  # eval without names looks at those of its caller
            frame = sys._getframe(1)
            names = (frame.f_globals, frame.f_locals)
        return _eval(source, *names, **more)
