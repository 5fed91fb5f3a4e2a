"""The probe for any Python from 3.8 on: each collection with its pause, through gc.callbacks.

Rows are written into a mapped file, so that they are there however the process ends; between two collections nothing is
done.  Format: harness/recording/recording_format.h.
"""
import gc
import mmap
import os
import struct
import sys
import time

_HEADER = struct.Struct("<8sIIQIIIIQQ4i4i4QQQII")
_ROW = struct.Struct("<8q")
_PAGE = 4096
_STEP = 1 << 20
_BYTES_AT = 16  # of header.bytes
_END_AT = 48  # of header.end_ns

_NEVER = 1 << 62
_state = None
_clock = time.monotonic_ns


class _State:
    __slots__ = ("file", "map", "used", "size", "start", "counts", "directory", "freeze_at")


def _is_one_too_many(directory):
    """Each process leaves a byte in the file `processes`; those above the limit are not recorded."""
    try:
        limit = int(os.environ.get("GCLAB_RECORD_PROCESSES") or 256)
        file = os.open(os.path.join(directory, "processes"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except (OSError, ValueError):
        return False
    try:
        os.write(file, b".")
        return os.fstat(file).st_size > limit
    finally:
        os.close(file)


def _open(directory, forked):
    for number in range(1000):
        path = os.path.join(directory, f"{os.getpid()}-{number}.gcrec")
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        except FileExistsError:
            continue
    raise OSError(f"no recording in {directory}")


def _begin(directory, forked):
    global _state
    state = _State()
    state.directory = directory
    state.file = _open(directory, forked)
    state.size = _STEP
    os.ftruncate(state.file, state.size)
    state.map = mmap.mmap(state.file, state.size)
    state.used = _PAGE
    state.start = 0
    state.counts = (0, 0, 0)
    now = _clock()
    freeze_after = os.environ.get("GCLAB_FREEZE_AFTER_NS")
    state.freeze_at = now + int(freeze_after) if freeze_after and not forked else _NEVER
    arguments = b"".join(os.fsencode(word) + b"\0" for word in getattr(sys, "orig_argv", sys.argv))[:3072]
    _HEADER.pack_into(state.map, 0, b"GCLABREC", 1, 2, 0, 2 if forked else 0, os.getpid(), os.getppid(),
                      sys.hexversion, now, now, *gc.get_threshold(), 0, *gc.get_count(), int(gc.isenabled()),
                      0, 0, 0, 0, 0, 0, len(arguments), 0)
    state.map[_HEADER.size:_HEADER.size + len(arguments)] = arguments
    _state = state


def _callback(phase, info, pack=_ROW.pack_into, clock=_clock, count=gc.get_count):
    state = _state
    if state is None:  # forked, and one too many
        return
    if phase == "start":
        state.counts = count()
        state.start = clock()
        return
    now = clock()
    if state.used + _ROW.size > state.size:
        state.size += _STEP
        state.map.resize(state.size)
    pack(state.map, state.used, info["generation"], state.start, now - state.start, info["collected"],
         info["uncollectable"], *state.counts)
    state.used += _ROW.size
    struct.pack_into("<Q", state.map, _BYTES_AT, state.used - _PAGE)
    struct.pack_into("<Q", state.map, _END_AT, now)
    if now >= state.freeze_at:
        state.freeze_at = _NEVER
        gc.freeze()


def start(directory):
    if _is_one_too_many(directory):
        return
    _begin(directory, False)
    gc.callbacks.append(_callback)


def after_fork():
    global _state
    if _state is None:
        return
    directory = _state.directory
    _state = None
    if not _is_one_too_many(directory):
        _begin(directory, True)
