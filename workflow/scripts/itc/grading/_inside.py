"""First steps inside the sandbox, before anything hostile is read: give up what is left.

bubblewrap made the namespaces and mounts. Here the process gives up root, gets a user namespace of
its own, so that the limit of processes counts this sandbox and no other, hides from the programs it
will start, and loads the filter of system calls. Every step that fails ends the process.

Standard library only, and no import of the package; it lies beside the runner in the sandbox. As a
script it goes on as a grading worker.
"""

import ctypes
import os
import resource
import sys

BOX = os.path.dirname(os.path.abspath(__file__))
if BOX not in sys.path:  # an isolated interpreter leaves it out
    sys.path.insert(0, BOX)

import _seccomp  # noqa: E402

NOBODY = 65534
FILES = 64  # open at once: each may hold the kernel's buffers, which no other limit counts
_NEW_USER_NAMESPACE = 0x10000000
_DUMPABLE, _SECCOMP, _FILTER = 4, 22, 2  # of prctl
_CAPABILITIES = 0x20080522  # version 3 of capset
_libc = ctypes.CDLL(None, use_errno=True)


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("steps", ctypes.c_char_p)]


def _must(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")


def _prctl(option: int, value: object, more: object = 0) -> None:
    arguments = (value, more, ctypes.c_ulong(0), ctypes.c_ulong(0))
    _must(_libc.prctl(option, *arguments), f"prctl {option}")


def enter(arguments: list[str]) -> None:
    """Give up root where ``--drop`` is among ``arguments``, and all else in any case."""
    if "--drop" in arguments:
        _drop_root()
    _prctl(_DUMPABLE, ctypes.c_ulong(0))  # no program reads its memory or its descriptors
    for name in (resource.RLIMIT_CORE, resource.RLIMIT_MEMLOCK, resource.RLIMIT_MSGQUEUE):
        resource.setrlimit(name, (0, 0))
    resource.setrlimit(resource.RLIMIT_SIGPENDING, (256, 256))
    steps = _seccomp.program(os.uname().machine)
    loaded = _Filter(len(steps) // 8, steps)
    _prctl(_SECCOMP, ctypes.c_ulong(_FILTER), ctypes.byref(loaded))


def _drop_root() -> None:
    """Become nobody in a user namespace of its own, without any capability there."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    _must(_libc.unshare(_NEW_USER_NAMESPACE), "unshare")
    _prctl(_DUMPABLE, ctypes.c_ulong(1))  # else its own maps are not its to write
    for name, content in (
        ("setgroups", "deny"),
        ("uid_map", f"{NOBODY} {NOBODY} 1"),
        ("gid_map", f"{NOBODY} {NOBODY} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as handle:
            handle.write(content)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES, 0)
    _must(_libc.capset(header, (ctypes.c_uint32 * 6)()), "capset")


def few_files() -> None:
    """Bound the descriptors of this process and of those it starts."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))


if __name__ == "__main__":
    enter(sys.argv)
    sys.path[:] = [path for path in sys.path if path != BOX] + ["/code", "/site"]
    from itc.grading._worker import main

    main()
