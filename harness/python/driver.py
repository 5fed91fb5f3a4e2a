"""Runs a heap script, flattened by gclab, on this interpreter, and writes the state after each operation.

    python3 -I -S driver.py PROGRAM OBSERVATIONS

What this must never do, between its start and the script's end, is to allocate an object that the cycle collector
counts, or to free one: then the counters would no longer be the script's.  So:

 - Integers, strings, bytes, ranges and arrays of numbers are not counted, nor are calls of Python functions and of C
   functions that take their arguments without a tuple (METH_NOARGS, METH_O, METH_FASTCALL).  gc.set_threshold and
   gc.get_count are not of these; thresholds and counters are read and written where they are, through ctypes objects
   that are made beforehand.
 - Roots are a list that the collector does not see: it was untracked by hand, and so was gc.garbage.  All else that is
   the driver's is frozen before the script starts.
 - A list is made by slicing a template with a slice made beforehand, a tuple by a display of just its size: one
   allocation each, and no call.
 - An operation's object and value are held to its end, in locals, as the interpreter of scripts does in root slots:
   finalizers of what it replaces may drop the roots that held them.
 - From 3.12 on a collection that is due waits for the eval breaker: a call, or the jump back to the head of a loop.
   Instances and atoms are made by calls; lists, tuples and dicts are not, and wait for the end of the operation, which
   is the jump to the head of the loop below.  An operation is observed there, at the beginning of the next round.

Needs CPython 3.11 or later; 3.14 and later have not been tried.
"""
import array
import ctypes
import gc
import json
import sys
from _weakref import ref as Weak
from sys import getrefcount

EXIT_FINDING, EXIT_USAGE, EXIT_FAILED, EXIT_ENVIRONMENT = 1, 2, 3, 4
OP_WORDS, ROW_WORDS, VALUE_WORDS = 20, 16, 3
(CODE, FLAGS, KIND, ROOT, FIELD, ACTION, SIZE, LENGTH, TYPE, TARGET, FIRST, OPERANDS, NUMBER_LOW, NUMBER_HIGH,
 VALUE_KIND, VALUE_ROOT, VALUE_FIELD, LINE, RELATION, UNUSED) = range(OP_WORDS)
INSTANCE, LIST, TUPLE, DICT, ATOM = range(5)
NONE, IS_ROOT, IS_FIELD = range(3)
NAMED = 0x80000000
SELF = 0xffffffff


OUTPUT, MESSAGES = [], []  # what print prints, and what did not hold: written when the script is over
MESSAGE_PARTS = 5


def write_output():
    for line in OUTPUT:
        sys.stdout.write(line)
    sys.stdout.flush()
    for i in range(0, len(MESSAGES), MESSAGE_PARTS):
        parts = tuple(MESSAGES[i:i + MESSAGE_PARTS])
        sys.stderr.write("%s:%d:1: on CPython, %s is %d, not %s %d\n" % ((FILE,) + parts))
    sys.stderr.flush()


def give_up(code, message):
    write_output()
    sys.stderr.write(message + "\n")
    sys.stderr.flush()
    import os
    os._exit(code)


if sys.version_info < (3, 11) or sys.implementation.name != "cpython":
    give_up(EXIT_ENVIRONMENT, "this interpreter is %s %s; heap scripts need CPython 3.11 or later"
            % (sys.implementation.name, sys.version.split()[0]))


def unraisable(what):
    give_up(EXIT_ENVIRONMENT, "the driver failed in an action: %s: %s" % (what.exc_type.__name__, what.exc_value))


sys.unraisablehook = unraisable

# Texts of the script and the name of its file are bytes, and come as characters 0 to 255: they go out as they are.
sys.stdout.reconfigure(encoding="latin-1")
sys.stderr.reconfigure(encoding="latin-1", errors="backslashreplace")


# -- the interpreter's own counters ----------------------------------------------------------------------------------

