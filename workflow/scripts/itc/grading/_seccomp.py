"""System calls that no program in a sandbox needs, as a filter that the kernel applies.

The filter is classic BPF, put together here: for each number one comparison and one return. It is
short because everything that is not named stays allowed; containment is the work of namespaces and
limits, and this closes what they leave open: memory that no limit counts (memfd, System V, message
queues, extended attributes, shared maps without a file, asynchronous rings), what outlives a
process (keys), and the ways to new namespaces. Calls that are newer than this file do not exist for
a program.

Standard library only, and no import of the package: it is read inside the sandbox.
Source of the numbers: Linux ``unistd_64.h`` (x86-64) and ``asm-generic/unistd.h`` (aarch64).
"""

import struct

EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
AF_UNIX = 1
# clone flags that make namespaces: time, mount, cgroup, uts, ipc, user, pid, net.
NEW_NAMESPACES = 0x00000080 | 0x00020000 | 0x02000000 | 0x04000000 | 0x7C000000
LAST = 462  # mseal, the newest call that is known here

# name: (number on x86-64, number on aarch64 or None)
DENIED: dict[str, tuple[int, int | None]] = {
    # keys outlive the sandbox
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # memory beside address space and the private /tmp
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "semctl": (66, 191),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgctl": (71, 187),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "userfaultfd": (323, 282),
    "io_setup": (206, 0),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    # namespaces and mounts
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "move_pages": (279, 239),
    "migrate_pages": (256, 238),
    # the kernel itself
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "modify_ldt": (154, None),
    "iopl": (172, None),
    "ioperm": (173, None),
    "syslog": (103, 116),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "settimeofday": (164, 170),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "lookup_dcookie": (212, 18),
}
CLONE, CLONE3 = (56, 220), (435, 435)
SIGNAL_ACTION, CHILD_ENDED = (13, 134), 17  # rt_sigaction and SIGCHLD
SOCKETS = ((41, 198), (53, 199))  # socket, socketpair
MAP, SHARED, ANONYMOUS = (9, 222), 0x01, 0x20  # mmap and two of its flags
SET_OPTION = (54, 208)  # setsockopt
BUFFERS = (7, 8, 32, 33)  # SO_SNDBUF, SO_RCVBUF and what overrides their bounds
# (AUDIT_ARCH of linux/audit.h, column of the table)
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}

_LOAD, _EQUAL, _GREATER, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _MACHINE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data, little-endian


def _step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One ``struct sock_filter``; ``yes`` and ``no`` count the steps skipped."""
    return struct.pack("HBBI", code, yes, no, value)


def program(machine: str) -> bytes:
    """The filter for a machine of ``os.uname``; raises KeyError for one that is not known."""
    audit, column = MACHINES[machine]
    steps = [
        _step(_LOAD, _MACHINE),
        _step(_EQUAL, audit, yes=1),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        _step(_GREATER, LAST, no=1),  # the x32 numbers as well
        _step(_RETURN, _ERROR | ENOSYS),
        # With clone3 the flags lie in memory, which a filter cannot read; libc then uses clone.
        _step(_EQUAL, CLONE3[column], no=1),
        _step(_RETURN, _ERROR | ENOSYS),
    ]
    for numbers in DENIED.values():
        number = numbers[column]
        if number is not None:
            steps += [_step(_EQUAL, number, no=1), _step(_RETURN, _ERROR | EPERM)]
    steps += [
        _step(_EQUAL, CLONE[column], no=4),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_ANY_BIT, NEW_NAMESPACES, no=1),
        _step(_RETURN, _ERROR | EPERM),
        _step(_RETURN, _ALLOW),
    ]
    # A child whose end is ignored vanishes with the CPU time it used; asking stays allowed.
    steps += [
        _step(_EQUAL, SIGNAL_ACTION[column], no=8),
        _step(_LOAD, _FIRST_ARGUMENT),
        _step(_EQUAL, CHILD_ENDED, no=5),
        _step(_LOAD, _FIRST_ARGUMENT + 8),  # the new action: an address of two words
        _step(_EQUAL, 0, no=2),
        _step(_LOAD, _FIRST_ARGUMENT + 12),
        _step(_EQUAL, 0, yes=1),
        _step(_RETURN, _ERROR | EPERM),
        _step(_RETURN, _ALLOW),
    ]
    for numbers in SOCKETS:
        steps += [
            _step(_EQUAL, numbers[column], no=4),
            _step(_LOAD, _FIRST_ARGUMENT),
            _step(_EQUAL, AF_UNIX, yes=1),
            _step(_RETURN, _ERROR | EAFNOSUPPORT),
            _step(_RETURN, _ALLOW),
        ]
    # Shared memory without a file has a file all the same, in the kernel, for each page if need be.
    steps += [
        _step(_EQUAL, MAP[column], no=5),
        _step(_LOAD, _FIRST_ARGUMENT + 24),  # flags, the fourth argument
        _step(_ANY_BIT, SHARED, no=2),
        _step(_ANY_BIT, ANONYMOUS, no=1),
        _step(_RETURN, _ERROR | EPERM),
        _step(_RETURN, _ALLOW),
    ]
    # A socket keeps the buffers it has at first: the bound of a larger one can be megabytes.
    skip = len(BUFFERS)
    steps += [
        _step(_EQUAL, SET_OPTION[column], no=skip + 3),
        _step(_LOAD, _FIRST_ARGUMENT + 16),  # the option's name, the third argument
        *(_step(_EQUAL, option, yes=skip - n) for n, option in enumerate(BUFFERS)),
        _step(_RETURN, _ALLOW),
        _step(_RETURN, _ERROR | EPERM),
    ]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])
