# SPDX-License-Identifier: Apache-2.0
"""What takes a process's time, by perf: samples of it, grouped by what they were busy with."""

import collections
import contextlib
import pathlib
import re
import signal
import subprocess

# The first that matches the innermost function, or in the kernel any that was underway, is it.
GROUPS = (
    ("snappy", r"^snappy::"),
    ("kernel: read", r"sys_p?readv?(64)?$"),
    ("kernel: journal", r"sys_f\w*sync|ext4_\w*write|xfs_\w*write|generic_perform_write"),
    ("kernel: send and receive", r"sys_(send|recv)\w*$"),
    ("kernel: wait and wake", r"sys_(futex|epoll|p?poll|p?select|clock_nanosleep)\w*$|eventfd_write|timerfd|^ret_from"),
    ("kernel: stat, open, directories", r"sys_(\w*stat|open|close|getdents|inotify|readlink)\w*$"),
    ("kernel: memory", r"page_fault|sys_(madvise|munmap|mmap|brk|mremap)$"),
    ("kernel: interrupts", r"sysvec_|common_interrupt"),
    ("kernel: other system calls", r"sys_|SYSCALL"),
    ("memcpy, memmove", r"^__?mem(cpy|move|pcpy)"),
    ("memchr (line ends)", r"^__?memchr"),
    ("memset", r"^__?memset"),
    ("malloc, free", r"^(_int_|__libc_)?(malloc|free|realloc|calloc|memalign)|^malloc_|^unlink_chunk|^operator (new|delete)"),
    ("libc: poll, locks, clock", r"poll$|mutex|asynccancel|clock_gettime|^syscall$|statx$"),
    ("UTF-8 check", r"CleanUtf8"),
    ("CRI line", r"CriLine|TakeWord|ParseTime|Fraction"),
    ("encoder", r"StreamEncoder|StreamSet|AppendStreamKey"),
    ("stages", r"Json|Walker|Stage|PipelineRun|memcmp"),
    ("reader, decoder, batches", r"LineReader|EntryDecoder|BatchBuilder|FunctionRef"),
    ("files, worker", r"FileSet|LogWorker|LogPipeline|TailedFile|Sightings|Glob|Underway|Backlog|LogMetrics"),
)
OTHER = "other"


def recorder(samples: pathlib.Path | None) -> list:
    """What stands before a command to sample it; nothing without a file for the samples."""
    return ["perf", "record", "-q", "-g", "-F", "1999", "-o", samples, "--"] if samples else []


@contextlib.contextmanager
def recorded(pid: int, samples: pathlib.Path | None):
    """Samples a process while the block runs."""
    if samples is None:
        yield
        return
    perf = subprocess.Popen([*recorder(samples)[:-1], "-p", str(pid)])
    try:
        yield
    finally:
        perf.send_signal(signal.SIGINT)
        perf.wait()


def _group(frames: list[str]) -> str:
    """Of one sample: its functions, the innermost first."""
    kernel = [name for address, name in frames if int(address, 16) >> 63]
    names = kernel or [name for _, name in frames[:1]]
    for title, pattern in GROUPS:
        if title.startswith("kernel") == bool(kernel) and any(re.search(pattern, name) for name in names):
            return title
    return "kernel: other" if kernel else OTHER


def table(samples: pathlib.Path, least: float = 0.01) -> str:
    """The groups with more than that part of the samples, the largest first."""
    script = subprocess.run(
        ["perf", "script", "-i", samples, "-F", "ip,sym"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
    ).stdout
    counts = collections.Counter()
    for sample in script.split("\n\n"):
        frames = [line.split(None, 1) for line in sample.splitlines() if line.strip()]
        frames = [(frame[0], frame[1] if len(frame) > 1 else "") for frame in frames]
        if frames:
            counts[_group(frames)] += 1
    total = sum(counts.values())
    lines = [f"    {100 * n / total:5.1f} %  {title}" for title, n in counts.most_common() if n >= least * total]
    return "\n".join([f"    {total} samples", *lines])