class Generation(ctypes.Structure):
    """struct gc_generation of CPython's internal headers."""
    _fields_ = [("next", ctypes.c_void_p), ("previous", ctypes.c_void_p),
                ("threshold", ctypes.c_int), ("count", ctypes.c_int)]


class Statistics(ctypes.Structure):
    _fields_ = [("collections", ctypes.c_ssize_t), ("collected", ctypes.c_ssize_t), ("uncollectable", ctypes.c_ssize_t)]


class Collector(ctypes.Structure):
    """From the first generation on, struct _gc_runtime_state."""
    _fields_ = [("generations", Generation * 3), ("generation0", ctypes.c_void_p), ("permanent", Generation),
                ("statistics", Statistics * 3)]


def find_collector():
    """The collector's state, found by thresholds that stand nowhere else; None where it cannot be."""
    state = ctypes.pythonapi.PyInterpreterState_Get
    state.restype = ctypes.c_void_p
    base = state()
    before = gc.get_threshold()
    magic = (0x5eed1, 0x5eed2, 0x5eed3)
    gc.set_threshold(*magic)
    found = None
    for offset in range(0, 1 << 19, 8):
        if ctypes.c_int.from_address(base + offset + 16).value != magic[0]:
            continue
        candidate = Collector.from_address(base + offset)
        if all(candidate.generations[i].threshold == magic[i] for i in range(3)):
            found = base + offset
            break
    gc.set_threshold(*before)
    return found


def numbers_at(address):
    """Objects whose .value is the number itself: (thresholds, counts, collections, collected, uncollectable)."""
    generation, statistics = ctypes.sizeof(Generation), ctypes.sizeof(Statistics)
    first = address + Collector.statistics.offset
    thresholds = [ctypes.c_int.from_address(address + i * generation + Generation.threshold.offset) for i in range(3)]
    counts = [ctypes.c_int.from_address(address + i * generation + Generation.count.offset) for i in range(3)]
    rest = [[ctypes.c_ssize_t.from_address(first + i * statistics + part) for i in range(3)] for part in (0, 8, 16)]
    return thresholds, counts, rest[0], rest[1], rest[2]


def numbers_agree():
    """What was found is what the module says."""
    stats = gc.get_stats()
    return (tuple(t.value for t in THRESHOLDS) == gc.get_threshold()
            and [c.value for c in COLLECTIONS] == [s["collections"] for s in stats]
            and [c.value for c in COLLECTED] == [s["collected"] for s in stats]
            and [c.value for c in UNCOLLECTABLE] == [s["uncollectable"] for s in stats])


# -- the program -----------------------------------------------------------------------------------------------------

def load(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:8] != b"gclabflt":
        give_up(EXIT_USAGE, path + ": this is no flattened script")
    length = int.from_bytes(data[8:16], "little")
    tables = json.loads(data[16:16 + length])
    ops, values = array.array("I"), array.array("I")
    end = 16 + length + 4 * OP_WORDS * tables["operations"]
    ops.frombytes(data[16 + length:end])
    values.frombytes(data[end:end + 4 * VALUE_WORDS * tables["values"]])
    return tables, ops, values


def make_class(fields, action, is_legacy):
    # CPython sorts the names of slots, so these are in order.
    names = tuple("f%05d" % i for i in range(fields))
    parts = {"__slots__": names + ("__weakref__",)}
    if action is not None:
        parts["__tp_del__" if is_legacy else "__del__"] = legacy_hook(action) if is_legacy else make_hook(action)
    made = type("Instance%d" % fields, (object,), parts)
    return TESTCAPI.with_tp_del(made) if is_legacy and action is not None else made


class Bound:
    """A __tp_del__ for interpreters that bind it before they call it: to bind a function makes a method, which is
    counted.  The action runs when it is bound; what is called then does nothing, and takes no arguments."""

    def __init__(self, hook):
        self.hook = hook

    def __get__(self, this, kind):
        self.hook(this)
        return gc.isenabled

    def __call__(self, this):
        """Where it is not bound, as binds_tp_del finds out."""


