"""Loaded by every Python that gclab starts, and by what that starts, before the program: see docs/python-tuning.md.

It does what the environment asks, hides that it was here, and hands over to the sitecustomize that would have been
loaded without it.
"""
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _begin():
    import gc

    thresholds = os.environ.get("GCLAB_THRESHOLDS")
    if thresholds:
        gc.set_threshold(*map(int, thresholds.split(",")))
    if os.environ.get("GCLAB_HOLD"):  # the program's own settings are not to count
        gc.set_threshold = lambda *_: None
    directory = os.environ.get("GCLAB_RECORD_DIR")
    if not directory:
        return
    if sys.version_info < (3, 8):
        raise RuntimeError("the probe is for Python 3.8 and later")
    if os.environ.get("GCLAB_RECORD_KIND") == "objects":
        try:
            import _gclab_recorder as recorder
        except ImportError:
            import gclab_probe as recorder  # another version of Python: pauses alone
    else:
        import gclab_probe as recorder
    recorder.start(directory)
    os.register_at_fork(after_in_child=recorder.after_fork)


def _hand_over():
    """Our directory is in PYTHONPATH for the program's children alone; the next sitecustomize takes our place."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _HERE]
    ours = sys.modules.pop("sitecustomize")
    try:
        import sitecustomize  # noqa: F401
    except ImportError as error:
        sys.modules["sitecustomize"] = ours  # there is no other; whoever imports us looks for us
        if getattr(error, "name", None) not in (None, "sitecustomize"):
            raise


# Any version of Python may read this file: no newer syntax than Python 2 has, though it does nothing there.
try:
    _begin()
except Exception as error:  # the program comes first
    sys.stderr.write("gclab record: process %d is not recorded: %s\n" % (os.getpid(), error))
finally:
    _hand_over()