def import_testcapi():
    """CPython's module of tests, which alone fills the slot of finalizers of the old kind."""
    try:
        import _testcapi
    except ImportError:
        give_up(EXIT_ENVIRONMENT, FILE + ": finalizers of the old kind (legacy) need CPython's module _testcapi, which"
                " this interpreter has not; use another interpreter")
    return _testcapi


def binds_tp_del():
    """Up to 3.11 it is bound; later ones call what is in the class with the object."""
    seen = [0]

    def note(this):
        seen[0] = 1
    TESTCAPI.with_tp_del(type("Probe", (object,), {"__tp_del__": Bound(note)}))()
    return seen[0] == 1


def legacy_hook(action):
    hook = make_hook(action)
    return Bound(hook) if BINDS_TP_DEL else hook


def make_hook(action):
    """What is called with the object to be finalized, or the weak reference."""
    begin, end = TABLES["actions"][action]

    def hook(this):
        RUNS[action] += 1
        DEPTH[0] += 1
        if DEPTH[0] == DEPTH_MAX:
            give_up(EXIT_FAILED, "%s: actions run inside of actions, more than %d deep" % (FILE, DEPTH_MAX))
        run(begin, end, this)
        DEPTH[0] -= 1
    return hook


def make_tuple_maker(size):
    """A function that looks up `size` values from the first on, and makes one tuple of them."""
    elements = "".join("value(first + %d, this), " % (VALUE_WORDS * i) for i in range(size))
    scope = {"value": value}
    exec("def make(first, this):\n    return (%s)\n" % elements, scope)
    return scope["make"]


MISSING = object()  # what a value is that cannot be looked up


def look_up(holder, field):
    """What a field of an object is, or MISSING."""
    kind = type(holder)
    if kind is list or kind is tuple:
        return holder[field] if field < len(holder) else MISSING
    if kind is dict:
        return holder.get(field, MISSING)
    index = index_of(holder, field)
    return MISSING if index < 0 else getattr(holder, NAMES[index])


def index_of(holder, field):
    """Of an instance's field, by name or number; -1: there is none."""
    kind = type(holder)
    if kind not in FIELD_COUNTS:
        return -1
    if field >= NAMED:
        return -1 if kind not in FIELD_NAMES else FIELD_NAMES[kind].get(field, -1)
    return field if field < FIELD_COUNTS[kind] else -1


def room_of(holder):
    """How many elements or keys it has room for.  What is just being put into a root is not in ROOMS yet: to enter it
    there is a call, which would be one too early for the eval breaker."""
    for i in range(DEPTH[0] + 1):
        if NEWEST[i] is holder:
            return NEWEST_ROOM[i]
    return ROOMS[id(holder)]


def value(at, this):
    kind = VALUES[at]
    if kind == NONE:
        return None
    root = VALUES[at + 1]
    holder = this if root == SELF else ROOTS[root]
    return holder if kind == IS_ROOT else look_up(holder, VALUES[at + 2])


def failed(line, what):
    give_up(EXIT_FAILED, "%s:%d:1: %s" % (FILE, line, what))


def ask(term, this):
    """A quantity's answer; None: not known here; MISSING: there is no such object."""
    word, number = term["quantity"], term["number"]
    if word == "count":
        return COUNTS[number].value
    if word == "threshold":
        return THRESHOLDS[number].value
    if word == "collections":
        return COLLECTIONS[number].value - BASE[number]
    if word == "collected":
        return COLLECTED[number].value - BASE[3 + number]
    if word == "uncollectable":
        return UNCOLLECTABLE[number].value - BASE[6 + number]
    if word == "found":
        return FOUND[0]
    if word == "frozen":
        return gc.get_freeze_count() - FROZEN[0]
    if word == "enabled":
        return 1 if gc.isenabled() else 0
    if word == "garbage":
        return len(gc.garbage)
    if word == "runs":
        return RUNS[number]
    if word in ("live", "generation"):
        return None
    first = value(term["values"], this)
    if word == "same":
        return 1 if first is value(term["values"] + VALUE_WORDS, this) else 0
    if first is MISSING:
        return MISSING
    if word == "none":
        return 1 if first is None else 0
    if first is None:
        return MISSING
    if word == "alive":
        return MISSING if type(first) is not Weak else 0 if first() is None else 1
    if word == "refcount":
        return getrefcount(first) - 2
    if word == "tracked":
        return 1 if gc.is_tracked(first) else 0
    if word == "finalized":
        return 1 if gc.is_finalized(first) else 0
    if word == "length":
        kind = type(first)
        return FIELD_COUNTS[kind] if kind in FIELD_COUNTS else 0 if kind is bytes or kind is Weak else len(first)
    return None


def show(index, line, this):
    items = TABLES["prints"][index]
    text = ""
    for i in range(len(items)):  # an iterator over a list would be counted
        item = items[i]
        if "text" in item:
            part = item["text"]
        else:
            answer = ask(item, this)
            if answer is MISSING:
                failed(line, "there is no object to ask for its '%s'" % item["quantity"])
            part = "?" if answer is None else "%d" % answer  # str() would need a tuple
        text = part if text == "" else text + " " + part
    OUTPUT.append(text + "\n")  # writing it now would allocate


def holds(left, relation, right):
    if relation == 0:
        return left == right
    if relation == 1:
        return left != right
    if relation == 2:
        return left < right
    if relation == 3:
        return left <= right
    return left > right if relation == 4 else left >= right


def expect(index, relation, right, line, this):
    term = TABLES["terms"][index]
    answer = ask(term, this)
    if answer is MISSING:
        failed(line, "there is no object to ask for its '%s'" % term["quantity"])
    if answer is None or holds(answer, relation, right):
        return
    EXPECTATIONS[0] += 1
    MESSAGES.append(line)  # one after the other, since a tuple of them would be counted
    MESSAGES.append(term["quantity"])
    MESSAGES.append(answer)
    MESSAGES.append(RELATION_WORDS[relation])
    MESSAGES.append(right)


def run(pc, end, this):
    """Operations pc to end, with `this` for self.  One loop: its head is where the eval breaker is looked at."""
    ops, roots, rows = OPS, ROOTS, ROWS
    counts0, counts1, counts2 = COUNTS
    runs0, runs1, runs2 = COLLECTIONS
    found0, found1, found2 = COLLECTED
    lost0, lost1, lost2 = UNCOLLECTABLE
    loop_depth = LOOPS_PER_RUN * DEPTH[0]
    was_operation = False
    found = -1
    at = 0
    x = made = None
    while True:
        if was_operation:  # what the last round did is over, with its collection
            was_operation = False
            row = ROW[0]
            if row + ROW_WORDS > len(rows):
                rows.extend(CHUNK)
            ROW[0] = row + ROW_WORDS
            rows[row] = at // OP_WORDS
            rows[row + 1] = DEPTH[0]
            rows[row + 2] = counts0.value
            rows[row + 3] = counts1.value
            rows[row + 4] = counts2.value
            rows[row + 5] = runs0.value - BASE[0]
            rows[row + 6] = runs1.value - BASE[1]
            rows[row + 7] = runs2.value - BASE[2]
            rows[row + 8] = found0.value - BASE[3]
            rows[row + 9] = found1.value - BASE[4]
            rows[row + 10] = found2.value - BASE[5]
            rows[row + 11] = lost0.value - BASE[6]
            rows[row + 12] = lost1.value - BASE[7]
            rows[row + 13] = lost2.value - BASE[8]
            if ops[at] <= 7 and DEPTH[0] == 0 and roots[ops[at + ROOT]] is not None:
                rows[row + 14] = getrefcount(roots[ops[at + ROOT]]) - 1
            else:
                rows[row + 14] = -1
            rows[row + 15] = found
            found = -1
        if pc >= end:
            return
        at = pc * OP_WORDS
        pc += 1
        code = ops[at]
        if code == OP_REPEAT:
            left = NUMBERS[at // OP_WORDS]
            if left == 0:
                pc = ops[at + TARGET] + 1
            else:
                LOOPS[loop_depth] = left - 1
                BODIES[loop_depth] = pc
                loop_depth += 1
            continue
        if code == OP_ACTION:
            pc = ops[at + TARGET] + 1
            continue
        if code == OP_END:
            if LOOPS[loop_depth - 1] > 0:
                LOOPS[loop_depth - 1] -= 1
                pc = BODIES[loop_depth - 1]
            else:
                loop_depth -= 1
            continue
        was_operation = True
        if code == OP_STORE:
            x = value_of(ops, at, this)
            holder = this if ops[at + ROOT] == SELF else roots[ops[at + ROOT]]
            kind = type(holder)
            field = ops[at + FIELD]
            why = None
            if x is MISSING:
                why = "there is no such value: the root holds nothing that has this field"
            elif kind is list:
                if field < len(holder):
                    holder[field] = x
                else:
                    why = "there is no such element"
            elif kind is dict:
                if field in holder or len(holder) < room_of(holder):
                    holder[field] = x
                else:
                    why = "the dict is full; give it more 'room' where it is made"
            elif kind is tuple:
                why = "a tuple never changes"
            else:
                field = index_of(holder, field)
                if field < 0:
                    why = "there is no such field"
                else:
                    setattr(holder, NAMES[field], x)
            x = holder = None
            if why is not None and not ops[at + FLAGS] & 1:
                failed(ops[at + LINE], why)
        elif code == OP_LOAD:
            x = value_of(ops, at, this)
            if x is MISSING:
                if not ops[at + FLAGS] & 1:
                    failed(ops[at + LINE], "there is no such value: the root holds nothing that has this field")
            else:
                roots[ops[at + ROOT]] = x
            x = None
        elif code == OP_NEW:
            kind = ops[at + KIND]
            root = ops[at + ROOT]
            if kind == INSTANCE:
                x = CLASSES[ops[at + TYPE]]()
                for i in range(ops[at + SIZE]):  # an empty slot would raise an exception, which is counted
                    setattr(x, NAMES[i], None)
                roots[root] = x
                x = None
            elif kind == LIST:
                x = TEMPLATES[ops[at + LENGTH]][ALL]
                NEWEST_ROOM[DEPTH[0]] = ops[at + SIZE]
                NEWEST[DEPTH[0]] = x
                roots[root] = x
                ROOMS[id(x)] = ops[at + SIZE]
                NEWEST[DEPTH[0]] = x = None
            elif kind == TUPLE:
                first = ops[at + FIRST]
                missing = False
                for i in range(first, first + VALUE_WORDS * ops[at + SIZE], VALUE_WORDS):
                    if value(i, this) is MISSING:
                        missing = True
                if not missing:
                    x = MAKERS[ops[at + SIZE]](first, this)
                    roots[root] = x
                    x = None
                elif not ops[at + FLAGS] & 1:
                    failed(ops[at + LINE], "there is no such value: the root holds nothing that has this field")
            elif kind == DICT:
                x = {}
                NEWEST_ROOM[DEPTH[0]] = ops[at + SIZE]
                NEWEST[DEPTH[0]] = x
                roots[root] = x
                ROOMS[id(x)] = ops[at + SIZE]
                NEWEST[DEPTH[0]] = x = None
            else:
                roots[root] = ATOM_STEM + ATOM_END
        elif code == OP_DROP:
            roots[ops[at + ROOT]] = None
        elif code == OP_APPEND:
            x = value_of(ops, at, this)
            holder = this if ops[at + ROOT] == SELF else roots[ops[at + ROOT]]
            if x is MISSING or type(holder) is not list or len(holder) == room_of(holder):
                if not ops[at + FLAGS] & 1:
                    failed(ops[at + LINE], "there is no such value, or the root holds no list with room for it")
            else:
                holder.append(x)
            x = holder = None
        elif code == OP_DELETE:
            holder = this if ops[at + ROOT] == SELF else roots[ops[at + ROOT]]
            kind = type(holder)
            field = ops[at + FIELD]
            done = True
            if kind is list and field < len(holder):
                del holder[field]
            elif kind is dict and field in holder:
                del holder[field]
            elif kind in FIELD_COUNTS and index_of(holder, field) >= 0:
                setattr(holder, NAMES[index_of(holder, field)], None)
            else:
                done = False
            holder = None
            if not done and not ops[at + FLAGS] & 1:
                failed(ops[at + LINE], "there is no such field")
        elif code == OP_COLLECT:
            found = gc.collect(ops[at + ROOT])
            FOUND[0] = found
        elif code == OP_THRESHOLD:
            for i in range(ops[at + SIZE]):
                THRESHOLDS[i].value = NUMBERS[at // OP_WORDS][i]
        elif code == OP_ENABLE:
            gc.enable()
        elif code == OP_DISABLE:
            gc.disable()
        elif code == OP_FREEZE:
            gc.freeze()
        elif code == OP_UNFREEZE:
            gc.unfreeze()
        elif code == OP_CLEAR_GARBAGE:
            gc.garbage.clear()
        elif code == OP_PRINT:
            show(ops[at + FIRST], ops[at + LINE], this)
        elif code == OP_EXPECT:
            expect(ops[at + FIRST], ops[at + RELATION], NUMBERS[at // OP_WORDS], ops[at + LINE], this)
        elif code == OP_WEAK:
            x = value_of(ops, at, this)
            if type(x) in FIELD_COUNTS:
                if ops[at + ACTION] == NOBODY:
                    made = Weak(x)
                else:
                    made = Weak(x, HOOKS[ops[at + ACTION]])
                roots[ops[at + ROOT]] = made
                made = None
            elif not ops[at + FLAGS] & 1:
                failed(ops[at + LINE], "weak references are to instances only")
            x = None
        elif code == OP_DEREF:
            x = value_of(ops, at, this)
            if type(x) is Weak:
                x = x()
                found = 0 if x is None else 1
                roots[ops[at + ROOT]] = x
            elif not ops[at + FLAGS] & 1:
                failed(ops[at + LINE], "this is no weak reference")
            x = None


def value_of(ops, at, this):
    kind = ops[at + VALUE_KIND]
    if kind == NONE:
        return None
    root = ops[at + VALUE_ROOT]
    holder = this if root == SELF else ROOTS[root]
    return holder if kind == IS_ROOT else look_up(holder, ops[at + VALUE_FIELD])


# -- the run ---------------------------------------------------------------------------------------------------------

if len(sys.argv) != 3:
    give_up(EXIT_USAGE, "usage: driver.py PROGRAM OBSERVATIONS")
gc.disable()
TABLES, OPS, VALUES = load(sys.argv[1])
FILE = TABLES["file"]
(OP_NEW, OP_LOAD, OP_STORE, OP_APPEND, OP_DELETE, OP_DROP, OP_WEAK, OP_DEREF, OP_COLLECT, OP_THRESHOLD, OP_ENABLE,
 OP_DISABLE, OP_FREEZE, OP_UNFREEZE, OP_CLEAR_GARBAGE, OP_REPEAT, OP_ACTION, OP_END, OP_RANDOM, OP_PRINT, OP_EXPECT,
 OP_CHECK) = range(22)
NOBODY, DEPTH_MAX, LOOPS_PER_RUN = 0xffffffff, 200, 32
DEPTH, RUNS = [0], [0] * len(TABLES["actions"])
HOOKS = [make_hook(i) for i in range(len(TABLES["actions"]))]
RELATION_WORDS = ["==", "!=", "<", "<=", ">", ">="]
ADDRESS = find_collector()
if ADDRESS is None:
    give_up(EXIT_ENVIRONMENT, "the state of this interpreter's collector was not found")
THRESHOLDS, COUNTS, COLLECTIONS, COLLECTED, UNCOLLECTABLE = numbers_at(ADDRESS)
if not numbers_agree():
    give_up(EXIT_ENVIRONMENT, "the state of this interpreter's collector is not where it should be")
CLASSES, FIELD_COUNTS, FIELD_NAMES = [], {}, {}
TESTCAPI, BINDS_TP_DEL = None, False
for kind in TABLES["classes"]:
    if kind.get("legacy") and TESTCAPI is None:
        TESTCAPI = import_testcapi()
        BINDS_TP_DEL = binds_tp_del()
    made = make_class(kind["fields"], kind.get("finalizer"), kind.get("legacy", False))
    CLASSES.append(made)
    FIELD_COUNTS[made] = kind["fields"]
    if "names" in kind:
        FIELD_NAMES[made] = {NAMED | name: i for i, name in enumerate(kind["names"])}
NAMES = ["f%05d" % i for i in range(max(FIELD_COUNTS.values(), default=0))]
TEMPLATES = {length: [None] * length for length in TABLES["lists"]}
MAKERS = {size: make_tuple_maker(size) for size in TABLES["tuples"]}
NUMBERS = {int(position): number for position, number in TABLES["numbers"].items()}
ATOM_STEM, ATOM_END = b"an atom, not shar", b"ed"
ALL = slice(None)
ROOMS = {}
NEWEST, NEWEST_ROOM = [None] * DEPTH_MAX, [0] * DEPTH_MAX
LOOPS, BODIES = [0] * (LOOPS_PER_RUN * DEPTH_MAX), [0] * (LOOPS_PER_RUN * DEPTH_MAX)
FOUND, EXPECTATIONS, ROW, FROZEN = [0], [0], [0], [0]
CHUNK = array.array("i", bytes(4 * ROW_WORDS * 65536))
ROWS = array.array("i", bytes(4 * ROW_WORDS * 1024))
ROOTS = [None] * (TABLES["roots"] + 1)
ctypes.pythonapi.PyObject_GC_UnTrack.argtypes = [ctypes.py_object]
ctypes.pythonapi.PyObject_GC_UnTrack.restype = None
ctypes.pythonapi.PyObject_GC_UnTrack(ROOTS)
ctypes.pythonapi.PyObject_GC_UnTrack(gc.garbage)
BASE = [0] * 9
for t, preset in zip(THRESHOLDS, TABLES["thresholds"]):
    t.value = preset

# Whatever the driver has made is frozen; what of it is immortal stays so when it is unfrozen.
gc.collect()
gc.collect()
gc.freeze()
gc.unfreeze()
gc.collect()
IMMORTAL = gc.get_freeze_count()
gc.collect()
gc.freeze()
gc.collect()
gc.collect()
FROZEN[0] = gc.get_freeze_count()
for i in range(3):
    BASE[i] = COLLECTIONS[i].value
    BASE[3 + i] = COLLECTED[i].value
    BASE[6 + i] = UNCOLLECTABLE[i].value
i = t = preset = kind = made = None
gc.collect()
BASE[2] = COLLECTIONS[2].value
gc.enable()
run(0, TABLES["operations"], None)
gc.disable()
agree = numbers_agree()
with open(sys.argv[2], "wb") as file:
    file.write(b"gclabobs" + array.array("I", [1, FROZEN[0], IMMORTAL] + [0] * 11).tobytes())
    file.write(ROWS[:ROW[0]].tobytes())
if not agree:
    give_up(EXIT_ENVIRONMENT, "the state of this interpreter's collector was not where it seemed to be")
write_output()
import os
os._exit(EXIT_FINDING if EXPECTATIONS[0] else 0)
